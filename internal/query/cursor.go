package query

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"

	"github.com/larderhq/larder/internal/model"
)

// orderMark is how many bytes of a cursor name the order that it belongs to.
const orderMark = 6

// EncodeCursor turns the keyset position of a row (see Read.After) into the
// text of _after or _before. It is opaque to clients, names the order that it
// belongs to and keeps every value exactly. [Parse] reads it back.
func EncodeCursor(read Read, position []any) string {
	order := read.TotalOrder()
	packed := append([]byte(nil), mark(read.Type.Name, order)...)
	packed = append(packed, '[')
	for i, value := range position[:min(len(position), len(order))] {
		if i > 0 {
			packed = append(packed, ',')
		}
		packed = order[i].Field.AppendJSON(packed, value)
	}
	return base64.RawURLEncoding.EncodeToString(append(packed, ']'))
}

// decodeCursor reads a cursor back as a position in read's order.
func decodeCursor(read Read, parameter, cursor string) ([]any, error) {
	foreign := func(details string) *Error {
		return &Error{
			Parameter: parameter, Code: CodeParse,
			Message: "the cursor does not belong to this request", Details: details,
			Hint: "follow the links of an answer as they are, or begin again without " + parameter,
		}
	}
	packed, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil || len(packed) < orderMark {
		return nil, foreign("it is not one that was given out here")
	}
	order := read.TotalOrder()
	if string(packed[:orderMark]) != mark(read.Type.Name, order) {
		return nil, foreign("it was given out for another order")
	}
	var values []json.RawMessage
	if json.Unmarshal(packed[orderMark:], &values) != nil || len(values) != len(order) {
		return nil, foreign("it is not one that was given out here")
	}
	position := make([]any, len(order))
	for i, value := range values {
		if position[i], err = readPosition(order[i].Field, value); err != nil {
			return nil, foreign("it holds a value that is none of " + order[i].Field.JSONName())
		}
	}
	return position, nil
}

// readPosition reads one value of a cursor. It is held against the field's
// type only: a row may be older than a check.
func readPosition(field *model.Field, value []byte) (any, error) {
	text := string(value)
	if text == "null" {
		return nil, nil
	}
	if text[0] == '"' {
		if err := json.Unmarshal(value, &text); err != nil {
			return nil, err
		}
		if err := validText(text); err != nil {
			return nil, err
		}
	}
	return field.AcceptText(text)
}

// mark names an order of a type's records.
func mark(name string, order []Order) string {
	var text strings.Builder
	text.WriteString(name)
	for _, term := range order {
		through := ""
		if term.Through != nil {
			through = term.Through.Name + "."
		}
		fmt.Fprintf(&text, "\n%s%s %t %t", through, term.Field.JSONName(), term.Descending, term.NullsFirst)
	}
	sum := sha256.Sum256([]byte(text.String()))
	return string(sum[:orderMark])
}

// WithCursor returns the raw query with parameter ("_after" or "_before") set
// to cursor, everything else as it came and in its order, but for what a
// cursor replaces: offset, _after and _before.
func WithCursor(rawQuery, parameter, cursor string) string {
	var kept []string
	for piece := range strings.SplitSeq(rawQuery, "&") {
		rawName, _, _ := strings.Cut(piece, "=")
		name, err := url.QueryUnescape(rawName)
		if piece == "" || err != nil || name == "offset" || name == "_after" || name == "_before" {
			continue
		}
		kept = append(kept, piece)
	}
	return strings.Join(append(kept, parameter+"="+url.QueryEscape(cursor)), "&")
}
