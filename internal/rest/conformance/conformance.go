// Package conformance is the suite of HTTP cases that the API passes on every
// engine. The cases are Markdown files: a fenced http block with a request is
// followed by one with the answer that is expected. docs/api.md is such a
// file, so that no example in it can be wrong.
//
// Every answer is also held against the OpenAPI document that the server gives
// of itself.
//
// Each file begins with an empty database and runs from top to bottom. Of an
// expected answer the status and the body count, and the headers that it
// names. In a request {{ETag}} stands for that header of the last answer that
// had it, and the target rel:next for the target of that relation in the last
// Link. A file can be written anew with what the server says.
package conformance

import (
	"context"
	_ "embed"
	"io"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/larderhq/larder/internal/model"
	"github.com/larderhq/larder/internal/openapi/openapitest"
	"github.com/larderhq/larder/internal/rest"
	"github.com/larderhq/larder/internal/store"
)

//go:embed models.graphql
var models []byte

// Open returns a store of the schema's records in an empty, migrated database
// that goes away with the test.
type Open func(t testing.TB, schema *model.Schema) *store.Store

// Schema returns the models that all cases are about.
func Schema(t testing.TB) *model.Schema {
	t.Helper()
	schema, err := model.Parse("models.graphql", models)
	if err != nil {
		t.Fatalf("parse the models of the suite: %v", err)
	}
	return schema
}

// Run runs the cases of the files against a server with stores from open. With
// update it writes what the server answers into the files instead.
func Run(t *testing.T, open Open, update bool, files ...string) {
	for _, path := range files {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".md"), func(t *testing.T) {
			runFile(t, open, update, path)
		})
	}
}

func runFile(t *testing.T, open Open, update bool, path string) {
	d, err := read(path)
	if err != nil {
		t.Fatal(err)
	}
	schema := Schema(t)
	address := Serve(t, rest.Settings{Name: "planets", Release: "1.0.0"}, open(t, schema), schema)
	contracts := map[string]*openapitest.Contract{}
	for _, version := range []string{"/api/v1/", "/api/v2/"} {
		document := (&exchange{method: http.MethodGet, target: version + "openapi.json"}).send(t, address, nil)
		contracts[version] = openapitest.Load(t, document.body)
	}
	last := http.Header{}
	for _, e := range d.cases {
		t.Run(e.name, func(t *testing.T) {
			got := e.send(t, address, last)
			for version, contract := range contracts {
				if strings.HasPrefix(e.target, version) && e.described(got) {
					contract.Check(t, got.response.Request, []byte(e.body), got.response, got.body)
				}
			}
			for name, values := range got.header {
				last[name] = values
			}
			if update {
				e.record(got)
				return
			}
			if differences := e.differences(got); differences != "" {
				t.Errorf("%s:%d: %s %s\n%s", d.path, e.line, e.method, e.target, differences)
			}
		})
	}
	if update {
		if err := d.write(); err != nil {
			t.Fatal(err)
		}
	}
}

// described reports whether an OpenAPI document can say what the exchange does:
// it has no word for a method that is refused, and none for what columns= and
// an upsert let into a body.
func (e *exchange) described(got answer) bool {
	return got.status != http.StatusMethodNotAllowed && e.method != http.MethodOptions &&
		!strings.Contains(e.target, "columns=") && !strings.Contains(got.header.Get("Preference-Applied"), "resolution=")
}

// send sends the request of an exchange.
func (e *exchange) send(t *testing.T, address string, last http.Header) answer {
	t.Helper()
	fill := func(text string) string {
		for name, values := range last {
			text = strings.ReplaceAll(text, "{{"+name+"}}", values[0])
		}
		return strings.ReplaceAll(text, "{{ETag}}", last.Get("ETag"))
	}
	target := fill(e.target)
	if _, link, isLink := strings.Cut(target, "rel:"); isLink {
		target = linked(t, last.Get("Link"), link)
	}
	request, err := http.NewRequestWithContext(t.Context(), e.method, address+target, strings.NewReader(e.body))
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range e.header {
		if strings.EqualFold(line.name, "Host") {
			request.Host = line.value
			continue
		}
		request.Header.Add(line.name, fill(line.value))
	}
	if e.body != "" && request.Header.Get("Content-Type") == "" {
		request.Header.Set("Content-Type", "application/json")
	}
	client := &http.Client{
		Transport:     &http.Transport{DisableCompression: true, DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{status: response.StatusCode, header: response.Header, body: body, response: response}
}

// linked is the target of a relation in a Link header.
func linked(t *testing.T, header, relation string) string {
	t.Helper()
	for link := range strings.SplitSeq(header, ", ") {
		target, parameters, _ := strings.Cut(link, ">; ")
		if parameters == `rel="`+relation+`"` {
			return strings.TrimPrefix(target, "<")
		}
	}
	t.Fatalf("the last answer has no link of the relation %q: %s", relation, header)
	return ""
}

// Serve runs a server on a free port of loopback until the test ends and
// returns its address, "http://127.0.0.1:49152".
func Serve(t testing.TB, settings rest.Settings, st *store.Store, schema *model.Schema) string {
	t.Helper()
	if settings.Logger == nil {
		settings.Logger = slog.New(slog.NewTextHandler(testWriter{t}, &slog.HandlerOptions{Level: slog.LevelError}))
	}
	server, err := rest.New(settings, st, schema)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- server.Serve(ctx, listener) }()
	t.Cleanup(func() {
		stop()
		select {
		case err := <-done:
			if err != nil {
				t.Errorf("serve: %v", err)
			}
		case <-time.After(15 * time.Second):
			t.Error("the server does not stop")
		}
	})
	return "http://" + listener.Addr().String()
}

// testWriter sends the log to the test's.
type testWriter struct{ t testing.TB }

func (w testWriter) Write(line []byte) (int, error) {
	w.t.Log(strings.TrimSpace(string(line)))
	return len(line), nil
}
