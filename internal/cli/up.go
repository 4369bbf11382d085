package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/larderhq/larder/internal/importer"
	"github.com/larderhq/larder/internal/migrate"
	"github.com/larderhq/larder/internal/store"
)

func (p *program) upCommand() *cobra.Command {
	var offline bool
	var flags *projectFlags
	cmd := &cobra.Command{
		Use:   "up [PROJECT]",
		Short: "Migrate, import and serve a project",
		Long: `Up makes the database where there is none, applies the migrations that it
lacks, imports every source, and serves the API until it is told to stop
(SIGINT, SIGTERM).`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, arguments []string) error {
			ctx := cmd.Context()
			loaded, err := p.load(cmd, flags, arguments)
			if err != nil {
				return err
			}
			dir, err := openMigrations(loaded)
			if err != nil {
				return err
			}
			// The address is taken first: no import for a server that cannot be.
			listener, err := listen(ctx, loaded)
			if err != nil {
				return err
			}
			defer listener.Close() //nolint:errcheck // the server closes it; this is for the ways that do not reach it
			return p.withDatabase(ctx, loaded, func(engine store.Engine) error {
				if loaded.Settings.External {
					return p.serve(ctx, loaded, engine, listener)
				}
				since, err := lastRun(ctx, engine, dir)
				if err != nil {
					return err
				}
				if err := p.migrateTo(ctx, loaded, engine, dir); err != nil {
					return err
				}
				if err := p.importOnce(ctx, loaded, engine, loaded.SourceNames(), importOptions{offline: offline, since: since}); err != nil {
					return err
				}
				return p.serve(ctx, loaded, engine, listener)
			})
		},
	}
	flags = addProjectFlags(cmd, true)
	cmd.Flags().BoolVar(&offline, "offline", false, "read the snapshots, ask no one")
	return cmd
}

// lastRun is the last import before this command, 0 on a database that has no
// tables yet.
func lastRun(ctx context.Context, engine store.Engine, dir *migrate.Dir) (int64, error) {
	states, err := migrate.Status(ctx, engine, dir)
	if err != nil || isFresh(states) {
		return 0, err
	}
	return importer.LastRun(ctx, engine)
}
