package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"github.com/larderhq/larder/internal/migrate"
	"github.com/larderhq/larder/internal/project"
	"github.com/larderhq/larder/internal/store"
	"github.com/larderhq/larder/internal/store/postgres"
	"github.com/larderhq/larder/internal/store/sqlite"
	"github.com/larderhq/larder/internal/transfer"
)

func (p *program) copyCommand() *cobra.Command {
	var from, to string
	var update bool
	var flags *projectFlags
	cmd := &cobra.Command{
		Use:   "copy --to DATABASE",
		Short: "Copy the whole database into an empty one, of either engine",
		Long: `Copy makes another database to a copy of the project's: records, what imports
and requests have left, and where the ids count on. Every row is compared
afterwards. A server may go on with the source; what it writes after the copy
began is not in it until --update.

A copy that was stopped is resumed by the same command.

  larder copy --to postgres://larder@db.example/larder
  larder copy --from postgres://larder@db.example/larder --to larder.db`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx := cmd.Context()
			loaded, err := p.load(cmd, flags, nil)
			if err != nil {
				return err
			}
			dir, err := openMigrations(loaded)
			if err != nil {
				return err
			}
			source, err := loaded.Database()
			if err != nil {
				return err
			}
			if from != "" {
				if source, err = p.address(from); err != nil {
					return fmt.Errorf("--from: %w", err)
				}
			}
			target, err := p.address(to)
			if err != nil {
				return fmt.Errorf("--to: %w", err)
			}
			report, err := p.copyDatabase(ctx, loaded, dir, source, target, update)
			if err != nil {
				return err
			}
			p.sayCopied(source, target, report)
			return nil
		},
	}
	flags = addProjectFlags(cmd, false)
	cmd.Flags().StringVar(&to, "to", "", "the `database` to copy into: a postgres:// URL or a SQLite file; a secret in it is a reference like ${PASSWORD}")
	cmd.Flags().StringVar(&from, "from", "", "the `database` to copy, if not the project's")
	cmd.Flags().BoolVar(&update, "update", false, "take an earlier copy to where the source is now")
	if err := cmd.MarkFlagRequired("to"); err != nil {
		cmd.PreRunE = func(*cobra.Command, []string) error { return err }
	}
	return cmd
}

// address is a database that a command line names: a URL, or the absolute path
// of a file, with its references resolved.
func (p *program) address(text string) (string, error) {
	secret, err := project.NewSecret(text, ".", p.environ)
	if err != nil {
		return "", err
	}
	resolved, err := secret.Resolve()
	if err != nil || strings.Contains(resolved, "://") {
		return resolved, err
	}
	return filepath.Abs(resolved)
}

// copyDatabase copies the database at one address to the other.
func (p *program) copyDatabase(ctx context.Context, loaded *project.Project, dir *migrate.Dir, source, target string, update bool) (transfer.Report, error) {
	if dir == nil {
		return transfer.Report{}, errors.New("the tables are not larder's (migrations: external): copy the database with its own tools")
	}
	if source == target {
		return transfer.Report{}, errors.New("the source and the target are the same database")
	}
	if _, err := os.Stat(source); err != nil && !strings.Contains(source, "://") {
		return transfer.Report{}, fmt.Errorf("there is no database %s to copy", addressName(source))
	}
	var report transfer.Report
	err := p.withAddress(ctx, loaded, source, func(from store.Engine) error {
		return p.withAddress(ctx, loaded, target, func(to store.Engine) (err error) {
			bars := p.out.newCopyProgress()
			defer bars.done()
			report, err = transfer.Copy(ctx, from, to, dir, loaded.Schema, transfer.Options{Update: update, Progress: bars.tell})
			return err
		})
	})
	if err != nil {
		return report, fmt.Errorf("copy %s to %s: %w", addressName(source), addressName(target), err)
	}
	return report, nil
}

// withAddress opens the database at an address for some work and closes it. Its
// statements take the time that they need.
func (p *program) withAddress(ctx context.Context, loaded *project.Project, address string, work func(store.Engine) error) error {
	var engine store.Engine
	var err error
	switch scheme, _, isURL := strings.Cut(address, "://"); {
	case isPostgres(address):
		options := p.postgresOptions(loaded)
		options.StatementTimeout = 0
		engine, err = opened(postgres.Open(ctx, address, options))
	case isURL:
		err = fmt.Errorf("expected a SQLite file or a postgres:// URL, found %s://", scheme)
	default:
		engine, err = opened(sqlite.Open(ctx, address, sqlite.Options{}))
	}
	if err != nil {
		return err
	}
	return closing(engine, work(engine))
}

// addressName is a database as it may be shown.
func addressName(address string) string {
	if strings.Contains(address, "://") {
		return postgres.Name(address)
	}
	return shortPath(address)
}

// sayCopied tells what a copy did.
func (p *program) sayCopied(source, target string, report transfer.Report) {
	p.out.event("copied", struct {
		From string `json:"from"`
		To   string `json:"to"`
		transfer.Report
	}{addressName(source), addressName(target), report})
	var rows, corrected int64
	cells := [][]string{}
	for _, t := range report.Tables {
		rows += t.Rows
		corrected += t.Corrected
		cells = append(cells, []string{t.Table, thousands(int(t.Rows)), t.Checksum[:16]})
	}
	p.out.table([]string{"table", "rows", "checksum"}, cells)
	for _, name := range report.Left {
		p.out.warn("the models do not know the table %s: it was not copied", name)
	}
	rate := ""
	if report.Seconds >= 1 {
		rate = fmt.Sprintf(", %s rows/s", thousands(int(float64(rows)/report.Seconds)))
	}
	p.out.step(good, "copied", "%s to %s: %s in %s%s; every row was compared", addressName(source), addressName(target),
		count(int(rows), "row"), took(time.Duration(report.Seconds*float64(time.Second))), rate)
	if report.Resumed || report.Updated {
		p.out.detail("rows of the earlier copy that differed and were corrected: %s", thousands(int(corrected)))
	}
}

// copyProgress shows how far a copy has come: bars on a terminal, elsewhere a
// line where a table is done, and now and then within one.
type copyProgress struct {
	console *console
	bars    *mpb.Progress // nil: lines
	bar     *mpb.Bar
	at      transfer.Progress
	said    time.Time
}

// progressPause is the least time between two lines about one table.
const progressPause = 10 * time.Second

func (c *console) newCopyProgress() *copyProgress {
	p := &copyProgress{console: c, said: time.Now()}
	if c.errTerminal && !c.json {
		p.bars = mpb.New(mpb.WithOutput(c.err), mpb.WithWidth(40), mpb.WithRefreshRate(100*time.Millisecond))
	}
	return p
}

// tell shows where the copy is.
func (p *copyProgress) tell(now transfer.Progress) {
	if p.bars != nil {
		p.move(now)
		return
	}
	if !now.Last && time.Since(p.said) < progressPause {
		return
	}
	p.said = time.Now()
	name := now.Table
	if now.Phase == transfer.Building {
		name = "indexes and constraints"
	}
	p.console.event("progress", struct {
		Phase string `json:"phase"`
		Table string `json:"table,omitempty"`
		Done  int64  `json:"done"`
		Total int64  `json:"total"`
	}{string(now.Phase), now.Table, now.Done, now.Total})
	if now.Last {
		p.console.step(good, string(now.Phase), "%s: %s", name, thousands(int(now.Done)))
		return
	}
	p.console.step(faint, string(now.Phase), "%s: %s of %s", name, thousands(int(now.Done)), thousands(int(now.Total)))
}

// move moves the bar of the phase and table.
func (p *copyProgress) move(now transfer.Progress) {
	if p.bar == nil || p.at.Phase != now.Phase || p.at.Table != now.Table {
		p.end()
		p.bar = p.bars.AddBar(now.Total,
			mpb.PrependDecorators(decor.Name(strings.TrimSpace(string(now.Phase)+" "+now.Table), decor.WCSyncSpaceR), decor.CountersNoUnit("%d / %d", decor.WCSyncSpace)),
			mpb.AppendDecorators(decor.AverageSpeed(0, "%.0f/s")), mpb.BarRemoveOnComplete())
	}
	p.at = now
	p.bar.SetTotal(max(now.Total, now.Done), false)
	p.bar.SetCurrent(now.Done)
}

func (p *copyProgress) end() {
	if p.bar != nil {
		p.bar.SetTotal(-1, true)
	}
}

// done removes the bars and waits for the terminal to be free.
func (p *copyProgress) done() {
	if p.bars != nil {
		p.end()
		p.bars.Wait()
	}
}
