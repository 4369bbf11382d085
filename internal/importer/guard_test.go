package importer_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/larderhq/larder/internal/importer"
	"github.com/larderhq/larder/internal/model"
)

const guardModels = `
type Planet @source(name: "swapi", path: "planets", key: ["name"]) {
  name: String! @unique
  population: Int64
  moons: Int
  terrains: [String!]!
  extra: JSON
}`

var bounds = &importer.Collapse{Shrink: 0.3, Growth: 10, Nulls: 0.3}

// guarded is a planet whose members are replaced by those given as JSON.
func guarded(n int, members map[string]string) string {
	values := map[string]string{"population": "1", "terrains": `["sand"]`, "extra": `{"a":1}`}
	for name, value := range members {
		values[name] = value
	}
	text := fmt.Sprintf(`{"name":"planet %d"`, n)
	for name, value := range values {
		text += fmt.Sprintf(",%q:%s", name, value)
	}
	return text + "}"
}

// many are n planets of which the first odd ones have other members.
func many(n, odd int, members map[string]string) string {
	list := make([]string, n)
	for i := range list {
		list[i] = guarded(i, nil)
		if i < odd {
			list[i] = guarded(i, members)
		}
	}
	return "[" + strings.Join(list, ",") + "]"
}

func TestAnImportIsHeldWhereUpstreamHasLostMuch(t *testing.T) {
	null, empty := map[string]string{"population": "null"}, map[string]string{"terrains": "[]"}
	tests := []struct {
		name        string
		before, now string
		held        string // "" for not
	}{
		{"nothing lost", many(20, 0, nil), many(20, 0, nil), ""},
		{"less than the bound", many(20, 0, nil), many(14, 0, nil), ""},
		{"more than the bound", many(20, 0, nil), many(13, 0, nil), "Planet: 13 records of 20 are left, 35% fewer, where maxShrink is 30%"},
		{"few records", many(6, 0, nil), many(1, 0, nil), ""},
		{"no record is left", many(1, 0, nil), `[]`, "Planet: no record is left of 1 record"},
		{"many new ones", many(20, 0, nil), many(221, 0, nil), "Planet: 221 records after 20, 1005% more, where maxGrowth is 1000%"},
		{"new ones of few", many(1, 0, nil), many(101, 0, nil), ""},
		{"nulls below the bound", many(20, 0, nil), many(20, 6, null), ""},
		{"nulls", many(20, 2, null), many(20, 9, null), "Planet.population: null in 9 of 20 records, after 2 of 20, 35% of the records more, where maxNulls is 30%"},
		{"few nulls", many(6, 0, nil), many(6, 5, null), ""},
		{"all null", many(2, 1, null), many(2, 2, null), "Planet.population: null in all 2 records, after 1 of 2"},
		{"all null as before", many(2, 2, null), many(2, 2, null), ""},
		{"empty lists", many(20, 0, nil), many(20, 20, empty), "Planet.terrains: empty in all 20 records, after 0 of 20"},
		{"another kind of JSON", many(2, 0, nil), many(2, 2, map[string]string{"extra": `"text"`}), "Planet.extra: each value is of the kind string, after object"},
		{"one kind more", many(2, 0, nil), many(2, 1, map[string]string{"extra": `[]`}), ""},
		{"a field that is no longer told", strings.ReplaceAll(many(9, 0, nil), `"population"`, `"moons"`), many(9, 0, nil), ""},
	}
	for _, engine := range []func(testing.TB, string) *world{newWorld, func(t testing.TB, models string) *world { return newPostgresWorld(t.(*testing.T), models) }} {
		w := engine(t, guardModels)
		for _, test := range tests {
			t.Run(w.engine.Dialect().Name()+" "+test.name, func(t *testing.T) {
				w.exec(`DELETE FROM planet`)
				w.exec(`DELETE FROM larder_origin`)
				w.exec(`DELETE FROM larder_run`)
				if _, err := w.run(answer(t, map[string]string{"planets": test.before}), importer.Options{Collapse: bounds}); err != nil {
					t.Fatal(err)
				}
				count := w.rows(`count(*), count(population)) FROM planet`)
				_, err := w.run(answer(t, map[string]string{"planets": test.now}), importer.Options{Collapse: bounds})
				held := (*importer.HeldError)(nil)
				if !errors.As(err, &held) {
					if err != nil || test.held != "" {
						t.Fatalf("not held: %v", err)
					}
					return
				}
				if len(held.Findings) != 1 || held.Findings[0].String() != test.held {
					t.Fatalf("held for %v, want %s", held.Findings, test.held)
				}
				if !strings.HasSuffix(err.Error(), "larder import swapi --allow collapse") {
					t.Errorf("the error does not tell the way out: %v", err)
				}
				w.expect(t, `count(*), count(population)) FROM planet`, count)
				runs, err := importer.Runs(t.Context(), w.engine, importer.RunFilter{})
				if err != nil || runs[0].Status != importer.RunHeld || !strings.Contains(runs[0].Error, test.held) || runs[0].Held == 0 || len(runs) != 2 {
					t.Errorf("runs %+v, %v", runs, err)
				}
				if _, err := w.run(answer(t, map[string]string{"planets": test.now}), importer.Options{Collapse: bounds, Allow: []string{"collapse"}}); err != nil {
					t.Errorf("allowed: %v", err)
				}
				if _, err := w.run(answer(t, map[string]string{"planets": test.now}), importer.Options{Collapse: bounds}); err != nil {
					t.Errorf("held again for what was allowed: %v", err)
				}
			})
		}
	}
}

func TestADryRunThatWouldBeHeldTellsWhatWouldChange(t *testing.T) {
	w := newWorld(t, planetModels)
	w.planets(allThree)
	report, err := w.run(answer(t, map[string]string{"allPlanets.planets": "[]"}), importer.Options{Collapse: bounds, DryRun: true})
	if held := (*importer.HeldError)(nil); !errors.As(err, &held) || held.Rows != 3 {
		t.Errorf("error %v", err)
	}
	if len(report.Types) != 1 {
		t.Errorf("report %+v", report)
	}
	w.expect(t, `count(*)) FROM larder_run`, "1")
}

func TestAnAnswerWithErrorsIsNotHeldForWhatTheyLeftOut(t *testing.T) {
	w := newWorld(t, guardModels)
	w.lists(t, map[string]string{"planets": many(20, 0, nil)})
	a := answer(t, map[string]string{"planets": many(10, 10, map[string]string{"population": "null"})})
	a.Complete, a.Failed = false, [][]any{{"planets", 0, "population"}}
	if _, err := w.run(a, importer.Options{Collapse: bounds}); err != nil {
		t.Errorf("a partial answer is held: %v", err)
	}
	_, err := w.run(answer(t, map[string]string{"planets": many(10, 0, nil)}), importer.Options{Collapse: bounds})
	if held := (*importer.HeldError)(nil); !errors.As(err, &held) {
		t.Errorf("what the partial answer looked like counts: %v", err)
	}
}

func TestANewKeyIsRefusedBeforeAnythingIsRead(t *testing.T) {
	w := newWorld(t, shipModels)
	w.lists(t, map[string]string{"ships": `[{"id":1,"name":"Falcon"}]`})
	w.schema = parse(t, strings.Replace(shipModels, `["id"]`, `["name"]`, 1))
	_, err := w.run(answer(t, map[string]string{"ships": `[{"id":2}]`}), importer.Options{})
	if err == nil || !strings.Contains(err.Error(), `the key of Ship was ["id"] at the last import and is ["name"] now`) || !strings.Contains(err.Error(), "larder rekey swapi") {
		t.Errorf("error %v", err)
	}
	w.schema = parse(t, strings.Replace(strings.Replace(shipModels, `["id"]`, `["number"]`, 1), "crew: Int", "crew: Int\n number: Int! @renamed(from: \"id\")", 1))
	if _, err = w.run(answer(t, map[string]string{"ships": `[{"number":1,"name":"Falcon"}]`}), importer.Options{DryRun: true}); err != nil && strings.Contains(err.Error(), "the key of") {
		t.Errorf("a field that was renamed: %v", err)
	}
}

func TestANestedTypeThatGetsAKeyIsRefused(t *testing.T) {
	const lists = `
type List @source(name: "swapi", path: "lists", key: ["id"]) {
  name: String!
  items: [Item!]!
}
type Item { name: String!%s }`
	w := newWorld(t, fmt.Sprintf(lists, ""))
	w.lists(t, map[string]string{"lists": `[{"id":1,"name":"A","items":[{"name":"Milk"}]}]`})
	w.schema = parse(t, fmt.Sprintf(lists, " @unique"))
	_, err := w.run(answer(t, map[string]string{"lists": `[]`}), importer.Options{})
	if err == nil || !strings.Contains(err.Error(), `the key of List.items was the place in its owner at the last import and is ["name"] now`) {
		t.Errorf("error %v", err)
	}
}

func parse(t *testing.T, models string) *model.Schema {
	t.Helper()
	schema, err := model.Parse("models.graphql", []byte(models))
	if err != nil {
		t.Fatal(err)
	}
	return schema
}
