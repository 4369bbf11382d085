package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/larderhq/larder/internal/migrate"
	"github.com/larderhq/larder/internal/project"
)

// projectFlags are the flags of a command that works on a project.
type projectFlags struct {
	dir     string
	values  map[string]*string // by the setting's name
	sources []string           // NAME.SETTING=VALUE
}

// addProjectFlags gives the command --project and a flag for each setting;
// those of the server only where the command serves.
func addProjectFlags(cmd *cobra.Command, serves bool) *projectFlags {
	f := &projectFlags{values: map[string]*string{}}
	cmd.Flags().StringVarP(&f.dir, "project", "C", ".", "the project's `folder`")
	for _, setting := range project.AllSettings() {
		if setting.OfSource() || !serves && !strings.HasPrefix(setting.Name, "database") {
			continue
		}
		description, _, _ := strings.Cut(setting.Description, ". ")
		usage := fmt.Sprintf("%s: `value` is %s (%s)", strings.TrimSuffix(description, "."), setting.Form, setting.Environment())
		f.values[setting.Name] = cmd.Flags().String(setting.Flag(), setting.Default, usage)
		if setting.Boolean() {
			cmd.Flags().Lookup(setting.Flag()).NoOptDefVal = "true"
		}
	}
	cmd.Flags().StringArrayVar(&f.sources, "source", nil, "sets a source's setting: `NAME.SETTING=VALUE`, as in swapi.url=https://…; may be given again")
	return f
}

// load reads the project in the folder that --project or the argument names.
func (p *program) load(cmd *cobra.Command, f *projectFlags, arguments []string) (*project.Project, error) {
	dir := f.dir
	if len(arguments) > 0 {
		dir = arguments[0]
	}
	overrides := project.Overrides{Flags: map[string]string{}}
	for _, setting := range project.AllSettings() {
		if value := f.values[setting.Name]; value != nil && cmd.Flags().Changed(setting.Flag()) {
			overrides.Flags[setting.Name] = *value
		}
	}
	for _, text := range f.sources {
		name, value, ok := strings.Cut(text, "=")
		if !ok || !strings.Contains(name, ".") {
			return nil, fmt.Errorf("--source %s: expected NAME.SETTING=VALUE, as in swapi.url=https://example.com/graphql", text)
		}
		overrides.Flags["sources."+name] = value
	}
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("there is no folder %s: name a project's folder, or make one with larder new", dir)
	}
	loaded, err := project.Load(dir, overrides, p.environ)
	if err != nil {
		return nil, err
	}
	for _, notice := range loaded.Notices {
		p.out.warn("%s", notice)
	}
	return loaded, nil
}

// shortPath is a path from the working folder, if it lies in it.
func shortPath(path string) string {
	here, err := os.Getwd()
	if err != nil {
		return path
	}
	relative, err := filepath.Rel(here, path)
	if err != nil || strings.HasPrefix(relative, "..") {
		return path
	}
	return relative
}

// openMigrations reads the project's migrations and refuses them when the
// models have gone ahead of them. There are none, and nil, where the tables are
// not larder's.
func openMigrations(loaded *project.Project) (*migrate.Dir, error) {
	if loaded.Settings.External {
		return nil, nil
	}
	dir, err := migrate.Open(loaded.Migrations())
	if err != nil {
		return nil, err
	}
	plan, err := dir.Plan(loaded.Schema)
	if err != nil {
		return nil, err
	}
	if len(plan.Changes) == 0 {
		return dir, nil
	}
	return nil, fmt.Errorf("%s has changed since the last migration (%s): write the next one with larder migrate diff NAME -C %s",
		project.ModelsFile, firstChange(plan), shortPath(loaded.Dir))
}

func firstChange(plan *migrate.Plan) string {
	text := plan.Changes[0].String()
	if more := len(plan.Changes) - 1; more > 0 {
		text += fmt.Sprintf(", and %d more", more)
	}
	return text
}
