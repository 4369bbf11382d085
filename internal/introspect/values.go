package introspect

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/larderhq/larder/internal/statement"
	"github.com/larderhq/larder/internal/store"
)

// values are what the values of a column are: how many of each sort.
type values struct {
	All       int64 // but nulls
	Integers  int64
	Reals     int64
	Texts     int64
	Blobs     int64
	Bits      int64 // 0 or 1
	Days      int64 // 2026-11-23
	Moments   int64 // 2026-11-23T17:18:00.000000Z
	UUIDs     int64
	Documents int64 // JSON objects and lists

	Digits, Scale, Dimensions int64 // of numerics and arrays: the most
}

// look looks at the values of one table, and for a key where it has none.
func (d *Database) look(ctx context.Context, reader Reader, t *Table) error {
	const most = 40 // columns at once: a function of SQLite takes 127 arguments
	for columns := range slices.Chunk(t.Columns, most) {
		if err := d.lookAt(ctx, reader, t, columns); err != nil {
			return err
		}
	}
	if len(t.Key) > 0 {
		return nil
	}
	for _, unique := range t.Uniques {
		if !slices.ContainsFunc(unique, func(name string) bool { return !t.column(name).NotNull }) {
			t.Key = unique
			return nil
		}
	}
	return d.guessKey(ctx, reader, t)
}

func (d *Database) lookAt(ctx context.Context, reader Reader, t *Table, columns []*Column) error {
	var looks []string
	var looked []*Column
	for _, c := range columns {
		if sql := d.lookSQL(c); sql != "" {
			looks, looked = append(looks, sql), append(looked, c)
		}
	}
	if len(looks) == 0 {
		return nil
	}
	function := "json_array"
	if d.postgres {
		function = "json_build_array"
	}
	sql := "SELECT " + function + "(" + strings.Join(looks, ", ") + ") FROM " + quote(t.Name)
	if d.postgres {
		sql = strings.Replace(sql, ") FROM", ")::text FROM", 1)
	}
	return rows(ctx, reader, sql, nil, func(found []values) error {
		for i, c := range looked {
			c.values = found[i]
		}
		return nil
	})
}

// lookSQL counts the sorts of a column's values, as a JSON object.
func (d *Database) lookSQL(c *Column) string {
	name := quote(c.Name)
	if d.postgres {
		switch {
		case c.Type == "numeric" && c.Precision == 0:
			return fmt.Sprintf("(json_build_object('Digits', coalesce(max(length(trunc(abs(%s))::text)), 0), 'Scale', coalesce(max(scale(%s)), 0)))", name, name)
		case c.Element != "":
			return fmt.Sprintf("(json_build_object('Dimensions', coalesce(max(array_ndims(%s)), 0)))", name)
		}
		return ""
	}
	sum := func(condition string) string {
		return fmt.Sprintf("count(*) FILTER (WHERE %s)", strings.ReplaceAll(condition, "@", name))
	}
	// The @ of a condition is the column.
	return "json_object('All', count(" + name + "), 'Integers', " + sum("typeof(@) = 'integer'") + ", 'Reals', " + sum("typeof(@) = 'real'") +
		", 'Texts', " + sum("typeof(@) = 'text'") + ", 'Blobs', " + sum("typeof(@) = 'blob'") + ", 'Bits', " + sum("@ IN (0, 1)") +
		", 'Days', " + sum("length(@) = 10 AND date(@) IS @") + ", 'Moments', " + sum("@ GLOB '????-??-??T??:??:??.??????Z'") +
		", 'UUIDs', " + sum("length(@) = 36 AND @ GLOB '????????-????-????-????-????????????' AND NOT @ GLOB '*[^0-9a-f-]*'") +
		", 'Documents', " + sum("json_valid(@) AND substr(@, 1, 1) IN ('{', '[')") + ")"
}

// keyTypes are the types of PostgreSQL that a guessed key may have.
var keyTypes = []string{"int2", "int4", "int8", "text", "varchar", "bpchar", "uuid", "date"}

// guessKey finds one column, or two, that no two rows have the same of: for a
// view, and for a table that has no key. Without rows the name decides.
func (d *Database) guessKey(ctx context.Context, reader Reader, t *Table) error {
	var candidates []*Column
	for _, c := range t.Columns {
		if !d.postgres && c.values.Blobs == 0 || d.postgres && slices.Contains(keyTypes, c.Type) {
			candidates = append(candidates, c)
		}
	}
	slices.SortStableFunc(candidates, func(a, b *Column) int { return rank(a.Name) - rank(b.Name) })
	const most = 12 // columns are looked at, and all pairs of them
	candidates = candidates[:min(most, len(candidates))]
	count := func(columns ...*Column) (all, different int64, err error) {
		names := make([]string, len(columns))
		conditions := make([]string, len(columns))
		for i, c := range columns {
			names[i], conditions[i] = quote(c.Name), quote(c.Name)+" IS NOT NULL"
		}
		sql := fmt.Sprintf("SELECT (SELECT count(*) FROM %s), (SELECT count(*) FROM (SELECT DISTINCT %s FROM %s WHERE %s) AS v)",
			quote(t.Name), strings.Join(names, ", "), quote(t.Name), strings.Join(conditions, " AND "))
		err = reader.Read(ctx, statement.Statement{SQL: sql}, func(scan store.Scan) error { return scan(&all, &different) })
		return all, different, err
	}
	for i, c := range candidates {
		all, different, err := count(c)
		if err != nil {
			return err
		}
		if all == different && (all > 0 || rank(c.Name) < plainName) {
			t.guess(c)
			return nil
		}
		for _, first := range candidates[:i] {
			if all, different, err = count(first, c); err != nil {
				return err
			}
			if all == different && all > 0 && rank(first.Name) < plainName && rank(c.Name) < plainName {
				t.guess(first, c)
				return nil
			}
		}
	}
	return nil
}

func (t *Table) guess(columns ...*Column) {
	t.guessed = true
	for _, c := range columns {
		c.NotNull = true
		t.Key = append(t.Key, c.Name)
	}
}

// plainName is the rank of a name that does not look like a key's.
const plainName = 2

func rank(name string) int {
	words := wordsOf(name)
	switch {
	case len(words) == 1 && words[0] == "id":
		return 0
	case len(words) > 0 && words[len(words)-1] == "id":
		return 1
	}
	return plainName
}
