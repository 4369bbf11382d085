package query_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/larderhq/larder/internal/model"
	"github.com/larderhq/larder/internal/query"
)

// planets is a model with a field of every sort that the grammar tells apart.
const planets = `
enum Class { M K }

type Planet {
  name: String! @unique
  population: Int64 @index
  diameter: Float
  gravity: Decimal @decimal(precision: 6, scale: 3)
  inhabited: Boolean
  class: Class
  discovered: Date
  seen: DateTime
  day: Duration
  code: UUID
  notes: JSON
  picture: Bytes
  terrains: [String!]!
  moons: [Int!]! @json
  limit: Int
  secret: String @hidden
  albedo: Float @since(version: 2)
  star: Star
  residents: [Person!]!
}

type Star {
  name: String!
  planet: Planet
}

type Person { name: String! }
`

// planet parses the model.
func planet(t testing.TB) *model.Type {
	t.Helper()
	schema, err := model.Parse("models.graphql", []byte(planets))
	if err != nil {
		t.Fatal(err)
	}
	return schema.Types[0]
}

// shown writes a filter so that its structure and the types of its values can
// be read.
func shown(f *query.Filter) string {
	if f == nil {
		return "everything"
	}
	var text strings.Builder
	if f.Not {
		text.WriteString("not ")
	}
	if f.Op == query.And || f.Op == query.Or {
		text.WriteString(string(f.Op) + "(")
		for i, branch := range f.Filters {
			if i > 0 {
				text.WriteString(", ")
			}
			text.WriteString(shown(branch))
		}
		return text.String() + ")"
	}
	if f.Embed != nil {
		return text.String() + fmt.Sprintf("%s is %v", f.Embed.Relation.Name, f.Values)
	}
	fmt.Fprintf(&text, "%s %s", f.Field.JSONName(), f.Op)
	if f.Quantifier != query.One {
		fmt.Fprintf(&text, "(%s)", f.Quantifier)
	}
	for _, value := range f.Values {
		fmt.Fprintf(&text, " %T:%v", value, value)
	}
	return text.String()
}
