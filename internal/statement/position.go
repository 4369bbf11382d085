package statement

import (
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/larderhq/larder/internal/model"
	"github.com/larderhq/larder/internal/query"
)

// DecodePosition turns a position that [Builder.List] selected into the
// canonical values of q's total order.
func DecodePosition(q query.Read, text []byte) ([]any, error) {
	order := q.TotalOrder()
	var terms []json.RawMessage
	if err := json.Unmarshal(text, &terms); err != nil {
		return nil, fmt.Errorf("read position %s: %w", text, err)
	}
	if len(terms) != len(order) {
		return nil, fmt.Errorf("read position %s: %d terms, the order has %d", text, len(terms), len(order))
	}
	values := make([]any, len(order))
	for i, raw := range terms {
		value, err := canonical(order[i].Field, raw)
		if err != nil {
			return nil, fmt.Errorf("read position %s: %w", text, err)
		}
		values[i] = value
	}
	return values, nil
}

// canonical reads what a row has of a field. Unlike what comes from outside it
// is not held against the field's check, which may be younger than the row.
func canonical(f *model.Field, raw []byte) (any, error) {
	if string(raw) == "null" {
		return nil, nil
	}
	if storedAs(f).scalar == model.Int64 {
		return strconv.ParseInt(string(raw), 10, 64)
	}
	text := string(raw)
	if raw[0] == '"' {
		if err := json.Unmarshal(raw, &text); err != nil {
			return nil, err
		}
	}
	return f.AcceptText(text)
}
