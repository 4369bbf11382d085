package storetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/larderhq/larder/internal/store"
)

// endless runs for hours unless it is stopped.
const endless = `WITH RECURSIVE "n" ("i") AS (SELECT 1 UNION ALL SELECT "i" + 1 FROM "n" WHERE "i" < 100000000000) SELECT count(*) FROM "n"`

// patience is how soon an engine must notice that a context has ended, on a
// machine that has other things to do.
const patience = 10 * time.Second

func testCancellation(t *testing.T, create Create) {
	t.Run("stops a read that runs", func(t *testing.T) {
		engine, _ := withShelf(t, create)
		stopsSoon(t, func(ctx context.Context) error {
			return engine.Read(ctx, plain(endless), func(store.Scan) error { return nil })
		})
		if got := jars(t, engine); got != 0 { // the connection is still good
			t.Errorf("%d jars", got)
		}
	})
	t.Run("stops a change that runs and undoes it", func(t *testing.T) {
		engine, _ := withShelf(t, create)
		stopsSoon(t, func(ctx context.Context) error {
			return engine.Write(ctx, func(ctx context.Context, tx store.Tx) error {
				if err := fill("plum", 1)(ctx, tx); err != nil {
					return err
				}
				return run(`INSERT INTO "jar" ("name", "amount") VALUES ('endless', (`+endless+`))`)(ctx, tx)
			})
		})
		must(t, engine.Write(t.Context(), fill("quince", 1)))
		if got := jars(t, engine); got != 1 {
			t.Errorf("%d jars, want only the one of the later change", got)
		}
	})
	t.Run("undoes a change that ended well after it", func(t *testing.T) {
		engine, _ := withShelf(t, create)
		ctx, cancel := context.WithCancel(t.Context())
		err := engine.Write(ctx, func(ctx context.Context, tx store.Tx) error {
			err := fill("plum", 1)(ctx, tx)
			cancel()
			return err
		})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want context.Canceled", err)
		}
		if got := jars(t, engine); got != 0 {
			t.Errorf("%d jars are left of a cancelled change", got)
		}
	})
	t.Run("before a change begins keeps it from running", func(t *testing.T) {
		engine, _ := withShelf(t, create)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		err := engine.Write(ctx, func(context.Context, store.Tx) error {
			t.Error("a change ran whose context had ended")
			return nil
		})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want context.Canceled", err)
		}
	})
	t.Run("of one waiting change leaves the others alone", func(t *testing.T) {
		engine, _ := withShelf(t, create)
		ctx, cancel := context.WithCancel(t.Context())
		entered, leave := make(chan struct{}), make(chan struct{})
		first, waiting, other := make(chan error, 1), make(chan error, 1), make(chan error, 1)
		go func() {
			first <- engine.Write(t.Context(), func(ctx context.Context, tx store.Tx) error {
				close(entered)
				<-leave
				return fill("plum", 1)(ctx, tx)
			})
		}()
		<-entered
		go func() { waiting <- engine.Write(ctx, fill("quince", 1)) }()
		go func() { other <- engine.Write(t.Context(), fill("pear", 1)) }()
		cancel()
		if err := <-waiting; err != nil && !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want context.Canceled", err)
		}
		close(leave)
		if err := errors.Join(<-first, <-other); err != nil {
			t.Error(err)
		}
		if got := number(t, engine, `SELECT count(*) FROM "jar" WHERE "name" IN ('plum', 'pear')`); got != 2 {
			t.Errorf("%d of the two other changes are stored", got)
		}
	})
}

// stopsSoon holds that work ends with its context's error soon after it.
func stopsSoon(t *testing.T, work func(context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	began := time.Now()
	if err := work(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want context.DeadlineExceeded", err)
	}
	if took := time.Since(began); took > patience {
		t.Errorf("stopped after %v", took)
	}
}
