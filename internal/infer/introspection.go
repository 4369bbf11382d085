package infer

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"
	"github.com/vektah/gqlparser/v2/validator"
)

// The answer to the introspection query of the GraphQL specification
// (October 2021, section 4), as far as types and fields go.
type (
	introspection struct {
		QueryType *struct{ Name string }
		Types     []introspectedType
	}
	introspectedType struct {
		Kind          ast.DefinitionKind
		Name          string
		Description   string
		Fields        []introspectedField
		InputFields   []introspectedInput
		Interfaces    []introspectedRef
		EnumValues    []introspectedField
		PossibleTypes []introspectedRef
	}
	introspectedField struct {
		Name        string
		Description string
		Args        []introspectedInput
		Type        introspectedRef
	}
	introspectedInput struct {
		Name         string
		Type         introspectedRef
		DefaultValue *string
	}
	introspectedRef struct {
		Kind   string
		Name   string
		OfType *introspectedRef
	}
)

// maxTypeDepth bounds the wrapping of a type reference: the standard
// introspection query asks for nine levels at most.
const maxTypeDepth = 16

// ParseIntrospection reads the JSON answer to an introspection query, whole
// ({"data": {"__schema": …}}) or from data or __schema on, as a schema to hold
// queries against. It keeps what queries need: mutations, subscriptions and
// directives other than the specified ones are left out.
func ParseIntrospection(answer []byte) (*ast.Schema, error) {
	var envelope struct {
		Data *struct {
			Schema *introspection `json:"__schema"`
		}
		Schema *introspection `json:"__schema"`
		introspection
	}
	if err := json.Unmarshal(answer, &envelope); err != nil {
		return nil, fmt.Errorf("read the introspection answer: %w", err)
	}
	in := &envelope.introspection
	switch {
	case envelope.Data != nil && envelope.Data.Schema != nil:
		in = envelope.Data.Schema
	case envelope.Schema != nil:
		in = envelope.Schema
	}
	if in.QueryType == nil || len(in.Types) == 0 {
		return nil, errors.New("read the introspection answer: expected __schema with queryType and types, found neither; does the endpoint allow introspection?")
	}
	document, err := parser.ParseSchema(validator.Prelude)
	if err != nil {
		return nil, fmt.Errorf("read GraphQL's own types: %w", err)
	}
	known := map[string]bool{}
	for _, definition := range document.Definitions {
		known[definition.Name] = true
	}
	for _, t := range in.Types {
		if known[t.Name] || strings.HasPrefix(t.Name, "__") {
			continue
		}
		definition, err := t.definition()
		if err != nil {
			return nil, fmt.Errorf("read the introspection answer: %w", err)
		}
		document.Definitions = append(document.Definitions, definition)
	}
	document.Schema = append(document.Schema, &ast.SchemaDefinition{
		Position:       position,
		OperationTypes: ast.OperationTypeDefinitionList{{Operation: ast.Query, Type: in.QueryType.Name, Position: position}},
	})
	schema, invalid := validator.ValidateSchemaDocument(document)
	if invalid != nil {
		return nil, fmt.Errorf("read the introspection answer: %w", invalid)
	}
	return schema, nil
}

// position stands in for a place in a text: there is none, but the validator
// wants one to name in its errors.
var position = &ast.Position{Src: &ast.Source{Name: "introspection"}}

func (t introspectedType) definition() (*ast.Definition, error) {
	d := &ast.Definition{Kind: t.Kind, Name: t.Name, Description: t.Description, Position: position}
	for _, field := range t.Fields {
		converted, err := field.definition(t.Name)
		if err != nil {
			return nil, err
		}
		d.Fields = append(d.Fields, converted)
	}
	for _, input := range t.InputFields {
		fieldType, err := input.Type.convert(t.Name+"."+input.Name, 0)
		if err != nil {
			return nil, err
		}
		d.Fields = append(d.Fields, &ast.FieldDefinition{Name: input.Name, Type: fieldType, Position: position})
	}
	for _, value := range t.EnumValues {
		d.EnumValues = append(d.EnumValues, &ast.EnumValueDefinition{Name: value.Name, Description: value.Description, Position: position})
	}
	if t.Kind == ast.Union {
		for _, possible := range t.PossibleTypes {
			d.Types = append(d.Types, possible.Name)
		}
	}
	for _, implemented := range t.Interfaces {
		d.Interfaces = append(d.Interfaces, implemented.Name)
	}
	return d, nil
}

func (f introspectedField) definition(owner string) (*ast.FieldDefinition, error) {
	fieldType, err := f.Type.convert(owner+"."+f.Name, 0)
	if err != nil {
		return nil, err
	}
	d := &ast.FieldDefinition{Name: f.Name, Description: f.Description, Type: fieldType, Position: position}
	for _, argument := range f.Args {
		argumentType, err := argument.Type.convert(owner+"."+f.Name+"("+argument.Name+":)", 0)
		if err != nil {
			return nil, err
		}
		converted := &ast.ArgumentDefinition{Name: argument.Name, Type: argumentType, Position: position}
		if argument.DefaultValue != nil {
			// Only its presence counts here: it makes a required argument optional.
			converted.DefaultValue = &ast.Value{Raw: *argument.DefaultValue, Kind: ast.NullValue, Position: position}
		}
		d.Arguments = append(d.Arguments, converted)
	}
	return d, nil
}

// convert turns a type reference, a chain of NON_NULL and LIST around a name,
// into the parser's form. place names the field for errors.
func (r introspectedRef) convert(place string, depth int) (*ast.Type, error) {
	if depth > maxTypeDepth {
		return nil, fmt.Errorf("%s: its type is wrapped more than %d times", place, maxTypeDepth)
	}
	if r.Kind != "NON_NULL" && r.Kind != "LIST" {
		if r.Name == "" {
			return nil, fmt.Errorf("%s: its type has no name; the introspection query must ask for ofType deeply enough", place)
		}
		return ast.NamedType(r.Name, position), nil
	}
	if r.OfType == nil {
		return nil, fmt.Errorf("%s: a %s of nothing; the introspection query must ask for ofType deeply enough", place, r.Kind)
	}
	inner, err := r.OfType.convert(place, depth+1)
	if err != nil {
		return nil, err
	}
	if r.Kind == "LIST" {
		return ast.ListType(inner, position), nil
	}
	inner.NonNull = true
	return inner, nil
}
