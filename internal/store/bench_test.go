package store_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/larderhq/larder/internal/model"
	"github.com/larderhq/larder/internal/query"
	"github.com/larderhq/larder/internal/statement"
	"github.com/larderhq/larder/internal/store"
	"github.com/larderhq/larder/internal/store/sqlite"
)

const planetsSDL = `
type Planet {
  name: String! @unique @check(minLength: 1, maxLength: 200)
  population: Int64 @check(min: 0) @index
  terrains: [String!]!
  climates: [String!]!
}
`

// planets is a store of n planets with two lists each, and a read of all their
// attributes, 20 a page.
func planets(b *testing.B, n int) (*store.Store, store.Engine, query.Read) {
	b.Helper()
	schema, err := model.Parse("models.graphql", []byte(planetsSDL))
	if err != nil {
		b.Fatal(err)
	}
	engine, err := sqlite.Open(b.Context(), b.TempDir()+"/larder.db", sqlite.Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := engine.Close(); err != nil {
			b.Error(err)
		}
	})
	makeTables(b, engine, schema)
	s := store.New(engine, schema)
	q := query.Read{Type: schema.Type("Planet"), Version: 1, Limit: 20}
	c := store.Creation{Query: q}
	for i := range n {
		c.Records = append(c.Records, newPlanet(q.Type, i))
	}
	if _, err := s.Create(b.Context(), c); err != nil {
		b.Fatal(err)
	}
	return s, engine, q
}

func newPlanet(planet *model.Type, i int) []statement.Assignment {
	set := func(name string, value any) statement.Assignment {
		return statement.Assignment{Field: planet.Field(name), Op: statement.Set, Value: value}
	}
	return []statement.Assignment{
		set("name", fmt.Sprint("planet ", i)), set("population", int64(i)*1000),
		set("terrains", []any{"desert", "mountains"}), set("climates", []any{"arid"}),
	}
}

func BenchmarkItem(b *testing.B) {
	s, _, q := planets(b, 20_000)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if _, err := s.Item(b.Context(), q, int64(i*7919%20_000+1)); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkListOf20(b *testing.B) {
	s, _, q := planets(b, 20_000)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		q.After = []any{int64(i * 7919 % 19_000)}
		if _, err := s.List(b.Context(), q); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkHandWritten is what BenchmarkItem and BenchmarkListOf20 are to be
// compared with: one statement each that a person would write.
func BenchmarkHandWritten(b *testing.B) {
	_, engine, _ := planets(b, 20_000)
	const object = `json_object('id', id, 'name', name, 'population', population,
 'terrains', json((SELECT json_group_array(value) FROM (SELECT value FROM planet_terrains WHERE planet_id = p.id ORDER BY position))),
 'climates', json((SELECT json_group_array(value) FROM (SELECT value FROM planet_climates WHERE planet_id = p.id ORDER BY position))))`
	for name, sql := range map[string]string{
		"item":       "SELECT " + object + " FROM planet p WHERE id = ?",
		"list of 20": "SELECT json_group_array(json(item)) FROM (SELECT " + object + " AS item FROM planet p WHERE id > ? ORDER BY id LIMIT 20)",
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				var body []byte
				st := statement.Statement{SQL: sql, Args: []any{int64(i*7919%19_000 + 1)}}
				if err := engine.Read(b.Context(), st, func(scan store.Scan) error { return scan(&body) }); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkCreate(b *testing.B) {
	s, _, q := planets(b, 1)
	for _, size := range []int{1, 100} {
		b.Run(fmt.Sprint("of ", size), func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				c := store.Creation{Query: q, WithBody: true}
				for j := range size {
					record := newPlanet(q.Type, j)
					record[0].Value = strings.Join([]string{"new", fmt.Sprint(size), fmt.Sprint(b.N), fmt.Sprint(i), fmt.Sprint(j)}, "-")
					c.Records = append(c.Records, record)
				}
				if _, err := s.Create(b.Context(), c); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
