package importer_test

import (
	"testing"

	"github.com/larderhq/larder/internal/importer"
	"github.com/larderhq/larder/internal/source"
)

// TestWhatUpstreamSaidCountsForTheImportThatTookItIn holds the validators of an
// answer to being known as long as, and only as long as, another comparison
// could find nothing.
func TestWhatUpstreamSaidCountsForTheImportThatTookItIn(t *testing.T) {
	said := source.Validators{ETag: `"1"`, LastModified: "Sun, 01 Nov 2026 12:00:00 GMT"}
	for engine, open := range map[string]func(*testing.T) *world{
		"SQLite":     func(t *testing.T) *world { return newWorld(t, planetModels) },
		"PostgreSQL": func(t *testing.T) *world { return newPostgresWorld(t, planetModels) },
	} {
		t.Run("on "+engine, func(t *testing.T) {
			w := open(t)
			expect := func(when, asked string, want source.Validators) {
				t.Helper()
				if got, err := importer.Known(t.Context(), w.engine, "swapi", asked); err != nil || got != want {
					t.Errorf("%s: got %v, %v", when, got, err)
				}
			}
			remember := func(report importer.Report) {
				t.Helper()
				if err := importer.Remember(t.Context(), w.engine, "swapi", "asked", report.Run, said); err != nil {
					t.Fatal(err)
				}
			}
			expect("before an import", "asked", source.Validators{})
			remember(w.planets(allThree))
			expect("after it", "asked", said)
			expect("with other settings", "asked otherwise", source.Validators{})
			if report, err := importer.Unchanged(t.Context(), w.engine, "swapi", "http://one/", importer.Options{}); err != nil || report.Run == 0 {
				t.Errorf("got %+v, %v", report, err)
			}
			expect("after a run without news", "asked", said)
			w.exec(`UPDATE planet SET population = 1 WHERE id = 1`)
			expect("after an edit", "asked", said)
			w.planets(allThree)
			expect("after another import", "asked", source.Validators{})
			remember(w.planets(allThree))
			expect("after one more", "asked", said)
			w.exec(`DELETE FROM larder_origin WHERE record_id = '1'`)
			expect("without an origin", "asked", source.Validators{})
		})
	}
}
