package statement

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/larderhq/larder/internal/model"
)

// Value is the canonical form of what [Copying.Rows] selected of the i-th
// column, as an engine scans it into an any. A list that lies in one JSON
// column is a model.JSONText. It fails for what is no value of the column's
// type, as a statement of someone else may have left it.
func (t *Table) Value(i int, scanned any) (any, error) {
	if scanned == nil {
		return nil, nil
	}
	column := t.Columns[i]
	value, ok := column.stored.canonical(scanned)
	if blob, isBytes := scanned.([]byte); column.raw && isBytes {
		value, ok = blob, true
	}
	if !ok {
		return nil, fmt.Errorf("%s.%s: %v (%T) is no %s", t.Name, column.Name, scanned, scanned, column.stored.scalar)
	}
	return value, nil
}

// canonical reads a value as it is stored.
func (s stored) canonical(scanned any) (any, bool) {
	if s.jsonList || s.scalar == model.JSON {
		return compacted(scanned)
	}
	switch v := scanned.(type) {
	case int64:
		return s.fromInteger(v)
	case float64:
		return v, s.scalar == model.Float && !math.IsInf(v, 0) && !math.IsNaN(v)
	case bool:
		return v, s.scalar == model.Boolean
	case time.Time:
		return v.UTC(), s.scalar == model.DateTime
	case []byte:
		return v, s.scalar == model.Bytes
	case string:
		return s.fromText(v)
	}
	return nil, false
}

func (s stored) fromInteger(v int64) (any, bool) {
	switch s.scalar { //nolint:exhaustive // no other is stored as an integer
	case model.Int, model.Int64:
		return v, true
	case model.Boolean:
		return v == 1, v == 0 || v == 1
	case model.Decimal:
		return model.DecimalValue{Unscaled: v, Scale: s.scale}, true
	case model.Duration:
		const most = math.MaxInt64 / int64(time.Microsecond)
		return time.Duration(v) * time.Microsecond, -most <= v && v <= most
	}
	return nil, false
}

func (s stored) fromText(v string) (any, bool) {
	switch s.scalar { //nolint:exhaustive // no other is stored as text
	case model.String, model.ID, model.EnumWord, model.Date:
		return v, true
	case model.UUID: // whose order is that of its bytes
		return v, strings.ToLower(v) == v
	case model.DateTime:
		at, err := time.Parse(sqliteTime, v)
		return at, err == nil
	case model.Bytes:
		blob, err := base64.StdEncoding.DecodeString(v)
		return blob, err == nil
	case model.Decimal:
		return s.fromDigits(v)
	}
	return nil, false
}

// fromDigits reads a decimal of at most the column's scale.
func (s stored) fromDigits(text string) (any, bool) {
	whole, fraction, _ := strings.Cut(text, ".")
	if len(fraction) > s.scale {
		return nil, false
	}
	unscaled, err := strconv.ParseInt(whole+fraction+strings.Repeat("0", s.scale-len(fraction)), 10, 64)
	return model.DecimalValue{Unscaled: unscaled, Scale: s.scale}, err == nil
}

// compacted is a JSON text without its blanks.
func compacted(scanned any) (any, bool) {
	text, isText := scanned.(string)
	var compact bytes.Buffer
	if !isText || json.Compact(&compact, []byte(text)) != nil {
		return nil, false
	}
	return model.JSONText(compact.String()), true
}
