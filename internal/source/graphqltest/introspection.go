package graphqltest

import (
	"github.com/vektah/gqlparser/v2/ast"
)

// introspection gives the values of __schema and __type (GraphQL
// specification, section 4).
type introspection struct{ schema *ast.Schema }

func (in introspection) root() object {
	return object{
		"__schema": field(func(map[string]any) (any, error) { return in.describe(), nil }),
		"__type": field(func(arguments map[string]any) (any, error) {
			name, _ := arguments["name"].(string)
			return in.named(name), nil
		}),
	}
}

func (in introspection) describe() object {
	types, directives := []any{}, []any{}
	for _, name := range sortedKeys(in.schema.Types) {
		types = append(types, in.named(name))
	}
	for _, name := range sortedKeys(in.schema.Directives) {
		d := in.schema.Directives[name]
		locations := []any{}
		for _, location := range d.Locations {
			locations = append(locations, string(location))
		}
		directives = append(directives, object{
			"name": d.Name, "description": text(d.Description), "locations": locations,
			"args": in.arguments(d.Arguments), "isRepeatable": d.IsRepeatable,
		})
	}
	return object{
		"description": nil, "types": types, "directives": directives,
		"queryType": in.operation(in.schema.Query), "mutationType": in.operation(in.schema.Mutation),
		"subscriptionType": in.operation(in.schema.Subscription),
	}
}

func (in introspection) operation(d *ast.Definition) any {
	if d == nil {
		return nil
	}
	return in.named(d.Name)
}

// named is a named type, nil when there is none. Its members are made when
// they are asked for, because types refer to each other in circles.
func (in introspection) named(name string) any {
	d := in.schema.Types[name]
	if d == nil {
		return nil
	}
	later := func(list func() []any, kinds ...ast.DefinitionKind) field {
		return func(map[string]any) (any, error) {
			for _, kind := range kinds {
				if d.Kind == kind {
					return list(), nil
				}
			}
			return nil, nil
		}
	}
	return object{
		"kind": string(d.Kind), "name": d.Name, "description": text(d.Description),
		"specifiedByURL": nil, "ofType": nil, "isOneOf": false,
		"fields":        later(func() []any { return in.fields(d) }, ast.Object, ast.Interface),
		"interfaces":    later(func() []any { return in.interfaces(d) }, ast.Object, ast.Interface),
		"possibleTypes": later(func() []any { return in.possible(d) }, ast.Interface, ast.Union),
		"enumValues":    later(func() []any { return enumValues(d) }, ast.Enum),
		"inputFields":   later(func() []any { return in.inputFields(d) }, ast.InputObject),
	}
}

// typeOf is a type with its wrappings.
func (in introspection) typeOf(t *ast.Type) any {
	wrapped := func(kind string, inner *ast.Type) object {
		return object{"kind": kind, "name": nil, "description": nil, "ofType": field(
			func(map[string]any) (any, error) { return in.typeOf(inner), nil })}
	}
	switch {
	case t.NonNull:
		inner := *t
		inner.NonNull = false
		return wrapped("NON_NULL", &inner)
	case t.Elem != nil:
		return wrapped("LIST", t.Elem)
	default:
		return in.named(t.NamedType)
	}
}

func (in introspection) fields(d *ast.Definition) []any {
	list := []any{}
	for _, f := range d.Fields {
		if len(f.Name) > 1 && f.Name[:2] == "__" {
			continue // the root's own way to introspection
		}
		list = append(list, object{
			"name": f.Name, "description": text(f.Description), "args": in.arguments(f.Arguments),
			"type": in.typeOf(f.Type), "isDeprecated": false, "deprecationReason": nil,
		})
	}
	return list
}

func (in introspection) arguments(definitions ast.ArgumentDefinitionList) []any {
	list := []any{}
	for _, a := range definitions {
		list = append(list, in.input(a.Name, a.Description, a.Type, a.DefaultValue))
	}
	return list
}

func (in introspection) inputFields(d *ast.Definition) []any {
	list := []any{}
	for _, f := range d.Fields {
		list = append(list, in.input(f.Name, f.Description, f.Type, f.DefaultValue))
	}
	return list
}

func (in introspection) input(name, description string, t *ast.Type, standard *ast.Value) object {
	value := any(nil)
	if standard != nil {
		value = standard.String()
	}
	return object{
		"name": name, "description": text(description), "type": in.typeOf(t), "defaultValue": value,
		"isDeprecated": false, "deprecationReason": nil,
	}
}

func (in introspection) interfaces(d *ast.Definition) []any {
	list := []any{}
	for _, name := range d.Interfaces {
		list = append(list, in.named(name))
	}
	return list
}

func (in introspection) possible(d *ast.Definition) []any {
	list := []any{}
	for _, t := range in.schema.PossibleTypes[d.Name] {
		list = append(list, in.named(t.Name))
	}
	return list
}

func enumValues(d *ast.Definition) []any {
	list := []any{}
	for _, v := range d.EnumValues {
		list = append(list, object{
			"name": v.Name, "description": text(v.Description), "isDeprecated": false, "deprecationReason": nil,
		})
	}
	return list
}

// text is a description, null when there is none.
func text(description string) any {
	if description == "" {
		return nil
	}
	return description
}
