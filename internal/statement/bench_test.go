package statement_test

import (
	"testing"

	"github.com/larderhq/larder/internal/query"
	"github.com/larderhq/larder/internal/statement"
)

func BenchmarkItem(b *testing.B) {
	planet := goldenSchema(b).Type("Planet")
	builder := statement.NewBuilder(statement.SQLite())
	q := parsed(b, planet, "")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := builder.Item(q, int64(7)); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkList(b *testing.B) {
	planet := goldenSchema(b).Type("Planet")
	for name, raw := range map[string]string{
		"of 20":               "limit=20",
		"filtered and sorted": "population=gte.1000000&or=(name.ilike.*oo*,climates.cs.{arid})&select=name,terrains&order=population.desc.nullslast&limit=20",
	} {
		for _, d := range []statement.Dialect{statement.SQLite(), statement.Postgres()} {
			builder := statement.NewBuilder(d)
			b.Run(name+" "+d.Name(), func(b *testing.B) {
				q := parsed(b, planet, raw)
				b.ReportAllocs()
				for b.Loop() {
					if _, err := builder.List(q); err != nil {
						b.Fatal(err)
					}
				}
			})
			b.Run(name+" from the URL "+d.Name(), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					r, err := query.Parse(planet, 1, raw, query.Limits{})
					if err != nil {
						b.Fatal(err)
					}
					if _, err := builder.List(r.Read); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
