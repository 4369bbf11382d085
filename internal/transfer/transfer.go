// Package transfer copies a whole database into another one, of the same engine
// or of another: every row of the models' tables, the values of lists, the rows
// between types, larder's own memory of imports and of answered requests, and
// where every counter stands. [Copy] is the whole of it.
//
// A copy works in the order of primary keys. It makes the tables by the
// project's migrations, takes indexes, foreign keys and triggers away, loads
// the rows of one snapshot of the source in chunks, each of which is one
// transaction with the key that it reaches, compares every row of both
// databases, corrects what differs, compares again, and brings back what it
// took away. A copy that was killed goes on behind the last key; what changed
// in the source meanwhile is found by the comparison.
//
// Rows are compared as JSON arrays of canonical values (see package model), in
// which an engine's way to store a value does not show.
package transfer

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/larderhq/larder/internal/migrate"
	"github.com/larderhq/larder/internal/model"
	"github.com/larderhq/larder/internal/statement"
	"github.com/larderhq/larder/internal/store"
)

// Options adjust a copy.
type Options struct {
	// Update takes a finished copy to where the source is now. What was written
	// to the copy itself is a [ChangedError].
	Update bool
	// Progress is told how far the copy has come; nil: nobody is.
	Progress func(Progress)
}

// Phase is a part of a copy.
type Phase string

// The phases, in their order.
const (
	Copying   Phase = "copied"   // rows of a table
	Verifying Phase = "verified" // rows of a table
	Building  Phase = "built"    // indexes, unique sets, foreign keys and triggers, of all tables
)

// Progress is how far a phase has come.
type Progress struct {
	Phase Phase
	Table string // "" for Building
	Done  int64
	Total int64 // as counted when the phase began
	Last  bool  // the phase is done with the table
}

// Report is what a copy did.
type Report struct {
	Resumed bool          `json:"resumed"` // an earlier copy had not been finished
	Updated bool          `json:"updated"` // an earlier copy had been
	Tables  []TableReport `json:"tables"`
	Left    []string      `json:"left"` // tables of the source that the models do not know, which were not copied
	Seconds float64       `json:"seconds"`
}

// TableReport is what became of one table. It has the same rows now as the
// source's had in the snapshot.
type TableReport struct {
	Table     string `json:"table"`
	Rows      int64  `json:"rows"`
	Copied    int64  `json:"copied"`    // rows that were added behind those of an earlier copy
	Corrected int64  `json:"corrected"` // rows of an earlier copy that were not as in the source
	// Checksum is the SHA-256 of the rows in the order of their keys, each a JSON
	// array of canonical values and a line end.
	Checksum string `json:"checksum"`
}

// Copy makes the database of the engine to a copy of the one of the engine
// from. Both stay in use by the caller, who closes them; from may be written
// meanwhile, to must not. Dir has the migrations of the schema, all of which
// from must have.
//
// To must be empty ([NotEmptyError]), or have a copy that was not finished,
// which is resumed, or one that was, if options say so.
func Copy(ctx context.Context, from, to store.Engine, dir *migrate.Dir, schema *model.Schema, options Options) (Report, error) {
	source, ok := from.(store.Snapshotter)
	if !ok {
		return Report{}, fmt.Errorf("the engine %s cannot hold a state still to copy it", from.Dialect().Name())
	}
	began := time.Now()
	c := &copier{
		report: Report{Left: []string{}},
		from:   side{from, statement.NewCopying(from.Dialect(), schema)},
		to:     side{to, statement.NewCopying(to.Dialect(), schema)}, options: options,
	}
	if err := c.checkSource(ctx, dir); err != nil {
		return Report{}, err
	}
	if err := c.prepare(ctx, dir); err != nil {
		return Report{}, err
	}
	err := to.Exclusive(ctx, func(ctx context.Context, conn store.Tx) error {
		c.conn = conn
		if err := c.beginLoading(ctx); err != nil {
			return err
		}
		if err := source.Snapshot(ctx, c.copySnapshot); err != nil {
			return err
		}
		return c.finish(ctx)
	})
	c.report.Seconds = time.Since(began).Seconds()
	return c.report, err
}

// side is one of the two databases.
type side struct {
	engine     store.Engine
	statements *statement.Copying
}

// copier is one copy.
type copier struct {
	from, to side
	options  Options
	conn     store.Tx // to's, while rows are written
	state    statement.CopyState
	progress map[string]tableProgress
	report   Report
}

// tableProgress is what to knows of a table's copy.
type tableProgress struct {
	rows     int64
	last     []any // the key that was reached; nil: none
	checksum string
}

// checkSource refuses a source that is not at the project's last migration, or
// no whole database.
func (c *copier) checkSource(ctx context.Context, dir *migrate.Dir) error {
	states, err := migrate.Status(ctx, c.from.engine, dir)
	if err != nil {
		return err
	}
	if len(states) == 0 {
		return errors.New("the project has no migrations, so that there is no database to copy")
	}
	for _, s := range states {
		switch {
		case s.Missing:
			return fmt.Errorf("the source has the migration %s, which the project lacks: use the version of the project that has it", s.Migration)
		case s.Changed:
			return fmt.Errorf("the source's migration %s is not the project's: restore the file as it was when it was applied", s.Migration)
		case s.Applied.IsZero():
			return fmt.Errorf("the source lacks the migration %s: apply it with larder migrate up", s.Migration)
		}
	}
	if outdated, err := migrate.Outdated(ctx, c.from.engine); err != nil {
		return err
	} else if outdated {
		return errors.New("the source is of an earlier release of larder: bring it to this one with larder migrate up")
	}
	names, err := c.from.tableNames(ctx)
	if err != nil {
		return err
	}
	known := c.from.known()
	for _, name := range names {
		if !known[name] && !statement.IsStateTable(name) {
			c.report.Left = append(c.report.Left, name)
		}
	}
	return CheckWhole(ctx, c.from.engine)
}

// copySnapshot copies what read shows, which does not change while it lasts.
func (c *copier) copySnapshot(ctx context.Context, read store.ReadFunc) error {
	tables := c.from.statements.Tables
	c.report.Tables = make([]TableReport, len(tables))
	for i, t := range tables {
		c.report.Tables[i].Table = t.Name
		if err := c.load(ctx, read, t, &c.report.Tables[i]); err != nil {
			return fmt.Errorf("copy %s: %w", t.Name, err)
		}
	}
	for i, t := range tables {
		if err := c.verify(ctx, read, t, &c.report.Tables[i]); err != nil {
			return fmt.Errorf("verify %s: %w", t.Name, err)
		}
	}
	for _, t := range tables {
		if t.Counted {
			if err := c.copyCounter(ctx, read, t); err != nil {
				return fmt.Errorf("copy the counter of %s: %w", t.Name, err)
			}
		}
	}
	if err := c.copyMigrated(ctx, read); err != nil {
		return fmt.Errorf("copy when the migrations were applied: %w", err)
	}
	return nil
}

// copyCounter has the next record created in the copy get the id that it would
// have got in the source.
func (c *copier) copyCounter(ctx context.Context, read store.ReadFunc, t *statement.Table) error {
	var last int64
	if err := read(ctx, c.from.statements.Counter(t), func(scan store.Scan) error { return scan(&last) }); err != nil {
		return err
	}
	return c.within(ctx, c.to.statements.SetCounter(t, last)...)
}

// copyMigrated gives the migrations of the copy the times of the source.
func (c *copier) copyMigrated(ctx context.Context, read store.ReadFunc) error {
	var changes []statement.Statement
	err := read(ctx, c.from.statements.Migrated(), func(scan store.Scan) error {
		var version int64
		var scanned any
		if err := scan(&version, &scanned); err != nil {
			return err
		}
		at, ok := statement.Moment(scanned)
		if !ok {
			return fmt.Errorf("migration %04d was applied at %v, which is no time", version, scanned)
		}
		changes = append(changes, c.to.statements.SetMigrated(version, at))
		return nil
	})
	if err != nil {
		return err
	}
	return c.within(ctx, changes...)
}

func (c *copier) tell(now Progress) {
	if c.options.Progress != nil {
		c.options.Progress(now)
	}
}

// within runs the statements in one transaction.
func (c *copier) within(ctx context.Context, statements ...statement.Statement) error {
	return c.transaction(ctx, func() error { return c.run(ctx, statements...) })
}

// run runs the statements one after the other. A statement may return rows,
// which do not matter.
func (c *copier) run(ctx context.Context, statements ...statement.Statement) error {
	for _, st := range statements {
		if _, err := c.conn.Exec(ctx, st); err != nil {
			return err
		}
	}
	return nil
}

// transaction commits what work did, or takes it back.
func (c *copier) transaction(ctx context.Context, work func() error) error {
	if err := c.run(ctx, c.to.statements.Begin()); err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	if err := work(); err != nil {
		return errors.Join(err, c.run(context.WithoutCancel(ctx), c.to.statements.Rollback()))
	}
	if err := c.run(ctx, c.to.statements.Commit()); err != nil {
		return errors.Join(fmt.Errorf("commit: %w", err), c.run(context.WithoutCancel(ctx), c.to.statements.Rollback()))
	}
	return nil
}
