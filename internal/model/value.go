package model

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Canonical values, the only ones that travel between packages:
//
//	String, ID, EnumWord, UUID (lower case)   string
//	Int, Int64                                int64
//	Float                                     float64 (finite)
//	Decimal                                   DecimalValue, of the field's scale
//	Boolean                                   bool
//	Date                                      string "2006-01-02"
//	DateTime                                  time.Time in UTC, whole microseconds
//	Duration                                  time.Duration, whole microseconds
//	JSON                                      JSONText
//	Bytes                                     []byte
//	ValueList, JSONColumn, vocabulary lists   []any of the above
//	ToOne                                     the target's id: int64 or string (UUID); a vocabulary's word
//	null                                      nil

// DecimalValue is an exact decimal number: Unscaled divided by ten to the Scale.
type DecimalValue struct {
	Unscaled int64
	Scale    int
}

// String is the number in its shortest form: 12500 of scale 4 is "1.25".
func (d DecimalValue) String() string {
	digits := strconv.FormatInt(d.Unscaled, 10)
	sign := ""
	if digits[0] == '-' {
		sign, digits = "-", digits[1:]
	}
	if missing := d.Scale + 1 - len(digits); missing > 0 {
		digits = strings.Repeat("0", missing) + digits
	}
	point := len(digits) - d.Scale
	fraction := strings.TrimRight(digits[point:], "0")
	if fraction != "" {
		fraction = "." + fraction
	}
	return sign + digits[:point] + fraction
}

// JSONText is a JSON value in its one form: see [Field.AcceptJSON].
type JSONText string

// ValueError says why a value does not suit a field.
type ValueError struct {
	Field   *Field
	Code    string // required, type, min, max, minLength, maxLength, pattern, enum, range, scale, element
	Message string // what was expected and what came, without the field's name
	Index   int    // of the element at fault in a list, else -1
}

// Error is the message behind the field's name.
func (e *ValueError) Error() string {
	if e.Index >= 0 {
		return fmt.Sprintf("%s[%d]: %s", e.Field.Name, e.Index, e.Message)
	}
	return e.Field.Name + ": " + e.Message
}

// fault is a ValueError before it is known which field and element it is of.
type fault struct{ code, message string }

func faultf(code, format string, args ...any) *fault {
	return &fault{code, fmt.Sprintf(format, args...)}
}

func (f *Field) valueError(index int, problem *fault) error {
	return &ValueError{Field: f, Code: problem.code, Message: problem.message, Index: index}
}

// IsList reports whether the field's canonical value is a list.
func (f *Field) IsList() bool {
	return f.Kind == ValueList || f.Kind == JSONColumn || f.Kind == ManyToMany || f.Kind == ToMany
}

// judge is the field whose type and check a value of f obeys: f itself, the
// id of the type that f refers to, or the word of the vocabulary.
func (f *Field) judge() *Field {
	switch {
	case f.Relation == nil:
		return f
	case f.Relation.Target.Vocabulary:
		return f.Relation.Target.Word()
	default:
		return f.Relation.Target.ID
	}
}

// AcceptJSON turns one JSON value, as raw text, into the field's canonical
// value and holds it against the field's type, nullability and check. The
// error is a *ValueError.
func (f *Field) AcceptJSON(raw []byte) (any, error) {
	raw = bytes.Trim(raw, " \t\r\n")
	if !f.IsAttribute() {
		return nil, f.valueError(-1, faultf("type", "%s is a relation: it is written through the records at its other end", f.Name))
	}
	if string(raw) == "null" {
		if f.Required {
			return nil, f.valueError(-1, faultf("required", "expected %s, got null", f.expected()))
		}
		return nil, nil
	}
	if f.IsList() {
		return f.acceptList(raw)
	}
	value, problem := f.judge().acceptScalar(raw)
	if problem != nil {
		return nil, f.valueError(-1, problem)
	}
	return value, nil
}

// acceptList reads a JSON array; it has been seen not to be null.
func (f *Field) acceptList(raw []byte) (any, error) {
	var elements []json.RawMessage
	if len(raw) == 0 || raw[0] != '[' || json.Unmarshal(raw, &elements) != nil {
		return nil, f.valueError(-1, faultf("type", "expected %s, got %s", f.expected(), describe(raw)))
	}
	judge := f.judge()
	list := make([]any, len(elements))
	for i, element := range elements {
		if string(element) == "null" {
			if f.ItemRequired {
				return nil, f.valueError(i, faultf("element", "expected %s, got null", judge.expectedScalar()))
			}
			continue
		}
		value, problem := judge.acceptScalar(element)
		if problem != nil {
			return nil, f.valueError(i, problem)
		}
		list[i] = value
	}
	return list, nil
}

// acceptScalar reads one JSON value that is not null and checks it.
func (f *Field) acceptScalar(raw []byte) (any, *fault) {
	value, problem := f.scanJSON(raw)
	if problem == nil {
		problem = f.check(value)
	}
	if problem != nil {
		return nil, problem
	}
	return value, nil
}

// AcceptText does what AcceptJSON does for a value written as plain text, as
// in a URL or a CSV cell: a scalar, or one element of a list field. It checks
// the type only, since a filter may ask for any value of the type.
func (f *Field) AcceptText(text string) (any, error) {
	if !f.IsAttribute() {
		return nil, f.valueError(-1, faultf("type", "%s is a relation and has no value of its own", f.Name))
	}
	value, problem := f.judge().scan(text)
	if problem != nil {
		return nil, f.valueError(-1, problem)
	}
	return value, nil
}

// CheckValue holds a canonical value against the field's nullability and
// check. The error is a *ValueError.
func (f *Field) CheckValue(canonical any) error {
	if canonical == nil {
		if f.Required {
			return f.valueError(-1, faultf("required", "expected %s, got null", f.expected()))
		}
		return nil
	}
	judge := f.judge()
	list, isList := canonical.([]any)
	if !isList {
		if problem := judge.check(canonical); problem != nil {
			return f.valueError(-1, problem)
		}
		return nil
	}
	for i, element := range list {
		if element == nil {
			if f.ItemRequired {
				return f.valueError(i, faultf("element", "expected %s, got null", judge.expectedScalar()))
			}
			continue
		}
		if problem := judge.check(element); problem != nil {
			return f.valueError(i, problem)
		}
	}
	return nil
}

// bounds is a Check made ready for use.
type bounds struct {
	min, max any // canonical
	pattern  *regexp.Regexp
}

// check holds one canonical scalar against the field's check; an id that
// larder assigns counts from 1.
func (f *Field) check(value any) *fault {
	if id, ok := value.(int64); ok && f.isSurrogate() && id < 1 {
		return faultf("range", "expected an id, a whole number from 1, got %d", id)
	}
	if f.Check == nil {
		return nil
	}
	if f.bounds.min != nil && compare(value, f.bounds.min) < 0 {
		return faultf("min", "expected at least %s, got %s", f.Check.Min, f.show(value))
	}
	if f.bounds.max != nil && compare(value, f.bounds.max) > 0 {
		return faultf("max", "expected at most %s, got %s", f.Check.Max, f.show(value))
	}
	text, isText := value.(string)
	if !isText {
		return nil
	}
	return f.checkText(text)
}

func (f *Field) checkText(text string) *fault {
	if f.Check.MinLength != nil || f.Check.MaxLength != nil {
		length := utf8.RuneCountInString(text)
		if least := f.Check.MinLength; least != nil && length < *least {
			return faultf("minLength", "expected at least %s, got %d", characters(*least), length)
		}
		if most := f.Check.MaxLength; most != nil && length > *most {
			return faultf("maxLength", "expected at most %s, got %d", characters(*most), length)
		}
	}
	if f.bounds.pattern != nil && !f.bounds.pattern.MatchString(text) {
		return faultf("pattern", "expected text that matches %s, got %q", f.Check.Pattern, shorten(text))
	}
	return nil
}

func characters(n int) string {
	if n == 1 {
		return "1 character"
	}
	return strconv.Itoa(n) + " characters"
}

// compare orders two canonical values of the same scalar.
func compare(a, b any) int {
	switch a := a.(type) {
	case int64:
		if b, ok := b.(int64); ok {
			return order(a, b)
		}
	case float64:
		if b, ok := b.(float64); ok {
			return order(a, b)
		}
	case DecimalValue:
		if b, ok := b.(DecimalValue); ok { // of one field, so of one scale
			return order(a.Unscaled, b.Unscaled)
		}
	case time.Duration:
		if b, ok := b.(time.Duration); ok {
			return order(a, b)
		}
	case time.Time:
		if b, ok := b.(time.Time); ok {
			return a.Compare(b)
		}
	case string:
		if b, ok := b.(string); ok {
			return strings.Compare(a, b)
		}
	}
	return 0
}

func order[T int64 | float64 | time.Duration](a, b T) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	default:
		return 0
	}
}

// isSurrogate reports whether the field is an id that the store assigns.
func (f *Field) isSurrogate() bool {
	return f.Scalar == ID && f.Owner != nil && f.Owner.ID == f
}

// show is the value as it would stand in JSON, for messages.
func (f *Field) show(value any) string { return shorten(string(f.appendScalar(nil, value))) }

// expected names what a value of the field must be, for messages.
func (f *Field) expected() string {
	if f.IsList() {
		return "a list, each element " + f.judge().expectedScalar()
	}
	return f.judge().expectedScalar()
}

// shorten cuts a text for a message.
func shorten(text string) string {
	const most = 60
	if utf8.RuneCountInString(text) <= most {
		return text
	}
	return string([]rune(text)[:most]) + "…"
}
