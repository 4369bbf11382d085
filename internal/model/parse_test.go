package model_test

import (
	"testing"

	"github.com/larderhq/larder/internal/model"
)

const example = `# The models of a test.

"A large mass, planet or planetoid."
type Planet @source(name: "swapi", path: "allPlanets.planets", key: ["name"]) {
  name: String! @unique @check(minLength: 1, maxLength: 200)
  population: Int64 @check(min: 0) @index  # null: unknown upstream
  terrains: [String!]!
  climates: [String!]!
}

type ShoppingList @source(name: "lists", path: "shoppingLists", key: ["id"]) {
  name: String! @unique
  items: [Item!]! @ref(onDelete: CASCADE)
}

# One line of a list.
type Item @index(fields: ["name", "shoppingList"]) {
  # counted by larder
  id: UUID!
  name: String! @check(minLength: 1)
  quantity: Int! @default(value: "1") @check(min: 0)
  price: Decimal @check(min: 0) @since(version: 2)
  # more to come
}
`

func TestThePrintedSchemaIsTheParsedText(t *testing.T) {
	schema, err := model.Parse("models.graphql", []byte(example))
	if err != nil {
		t.Fatal(err)
	}
	if got := schema.String(); got != example {
		t.Errorf("printed:\n%s", got)
	}
}

func TestNamesAndConstraintsOfTheExample(t *testing.T) {
	schema, err := model.Parse("models.graphql", []byte(example))
	if err != nil {
		t.Fatal(err)
	}
	for _, typ := range schema.Types {
		t.Log(typ.Table(), typ.Resource())
		for _, f := range typ.Attributes(1) {
			t.Log("  ", f.JSONName(), f.Column(), f.ValueTable(), f.OwnerColumn())
		}
		for _, c := range typ.Constraints() {
			t.Log("  ", c.Name, c.Table, c.Columns)
		}
	}
}
