package model

import (
	"bytes"
	"cmp"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
)

// This file gives JSON values the one form that every engine can keep. It is
// that of PostgreSQL's jsonb
// (https://www.postgresql.org/docs/15/datatype-json.html) without its blanks:
// of members with the same name the last, shorter names before longer ones and
// those of one length in the order of their bytes, numbers exact and without
// an exponent, strings with as few escapes as possible.

const (
	maxJSONDigits = 400      // of a number that is written out: any double has fewer
	jsonSlack     = 64 << 10 // bytes by which numbers that are written out may swell a value
)

// canonicalJSON checks a JSON value and writes it in its one form.
func canonicalJSON(raw []byte) (any, *fault) {
	if depth := nesting(raw); depth > maxJSONDepth {
		return nil, faultf("range", "expected JSON of at most %d levels, got %d", maxJSONDepth, depth)
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, raw); err != nil {
		return nil, faultf("type", "expected a JSON value: %v", err)
	}
	if problem := checkJSONStrings(compact.Bytes()); problem != nil {
		return nil, problem
	}
	decoder := json.NewDecoder(&compact)
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return nil, faultf("type", "expected a JSON value: %v", err)
	}
	w := jsonWriter{limit: len(raw) + jsonSlack}
	w.value(value)
	if w.problem != nil {
		return nil, w.problem
	}
	return JSONText(w.out), nil
}

// jsonWriter writes decoded JSON.
type jsonWriter struct {
	out     []byte
	limit   int // of out, in bytes
	problem *fault
}

func (w *jsonWriter) value(value any) {
	switch value := value.(type) {
	case map[string]any:
		w.object(value)
	case []any:
		w.out = append(w.out, '[')
		for i, element := range value {
			w.comma(i)
			w.value(element)
		}
		w.out = append(w.out, ']')
	case string:
		w.out = appendQuoted(w.out, value)
	case json.Number:
		w.number(string(value))
	case bool:
		w.out = strconv.AppendBool(w.out, value)
	case nil:
		w.out = append(w.out, "null"...)
	}
}

func (w *jsonWriter) object(members map[string]any) {
	names := make([]string, 0, len(members))
	for name := range members {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int {
		if len(a) != len(b) {
			return len(a) - len(b)
		}
		return strings.Compare(a, b)
	})
	w.out = append(w.out, '{')
	for i, name := range names {
		w.comma(i)
		w.out = append(appendQuoted(w.out, name), ':')
		w.value(members[name])
	}
	w.out = append(w.out, '}')
}

func (w *jsonWriter) comma(i int) {
	if i > 0 {
		w.out = append(w.out, ',')
	}
}

// number writes a number without an exponent, with the digits that it has:
// 1.50e1 is 15.0, as PostgreSQL's numeric has it.
func (w *jsonWriter) number(literal string) {
	if w.problem != nil {
		return
	}
	if _, err := strconv.ParseFloat(literal, 64); err != nil {
		w.problem = faultf("range", "expected numbers of at most 1.8e308 in JSON, got %s", shorten(literal))
		return
	}
	mantissa, power, _ := strings.Cut(strings.ToLower(literal), "e")
	whole, fraction, _ := strings.Cut(strings.TrimPrefix(mantissa, "-"), ".")
	exponent, err := strconv.Atoi(cmp.Or(power, "0"))
	if err != nil || len(whole)+len(fraction)+max(exponent, -exponent) > maxJSONDigits {
		w.problem = faultf("range", "expected numbers of at most %d digits in JSON, written without an exponent, got %s", maxJSONDigits, shorten(literal))
		return
	}
	digits, point := whole+fraction, len(whole)+exponent
	switch {
	case point <= 0:
		digits, point = strings.Repeat("0", 1-point)+digits, 1
	case point > len(digits):
		digits += strings.Repeat("0", point-len(digits))
	}
	if strings.HasPrefix(mantissa, "-") && strings.Trim(digits, "0") != "" {
		w.out = append(w.out, '-')
	}
	w.out = append(w.out, cmp.Or(strings.TrimLeft(digits[:point], "0"), "0")...)
	if point < len(digits) {
		w.out = append(append(w.out, '.'), digits[point:]...)
	}
	if len(w.out) > w.limit {
		w.problem = faultf("range", "expected JSON that is little longer when its numbers are written without exponents, got %d bytes more", jsonSlack)
	}
}
