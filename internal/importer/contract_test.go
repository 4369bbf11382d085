package importer_test

import (
	"encoding/json"
	"testing"

	"github.com/larderhq/larder/internal/importer"
	"github.com/larderhq/larder/internal/source"
	"github.com/larderhq/larder/internal/source/graphqltest"
)

// contractOf is what a server says of the types of the planets' query.
func contractOf(t *testing.T, server *graphqltest.Server) *source.Contract {
	t.Helper()
	contract, err := source.AskContract(t.Context(), source.GraphQLSettings{
		URL: server.URL, Query: "{ allPlanets { planets { name population } } }",
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return contract
}

func TestDriftIsToldUntilAnImportHasTakenItIn(t *testing.T) {
	for engine, open := range map[string]func(*testing.T, string) *world{
		"SQLite":     func(t *testing.T, models string) *world { return newWorld(t, models) },
		"PostgreSQL": newPostgresWorld,
	} {
		t.Run("on "+engine, func(t *testing.T) {
			server, err := graphqltest.Start(graphqltest.Behaviour{})
			if err != nil {
				t.Fatal(err)
			}
			defer server.Close() //nolint:errcheck // of a test
			w := open(t, planetModels)
			expect := func(when string, options importer.Options, want string) {
				t.Helper()
				answer := answer(t, map[string]string{"allPlanets.planets": allThree})
				report, err := w.run(answer, options)
				if err != nil {
					t.Fatalf("%s: %v", when, err)
				}
				got, err := json.Marshal(report.Drift)
				if err != nil || string(got) != want {
					t.Errorf("%s: the drift is %s, expected %s (%v)", when, got, want, err)
				}
			}
			before := contractOf(t, server)
			expect("at the first import", importer.Options{Contract: before}, "null")
			expect("when nothing has changed", importer.Options{Contract: before}, "[]")
			if err := server.SetSchema("population: Float", "population: Int"); err != nil {
				t.Fatal(err)
			}
			after := contractOf(t, server)
			const changed = `[{"kind":"type","type":"Planet","field":"population","before":"Float","after":"Int"}]`
			expect("in a dry run", importer.Options{Contract: after, DryRun: true}, changed)
			expect("where upstream does not tell its types", importer.Options{}, "null")
			expect("at the import", importer.Options{Contract: after}, changed)
			expect("at the next import", importer.Options{Contract: after}, "[]")
		})
	}
}
