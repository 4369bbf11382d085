package model

import (
	"encoding/base64"
	"math"
	"strconv"
	"strings"
	"time"
)

// This file reads scalars: from JSON text (scanJSON) and from plain text (scan).

// maxJSONDepth bounds the nesting of a JSON scalar. SQLite's own limit is 1000;
// no document that a person keeps in a field comes near to either.
const maxJSONDepth = 100

// scanJSON reads one JSON value that is not null.
func (f *Field) scanJSON(raw []byte) (any, *fault) {
	if f.Scalar == JSON {
		return canonicalJSON(raw)
	}
	if len(raw) == 0 {
		return nil, f.mistyped(raw)
	}
	isText := raw[0] == '"'
	isNumber := raw[0] == '-' || isDigit(raw[0])
	switch f.Scalar {
	case Int, Int64, Float, Decimal:
		if !isNumber {
			return nil, f.mistyped(raw)
		}
		return f.scan(string(raw))
	case Boolean:
		if isText {
			return nil, f.mistyped(raw)
		}
		return f.scan(string(raw))
	case ID: // GraphQL takes an Int literal for an ID, and so do we
		if isNumber {
			if n, ok := parseNumber(string(raw)); !ok || n.exponent < 0 {
				return nil, f.mistyped(raw)
			}
			return f.scan(string(raw))
		}
	default:
	}
	if !isText {
		return nil, f.mistyped(raw)
	}
	text, problem := unquote(raw)
	if problem != nil {
		return nil, problem
	}
	return f.scan(text)
}

// scan reads one value from plain text.
func (f *Field) scan(text string) (any, *fault) {
	switch f.Scalar {
	case Int:
		if f.ColumnType == smallint {
			return f.scanInteger(text, 16)
		}
		return f.scanInteger(text, 32)
	case Int64:
		return f.scanInteger(text, 64)
	case Float:
		return f.scanFloat(text)
	case Decimal:
		return f.scanDecimal(text)
	case Boolean:
		if text == "true" || text == "false" {
			return text == "true", nil
		}
		return nil, f.mistypedText(text)
	case ID:
		if f.isSurrogate() {
			return f.scanInteger(text, 64)
		}
		return scanString(text)
	case String:
		if f.Composite() {
			return f.scanComposite(text)
		}
		return scanString(text)
	case EnumWord:
		return f.scanEnum(text)
	case UUID:
		return f.scanUUID(text)
	case Date:
		return f.scanDate(text)
	case DateTime:
		return f.scanDateTime(text)
	case Duration:
		return f.scanDuration(text)
	case JSON:
		return canonicalJSON([]byte(text))
	case Bytes:
		data, err := base64.StdEncoding.Strict().DecodeString(text)
		if err != nil || strings.ContainsAny(text, "\r\n") {
			return nil, f.mistypedText(text)
		}
		return data, nil
	}
	return nil, faultf("type", "%s holds no value", f.Name)
}

func (f *Field) scanInteger(text string, bits int) (any, *fault) {
	n, ok := parseNumber(text)
	if !ok || n.exponent < 0 {
		return nil, f.mistypedText(text)
	}
	value, ok := n.integer(bits)
	if !ok {
		limit := int64(math.MaxInt64) >> (64 - bits)
		return nil, faultf("range", "expected a whole number between %d and %d, got %s", -limit-1, limit, shorten(text))
	}
	return value, nil
}

func (f *Field) scanFloat(text string) (any, *fault) {
	if _, ok := parseNumber(text); !ok {
		return nil, f.mistypedText(text)
	}
	value, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return nil, faultf("range", "expected a number of at most 1.8e308, got %s", shorten(text))
	}
	return value + 0, nil // minus zero becomes zero
}

func (f *Field) scanDecimal(text string) (any, *fault) {
	n, ok := parseNumber(text)
	if !ok {
		return nil, f.mistypedText(text)
	}
	if n.exponent < -f.Scale {
		return nil, faultf("scale", "expected at most %d digits after the point, got %s", f.Scale, shorten(text))
	}
	if n.digits != "" && len(n.digits)+n.exponent > f.Precision-f.Scale {
		return nil, faultf("range", "expected at most %d digits before the point, got %s", f.Precision-f.Scale, shorten(text))
	}
	n.exponent += f.Scale
	unscaled, _ := n.integer(64) // at most 18 digits
	return DecimalValue{Unscaled: unscaled, Scale: f.Scale}, nil
}

func (f *Field) scanEnum(text string) (any, *fault) {
	words := f.Enum.words()
	for _, word := range words {
		if word == text {
			return text, nil
		}
	}
	hint := didYouMean(text, words)
	if hint != "" {
		hint = "; " + hint
	}
	return nil, faultf("enum", "expected a word of %s, got %q%s", f.Enum.Name, shorten(text), hint)
}

func (e *Enum) words() []string {
	words := make([]string, len(e.Values))
	for i, value := range e.Values {
		words[i] = value.Name
	}
	return words
}

func (f *Field) scanUUID(text string) (any, *fault) {
	if len(text) != 36 {
		return nil, f.mistypedText(text)
	}
	for i := range len(text) {
		isHyphen := i == 8 || i == 13 || i == 18 || i == 23
		if isHyphen != (text[i] == '-') || !isHyphen && !isHex(text[i]) {
			return nil, f.mistypedText(text)
		}
	}
	return strings.ToLower(text), nil
}

func (f *Field) scanDate(text string) (any, *fault) {
	day, err := time.Parse(time.DateOnly, text)
	if err != nil || day.Year() < 1 {
		return nil, f.mistypedText(text)
	}
	return text, nil
}

// scanDateTime reads RFC 3339. time.Parse alone would also take a comma before
// the fraction and an hour of one digit.
func (f *Field) scanDateTime(text string) (any, *fault) {
	const seconds = len("2006-01-02T15:04:05")
	text = strings.ToUpper(text) // section 5.6 allows t and z
	if len(text) <= seconds || strings.Contains(text, ",") || text[13] != ':' {
		return nil, f.mistypedText(text)
	}
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return nil, f.mistypedText(text)
	}
	at = at.UTC().Truncate(time.Microsecond)
	if at.Year() < 1 || at.Year() > 9999 {
		return nil, faultf("range", "expected a time of the years 1 to 9999 in UTC, got %q", shorten(text))
	}
	return at, nil
}

func isDigit(b byte) bool { return '0' <= b && b <= '9' }

func isHex(b byte) bool {
	return isDigit(b) || 'a' <= b && b <= 'f' || 'A' <= b && b <= 'F'
}

// mistyped says that a JSON value is not of the field's type.
func (f *Field) mistyped(raw []byte) *fault {
	return faultf("type", "expected %s, got %s", f.expectedScalar(), describe(raw))
}

func (f *Field) mistypedText(text string) *fault {
	return faultf("type", "expected %s, got %q", f.expectedScalar(), shorten(text))
}

// expectedScalar names the field's scalar for a person.
func (f *Field) expectedScalar() string {
	switch f.Scalar {
	case String:
		return "a string"
	case Int, Int64:
		return "a whole number"
	case Float:
		return "a number"
	case Decimal:
		return "a decimal number"
	case Boolean:
		return "true or false"
	case ID:
		if f.isSurrogate() {
			return "an id (a whole number from 1)"
		}
		return "an id (a string)"
	case UUID:
		return `a UUID such as "018f2e4c-7a10-7cc0-9f3e-2b1a6c5d4e3f"`
	case Date:
		return `a date such as "2026-11-23"`
	case DateTime:
		return `a time such as "2026-11-23T17:18:00Z"`
	case Duration:
		return `a duration such as "PT90M" (days, hours, minutes and seconds)`
	case JSON:
		return "a JSON value"
	case Bytes:
		return "base64 text with padding"
	case EnumWord:
		return "a word of " + f.Enum.Name
	}
	return "no value"
}

// describe names what a raw JSON value is, for messages.
func describe(raw []byte) string {
	if len(raw) == 0 {
		return "nothing"
	}
	switch raw[0] {
	case '{':
		return "an object"
	case '[':
		return "a list"
	case '"':
		return "the string " + shorten(string(raw))
	default:
		return shorten(string(raw))
	}
}
