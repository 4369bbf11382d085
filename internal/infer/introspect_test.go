package infer_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/larderhq/larder/internal/infer"
)

// introspected turns SDL into what an endpoint answers to an introspection
// query and reads that, so that every golden case goes the whole way.
func introspected(t *testing.T, sdl string) *ast.Schema {
	t.Helper()
	schema, err := gqlparser.LoadSchema(&ast.Source{Name: "schema.graphql", Input: sdl})
	if err != nil {
		t.Fatal(err)
	}
	var types []any
	for _, d := range schema.Types {
		types = append(types, introspectType(schema, d))
	}
	answer, failed := json.Marshal(map[string]any{"data": map[string]any{"__schema": map[string]any{
		"queryType": map[string]any{"name": schema.Query.Name}, "types": types,
	}}})
	if failed != nil {
		t.Fatal(failed)
	}
	parsed, failed := infer.ParseIntrospection(answer)
	if failed != nil {
		t.Fatal(failed)
	}
	return parsed
}

func introspectType(schema *ast.Schema, d *ast.Definition) map[string]any {
	var fields, words, possible, interfaces []any
	for _, f := range d.Fields {
		if strings.HasPrefix(f.Name, "__") {
			continue // the parser's own addition to the query type
		}
		var arguments []any
		for _, a := range f.Arguments {
			argument := map[string]any{"name": a.Name, "type": introspectRef(schema, a.Type), "defaultValue": nil}
			if a.DefaultValue != nil {
				argument["defaultValue"] = a.DefaultValue.String()
			}
			arguments = append(arguments, argument)
		}
		fields = append(fields, map[string]any{"name": f.Name, "description": f.Description, "args": arguments, "type": introspectRef(schema, f.Type)})
	}
	for _, v := range d.EnumValues {
		words = append(words, map[string]any{"name": v.Name, "description": v.Description})
	}
	for _, p := range schema.PossibleTypes[d.Name] {
		possible = append(possible, map[string]any{"name": p.Name})
	}
	for _, i := range d.Interfaces {
		interfaces = append(interfaces, map[string]any{"name": i})
	}
	result := map[string]any{"kind": d.Kind, "name": d.Name, "description": d.Description, "enumValues": words, "possibleTypes": possible, "interfaces": interfaces}
	if d.Kind == ast.InputObject {
		result["inputFields"] = fields
	} else {
		result["fields"] = fields
	}
	return result
}

func introspectRef(schema *ast.Schema, t *ast.Type) map[string]any {
	if t.NonNull {
		inner := *t
		inner.NonNull = false
		return map[string]any{"kind": "NON_NULL", "name": nil, "ofType": introspectRef(schema, &inner)}
	}
	if t.Elem != nil {
		return map[string]any{"kind": "LIST", "name": nil, "ofType": introspectRef(schema, t.Elem)}
	}
	return map[string]any{"kind": schema.Types[t.NamedType].Kind, "name": t.NamedType, "ofType": nil}
}
