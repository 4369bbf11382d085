package source

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/larderhq/larder/internal/source/graphqltest"
)

const planetsQuery = "query Query {allPlanets{planets{name population terrains climates}}}"

// serve starts a server that ends with the test.
func serve(t testing.TB, b graphqltest.Behaviour) *graphqltest.Server {
	t.Helper()
	s, err := graphqltest.Start(b)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// waits are the pauses that a source would have made.
type waits []time.Duration

// connect makes a source that asks at address and does not really wait.
func connect(t testing.TB, address string, change func(*GraphQLSettings)) (*GraphQL, *waits) {
	t.Helper()
	settings := GraphQLSettings{URL: address, Query: planetsQuery}
	if change != nil {
		change(&settings)
	}
	g, err := NewGraphQL(settings)
	if err != nil {
		t.Fatal(err)
	}
	var waited waits
	g.pause = func(ctx context.Context, d time.Duration) error {
		waited = append(waited, d)
		return ctx.Err()
	}
	return g, &waited
}

// fetchAll fetches and closes with the test.
func fetchAll(t testing.TB, s Source) *Answer {
	t.Helper()
	a, err := s.Fetch(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	})
	return a
}

// collect are the records at a path, and the error that ended them.
func collect(a *Answer, path string) ([]Record, error) {
	var records []Record
	for r, err := range a.Records(path) {
		if err != nil {
			return records, err
		}
		records = append(records, r)
	}
	return records, nil
}

// names are the records' names in their order.
func names(t testing.TB, a *Answer, path string) []string {
	t.Helper()
	records, err := collect(a, path)
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, r := range records {
		var named struct{ Name string }
		if err := json.Unmarshal(r.Data, &named); err != nil {
			t.Fatal(err)
		}
		list = append(list, named.Name)
	}
	return list
}

// wantText fails unless the error says each of the words.
func wantText(t testing.TB, err error, words ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("want an error that says %q, got none", words)
	}
	for _, word := range words {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("want an error that says %q, got: %v", word, err)
		}
	}
}

func TestFetchReadsThePlanetsAsTheyAre(t *testing.T) {
	s := serve(t, graphqltest.Behaviour{})
	g, _ := connect(t, s.URL, nil)
	a := fetchAll(t, g)
	records, err := collect(a, "allPlanets.planets")
	if err != nil {
		t.Fatal(err)
	}
	if len(records) != 60 || !a.Complete || a.Status != 200 || a.Pages != 1 || a.Offline {
		t.Fatalf("got %d records, %+v", len(records), a)
	}
	for i, want := range map[int]string{
		3: `{"name":"Hoth","population":null,"terrains":["tundra","ice caves","mountain ranges"],"climates":["frozen"]}`,
		8: `{"name":"Coruscant","population":1000000000000,"terrains":["cityscape","mountains"],"climates":["temperate"]}`,
	} {
		if string(records[i].Data) != want || records[i].Index != i {
			t.Errorf("record %d is %d: %s", i, records[i].Index, records[i].Data)
		}
	}
	again, err := collect(a, "allPlanets.planets")
	if err != nil || len(again) != 60 {
		t.Errorf("asked again: %d records, %v", len(again), err)
	}
}

func TestFetchFollowsRedirectsAsPostAndSaysSo(t *testing.T) {
	for _, status := range []int{301, 302, 303, 307, 308} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			s := serve(t, graphqltest.Behaviour{Redirect: status, Token: "hush-hush"})
			g, _ := connect(t, s.URL, func(settings *GraphQLSettings) { settings.Token = "hush-hush" })
			a := fetchAll(t, g)
			if got := names(t, a, "allPlanets.planets"); len(got) != 60 {
				t.Errorf("got %d planets", len(got))
			}
			requests := s.Requests()
			last := requests[len(requests)-1]
			if len(requests) != 2 || last.Method != http.MethodPost || last.Path != graphqltest.Target ||
				last.Body != requests[0].Body {
				t.Errorf("got requests %+v", requests)
			}
			if len(a.Notices) != 1 || !strings.Contains(a.Notices[0], graphqltest.Target) ||
				!strings.Contains(a.Notices[0], fmt.Sprint(status)) {
				t.Errorf("got notices %q", a.Notices)
			}
		})
	}
}

func TestFetchSendsNothingToAnotherHost(t *testing.T) {
	other := serve(t, graphqltest.Behaviour{Redirect: -1})
	s := serve(t, graphqltest.Behaviour{RedirectTo: other.URL})
	g, _ := connect(t, s.URL, func(settings *GraphQLSettings) { settings.Token = "hush-hush" })
	_, err := g.Fetch(t.Context(), nil)
	wantText(t, err, s.URL, other.URL, "another host", "redirects: any")
	if got := other.Requests(); len(got) != 0 {
		t.Errorf("the other host was asked: %+v", got)
	}
}

func TestFetchCrossesHostsWithoutCredentialsWhereAllowed(t *testing.T) {
	other := serve(t, graphqltest.Behaviour{Redirect: -1})
	s := serve(t, graphqltest.Behaviour{RedirectTo: other.URL})
	address := strings.Replace(s.URL, "http://", "http://user:pass@", 1)
	g, _ := connect(t, address, func(settings *GraphQLSettings) {
		settings.Token, settings.Headers, settings.CrossHost = "hush-hush", map[string]string{"X-Key": "hush-hush"}, true
	})
	a := fetchAll(t, g)
	if got := names(t, a, "allPlanets.planets"); len(got) != 60 {
		t.Errorf("got %d planets", len(got))
	}
	header := s.Requests()[0].Header
	if header.Get("Authorization") != "Bearer hush-hush" || header.Get("X-Key") != "hush-hush" {
		t.Errorf("the source's own host got %v", header)
	}
	header = other.Requests()[0].Header
	if header.Get("Authorization") != "" || header.Get("X-Key") != "" {
		t.Errorf("the other host got %v", header)
	}
}

func TestFetchRefusesRedirectsThatLeadNowhere(t *testing.T) {
	tests := []struct{ name, to, want string }{
		{"a circle", graphqltest.Path, "more than 5 redirects"},
		{"another scheme", "ftp://127.0.0.1/", "no address"},
		{"no address", "http://[", "no address"},
		{"another port", "http://127.0.0.1:1/graphql", "another host"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := serve(t, graphqltest.Behaviour{RedirectTo: test.to})
			g, _ := connect(t, s.URL, nil)
			_, err := g.Fetch(t.Context(), nil)
			wantText(t, err, test.want)
			var unreachable *UnreachableError
			if errors.As(err, &unreachable) {
				t.Errorf("%v counts as unreachable", err)
			}
		})
	}
}

func TestSchemesMayOnlyGoUp(t *testing.T) {
	tests := []struct {
		from, to string
		want     string
	}{
		{"http://api.example/a", "https://api.example/b", ""},
		{"http://api.example:8080/a", "https://API.example:8443/b", ""},
		{"https://api.example/a", "/b", ""},
		{"https://api.example/a", "https://api.example:443/b", ""},
		{"https://api.example/a", "http://api.example/b", "from https to http"},
		{"https://api.example/a", "https://api.example:444/b", "another host"},
		{"https://api.example/a", "https://api.example.evil.example/b", "another host"},
		{"https://api.example/a", "//evil.example/b?key=1", "https://evil.example/b?…"},
	}
	for _, test := range tests {
		t.Run(test.from+" to "+test.to, func(t *testing.T) {
			from, err := url.Parse(test.from)
			if err != nil {
				t.Fatal(err)
			}
			f := &fetch{GraphQL: &GraphQL{}, target: from, answer: &Answer{}}
			err = f.redirect(http.StatusMovedPermanently, test.to)
			if test.want != "" {
				wantText(t, err, test.want)
			} else if err != nil {
				t.Error(err)
			}
		})
	}
}

func TestFetchSendsWhatServersExpect(t *testing.T) {
	s := serve(t, graphqltest.Behaviour{Redirect: -1})
	g, _ := connect(t, s.URL, func(settings *GraphQLSettings) {
		settings.Query = "query One($id: ID) { planet(planetID: $id) { name } } query Two { allFilms { totalCount } }"
		settings.Operation, settings.Variables = "One", json.RawMessage(`{"id": 9}`)
		settings.Headers = map[string]string{"X-Client": "pantry", "Host": "planets.example"}
	})
	a := fetchAll(t, g)
	if got := names(t, a, "planet"); len(got) != 1 || got[0] != "Coruscant" {
		t.Errorf("got %q", got)
	}
	r := s.Requests()[0]
	for name, want := range map[string]string{
		"Accept":       "application/graphql-response+json, application/json;q=0.9",
		"Content-Type": "application/json", "X-Client": "pantry", "User-Agent": "larder (+https://github.com/larderhq/larder)",
	} {
		if got := r.Header.Get(name); got != want {
			t.Errorf("%s is %q", name, got)
		}
	}
	if want := `"variables":{"id":9}`; !strings.Contains(r.Body, want) || !strings.Contains(r.Body, `"operationName":"One"`) {
		t.Errorf("got body %s", r.Body)
	}
}

func TestFetchReadsEveryEncoding(t *testing.T) {
	for _, encoding := range []string{"gzip", "deflate", "zstd", ""} {
		t.Run("encoded as "+encoding, func(t *testing.T) {
			s := serve(t, graphqltest.Behaviour{Encoding: encoding, Prefix: "\ufeff"})
			g, _ := connect(t, s.URL, nil)
			if got := names(t, fetchAll(t, g), "allPlanets.planets"); len(got) != 60 {
				t.Errorf("got %d planets", len(got))
			}
		})
	}
}

func TestFetchStopsAtItsBounds(t *testing.T) {
	for _, encoding := range []string{"", "gzip", "deflate", "zstd"} {
		t.Run("an endless answer encoded as "+encoding, func(t *testing.T) {
			s := serve(t, graphqltest.Behaviour{Endless: true, Encoding: encoding})
			g, waited := connect(t, s.URL, func(settings *GraphQLSettings) { settings.MaxBytes = 1 << 20 })
			_, err := g.Fetch(t.Context(), nil)
			wantText(t, err, "maxBytes", "1048576 bytes")
			if len(*waited) != 0 {
				t.Error("it was tried again")
			}
		})
	}
	t.Run("a slow answer", func(t *testing.T) {
		s := serve(t, graphqltest.Behaviour{Trickle: true})
		g, _ := connect(t, s.URL, func(settings *GraphQLSettings) {
			settings.Timeout, settings.Retries = 100*time.Millisecond, -1
		})
		_, err := g.Fetch(t.Context(), nil)
		wantText(t, err, "no whole answer within 100ms")
		var unreachable *UnreachableError
		if !errors.As(err, &unreachable) {
			t.Errorf("%v does not count as unreachable", err)
		}
	})
	t.Run("an answer as large as the bound", func(t *testing.T) {
		s := serve(t, graphqltest.Behaviour{})
		g, _ := connect(t, s.URL, nil)
		size := fetchAll(t, g).Bytes
		exact, _ := connect(t, s.URL, func(settings *GraphQLSettings) { settings.MaxBytes = size })
		fetchAll(t, exact)
		short, _ := connect(t, s.URL, func(settings *GraphQLSettings) { settings.MaxBytes = size - 1 })
		_, err := short.Fetch(t.Context(), nil)
		wantText(t, err, "maxBytes")
	})
}

func TestFetchEndsWithItsContext(t *testing.T) {
	s := serve(t, graphqltest.Behaviour{Delay: time.Minute})
	g, _ := connect(t, s.URL, nil)
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, cancel)
	_, err := g.Fetch(ctx, nil)
	var unreachable *UnreachableError
	if !errors.Is(err, context.Canceled) || errors.As(err, &unreachable) {
		t.Errorf("got %v", err)
	}
}

func TestFetchLeavesNoFileBehind(t *testing.T) {
	folder := t.TempDir()
	t.Setenv("TMPDIR", folder)
	s := serve(t, graphqltest.Behaviour{})
	g, _ := connect(t, s.URL, nil)
	a, err := g.Fetch(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if kept, _ := filepath.Glob(filepath.Join(folder, "*")); len(kept) != 1 {
		t.Errorf("an answer keeps %q", kept)
	}
	if err := a.Close(); err != nil {
		t.Error(err)
	}
	s.Change(func(b *graphqltest.Behaviour) { b.Truncate = 500 })
	if _, err := g.Fetch(t.Context(), nil); err == nil {
		t.Error("a truncated answer was taken")
	}
	if kept, _ := os.ReadDir(folder); len(kept) != 0 {
		t.Errorf("%v is left", kept)
	}
}

func TestFetchTellsItsProgress(t *testing.T) {
	s := serve(t, graphqltest.Behaviour{PageSize: 7})
	g, _ := connect(t, s.URL, func(settings *GraphQLSettings) {
		settings.Query = `query($after: String) { allPlanets(after: $after) { pageInfo { hasNextPage endCursor } planets { name } } }`
	})
	var last Progress
	a, err := g.Fetch(t.Context(), func(p Progress) {
		if p.Bytes < last.Bytes || p.Pages < last.Pages {
			t.Errorf("progress goes back from %+v to %+v", last, p)
		}
		last = p
	})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close() //nolint:errcheck // a temporary file
	if last.Pages != 9 || last.Bytes != a.Bytes || a.Bytes == 0 {
		t.Errorf("ended with %+v, %d bytes", last, a.Bytes)
	}
}

func TestSettingsAreChecked(t *testing.T) {
	tests := []struct {
		name   string
		change func(*GraphQLSettings)
		want   string
	}{
		{"no scheme", func(s *GraphQLSettings) { s.URL = "host/graphql" }, "https://host/path"},
		{"another scheme", func(s *GraphQLSettings) { s.URL = "file:///etc/passwd" }, "https://host/path"},
		{"a secret in a broken address", func(s *GraphQLSettings) { s.URL = "http://u:hush@h:x/" }, "https://host/path"},
		{"no query", func(s *GraphQLSettings) { s.Query = " " }, "has no query"},
		{"a broken query", func(s *GraphQLSettings) { s.Query = "query {\n  planets {\n    name\n}" }, "line 4, column 2"},
		{"a mutation", func(s *GraphQLSettings) { s.Query = "mutation { drop { id } }" }, "is a mutation"},
		{"only fragments", func(s *GraphQLSettings) { s.Query = "fragment F on P { a }" }, "only fragments"},
		{"two operations", func(s *GraphQLSettings) { s.Query = "query A { a } query B { b }" }, "2 operations (A, B)"},
		{"an unknown operation", func(s *GraphQLSettings) { s.Query, s.Operation = "query Planets { a }", "Planet" }, `there is "Planets"`},
		{"an unknown fragment", func(s *GraphQLSettings) { s.Query = "{ a { ...F } }" }, `fragment "F" that it does not define`},
		{"a fragment in itself", func(s *GraphQLSettings) { s.Query = "{ ...F } fragment F on P { a { ...F } }" }, "contains itself"},
		{"variables that are a list", func(s *GraphQLSettings) { s.Variables = json.RawMessage("[1]") }, "no JSON object"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			settings := GraphQLSettings{URL: "https://host/", Query: planetsQuery}
			test.change(&settings)
			_, err := NewGraphQL(settings)
			wantText(t, err, test.want)
			if strings.Contains(err.Error(), "hush") {
				t.Errorf("the password is shown: %v", err)
			}
		})
	}
}

func TestFingerprintTellsQuestionsApart(t *testing.T) {
	of := func(query, operation, variables string) string {
		g, err := NewGraphQL(GraphQLSettings{URL: "https://h/", Query: query, Operation: operation, Variables: json.RawMessage(variables)})
		if err != nil {
			t.Fatal(err)
		}
		return g.Fingerprint()
	}
	base := of(`query Q($a: String) { p(a: $a, b: "x  y") { n } }`, "", `{"a": 1}`)
	if got := of("# planets\nquery Q($a: String)\n{ p(a: $a b: \"x  y\") {\n n, } }", "", `{ "a":1 }`); got != base {
		t.Error("white space, commas and comments count")
	}
	for _, other := range []string{
		of(`query Q($a: String) { p(a: $a, b: "x y") { n } }`, "", `{"a": 1}`),
		of(`query Q($a: String) { p(a: $a, b: "x  y") { n m } }`, "", `{"a": 1}`),
		of(`query Q($a: String) { p(a: $a, b: "x  y") { n } }`, "", `{"a": 2}`),
		of(`query Q($a: String) { p(a: $a, b: "x  y") { n } }`, "Q", `{"a": 1}`),
	} {
		if other == base {
			t.Error("two questions have one fingerprint")
		}
	}
}
