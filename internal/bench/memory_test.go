//go:build linux

package bench_test

import (
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// The load under which a server keeps its memory.
const (
	loaders        = 16   // connections
	loadedPlanets  = 1000 // in the database
	writesOf100    = 10   // requests
	allowedPercent = 10   // that the memory may grow
)

// TestAServerKeepsItsMemory asks a server from 16 connections, nine reads to a
// write, and demands that its resident set is as large at the end as it was
// after the first third of the time, within a tenth.
//
// LARDER_TEST_MEMORY sets how long each engine is asked, as in 5m; then there
// are 1,000 requests a second at most, else as many as can be.
func TestAServerKeepsItsMemory(t *testing.T) {
	duration, pace := 6*time.Second, time.Duration(0)
	if text := os.Getenv("LARDER_TEST_MEMORY"); text != "" {
		var err error
		duration, err = time.ParseDuration(text)
		check(t, err)
		pace = loaders * time.Millisecond
	}
	binary := buildLarder(t)
	for engine, database := range databases {
		t.Run(engine, func(t *testing.T) {
			s := newProject(t, binary, "http://127.0.0.1:1/", database(t)...).serve(t)
			idle := resident(t, s.Process.Pid)
			l := newLoad(t, s.address)
			l.run(duration/3, 0)
			var sizes []float64
			ended := make(chan struct{})
			go func() {
				defer close(ended)
				l.run(duration*2/3, pace)
			}()
			for sampling := true; sampling; {
				select {
				case <-ended:
					sampling = false
				case <-time.After(duration / 100):
					sizes = append(sizes, resident(t, s.Process.Pid))
				}
			}
			few := len(sizes) / 10
			before, after := median(sizes[:few+1]), median(sizes[len(sizes)-few-1:])
			t.Logf("%.1f MB when it began, %.1f MB after a third of %v and %.1f MB in the end, %.1f MB at most; %d answers",
				idle, before, duration, after, slices.Max(sizes), l.answered.Load())
			if after > before*(1+allowedPercent/100.0) {
				t.Errorf("the memory grew from %.1f to %.1f MB", before, after)
			}
			l.client.CloseIdleConnections()
			s.stop(t)
		})
	}
}

// resident is the resident set of a process, in MB.
func resident(tb testing.TB, process int) float64 {
	tb.Helper()
	text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(process), "statm"))
	check(tb, err)
	pages, err := strconv.Atoi(strings.Fields(string(text))[1])
	check(tb, err)
	return float64(pages*os.Getpagesize()) / 1e6
}

// load asks a server.
type load struct {
	t        *testing.T
	planets  string // address of the collection
	client   *http.Client
	named    atomic.Int64
	answered atomic.Int64
}

// newLoad fills the database with planets.
func newLoad(t *testing.T, address string) *load {
	t.Helper()
	l := &load{
		t: t, planets: "http://" + address + "/api/v1/planets",
		client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: loaders}},
	}
	bodies := make([]string, loadedPlanets)
	for i := range bodies {
		bodies[i] = newPlanet(l.named.Add(1))
	}
	l.ask(http.MethodPost, "", "["+strings.Join(bodies, ",")+"]")
	return l
}

// run asks from all connections for the time, each with a pause after every
// answer.
func (l *load) run(duration, pause time.Duration) {
	deadline := time.Now().Add(duration)
	var group sync.WaitGroup
	for range loaders {
		group.Go(func() {
			own := "" // a planet that this connection made
			for time.Now().Before(deadline) && !l.t.Failed() {
				if rand.N(100) < writesOf100 { //nolint:gosec // no secret
					own = l.write(own)
				} else {
					l.read()
				}
				time.Sleep(pause)
			}
			if own != "" {
				l.ask(http.MethodDelete, own, "")
			}
		})
	}
	group.Wait()
}

// read asks for a planet or a page.
func (l *load) read() {
	at := 1 + rand.N(loadedPlanets) //nolint:gosec // no secret
	l.ask(http.MethodGet, []string{
		fmt.Sprint("/", at),
		fmt.Sprint("?limit=20&offset=", at),
		fmt.Sprintf("?population=gte.%d&order=population.desc&limit=20", at),
	}[rand.N(3)], "") //nolint:gosec // no secret
}

// write changes a planet or, as often, makes one or deletes the own one, so
// that the database stays as large as it is. It returns the own one.
func (l *load) write(own string) string {
	switch {
	case rand.N(2) == 0: //nolint:gosec // no secret
		l.ask(http.MethodPatch, fmt.Sprint("/", 1+rand.N(loadedPlanets)), `{"population":{"$inc":1},"terrains":["desert","swamp"]}`) //nolint:gosec // no secret
		return own
	case own != "":
		l.ask(http.MethodDelete, own, "")
		return ""
	}
	var made struct{ ID int64 }
	if err := json.Unmarshal(l.ask(http.MethodPost, "", newPlanet(l.named.Add(1))), &made); err != nil {
		l.t.Error(err)
	}
	return fmt.Sprint("/", made.ID)
}

// ask sends a request, whose answer must be of success, and returns it.
func (l *load) ask(method, target, body string) []byte {
	request, err := http.NewRequestWithContext(l.t.Context(), method, l.planets+target, strings.NewReader(body))
	if err != nil {
		l.t.Error(err)
		return nil
	}
	request.Header.Set("Content-Type", "application/json")
	answer, err := l.client.Do(request)
	if err != nil {
		l.t.Error(err)
		return nil
	}
	defer answer.Body.Close() //nolint:errcheck // it was read
	text, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode >= http.StatusBadRequest {
		l.t.Errorf("%s %s answers %s: %s (%v)", method, target, answer.Status, text, err)
	}
	l.answered.Add(1)
	return text
}
