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
	case s.jsonList: // element by element, for the text of a jsonb array has blanks
		e = "CASE WHEN " + e + " IS NOT NULL THEN '[' || coalesce((SELECT string_agg(m.value::text, ',' ORDER BY m.key) FROM jsonb_array_elements(" +
			e + ") WITH ORDINALITY AS m(value, key)), '') || ']' END"
	case s.scalar == model.JSON, s.scalar == model.Boolean, s.scalar == model.Int, s.scalar == model.Int64:
		e = e + "::text"
	case isText(s.scalar):
		e = "to_json(" + e + ")::text"
	default:
		e = postgresJSON(s.scalar, e)
	}
	if !nullable {
		return e
	}
	return "coalesce(" + e + ", 'null')"
}

// postgresJSON is the JSON text of the scalars whose own text is none.
func postgresJSON(scalar model.Scalar, e string) string {
	switch scalar { //nolint:exhaustive // the others are their own text
	case model.Float:
		return "CASE WHEN abs(" + e + ") < 1e17 AND " + e + " = trunc(" + e + ") THEN " + e + "::bigint::text ELSE " + e + "::text END"
	case model.Decimal:
		return "trim_scale(" + e + ")::text"
	case model.DateTime:
		return `'"' || rtrim(rtrim(to_char(` + e + ` AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'), '0'), '.') || 'Z"'`
	case model.Duration:
		return `CASE WHEN ` + e + ` < 0 THEN '"-PT' ELSE '"PT' END || trim_scale(abs(` + e + `) / 1000000.0)::text || 'S"'`
	case model.Bytes:
		return `'"' || replace(encode(` + e + `, 'base64'), chr(10), '') || '"'`
	default:
		return e + "::text"
	}
}

func (d postgres) jsonArray(s stored, column, subquery string) string {
	return "(SELECT '[' || coalesce(string_agg(" + d.json(s, column, true) + ", ','), '') || ']' FROM (" + subquery + ") AS v)"
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

func (postgres) unlimited() any { return nil }

func (postgres) forUpdate() string { return " FOR UPDATE" }

func (postgres) like(w *writer, expression, pattern string, ignoreCase bool) error {
	w.add(expression)
	if ignoreCase {
		w.add(" ILIKE ")
	} else {
		w.add(" LIKE ")
	}
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

func (d postgres) afterIdentity(table string) (string, bool) {
	counter := "pg_get_serial_sequence(" + literal(quote(table)) + ", 'id')"
	return "SELECT setval(" + counter + ", greatest((SELECT max(\"id\") FROM " + quote(table) + "), pg_sequence_last_value(" + counter + ")))", true
}
