package openapi

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/larderhq/larder/internal/model"
	"github.com/larderhq/larder/internal/query"
)

// names are what a type is called in a document.
type names struct {
	kind       *model.Type
	tag        string // "Shopping lists"
	plural     string // "shopping lists"
	singular   string // "shopping list"
	one, many  string // of operations: "ShoppingList", "ShoppingLists"
	record     string // schema of a record as it is read
	create     string // schema of a new record
	replace    string // schema of the body of PUT
	patch      string // schema of a merge patch
	attributes []*model.Field
	filters    []string // components of the filter parameters
}

// describe adds the schemas and the filters of a type.
func (w *writer) describe(t *model.Type) names {
	words := strings.Split(t.Resource(), "-")
	n := names{
		kind: t, one: t.Name,
		plural:   strings.Join(words, " "),
		singular: t.Noun(),
		tag:      capital(strings.Join(words, " ")),
		record:   t.Name,
		create:   w.free("New" + t.Name),
		replace:  w.free(t.Name + "Replacement"),
		patch:    w.free(t.Name + "Patch"),

		attributes: t.Attributes(w.version),
	}
	for _, word := range words {
		n.many += capital(word)
	}
	w.schemas = append(w.schemas, member{n.record, w.recordSchema(n)})
	if !t.ReadOnly {
		w.schemas = append(w.schemas,
			member{n.create, w.createSchema(n)},
			member{n.replace, w.replaceSchema(n)},
			member{n.patch, w.patchSchema(n)},
		)
		w.describeLists(t)
	}
	for _, field := range n.attributes {
		if parameter := filterParameter(field); parameter != nil {
			name := t.Name + "." + field.JSONName()
			n.filters = append(n.filters, name)
			w.parameters = append(w.parameters, member{name, parameter})
		}
	}
	return n
}

// recordSchema is a record as the server gives it: every attribute is there,
// related records are where select asks for them.
func (w *writer) recordSchema(n names) object {
	properties, required := object{}, []string{}
	for _, field := range n.attributes {
		schema := w.attribute(field).with("readOnly", field == n.kind.ID && !n.kind.ChosenID() || field.ReadOnly)
		properties = append(properties, member{field.JSONName(), schema})
		required = append(required, field.JSONName())
	}
	for _, relation := range query.Relations(n.kind, w.version) {
		properties = append(properties, member{relation.Name, related(relation)})
	}
	schema := object{{"type", "object"}}.with("description", n.kind.Description)
	schema = append(schema, member{"properties", properties}, member{"required", required})
	return w.withExample(schema, n.attributes)
}

// related is the schema of a relation's records in a record.
func related(relation *model.Field) object {
	record := ref("schemas", relation.Relation.Target.Name)
	schema := object{{"anyOf", []any{record, object{{"type", "null"}}}}}
	if relation.Kind != model.ToOne {
		schema = arrayOf(record)
	}
	description := fmt.Sprintf("Only where `select` asks for it: `%s(*)`. With other columns than `*`, its records have those only.", relation.Name)
	if relation.Description != "" {
		description = strings.TrimSuffix(relation.Description, ".") + ". " + description
	}
	return append(schema, member{"description", description}, member{"readOnly", true})
}

// createSchema is the body of POST: what the server assigns is not in it.
func (w *writer) createSchema(n names) object {
	writable := newOf(n)
	schema := object{{"type", "object"}, {"description", "A new record. An attribute that is left out gets its default, else null or the empty list."}}
	schema = append(schema, w.withLists(n.kind, w.writable(writable))...)
	return w.withExample(append(schema, member{"additionalProperties", false}), writable)
}

// replaceSchema is the body of PUT: a new record, which may also state what
// the server assigns, as it is.
func (w *writer) replaceSchema(n names) object {
	writable := writableOf(n)
	schema := object{{"type", "object"}, {"description", "The whole record. An attribute that is left out becomes its default, else null or the empty list. The id and read-only attributes may be sent back as they are."}}
	parts := w.writable(writable)
	properties, _ := parts[0].value.(object)
	for _, field := range n.attributes {
		if field == n.kind.ID || field.ReadOnly {
			properties = append(properties, member{field.JSONName(), w.attribute(field)})
		}
	}
	parts[0].value = properties
	schema = append(schema, parts...)
	return w.withExample(append(schema, member{"additionalProperties", false}), writable)
}

// writable are the properties and the required ones of a body with a record.
func (w *writer) writable(fields []*model.Field) object {
	properties, required := object{}, []string{}
	for _, field := range fields {
		schema := w.attribute(field)
		if field.Default != nil {
			schema = append(schema, member{"default", json.RawMessage(field.AppendJSON(nil, field.Default.Value))})
		}
		properties = append(properties, member{field.JSONName(), schema})
		if field.Required && field.Default == nil && !field.Generated {
			required = append(required, field.JSONName())
		}
	}
	parts := object{{"properties", properties}}
	if len(required) > 0 {
		parts = append(parts, member{"required", required})
	}
	return parts
}

// patchSchema is the body of a merge patch, whose values may be operators.
func (w *writer) patchSchema(n names) object {
	properties := object{}
	for _, field := range n.attributes {
		schema := w.attribute(field)
		if operators := w.operators(field); operators != nil && field != n.kind.ID && !field.ReadOnly {
			schema = object{{"anyOf", []any{schema, operators}}}
		}
		properties = append(properties, member{field.JSONName(), schema})
	}
	schema := object{
		{"type", "object"},
		{"description", "A JSON Merge Patch (RFC 7396): the attributes to change. In place of a value there may be an operator, which the database computes from the value at that moment: `{\"quantity\": {\"$mul\": 2}}`. The id and read-only attributes may be sent back as they are."},
		{"properties", properties},
		{"additionalProperties", false},
	}
	if writable := writableOf(n); len(writable) > 0 {
		return w.withExample(schema, writable[:1])
	}
	return schema
}

// operators is the schema of {"$inc": 2}: one operator that suits the field.
func (w *writer) operators(field *model.Field) object {
	value := w.attribute(field)
	operators := object{{"$set", value}}
	amount := object{{"type", jsonType(field.Scalar)}}
	switch {
	case field.IsList():
		element := w.element(field)
		operand := object{{"anyOf", []any{element, object{{"type", "array"}, {"items", element}}}}}
		operators = append(operators, member{"$append", operand}, member{"$remove", operand})
	case field.Kind != model.Column || field.Scalar == model.JSON:
		if field.Scalar == model.JSON {
			return nil // an object is a value of it
		}
	case isNumber(field.Scalar):
		operators = append(operators, member{"$inc", amount}, member{"$mul", amount})
		fallthrough
	case field.Scalar == model.Date, field.Scalar == model.DateTime, field.Scalar == model.Duration:
		operators = append(operators, member{"$min", w.scalar(field)}, member{"$max", w.scalar(field)})
	}
	return object{
		{"type", "object"},
		{"description", "One operator."},
		{"properties", operators},
		{"additionalProperties", false},
		{"minProperties", 1},
		{"maxProperties", 1},
	}
}

// attribute is the schema of an attribute's value.
func (w *writer) attribute(field *model.Field) object {
	schema := w.scalar(field)
	if field.IsList() {
		schema = object{{"type", "array"}, {"items", w.element(field)}}
	}
	if !field.Required {
		schema = nullable(schema)
	}
	return schema.with("description", attributeDescription(field))
}

// element is the schema of a list's elements.
func (w *writer) element(field *model.Field) object {
	if field.ItemRequired || field.Relation != nil {
		return w.scalar(field)
	}
	return nullable(w.scalar(field))
}

// scalar is the schema of one value, with its check.
func (w *writer) scalar(field *model.Field) object {
	if field.Relation != nil {
		target := field.Relation.Target
		if target.Vocabulary {
			return w.scalar(target.Word())
		}
		return w.scalar(target.ID)
	}
	switch {
	case field == field.Owner.ID && field.Scalar == model.ID:
		return object{{"type", "integer"}, {"format", "int64"}, {"minimum", 1}}
	case field.Scalar == model.EnumWord:
		return ref("schemas", field.Enum.Name)
	case field.Scalar == model.JSON:
		return object{{"type", []string{"object", "array", "string", "number", "boolean"}}}
	case field.Scalar == model.Bytes:
		return object{{"type", "string"}, {"contentEncoding", "base64"}}
	}
	schema := object{{"type", jsonType(field.Scalar)}}.with("format", format(field.Scalar))
	return withCheck(schema, field)
}

// withCheck adds the bounds of @check that JSON Schema can say. A date's
// bounds and a pattern that only Go reads are said in words, see
// attributeDescription.
func withCheck(schema object, field *model.Field) object {
	check := field.Check
	if check == nil {
		return schema
	}
	if isNumber(field.Scalar) {
		if check.Min != "" {
			schema = append(schema, member{"minimum", bound(field, check.Min)})
		}
		if check.Max != "" {
			schema = append(schema, member{"maximum", bound(field, check.Max)})
		}
	}
	if check.MinLength != nil {
		schema = append(schema, member{"minLength", *check.MinLength})
	}
	if check.MaxLength != nil {
		schema = append(schema, member{"maxLength", *check.MaxLength})
	}
	if portable(check.Pattern) {
		schema = schema.with("pattern", check.Pattern)
	}
	return schema
}

// bound writes a bound of a number as JSON, which is stricter than SDL about
// the form of numbers. The parser of the models has seen that it is a value of
// the field.
func bound(field *model.Field, literal string) json.RawMessage {
	value, err := field.AcceptText(literal)
	if err != nil {
		return json.RawMessage("null")
	}
	return field.AppendJSON(nil, value)
}

// portable reports whether a pattern means the same in ECMA-262, which JSON
// Schema wants, as in Go.
func portable(pattern string) bool {
	for _, ours := range []string{`(?`, `\A`, `\z`, `\Q`, `\C`, `[[:`, `\a`, `\pN`, `\pL`, `\x{`} {
		if strings.Contains(strings.ReplaceAll(pattern, `(?:`, `(`), ours) {
			return false
		}
	}
	return true
}

// attributeDescription is the field's own, behind which stands what the
// schema cannot say.
func attributeDescription(field *model.Field) string {
	var sentences []string
	if field.Description != "" {
		sentences = append(sentences, strings.TrimSuffix(field.Description, ".")+".")
	}
	if field.Relation != nil && !field.Relation.Target.Vocabulary {
		sentences = append(sentences, fmt.Sprintf("The id of a %s.", field.Relation.Target.Name))
	}
	switch field.Scalar {
	case model.Decimal:
		sentences = append(sentences, fmt.Sprintf("An exact decimal number of at most %d digits, %d of them after the point.", field.Precision, field.Scale))
	case model.DateTime:
		sentences = append(sentences, "In UTC, to the microsecond.")
	case model.Duration:
		sentences = append(sentences, "Served in seconds (`PT5400S`); days, hours and minutes are accepted.")
	case model.String, model.Int, model.Int64, model.Float, model.Boolean, model.ID, model.UUID, model.Date, model.JSON, model.Bytes, model.EnumWord:
	}
	if check := field.Check; check != nil {
		if !isNumber(field.Scalar) && check.Min != "" {
			sentences = append(sentences, "At least "+check.Min+".")
		}
		if !isNumber(field.Scalar) && check.Max != "" {
			sentences = append(sentences, "At most "+check.Max+".")
		}
		if check.Pattern != "" && !portable(check.Pattern) {
			sentences = append(sentences, "Matches `"+check.Pattern+"` (RE2).")
		}
	}
	if field.Unique {
		sentences = append(sentences, "Unique.")
	}
	return strings.Join(sentences, " ")
}

// nullable lets null be a value, too.
func nullable(schema object) object {
	for i, m := range schema {
		if m.name != "type" {
			continue
		}
		nullable := append(object{}, schema...)
		switch types := m.value.(type) {
		case string:
			nullable[i].value = []string{types, "null"}
		case []string:
			nullable[i].value = append(append([]string{}, types...), "null")
		}
		return nullable
	}
	return object{{"anyOf", []any{schema, object{{"type", "null"}}}}}
}

// enumSchema is the component of an enum.
func enumSchema(enum *model.Enum) object {
	words := []string{}
	description := enum.Description
	for _, value := range enum.Values {
		words = append(words, value.Name)
		if value.Description != "" {
			description += "\n\n- `" + value.Name + "`: " + value.Description
		}
	}
	return object{{"type", "string"}, {"enum", words}}.with("description", strings.TrimSpace(description))
}

// writableOf are the attributes that a request may assign.
// newOf are the attributes that a new record may bring: with its id, where no
// one else chooses that.
func newOf(n names) []*model.Field {
	if id := n.kind.ID; n.kind.ChosenID() {
		return append([]*model.Field{id}, writableOf(n)...)
	}
	return writableOf(n)
}

func writableOf(n names) []*model.Field {
	var fields []*model.Field
	for _, field := range n.attributes {
		if field != n.kind.ID && !field.ReadOnly {
			fields = append(fields, field)
		}
	}
	return fields
}

// jsonType is the JSON type of a scalar's values.
func jsonType(scalar model.Scalar) string {
	switch scalar {
	case model.Int, model.Int64:
		return "integer"
	case model.Float, model.Decimal:
		return "number"
	case model.Boolean:
		return "boolean"
	case model.String, model.ID, model.UUID, model.Date, model.DateTime, model.Duration, model.JSON, model.Bytes, model.EnumWord:
	}
	return "string"
}

// format is the format of a scalar's values (OpenAPI's registry), or "".
func format(scalar model.Scalar) string {
	switch scalar {
	case model.Int:
		return "int32"
	case model.Int64:
		return "int64"
	case model.Float:
		return "double"
	case model.Decimal:
		return "decimal"
	case model.UUID:
		return "uuid"
	case model.Date:
		return "date"
	case model.DateTime:
		return "date-time"
	case model.Duration:
		return "duration"
	case model.String, model.ID, model.Boolean, model.JSON, model.Bytes, model.EnumWord:
	}
	return ""
}

func isNumber(scalar model.Scalar) bool {
	return scalar == model.Int || scalar == model.Int64 || scalar == model.Float || scalar == model.Decimal
}

// capital begins a word with a capital letter.
func capital(word string) string {
	if word == "" {
		return ""
	}
	return strings.ToUpper(word[:1]) + word[1:]
}

// number writes a whole number with commas, as people read it.
func number(n int) string {
	text := strconv.Itoa(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}
