package query

import (
	"fmt"
	"slices"
	"strings"

	"github.com/larderhq/larder/internal/model"
)

// embedded is an embed of a read while it is parsed.
type embedded struct {
	name     string    // in the answer, and before the dot of its parameters
	outer    *embedded // the embed around it; nil for none
	embed    *Embed
	required bool // !inner
	parser   *parser
}

// embedded is the embed with the name, or nil.
func (p *parser) embedded(name string) *embedded {
	for _, inner := range p.embeds {
		if inner.name == name {
			return inner
		}
	}
	return nil
}

// scope finds the embed that a parameter is of, "items.order", and what the
// parameter is called there.
func (p *parser) scope(name string) (*embedded, string) {
	if len(p.embeds) == 0 || !strings.Contains(name, ".") {
		return nil, ""
	}
	s := &scanner{text: name}
	first, err := s.name()
	if err != nil || !s.take(".") {
		return nil, ""
	}
	return p.embedded(first), s.rest()
}

// embed adds an embed of the relation, whose own columns are read next.
func (p *parser) embed(relation *model.Field, name string) (*embedded, error) {
	p.embedCount++
	depth := 1
	for outer := p.outer; outer != nil; outer = outer.outer {
		depth++
	}
	switch {
	case p.embedCount > p.limits.Embeds:
		return nil, exceeded("select", "Embeds", "embedded relations", p.limits.Embeds)
	case depth > p.limits.EmbedDepth:
		return nil, exceeded("select", "EmbedDepth", "relations embedded within each other", p.limits.EmbedDepth)
	case p.embedded(name) != nil:
		return nil, sameName(name)
	}
	embed := &Embed{Relation: relation, Read: Read{Type: relation.Relation.Target, Version: p.version, Limit: -1}}
	if relation.Kind != model.ToOne {
		embed.Read.Limit = p.limits.EmbedRows
	}
	inner := &embedded{name: name, outer: p.outer, embed: embed}
	inner.parser = &parser{shared: p.shared, t: embed.Read.Type, read: &embed.Read, outer: inner, seen: map[string]bool{}}
	p.embeds = append(p.embeds, inner)
	return inner, nil
}

// relation resolves the name of a relation.
func (p *parser) relation(parameter, name string) (*model.Field, error) {
	relations := Relations(p.t, p.version)
	names := make([]string, len(relations))
	for i, field := range relations {
		if field.Name == name {
			return field, nil
		}
		names[i] = field.Name
	}
	unknown := &Error{
		Parameter: clipName(parameter), Code: CodeNoRelation,
		Message: fmt.Sprintf("%s has no relation %s", p.t.Name, clip(name)),
		Hint:    suggest(name, names),
	}
	switch {
	case p.t.Attribute(p.version, name) != nil:
		unknown.Details = name + " is an attribute"
		unknown.Hint = "select it without parentheses"
	case len(names) > 0:
		unknown.Details = "its relations are " + strings.Join(names, ", ")
	}
	return nil, unknown
}

// notEmbedded is the error of a parameter of an embed that there is none of.
func (p *parser) notEmbedded(parameter, name string) error {
	names := make([]string, len(p.embeds))
	for i, inner := range p.embeds {
		names[i] = inner.name
	}
	e := &Error{
		Parameter: clipName(parameter), Code: CodeNotEmbedded,
		Message: clip(name) + " is not embedded in this request",
		Hint:    suggest(name, names),
	}
	if _, err := p.relation(parameter, name); err == nil {
		e.Hint = fmt.Sprintf("embed it: select=*,%s(*)", name)
	}
	return e
}

// presence reads the test for an embed's records: is.null or is.not_null.
func (p *parser) presence(s *scanner, inner *embedded, nested bool) (*Filter, error) {
	if err := p.node(s.parameter); err != nil {
		return nil, err
	}
	filter := &Filter{Op: Is, Embed: inner.embed, Not: s.take("not.")}
	if s.take("is.") {
		text := s.rest()
		if nested {
			text = s.nestedText()
		}
		text = strings.ToLower(strings.Trim(text, " \t"))
		if text == "null" || text == "not_null" {
			filter.Values = []any{text}
			return filter, nil
		}
	}
	return nil, &Error{
		Parameter: clipName(s.parameter), Code: CodeEmbedTest,
		Message: clipName(inner.name) + " is embedded: it can be compared with null only",
		Details: "expected is.null, is.not_null or not.is.null",
		Hint:    fmt.Sprintf("to filter by an attribute of its records, write %s.name=eq.value", clipName(inner.name)),
	}
}

// through resolves the to-one relation that an order goes through, by the name
// of the field or of an embed.
func (p *parser) through(parameter, name string) (*model.Field, error) {
	relation := (*model.Field)(nil)
	if inner := p.embedded(name); inner != nil {
		relation = inner.embed.Relation
	} else {
		var err error
		if relation, err = p.relation(parameter, name); err != nil {
			return nil, err
		}
	}
	if relation.Kind != model.ToOne {
		return nil, &Error{
			Parameter: clipName(parameter), Code: CodeOrderThrough,
			Message: fmt.Sprintf("records cannot be ordered by %s, of which each has many", clipName(name)),
			Hint:    fmt.Sprintf("to order the embedded records, write %s.order=", clipName(name)),
		}
	}
	return relation, nil
}

// grouping holds a read with aggregates to what groups of records have.
func (p *parser) grouping() error {
	for _, column := range p.read.Columns {
		details := ""
		switch {
		case column.Aggregate != "":
		case column.Embed != nil:
			if column.Embed.Relation.Kind != model.ToOne && !column.Embed.Hidden() {
				details = column.Name + " holds many records"
			}
		case !isScalar(column.Field):
			details = column.Field.JSONName() + " is " + describe(column.Field)
		}
		if details != "" {
			return &Error{
				Parameter: "select", Code: CodeOperator,
				Message: fmt.Sprintf("records cannot be grouped by %s", clipName(column.Name)), Details: clipName(details),
				Hint: "beside an aggregate, select attributes with a single value",
			}
		}
	}
	groups := p.read.Groups()
	for _, term := range p.read.Order {
		if term.Through != nil || !slices.Contains(groups, term.Field) {
			return &Error{
				Parameter: clipName(p.full("order")), Code: CodeOperator,
				Message: fmt.Sprintf("groups cannot be ordered by %s", term.Field.JSONName()),
				Hint:    "groups are ordered by the attributes that are selected beside the aggregates",
			}
		}
	}
	return nil
}
