package storetest

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/larderhq/larder/internal/store"
)

func testTurns(t *testing.T, create Create) {
	t.Run("one process after the other has its turn, and writes in it", func(t *testing.T) {
		engine, open := withShelf(t, create)
		engines := []store.Engine{engine, opened(t, open), opened(t, open)}
		var running atomic.Int32
		var group sync.WaitGroup
		for i, name := range []string{"plum", "quince", "fig"} {
			group.Go(func() {
				err := engines[i].InTurn(t.Context(), func(ctx context.Context) error {
					if running.Add(1) > 1 {
						t.Error("two have their turn at the same time")
					}
					defer running.Add(-1)
					time.Sleep(5 * time.Millisecond)
					return engines[i].Write(ctx, fill(name, 1))
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		if got := jars(t, engine); got != 3 {
			t.Errorf("%d jars, want 3", got)
		}
	})
	t.Run("one that waits for its turn gives up with its context, and reads and writes meanwhile", func(t *testing.T) {
		engine, open := withShelf(t, create)
		other := opened(t, open)
		must(t, engine.InTurn(t.Context(), func(context.Context) error {
			must(t, other.Write(t.Context(), fill("plum", 1)))
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
			defer cancel()
			err := other.InTurn(ctx, func(context.Context) error { return errors.New("it had its turn") })
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("got %v", err)
			}
			return nil
		}))
		if got := jars(t, other); got != 1 {
			t.Errorf("%d jars, want 1", got)
		}
	})
	t.Run("what fails in its turn gives it away", func(t *testing.T) {
		engine, _ := withShelf(t, create)
		broken := errors.New("broken")
		if err := engine.InTurn(t.Context(), func(context.Context) error { return broken }); !errors.Is(err, broken) {
			t.Errorf("got %v", err)
		}
		must(t, engine.InTurn(t.Context(), func(context.Context) error { return nil }))
	})
}
