package importer_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/larderhq/larder/internal/importer"
	"github.com/larderhq/larder/internal/statement"
	"github.com/larderhq/larder/internal/store"
)

var errInjected = errors.New("the power went out")

// brittle is an engine whose n-th statement of each change fails.
type brittle struct {
	store.Engine
	left int
}

func (b *brittle) Write(ctx context.Context, work func(context.Context, store.Tx) error) error {
	return b.Engine.Write(ctx, func(ctx context.Context, tx store.Tx) error {
		return work(ctx, &brittleTx{tx, b})
	})
}

type brittleTx struct {
	store.Tx
	engine *brittle
}

func (t *brittleTx) fails() bool {
	t.engine.left--
	return t.engine.left == 0
}

func (t *brittleTx) Exec(ctx context.Context, st statement.Statement) (int64, error) {
	if t.fails() {
		return 0, errInjected
	}
	return t.Tx.Exec(ctx, st)
}

func (t *brittleTx) Query(ctx context.Context, st statement.Statement, each func(store.Scan) error) error {
	if t.fails() {
		return errInjected
	}
	return t.Tx.Query(ctx, st, each)
}

// everything is all that an import can change but its runs.
func (w *world) everything() string {
	return w.rows(allFields) + "\n" + w.rows(`key, record_id, base, run_id) FROM larder_origin ORDER BY key`) + "\n" +
		w.rows(`planet_id, position, value) FROM planet_climates`) + "\n" + w.rows(`name, seq) FROM sqlite_sequence WHERE name <> 'larder_run'`)
}

func TestAnImportThatFailsAtAnyStatementLeavesOnlyItsRun(t *testing.T) {
	w := newWorld(t, planetModels)
	w.planets(allThree)
	w.exec(`UPDATE planet SET population = 7 WHERE id = 2`)
	before := w.everything()
	changed := "[" + strings.Replace(tatooine, "200000", "300000", 1) + "," + strings.Replace(alderaan, `"mountains"`, `"dust"`, 1) +
		`,{"name":"Arrakis","population":1,"terrains":["sand"],"climates":[]}]`
	for n := 1; ; n++ {
		run, err := importer.Begin(t.Context(), w.engine, importer.Beginning{Source: "swapi"})
		if err != nil {
			t.Fatal(err)
		}
		engine := &brittle{w.engine, n}
		_, err = importer.Run(t.Context(), engine, w.schema, "swapi", answer(t, map[string]string{"allPlanets.planets": changed}), importer.Options{Run: run})
		if err == nil {
			if n < 15 {
				t.Errorf("an import has only %d statements", n)
			}
			break
		}
		if !errors.Is(err, errInjected) {
			t.Fatalf("statement %d: %v", n, err)
		}
		if after := w.everything(); after != before {
			t.Fatalf("statement %d left:\n%s\nwas:\n%s", n, after, before)
		}
		if got, want := w.rows(`count(*)) FROM larder_run WHERE status = 'failed' AND error LIKE '%the power went out'`), fmt.Sprint(n); got != want {
			t.Fatalf("after %d failures %s failed runs", n, got)
		}
	}
	w.expect(t, allFields, "1|Tatooine|300000|desert\n2|Alderaan|7|grasslands,dust\n4|Arrakis|1|sand")
}

func TestAnImportStopsWithItsContext(t *testing.T) {
	w := newWorld(t, planetModels)
	ctx, cancel := context.WithCancel(t.Context())
	_, err := importer.Run(ctx, w.engine, w.schema, "swapi", manyPlanets(20_000), importer.Options{Progress: func(p importer.Progress) {
		if p.Phase == importer.Reading && p.Done > 1000 {
			cancel()
		}
	}})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	w.expect(t, `count(*)) FROM planet`, "0")
	w.expect(t, `status) FROM larder_run`, "failed")
}

func TestRecordsThatDoNotSuitTheModelFailTheImportByName(t *testing.T) {
	tests := map[string]struct {
		list string
		want []string
	}{
		"a wrong type": {
			`[{"name":"A","population":"many","terrains":[],"climates":[]}]`,
			[]string{`allPlanets.planets record 0 ["A"], population: `, "nothing was imported"},
		},
		"several records at once": {
			`[{"name":"A","population":-1,"terrains":[],"climates":[]},{"name":"B","population":1,"terrains":[7],"climates":[]}]`,
			[]string{"2 problems", `record 0 ["A"], population: `, `record 1 ["B"], terrains: `},
		},
		"no key": {
			`[{"population":1,"terrains":[],"climates":[]}]`,
			[]string{"record 0, name: the key is missing"},
		},
		"a key that is null": {
			`[{"name":null,"terrains":[],"climates":[]}]`,
			[]string{"record 0, name: "},
		},
		"the same key twice": {
			"[" + tatooine + "," + hoth + "," + tatooine + "]",
			[]string{`Planet record 0 ["Tatooine"]: the records 0, 2 have the same key`},
		},
		"a required value that the source does not tell": {
			`[{"name":"A","population":1,"climates":[]}]`,
			[]string{`record 0 ["A"], terrains: required to create the record`, "add it to the query"},
		},
		"no object": {`[7]`, []string{"record 0: expected an object, got 7"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, planetModels)
			_, err := w.run(answer(t, map[string]string{"allPlanets.planets": test.list}), importer.Options{})
			if err == nil {
				t.Fatal("the import passed")
			}
			for _, want := range test.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("the error lacks %q:\n%v", want, err)
				}
			}
			w.expect(t, `count(*)) FROM planet`, "0")
		})
	}
}

func TestOnlyTheFirstProblemsAreSpeltOut(t *testing.T) {
	w := newWorld(t, planetModels)
	list := strings.TrimSuffix(strings.Repeat(`{"name":""},`, 500), ",")
	_, err := w.run(answer(t, map[string]string{"allPlanets.planets": "[" + list + "]"}), importer.Options{})
	if invalid := (*importer.InvalidError)(nil); !errors.As(err, &invalid) || invalid.Count != 500 {
		t.Fatalf("error %v", err)
	}
	if lines := strings.Count(err.Error(), "\n"); lines != 21 || !strings.HasSuffix(err.Error(), "and 480 more") {
		t.Errorf("%d lines: %v", lines, err)
	}
}

const shipModels = `
type Ship @source(name: "swapi", path: "ships", key: ["id"]) {
  name: String! @unique
  crew: Int
}`

func TestAUniqueValueThatIsTakenNamesBothRecords(t *testing.T) {
	w := newWorld(t, shipModels)
	ships := func(list string) error {
		_, err := w.run(answer(t, map[string]string{"ships": list}), importer.Options{})
		return err
	}
	if err := ships(`[{"id":1,"name":"Falcon"}]`); err != nil {
		t.Fatal(err)
	}
	err := ships(`[{"id":1,"name":"Falcon"},{"id":2,"name":"Slave"},{"id":3,"name":"Slave"}]`)
	if err == nil || !strings.Contains(err.Error(), `Ship record 2 [3], name: must be unique, but the record [2] of the source has the same value`) {
		t.Errorf("two of the source: %v", err)
	}
	w.exec(`UPDATE ship SET crew = 2`) // so that it stays
	err = ships(`[{"id":4,"name":"Falcon"}]`)
	if err == nil || !strings.Contains(err.Error(), `Ship record 0 [4], name: must be unique, but ships/1 here has the same value`) {
		t.Errorf("one here: %v", err)
	}
	w.expect(t, `id, name) FROM ship`, "1|Falcon")
}

func TestRecordsThatExchangeAUniqueValueFailTheImportByName(t *testing.T) {
	w := newWorld(t, shipModels)
	w.lists(t, map[string]string{"ships": `[{"id":1,"name":"Falcon"},{"id":2,"name":"X-wing"}]`})
	_, err := w.run(answer(t, map[string]string{"ships": `[{"id":1,"name":"X-wing"},{"id":2,"name":"Falcon"}]`}), importer.Options{})
	if err == nil || !strings.Contains(err.Error(), `Ship record 0 [1], name: must be unique, but ships/2 here has the same value`) {
		t.Errorf("error %v", err)
	}
	w.expect(t, `id, name) FROM ship`, "1|Falcon\n2|X-wing")
}

func TestARecordThatIsHereAlreadyIsAdopted(t *testing.T) {
	w := newWorld(t, shipModels)
	w.exec(`INSERT INTO ship (name, crew) VALUES ('Falcon', 2), ('X-wing', NULL)`)
	types := w.lists(t, map[string]string{"ships": `[{"id":9,"name":"Falcon","crew":4},{"id":8,"name":"X-wing","crew":1}]`})
	if got, want := summaries(types), "Ship: 2 adopted, 1 in conflict"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	w.expect(t, `id, name, crew) FROM ship ORDER BY id`, "1|Falcon|2\n2|X-wing|1")
	w.expect(t, `key, record_id) FROM larder_origin ORDER BY key`, "[8]|2\n[9]|1")
}

func TestAnAnswerWithErrorsNeverOverwritesWhatIsKnown(t *testing.T) {
	w := newWorld(t, planetModels)
	w.planets(allThree)
	a := answer(t, map[string]string{"allPlanets.planets": "[" + strings.Replace(tatooine, "200000", "null", 1) + "," + alderaan + "]"})
	a.Complete = false
	a.Failed = [][]any{{"allPlanets", "planets", 0, "population"}}
	report, err := w.run(a, importer.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := report.Types[0].Summary(), "2 unchanged"; got != want {
		t.Errorf("%s, want %s: an incomplete answer cannot tell what is gone", got, want)
	}
	w.expect(t, `population) FROM planet WHERE id = 1`, "200000")
	w.expect(t, `base ->> 'population') FROM larder_origin WHERE record_id = '1'`, "200000")
}

func TestASourceThatFeedsNoModelIsRefused(t *testing.T) {
	w := newWorld(t, shipModels)
	_, err := importer.Run(t.Context(), w.engine, w.schema, "other", answer(t, nil), importer.Options{})
	if err == nil || !strings.Contains(err.Error(), `no type in the models has @source(name: "other")`) {
		t.Errorf("error %v", err)
	}
}
