package query

import (
	"fmt"
	"slices"
	"strings"

	"github.com/larderhq/larder/internal/model"
)

// filter reads a filter parameter, "population=gte.1000000".
func (p *parser) filter(name, value string) error {
	s := &scanner{parameter: name, text: name}
	attribute, err := s.name()
	if err != nil {
		return err
	}
	s.takeIndex()
	switch {
	case s.take("->"):
		return unsupported(name, "filtering by a path into JSON (->)")
	case s.take("."):
		return unsupported(name, "filtering or shaping embedded records")
	case !s.done():
		return s.expected(`the end of the name or "[0]"`)
	}
	field, err := p.field(name, attribute, ownParameters)
	if err != nil {
		return err
	}
	s = &scanner{parameter: name, text: value}
	filter, err := p.comparison(s, field, false)
	if err != nil {
		return err
	}
	p.filters = append(p.filters, filter)
	return nil
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
	s := &scanner{parameter: name, text: value}
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
	field, err := p.field(s.parameter, attribute, nil)
	if err != nil {
		return nil, err
	}
	filter, err := p.comparison(s, field, true)
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
	if field := p.t.Attribute(p.version, name); field != nil {
		return field, nil
	}
	for _, relation := range p.t.Fields {
		if relation.Relation != nil && relation.Name == name && relation.Served(p.version) && !relation.Implicit {
			later := unsupported(parameter, fmt.Sprintf("the related records of %s in a query", name))
			if relation.IsAttribute() {
				later.Hint = "for the id of the related record, use " + relation.JSONName()
			}
			return nil, later
		}
	}
	names := slices.Clone(parameters)
	for _, field := range p.t.Attributes(p.version) {
		names = append(names, field.JSONName())
	}
	return nil, &Error{
		Parameter: clipName(parameter), Code: CodeUnknownColumn,
		Message: fmt.Sprintf("%s has no attribute %s", p.t.Name, clip(name)),
		Hint:    suggest(name, names),
	}
}
