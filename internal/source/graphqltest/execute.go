package graphqltest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// object is a value of an object type: field name → value, or a func of the
// field's arguments that gives it. An abstract type's values say "__typename".
type object = map[string]any

type field = func(arguments map[string]any) (any, error)

// execution runs one operation (GraphQL specification, section 6).
type execution struct {
	schema    *ast.Schema
	document  *ast.QueryDocument
	variables map[string]any
	failing   map[string]string // response path → message
	errors    gqlerror.List
}

// result is an object of an answer: its members in the order of the query.
type result []member

type member struct {
	key   string
	value any
}

// MarshalJSON writes the members in their order.
func (r result) MarshalJSON() ([]byte, error) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	text.WriteByte('{')
	for i, m := range r {
		if i > 0 {
			text.WriteByte(',')
		}
		fmt.Fprintf(&text, "%q:", m.key)
		if err := encoder.Encode(m.value); err != nil {
			return nil, err
		}
	}
	text.WriteByte('}')
	return text.Bytes(), nil
}

// selections executes a selection set on a value; false when a null must pass
// to the parent.
func (x *execution) selections(set ast.SelectionSet, typeName string, value object, path ast.Path) (result, bool) {
	r := result{}
	for _, group := range x.collect(set, typeName, nil) {
		first := group[0]
		at := append(append(ast.Path{}, path...), ast.PathName(first.Alias))
		definition := x.schema.Types[typeName].Fields.ForName(first.Name)
		var resolved any
		var err error
		var fieldType *ast.Type
		if first.Name == "__typename" {
			resolved, fieldType = typeName, ast.NonNullNamedType("String", nil)
		} else {
			fieldType = definition.Type
			resolved, err = x.resolve(first, value, at)
		}
		if err != nil {
			x.fail(first, at, err)
			resolved = nil
		}
		completed, ok := x.complete(fieldType, resolved, group, at, err != nil)
		if !ok {
			return nil, false
		}
		r = append(r, member{first.Alias, completed})
	}
	return r, true
}

func (x *execution) resolve(f *ast.Field, value object, at ast.Path) (any, error) {
	if message, failing := x.failing[at.String()]; failing {
		return nil, fmt.Errorf("%s", message)
	}
	resolved := value[f.Name]
	if call, ok := resolved.(field); ok {
		return call(f.ArgumentMap(x.variables))
	}
	return resolved, nil
}

func (x *execution) fail(f *ast.Field, at ast.Path, err error) {
	e := &gqlerror.Error{Message: err.Error(), Path: at}
	var worded *gqlerror.Error
	if errors.As(err, &worded) {
		e.Message = worded.Message
	}
	if f.Position != nil {
		e.Locations = []gqlerror.Location{{Line: f.Position.Line, Column: f.Position.Column}}
	}
	x.errors = append(x.errors, e)
}

// collect groups the fields of a selection set by response key (section 6.3.2).
func (x *execution) collect(set ast.SelectionSet, typeName string, groups [][]*ast.Field) [][]*ast.Field {
	for _, selection := range set {
		switch s := selection.(type) {
		case *ast.Field:
			if x.skipped(s.Directives) {
				continue
			}
			found := false
			for i := range groups {
				if groups[i][0].Alias == s.Alias {
					groups[i] = append(groups[i], s)
					found = true
				}
			}
			if !found {
				groups = append(groups, []*ast.Field{s})
			}
		case *ast.InlineFragment:
			if !x.skipped(s.Directives) && x.applies(s.TypeCondition, typeName) {
				groups = x.collect(s.SelectionSet, typeName, groups)
			}
		case *ast.FragmentSpread:
			if !x.skipped(s.Directives) && x.applies(s.Definition.TypeCondition, typeName) {
				groups = x.collect(s.Definition.SelectionSet, typeName, groups)
			}
		}
	}
	return groups
}

func (x *execution) skipped(directives ast.DirectiveList) bool {
	for _, d := range directives {
		condition, _ := d.ArgumentMap(x.variables)["if"].(bool)
		if d.Name == "skip" && condition || d.Name == "include" && !condition {
			return true
		}
	}
	return false
}

func (x *execution) applies(condition, typeName string) bool {
	if condition == "" || condition == typeName {
		return true
	}
	for _, possible := range x.schema.PossibleTypes[condition] {
		if possible.Name == typeName {
			return true
		}
	}
	return false
}

// complete turns a resolved value into one of the answer (section 6.4.3);
// reported says that the field's error is in the list already.
func (x *execution) complete(t *ast.Type, value any, group []*ast.Field, at ast.Path, reported bool) (any, bool) {
	if value == nil {
		if t.NonNull && !reported {
			x.fail(group[0], at, gqlerror.Errorf("Cannot return null for non-nullable field %s.", group[0].Name))
		}
		return nil, !t.NonNull
	}
	if t.Elem != nil {
		return x.completeList(t, value.([]any), group, at)
	}
	definition := x.schema.Types[t.NamedType]
	if definition.IsLeafType() {
		leaf, err := serialize(t.NamedType, value)
		if err != nil {
			x.fail(group[0], at, err)
			return nil, !t.NonNull
		}
		return leaf, true
	}
	record := value.(object)
	typeName := t.NamedType
	if definition.IsAbstractType() {
		typeName = record["__typename"].(string)
	}
	var selections ast.SelectionSet
	for _, f := range group {
		selections = append(selections, f.SelectionSet...)
	}
	completed, ok := x.selections(selections, typeName, record, at)
	if !ok {
		return nil, !t.NonNull
	}
	return completed, true
}

func (x *execution) completeList(t *ast.Type, values []any, group []*ast.Field, at ast.Path) (any, bool) {
	list := make([]any, len(values))
	for i, value := range values {
		element := append(append(ast.Path{}, at...), ast.PathIndex(i))
		reported := false
		if message, failing := x.failing[element.String()]; failing {
			x.fail(group[0], element, fmt.Errorf("%s", message))
			value, reported = nil, true
		}
		completed, ok := x.complete(t.Elem, value, group, element, reported)
		if !ok {
			return nil, !t.NonNull
		}
		list[i] = completed
	}
	return list, true
}

// serialize checks a leaf as graphql-js does: an Int has 32 bits.
func serialize(scalar string, value any) (any, error) {
	number, isNumber := value.(json.Number)
	if !isNumber {
		return value, nil
	}
	if n, err := number.Int64(); scalar == "Int" && (err != nil || n > math.MaxInt32 || n < math.MinInt32) {
		return nil, gqlerror.Errorf("Int cannot represent non 32-bit signed integer value: %s", number)
	}
	return number, nil
}

// pathKey is a response path as Behaviour.FieldErrors writes it, in the form
// of ast.Path: "allPlanets.planets.3.name" → "allPlanets.planets[3].name".
func pathKey(path string) string {
	var key strings.Builder
	for i, step := range strings.Split(path, ".") {
		switch {
		case step != "" && strings.Trim(step, "0123456789") == "":
			key.WriteString("[" + step + "]")
		case i > 0:
			key.WriteString("." + step)
		default:
			key.WriteString(step)
		}
	}
	return key.String()
}
