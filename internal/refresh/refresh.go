// Package refresh brings the sources of a project and its database into step,
// each from the fetch to the snapshot. A [Refresher] does it for whoever asks: a
// command, a request to the API, or the schedules of the project, which
// [Refresher.Serve] keeps.
package refresh

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/larderhq/larder/internal/importer"
	"github.com/larderhq/larder/internal/project"
	"github.com/larderhq/larder/internal/source"
	"github.com/larderhq/larder/internal/store"
)

// Refresher imports the sources of one project into its database. It is safe
// for concurrent use.
type Refresher struct {
	project   *project.Project
	engine    store.Engine
	userAgent string
	logger    *slog.Logger
	clock     clock
	id        string // of this process, among those that hold schedules

	waiting, working context.Context // of what waits for its turn, and of what has it
	stop, abandon    context.CancelFunc

	entering sync.Mutex // one import after the other is begun
	mutex    sync.Mutex // of underway
	underway map[string]*underway
	running  sync.WaitGroup
}

// New returns a Refresher of the project on engine, whose tables are those of
// the project's models. It calls itself userAgent where the project does not
// say, and tells the logger what comes of imports that no command waits for.
func New(loaded *project.Project, engine store.Engine, userAgent string, logger *slog.Logger) *Refresher {
	r := &Refresher{
		project: loaded, engine: engine, userAgent: userAgent, logger: logger,
		clock: wallClock{}, id: uuid.NewString(), underway: map[string]*underway{},
	}
	r.working, r.abandon = context.WithCancel(context.Background())
	r.waiting, r.stop = context.WithCancel(r.working)
	return r
}

// Options say how one source is imported.
type Options struct {
	DryRun  bool     // the report is the plan, and nothing is kept
	Offline bool     // the snapshot is read, and no one is asked
	Live    bool     // no snapshot stands in for upstream: what was imported last may be newer
	Fresh   bool     // everything is fetched, also what upstream says has not changed or a read that broke off has fetched
	Allow   []string // lets an import through that would be held, see [importer.Options]

	// Restore and RestoreType are those of [importer.Options]. What is to be
	// restored has to be told again, so that everything is fetched.
	Restore     []string
	RestoreType string

	// Plan and Listing are those of [importer.Options]. With a Plan, or where
	// Compare is set, everything is compared, also what upstream says has not
	// changed.
	Plan    *importer.Planned
	Listing func() func(importer.Change) error
	Compare bool

	Cause string // of the run's record, like [importer.CauseCommand]

	// Fetched and Imported are called as the work goes on, from the goroutine
	// that does it; they may be nil.
	Fetched  func(source.Progress)
	Imported func(importer.Progress)

	run *underway // that waited for its turn; nil: none did
}

// Fetching is the phase of an import before those of package importer. It counts
// the bytes received.
const Fetching importer.Phase = "fetched"

// Outcome is what came of an import.
type Outcome struct {
	importer.Report
	Bytes    int64         // received from upstream, decompressed
	Fetching time.Duration // of the import's time, that of the fetch
}

// Import fetches and imports the named source and keeps the answer as its
// snapshot when that went well. A snapshot that could not be kept is a notice,
// since the import is done. But for a dry run, the caller has the turn
// ([store.Engine]), and the error is a [rest.RunningError] where an import of
// the source waits for it.
func (r *Refresher) Import(ctx context.Context, name string, options Options) (outcome Outcome, err error) {
	asked := r.project.Fingerprint(name)
	if options.DryRun {
		return r.bring(ctx, name, asked, options, r.importing(name, asked, options))
	}
	begin := importer.Beginning{Source: name, Cause: options.Cause, Asked: asked, At: r.clock.now(), Keep: r.project.Settings.KeepRuns}
	run := options.run
	if run == nil {
		if run, err = r.enter(ctx, begin); err != nil {
			return outcome, err
		}
		defer r.leave(run)
	} else {
		begin.Run = run.id
		if _, err = importer.Begin(ctx, r.engine, begin); err != nil {
			return outcome, err
		}
	}
	settings := r.importing(name, asked, options)
	settings.Run, settings.Progress = run.id, run.telling(settings.Progress)
	fetched := options.Fetched
	options.Fetched = func(now source.Progress) {
		if fetched != nil {
			fetched(now)
		}
		run.tell(importer.Progress{Phase: Fetching, Done: int(now.Bytes)})
	}
	return r.bring(ctx, name, asked, options, settings)
}

// bring fetches the source and imports what came. A run whose fetch fails has
// its end from here.
func (r *Refresher) bring(ctx context.Context, name, asked string, options Options, settings importer.Options) (outcome Outcome, err error) {
	started := time.Now()
	answer, err := r.fetch(ctx, name, asked, options)
	if unchanged := (*source.UnchangedError)(nil); errors.As(err, &unchanged) {
		outcome.Report, err = importer.Unchanged(ctx, r.engine, name, unchanged.Address, settings)
		return outcome, err
	}
	if err != nil {
		err = fmt.Errorf("fetch %s: %w", name, r.explain(ctx, name, err))
		if options.DryRun {
			return outcome, err
		}
		return outcome, errors.Join(err, importer.Fail(ctx, r.engine, settings.Run, "", err))
	}
	defer func() {
		if closing := answer.Close(); err == nil && closing != nil {
			err = fmt.Errorf("remove the answer of %s: %w", name, closing)
		}
	}()
	outcome.Bytes, outcome.Fetching = answer.Bytes, time.Since(started)
	untold := ""
	if !answer.Offline {
		_, settings.Contract, untold = r.Drift(ctx, name)
	}
	outcome.Report, err = importer.Run(ctx, r.engine, r.project.Schema, name, answer, settings)
	outcome.DriftUnknown = untold
	if err != nil || options.DryRun {
		return outcome, err
	}
	if err := importer.Remember(ctx, r.engine, name, asked, outcome.Run, answer.Validators); err != nil {
		return outcome, err
	}
	if file := r.project.Snapshot(name); file != "" && !answer.Offline {
		if err := source.WriteSnapshot(file, answer); err != nil {
			outcome.Notices = append(outcome.Notices, fmt.Sprintf("the import is done, but its snapshot could not be kept: %v", err))
		}
	}
	return outcome, nil
}

// fetch asks the source, which says so by an error when it has nothing new.
func (r *Refresher) fetch(ctx context.Context, name, asked string, options Options) (answer *source.Answer, err error) {
	opening := project.Opening{Offline: options.Offline, Live: options.Live, Fresh: options.Fresh, UserAgent: r.userAgent}
	if !options.Fresh && len(options.Restore) == 0 && options.Plan == nil && !options.Compare {
		if opening.Known, err = importer.Known(ctx, r.engine, name, asked); err != nil {
			return nil, err
		}
	}
	from, err := r.project.Open(name, opening)
	if err != nil {
		return nil, err
	}
	return from.Fetch(ctx, options.Fetched)
}

// importing are the source's settings and the options as the importer wants
// them.
func (r *Refresher) importing(name, asked string, options Options) importer.Options {
	settings := r.project.Settings.Sources[name]
	into := importer.Options{
		OnConflict: settings.OnConflict, Priorities: priorities(r.project),
		DryRun: options.DryRun, KeepIDs: settings.KeepIDs, Allow: options.Allow, Progress: options.Imported,
		Now: r.clock.now, Cause: options.Cause, Asked: asked, Keep: r.project.Settings.KeepRuns,
		Freeze: settings.Drift == project.DriftFreeze, Plan: options.Plan, Listing: options.Listing,
		Removed: settings.Removed, Restore: options.Restore, RestoreType: options.RestoreType,
	}
	if bounds := settings.Collapse; !bounds.Off {
		into.Collapse = &importer.Collapse{Shrink: bounds.Shrink, Growth: bounds.Growth, Nulls: bounds.Nulls}
	}
	return into
}

// priorities are those of the project's sources.
func priorities(loaded *project.Project) map[string]int {
	of := make(map[string]int, len(loaded.Settings.Sources))
	for name, settings := range loaded.Settings.Sources {
		of[name] = settings.Priority
	}
	return of
}
