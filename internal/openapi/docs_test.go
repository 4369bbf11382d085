package openapi_test

import (
	"compress/gzip"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/larderhq/larder/internal/openapi"
)

// page serves the documentation page with two documents behind it.
func page(t *testing.T) *httptest.Server {
	t.Helper()
	docs, err := openapi.Docs("/docs", `Planets & "moons"`, []openapi.Link{
		{Name: "Version 1", Path: "/api/v1/openapi.json"}, {Name: "Version 2", Path: "/api/v2/openapi.json"},
	})
	if err != nil {
		t.Fatal(err)
	}
	text := document(t, read(t, "planets.graphql"), 1, openapi.Info{})
	mux := http.NewServeMux()
	mux.Handle("/docs", docs)
	mux.Handle("/docs/", docs)
	mux.HandleFunc("/api/v1/openapi.json", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(text)
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server
}

// get asks for a path as it stands, without undoing a compression.
func get(t *testing.T, server *httptest.Server, path string, header http.Header) (*http.Response, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header = header
	if header == nil {
		request.Header = http.Header{"Accept-Encoding": {"identity"}}
	}
	response, err := server.Client().Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response, string(body)
}

func TestDocsPageLoadsEverythingFromItsOwnServer(t *testing.T) {
	server := page(t)
	response, index := get(t, server, "/docs", nil)
	if response.StatusCode != http.StatusOK || response.Header.Get("Content-Type") != "text/html; charset=utf-8" {
		t.Fatalf("GET /docs: %s, %s", response.Status, response.Header.Get("Content-Type"))
	}
	links := regexp.MustCompile(`(?:src|href)="([^"#]+)"`).FindAllStringSubmatch(index, -1)
	if len(links) < 5 {
		t.Fatalf("found the links %v only", links)
	}
	for _, link := range links {
		response, body := get(t, server, link[1], nil)
		if response.StatusCode != http.StatusOK || body == "" {
			t.Errorf("GET %s: %s, %d bytes", link[1], response.Status, len(body))
		}
	}
}

func TestDocsPageKeepsAStrictPolicy(t *testing.T) {
	response, index := get(t, page(t), "/docs/", nil)
	policy := response.Header.Get("Content-Security-Policy")
	if policy != openapi.DocsPolicy || strings.Contains(policy, "unsafe") || strings.Contains(policy, "http") {
		t.Errorf("the policy is %s", policy)
	}
	for _, inline := range []string{"<style", " style=", "onclick", "javascript:"} {
		if strings.Contains(index, inline) {
			t.Errorf("the page has %s, which its policy forbids", inline)
		}
	}
	if scripts := regexp.MustCompile(`<script[^>]*>[^<]`).FindString(index); scripts != "" {
		t.Errorf("the page has an inline script: %s", scripts)
	}
	if !strings.Contains(index, "<title>Planets &amp; &#34;moons&#34; · API</title>") {
		t.Errorf("the title is not escaped:\n%s", index)
	}
}

func TestDocsFilesAreCompressedAndRevalidated(t *testing.T) {
	server := page(t)
	plain, script := get(t, server, "/docs/swagger-ui-bundle.js", nil)
	packed, compressed := get(t, server, "/docs/swagger-ui-bundle.js", http.Header{"Accept-Encoding": {"br, gzip"}})
	reader, err := gzip.NewReader(strings.NewReader(compressed))
	if err != nil {
		t.Fatal(err)
	}
	unpacked, err := io.ReadAll(reader)
	if err != nil || string(unpacked) != script || packed.Header.Get("Content-Encoding") != "gzip" {
		t.Errorf("the compressed script is not the plain one: %v", err)
	}
	if plain.Header.Get("ETag") == packed.Header.Get("ETag") {
		t.Error("the plain and the compressed script share an ETag")
	}
	if refused, body := get(t, server, "/docs/swagger-ui-bundle.js", http.Header{"Accept-Encoding": {"gzip;q=0.0"}}); refused.Header.Get("Content-Encoding") != "" || body != script {
		t.Error("a client that refuses gzip gets it")
	}
	again, body := get(t, server, "/docs/swagger-ui-bundle.js", http.Header{"Accept-Encoding": {"gzip"}, "If-None-Match": packed.Header["Etag"]})
	if again.StatusCode != http.StatusNotModified || body != "" {
		t.Errorf("a known script is sent again: %s, %d bytes", again.Status, len(body))
	}
}

func TestDocsRefusesWhatItHasNot(t *testing.T) {
	server := page(t)
	if response, _ := get(t, server, "/docs/../etc/passwd", nil); response.StatusCode != http.StatusNotFound {
		t.Errorf("a path outside: %s", response.Status)
	}
	response, err := server.Client().Post(server.URL+"/docs", "text/plain", strings.NewReader("x"))
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if response.StatusCode != http.StatusMethodNotAllowed || response.Header.Get("Allow") != "GET, HEAD" {
		t.Errorf("POST /docs: %s, Allow: %s", response.Status, response.Header.Get("Allow"))
	}
	if _, err := openapi.Docs("/docs", "x", nil); err == nil {
		t.Error("a page without a document was built")
	}
}

// TestDocsPageShowsTheOperationsInABrowser runs where there is a Chromium: the
// page draws every operation, and nothing breaks its policy.
func TestDocsPageShowsTheOperationsInABrowser(t *testing.T) {
	browser, err := exec.LookPath("chromium")
	if err != nil {
		t.Log("no chromium here; the other tests look at what it would load")
		return
	}
	arguments := []string{
		"--headless=new", "--disable-gpu", "--user-data-dir=" + t.TempDir(), "--enable-logging=stderr",
		"--virtual-time-budget=5000", "--dump-dom", page(t).URL + "/docs#/Planets/listPlanets",
	}
	if os.Geteuid() == 0 {
		arguments = append([]string{"--no-sandbox"}, arguments...)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	var log strings.Builder
	command := exec.CommandContext(ctx, browser, arguments...)
	command.Stderr = &log
	drawn, err := command.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, log.String())
	}
	for _, want := range []string{`data-path="/api/v1/planets/{id}"`, `id="operations-Planets-createPlanets"`, `data-path="/healthz"`, "Filters by"} {
		if !strings.Contains(string(drawn), want) {
			t.Errorf("the page does not show %s", want)
		}
	}
	for line := range strings.Lines(log.String()) {
		if strings.Contains(line, "CONSOLE") {
			t.Errorf("the browser says: %s", line)
		}
	}
}

func BenchmarkDocs(b *testing.B) {
	for b.Loop() {
		if _, err := openapi.Docs("/docs", "planets", []openapi.Link{{Name: "Version 1", Path: "/openapi.json"}}); err != nil {
			b.Fatal(err)
		}
	}
}
