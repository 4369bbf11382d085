//go:build unix

package bench_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/larderhq/larder/internal/migrate"
	"github.com/larderhq/larder/internal/model"
	"github.com/larderhq/larder/internal/statement"
	"github.com/larderhq/larder/internal/store"
	"github.com/larderhq/larder/internal/store/sqlite"
)

// rebuiltRows is how many rows the table has that is rebuilt.
const rebuiltRows = 1_000_000

const rebuiltModels = `
type Item {
  name: String! @check(minLength: 1)
  quantity: Int! @default(value: "1") @check(min: 0) @index
  note: String
}
`

// sqliteRebuild is what a person types for the same: it keeps no type, key,
// check or default.
var sqliteRebuild = []string{
	"BEGIN IMMEDIATE", "CREATE TABLE item_new AS SELECT * FROM item", "DROP TABLE item",
	"ALTER TABLE item_new RENAME TO item", "CREATE INDEX item_quantity_idx ON item (quantity)", "COMMIT",
}

// BenchmarkRebuild applies a migration that rebuilds a table of a million rows
// for a new default, beside SQLite's CREATE TABLE AS SELECT, DROP and RENAME on
// a copy of the same file.
func BenchmarkRebuild(b *testing.B) {
	folder := b.TempDir()
	dir, err := migrate.Open(filepath.Join(folder, "migrations"))
	check(b, err)
	for version, models := range []string{rebuiltModels, strings.Replace(rebuiltModels, `"1"`, `"2"`, 1)} {
		schema, err := model.Parse("models.graphql", []byte(models))
		check(b, err)
		_, err = dir.Diff(fmt.Sprint("version_", version+1), schema)
		check(b, err)
		dir, err = migrate.Open(filepath.Join(folder, "migrations"))
		check(b, err)
	}
	filled := filepath.Join(folder, "filled.db")
	fillItems(b, filled, dir)
	var larder, floor, worked, floorWorked time.Duration
	rounds := 0
	for b.Loop() {
		path := copyOf(b, filled)
		engine, err := sqlite.Open(b.Context(), path, sqlite.Options{})
		check(b, err)
		began, used := time.Now(), processorTime(b)
		applied, err := migrate.Up(b.Context(), engine, dir, migrate.Options{})
		larder += time.Since(began)
		worked += processorTime(b) - used
		check(b, err)
		if len(applied) != 1 {
			b.Fatalf("%d migrations were applied", len(applied))
		}
		check(b, engine.Close())
		check(b, os.Remove(path))

		path = copyOf(b, filled)
		used = processorTime(b)
		took, err := rebuildByHand(b.Context(), path)
		check(b, err)
		floor += took
		floorWorked += processorTime(b) - used
		check(b, os.Remove(path))
		rounds++
	}
	b.ReportMetric(larder.Seconds()/float64(rounds), "s/larder")
	b.ReportMetric(floor.Seconds()/float64(rounds), "s/floor")
	b.ReportMetric(larder.Seconds()/floor.Seconds(), "x-floor")
	b.ReportMetric(worked.Seconds()/floorWorked.Seconds(), "cpu-x-floor")
	b.ReportMetric(0, "ns/op")
}

// fillItems makes a database of the first version with its rows.
func fillItems(b *testing.B, path string, dir *migrate.Dir) {
	b.Helper()
	engine, err := sqlite.Open(b.Context(), path, sqlite.Options{})
	check(b, err)
	_, err = migrate.Up(b.Context(), engine, dir, migrate.Options{Target: 1})
	check(b, err)
	check(b, engine.Write(b.Context(), func(ctx context.Context, tx store.Tx) error {
		_, err := tx.Exec(ctx, statement.Statement{SQL: fmt.Sprintf(`WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d)
			INSERT INTO "item" ("name", "quantity", "note") SELECT 'Item ' || i, i * 7919 %% 1000, CASE WHEN i %% 3 = 0 THEN 'a note of ' || i END FROM n`, rebuiltRows)})
		return err
	}))
	check(b, engine.Close())
}

func copyOf(b *testing.B, path string) string {
	b.Helper()
	text, err := os.ReadFile(path)
	check(b, err)
	fresh := filepath.Join(b.TempDir(), "larder.db")
	check(b, os.WriteFile(fresh, text, 0o600))
	return fresh
}

// rebuildByHand has the settings of larder's connections.
func rebuildByHand(ctx context.Context, path string) (took time.Duration, err error) {
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=journal_mode(wal)&_pragma=synchronous(2)&_pragma=temp_store(2)&_pragma=cache_size(-16000)")
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	conn, err := db.Conn(ctx)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	began := time.Now()
	for _, text := range sqliteRebuild {
		if _, err := conn.ExecContext(ctx, text); err != nil {
			return 0, err
		}
	}
	return time.Since(began), nil
}
