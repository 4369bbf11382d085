// Package introspect reads what a database has that larder did not make: [Read]
// tells its tables, views, keys and checks in one form for both engines,
// [Database.Models] makes models of them and says what they cannot hold, and
// [Database.Check] holds models against the database as it is now.
//
// The SQL of the catalogs is in this package and nowhere else.
package introspect

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/larderhq/larder/internal/statement"
	"github.com/larderhq/larder/internal/store"
)

// Reader is the part of a [store.Engine] that reading a catalog takes.
type Reader interface {
	Dialect() statement.Dialect
	Read(ctx context.Context, st statement.Statement, each func(scan store.Scan) error) error
}

// Database is what a database has: on PostgreSQL the first schema of the
// search_path.
type Database struct {
	Tables []*Table
	Enums  map[string][]string // PostgreSQL's enum types: their words in order

	postgres bool
	skipped  []string // sentences on what was not read
}

// Table is a table or a view.
type Table struct {
	Name       string
	Comment    string
	View       bool
	Columns    []*Column
	Key        []string // the primary key's columns
	Uniques    [][]string
	Indexes    [][]string
	Checks     []Check
	References []Reference

	// Constraints are all that a violation may name, with their columns.
	Constraints []store.Constraint

	withoutRowID bool
	guessed      bool // the key is what the values suggest
}

// Column is a column of a table.
type Column struct {
	Name    string
	Comment string
	// Type is the type as the catalog has it: on PostgreSQL typname, of a
	// domain the type below it; on SQLite as declared.
	Type      string
	Element   string // of an array: the typname of its elements
	Length    int    // characters at most; 0: not said
	Precision int    // of a numeric; 0: not said
	Scale     int
	NotNull   bool
	Default   string // as SQL
	Computed  bool   // from other columns, or an identity that takes no other value
	Assigned  bool   // the database counts it up

	values values
}

// Check is a check constraint.
type Check struct {
	Name       string
	Expression string // as SQL
}

// Reference is a foreign key.
type Reference struct {
	Columns  []string
	Table    string
	Target   []string // the columns that it refers to
	OnDelete string   // CASCADE, SET_NULL or ""
}

// Read reads the catalog. It looks at no row.
func Read(ctx context.Context, reader Reader) (*Database, error) {
	d := &Database{Enums: map[string][]string{}, postgres: reader.Dialect().Name() == "postgres"}
	read := d.readSQLite
	if d.postgres {
		read = d.readPostgres
	}
	if err := read(ctx, reader); err != nil {
		return nil, fmt.Errorf("read what the database has: %w", err)
	}
	return d, nil
}

// Look looks at the values, for what the catalog does not tell: on SQLite at
// all of them, on PostgreSQL at numerics without digits, at arrays, and for
// keys of views. Models are better after it.
func (d *Database) Look(ctx context.Context, reader Reader) error {
	for _, t := range d.Tables {
		if err := d.look(ctx, reader, t); err != nil {
			return fmt.Errorf("look at the values of %s: %w", t.Name, err)
		}
	}
	return nil
}

// own reports whether a table is larder's own or the engine's.
func own(name string) bool {
	return strings.HasPrefix(name, "larder_") || strings.HasPrefix(name, "sqlite_")
}

func (d *Database) table(name string) *Table {
	for _, t := range d.Tables {
		if strings.EqualFold(t.Name, name) && (!d.postgres || t.Name == name) {
			return t
		}
	}
	return nil
}

func (t *Table) column(name string) *Column {
	for _, c := range t.Columns {
		if c.Name == name {
			return c
		}
	}
	return nil
}

// rows runs a query whose rows are one JSON object each.
func rows[T any](ctx context.Context, reader Reader, sql string, arguments []any, each func(T) error) error {
	return reader.Read(ctx, statement.Statement{SQL: sql, Args: arguments}, func(scan store.Scan) error {
		var text []byte
		var row T
		if err := scan(&text); err != nil {
			return err
		}
		if err := json.Unmarshal(text, &row); err != nil {
			return fmt.Errorf("read %s: %w", text, err)
		}
		return each(row)
	})
}

func quote(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }
