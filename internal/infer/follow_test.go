package infer_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/larderhq/larder/internal/infer"
	"github.com/larderhq/larder/internal/model"
	"github.com/larderhq/larder/internal/source"
)

const followedModels = `# Kept by hand.
type Planet @source(name: "swapi", path: "allPlanets.planets", key: ["name"]) {
  name: String! @unique # "ü" counts as one
  diameter: Int! @check(min: 0)
  climates: [String!]!
  homeworldName: String @from(path: "homeworld.name")
  films: [Film!]! @ref(onDelete: CASCADE)
  notes: String
}

type Film @unique(fields: ["planet", "title"]) { title: String! }
`

const followedQuery = `query Q { # ü
  allPlanets {
    planets {
      name
      diameter
      climates
      homeworld { name }
      films { ...F }
    }
  }
}
fragment F on Film { title }`

// follow has the models and the query follow a drift.
func follow(t *testing.T, drift ...source.Drift) *infer.Followed {
	t.Helper()
	schema, err := model.Parse("models.graphql", []byte(followedModels))
	if err != nil {
		t.Fatal(err)
	}
	followed, err := infer.Follow(infer.Following{
		Schema: schema, Models: followedModels, Query: followedQuery, Source: "swapi", Drift: drift,
		Contract: &source.Contract{Query: "Root", Types: map[string]map[string]string{
			"Root": {"allPlanets": "PlanetsConnection"}, "PlanetsConnection": {"planets": "[Planet]"},
			"Planet": {"name": "String", "homeworld": "World", "films": "[Film!]!"}, "World": {"name": "String"}, "Film": {"title": "String!"},
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return followed
}

// changed are the lines of the text that before does not have.
func changedLines(before, after string) []string {
	var lines []string
	for line := range strings.Lines(after) {
		if !strings.Contains(before, line) {
			lines = append(lines, strings.TrimSpace(line))
		}
	}
	return lines
}

func TestModelsAndQueryFollowUpstream(t *testing.T) {
	drift := func(kind source.DriftKind, typ, field, before, after string) source.Drift {
		return source.Drift{Kind: kind, Type: typ, Field: field, Before: before, After: after}
	}
	for _, test := range []struct {
		name          string
		drift         source.Drift
		models, query []string // lines that are new
		held          bool
	}{
		{"a new field", drift(source.DriftNew, "Planet", "gravity", "", "Float!"), []string{"gravity: Float"}, []string{"gravity"}, false},
		{"a new date", drift(source.DriftNew, "Planet", "found", "", "DateTime"), []string{"found: DateTime"}, []string{"found"}, false},
		{"a new list", drift(source.DriftNew, "Planet", "moons", "", "[String!]!"), []string{"moons: [String!]!"}, []string{"moons"}, false},
		{"a new list that may be null", drift(source.DriftNew, "Planet", "moons", "", "[String]"), []string{"moons: [String] @json"}, []string{"moons"}, false},
		{"a new id", drift(source.DriftNew, "Planet", "id", "", "ID!"), []string{`sourceId: ID @from(path: "id")`}, []string{"id"}, false},
		{
			"a new field of an object within the record", drift(source.DriftNew, "World", "gravity", "", "Float"),
			[]string{`homeworldGravity: Float @from(path: "homeworld.gravity")`},
			[]string{"homeworld { name gravity }"}, false,
		},
		{
			"a new field of a nested record", drift(source.DriftNew, "Film", "year", "", "Int"),
			[]string{`type Film @unique(fields: ["planet", "title"]) { title: String! year: Int }`}, []string{"fragment F on Film { title year }"}, false,
		},
		{"a new object", drift(source.DriftNew, "Planet", "star", "", "Star"), nil, nil, false},
		{"a new field beside the records", drift(source.DriftNew, "PlanetsConnection", "count", "", "Int"), nil, nil, false},
		{"a new field whose name is taken here", drift(source.DriftNew, "Planet", "notes", "", "String"), nil, nil, true},
		{"a field that may be null", drift(source.DriftNullable, "Planet", "diameter", "Int!", "Int"), []string{"diameter: Int @check(min: 0)"}, nil, false},
		{"a key that may be null", drift(source.DriftNullable, "Planet", "name", "String!", "String"), nil, nil, true},
		{"a list that may be null", drift(source.DriftNullable, "Planet", "climates", "[String!]!", "[String!]"), nil, nil, true},
		{"a list of records that may be null", drift(source.DriftNullable, "Planet", "films", "[Film!]!", "[Film]"), nil, nil, false},
		{"a wrapper that may be null", drift(source.DriftNullable, "Root", "allPlanets", "PlanetsConnection!", "PlanetsConnection"), nil, nil, false},
		{"a stricter field", drift(source.DriftNonNull, "Planet", "diameter", "Int", "Int!"), nil, nil, false},
		{"larger whole numbers", drift(source.DriftType, "Planet", "diameter", "Int!", "BigInt!"), []string{"diameter: Int64! @check(min: 0)"}, nil, false},
		{"fractions that may be null", drift(source.DriftType, "Planet", "diameter", "Int!", "Float"), []string{"diameter: Float @check(min: 0)"}, nil, false},
		{"another type", drift(source.DriftType, "Planet", "diameter", "Int!", "String"), nil, nil, true},
		{"a text that is an id", drift(source.DriftType, "Planet", "name", "String!", "ID!"), nil, nil, false},
		{"another type of records", drift(source.DriftType, "Root", "allPlanets", "PlanetsConnection", "WorldList"), nil, nil, true},
		{"a field that is gone", drift(source.DriftGone, "Planet", "climates", "[String]", ""), nil, nil, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			followed := follow(t, test.drift)
			if got := changedLines(followedModels, followed.Models); !reflect.DeepEqual(got, test.models) {
				t.Errorf("new lines of the models: %q, expected %q", got, test.models)
			}
			if got := changedLines(followedQuery, followed.Query); !reflect.DeepEqual(got, test.query) {
				t.Errorf("new lines of the query: %q, expected %q", got, test.query)
			}
			if held := len(followed.Held) > 0; held != test.held {
				t.Errorf("held: %v, expected %v", followed.Held, test.held)
			}
			if changes := test.models != nil; (len(followed.Steps) > 0) != changes {
				t.Errorf("the steps are %q", followed.Steps)
			}
		})
	}
}

func TestSeveralDriftsAreFollowedAtOnce(t *testing.T) {
	followed := follow(t,
		source.Drift{Kind: source.DriftNew, Type: "Planet", Field: "gravity", After: "Float"},
		source.Drift{Kind: source.DriftNullable, Type: "Planet", Field: "diameter", Before: "Int!", After: "Int"},
		source.Drift{Kind: source.DriftNew, Type: "Planet", Field: "star", After: "String"},
	)
	want := strings.Replace(strings.Replace(followedModels, "diameter: Int!", "diameter: Int", 1), "  notes: String\n", "  notes: String\n  gravity: Float\n  star: String\n", 1)
	if followed.Models != want {
		t.Errorf("the models are\n%s", followed.Models)
	}
	if want := strings.Replace(followedQuery, "      films { ...F }\n", "      films { ...F }\n      gravity\n      star\n", 1); followed.Query != want {
		t.Errorf("the query is\n%s", followed.Query)
	}
	wantSteps := []string{
		"Planet.gravity: Float is new in the models, and asked for in the query",
		"Planet.diameter: Int instead of Int! in the models",
		"Planet.star: String is new in the models, and asked for in the query",
	}
	if !reflect.DeepEqual(followed.Steps, wantSteps) {
		t.Errorf("the steps are %q", followed.Steps)
	}
}
