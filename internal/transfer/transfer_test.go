package transfer_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/larderhq/larder/internal/migrate"
	"github.com/larderhq/larder/internal/model"
	"github.com/larderhq/larder/internal/postgrestest"
	"github.com/larderhq/larder/internal/rest"
	"github.com/larderhq/larder/internal/rest/conformance"
	"github.com/larderhq/larder/internal/statement"
	"github.com/larderhq/larder/internal/store"
	"github.com/larderhq/larder/internal/store/postgres"
	"github.com/larderhq/larder/internal/store/sqlite"
	"github.com/larderhq/larder/internal/transfer"
)

// models have every scalar, every sort of list and every sort of relation.
const models = `
enum Size { SMALL LARGE }

type Thing {
  name: String! @unique @check(minLength: 1)
  small: Int @index
  large: Int64
  ratio: Float
  price: Decimal @decimal(precision: 18, scale: 6) @check(min: -1000000)
  flag: Boolean
  code: ID
  token: UUID @unique
  day: Date
  moment: DateTime
  span: Duration
  data: JSON
  bytes: Bytes
  size: Size
  words: [String!]!
  prices: [Decimal!]! @decimal(precision: 18, scale: 6)
  moments: [DateTime!]!
  blobs: [Bytes!]!
  labels: [String] @json
  levels: [Float!] @json
  parent: Thing @ref(onDelete: SET_NULL)
  owner: Person
  kind: Kind
  tags: [Tag!]
  rivals: [Thing!]
}

type Person {
  id: UUID!
  name: String!
  best: Thing @ref(onDelete: SET_NULL)
  nicknames: [String!]!
}

type Tag @vocabulary { word: String! @unique }

type Kind @vocabulary { id: UUID! word: String! @unique }

type Empty { name: String }
`

// world is a project: its models and migrations.
type world struct {
	schema *model.Schema
	dir    *migrate.Dir
}

func newWorld(t testing.TB, sdl string) world {
	t.Helper()
	schema, err := model.Parse("models.graphql", []byte(sdl))
	must(t, err)
	w := world{schema: schema}
	w.migrate(t, t.TempDir(), "init")
	return w
}

// migrate writes the next migration of the folder.
func (w *world) migrate(t testing.TB, folder, name string) {
	t.Helper()
	dir, err := migrate.Open(folder)
	must(t, err)
	_, err = dir.Diff(name, w.schema)
	must(t, err)
	w.dir, err = migrate.Open(folder)
	must(t, err)
}

// eachWay runs the tests for every pair of engines.
func eachWay(t *testing.T, tests map[string]func(t *testing.T, newSource, newTarget open)) {
	database := postgrestest.Database(t)
	engines := map[string]open{"sqlite": newSQLite, "postgres": func(t testing.TB) store.Engine {
		t.Helper()
		engine, err := postgres.Open(t.Context(), postgrestest.Schema(t, database), postgres.Options{Connections: 4})
		must(t, err)
		t.Cleanup(func() { must(t, engine.Close()) })
		return engine
	}}
	for source, newSource := range engines {
		for target, newTarget := range engines {
			t.Run(source+" to "+target, func(t *testing.T) {
				t.Parallel()
				for name, test := range tests {
					t.Run(name, func(t *testing.T) { test(t, newSource, newTarget) })
				}
			})
		}
	}
}

// open opens an empty database, which goes when the test ends.
type open func(t testing.TB) store.Engine

// newSQLite opens an empty database in a new file.
func newSQLite(t testing.TB) store.Engine {
	return openSQLite(t, filepath.Join(t.TempDir(), "larder.db"))
}

func openSQLite(t testing.TB, path string) store.Engine {
	t.Helper()
	engine, err := sqlite.Open(t.Context(), path, sqlite.Options{})
	must(t, err)
	t.Cleanup(func() { must(t, engine.Close()) })
	return engine
}

// filled is a migrated database with the records of fill.
func (w world) filled(t testing.TB, open open, fill func(t testing.TB, api string)) store.Engine {
	t.Helper()
	engine := open(t)
	_, err := migrate.Up(t.Context(), engine, w.dir, migrate.Options{})
	must(t, err)
	if fill != nil {
		fill(t, w.serve(t, engine))
	}
	return engine
}

func (w world) serve(t testing.TB, engine store.Engine) (api string) {
	return conformance.Serve(t, rest.Settings{}, store.New(engine, w.schema), w.schema) + "/api/v1/"
}

func (w world) copy(t testing.TB, from, to store.Engine, options transfer.Options) transfer.Report {
	t.Helper()
	report, err := transfer.Copy(t.Context(), from, to, w.dir, w.schema, options)
	must(t, err)
	return report
}

func TestACopy(t *testing.T) {
	eachWay(t, map[string]func(t *testing.T, newSource, newTarget open){
		"answers as its source":                     answersAsItsSource,
		"has the constraints of its source":         hasTheConstraints,
		"refuses a target that is not empty":        refusesAFilledTarget,
		"takes only what differs in an update":      updates,
		"has what migrations put into it only once": clearsSeeds,
		"runs no triggers for copied rows":          runsNoTriggers,
		"is the source as it was at one moment":     isOneMoment,
		"goes on where it stopped":                  resumes,
	})
}

// fillThings creates records with values at the edges of their types, with
// nulls everywhere, with cycles and references to what comes later.
func fillThings(t testing.TB, api string) {
	t.Helper()
	create(t, api, "things", `[
  {"name": "ordinary", "small": 7, "large": 7, "ratio": 0.1, "price": 1.25, "flag": true, "code": "c-1", "token": "0192d3f4-0000-7000-8000-00000000abcd",
   "day": "2024-02-29", "moment": "2024-02-29T23:59:59.123456Z", "span": "PT1.5S", "data": {"b": [1, 2.50, 1e2, {"z": null, "a": "é\n\""}], "a": {}}, "bytes": "AAEC/w==", "size": "SMALL",
   "words": ["one", "", "two", "one"], "prices": [0.000001, -3], "moments": ["1970-01-01T00:00:00Z"], "blobs": ["", "/w=="], "labels": ["x", null, ""], "levels": [0.5, 12e3, 3],
   "kind": "wooden", "tags": ["red", "Ünï – 🪐", "a'b\"c\\d"]},
  {"name": "least", "small": -2147483648, "large": -9223372036854775808, "ratio": -1.7976931348623157e308, "price": -999999.999999, "flag": false, "code": "", "day": "0001-01-01",
   "moment": "0001-01-01T00:00:00Z", "span": "-P1DT0.000001S", "data": [], "bytes": "", "size": "LARGE", "words": [], "prices": [], "moments": [], "blobs": [], "labels": [], "levels": [], "tags": []},
  {"name": "most", "small": 2147483647, "large": 9223372036854775807, "ratio": 2.2250738585072014e-308, "price": 999999999999.999999, "day": "9999-12-31", "moment": "9999-12-31T23:59:59.999999Z",
   "span": "P106751D", "data": 12345678901234567890.5, "words": ["`+strings.Repeat("long ", 2000)+`"], "prices": [999999999999.999999]},
  {"name": "nothing"},
  {"name": "ünïcödé 🪐 \u0001\t\\ ' \" 漢字", "ratio": 123456789.12345678, "data": "a text", "words": ["🪐"], "tags": ["red"]},
  {"name": "null", "data": null},
  {"name": "deleted"}
]`)
	ask(t, "PUT", api+"people/0192d3f4-0000-7000-8000-000000000002", `{"name": "b", "nicknames": ["x"]}`)
	ask(t, "PUT", api+"people/0192d3f4-0000-7000-8000-000000000001", `{"name": "a", "bestId": 1, "nicknames": []}`)
	ask(t, "PATCH", api+"things/1", `{"parentId": 5, "ownerId": "0192d3f4-0000-7000-8000-000000000001"}`)
	ask(t, "PATCH", api+"things/5", `{"parentId": 1}`)
	ask(t, "PATCH", api+"things/2", `{"parentId": 2}`)
	ask(t, "DELETE", api+"things/7", "") // the counter is ahead of the ids
	create(t, api, "things/1/rivals", `{"name": "rival"}`)
}

// create creates things, one or an array of them. The lists that one does not
// name are empty.
func create(t testing.TB, api, path, body string) string {
	t.Helper()
	if body[0] == '{' {
		body = "[" + body + "]"
	}
	var records []map[string]json.RawMessage
	must(t, json.Unmarshal([]byte(body), &records))
	for _, record := range records {
		for _, list := range []string{"words", "prices", "moments", "blobs"} {
			if record[list] == nil {
				record[list] = json.RawMessage("[]")
			}
		}
	}
	complete, err := json.Marshal(records)
	must(t, err)
	return ask(t, "POST", api+path, string(complete))
}

// ask sends a request that must succeed and returns the body of the answer.
func ask(t testing.TB, method, target, body string) string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, target, strings.NewReader(body))
	must(t, err)
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	request.Header.Set("Prefer", "return=representation")
	response, err := http.DefaultClient.Do(request)
	must(t, err)
	defer func() { must(t, response.Body.Close()) }()
	answer, err := io.ReadAll(response.Body)
	must(t, err)
	if response.StatusCode >= 300 {
		t.Fatalf("%s %s: %s: %s", method, target, response.Status, answer)
	}
	return string(answer)
}

// sameAnswers holds the lists of all resources of two servers against each other.
func (w world) sameAnswers(t testing.TB, want, got string) {
	t.Helper()
	for _, kind := range w.schema.Types {
		target := kind.Resource() + "?select=*&order=id&limit=1000"
		before, after := ask(t, "GET", want+target, ""), ask(t, "GET", got+target, "")
		if before == after {
			continue
		}
		var a, b []map[string]json.RawMessage
		must(t, errors.Join(json.Unmarshal([]byte(before), &a), json.Unmarshal([]byte(after), &b)))
		if len(a) != len(b) {
			t.Fatalf("%s has %d records, and %d in the copy", kind.Resource(), len(a), len(b))
		}
		for i := range a {
			for name, value := range a[i] {
				if name != "data" && !bytes.Equal(value, b[i][name]) || !sameJSON(t, value, b[i][name]) {
					t.Errorf("%s %s: %s is %s, and %s in the copy", kind.Resource(), a[i]["id"], name, value, b[i][name])
				}
			}
		}
	}
}

// sameJSON compares values of the type JSON, of which PostgreSQL keeps the
// meaning and not the text.
func sameJSON(t testing.TB, a, b json.RawMessage) bool {
	t.Helper()
	var x, y any
	must(t, errors.Join(json.Unmarshal(a, &x), json.Unmarshal(b, &y)))
	return reflect.DeepEqual(x, y)
}

func answersAsItsSource(t *testing.T, newSource, newTarget open) {
	w := newWorld(t, models)
	from := w.filled(t, newSource, fillThings)
	to := newTarget(t)
	report := w.copy(t, from, to, transfer.Options{})
	before, after := w.serve(t, from), w.serve(t, to)
	w.sameAnswers(t, before, after)
	for _, table := range report.Tables {
		if len(table.Checksum) != 64 || table.Corrected != 0 || table.Copied != table.Rows {
			t.Errorf("got %+v", table)
		}
	}
	created := `{"name": "new", "parentId": 1, "tags": ["new"]}`
	if a, b := create(t, before, "things", created), create(t, after, "things", created); a != b {
		t.Errorf("created %s in the source and %s in the copy", a, b)
	}
	states, err := migrate.Status(t.Context(), to, w.dir)
	must(t, err)
	for _, s := range states {
		if s.Applied.IsZero() || s.Changed || s.Missing {
			t.Errorf("the copy has the migration %+v", s)
		}
	}
}

func hasTheConstraints(t *testing.T, newSource, newTarget open) {
	w := newWorld(t, models)
	to := newTarget(t)
	w.copy(t, w.filled(t, newSource, fillThings), to, transfer.Options{})
	api := w.serve(t, to)
	for body, status := range map[string]int{
		`{"name": "ordinary", "words": [], "prices": [], "moments": [], "blobs": []}`:               http.StatusConflict,
		`{"name": "orphan", "parentId": 99, "words": [], "prices": [], "moments": [], "blobs": []}`: http.StatusConflict,
	} {
		response, err := http.Post(api+"things", "application/json", strings.NewReader(body))
		must(t, err)
		must(t, response.Body.Close())
		if response.StatusCode != status {
			t.Errorf("%s: got %s, want %d", body, response.Status, status)
		}
	}
}

func refusesAFilledTarget(t *testing.T, newSource, newTarget open) {
	w := newWorld(t, models)
	from := w.filled(t, newSource, fillThings)
	refused := func(to store.Engine, found ...string) {
		t.Helper()
		_, err := transfer.Copy(t.Context(), from, to, w.dir, w.schema, transfer.Options{})
		var notEmpty *transfer.NotEmptyError
		if !errors.As(err, &notEmpty) {
			t.Fatalf("got %v, want a refusal", err)
		}
		for _, text := range found {
			if !strings.Contains(err.Error(), text) {
				t.Errorf("%q does not say %q", err, text)
			}
		}
	}
	refused(w.filled(t, newTarget, func(t testing.TB, api string) {
		create(t, api, "things", `{"name": "mine", "tags": ["red", "blue"]}`)
	}), "thing (1 row)", "tag (2 rows)")
	to := newTarget(t)
	must(t, to.Write(t.Context(), run(`CREATE TABLE "album" ("id" integer)`)))
	refused(to, "album")
	must(t, to.Write(t.Context(), run(`DROP TABLE "album"`)))
	w.copy(t, from, to, transfer.Options{})
	refused(to, "finished copy", "--update")
}

// run is the work that runs statements.
func run(statements ...string) func(context.Context, store.Tx) error {
	return func(ctx context.Context, tx store.Tx) error {
		for _, text := range statements {
			if _, err := tx.Exec(ctx, statement.Statement{SQL: text}); err != nil {
				return err
			}
		}
		return nil
	}
}

func updates(t *testing.T, newSource, newTarget open) {
	w := newWorld(t, models)
	from := w.filled(t, newSource, fillThings)
	to := newTarget(t)
	w.copy(t, from, to, transfer.Options{})
	api := w.serve(t, from)
	ask(t, "PATCH", api+"things/1", `{"name": "changed", "words": ["one"]}`)
	ask(t, "DELETE", api+"things/6", "")
	create(t, api, "things", `[{"name": "ordinary", "tags": ["later"]}, {"name": "null"}]`) // names that were others'
	report := w.copy(t, from, to, transfer.Options{Update: true})
	w.sameAnswers(t, api, w.serve(t, to))
	if things := report.Tables[0]; !report.Updated || things.Table != "thing" || things.Copied != 2 || things.Corrected != 2 {
		t.Errorf("got %+v", things)
	}

	ask(t, "PATCH", w.serve(t, to)+"things/1", `{"name": "kept here"}`)
	_, err := transfer.Copy(t.Context(), from, to, w.dir, w.schema, transfer.Options{Update: true})
	var changed *transfer.ChangedError
	if !errors.As(err, &changed) || changed.Table != "thing" {
		t.Errorf("got %v, want a refusal to overwrite what was written to the copy", err)
	}
}

func TestASourceWithOtherMigrationsIsRefused(t *testing.T) {
	w := newWorld(t, `type Planet { name: String! }`)
	from := w.filled(t, newSQLite, nil)
	older := w
	var err error
	w.schema, err = model.Parse("models.graphql", []byte(`type Planet { name: String! population: Int64 }`))
	must(t, err)
	w.migrate(t, w.dir.Path(), "add_population")
	to := newSQLite(t)
	_, err = transfer.Copy(t.Context(), from, to, w.dir, w.schema, transfer.Options{})
	if err == nil || !strings.Contains(err.Error(), "lacks the migration 0002_add_population") {
		t.Errorf("got %v", err)
	}
	_, err = migrate.Up(t.Context(), from, w.dir, migrate.Options{})
	must(t, err)
	_, err = transfer.Copy(t.Context(), from, to, older.dir, older.schema, transfer.Options{})
	if err == nil || !strings.Contains(err.Error(), "0002_add_population, which the project lacks") {
		t.Errorf("got %v", err)
	}
	if report := w.copy(t, from, to, transfer.Options{}); report.Resumed || report.Updated {
		t.Errorf("a refused copy has left something: %+v", report)
	}
}

func clearsSeeds(t *testing.T, newSource, newTarget open) {
	w := newWorld(t, `type Planet { name: String! @unique }`)
	folder := t.TempDir()
	w.migrate(t, folder, "init")
	for _, engine := range []string{"sqlite", "postgres"} {
		must(t, os.WriteFile(filepath.Join(folder, "0002_seed."+engine+".sql"), []byte(`INSERT INTO "planet" ("name") VALUES ('Hoth'), ('Endor');`), 0o600))
	}
	_, err := migrate.Hash(folder)
	must(t, err)
	w.dir, err = migrate.Open(folder)
	must(t, err)
	from := w.filled(t, newSource, func(t testing.TB, api string) { ask(t, "DELETE", api+"planets/1", "") })
	to := newTarget(t)
	w.copy(t, from, to, transfer.Options{})
	w.sameAnswers(t, w.serve(t, from), w.serve(t, to))
}

func runsNoTriggers(t *testing.T, newSource, newTarget open) {
	trigger := map[string]string{
		"sqlite": `CREATE TRIGGER "shout" AFTER INSERT ON "planet" BEGIN UPDATE "planet" SET "name" = upper("name") WHERE "id" = new."id"; END;`,
		"postgres": `CREATE FUNCTION shout() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN new."name" := upper(new."name"); RETURN new; END $$;
CREATE TRIGGER "shout" BEFORE INSERT ON "planet" FOR EACH ROW EXECUTE FUNCTION shout();`,
	}
	w := newWorld(t, `type Planet { name: String! @unique }`)
	folder := t.TempDir()
	w.migrate(t, folder, "init")
	for engine, text := range trigger {
		must(t, os.WriteFile(filepath.Join(folder, "0002_shout."+engine+".sql"), []byte(text), 0o600))
	}
	_, err := migrate.Hash(folder)
	must(t, err)
	w.dir, err = migrate.Open(folder)
	must(t, err)
	from := w.filled(t, newSource, func(t testing.TB, api string) {
		ask(t, "POST", api+"planets", `{"name": "Hoth"}`)
		ask(t, "PATCH", api+"planets/1", `{"name": "Hoth"}`)
	})
	to := newTarget(t)
	w.copy(t, from, to, transfer.Options{})
	after := w.serve(t, to)
	w.sameAnswers(t, w.serve(t, from), after)
	ask(t, "POST", after+"planets", `{"name": "Endor"}`)
	if list := ask(t, "GET", after+"planets?select=name&order=id", ""); list != `[{"name":"Hoth"},{"name":"ENDOR"}]` {
		t.Errorf("after the copy the trigger does not run again: %s", list)
	}
}

func isOneMoment(t *testing.T, newSource, newTarget open) {
	w := newWorld(t, `type Planet { name: String! } type Moon { planet: Planet! }`)
	from := w.filled(t, newSource, func(t testing.TB, api string) {
		ask(t, "POST", api+"planets", `{"name": "first"}`)
		ask(t, "POST", api+"moons", `{"planetId": 1}`)
	})
	api := w.serve(t, from)
	to := newTarget(t)
	added := false
	w.copy(t, from, to, transfer.Options{Progress: func(now transfer.Progress) {
		if now.Table == "planet" && !added { // its rows are read, those of moon are not
			added = true
			ask(t, "POST", api+"planets", `{"name": "second"}`)
			ask(t, "POST", api+"moons", `{"planetId": 2}`)
		}
	}})
	if list := ask(t, "GET", w.serve(t, to)+"moons", ""); list != `[{"id":1,"planetId":1}]` {
		t.Errorf("the copy has %s", list)
	}
	w.copy(t, from, to, transfer.Options{Update: true})
	w.sameAnswers(t, api, w.serve(t, to))
}

func resumes(t *testing.T, newSource, newTarget open) {
	w := newWorld(t, models)
	from := w.filled(t, newSource, func(t testing.TB, api string) {
		fillThings(t, api)
		fillMany(t, api, 2_500)
	})
	api := w.serve(t, from)
	to := newTarget(t)
	for stop := 1; ; stop++ {
		ctx, cancel := context.WithCancel(t.Context())
		steps := 0
		report, err := transfer.Copy(ctx, from, to, w.dir, w.schema, transfer.Options{Progress: func(transfer.Progress) {
			if steps++; steps == stop*stop {
				cancel()
			}
		}})
		cancel()
		if err == nil {
			if stop < 4 || !report.Resumed {
				t.Errorf("was stopped %d times: %+v", stop-1, report)
			}
			break
		}
		if !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		if err := transfer.CheckWhole(t.Context(), to); !errors.Is(err, transfer.ErrUnfinished) {
			t.Errorf("an unfinished copy is taken for a whole database: %v", err)
		}
		ask(t, "PATCH", fmt.Sprint(api, "things/", 100+stop), `{"small": -1, "words": []}`)
		ask(t, "DELETE", fmt.Sprint(api, "things/", 300+stop), "")
		create(t, api, "things", fmt.Sprintf(`{"name": "while stopped %d"}`, stop))
	}
	must(t, transfer.CheckWhole(t.Context(), to))
	w.sameAnswers(t, api, w.serve(t, to))
	w.sameTables(t, from, to)
}

// fillMany creates n things.
func fillMany(t testing.TB, api string, n int) {
	t.Helper()
	for at := 0; at < n; at += 1000 {
		var body bytes.Buffer
		for i := at; i < min(at+1000, n); i++ {
			separator := ","
			if i == at {
				separator = "["
			}
			fmt.Fprintf(&body, `%s{"name": "thing %d", "small": %d, "price": %d.5, "words": ["a", "b"], "data": {"n": %d}}`, separator, i, i, i, i)
		}
		body.WriteString("]")
		create(t, api, "things", body.String())
	}
}

// sameTables holds every table of a copy against the source: an update finds
// nothing to do.
func (w world) sameTables(t testing.TB, from, to store.Engine) {
	t.Helper()
	for _, table := range w.copy(t, from, to, transfer.Options{Update: true}).Tables {
		if table.Copied != 0 || table.Corrected != 0 {
			t.Errorf("an update finds something to do: %+v", table)
		}
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
