package model

import (
	"fmt"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// fields fills the type from its definition.
func (p *parser) fields(t *Type, definition *ast.Definition) {
	t.ID = &Field{Name: "id", Owner: t, Scalar: ID, Required: true}
	if len(definition.Fields) > maxFields {
		p.report(t.Position, "split the type in two with a relation between them",
			"expected at most %d fields in %s, got %d", maxFields, t.Name, len(definition.Fields))
		return
	}
	seen := map[string]Position{}
	for _, d := range definition.Fields {
		at := p.position(d.Position)
		if before, twice := seen[d.Name]; twice {
			p.report(at, "rename one of them", "%s.%s is declared twice, first on line %d", t.Name, d.Name, before.Line)
			continue
		}
		seen[d.Name] = at
		if d.Name == "id" {
			p.idField(t, d)
			continue
		}
		p.field(t, d)
	}
}

// idField reads a stated id.
func (p *parser) idField(t *Type, d *ast.FieldDefinition) {
	t.ID.Position = p.position(d.Position)
	t.ID.Description = d.Description
	switch d.Type.String() {
	case "ID!":
	case "UUID!", "String!", "Int64!":
		t.ID.Scalar = Scalar(d.Type.NamedType)
	default:
		p.report(t.ID.Position, `keep another system's id under another name, such as sourceId: String @from(path: "id")`,
			"the id is larder's own key: expected id: ID! or id: UUID!, got id: %s", d.Type)
	}
	var known ast.DirectiveList
	for _, directive := range d.Directives {
		if directive.Name == "column" || directive.Name == "generated" {
			known = append(known, directive)
			continue
		}
		p.report(p.position(directive.Position), "remove it", "the id takes no directive but @column and @generated, got @%s", directive.Name)
	}
	p.fieldDirectives(t.ID, known)
	p.refuseArguments(t, d)
}

func (p *parser) refuseArguments(t *Type, d *ast.FieldDefinition) {
	if len(d.Arguments) > 0 {
		p.report(p.position(d.Arguments[0].Position), "remove them", "%s.%s: a field of a model takes no arguments", t.Name, d.Name)
	}
}

// field reads one declared field; one whose type is wrong is left out.
func (p *parser) field(t *Type, d *ast.FieldDefinition) {
	f := &Field{
		Name: d.Name, Description: d.Description, Position: p.position(d.Position), Owner: t,
		Required: d.Type.NonNull,
	}
	p.refuseArguments(t, d)
	if !isLetter(d.Name[0]) {
		p.report(f.Position, "begin it with a letter: _name is a parameter of the API", "%s is no name for a field", d.Name)
	}
	if !p.fieldType(f, d.Type) {
		p.broken[brokenField{t, d.Name}] = true
		return
	}
	if f.Kind == ValueList && d.Directives.ForName("json") != nil {
		f.Kind = JSONColumn
	}
	t.Fields = append(t.Fields, f)
	p.fieldDirectives(f, d.Directives)
	if f.Kind == ValueList && !f.Required {
		p.report(f.Position, fmt.Sprintf("write [%s]!, or @json to keep null apart from an empty list", d.Type.Elem),
			"%s.%s: a list whose values have a table of their own cannot be null", t.Name, f.Name)
	}
}

// fieldType resolves the declared type into kind, scalar and relation.
func (p *parser) fieldType(f *Field, declared *ast.Type) bool {
	name, isList := declared.NamedType, declared.Elem != nil
	if isList {
		if declared.Elem.Elem != nil {
			p.report(p.position(declared.Position), "use JSON for lists within lists",
				"%s.%s: expected a list of one level, got %s", f.Owner.Name, f.Name, declared)
			return false
		}
		name, f.ItemRequired = declared.Elem.NamedType, declared.Elem.NonNull
		f.Kind = ValueList
	}
	switch {
	case p.types[name] != nil:
		f.Kind = ToOne
		if isList {
			f.Kind = ToMany // link may find it to be a ManyToMany
		}
		f.Relation = &Relation{Target: p.types[name]}
	case p.enums[name] != nil:
		f.Scalar, f.Enum = EnumWord, p.enums[name]
	case slices.Contains(scalarNames(), name):
		f.Scalar = Scalar(name)
		if f.Scalar == Decimal {
			f.Precision, f.Scale = defaultPrecision, defaultScale
		}
	default:
		known := scalarNames()
		for _, t := range p.schema.Types {
			known = append(known, t.Name)
		}
		for _, e := range p.schema.Enums {
			known = append(known, e.Name)
		}
		suggestion := "declare it, or use one of " + strings.Join(scalarNames(), ", ")
		if near := p.nearest(name, known); near != "" {
			suggestion = fmt.Sprintf("did you mean %s?", near)
		}
		p.report(p.position(declared.Position), suggestion, "%s.%s: unknown type %s", f.Owner.Name, f.Name, name)
		return false
	}
	return true
}

// The digits of a Decimal that does not say.
const (
	defaultPrecision = 18
	defaultScale     = 4
)

// lookup finds the fields that a directive of the type names. Those that do
// not exist are reported; ok is false when any is missing.
func (p *parser) lookup(t *Type, names []string, at Position, directive string) (fields []*Field, ok bool) {
	ok = true
	for i, name := range names {
		field := t.declaredField(name)
		switch {
		case p.broken[brokenField{t, name}]:
			ok = false
		case field == nil:
			p.report(at, p.didYouMean(name, t.fieldNames()), "@%s: %s has no field %s", directive, t.Name, name)
			ok = false
		case slices.Contains(names[:i], name):
			p.report(at, "name it once", "@%s names %s twice", directive, name)
			ok = false
		default:
			fields = append(fields, field)
		}
	}
	return fields, ok
}

func (t *Type) declaredField(name string) *Field {
	if name == "id" {
		return t.ID
	}
	for _, f := range t.Fields {
		if f.Name == name {
			return f
		}
	}
	return nil
}

func (t *Type) fieldNames() []string {
	names := make([]string, 0, len(t.Fields))
	for _, f := range t.Fields {
		names = append(names, f.Name)
	}
	return names
}
