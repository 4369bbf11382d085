package graphqltest

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
)

// ask posts a query to the place that answers and returns status and body.
func ask(t *testing.T, s *Server, query string) (int, string) {
	t.Helper()
	body, err := json.Marshal(map[string]string{"query": query})
	if err != nil {
		t.Fatal(err)
	}
	address := strings.TrimSuffix(s.URL, Path) + Target
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address, strings.NewReader(string(body)))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close() //nolint:errcheck // it is read to its end
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(text)
}

func start(t *testing.T, b Behaviour) *Server {
	t.Helper()
	s, err := Start(b)
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

func TestServerExecutesQueries(t *testing.T) {
	tests := []struct{ name, query, want string }{
		{
			"a connection's shortcut", `{ allPlanets(first: 1) { planets { name population terrains climates } } }`,
			`{"data":{"allPlanets":{"planets":[{"name":"Tatooine","population":200000,"terrains":["desert"],"climates":["arid"]}]}}}`,
		},
		{
			"aliases and fragments", `query Q { p: planet(planetID: "9") { ...F } } fragment F on Planet { called: name ... on Node { id } __typename }`,
			`{"data":{"p":{"called":"Coruscant","id":"cGxhbmV0czo5","__typename":"Planet"}}}`,
		},
		{
			"a page behind a cursor", `{ allPlanets(first: 1, after: "cGxhbmV0cy1jdXJzb3I6Mg==") { pageInfo { hasNextPage endCursor } edges { node { name population } } } }`,
			`{"data":{"allPlanets":{"pageInfo":{"hasNextPage":true,"endCursor":"cGxhbmV0cy1jdXJzb3I6Mw=="},"edges":[{"node":{"name":"Hoth","population":null}}]}}}`,
		},
		{
			"lists of objects within objects", `{ allPlanets(first: 1) { planets { filmConnection { films { title episodeID } } } } }`,
			`{"data":{"allPlanets":{"planets":[{"filmConnection":{"films":[{"title":"A New Hope","episodeID":4},{"title":"Return of the Jedi","episodeID":6}]}}]}}}`,
		},
		{
			"directives", `{ planet(planetID: 1) { name @skip(if: true) id @include(if: false) population } }`,
			`{"data":{"planet":{"population":200000}}}`,
		},
		{
			"introspection", `{ __type(name: "PlanetsEdge") { kind fields { name type { kind name ofType { name } } } } }`,
			`{"data":{"__type":{"kind":"OBJECT","fields":[{"name":"node","type":{"kind":"OBJECT","name":"Planet","ofType":null}},{"name":"cursor","type":{"kind":"NON_NULL","name":null,"ofType":{"name":"String"}}}]}}}`,
		},
		{
			"an error of a resolver", `{ planet(planetID: 99) { name } }`,
			`{"errors":[{"message":"No entry in local cache for the id","path":["planet"],"locations":[{"line":1,"column":3}]}],"data":{"planet":null}}`,
		},
	}
	s := start(t, Behaviour{})
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			status, got := ask(t, s, test.query)
			if status != http.StatusOK || got != test.want {
				t.Errorf("status %d\n got %s\nwant %s", status, got, test.want)
			}
		})
	}
}

func TestServerNullsUpToTheNextNullable(t *testing.T) {
	s := start(t, Behaviour{FieldErrors: map[string]string{"allPlanets.edges.1.cursor": "broken"}})
	_, got := ask(t, s, `{ allPlanets(first: 2) { edges { cursor } } }`)
	want := `{"errors":[{"message":"broken","path":["allPlanets","edges",1,"cursor"],"locations":[{"line":1,"column":34}]}],` +
		`"data":{"allPlanets":{"edges":[{"cursor":"cGxhbmV0cy1jdXJzb3I6MA=="},null]}}}`
	if got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
}

func TestServerTurnsPostsAtItsOldAddressAway(t *testing.T) {
	s := start(t, Behaviour{})
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL, strings.NewReader(`{"query":"{__typename}"}`))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request) // which makes a GET of it
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close() //nolint:errcheck // it is read to its end
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	if response.StatusCode != http.StatusBadRequest || !strings.Contains(string(text), "Missing query") {
		t.Errorf("got %d %s", response.StatusCode, text)
	}
}

// The recorded answer of the real endpoint is only present beside a checkout
// of the project's shared files.
func TestServerAnswersAsTheRealEndpointDid(t *testing.T) {
	const recorded = "../../../../shared/swapi/planets.json"
	want, err := os.ReadFile(recorded)
	if os.IsNotExist(err) {
		t.Logf("%s is not present: nothing to compare with", recorded)
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	s := start(t, Behaviour{})
	_, got := ask(t, s, "query Query {allPlanets{planets{name population terrains climates}}}")
	var a, b any
	if err := json.Unmarshal(want, &a); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(got), &b); err != nil {
		t.Fatal(err)
	}
	x, _ := json.Marshal(a)
	y, _ := json.Marshal(b)
	if string(x) != string(y) {
		t.Errorf("got %s", got)
	}
}
