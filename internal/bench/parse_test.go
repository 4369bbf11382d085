//go:build unix

package bench_test

import (
	"os"
	"testing"

	"github.com/larderhq/larder/internal/model"
	"github.com/larderhq/larder/internal/query"
	"github.com/larderhq/larder/internal/statement"
)

// BenchmarkModelParse reads a models file, comments and directives and all.
func BenchmarkModelParse(b *testing.B) {
	text, err := os.ReadFile("../../examples/planets/models.graphql")
	check(b, err)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		_, err := model.Parse("models.graphql", text)
		check(b, err)
	}
}

// BenchmarkQueryToStatement turns the query of a request into SQL.
func BenchmarkQueryToStatement(b *testing.B) {
	schema, err := model.Parse("models.graphql", []byte(models))
	check(b, err)
	builder := statement.NewBuilder(statement.SQLite())
	queries := map[string]string{
		"plain":    "",
		"page":     "limit=20&offset=40&order=population.desc.nullslast,name",
		"filtered": "population=gte.1000000&or=(name.ilike.*oo*,climates.cs.{arid})&select=name,population&order=name&limit=20",
	}
	for name, text := range queries {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				request, err := query.Parse(schema.Types[0], 1, text, query.Limits{})
				check(b, err)
				_, err = builder.List(request.Read)
				check(b, err)
			}
		})
	}
}
