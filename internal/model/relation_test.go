package model_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/larderhq/larder/internal/model"
)

func parse(t testing.TB, text string) *model.Schema {
	t.Helper()
	schema, err := model.Parse("models.graphql", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// ends tells a relation in a line, from one end to the other.
func ends(f *model.Field) string {
	kind := map[model.Kind]string{model.ToOne: "one", model.ToMany: "many", model.ManyToMany: "many-many"}[f.Kind]
	inverse := "-"
	if f.Relation.Inverse != nil {
		inverse = f.Relation.Inverse.Owner.Name + "." + f.Relation.Inverse.Name
		if f.Relation.Inverse.Implicit {
			inverse += "(implicit)"
		}
	}
	text := fmt.Sprintf("%s %s %s", kind, inverse, f.Relation.OnDelete)
	if f.Kind == model.ManyToMany {
		text += fmt.Sprintf(" %s(%s,%s)", f.ValueTable(), f.OwnerColumn(), f.TargetColumn())
	}
	if f.Kind == model.ToOne {
		text += fmt.Sprintf(" %s %s", f.Column(), f.JSONName())
	}
	return text
}

func TestRelationsFindTheirOtherEnd(t *testing.T) {
	tests := []struct {
		name, text string
		want       map[string]string
	}{
		{
			"to one, alone", "type A { b: B }\ntype B { x: Int }",
			map[string]string{"A.b": "one - RESTRICT b_id bId"},
		},
		{
			"to many, with an implicit foreign key", "type ShoppingList { items: [Item!]! @ref(onDelete: CASCADE) }\ntype Item { x: Int }",
			map[string]string{
				"ShoppingList.items": "many Item.shoppingList(implicit) CASCADE",
				"Item.shoppingList":  "one ShoppingList.items CASCADE shopping_list_id shoppingListId",
			},
		},
		{
			"to many, with a declared foreign key", "type List { items: [Item!]! }\ntype Item { list: List! @ref(onDelete: CASCADE) }",
			map[string]string{"List.items": "many Item.list CASCADE", "Item.list": "one List.items CASCADE list_id listId"},
		},
		{
			"lists on both sides", "type Film { planets: [Planet!]! }\ntype Planet { films: [Film!]! }",
			map[string]string{
				"Film.planets": "many-many Planet.films CASCADE film_planets(film_id,planet_id)",
				"Planet.films": "many-many Film.planets CASCADE film_planets(planet_id,film_id)",
			},
		},
		{
			"a list of its own type", "type Person { friends: [Person!]! }",
			map[string]string{"Person.friends": "many-many - CASCADE person_friends(person_id,friend_id)"},
		},
		{
			"two lists of its own type", "type Person { parents: [Person!]! children: [Person!]! }",
			map[string]string{
				"Person.parents":  "many-many Person.children CASCADE person_parents(person_id,parent_id)",
				"Person.children": "many-many Person.parents CASCADE person_parents(parent_id,person_id)",
			},
		},
		{
			"a tree", "type Node { parent: Node @ref(onDelete: SET_NULL) children: [Node!]! }",
			map[string]string{"Node.parent": "one Node.children SET_NULL parent_id parentId", "Node.children": "many Node.parent SET_NULL"},
		},
		{
			"a vocabulary", "type Planet { terrains: [Terrain!]! climate: Climate }\ntype Terrain @vocabulary { word: String! }\ntype Climate @vocabulary { word: String! }",
			map[string]string{
				"Planet.terrains": "many-many - CASCADE planet_terrains(planet_id,terrain_id)",
				"Planet.climate":  "one - RESTRICT climate_id climate",
			},
		},
		{
			"two relations to one type, the ends stated",
			`type User { written: [Post!]! @ref(inverse: "author") edited: [Post!]! @ref(onDelete: SET_NULL, inverse: "editor") }` +
				"\ntype Post { author: User! editor: User reviewer: User }",
			map[string]string{
				"User.written":  "many Post.author RESTRICT",
				"User.edited":   "many Post.editor SET_NULL",
				"Post.author":   "one User.written RESTRICT author_id authorId",
				"Post.editor":   "one User.edited SET_NULL editor_id editorId",
				"Post.reviewer": "one - RESTRICT reviewer_id reviewerId",
			},
		},
		{
			"lists on both sides, the end stated", `type A { bs: [B!]! @ref(inverse: "as") best: B }` + "\ntype B { as: [A!]! }",
			map[string]string{
				"A.bs":   "many-many B.as CASCADE a_bs(a_id,b_id)",
				"B.as":   "many-many A.bs CASCADE a_bs(b_id,a_id)",
				"A.best": "one - RESTRICT best_id bestId",
			},
		},
		{
			"a list that is its own other end", `type P { ps: [P!]! @ref(inverse: "ps") parent: P }`,
			map[string]string{"P.ps": "many-many - CASCADE p_ps(p_id,target_id)", "P.parent": "one - RESTRICT parent_id parentId"},
		},
		{
			"names with underscores", "type A { shopping_list: B }\ntype B { x: Int }",
			map[string]string{"A.shopping_list": "one - RESTRICT shopping_list_id shopping_list_id"},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			schema := parse(t, test.text)
			for path, want := range test.want {
				typeName, fieldName, _ := strings.Cut(path, ".")
				field := schema.Type(typeName).Field(fieldName)
				if field == nil {
					t.Fatalf("no field %s", path)
				}
				if got := ends(field); got != want {
					t.Errorf("%s: got %s, want %s", path, got, want)
				}
			}
			if again := parse(t, schema.String()).String(); again != schema.String() {
				t.Errorf("printed\n%s\nand again\n%s", schema, again)
			}
		})
	}
}

func TestConstraintsHaveStableNames(t *testing.T) {
	schema := parse(t, `
type Planet @unique(fields: ["name", "system"]) @index(fields: ["system", "population"]) {
  name: String! @unique
  system: String
  population: Int64 @check(min: 0) @index
  kind: Kind
  habitable: Boolean
  terrains: [String!]! @check(minLength: 1)
  films: [Film!]!
  star: Star
  sun: Star @unique
  tags: [String!] @json
}
type Film { planets: [Planet!]! }
type Star { name: String! }
enum Kind { ROCK GAS }
`)
	kinds := map[model.ConstraintKind]string{
		model.UniqueConstraint: "unique", model.CheckConstraint: "check", model.ForeignKeyConstraint: "foreign key", model.PlainIndex: "index",
	}
	describe := func(c model.Constraint) string {
		text := fmt.Sprintf("%s: %s %s(%s)", c.Name, kinds[c.Kind], c.Table, strings.Join(c.Columns, ","))
		if c.Target != nil {
			text += fmt.Sprintf(" → %s %s", c.Target.Table(), c.OnDelete)
		}
		return text
	}
	want := []string{
		"planet_name_key: unique planet(name)",
		"planet_population_check: check planet(population)",
		"planet_population_idx: index planet(population)",
		"planet_kind_check: check planet(kind)",
		"planet_habitable_check: check planet(habitable)",
		"planet_star_id_fkey: foreign key planet(star_id) → star RESTRICT",
		"planet_sun_id_key: unique planet(sun_id)",
		"planet_sun_id_fkey: foreign key planet(sun_id) → star RESTRICT",
		"planet_tags_check: check planet(tags)",
		"planet_name_system_key: unique planet(name,system)",
		"planet_system_population_idx: index planet(system,population)",
		"planet_star_id_idx: index planet(star_id)",
		"planet_terrains_planet_id_fkey: foreign key planet_terrains(planet_id) → planet CASCADE",
		"planet_terrains_value_check: check planet_terrains(value)",
		"planet_terrains_value_idx: index planet_terrains(value)",
		"planet_films_planet_id_fkey: foreign key planet_films(planet_id) → planet CASCADE",
		"planet_films_film_id_fkey: foreign key planet_films(film_id) → film CASCADE",
		"planet_films_film_id_idx: index planet_films(film_id)",
	}
	var got []string
	for _, c := range schema.Type("Planet").Constraints() {
		got = append(got, describe(c))
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if got := schema.Type("Film").Constraints(); len(got) != 0 {
		t.Errorf("the other side of a join table has %v", got)
	}
	if got := schema.Type("Planet").Field("terrains").CheckName(); got != "planet_terrains_value_check" {
		t.Errorf("CheckName is %s", got)
	}
}

func attributeNames(fields []*model.Field) string {
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.JSONName()
	}
	return strings.Join(names, " ")
}

func TestAttributesFollowTheVersion(t *testing.T) {
	schema := parse(t, `
type Item @since(version: 2) {
  name: String!
  price: Decimal @since(version: 3)
  cost: Decimal @until(version: 3)
  secret: String @hidden
  list: List
  tags: [String!]!
  kind: Kind
  parts: [Part!]!
}
type List { items: [Item!]! }
type Kind @vocabulary { word: String! }
type Part { x: Int @since(version: 5) }
`)
	item := schema.Type("Item")
	for version, want := range map[int]string{
		0: "id name price cost listId tags kind",
		1: "id name cost listId tags kind",
		2: "id name cost listId tags kind",
		3: "id name price listId tags kind",
		9: "id name price listId tags kind",
	} {
		if got := attributeNames(item.Attributes(version)); got != want {
			t.Errorf("version %d: got %s, want %s", version, got, want)
		}
	}
	if got := item.Attributes(-1); got != nil {
		t.Errorf("version -1 has %s", attributeNames(got))
	}
	if item.Attribute(3, "price") == nil || item.Attribute(2, "price") != nil || item.Attribute(0, "secret") != nil || item.Attribute(0, "list") != nil {
		t.Error("Attribute does not agree with Attributes")
	}
	if got, want := attributeNames(schema.Type("Part").Attributes(5)), "id x itemId"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := fmt.Sprint(schema.Versions()); got != "[1 2 3 4 5]" {
		t.Errorf("versions %s", got)
	}
	if schema.ByResource(1, "items") != nil || schema.ByResource(2, "items") != item || schema.ByResource(0, "items") != item || schema.ByResource(1, "nothing") != nil {
		t.Error("ByResource does not follow the version")
	}
	if word := schema.Type("Kind").Word(); word == nil || word.Name != "word" || !word.Unique || item.Word() != nil {
		t.Errorf("the word of a vocabulary is %v", word)
	}
	allocations := testing.AllocsPerRun(100, func() {
		_ = item.Attributes(3)
		_ = item.Attribute(3, "price")
		_ = schema.ByResource(3, "items")
		_ = item.Resource() + item.Table()[:0]
	})
	if allocations != 0 {
		t.Errorf("looking up allocates %v times", allocations)
	}
}

func TestResourcesArePluralsInKebabCase(t *testing.T) {
	for name, want := range map[string]string{
		"Planet": "planets", "ShoppingList": "shopping-lists", "Person": "people", "Category": "categories", "Series": "series",
		"Species": "species", "StatusCode": "status-codes", "Status": "statuses", "HTTPRoute": "http-routes", "Box": "boxes", "Items": "items",
	} {
		if got := parse(t, "type "+name+" { x: Int }").Type(name).Resource(); got != want {
			t.Errorf("%s: got %s, want %s", name, got, want)
		}
	}
}
