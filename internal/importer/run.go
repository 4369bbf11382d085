package importer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/larderhq/larder/internal/source"
	"github.com/larderhq/larder/internal/statement"
	"github.com/larderhq/larder/internal/store"
)

// run is one import inside its transaction.
type run struct {
	plan    *plan
	tx      store.Tx
	answer  *source.Answer
	options Options
	report  *Report
	ledger  *ledger // nil where nobody wants to know

	profile profile    // of the answer
	last    *profile   // of the last import that was done; nil before it
	held    *HeldError // for what the answer looks like

	first    bool                   // no type has any record or origin yet
	types    []TypeReport           // of plan.tables, in their order
	assigned map[*table]map[int]int // field index → rows that take it from upstream
	refused  ConflictError
}

// do runs the whole import. Nothing of the project's own tables is touched
// before every record is known to be valid.
func (r *run) do(ctx context.Context) error {
	r.assigned = map[*table]map[int]int{}
	r.types = make([]TypeReport, len(r.plan.tables))
	r.ledger = newLedger(r.plan.source, r.options)
	r.ledger.follow(r.types, r.plan.tables)
	for _, step := range []func(context.Context) error{r.findLast, r.stage, r.inspect, r.lock, r.compare, r.gone, r.hold, r.write, r.forgetConflicts, r.drop} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	for i, t := range r.plan.tables {
		report := r.types[i]
		report.Type, report.Resource = t.typ.Name, t.typ.Resource()
		r.report.Types = append(r.report.Types, report)
	}
	if err := r.settle(ctx); err != nil {
		return err
	}
	return r.finish(ctx)
}

// stage reads every record into the staging tables.
func (r *run) stage(ctx context.Context) error {
	if err := r.drift(ctx); err != nil {
		return err
	}
	if err := r.exec(ctx, statement.PrepareImport(r.dialect())...); err != nil {
		return err
	}
	for _, t := range r.plan.tables {
		if err := r.exec(ctx, t.staging.Create()...); err != nil {
			return err
		}
	}
	in := &reader{plan: r.plan, failed: newFailedPaths(r.answer.Failed), ledger: r.ledger}
	err := r.load(ctx, in)
	r.report.Fetched = in.fetched
	if err != nil {
		return err
	}
	r.options.Progress(Progress{Phase: Reading, Done: in.fetched, Total: in.fetched})
	if err := in.invalid.orNil(); err != nil {
		return err
	}
	for _, t := range r.plan.tables {
		if err := r.index(ctx, t, in); err != nil {
			return err
		}
	}
	if err := r.dangling(ctx, &in.invalid); err != nil {
		return err
	}
	return in.invalid.orNil()
}

// index lets the table's rows be found by their keys, of which each has one of
// its own then. A row that is nested in no other is likely to have: that is
// seen from the index, without a look at every row.
func (r *run) index(ctx context.Context, t *table, in *reader) error {
	if err := r.exec(ctx, t.staging.Loaded()...); err != nil {
		return err
	}
	if !t.nested {
		err := r.exec(ctx, t.staging.IndexUnique())
		if violation := (*store.Violation)(nil); !errors.As(err, &violation) {
			return err
		}
	}
	if err := r.exec(ctx, t.staging.Index()); err != nil {
		return err
	}
	if t.nested {
		if err := r.exec(ctx, t.staging.Repeats()); err != nil {
			return err
		}
	}
	return r.unite(ctx, t, in)
}

// dangling notes the rows that name a record by its key which the source does
// not have.
func (r *run) dangling(ctx context.Context, invalid *InvalidError) error {
	for _, t := range r.plan.tables {
		for _, f := range t.fields {
			if f.Relation == nil || !r.plan.byType[f.Relation.Target].referred {
				continue
			}
			search, ok := t.staging.Dangling(f, reportedProblems+1)
			if !ok {
				continue
			}
			err := r.tx.Query(ctx, search, func(scan store.Scan) error {
				var record int
				var key, named string
				if err := scan(&record, &key, &named); err != nil {
					return err
				}
				invalid.add(Problem{
					Record: record, Path: t.typ.Name, Key: key, Field: f.Name,
					Message: fmt.Sprintf("the source has no %s with the key %s: add it there, or correct the value", f.Relation.Target.Name, named),
				})
				return nil
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// lock lets no other import come between what is compared and what is written.
func (r *run) lock(ctx context.Context) error {
	return r.exec(ctx, statement.LockImports(r.dialect())...)
}

// compare finds out what each staged row is and what is to be done.
func (r *run) compare(ctx context.Context) error {
	if err := r.isFirst(ctx); err != nil {
		return err
	}
	for _, t := range r.plan.tables {
		if err := r.match(ctx, t); err != nil {
			return err
		}
	}
	if err := r.restore(ctx); err != nil {
		return err
	}
	if !r.first {
		if err := r.untilDone(ctx, (*statement.Staging).Orphans); err != nil {
			return err
		}
	}
	var invalid InvalidError
	for i, t := range r.plan.tables {
		if err := r.number(ctx, t, &invalid); err != nil {
			return err
		}
		if err := r.count(ctx, t, &r.types[i]); err != nil {
			return err
		}
	}
	if err := invalid.orNil(); err != nil || r.first {
		return err
	}
	for i, t := range r.plan.tables {
		if err := r.mergeAll(ctx, t, &r.types[i]); err != nil {
			return err
		}
	}
	return r.refused.orNil()
}

// isFirst finds out whether there is nothing yet that the rows could be
// compared with.
func (r *run) isFirst(ctx context.Context) error {
	r.first = true
	for _, t := range r.plan.tables {
		err := r.tx.Query(ctx, t.staging.Fresh(), func(scan store.Scan) error {
			var fresh int64
			err := scan(&fresh)
			r.first = r.first && fresh == 1
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// match finds out which record each row of the table is.
func (r *run) match(ctx context.Context, t *table) error {
	match := t.staging.Match()
	if r.first {
		match = t.staging.MatchNew()
	}
	return r.exec(ctx, append([]statement.Statement{match}, t.staging.Matched()...)...)
}

// number gives the new rows their ids, and notes which of them cannot be created.
func (r *run) number(ctx context.Context, t *table, invalid *InvalidError) error {
	if err := r.incomplete(ctx, t, invalid); err != nil || r.first {
		return err
	}
	return r.exec(ctx, t.staging.Number())
}

// incomplete notes the new rows that lack a required value.
func (r *run) incomplete(ctx context.Context, t *table, invalid *InvalidError) error {
	return r.tx.Query(ctx, t.staging.Incomplete(reportedProblems+1), func(scan store.Scan) error {
		var record int
		var key, fields string
		if err := scan(&record, &key, &fields); err != nil {
			return err
		}
		invalid.add(Problem{
			Record: record, Path: t.typ.Name, Key: key, Field: fields,
			Message: "required to create the record, but the source does not say it: add it to the query, or give it a @default",
		})
		return nil
	})
}

// count fills in the counts that the match tells, and the first rows.
func (r *run) count(ctx context.Context, t *table, report *TypeReport) error {
	adopting := false
	err := r.tx.Query(ctx, t.staging.Counts(), func(scan store.Scan) error {
		var state, rows int
		if err := scan(&state, &rows); err != nil {
			return err
		}
		switch statement.State(state) {
		case statement.StagedNew:
			report.Created.Count = rows
		case statement.StagedUnchanged:
			report.Unchanged = rows
		case statement.StagedDeleted:
			report.Deleted.Count = rows
		case statement.StagedRestored:
			report.Restored.Count = rows
		case statement.StagedAdopted:
			adopting = true
		case statement.StagedChanged: // counted when it is merged, as the adopted ones are
		}
		return nil
	})
	if err != nil {
		return err
	}
	if adopting {
		if err := r.exec(ctx, t.staging.Adopt(r.report.Run)); err != nil {
			return err
		}
	}
	if report.Created.Count > 0 {
		if err := r.listed(ctx, t, statement.StagedNew, &report.Created); err != nil {
			return err
		}
	}
	if report.Restored.Count > 0 {
		if err := r.listed(ctx, t, statement.StagedRestored, &report.Restored); err != nil {
			return err
		}
	}
	if report.Deleted.Count > 0 {
		return r.listed(ctx, t, statement.StagedDeleted, &report.Deleted)
	}
	return nil
}

// listed shows the rows in a state, which are counted.
func (r *run) listed(ctx context.Context, t *table, state statement.State, rows *Rows) error {
	return r.tx.Query(ctx, t.staging.First(state, r.ledger.limit()), func(scan store.Scan) error {
		var key, base string
		var id *string
		if err := scan(&key, &id, &base); err != nil {
			return err
		}
		var values texts
		if err := json.Unmarshal([]byte(base), &values); err != nil {
			return fmt.Errorf("list %s %s: %w", t.typ.Name, key, err)
		}
		t.normalise(values)
		row := Row{Key: json.RawMessage(key), Values: values.object(t.names)}
		if id != nil && state != statement.StagedNew {
			row.ID = *id
		}
		rows.show(row)
		return nil
	})
}

// write changes the project's tables: new records first, in an order in which
// what they point to is there, then what points to anything, then the origins.
// What is gone goes when nothing refers to it: much of it before all this, the
// rest at the end.
func (r *run) write(ctx context.Context) error {
	total := 0
	for i, t := range r.plan.tables {
		total += r.types[i].created() + r.types[i].Adopted.Count + r.types[i].Updated.Count + t.leaving
	}
	done := 0
	r.options.Progress(Progress{Phase: Writing, Total: total})
	if err := r.removeFirst(ctx); err != nil {
		return err
	}
	for i, t := range r.plan.tables {
		if r.types[i].created() == 0 {
			continue
		}
		if err := r.exec(ctx, t.staging.Insert()...); err != nil {
			return r.explain(ctx, t, err)
		}
		done += r.types[i].created()
		r.options.Progress(Progress{Phase: Writing, Done: done, Total: total})
	}
	for i, t := range r.plan.tables {
		if r.types[i].created() > 0 {
			if err := r.exec(ctx, t.staging.Late()...); err != nil {
				return r.explain(ctx, t, err)
			}
		}
		var assigned []int
		for field := range r.assigned[t] {
			assigned = append(assigned, field)
		}
		slices.Sort(assigned)
		if err := r.exec(ctx, t.staging.Update(assigned)...); err != nil {
			return r.explain(ctx, t, err)
		}
		origins := t.staging.Origins
		if r.first {
			origins = t.staging.OriginsOfNew
		}
		if err := r.exec(ctx, origins(r.report.Run)); err != nil {
			return err
		}
		done += r.types[i].Adopted.Count + r.types[i].Updated.Count
		r.options.Progress(Progress{Phase: Writing, Done: done, Total: total})
	}
	if err := r.remove(ctx); err != nil {
		return err
	}
	r.options.Progress(Progress{Phase: Writing, Done: total, Total: total})
	return r.analyse(ctx)
}

// analyse has the engine look at the tables of which much is new, so that the
// first requests and the next import are planned for what they hold.
func (r *run) analyse(ctx context.Context) error {
	const much = 10_000
	for i, t := range r.plan.tables {
		if r.types[i].Created.Count >= much {
			if err := r.exec(ctx, t.staging.Written()...); err != nil {
				return err
			}
		}
	}
	return nil
}

// explain turns the violation of a unique set into the records that caused it.
func (r *run) explain(ctx context.Context, t *table, cause error) error {
	violation := (*store.Violation)(nil)
	if !errors.As(cause, &violation) || violation.Kind != store.UniqueViolation {
		return fmt.Errorf("write %s: %w", t.typ.Name, cause)
	}
	var invalid InvalidError
	for _, clashes := range t.staging.Clashes(reportedProblems + 1) {
		err := r.tx.Query(ctx, clashes, func(scan store.Scan) error {
			var fields, key, otherKey, otherID string
			var record int
			if err := scan(&fields, &record, &key, &otherKey, &otherID); err != nil {
				return err
			}
			other := "the record " + otherKey + " of the source"
			if otherID != "" {
				other = t.typ.Resource() + "/" + otherID + " here"
			}
			invalid.add(Problem{
				Record: record, Path: t.typ.Name, Key: key, Field: fields,
				Message: "must be unique, but " + other + " has the same value",
			})
			return nil
		})
		if err != nil {
			return errors.Join(cause, err)
		}
	}
	if err := invalid.orNil(); err != nil {
		return err
	}
	return fmt.Errorf("write %s: %w", t.typ.Name, cause)
}

// finish writes the end of the run's record. A dry run has none.
func (r *run) finish(ctx context.Context) error {
	if r.options.DryRun {
		return r.heldOrNil()
	}
	profile, err := r.profile.text(r.answer)
	if err != nil {
		return err
	}
	totals := r.report.Totals()
	return r.exec(ctx, statement.EndRun(r.dialect(), r.report.Run, statement.ImportRun{
		Status: string(RunDone), Finished: r.options.Now(), Address: r.answer.Address, UpstreamStatus: r.answer.Status,
		Bytes: r.answer.Bytes, Fetched: r.report.Fetched, Created: totals.Created + totals.Restored, Adopted: totals.Adopted, Updated: totals.Updated,
		Unchanged: totals.Unchanged, Conflicts: totals.Conflicts, Gone: totals.Gone, Removed: totals.Removed,
		Detached: totals.Detached, Deleted: totals.Deleted, Profile: profile,
	}))
}

func (r *run) drop(ctx context.Context) error {
	for _, t := range r.plan.tables {
		if t.searched {
			if err := r.exec(ctx, t.staging.DropGone()); err != nil {
				return err
			}
		}
		if err := r.exec(ctx, t.staging.Drop()...); err != nil {
			return err
		}
	}
	return nil
}

func (r *run) dialect() statement.Dialect { return r.plan.tables[0].staging.Dialect() }

func (r *run) exec(ctx context.Context, statements ...statement.Statement) error {
	for _, s := range statements {
		if _, err := r.tx.Exec(ctx, s); err != nil {
			return err
		}
	}
	return nil
}
