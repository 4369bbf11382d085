package importer_test

import (
	"encoding/json"
	"errors"
	"strings"
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
			for _, dryRun := range []bool{true, false} {
				report, err := w.run(answer(t, map[string]string{"allPlanets.planets": allThree}), importer.Options{Contract: after, Freeze: true, DryRun: dryRun})
				held := (*importer.HeldError)(nil)
				const why = "Planet.population: has another type: it was Float and is Int"
				if !errors.As(err, &held) || held.Allow != importer.AllowDrift || len(held.Findings) != 1 || held.Findings[0].String() != why {
					t.Errorf("not held for what has changed (dry run: %v): %v", dryRun, err)
				}
				if told := len(report.Types) > 0; told != dryRun {
					t.Errorf("a dry run tells what would change, and only that does (dry run: %v): %v", dryRun, report.Types)
				}
			}
			expect("where upstream does not tell its types", importer.Options{}, "null")
			expect("at the import", importer.Options{Contract: after}, changed)
			expect("at the next import", importer.Options{Contract: after}, "[]")
			expect("when it is allowed", importer.Options{Contract: before, Freeze: true, Allow: []string{importer.AllowDrift}},
				strings.NewReplacer("Float", "Int", "Int", "Float").Replace(changed))
			expect("when it was allowed", importer.Options{Contract: before, Freeze: true}, "[]")
		})
	}
}
