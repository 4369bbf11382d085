package cli

import (
	"context"
	"fmt"
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

func (p *program) migrateDiff() *cobra.Command {
	var allow []string
	var empty bool
	var flags *projectFlags
	cmd := &cobra.Command{
		Use:   "diff NAME",
		Short: "Write the migration that takes the tables to the models as they are now",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, arguments []string) error {
			loaded, err := p.load(cmd, flags, nil)
			if err != nil {
				return err
			}
			dir, err := migrate.Open(loaded.Migrations())
			if err != nil {
				return err
			}
			return p.writeMigration(loaded, dir, arguments[0], empty, allowances(allow))
		},
	}
	flags = addProjectFlags(cmd, false)
	cmd.Flags().StringSliceVar(&allow, "allow", nil, "let through what would lose data: `drop`")
	cmd.Flags().BoolVar(&empty, "empty", false, "write empty files, for statements of your own")
	return cmd
}

func allowances(words []string) []migrate.Allow {
	allowed := make([]migrate.Allow, len(words))
	for i, word := range words {
		allowed[i] = migrate.Allow(word)
	}
	return allowed
}

// writeMigration writes the next migration and says which files it wrote.
func (p *program) writeMigration(loaded *project.Project, dir *migrate.Dir, name string, empty bool, allowed []migrate.Allow) error {
	if empty {
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
	written, err := dir.Diff(name, loaded.Schema, allowed...)
	if err != nil {
		return err
	}
	p.sayMigration(loaded, written, plan)
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
	var flags *projectFlags
	cmd := &cobra.Command{
		Use:   "up",
		Short: "Apply the migrations that the database lacks",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			loaded, err := p.load(cmd, flags, nil)
			if err != nil {
				return err
			}
			dir, err := openMigrations(loaded)
			if err != nil {
				return err
			}
			return p.withDatabase(cmd.Context(), loaded, func(engine store.Engine) error {
				return p.migrateTo(cmd.Context(), loaded, engine, dir)
			})
		},
	}
	flags = addProjectFlags(cmd, false)
	return cmd
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
	var flags *projectFlags
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Say which migrations the database has",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			loaded, err := p.load(cmd, flags, nil)
			if err != nil {
				return err
			}
			dir, err := migrate.Open(loaded.Migrations())
			if err != nil {
				return err
			}
			states, err := p.states(cmd.Context(), loaded, dir)
			if err != nil {
				return err
			}
			p.sayStates(states)
			return nil
		},
	}
	flags = addProjectFlags(cmd, false)
	return cmd
}

// states tells where each migration stands; of a database that does not exist
// yet, without making it.
func (p *program) states(ctx context.Context, loaded *project.Project, dir *migrate.Dir) (states []migrate.State, err error) {
	missing, err := databaseMissing(loaded)
	if err != nil {
		return nil, err
	}
	if missing {
		for _, m := range dir.Migrations() {
			states = append(states, migrate.State{Migration: m})
		}
		return states, nil
	}
	err = p.withDatabase(ctx, loaded, func(engine store.Engine) error {
		states, err = migrate.Status(ctx, engine, dir)
		return err
	})
	return states, err
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
	var flags *projectFlags
	cmd := &cobra.Command{
		Use:   "lint",
		Short: "Say what to think about before the pending migrations are applied",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			loaded, err := p.load(cmd, flags, nil)
			if err != nil {
				return err
			}
			dir, err := migrate.Open(loaded.Migrations())
			if err != nil {
				return err
			}
			return p.lint(cmd.Context(), loaded, dir)
		},
	}
	flags = addProjectFlags(cmd, false)
	return cmd
}

// lint looks at the pending migrations, against the rows of the database where
// there is one.
func (p *program) lint(ctx context.Context, loaded *project.Project, dir *migrate.Dir) error {
	missing, err := databaseMissing(loaded)
	if err != nil {
		return err
	}
	var findings []migrate.Finding
	if missing {
		findings, err = migrate.Lint(ctx, nil, dir)
	} else {
		err = p.withDatabase(ctx, loaded, func(engine store.Engine) error {
			findings, err = migrate.Lint(ctx, engine, dir)
			return err
		})
	}
	if err != nil {
		return err
	}
	p.out.event("lint", struct {
		Findings []finding `json:"findings"`
	}{findingsOf(findings)})
	if len(findings) == 0 {
		p.out.line("nothing to think about")
	}
	p.sayFindings(findings)
	return nil
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
