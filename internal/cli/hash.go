package cli

import (
	"github.com/spf13/cobra"

	"github.com/larderhq/larder/internal/migrate"
)

func (p *program) migrateHash() *cobra.Command {
	var flags *projectFlags
	cmd := &cobra.Command{
		Use:   "hash",
		Short: "Accept migration files that were written or edited by hand",
		Long: `Hash writes migrations/checksums.txt anew. A file that a database has
applied stays refused by that database when it is another now.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			loaded, err := p.load(cmd, flags, nil)
			if err != nil {
				return err
			}
			changed, err := migrate.Hash(loaded.Migrations())
			if err != nil {
				return err
			}
			p.sayHashed(changed)
			return nil
		},
	}
	flags = addProjectFlags(cmd, false)
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
