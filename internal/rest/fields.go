package rest

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/agnivade/levenshtein"

	"github.com/larderhq/larder/internal/model"
	"github.com/larderhq/larder/internal/statement"
)

// This file turns the objects of a body into assignments to fields. Every
// value is looked at before anything is refused, so that one answer names all
// that is wrong.

// reading collects what one body assigns and what is wrong with it.
type reading struct {
	*resource
	record string // " of record 3" where the body has several
	listed *lister
	faults []fieldFault
	hint   string
}

// err is the problem of all faults, or nil.
func (in *reading) err() error {
	if len(in.faults) == 0 {
		return nil
	}
	p := invalidValues(in.faults)
	p.hint = in.hint
	return p
}

// fault notes that the value at the pointer is not accepted.
func (in *reading) fault(name, pointer, code, state, message string) {
	in.faults = append(in.faults, fieldFault{
		FieldError: FieldError{Field: name, Code: code, Message: message, Pointer: pointer},
		state:      state, record: in.record,
	})
}

// reject notes a *model.ValueError of the value at the pointer.
func (in *reading) reject(err error, field *model.Field, at string) {
	var value *model.ValueError
	if !errors.As(err, &value) {
		in.fault(field.JSONName(), at, "type", codeValue, err.Error())
		return
	}
	fault := faultOf(value)
	fault.Pointer, fault.record = at, in.record
	if value.Index >= 0 {
		fault.Pointer += "/" + strconv.Itoa(value.Index)
	}
	in.faults = append(in.faults, fault)
}

// accept turns a value into the field's canonical one.
func (in *reading) accept(field *model.Field, raw []byte, at string) (any, bool) {
	value, err := field.AcceptJSON(raw)
	if err != nil {
		in.reject(err, field, at)
		return nil, false
	}
	return value, true
}

// attribute finds the writable attribute of a member; a name that is none is a
// fault. current is the record as it is (nil: there is none yet): what is not
// written through the API may be sent back as it stands there, so that what a
// client has read it can send again.
// withID allows the id, which an upsert may go by.
func (in *reading) attribute(m *member, current *node, withID bool, at string) *model.Field {
	field := in.byName[m.name]
	if field == nil {
		if relation := in.relation(m.name); relation != nil {
			in.fault(m.name, at, "readonly", codeUnsupported, fmt.Sprintf(
				"is a list of records, which this request does not write; POST to %s/{id}/%s, and PATCH and DELETE in %s",
				in.path, relation.PathName(), in.target(relation).path))
			return nil
		}
		message := fmt.Sprintf("%s has no such attribute", in.kind.Resource())
		if near := in.nearest(m.name); near != "" {
			message += fmt.Sprintf("; did you mean %q?", near)
		}
		in.fault(abbreviate(m.name), at, "unknown", codeColumn, message)
		return nil
	}
	if field == in.kind.ID && withID || field != in.kind.ID && !field.ReadOnly {
		return field
	}
	if current != nil {
		if now := current.member(m.name); now != nil && equalNodes(now, &m.value) {
			return nil
		}
	}
	message := "is read-only"
	if field == in.kind.ID {
		message = "is given by the server; to choose it, use PUT " + in.path + "/{id}"
		if current != nil {
			message = "cannot be changed"
		}
	}
	in.fault(m.name, at, "readonly", codeUnsupported, message)
	return nil
}

// nearest is the attribute or list whose name is likest to name, or "".
func (res *resource) nearest(name string) string {
	names := make([]string, 0, len(res.attributes)+len(res.lists))
	for _, field := range res.attributes {
		names = append(names, field.JSONName())
	}
	for _, relation := range res.lists {
		names = append(names, relation.Name)
	}
	return nearest(name, names)
}

// nearest is the candidate that is likest to name, or "".
func nearest(name string, candidates []string) string {
	const tooLong = 64
	if len(name) > tooLong {
		return ""
	}
	best, least := "", max(2, len(name)/3)+1
	for _, candidate := range candidates {
		distance := levenshtein.ComputeDistance(strings.ToLower(name), strings.ToLower(candidate))
		if distance < least {
			best, least = candidate, distance
		}
	}
	return best
}

// create reads an object as a new record. Attributes that it leaves out get
// their defaults from the store. only restricts what is taken (columns=); nil
// takes all.
func (in *reading) create(object *node, only []*model.Field, missingNull, withID bool, at string) []statement.Assignment {
	assignments := make([]statement.Assignment, 0, len(object.members))
	withID = withID || in.kind.ID.Scalar == model.String || in.kind.ID.Scalar == model.Int64
	for i := range object.members {
		m := &object.members[i]
		if only != nil && !contains(only, in.byName[m.name]) {
			continue
		}
		if in.relation(m.name) != nil {
			continue // nested reads it
		}
		place := at + pointer(m.name)
		field := in.attribute(m, nil, withID, place)
		if field == nil {
			continue
		}
		if value, ok := in.accept(field, m.value.raw, place); ok && !in.listed.says(in, field, value, place) {
			assignments = append(assignments, statement.Assignment{Field: field, Op: statement.Set, Value: value})
		}
	}
	for _, field := range in.attributes {
		if in.listed.fills(field) {
			continue
		}
		taken := only == nil || contains(only, field)
		if field == in.kind.ID && !in.kind.ChosenID() || field.ReadOnly || taken && object.member(field.JSONName()) != nil {
			continue
		}
		switch {
		case missingNull && contains(only, field):
			place := at + pointer(field.JSONName())
			if value, ok := in.accept(field, []byte("null"), place); ok {
				assignments = append(assignments, statement.Assignment{Field: field, Op: statement.Set, Value: value})
			}
		case field.Required && field.Default == nil && !field.Generated:
			in.fault(field.JSONName(), at+pointer(field.JSONName()), "required", codeNotNull, "a value is required")
		}
	}
	return assignments
}

// replace reads an object as the whole of a record: what it leaves out becomes
// the default, else null or the empty list. current is as in attribute.
func (in *reading) replace(object, current *node) []statement.Assignment {
	assignments := make([]statement.Assignment, 0, len(in.attributes))
	for i := range object.members {
		m := &object.members[i]
		place := pointer(m.name)
		field := in.attribute(m, current, false, place)
		if field == nil {
			continue
		}
		if value, ok := in.accept(field, m.value.raw, place); ok {
			assignments = append(assignments, statement.Assignment{Field: field, Op: statement.Set, Value: value})
		}
	}
	for _, field := range in.attributes {
		if field == in.kind.ID || field.ReadOnly || field.Generated || object.member(field.JSONName()) != nil {
			continue
		}
		assignment := statement.Assignment{Field: field, Op: statement.Set}
		switch {
		case field.Default != nil:
			assignment.Value = field.Default.Value
		case field.Required:
			in.fault(field.JSONName(), pointer(field.JSONName()), "required", codeNotNull, "a value is required")
			in.hint = "PUT replaces the whole record; to change some attributes use PATCH"
			continue
		}
		if current != nil { // a new record gets its defaults from the store
			assignments = append(assignments, assignment)
		}
	}
	return assignments
}

// patch reads an object as a merge patch (RFC 7396) in which an operator may
// stand for a value: {"quantity": {"$mul": 2}}. current is the record as it
// is; nil when many are changed at once, where an object for a JSON attribute
// replaces it.
func (in *reading) patch(object, current *node) []statement.Assignment {
	assignments := make([]statement.Assignment, 0, len(object.members))
	for i := range object.members {
		m := &object.members[i]
		place := pointer(m.name)
		field := in.attribute(m, current, false, place)
		if field == nil {
			continue
		}
		if isOperation(field, &m.value) {
			if assignment, ok := in.operation(field, &m.value, place); ok {
				assignments = append(assignments, assignment)
			}
			continue
		}
		raw := m.value.raw
		if field.Scalar == model.JSON && field.Kind == model.Column && current != nil && m.value.kind == objectNode {
			merged := mergePatch(current.member(m.name), &m.value)
			raw = merged.render()
		}
		if value, ok := in.accept(field, raw, place); ok {
			assignments = append(assignments, statement.Assignment{Field: field, Op: statement.Set, Value: value})
		}
	}
	return assignments
}

// isOperation reports whether the value is an operator on the field and not a
// value for it. A JSON attribute takes any object as a value.
func isOperation(field *model.Field, value *node) bool {
	isJSON := field.Scalar == model.JSON && field.Kind == model.Column
	return value.kind == objectNode && !isJSON && len(value.members) > 0 && strings.HasPrefix(value.members[0].name, "$")
}

// operation reads {"$op": operand}.
func (in *reading) operation(field *model.Field, value *node, at string) (statement.Assignment, bool) {
	name, operand := value.members[0].name, &value.members[0].value
	result := statement.Assignment{Field: field, Op: statement.Operation(name)}
	at += pointer(name)
	refuse := func(format string, args ...any) (statement.Assignment, bool) {
		in.fault(field.JSONName(), at, "operator", codeValue, fmt.Sprintf(format, args...))
		return result, false
	}
	if len(value.members) != 1 {
		return refuse("one operator at a time, came %d", len(value.members))
	}
	if operand.kind == nullNode && result.Op != statement.Set {
		return refuse("%s needs a value, came null", abbreviate(name))
	}
	isList := field.Kind == model.ValueList || field.Kind == model.JSONColumn || field.Kind == model.ManyToMany
	var ok bool
	switch result.Op {
	case statement.Set:
		result.Value, ok = in.accept(field, operand.raw, at)
	case statement.Inc, statement.Mul:
		if isList || !isNumber(field.Scalar) {
			return refuse("%s suits numbers only", name)
		}
		if operand.kind != numberNode {
			return refuse("%s needs a number, came %s", name, operand.kind)
		}
		// The type only: a step may be negative where the value may not.
		result.Value, ok = in.acceptText(field, string(operand.raw), at)
	case statement.Min, statement.Max:
		if isList || !isNumber(field.Scalar) && field.Scalar != model.Date && field.Scalar != model.DateTime && field.Scalar != model.Duration {
			return refuse("%s suits numbers, dates and durations only", name)
		}
		result.Value, ok = in.accept(field, operand.raw, at)
	case statement.Append:
		if !isList {
			return refuse("%s suits lists only", name)
		}
		result.Value, ok = in.accept(field, listOf(operand), at)
	case statement.Remove:
		if !isList {
			return refuse("%s suits lists only", name)
		}
		result.Value, ok = in.acceptElements(field, operand, at)
	default:
		return refuse("%s is no operator; there are $set, $inc, $mul, $min, $max, $append and $remove", abbreviate(name))
	}
	return result, ok
}

// acceptText takes a value of the field's type whether the check allows it or
// not.
func (in *reading) acceptText(field *model.Field, text, at string) (any, bool) {
	value, err := field.AcceptText(text)
	if err != nil {
		in.reject(err, field, at)
		return nil, false
	}
	return value, true
}

// acceptElements takes the elements that are to be removed from a list, of
// which the check may forbid some.
func (in *reading) acceptElements(field *model.Field, operand *node, at string) ([]any, bool) {
	elements := operand.elements
	if operand.kind != arrayNode {
		elements = []node{*operand}
	}
	values := make([]any, 0, len(elements))
	for i := range elements {
		text := string(elements[i].raw)
		if elements[i].kind == stringNode {
			text = elements[i].text()
		}
		value, ok := in.acceptText(field, text, at+"/"+strconv.Itoa(i))
		if !ok {
			return nil, false
		}
		values = append(values, value)
	}
	return values, true
}

// listOf is the operand as an array; one value stands for an array of it.
func listOf(operand *node) []byte {
	if operand.kind == arrayNode {
		return operand.raw
	}
	return append(append([]byte{'['}, operand.raw...), ']')
}

func isNumber(scalar model.Scalar) bool {
	return scalar == model.Int || scalar == model.Int64 || scalar == model.Float || scalar == model.Decimal
}

func contains(fields []*model.Field, field *model.Field) bool {
	for _, candidate := range fields {
		if candidate == field && field != nil {
			return true
		}
	}
	return false
}

// expectObject is the problem of a body that is something else.
func expectObject(n *node, what string) error {
	if n.kind == objectNode {
		return nil
	}
	return &problem{
		status: http.StatusBadRequest, code: codeBody, message: "expected " + what + " in the body, came " + n.kind.String(),
	}
}

// parseRecord parses a record that the store has given.
func parseRecord(body []byte) (node, error) {
	const deep = 10_000 // whatever has been stored can be read
	n, err := parseJSON(body, deep)
	if err != nil {
		// Hidden from explain: it is not the client's body that is wrong.
		return node{}, fmt.Errorf("read the stored record: %s", err) //nolint:errorlint // see above
	}
	return n, nil
}
