package statement

import (
	"encoding/base64"
	"math"
	"math/big"
	"strconv"
	"strings"
	"time"

	"github.com/larderhq/larder/internal/model"
)

// SQLite writes SQL for SQLite 3.44 and later.
func SQLite() Dialect { return sqlite{} }

type sqlite struct{}

func (sqlite) Name() string { return "sqlite" }

// Without a number: the driver finds those by position.
func (sqlite) placeholder(sql *strings.Builder, _ int) { sql.WriteByte('?') }

const sqliteTime = "2006-01-02T15:04:05.000000Z"

func (sqlite) encode(_ stored, value any) any {
	switch v := value.(type) {
	case bool:
		if v {
			return int64(1)
		}
		return int64(0)
	case model.DecimalValue: // a canonical one has its field's scale
		return v.Unscaled
	case time.Time:
		return v.UTC().Format(sqliteTime)
	case time.Duration:
		return v.Microseconds()
	case model.JSONText:
		return string(v)
	case []byte:
		return base64.StdEncoding.EncodeToString(v)
	default:
		return value
	}
}

func pow10(n int) *big.Int { return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil) }

func (d sqlite) element(s stored, value any) any { return d.encode(s, value) }

func (sqlite) fromElement(_ stored, expression string) string { return expression }

func (sqlite) castTo(stored) string { return "" }

func (sqlite) widen(stored) string { return "" }

func (sqlite) natural(f *model.Field, expression string) string {
	if f.Scalar == model.String && f.ColumnType != "" && f.ReadOnly { // numbers among texts
		return "CAST(" + expression + " AS TEXT)"
	}
	return expression
}

func (sqlite) list(*model.Field) (before, behind string) { return "", "" }

func (sqlite) json(s stored, e string, nullable bool) string {
	switch {
	case s.jsonList, s.scalar == model.JSON:
		return orNull(e, nullable)
	case s.scalar == model.String && s.native != "": // a column of no text, which keeps what looks like a number as one
		return "json_quote(CAST(" + e + " AS TEXT))"
	case isText(s.scalar), s.scalar == model.Bytes:
		return "json_quote(" + e + ")"
	}
	switch s.scalar { //nolint:exhaustive // the texts are done
	case model.Float:
		// The text of an integral double ends in ".0", which JSON needs not
		// and PostgreSQL does not write. Nor does that write 17 digits where
		// 16 are enough, as SQLite does where 15 are not.
		digits := "printf('%!.16g', " + e + ")"
		e = "CASE WHEN abs(" + e + ") < 1e17 AND " + e + " = CAST(" + e + " AS INTEGER) THEN CAST(" + e + " AS INTEGER)" +
			" ELSE replace(CASE CAST(" + digits + " AS REAL) WHEN " + e + " THEN " + digits + " ELSE " + e + " END, '.0e', 'e') END"
	case model.Boolean:
		e = "CASE " + e + " WHEN 1 THEN 'true' WHEN 0 THEN 'false' END"
	case model.Decimal:
		e = "CASE WHEN " + e + " < 0 THEN '-' ELSE '' END || " + sqliteDigits(e, s.scale)
	case model.DateTime:
		e = `'"' || rtrim(rtrim(substr(` + e + `, 1, 26), '0'), '.') || 'Z"'`
	case model.Duration:
		e = `CASE WHEN ` + e + ` < 0 THEN '"-PT' ELSE '"PT' END || ` + sqliteDigits(e, 6) + ` || 'S"'`
	}
	return orNull(e, nullable)
}

// sqliteDigits writes the size of a scaled integer as a decimal in its
// shortest form. It is null for null.
func sqliteDigits(e string, scale int) string {
	if scale == 0 {
		return "abs(" + e + ")"
	}
	unit := pow10(scale).String()
	return "(abs(" + e + ") / " + unit + ") || rtrim(rtrim(printf('.%0" + strconv.Itoa(scale) + "d', abs(" + e + ") % " + unit + "), '0'), '.')"
}

func orNull(e string, nullable bool) string {
	if !nullable {
		return e
	}
	return "ifnull(" + e + ", 'null')"
}

func (d sqlite) jsonArray(s stored, column, subquery string) string {
	if isText(s.scalar) || s.scalar == model.Bytes || s.scalar == model.Int || s.scalar == model.Int64 {
		return "(SELECT json_group_array(" + column + ") FROM (" + subquery + "))"
	}
	return "(SELECT '[' || ifnull(group_concat(" + d.json(s, column, true) + "), '') || ']' FROM (" + subquery + "))"
}

func (sqlite) sum(_ stored, column string) string { return "sum(" + column + ")" }

// average divides once for the mean and once for the scale, as on PostgreSQL,
// so that both round alike.
func (sqlite) average(s stored, column string) string {
	mean := "avg(" + column + ")"
	if s.scalar == model.Decimal {
		mean += " / " + pow10(s.scale).String()
	}
	return "(" + mean + ")"
}

// order says where nulls go only where there can be any. SQLite reads an index
// in two parts for an order that puts nulls elsewhere than it does.
func (sqlite) order(descending, nullsFirst, nullable bool) string {
	switch {
	case !nullable && descending, descending && !nullsFirst:
		return " DESC"
	case descending:
		return " DESC NULLS FIRST"
	case nullable && !nullsFirst:
		return " NULLS LAST"
	}
	return ""
}

func (sqlite) limit(w *writer, rows int64) {
	w.add(" LIMIT ")
	w.bind(rows)
}

func (sqlite) forUpdate() string { return "" }

// like is GLOB, because SQLite's LIKE is blind for the case of ASCII letters
// and for nothing else.
func (sqlite) like(w *writer, expression, pattern string, ignoreCase bool) error {
	glob := globPattern(pattern, ignoreCase)
	if len(glob) > maxPattern {
		return patternTooLong(pattern)
	}
	w.add(expression, " GLOB ")
	w.bind(glob)
	return nil
}

func (sqlite) members(w *writer, array, alias string) {
	w.add("json_each(")
	w.bind(array)
	w.add(") AS ", alias)
}

func (sqlite) member(alias string, n int) string {
	return alias + ".value ->> " + strconv.Itoa(n)
}

func (sqlite) memberOf(alias string) string { return alias + ".value" }

func (sqlite) jsonMembers(expression, alias string) string {
	return "json_each(" + expression + ") AS " + alias
}

func (d sqlite) bindMember(w *writer, f *model.Field, value any) {
	if v, ok := value.(model.DecimalValue); ok { // a JSON number in the list
		number, _ := new(big.Rat).SetFrac(big.NewInt(v.Unscaled), pow10(v.Scale)).Float64()
		value = number
	}
	switch value.(type) {
	case time.Time, time.Duration:
		value = strings.Trim(string(f.AppendJSON(nil, value)), `"`)
	}
	w.bind(d.encode(stored{}, value))
}

func (sqlite) jsonAppend(w *writer, expression, array string) {
	list := "json(" + expression + ")"
	w.add("CASE WHEN ifnull(", list, ", '[]') = '[]' THEN ")
	w.bind(array)
	w.add(" ELSE substr(", list, ", 1, length(", list, ") - 1) || ',' || substr(")
	w.bind(array)
	w.add(", 2) END")
}

func (d sqlite) jsonRemove(w *writer, expression, array string) {
	w.add("CASE WHEN ", expression, " IS NOT NULL THEN (SELECT json_group_array(")
	w.add("CASE v.type WHEN 'true' THEN json('true') WHEN 'false' THEN json('false')")
	w.add(" WHEN 'array' THEN json(v.value) WHEN 'object' THEN json(v.value) ELSE v.value END)")
	w.add(" FROM json_each(", expression, ") AS v WHERE NOT EXISTS (SELECT 1 FROM ")
	d.members(w, array, "e")
	w.add(" WHERE e.value IS v.value AND e.type = v.type)) END")
}

func (d sqlite) arithmetic(w *writer, a Assignment, current string) {
	factor, isDecimal := a.Value.(model.DecimalValue)
	if a.Op == Inc || !isDecimal {
		w.add(current, arithmeticSign(a.Op))
		w.bindValue(a.Field, a.Value)
		return
	}
	// The product of the scaled integers has the digits of both; what is too
	// much is rounded half away from zero, as PostgreSQL does.
	for factor.Scale > 0 && factor.Unscaled%10 == 0 {
		factor.Unscaled, factor.Scale = factor.Unscaled/10, factor.Scale-1
	}
	if factor.Scale == 0 {
		w.add(current, " * ")
		w.bind(factor.Unscaled)
		return
	}
	unit := pow10(factor.Scale).Int64()
	w.add("(", current, " * ")
	w.bind(factor.Unscaled)
	w.add(" + CASE WHEN ", current, " * ")
	w.bind(factor.Unscaled)
	w.add(" < 0 THEN ")
	w.bind(-unit / 2)
	w.add(" ELSE ")
	w.bind(unit / 2)
	w.add(" END) / ")
	w.bind(unit)
}

// inRange holds against what SQLite would store: its integers have 64 bits
// whatever the field has, and a result beyond them becomes a double.
func (d sqlite) inRange(w *writer, a Assignment, current string) bool {
	low, high := any(int64(math.MinInt64)), any(int64(math.MaxInt64))
	switch storedAs(a.Field).scalar { //nolint:exhaustive // the others have 64 bits
	case model.Int:
		low, high = int64(math.MinInt32), int64(math.MaxInt32)
	case model.Decimal:
		most := pow10(a.Field.Precision).Int64() - 1
		low, high = -most, most
	case model.Float:
		low, high = -math.MaxFloat64, math.MaxFloat64
	default:
	}
	w.add("(")
	d.arithmetic(w, a, current)
	w.add(") BETWEEN ")
	w.bind(low)
	w.add(" AND ")
	w.bind(high)
	return true
}

// arithmeticSign is the operator of an arithmetic assignment.
func arithmeticSign(op Operation) string {
	if op == Mul {
		return " * "
	}
	return " + "
}

func (sqlite) afterIdentity(string, string) (string, bool) { return "", false }
