package rest_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/larderhq/larder/internal/migrate"
	"github.com/larderhq/larder/internal/model"
	"github.com/larderhq/larder/internal/postgrestest"
	"github.com/larderhq/larder/internal/rest/conformance"
	"github.com/larderhq/larder/internal/statement"
	"github.com/larderhq/larder/internal/store"
	"github.com/larderhq/larder/internal/store/postgres"
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
	return withTables(t, engine, err, schema)
}

// onPostgres makes a PostgreSQL database and opens stores in it, each in a
// schema of its own.
func onPostgres(t testing.TB) conformance.Open {
	t.Helper()
	database := postgrestest.Database(t)
	return func(t testing.TB, schema *model.Schema) *store.Store {
		t.Helper()
		engine, err := postgres.Open(context.Background(), postgrestest.Schema(t, database), postgres.Options{})
		return store.New(gapless{withTables(t, engine, err, schema)}, schema)
	}
}

// withTables makes the schema's tables in a database that was just opened.
func withTables(t testing.TB, engine store.Engine, err error, schema *model.Schema) store.Engine {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := engine.Close(); err != nil {
			t.Errorf("close the database: %v", err)
		}
	})
	dialect := engine.Dialect().Name()
	err = engine.Exclusive(context.Background(), func(ctx context.Context, conn store.Tx) error {
		for _, sql := range append(migrate.Builtin(dialect), migrate.Create(dialect, schema)...) {
			if _, err := conn.Exec(ctx, statement.Statement{SQL: sql}); err != nil {
				return fmt.Errorf("%s: %w", sql, err)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return engine
}

// gapless gives the ids again that changes which failed left unused:
// PostgreSQL's sequences keep to no transaction. It is the one difference
// between the engines that a case of the suite would see (docs/engines.md).
type gapless struct{ store.Engine }

func (g gapless) Write(ctx context.Context, work func(context.Context, store.Tx) error) error {
	given, err := g.given(ctx)
	if err != nil {
		return err
	}
	if err = g.Engine.Write(ctx, work); err == nil {
		return nil
	}
	again := g.Engine.Write(context.WithoutCancel(ctx), func(ctx context.Context, tx store.Tx) error {
		for sequence, last := range given {
			set := statement.Statement{SQL: `SELECT setval(quote_ident($1)::regclass, greatest(1, $2::bigint), $2::bigint > 0)`, Args: []any{sequence, last}}
			if _, err := tx.Exec(ctx, set); err != nil {
				return err
			}
		}
		return nil
	})
	return errors.Join(err, again)
}

// given reads the last number that every sequence has given.
func (g gapless) given(ctx context.Context) (map[string]int64, error) {
	given := map[string]int64{}
	read := statement.Statement{SQL: `SELECT sequencename::text, coalesce(last_value, 0) FROM pg_sequences WHERE schemaname = current_schema()`}
	err := g.Read(ctx, read, func(scan store.Scan) error {
		var sequence string
		var last int64
		err := scan(&sequence, &last)
		given[sequence] = last
		return err
	})
	return given, err
}

func TestTheAPIOnSQLite(t *testing.T) { runCases(t, openSQLite, *update) }

func TestTheAPIOnPostgreSQL(t *testing.T) { runCases(t, onPostgres(t), false) }

func runCases(t *testing.T, open conformance.Open, update bool) {
	files, err := filepath.Glob("conformance/testdata/*.md")
	if err != nil || len(files) == 0 {
		t.Fatalf("no files of cases: %v", err)
	}
	conformance.Run(t, open, update, append(files, "../../docs/api.md")...)
}
