package transfer_test

import (
	"fmt"
	"testing"

	"github.com/larderhq/larder/internal/postgrestest"
	"github.com/larderhq/larder/internal/store"
	"github.com/larderhq/larder/internal/store/postgres"
	"github.com/larderhq/larder/internal/transfer"
)

// BenchmarkCopy copies 100,000 planets with two terrains each out of a SQLite
// file: 300,000 rows, compared.
func BenchmarkCopy(b *testing.B) {
	const planets = 100_000
	w := newWorld(b, `type Planet { name: String! @unique population: Int64 @index terrains: [String!]! }`)
	from := w.filled(b, newSQLite, nil)
	numbers := fmt.Sprintf("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d) ", planets)
	must(b, from.Write(b.Context(), run(
		numbers+`INSERT INTO "planet" ("id", "name", "population") SELECT i, 'Planet ' || i, i * 1000 FROM n`,
		numbers+`INSERT INTO "planet_terrains" SELECT i, 0, 'desert' FROM n UNION ALL SELECT i, 1, 'tundra' FROM n`)))
	for name, to := range map[string]open{
		"into SQLite": newSQLite,
		"into PostgreSQL": func(t testing.TB) store.Engine {
			engine, err := postgres.Open(t.Context(), postgrestest.Database(t), postgres.Options{})
			must(t, err)
			t.Cleanup(func() { must(t, engine.Close()) })
			return engine
		},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				b.StopTimer()
				target := to(b)
				b.StartTimer()
				w.copy(b, from, target, transfer.Options{})
			}
			b.ReportMetric(3*planets*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}
