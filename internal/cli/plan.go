package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/larderhq/larder/internal/migrate"
	"github.com/larderhq/larder/internal/project"
)

func (p *program) planCommand() *cobra.Command {
	var offline, schemaOnly bool
	var flags *projectFlags
	cmd := &cobra.Command{
		Use:   "plan [PROJECT]",
		Short: "Say what up would change, and change nothing",
		Long: `Plan says what has changed in the models since the last migration, which
migrations the database lacks, and what an import would change. It writes
nothing. A plan that would lose data ends with exit code 3.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, arguments []string) error {
			loaded, err := p.load(cmd, flags, arguments)
			if err != nil {
				return err
			}
			dir, err := migrate.Open(loaded.Migrations())
			if err != nil {
				return err
			}
			return p.plan(cmd.Context(), loaded, dir, offline, schemaOnly)
		},
	}
	flags = addProjectFlags(cmd, false)
	cmd.Flags().BoolVar(&offline, "offline", false, "read the snapshots, ask no one")
	cmd.Flags().BoolVar(&schemaOnly, "schema", false, "leave the data out: read no source")
	return cmd
}

// plan tells the changes of the models, of the tables and of the data. What
// comes later cannot be told before what comes first is done.
func (p *program) plan(ctx context.Context, loaded *project.Project, dir *migrate.Dir, offline, schemaOnly bool) error {
	plan, err := dir.Plan(loaded.Schema)
	if err != nil {
		return err
	}
	if len(plan.Changes) > 0 {
		p.sayChanges(plan)
		return plan.Held()
	}
	states, err := p.states(ctx, loaded, dir)
	if err != nil {
		return err
	}
	pending := []string{}
	for _, state := range states {
		if state.Applied.IsZero() {
			pending = append(pending, state.Migration.String())
		}
	}
	p.out.event("migrations", struct {
		Pending []string `json:"pending"`
	}{pending})
	for _, name := range pending {
		p.out.step(good, "migrate", "%s", name)
	}
	if len(pending) == 0 {
		p.out.step(faint, "migrate", "nothing: the tables are as the models want them")
	}
	missing, err := databaseMissing(loaded)
	switch {
	case err != nil || schemaOnly || len(loaded.SourceNames()) == 0:
		return err
	case len(pending) > 0 && !missing:
		p.out.step(faint, "import", "cannot be told before the migrations are applied")
		return nil
	}
	return p.rehearse(ctx, loaded, loaded.SourceNames(), offline)
}

// sayChanges tells what the next migration would be.
func (p *program) sayChanges(plan *migrate.Plan) {
	changes := []string{}
	for _, change := range plan.Changes {
		changes = append(changes, change.String())
	}
	p.out.event("models", struct {
		Changes  []string  `json:"changes"`
		Findings []finding `json:"findings"`
	}{changes, findingsOf(plan.Findings)})
	for _, change := range changes {
		p.out.step(good, "models", "%s", change)
	}
	p.sayFindings(plan.Findings)
	p.out.line("write it with larder migrate diff NAME, then apply it with larder migrate up")
}
