package importer_test

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"github.com/larderhq/larder/internal/importer"
	"github.com/larderhq/larder/internal/postgrestest"
	"github.com/larderhq/larder/internal/store"
)

// repeating is an engine whose n-th statement fails for a reason that passes,
// so that the work runs again from its beginning.
type repeating struct {
	store.Engine
	left int
}

func (r *repeating) Write(ctx context.Context, work func(context.Context, store.Tx) error) error {
	err := r.Engine.Write(ctx, func(ctx context.Context, tx store.Tx) error {
		failing := &brittleTx{tx, &brittle{r.Engine, r.left}}
		defer func() { r.left = failing.engine.left }()
		if copier, copies := tx.(store.Copier); copies {
			return work(ctx, &brittleCopier{failing, copier})
		}
		return work(ctx, failing)
	})
	if errors.Is(err, errInjected) {
		return r.Engine.Write(ctx, work)
	}
	return err
}

// brittleCopier is a brittleTx that also fails while it copies.
type brittleCopier struct {
	*brittleTx
	copier store.Copier
}

func (c *brittleCopier) Copy(ctx context.Context, table string, columns []string, next func() ([]any, error)) (int64, error) {
	fails, row := c.fails(), 0
	return c.copier.Copy(ctx, table, columns, func() ([]any, error) {
		if row++; fails && row == 3 {
			return nil, errInjected
		}
		values, err := next()
		if fails && errors.Is(err, io.EOF) {
			err = errInjected
		}
		return values, err
	})
}

// outcome is what two imports of planets leave, but for the ids, of which
// PostgreSQL takes new ones when a transaction is repeated.
func (w *world) outcome() string {
	return strings.Join([]string{
		w.rows(`name, population) FROM planet ORDER BY id`),
		w.rows(`p.name, t.position, t.value) FROM planet_terrains t JOIN planet p ON p.id = t.planet_id ORDER BY p.name, t.position`),
		w.rows(`o.key, o.base, p.name, (SELECT count(*) FROM larder_run r WHERE r.id <= o.run_id)) FROM larder_origin o LEFT JOIN planet p ON CAST(p.id AS text) = o.record_id ORDER BY o.key`),
		w.rows(`source, status, fetched, created, updated, unchanged, gone) FROM larder_run ORDER BY id`),
	}, "\n\n")
}

// importTwice imports planets into an empty database by the first engine, and
// what has become of them, after one was changed here, by the second.
func (w *world) importTwice(t *testing.T, engines [2]*repeating) (reports []importer.Report, progress []map[importer.Phase]importer.Progress) {
	t.Helper()
	changed := strings.NewReplacer("200000,", "300000,", `"grasslands",`, "", `"Hoth"`, `"Dagobah"`).Replace(allThree)
	for i, list := range []string{allThree, changed} {
		if i == 1 {
			w.exec(`UPDATE planet SET population = 7 WHERE name = 'Tatooine'`)
		}
		last := map[importer.Phase]importer.Progress{}
		report, err := importer.Run(t.Context(), engines[i], w.schema, "swapi", answer(t, map[string]string{"allPlanets.planets": list}),
			importer.Options{Progress: func(now importer.Progress) { last[now.Phase] = now }})
		if err != nil {
			t.Fatal(err)
		}
		report.Seconds, report.Run = 0, 0
		for n := range report.Types {
			for _, rows := range []*importer.Rows{&report.Types[n].Updated, &report.Types[n].Conflicts, &report.Types[n].Removed} {
				for k := range rows.First {
					rows.First[k].ID = ""
				}
			}
		}
		reports, progress = append(reports, report), append(progress, last)
	}
	return reports, progress
}

func TestAnImportThatRunsAgainIsOneImport(t *testing.T) {
	sqlite := func() *world { return newWorld(t, planetModels) }
	database := "" // of all the schemas below
	postgres := func() *world {
		if database == "" {
			database = postgrestest.Database(t)
		}
		return openPostgresWorld(t, postgrestest.Schema(t, database), planetModels)
	}
	for name, open := range map[string]func() *world{"SQLite": sqlite, "PostgreSQL": postgres} {
		t.Run(name, func(t *testing.T) {
			const plenty = 1000
			w := open()
			counting := [2]*repeating{{w.engine, plenty}, {w.engine, plenty}}
			reports, progress := w.importTwice(t, counting)
			want := w.outcome()
			for range 6 {
				w := open()
				var failing [2]*repeating
				var at [2]int
				for i, counted := range counting {
					at[i] = 1 + rand.IntN(plenty-counted.left) //nolint:gosec // no secret
					failing[i] = &repeating{w.engine, at[i]}
				}
				again, told := w.importTwice(t, failing)
				if failing[0].left > 0 || failing[1].left > 0 {
					t.Fatalf("the statements %v did not fail", at)
				}
				if got := w.outcome(); got != want {
					t.Errorf("after failures at the statements %v:\n%s\nwant:\n%s", at, got, want)
				}
				if !reflect.DeepEqual(again, reports) || !reflect.DeepEqual(told, progress) {
					t.Errorf("after failures at the statements %v:\n%+v\n%v\nwant:\n%+v\n%v", at, again, told, reports, progress)
				}
			}
		})
	}
}
