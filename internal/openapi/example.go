package openapi

import (
	"encoding/json"
	"strings"

	"github.com/larderhq/larder/internal/model"
)

// withExample adds an example of the fields' values to a schema, unless one of
// them is bound by a pattern that none of the samples match.
func (w *writer) withExample(schema object, fields []*model.Field) object {
	example := object{}
	for _, field := range fields {
		value, ok := sample(field)
		if !ok {
			return schema
		}
		example = append(example, member{field.JSONName(), value})
	}
	return append(schema, member{"examples", []any{example}})
}

// sample is a value that the field accepts: its default, else the first that
// suits of some that are plain.
func sample(field *model.Field) (json.RawMessage, bool) {
	if field.Default != nil {
		return field.AppendJSON(nil, field.Default.Value), true
	}
	for _, candidate := range candidates(field) {
		if field.IsList() {
			candidate = "[" + candidate + "]"
		}
		value, err := field.AcceptJSON([]byte(candidate))
		if err == nil {
			return field.AppendJSON(nil, value), true
		}
	}
	return nil, false
}

// candidates are JSON values of the field's type, or its elements'.
func candidates(field *model.Field) []string {
	if field.Relation != nil {
		target := field.Relation.Target
		if target.Vocabulary {
			return candidates(target.Word())
		}
		return candidates(target.ID)
	}
	switch field.Scalar {
	case model.Int, model.Int64, model.Float, model.Decimal:
		numbers := []string{"1", "10", "0", "100", "1000", "-1", "0.5"}
		if field.Check != nil {
			for _, bound := range []string{field.Check.Min, field.Check.Max} {
				if bound != "" {
					numbers = append(numbers, bound)
				}
			}
		}
		return numbers
	case model.Boolean:
		return []string{"true"}
	case model.UUID:
		return []string{`"01976f3a-2b5c-7d8e-9f01-23456789abcd"`}
	case model.Date:
		return []string{`"2026-11-23"`, `"2000-01-01"`, `"2100-01-01"`}
	case model.DateTime:
		return []string{`"2026-11-23T17:18:00Z"`, `"2000-01-01T00:00:00Z"`, `"2100-01-01T00:00:00Z"`}
	case model.Duration:
		return []string{`"PT5400S"`, `"PT1S"`}
	case model.JSON:
		return []string{`{"any":"value"}`}
	case model.Bytes:
		return []string{`"bGFyZGVy"`}
	case model.EnumWord:
		return []string{`"` + field.Enum.Values[0].Name + `"`}
	case model.ID, model.String:
	}
	if field == field.Owner.ID {
		return []string{"1"}
	}
	texts := []string{`"text"`, `"a"`, `"A"`, `"ABC"`, `"ABC-123"`, `"1"`, `"12345"`, `"a@example.org"`, `"https://example.org/"`, `"#aabbcc"`, `"+15550100"`}
	if field.Check != nil && field.Check.MinLength != nil {
		texts = append(texts, `"`+strings.Repeat("a", min(*field.Check.MinLength, 200))+`"`)
	}
	return texts
}
