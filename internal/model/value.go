package model

import "errors"

// Canonical values, the only ones that travel between packages:
//
//	String, ID, EnumWord, UUID (lower case)   string
//	Int, Int64                                int64
//	Float                                     float64 (finite)
//	Decimal                                   DecimalValue
//	Boolean                                   bool
//	Date                                      string "2006-01-02"
//	DateTime                                  time.Time in UTC, whole microseconds
//	Duration                                  time.Duration, whole microseconds
//	JSON                                      JSONText, compact
//	Bytes                                     []byte
//	ValueList, JSONColumn, vocabulary lists   []any of the above
//	ToOne                                     the target's id: int64 or string (UUID); a vocabulary's word
//	null                                      nil

// DecimalValue is an exact decimal number: Unscaled divided by ten to the Scale.
type DecimalValue struct {
	Unscaled int64
	Scale    int
}

// JSONText is a JSON value as compact text.
type JSONText string

// ValueError says why a value does not suit a field.
type ValueError struct {
	Field   *Field
	Code    string // required, type, min, max, minLength, maxLength, pattern, enum, range, scale, element
	Message string // what was expected and what came, without the field's name
	Index   int    // of the element at fault in a list, else -1
}

// Error is the message behind the field's name.
func (e *ValueError) Error() string { return e.Field.Name + ": " + e.Message }

// AcceptJSON turns one JSON value, as raw text, into the field's canonical
// value and holds it against the field's type, nullability and check. The
// error is a *ValueError.
func (f *Field) AcceptJSON(raw []byte) (any, error) { return nil, errors.New("being built") }

// AcceptText does what AcceptJSON does for a value written as plain text, as
// in a URL or a CSV cell: a scalar, or one element of a list field. It checks
// the type only, since a filter may ask for any value of the type.
func (f *Field) AcceptText(text string) (any, error) { return nil, errors.New("being built") }
