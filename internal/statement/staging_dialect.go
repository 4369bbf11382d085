package statement

import (
	"fmt"
	"strconv"

	"github.com/larderhq/larder/internal/model"
)

// stagingDialect is a Dialect with what only an import's statements need.
type stagingDialect interface {
	Dialect
	// numbered is the placeholder of the n-th argument, from 1, wherever and
	// however often it stands.
	numbered(n int) string
	// keyType is the type of a key, and jsonType that of an origin's base.
	keyType() string
	jsonType() string
	// idType is the type of the ids of the type's records.
	idType(t *model.Type) string
	// stagedType is the type of a staging table's column for the field.
	stagedType(f *model.Field) string
	// newIDs selects (position, id) with fresh ids for the positions of a table,
	// which a condition may follow, in their order.
	newIDs(t *model.Type, from string) string
	// elements is a table of the elements of a staged list, with their position
	// from 0 and their value as it is stored.
	elements(s stored, list string) (from, position, value string)
	// analyse tells the engine's planner what a table holds, where it does not
	// find out by itself.
	analyse(table string) []Statement
	// kind is what kind of JSON a value is: object, array, string, number,
	// boolean or null.
	kind(value string) string
}

// stagingOf is the dialect as an import needs it.
func stagingOf(d Dialect) stagingDialect {
	if d.Name() == (postgres{}).Name() {
		return postgresStaging{}
	}
	return sqliteStaging{}
}

type sqliteStaging struct{ sqlite }

func (sqliteStaging) numbered(n int) string { return "?" + strconv.Itoa(n) }

func (sqliteStaging) keyType() string { return "text" }

func (sqliteStaging) jsonType() string { return "text" }

func (sqliteStaging) idType(t *model.Type) string {
	if t.ID.Scalar == model.UUID {
		return "text"
	}
	return "integer"
}

// stagedType: a column without a type keeps a value as it is bound.
func (sqliteStaging) stagedType(*model.Field) string { return "" }

// newIDs counts from the highest id that the table ever had, as AUTOINCREMENT
// does.
func (sqliteStaging) newIDs(t *model.Type, from string) string {
	return fmt.Sprintf(`SELECT "position", coalesce((SELECT "seq" FROM "sqlite_sequence" WHERE "name" = %s), 0) + row_number() OVER (ORDER BY "position") AS "id" FROM %s`,
		literal(t.Table()), from)
}

func (sqliteStaging) analyse(string) []Statement { return nil }

func (d sqliteStaging) elements(s stored, list string) (from, position, value string) {
	return "json_each(" + list + ") e", `e."key"`, d.fromElement(s, `e."value"`)
}

func (sqliteStaging) kind(value string) string {
	return "CASE json_type(" + value + ") WHEN 'text' THEN 'string' WHEN 'integer' THEN 'number' WHEN 'real' THEN 'number' " +
		"WHEN 'true' THEN 'boolean' WHEN 'false' THEN 'boolean' ELSE json_type(" + value + ") END"
}

type postgresStaging struct{ postgres }

func (postgresStaging) numbered(n int) string { return "$" + strconv.Itoa(n) }

// keyType compares bytes, as larder_origin does: a locale takes ten times as
// long to sort.
func (postgresStaging) keyType() string { return `text COLLATE "C"` }

func (postgresStaging) jsonType() string { return "jsonb" }

func (postgresStaging) idType(t *model.Type) string {
	if t.ID.Scalar == model.UUID {
		return "uuid"
	}
	return "bigint"
}

func (d postgresStaging) stagedType(f *model.Field) string {
	switch f.Kind {
	case model.ToOne:
		return "text" // the target's key
	case model.ValueList, model.ManyToMany, model.JSONColumn:
		return "jsonb"
	case model.Column, model.ToMany:
	}
	return d.castTo(storedAs(f))[len("::"):]
}

// newIDs looks the sequence up once, in a subquery, and not for every row.
func (postgresStaging) newIDs(t *model.Type, from string) string {
	return fmt.Sprintf(`SELECT p."position", nextval((SELECT pg_get_serial_sequence(%s, 'id')::regclass)) AS "id" FROM (SELECT "position" FROM %s ORDER BY "position") p`,
		literal(quote(t.Table())), from)
}

// analyse: autovacuum does not see temporary tables, and other tables only when
// the transaction is over.
func (postgresStaging) analyse(table string) []Statement {
	return []Statement{{SQL: "ANALYZE " + table}}
}

func (d postgresStaging) elements(s stored, list string) (from, position, value string) {
	return `jsonb_array_elements_text(` + list + `) WITH ORDINALITY AS e("value", "key")`, `e."key" - 1`, d.fromElement(s, `e."value"`)
}

func (postgresStaging) kind(value string) string { return "jsonb_typeof(" + value + ")" }
