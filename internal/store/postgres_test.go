package store_test

import (
	"context"
	"testing"

	"github.com/larderhq/larder/internal/model"
	"github.com/larderhq/larder/internal/postgrestest"
	"github.com/larderhq/larder/internal/query"
	"github.com/larderhq/larder/internal/statement"
	"github.com/larderhq/larder/internal/store"
	"github.com/larderhq/larder/internal/store/postgres"
	"github.com/larderhq/larder/internal/store/storetest"
)

func TestRecordsOnPostgreSQL(t *testing.T) {
	database := postgrestest.Database(t)
	storetest.Records(t, func(t *testing.T, schema *model.Schema) func() (store.Engine, error) {
		address := postgrestest.Schema(t, database)
		open := func() (store.Engine, error) {
			return postgres.Open(t.Context(), address, postgres.Options{Connections: 6})
		}
		engine, err := open()
		if err != nil {
			t.Fatal(err)
		}
		makeTables(t, engine, schema)
		if err := engine.Close(); err != nil {
			t.Fatal(err)
		}
		return open
	})
}

// To plan a page takes as long as to read it. PostgreSQL keeps a plan after
// five that were made for the arguments, if these were no cheaper.
func TestPostgreSQLKeepsThePlanOfAPage(t *testing.T) {
	schema, err := model.Parse("models.graphql", []byte(planetsSDL))
	if err != nil {
		t.Fatal(err)
	}
	engine, err := postgres.Open(t.Context(), postgrestest.Database(t), postgres.Options{Connections: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer engine.Close() //nolint:errcheck // it always is nil
	makeTables(t, engine, schema)
	s, planet := store.New(engine, schema), schema.Type("Planet")
	creation := store.Creation{Query: query.Read{Type: planet, Version: 1}}
	for i := range 1000 {
		creation.Records = append(creation.Records, newPlanet(planet, i))
	}
	if _, err := s.Create(t.Context(), creation); err != nil {
		t.Fatal(err)
	}
	err = engine.Exclusive(t.Context(), func(ctx context.Context, conn store.Tx) error {
		_, err := conn.Exec(ctx, statement.Statement{SQL: "ANALYZE"})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	page := query.Read{Type: planet, Version: 1, Limit: 20}
	after := page
	after.After = []any{int64(500)}
	for range 10 {
		for _, q := range []query.Read{page, after} {
			if _, err := s.List(t.Context(), q); err != nil {
				t.Fatal(err)
			}
		}
	}
	kept := 0
	plans := statement.Statement{SQL: `SELECT generic_plans, statement FROM pg_prepared_statements WHERE statement LIKE 'SELECT concat%'`}
	err = engine.Read(t.Context(), plans, func(scan store.Scan) error {
		var uses int64
		var text string
		if err := scan(&uses, &text); err != nil {
			return err
		}
		if kept++; uses == 0 {
			t.Errorf("planned anew for each of ten reads: %s", text)
		}
		return nil
	})
	if err != nil || kept != 2 {
		t.Fatalf("%d statements are prepared, %v", kept, err)
	}
}
