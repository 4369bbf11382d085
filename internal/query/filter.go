package query

import (
	"fmt"
	"slices"
	"strings"

	"github.com/larderhq/larder/internal/model"
)

// filter reads a filter parameter, "population=gte.1000000".
func (p *parser) filter(name, value string) error {
	whole := p.full(name)
	s := &scanner{parameter: whole, text: name}
	attribute, err := s.name()
	if err != nil {
		return err
	}
	s.takeIndex()
	switch {
	case s.take("->"):
		return unsupported(whole, "filtering by a path into JSON (->)")
	case strings.HasPrefix(s.rest(), "."):
		return p.notEmbedded(whole, attribute)
	case !s.done():
		return s.expected(`the end of the name or "[0]"`)
	}
	var parameters []string
	if p.outer == nil {
		parameters = ownParameters
	}
	s = &scanner{parameter: whole, text: value}
	filter, err := p.test(s, attribute, parameters, false)
	if err != nil {
		return err
	}
	p.filters = append(p.filters, filter)
	return nil
}

// test reads what stands behind the name of an attribute or, where there is no
// such attribute, of an embed. Parameters are further names to suggest.
func (p *parser) test(s *scanner, name string, parameters []string, nested bool) (*Filter, error) {
	if p.t.Attribute(p.version, name) == nil {
		if embed := p.embedded(name); embed != nil {
			return p.presence(s, embed, nested)
		}
	}
	field, err := p.field(s.parameter, name, parameters)
	if err != nil {
		return nil, err
	}
	return p.comparison(s, field, nested)
}

// takeIndex reads the "[0]" by which some clients tell repeats of a name apart.
func (s *scanner) takeIndex() {
	inner, closed := strings.CutSuffix(s.rest(), "]")
	inner, opened := strings.CutPrefix(inner, "[")
	if opened && closed && isDigits(inner) {
		s.at = len(s.text)
	}
}

// tree reads a parameter that is a tree of conditions, "or=(a.eq.1,b.gt.2)".
func (p *parser) tree(name, value string) error {
	connective, negated := strings.CutPrefix(name, "not.")
	s := &scanner{parameter: p.full(name), text: value}
	filter, err := p.branches(s, Operator(connective), negated, 1)
	if err != nil {
		return err
	}
	if !s.done() {
		return s.expected("the end")
	}
	p.filters = append(p.filters, filter)
	return nil
}

// branches reads the conditions in parentheses behind a connective.
func (p *parser) branches(s *scanner, connective Operator, negated bool, depth int) (*Filter, error) {
	if err := p.node(s.parameter); err != nil {
		return nil, err
	}
	if depth > p.limits.Depth {
		return nil, exceeded(s.parameter, "Depth", "conditions within each other", p.limits.Depth)
	}
	filter := &Filter{Op: connective, Not: negated}
	if !s.takeSpaced("(") {
		return nil, s.expected(`"("`)
	}
	for {
		branch, err := p.condition(s, depth)
		if err != nil {
			return nil, err
		}
		filter.Filters = append(filter.Filters, branch)
		if s.takeSpaced(")") {
			return filter, nil
		}
		if !s.takeSpaced(",") {
			return nil, s.expected(`"," or ")"`)
		}
	}
}

// condition reads one branch of a tree: a comparison or another tree.
func (p *parser) condition(s *scanner, depth int) (*Filter, error) {
	for _, connective := range []Operator{And, Or} {
		for _, not := range []string{"", "not."} {
			start := s.at
			if s.take(not+string(connective)) && s.takeSpaced("(") {
				s.at-- // branches reads it
				return p.branches(s, connective, not != "", depth+1)
			}
			s.at = start
		}
	}
	negated := p.t.Attribute(p.version, "not") == nil && s.take("not.")
	attribute, err := s.name()
	if err != nil {
		return nil, err
	}
	switch {
	case strings.HasPrefix(s.rest(), "->"):
		return nil, unsupported(s.parameter, "filtering by a path into JSON (->)")
	case !s.take("."):
		return nil, s.expected(`"." and an operator`)
	}
	filter, err := p.test(s, attribute, nil, true)
	if err != nil {
		return nil, err
	}
	filter.Not = filter.Not != negated
	return filter, nil
}

// comparison reads "[not.]operator[(any|all)].value". In a tree (nested) the
// value ends at a comma or a parenthesis that is not quoted, else at the end.
func (p *parser) comparison(s *scanner, field *model.Field, nested bool) (*Filter, error) {
	if err := p.node(s.parameter); err != nil {
		return nil, err
	}
	filter := &Filter{Field: field, Not: s.take("not.")}
	word := s.until(".(,)")
	filter.Op = Operator(word)
	if s.take("(") {
		quantifier := Quantifier(s.until(")"))
		if !s.take(")") || !laterOperator(word) && quantifier != Any && quantifier != All {
			return nil, s.expected("(any) or (all)")
		}
		filter.Quantifier = quantifier
	}
	rule, known := operators[filter.Op]
	switch {
	case laterOperator(word):
		return nil, unsupported(s.parameter, "the operator "+word)
	case !known || !s.take("."):
		return nil, noOperator(s, field, word, nested)
	case !rule.suits(field):
		return nil, unsuited(s.parameter, filter.Op, field)
	case filter.Quantifier != One && (!rule.quantified || field.IsList()):
		return nil, &Error{
			Parameter: clipName(s.parameter), Code: CodeParse,
			Message: fmt.Sprintf("%s(%s) is not possible", word, filter.Quantifier),
			Details: fmt.Sprintf("%s and %s go with eq, gt, gte, lt, lte, like and ilike of a single value", Any, All),
		}
	}
	var err error
	filter.Values, err = p.values(s, filter, rule.operand, nested)
	return filter, err
}

// noOperator is the error of a filter that does not begin with an operator,
// above all of "name=Hoth" for "name=eq.Hoth".
func noOperator(s *scanner, field *model.Field, word string, nested bool) *Error {
	hint := suggest(word, operatorNames())
	if hint == "" {
		separator, value := "=", s.text
		if nested {
			separator, value = ".", word
		}
		hint = fmt.Sprintf("to find what is equal, write %s%seq.%s", field.JSONName(), separator, clipName(value))
	}
	return &Error{
		Parameter: clipName(s.parameter), Code: CodeParse,
		Message: fmt.Sprintf("%s is followed by no operator: %s", field.JSONName(), clip(word)),
		Details: "expected one of " + strings.Join(operatorNames(), ", ") + `, or not. before one, and "." behind it`,
		Hint:    hint,
	}
}

// node counts one more node of the filter.
func (p *parser) node(parameter string) error {
	p.nodes++
	if p.nodes > p.limits.FilterNodes {
		return exceeded(parameter, "FilterNodes", "conditions", p.limits.FilterNodes)
	}
	return nil
}

// field resolves the name of an attribute. Parameters are further names to
// suggest.
func (p *parser) field(parameter, name string, parameters []string) (*model.Field, error) {
	return fieldOf(p.t, p.version, parameter, name, parameters)
}

func fieldOf(t *model.Type, version int, parameter, name string, parameters []string) (*model.Field, error) {
	if field := t.Attribute(version, name); field != nil {
		return field, nil
	}
	unknown := &Error{
		Parameter: clipName(parameter), Code: CodeUnknownColumn,
		Message: fmt.Sprintf("%s has no attribute %s", t.Name, clip(name)),
	}
	for _, relation := range Relations(t, version) {
		if relation.Name != name {
			continue
		}
		unknown.Details = fmt.Sprintf("%s relates to records of %s", name, relation.Relation.Target.Name)
		unknown.Hint = fmt.Sprintf("embed them: select=*,%s(*)", name)
		if relation.IsAttribute() {
			unknown.Hint += "; the id of the related record is " + relation.JSONName()
		}
		return nil, unknown
	}
	names := slices.Clone(parameters)
	for _, field := range t.Attributes(version) {
		names = append(names, field.JSONName())
	}
	unknown.Hint = suggest(name, names)
	return nil, unknown
}
