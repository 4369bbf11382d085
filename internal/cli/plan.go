package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/larderhq/larder/internal/migrate"
	"github.com/larderhq/larder/internal/project"
)

func (p *program) planCommand() *cobra.Command {
	var schemaOnly bool
	var out string
	options := importOptions{dryRun: true}
	var flags *projectFlags
	cmd := &cobra.Command{
		Use:   "plan [PROJECT]",
		Short: "Say what up would change, and change nothing",
		Long: `Plan says what has changed in the models since the last migration, which
migrations the database lacks, and what an import would change. It writes
nothing but, with --out, a file that larder import --plan then does. A plan that
would lose data, and one that waits for a decision, ends with exit code 3.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, arguments []string) error {
			loaded, err := p.load(cmd, flags, arguments)
			if err != nil {
				return err
			}
			if err := options.checkAllowed(); err != nil {
				return err
			}
			if loaded.Settings.External && out != "" {
				return errors.New("--out: there is no import to plan, since the database is not larder's (migrations: external)")
			}
			if loaded.Settings.External {
				return p.planExternal(cmd.Context(), loaded)
			}
			dir, err := migrate.Open(loaded.Migrations())
			if err != nil {
				return err
			}
			return p.plan(cmd.Context(), loaded, dir, options, schemaOnly, out)
		},
	}
	flags = addProjectFlags(cmd, false)
	cmd.Flags().BoolVar(&options.offline, "offline", false, "read the snapshots, ask no one")
	cmd.Flags().BoolVar(&schemaOnly, "schema", false, "leave the data out: read no source")
	cmd.Flags().StringVar(&out, "out", "", "write the plan to a `file`, for larder import --plan")
	cmd.Flags().StringSliceVar(&options.allow, "allow", nil, "plan an import that would be held: `WHAT` is collapse or drift")
	cmd.MarkFlagsMutuallyExclusive("schema", "out")
	return cmd
}

// plan tells the changes of the models, of the tables and of the data. What
// comes later cannot be told before what comes first is done.
func (p *program) plan(ctx context.Context, loaded *project.Project, dir *migrate.Dir, options importOptions, schemaOnly bool, out string) error {
	plan, err := dir.Plan(loaded.Schema)
	if err != nil {
		return err
	}
	if len(plan.Changes) > 0 {
		if err := p.sayChanges(loaded, plan); err != nil {
			return err
		}
		return errors.Join(plan.Held(), noPlan(out))
	}
	states, err := p.states(ctx, loaded, dir)
	if err != nil {
		return err
	}
	pending := p.sayPending(states, dialectOf(loaded))
	switch {
	case len(loaded.SourceNames()) == 0 && out != "":
		return errors.New("--out: the project has no sources, so there is no import to plan")
	case schemaOnly || len(loaded.SourceNames()) == 0:
		return nil
	case pending > 0 && !isFresh(states):
		p.out.step(faint, "import", "cannot be told before the migrations are applied")
		return noPlan(out)
	}
	return p.rehearseAll(ctx, loaded, dir, options, out)
}

// noPlan is the error of a plan that was to be written and cannot be told yet.
func noPlan(out string) error {
	if out == "" {
		return nil
	}
	return fmt.Errorf("no plan was written to %s: what an import would do cannot be told before the migrations are written and applied", out)
}

// sayPending tells the migrations that the database lacks, with their SQL, and
// returns how many they are.
func (p *program) sayPending(states []migrate.State, dialect string) int {
	type pending struct {
		Migration string `json:"migration"`
		SQL       string `json:"sql"`
	}
	list := []pending{}
	for _, state := range states {
		if state.Applied.IsZero() {
			list = append(list, pending{state.Migration.String(), state.Migration.SQL(dialect)})
		}
	}
	p.out.event("migrations", struct {
		Pending []pending `json:"pending"`
	}{list})
	for _, one := range list {
		p.out.step(good, "migrate", "%s", one.Migration)
		p.saySQL(one.SQL)
	}
	if len(list) == 0 {
		p.out.step(faint, "migrate", "nothing: the tables are as the models want them")
	}
	return len(list)
}

// sayChanges tells what the next migration would be.
func (p *program) sayChanges(loaded *project.Project, plan *migrate.Plan) error {
	sql, err := plan.SQL(dialectOf(loaded))
	if err != nil {
		return err
	}
	changes := []string{}
	for _, change := range plan.Changes {
		changes = append(changes, change.String())
	}
	p.out.event("models", struct {
		Changes  []string  `json:"changes"`
		SQL      string    `json:"sql"`
		Findings []finding `json:"findings"`
	}{changes, sql, findingsOf(plan.Findings)})
	for _, change := range changes {
		p.out.step(good, "models", "%s", change)
	}
	p.saySQL(sql)
	p.sayFindings(plan.Findings)
	p.out.line("write it with larder migrate diff NAME, then apply it with larder migrate up")
	return nil
}

// saySQL shows SQL below the step that runs it.
func (p *program) saySQL(sql string) {
	for line := range strings.Lines(strings.TrimSpace(sql)) {
		p.out.line("%s", strings.TrimRight("    "+p.out.paint(p.out.outTerminal, faint, strings.TrimRight(line, "\n")), " "))
	}
}

// dialectOf is the dialect of the project's database.
func dialectOf(loaded *project.Project) string {
	if address, err := loaded.Database(); err == nil && isPostgres(address) {
		return migrate.Postgres
	}
	return migrate.SQLite
}
