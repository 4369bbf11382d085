package migrate

import (
	"fmt"
	"strings"

	"github.com/larderhq/larder/internal/model"
)

// conversion writes expressions that carry a value from one column into
// another. A value keeps its JSON form, and one that the new column cannot
// hold exactly makes the statement fail; nothing is rounded or cut.
type conversion interface {
	// convert carries the value of an expression from a column to another.
	convert(value string, from, to *column) string
	// toJSON is the value of an expression as a JSON value.
	toJSON(value string, from *column) string
	// array aggregates JSON values in the order of their positions.
	array(value string) string
	// elements is the source (see mover.source) that a JSON column is.
	elements(table, column string) string
	// newUUID makes a new id.
	newUUID() string
	// misfit holds for what convert makes of a value that does not fit the
	// column; "" where converting it fails already.
	misfit(to *column) string
	// malformed fails as a JSON value, with the text.
	malformed(text string) string
}

// sameForm reports whether two columns write a value the same way.
func sameForm(from, to *column) bool {
	return from.scalar == to.scalar && (from.scalar != model.Decimal || from.scale == to.scale)
}

// textual reports whether a scalar's JSON form is a string that SQLite stores
// as it is.
func textual(s model.Scalar) bool {
	switch s { //nolint:exhaustive // all others are not
	case model.String, model.ID, model.EnumWord, model.UUID, model.Date, model.Bytes:
		return true
	}
	return false
}

func isInteger(s model.Scalar) bool { return s == model.Int || s == model.Int64 }

// power is ten to the n.
func power(n int) string { return "1" + strings.Repeat("0", n) }

// convert leans on STRICT tables: a column of numbers refuses text, so that a
// number that cannot be carried exactly is given as text that says so.
func (s sqlite) convert(x string, from, to *column) string {
	a, b := from.scalar, to.scalar
	switch {
	case sameForm(from, to), textual(a) && textual(b) && b != model.UUID, isInteger(a) && isInteger(b),
		a == model.Boolean && isInteger(b), isInteger(a) && b == model.Boolean:
		return x
	case a == model.Float && isInteger(b):
		return fmt.Sprintf("CASE WHEN CAST(%s AS INTEGER) = %s THEN CAST(%s AS INTEGER) ELSE 'not an integer: ' || %s END", x, x, x, x)
	case isInteger(a) && b == model.Float:
		return fmt.Sprintf("CASE WHEN CAST(CAST(%s AS REAL) AS INTEGER) = %s THEN CAST(%s AS REAL) ELSE 'not exact: ' || %s END", x, x, x, x)
	case isInteger(a) && b == model.Decimal:
		return fmt.Sprintf("%s * %s", x, power(to.scale))
	case a == model.Decimal && b == model.Decimal && to.scale > from.scale:
		return fmt.Sprintf("%s * %s", x, power(to.scale-from.scale))
	case a == model.Decimal && b == model.Decimal:
		return divided(x, from.scale-to.scale)
	case a == model.Decimal && isInteger(b):
		return divided(x, from.scale)
	case a == model.Decimal && b == model.Float:
		p := power(from.scale)
		return fmt.Sprintf("CASE WHEN CAST(round(%s / %s.0 * %s) AS INTEGER) = %s THEN %s / %s.0 ELSE 'not exact: ' || %s END", x, p, p, x, x, p, x)
	case a == model.Float && b == model.Decimal:
		p := power(to.scale)
		return fmt.Sprintf("CASE WHEN round(%s * %s) / %s.0 = %s THEN CAST(round(%s * %s) AS INTEGER) ELSE 'not exact: ' || %s END", x, p, p, x, x, p, x)
	case a == model.Date && b == model.DateTime:
		return x + " || 'T00:00:00.000000Z'"
	case a == model.DateTime && b == model.Date:
		return fmt.Sprintf("CASE WHEN %s LIKE '%%T00:00:00.000000Z' THEN substr(%s, 1, 10) ELSE %s END", x, x, x)
	case b == model.JSON:
		return s.toJSON(x, from)
	}
	return s.fromText(s.toText(x, from), to)
}

// divided takes n digits off an integer, which must all be zero.
func divided(x string, n int) string {
	p := power(n)
	return fmt.Sprintf("CASE WHEN %s %% %s = 0 THEN %s / %s ELSE 'not exact: ' || %s END", x, p, x, p, x)
}

// toText is a value in its JSON form, without quotes.
func (s sqlite) toText(x string, from *column) string {
	switch from.scalar {
	case model.Int, model.Int64:
		return fmt.Sprintf("CAST(%s AS TEXT)", x)
	case model.Float:
		return fmt.Sprintf("CASE WHEN abs(%s) < 1e15 AND CAST(%s AS INTEGER) = %s THEN CAST(CAST(%s AS INTEGER) AS TEXT)"+
			" WHEN CAST(CAST(%s AS TEXT) AS REAL) = %s THEN CAST(%s AS TEXT) WHEN %s IS NOT NULL THEN printf('%%!.17g', %s) END", x, x, x, x, x, x, x, x, x)
	case model.Decimal:
		return scaledText(x, from.scale)
	case model.Duration:
		return fmt.Sprintf("CASE WHEN %s < 0 THEN '-' ELSE '' END || 'PT' || %s || 'S'", x, scaledText(fmt.Sprintf("abs(%s)", x), 6))
	case model.Boolean:
		return fmt.Sprintf("CASE %s WHEN 1 THEN 'true' WHEN 0 THEN 'false' END", x)
	case model.DateTime:
		return fmt.Sprintf("rtrim(rtrim(substr(%s, 1, 26), '0'), '.') || 'Z'", x)
	case model.JSON:
		return fmt.Sprintf("CASE json_type(%s) WHEN 'text' THEN %s ->> '$' ELSE %s END", x, x, x)
	case model.String, model.ID, model.EnumWord, model.UUID, model.Date, model.Bytes:
	}
	return x
}

// scaledText is a scaled integer as the shortest decimal.
func scaledText(x string, scale int) string {
	if scale == 0 {
		return fmt.Sprintf("CAST(%s AS TEXT)", x)
	}
	p := power(scale)
	return fmt.Sprintf("rtrim(rtrim(CASE WHEN %s < 0 THEN '-' ELSE '' END || (abs(%s) / %s) || '.' || substr('%s' || (abs(%s) %% %s), -%d), '0'), '.')",
		x, x, p, strings.Repeat("0", scale), x, p, scale)
}

// fromText reads what toText writes. A text must be the one form of a whole
// number: "007" and 7 are not the same.
func (s sqlite) fromText(x string, to *column) string {
	switch to.scalar {
	case model.Int, model.Int64:
		return fmt.Sprintf("CASE WHEN CAST(CAST(%s AS INTEGER) AS TEXT) = %s THEN CAST(%s AS INTEGER) ELSE 'not an integer: ' || %s END", x, x, x, x)
	case model.Float:
		return fmt.Sprintf("CASE WHEN NOT json_valid(%s) THEN 'not a number: ' || %s WHEN json_type(%s) IN ('integer', 'real') THEN CAST(%s AS REAL) ELSE 'not a number: ' || %s END", x, x, x, x, x)
	case model.Decimal:
		return scaledInteger(x, to.scale)
	case model.Duration:
		seconds := fmt.Sprintf("substr(%s, instr(%s, 'T') + 1, length(%s) - instr(%s, 'T') - 1)", x, x, x, x)
		return fmt.Sprintf("CASE WHEN %s GLOB 'PT*S' THEN %s WHEN %s GLOB '-PT*S' THEN -(%s) ELSE 'not a duration in seconds: ' || %s END",
			x, scaledInteger(seconds, 6), x, scaledInteger(seconds, 6), x)
	case model.Boolean:
		return fmt.Sprintf("CASE WHEN %s IN ('true', '1') THEN 1 WHEN %s IN ('false', '0') THEN 0 ELSE 'not a Boolean: ' || %s END", x, x, x)
	case model.DateTime:
		return fmt.Sprintf("CASE WHEN %s GLOB '????-??-??T??:??:??*Z' THEN substr(%s, 1, 19) || '.' || substr(trim(substr(%s, 20), '.Z') || '000000', 1, 6) || 'Z' ELSE %s END", x, x, x, x)
	case model.UUID:
		return fmt.Sprintf("lower(%s)", x)
	case model.String, model.ID, model.EnumWord, model.Date, model.JSON, model.Bytes:
	}
	return x
}

// scaledInteger reads decimal text into a scaled integer, by its digits: a
// float in between would round. What overflows is more than any check allows.
func scaledInteger(x string, scale int) string {
	fraction := fmt.Sprintf("length(%s) - instr(%s, '.')", x, x)
	return fmt.Sprintf("CASE WHEN %s GLOB '*[^0-9.-]*' OR %s GLOB '?*-*' OR %s GLOB '*.*.*' OR %s NOT GLOB '*[0-9]*' OR (instr(%s, '.') > 0 AND %s > %d)"+
		" THEN 'not a decimal of scale %d: ' || %s"+
		" WHEN instr(%s, '.') = 0 THEN CAST(%s || '%s' AS INTEGER) ELSE CAST(replace(%s, '.', '') || substr('%s', 1, %d - (%s)) AS INTEGER) END",
		x, x, x, x, x, fraction, scale,
		scale, x,
		x, x, strings.Repeat("0", scale), x, strings.Repeat("0", scale), scale, fraction)
}

// misfit: a number that did not fit is text.
func (s sqlite) misfit(to *column) string {
	if s.columnType(to) == "TEXT" {
		return ""
	}
	return fmt.Sprintf("typeof(%s) = 'text'", quote(to.name))
}

func (sqlite) malformed(text string) string { return fmt.Sprintf("json(%s)", text) }

func (s sqlite) toJSON(x string, from *column) string {
	switch {
	case from.scalar == model.JSON || from.list:
		return x
	case textual(from.scalar):
		return fmt.Sprintf("CASE WHEN %s IS NOT NULL THEN json_quote(%s) END", x, x)
	case from.scalar == model.DateTime || from.scalar == model.Duration:
		return fmt.Sprintf("CASE WHEN %s IS NOT NULL THEN json_quote(%s) END", x, s.toText(x, from))
	}
	return s.toText(x, from)
}

func (sqlite) array(x string) string {
	return fmt.Sprintf(`json_group_array(json(%s) ORDER BY m."position")`, x)
}

func (sqlite) elements(table, column string) string {
	element := fmt.Sprintf("CASE e.type WHEN 'null' THEN NULL ELSE t.%s -> e.fullkey END", column)
	return fmt.Sprintf(`SELECT t."id" AS "owner", e.key AS "position", %s AS "value" FROM %s AS t, json_each(t.%s) AS e`, element, table, column)
}

// newUUID makes a random UUID (version 4): a migration knows no clock.
func (sqlite) newUUID() string {
	return "lower(printf('%s-%s-4%s-%s%s-%s', hex(randomblob(4)), hex(randomblob(2)), substr(hex(randomblob(2)), 2)," +
		" substr('89ab', 1 + (random() & 3), 1), substr(hex(randomblob(2)), 2), hex(randomblob(6))))"
}

// convert casts. PostgreSQL rounds when it casts a number; where digits would
// go, a text that says so is cast instead, and that fails.
func (p postgres) convert(x string, from, to *column) string {
	a, b := from.scalar, to.scalar
	target := p.columnType(to)
	switch {
	case sameForm(from, to) && from.precision <= to.precision, p.columnType(from) == target && b != model.Int64 && b != model.Duration && a != model.Decimal:
		return x
	case isInteger(a) && isInteger(b):
		return x + "::" + target
	case (isInteger(a) || a == model.Decimal) && b == model.Float:
		return fmt.Sprintf("CASE WHEN %s::double precision::text::numeric = %s THEN %s::double precision ELSE ('not exact: ' || %s)::double precision END", x, x, x, x)
	case isInteger(a) && b == model.Decimal:
		return x + "::" + target
	case a == model.Decimal && b == model.Decimal && to.scale >= from.scale:
		return x
	case a == model.Decimal && b == model.Decimal:
		return exact(x, to.scale)
	case a == model.Float && b == model.Decimal:
		return exact(x+"::text::numeric", to.scale)
	case (a == model.Float || a == model.Decimal) && isInteger(b):
		return fmt.Sprintf("trim_scale(%s::text::numeric)::text::%s", x, target)
	case a == model.Boolean && isInteger(b):
		return fmt.Sprintf("%s::integer::%s", x, target)
	case isInteger(a) && b == model.Boolean:
		return fmt.Sprintf("CASE WHEN %s IN (0, 1) THEN %s = 1 ELSE ('not a Boolean: ' || %s)::boolean END", x, x, x)
	case a == model.Date && b == model.DateTime:
		return x + "::timestamp AT TIME ZONE 'UTC'"
	case a == model.DateTime && b == model.Date:
		utc := fmt.Sprintf("(%s AT TIME ZONE 'UTC')", x)
		return fmt.Sprintf("CASE WHEN date_trunc('day', %s) = %s THEN %s::date ELSE (%s || ' has a time of day')::date END", utc, utc, utc, utc)
	case b == model.JSON:
		return p.toJSON(x, from)
	}
	return p.fromText(p.toText(x, from), to)
}

// exact is a number that must have no more digits after the point.
func exact(x string, scale int) string {
	return fmt.Sprintf("CASE WHEN %s = round(%s, %d) THEN %s ELSE ('not a decimal of scale %d: ' || %s)::numeric END", x, x, scale, x, scale, x)
}

func (postgres) toText(x string, from *column) string {
	switch from.scalar {
	case model.Int, model.Int64, model.Float, model.Boolean, model.UUID, model.Date:
		return x + "::text"
	case model.Decimal:
		return fmt.Sprintf("trim_scale(%s)::text", x)
	case model.Duration:
		return fmt.Sprintf("CASE WHEN %s < 0 THEN '-' ELSE '' END || 'PT' || trim_scale(abs(%s) / 1000000.0) || 'S'", x, x)
	case model.DateTime:
		return fmt.Sprintf(`rtrim(rtrim(to_char(%s AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'), '0'), '.') || 'Z'`, x)
	case model.Bytes:
		return fmt.Sprintf("translate(encode(%s, 'base64'), chr(10), '')", x)
	case model.JSON:
		return fmt.Sprintf("(%s #>> '{}')", x)
	case model.String, model.ID, model.EnumWord:
	}
	return x
}

func (p postgres) fromText(x string, to *column) string {
	switch to.scalar {
	case model.Decimal:
		return exact(fmt.Sprintf("(%s)::numeric", x), to.scale)
	case model.Duration:
		return fmt.Sprintf("(coalesce(replace(substring(%s from '^-?PT([0-9.]+)S$'), '-', ''), %s)::numeric * 1000000 * CASE WHEN %s LIKE '-%%' THEN -1 ELSE 1 END)::bigint", x, x, x)
	case model.Bytes:
		return fmt.Sprintf("decode(%s, 'base64')", x)
	case model.String, model.ID, model.EnumWord:
		return x
	case model.Int, model.Int64:
		return fmt.Sprintf("(CASE WHEN %s ~ '^(0|-?[1-9][0-9]*)$' THEN %s ELSE 'not an integer: ' || %s END)::%s", x, x, x, p.columnType(to))
	case model.Float, model.Boolean, model.UUID, model.Date, model.DateTime, model.JSON:
	}
	return fmt.Sprintf("(%s)::%s", x, p.columnType(to))
}

func (p postgres) toJSON(x string, from *column) string {
	switch from.scalar {
	case model.JSON:
		return x
	case model.Int, model.Int64, model.Float, model.Boolean:
		return fmt.Sprintf("to_jsonb(%s)", x)
	case model.Decimal:
		return fmt.Sprintf("to_jsonb(trim_scale(%s))", x)
	case model.String, model.ID, model.EnumWord, model.UUID, model.Date, model.DateTime, model.Duration, model.Bytes:
	}
	return fmt.Sprintf("to_jsonb(%s)", p.toText(x, from))
}

func (postgres) array(x string) string {
	return fmt.Sprintf(`coalesce(jsonb_agg(%s ORDER BY m."position"), '[]')`, x)
}

func (postgres) elements(table, column string) string {
	return fmt.Sprintf(`SELECT t."id" AS "owner", e.at - 1 AS "position", nullif(e.element, 'null') AS "value" FROM %s AS t, jsonb_array_elements(t.%s) WITH ORDINALITY AS e(element, at)`, table, column)
}

func (postgres) misfit(*column) string { return "" }

func (postgres) malformed(text string) string { return fmt.Sprintf("(%s)::jsonb", text) }

func (postgres) newUUID() string { return "gen_random_uuid()" }
