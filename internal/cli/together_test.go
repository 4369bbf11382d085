package cli_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/larderhq/larder/internal/source/graphqltest"
)

const together = 10 // processes

// testMigrateTogether starts processes on one empty database, with a migration
// that doubles what an earlier one stores, and demands that each migration ran
// in exactly one of them.
func testMigrateTogether(t *testing.T, f folder) {
	f.write("larder.yaml", "name: shop\n")
	f.write("models.graphql", "type Item {\n  name: String! @unique\n  quantity: Int!\n}\n")
	f.wait(f.start("migrate", "diff", "init"))
	f.wait(f.start("migrate", "diff", "stock", "--empty"))
	f.wait(f.start("migrate", "diff", "double", "--empty"))
	for _, engine := range []string{"sqlite", "postgres"} {
		f.write("migrations/0002_stock."+engine+".sql", `INSERT INTO "item" ("name", "quantity") VALUES ('Milk', 2), ('Eggs', 12);`)
		f.write("migrations/0003_double."+engine+".sql", `UPDATE "item" SET "quantity" = "quantity" * 2;`)
	}
	f.wait(f.start("migrate", "hash"))

	var processes [together]*process
	for i := range processes {
		processes[i] = f.start("migrate", "up")
	}
	applied := map[string]int{}
	for _, p := range processes {
		for _, e := range f.wait(p) {
			for _, migration := range e.Applied {
				applied[migration]++
			}
		}
	}
	for _, migration := range []string{"0001_init", "0002_stock", "0003_double"} {
		if applied[migration] != 1 {
			t.Errorf("%s was applied by %d processes", migration, applied[migration])
		}
	}
	server := f.start("serve")
	address, _ := f.serving(server)
	_, got, err := request("GET", address+"/api/v1/items?select=name,quantity&order=id", "")
	if want := `[{"name":"Milk","quantity":4},{"name":"Eggs","quantity":24}]`; err != nil || got != want {
		t.Errorf("the quantities are %s, want %s (%v)", got, want, err)
	}
	f.stop(server)
}

// testUpTogether starts servers on one empty database, each of which migrates
// and imports first, and demands that the records are there once and the same
// to all of them.
func testUpTogether(t *testing.T, f folder) {
	if err := copyExample(f.path, "shopping"); err != nil {
		t.Fatal(err)
	}
	var servers [together]*process
	for i := range servers {
		servers[i] = f.start("up")
	}
	var addresses [together]string
	created := map[string]int{}
	for i, server := range servers {
		address, events := f.serving(server)
		addresses[i] = address
		for _, e := range events {
			for _, imported := range e.Types {
				created[imported.Resource] += imported.Created.Count
			}
		}
	}
	if created["shopping-lists"] != 5 || created["items"] != 19 {
		t.Errorf("the servers say that they created %v", created)
	}
	// Each doubles the quantities once; then all see the same.
	for _, address := range addresses {
		if status, answer, err := request("PATCH", address+"/api/v1/items?_all=true", `{"quantity":{"$mul":2}}`); err != nil || status != 204 {
			t.Errorf("got %d %s %v", status, answer, err)
		}
	}
	want := fmt.Sprintf(`[{"count":19,"sum":%d}]`, 1723<<together)
	for _, address := range addresses {
		if _, got, err := request("GET", address+"/api/v1/items?select=count(),quantity.sum()", ""); err != nil || got != want {
			t.Errorf("got %s %v, want %s", got, err, want)
		}
	}
	for _, server := range servers {
		f.stop(server)
	}
}

// testImportTogether starts servers on one empty database, whose upstream
// answers when all of them wait for it, and demands that one of them asks
// upstream and that all serve what it said.
func testImportTogether(t *testing.T, f folder) {
	upstream := newSlowUpstream(t)
	f.writePlanets(upstream.URL)
	var servers [together]*process
	for i := range servers {
		servers[i] = f.start("up")
	}
	for _, server := range servers {
		f.until(server, "migrated")
	}
	close(upstream.answers)
	counts := map[string]int{}
	for _, server := range servers {
		address, events := f.serving(server)
		for _, e := range events {
			counts[e.Event]++
		}
		if _, got, err := request("GET", address+"/api/v1/planets?select=id,name", ""); err != nil || got != `[{"id":1,"name":"Hoth"}]` {
			t.Errorf("got %s %v", got, err)
		}
	}
	if counts["imported"] != 1 || counts["skipped"] != together-1 || len(upstream.asked) != 1 {
		t.Errorf("the servers say %v, and upstream was asked %d times", counts, len(upstream.asked))
	}
	for _, server := range servers {
		f.stop(server)
	}
	if events := f.wait(f.start("import")); len(events) == 0 || events[0].Event != "imported" {
		t.Errorf("a later import says %+v", events)
	}
}

// testKilledImport kills a process that imports while another waits for it.
func testKilledImport(t *testing.T, f folder) {
	upstream := newSlowUpstream(t)
	f.writePlanets(upstream.URL)
	killed := f.start("up")
	<-upstream.asked
	server := f.start("up")
	f.until(server, "migrated")
	if err := killed.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = killed.Wait()
	close(upstream.answers)
	address, events := f.serving(server)
	if events[0].Event != "imported" {
		t.Errorf("the other says %+v", events)
	}
	if _, got, err := request("GET", address+"/api/v1/planets?select=id,name", ""); err != nil || got != `[{"id":1,"name":"Hoth"}]` {
		t.Errorf("got %s %v", got, err)
	}
	f.stop(server)
}

// slowUpstream is a GraphQL endpoint with one planet.
type slowUpstream struct {
	*httptest.Server
	asked   chan struct{} // gets one for each request
	answers chan struct{} // closed when it may answer
}

func newSlowUpstream(t *testing.T) *slowUpstream {
	t.Helper()
	upstream := &slowUpstream{asked: make(chan struct{}, 100), answers: make(chan struct{})}
	upstream.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if body, _ := io.ReadAll(r.Body); graphqltest.RefuseTypes(w, body) {
			return
		}
		upstream.asked <- struct{}{}
		select {
		case <-upstream.answers:
		case <-r.Context().Done():
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = fmt.Fprint(w, `{"data":{"allPlanets":{"planets":[{"name":"Hoth"}]}}}`)
	}))
	t.Cleanup(upstream.Close)
	return upstream
}

// writePlanets makes the folder a project of planets from the endpoint, with
// its first migration.
func (f folder) writePlanets(endpoint string) {
	f.Helper()
	f.write("larder.yaml", "name: planets\nsources:\n  swapi: { kind: graphql, url: \""+endpoint+"\", query: \"{ allPlanets { planets { name } } }\" }\n")
	f.write("models.graphql", "type Planet @source(name: \"swapi\", path: \"allPlanets.planets\", key: [\"name\"]) {\n  name: String! @unique\n}\n")
	f.wait(f.start("migrate", "diff", "init"))
}
