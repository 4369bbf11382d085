package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/larderhq/larder/internal/migrate"
	"github.com/larderhq/larder/internal/project"
)

func (p *program) migrateHash() *cobra.Command {
	cmd := p.migrateStep("hash", "Accept migration files that were written or edited by hand",
		func(_ context.Context, loaded *project.Project, _ []string) error {
			changed, err := migrate.Hash(loaded.Migrations())
			if err != nil {
				return err
			}
			p.sayHashed(changed)
			return nil
		})
	cmd.Long = `Hash writes migrations/checksums.txt anew. A file that a database has
applied stays refused by that database when it is another now.`
	return cmd
}

// sayHashed names the files whose checksum is new.
func (p *program) sayHashed(changed []string) {
	if changed == nil {
		changed = []string{}
		p.out.line("every file is as migrations/checksums.txt says")
	}
	p.out.event("hash", struct {
		Accepted []string `json:"accepted"`
	}{changed})
	for _, file := range changed {
		p.out.step(good, "accepted", "%s", file)
	}
}
