package transfer

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/larderhq/larder/internal/model"
)

// rowText is canonical values as a JSON array. Equal values have equal text,
// from whichever engine they come.
func rowText(values []any) []byte {
	var scalar model.Field
	dst := []byte{'['}
	for i, value := range values {
		if i > 0 {
			dst = append(dst, ',')
		}
		switch v := value.(type) {
		case model.JSONText:
			normal := normalizer{rest: []byte(v)}
			dst = normal.appendValue(dst)
		case float64:
			dst = scalar.AppendJSON(dst, v+0) // SQLite knows no -0
		default:
			dst = scalar.AppendJSON(dst, value)
		}
	}
	return append(dst, ']')
}

// normalizer rewrites valid, compact JSON text so that equal values (as
// PostgreSQL's jsonb takes them) have equal text: members sorted by name, of
// those with the same name the last, numbers and strings in one form.
type normalizer struct{ rest []byte }

// appendValue takes the next value and appends it.
func (n *normalizer) appendValue(dst []byte) []byte {
	switch n.rest[0] {
	case '{':
		return n.appendObject(dst)
	case '[':
		n.rest = n.rest[1:]
		dst = append(dst, '[')
		for i := 0; n.rest[0] != ']'; i++ {
			if i > 0 {
				n.rest = n.rest[1:]
				dst = append(dst, ',')
			}
			dst = n.appendValue(dst)
		}
		n.rest = n.rest[1:]
		return append(dst, ']')
	case '"':
		return n.appendString(dst)
	}
	end := bytes.IndexAny(n.rest, ",]}")
	if end < 0 {
		end = len(n.rest)
	}
	literal := n.rest[:end]
	n.rest = n.rest[end:]
	if c := literal[0]; c == 't' || c == 'f' || c == 'n' {
		return append(dst, literal...)
	}
	return appendNumber(dst, string(literal))
}

func (n *normalizer) appendObject(dst []byte) []byte {
	type member struct{ name, value string }
	var members []member
	n.rest = n.rest[1:]
	for i := 0; n.rest[0] != '}'; i++ {
		if i > 0 {
			n.rest = n.rest[1:]
		}
		var m member
		m.name = string(n.appendString(nil))
		n.rest = n.rest[1:] // the colon
		m.value = string(n.appendValue(nil))
		members = append(members, m)
	}
	n.rest = n.rest[1:]
	slices.SortStableFunc(members, func(a, b member) int { return strings.Compare(a.name, b.name) })
	dst = append(dst, '{')
	written := 0
	for i, m := range members {
		if i+1 < len(members) && members[i+1].name == m.name {
			continue
		}
		if written++; written > 1 {
			dst = append(dst, ',')
		}
		dst = append(append(append(dst, m.name...), ':'), m.value...)
	}
	return append(dst, '}')
}

// appendString appends a string with no more escapes than JSON demands.
func (n *normalizer) appendString(dst []byte) []byte {
	end, escaped := 1, false
	for ; n.rest[end] != '"'; end++ {
		if n.rest[end] == '\\' {
			escaped = true
			end++
		}
	}
	quoted := n.rest[:end+1]
	n.rest = n.rest[end+1:]
	var text string
	if !escaped || json.Unmarshal(quoted, &text) != nil {
		return append(dst, quoted...)
	}
	var scalar model.Field
	return scalar.AppendJSON(dst, text)
}

// appendNumber appends a number as its digits without zeros at their ends and,
// unless it is 0, the exponent that they need.
func appendNumber(dst []byte, literal string) []byte {
	rest, negative := strings.CutPrefix(literal, "-")
	exponent := 0
	if at := strings.IndexAny(rest, "eE"); at >= 0 {
		exponent, _ = strconv.Atoi(strings.TrimPrefix(rest[at+1:], "+")) // beyond an int it is as good as the most
		rest = rest[:at]
	}
	whole, fraction, _ := strings.Cut(rest, ".")
	digits := strings.TrimLeft(whole+fraction, "0")
	exponent -= len(fraction)
	significant := strings.TrimRight(digits, "0")
	exponent += len(digits) - len(significant)
	if significant == "" {
		return append(dst, '0')
	}
	if negative {
		dst = append(dst, '-')
	}
	dst = append(dst, significant...)
	if exponent != 0 {
		dst = strconv.AppendInt(append(dst, 'e'), int64(exponent), 10)
	}
	return dst
}
