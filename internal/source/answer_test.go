package source

import (
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/larderhq/larder/internal/source/graphqltest"
)

func TestAnswersThatCannotBeTakenAreExplained(t *testing.T) {
	tests := []struct {
		name        string
		status      int
		contentType string
		body        string
		want        []string
	}{
		{"an HTML page", 200, "text/html", "<!DOCTYPE html><html><head><title>Sign in &amp; go</title>", []string{"status 200", `HTML page titled "Sign in`, "check the source's `url`", "login page"}},
		{"HTML that claims to be JSON", 200, "application/json", "\n <html></html>", []string{"HTML page instead of JSON"}},
		{"an empty body", 200, "application/json", "", []string{"status 200 with an empty body", "GraphQL endpoint?"}},
		{"only white space", 200, "application/json", " \n\t", []string{"empty body"}},
		{"only a byte order mark", 200, "application/json", "\ufeff", []string{"empty body"}},
		{"plain text", 200, "text/plain", "It works!", []string{`"It works!" (text/plain) instead of JSON`}},
		{"an event stream", 200, "text/event-stream", "event: next\n", []string{"answers in parts", "@defer"}},
		{"truncated JSON", 200, "application/json", `{"data":{"allPlanets":{"planets":[{"name":"Tat`, []string{"status 200", "broken JSON", "ends inside a string", "line 1, column 47"}},
		{"truncated between tokens", 200, "application/json", `{"data":`, []string{"broken JSON", "ends early"}},
		{"broken JSON", 200, "application/json", "{\"data\":\n{'a':1}}", []string{"broken JSON", `found '\''`, "line 2, column 2"}},
		{"two JSON texts", 200, "application/json", `{"data":{}} {"data":{}}`, []string{"expected the end of the JSON"}},
		{"a list", 200, "application/json", `[{"data":{}}]`, []string{"a list, not an object with data"}},
		{"a number", 200, "application/json", `17`, []string{"a number, not an object with data"}},
		{"neither data nor errors", 200, "application/json", `{"message":"hi","code":1}`, []string{"neither data nor errors", "message, code"}},
		{"an empty object", 200, "application/json", `{}`, []string{"neither data nor errors (it is empty)"}},
		{"null data", 200, "application/json", `{"data":null}`, []string{"data is null and no error says why"}},
		{"null data and no errors", 200, "application/json", `{"data":null,"errors":[]}`, []string{"data is null"}},
		{"data that is a list", 200, "application/json", `{"data":[]}`, []string{"data is a list, not an object"}},
		{"errors without data", 200, "application/json", `{"errors":[{"message":"no such field","locations":[{"line":1,"column":8}]}]}`, []string{"upstream refuses the query", "no such field (query line 1, column 8)"}},
		{"errors with null data", 200, "application/json", `{"data":null,"errors":[{"message":"boom","path":["a",0,"b"]}]}`, []string{"boom (at data.a[0].b)"}},
		{"many errors", 200, "application/json", `{"errors":[{"message":"one"},{"message":"two"},{"message":"three"},{"message":"four"},{"message":"five"}]}`, []string{"one; two; three; and 2 more"}},
		{"errors of no form", 200, "application/json", `{"errors":["plain words", {"detail":"x"}]}`, []string{`plain words`, `{"detail":"x"}`}},
		{"an errors object", 200, "application/json", `{"errors":{"message":"alone"}}`, []string{"alone"}},
		{"errors beside data", 200, "application/json", `{"data":{"a":null},"errors":[{"message":"half"}]}`, []string{"errors beside the data: half", "`partial: allow`"}},
		{"a key twice", 200, "application/json", `{"data":{"a":1,"\u0061":2}}`, []string{`key "a" occurs twice`}},
		{"data twice", 200, "application/json", `{"data":{},"data":{"a":1}}`, []string{`key "data" occurs twice`}},
		{"a deep answer", 200, "application/json", `{"data":` + strings.Repeat(`[`, 300) + strings.Repeat(`]`, 300) + `}`, []string{"deeper than 200 levels"}},
		{"invalid UTF-8", 200, "application/json", "{\"data\":{\"a\":\"\xff\"}}", []string{"not valid UTF-8 (byte 0xff)"}},
		{"a control character", 200, "application/json", "{\"data\":{\"a\":\"\x00\"}}", []string{"control character (0x00)"}},
		{"a number that JSON lacks", 200, "application/json", `{"data":{"a":01}}`, []string{"',' or '}'"}},
		{"NaN", 200, "application/json", `{"data":{"a":NaN}}`, []string{"expected a JSON value, found 'N'"}},
		{"a refused query", 400, "application/graphql-response+json", `{"errors":[{"message":"Cannot query field \"nam\""}]}`, []string{"status 400 Bad Request", `Cannot query field "nam"`}},
		{"a page that is not there", 404, "text/html", "<title>Not Found</title>", []string{"status 404", `titled "Not Found"`, "check the source's `url`"}},
		{"a missing token", 401, "text/plain", "who are you", []string{"status 401", "who are you", "`token`"}},
		{"a server that cannot", 501, "text/plain", "", []string{"status 501", "cannot be reached"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := serve(t, graphqltest.Behaviour{Redirect: -1, Answer: &test.body, Status: test.status, ContentType: test.contentType})
			g, _ := connect(t, s.URL, nil)
			_, err := g.Fetch(t.Context(), nil)
			wantText(t, err, append(test.want, s.URL)...)
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("more than one line: %v", err)
			}
		})
	}
}

func TestSecretsAreNotRepeated(t *testing.T) {
	body := `{"errors":[{"message":"bad token hush-token, key hush-key, user hush-word"}]}`
	for _, status := range []int{200, 400, 401, 500} {
		s := serve(t, graphqltest.Behaviour{Redirect: -1, Answer: &body, Status: status})
		address := strings.Replace(s.URL, "http://", "http://me:hush-word@", 1) + "?key=hush-query"
		g, _ := connect(t, address, func(settings *GraphQLSettings) {
			settings.Token, settings.Headers = "hush-token", map[string]string{"X-Key": "hush-key"}
		})
		_, err := g.Fetch(t.Context(), nil)
		wantText(t, err, "bad token [secret], key [secret], user [secret]", "?…")
		if strings.Contains(err.Error(), "hush") {
			t.Errorf("a secret is repeated: %v", err)
		}
	}
}

func TestFetchTriesAgainWhatMayPass(t *testing.T) {
	tests := []struct {
		name      string
		behaviour graphqltest.Behaviour
		requests  int
		longest   time.Duration // the first wait is at least half of it, at most this
	}{
		{"503 twice", graphqltest.Behaviour{Fail: 2}, 3, 750 * time.Millisecond},
		{"429 with seconds", graphqltest.Behaviour{Fail: 1, FailStatus: 429, RetryAfter: "7"}, 2, 7 * time.Second},
		{"429 with a date", graphqltest.Behaviour{Fail: 1, FailStatus: 429, RetryAfter: time.Now().Add(20 * time.Second).UTC().Format(http.TimeFormat)}, 2, 20 * time.Second},
		{"503 with nonsense", graphqltest.Behaviour{Fail: 1, RetryAfter: "soon"}, 2, 750 * time.Millisecond},
		{"503 with a past date", graphqltest.Behaviour{Fail: 1, RetryAfter: "Mon, 02 Jan 2006 15:04:05 GMT"}, 2, 750 * time.Millisecond},
		{"500 with GraphQL errors", graphqltest.Behaviour{Fail: 1, FailStatus: 500, FailBody: `{"errors":[{"message":"hiccup"}]}`}, 2, 750 * time.Millisecond},
		{"a cut connection", graphqltest.Behaviour{Drop: 1}, 2, 750 * time.Millisecond},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			test.behaviour.Redirect = -1
			s := serve(t, test.behaviour)
			g, waited := connect(t, s.URL, nil)
			if got := names(t, fetchAll(t, g), "allPlanets.planets"); len(got) != 60 {
				t.Errorf("got %d planets", len(got))
			}
			if got := len(s.Requests()); got != test.requests || len(*waited) != test.requests-1 {
				t.Fatalf("%d requests and waits %v", got, *waited)
			}
			if first := (*waited)[0]; first > test.longest || first < test.longest/3-time.Second {
				t.Errorf("waited %s, want about %s", first, test.longest)
			}
		})
	}
}

func TestFetchGivesUp(t *testing.T) {
	limited := `{"data":null,"errors":[{"message":"slow down","extensions":{"code":"THROTTLED"}}]}`
	refused := `{"errors":[{"message":"no"}]}`
	tests := []struct {
		name        string
		behaviour   graphqltest.Behaviour
		retries     int
		requests    int
		unreachable bool
		want        string
	}{
		{"after four retries of 503", graphqltest.Behaviour{Fail: 100}, 0, 5, true, "cannot be reached (5 attempts): status 503 Service Unavailable"},
		{"at once where it may not retry", graphqltest.Behaviour{Fail: 100}, -1, 1, true, "cannot be reached: status 503"},
		{"on cut connections", graphqltest.Behaviour{Drop: 100}, 1, 2, true, "cannot be reached (2 attempts)"},
		{"on answers that break off", graphqltest.Behaviour{Truncate: 100}, 1, 2, true, "connection was lost within the answer"},
		{"on a rate limit in the answer", graphqltest.Behaviour{Answer: &limited}, 1, 2, true, "limits the rate: slow down"},
		{"at once on GraphQL errors", graphqltest.Behaviour{Answer: &refused}, 3, 1, false, "refuses the query: no"},
		{"at once on 403", graphqltest.Behaviour{Fail: 100, FailStatus: 403}, 3, 1, false, "status 403 Forbidden"},
		{"at once on 422", graphqltest.Behaviour{Fail: 100, FailStatus: 422, FailBody: refused}, 3, 1, false, "Unprocessable Entity: no"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			test.behaviour.Redirect = -1
			s := serve(t, test.behaviour)
			g, _ := connect(t, s.URL, func(settings *GraphQLSettings) { settings.Retries = test.retries })
			_, err := g.Fetch(t.Context(), nil)
			wantText(t, err, test.want)
			var unreachable *UnreachableError
			if errors.As(err, &unreachable) != test.unreachable {
				t.Errorf("%v counts as unreachable: %v", err, !test.unreachable)
			}
			if got := len(s.Requests()); got != test.requests {
				t.Errorf("%d requests", got)
			}
		})
	}
}

func TestBackoffGrowsAndVaries(t *testing.T) {
	s := serve(t, graphqltest.Behaviour{Fail: 100, Redirect: -1})
	firsts := map[time.Duration]bool{}
	for range 5 {
		g, waited := connect(t, s.URL, func(settings *GraphQLSettings) { settings.Retries = 7 })
		if _, err := g.Fetch(t.Context(), nil); err == nil {
			t.Fatal("it did not fail")
		}
		for i, wait := range *waited {
			middle := min(500*time.Millisecond<<i, longestWait)
			if wait < middle/2 || wait > min(middle*3/2+1, longestWait) {
				t.Errorf("wait %d is %s, want about %s", i, wait, middle)
			}
		}
		firsts[(*waited)[0]] = true
	}
	if len(firsts) == 1 {
		t.Error("every source waits for the same time, so all come back together")
	}
}

func TestUnreachableEndpointsAreTold(t *testing.T) {
	closed, err := graphqltest.Start(graphqltest.Behaviour{})
	if err != nil {
		t.Fatal(err)
	}
	if err := closed.Close(); err != nil {
		t.Fatal(err)
	}
	untrusted := httptest.NewUnstartedServer(http.NotFoundHandler())
	untrusted.Config.ErrorLog = log.New(io.Discard, "", 0) // of the handshake that fails
	untrusted.StartTLS()
	defer untrusted.Close()
	tests := []struct{ name, address, want string }{
		{"a closed port", closed.URL, "connection refused"},
		{"a name that is no host", "http://nowhere.invalid/graphql", "nowhere.invalid"},
		{"a certificate that nobody signed", untrusted.URL, "certificate"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			g, waited := connect(t, test.address, nil)
			_, err := g.Fetch(t.Context(), nil)
			wantText(t, err, test.address, "cannot be reached", test.want)
			var unreachable *UnreachableError
			if !errors.As(err, &unreachable) {
				t.Errorf("%v does not count as unreachable", err)
			}
			if len(*waited) > 1 {
				t.Errorf("waited %v where waiting is no use", *waited)
			}
		})
	}
}

func TestPartialAnswersAreTakenWhereAllowed(t *testing.T) {
	s := serve(t, graphqltest.Behaviour{FieldErrors: map[string]string{
		"allPlanets.planets.3.population": "cannot count",
		"allPlanets.planets.5":            "lost",
	}})
	strict, _ := connect(t, s.URL, nil)
	_, err := strict.Fetch(t.Context(), nil)
	wantText(t, err, "cannot count (at data.allPlanets.planets[3].population", "partial: allow")

	g, _ := connect(t, s.URL, func(settings *GraphQLSettings) { settings.Partial = true })
	a := fetchAll(t, g)
	records, err := collect(a, "allPlanets.planets")
	if err != nil || len(records) != 59 || a.Complete || len(a.Failed) != 2 {
		t.Fatalf("%d records, %v, %+v", len(records), err, a)
	}
	for _, r := range records {
		want := 0
		if strings.Contains(string(r.Data), "Hoth") {
			want = 1
			if len(r.Failed) == 1 && (len(r.Failed[0]) != 1 || r.Failed[0][0] != "population") {
				t.Errorf("Hoth failed at %v", r.Failed)
			}
		}
		if len(r.Failed) != want {
			t.Errorf("%s failed at %v", r.Data, r.Failed)
		}
	}
	if !slices.ContainsFunc(a.Notices, func(n string) bool { return strings.Contains(n, "cannot count") }) {
		t.Errorf("got notices %q", a.Notices)
	}
}

func TestPartialAnswersWithoutDataStillFail(t *testing.T) {
	body := `{"data":null,"errors":[{"message":"all is lost"}]}`
	s := serve(t, graphqltest.Behaviour{Answer: &body})
	g, _ := connect(t, s.URL, func(settings *GraphQLSettings) { settings.Partial = true })
	_, err := g.Fetch(t.Context(), nil)
	wantText(t, err, "all is lost")
}

func TestRecordsExplainsPathsThatLeadNowhere(t *testing.T) {
	body := `{"data":{"allPlanets":{"planets":[{"name":"Hoth","moons":[]},{"name":"Endor","tags":["a"]},null,7],"count":2,"none":null,"empty":[],"void":{}}}}`
	s := serve(t, graphqltest.Behaviour{Answer: &body})
	g, _ := connect(t, s.URL, nil)
	a := fetchAll(t, g)
	tests := []struct {
		path string
		want []string
	}{
		{"allPlanet.planets", []string{`no "allPlanet" in data`, `there is "allPlanets"`, "status 200"}},
		{"allPlanets.planet", []string{`no "planet" in data.allPlanets`, `there is "planets"`}},
		{"allPlanets.zzzzzzz", []string{"only planets, count, none, empty, void"}},
		{"allPlanets.void.x", []string{"data.allPlanets.void", "which is empty"}},
		{"allPlanets.count", []string{"data.allPlanets.count", "is a number, not an object"}},
		{"allPlanets.none", []string{"data.allPlanets.none", "is null, not an object", "partial: allow"}},
		{"allPlanets.none.x", []string{`null, not an object with "x"`}},
		{"allPlanets.planets.name", []string{"data.allPlanets.planets[0].name", "is a string"}},
		{"allPlanets.planets.tags", []string{`no "tags" in data.allPlanets.planets[0]`}},
		{"allPlanets.planets", []string{"data.allPlanets.planets[2]", "is null"}},
	}
	for _, test := range tests {
		t.Run(test.path, func(t *testing.T) {
			_, err := collect(a, test.path)
			wantText(t, err, append(test.want, test.path)...)
		})
	}
	if records, err := collect(a, "allPlanets.empty"); err != nil || len(records) != 0 {
		t.Errorf("an empty list gives %d records, %v", len(records), err)
	}
	if records, err := collect(a, ""); err != nil || len(records) != 1 {
		t.Errorf("the whole data give %d records, %v", len(records), err)
	}
}

func TestRecordsLeavesNullsOutOfPartialAnswers(t *testing.T) {
	s := serve(t, graphqltest.Behaviour{Nulls: []int{0, 7}})
	g, _ := connect(t, s.URL, nil)
	_, err := collect(fetchAll(t, g), "allPlanets.planets")
	wantText(t, err, "data.allPlanets.planets[0]", "null")
	g, _ = connect(t, s.URL, func(settings *GraphQLSettings) { settings.Partial = true })
	a := fetchAll(t, g)
	if got := names(t, a, "allPlanets.planets"); len(got) != 58 || a.Complete {
		t.Errorf("got %d planets, complete %v", len(got), a.Complete)
	}
}

func TestRecordsStopsWhenNoMoreAreWanted(t *testing.T) {
	s := serve(t, graphqltest.Behaviour{})
	g, _ := connect(t, s.URL, nil)
	seen := 0
	for _, err := range fetchAll(t, g).Records("allPlanets.planets") {
		if err != nil {
			t.Fatal(err)
		}
		if seen++; seen == 3 {
			break
		}
	}
	if seen != 3 {
		t.Errorf("saw %d", seen)
	}
}

func TestPartialReadsWithNullsAreNotComplete(t *testing.T) {
	for _, body := range []string{
		`{"data":{"allPlanets":null}}`,
		`{"data":{"allPlanets":{"planets":null}}}`,
		`{"data":{"allPlanets":{"planets":[null,null]}}}`,
	} {
		s := serve(t, graphqltest.Behaviour{Redirect: -1, Answer: &body})
		g, _ := connect(t, s.URL, func(settings *GraphQLSettings) { settings.Partial = true })
		a := fetchAll(t, g)
		if got := names(t, a, "allPlanets.planets"); len(got) != 0 || a.Complete || len(a.Notices) != 1 {
			t.Errorf("%s: %q, complete %v, notices %q", body, got, a.Complete, a.Notices)
		}
	}
}

func TestHeadersThatHTTPCannotCarryAreRefusedUnseen(t *testing.T) {
	for name, settings := range map[string]GraphQLSettings{
		"X-Key": {Headers: map[string]string{"X-Key": "hush\nhush"}}, "the token": {Token: "hush\r\n"},
	} {
		settings.URL, settings.Query = "https://planets.example/", planetsQuery
		_, err := NewGraphQL(settings)
		wantText(t, err, name, "control character")
		if strings.Contains(err.Error(), "hush") {
			t.Errorf("the secret is shown: %v", err)
		}
	}
}

func TestTokensInTheClearAreNoticed(t *testing.T) {
	for address, want := range map[string]bool{
		"http://planets.example/": true, "https://planets.example/": false, "http://localhost/": false,
		"http://127.0.0.1:80/": false, "http://[::1]/": false,
	} {
		g, _ := connect(t, address, func(settings *GraphQLSettings) { settings.Token = "hush-hush" })
		if g.exposes() != want {
			t.Errorf("%s exposes its token: %v", address, !want)
		}
	}
}
