package storetest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/larderhq/larder/internal/store"
)

func testChanges(t *testing.T, create Create) {
	t.Run("that succeeds is seen by every later read", func(t *testing.T) {
		engine, _ := withShelf(t, create)
		for i := range 20 {
			must(t, engine.Write(t.Context(), fill(fmt.Sprint("jar ", i), i)))
			if got := jars(t, engine); got != int64(i+1) {
				t.Fatalf("after %d changes %d jars", i+1, got)
			}
		}
	})
	t.Run("that fails leaves nothing and returns its own error", func(t *testing.T) {
		engine, _ := withShelf(t, create)
		mine := errors.New("the lid broke")
		err := engine.Write(t.Context(), func(ctx context.Context, tx store.Tx) error {
			if err := fill("plum", 1)(ctx, tx); err != nil {
				return err
			}
			return mine
		})
		if !errors.Is(err, mine) {
			t.Errorf("got %v, want the work's own error", err)
		}
		if got := jars(t, engine); got != 0 {
			t.Errorf("%d jars are left of a failed change", got)
		}
	})
	t.Run("that panics leaves nothing, and the engine goes on", func(t *testing.T) {
		engine, _ := withShelf(t, create)
		err := engine.Write(t.Context(), func(ctx context.Context, tx store.Tx) error {
			must(t, fill("plum", 1)(ctx, tx))
			panic("the shelf fell")
		})
		if err == nil || !strings.Contains(err.Error(), "the shelf fell") {
			t.Errorf("got %v, want an error that tells of the panic", err)
		}
		must(t, engine.Write(t.Context(), fill("quince", 1)))
		if got := jars(t, engine); got != 1 {
			t.Errorf("%d jars, want the one of the change that did not panic", got)
		}
	})
	t.Run("sees what it did itself and counts the rows", func(t *testing.T) {
		engine, _ := withShelf(t, create)
		must(t, engine.Write(t.Context(), func(ctx context.Context, tx store.Tx) error {
			for i := range 5 {
				if err := fill(fmt.Sprint("jar ", i), i)(ctx, tx); err != nil {
					return err
				}
			}
			changed, err := tx.Exec(ctx, plain(`UPDATE "jar" SET "amount" = "amount" + 1 WHERE "amount" >= $1`, 2))
			if err != nil || changed != 3 {
				t.Errorf("changed %d rows (%v), want 3", changed, err)
			}
			var sum int64
			err = tx.Query(ctx, plain(`SELECT sum("amount") FROM "jar"`), func(scan store.Scan) error { return scan(&sum) })
			if err != nil || sum != 0+1+3+4+5 {
				t.Errorf("sum is %d (%v), want 13", sum, err)
			}
			return nil
		}))
	})
	t.Run("whose second statement fails leaves nothing of the first", func(t *testing.T) {
		engine, _ := withShelf(t, create)
		must(t, engine.Write(t.Context(), fill("plum", 1)))
		err := engine.Write(t.Context(), func(ctx context.Context, tx store.Tx) error {
			if err := fill("quince", 1)(ctx, tx); err != nil {
				return err
			}
			return fill("plum", 1)(ctx, tx)
		})
		_ = violationOf(t, err, store.UniqueViolation)
		if got := jars(t, engine); got != 1 {
			t.Errorf("%d jars, want the one from before", got)
		}
	})
	t.Run("of many writers at once fails alone", func(t *testing.T) {
		engine, _ := withShelf(t, create)
		var written, refused atomic.Int64
		var writers sync.WaitGroup
		for i := range 200 {
			writers.Go(func() {
				err := engine.Write(t.Context(), fill(fmt.Sprint("jar ", i%100), i))
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
		if written.Load() != 100 || refused.Load() != 100 || jars(t, engine) != 100 {
			t.Errorf("%d written, %d refused, %d stored; want 100 each", written.Load(), refused.Load(), jars(t, engine))
		}
	})
	t.Run("of 32 writers at once adds up exactly", func(t *testing.T) {
		engine, _ := withShelf(t, create)
		must(t, engine.Write(t.Context(), fill("honey", 0)))
		addUp(t, 32, 25, engine)
		if got := number(t, engine, `SELECT "amount" FROM "jar"`); got != 32*25 {
			t.Errorf("%d, want %d", got, 32*25)
		}
	})
}

// addUp lets writers add one to the only jar, each so many times, spread over
// the engines.
func addUp(t *testing.T, writers, times int, engines ...store.Engine) {
	t.Helper()
	var group sync.WaitGroup
	for i := range writers {
		group.Go(func() {
			for range times {
				if err := engines[i%len(engines)].Write(t.Context(), run(`UPDATE "jar" SET "amount" = "amount" + 1`)); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	group.Wait()
}
