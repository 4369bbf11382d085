package postgres

import (
	"os"
	"testing"

	"github.com/larderhq/larder/internal/model"
	"github.com/larderhq/larder/internal/postgrestest"
	"github.com/larderhq/larder/internal/store"
	"github.com/larderhq/larder/internal/store/storetest"
)

func TestEngine(t *testing.T) {
	database := postgrestest.Database(t)
	storetest.Run(t, func(t *testing.T, _ *model.Schema) func() (store.Engine, error) {
		address := postgrestest.Schema(t, database)
		return func() (store.Engine, error) { return Open(t.Context(), address, Options{Connections: 6}) }
	})
}

// TestEngineByWayOfPgBouncer holds the engine to the same without anything of
// a session. LARDER_TEST_PGBOUNCER names a PgBouncer in transaction mode, as
// host:port, that leads to every database of the server; without it the test is
// skipped.
func TestEngineByWayOfPgBouncer(t *testing.T) {
	pooler := os.Getenv("LARDER_TEST_PGBOUNCER")
	if pooler == "" {
		t.Skip("LARDER_TEST_PGBOUNCER names no PgBouncer")
	}
	storetest.Run(t, func(t *testing.T, _ *model.Schema) func() (store.Engine, error) {
		address := at(t, postgrestest.Database(t), pooler)
		return func() (store.Engine, error) {
			return Open(t.Context(), address, Options{Connections: 6, Pooler: true})
		}
	})
}
