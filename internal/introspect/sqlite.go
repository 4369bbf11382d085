package introspect

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/larderhq/larder/internal/store"
)

const sqliteTables = `SELECT json_object('name', l.name, 'kind', l.type, 'withoutRowID', l.wr, 'sql', coalesce(s.sql, ''))
FROM pragma_table_list AS l JOIN sqlite_schema AS s ON s.name = l.name AND s.type IN ('table', 'view')
WHERE l.schema = 'main' ORDER BY l.name`

const (
	sqliteColumns    = `SELECT json_object('name', name, 'type', type, 'notNull', "notnull", 'default', coalesce(dflt_value, ''), 'key', pk, 'hidden', hidden) FROM pragma_table_xinfo(?) ORDER BY cid`
	sqliteReferences = `SELECT json_object('id', id, 'table', "table", 'from', "from", 'to', coalesce("to", ''), 'action', on_delete) FROM pragma_foreign_key_list(?) ORDER BY id DESC, seq`
	sqliteIndexes    = `SELECT json_object('name', l.name, 'unique', l."unique", 'origin', l.origin, 'partial', l.partial, 'column', x.name)
FROM pragma_index_list(?) AS l, pragma_index_xinfo(l.name) AS x WHERE x.key = 1 ORDER BY l.seq DESC, x.seqno`
)

// The kinds of hidden columns, as pragma_table_xinfo has them.
const (
	virtualTableColumn = 1
	virtualColumn      = 2
	storedColumn       = 3
)

func (d *Database) readSQLite(ctx context.Context, reader Reader) error {
	type tableRow struct {
		Name, Kind, SQL string
		WithoutRowID    int
	}
	definitions := map[*Table]string{}
	err := rows(ctx, reader, sqliteTables, nil, func(row tableRow) error {
		switch {
		case own(row.Name) || row.Kind == "shadow":
		case row.Kind == "virtual":
			d.skipped = append(d.skipped, fmt.Sprintf("the virtual table %s is left out: a module keeps it, not SQLite", row.Name))
		default:
			t := &Table{Name: row.Name, View: row.Kind == "view", withoutRowID: row.WithoutRowID == 1}
			d.Tables = append(d.Tables, t)
			definitions[t] = row.SQL
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, t := range d.Tables {
		if err := t.sqliteColumns(ctx, reader); err != nil {
			return err
		}
		if t.View {
			continue
		}
		if err := t.sqliteIndexes(ctx, reader); err != nil {
			return err
		}
		for _, check := range checksIn(definitions[t]) {
			t.Checks = append(t.Checks, check)
			t.Constraints = append(t.Constraints, store.Constraint{Name: check.Name, Table: t.Name, Columns: t.columnsIn(check.Expression)})
		}
	}
	for _, t := range d.Tables {
		if err := d.sqliteReferences(ctx, reader, t); err != nil {
			return err
		}
	}
	return nil
}

func (t *Table) sqliteColumns(ctx context.Context, reader Reader) error {
	type columnRow struct {
		Name, Type, Default  string
		NotNull, Key, Hidden int
	}
	keys := map[int]string{}
	err := rows(ctx, reader, sqliteColumns, []any{t.Name}, func(row columnRow) error {
		if row.Hidden == virtualTableColumn {
			return nil
		}
		c := &Column{Name: row.Name, Type: row.Type, Default: row.Default, NotNull: row.NotNull == 1 || row.Key > 0}
		c.Computed = row.Hidden == virtualColumn || row.Hidden == storedColumn
		t.Columns = append(t.Columns, c)
		if row.Key > 0 {
			keys[row.Key] = row.Name
		}
		return nil
	})
	for i := range len(keys) {
		t.Key = append(t.Key, keys[i+1])
	}
	return err
}

// sqliteIndexes reads indexes and unique constraints, which are indexes, too.
// A primary key without one is the row's own number, which SQLite assigns.
func (t *Table) sqliteIndexes(ctx context.Context, reader Reader) error {
	type indexRow struct {
		Name, Origin    string
		Unique, Partial int
		Column          *string
	}
	type index struct {
		indexRow
		columns     []string
		expressions bool
	}
	var indexes []*index
	err := rows(ctx, reader, sqliteIndexes, []any{t.Name}, func(row indexRow) error {
		if last := len(indexes) - 1; last < 0 || indexes[last].Name != row.Name {
			indexes = append(indexes, &index{indexRow: row})
		}
		i := indexes[len(indexes)-1]
		if row.Column == nil {
			i.expressions = true
			return nil
		}
		i.columns = append(i.columns, *row.Column)
		return nil
	})
	rowNumber := len(t.Key) == 1 && !t.withoutRowID
	for _, i := range indexes {
		plain := i.Partial == 0 && !i.expressions
		if i.Unique == 1 {
			t.Constraints = append(t.Constraints, store.Constraint{Name: i.Name, Table: t.Name, Columns: i.columns})
		}
		switch {
		case i.Origin == "pk":
			rowNumber = false
		case i.Unique == 1 && plain:
			t.Uniques = append(t.Uniques, i.columns)
		case plain:
			t.Indexes = append(t.Indexes, i.columns)
		}
	}
	if rowNumber {
		t.column(t.Key[0]).Assigned = true
	}
	return err
}

func (d *Database) sqliteReferences(ctx context.Context, reader Reader, t *Table) error {
	type referenceRow struct {
		ID                      int
		Table, From, To, Action string
	}
	last := -1
	return rows(ctx, reader, sqliteReferences, []any{t.Name}, func(row referenceRow) error {
		if row.ID != last {
			last = row.ID
			actions := map[string]string{"CASCADE": "CASCADE", "SET NULL": "SET_NULL"}
			t.References = append(t.References, Reference{Table: row.Table, OnDelete: actions[row.Action]})
		}
		r := &t.References[len(t.References)-1]
		target := d.table(row.Table)
		if target != nil {
			r.Table = target.Name // SQLite does not mind the case
		}
		if row.To == "" && target != nil && len(target.Key) > len(r.Target) {
			row.To = target.Key[len(r.Target)]
		}
		r.Columns, r.Target = append(r.Columns, t.spelt(row.From)), append(r.Target, target.spelt(row.To))
		return nil
	})
}

// spelt is a column's name as its table has it.
func (t *Table) spelt(name string) string {
	if t == nil {
		return name
	}
	for _, c := range t.Columns {
		if strings.EqualFold(c.Name, name) {
			return c.Name
		}
	}
	return name
}

// columnsIn are the columns that an expression names.
func (t *Table) columnsIn(expression string) []string {
	var columns []string
	for _, token := range scan(expression) {
		if token.kind != nameToken {
			continue
		}
		if c := t.column(t.spelt(token.text)); c != nil && !slices.Contains(columns, c.Name) {
			columns = append(columns, c.Name)
		}
	}
	return columns
}
