package importer_test

import (
	"context"
	"encoding/json"
	"iter"
	"path/filepath"
	"strings"
	"testing"

	"github.com/larderhq/larder/internal/importer"
	"github.com/larderhq/larder/internal/migrate"
	"github.com/larderhq/larder/internal/model"
	"github.com/larderhq/larder/internal/source"
	"github.com/larderhq/larder/internal/statement"
	"github.com/larderhq/larder/internal/store"
	"github.com/larderhq/larder/internal/store/sqlite"
)

const planetModels = `
type Planet @source(name: "swapi", path: "allPlanets.planets", key: ["name"]) {
  name: String! @unique @check(minLength: 1, maxLength: 200)
  population: Int64 @check(min: 0) @index
  terrains: [String!]!
  climates: [String!]!
}`

// world is a database of some models and the upstream that it is fed from.
type world struct {
	t      testing.TB
	schema *model.Schema
	engine store.Engine
}

func newWorld(t testing.TB, models string) *world {
	t.Helper()
	schema, err := model.Parse("models.graphql", []byte(models))
	if err != nil {
		t.Fatal(err)
	}
	engine, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "larder.db"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := engine.Close(); err != nil {
			t.Error(err)
		}
	})
	w := &world{t: t, schema: schema, engine: engine}
	for _, sql := range append(migrate.Builtin("sqlite"), migrate.Create("sqlite", schema)...) {
		w.exec(sql)
	}
	return w
}

// exec runs SQL as someone who uses the database beside the import.
func (w *world) exec(sql string, args ...any) {
	w.t.Helper()
	err := w.engine.Write(w.t.Context(), func(ctx context.Context, tx store.Tx) error {
		_, err := tx.Exec(ctx, statement.Statement{SQL: sql, Args: args})
		return err
	})
	if err != nil {
		w.t.Fatalf("%s: %v", sql, err)
	}
}

// rows is the answer to a query, one line a row, columns joined by "|".
func (w *world) rows(sql string) string {
	w.t.Helper()
	var lines []string
	err := w.engine.Read(w.t.Context(), statement.Statement{SQL: "SELECT concat_ws('|', " + sql}, func(scan store.Scan) error {
		var line string
		if err := scan(&line); err != nil {
			return err
		}
		lines = append(lines, line)
		return nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return strings.Join(lines, "\n")
}

// answer is an upstream answer with the JSON lists at the paths.
func answer(t testing.TB, lists map[string]string) *source.Answer {
	t.Helper()
	return source.NewAnswer(func(path string) iter.Seq2[source.Record, error] {
		var records []json.RawMessage
		if text, ok := lists[path]; ok {
			if err := json.Unmarshal([]byte(text), &records); err != nil {
				t.Fatalf("%s: %v", path, err)
			}
		}
		return func(yield func(source.Record, error) bool) {
			for i, record := range records {
				if !yield(source.Record{Index: i, Data: record}, nil) {
					return
				}
			}
		}
	}, nil)
}

func (w *world) run(a *source.Answer, options importer.Options) (importer.Report, error) {
	return importer.Run(w.t.Context(), w.engine, w.schema, "swapi", a, options)
}

// planets imports planets that must be right.
func (w *world) planets(list string) importer.Report {
	w.t.Helper()
	report, err := w.run(answer(w.t, map[string]string{"allPlanets.planets": list}), importer.Options{})
	if err != nil {
		w.t.Fatal(err)
	}
	return report
}

const (
	tatooine  = `{"name":"Tatooine","population":200000,"terrains":["desert"],"climates":["arid"]}`
	alderaan  = `{"name":"Alderaan","population":2000000000,"terrains":["grasslands","mountains"],"climates":["temperate"]}`
	hoth      = `{"name":"Hoth","population":null,"terrains":["tundra","ice caves"],"climates":["frozen"]}`
	allThree  = "[" + tatooine + "," + alderaan + "," + hoth + "]"
	allFields = `id, name, coalesce(population, 'null'), (SELECT group_concat(value ORDER BY position) FROM planet_terrains WHERE planet_id = id)) FROM planet ORDER BY id`
)

func TestAFirstImportCreatesRecordsInTheOrderOfTheSource(t *testing.T) {
	w := newWorld(t, planetModels)
	report := w.planets(allThree)
	if got, want := report.Types[0].Summary(), "3 created"; got != want {
		t.Errorf("summary %q, want %q", got, want)
	}
	want := "1|Tatooine|200000|desert\n2|Alderaan|2000000000|grasslands,mountains\n3|Hoth|null|tundra,ice caves"
	if got := w.rows(allFields); got != want {
		t.Errorf("planets:\n%s\nwant:\n%s", got, want)
	}
	wantOrigin := `Planet|swapi|["Tatooine"]|1|` + tatooine + `|1`
	if got := w.rows(`type, source, key, record_id, base, run_id) FROM larder_origin WHERE record_id = '1'`); got != wantOrigin {
		t.Errorf("origin:\n%s\nwant:\n%s", got, wantOrigin)
	}
	if got, want := w.rows(`source, status, fetched, created, updated, unchanged, gone) FROM larder_run`), "swapi|done|3|3|0|0|0"; got != want {
		t.Errorf("run %s, want %s", got, want)
	}
}

func TestASecondImportChangesNothing(t *testing.T) {
	w := newWorld(t, planetModels)
	w.planets(allThree)
	before := w.rows(allFields)
	report := w.planets(allThree)
	if got, want := report.Types[0].Summary(), "3 unchanged"; got != want {
		t.Errorf("summary %q, want %q", got, want)
	}
	if after := w.rows(allFields); after != before {
		t.Errorf("planets changed:\n%s\nwere:\n%s", after, before)
	}
}
