package rest_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/larderhq/larder/internal/importer"
	"github.com/larderhq/larder/internal/model"
	"github.com/larderhq/larder/internal/openapi/openapitest"
	"github.com/larderhq/larder/internal/rest"
	"github.com/larderhq/larder/internal/rest/conformance"
	"github.com/larderhq/larder/internal/store"
)

// pantry are imports in memory: two sources, runs that a test moves on, and
// conflicts. It stands in for package refresh, which stands above this one;
// internal/cli tests the two together.
type pantry struct {
	mutex     sync.Mutex
	runs      []importer.RunRecord // by id, from 1
	watched   map[int64]chan importer.Progress
	asked     []rest.ImportRequest
	conflicts []importer.Conflict
	refusal   error // of a request for an import or a resolution
}

func (p *pantry) SourceNames() []string { return []string{"lists", "swapi"} }

func (p *pantry) Source(_ context.Context, name string) (rest.ImportSource, error) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if name == "lists" {
		return rest.ImportSource{Name: name, Kind: "json"}, nil
	}
	source := rest.ImportSource{
		Name: name, Kind: "graphql", Schedule: "every 1h0m0s", OpenConflicts: len(p.conflicts),
		Due: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC),
	}
	if len(p.runs) > 0 {
		source.LastRun = &p.runs[len(p.runs)-1]
	}
	return source, nil
}

func (p *pantry) Start(_ context.Context, source string, request rest.ImportRequest) (int64, error) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if p.refusal != nil {
		return 0, p.refusal
	}
	for _, run := range p.runs {
		if run.Source == source && !run.Status.Ended() {
			return 0, &rest.RunningError{Source: source, Run: run.ID}
		}
	}
	p.asked = append(p.asked, request)
	id := p.add(source, importer.RunRunning)
	p.watched[id] = make(chan importer.Progress)
	return id, nil
}

// add adds a run.
func (p *pantry) add(source string, status importer.RunStatus) int64 {
	id := int64(len(p.runs) + 1)
	p.runs = append(p.runs, importer.RunRecord{ID: id, Source: source, Status: status, StartedAt: time.Date(2026, 3, 1, 11, 0, 0, 0, time.UTC)})
	return id
}

// end ends a run.
func (p *pantry) end(id int64, status importer.RunStatus) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.runs[id-1].Status = status
	if watched := p.watched[id]; watched != nil {
		close(watched)
		delete(p.watched, id)
	}
}

func (p *pantry) Watch(run int64) (<-chan importer.Progress, func(), bool) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	watched, ok := p.watched[run]
	return watched, func() {}, ok
}

func (p *pantry) Runs(_ context.Context, filter importer.RunFilter) ([]importer.RunRecord, error) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	var found []importer.RunRecord
	for i := len(p.runs) - 1; i >= 0 && len(found) < filter.Limit; i-- {
		run := p.runs[i]
		if (filter.Source == "" || filter.Source == run.Source) && (filter.Before == 0 || run.ID < filter.Before) {
			found = append(found, run)
		}
	}
	return found, nil
}

func (p *pantry) Run(_ context.Context, id int64) (*importer.RunRecord, error) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if id > int64(len(p.runs)) {
		return nil, fmt.Errorf("look: %w", importer.ErrNoRun)
	}
	run := p.runs[id-1]
	return &run, nil
}

func (p *pantry) Conflicts(_ context.Context, filter importer.ConflictFilter) (found []importer.Conflict, err error) {
	for _, conflict := range p.conflicts {
		if conflict.ID > filter.After && len(found) < filter.Limit && (filter.Type == "" || filter.Type == conflict.Type) && (!filter.Open || conflict.Open) {
			found = append(found, conflict)
		}
	}
	return found, nil
}

func (p *pantry) Conflict(_ context.Context, id int64) (*importer.Conflict, error) {
	if id > int64(len(p.conflicts)) {
		return nil, importer.ErrNoConflict
	}
	return &p.conflicts[id-1], nil
}

func (p *pantry) Resolve(ctx context.Context, _ *store.Store, id int64, take model.OnConflict) (importer.Conflict, error) {
	conflict, err := p.Conflict(ctx, id)
	if err == nil {
		err = p.refusal
	}
	if err != nil {
		return importer.Conflict{}, err
	}
	conflict.Open = false
	conflict.Resolution = strings.ToLower(string(take))
	return *conflict, nil
}

// serveImports runs a server that manages the imports.
func serveImports(t *testing.T, settings rest.Settings) (*pantry, string) {
	t.Helper()
	imports := &pantry{watched: map[int64]chan importer.Progress{}}
	settings.Imports = imports
	return imports, server(t, settings)
}

func TestWithoutImportsThereIsNoPathForThem(t *testing.T) {
	address := server(t, rest.Settings{})
	for _, path := range []string{"/api/_imports", "/api/_imports/swapi"} {
		ask(t, plain(), "GET", address+path, nil).expect(t, 404, "PGRST205")
	}
}

func TestSourcesAreListed(t *testing.T) {
	imports, address := serveImports(t, rest.Settings{})
	imports.add("swapi", importer.RunDone)
	got := ask(t, plain(), "GET", address+"/api/_imports", nil)
	got.expect(t, 200, "")
	var sources []map[string]any
	if err := json.Unmarshal(got.body, &sources); err != nil || len(sources) != 2 {
		t.Fatalf("%s: %v", got.body, err)
	}
	if lists := sources[0]; lists["name"] != "lists" || lists["schedule"] != nil || lists["due"] != nil || lists["lastRun"] != nil {
		t.Errorf("got %v", lists)
	}
	if cache := got.header.Get("Cache-Control"); cache != "no-store" {
		t.Errorf("Cache-Control: %s", cache)
	}
	one := ask(t, plain(), "GET", address+"/api/_imports/swapi", nil)
	one.expect(t, 200, "")
	for name, want := range map[string]any{"kind": "graphql", "schedule": "every 1h0m0s", "due": "2026-03-01T12:00:00Z", "openConflicts": 0.0} {
		if got := one.field(t, name); got != want {
			t.Errorf("%s: got %v, want %v", name, got, want)
		}
	}
	run, _ := one.field(t, "lastRun").(map[string]any)
	if run["status"] != "done" || run["links"].(map[string]any)["self"] != "/api/_imports/runs/1" {
		t.Errorf("the last run is %v", run)
	}
	if index := ask(t, plain(), "GET", address+"/api", nil); !strings.Contains(string(index.body), `"imports":"/api/_imports"`) {
		t.Errorf("the index does not lead there: %s", index.body)
	}
	head := ask(t, plain(), "HEAD", address+"/api/_imports/swapi", nil)
	if head.status != 200 || len(head.body) > 0 {
		t.Errorf("HEAD: %d %s", head.status, head.body)
	}
}

func TestWhatIsAskedOfImportsIsChecked(t *testing.T) {
	imports, address := serveImports(t, rest.Settings{BodyBytes: 1000})
	imports.add("swapi", importer.RunDone)
	imports.conflicts = []importer.Conflict{{ID: 1, Source: "swapi", Type: "Planet", Field: "name"}}
	const swapi, resolution = "/api/_imports/swapi", "/api/_imports/conflicts/1/resolution"
	for _, test := range []struct {
		name, method, path, body string
		headers                  []string
		status                   int
		code, says               string
	}{
		{"a source that is not there", "GET", "/api/_imports/swap", "", nil, 404, "LRD404", `did you mean \"swapi\"?`},
		{"an import of a source that is not there", "POST", "/api/_imports/runz", "", nil, 404, "LRD404", `there is no source \"runz\"`},
		{"a path that is not there", "GET", "/api/_imports/swapi/runs", "", nil, 404, "PGRST125", "nothing at this path"},
		{"an unknown parameter", "GET", "/api/_imports/runs?status=done", "", nil, 400, "PGRST127", "it takes source, before, limit"},
		{"a parameter where none is taken", "GET", swapi + "?limit=1", "", nil, 400, "PGRST127", "limit"},
		{"a parameter twice", "GET", "/api/_imports/runs?limit=1&limit=2", "", nil, 400, "PGRST100", "more than once"},
		{"a query that is none", "GET", "/api/_imports/runs?limit=%zz", "", nil, 400, "PGRST100", "query"},
		{"a limit that is no number", "GET", "/api/_imports/runs?limit=x", "", nil, 400, "PGRST100", "expected a whole number from 1"},
		{"a limit of nothing", "GET", "/api/_imports/runs?limit=0", "", nil, 400, "PGRST100", "expected a whole number from 1"},
		{"a run that is not there", "GET", "/api/_imports/runs/2", "", nil, 404, "LRD404", `no run has the id \"2\"`},
		{"a run whose id is no number", "GET", "/api/_imports/runs/last", "", nil, 404, "LRD404", `\"last\"`},
		{"a run under another address", "GET", "/api/_imports/runs/01", "", nil, 404, "LRD404", `\"01\"`},
		{"the events of a run that is not there", "GET", "/api/_imports/runs/2/events", "", nil, 404, "LRD404", "no run"},
		{"events as JSON", "GET", "/api/_imports/runs/1/events", "", []string{"Accept: application/json"}, 406, "PGRST107", "text/event-stream"},
		{"sources as CSV", "GET", "/api/_imports", "", []string{"Accept: text/csv"}, 406, "PGRST107", "application/json"},
		{"a method that is not there", "DELETE", "/api/_imports/runs/1", "", nil, 405, "PGRST117", "GET, HEAD, OPTIONS"},
		{"an import from another origin", "POST", swapi, "", []string{"Origin: https://evil.example", "Sec-Fetch-Site: cross-site"}, 403, "LRD403", "origin"},
		{"a body that is no JSON", "POST", swapi, "{", nil, 400, "PGRST102", "not valid JSON"},
		{"a body that is no object", "POST", swapi, "[]", nil, 400, "PGRST102", "expected a JSON object, got an array"},
		{"a body in another form", "POST", swapi, "a: 1", []string{"Content-Type: application/yaml"}, 415, "LRD415", "application/json"},
		{"a body that is too large", "POST", swapi, `{"restore":["` + strings.Repeat("x", 1000) + `"]}`, nil, 413, "LRD413", "1000 bytes"},
		{"an unknown member", "POST", swapi, `{"fersh":true}`, nil, 400, "PGRST204", `did you mean \"fresh\"?`},
		{"a dry run", "POST", swapi, `{"dryRun":true}`, nil, 400, "PGRST204", "the members are fresh, allow, restore, restoreType"},
		{"a member of another type", "POST", swapi, `{"fresh":1}`, nil, 400, "22P02", "expected true or false, got a number"},
		{"something that is not to be allowed", "POST", swapi, `{"allow":["collapse","all"]}`, nil, 400, "22P02", `expected collapse or drift, got \"all\"`},
		{"one key that is no list", "POST", swapi, `{"restore":"Hoth"}`, nil, 400, "22P02", "expected an array"},
		{"a type to restore that is not there", "POST", swapi, `{"restore":["Hoth"],"restoreType":"planets"}`, nil, 400, "22P02", "expected the name of a type"},
		{"a type that is not there", "GET", "/api/_imports/conflicts?type=Plant", "", nil, 400, "22P02", `did you mean \"Planet\"?`},
		{"a state that is none", "GET", "/api/_imports/conflicts?state=done", "", nil, 400, "22P02", "expected open, resolved, all"},
		{"a conflict that is not there", "GET", "/api/_imports/conflicts/2", "", nil, 404, "LRD404", "no conflict"},
		{"a resolution of what is not there", "POST", "/api/_imports/conflicts/2/resolution", `{"take":"local"}`, nil, 404, "LRD404", "no conflict"},
		{"a resolution without a word", "POST", resolution, "", nil, 400, "PGRST102", "empty"},
		{"a resolution that takes nothing", "POST", resolution, "{}", nil, 400, "23502", "take: a value is required"},
		{"a resolution that takes something else", "POST", resolution, `{"take":"base"}`, nil, 400, "22P02", `expected upstream or local, got \"base\"`},
		{"a resolution that says more", "POST", resolution, `{"take":"local","value":7}`, nil, 400, "PGRST204", "value"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := ask(t, plain(), test.method, address+test.path, strings.NewReader(test.body), test.headers...)
			got.expect(t, test.status, test.code)
			if !strings.Contains(string(got.body), test.says) {
				t.Errorf("%s does not say %q", got.body, test.says)
			}
			if kind := got.header.Get("Content-Type"); kind != "application/problem+json" {
				t.Errorf("Content-Type: %s", kind)
			}
		})
	}
	if len(imports.asked) > 0 {
		t.Errorf("imports began: %+v", imports.asked)
	}
	options := ask(t, plain(), "OPTIONS", address+swapi, nil)
	if allow := options.header.Get("Allow"); options.status != 204 || allow != "GET, HEAD, POST, OPTIONS" {
		t.Errorf("OPTIONS: %d %s", options.status, allow)
	}
}

func TestARequestStartsAnImport(t *testing.T) {
	imports, address := serveImports(t, rest.Settings{})
	begun := ask(t, plain(), "POST", address+"/api/_imports/swapi", strings.NewReader(`{"fresh":true,"allow":["collapse"],"restore":["Hoth",7,["a", 1]],"restoreType":"Planet"}`))
	begun.expect(t, 202, "")
	if location := begun.header.Get("Location"); location != "/api/_imports/runs/1" || begun.field(t, "status") != "running" {
		t.Errorf("got %s and %s", location, begun.body)
	}
	if want := (rest.ImportRequest{Fresh: true, Allow: []string{"collapse"}, Restore: []string{"Hoth", "7", `["a",1]`}, RestoreType: "Planet"}); fmt.Sprint(imports.asked) != fmt.Sprint([]rest.ImportRequest{want}) {
		t.Errorf("asked was for %+v", imports.asked)
	}
	again := ask(t, plain(), "POST", address+"/api/_imports/swapi", nil)
	again.expect(t, 409, "LRD423")
	if again.header.Get("Location") != "/api/_imports/runs/1" || !strings.Contains(string(again.body), "/api/_imports/runs/1") {
		t.Errorf("%s does not name the run that goes on", again.body)
	}
	ask(t, plain(), "POST", address+"/api/_imports/lists", nil).expect(t, 202, "")
	imports.end(1, importer.RunDone)
	ask(t, plain(), "POST", address+"/api/_imports/swapi", nil).expect(t, 202, "")
	imports.refusal = rest.ErrStopping
	ask(t, plain(), "POST", address+"/api/_imports/swapi", nil).expect(t, 503, "LRD504")
}

func TestRunsArePaged(t *testing.T) {
	imports, address := serveImports(t, rest.Settings{PageSize: 2})
	for range 4 {
		imports.add("swapi", importer.RunDone)
		imports.add("lists", importer.RunFailed)
	}
	var ids []float64
	for target := "/api/_imports/runs?source=swapi"; target != ""; {
		got := ask(t, plain(), "GET", address+target, nil)
		got.expect(t, 200, "")
		var runs []struct{ ID float64 }
		if err := json.Unmarshal(got.body, &runs); err != nil || len(runs) != 2 {
			t.Fatalf("%s: %v", got.body, err)
		}
		ids = append(ids, runs[0].ID, runs[1].ID)
		target, _, _ = strings.Cut(strings.TrimPrefix(got.header.Get("Link"), "<"), `>; rel="next"`)
	}
	if fmt.Sprint(ids) != "[7 5 3 1]" {
		t.Errorf("the pages have the runs %v", ids)
	}
	none := ask(t, plain(), "GET", address+"/api/_imports/runs?source=gone", nil)
	if none.status != 200 || string(none.body) != "[]" {
		t.Errorf("runs of a source that is gone: %d %s", none.status, none.body)
	}
}

func TestConflictsAreListedAndResolved(t *testing.T) {
	imports, address := serveImports(t, rest.Settings{PageSize: 1})
	imports.conflicts = []importer.Conflict{
		{ID: 1, Source: "swapi", Type: "Planet", Key: json.RawMessage(`["Hoth"]`), Field: "population", RecordID: "4", Base: json.RawMessage("0"), Upstream: json.RawMessage("5"), Local: json.RawMessage("7"), Run: 3, Open: true},
		{ID: 2, Source: "swapi", Type: "Planet", Key: json.RawMessage(`["Hoth"]`), Field: "remark", RecordID: "4", Run: 3, Open: true},
	}
	first := ask(t, plain(), "GET", address+"/api/_imports/conflicts?source=swapi", nil)
	if link := first.header.Get("Link"); link != `</api/_imports/conflicts?after=1&source=swapi>; rel="next"` {
		t.Errorf("Link: %s", link)
	}
	one := ask(t, plain(), "GET", address+"/api/_imports/conflicts/1", nil)
	one.expect(t, 200, "")
	links, _ := one.field(t, "links").(map[string]any)
	if one.field(t, "open") != true || one.field(t, "local") != 7.0 || links["record"] != "/api/v1/planets/4" || links["run"] != "/api/_imports/runs/3" {
		t.Errorf("got %s", one.body)
	}
	resolved := ask(t, plain(), "POST", address+"/api/_imports/conflicts/1/resolution", strings.NewReader(`{"take":"upstream"}`))
	resolved.expect(t, 200, "")
	if resolved.field(t, "open") != false || resolved.field(t, "resolution") != "upstream" {
		t.Errorf("got %s", resolved.body)
	}
	left := ask(t, plain(), "GET", address+"/api/_imports/conflicts", nil)
	if !strings.Contains(string(left.body), `"id":2`) || strings.Contains(string(left.body), `"id":1`) {
		t.Errorf("open is %s", left.body)
	}
	imports.refusal = &store.Violation{Kind: store.CheckViolation}
	ask(t, plain(), "POST", address+"/api/_imports/conflicts/1/resolution", strings.NewReader(`{"take":"upstream"}`)).expect(t, 400, "23514")
	imports.refusal = &importer.GoneError{Field: conformance.Schema(t).Type("Item").Field("list"), Key: json.RawMessage(`["Party"]`)}
	gone := ask(t, plain(), "POST", address+"/api/_imports/conflicts/1/resolution", strings.NewReader(`{"take":"upstream"}`))
	gone.expect(t, 409, "23503")
	if !strings.Contains(string(gone.body), `"field":"listId"`) || !strings.Contains(string(gone.body), "Party") {
		t.Errorf("%s does not name the relation and the record", gone.body)
	}
}

func TestTheDocumentDescribesTheManagementOfImports(t *testing.T) {
	imports, address := serveImports(t, rest.Settings{PageSize: 1})
	contract := openapitest.Load(t, ask(t, plain(), "GET", address+"/api/v1/openapi.json", nil).body)
	client := &http.Client{Transport: contract.Transport(t, plain().Transport)}
	finished := time.Date(2026, 3, 1, 11, 0, 1, 0, time.UTC)
	imports.runs = []importer.RunRecord{
		{ID: 1, Source: "swapi", Status: importer.RunDone, StartedAt: finished, FinishedAt: &finished, Address: "https://swapi.example", UpstreamStatus: 200, Asked: "0f", Cause: importer.CauseCommand, Fetched: 60},
		{ID: 2, Source: "swapi", Status: importer.RunFailed, StartedAt: finished, FinishedAt: &finished, Error: "no answer"},
	}
	imports.conflicts = []importer.Conflict{
		{ID: 1, Source: "swapi", Type: "Planet", Key: json.RawMessage(`["Hoth"]`), Field: "population", RecordID: "4", Base: json.RawMessage("0"), Upstream: json.RawMessage("5"), Local: json.RawMessage("null"), Run: 1, FoundAt: finished, Open: true},
		{ID: 2, Source: "swapi", Type: "Planet", Key: json.RawMessage(`["Hoth"]`), Field: "terrains", RecordID: "4", Upstream: json.RawMessage("[]"), Local: json.RawMessage("[]"), Overwritten: json.RawMessage(`["ice"]`), Run: 1, FoundAt: finished, Resolution: "upstream", ResolvedAt: &finished},
	}
	for _, request := range []struct {
		method, path, body string
		status             int
	}{
		{"GET", "/api/_imports", "", 200},
		{"GET", "/api/_imports/swapi", "", 200},
		{"GET", "/api/_imports/swap", "", 404},
		{"GET", "/api/_imports/runs?source=swapi&limit=1", "", 200},
		{"GET", "/api/_imports/runs?before=2", "", 200},
		{"GET", "/api/_imports/runs?before=x", "", 400},
		{"GET", "/api/_imports/runs/1", "", 200},
		{"GET", "/api/_imports/runs/9", "", 404},
		{"GET", "/api/_imports/runs/1/events", "", 200},
		{"GET", "/api/_imports/conflicts?type=Planet&state=all&limit=2", "", 200},
		{"GET", "/api/_imports/conflicts?after=1", "", 200},
		{"GET", "/api/_imports/conflicts?state=x", "", 400},
		{"GET", "/api/_imports/conflicts/2", "", 200},
		{"POST", "/api/_imports/conflicts/1/resolution", `{"take":"local"}`, 200},
		{"POST", "/api/_imports/conflicts/1/resolution", `{}`, 400},
		{"POST", "/api/_imports/swapi", `{"fresh":true,"allow":["drift"],"restore":["Hoth",["a",1]]}`, 202},
		{"POST", "/api/_imports/swapi", "", 409},
		{"POST", "/api/_imports/swap", "", 404},
		{"GET", "/api/_imports/runs/3", "", 200},
	} {
		var body io.Reader = http.NoBody
		if request.body != "" {
			body = strings.NewReader(request.body)
		}
		got := ask(t, client, request.method, address+request.path, body, "Content-Type: application/json")
		if got.status != request.status {
			t.Errorf("%s %s: %d %s", request.method, request.path, got.status, got.body)
		}
	}
}

// stream is a stream of events that is being read.
type stream struct {
	t        *testing.T
	response *http.Response
	lines    *bufio.Scanner
}

// follow asks for the events of a run.
func follow(t *testing.T, address string, headers ...string) *stream {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	request, err := http.NewRequestWithContext(ctx, "GET", address, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, header := range headers {
		name, value, _ := strings.Cut(header, ": ")
		request.Header.Set(name, value)
	}
	response, err := plain().Do(request)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = response.Body.Close() })
	return &stream{t, response, bufio.NewScanner(response.Body)}
}

// next is the next event, "name data", or "" at the end; comments count only
// where asked for.
func (s *stream) next(comments bool) string {
	s.t.Helper()
	event := ""
	for s.lines.Scan() {
		switch name, value, _ := strings.Cut(s.lines.Text(), ":"); {
		case name == "" && value == "" && s.lines.Text() == ":":
			if comments {
				return "comment"
			}
		case name == "event":
			event = strings.TrimSpace(value)
		case name == "data":
			event += value
		case s.lines.Text() == "" && event != "":
			return event
		}
	}
	return ""
}

func TestTheEventsOfARun(t *testing.T) {
	t.Run("of this process", func(t *testing.T) {
		imports, address := serveImports(t, rest.Settings{})
		ask(t, plain(), "POST", address+"/api/_imports/swapi", nil).expect(t, 202, "")
		events := follow(t, address+"/api/_imports/runs/1/events", "Accept: text/event-stream", "Accept-Encoding: gzip, zstd")
		header := events.response.Header
		if header.Get("Content-Type") != "text/event-stream" || header.Get("Content-Encoding") != "" || header.Get("Cache-Control") != "no-store" {
			t.Errorf("the header is %v", header)
		}
		if got := events.next(false); !strings.HasPrefix(got, "run ") || !strings.Contains(got, `"status":"running"`) {
			t.Errorf("it begins with %q", got)
		}
		imports.watched[1] <- importer.Progress{Phase: importer.Comparing, Done: 20, Total: 60}
		if got := events.next(false); got != `progress {"phase":"compared","done":20,"total":60}` {
			t.Errorf("progress is told as %q", got)
		}
		imports.end(1, importer.RunDone)
		if got := events.next(false); !strings.HasPrefix(got, "end ") || !strings.Contains(got, `"status":"done"`) {
			t.Errorf("it ends with %q", got)
		}
		if got := events.next(false); got != "" {
			t.Errorf("behind the end comes %q", got)
		}
	})
	t.Run("of another process", func(t *testing.T) {
		imports, address := serveImports(t, rest.Settings{})
		id := imports.add("swapi", importer.RunWaiting)
		events := follow(t, address+"/api/_imports/runs/1/events")
		for _, status := range []importer.RunStatus{importer.RunWaiting, importer.RunRunning, importer.RunHeld} {
			imports.end(id, status)
			if got := events.next(false); !strings.Contains(got, `"status":"`+string(status)+`"`) || strings.HasPrefix(got, "end ") != status.Ended() {
				t.Errorf("%s is told as %q", status, got)
			}
		}
	})
	t.Run("that has ended", func(t *testing.T) {
		imports, address := serveImports(t, rest.Settings{})
		imports.add("swapi", importer.RunFailed)
		events := follow(t, address+"/api/_imports/runs/1/events")
		if got := events.next(false); !strings.HasPrefix(got, "end ") || !strings.Contains(got, `"status":"failed"`) {
			t.Errorf("got %q", got)
		}
		again := follow(t, address+"/api/_imports/runs/1/events", "Last-Event-ID: end")
		if again.response.StatusCode != http.StatusNoContent {
			t.Errorf("a browser that comes back gets %s", again.response.Status)
		}
	})
	t.Run("that is gone meanwhile", func(t *testing.T) {
		imports, address := serveImports(t, rest.Settings{})
		imports.add("swapi", importer.RunRunning)
		events := follow(t, address+"/api/_imports/runs/1/events")
		events.next(false)
		imports.mutex.Lock()
		imports.runs = nil
		imports.mutex.Unlock()
		if got := events.next(false); got != "" {
			t.Errorf("got %q", got)
		}
	})
}

func TestAStreamOutlivesTheTimeoutsOfRequests(t *testing.T) {
	const timeout = 100 * time.Millisecond
	imports, address := serveImports(t, rest.Settings{ReadTimeout: timeout, WriteTimeout: timeout})
	imports.add("swapi", importer.RunRunning)
	events := follow(t, address+"/api/_imports/runs/1/events")
	events.next(false)
	for begun := time.Now(); time.Since(begun) < 4*timeout; {
		if got := events.next(true); got != "comment" {
			t.Fatalf("after %s: %q", time.Since(begun), got)
		}
	}
	imports.end(1, importer.RunDone)
	if got := events.next(false); !strings.HasPrefix(got, "end ") {
		t.Errorf("got %q", got)
	}
}

func TestAStreamEndsWithTheServer(t *testing.T) {
	schema := conformance.Schema(t)
	imports := &pantry{watched: map[int64]chan importer.Progress{}}
	imports.add("swapi", importer.RunRunning)
	server, err := rest.New(rest.Settings{Imports: imports}, openSQLite(t, schema), schema)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	served := make(chan error, 1)
	go func() { served <- server.Serve(ctx, listener) }()
	events := follow(t, "http://"+listener.Addr().String()+"/api/_imports/runs/1/events")
	events.next(false)
	stop()
	if got := events.next(false); got != "" {
		t.Errorf("got %q", got)
	}
	if err := <-served; err != nil {
		t.Errorf("the server did not stop within its grace period: %v", err)
	}
}

func TestAStreamEndsWithItsClient(t *testing.T) {
	imports, address := serveImports(t, rest.Settings{})
	imports.add("swapi", importer.RunRunning)
	events := follow(t, address+"/api/_imports/runs/1/events")
	events.next(false)
	_ = events.response.Body.Close()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for range 500 {
		if strings.Contains(string(ask(t, client, "GET", address+"/metrics", nil).body), "larder_http_requests_in_flight 1\n") {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Error("the stream goes on without its client")
}
