package importer_test

import (
	"strings"
	"testing"

	"github.com/larderhq/larder/internal/importer"
	"github.com/larderhq/larder/internal/migrate"
	"github.com/larderhq/larder/internal/model"
	"github.com/larderhq/larder/internal/postgrestest"
	"github.com/larderhq/larder/internal/store/postgres"
)

// newPostgresWorld is newWorld on a PostgreSQL database of its own.
func newPostgresWorld(t *testing.T, models string) *world {
	t.Helper()
	return openPostgresWorld(t, postgrestest.Database(t), models)
}

// openPostgresWorld is newWorld on the empty database at a URL.
func openPostgresWorld(t *testing.T, address, models string) *world {
	t.Helper()
	schema, err := model.Parse("models.graphql", []byte(models))
	if err != nil {
		t.Fatal(err)
	}
	engine, err := postgres.Open(t.Context(), address, postgres.Options{Connections: 4})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := engine.Close(); err != nil {
			t.Error(err)
		}
	})
	w := &world{t: t, schema: schema, engine: engine}
	for _, sql := range append(migrate.Builtin(migrate.Postgres), migrate.Create(migrate.Postgres, schema)...) {
		w.exec(sql)
	}
	return w
}

func TestOnPostgreSQLAnImportFollowsTheSameRules(t *testing.T) {
	w := newPostgresWorld(t, planetModels)
	planets := `id, name, coalesce(population::text, 'null'), (SELECT string_agg(value, ',' ORDER BY position) FROM planet_terrains WHERE planet_id = id)) FROM planet ORDER BY id`
	w.exec(`INSERT INTO planet (name) VALUES ('Hoth')`)
	if got := w.planets(allThree).Types[0].Summary(); got != "2 created, 1 adopted, 1 in conflict" {
		t.Errorf("first: %s", got)
	}
	w.expect(t, planets, "1|Hoth|null\n2|Tatooine|200000|desert\n3|Alderaan|2000000000|grasslands,mountains")
	if got := w.planets(allThree).Types[0].Summary(); got != "3 unchanged" {
		t.Errorf("again: %s", got)
	}
	w.exec(`UPDATE planet SET population = 1 WHERE id = 2`)
	w.exec(`DELETE FROM planet WHERE id = 1`)
	changed := strings.NewReplacer("200000,", "300000,", `"grasslands",`, "").Replace("[" + tatooine + "," + alderaan + "," + hoth + "]")
	if got := w.planets(changed).Types[0].Summary(); got != "1 updated, 1 unchanged, 1 in conflict, 1 deleted here" {
		t.Errorf("changed: %s", got)
	}
	w.expect(t, planets, "2|Tatooine|1|desert\n3|Alderaan|2000000000|mountains")
	if got := w.planets("[" + alderaan + "]").Types[0].Summary(); got != "1 updated, 1 detached" {
		t.Errorf("fewer: %s", got)
	}
	_, err := w.run(answer(t, map[string]string{"allPlanets.planets": "[" + hoth + "," + hoth + "]"}), importer.Options{})
	if err == nil || !strings.Contains(err.Error(), "the records 0, 1 have the same key") {
		t.Errorf("error %v", err)
	}
	w.expect(t, `status, count(*)) FROM larder_run GROUP BY status ORDER BY status`, "done|4\nfailed|1")
}

func TestADryRunListsRecordsInTheSameFormOnBothEngines(t *testing.T) {
	for name, w := range map[string]*world{"SQLite": newWorld(t, planetModels), "PostgreSQL": newPostgresWorld(t, planetModels)} {
		t.Run(name, func(t *testing.T) {
			report, err := w.run(answer(t, map[string]string{"allPlanets.planets": "[" + tatooine + "]"}), importer.Options{DryRun: true})
			if err != nil {
				t.Fatal(err)
			}
			const want = `{"name":"Tatooine","population":200000,"terrains":["desert"],"climates":["arid"]}`
			if got := string(report.Types[0].Created.First[0].Values); got != want {
				t.Errorf("got %s, want %s", got, want)
			}
		})
	}
}

func TestOnPostgreSQLRelationsAreKeptInStep(t *testing.T) {
	w := newPostgresWorld(t, filmModels)
	cast := `f.title, (SELECT name FROM person WHERE id = f.director_id), (SELECT string_agg(p.name, ',' ORDER BY c.position) FROM film_cast c JOIN person p ON p.id = c.person_id WHERE c.film_id = f.id)) FROM film f ORDER BY f.id`
	first := `[{"title":"A","director":{"name":"Lucas"},"cast":[{"name":"Luke"},{"name":"Leia"}]},{"title":"B","director":null,"cast":[{"name":"Leia"}]}]`
	people := `[{"name":"Leia","height":150}]`
	if got, want := summaries(w.lists(t, map[string]string{"films": first, "people": people})), "Person: 3 created\nFilm: 2 created"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	w.expect(t, cast, "A|Lucas|Luke,Leia\nB|Leia")
	second := strings.NewReplacer(`{"name":"Luke"},`, "", `"director":null`, `"director":{"name":"Lucas"}`).Replace(first)
	if got, want := summaries(w.lists(t, map[string]string{"films": second, "people": people})), "Person: 2 unchanged, 1 removed\nFilm: 2 updated"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	w.expect(t, cast, "A|Lucas|Leia\nB|Lucas|Leia")
}

func TestOnPostgreSQLValuesOfEveryScalarComeBackAsTheyWent(t *testing.T) {
	w := newPostgresWorld(t, everyScalar)
	for _, step := range []struct{ thing, want string }{
		{oneThing, "1 created"}, {oneThing, "1 unchanged"}, {otherThing, "1 updated"}, {otherThing, "1 unchanged"}, {oneThing, "1 updated"},
	} {
		report := w.lists(t, map[string]string{"things": "[" + step.thing + "]"})[0]
		if got := report.Summary(); got != step.want {
			t.Errorf("%s, want %s: %+v", got, step.want, report.Conflicts)
		}
	}
	w.expect(t, `large, price, yes, uuid, float, deep, array_length(tags_of.list, 1)) FROM thing, (SELECT array_agg(value) AS list FROM thing_numbers) tags_of`,
		"9223372036854775807|12345678901234.5678|t|0190b5c0-0000-7000-8000-000000000001|0.1|7|4")
}

func TestOnPostgreSQLTypesThatPointToEachOtherAreCreatedTogether(t *testing.T) {
	w := newPostgresWorld(t, circleModels)
	w.lists(t, map[string]string{"planets": circle})
	if got := summaries(w.lists(t, map[string]string{"planets": circle})); !strings.Contains(got, "Planet: 2 unchanged") || !strings.Contains(got, "Person: 2 unchanged") {
		t.Errorf("again: %s", got)
	}
}

func TestOnPostgreSQLARecordThatIsNamedByItsKeyIsFound(t *testing.T) {
	w := newPostgresWorld(t, flatModels)
	lists := map[string]string{"lists": `[{"id":"a","name":"Week"}]`, "items": `[{"id":1,"name":"Milk","listId":"a"}]`}
	if got, want := summaries(w.lists(t, lists)), "ShoppingList: 1 created\nItem: 1 created"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	w.expect(t, `i.name, l.name) FROM item i JOIN shopping_list l ON l.id = i.list_id`, "Milk|Week")
	lists["items"] = `[{"id":1,"name":"Milk","listId":"x"}]`
	_, err := w.run(answer(t, lists), importer.Options{})
	if err == nil || !strings.Contains(err.Error(), `the source has no ShoppingList with the key ["x"]`) {
		t.Errorf("error %v", err)
	}
}
