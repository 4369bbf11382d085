package source

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/larderhq/larder/internal/source/graphqltest"
)

const filmsQuery = `query Planets { allPlanets { planets { name population ...Films } } }
fragment Films on Planet { filmConnection { films { ... on Film { title } } } }`

// askContract is the contract of the films query, held against a known one.
func askContract(t *testing.T, server *graphqltest.Server, known *Contract) (now *Contract, requests int) {
	t.Helper()
	before := len(server.Requests())
	now, err := AskContract(t.Context(), GraphQLSettings{URL: target(server), Query: filmsQuery}, known)
	if err != nil {
		t.Fatal(err)
	}
	return now, len(server.Requests()) - before
}

func target(server *graphqltest.Server) string {
	return strings.TrimSuffix(server.URL, graphqltest.Path) + graphqltest.Target
}

func TestAContractHasTheTypesThatAQuerySelectsFrom(t *testing.T) {
	server := serve(t, graphqltest.Behaviour{})
	contract, _ := askContract(t, server, nil)
	text, err := json.Marshal(contract)
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{
		`"query":"Root"`, `"Root":{"allPlanets":"PlanetsConnection"}`, `"planets":"[Planet]"`, `"pageInfo":"PageInfo!"`,
		`"Film":{"director":"String","episodeID":"Int","id":"ID!","releaseDate":"String","title":"String"}`,
	} {
		if !strings.Contains(string(text), part) {
			t.Errorf("the contract lacks %s: %s", part, text)
		}
	}
	if strings.Contains(string(text), `"FilmsConnection"`) {
		t.Errorf("the contract has a type that the query does not select from: %s", text)
	}
	var known Contract
	if err := json.Unmarshal(text, &known); err != nil {
		t.Fatal(err)
	}
	now, requests := askContract(t, server, &known)
	if requests != 1 {
		t.Errorf("a known contract took %d requests, expected one", requests)
	}
	if drift := known.Drift(now); len(drift) > 0 {
		t.Errorf("nothing has changed, but there is drift: %v", drift)
	}
}

func TestDriftTellsEveryChangeOfWhatIsSelected(t *testing.T) {
	for _, test := range []struct {
		name, before, after string
		want                []string
	}{
		{"a field is gone", "population: Float", "inhabitants: Float", []string{"Planet.population is gone (it was Float)", "Planet.inhabitants is new: Float"}},
		{"a field has another type", "population: Float", "population: String", []string{"Planet.population has another type: it was Float and is String"}},
		{"a field became a list", "title: String", "title: [String]", []string{"Film.title has another type: it was String and is [String]"}},
		{"a field is never null any more", "name: String", "name: String!", []string{"Planet.name is never null any more: it was String and is String!"}},
		{"elements are never null any more", "planets: [Planet]", "planets: [Planet!]", []string{"PlanetsConnection.planets is never null any more: it was [Planet] and is [Planet!]"}},
		{"a field is new", "diameter: Int", "diameter: Int\n  gravity: [Float!]!", []string{"Planet.gravity is new: [Float!]!"}},
		{"a new field needs an argument", "diameter: Int", "diameter: Int\n  gravity(unit: String!): Float", nil},
		{"a field that is not selected changes", "diameter: Int", "diameter: Float", nil},
		{"the root has a new field", "allFilms(", "everything: String\n  allFilms(", nil},
		{"a type has another name", "PlanetsConnection", "PlanetList", []string{"Root.allPlanets has another type: it was PlanetsConnection and is PlanetList"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			server := serve(t, graphqltest.Behaviour{})
			known, _ := askContract(t, server, nil)
			if err := server.SetSchema(test.before, test.after); err != nil {
				t.Fatal(err)
			}
			now, _ := askContract(t, server, known)
			var told []string
			for _, drift := range known.Drift(now) {
				told = append(told, drift.String())
			}
			if !reflect.DeepEqual(told, test.want) {
				t.Errorf("the drift is %q, expected %q", told, test.want)
			}
		})
	}
}

func TestAFieldMayBeNullNowThatCouldNot(t *testing.T) {
	before := Contract{Query: "Root", Types: map[string]map[string]string{"Planet": {"id": "ID!", "name": "[String!]!"}}}
	server := serve(t, graphqltest.Behaviour{})
	query := "{ planet(planetID: 1) { id terrains } }"
	before.Types["Planet"]["terrains"] = "[String!]!"
	now, err := AskContract(t.Context(), GraphQLSettings{URL: target(server), Query: query}, &before)
	if err != nil {
		t.Fatal(err)
	}
	drift := before.Drift(now)
	if len(drift) == 0 || drift[0].Kind != DriftNullable || drift[0].Field != "terrains" {
		t.Errorf("the drift is %v, expected that terrains may be null", drift)
	}
}

func TestAContractIsNotHadOfAnEndpointThatDoesNotTell(t *testing.T) {
	server := serve(t, graphqltest.Behaviour{NoIntrospection: true})
	_, err := AskContract(t.Context(), GraphQLSettings{URL: target(server), Query: filmsQuery}, nil)
	if err == nil || !strings.Contains(err.Error(), "introspection is not allowed") {
		t.Errorf("the error is %v, expected what upstream says", err)
	}
}
