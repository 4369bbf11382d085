package cli

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/larderhq/larder/internal/importer"
	"github.com/larderhq/larder/internal/model"
	"github.com/larderhq/larder/internal/project"
	"github.com/larderhq/larder/internal/store"
)

func (p *program) conflictsCommand() *cobra.Command {
	var all bool
	var flags *projectFlags
	cmd := &cobra.Command{
		Use:   "conflicts [SOURCE]",
		Short: "List and resolve what changed both upstream and here",
		Long: `Conflicts lists the fields that a source and a person changed to different
values, with the value that both were made from. What is here stays until
somebody resolves the conflict.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, names []string) error {
			filter := importer.ConflictFilter{Open: !all}
			return p.withOrigins(cmd, flags, func(loaded *project.Project, engine store.Engine) error {
				if len(names) > 0 {
					if _, err := sourcesOf(loaded, names); err != nil {
						return err
					}
					filter.Source = names[0]
				}
				return p.sayConflicts(cmd.Context(), loaded, engine, filter)
			})
		},
	}
	flags = addProjectFlags(cmd, false)
	cmd.Flags().BoolVar(&all, "all", false, "list those that are resolved, too")
	cmd.AddCommand(p.resolveCommand())
	return cmd
}

func (p *program) resolveCommand() *cobra.Command {
	var take string
	var flags *projectFlags
	cmd := &cobra.Command{
		Use:   "resolve ID --take upstream|local",
		Short: "Take upstream's value of a conflict, or keep the one here",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			id, err := strconv.ParseInt(args[0], 10, 64)
			if err != nil {
				return fmt.Errorf("expected the number of a conflict as larder conflicts lists it, found %q", args[0])
			}
			choice := model.OnConflict(strings.ToUpper(take))
			if choice != model.TakeUpstream && choice != model.KeepLocal {
				return fmt.Errorf("--take: expected upstream or local, found %q", take)
			}
			return p.withOrigins(cmd, flags, func(loaded *project.Project, engine store.Engine) error {
				resolved, err := importer.Resolve(cmd.Context(), store.New(engine, loaded.Schema), engine, loaded.Schema, id, choice)
				if err != nil {
					return err
				}
				p.out.event("resolved", resolved)
				verb := "stays"
				if choice == model.TakeUpstream {
					verb = "is now"
				}
				p.out.step(good, "resolved", "%s: %s %s %s", recordName(loaded.Schema, resolved), resolved.Field, verb, shownValue(resolved.Local))
				return nil
			})
		},
	}
	flags = addProjectFlags(cmd, false)
	cmd.Flags().StringVar(&take, "take", "", "`WHICH` value the field is to have: upstream or local")
	return cmd
}

// withOrigins calls with the project and its database, in whose tables larder
// remembers what was imported.
func (p *program) withOrigins(cmd *cobra.Command, flags *projectFlags, work func(*project.Project, store.Engine) error) error {
	loaded, err := p.load(cmd, flags, nil)
	if err != nil {
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
		return work(loaded, engine)
	})
}

// shownConflicts is how many conflicts people are shown; programs get all.
const shownConflicts = 100

// sayConflicts lists the conflicts of the filter.
func (p *program) sayConflicts(ctx context.Context, loaded *project.Project, engine store.Engine, filter importer.ConflictFilter) error {
	filter.Limit = shownConflicts
	var cells [][]string
	for {
		found, err := importer.Conflicts(ctx, engine, loaded.Schema, filter)
		if err != nil {
			return err
		}
		for _, c := range found {
			p.out.event("conflict", c)
			cells = append(cells, conflictCells(loaded.Schema, c))
			filter.After = c.ID
		}
		if len(found) < shownConflicts || !p.out.json {
			break
		}
	}
	if len(cells) == 0 {
		p.out.line("no conflicts")
		return nil
	}
	p.out.table([]string{"id", "source", "record", "field", "was", "upstream", "here", "state"}, cells)
	if len(cells) == shownConflicts {
		p.out.line("these are the first %d; --json lists all", shownConflicts)
	}
	p.out.line("resolve one with larder conflicts resolve ID --take upstream (or local)")
	return nil
}

func conflictCells(schema *model.Schema, c importer.Conflict) []string {
	state := "open"
	if !c.Open {
		state = "equal"
	}
	if c.Resolution != "" {
		state = c.Resolution
	}
	return []string{
		strconv.FormatInt(c.ID, 10), c.Source, recordName(schema, c), c.Field,
		shownValue(c.Base), shownValue(c.Upstream), shownValue(c.Local), state,
	}
}

// recordName is a conflict's record as people know it: "planets/1 Tatooine".
func recordName(schema *model.Schema, c importer.Conflict) string {
	return schema.Type(c.Type).Resource() + "/" + c.RecordID + " " + keyText(c.Key)
}

// shownValue is a value in a table; a question mark where it is not known, or
// not told since its field is hidden.
func shownValue(value []byte) string {
	const most = 40
	text := []rune(string(value))
	switch {
	case len(text) == 0:
		return "?"
	case len(text) > most:
		return string(text[:most]) + "…"
	}
	return string(text)
}
