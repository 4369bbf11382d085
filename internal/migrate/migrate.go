// Package migrate makes the tables of a schema and takes them from one schema
// to the next. [Create] gives the tables of a whole schema, [Compare] the
// [Change]s between two schemas, and each change becomes plain SQL for SQLite
// and for PostgreSQL. A project keeps that SQL in a folder of numbered files
// ([Open], [Dir.Diff]); [Up] applies what a database does not have yet, each
// file in one transaction, once ever.
//
// The difference is taken between models and never by looking at a database:
// names and renames are known exactly that way, and the same files come out on
// every machine.
package migrate

import (
	"strings"

	"github.com/larderhq/larder/internal/model"
)

// The names of the dialects, as statement.Dialect.Name gives them.
const (
	SQLite   = "sqlite"
	Postgres = "postgres"
)

// dialects are all engines that migration files are written for, in the order
// in which they are written.
func dialects() []dialect { return []dialect{sqlite{}, postgres{}} }

// dialect writes the SQL of tables and changes for one engine.
type dialect interface {
	name() string
	// columnType is the type of a column.
	columnType(c *column) string
	// check is the condition that the column's values fulfil, "" for none.
	check(c *column) string
	// literal is a canonical value of the column as SQL.
	literal(c *column, value any) string
	// computation is what a computed column is computed as.
	computation(c *column) string
	// createTable makes a table with its keys and checks.
	createTable(t *table) []string
	// createIndex makes an index, or what holds a unique set.
	createIndex(x *index) string
	// afterTables is what a new table needs once all tables exist.
	afterTables(t *table) []string
	// steps turns the difference between two layouts into statements.
	steps(d *difference) []step
	conversion
}

// dialectOf is the dialect with the name: PostgreSQL's, or else SQLite's.
func dialectOf(name string) dialect {
	if name == Postgres {
		return postgres{}
	}
	return sqlite{}
}

// Create returns the statements that make every table of the schema in an
// empty database, for the dialect with the name (a statement.Dialect's: SQLite
// unless it is Postgres).
func Create(dialectName string, schema *model.Schema) []string {
	return createTables(dialectOf(dialectName), layoutOf(schema).tables)
}

// createTables makes tables, then what needs all of them to be there.
func createTables(d dialect, tables []*table) []string {
	var statements []string
	for _, t := range tables {
		statements = append(statements, d.createTable(t)...)
	}
	for _, t := range tables {
		for _, x := range t.indexes {
			statements = append(statements, d.createIndex(x))
		}
	}
	for _, t := range tables {
		statements = append(statements, d.afterTables(t)...)
	}
	return statements
}

// quote writes an identifier.
func quote(name string) string {
	return `"` + strings.ReplaceAll(name, `"`, `""`) + `"`
}

// quoteAll writes a list of identifiers.
func quoteAll(names []string) string {
	quoted := make([]string, len(names))
	for i, name := range names {
		quoted[i] = quote(name)
	}
	return strings.Join(quoted, ", ")
}

// text writes a string constant.
func text(s string) string {
	return "'" + strings.ReplaceAll(s, "'", "''") + "'"
}
