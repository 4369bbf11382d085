package rest_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/larderhq/larder/internal/rest"
	"github.com/larderhq/larder/internal/rest/conformance"
	"github.com/larderhq/larder/internal/statement"
	"github.com/larderhq/larder/internal/store"
)

// server runs a server over an empty database and returns its address.
func server(t testing.TB, settings rest.Settings) string {
	t.Helper()
	schema := conformance.Schema(t)
	return conformance.Serve(t, settings, openSQLite(t, schema), schema)
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// field is a member of a JSON object in the body.
func (a answer) field(t testing.TB, name string) any {
	t.Helper()
	var object map[string]any
	if err := json.Unmarshal(a.body, &object); err != nil {
		t.Fatalf("%s: %v", a.body, err)
	}
	return object[name]
}

// plain does not compress and follows no redirect.
func plain() *http.Client {
	return &http.Client{Transport: &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 64}}
}

// ask sends a request; headers are "Name: value".
func ask(t testing.TB, client *http.Client, method, url string, body io.Reader, headers ...string) answer {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url, body)
	if err != nil {
		t.Fatal(err)
	}
	for _, header := range headers {
		name, value, _ := strings.Cut(header, ": ")
		request.Header.Set(name, value)
	}
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	data, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{response.StatusCode, response.Header, data}
}

func (a answer) expect(t testing.TB, status int, code string) {
	t.Helper()
	if a.status != status {
		t.Fatalf("expected %d, got %d: %s", status, a.status, a.body)
	}
	if code != "" && a.field(t, "code") != code {
		t.Fatalf("expected the code %s, got %s", code, a.body)
	}
}

// endless is a body that never ends and counts what was taken of it.
type endless struct{ taken atomic.Int64 }

func (e *endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	e.taken.Add(int64(len(p)))
	return len(p), nil
}

func TestABodyThatIsTooLargeIsRefusedWithoutBeingRead(t *testing.T) {
	address := server(t, rest.Settings{BodyBytes: 1 << 20})
	t.Run("announced", func(t *testing.T) {
		body := &endless{}
		request, err := http.NewRequestWithContext(t.Context(), "POST", address+"/api/v1/planets", io.LimitReader(body, 100<<20))
		if err != nil {
			t.Fatal(err)
		}
		request.ContentLength = 100 << 20
		expectTooLarge(t, request, body)
	})
	t.Run("not announced", func(t *testing.T) {
		body := &endless{}
		request, err := http.NewRequestWithContext(t.Context(), "POST", address+"/api/v1/planets", io.LimitReader(body, 100<<20))
		if err != nil {
			t.Fatal(err)
		}
		expectTooLarge(t, request, body)
	})
	t.Run("as gzip", func(t *testing.T) {
		var bomb bytes.Buffer
		writer := gzip.NewWriter(&bomb)
		if _, err := io.CopyN(writer, &endless{}, 10<<20); err != nil {
			t.Fatal(err)
		}
		if err := writer.Close(); err != nil {
			t.Fatal(err)
		}
		ask(t, plain(), "POST", address+"/api/v1/planets", &bomb, "Content-Encoding: gzip").expect(t, 413, "LRD413")
	})
}

func expectTooLarge(t *testing.T, request *http.Request, body *endless) {
	t.Helper()
	response, err := plain().Do(request)
	if err == nil {
		defer func() { _ = response.Body.Close() }()
		if response.StatusCode != http.StatusRequestEntityTooLarge {
			t.Errorf("got %d", response.StatusCode)
		}
	}
	// A client that is still sending may see its connection closed instead.
	if taken := body.taken.Load(); taken > 20<<20 {
		t.Errorf("%d bytes were taken", taken)
	}
}

func TestBodiesMeantToHurtAreRefused(t *testing.T) {
	address, client := server(t, rest.Settings{}), plain()
	for _, test := range []struct {
		name, body, code string
		status           int
	}{
		{"nested 10,000 deep", strings.Repeat("[", 10_000), "PGRST102", 400},
		{"objects nested 10,000 deep", strings.Repeat(`{"a":`, 10_000) + "1" + strings.Repeat("}", 10_000), "PGRST102", 400},
		{"nested deep in a JSON attribute", `{"title":"x","notes":` + strings.Repeat("[", 100) + strings.Repeat("]", 100) + "}", "PGRST102", 400},
		{"invalid UTF-8", "{\"title\":\"\xff\"}", "PGRST102", 400},
		{"a NUL", "{\"title\":\"\x00\"}", "PGRST102", 400},
		{"a name of 300 characters", `{"title":"x","` + strings.Repeat("n", 300) + `":1}`, "PGRST204", 400},
		{"10,001 records", "[" + strings.Repeat("{},", 10_000) + "{}]", "LRD413", 413},
		{"10,000 wrong records", "[" + strings.Repeat("{},", 9_999) + "{}]", "23502", 400},
		{"a number of 10,000 digits", `{"title":"x","quantity":` + strings.Repeat("9", 10_000) + "}", "22003", 400},
		{"a number with a vast exponent", `{"title":"x","price":1e999999999}`, "22003", 400},
		{"a vast number in a JSON attribute", `{"title":"x","notes":1e999999999}`, "22003", 400},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := ask(t, client, "POST", address+"/api/v1/jars", strings.NewReader(test.body))
			got.expect(t, test.status, test.code)
			if len(got.body) > 64<<10 {
				t.Errorf("the answer has %d bytes", len(got.body))
			}
		})
	}
}

// raw sends bytes as they are and returns what comes back until the
// connection closes or the time is over.
func raw(t *testing.T, address, request string, patience time.Duration) string {
	t.Helper()
	connection, err := net.Dial("tcp", strings.TrimPrefix(address, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = connection.Close() }()
	if err := connection.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(connection, request); err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(connection)
	if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Logf("the connection ended with %v", err)
	}
	return string(got)
}

func TestGarbledAndSlowRequestsEndInAnAnswerOrAClosedConnection(t *testing.T) {
	address := server(t, rest.Settings{HeaderTimeout: 200 * time.Millisecond, ReadTimeout: 400 * time.Millisecond})
	const head = "POST /api/v1/planets HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
	for _, test := range []struct{ name, request, want string }{
		{"a garbled chunk", head + "Transfer-Encoding: chunked\r\n\r\nzz\r\nxx\r\n0\r\n\r\n", "HTTP/1.1 400"},
		{"a body that stops early", head + "Content-Length: 100\r\n\r\n{\"name\":", "HTTP/1.1 408"},
		{"a chunked body that stops early", head + "Transfer-Encoding: chunked\r\n\r\n5\r\n{\"nam", "HTTP/1.1 408"},
		{"a header that never ends", "GET /api/v1/planets HTTP/1.1\r\nHost: localhost\r\nX-", ""},
		{"no HTTP", "hello\r\n\r\n", "HTTP/1.1 400"},
		{"a header that is too large", "GET / HTTP/1.1\r\nHost: localhost\r\nX-Big: " + strings.Repeat("x", 200<<10) + "\r\n\r\n", "HTTP/1.1 431"},
	} {
		t.Run(test.name, func(t *testing.T) {
			begun := time.Now()
			got := raw(t, address, test.request, 5*time.Second)
			if !strings.HasPrefix(got, test.want) || test.want == "" && strings.HasPrefix(got, "HTTP/1.1 2") {
				t.Errorf("got %.200q", got)
			}
			if elapsed := time.Since(begun); elapsed > 3*time.Second {
				t.Errorf("the connection was held for %s", elapsed)
			}
		})
	}
}

func TestAQueryThatIsTooLongIsRefused(t *testing.T) {
	address := server(t, rest.Settings{HeadBytes: 1 << 20})
	ask(t, plain(), "GET", address+"/api/v1/planets?name=eq."+strings.Repeat("x", 70<<10), nil).expect(t, 414, "54000")
}

func TestLargeAnswersAreCompressedAndHaveATagOfTheirOwn(t *testing.T) {
	address, client := server(t, rest.Settings{}), plain()
	long := strings.Repeat("dry and hot, ", 300)
	body := `{"title":"x","notes":"` + long + `"}`
	created := ask(t, client, "POST", address+"/api/v1/jars", strings.NewReader(body))
	created.expect(t, 201, "")
	tag := created.header.Get("ETag")
	for coding, decode := range map[string]func(io.Reader) (io.Reader, error){
		"gzip": func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) },
		"zstd": func(r io.Reader) (io.Reader, error) { return zstd.NewReader(r) },
	} {
		t.Run(coding, func(t *testing.T) {
			got := ask(t, client, "GET", address+"/api/v1/jars/1", nil, "Accept-Encoding: "+coding)
			if got.header.Get("Content-Encoding") != coding || len(got.body) > 1000 || got.header.Get("Content-Length") != strconv.Itoa(len(got.body)) {
				t.Fatalf("got %v and %d bytes", got.header, len(got.body))
			}
			if !strings.Contains(got.header.Get("Vary"), "Accept-Encoding") {
				t.Errorf("Vary is %q", got.header.Get("Vary"))
			}
			reader, err := decode(bytes.NewReader(got.body))
			if err != nil {
				t.Fatal(err)
			}
			plainBody, err := io.ReadAll(reader)
			if err != nil || !strings.Contains(string(plainBody), long) {
				t.Errorf("the body is not what was stored: %v", err)
			}
			coded := got.header.Get("ETag")
			if coded != strings.TrimSuffix(tag, `"`)+"-"+coding+`"` {
				t.Errorf("the tag is %s, without coding it is %s", coded, tag)
			}
			ask(t, client, "GET", address+"/api/v1/jars/1", nil, "If-None-Match: "+coded).expect(t, 304, "")
			ask(t, client, "PATCH", address+"/api/v1/jars/1", strings.NewReader(`{}`), "If-Match: "+coded).expect(t, 200, "")
		})
	}
	small := ask(t, client, "GET", address+"/api/v1/jars/1?select=id", nil, "Accept-Encoding: gzip")
	if small.header.Get("Content-Encoding") != "" {
		t.Error("a small answer was compressed")
	}
}

func TestABodyMayBeSentAsGzip(t *testing.T) {
	address := server(t, rest.Settings{})
	var body bytes.Buffer
	writer := gzip.NewWriter(&body)
	if _, err := io.WriteString(writer, tatooine); err != nil {
		t.Fatal(err)
	}
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	ask(t, plain(), "POST", address+"/api/v1/planets", &body, "Content-Encoding: gzip").expect(t, 201, "")
}

func TestPagesOfAllowedOriginsMayUseTheAPI(t *testing.T) {
	address, client := server(t, rest.Settings{Origins: []string{"https://app.example"}}), plain()
	const origin, other = "Origin: https://app.example", "Origin: https://other.example"
	preflight := ask(t, client, "OPTIONS", address+"/api/v1/planets", nil, origin, "Access-Control-Request-Method: PATCH", "Access-Control-Request-Headers: prefer")
	preflight.expect(t, 204, "")
	if preflight.header.Get("Access-Control-Allow-Origin") != "https://app.example" || !strings.Contains(preflight.header.Get("Access-Control-Allow-Methods"), "PATCH") || !strings.Contains(preflight.header.Get("Access-Control-Allow-Headers"), "Prefer") {
		t.Errorf("preflight: %v", preflight.header)
	}
	created := ask(t, client, "POST", address+"/api/v1/planets", strings.NewReader(tatooine), origin)
	created.expect(t, 201, "")
	exposed := created.header.Get("Access-Control-Expose-Headers")
	for _, name := range []string{"Content-Range", "ETag", "Location", "Link", "Preference-Applied", "API-Version", "Idempotency-Replayed"} {
		if !strings.Contains(exposed, name) {
			t.Errorf("%s is not exposed", name)
		}
	}
	refused := ask(t, client, "OPTIONS", address+"/api/v1/planets", nil, other, "Access-Control-Request-Method: PATCH")
	if refused.header.Get("Access-Control-Allow-Origin") != "" {
		t.Error("another origin was allowed")
	}
	ask(t, client, "DELETE", address+"/api/v1/planets?_all=true", nil, other).expect(t, 403, "LRD403")
	read := ask(t, client, "GET", address+"/api/v1/planets", nil, other)
	read.expect(t, 200, "")
	if read.header.Get("Access-Control-Allow-Origin") != "" || !strings.Contains(read.header.Get("Vary"), "Origin") {
		t.Errorf("a read for another origin: %v", read.header)
	}
	all := server(t, rest.Settings{Origins: []string{"*"}})
	ask(t, client, "POST", all+"/api/v1/planets", strings.NewReader(tatooine), other).expect(t, 201, "")
}

func TestAChangeWithoutAPreconditionIsRefusedWhereTheSettingsSaySo(t *testing.T) {
	address, client := server(t, rest.Settings{RequirePreconditions: true}), plain()
	created := ask(t, client, "POST", address+"/api/v1/planets", strings.NewReader(tatooine))
	created.expect(t, 201, "")
	for _, method := range []string{"PUT", "PATCH", "DELETE"} {
		ask(t, client, method, address+"/api/v1/planets/1", strings.NewReader(tatooine)).expect(t, 428, "LRD428")
	}
	ask(t, client, "PATCH", address+"/api/v1/planets/1", strings.NewReader(`{}`), "If-Match: "+created.header.Get("ETag")).expect(t, 200, "")
}

func TestVersionsThatEndSaySo(t *testing.T) {
	day := time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)
	address := server(t, rest.Settings{DefaultVersion: 2, Versions: []rest.Version{{Number: 2}, {Number: 1, Deprecated: day, Sunset: day.AddDate(1, 0, 0)}}})
	old := ask(t, plain(), "GET", address+"/api/v1/planets", nil)
	if old.header.Get("Deprecation") != "@1798761600" || old.header.Get("Sunset") != "Sat, 01 Jan 2028 00:00:00 GMT" || old.header.Get("API-Version") != "1" {
		t.Errorf("version 1: %v", old.header)
	}
	current := ask(t, plain(), "GET", address+"/api/planets", nil)
	if current.header.Get("Deprecation") != "" || current.header.Get("API-Version") != "2" {
		t.Errorf("the default version: %v", current.header)
	}
}

func TestSettingsThatContradictThemselvesAreRefused(t *testing.T) {
	schema := conformance.Schema(t)
	for want, settings := range map[string]rest.Settings{
		"the default API version 3 is not one of the versions served: 1, 2": {DefaultVersion: 3},
		"API version 0: versions count from 1":                              {Versions: []rest.Version{{}}},
		"API version 2 is listed twice":                                     {Versions: []rest.Version{{Number: 2}, {Number: 2}}},
		`the origin "app.example" is not of the form https://host`:          {Origins: []string{"app.example"}},
	} {
		if _, err := rest.New(settings, nil, schema); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("got %v, expected %s", err, want)
		}
	}
}

// panicking is an engine that panics when it is read from.
type panicking struct{ store.Engine }

func (panicking) Read(context.Context, statement.Statement, func(store.Scan) error) error {
	panic("the engine is on fire")
}

func TestAPanicIsA500ThatTellsNothingAndIsLogged(t *testing.T) {
	var log bytes.Buffer
	schema := conformance.Schema(t)
	st := store.New(panicking{openEngine(t, schema)}, schema)
	broken, err := rest.New(rest.Settings{Logger: slog.New(slog.NewJSONHandler(&log, nil))}, st, schema)
	if err != nil {
		t.Fatal(err)
	}
	recorded := httptest.NewRecorder()
	broken.ServeHTTP(recorded, httptest.NewRequest("GET", "/api/v1/planets/1", nil))
	got := answer{recorded.Code, recorded.Header(), recorded.Body.Bytes()}
	got.expect(t, 500, "PGRSTX00")
	id := got.header.Get("X-Request-Id")
	if got.field(t, "request") != id || strings.Contains(string(got.body), "on fire") || strings.Contains(string(got.body), ".go") {
		t.Errorf("the client sees %s", got.body)
	}
	if text := log.String(); !strings.Contains(text, id) || !strings.Contains(text, "on fire") || !strings.Contains(text, "read.go") {
		t.Errorf("the log says %s", text)
	}
}

func TestRequestsAreLoggedAndCounted(t *testing.T) {
	var log lockedBuffer
	address := server(t, rest.Settings{Logger: slog.New(slog.NewJSONHandler(&log, nil))})
	ask(t, plain(), "GET", address+"/api/v1/planets/7?select=name", nil, "X-Request-Id: my-id").expect(t, 404, "LRD404")
	ask(t, plain(), "BREW", address+"/api/v1/planets/7", nil).expect(t, 405, "PGRST117")
	for _, want := range []string{`"id":"my-id"`, `"method":"GET"`, `"path":"/api/v1/planets/7"`, `"query":"select=name"`, `"status":404`, `"code":"LRD404"`} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log lacks %s: %s", want, log.String())
		}
	}
	metrics := string(ask(t, plain(), "GET", address+"/metrics", nil).body)
	for _, want := range []string{
		`larder_http_requests_total{method="GET",route="/api/v1/planets/{id}",status="404"} 1`,
		`larder_http_requests_total{method="other",route="/api/v1/planets/{id}",status="405"} 1`,
		`larder_http_request_duration_seconds_count{method="GET",route="/api/v1/planets/{id}"} 1`,
		`larder_http_requests_in_flight 1`,
		`go_goroutines`,
	} {
		if !strings.Contains(metrics, want) {
			t.Errorf("the metrics lack %s", want)
		}
	}
}

// lockedBuffer is a buffer that several goroutines write.
type lockedBuffer struct {
	mutex  sync.Mutex
	buffer bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return b.buffer.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return b.buffer.String()
}

func TestAWrongHostIsRefusedOnLoopbackUnlessItIsAllowed(t *testing.T) {
	address := strings.TrimPrefix(server(t, rest.Settings{Hosts: []string{"larder.example"}}), "http://")
	for host, want := range map[string]string{
		"evil.example": "421", "larder.example": "200", "LARDER.example:80": "200", "localhost": "200", "app.localhost:1": "200",
		"127.0.0.1": "200", "127.9.9.9:1": "200", "[::1]:80": "200", "10.0.0.1": "421", "localhost.evil.example": "421",
	} {
		got := raw(t, "http://"+address, "GET /healthz HTTP/1.1\r\nHost: "+host+"\r\nConnection: close\r\n\r\n", 5*time.Second)
		if !strings.HasPrefix(got, "HTTP/1.1 "+want) {
			t.Errorf("Host: %s: expected %s, got %.60q", host, want, got)
		}
	}
}

func TestEveryCodeOfAProblemIsDocumented(t *testing.T) {
	docs, err := os.ReadFile("../../docs/api.md")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, path := range []string{"problem.go", "../query/error.go"} {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			spec, isValue := n.(*ast.ValueSpec)
			if !isValue || !strings.HasPrefix(strings.ToLower(spec.Names[0].Name), "code") {
				return true
			}
			for _, value := range spec.Values {
				literal, isLiteral := value.(*ast.BasicLit)
				if !isLiteral {
					continue
				}
				found++
				code := strings.Trim(literal.Value, `"`)
				if row := fmt.Sprintf(`<a id="%s"></a>%s |`, strings.ToLower(code), code); !strings.Contains(string(docs), row) {
					t.Errorf("docs/api.md lacks the code %s", code)
				}
			}
			return true
		})
	}
	if found < 40 {
		t.Errorf("only %d codes were found", found)
	}
}
