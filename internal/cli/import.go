package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/larderhq/larder/internal/importer"
	"github.com/larderhq/larder/internal/migrate"
	"github.com/larderhq/larder/internal/project"
	"github.com/larderhq/larder/internal/source"
	"github.com/larderhq/larder/internal/store"
	"github.com/larderhq/larder/internal/store/sqlite"
)

func (p *program) importCommand() *cobra.Command {
	var dryRun, offline bool
	var flags *projectFlags
	cmd := &cobra.Command{
		Use:   "import [SOURCE…]",
		Short: "Bring the sources and the database into step",
		Long: `Import reads the sources (all of them, unless some are named), compares their
records with what they said the last time and with the database, and makes the
difference one transaction. What was changed here stays as it is.`,
		RunE: func(cmd *cobra.Command, names []string) error {
			loaded, err := p.load(cmd, flags, nil)
			if err != nil {
				return err
			}
			if names, err = sourcesOf(loaded, names); err != nil {
				return err
			}
			if dryRun {
				return p.rehearse(cmd.Context(), loaded, names, offline)
			}
			return p.withDatabase(cmd.Context(), loaded, func(engine store.Engine) error {
				dir, err := openMigrations(loaded)
				if err != nil {
					return err
				}
				if err := checkApplied(cmd.Context(), engine, dir); err != nil {
					return err
				}
				return p.importSources(cmd.Context(), loaded, engine, names, importOptions{offline: offline})
			})
		},
	}
	flags = addProjectFlags(cmd, false)
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "only say what would change")
	cmd.Flags().BoolVar(&offline, "offline", false, "read the snapshots, ask no one")
	return cmd
}

// withDatabase opens the project's database for some work and closes it.
func (p *program) withDatabase(ctx context.Context, loaded *project.Project, work func(store.Engine) error) (err error) {
	engine, err := openDatabase(ctx, loaded)
	if err != nil {
		return err
	}
	defer func() {
		if closing := engine.Close(); err == nil && closing != nil {
			err = fmt.Errorf("close the database: %w", closing)
		}
	}()
	return work(engine)
}

// rehearse is a dry run. Where there is no database yet, a temporary one takes
// its place, so that a dry run leaves nothing behind.
func (p *program) rehearse(ctx context.Context, loaded *project.Project, names []string, offline bool) error {
	dir, err := openMigrations(loaded)
	if err != nil {
		return err
	}
	options := importOptions{offline: offline, dryRun: true}
	missing, err := databaseMissing(loaded)
	if err != nil {
		return err
	}
	if !missing {
		return p.withDatabase(ctx, loaded, func(engine store.Engine) error {
			if err := checkApplied(ctx, engine, dir); err != nil {
				return err
			}
			return p.importSources(ctx, loaded, engine, names, options)
		})
	}
	folder, err := os.MkdirTemp("", "larder-dry-run-*")
	if err != nil {
		return fmt.Errorf("make a place for the dry run: %w", err)
	}
	defer os.RemoveAll(folder) //nolint:errcheck // the system clears its temporary files
	engine, err := sqlite.Open(ctx, filepath.Join(folder, "larder.db"), sqlite.Options{})
	if err != nil {
		return err
	}
	defer engine.Close() //nolint:errcheck // nothing in it is kept
	if _, err := migrate.Up(ctx, engine, dir, migrate.Options{}); err != nil {
		return err
	}
	return p.importSources(ctx, loaded, engine, names, options)
}

// checkApplied refuses a database that lacks a migration.
func checkApplied(ctx context.Context, engine store.Engine, dir *migrate.Dir) error {
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
		return nil
	}
	if len(states) == 0 {
		return fmt.Errorf("the project has no migrations yet: write the first with larder migrate diff init")
	}
	return fmt.Errorf("the database lacks %s (%s): apply it with larder migrate up, or use larder up", count(len(pending), "migration"), pending[0])
}

type importOptions struct {
	dryRun, offline bool
}

// sourcesOf are the sources that a command line names: all where it names none.
func sourcesOf(loaded *project.Project, names []string) ([]string, error) {
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

// importSources imports the sources one after the other.
func (p *program) importSources(ctx context.Context, loaded *project.Project, engine store.Engine, names []string, options importOptions) error {
	for _, name := range names {
		if err := p.importSource(ctx, loaded, engine, name, options); err != nil {
			return err
		}
	}
	return nil
}

// importSource fetches and imports one source and keeps the answer as its
// snapshot when that went well.
func (p *program) importSource(ctx context.Context, loaded *project.Project, engine store.Engine, name string, options importOptions) (err error) {
	from, err := loaded.Open(name, options.offline)
	if err != nil {
		return err
	}
	bars := p.out.newProgress(name)
	defer bars.done()
	started := time.Now()
	answer, err := from.Fetch(ctx, bars.fetched)
	bars.fetchDone()
	if err != nil {
		return fmt.Errorf("fetch %s: %w", name, err)
	}
	defer func() {
		if closing := answer.Close(); err == nil && closing != nil {
			err = fmt.Errorf("remove the answer of %s: %w", name, closing)
		}
	}()
	fetching := time.Since(started)
	report, err := importer.Run(ctx, engine, loaded.Schema, name, answer, importer.Options{DryRun: options.dryRun, Progress: bars.imported})
	bars.done()
	if err != nil {
		return err
	}
	p.sayImport(report, answer, fetching)
	if file := loaded.Snapshot(name); file != "" && !options.dryRun && !answer.Offline {
		if err := source.WriteSnapshot(file, answer); err != nil {
			p.out.warn("the import is done, but its snapshot could not be kept: %v", err)
		}
	}
	return nil
}

// sayImport tells what an import did, or would do.
func (p *program) sayImport(report importer.Report, answer *source.Answer, fetching time.Duration) {
	p.out.event("imported", report)
	for _, notice := range report.Notices {
		p.out.warn("%s: %s", report.Source, notice)
	}
	if report.Offline {
		p.out.step(warning, "snapshot", "%s: %s of %s", report.Source, count(report.Fetched, "record"), report.FetchedAt.Format(time.DateOnly))
	} else {
		p.out.step(good, "fetched", "%s: %s, %s from %s in %s", report.Source, count(report.Fetched, "record"), bytesText(answer.Bytes), report.Address, took(fetching))
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
		p.sayRows("conflict", t.Conflicts, shown)
		p.sayRows("gone", t.Gone, shown)
		p.sayRows("deleted", t.Deleted, shown)
	}
	if !report.DryRun && report.Seconds >= 1 {
		p.out.detail("%.0f records/s", float64(report.Fetched)/report.Seconds)
	}
}

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
		case kind == "gone":
			p.out.detail("gone upstream, kept here: %s", who)
		case kind == "deleted":
			p.out.detail("deleted here, not created again: %s", who)
		case len(row.Fields) == 0:
			p.out.detail("%s %s", kind, who)
		}
		for _, f := range row.Fields {
			if kind == "conflict" {
				p.out.detail("conflict %s: %s stays %s; upstream says %s", who, f.Field, f.Before, f.Upstream)
				continue
			}
			p.out.detail("%s %s: %s %s → %s", kind, who, f.Field, f.Before, f.After)
		}
	}
	if more := rows.Count - len(listed); more > 0 {
		p.out.detail("and %s more", thousands(more))
	}
}

// keyText is a key as people read it: its values between commas.
func keyText(key json.RawMessage) string {
	var values []any
	if err := json.Unmarshal(key, &values); err != nil {
		return string(key)
	}
	text := ""
	for i, value := range values {
		if i > 0 {
			text += ", "
		}
		text += fmt.Sprint(value)
	}
	return text
}
