//go:build unix

package bench_test

import (
	"fmt"
	"net/http"
	"path/filepath"
	"strconv"
	"testing"
)

// readers is how many connections read at the same time.
const readers = 32

// scattered is the id of the planet that the n-th request asks for.
func scattered(n int64) string { return strconv.FormatInt(n*7919%planets+1, 10) }

// example is what the bare handler answers.
const example = `{"id":10001,"name":"Planet 010000","population":10000000,"terrains":["desert","grasslands"],"climates":["mountains","jungle"]}`

// getPlanet asks a floor for one planet after the other, in no order.
func getPlanet(n int64) []byte { return get("/planets/" + scattered(n)) }

// getFromLarder asks larder for the same.
func getFromLarder(n int64) []byte { return get("/api/v1/planets/" + scattered(n)) }

// newPlanet is the body of a request that makes a planet.
func newPlanet(n int64) string {
	return fmt.Sprintf(`{"name":"Planet %d","population":%d,"terrains":["desert","swamp"],"climates":["arid","humid"]}`, n, n)
}

// postPlanet asks a floor to create the n-th planet.
func postPlanet(n int64) []byte { return post("/planets", newPlanet(n)) }

// postToLarder asks larder for the same.
func postToLarder(n int64) []byte { return post("/api/v1/planets", newPlanet(n)) }

// BenchmarkItem reads one planet by its id.
func BenchmarkItem(b *testing.B) {
	w := newPlanets(b, onSQLite, planets)
	compete(b, readers,
		contestant{"bare", serve(b, bare(example)), getPlanet, http.StatusOK},
		contestant{"floor", serve(b, floorReads(b, w.place)), getPlanet, http.StatusOK},
		contestant{"larder", w.larder(b), getFromLarder, http.StatusOK})
}

// BenchmarkList reads the first page of 20 planets.
func BenchmarkList(b *testing.B) {
	w := newPlanets(b, onSQLite, planets)
	plain, larder := get("/planets"), get("/api/v1/planets?limit=20")
	compete(b, readers,
		contestant{"floor", serve(b, floorReads(b, w.place)), func(int64) []byte { return plain }, http.StatusOK},
		contestant{"larder", w.larder(b), func(int64) []byte { return larder }, http.StatusOK})
}

// BenchmarkInsert creates planets with four words each, every one on the disk
// before its answer.
func BenchmarkInsert(b *testing.B) {
	for _, writers := range []int{1, 16, 64} {
		b.Run(fmt.Sprintf("writers=%d", writers), func(b *testing.B) {
			w := newWorld(b, onSQLite, models)
			floor := newFloorWriter(b, filepath.Join(b.TempDir(), "floor.db"), w.schema)
			compete(b, writers,
				contestant{"floor", serve(b, floor), postPlanet, http.StatusCreated},
				contestant{"larder", w.larder(b), postToLarder, http.StatusCreated})
		})
	}
}
