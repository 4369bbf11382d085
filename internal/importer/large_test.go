package importer_test

import (
	"encoding/json"
	"fmt"
	"iter"
	"testing"
	"time"

	"github.com/larderhq/larder/internal/importer"
	"github.com/larderhq/larder/internal/source"
)

// manyPlanets is an answer with as many planets, made as they are read.
func manyPlanets(n int) *source.Answer {
	return source.NewAnswer(func(string) iter.Seq2[source.Record, error] {
		return func(yield func(source.Record, error) bool) {
			for i := range n {
				text := fmt.Sprintf(`{"name":"Planet %06d","population":%d,"terrains":["terrain %d","ice"],"climates":["arid","climate %d"]}`,
					i*7919%n, i*1000, i%50, i%30)
				if !yield(source.Record{Index: i, Data: json.RawMessage(text)}, nil) {
					return
				}
			}
		}
	}, nil)
}

// BenchmarkImport imports 100,000 planets with two lists each into an empty
// database, and again without a change.
func BenchmarkImport(b *testing.B) {
	const planets = 100_000
	for b.Loop() {
		w := newWorld(b, planetModels)
		for _, pass := range []string{"first", "again"} {
			start := time.Now()
			report, err := w.run(manyPlanets(planets), importer.Options{})
			if err != nil {
				b.Fatal(err)
			}
			if count := report.Types[0].Created.Count + report.Types[0].Unchanged; count != planets {
				b.Fatalf("%s: %s", pass, report.Types[0].Summary())
			}
			b.ReportMetric(time.Since(start).Seconds(), "s/"+pass)
		}
	}
}
