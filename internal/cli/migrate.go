package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/larderhq/larder/internal/migrate"
	"github.com/larderhq/larder/internal/project"
	"github.com/larderhq/larder/internal/store"
)

func (p *program) migrateCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "migrate",
		Short: "Take the database's tables from one version of the models to the next",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(p.migrateDiff(), p.migrateUp(), p.migrateStatus(), p.migrateLint(), p.migrateHash())
	return cmd
}

// migrateStep is a subcommand of migrate: it loads the project and does the
// work with it. It takes no arguments unless its caller says so.
func (p *program) migrateStep(use, short string, work func(ctx context.Context, loaded *project.Project, arguments []string) error) *cobra.Command {
	var flags *projectFlags
	cmd := &cobra.Command{
		Use:   use,
		Short: short,
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, arguments []string) error {
			loaded, err := p.load(cmd, flags, nil)
			if err != nil {
				return err
			}
			if loaded.Settings.External {
				return fmt.Errorf("the tables are not larder's to change (migrations: external in %s): change them by what made them, and %s after them", project.SettingsFile, project.ModelsFile)
			}
			return work(cmd.Context(), loaded, arguments)
		},
	}
	flags = addProjectFlags(cmd, false)
	return cmd
}

func (p *program) migrateDiff() *cobra.Command {
	var flags diffFlags
	cmd := p.migrateStep("diff NAME", "Write the migration that takes the tables to the models as they are now",
		func(_ context.Context, loaded *project.Project, arguments []string) error {
			dir, err := migrate.Open(loaded.Migrations())
			if err != nil {
				return err
			}
			return p.writeMigration(loaded, dir, arguments[0], flags)
		})
	cmd.Args = cobra.ExactArgs(1)
	cmd.Flags().StringSliceVar(&flags.allow, "allow", nil, "let through what would lose data: `drop`")
	cmd.Flags().BoolVar(&flags.empty, "empty", false, "write empty files, for statements of your own")
	cmd.Flags().BoolVar(&flags.concurrently, "concurrently", false, "let PostgreSQL build new indexes without a lock, each in a migration of its own")
	cmd.MarkFlagsMutuallyExclusive("empty", "concurrently")
	return cmd
}

// diffFlags are what migrate diff was asked.
type diffFlags struct {
	allow               []string
	empty, concurrently bool
}

func allowances(words []string) []migrate.Allow {
	allowed := make([]migrate.Allow, len(words))
	for i, word := range words {
		allowed[i] = migrate.Allow(word)
	}
	return allowed
}

// writeMigration writes the next migration and says which files it wrote.
func (p *program) writeMigration(loaded *project.Project, dir *migrate.Dir, name string, flags diffFlags) error {
	if flags.empty {
		written, err := dir.Empty(name)
		if err != nil {
			return err
		}
		p.sayMigration(loaded, written, nil)
		return nil
	}
	plan, err := dir.Plan(loaded.Schema)
	if err != nil {
		return err
	}
	if flags.concurrently {
		return p.writeConcurrently(loaded, dir, name, plan, allowances(flags.allow))
	}
	written, err := dir.Diff(name, loaded.Schema, allowances(flags.allow)...)
	if err != nil {
		return err
	}
	p.sayMigration(loaded, written, plan)
	return nil
}

// writeConcurrently writes the next migration and those of its indexes.
func (p *program) writeConcurrently(loaded *project.Project, dir *migrate.Dir, name string, plan *migrate.Plan, allowed []migrate.Allow) error {
	written, err := dir.DiffConcurrently(name, loaded.Schema, allowed...)
	if err != nil {
		return err
	}
	if len(written) == 0 {
		p.sayMigration(loaded, nil, nil)
		return nil
	}
	plan.Concurrently()
	p.sayMigration(loaded, written[0], plan)
	for _, index := range written[1:] {
		p.sayMigration(loaded, index, nil)
	}
	return nil
}

// sayMigration tells what a migration changes and where it was written.
func (p *program) sayMigration(loaded *project.Project, written *migrate.Migration, plan *migrate.Plan) {
	facts := struct {
		Migration string   `json:"migration,omitempty"`
		Files     []string `json:"files"`
		Changes   []string `json:"changes"`
	}{Files: []string{}, Changes: []string{}}
	if plan != nil {
		for _, change := range plan.Changes {
			facts.Changes = append(facts.Changes, change.String())
		}
	}
	if written == nil {
		p.out.line("the models have not changed since the last migration: there is nothing to write")
		p.out.event("diff", facts)
		return
	}
	facts.Migration = written.String()
	for _, dialect := range []string{migrate.SQLite, migrate.Postgres} {
		facts.Files = append(facts.Files, "migrations/"+written.File(dialect))
	}
	p.out.event("diff", facts)
	p.out.step(good, "wrote", "%s in %s", written, shortPath(loaded.Migrations()))
	for _, change := range facts.Changes {
		p.out.detail("%s", change)
	}
	if plan != nil {
		p.sayFindings(plan.Findings)
	}
}

// sayFindings tells what to think about.
func (p *program) sayFindings(findings []migrate.Finding) {
	for _, finding := range findings {
		s := warning
		if finding.Severity == migrate.Destructive {
			s = bad
		}
		p.out.step(s, "note", "%s", finding)
	}
}

func (p *program) migrateUp() *cobra.Command {
	return p.migrateStep("up", "Apply the migrations that the database lacks",
		func(ctx context.Context, loaded *project.Project, _ []string) error {
			dir, err := openMigrations(loaded)
			if err != nil {
				return err
			}
			return p.withDatabase(ctx, loaded, func(engine store.Engine) error {
				return p.migrateTo(ctx, loaded, engine, dir)
			})
		})
}

// migrateTo applies what the database lacks and says so.
func (p *program) migrateTo(ctx context.Context, loaded *project.Project, engine store.Engine, dir *migrate.Dir) error {
	applied, err := migrate.Up(ctx, engine, dir, migrate.Options{Progress: func(now migrate.Progress) {
		if now.Statement == 0 {
			p.out.step(good, "migrated", "%s: %s in %s", databaseName(loaded), now.Migration, took(now.Took))
		}
	}})
	if err != nil {
		return fmt.Errorf("migrate %s: %w", databaseName(loaded), err)
	}
	names := []string{}
	for _, m := range applied {
		names = append(names, m.String())
	}
	if len(names) == 0 {
		p.out.step(faint, "migrated", "%s: nothing to do, it has %s", databaseName(loaded), count(len(dir.Migrations()), "migration"))
	}
	p.out.event("migrated", struct {
		Database string   `json:"database"`
		Applied  []string `json:"applied"`
	}{databaseName(loaded), names})
	return nil
}

func (p *program) migrateStatus() *cobra.Command {
	return p.migrateStep("status", "Say which migrations the database has",
		func(ctx context.Context, loaded *project.Project, _ []string) error {
			dir, err := migrate.Open(loaded.Migrations())
			if err != nil {
				return err
			}
			states, err := p.states(ctx, loaded, dir)
			if err != nil {
				return err
			}
			p.sayStates(states)
			return nil
		})
}

// states tells where each migration stands.
func (p *program) states(ctx context.Context, loaded *project.Project, dir *migrate.Dir) (states []migrate.State, err error) {
	err = p.withDatabaseIfAny(ctx, loaded, func(engine store.Engine) error {
		if engine != nil {
			states, err = migrate.Status(ctx, engine, dir)
			return err
		}
		for _, m := range dir.Migrations() {
			states = append(states, migrate.State{Migration: m})
		}
		return nil
	})
	return states, err
}

// isFresh reports whether no migration was applied yet.
func isFresh(states []migrate.State) bool {
	return !slices.ContainsFunc(states, func(state migrate.State) bool { return !state.Applied.IsZero() })
}

func (p *program) sayStates(states []migrate.State) {
	type row struct {
		Migration string     `json:"migration"`
		State     string     `json:"state"`
		Applied   *time.Time `json:"applied,omitempty"`
	}
	list := []row{}
	cells := [][]string{}
	for _, state := range states {
		r := row{Migration: state.Migration.String(), State: "applied"}
		when := ""
		if !state.Applied.IsZero() {
			r.Applied = &state.Applied
			when = state.Applied.Format(time.DateTime)
		}
		switch {
		case state.Missing:
			r.State = "applied, but not in the folder"
		case state.Changed:
			r.State = "applied, but its file was changed since"
		case state.Applied.IsZero():
			r.State = "pending"
		}
		list = append(list, r)
		cells = append(cells, []string{r.Migration, r.State, when})
	}
	p.out.event("status", struct {
		Migrations []row `json:"migrations"`
	}{list})
	if len(cells) == 0 {
		p.out.line("there are no migrations yet: write the first with larder migrate diff init")
		return
	}
	p.out.table([]string{"migration", "state", "applied (UTC)"}, cells)
}

func (p *program) migrateLint() *cobra.Command {
	return p.migrateStep("lint", "Say what to think about before the pending migrations are applied",
		func(ctx context.Context, loaded *project.Project, _ []string) error {
			dir, err := migrate.Open(loaded.Migrations())
			if err != nil {
				return err
			}
			var findings []migrate.Finding
			err = p.withDatabaseIfAny(ctx, loaded, func(engine store.Engine) error {
				findings, err = migrate.Lint(ctx, engine, dir)
				return err
			})
			if err != nil {
				return err
			}
			p.sayLint(findings)
			if slices.ContainsFunc(findings, func(f migrate.Finding) bool { return f.Severity == migrate.Breaking && f.Rows > 0 }) {
				return fmt.Errorf("%w: larder migrate up would fail on them and change nothing; change the rows, or the migration", errRowsInTheWay)
			}
			return nil
		})
}

// errRowsInTheWay is lint's answer to a program: somebody has to decide.
var errRowsInTheWay = errors.New("rows stand in the way")

// sayLint tells what was found, or that nothing was.
func (p *program) sayLint(findings []migrate.Finding) {
	p.out.event("lint", struct {
		Findings []finding `json:"findings"`
	}{findingsOf(findings)})
	if len(findings) == 0 {
		p.out.line("nothing to think about")
	}
	p.sayFindings(findings)
}

// finding is a migrate.Finding as programs see it.
type finding struct {
	Severity string   `json:"severity"`
	File     string   `json:"file,omitempty"`
	Line     int      `json:"line,omitempty"`
	Engine   string   `json:"engine,omitempty"`
	Message  string   `json:"message"`
	Action   string   `json:"action,omitempty"`
	Rows     *int64   `json:"rows,omitempty"`
	Examples []string `json:"examples,omitempty"`
}

func findingsOf(findings []migrate.Finding) []finding {
	list := []finding{}
	for _, f := range findings {
		one := finding{string(f.Severity), f.File, f.Line, f.Engine, f.Message, f.Action, nil, f.Examples}
		if f.Rows >= 0 {
			one.Rows = &f.Rows
		}
		list = append(list, one)
	}
	return list
}
