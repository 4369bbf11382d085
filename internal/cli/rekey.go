package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/larderhq/larder/internal/importer"
	"github.com/larderhq/larder/internal/project"
	"github.com/larderhq/larder/internal/source"
	"github.com/larderhq/larder/internal/store"
)

func (p *program) rekeyCommand() *cobra.Command {
	var dryRun, offline bool
	var flags *projectFlags
	cmd := &cobra.Command{
		Use:   "rekey SOURCE",
		Short: "Give a source's records the keys that the models say now",
		Long: `Rekey is for a source whose key is to be another (@source(key: …) in the
models): the records keep their ids and what was changed here, and the next
import finds them by their new keys. A new key comes from what upstream said of
the record the last time; where that does not tell it, the source is read.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, names []string) error {
			loaded, err := p.load(cmd, flags, nil)
			if err != nil {
				return err
			}
			if names, err = sourcesOf(loaded, names); err != nil {
				return err
			}
			dir, err := openMigrations(loaded)
			if err != nil {
				return err
			}
			return p.withDatabase(cmd.Context(), loaded, func(engine store.Engine) error {
				if err := checkApplied(cmd.Context(), engine, dir); err != nil {
					return err
				}
				return engine.InTurn(cmd.Context(), func(ctx context.Context) error {
					return p.rekey(ctx, loaded, engine, names[0], dryRun, offline)
				})
			})
		},
	}
	flags = addProjectFlags(cmd, false)
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "only say what would change")
	cmd.Flags().BoolVar(&offline, "offline", false, "read the snapshot, ask no one")
	return cmd
}

// rekey gives the records of a source their new keys, and reads the source only
// where it has to.
func (p *program) rekey(ctx context.Context, loaded *project.Project, engine store.Engine, name string, dryRun, offline bool) error {
	options := importer.Options{DryRun: dryRun}
	report, err := importer.Rekey(ctx, engine, loaded.Schema, name, nil, options)
	if errors.Is(err, importer.ErrUnknownKeys) {
		report, err = p.rekeyByReading(ctx, loaded, engine, name, offline, options)
	}
	if err != nil {
		return err
	}
	p.sayRekeyed(report)
	return nil
}

func (p *program) rekeyByReading(ctx context.Context, loaded *project.Project, engine store.Engine, name string, offline bool, options importer.Options) (report importer.RekeyReport, err error) {
	from, err := loaded.Open(name, project.Opening{Offline: offline, Fresh: true, UserAgent: source.UserAgent(release())})
	if err != nil {
		return report, err
	}
	bars := p.out.newProgress(name)
	defer bars.done()
	answer, err := from.Fetch(ctx, bars.fetched)
	bars.done()
	if err != nil {
		return report, fmt.Errorf("fetch %s: %w", name, err)
	}
	defer func() { err = errors.Join(err, answer.Close()) }()
	for _, notice := range answer.Notices {
		p.out.warn("%s: %s", name, notice)
	}
	return importer.Rekey(ctx, engine, loaded.Schema, name, answer, options)
}

// sayRekeyed tells which keys are others now.
func (p *program) sayRekeyed(report importer.RekeyReport) {
	p.out.event("rekeyed", report)
	if len(report.Keys) == 0 {
		p.out.step(faint, "rekeyed", "%s: nothing, the keys are those of the last import", report.Source)
		return
	}
	verb := "rekeyed"
	if report.DryRun {
		verb = "would be"
	}
	for _, key := range report.Keys {
		p.out.step(good, "key", "%s", key)
	}
	for _, t := range report.Types {
		p.out.step(good, verb, "%s: %s", t.Resource, count(t.Rekeyed, "record"))
		for _, row := range t.First[:min(importedRows, len(t.First))] {
			p.out.detail("%s → %s", keyText(row.Before), keyText(row.Now))
		}
		if more := t.Rekeyed - importedRows; more > 0 {
			p.out.detail("and %s more", thousands(more))
		}
		if t.Kept > 0 {
			p.out.detail("%s no longer upstream, with the key as it was", count(t.Kept, "record"))
		}
	}
}
