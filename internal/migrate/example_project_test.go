package migrate

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/diff"

	"github.com/larderhq/larder/internal/model"
)

func TestTheExamplesAreMigratedToTheirModels(t *testing.T) {
	files, err := filepath.Glob("../../examples/*/models.graphql")
	if err != nil || len(files) == 0 {
		t.Fatalf("no examples found: %v", err)
	}
	for _, file := range files {
		project := filepath.Dir(file)
		t.Run(filepath.Base(project), func(t *testing.T) {
			sdl, err := os.ReadFile(file) //nolint:gosec // of an example
			if err != nil {
				t.Fatal(err)
			}
			schema, err := model.Parse(file, sdl)
			if err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(project, "migrations")
			dir, err := Open(path)
			if err != nil {
				t.Fatal(err)
			}
			plan, err := dir.Plan(schema)
			if err != nil {
				t.Fatal(err)
			}
			for _, change := range plan.Changes {
				t.Errorf("no migration makes this change: %s", change)
			}
			migrated, fresh := newSQLite(t), newSQLite(t)
			up(t, migrated, path)
			for _, sql := range Create(SQLite, schema) {
				run(t, fresh, sql)
			}
			if d := diff.Diff("fresh", []byte(structure(t, fresh)), "migrated", []byte(structure(t, migrated))); d != nil {
				t.Errorf("%s", d)
			}
		})
	}
}
