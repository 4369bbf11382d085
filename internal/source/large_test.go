package source

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"testing"
)

// TestMemoryDoesNotGrowWithTheAnswer reads many pages into a spool and the
// records out of it again. LARDER_TEST_RECORDS=1000000 is how many records they
// hold; without it, few enough for a suite that is run often.
func TestMemoryDoesNotGrowWithTheAnswer(t *testing.T) {
	records, most := 50_000, uint64(24<<20)
	if text := os.Getenv("LARDER_TEST_RECORDS"); text != "" {
		var err error
		if records, err = strconv.Atoi(text); err != nil {
			t.Fatal(err)
		}
	}
	const each = 1000
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var body struct{ Variables struct{ After string } }
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		start, _ := strconv.Atoi(body.Variables.After) // the first page has none
		end := min(start+each, records)
		_, _ = fmt.Fprintf(w, `{"data":{"allPlanets":{"totalCount":%d,"pageInfo":{"hasNextPage":%v,"endCursor":"%d"},"planets":[`, records, end < records, end)
		for i := start; i < end; i++ {
			_, _ = fmt.Fprintf(w, `{"name":"Planet %06d","population":%d,"terrains":["desert","ice caves"]}`, i, i*7919)
			if i+1 < end {
				_, _ = w.Write([]byte(","))
			}
		}
		_, _ = w.Write([]byte("]}}}"))
	}))
	defer s.Close()
	var peak uint64
	look := func() {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		peak = max(peak, m.HeapAlloc)
	}
	runtime.GC()
	g, _ := connect(t, s.URL, func(settings *GraphQLSettings) {
		settings.Query, settings.Spool = pagedQuery, filepath.Join(t.TempDir(), "spool", "swapi")
		settings.MaxPages, settings.MaxBytes = 1_000_000, 1<<40
	})
	pages := 0
	a, err := g.Fetch(t.Context(), func(p Progress) {
		if p.Pages != pages && p.Pages%10 == 0 {
			look()
		}
		pages = p.Pages
	})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close() //nolint:errcheck // a temporary folder
	count := 0
	for _, err := range a.Records("allPlanets.planets") {
		if err != nil {
			t.Fatal(err)
		}
		if count++; count%10_000 == 0 {
			look()
		}
	}
	if count != records || !a.Complete {
		t.Errorf("%d records, complete %v %q", count, a.Complete, a.Notices)
	}
	t.Logf("%d records of %d MB in %d MB of memory", count, a.Bytes>>20, peak>>20)
	if peak > most {
		t.Errorf("%d bytes of memory, want at most %d", peak, most)
	}
}
