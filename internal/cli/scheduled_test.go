package cli_test

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/larderhq/larder/internal/source/graphqltest"
)

// testSchedule starts three servers of a source that is due every second, kills
// the one that imports, and demands that no due import is left out for long or
// done twice.
func testSchedule(t *testing.T, f folder) {
	var stuck atomic.Bool // upstream does not answer
	asked, waiting := make(chan string, 1000), make(chan string, 1000)
	upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if body, _ := io.ReadAll(r.Body); graphqltest.RefuseTypes(w, body) {
			return
		}
		if stuck.Load() {
			waiting <- r.UserAgent()
			<-r.Context().Done()
			return
		}
		asked <- r.UserAgent()
		w.Header().Set("Content-Type", "application/json")
		_, _ = fmt.Fprint(w, `{"data":{"planets":[{"name":"Hoth"}]}}`)
	}))
	t.Cleanup(upstream.Close)
	f.write("larder.yaml", "sources:\n  swapi: { url: \""+upstream.URL+"/\", query: \"{ planets { name } }\", snapshot: none, every: 1s, jitter: 0s }\n")
	f.write("models.graphql", "type Planet @source(name: \"swapi\", path: \"planets\", key: [\"name\"]) {\n  name: String! @unique\n}\n")
	f.wait(f.start("migrate", "diff", "init"))
	f.wait(f.start("migrate", "up"))
	servers, addresses := map[string]*process{}, map[string]string{}
	for _, name := range []string{"one", "two", "three"} {
		t.Setenv("LARDER_SOURCE_SWAPI_USER_AGENT", name)
		servers[name] = f.start("serve")
		addresses[name], _ = f.serving(servers[name])
	}
	for range 2 {
		<-asked
	}
	stuck.Store(true)
	holder := <-waiting
	if err := servers[holder].Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = servers[holder].Wait()
	for len(asked) > 0 { // those before it, which had their answer
		<-asked
	}
	stuck.Store(false)
	delete(servers, holder)
	for range 2 {
		if by := <-asked; servers[by] == nil {
			t.Errorf("upstream was asked by %q", by)
		}
	}
	var due struct{ Due time.Time }
	var runs []struct {
		ID            int64
		Cause, Status string
		StartedAt     time.Time
	}
	failed, at := 0, map[float64]int64{}
	for name := range servers { // whichever
		f.get(addresses[name]+"/api/_imports/swapi", &due)
		f.get(addresses[name]+"/api/_imports/runs?limit=1000", &runs)
	}
	for _, run := range runs {
		if run.Cause != "schedule" {
			t.Errorf("got %+v", run)
		}
		if run.Status == "failed" {
			failed++
			continue
		}
		second := math.Floor(run.StartedAt.Sub(due.Due).Seconds())
		if other := at[second]; other != 0 {
			t.Errorf("the runs %d and %d are both of one second", other, run.ID)
		}
		at[second] = run.ID
	}
	if failed != 1 || len(at) < 4 {
		t.Errorf("%d runs failed, and %d did not: %+v", failed, len(at), runs)
	}
	for _, server := range servers {
		f.stop(server)
	}
}

// get reads the JSON at an address.
func (f folder) get(address string, into any) {
	f.Helper()
	status, answer, err := request("GET", address, "")
	if err == nil {
		err = json.Unmarshal([]byte(answer), into)
	}
	if err != nil || status != http.StatusOK {
		f.Fatalf("%s: %d %s, %v", address, status, answer, err)
	}
}
