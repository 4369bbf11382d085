// Package refresh brings the sources of a project and its database into step,
// each from the fetch to the snapshot. A [Refresher] does it for whoever asks:
// a command.
package refresh

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/larderhq/larder/internal/importer"
	"github.com/larderhq/larder/internal/project"
	"github.com/larderhq/larder/internal/source"
	"github.com/larderhq/larder/internal/store"
)

// Refresher imports the sources of one project into its database.
type Refresher struct {
	project   *project.Project
	engine    store.Engine
	userAgent string
}

// New returns a Refresher of the project on engine, whose tables are those of
// the project's models. It calls itself userAgent where the project does not
// say.
func New(loaded *project.Project, engine store.Engine, userAgent string) *Refresher {
	return &Refresher{project: loaded, engine: engine, userAgent: userAgent}
}

// Options say how one source is imported.
type Options struct {
	DryRun  bool     // the report is the plan, and nothing is kept
	Offline bool     // the snapshot is read, and no one is asked
	Fresh   bool     // everything is fetched, also what upstream says has not changed or a read that broke off has fetched
	Allow   []string // lets an import through that would be held, see [importer.Options]

	// Restore and RestoreType are those of [importer.Options]. What is to be
	// restored has to be told again, so that everything is fetched.
	Restore     []string
	RestoreType string

	// Fetched and Imported are called as the work goes on, from the goroutine
	// that does it; they may be nil.
	Fetched  func(source.Progress)
	Imported func(importer.Progress)
}

// Outcome is what came of an import.
type Outcome struct {
	importer.Report
	Bytes    int64         // received from upstream, decompressed
	Fetching time.Duration // of the import's time, that of the fetch
}

// Import fetches and imports the named source and keeps the answer as its
// snapshot when that went well. A snapshot that could not be kept is a notice,
// since the import is done.
func (r *Refresher) Import(ctx context.Context, name string, options Options) (outcome Outcome, err error) {
	asked := r.project.Fingerprint(name)
	opening := project.Opening{Offline: options.Offline, Fresh: options.Fresh, UserAgent: r.userAgent}
	if !options.Fresh && len(options.Restore) == 0 {
		if opening.Known, err = importer.Known(ctx, r.engine, name, asked); err != nil {
			return outcome, err
		}
	}
	from, err := r.project.Open(name, opening)
	if err != nil {
		return outcome, err
	}
	started := time.Now()
	answer, err := from.Fetch(ctx, options.Fetched)
	if unchanged := (*source.UnchangedError)(nil); errors.As(err, &unchanged) {
		outcome.Report, err = importer.Unchanged(ctx, r.engine, name, unchanged.Address, r.importing(name, options))
		return outcome, err
	}
	if err != nil {
		return outcome, fmt.Errorf("fetch %s: %w", name, err)
	}
	defer func() {
		if closing := answer.Close(); err == nil && closing != nil {
			err = fmt.Errorf("remove the answer of %s: %w", name, closing)
		}
	}()
	outcome.Bytes, outcome.Fetching = answer.Bytes, time.Since(started)
	outcome.Report, err = importer.Run(ctx, r.engine, r.project.Schema, name, answer, r.importing(name, options))
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

// importing are the source's settings and the options as the importer wants
// them.
func (r *Refresher) importing(name string, options Options) importer.Options {
	settings := r.project.Settings.Sources[name]
	into := importer.Options{
		Removed: settings.Removed, Restore: options.Restore, RestoreType: options.RestoreType,
		OnConflict: settings.OnConflict, Priorities: priorities(r.project),
		DryRun: options.DryRun, KeepIDs: settings.KeepIDs, Allow: options.Allow, Progress: options.Imported,
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
