package store_test

import (
	"context"
	"path/filepath"
	"slices"
	"testing"

	"github.com/larderhq/larder/internal/migrate"
	"github.com/larderhq/larder/internal/model"
	"github.com/larderhq/larder/internal/statement"
	"github.com/larderhq/larder/internal/store"
	"github.com/larderhq/larder/internal/store/sqlite"
	"github.com/larderhq/larder/internal/store/storetest"
)

func TestRecords(t *testing.T) { storetest.Records(t, onSQLite) }

// onSQLite makes a SQLite file with the tables of the schema.
func onSQLite(t *testing.T, schema *model.Schema) func() (store.Engine, error) {
	path := filepath.Join(t.TempDir(), "larder.db")
	engine, err := sqlite.Open(t.Context(), path, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	makeTables(t, engine, schema)
	if err := engine.Close(); err != nil {
		t.Fatal(err)
	}
	return func() (store.Engine, error) { return sqlite.Open(t.Context(), path, sqlite.Options{}) }
}

func makeTables(t testing.TB, engine store.Engine, schema *model.Schema) {
	t.Helper()
	name := engine.Dialect().Name()
	err := engine.Exclusive(t.Context(), func(ctx context.Context, conn store.Tx) error {
		for _, sql := range slices.Concat([]string{"BEGIN"}, migrate.Builtin(name), migrate.Create(name, schema), []string{"COMMIT"}) {
			if _, err := conn.Exec(ctx, statement.Statement{SQL: sql}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
