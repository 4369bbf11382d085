package statement

import (
	"encoding/base64"
	"strconv"
	"strings"
	"time"

	"github.com/larderhq/larder/internal/model"
)

// Postgres writes SQL for PostgreSQL 15 and later.
func Postgres() Dialect { return postgres{} }

type postgres struct{}

func (postgres) Name() string { return "postgres" }

func (postgres) placeholder(sql *strings.Builder, n int) {
	sql.WriteByte('$')
	sql.WriteString(strconv.Itoa(n))
}

func (postgres) encode(_ stored, value any) any {
	switch v := value.(type) {
	case model.DecimalValue:
		return v.String()
	case time.Time:
		return v.UTC()
	case time.Duration:
		return v.Microseconds()
	case model.JSONText:
		return string(v)
	default:
		return value
	}
}

func (d postgres) element(s stored, value any) any {
	switch v := value.(type) {
	case []byte:
		return base64.StdEncoding.EncodeToString(v)
	case time.Time:
		return v.UTC().Format(time.RFC3339Nano)
	default:
		return d.encode(s, value)
	}
}

func (d postgres) fromElement(s stored, expression string) string {
	if s.scalar == model.Bytes {
		return "decode(" + expression + ", 'base64')"
	}
	return "(" + expression + ")" + d.castTo(s)
}

func (postgres) castTo(s stored) string {
	if s.jsonList {
		return "::jsonb"
	}
	switch {
	case s.scalar == model.EnumWord && s.native != "":
		return "::" + quote(s.native)
	case s.scalar == model.DateTime && s.native != "":
		return "::timestamp"
	}
	switch s.scalar {
	case model.Int, model.Int64, model.Duration:
		return "::bigint"
	case model.Float:
		return "::double precision"
	case model.Decimal:
		return "::numeric"
	case model.Boolean:
		return "::boolean"
	case model.UUID:
		return "::uuid"
	case model.Date:
		return "::date"
	case model.DateTime:
		return "::timestamptz"
	case model.JSON:
		return "::jsonb"
	case model.Bytes:
		return "::bytea"
	case model.String, model.ID, model.EnumWord:
	}
	return "::text"
}

func (postgres) json(s stored, e string, nullable bool) string {
	switch {
	case s.jsonList, s.scalar == model.JSON:
		e = compactJSON(e + "::text")
	case s.scalar == model.Boolean, s.scalar == model.Int, s.scalar == model.Int64:
		e = e + "::text"
	case isText(s.scalar):
		e = "to_json(" + e + ")::text"
	case s.scalar == model.DateTime && s.native != "": // UTC, though it does not say so
		e = postgresMoment(e)
	default:
		e = postgresJSON(s.scalar, e)
	}
	if !nullable {
		return e
	}
	return "coalesce(" + e + ", 'null')"
}

// compactJSON takes the blanks out of the text of a jsonb. The one function of
// PostgreSQL that writes JSON without blanks also takes out members that are
// null, from which they hide as a number that no jsonb has; where a string has
// that very text, a regular expression does it, which takes ten times as long.
func compactJSON(e string) string {
	return "CASE WHEN strpos(" + e + ", '-0e987') = 0 THEN replace(json_strip_nulls(replace(" + e + ", 'null', '-0e987')::json)::text, '-0e987', 'null')" +
		` ELSE regexp_replace(` + e + `, '("(?:[^"\\]|\\.)*")|\s', '\1', 'g') END`
}

// postgresJSON is the JSON text of the scalars whose own text is none.
func postgresJSON(scalar model.Scalar, e string) string {
	switch scalar { //nolint:exhaustive // the others are their own text
	case model.Float:
		return "CASE WHEN abs(" + e + ") < 1e17 AND " + e + " = trunc(" + e + ") THEN " + e + "::bigint::text ELSE " + e + "::text END"
	case model.Decimal:
		return "trim_scale(" + e + ")::text"
	case model.DateTime:
		return postgresMoment(e + " AT TIME ZONE 'UTC'")
	case model.Duration:
		return `CASE WHEN ` + e + ` < 0 THEN '"-PT' ELSE '"PT' END || trim_scale(abs(` + e + `) / 1000000.0)::text || 'S"'`
	case model.Bytes:
		return `'"' || replace(encode(` + e + `, 'base64'), chr(10), '') || '"'`
	default:
		return e + "::text"
	}
}

// postgresMoment is a timestamp without a zone as JSON text, of UTC.
func postgresMoment(e string) string {
	return `'"' || rtrim(rtrim(to_char(` + e + `, 'YYYY-MM-DD"T"HH24:MI:SS.US'), '0'), '.') || 'Z"'`
}

// jsonArray is written by PostgreSQL itself, which takes a fifth of the time
// less, where it writes the elements as larder does.
func (d postgres) jsonArray(s stored, column, subquery string) string {
	if isText(s.scalar) || s.native == "" && (s.scalar == model.Int || s.scalar == model.Int64) {
		return "array_to_json(ARRAY(" + subquery + "))::text"
	}
	return "(SELECT '[' || coalesce(string_agg(" + d.json(s, column, true) + ", ','), '') || ']' FROM (" + subquery + ") AS v)"
}

// sum is held to the bits that SQLite has for it, a Decimal in its last digits.
func (postgres) sum(s stored, column string) string {
	switch s.scalar { //nolint:exhaustive // the others' is a bigint or a double by itself
	case model.Int64, model.Duration:
		return "sum(" + column + ")::bigint"
	case model.Decimal:
		digit := "1"
		if s.scale > 0 {
			digit = "0." + strings.Repeat("0", s.scale-1) + "1"
		}
		return "((sum(" + column + ") * " + pow10(s.scale).String() + ")::bigint * " + digit + ")"
	}
	return "sum(" + column + ")"
}

func (postgres) average(s stored, column string) string {
	if s.scalar != model.Decimal {
		return "(sum(" + column + ")::double precision / count(" + column + "))"
	}
	unit := pow10(s.scale).String()
	return "((sum(" + column + ") * " + unit + ")::double precision / count(" + column + ") / " + unit + ")"
}

// order relies on PostgreSQL's defaults where they are what is asked for.
func (postgres) order(descending, nullsFirst, nullable bool) string {
	text := ""
	if descending {
		text = " DESC"
	}
	if !nullable || descending == nullsFirst {
		return text
	}
	if nullsFirst {
		return text + " NULLS FIRST"
	}
	return text + " NULLS LAST"
}

// limit is a part of the text: PostgreSQL takes a bound limit for a tenth of
// the table, and so would plan every page anew rather than keep a plan.
func (postgres) limit(w *writer, rows int64) {
	if rows >= 0 {
		w.add(" LIMIT ", strconv.FormatInt(rows, 10))
	}
}

func (postgres) forUpdate() string { return " FOR UPDATE" }

// like is ILIKE only where that knows all cases: in larder's columns, which are
// COLLATE "C", it is blind for the case of ASCII letters and for nothing else.
func (postgres) like(w *writer, expression, pattern string, ignoreCase bool) error {
	operator := " LIKE "
	switch {
	case len(pattern) > maxPattern:
		return patternTooLong(pattern)
	case ignoreCase && hasForeignCases(pattern):
		operator, pattern = " ~ ", regularPattern(pattern)
	case ignoreCase:
		operator = " ILIKE "
	}
	w.add(expression, operator)
	w.bind(pattern)
	return nil
}

func (postgres) members(w *writer, array, alias string) {
	w.add("(SELECT value, key - 1 AS key FROM jsonb_array_elements(")
	w.bind(array)
	w.add("::jsonb) WITH ORDINALITY AS m(value, key)) AS ", alias)
}

func (postgres) member(alias string, n int) string {
	return alias + ".value ->> " + strconv.Itoa(n)
}

func (postgres) memberOf(alias string) string { return alias + ".value #>> '{}'" }

func (postgres) jsonMembers(expression, alias string) string {
	return "(SELECT value, key - 1 AS key FROM jsonb_array_elements(" + expression + ") WITH ORDINALITY AS m(value, key)) AS " + alias
}

func (postgres) bindMember(w *writer, f *model.Field, value any) {
	w.bind(string(f.AppendJSON(nil, value)))
	w.add("::jsonb")
}

func (postgres) jsonAppend(w *writer, expression, array string) {
	w.add("coalesce(", expression, ", '[]'::jsonb) || ")
	w.bind(array)
	w.add("::jsonb")
}

func (d postgres) jsonRemove(w *writer, expression, array string) {
	w.add("CASE WHEN ", expression, " IS NOT NULL THEN (SELECT coalesce(jsonb_agg(v.value ORDER BY v.key), '[]'::jsonb) FROM ")
	w.add(d.jsonMembers(expression, "v"), " WHERE NOT EXISTS (SELECT 1 FROM ")
	d.members(w, array, "e")
	w.add(" WHERE e.value = v.value)) END")
}

func (d postgres) arithmetic(w *writer, a Assignment, current string) {
	w.add(current, arithmeticSign(a.Op))
	w.bindAs(a.Field, a.Value)
}

// inRange: PostgreSQL refuses what does not fit (SQLSTATE 22003).
func (postgres) inRange(*writer, Assignment, string) bool { return false }

func (d postgres) afterIdentity(table, id string) (string, bool) {
	counter := "pg_get_serial_sequence(" + literal(quote(table)) + ", " + literal(id) + ")"
	return "SELECT coalesce(setval(" + counter + ", greatest((SELECT max(" + quote(id) + ") FROM " + quote(table) + "), pg_sequence_last_value(" + counter + "))), 0)", true
}
