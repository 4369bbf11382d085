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
	var columns []Column
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
		if s.done() {
			return columns, nil
		}
		if !s.takeSpaced(",") {
			return nil, s.expected(`","`)
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
		case other.Name == column.Name:
			return nil, &Error{
				Parameter: "select", Code: CodeParse,
				Message: fmt.Sprintf("two columns of the answer are called %s", clip(column.Name)),
				Hint:    "give one of them another alias",
			}
		}
	}
	if len(columns) == p.limits.SelectColumns {
		return nil, exceeded("select", "SelectColumns", "columns", p.limits.SelectColumns)
	}
	return append(columns, column), nil
}

// selected reads one item of select=: "*", "name" or "alias:name".
func (p *parser) selected(s *scanner) ([]Column, error) {
	if s.takeSpaced("*") {
		var columns []Column
		for _, field := range p.t.Attributes(p.version) {
			columns = append(columns, Column{Field: field, Name: field.JSONName()})
		}
		return columns, nil
	}
	if s.take("...") {
		return nil, unsupported("select", "spreading related records (...)")
	}
	name, err := s.name()
	if err != nil {
		return nil, err
	}
	alias := name
	if !strings.HasPrefix(s.rest(), "::") && s.take(":") {
		if name, err = s.name(); err != nil {
			return nil, err
		}
	}
	if err := s.laterSelection(name); err != nil {
		return nil, err
	}
	field, err := p.field("select", name, nil)
	if err != nil {
		return nil, err
	}
	s.spaces()
	return []Column{{Field: field, Name: alias}}, nil
}

// laterSelection is the error of what PostgREST lets follow a name in select=
// and larder does not serve.
func (s *scanner) laterSelection(name string) error {
	for _, later := range []struct{ sign, feature string }{
		{"->", "selecting by a path into JSON (->)"},
		{"::", "casts (::)"},
		{".", "aggregates"},
		{"!", "embedding related records"},
	} {
		if strings.HasPrefix(s.rest(), later.sign) {
			return unsupported("select", later.feature)
		}
	}
	if !strings.HasPrefix(s.rest(), "(") {
		return nil
	}
	if name == "count" {
		return unsupported("select", "aggregates")
	}
	return unsupported("select", "embedding related records")
}

// order reads order=, "name.desc.nullslast,id". A field that comes again can
// change nothing and is left out.
func (p *parser) order(value string) ([]Order, error) {
	if strings.Trim(value, " \t") == "" {
		return nil, nil
	}
	s := &scanner{parameter: "order", text: value}
	var terms []Order
	for {
		term, err := p.orderTerm(s)
		if err != nil {
			return nil, err
		}
		if !slices.ContainsFunc(terms, func(other Order) bool { return other.Field == term.Field }) {
			terms = append(terms, term)
		}
		if len(terms) > p.limits.OrderTerms {
			return nil, exceeded("order", "OrderTerms", "terms", p.limits.OrderTerms)
		}
		if s.done() {
			return terms, nil
		}
		if !s.takeSpaced(",") {
			return nil, s.expected(`".asc", ".desc", ".nullsfirst", ".nullslast" or ","`)
		}
	}
}

// orderTerm reads one term of an order. Where nothing is said, nulls are
// greater than every value, as in PostgreSQL.
func (p *parser) orderTerm(s *scanner) (Order, error) {
	name, err := s.name()
	if err != nil {
		return Order{}, err
	}
	switch {
	case strings.HasPrefix(s.rest(), "->"):
		return Order{}, unsupported("order", "ordering by a path into JSON (->)")
	case strings.HasPrefix(s.rest(), "("):
		return Order{}, unsupported("order", "ordering by related records")
	}
	field, err := p.field("order", name, nil)
	if err != nil {
		return Order{}, err
	}
	if !IsSortable(field) {
		return Order{}, &Error{
			Parameter: "order", Code: CodeOperator,
			Message: fmt.Sprintf("records cannot be ordered by %s", field.JSONName()),
			Details: fmt.Sprintf("%s is %s", field.JSONName(), describe(field)),
		}
	}
	term := Order{Field: field}
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
