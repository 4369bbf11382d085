package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/larderhq/larder/internal/store"
)

func testExclusive(t *testing.T, create Create) {
	t.Run("begins and commits transactions of its own", func(t *testing.T) {
		engine, _ := withShelf(t, create)
		must(t, engine.Exclusive(t.Context(), func(ctx context.Context, conn store.Tx) error {
			for _, text := range []string{`BEGIN`, `INSERT INTO "jar" ("name") VALUES ('plum')`, `ROLLBACK`, `BEGIN`, `INSERT INTO "jar" ("name") VALUES ('quince')`, `COMMIT`} {
				if err := run(text)(ctx, conn); err != nil {
					return fmt.Errorf("%s: %w", text, err)
				}
			}
			return nil
		}))
		if got := jars(t, engine); got != 1 {
			t.Errorf("%d jars, want the committed one", got)
		}
	})
	t.Run("rolls back what it leaves open", func(t *testing.T) {
		engine, _ := withShelf(t, create)
		err := engine.Exclusive(t.Context(), func(ctx context.Context, conn store.Tx) error {
			return errors.Join(run(`BEGIN`)(ctx, conn), fill("plum", 1)(ctx, conn))
		})
		if err == nil {
			t.Error("a transaction left open went unnoticed")
		}
		must(t, engine.Write(t.Context(), fill("quince", 1)))
		if got := jars(t, engine); got != 1 {
			t.Errorf("%d jars, want only the later one", got)
		}
	})
	t.Run("changes a schema that reads and writes then see", func(t *testing.T) {
		engine, open := withShelf(t, create)
		beside := opened(t, open)
		all := `SELECT * FROM "jar"`
		widths := func(e store.Engine) int {
			var rows int
			for destinations := 1; destinations <= 4; destinations++ {
				values := make([]any, destinations)
				for i := range values {
					values[i] = new(any)
				}
				if e.Read(t.Context(), plain(all), func(scan store.Scan) error { rows++; return scan(values...) }) == nil {
					return destinations
				}
			}
			return 0
		}
		must(t, engine.Write(t.Context(), fill("plum", 1)))
		for _, e := range []store.Engine{engine, beside} {
			if got := widths(e); got != 2 {
				t.Fatalf("%d columns, want 2", got)
			}
		}
		must(t, engine.Exclusive(t.Context(), run(`ALTER TABLE "jar" ADD COLUMN "note" TEXT`)))
		for _, e := range []store.Engine{engine, beside} {
			if got := widths(e); got != 3 {
				t.Errorf("%d columns after one was added, want 3", got)
			}
			must(t, e.Write(t.Context(), run(`UPDATE "jar" SET "note" = 'sweet'`)))
		}
	})
	t.Run("is held by one of many processes at a time", func(t *testing.T) {
		engine, open := withShelf(t, create)
		engines := []store.Engine{engine}
		for range 4 {
			engines = append(engines, opened(t, open))
		}
		var inside, overlaps atomic.Int64
		var group sync.WaitGroup
		for _, e := range engines {
			for range 2 {
				group.Go(func() {
					err := e.Exclusive(t.Context(), func(ctx context.Context, conn store.Tx) error {
						if inside.Add(1) > 1 {
							overlaps.Add(1)
						}
						defer inside.Add(-1)
						time.Sleep(2 * time.Millisecond)
						return errors.Join(
							run(`BEGIN`)(ctx, conn),
							fill(fmt.Sprint("jar ", jars(t, e)), 1)(ctx, conn), // unique only if nobody else is at it
							run(`COMMIT`)(ctx, conn))
					})
					if err != nil {
						t.Error(err)
					}
				})
			}
		}
		group.Wait()
		if overlaps.Load() > 0 || jars(t, engine) != 10 {
			t.Errorf("%d overlaps, %d jars; want none and 10", overlaps.Load(), jars(t, engine))
		}
	})
	t.Run("gives up its wait when its context ends", func(t *testing.T) {
		engine, open := withShelf(t, create)
		beside := opened(t, open)
		must(t, engine.Exclusive(t.Context(), func(context.Context, store.Tx) error {
			stopsSoon(t, func(ctx context.Context) error {
				return beside.Exclusive(ctx, func(context.Context, store.Tx) error {
					t.Error("two processes had the lock")
					return nil
				})
			})
			return nil
		}))
		must(t, beside.Exclusive(t.Context(), func(context.Context, store.Tx) error { return nil }))
	})
}

func testBeside(t *testing.T, create Create) {
	t.Run("no change is lost", func(t *testing.T) {
		engine, open := withShelf(t, create)
		beside := opened(t, open)
		must(t, engine.Write(t.Context(), fill("honey", 0)))
		addUp(t, 8, 40, engine, beside)
		for _, e := range []store.Engine{engine, beside} {
			if got := number(t, e, `SELECT "amount" FROM "jar"`); got != 8*40 {
				t.Errorf("%d, want %d", got, 8*40)
			}
		}
	})
	t.Run("a change that read before it wrote is not lost either", func(t *testing.T) {
		engine, open := withShelf(t, create)
		beside := opened(t, open)
		must(t, engine.Write(t.Context(), fill("honey", 0)))
		var group sync.WaitGroup
		for _, e := range []store.Engine{engine, beside} {
			for range 4 {
				group.Go(func() {
					for range 20 {
						if err := e.Write(t.Context(), readThenWrite); err != nil {
							t.Error(err)
							return
						}
					}
				})
			}
		}
		group.Wait()
		if got := number(t, engine, `SELECT "amount" FROM "jar"`); got != 160 {
			t.Errorf("%d, want 160", got)
		}
	})
	t.Run("a change waits for one that runs there", func(t *testing.T) {
		engine, open := withShelf(t, create)
		beside := opened(t, open)
		entered, done := make(chan struct{}), make(chan error, 1)
		go func() {
			done <- engine.Write(t.Context(), func(ctx context.Context, tx store.Tx) error {
				err := fill("plum", 1)(ctx, tx)
				close(entered)
				time.Sleep(100 * time.Millisecond)
				return err
			})
		}()
		<-entered
		must(t, beside.Write(t.Context(), run(`INSERT INTO "jar" ("name", "amount") SELECT 'second', count(*) FROM "jar"`)))
		must(t, <-done)
	})
}

// readThenWrite adds one by way of Go. The lock it takes on PostgreSQL is the
// row's; on SQLite a change is alone from its beginning.
func readThenWrite(ctx context.Context, tx store.Tx) error {
	var amount int64
	if _, err := tx.Exec(ctx, plain(`UPDATE "jar" SET "amount" = "amount"`)); err != nil {
		return err
	}
	err := tx.Query(ctx, plain(`SELECT "amount" FROM "jar"`), func(scan store.Scan) error { return scan(&amount) })
	if err != nil {
		return err
	}
	return run(`UPDATE "jar" SET "amount" = $1`, amount+1)(ctx, tx)
}

func testClosing(t *testing.T, create Create) {
	t.Run("keeps what was written", func(t *testing.T) {
		engine, open := withShelf(t, create)
		must(t, engine.Write(t.Context(), fill("plum", 5)))
		must(t, engine.Close())
		again := opened(t, open)
		if got := number(t, again, `SELECT "amount" FROM "jar"`); got != 5 {
			t.Errorf("%d after reopening, want 5", got)
		}
	})
	t.Run("finishes what was begun", func(t *testing.T) {
		engine, open := withShelf(t, create)
		entered, done := make(chan struct{}), make(chan error, 1)
		go func() {
			done <- engine.Write(t.Context(), func(ctx context.Context, tx store.Tx) error {
				close(entered)
				time.Sleep(50 * time.Millisecond)
				return fill("plum", 1)(ctx, tx)
			})
		}()
		<-entered
		must(t, engine.Close())
		must(t, <-done)
		if got := jars(t, opened(t, open)); got != 1 {
			t.Errorf("%d jars, want the one that was being filled", got)
		}
	})
	t.Run("refuses what comes later", func(t *testing.T) {
		engine, _ := withShelf(t, create)
		must(t, engine.Close())
		must(t, engine.Close())
		later := map[string]error{
			"read":      engine.Read(t.Context(), plain(`SELECT 1`), nil),
			"write":     engine.Write(t.Context(), fill("plum", 1)),
			"exclusive": engine.Exclusive(t.Context(), fill("plum", 1)),
			"ping":      engine.Ping(t.Context()),
		}
		for name, err := range later {
			if !errors.Is(err, store.ErrUnavailable) {
				t.Errorf("%s after close: %v, want store.ErrUnavailable", name, err)
			}
		}
	})
}
