package statement

import (
	"strconv"

	"github.com/larderhq/larder/internal/model"
)

// Copying writes the statements that move the rows of a whole database: those
// of the models' tables, and larder's own. Values pass between its databases in
// their canonical form (see package model), which is the same for every engine.
type Copying struct {
	dialect copyingDialect
	// Tables are all that is copied, none of which needs to come before another.
	Tables []*Table
}

// Table is a table whose rows are copied as they are.
type Table struct {
	Name    string
	Columns []TableColumn
	// Key is how many of the first columns are the primary key.
	Key int
	// Counted says that the engine counts up the first column.
	Counted bool
}

// Names are the names of the columns.
func (t *Table) Names() []string {
	names := make([]string, len(t.Columns))
	for i, column := range t.Columns {
		names[i] = column.Name
	}
	return names
}

// TableColumn is a column of a [Table].
type TableColumn struct {
	Name   string
	stored stored
	raw    bool // bytes that are in no form of a model's
}

// NewCopying returns the statements for the tables of schema, and larder's own,
// on an engine; without a schema for no tables.
func NewCopying(d Dialect, schema *model.Schema) *Copying {
	c := &Copying{dialect: copyingOf(d)}
	if schema == nil {
		return c
	}
	for _, t := range schema.Types {
		c.Tables = append(c.Tables, typeTable(t))
	}
	for _, t := range schema.Types {
		for _, f := range t.Fields {
			if f.Kind == model.ValueList || f.Kind == model.ManyToMany && f.Relation.Owning {
				c.Tables = append(c.Tables, listTable(f))
			}
		}
	}
	c.Tables = append(c.Tables, ownTables()...)
	return c
}

// typeTable is the table of a type's records.
func typeTable(t *model.Type) *Table {
	table := &Table{Name: t.Table(), Key: 1, Counted: storedAs(t.ID).scalar == model.Int64}
	for _, f := range append([]*model.Field{t.ID}, t.Fields...) {
		s := storedAs(f)
		switch f.Kind {
		case model.ValueList, model.ToMany, model.ManyToMany:
			continue
		case model.ToOne:
			s = storedAs(f.Relation.Target.ID) // also where it stands for a vocabulary's word
		case model.Column, model.JSONColumn:
		}
		if f.Computed != nil { // as the target does by itself
			continue
		}
		table.Columns = append(table.Columns, TableColumn{Name: f.Column(), stored: s})
	}
	return table
}

// listTable is the table of a list's values, or between two types.
func listTable(f *model.Field) *Table {
	element := storedAs(f)
	if f.Kind == model.ManyToMany {
		element = storedAs(f.Relation.Target.ID)
	}
	return &Table{Name: f.ValueTable(), Key: 2, Columns: []TableColumn{
		{Name: f.OwnerColumn(), stored: storedAs(f.Owner.ID)},
		{Name: "position", stored: stored{scalar: model.Int64}},
		{Name: listColumn(f), stored: element},
	}}
}

// ownTables are larder's own, except for the record of the migrations: that is
// made on the target by applying them.
func ownTables() []*Table {
	column := func(name string, scalar model.Scalar) TableColumn {
		return TableColumn{Name: name, stored: stored{scalar: scalar}}
	}
	return []*Table{
		{Name: "larder_origin", Key: 3, Columns: []TableColumn{
			column("type", model.String), column("source", model.String), column("key", model.String),
			column("record_id", model.String), column("base", model.JSON), column("run_id", model.Int64),
			column("detached", model.Int64),
		}},
		{Name: "larder_conflict", Key: 1, Counted: true, Columns: []TableColumn{
			column("id", model.Int64), column("source", model.String), column("type", model.String), column("key", model.String),
			column("field", model.String), column("record_id", model.String), column("base", model.JSON),
			column("upstream", model.JSON), column("local", model.JSON), column("run_id", model.Int64),
			column("found_at", model.DateTime), column("resolution", model.String), column("resolved_at", model.DateTime),
		}},
		{Name: "larder_run", Key: 1, Counted: true, Columns: []TableColumn{
			column("id", model.Int64), column("source", model.String), column("started_at", model.DateTime),
			column("finished_at", model.DateTime), column("status", model.String), column("address", model.String),
			column("bytes", model.Int64), column("fetched", model.Int64), column("created", model.Int64),
			column("updated", model.Int64), column("unchanged", model.Int64), column("gone", model.Int64),
			column("error", model.String), column("adopted", model.Int64), column("conflicts", model.Int64),
			column("removed", model.Int64), column("detached", model.Int64), column("deleted", model.Int64),
			column("held", model.Int64), column("asked", model.String), column("upstream_status", model.Int64),
			column("cause", model.String), column("profile", model.JSON),
		}},
		{Name: "larder_schedule", Key: 1, Columns: []TableColumn{
			column("source", model.String), column("rule", model.String), column("planned_at", model.DateTime),
			column("due_at", model.DateTime), column("holder", model.String), column("held_until", model.DateTime),
		}},
		{Name: "larder_contract", Key: 1, Columns: []TableColumn{
			column("source", model.String), column("run_id", model.Int64), column("types", model.JSON),
		}},
		{Name: "larder_upstream", Key: 1, Columns: []TableColumn{
			column("source", model.String), column("run_id", model.Int64), column("asked", model.String),
			column("etag", model.String), column("last_modified", model.String), column("origins", model.Int64),
		}},
		{Name: "larder_idempotency", Key: 1, Columns: []TableColumn{
			column("key", model.String), column("fingerprint", model.String),
			{Name: "answer", stored: stored{scalar: model.Bytes}, raw: true},
			column("created_at", model.DateTime),
		}},
	}
}

// Rows selects the rows of the table in the order of their keys, from behind
// the key after, nil for all. [Table.Value] reads what it selects.
func (c *Copying) Rows(t *Table, after []any) Statement {
	w := newWriter(c.dialect)
	w.add("SELECT ")
	for i, column := range t.Columns {
		w.add(separator(i), c.dialect.selected(column.stored, "r."+quote(column.Name)))
	}
	w.add(" FROM ", quote(t.Name), " AS r")
	if after != nil {
		w.add(" WHERE (", c.ordered(t), ") > ")
		c.tuple(w, t.Columns[:t.Key], after, true)
	}
	w.add(" ORDER BY ", c.ordered(t))
	return w.statement()
}

// Insert adds rows of canonical values to the table.
func (c *Copying) Insert(t *Table, rows [][]any) Statement {
	w := newWriter(c.dialect)
	w.add("INSERT INTO ", quote(t.Name), " (")
	for i, column := range t.Columns {
		w.add(separator(i), quote(column.Name))
	}
	w.add(") VALUES ")
	for i, row := range rows {
		w.add(separator(i))
		c.tuple(w, t.Columns, row, false)
	}
	return w.statement()
}

// Encode turns a row of canonical values into what the engine stores, in place.
func (c *Copying) Encode(t *Table, row []any) {
	for i, column := range t.Columns {
		row[i] = c.encoded(column, row[i])
	}
}

// Delete removes the rows with the keys from the table.
func (c *Copying) Delete(t *Table, keys [][]any) Statement {
	w := newWriter(c.dialect)
	w.add("DELETE FROM ", quote(t.Name), " WHERE (")
	for i, column := range t.Columns[:t.Key] {
		w.add(separator(i), quote(column.Name))
	}
	w.add(") IN (VALUES ")
	for i, key := range keys {
		w.add(separator(i))
		c.tuple(w, t.Columns[:t.Key], key, true)
	}
	w.add(")")
	return w.statement()
}

// Clear removes every row of the table.
func (c *Copying) Clear(t *Table) Statement {
	return Statement{SQL: "DELETE FROM " + quote(t.Name)}
}

// Count selects the number of rows of the table.
func (c *Copying) Count(t *Table) Statement {
	return Statement{SQL: "SELECT count(*) FROM " + quote(t.Name)}
}

// Counter selects the last number that the table's counter gave, 0 for none.
func (c *Copying) Counter(t *Table) Statement {
	return c.dialect.counter(t)
}

// SetCounter has the table's counter go on behind last.
func (c *Copying) SetCounter(t *Table, last int64) []Statement {
	return c.dialect.setCounter(t, last)
}

// ordered are the columns of the key as they are sorted.
func (c *Copying) ordered(t *Table) string {
	text := ""
	for i, column := range t.Columns[:t.Key] {
		text += separator(i) + c.dialect.byBytes(column.stored, "r."+quote(column.Name))
	}
	return text
}

// tuple writes values between parentheses, with their types where nothing else
// tells them.
func (c *Copying) tuple(w *writer, columns []TableColumn, values []any, typed bool) {
	w.add("(")
	for i, column := range columns {
		w.add(separator(i))
		w.bind(c.encoded(column, values[i]))
		if typed {
			w.add(c.dialect.castTo(column.stored))
		}
	}
	w.add(")")
}

func (c *Copying) encoded(column TableColumn, value any) any {
	if column.raw {
		return value
	}
	return c.dialect.encode(column.stored, value)
}

func separator(i int) string {
	if i == 0 {
		return ""
	}
	return ", "
}

// copyingDialect is a Dialect with what only copying needs.
type copyingDialect interface {
	Dialect
	// selected is a column as [Table.Value] reads it.
	selected(s stored, column string) string
	// byBytes is a column of a key, sorted by its bytes.
	byBytes(s stored, column string) string
	// momentType and integerType are the types of columns.
	momentType() string
	integerType() string
	// The others are the methods of Copying with the same names.
	counter(t *Table) Statement
	setCounter(t *Table, last int64) []Statement
	tableNames() Statement
	removable(tables []string) Statement
	broken() (Statement, bool)
	begin() Statement
	unguarded() []Statement
	refresh(t *Table) []Statement
}

// copyingOf is the dialect as copying needs it.
func copyingOf(d Dialect) copyingDialect {
	if d.Name() == (postgres{}).Name() {
		return postgresCopying{}
	}
	return sqliteCopying{}
}

type sqliteCopying struct{ sqlite }

func (sqliteCopying) selected(_ stored, column string) string { return column }

func (sqliteCopying) byBytes(_ stored, column string) string { return column }

func (sqliteCopying) counter(t *Table) Statement {
	return Statement{SQL: `SELECT coalesce(max("seq"), 0) FROM "sqlite_sequence" WHERE "name" = ?`, Args: []any{t.Name}}
}

func (sqliteCopying) setCounter(t *Table, last int64) []Statement {
	return []Statement{
		{SQL: `DELETE FROM "sqlite_sequence" WHERE "name" = ?`, Args: []any{t.Name}},
		{SQL: `INSERT INTO "sqlite_sequence" ("name", "seq") VALUES (?, ?)`, Args: []any{t.Name, last}},
	}
}

type postgresCopying struct{ postgres }

// selected gives what has no type in Go as text. A date's own text would
// follow the session's DateStyle.
func (postgresCopying) selected(s stored, column string) string {
	switch {
	case s.jsonList, s.scalar == model.JSON, s.scalar == model.Decimal, s.scalar == model.UUID:
		return column + "::text"
	case s.scalar == model.Date:
		return "to_char(" + column + ", 'YYYY-MM-DD')"
	case s.scalar == model.Int:
		return column + "::bigint"
	}
	return column
}

func (postgresCopying) byBytes(s stored, column string) string {
	if isText(s.scalar) && s.scalar != model.UUID {
		return column + ` COLLATE "C"`
	}
	return column
}

func (postgresCopying) counter(t *Table) Statement {
	return Statement{SQL: "SELECT coalesce(pg_sequence_last_value(" + serial(t) + "), 0)"}
}

// setCounter of 0 leaves a counter as it is that has given no number yet.
func (postgresCopying) setCounter(t *Table, last int64) []Statement {
	if last == 0 {
		return nil
	}
	return []Statement{{SQL: "SELECT setval(" + serial(t) + ", " + strconv.FormatInt(last, 10) + ")"}}
}

// serial is the sequence of the table's identity.
func serial(t *Table) string {
	return "pg_get_serial_sequence(" + literal(quote(t.Name)) + ", " + literal(t.Columns[0].Name) + ")::regclass"
}
