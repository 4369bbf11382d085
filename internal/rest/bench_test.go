package rest_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/larderhq/larder/internal/rest"
	"github.com/larderhq/larder/internal/rest/conformance"
)

// discard is a ResponseWriter that keeps nothing.
type discard struct{ header http.Header }

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) Write(p []byte) (int, error) { return len(p), nil }
func (d *discard) WriteHeader(int)             {}

// BenchmarkHandler is what the server does for a request beyond net/http's own
// work; internal/bench compares whole servers.
func BenchmarkHandler(b *testing.B) {
	schema := conformance.Schema(b)
	server, err := rest.New(rest.Settings{}, openSQLite(b, schema), schema)
	if err != nil {
		b.Fatal(err)
	}
	const planets = 1000
	records := make([]string, planets)
	for i := range records {
		records[i] = fmt.Sprintf(`{"name":"Planet %d","population":%d,"terrains":["desert","swamp"],"climates":["arid","humid"]}`, i, i)
	}
	create, err := http.NewRequest("POST", "/api/v1/planets", strings.NewReader("["+strings.Join(records, ",")+"]"))
	if err != nil {
		b.Fatal(err)
	}
	server.ServeHTTP(&discard{header: http.Header{}}, create)
	for name, target := range map[string]string{
		"item": "/api/v1/planets/1",
		"list": "/api/v1/planets?limit=20",
	} {
		b.Run(name, func(b *testing.B) {
			request, err := http.NewRequest("GET", target, nil)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				server.ServeHTTP(&discard{header: make(http.Header, 16)}, request)
			}
		})
	}
}
