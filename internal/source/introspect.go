package source

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
)

// ErrIntrospectionOff says that the endpoint answers, but does not tell its
// schema: the models must be inferred from values.
var ErrIntrospectionOff = errors.New("introspection is off")

// introspectionQuery asks for the schema in the words that every server since
// the specification of 2018 knows, seven levels of type wrapping deep.
const introspectionQuery = `query IntrospectionQuery {
  __schema {
    queryType { name }
    mutationType { name }
    subscriptionType { name }
    types { ...FullType }
    directives { name description locations args { ...InputValue } }
  }
}
fragment FullType on __Type {
  kind
  name
  description
  fields(includeDeprecated: true) {
    name
    description
    args { ...InputValue }
    type { ...TypeRef }
    isDeprecated
    deprecationReason
  }
  inputFields { ...InputValue }
  interfaces { ...TypeRef }
  enumValues(includeDeprecated: true) { name description isDeprecated deprecationReason }
  possibleTypes { ...TypeRef }
}
fragment InputValue on __InputValue { name description type { ...TypeRef } defaultValue }
fragment TypeRef on __Type {
  kind
  name
  ofType { kind name ofType { kind name ofType { kind name ofType { kind name
    ofType { kind name ofType { kind name ofType { kind name } } } } } } }
}`

// Introspect asks the endpoint of the settings for its schema and returns the
// answer's data: {"__schema": {…}}. The query of the settings is not used. The
// error is an ErrIntrospectionOff with the reason where the endpoint does not
// tell.
func Introspect(ctx context.Context, settings GraphQLSettings) (json.RawMessage, error) {
	settings.Query, settings.Operation, settings.Variables = introspectionQuery, "IntrospectionQuery", nil
	settings.Partial = false
	g, err := newEndpoint(settings)
	if err != nil {
		return nil, err
	}
	answer, err := g.Fetch(ctx, nil)
	var refused *refusedError
	if errors.As(err, &refused) {
		return nil, fmt.Errorf("%w: %w", ErrIntrospectionOff, err)
	}
	if err != nil {
		return nil, err
	}
	defer answer.Close() //nolint:errcheck // a temporary file
	for record, err := range answer.Records("__schema") {
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrIntrospectionOff, err)
		}
		return json.Marshal(map[string]json.RawMessage{"__schema": record.Data})
	}
	return nil, fmt.Errorf("%w: the answer of %s has no schema", ErrIntrospectionOff, g.Address())
}
