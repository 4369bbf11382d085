package source

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/larderhq/larder/internal/source/graphqltest"
)

func read(t testing.TB, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestSnapshotGivesTheAnswerBack(t *testing.T) {
	tests := []struct {
		name, query, path string
		pageSize, want    int
	}{
		{"of one page", planetsQuery, "allPlanets.planets", 0, 60},
		{"of several pages", `{ allPlanets { pageInfo { hasNextPage endCursor } edges { node { name } } } film(filmID: 1) { name: title } }`, "allPlanets.edges.node", 25, 60},
		{"of one record", `{ planet(planetID: 4) { name population } }`, "planet", 0, 1},
		{"of nested lists", `{ allPlanets { planets { name filmConnection { films { title } } } } }`, "allPlanets.planets", 0, 60},
		{"of nothing", `{ allPlanets { planets { name } } }`, "allPlanets.planets", 0, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := serve(t, graphqltest.Behaviour{PageSize: test.pageSize})
			if test.want == 0 {
				s.SetPlanets(nil)
			}
			g, _ := connect(t, s.URL, func(settings *GraphQLSettings) { settings.Query = test.query })
			a := fetchAll(t, g)
			file := filepath.Join(t.TempDir(), "snapshots", "swapi.json")
			if err := WriteSnapshot(file, a); err != nil {
				t.Fatal(err)
			}
			if !json.Valid([]byte(read(t, file))) {
				t.Fatalf("the snapshot is no JSON:\n%s", read(t, file))
			}
			back, err := ReadSnapshot(file)
			if err != nil {
				t.Fatal(err)
			}
			defer back.Close() //nolint:errcheck // it was only read
			want, err := collect(a, test.path)
			if err != nil {
				t.Fatal(err)
			}
			got, err := collect(back, test.path)
			if err != nil || len(got) != len(want) || len(got) != test.want {
				t.Fatalf("got %d records of %d, %v", len(got), len(want), err)
			}
			for i := range got {
				if string(got[i].Data) != string(want[i].Data) {
					t.Errorf("record %d was %s and is %s", i, want[i].Data, got[i].Data)
				}
			}
			if !back.Offline || !back.Complete || back.Address != a.Address || back.Fingerprint != a.Fingerprint ||
				back.FetchedAt.Unix() != a.FetchedAt.Unix() || back.Pages != a.Pages {
				t.Errorf("\n%+v became\n%+v", a, back)
			}
		})
	}
}

func TestSnapshotIsReadableAndDiffable(t *testing.T) {
	s := serve(t, graphqltest.Behaviour{})
	planets, err := graphqltest.Planets()
	if err != nil {
		t.Fatal(err)
	}
	s.SetPlanets(planets[3:5])
	g, _ := connect(t, s.URL, nil)
	a := fetchAll(t, g)
	a.Address, a.FetchedAt = "https://planets.example/graphql", time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	file := filepath.Join(t.TempDir(), "s.json")
	if err := WriteSnapshot(file, a); err != nil {
		t.Fatal(err)
	}
	want := `{
"larder": "snapshot 1",
"address": "https://planets.example/graphql",
"fetchedAt": "2026-11-23T00:00:00Z",
"asked": "` + g.Fingerprint() + `",
"complete": true,
"pages": [
{"allPlanets":{"planets":[
{"name":"Hoth","population":null,"terrains":["tundra","ice caves","mountain ranges"],"climates":["frozen"]},
{"name":"Dagobah","population":null,"terrains":["swamp","jungles"],"climates":["murky"]}
]}}
]
}
`
	if got := read(t, file); got != want {
		t.Errorf("got\n%s", got)
	}
}

func TestSnapshotStaysWhereNothingChanged(t *testing.T) {
	s := serve(t, graphqltest.Behaviour{})
	g, _ := connect(t, s.URL, nil)
	a := fetchAll(t, g)
	a.FetchedAt = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	file := filepath.Join(t.TempDir(), "s.json")
	if err := WriteSnapshot(file, a); err != nil {
		t.Fatal(err)
	}
	if err := WriteSnapshot(file, fetchAll(t, g)); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(read(t, file), "2026-01-02T03:04:05Z") {
		t.Error("the same data changed the date")
	}
	s.SetPlanets(graphqltest.Synthetic(3))
	if err := WriteSnapshot(file, fetchAll(t, g)); err != nil {
		t.Fatal(err)
	}
	if text := read(t, file); strings.Contains(text, "2026-01-02") || !strings.Contains(text, "Planet 000002") {
		t.Errorf("other data left the snapshot as it was:\n%s", text)
	}
	if left, _ := os.ReadDir(filepath.Dir(file)); len(left) != 1 {
		t.Errorf("%v is left", left)
	}
}

func TestSnapshotIsNotMadeOfFailures(t *testing.T) {
	s := serve(t, graphqltest.Behaviour{FieldErrors: map[string]string{"allPlanets.planets.3.name": "x"}})
	g, _ := connect(t, s.URL, func(settings *GraphQLSettings) { settings.Partial = true })
	file := filepath.Join(t.TempDir(), "s.json")
	if err := WriteSnapshot(file, fetchAll(t, g)); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(file); !os.IsNotExist(err) {
		t.Errorf("a partial answer became the snapshot: %v", err)
	}
}

func TestSnapshotsThatCannotBeReadAreExplained(t *testing.T) {
	head := `{"larder": "snapshot 1", "address": "a", "fetchedAt": "2026-11-23T00:00:00Z", "asked": "x", "complete": true, `
	tests := []struct{ name, text, want string }{
		{"an empty file", "", "s.json:1:1: the snapshot is broken"},
		{"a conflict", "{\n\"larder\": \"snapshot 1\",\n<<<<<<< ours\n", "s.json:3:1: the snapshot is broken: expected a key"},
		{"another file", `{"name": "planets"}`, "is no snapshot"},
		{"a snapshot of the future", `{"larder": "snapshot 9"}`, `found "snapshot 9"`},
		{"a broken date", `{"larder": "snapshot 1", "fetchedAt": "yesterday"}`, "description is broken"},
		{"pages that are no objects", head + `"pages": [1]}`, "expected a page"},
		{"pages that are missing", head + `"paged": {"allPlanets": 3}, "pages": [{}]}`, "allPlanets has 3 pages, but it holds 1"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "s.json")
			if err := os.WriteFile(file, []byte(test.text), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := ReadSnapshot(file)
			wantText(t, err, test.want, file)
		})
	}
}

func TestSnapshotStandsInForAnUnreachableEndpoint(t *testing.T) {
	s := serve(t, graphqltest.Behaviour{})
	g, _ := connect(t, s.URL, nil)
	live := fetchAll(t, g)
	live.FetchedAt = time.Now().Add(-73 * time.Hour)
	file := filepath.Join(t.TempDir(), "s.json")
	if err := WriteSnapshot(file, live); err != nil {
		t.Fatal(err)
	}
	source := WithSnapshot(g, file, false)
	if a := fetchAll(t, source); a.Offline {
		t.Error("the snapshot was taken though the endpoint answers")
	}
	refused := `{"errors":[{"message":"no such field"}]}`
	tests := []struct {
		name    string
		change  func(*graphqltest.Behaviour)
		offline bool
		want    string
	}{
		{"server errors", func(b *graphqltest.Behaviour) { b.Fail = 100 }, true, "status 503"},
		{"cut connections", func(b *graphqltest.Behaviour) { b.Fail, b.Drop = 0, 100 }, true, "cannot be reached"},
		{"a refused query", func(b *graphqltest.Behaviour) { b.Drop, b.Answer = 0, &refused }, false, "no such field"},
		{"a missing page", func(b *graphqltest.Behaviour) { b.Status = 404 }, false, "status 404"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s.Change(test.change)
			a, err := source.Fetch(t.Context(), nil)
			if !test.offline {
				wantText(t, err, test.want)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			defer a.Close() //nolint:errcheck // it was only read
			date := live.FetchedAt.UTC().Format(time.DateOnly)
			notice := a.Notices[len(a.Notices)-1]
			for _, word := range []string{date, "3 days old", file, test.want} {
				if !strings.Contains(notice, word) {
					t.Errorf("want a notice that says %q, got %q", word, notice)
				}
			}
			if got := names(t, a, "allPlanets.planets"); len(got) != 60 || !a.Offline {
				t.Errorf("got %d planets", len(got))
			}
		})
	}
}

func TestOfflineAsksNobody(t *testing.T) {
	s := serve(t, graphqltest.Behaviour{})
	g, _ := connect(t, s.URL, nil)
	file := filepath.Join(t.TempDir(), "s.json")
	_, err := WithSnapshot(g, file, true).Fetch(t.Context(), nil)
	wantText(t, err, "no snapshot at "+file, "offline")
	if err := WriteSnapshot(file, fetchAll(t, g)); err != nil {
		t.Fatal(err)
	}
	before := len(s.Requests())
	a := fetchAll(t, WithSnapshot(g, file, true))
	if !a.Offline || len(a.Notices) != 1 || !strings.Contains(a.Notices[0], "0 minutes old") {
		t.Errorf("got %q", a.Notices)
	}
	if len(s.Requests()) != before {
		t.Error("the endpoint was asked")
	}
	other, _ := connect(t, s.URL, func(settings *GraphQLSettings) { settings.Query = "{ allPlanets { planets { name } } }" })
	_, err = WithSnapshot(other, file, true).Fetch(t.Context(), nil)
	wantText(t, err, file, "another query")
}

func TestAnUnreachableEndpointWithoutSnapshotSaysBoth(t *testing.T) {
	s := serve(t, graphqltest.Behaviour{Fail: 100})
	g, _ := connect(t, s.URL, nil)
	file := filepath.Join(t.TempDir(), "s.json")
	_, err := WithSnapshot(g, file, false).Fetch(t.Context(), nil)
	wantText(t, err, "cannot be reached", "no snapshot", file)
	var unreachable *UnreachableError
	if !errors.As(err, &unreachable) {
		t.Errorf("%v does not count as unreachable", err)
	}
}

func TestIntrospection(t *testing.T) {
	s := serve(t, graphqltest.Behaviour{Token: "hush-hush"})
	settings := GraphQLSettings{URL: s.URL, Token: "hush-hush"}
	schema, err := Introspect(t.Context(), settings)
	if err != nil {
		t.Fatal(err)
	}
	var described struct {
		Schema struct {
			QueryType struct{ Name string }
			Types     []struct{ Name, Description string }
		} `json:"__schema"`
	}
	if err := json.Unmarshal(schema, &described); err != nil {
		t.Fatal(err)
	}
	if described.Schema.QueryType.Name != "Root" || len(described.Schema.Types) < 20 {
		t.Errorf("got %+v", described)
	}
	settings.Token = ""
	if _, err := Introspect(t.Context(), settings); err == nil || errors.Is(err, ErrIntrospectionOff) {
		t.Errorf("without a token: %v", err)
	}
	settings.Token = "hush-hush"
	nothing := `{"data":{"__schema":null}}`
	for name, change := range map[string]func(*graphqltest.Behaviour){
		"off":       func(b *graphqltest.Behaviour) { b.NoIntrospection = true },
		"forbidden": func(b *graphqltest.Behaviour) { b.NoIntrospection, b.Status = false, 403 },
		"null":      func(b *graphqltest.Behaviour) { b.Status, b.Answer = 0, &nothing },
	} {
		s.Change(func(b *graphqltest.Behaviour) { *b = graphqltest.Behaviour{Token: "hush-hush"}; change(b) })
		if _, err := Introspect(t.Context(), settings); !errors.Is(err, ErrIntrospectionOff) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
