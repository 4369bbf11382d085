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

// What an endpoint says of itself may be anything; it ends in an error that
// says so, or in a schema that queries can be held against.
func TestParseIntrospectionRefusesWhatIsNoSchema(t *testing.T) {
	wrap := func(types string) string {
		return `{"data":{"__schema":{"queryType":{"name":"Q"},"types":[` + types + `]}}}`
	}
	const query = `{"kind":"OBJECT","name":"Q","fields":[{"name":"a","type":{"kind":"OBJECT","name":"A"}}]}`
	nested := strings.Repeat(`{"kind":"LIST","ofType":`, 20) + `{"kind":"SCALAR","name":"Int"}` + strings.Repeat("}", 20)
	tests := []struct{ name, answer, want string }{
		{"no JSON", `<html>`, "invalid character"},
		{"errors only", `{"errors":[{"message":"introspection is off"}]}`, "expected __schema with queryType and types"},
		{"no query type", `{"data":{"__schema":{"types":[]}}}`, "expected __schema with queryType and types"},
		{"a query type that is not there", wrap(`{"kind":"OBJECT","name":"A","fields":[]}`), "Q"},
		{"a field of an unknown type", wrap(query), "A"},
		{"a type reference that ends too early", wrap(`{"kind":"OBJECT","name":"Q","fields":[{"name":"a","type":{"kind":"NON_NULL"}}]}`), "ofType deeply enough"},
		{"a type reference without a name", wrap(`{"kind":"OBJECT","name":"Q","fields":[{"name":"a","type":{"kind":"SCALAR"}}]}`), "ofType deeply enough"},
		{"lists without end", wrap(`{"kind":"OBJECT","name":"Q","fields":[{"name":"a","type":` + nested + `}]}`), "wrapped more than"},
		{"an interface of itself", wrap(query + `,{"kind":"OBJECT","name":"A","interfaces":[{"name":"A"}],"fields":[{"name":"b","type":{"kind":"SCALAR","name":"Int"}}]}`), "A"},
		{"a union of nothing known", wrap(query + `,{"kind":"UNION","name":"A","possibleTypes":[{"name":"X"}]}`), "X"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := infer.ParseIntrospection([]byte(test.answer))
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want an error that says %q", err, test.want)
			}
		})
	}
}
