package transfer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/larderhq/larder/internal/migrate"
	"github.com/larderhq/larder/internal/statement"
	"github.com/larderhq/larder/internal/store"
)

// NotEmptyError is a target that has something already.
type NotEmptyError struct {
	Found    []string // "planet (60 rows)", "a table album"
	Finished bool     // what it has is a finished copy
}

// Error says what was found and what to do.
func (e *NotEmptyError) Error() string {
	if e.Finished {
		return "the target is a finished copy already: bring it up to date with larder copy --update, or name an empty database"
	}
	return "the target is not empty: it has " + strings.Join(e.Found, ", ") + ": name an empty database"
}

// ChangedError is a finished copy that was written to since.
type ChangedError struct {
	Table string // the first that is not as the copy left it
}

// Error says so.
func (e *ChangedError) Error() string {
	return "the target was written to since it was copied (" + e.Table + " is not what it was), and an update would undo that: copy into an empty database"
}

// ErrUnfinished is a database that a copy has not been finished into.
var ErrUnfinished = errors.New("the database is an unfinished copy: finish it with larder copy, or drop it")

// CheckWhole returns ErrUnfinished when the database is a copy that was begun
// and not finished: rows, indexes and foreign keys are missing in it.
func CheckWhole(ctx context.Context, engine store.Engine) error {
	s := side{engine, statement.NewCopying(engine.Dialect(), nil)}
	names, err := s.tableNames(ctx)
	if err != nil || !slices.ContainsFunc(names, statement.IsStateTable) {
		return err
	}
	state, err := s.state(ctx)
	if err == nil && state != statement.CopyDone {
		return ErrUnfinished
	}
	return err
}

func (s side) tableNames(ctx context.Context) (names []string, err error) {
	err = s.engine.Read(ctx, s.statements.TableNames(), func(scan store.Scan) error {
		var name string
		names = append(names, "")
		err := scan(&name)
		names[len(names)-1] = name
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("look for tables: %w", err)
	}
	return names, nil
}

// known are the names of the tables that a database of the schema has.
func (s side) known() map[string]bool {
	known := map[string]bool{"larder_migration": true}
	for _, t := range s.statements.Tables {
		known[t.Name] = true
	}
	return known
}

// state is how far a copy into the database has come.
func (s side) state(ctx context.Context) (state statement.CopyState, err error) {
	err = s.engine.Read(ctx, s.statements.State(), func(scan store.Scan) error {
		var text string
		err := scan(&text)
		state = statement.CopyState(text)
		return err
	})
	if err != nil {
		return "", fmt.Errorf("read how far the copy has come: %w", err)
	}
	return state, nil
}

// prepare looks at what the target has, marks it as a copy and brings it to
// the project's last migration.
func (c *copier) prepare(ctx context.Context, dir *migrate.Dir) error {
	names, err := c.to.tableNames(ctx)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(names, statement.IsStateTable) {
		if c.state, err = c.to.state(ctx); err != nil {
			return err
		}
	}
	switch c.state {
	case "":
		err = c.refuseFilled(ctx, names)
	case statement.CopyDone:
		c.report.Updated = true
		if !c.options.Update {
			return &NotEmptyError{Finished: true}
		}
	case statement.CopyBegun, statement.CopyLoading:
		c.report.Resumed = true
	}
	if err != nil {
		return err
	}
	mark := func(ctx context.Context, tx store.Tx) error {
		for _, st := range c.to.statements.MakeState(time.Now()) {
			if _, err := tx.Exec(ctx, st); err != nil {
				return err
			}
		}
		return nil
	}
	if err := c.to.engine.Write(ctx, mark); err != nil {
		return fmt.Errorf("mark the target as a copy: %w", err)
	}
	if err := c.refuseOutgrown(ctx, dir); err != nil {
		return err
	}
	if _, err := migrate.Up(ctx, c.to.engine, dir, migrate.Options{}); err != nil {
		return fmt.Errorf("make the tables of the target: %w", err)
	}
	return nil
}

// refuseFilled refuses a target with tables of something else, or with rows.
func (c *copier) refuseFilled(ctx context.Context, names []string) error {
	known := c.to.known()
	var found []string
	for _, name := range names {
		if !known[name] {
			found = append(found, "a table "+name)
		}
	}
	for _, t := range c.to.statements.Tables {
		if !slices.Contains(names, t.Name) {
			continue
		}
		n, err := c.count(ctx, c.to.engine.Read, c.to, t)
		if err != nil {
			return err
		}
		if n > 0 {
			found = append(found, fmt.Sprintf("%s (%s)", t.Name, rowsText(n)))
		}
	}
	if len(found) == 0 {
		return nil
	}
	const most = 5
	if more := len(found) - most; more > 0 {
		found = append(found[:most], fmt.Sprintf("and %d more", more))
	}
	return &NotEmptyError{Found: found}
}

func rowsText(n int64) string {
	if n == 1 {
		return "1 row"
	}
	return fmt.Sprintf("%d rows", n)
}

func (c *copier) count(ctx context.Context, read store.ReadFunc, of side, t *statement.Table) (n int64, err error) {
	err = read(ctx, of.statements.Count(t), func(scan store.Scan) error { return scan(&n) })
	if err != nil {
		return 0, fmt.Errorf("count the rows of %s: %w", t.Name, err)
	}
	return n, nil
}

// refuseOutgrown refuses to go on with a copy from before the last migration,
// which would meet a table without its indexes.
func (c *copier) refuseOutgrown(ctx context.Context, dir *migrate.Dir) error {
	if c.state != statement.CopyLoading {
		return nil
	}
	states, err := migrate.Status(ctx, c.to.engine, dir)
	if err != nil {
		return err
	}
	for _, s := range states {
		if s.Applied.IsZero() {
			return fmt.Errorf("the target is a copy that was not finished before the migration %s was written: drop it and copy into an empty database", s.Migration)
		}
	}
	return nil
}

// beginLoading readies the target for rows. What a migration itself has put
// into a new database goes: it is among the rows of the source.
func (c *copier) beginLoading(ctx context.Context) error {
	if err := c.readProgress(ctx); err != nil {
		return err
	}
	if c.state == statement.CopyDone {
		if err := c.checkUnchanged(ctx); err != nil {
			return err
		}
	}
	if err := c.run(ctx, c.to.statements.Unguarded()...); err != nil {
		return err
	}
	if c.state == statement.CopyLoading {
		return nil
	}
	return c.transaction(ctx, func() error {
		if err := c.remove(ctx); err != nil {
			return fmt.Errorf("take the indexes away: %w", err)
		}
		if !c.report.Updated {
			for _, t := range c.to.statements.Tables {
				if err := c.run(ctx, c.to.statements.Clear(t)); err != nil {
					return fmt.Errorf("clear %s: %w", t.Name, err)
				}
			}
		}
		return c.run(ctx, c.to.statements.SetState(statement.CopyLoading, time.Now()))
	})
}

// readProgress reads what an earlier copy has done.
func (c *copier) readProgress(ctx context.Context) error {
	c.progress = map[string]tableProgress{}
	err := c.conn.Query(ctx, c.to.statements.Progress(), func(scan store.Scan) error {
		var name string
		var p tableProgress
		var last, checksum *string
		if err := scan(&name, &p.rows, &last, &checksum); err != nil {
			return err
		}
		if checksum != nil {
			p.checksum = *checksum
		}
		if last != nil {
			var err error
			if p.last, err = decodeKey(*last); err != nil {
				return err
			}
		}
		c.progress[name] = p
		return nil
	})
	if err != nil {
		return fmt.Errorf("read how far the copy has come: %w", err)
	}
	return nil
}

// decodeKey reads a key that was written as a JSON array of integers and texts.
func decodeKey(text string) ([]any, error) {
	var key []any
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	if err := decoder.Decode(&key); err != nil {
		return nil, fmt.Errorf("read the key %s: %w", text, err)
	}
	for i, part := range key {
		number, isNumber := part.(json.Number)
		if !isNumber {
			continue
		}
		n, err := number.Int64()
		if err != nil {
			return nil, fmt.Errorf("read the key %s: %w", text, err)
		}
		key[i] = n
	}
	return key, nil
}

// checkUnchanged holds a finished copy against what it was when it was finished.
func (c *copier) checkUnchanged(ctx context.Context) error {
	for _, t := range c.to.statements.Tables {
		sum, err := c.checksum(ctx, c.to.engine.Read, c.to, t)
		if err != nil {
			return fmt.Errorf("look whether the target was written to: %w", err)
		}
		if sum != c.progress[t.Name].checksum {
			return &ChangedError{Table: t.Name}
		}
	}
	return nil
}

// remove takes away what rows are loaded without, and writes down how to bring
// it back.
func (c *copier) remove(ctx context.Context) error {
	type object struct{ remove, restore string }
	var objects []object
	err := c.conn.Query(ctx, c.to.statements.Removable(), func(scan store.Scan) error {
		var o object
		err := scan(&o.remove, &o.restore)
		objects = append(objects, o)
		return err
	})
	if err != nil {
		return err
	}
	for i, o := range objects {
		if err := c.run(ctx, c.to.statements.KeepObject(int64(i), o.restore), c.to.statements.Text(o.remove)); err != nil {
			return err
		}
	}
	return nil
}

// finish brings back what was taken away, checks the foreign keys, and writes
// down that the copy is whole.
func (c *copier) finish(ctx context.Context) error {
	if err := c.restore(ctx); err != nil {
		return fmt.Errorf("bring back the indexes and constraints: %w", err)
	}
	if st, needed := c.to.statements.Broken(); needed {
		err := c.conn.Query(ctx, st, func(scan store.Scan) error {
			var table string
			return errors.Join(scan(&table), fmt.Errorf("a row of %s refers to a record that does not exist, in the source too: correct it there and copy again", table))
		})
		if err != nil {
			return err
		}
	}
	for _, t := range c.to.statements.Tables {
		if err := c.run(ctx, c.to.statements.Refresh(t)...); err != nil {
			return fmt.Errorf("look at %s: %w", t.Name, err)
		}
	}
	return c.within(ctx, c.to.statements.SetState(statement.CopyDone, time.Now()))
}

func (c *copier) restore(ctx context.Context) error {
	type object struct {
		position int64
		restore  string
	}
	var objects []object
	err := c.conn.Query(ctx, c.to.statements.Objects(), func(scan store.Scan) error {
		var o object
		err := scan(&o.position, &o.restore)
		objects = append(objects, o)
		return err
	})
	if err != nil {
		return err
	}
	total := int64(len(objects))
	for i, o := range objects {
		c.tell(Progress{Phase: Building, Done: int64(i), Total: total})
		if err := c.within(ctx, c.to.statements.Text(o.restore), c.to.statements.DropObject(o.position)); err != nil {
			return fmt.Errorf("%s: %w", o.restore, err)
		}
	}
	c.tell(Progress{Phase: Building, Done: total, Total: total, Last: true})
	return nil
}
