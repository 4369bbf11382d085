package rest_test

import (
	"context"
	"flag"
	"path/filepath"
	"testing"

	"github.com/larderhq/larder/internal/migrate"
	"github.com/larderhq/larder/internal/model"
	"github.com/larderhq/larder/internal/rest/conformance"
	"github.com/larderhq/larder/internal/statement"
	"github.com/larderhq/larder/internal/store"
	"github.com/larderhq/larder/internal/store/sqlite"
)

var update = flag.Bool("update", false, "write what the server answers into the files of cases")

// openSQLite opens a store in a new SQLite file.
func openSQLite(t testing.TB, schema *model.Schema) *store.Store {
	t.Helper()
	return store.New(openEngine(t, schema), schema)
}

// openEngine opens a new SQLite file with the schema's tables.
func openEngine(t testing.TB, schema *model.Schema) store.Engine {
	t.Helper()
	engine, err := sqlite.Open(context.Background(), filepath.Join(t.TempDir(), "larder.db"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := engine.Close(); err != nil {
			t.Errorf("close the database: %v", err)
		}
	})
	err = engine.Exclusive(context.Background(), func(ctx context.Context, conn store.Tx) error {
		for _, sql := range append(migrate.Builtin(migrate.SQLite), migrate.Create(migrate.SQLite, schema)...) {
			if _, err := conn.Exec(ctx, statement.Statement{SQL: sql}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return engine
}

func TestTheAPIOnSQLite(t *testing.T) {
	files, err := filepath.Glob("conformance/testdata/*.md")
	if err != nil || len(files) == 0 {
		t.Fatalf("no files of cases: %v", err)
	}
	conformance.Run(t, openSQLite, *update, append(files, "../../docs/api.md")...)
}
