package query

import (
	"fmt"
	"slices"
	"strings"

	"github.com/larderhq/larder/internal/model"
)

// selection reads select=. The answer is nil for every attribute served.
func (p *parser) selection(value string) ([]Column, error) {
	if everything := strings.Trim(value, " \t"); everything == "" || everything == "*" {
		return nil, nil
	}
	s := &scanner{parameter: "select", text: value}
	columns, err := p.columns(s)
	if err == nil && !s.done() {
		err = s.expected(`","`)
	}
	return columns, err
}

// columns reads the items of a select up to what is no comma.
func (p *parser) columns(s *scanner) (columns []Column, err error) {
	for {
		selected, err := p.selected(s)
		if err != nil {
			return nil, err
		}
		for _, column := range selected {
			if columns, err = p.appendColumn(columns, column); err != nil {
				return nil, err
			}
		}
		if !s.takeSpaced(",") {
			return columns, nil
		}
	}
}

// appendColumn adds a column unless it is there already. Another one of the
// same name is an error: the answer could hold only one of them.
func (p *parser) appendColumn(columns []Column, column Column) ([]Column, error) {
	for _, other := range columns {
		switch {
		case other == column:
			return columns, nil
		case other.Embed == nil && column.Embed == nil:
			if other.Name == column.Name {
				return nil, sameName(column.Name)
			}
		default:
			taken := other.Names()
			for _, name := range column.Names() {
				if slices.Contains(taken, name) {
					return nil, sameName(name)
				}
			}
		}
	}
	if len(columns) == p.limits.SelectColumns {
		return nil, exceeded("select", "SelectColumns", "columns", p.limits.SelectColumns)
	}
	return append(columns, column), nil
}

func sameName(name string) *Error {
	return &Error{
		Parameter: "select", Code: CodeParse,
		Message: fmt.Sprintf("two columns of the answer are called %s", clip(name)),
		Hint:    "give one of them another alias",
	}
}

// selected reads one item of select=: "*", "name", "alias:name", and behind a
// name what makes an aggregate or an embed of it.
func (p *parser) selected(s *scanner) ([]Column, error) {
	if s.takeSpaced("*") {
		return attributes(p.t, p.version), nil
	}
	s.spaces()
	spread := s.take("...")
	name, err := s.name()
	if err != nil {
		return nil, err
	}
	alias := ""
	if !strings.HasPrefix(s.rest(), "::") && s.take(":") {
		alias = name
		if name, err = s.name(); err != nil {
			return nil, err
		}
	}
	var column Column
	switch rest := s.rest(); {
	case strings.HasPrefix(rest, "->"):
		err = unsupported("select", "selecting by a path into JSON (->)")
	case !spread && (strings.HasPrefix(rest, ".") || name == string(CountOf) && strings.HasPrefix(rest, "()")):
		column, err = p.aggregate(s, name, alias)
	case spread, strings.HasPrefix(rest, "!"), strings.HasPrefix(rest, "("):
		column, err = p.related(s, name, alias, spread)
	default:
		column.Name = alias
		if column.Field, err = p.field("select", name, nil); err == nil && alias == "" {
			column.Name = name
		}
	}
	if err == nil && strings.HasPrefix(s.rest(), "::") {
		err = unsupported("select", "casts (::)")
	}
	s.spaces()
	return []Column{column}, err
}

// attributes are the columns that "*" stands for.
func attributes(t *model.Type, version int) []Column {
	fields := t.Attributes(version)
	columns := make([]Column, len(fields))
	for i, field := range fields {
		columns[i] = Column{Field: field, Name: field.JSONName()}
	}
	return columns
}

// aggregate reads "count()" or ".sum()" behind the name of an attribute.
func (p *parser) aggregate(s *scanner, name, alias string) (Column, error) {
	var column Column
	function := name
	if s.take(".") {
		var err error
		if column.Field, err = p.field("select", name, nil); err != nil {
			return column, err
		}
		function = s.until("(),:.")
	}
	column.Name, column.Aggregate = alias, Aggregate(function)
	if alias == "" {
		column.Name = function
	}
	if !slices.Contains(aggregates, column.Aggregate) || !s.take("()") {
		return column, &Error{
			Parameter: "select", Code: CodeParse,
			Message: fmt.Sprintf("there is no aggregate %s", clip(function)),
			Details: fmt.Sprintf("expected one of %v with () behind it", aggregates),
		}
	}
	if column.Field != nil && !column.Aggregate.suits(column.Field) {
		return column, &Error{
			Parameter: "select", Code: CodeOperator,
			Message: fmt.Sprintf("%s has no %s", name, function),
			Details: fmt.Sprintf("%s is %s", name, describe(column.Field)),
		}
	}
	return column, nil
}

// related reads what follows the name of a relation: "!inner", "!left", and in
// parentheses what is wanted of its records.
func (p *parser) related(s *scanner, name, alias string, spread bool) (Column, error) {
	relation, err := p.relation("select", name)
	if err != nil {
		return Column{}, err
	}
	if spread && relation.Kind != model.ToOne {
		return Column{}, &Error{
			Parameter: "select", Code: CodeSpread,
			Message: fmt.Sprintf("%s cannot be spread: a record has many of them", name),
			Hint:    fmt.Sprintf("embed them: %s(…)", name),
		}
	}
	if alias == "" {
		alias = name
	}
	inner, err := p.embed(relation, alias)
	if err != nil {
		return Column{}, err
	}
	for s.take("!") {
		switch word := s.until("!(,)"); word {
		case "inner":
			inner.required = true
		case "left":
		default:
			return Column{}, unsupported("select", "hints, as "+clip(word)+": a relation has the name of its field")
		}
	}
	inner.embed.Spread = spread
	if !s.takeSpaced("(") {
		return Column{}, s.expected(`"(", as in ` + clipName(name) + "(*)")
	}
	if err := inner.parser.embeddedSelection(s); err != nil {
		return Column{}, err
	}
	return Column{Name: alias, Embed: inner.embed}, nil
}

// embeddedSelection reads a select up to its closing parenthesis. The columns of
// what is spread are always named.
func (p *parser) embeddedSelection(s *scanner) (err error) {
	if s.takeSpaced(")") {
		p.read.Columns = []Column{}
		return nil
	}
	start := s.at
	if !p.outer.embed.Spread && s.takeSpaced("*") && s.take(")") {
		return nil // every attribute
	}
	s.at = start
	if p.read.Columns, err = p.columns(s); err != nil {
		return err
	}
	if !s.take(")") {
		return s.expected(`"," or ")"`)
	}
	if p.outer.embed.Spread && p.read.Grouped() {
		return unsupported("select", "aggregates in what is spread (...)")
	}
	return nil
}

// order reads order=, "name.desc.nullslast,id". A field that comes again can
// change nothing and is left out.
func (p *parser) order(value string) ([]Order, error) {
	if strings.Trim(value, " \t") == "" {
		return nil, nil
	}
	s := &scanner{parameter: p.full("order"), text: value}
	var terms []Order
	for {
		term, err := p.orderTerm(s)
		if err != nil {
			return nil, err
		}
		again := func(other Order) bool { return other.Field == term.Field && other.Through == term.Through }
		if !slices.ContainsFunc(terms, again) {
			terms = append(terms, term)
		}
		if len(terms) > p.limits.OrderTerms {
			return nil, exceeded(s.parameter, "OrderTerms", "terms", p.limits.OrderTerms)
		}
		if s.done() {
			return terms, nil
		}
		if !s.takeSpaced(",") {
			return nil, s.expected(`".asc", ".desc", ".nullsfirst", ".nullslast" or ","`)
		}
	}
}

// orderTerm reads one term of an order: an attribute, or an attribute of the
// record that a to-one relation leads to, "star(name)". Where nothing is said,
// nulls are greater than every value, as in PostgreSQL.
func (p *parser) orderTerm(s *scanner) (Order, error) {
	name, err := s.name()
	if err != nil {
		return Order{}, err
	}
	t, through := p.t, (*model.Field)(nil)
	if s.take("(") {
		if through, err = p.through(s.parameter, name); err != nil {
			return Order{}, err
		}
		t = through.Relation.Target
		if name, err = s.name(); err != nil {
			return Order{}, err
		}
		if !s.takeSpaced(")") {
			return Order{}, s.expected(`")"`)
		}
	}
	if strings.HasPrefix(s.rest(), "->") {
		return Order{}, unsupported(s.parameter, "ordering by a path into JSON (->)")
	}
	field, err := fieldOf(t, p.version, s.parameter, name, nil)
	if err != nil {
		return Order{}, err
	}
	if !IsSortable(field) {
		return Order{}, &Error{
			Parameter: clipName(s.parameter), Code: CodeOperator,
			Message: fmt.Sprintf("records cannot be ordered by %s", field.JSONName()),
			Details: fmt.Sprintf("%s is %s", field.JSONName(), describe(field)),
		}
	}
	term := Order{Field: field, Through: through}
	if s.take(".desc") {
		term.Descending = true
	} else {
		s.take(".asc")
	}
	term.NullsFirst = term.Descending
	if s.take(".nullsfirst") {
		term.NullsFirst = true
	} else if s.take(".nullslast") {
		term.NullsFirst = false
	}
	s.spaces()
	return term, nil
}

// names reads columns= and on_conflict=, attributes separated by commas.
func (p *parser) names(parameter, value string) ([]*model.Field, error) {
	s := &scanner{parameter: parameter, text: value}
	fields := []*model.Field{}
	for {
		name, err := s.name()
		if err != nil {
			return nil, err
		}
		field, err := p.field(parameter, name, nil)
		if err != nil {
			return nil, err
		}
		if !slices.Contains(fields, field) {
			fields = append(fields, field)
		}
		if len(fields) > p.limits.SelectColumns {
			return nil, exceeded(parameter, "SelectColumns", "names", p.limits.SelectColumns)
		}
		s.spaces()
		if s.done() {
			return fields, nil
		}
		if !s.takeSpaced(",") {
			return nil, s.expected(`","`)
		}
	}
}
