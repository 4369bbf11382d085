package cli

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/larderhq/larder/internal/importer"
	"github.com/larderhq/larder/internal/project"
	"github.com/larderhq/larder/internal/store"
)

// shownRuns is how many runs people are shown; programs get all.
const shownRuns = 20

// history tells the imports of the sources that the database remembers, the
// latest first.
func (p *program) history(ctx context.Context, loaded *project.Project, names []string) error {
	dir, err := openMigrations(loaded)
	if err != nil {
		return err
	}
	return p.withDatabase(ctx, loaded, func(engine store.Engine) error {
		if err := checkApplied(ctx, engine, dir); err != nil {
			return err
		}
		var cells [][]string
		for _, name := range names {
			listed, err := p.sayRuns(ctx, engine, name)
			if err != nil {
				return err
			}
			cells = append(cells, listed...)
		}
		if len(cells) == 0 {
			p.out.line("nothing was imported yet")
			return nil
		}
		p.out.table([]string{"run", "source", "began (UTC)", "by", "status", "took", "records", "what"}, cells)
		return nil
	})
}

// sayRuns tells programs all runs of a source, page by page, and returns the
// first ones for people.
func (p *program) sayRuns(ctx context.Context, engine store.Engine, name string) (cells [][]string, err error) {
	filter := importer.RunFilter{Source: name, Limit: shownRuns}
	for {
		runs, err := importer.Runs(ctx, engine, filter)
		if err != nil {
			return nil, err
		}
		for _, run := range runs {
			p.out.event("run", run)
			cells = append(cells, runCells(run))
		}
		if len(runs) < shownRuns || !p.out.json {
			return cells, nil
		}
		filter.Before = runs[len(runs)-1].ID
	}
}

func runCells(run importer.RunRecord) []string {
	duration := ""
	if run.FinishedAt != nil {
		duration = took(time.Duration(run.Seconds * float64(time.Second)))
	}
	what := cause(run)
	if run.Status == importer.RunDone {
		what = run.Summary()
	}
	return []string{
		fmt.Sprint(run.ID), run.Source, run.StartedAt.UTC().Format(time.DateTime), run.Cause, string(run.Status), duration, thousands(run.Fetched), what,
	}
}

// cause is why a run came to nothing, in one line: of a list the first entry.
func cause(run importer.RunRecord) string {
	text := strings.TrimPrefix(run.Error, "import "+run.Source+": ")
	text = strings.TrimPrefix(strings.TrimPrefix(text, "nothing was imported, for "), "nothing was imported, since ")
	head, list, listed := strings.Cut(text, "\n")
	if listed {
		first, _, _ := strings.Cut(list, "\n")
		head += " " + strings.TrimSpace(first)
	}
	return head
}
