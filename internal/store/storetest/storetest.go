// Package storetest is the one suite that every engine of package store must
// pass: what a change, a read and a lock promise, and on top of them what
// [store.Store] promises for records.
package storetest

import (
	"context"
	"errors"
	"testing"

	"github.com/larderhq/larder/internal/model"
	"github.com/larderhq/larder/internal/statement"
	"github.com/larderhq/larder/internal/store"
)

// Create makes a new database with the tables of schema, or without any when
// schema is nil. The function that it returns opens that database: again after
// an engine was closed, or a second time beside it, as another process would.
// Engines are closed by the suite, the database is removed by t.Cleanup.
type Create func(t *testing.T, schema *model.Schema) (open func() (store.Engine, error))

// Run holds the engine to its contract. Test names read as what is promised.
func Run(t *testing.T, create Create) {
	t.Run("change", func(t *testing.T) { testChanges(t, create) })
	t.Run("cancellation", func(t *testing.T) { testCancellation(t, create) })
	t.Run("read", func(t *testing.T) { testReads(t, create) })
	t.Run("violation", func(t *testing.T) { testViolations(t, create) })
	t.Run("exclusive", func(t *testing.T) { testExclusive(t, create) })
	t.Run("turns", func(t *testing.T) { testTurns(t, create) })
	t.Run("beside another process", func(t *testing.T) { testBeside(t, create) })
	t.Run("closing", func(t *testing.T) { testClosing(t, create) })
}

// shelf is the table that engine tests work on; the SQL is understood by every
// engine, and $1 is a placeholder on every one.
const shelf = `
CREATE TABLE "jar" ("name" TEXT NOT NULL UNIQUE, "amount" BIGINT CONSTRAINT "jar_amount_check" CHECK ("amount" >= 0));
CREATE TABLE "label" ("jar" TEXT NOT NULL CONSTRAINT "label_jar_fkey" REFERENCES "jar" ("name") ON DELETE RESTRICT);`

// opened opens an engine that ends with the test.
func opened(t *testing.T, open func() (store.Engine, error)) store.Engine {
	t.Helper()
	engine, err := open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := engine.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return engine
}

// withShelf opens an engine on a new database with the shelf.
func withShelf(t *testing.T, create Create) (engine store.Engine, open func() (store.Engine, error)) {
	t.Helper()
	open = create(t, nil)
	engine = opened(t, open)
	err := engine.Exclusive(t.Context(), func(ctx context.Context, conn store.Tx) error {
		_, err := conn.Exec(ctx, plain(shelf))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return engine, open
}

// plain is a statement with its arguments.
func plain(text string, arguments ...any) statement.Statement {
	return statement.Statement{SQL: text, Args: arguments}
}

// fill is a work that puts a new jar on the shelf.
func fill(name string, amount any) func(context.Context, store.Tx) error {
	return run(`INSERT INTO "jar" ("name", "amount") VALUES ($1, $2)`, name, amount)
}

// run is a work of one statement.
func run(text string, arguments ...any) func(context.Context, store.Tx) error {
	return func(ctx context.Context, tx store.Tx) error {
		_, err := tx.Exec(ctx, plain(text, arguments...))
		return err
	}
}

// number reads one number.
func number(t *testing.T, engine store.Engine, text string) int64 {
	t.Helper()
	var n int64
	err := engine.Read(t.Context(), plain(text), func(scan store.Scan) error { return scan(&n) })
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return n
}

// jars counts the jars on the shelf.
func jars(t *testing.T, engine store.Engine) int64 {
	t.Helper()
	return number(t, engine, `SELECT count(*) FROM "jar"`)
}

// must fails the test when the change did.
func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// violationOf is the *store.Violation in err, or a failure of the test.
func violationOf(t *testing.T, err error, kind store.ViolationKind) *store.Violation {
	t.Helper()
	var violation *store.Violation
	if !errors.As(err, &violation) {
		t.Fatalf("got %v, want a %s violation", err, kind)
	}
	if violation.Kind != kind {
		t.Fatalf("got a %s violation, want %s (%v)", violation.Kind, kind, err)
	}
	return violation
}
