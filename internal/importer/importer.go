// Package importer brings the records of a source and the store into step.
// [Run] validates every record of an answer, compares it with what the store
// has and with what upstream said the last time, and makes the difference one
// transaction: rows, lists, relations, origins and the run's own row, or
// nothing of them.
//
// # The way of a record
//
// A reader walks each record down the model and turns it into rows: one for
// the record, one for every object nested in it. A row has a key, by which it
// is found again, and a base, the JSON object of what upstream said. Rows go
// to a temporary table of their type; set statements of package statement then
// compare the table with larder_origin, so that neither the number of records
// nor the size of the store is ever held in memory. Only the rows whose base
// differs come back, in pages, to be merged field by field ([merge]).
//
// # What changes
//
// A row without origin is created, or adopted when the store has a record with
// the same unique values already. Of a row with an origin, only the fields
// that changed upstream are assigned, and of those only the ones that nobody
// changed here; the others are conflicts, which keep the local value and are
// listed. A record that was deleted here stays deleted, unless it is to be
// restored. A record that a complete answer no longer has is removed, unless it
// was changed here or a record that stays refers to it: then it is detached, and
// follows its source again when that tells it again.
package importer

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/larderhq/larder/internal/model"
	"github.com/larderhq/larder/internal/source"
	"github.com/larderhq/larder/internal/statement"
	"github.com/larderhq/larder/internal/store"
)

// Options say how an import is run.
type Options struct {
	// DryRun does all the work and takes it back: the report is the plan.
	DryRun bool
	// KeepIDs gives new records the id that their source calls so, which must be
	// free: the source is an export. Else they get ids of their own.
	KeepIDs bool
	// Contract is what upstream says of its types now, to be held against what it
	// said at the last import; nil where it does not tell.
	Contract *source.Contract
	// Freeze has the import held where the two differ.
	Freeze bool
	// Plan is what the import has to do: where it would do anything else, it fails
	// with a [MovedError]. nil leaves it free.
	Plan *Planned
	// Listing is called when a dry run begins, and again where it has to begin
	// anew, and returns what is called for each row that would change, in order and
	// from the importing goroutine. It may be nil.
	Listing func() func(Change) error
	// OnConflict is what is done with a field that changed upstream and here,
	// where its type's @source does not say it; "" is LOCAL.
	OnConflict model.OnConflict
	// Priorities are those of the project's sources by name, 0 where one is not
	// named: a field that a source of higher priority tells is not taken from one
	// of lower.
	Priorities map[string]int
	// Collapse are the bounds beyond which the import is held, see [HeldError]; nil
	// has it never held for what upstream lost.
	Collapse *Collapse
	// Allow lets an import through that would be held: AllowCollapse, AllowDrift.
	Allow []string
	// Removed is what is done with a record that is gone upstream, where its
	// type's @source does not say it; "" is DELETE.
	Removed model.Removed
	// Restore are keys of records that were deleted here and are to be created
	// again, with their ids: a key of one value as people read it, another as a
	// JSON array. RestoreType is the type that they are of; "" where only one has
	// such records.
	Restore     []string
	RestoreType string
	// Progress is called as the import goes on, from the importing goroutine;
	// it may be nil.
	Progress func(Progress)
	// Now gives the times of the run's row; nil is time.Now.
	Now func() time.Time
	// Run is the id of the run's record, from [Begin]; 0 has the import begin one
	// itself, with Cause, Asked and Keep (see [Beginning]). A dry run has no
	// record.
	Run          int64
	Cause, Asked string
	Keep         int
}

// beginning is the record of a run that begins by itself.
func (o Options) beginning(sourceName string) Beginning {
	return Beginning{Source: sourceName, Cause: o.Cause, Asked: o.Asked, Keep: o.Keep}
}

// Progress is how far an import has come in one of its phases.
type Progress struct {
	Phase Phase
	Done  int
	Total int // 0 while it is not known
}

// Phase is a part of an import.
type Phase string

// The phases, in their order. Reading counts rows read and checked, comparing
// the ones that differ from the last time, writing the ones written.
const (
	Reading   Phase = "read"
	Comparing Phase = "compared"
	Writing   Phase = "written"
)

// errDryRun takes a dry run's transaction back.
var errDryRun = errors.New("dry run")

// Run imports what answer holds of the source into the store on engine, whose
// tables are those of schema. A failed import changes nothing but its record;
// its error is an [InvalidError] when records were at fault, and a [HeldError]
// when a person has to decide. The caller closes answer.
func Run(ctx context.Context, engine store.Engine, schema *model.Schema, sourceName string, answer *source.Answer, options Options) (Report, error) {
	if options.Now == nil {
		options.Now = time.Now
	}
	if options.Progress == nil {
		options.Progress = func(Progress) {}
	}
	started := options.Now()
	report := newReport(sourceName, answer, options.DryRun)
	if options.Run == 0 && !options.DryRun {
		var err error
		if options.Run, err = Begin(ctx, engine, options.beginning(sourceName)); err != nil {
			return report, err
		}
	}
	err := engine.Write(store.Large(ctx), func(ctx context.Context, tx store.Tx) error {
		// All of it anew, since the work may run more than once.
		report = newReport(sourceName, answer, options.DryRun)
		report.Run = options.Run
		plan, err := newPlan(engine.Dialect(), schema, sourceName, options.KeepIDs)
		if err != nil {
			return err
		}
		plan.settleRemoval(schema, options.Removed)
		r := &run{plan: plan, tx: tx, answer: answer, options: options, report: &report}
		if err := r.do(ctx); err != nil {
			return err
		}
		if options.DryRun {
			return errDryRun
		}
		return nil
	})
	report.Seconds = options.Now().Sub(started).Seconds()
	if err == nil || options.DryRun && errors.Is(err, errDryRun) {
		return report, nil
	}
	end := statement.ImportRun{
		Status: string(RunFailed), Finished: options.Now(), Address: answer.Address, UpstreamStatus: answer.Status,
		Bytes: answer.Bytes, Fetched: report.Fetched,
	}
	if invalid := (*InvalidError)(nil); errors.As(err, &invalid) {
		err = invalid
	}
	if held := (*HeldError)(nil); errors.As(err, &held) {
		err, end.Status, end.Held = held, string(RunHeld), held.Rows
	}
	if moved := (*MovedError)(nil); errors.As(err, &moved) {
		err, end.Status = moved, string(RunHeld)
	}
	err = fmt.Errorf("import %s: %w", sourceName, err)
	if options.DryRun {
		return report, err
	}
	end.Error = err.Error()
	return report, errors.Join(err, endRun(ctx, engine, options.Run, end))
}
