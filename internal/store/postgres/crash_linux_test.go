package postgres

import (
	"context"
	"errors"
	"syscall"
	"testing"

	"github.com/larderhq/larder/internal/postgrestest"
	"github.com/larderhq/larder/internal/store"
)

// TestACommitThatACrashForgot: after a crash the server gives the numbers of
// transactions again that had not reached its disk.
func TestACommitThatACrashForgot(t *testing.T) {
	server := postgrestest.NewCluster(t, "wal_writer_delay=10s")
	engine := newEngine(t, server.URL(), Options{})
	err := engine.Write(t.Context(), func(ctx context.Context, tx store.Tx) error {
		must(t, fill("plum")(ctx, tx))
		server.Stop(syscall.SIGQUIT)
		server.Start()
		for range 20 {
			server.Exec(`INSERT INTO jar (name) VALUES (pg_current_xact_id()::text)`)
		}
		return nil
	})
	if !errors.Is(err, store.ErrUncertain) {
		t.Errorf("got %v, want store.ErrUncertain", err)
	}
	if got := number(t, engine, `SELECT count(*) FROM jar WHERE name = 'plum'`); got != 0 {
		t.Errorf("%d jars, want none", got)
	}
}
