//go:build unix

// Package bench_test measures larder next to what a person would write by
// hand for the same task: a net/http handler with one prepared statement, a
// group commit over database/sql, and a bare net/http handler as the ceiling.
// All contestants of a benchmark run in turns of a fraction of a second in the
// same process, so that whatever else the machine does meets them alike; the
// ratio between them is what counts. docs/performance.md has the figures and
// the commands.
package bench_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"github.com/larderhq/larder/internal/migrate"
	"github.com/larderhq/larder/internal/model"
	"github.com/larderhq/larder/internal/postgrestest"
	"github.com/larderhq/larder/internal/query"
	"github.com/larderhq/larder/internal/rest"
	"github.com/larderhq/larder/internal/statement"
	"github.com/larderhq/larder/internal/store"
	"github.com/larderhq/larder/internal/store/postgres"
	"github.com/larderhq/larder/internal/store/sqlite"
)

// planets is how many there are in the databases that are read.
const planets = 20_000

// models is the planets example.
const models = `
"A large mass, planet or planetoid."
type Planet @source(name: "swapi", path: "allPlanets.planets", key: ["name"]) {
  name: String! @unique @check(minLength: 1, maxLength: 200)
  population: Int64 @check(min: 0) @index
  terrains: [String!]!
  climates: [String!]!
}
`

// words are the terrains and climates that planets have, two of each.
var words = []string{"desert", "grasslands", "mountains", "jungle", "rainforests", "tundra", "ice caves", "swamp"}

// planet is the i-th planet, counted from 0.
func planet(i int) (name string, population int64, terrains, climates []string) {
	at := func(n int) string { return words[(i+n)%len(words)] }
	return fmt.Sprintf("Planet %06d", i), int64(i) * 1000, []string{at(0), at(1)}, []string{at(2), at(3)}
}

// shopping is the models of lists and their items.
const shopping = `
type ShoppingList {
  name: String! @unique
  items: [Item!]! @ref(onDelete: CASCADE)
}

type Item {
  name: String! @check(minLength: 1)
  quantity: Int! @check(min: 0)
  price: Decimal @check(min: 0)
  position: Int!
}
`

// lists is how many shopping lists there are, of 20 items each.
const lists = 2_000

// world is a database with larder's engine open on it.
type world struct {
	place  string // the path of the SQLite file, or the URL of the PostgreSQL database
	schema *model.Schema
	engine store.Engine
}

// open makes an empty database.
type open func(b *testing.B) (place string, engine store.Engine)

func onSQLite(b *testing.B) (path string, engine store.Engine) {
	b.Helper()
	path = filepath.Join(b.TempDir(), "larder.db")
	engine, err := sqlite.Open(b.Context(), path, sqlite.Options{})
	check(b, err)
	return path, engine
}

func onPostgres(b *testing.B) (address string, engine store.Engine) {
	b.Helper()
	address = postgrestest.Database(b)
	engine, err := postgres.Open(b.Context(), address, postgres.Options{})
	check(b, err)
	return address, engine
}

// newWorld makes a database with the tables of the models and no rows.
func newWorld(b *testing.B, open open, models string) *world {
	b.Helper()
	schema, err := model.Parse("models.graphql", []byte(models))
	check(b, err)
	place, engine := open(b)
	b.Cleanup(func() { check(b, engine.Close()) })
	dialect := engine.Dialect().Name()
	w := &world{place: place, schema: schema, engine: engine}
	w.exec(b, append(migrate.Builtin(dialect), migrate.Create(dialect, schema)...)...)
	return w
}

// exec runs statements, each for itself.
func (w *world) exec(b *testing.B, statements ...string) {
	b.Helper()
	check(b, w.engine.Exclusive(b.Context(), func(ctx context.Context, conn store.Tx) error {
		for _, text := range statements {
			if _, err := conn.Exec(ctx, statement.Statement{SQL: text}); err != nil {
				return err
			}
		}
		return nil
	}))
}

// newPlanets makes a database with n planets, whose ids begin at 1.
func newPlanets(b *testing.B, open open, n int) *world {
	b.Helper()
	w := newWorld(b, open, models)
	creation := store.Creation{Query: query.Read{Type: w.schema.Type("Planet"), Version: 1}}
	for i := range n {
		name, population, terrains, climates := planet(i)
		creation.Records = append(creation.Records, record(creation.Query.Type,
			"name", name, "population", population, "terrains", elements(terrains), "climates", elements(climates)))
	}
	w.create(b, creation)
	return w
}

// newLists makes a database with the shopping lists, whose ids begin at 1.
func newLists(b *testing.B, open open) *world {
	b.Helper()
	w := newWorld(b, open, shopping)
	creation := store.Creation{Query: query.Read{Type: w.schema.Type("ShoppingList"), Version: 1}}
	for i := range lists {
		items := store.Nested{Relation: creation.Query.Type.Field("items")}
		for j := range int64(20) {
			items.Records = append(items.Records, record(w.schema.Type("Item"),
				"name", fmt.Sprint("Item ", j), "quantity", j, "price", model.DecimalValue{Unscaled: j * 2500, Scale: 4}, "position", j))
		}
		creation.Records = append(creation.Records, record(creation.Query.Type, "name", fmt.Sprint("List ", i)))
		creation.Nested = append(creation.Nested, []store.Nested{items})
	}
	w.create(b, creation)
	return w
}

// create makes records; how many there are is known to the database then.
func (w *world) create(b *testing.B, creation store.Creation) {
	b.Helper()
	_, err := store.New(w.engine, w.schema).Create(b.Context(), creation)
	check(b, err)
	if w.engine.Dialect().Name() == migrate.Postgres {
		w.exec(b, "VACUUM ANALYZE") // which the server does by itself, but at a time of its own choice
	}
}

// record is a record of the type with the fields, a name and a value each.
func record(t *model.Type, fields ...any) (assignments []statement.Assignment) {
	for i := 0; i < len(fields); i += 2 {
		name, _ := fields[i].(string)
		assignments = append(assignments, statement.Assignment{Field: t.Field(name), Op: statement.Set, Value: fields[i+1]})
	}
	return assignments
}

func elements(words []string) (list []any) {
	for _, word := range words {
		list = append(list, word)
	}
	return list
}

// larder serves the world with everything that larder does by default, its log
// of every request included, and returns its address.
func (w *world) larder(b *testing.B) (address string) {
	b.Helper()
	server, err := rest.New(rest.Settings{Name: "planets", Logger: slog.New(slog.NewJSONHandler(io.Discard, nil))}, store.New(w.engine, w.schema), w.schema)
	check(b, err)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	check(b, err)
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- server.Serve(ctx, listener) }()
	b.Cleanup(func() {
		stop()
		check(b, <-done)
	})
	return listener.Addr().String()
}

// serve serves a handler as plain net/http does and returns its address.
func serve(b *testing.B, handler http.Handler) (address string) {
	b.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	check(b, err)
	server := &http.Server{Handler: handler, ReadHeaderTimeout: time.Minute}
	done := make(chan error, 1)
	go func() { done <- server.Serve(listener) }()
	b.Cleanup(func() {
		check(b, server.Close())
		if err := <-done; !errors.Is(err, http.ErrServerClosed) {
			b.Error(err)
		}
	})
	return listener.Addr().String()
}

func check(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}
