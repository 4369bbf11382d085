package importer_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/larderhq/larder/internal/importer"
)

// rehearse is what an import of planets would do: its report and every row.
func (w *world) rehearse(list string) (report importer.Report, rows []string) {
	w.t.Helper()
	report, err := w.run(answer(w.t, map[string]string{"allPlanets.planets": list}), importer.Options{
		DryRun: true,
		Listing: func() func(importer.Change) error {
			rows = nil
			return func(change importer.Change) error {
				rows = append(rows, change.Change+" "+string(change.Key))
				return nil
			}
		},
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return report, rows
}

// TestAnImportDoesWhatWasPlannedOrNothing holds an import against its plan after
// each way in which the world can move.
func TestAnImportDoesWhatWasPlannedOrNothing(t *testing.T) {
	const changed = `[{"name":"Tatooine","population":1,"terrains":["desert"],"climates":["arid"]},` + hoth + `,{"name":"Dagobah","population":null,"terrains":["swamp"],"climates":["murky"]}]`
	for _, test := range []struct {
		name  string
		moves func(w *world)
		list  string // upstream at the import
		want  string // "" for an import that does what was planned
	}{
		{"nothing", nil, changed, ""},
		{"an edit that the import does not touch", func(w *world) { w.exec(`UPDATE planet SET population = 7 WHERE name = 'Hoth'`) }, changed, ""},
		{
			"an edit of what would be updated", func(w *world) { w.exec(`UPDATE planet SET population = 7 WHERE name = 'Tatooine'`) }, changed,
			"Planet: 1 updated in the plan, 0 now\n  Planet: 1 unchanged in the plan, 2 now\n  Planet: 0 conflicts in the plan, 1 now",
		},
		{
			"a record that is there already", func(w *world) { w.exec(`INSERT INTO planet (name) VALUES ('Dagobah')`) }, changed,
			"Planet: 1 created in the plan, 0 now\n  Planet: 0 adopted in the plan, 1 now\n  Planet: 0 conflicts in the plan, 1 now",
		},
		{
			"an edit of what would be removed", func(w *world) { w.exec(`UPDATE planet SET population = 7 WHERE name = 'Alderaan'`) }, changed,
			"Planet: 1 removed in the plan, 0 now\n  Planet: 0 detached in the plan, 1 now",
		},
		{
			"a record deleted here", func(w *world) { w.exec(`DELETE FROM planet WHERE name = 'Hoth'`) }, changed,
			"Planet: 1 unchanged in the plan, 0 now\n  Planet: 0 deleted in the plan, 1 now",
		},
		{
			"upstream, in a value", nil, strings.Replace(changed, `"population":1`, `"population":2`, 1),
			"upstream no longer says what it said\n  as many records would change, but not the same ones, or not to the same values",
		},
		{"upstream, in what nobody takes", nil, strings.Replace(changed, `{"name":"Dag`, `{"orbit":1,"name":"Dag`, 1), "upstream no longer says what it said"},
		{
			"an import in between", func(w *world) { w.planets(changed) }, changed,
			"Planet: 1 created in the plan, 0 now\n  Planet: 1 updated in the plan, 0 now\n  Planet: 1 unchanged in the plan, 3 now\n  Planet: 1 removed in the plan, 0 now",
		},
	} {
		for engine, open := range map[string]func(*testing.T, string) *world{
			"SQLite":     func(t *testing.T, models string) *world { return newWorld(t, models) },
			"PostgreSQL": newPostgresWorld,
		} {
			t.Run(test.name+" has moved on "+engine, func(t *testing.T) {
				w := open(t, planetModels)
				w.planets(allThree)
				rehearsed, rows := w.rehearse(changed)
				if !slices.Contains(rows, `created ["Dagobah"]`) || !slices.Contains(rows, `updated ["Tatooine"]`) {
					t.Errorf("the plan lists %q", rows)
				}
				if test.moves != nil {
					test.moves(w)
				}
				// A plan is kept in a file.
				text, err := json.Marshal(rehearsed.Plan)
				if err != nil {
					t.Fatal(err)
				}
				var plan importer.Planned
				if err := json.Unmarshal(text, &plan); err != nil {
					t.Fatal(err)
				}
				before := w.rows(`id, name, population) FROM planet ORDER BY id`)
				report, err := w.run(answer(t, map[string]string{"allPlanets.planets": test.list}), importer.Options{Plan: &plan})
				if test.want == "" {
					if err != nil {
						t.Fatal(err)
					}
					if !reflect.DeepEqual(report.Types, rehearsed.Types) {
						t.Errorf("done: %+v\nplanned: %+v", report.Types, rehearsed.Types)
					}
					return
				}
				moved := (*importer.MovedError)(nil)
				if !errors.As(err, &moved) || strings.Join(moved.Differences, "\n  ") != test.want {
					t.Errorf("the error is %v, expected %s", err, test.want)
				}
				if after := w.rows(`id, name, population) FROM planet ORDER BY id`); after != before {
					t.Errorf("something was written:\n%s", after)
				}
				if runs, err := importer.Runs(t.Context(), w.engine, importer.RunFilter{Limit: 1}); err != nil || runs[0].Status != importer.RunHeld {
					t.Errorf("the run is %+v, %v", runs, err)
				}
			})
		}
	}
}

func TestAPlanListsEveryRow(t *testing.T) {
	w := newWorld(t, planetModels)
	var planets []string
	for i := range 1000 {
		planets = append(planets, fmt.Sprintf(`{"name":"P%d","population":null,"terrains":[],"climates":[]}`, i))
	}
	report, rows := w.rehearse("[" + strings.Join(planets, ",") + "]")
	if len(rows) != 1000 || rows[999] != `created ["P999"]` {
		t.Errorf("%d rows are listed: %q", len(rows), rows[max(0, len(rows)-1):])
	}
	if first := report.Types[0].Created.First; len(first) != importer.ReportedRows {
		t.Errorf("the report shows %d rows", len(first))
	}
}

// TestEveryKindOfRowsIsInThePlan has who adds a kind of rows to the report add it
// to the plan.
func TestEveryKindOfRowsIsInThePlan(t *testing.T) {
	for field := range reflect.TypeFor[importer.TypeReport]().Fields() {
		if field.Type != reflect.TypeFor[importer.Rows]() {
			continue
		}
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if !slices.Contains(importer.KindNames(), name) {
			t.Errorf("the plan does not know %s of TypeReport", name)
		}
	}
}
