//go:build unix

package bench_test

import (
	"fmt"
	"net/http"
	"runtime"
	"testing"
)

// postgresConnections is how many connections larder has to PostgreSQL unless
// it is told otherwise.
func postgresConnections() int { return max(8, 4*runtime.GOMAXPROCS(0)) }

// BenchmarkPostgres measures larder on PostgreSQL beside hand-written handlers
// over pgx, on the same tables. The processor time is that of larder and of
// the client, not PostgreSQL's.
func BenchmarkPostgres(b *testing.B) {
	w := newPlanets(b, onPostgres, planets)
	floor, larder := serve(b, floorPostgres(b, w)), w.larder(b)
	read := func(name string, connections int, floors, larders func(n int64) []byte, status int) {
		b.Run(name, func(b *testing.B) {
			compete(b, connections, contestant{"floor", floor, floors, http.StatusOK}, contestant{"larder", larder, larders, status})
		})
	}
	always := func(request []byte) func(int64) []byte { return func(int64) []byte { return request } }
	read("item", readers, getPlanet, getFromLarder, http.StatusOK)
	read("item-of-16", 16, getPlanet, getFromLarder, http.StatusOK)
	read("list", readers, always(get("/planets")), always(get("/api/v1/planets?limit=20")), http.StatusOK)
	read("count", readers, always(get("/counted-planets")), always(get("/api/v1/planets?limit=20", "Prefer: count=exact")), http.StatusPartialContent)
	b.Run("update", func(b *testing.B) {
		const increment = `{"population":{"$inc":1}}`
		compete(b, 16,
			contestant{"floor", floor, func(n int64) []byte { return patch("/planets/"+scattered(n), increment) }, http.StatusOK},
			contestant{"larder", larder, func(n int64) []byte { return patch("/api/v1/planets/"+scattered(n), increment) }, http.StatusOK})
	})
	b.Run("embed", func(b *testing.B) {
		w := newLists(b, onPostgres)
		compete(b, readers,
			contestant{"floor", serve(b, floorEmbedPostgres(b, w)), getList, http.StatusOK},
			contestant{"larder", w.larder(b), getListWithItems, http.StatusOK})
	})
	for _, writers := range []int{1, 16, 64} {
		b.Run(fmt.Sprintf("insert/writers=%d", writers), func(b *testing.B) {
			w := newWorld(b, onPostgres, models)
			compete(b, writers,
				contestant{"floor", serve(b, floorPostgres(b, w)), postPlanet, http.StatusCreated},
				contestant{"larder", w.larder(b), postToLarder, http.StatusCreated})
		})
	}
}
