package model

import (
	"encoding/base64"
	"encoding/json"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// This file reads and writes JSON text: strings as both engines can keep them,
// whole JSON values, and canonical values on their way out.

// unquote decodes a JSON string. It refuses what a database would refuse or
// silently change: invalid UTF-8, NUL, and surrogates without their partner.
func unquote(raw []byte) (string, *fault) {
	if problem := checkJSONStrings(raw); problem != nil {
		return "", problem
	}
	if inner, plain := plainString(raw); plain {
		return inner, nil
	}
	var text string
	if err := json.Unmarshal(raw, &text); err != nil {
		return "", faultf("type", "expected a string, got malformed JSON")
	}
	return text, nil
}

// plainString is the inside of a JSON string that needs no decoding.
func plainString(raw []byte) (string, bool) {
	if len(raw) < 2 || raw[len(raw)-1] != '"' {
		return "", false
	}
	inner := raw[1 : len(raw)-1]
	for _, b := range inner {
		if b < ' ' || b == '"' || b == '\\' {
			return "", false
		}
	}
	return string(inner), true
}

// scanString accepts any text that both engines keep as it is.
func scanString(text string) (any, *fault) {
	if !utf8.ValidString(text) {
		return nil, faultf("type", "expected text in UTF-8, got bytes that are none")
	}
	if strings.ContainsRune(text, 0) {
		return nil, faultf("type", "expected text without NUL, got a NUL character")
	}
	return text, nil
}

// nesting is how many lists and objects enclose the innermost value.
func nesting(raw []byte) int {
	depth, deepest := 0, 0
	walkJSON(raw, func(b byte) {
		switch b {
		case '[', '{':
			depth++
			deepest = max(deepest, depth)
		case ']', '}':
			depth--
		}
	})
	return deepest
}

// walkJSON calls outside for every byte that is not within a string.
func walkJSON(raw []byte, outside func(byte)) {
	inString := false
	for i := 0; i < len(raw); i++ {
		switch {
		case inString && raw[i] == '\\':
			i++
		case raw[i] == '"':
			inString = !inString
		case !inString:
			outside(raw[i])
		}
	}
}

// checkJSONStrings looks at the strings of a JSON text for what unquote refuses.
func checkJSONStrings(raw []byte) *fault {
	if !utf8.Valid(raw) {
		return faultf("type", "expected text in UTF-8, got bytes that are none")
	}
	for i := 0; i < len(raw); i++ {
		if raw[i] == 0 {
			return faultf("type", "expected text without NUL, got a NUL character")
		}
		if raw[i] != '\\' {
			continue
		}
		i++ // the escaped character
		unit, ok := escapedUnit(raw, i-1)
		if !ok {
			continue
		}
		i += 4
		switch {
		case unit == 0:
			return faultf("type", `expected text without NUL, got the escape \u0000`)
		case unit >= 0xDC00 && unit < 0xE000:
			return faultf("type", `expected whole characters, got half of one: \u%04x`, unit)
		case unit >= 0xD800 && unit < 0xDC00:
			second, ok := escapedUnit(raw, i+1)
			if !ok || second < 0xDC00 || second >= 0xE000 {
				return faultf("type", `expected whole characters, got half of one: \u%04x`, unit)
			}
			i += 6
		}
	}
	return nil
}

// escapedUnit reads the UTF-16 unit of the escape \uXXXX that begins at i.
func escapedUnit(raw []byte, i int) (uint64, bool) {
	if i+6 > len(raw) || raw[i] != '\\' || raw[i+1] != 'u' {
		return 0, false
	}
	unit, err := strconv.ParseUint(string(raw[i+2:i+6]), 16, 16)
	return unit, err == nil
}

// AppendJSON appends a canonical value of the field as compact JSON, in the
// form in which it is served.
func (f *Field) AppendJSON(dst []byte, canonical any) []byte {
	list, isList := canonical.([]any)
	if !isList {
		return f.judge().appendScalar(dst, canonical)
	}
	judge := f.judge()
	dst = append(dst, '[')
	for i, element := range list {
		if i > 0 {
			dst = append(dst, ',')
		}
		if number, ok := element.(float64); ok && f.Kind == JSONColumn {
			dst = strconv.AppendFloat(dst, number+0, 'f', -1, 64) // as in any JSON value; -0+0 is 0
			continue
		}
		dst = judge.appendScalar(dst, element)
	}
	return append(dst, ']')
}

func (f *Field) appendScalar(dst []byte, value any) []byte {
	switch value := value.(type) {
	case string:
		return appendQuoted(dst, value)
	case int64:
		return strconv.AppendInt(dst, value, 10)
	case float64:
		return appendFloat(dst, value)
	case DecimalValue:
		return append(dst, value.String()...)
	case bool:
		return strconv.AppendBool(dst, value)
	case time.Time:
		return append(value.UTC().AppendFormat(append(dst, '"'), "2006-01-02T15:04:05.999999Z"), '"')
	case time.Duration:
		return appendDuration(dst, value)
	case JSONText:
		return append(dst, value...)
	case []byte:
		dst = append(dst, '"')
		dst = base64.StdEncoding.AppendEncode(dst, value)
		return append(dst, '"')
	}
	return append(dst, "null"...)
}

// appendFloat writes the shortest digits that read back as the same double,
// with an exponent where ECMAScript would write one.
func appendFloat(dst []byte, value float64) []byte {
	format := byte('f')
	if size := max(value, -value); size != 0 && (size < 1e-6 || size >= 1e21) {
		format = 'e'
	}
	return strconv.AppendFloat(dst, value, format, -1, 64)
}

// appendDuration writes seconds only: "PT5400S", "PT0.5S", "-PT1S".
func appendDuration(dst []byte, value time.Duration) []byte {
	micros := int64(value / time.Microsecond)
	dst = append(dst, '"')
	if micros < 0 {
		dst = append(dst, '-')
		micros = -micros
	}
	dst = append(dst, "PT"...)
	dst = append(dst, DecimalValue{Unscaled: micros, Scale: 6}.String()...)
	return append(dst, `S"`...)
}

// appendQuoted writes a JSON string; text is valid UTF-8.
func appendQuoted(dst []byte, text string) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, '"')
	for i := range len(text) {
		switch b := text[i]; {
		case b == '"' || b == '\\':
			dst = append(dst, '\\', b)
		case b == '\n':
			dst = append(dst, `\n`...)
		case b == '\t':
			dst = append(dst, `\t`...)
		case b == '\r':
			dst = append(dst, `\r`...)
		case b == '\b':
			dst = append(dst, `\b`...)
		case b == '\f':
			dst = append(dst, `\f`...)
		case b < ' ':
			dst = append(dst, '\\', 'u', '0', '0', hex[b>>4], hex[b&15])
		default:
			dst = append(dst, b)
		}
	}
	return append(dst, '"')
}
