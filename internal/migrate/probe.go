package migrate

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/larderhq/larder/internal/store"
)

// Lint tells what to think about before the migrations that the engine's
// database lacks are applied, or all of them for a nil engine. The next one is
// held against the rows that are there: what breaks no row is left out, and
// the first rows that it would break or lose are named.
func Lint(ctx context.Context, engine store.Engine, dir *Dir) ([]Finding, error) {
	first := 0
	if engine != nil {
		records, err := recordsOf(ctx, engine)
		if err != nil {
			return nil, err
		}
		first = min(len(records), len(dir.migrations))
	}
	var all []Finding
	for i, m := range dir.migrations[first:] {
		findings, d, err := dir.lint(m, engine)
		if err != nil {
			return nil, err
		}
		if engine != nil && i == 0 && d != nil {
			if findings, err = probe(ctx, engine, d, findings); err != nil {
				return nil, fmt.Errorf("lint %s against the rows: %w", m, err)
			}
		}
		all = append(all, findings...)
	}
	return all, nil
}

// lint is what a migration's files alone tell; the difference is nil for a
// hand-written one.
func (d *Dir) lint(m Migration, engine store.Engine) ([]Finding, *difference, error) {
	var findings []Finding
	concerns := func(name string) bool { return engine == nil || name == "" || name == engine.Dialect().Name() }
	if m.models == nil {
		for _, e := range dialects() {
			if concerns(e.name()) {
				written, err := d.lintFile(m, e.name())
				if err != nil {
					return nil, nil, err
				}
				findings = append(findings, written...)
			}
		}
		return findings, nil, nil
	}
	from, err := d.modelsBefore(m.Version)
	if err != nil {
		return nil, nil, err
	}
	to, err := d.modelsBefore(m.Version + 1)
	if err != nil {
		return nil, nil, err
	}
	difference, err := compare(from, to)
	if err != nil {
		return nil, nil, err
	}
	for _, c := range difference.changes {
		for _, f := range append(lintChange(c), lintComputed(c)...) {
			if concerns(f.Engine) && !m.buildsElsewhere(f) {
				f.File = filepath.Join(d.path, m.String())
				if engine != nil {
					f.File = filepath.Join(d.path, m.File(engine.Dialect().Name()))
				}
				findings = append(findings, f)
			}
		}
	}
	return findings, difference, nil
}

// buildsElsewhere reports whether a finding is of the lock of an index that
// another migration builds concurrently.
func (m *Migration) buildsElsewhere(f Finding) bool {
	c, ok := f.change.(addIndex)
	return ok && f.Severity == Locking && !strings.Contains(m.sql[Postgres], postgres{}.createIndex(c.index))
}

// Check holds the plan's findings against the rows of a database that has
// applied every migration of the folder.
func (p *Plan) Check(ctx context.Context, engine store.Engine) error {
	var concerned []Finding
	for _, f := range p.Findings {
		if f.Engine == "" || f.Engine == engine.Dialect().Name() {
			concerned = append(concerned, f)
		}
	}
	findings, err := probe(ctx, engine, p.difference, concerned)
	if err != nil {
		return fmt.Errorf("hold the plan against the rows: %w", err)
	}
	p.Findings = findings
	return nil
}

// probe asks the database for the rows that each finding is about and leaves
// out what breaks none.
func probe(ctx context.Context, engine store.Engine, d *difference, findings []Finding) ([]Finding, error) {
	e := dialectOf(engine.Dialect().Name())
	var kept []Finding
	for _, f := range findings {
		if table := growing(f.change); table != "" && f.Severity == Locking {
			if many, err := d.hasManyRows(ctx, engine, table); err != nil {
				return nil, err
			} else if !many {
				continue
			}
		}
		if sql := d.concerned(e, f.change); sql != "" && f.Severity != Locking {
			if err := f.ask(ctx, engine, sql); err != nil {
				return nil, err
			}
			if f.Rows == 0 && f.Severity == Breaking {
				continue
			}
		}
		kept = append(kept, f)
	}
	return kept, nil
}

// growing is the table that a new index or column is of, or "".
func growing(c Change) string {
	switch c := c.(type) {
	case addIndex:
		return c.index.table
	case addColumn:
		return c.column.table
	}
	return ""
}

// hasManyRows reports whether the table has manyRows.
func (d *difference) hasManyRows(ctx context.Context, engine store.Engine, table string) (bool, error) {
	t := d.tables[d.to.byName[table]]
	count, err := readTexts(ctx, engine.Read, fmt.Sprintf("SELECT CAST(count(*) AS TEXT) FROM (SELECT 1 FROM %s LIMIT %d) AS n", quote(t.name), manyRows), 1)
	if err != nil {
		return false, err
	}
	return count[0][0] == strconv.Itoa(manyRows), nil
}

// ask counts the rows that a query selects, as text, and keeps the first.
func (f *Finding) ask(ctx context.Context, engine store.Engine, sql string) error {
	const examples = 5
	count, err := readTexts(ctx, engine.Read, "SELECT CAST(count(*) AS TEXT) FROM (\n"+sql+"\n) AS n", 1)
	if err == nil {
		f.Rows, err = strconv.ParseInt(count[0][0], 10, 64)
	}
	if err != nil {
		// PostgreSQL converts no value that does not fit, and says which one.
		if ctx.Err() != nil || engine.Dialect().Name() != Postgres {
			return err
		}
		if violation := (*store.Violation)(nil); errors.As(err, &violation) && violation.Err != nil {
			err = violation.Err
		}
		f.Rows, f.Examples = 1, []string{err.Error()}
		return nil
	}
	rows, err := readTexts(ctx, engine.Read, fmt.Sprintf("%s\nLIMIT %d", sql, examples), 1)
	if err != nil {
		return err
	}
	f.Examples = nil
	for _, row := range rows {
		f.Examples = append(f.Examples, row[0])
	}
	return nil
}

// concerned is the query for the rows, of the database as it is before the
// migration, that a change would lose or that would break it: one column of
// text. It is "" where there is nothing to ask.
func (d *difference) concerned(e dialect, c Change) string {
	switch c := c.(type) {
	case dropTable:
		return d.rows(c.table, "")
	case dropColumn:
		return d.rows(d.from.byName[c.column.table], quote(c.column.name)+" IS NOT NULL")
	case addColumn:
		return d.rows(d.tables[d.to.byName[c.column.table]], "")
	case changeRequired:
		return d.rows(d.from.byName[c.from.table], quote(c.from.name)+" IS NULL")
	case changeType:
		return d.unfit(e, c.from, c.to)
	case changeCheck:
		return d.unfit(e, c.from, c.to)
	case addIndex:
		return d.duplicates(c.index)
	case createTable, renameTable, renameColumn, changeDefault, changeReference, dropIndex, renameIndex, moveValues, changeDescription:
	}
	return ""
}

// rows selects the rows of an old table, by their keys.
func (d *difference) rows(t *table, where string) string {
	if where != "" {
		where = " WHERE " + where
	}
	return fmt.Sprintf("SELECT %s FROM %s%s", keyText(t), quote(t.name), where)
}

// keyText writes a row's key, as in "id 7".
func keyText(t *table) string {
	parts := make([]string, len(t.key))
	for i, name := range t.key {
		parts[i] = fmt.Sprintf("%s || CAST(%s AS TEXT)", text(name+" "), quote(name))
	}
	return strings.Join(parts, " || ' ' || ")
}

// unfit selects the rows whose values the new column's type or check refuses.
func (d *difference) unfit(e dialect, from, to *column) string {
	t := d.from.byName[from.table]
	shown := fmt.Sprintf(`%s || ': ' || CAST(%s AS TEXT) AS "larder_row"`, keyText(t), quote(from.name))
	value := e.convert(quote(from.name), from, to)
	// Never true; it makes PostgreSQL convert every value, and fail where it will.
	conditions := []string{quote(to.name) + " IS NULL"}
	if condition := e.check(to); condition != "" {
		conditions = append(conditions, "NOT ("+condition+")")
	}
	if condition := e.misfit(to); condition != "" {
		conditions = append(conditions, condition)
	}
	return fmt.Sprintf("SELECT \"larder_row\" FROM (\n  SELECT %s, %s AS %s FROM %s WHERE %s IS NOT NULL\n) AS m WHERE %s",
		shown, value, quote(to.name), quote(t.name), quote(from.name), strings.Join(conditions, " OR "))
}

// duplicates selects the values that several rows share in the columns of a
// new unique set, if all of its columns are there already.
func (d *difference) duplicates(x *index) string {
	to := d.to.byName[x.table]
	from := d.tables[to]
	if from == nil || !x.unique {
		return ""
	}
	var names, shown, present []string
	for _, name := range x.columns {
		old := d.columns[to.column(name)]
		if old == nil {
			return ""
		}
		names = append(names, quote(old.name))
		shown = append(shown, fmt.Sprintf("%s || CAST(%s AS TEXT)", text(old.name+" "), quote(old.name)))
		present = append(present, quote(old.name)+" IS NOT NULL")
	}
	return fmt.Sprintf("SELECT %s || ': ' || CAST(count(*) AS TEXT) || ' rows' AS \"larder_row\" FROM %s WHERE %s GROUP BY %s HAVING count(*) > 1",
		strings.Join(shown, " || ', ' || "), quote(from.name), strings.Join(present, " AND "), strings.Join(names, ", "))
}
