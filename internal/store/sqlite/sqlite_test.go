package sqlite

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/larderhq/larder/internal/statement"
	"github.com/larderhq/larder/internal/store"
)

const planetTable = `CREATE TABLE "planet" (
	"id" INTEGER PRIMARY KEY AUTOINCREMENT,
	"name" TEXT NOT NULL UNIQUE,
	"population" INTEGER CONSTRAINT "planet_population_check" CHECK ("population" >= 0)
) STRICT;
CREATE INDEX "planet_population_idx" ON "planet" ("population"); -- the served order`

// openPlanets opens a new database with a table of planets.
func openPlanets(t *testing.T) *Engine {
	t.Helper()
	engine, err := Open(t.Context(), filepath.Join(t.TempDir(), "larder.db"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := engine.Close(); err != nil {
			t.Error(err)
		}
	})
	err = engine.Exclusive(t.Context(), func(ctx context.Context, conn store.Tx) error {
		_, err := conn.Exec(ctx, statement.Statement{SQL: planetTable})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return engine
}

func insertPlanet(name string) statement.Statement {
	return statement.Statement{SQL: `INSERT INTO "planet" ("name") VALUES (?)`, Args: []any{name}}
}

func TestConcurrentWritersShareCommitsAndFailAlone(t *testing.T) {
	engine := openPlanets(t)
	var written, refused atomic.Int64
	var writers sync.WaitGroup
	for i := range 200 {
		writers.Go(func() {
			err := engine.Write(t.Context(), func(ctx context.Context, tx store.Tx) error {
				_, err := tx.Exec(ctx, insertPlanet(fmt.Sprint("planet ", i%100)))
				return err
			})
			var violation *store.Violation
			switch {
			case err == nil:
				written.Add(1)
			case errors.As(err, &violation) && violation.Kind == store.UniqueViolation:
				refused.Add(1)
			default:
				t.Error(err)
			}
		})
	}
	writers.Wait()
	var stored int64
	err := engine.Read(t.Context(), statement.Statement{SQL: `SELECT count(*) FROM "planet"`}, func(scan store.Scan) error { return scan(&stored) })
	if err != nil {
		t.Fatal(err)
	}
	if written.Load() != 100 || refused.Load() != 100 || stored != 100 {
		t.Errorf("%d written, %d refused, %d stored; want 100 each", written.Load(), refused.Load(), stored)
	}
}
