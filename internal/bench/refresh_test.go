//go:build unix

package bench_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// pagedSettings is the larder.yaml of a project that reads its planets page by
// page.
const pagedSettings = `name: planets
sources:
  swapi:
    kind: graphql
    url: http://127.0.0.1/
    query: "query($after: String) { allPlanets(first: 2000, after: $after) { pageInfo { hasNextPage endCursor } planets { name population terrains climates } } }"
    snapshot: none
`

// pagePlanets is how many planets a page has.
const pagePlanets = 2000

// pagedUpstream is a GraphQL endpoint whose planets come in pages, which are
// made beforehand so that they cost a measurement next to nothing.
type pagedUpstream struct {
	*httptest.Server
	planets int
	pages   atomic.Pointer[[][]byte]
}

func newPagedUpstream(tb testing.TB, planets int) *pagedUpstream {
	tb.Helper()
	u := &pagedUpstream{planets: planets}
	u.change(0)
	u.Server = httptest.NewServer(u)
	tb.Cleanup(u.Close)
	return u
}

// change gives one planet of a hundred a population that it did not have, the
// same ones in no two successive rounds.
func (u *pagedUpstream) change(round int) {
	var pages [][]byte
	for first := 0; first < u.planets; first += pagePlanets {
		end := min(first+pagePlanets, u.planets)
		var page bytes.Buffer
		fmt.Fprintf(&page, `{"data":{"allPlanets":{"pageInfo":{"hasNextPage":%t,"endCursor":"%d"},"planets":[`, end < u.planets, end)
		for i := first; i < end; i++ {
			if i > first {
				page.WriteByte(',')
			}
			object := planetObject(i)
			if round > 0 && i%100 == round%100 {
				object = bytes.Replace(object, []byte(`"population":`), fmt.Appendf(nil, `"population":%d`, round), 1)
			}
			page.Write(object)
		}
		page.WriteString("]}}}")
		pages = append(pages, page.Bytes())
	}
	u.pages.Store(&pages)
}

func (u *pagedUpstream) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var asked struct {
		Query     string
		Variables struct{ After string }
	}
	text, err := io.ReadAll(r.Body)
	if err != nil || json.Unmarshal(text, &asked) != nil || !strings.Contains(asked.Query, "allPlanets") {
		http.Error(w, "expected the query of planets", http.StatusBadRequest)
		return
	}
	first := 0
	if asked.Variables.After != "" {
		if first, err = strconv.Atoi(asked.Variables.After); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write((*u.pages.Load())[first/pagePlanets])
}

// BenchmarkRefresh runs "larder import" of planets that come in pages and of
// which one in a hundred has changed, while no one else uses the database; then
// the same while 16 connections read planets one by one from a larder that
// serves the database, of whose rate and times without an import it tells too.
//
// LARDER_BENCH_PLANETS sets how many planets; 1,000,000 unless set.
func BenchmarkRefresh(b *testing.B) {
	many := 1_000_000
	if text := os.Getenv("LARDER_BENCH_PLANETS"); text != "" {
		var err error
		many, err = strconv.Atoi(text)
		check(b, err)
	}
	binary := buildLarder(b, released...)
	for engine, database := range databases {
		b.Run(engine, func(b *testing.B) {
			upstream := newPagedUpstream(b, many)
			p := newProject(b, binary, upstream.URL, database(b)...)
			check(b, os.WriteFile(filepath.Join(p.folder, "larder.yaml"), []byte(pagedSettings), 0o600))
			p.run(b, "import")
			var alone, loaded refreshing
			rounds := 0
			for b.Loop() {
				rounds++
				upstream.change(2*rounds - 1)
				alone.run(b, p)
				upstream.change(2 * rounds)
				loaded.underLoad(b, p, many)
			}
			b.ReportMetric(alone.took.Seconds()/float64(rounds), "s/refresh")
			b.ReportMetric(alone.worked.Seconds()/float64(rounds), "cpu-s/refresh")
			b.ReportMetric(float64(max(alone.resident, loaded.resident))/1e6, "MB-RSS")
			b.ReportMetric(loaded.took.Seconds()/float64(rounds), "s/refresh-under-load")
			b.ReportMetric(loaded.before.rate(), "reads/s-before")
			b.ReportMetric(loaded.meanwhile.rate(), "reads/s-meanwhile")
			b.ReportMetric(100*loaded.meanwhile.rate()/loaded.before.rate(), "%of-before")
			b.ReportMetric(float64(loaded.before.p99.Microseconds()), "before-p99-µs")
			b.ReportMetric(float64(loaded.meanwhile.p99.Microseconds()), "meanwhile-p99-µs")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// refreshing adds up what imports took.
type refreshing struct {
	took, worked      time.Duration
	resident          int64
	before, meanwhile reading
}

// reading is what readers had of a server.
type reading struct {
	answers int64
	took    time.Duration
	p99     time.Duration // the worst of all rounds
}

func (r reading) rate() float64 { return float64(r.answers) / r.took.Seconds() }

func (r *refreshing) run(b *testing.B, p *project) {
	b.Helper()
	began := time.Now()
	used := p.run(b, "import")
	r.took += time.Since(began)
	r.worked += used.processor
	r.resident = max(r.resident, used.resident)
}

// underLoad reads from a server for some seconds, and then for as long as an
// import takes.
func (r *refreshing) underLoad(b *testing.B, p *project, planets int) {
	b.Helper()
	const connections, alone = 16, 5 * time.Second
	s := p.serve(b)
	defer s.stop(b)
	clients := make([]*client, connections)
	for i := range clients {
		clients[i] = dial(b, contestant{
			name: "reads", address: s.address, status: http.StatusOK,
			request: func(n int64) []byte { return get("/api/v1/planets/" + strconv.FormatInt(n*7919%int64(planets)+1, 10)) },
		})
	}
	var asked atomic.Int64
	ask(b, clients, &asked, turn) // statements are prepared, caches are warm
	r.before.read(b, clients, &asked, alone, nil)
	command, ended := p.command(b, "import"), make(chan struct{})
	began := time.Now()
	check(b, command.Start())
	var used usage
	var err error
	go func() {
		defer close(ended)
		used, err = watch(command)
		r.took += time.Since(began)
	}()
	r.meanwhile.read(b, clients, &asked, time.Hour, ended)
	check(b, err)
	r.resident = max(r.resident, used.resident)
}

// read has the clients read until the time is over or something has ended.
func (r *reading) read(b *testing.B, clients []*client, asked *atomic.Int64, most time.Duration, ended <-chan struct{}) {
	b.Helper()
	for _, c := range clients {
		c.times = c.times[:0]
	}
	for began := time.Now(); time.Since(began) < most; {
		select {
		case <-ended:
			most = 0
		default:
			answers, took := ask(b, clients, asked, turn)
			r.answers, r.took = r.answers+answers, r.took+took
		}
	}
	r.p99 = max(r.p99, percentile99(clients))
}
