package model_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/larderhq/larder/internal/model"
)

const renamedModels = `
type Basket @renamed(from: "ShoppingList", version: 3) @unique(fields: ["title", "shop"]) {
  title: String! @renamed(from: "name", version: 2)
  shop: String @renamed(from: "store")
  entries: [Entry!]! @renamed(from: "items", version: 3)
}
type Entry {
  amount: Int! @renamed(from: "qty", version: 2) @renamed(from: "quantity", version: 4)
  brand: Brand @renamed(from: "maker", version: 2)
  position: Int @renamed(from: "place", version: 2)
}
type Brand @since(version: 2) { name: String! }
`

// shape is what an API version sees of the models.
func shape(schema *model.Schema, version int) string {
	var lines []string
	for _, t := range schema.In(version).Types {
		if t.Served(version) {
			lines = append(lines, fmt.Sprintf("%s %s %s: %s", t.Name, t.Table(), t.Resource(), attributeNames(t.Attributes(version))))
		}
	}
	return strings.Join(lines, "\n")
}

func TestAVersionHasTheNamesOfItsTime(t *testing.T) {
	schema := parse(t, renamedModels)
	if got := fmt.Sprint(schema.Versions()); got != "[1 2 3 4]" {
		t.Errorf("versions %s", got)
	}
	for version, want := range map[int]string{
		1: "ShoppingList basket shopping-lists: id name shop\nEntry entry entries: id qty place shoppingListId",
		2: "ShoppingList basket shopping-lists: id title shop\nEntry entry entries: id quantity brandId position shoppingListId\nBrand brand brands: id name",
		3: "Basket basket baskets: id title shop\nEntry entry entries: id quantity brandId position basketId\nBrand brand brands: id name",
		4: "Basket basket baskets: id title shop\nEntry entry entries: id amount brandId position basketId\nBrand brand brands: id name",
		0: "Basket basket baskets: id title shop\nEntry entry entries: id amount brandId position basketId\nBrand brand brands: id name",
	} {
		if got := shape(schema, version); got != want {
			t.Errorf("version %d has\n%s\nwant\n%s", version, got, want)
		}
	}
}

func TestAnEarlierVersionIsASchemaOfItsOwn(t *testing.T) {
	schema := parse(t, renamedModels)
	first := schema.In(1)
	if schema.In(4) != schema || schema.In(0) != schema || schema.In(9) != schema {
		t.Error("a version without earlier names is not the schema itself")
	}
	if schema.In(1) != first || first.In(4) != first {
		t.Error("the schema of a version is not always the same")
	}
	list, item := first.Type("Basket"), first.Type("Entry")
	if first.ByResource(1, "shopping-lists") != list || first.ByResource(1, "baskets") != nil {
		t.Error("the resource has not its earlier name")
	}
	items := list.Field("entries")
	if items.Name != "items" || items.PathName() != "items" || items.Owner != list || items.Relation.Target != item {
		t.Errorf("the list is %s of %s to %s", items.Name, items.Owner.Name, items.Relation.Target.Name)
	}
	if key := items.Relation.Inverse; key.Relation.Target != list || key.Owner != item || key.Column() != "basket_id" || key != item.Field("basket") {
		t.Errorf("the foreign key is %s.%s, column %s", key.Owner.Name, key.Name, key.Column())
	}
	if fields := list.Uniques[0].Fields; fields[0] != list.Field("title") || fields[0].JSONName() != "name" {
		t.Errorf("the key is over %v", fields[0].Name)
	}
	for _, typ := range schema.Types {
		for _, f := range append([]*model.Field{typ.ID}, typ.Fields...) {
			earlier := first.Own(f)
			if earlier == nil || earlier == f || earlier.Column() != f.Column() || schema.Own(earlier) != f || first.Own(earlier) != earlier || schema.In(2).Own(earlier) == earlier {
				t.Errorf("%s.%s is %v in version 1", typ.Name, f.Name, earlier)
			}
		}
	}
	if got := parse(t, schema.String()).String(); got != schema.String() || !strings.Contains(got, `@renamed(from: "qty", version: 2) @renamed(from: "quantity", version: 4)`) {
		t.Errorf("printed\n%s", got)
	}
}

func TestAReferenceComesAndGoesWithItsResource(t *testing.T) {
	schema := parse(t, `
type A { b: B w: W words: [W!]! c: C }
type B @since(version: 2) { x: Int  cs: [C!]! }
type C @until(version: 3) { x: Int }
type W @vocabulary @since(version: 2) { word: String! }
`)
	for version, want := range map[int]string{1: "id w words cId", 2: "id bId w words cId", 3: "id bId w words"} {
		if got := attributeNames(schema.Type("A").Attributes(version)); got != want {
			t.Errorf("version %d: got %s, want %s", version, got, want)
		}
	}
	if got := attributeNames(schema.Type("C").Attributes(1)); got != "id x" {
		t.Errorf("the implicit key of a list that comes later: %s", got)
	}
}
