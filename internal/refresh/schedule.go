package refresh

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/larderhq/larder/internal/importer"
	"github.com/larderhq/larder/internal/project"
	"github.com/larderhq/larder/internal/rest"
	"github.com/larderhq/larder/internal/statement"
	"github.com/larderhq/larder/internal/store"
)

const (
	// lease is for how long a process has a due source without a sign of life.
	// It may be short: the turn of imports is what keeps two from importing at
	// the same time, and what one has done the next does not do again.
	lease = 5 * time.Second
	// lookAgain is when a process looks again at what is not its own, or failed.
	lookAgain = time.Minute
)

// scheduled is a row of larder_schedule.
type scheduled struct {
	Rule      string     `json:"rule"`
	PlannedAt time.Time  `json:"plannedAt"`
	DueAt     time.Time  `json:"dueAt"`
	HeldUntil *time.Time `json:"heldUntil"` // nil: by no one
}

// keepSchedule imports the named source whenever it is due and no other process
// sees to it, until ctx ends. An import that runs then goes on.
func (r *Refresher) keepSchedule(ctx context.Context, name string) {
	planned := false
	for ctx.Err() == nil {
		next, err := r.clock.now(), error(nil)
		if planned {
			next, err = r.seeToSchedule(ctx, name)
		} else if err = r.planSchedule(ctx, name); err == nil {
			planned = true
		}
		if err != nil && ctx.Err() == nil {
			r.logger.Warn("schedule cannot be kept", slog.String("source", name), slog.Any("reason", err))
			next = r.clock.now().Add(lookAgain)
		}
		_ = r.clock.wait(ctx, next) // the loop ends with ctx
	}
}

// planSchedule writes when the source is due, where that is not known or known
// by another rule: an interval counts from the last import, and is over where
// there was none.
func (r *Refresher) planSchedule(ctx context.Context, name string) error {
	schedule, now := r.schedule(name), r.clock.now()
	planned, due := now, now
	last, err := r.lastStep(ctx, name)
	if err != nil {
		return err
	}
	if schedule.Cron != "" {
		planned = schedule.Next(now, now)
	} else if !last.IsZero() {
		planned = last.Add(schedule.Every)
	}
	if planned.After(now) {
		due = planned.Add(jitter(schedule))
	}
	_, err = r.write(ctx, statement.PlanSchedule(r.engine.Dialect(), statement.Due{Source: name, Rule: schedule.String(), Planned: planned, At: due}))
	return err
}

// seeToSchedule imports the source if it is due and no other process has it,
// and returns when to look again.
func (r *Refresher) seeToSchedule(ctx context.Context, name string) (time.Time, error) {
	rule, now := r.schedule(name).String(), r.clock.now()
	row, err := r.scheduled(ctx, name)
	switch {
	case err != nil:
		return now, err
	case row == nil: // somebody emptied the table
		return now, r.planSchedule(ctx, name)
	case row.Rule != rule: // a process that began later has another one
		return now.Add(lookAgain), nil
	case row.DueAt.After(now):
		return row.DueAt, nil
	case row.HeldUntil != nil && !row.HeldUntil.Before(now):
		return row.HeldUntil.Add(time.Microsecond), nil
	}
	held, err := r.write(ctx, statement.HoldSchedule(r.engine.Dialect(), name, rule, r.id, now, now.Add(lease)))
	if err != nil || held == 0 {
		return now, err
	}
	return r.clock.now(), r.importDue(ctx, name, row.PlannedAt)
}

// importDue imports the source that this process holds, and writes when it is
// due next. An import that fails is not tried again before that; one that is
// broken off because the server stops is left to another process.
func (r *Refresher) importDue(ctx context.Context, name string, planned time.Time) error {
	working, stop := context.WithCancel(r.working)
	kept := make(chan struct{})
	go func() {
		defer close(kept)
		r.keepHeld(working, name)
	}()
	err := r.importScheduled(ctx, name, planned)
	stop()
	<-kept
	schedule, now := r.schedule(name), r.clock.now()
	next := statement.Due{Source: name, Rule: schedule.String(), Planned: schedule.Next(planned, now)}
	next.At = next.Planned.Add(jitter(schedule))
	end := statement.NextSchedule(r.engine.Dialect(), r.id, next)
	held := (*importer.HeldError)(nil)
	switch {
	case errors.As(err, &held):
		r.logger.Warn("scheduled import is held", slog.String("source", name), slog.Any("reason", err), slog.Time("next", next.At))
	case err != nil && ctx.Err() != nil:
		r.logger.Warn("scheduled import is left to another process, since this one stops", slog.String("source", name), slog.Any("reason", err))
		end = statement.LeaveSchedule(r.engine.Dialect(), name, r.id)
	case err != nil:
		r.logger.Error("scheduled import failed", slog.String("source", name), slog.Any("reason", err), slog.Time("next", next.At))
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	_, err = r.write(ctx, end)
	return err
}

// importScheduled imports the source in its turn, unless that was done since
// the planned time, by another process or by hand.
func (r *Refresher) importScheduled(ctx context.Context, name string, planned time.Time) error {
	return r.engine.InTurn(ctx, func(context.Context) error {
		ctx := r.working // goes on while the server stops
		last, err := r.lastStep(ctx, name)
		if err != nil {
			return err
		}
		if !last.Before(planned) {
			r.logger.Info("scheduled import was done already", slog.String("source", name), slog.Time("planned", planned), slog.Time("done", last))
			return nil
		}
		outcome, err := r.Import(ctx, name, Options{Cause: importer.CauseSchedule, Live: true})
		if running := (*rest.RunningError)(nil); errors.As(err, &running) {
			r.logger.Info("scheduled import is left to one that was asked for", slog.String("source", name), slog.Int64("run", running.Run))
			return nil
		}
		if err != nil {
			return err
		}
		r.logOutcome(ctx, "scheduled import done", outcome)
		return nil
	})
}

// logOutcome tells what came of an import.
func (r *Refresher) logOutcome(ctx context.Context, what string, outcome Outcome) {
	totals := outcome.Totals()
	level, attributes := slog.LevelInfo, []slog.Attr{
		slog.String("source", outcome.Source), slog.Int64("run", outcome.Run), slog.Bool("unchanged", outcome.UpstreamUnchanged),
		slog.Int("fetched", outcome.Fetched), slog.Int("created", totals.Created), slog.Int("updated", totals.Updated),
		slog.Int("removed", totals.Removed), slog.Int("conflicts", totals.Conflicts),
	}
	if len(outcome.Notices) > 0 {
		level, attributes = slog.LevelWarn, append(attributes, slog.Any("notices", outcome.Notices))
	}
	r.logger.LogAttrs(ctx, level, what, attributes...)
}

// keepHeld says until ctx ends that this process is alive and has the source.
func (r *Refresher) keepHeld(ctx context.Context, name string) {
	for {
		now := r.clock.now()
		if r.clock.wait(ctx, now.Add(lease/3)) != nil {
			return
		}
		_, err := r.write(ctx, statement.KeepSchedule(r.engine.Dialect(), name, r.id, r.clock.now().Add(lease)))
		if err != nil && ctx.Err() == nil {
			r.logger.Warn("schedule cannot be kept", slog.String("source", name), slog.Any("reason", err))
		}
	}
}

func (r *Refresher) schedule(name string) project.Schedule {
	return r.project.Settings.Sources[name].Schedule
}

// scheduled is the row of the source, nil where there is none.
func (r *Refresher) scheduled(ctx context.Context, name string) (row *scheduled, err error) {
	err = r.engine.Read(ctx, statement.FindSchedule(r.engine.Dialect(), name), func(scan store.Scan) error { return scanJSON(scan, &row) })
	if err != nil {
		return nil, fmt.Errorf("find when %s is due: %w", name, err)
	}
	return row, nil
}

// lastStep is when the last run began that brought the source and the store
// into step, the zero time where none did.
func (r *Refresher) lastStep(ctx context.Context, name string) (last time.Time, err error) {
	err = r.engine.Read(ctx, statement.LastStep(r.engine.Dialect(), name), func(scan store.Scan) error { return scanJSON(scan, &last) })
	if err != nil {
		return last, fmt.Errorf("look for earlier imports of %s: %w", name, err)
	}
	return last, nil
}

// write runs one statement on larder_schedule.
func (r *Refresher) write(ctx context.Context, st statement.Statement) (affected int64, err error) {
	err = r.engine.Write(ctx, func(ctx context.Context, tx store.Tx) (err error) {
		affected, err = tx.Exec(ctx, st)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("write when a source is due: %w", err)
	}
	return affected, nil
}

func scanJSON(scan store.Scan, into any) error {
	var text string
	if err := scan(&text); err != nil {
		return err
	}
	return json.Unmarshal([]byte(text), into)
}

// jitter is by how much the next import comes later than its rule says, at
// random. It is never as much as an interval.
func jitter(schedule project.Schedule) time.Duration {
	most := schedule.Jitter
	if schedule.Every > 0 {
		most = min(most, schedule.Every/2)
	}
	return rand.N(most + 1).Truncate(time.Microsecond) //nolint:gosec // no secret
}
