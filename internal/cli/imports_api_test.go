package cli_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/larderhq/larder/internal/cli"
	"github.com/larderhq/larder/internal/openapi/openapitest"
	"github.com/larderhq/larder/internal/postgrestest"
	"github.com/larderhq/larder/internal/source/graphqltest"
)

// TestImportsAreManagedOverHTTP serves planets and does with their source what
// the API offers: to start an import, follow it, and resolve what it finds.
// Every answer is one that the OpenAPI document describes.
func TestImportsAreManagedOverHTTP(t *testing.T) {
	for engine, database := range map[string]func(testing.TB) string{
		"SQLite":     func(testing.TB) string { return "" }, // the project's own file
		"PostgreSQL": postgrestest.Database,
	} {
		t.Run(engine, func(t *testing.T) { testImportsOverHTTP(t, database(t)) })
	}
}

// TestTheSessionOfTheAPIPage runs the console blocks of docs/api.md, as
// TestReadmeWalkthrough does those of the README.
func TestTheSessionOfTheAPIPage(t *testing.T) {
	page, err := filepath.Abs("../../docs/api.md")
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(page) //nolint:gosec // the repository's
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	w := newWalkthrough(t)
	ran := regexp.MustCompile("(?s)```console\n.*?```").ReplaceAllStringFunc(string(text), w.runBlock)
	if w.commands < 10 {
		t.Errorf("%d commands ran: the page's blocks were not found", w.commands)
	}
	if *update && ran != string(text) {
		if err := os.WriteFile(page, []byte(ran), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func testImportsOverHTTP(t *testing.T, database string) {
	upstream := startGated(t)
	folder := filepath.Join(t.TempDir(), "planets")
	var said bytes.Buffer
	if code := cli.Run(t.Context(), []string{"new", folder, "--graphql", upstream.address, "--query", "{allPlanets{planets{name population terrains}}}", "--name", "swapi"}, nil, &said, &said); code != 0 {
		t.Fatal(said.String())
	}
	api := serveProject(t, folder, database)
	contract := openapitest.Load(t, api.ask("GET", "/openapi.json", "").body)
	api.client.Transport = contract.Transport(t, http.DefaultTransport)

	source := api.ask("GET", "/api/_imports/swapi", "").expect(200)
	if last, _ := source["lastRun"].(map[string]any); source["kind"] != "graphql" || last["status"] != "done" || last["fetched"] != 60.0 || last["cause"] != "command" {
		t.Errorf("the source is %v", source)
	}
	api.ask("PATCH", "/api/v1/planets/1", `{"population":7}`).expect(200)
	planets, err := graphqltest.Planets()
	if err != nil {
		t.Fatal(err)
	}
	planets[0].Population, planets[1].Population = "9", "10"
	upstream.SetPlanets(planets)

	upstream.close()
	begun := api.ask("POST", "/api/_imports/swapi", `{"fresh":true}`)
	run := begun.header.Get("Location")
	if status := begun.expect(202)["status"]; status != "waiting" && status != "running" {
		t.Errorf("the run is %v", status)
	}
	events := api.follow(run + "/events")
	if name, _ := events.next(); name != "run" {
		t.Errorf("the events begin with %q", name)
	}
	again := api.ask("POST", "/api/_imports/swapi", "")
	if again.expect(409)["code"] != "LRD423" || again.header.Get("Location") != run {
		t.Errorf("a second import gets %v", again)
	}
	upstream.open()
	phases := map[string]bool{}
	name, data := events.next()
	for ; name == "progress" || name == "run"; name, data = events.next() {
		phase, _ := data["phase"].(string)
		phases[phase] = true
	}
	if name != "end" || data["status"] != "done" || data["fetched"] != 60.0 || data["updated"] != 1.0 || data["conflicts"] != 1.0 || data["cause"] != "request" {
		t.Errorf("the events end with %s %v", name, data)
	}
	if !phases["read"] {
		t.Errorf("of its phases are told %v", phases)
	}
	if got := api.ask("GET", run, "").expect(200); got["status"] != "done" || got["upstreamStatus"] != 200.0 {
		t.Errorf("the run is %v", got)
	}
	resolveConflict(t, api)

	upstream.Change(func(b *graphqltest.Behaviour) { b.Fail, b.FailStatus = 100, 403 })
	failed := api.ask("POST", "/api/_imports/swapi", "").header.Get("Location")
	if name, data := api.follow(failed + "/events").last(); name != "end" || data["status"] != "failed" || data["upstreamStatus"] != 403.0 || !strings.Contains(data["error"].(string), "403") {
		t.Errorf("of an upstream that refuses is told %s %v", name, data)
	}
	var runs []struct{ Status string }
	if err := json.Unmarshal(api.ask("GET", "/api/_imports/runs?source=swapi&limit=3", "").body, &runs); err != nil || len(runs) != 3 || runs[0].Status != "failed" || runs[2].Status != "done" {
		t.Errorf("the runs are %v (%v)", runs, err)
	}
}

// resolveConflict takes upstream's value of the one conflict that there is.
func resolveConflict(t *testing.T, api *api) {
	t.Helper()
	conflicts := api.ask("GET", "/api/_imports/conflicts?source=swapi", "").elements()
	if len(conflicts) != 1 {
		t.Fatalf("%d conflicts", len(conflicts))
	}
	conflict := conflicts[0]
	if conflict["field"] != "population" || conflict["base"] != 200000.0 || conflict["upstream"] != 9.0 || conflict["local"] != 7.0 || conflict["open"] != true {
		t.Errorf("the conflict is %v", conflict)
	}
	links, _ := conflict["links"].(map[string]any)
	record, _ := links["record"].(string)
	resolution, _ := links["resolution"].(string)
	api.ask("PATCH", record, `{"population":8}`).expect(200)
	if live := api.ask("GET", links["self"].(string), "").expect(200); live["local"] != 8.0 {
		t.Errorf("the local value is not the one of this moment: %v", live)
	}
	if got := api.ask("GET", "/api/_imports", "").elements(); got[0]["openConflicts"] != 1.0 {
		t.Errorf("the source is %v", got)
	}
	for range 2 {
		if resolved := api.ask("POST", resolution, `{"take":"upstream"}`).expect(200); resolved["open"] != false || resolved["resolution"] != "upstream" {
			t.Errorf("the resolved conflict is %v", resolved)
		}
	}
	if planet := api.ask("GET", record, "").expect(200); planet["population"] != 9.0 {
		t.Errorf("the record is %v", planet)
	}
	if open := api.ask("GET", "/api/_imports/conflicts", "").elements(); len(open) != 0 {
		t.Errorf("still open: %v", open)
	}
	if resolved := api.ask("GET", "/api/_imports/conflicts?state=resolved&type=Planet", "").elements(); len(resolved) != 1 {
		t.Errorf("resolved: %v", resolved)
	}
}

// gated is an upstream whose answers wait while its gate is closed.
type gated struct {
	*graphqltest.Server
	address string // of its endpoint behind the gate
	gate    atomic.Pointer[chan struct{}]
}

func startGated(t *testing.T) *gated {
	t.Helper()
	server, err := graphqltest.Start(graphqltest.Behaviour{Redirect: -1})
	if err != nil {
		t.Fatal(err)
	}
	target, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	upstream := &gated{Server: server}
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(&url.URL{Scheme: target.Scheme, Host: target.Host})
	}}
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if gate := upstream.gate.Load(); gate != nil {
			<-*gate
		}
		proxy.ServeHTTP(w, r)
	}))
	upstream.address = front.URL + target.Path
	t.Cleanup(func() {
		upstream.open()
		front.Close()
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	return upstream
}

func (g *gated) close() {
	gate := make(chan struct{})
	g.gate.Store(&gate)
}

func (g *gated) open() {
	if gate := g.gate.Swap(nil); gate != nil {
		close(*gate)
	}
}

// api is a project that is being served.
type api struct {
	t       *testing.T
	client  *http.Client
	address string
}

// serveProject brings the project up until the test ends. The database is ""
// for the project's own file.
func serveProject(t *testing.T, folder, database string) *api {
	t.Helper()
	environment := []string{"LARDER_LISTEN=127.0.0.1:0", "LARDER_LOG_LEVEL=error"}
	if database != "" {
		environment = append(environment, "LARDER_DATABASE="+database)
	}
	ctx, stop := context.WithCancel(context.Background())
	var out lockedBuffer
	ended := make(chan int, 1)
	go func() { ended <- cli.Run(ctx, []string{"up", folder}, environment, &out, io.Discard) }()
	t.Cleanup(func() {
		stop()
		if code := <-ended; code != 0 {
			t.Errorf("the server ended with %d:\n%s", code, out.String())
		}
	})
	serves := regexp.MustCompile(`(http://[0-9.:]+)/docs\n`)
	for range 600 {
		if found := serves.FindStringSubmatch(out.String()); found != nil {
			return &api{t: t, client: &http.Client{}, address: found[1]}
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("it does not serve:\n%s", out.String())
	return nil
}

// reply is what the API answered.
type reply struct {
	t      *testing.T
	asked  string
	status int
	header http.Header
	body   []byte
}

func (a *api) ask(method, path, body string) reply {
	a.t.Helper()
	request, err := http.NewRequestWithContext(a.t.Context(), method, a.address+path, strings.NewReader(body))
	if err != nil {
		a.t.Fatal(err)
	}
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	response, err := a.client.Do(request)
	if err != nil {
		a.t.Fatal(err)
	}
	defer response.Body.Close() //nolint:errcheck // it was read
	text, err := io.ReadAll(response.Body)
	if err != nil {
		a.t.Fatal(err)
	}
	return reply{a.t, method + " " + path, response.StatusCode, response.Header, text}
}

// expect demands the status and returns the object of the body.
func (r reply) expect(status int) (object map[string]any) {
	r.t.Helper()
	if err := json.Unmarshal(r.body, &object); err != nil || r.status != status {
		r.t.Fatalf("%s: %d %s (%v)", r.asked, r.status, r.body, err)
	}
	return object
}

// elements are the objects of an array.
func (r reply) elements() (elements []map[string]any) {
	r.t.Helper()
	if err := json.Unmarshal(r.body, &elements); err != nil {
		r.t.Fatalf("%s: %d %s (%v)", r.asked, r.status, r.body, err)
	}
	return elements
}

// eventStream is a stream of server-sent events.
type eventStream struct{ lines *bufio.Scanner }

func (a *api) follow(path string) eventStream {
	a.t.Helper()
	request, err := http.NewRequestWithContext(a.t.Context(), http.MethodGet, a.address+path, nil)
	if err != nil {
		a.t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		a.t.Fatal(err)
	}
	a.t.Cleanup(func() { _ = response.Body.Close() })
	if kind := response.Header.Get("Content-Type"); kind != "text/event-stream" {
		a.t.Fatalf("%s: %s %s", path, response.Status, kind)
	}
	return eventStream{bufio.NewScanner(response.Body)}
}

// next is the name and the data of the next event; "" at the end.
func (e eventStream) next() (name string, data map[string]any) {
	for e.lines.Scan() {
		if text, isName := strings.CutPrefix(e.lines.Text(), "event: "); isName {
			name = text
		}
		if text, isData := strings.CutPrefix(e.lines.Text(), "data: "); isData {
			_ = json.Unmarshal([]byte(text), &data) // what is none is missed by who asked for the event
			return name, data
		}
	}
	return "", nil
}

// last is the last event of the stream.
func (e eventStream) last() (name string, data map[string]any) {
	for next, more := e.next(); next != ""; next, more = e.next() {
		name, data = next, more
	}
	return name, data
}
