package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/larderhq/larder/internal/importer"
	"github.com/larderhq/larder/internal/migrate"
	"github.com/larderhq/larder/internal/project"
	"github.com/larderhq/larder/internal/refresh"
	"github.com/larderhq/larder/internal/source"
	"github.com/larderhq/larder/internal/store"
)

func (p *program) importCommand() *cobra.Command {
	var history bool
	var planned string
	var options importOptions
	var flags *projectFlags
	cmd := &cobra.Command{
		Use:   "import [SOURCE…]",
		Short: "Bring the sources and the database into step",
		Long: `Import reads the sources (all of them, unless some are named), compares their
records with what they said the last time and with the database, and makes the
difference one transaction. What was changed here stays as it is. What is gone
upstream goes here, too, unless it was changed or is used here; what was deleted
here is not created again but by --restore.`,
		RunE: func(cmd *cobra.Command, arguments []string) error {
			loaded, err := p.load(cmd, flags, nil)
			if err != nil {
				return err
			}
			names, err := sourcesOf(loaded, arguments)
			if err != nil {
				return err
			}
			if err := options.checkAllowed(); err != nil {
				return err
			}
			if history {
				return p.history(cmd.Context(), loaded, names)
			}
			giveWay()
			if len(options.restore) > 0 && len(names) > 1 {
				return fmt.Errorf("--restore names records of one source, and this imports %s: name the one", quoted(names))
			}
			dir, err := openMigrations(loaded)
			if err != nil {
				return err
			}
			if planned != "" {
				if options.plan, err = readPlan(planned, loaded, dir); err != nil {
					return err
				}
				if names, err = options.plan.choose(arguments); err != nil {
					return err
				}
			}
			if options.dryRun {
				return p.rehearse(cmd.Context(), loaded, names, options)
			}
			return p.withDatabase(cmd.Context(), loaded, func(engine store.Engine) error {
				if err := checkApplied(cmd.Context(), engine, dir); err != nil {
					return err
				}
				if options.since, err = importer.LastRun(cmd.Context(), engine); err != nil {
					return err
				}
				return p.importOnce(cmd.Context(), loaded, engine, names, options)
			})
		},
	}
	flags = addProjectFlags(cmd, false)
	cmd.Flags().BoolVar(&options.dryRun, "dry-run", false, "only say what would change")
	cmd.Flags().StringVar(&planned, "plan", "", "do what the `file` of larder plan --out says, or nothing where it would be anything else")
	cmd.Flags().BoolVar(&history, "history", false, "import nothing, and list the imports that the database remembers")
	cmd.MarkFlagsMutuallyExclusive("history", "dry-run")
	cmd.MarkFlagsMutuallyExclusive("history", "plan")
	cmd.Flags().StringSliceVar(&options.allow, "allow", nil, "let an import through that would be held: `WHAT` is collapse or drift")
	cmd.Flags().BoolVar(&options.offline, "offline", false, "read the snapshots, ask no one")
	cmd.Flags().BoolVar(&options.fresh, "fresh", false, "fetch everything, also what upstream says has not changed or a read that broke off has fetched")
	cmd.Flags().StringArrayVar(&options.restore, "restore", nil, "create the deleted record with the `key` again, with its id and what belonged to it; may be repeated")
	cmd.Flags().StringVar(&options.restoreType, "type", "", "the `type` of the records to restore, where several have deleted ones with the key")
	cmd.MarkFlagsMutuallyExclusive("plan", "restore")
	return cmd
}

// rehearse is a dry run. Where the database has no tables yet, a temporary one
// takes its place, so that a dry run leaves nothing behind.
func (p *program) rehearse(ctx context.Context, loaded *project.Project, names []string, options importOptions) error {
	dir, err := openMigrations(loaded)
	if err != nil {
		return err
	}
	states, err := p.states(ctx, loaded, dir)
	if err != nil {
		return err
	}
	if !isFresh(states) {
		return p.withDatabase(ctx, loaded, func(engine store.Engine) error {
			if err := checkApplied(ctx, engine, dir); err != nil {
				return err
			}
			return p.importSources(ctx, loaded, engine, names, options)
		})
	}
	return p.withScratch(ctx, loaded, func(engine store.Engine) error {
		if _, err := migrate.Up(ctx, engine, dir, migrate.Options{}); err != nil {
			return err
		}
		return p.importSources(ctx, loaded, engine, names, options)
	})
}

// checkApplied refuses a database that lacks a migration of dir, which is nil
// where the tables are not larder's; see openStore.
func checkApplied(ctx context.Context, engine store.Engine, dir *migrate.Dir) error {
	if dir == nil {
		return nil
	}
	states, err := migrate.Status(ctx, engine, dir)
	if err != nil {
		return err
	}
	var pending []string
	for _, state := range states {
		if state.Applied.IsZero() {
			pending = append(pending, state.Migration.String())
		}
	}
	if len(pending) == 0 && len(states) > 0 {
		outdated, err := migrate.Outdated(ctx, engine)
		if outdated {
			return fmt.Errorf("the database is of an earlier release of larder, without a table that this one keeps for itself: make it with larder migrate up, or use larder up")
		}
		return err
	}
	if len(states) == 0 {
		return fmt.Errorf("the project has no migrations yet: write the first with larder migrate diff init")
	}
	return fmt.Errorf("the database lacks %s (%s): apply it with larder migrate up, or use larder up", count(len(pending), "migration"), pending[0])
}

type importOptions struct {
	dryRun, offline, fresh bool
	restore                []string
	restoreType            string
	allow                  []string
	since                  int64     // the last run that there was when the command began
	plan                   *planFile // to be followed; nil: none
	found                  *planFile // of a dry run: takes what it finds; nil: nobody wants to know
}

// checkAllowed refuses words of --allow that mean nothing.
func (o importOptions) checkAllowed() error {
	for _, word := range o.allow {
		if word != importer.AllowCollapse && word != importer.AllowDrift {
			return fmt.Errorf("--allow %s: expected %s or %s", word, importer.AllowCollapse, importer.AllowDrift)
		}
	}
	return nil
}

// sourcesOf are the sources that a command line names: all where it names none.
func sourcesOf(loaded *project.Project, names []string) ([]string, error) {
	if loaded.Settings.External {
		return nil, fmt.Errorf("an import keeps what it remembers in tables of its own, and the database is not larder's (migrations: external in %s): import into one that larder manages", project.SettingsFile)
	}
	known := loaded.SourceNames()
	if len(known) == 0 {
		return nil, fmt.Errorf("the project has no sources: declare one under sources in %s", project.SettingsFile)
	}
	for _, name := range names {
		if !slices.Contains(known, name) {
			return nil, fmt.Errorf("there is no source %q: the project has %s", name, quoted(known))
		}
	}
	if len(names) == 0 {
		return known, nil
	}
	return names, nil
}

// importOnce imports the sources while no other process does. What another has
// imported since this one began is not done again: of ten that start together,
// one asks upstream.
func (p *program) importOnce(ctx context.Context, loaded *project.Project, engine store.Engine, names []string, options importOptions) error {
	const patience = time.Second
	waiting := time.AfterFunc(patience, func() { p.out.warn("another process imports; waiting for its end") })
	defer waiting.Stop()
	return engine.InTurn(ctx, func(ctx context.Context) error {
		waiting.Stop()
		var missing []string
		for _, name := range names {
			done, err := importer.DoneSince(ctx, engine, name, options.since)
			if err != nil {
				return err
			}
			if done == nil || len(options.restore) > 0 || options.plan != nil {
				missing = append(missing, name)
				continue
			}
			p.out.event("skipped", done)
			p.out.step(faint, "imported", "%s: %s, by another process just now", name, count(done.Fetched, "record"))
		}
		return p.importSources(ctx, loaded, engine, missing, options)
	})
}

// importSources imports the sources one after the other.
func (p *program) importSources(ctx context.Context, loaded *project.Project, engine store.Engine, names []string, options importOptions) error {
	for _, name := range names {
		if err := p.importSource(ctx, loaded, engine, name, options); err != nil {
			return err
		}
	}
	return nil
}

// refresher imports the project's sources into the database.
func (p *program) refresher(loaded *project.Project, engine store.Engine) *refresh.Refresher {
	return refresh.New(loaded, engine, source.UserAgent(release()), p.logger(loaded.Settings))
}

// importSource imports one source and says what came of it.
func (p *program) importSource(ctx context.Context, loaded *project.Project, engine store.Engine, name string, options importOptions) (err error) {
	bars := p.out.newProgress(name)
	defer bars.done()
	var changes *changeList
	if options.dryRun && p.out.json {
		if changes, err = newChangeList(); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, changes.close()) }()
	}
	outcome, err := p.refresher(loaded, engine).Import(ctx, name, refresh.Options{
		DryRun: options.dryRun, Offline: options.offline, Fresh: options.fresh, Allow: options.allow,
		Restore: options.restore, RestoreType: options.restoreType, Cause: importer.CauseCommand,
		Plan: options.plan.of(name), Listing: changes.listing(), Compare: options.found != nil,
		Fetched: bars.fetched, Imported: bars.imported,
	})
	bars.done()
	held := (*importer.HeldError)(nil)
	if err != nil && (!options.dryRun || !errors.As(err, &held)) {
		return err
	}
	if listing := changes.say(p.out.out); listing != nil {
		return listing
	}
	p.sayImport(outcome)
	if outcome.DriftUnknown != "" {
		p.logger(loaded.Settings).Debug("upstream does not tell its types", slog.String("source", name), slog.String("reason", outcome.DriftUnknown))
	}
	if err == nil {
		options.found.add(loaded, outcome.Report)
	}
	return err
}

// sayImport tells what an import did, or would do.
func (p *program) sayImport(outcome refresh.Outcome) {
	report := outcome.Report
	p.out.event("imported", report)
	for _, notice := range report.Notices {
		p.out.warn("%s: %s", report.Source, notice)
	}
	for _, drift := range report.Drift {
		p.out.warn("%s: upstream's types are not what they were at the last import: %s", report.Source, drift)
	}
	switch {
	case report.UpstreamUnchanged:
		p.out.step(good, "unchanged", "%s: %s has nothing new since the last import", report.Source, report.Address)
	case report.Offline:
		p.out.step(warning, "snapshot", "%s: %s of %s", report.Source, count(report.Fetched, "record"), report.FetchedAt.Format(time.DateOnly))
	default:
		p.out.step(good, "fetched", "%s: %s, %s from %s in %s", report.Source, count(report.Fetched, "record"), bytesText(outcome.Bytes), report.Address, took(outcome.Fetching))
	}
	verb := "imported"
	if report.DryRun {
		verb = "would be"
	}
	for _, t := range report.Types {
		p.out.step(good, verb, "%s: %s", t.Resource, t.Summary())
		shown := importedRows
		if report.DryRun {
			shown = importer.ReportedRows
			p.sayRows("create", t.Created, shown)
			p.sayRows("adopt", t.Adopted, shown)
			p.sayRows("update", t.Updated, shown)
		}
		p.sayRows("restore", t.Restored, shown)
		p.sayRows("conflict", t.Conflicts, shown)
		p.sayRows("removed", t.Removed, shown)
		p.sayRows("detached", t.Detached, shown)
		p.sayRows("gone", t.Gone, shown)
		p.sayRows("deleted", t.Deleted, shown)
	}
	if !report.DryRun && slices.ContainsFunc(report.Types, func(t importer.TypeReport) bool { return slices.ContainsFunc(t.Conflicts.First, isOpen) }) {
		p.out.detail("larder conflicts lists what is in conflict; larder conflicts resolve, or POST /api/_imports/conflicts/ID/resolution, resolves it")
	}
	if !report.DryRun && report.Seconds >= 1 {
		p.out.detail("%.0f records/s", float64(report.Fetched)/report.Seconds)
	}
}

// isOpen reports whether a row in conflict has a field that somebody is to
// decide on, and staysHere whether a field in conflict is one.
func isOpen(row importer.Row) bool { return slices.ContainsFunc(row.Fields, staysHere) }

func staysHere(f importer.FieldChange) bool { return !bytes.Equal(f.After, f.Upstream) }

// importedRows is how many rows of a kind are listed after an import; a dry run
// is read for its rows and lists more.
const importedRows = 5

// sayRows lists the first rows of a kind.
func (p *program) sayRows(kind string, rows importer.Rows, most int) {
	listed := rows.First[:min(most, len(rows.First))]
	for _, row := range listed {
		who := keyText(row.Key)
		if row.ID != "" {
			who += " (id " + row.ID + ")"
		}
		switch {
		case kind == "create":
			p.out.detail("%s %s", p.out.paint(p.out.outTerminal, faint, "create"), row.Values)
		case kind == "restore":
			p.out.detail("restored: %s", who)
		case kind == "removed":
			p.out.detail("gone upstream, removed: %s", who)
		case kind == "detached" && row.Reason != "":
			p.out.detail("detached, kept here: %s, %s", who, row.Reason)
		case kind == "detached":
			p.out.detail("detached, kept here: %s", who)
		case kind == "gone":
			p.out.detail("gone upstream, kept here: %s", who)
		case kind == "deleted":
			p.out.detail("deleted here, not created again: %s", who)
		case len(row.Fields) == 0:
			p.out.detail("%s %s", kind, who)
		}
		for _, f := range row.Fields {
			if kind == "conflict" {
				said := "conflict %s: %s stays %s; upstream says %s"
				if !staysHere(f) {
					said = "conflict %s: %s was %s; taken is upstream's %s"
				}
				p.out.detail(said, who, f.Field, f.Before, f.Upstream)
				continue
			}
			p.out.detail("%s %s: %s %s → %s", kind, who, f.Field, f.Before, f.After)
		}
	}
	if more := rows.Count - len(listed); more > 0 {
		p.out.detail("and %s more", thousands(more))
	}
}

// keyText is a key as people read it and --restore takes it: its value, or a
// JSON array where it has more than one.
func keyText(key json.RawMessage) string {
	var values []json.RawMessage
	if json.Unmarshal(key, &values) != nil || len(values) != 1 {
		return string(key)
	}
	var text string
	if json.Unmarshal(values[0], &text) != nil {
		return string(values[0])
	}
	return text
}
