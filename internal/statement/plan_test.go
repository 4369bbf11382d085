package statement_test

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"github.com/larderhq/larder/internal/migrate"
	"github.com/larderhq/larder/internal/model"
	"github.com/larderhq/larder/internal/query"
	"github.com/larderhq/larder/internal/statement"
	"github.com/larderhq/larder/internal/store"
	"github.com/larderhq/larder/internal/store/sqlite"
)

// A page in an order that an index has is read from that index, first page or
// any other, wherever nulls go: nothing is sorted but the rows of the page.
func TestSQLiteReadsPagesFromIndexes(t *testing.T) {
	schema := goldenSchema(t)
	engine := onSQLite(t, schema)
	planet := schema.Type("Planet")
	for _, order := range []string{
		"id.asc", "id.desc", "name", "name.desc",
		"population", "population.desc", "population.nullsfirst", "population.desc.nullslast",
	} {
		q := parsed(t, planet, "limit=20&order="+order)
		position := []any{int64(1000), int64(7)}
		switch {
		case strings.HasPrefix(order, "id"):
			position = []any{int64(7)}
		case strings.HasPrefix(order, "name"):
			position = []any{"Hoth", int64(7)}
		}
		after, before, offset := q, q, q
		after.After, before.Before, offset.Offset = position, position, 20
		for name, page := range map[string]query.Read{"first": q, "after": after, "before": before, "offset": offset} {
			t.Run(order+" "+name, func(t *testing.T) {
				st, err := statement.NewBuilder(statement.SQLite()).List(page)
				if err != nil {
					t.Fatal(err)
				}
				plan := explained(t, engine, st)
				sorted := strings.Count(plan, "TEMP B-TREE")
				if strings.Contains(plan, "COMPOUND") || name == "offset" {
					sorted-- // the rows of the page itself
				}
				if sorted > 0 {
					t.Errorf("%s\n%s", st.SQL, plan)
				}
			})
		}
	}
}

// Filters on what a unique constraint, an index or a key holds use it.
func TestSQLiteSearchesWhatIsIndexed(t *testing.T) {
	schema := goldenSchema(t)
	engine := onSQLite(t, schema)
	for query, index := range map[string]string{
		"name=eq.Hoth":             "planet_name_key",
		"population=gt.1000":       "planet_population_idx",
		"population=in.(1,2,3)":    "planet_population_idx",
		"population=is.null":       "planet_population_idx",
		"id=in.(1,2,3)":            "INTEGER PRIMARY KEY",
		"terrains=cs.{desert}":     "planet_terrains_value_idx",
		"terrains=ov.{desert,ice}": "planet_terrains_value_idx",
	} {
		t.Run(query, func(t *testing.T) {
			q := parsed(t, schema.Type("Planet"), query)
			count, err := statement.NewBuilder(statement.SQLite()).Count(q)
			if err != nil {
				t.Fatal(err)
			}
			if plan := explained(t, engine, count); !strings.Contains(plan, index) {
				t.Errorf("%s\n%s", count.SQL, plan)
			}
		})
	}
}

// onSQLite makes a SQLite file with the tables of the schema.
func onSQLite(t testing.TB, schema *model.Schema) store.Engine {
	t.Helper()
	engine, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "larder.db"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := engine.Close(); err != nil {
			t.Error(err)
		}
	})
	err = engine.Exclusive(t.Context(), func(ctx context.Context, conn store.Tx) error {
		for _, sql := range append(migrate.Builtin(migrate.SQLite), migrate.Create(migrate.SQLite, schema)...) {
			if _, err := conn.Exec(ctx, statement.Statement{SQL: sql}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return engine
}

// explained is SQLite's plan for a statement.
func explained(t *testing.T, engine store.Engine, st statement.Statement) string {
	t.Helper()
	var plan strings.Builder
	st.SQL = "EXPLAIN QUERY PLAN " + st.SQL
	err := engine.Read(t.Context(), st, func(scan store.Scan) error {
		var id, parent, unused int64
		var detail string
		if err := scan(&id, &parent, &unused, &detail); err != nil {
			return err
		}
		plan.WriteString(detail + "\n")
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return plan.String()
}
