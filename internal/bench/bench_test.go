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
	"github.com/larderhq/larder/internal/rest"
	"github.com/larderhq/larder/internal/statement"
	"github.com/larderhq/larder/internal/store"
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

// world is a database of planets in a file, with larder's engine open on it.
type world struct {
	path   string
	schema *model.Schema
	engine store.Engine
}

// newWorld makes a database with n planets.
func newWorld(b *testing.B, n int) *world {
	b.Helper()
	schema, err := model.Parse("models.graphql", []byte(models))
	check(b, err)
	path := filepath.Join(b.TempDir(), "larder.db")
	engine, err := sqlite.Open(b.Context(), path, sqlite.Options{})
	check(b, err)
	b.Cleanup(func() { check(b, engine.Close()) })
	tables := append(migrate.Builtin(migrate.SQLite), migrate.Create(migrate.SQLite, schema)...)
	check(b, engine.Exclusive(b.Context(), func(ctx context.Context, conn store.Tx) error {
		for _, text := range tables {
			if _, err := conn.Exec(ctx, statement.Statement{SQL: text}); err != nil {
				return err
			}
		}
		return nil
	}))
	check(b, engine.Write(b.Context(), func(ctx context.Context, tx store.Tx) error { return insertPlanets(ctx, tx, n) }))
	return &world{path: path, schema: schema, engine: engine}
}

func insertPlanets(ctx context.Context, tx store.Tx, n int) error {
	for i := range n {
		name, population, terrains, climates := planet(i)
		id := int64(i + 1)
		if _, err := tx.Exec(ctx, statement.Statement{SQL: `INSERT INTO "planet" ("id", "name", "population") VALUES (?, ?, ?)`, Args: []any{id, name, population}}); err != nil {
			return err
		}
		for table, values := range map[string][]string{"planet_terrains": terrains, "planet_climates": climates} {
			for position, value := range values {
				text := `INSERT INTO "` + table + `" ("planet_id", "position", "value") VALUES (?, ?, ?)`
				if _, err := tx.Exec(ctx, statement.Statement{SQL: text, Args: []any{id, int64(position), value}}); err != nil {
					return err
				}
			}
		}
	}
	return nil
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
