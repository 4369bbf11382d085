package importer_test

import (
	"strings"
	"testing"

	"github.com/larderhq/larder/internal/importer"
)

func (w *world) lists(t *testing.T, lists map[string]string) []importer.TypeReport {
	t.Helper()
	report, err := w.run(answer(t, lists), importer.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return report.Types
}

// summaries is what became of each type, in words.
func summaries(types []importer.TypeReport) string {
	lines := make([]string, len(types))
	for i, typ := range types {
		lines[i] = typ.Type + ": " + typ.Summary()
	}
	return strings.Join(lines, "\n")
}

func (w *world) expect(t *testing.T, sql, want string) {
	t.Helper()
	if got := w.rows(sql); got != want {
		t.Errorf("%s\nis:\n%s\nwant:\n%s", sql, got, want)
	}
}

const listModels = `
type ShoppingList @source(name: "swapi", path: "shoppingLists", key: ["id"]) {
  name: String! @unique
  items: [Item!]! @ref(onDelete: CASCADE)
}

type Item {
  name: String!
  quantity: Int! @default(value: "1") @check(min: 0)
  position: Int
}`

const itemRows = `i.id, i.name, i.quantity, i.position, l.name) FROM item i JOIN shopping_list l ON l.id = i.shopping_list_id ORDER BY i.id`

func TestAListOfObjectsBecomesRowsThatPointToTheirOwner(t *testing.T) {
	w := newWorld(t, listModels)
	types := w.lists(t, map[string]string{"shoppingLists": `[
		{"id":"a","name":"Market","items":[{"name":"Apples","quantity":3},{"name":"Bread"}]},
		{"id":"b","name":"Hardware","items":[{"name":"Nails","quantity":100}]}]`})
	if got, want := summaries(types), "ShoppingList: 2 created\nItem: 3 created"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	w.expect(t, itemRows, "1|Apples|3|0|Market\n2|Bread|1|1|Market\n3|Nails|100|0|Hardware")
	w.expect(t, `key, record_id) FROM larder_origin WHERE type = 'Item' ORDER BY key`, `[["a"],"items",0]|1`+"\n"+`[["a"],"items",1]|2`+"\n"+`[["b"],"items",0]|3`)

	types = w.lists(t, map[string]string{"shoppingLists": `[
		{"id":"a","name":"Market","items":[{"name":"Apples","quantity":4}]},
		{"id":"b","name":"Hardware","items":[{"name":"Nails","quantity":100},{"name":"Glue"}]}]`})
	if got, want := summaries(types), "ShoppingList: 2 unchanged\nItem: 1 created, 1 updated, 1 unchanged, 1 removed"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	w.expect(t, itemRows, "1|Apples|4|0|Market\n3|Nails|100|0|Hardware\n4|Glue|1|1|Hardware")
}

func TestRowsOfADeletedOwnerAreNotCreated(t *testing.T) {
	w := newWorld(t, listModels)
	w.lists(t, map[string]string{"shoppingLists": `[{"id":"a","name":"Market","items":[{"name":"Apples"}]}]`})
	w.exec(`DELETE FROM shopping_list`)
	types := w.lists(t, map[string]string{"shoppingLists": `[{"id":"a","name":"Market","items":[{"name":"Apples"},{"name":"Bread"}]}]`})
	if got, want := summaries(types), "ShoppingList: 1 deleted here\nItem: 2 deleted here"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	w.expect(t, `count(*)) FROM item`, "0")
}

const filmModels = `
type Film @source(name: "swapi", path: "films", key: ["title"]) {
  title: String! @unique
  director: Person
  cast: [Person!]! @ref(inverse: "films")
}

type Person @source(name: "swapi", path: "people", key: ["name"]) {
  name: String! @unique
  height: Int
  films: [Film!]! @ref(inverse: "cast")
}`

const castRows = `f.title, (SELECT name FROM person WHERE id = f.director_id), (SELECT group_concat(p.name ORDER BY c.position) FROM film_cast c JOIN person p ON p.id = c.person_id WHERE c.film_id = f.id)) FROM film f ORDER BY f.id`

func TestTheSameObjectInSeveralPlacesIsOneRow(t *testing.T) {
	w := newWorld(t, filmModels)
	types := w.lists(t, map[string]string{
		"films": `[
			{"title":"A New Hope","director":{"name":"Lucas"},"cast":[{"name":"Luke"},{"name":"Leia"}]},
			{"title":"The Empire","director":{"name":"Kershner"},"cast":[{"name":"Leia"},{"name":"Luke"},{"name":"Lucas"}]}]`,
		"people": `[{"name":"Leia","height":150}]`,
	})
	if got, want := summaries(types), "Person: 4 created\nFilm: 2 created"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	w.expect(t, castRows, "A New Hope|Lucas|Luke,Leia\nThe Empire|Kershner|Leia,Luke,Lucas")
	w.expect(t, `name, height) FROM person WHERE height IS NOT NULL`, "Leia|150")

	types = w.lists(t, map[string]string{
		"films": `[
			{"title":"A New Hope","director":{"name":"Lucas"},"cast":[{"name":"Leia"}]},
			{"title":"The Empire","director":null,"cast":[{"name":"Leia"},{"name":"Luke"},{"name":"Lucas"}]}]`,
		"people": `[{"name":"Leia","height":150}]`,
	})
	if got, want := summaries(types), "Person: 3 unchanged, 1 removed\nFilm: 2 updated"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	w.expect(t, castRows, "A New Hope|Lucas|Leia\nThe Empire|Leia,Luke,Lucas")
}

func TestARelationThatWasChangedHereIsKept(t *testing.T) {
	w := newWorld(t, filmModels)
	first := `[{"title":"A New Hope","director":{"name":"Lucas"},"cast":[{"name":"Luke"}]}]`
	w.lists(t, map[string]string{"films": first})
	w.exec(`INSERT INTO person (name) VALUES ('Local')`)
	w.exec(`UPDATE film SET director_id = (SELECT id FROM person WHERE name = 'Local')`)
	w.exec(`DELETE FROM film_cast`)
	types := w.lists(t, map[string]string{"films": strings.ReplaceAll(strings.ReplaceAll(first, "Lucas", "Abrams"), "Luke", "Rey")})
	if got, want := summaries(types), "Person: 2 created, 2 removed\nFilm: 1 unchanged, 1 in conflict"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	conflicts := types[1].Conflicts.First[0].Fields
	if len(conflicts) != 2 || string(conflicts[0].Upstream) != `["Abrams"]` || string(conflicts[1].Before) != "[]" {
		t.Errorf("conflicts %+v", conflicts)
	}
	w.expect(t, castRows, "A New Hope|Local")
}

func TestObjectsThatContradictEachOtherFailTheImport(t *testing.T) {
	w := newWorld(t, filmModels)
	_, err := w.run(answer(t, map[string]string{
		"films":  `[{"title":"A","cast":[{"name":"Leia","height":151}]}]`,
		"people": `[{"name":"Leia","height":150}]`,
	}), importer.Options{})
	if err == nil || !strings.Contains(err.Error(), `["Leia"], height: 15`) {
		t.Errorf("error %v", err)
	}
	w.expect(t, `count(*)) FROM person`, "0")
}

const circleModels = `
type Planet @source(name: "swapi", path: "planets", key: ["name"]) {
  name: String! @unique
  ruler: Person
}

type Person {
  name: String! @unique
  homeworld: Planet
  mentor: Person
}`

const circle = `[
	{"name":"Naboo","ruler":{"name":"Amidala","homeworld":{"name":"Naboo"},"mentor":{"name":"Palpatine","homeworld":{"name":"Naboo"}}}},
	{"name":"Tatooine","ruler":null}]`

func TestTypesThatPointToEachOtherAreCreatedTogether(t *testing.T) {
	w := newWorld(t, circleModels)
	lists := map[string]string{"planets": circle}
	types := w.lists(t, lists)
	if got := summaries(types); !strings.Contains(got, "Planet: 2 created") || !strings.Contains(got, "Person: 2 created") {
		t.Errorf("%s", got)
	}
	w.expect(t, `p.name, r.name, m.name, h.name) FROM planet p LEFT JOIN person r ON r.id = p.ruler_id LEFT JOIN person m ON m.id = r.mentor_id LEFT JOIN planet h ON h.id = m.homeworld_id ORDER BY p.id`,
		"Naboo|Amidala|Palpatine|Naboo\nTatooine")
	if got := summaries(w.lists(t, lists)); !strings.Contains(got, "Planet: 2 unchanged") || !strings.Contains(got, "Person: 2 unchanged") {
		t.Errorf("again: %s", got)
	}
}

func TestWordsOfAVocabularyBecomeRecordsOfIt(t *testing.T) {
	w := newWorld(t, `
type Planet @source(name: "swapi", path: "planets", key: ["name"]) {
  name: String! @unique
  terrains: [Terrain!]!
  climate: Climate
}

type Terrain @vocabulary {
  word: String! @unique
}

type Climate @vocabulary {
  word: String! @unique
}`)
	list := map[string]string{"planets": `[{"name":"Hoth","terrains":["ice","snow"],"climate":"frozen"},{"name":"Rhen Var","terrains":["snow"],"climate":"frozen"}]`}
	w.lists(t, list)
	w.expect(t, `p.name, c.word, (SELECT group_concat(t.word ORDER BY j.position) FROM planet_terrains j JOIN terrain t ON t.id = j.terrain_id WHERE j.planet_id = p.id)) FROM planet p JOIN climate c ON c.id = p.climate_id ORDER BY p.id`,
		"Hoth|frozen|ice,snow\nRhen Var|frozen|snow")
	if got := summaries(w.lists(t, list)); strings.Contains(got, "created") {
		t.Errorf("again: %s", got)
	}
}

const flatModels = `
type ShoppingList @source(name: "swapi", path: "lists", key: ["id"]) {
  name: String!
  items: [Item!]!
}

type Item @source(name: "swapi", path: "items", key: ["id"]) {
  name: String!
  list: ShoppingList! @from(path: "listId") @ref(onDelete: CASCADE)
}`

func TestARecordThatIsNamedByItsKeyIsFound(t *testing.T) {
	w := newWorld(t, flatModels)
	lists := map[string]string{
		"lists": `[{"id":"a","name":"Week"},{"id":"b","name":"Party"}]`,
		"items": `[{"id":1,"name":"Milk","listId":"a"},{"id":2,"name":"Chips","listId":"b"}]`,
	}
	if got, want := summaries(w.lists(t, lists)), "ShoppingList: 2 created\nItem: 2 created"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	rows := `i.name, l.name) FROM item i JOIN shopping_list l ON l.id = i.list_id ORDER BY i.id`
	w.expect(t, rows, "Milk|Week\nChips|Party")

	lists["items"] = strings.ReplaceAll(lists["items"], `"listId":"b"`, `"listId":"a"`)
	if got, want := summaries(w.lists(t, lists)), "ShoppingList: 2 unchanged\nItem: 1 updated, 1 unchanged"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	w.expect(t, rows, "Milk|Week\nChips|Week")
}

func TestAKeyThatNoRecordHasFailsTheImport(t *testing.T) {
	w := newWorld(t, flatModels)
	_, err := w.run(answer(t, map[string]string{
		"lists": `[{"id":"a","name":"Week"}]`,
		"items": `[{"id":1,"name":"Milk","listId":"a"},{"id":2,"name":"Chips","listId":"x"}]`,
	}), importer.Options{})
	if err == nil || !strings.Contains(err.Error(), `the source has no ShoppingList with the key ["x"]`) {
		t.Errorf("error %v", err)
	}
	w.expect(t, `count(*)) FROM shopping_list`, "0")
}

func TestRecordsByKeyInAnObjectAreAList(t *testing.T) {
	w := newWorld(t, `
type ShoppingList @source(name: "swapi", path: "lists", key: ["id"]) {
  name: String!
  items: [Item!]! @ref(onDelete: CASCADE) @from(path: "items.*")
}

type Item @unique(fields: ["shoppingList", "key"]) {
  key: String! @from(path: "$key")
  quantity: Int!
  position: Int
}`)
	lists := map[string]string{"lists": `[{"id":1,"name":"Week","items":{"milk":{"quantity":2},"bread":{"quantity":1}}},{"id":2,"name":"Party","items":{}}]`}
	w.lists(t, lists)
	w.expect(t, `i.id, i.key, i.quantity, i.position) FROM item i ORDER BY i.id`, "1|milk|2|0\n2|bread|1|1")

	// Another order moves their position, not their ids.
	lists["lists"] = `[{"id":1,"name":"Week","items":{"bread":{"quantity":1},"milk":{"quantity":2}}},{"id":2,"name":"Party","items":{}}]`
	if got, want := summaries(w.lists(t, lists)), "ShoppingList: 2 unchanged\nItem: 2 updated"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	w.expect(t, `i.id, i.key, i.quantity, i.position) FROM item i ORDER BY i.id`, "1|milk|2|1\n2|bread|1|0")
}

func TestAListBehindWrappersIsFound(t *testing.T) {
	w := newWorld(t, `
type ShoppingList @source(name: "swapi", path: "lists", key: ["id"]) {
  name: String!
  items: [Item!]! @ref(onDelete: CASCADE) @from(path: "items.edges.node")
}

type Item {
  name: String!
}`)
	w.lists(t, map[string]string{"lists": `[{"id":1,"name":"Week","items":{"edges":[{"node":{"name":"Milk"}},{"node":{"name":"Bread"}}]}}]`})
	w.expect(t, `i.name) FROM item i ORDER BY i.id`, "Milk\nBread")
}

func TestAReferenceCanTellTheElementsOfAListApart(t *testing.T) {
	w := newWorld(t, `
type ShoppingList @source(name: "swapi", path: "lists", key: ["id"]) {
  name: String!
  entries: [Entry!]! @ref(onDelete: CASCADE)
}

type Item @source(name: "swapi", path: "items", key: ["id"]) {
  name: String!
}

type Entry @unique(fields: ["shoppingList", "item"]) {
  item: Item! @ref(onDelete: CASCADE) @from(path: "itemId")
  quantity: Int!
  position: Int
}`)
	lists := map[string]string{
		"lists": `[{"id":1,"name":"Week","entries":[{"itemId":"milk","quantity":2},{"itemId":"bread","quantity":1}]},{"id":2,"name":"Party","entries":[{"itemId":"milk","quantity":6}]}]`,
		"items": `[{"id":"milk","name":"Milk"},{"id":"bread","name":"Bread"}]`,
	}
	w.lists(t, lists)
	entries := `e.id, i.name, e.quantity, e.position) FROM entry e JOIN item i ON i.id = e.item_id ORDER BY e.id`
	w.expect(t, entries, "1|Milk|2|0\n2|Bread|1|1\n3|Milk|6|0")

	// Another order moves their position, not their ids.
	lists["lists"] = strings.ReplaceAll(lists["lists"], `{"itemId":"milk","quantity":2},{"itemId":"bread","quantity":1}`, `{"itemId":"bread","quantity":1},{"itemId":"milk","quantity":4}`)
	types := w.lists(t, lists)
	if got := summaries(types); !strings.Contains(got, "Entry: 2 updated, 1 unchanged") {
		t.Error(got)
	}
	w.expect(t, entries, "1|Milk|4|1\n2|Bread|1|0\n3|Milk|6|0")
}

func TestRelationsMayBeNamedAsTheAPINamesThem(t *testing.T) {
	w := newWorld(t, `
type ShoppingList @source(name: "swapi", path: "lists", key: ["id"]) {
  name: String!
  items: [Item!]!
}
type Item @source(name: "swapi", path: "items", key: ["id"]) {
  name: String!
  shop: Shop
  labels: [Label!]!
}
type Shop @source(name: "swapi", path: "shops", key: ["id"]) { name: String! }
type Label @source(name: "swapi", path: "labels", key: ["id"]) { name: String!, items: [Item!]! }`)
	lists := map[string]string{
		"lists":  `[{"id":30,"name":"Week"},{"id":10,"name":"Party"}]`,
		"items":  `[{"id":5,"name":"Milk","shoppingListId":10,"shopId":2,"labels":["b","a"]},{"id":6,"name":"Bread","shoppingListId":null,"shopId":null,"labels":[]}]`,
		"shops":  `[{"id":2,"name":"Corner"}]`,
		"labels": `[{"id":"a","name":"A"},{"id":"b","name":"B"}]`,
	}
	if _, err := w.run(answer(t, lists), importer.Options{}); err != nil {
		t.Fatal(err)
	}
	w.expect(t, `name, coalesce(shopping_list_id, 'null'), coalesce(shop_id, 'null')) FROM item ORDER BY id`, "Milk|2|1\nBread|null|null")
	w.expect(t, `item_id, position, label_id) FROM item_labels ORDER BY 1`, "1|0|2\n1|1|1")
	lists["items"] = `[{"id":5,"name":"Milk","shoppingListId":10,"shopId":2,"labels":["b","z"]}]`
	_, err := w.run(answer(t, lists), importer.Options{})
	if err == nil || !strings.Contains(err.Error(), `the source has no Label with the key ["z"]`) {
		t.Errorf("error %v", err)
	}
}

const keptModels = `
type ShoppingList @source(name: "swapi", path: "lists", key: ["id"]) {
  name: String! @unique
  items: [Item!]!
  labels: [Label!]!
}
type Item @source(name: "swapi", path: "lists.items", key: ["id"]) {
  id: UUID!
  name: String!
}
type Label @vocabulary @source(name: "swapi", path: "labels", key: ["word"]) { word: String! }`

func TestAnExportKeepsItsIds(t *testing.T) {
	lists := map[string]string{
		"labels": `[{"id":9,"word":"food"},{"id":4,"word":"fun"}]`,
		"lists": `[{"id":30,"name":"Week","labels":["fun","food"],"items":[
			{"id":"018f2e4c-7a10-7cc0-9f3e-2b1a6c5d4e3f","name":"Milk"},{"id":"018F2E4C-7A10-7CC0-9F3E-2B1A6C5D4E3E","name":"Bread"}]},
			{"id":10,"name":"Party","labels":["fun"],"items":[]}]`,
	}
	for name, w := range map[string]*world{"sqlite": newWorld(t, keptModels), "postgres": newPostgresWorld(t, keptModels)} {
		t.Run(name, func(t *testing.T) {
			if _, err := w.run(answer(t, lists), importer.Options{KeepIDs: true}); err != nil {
				t.Fatal(err)
			}
			w.expect(t, `id, name) FROM shopping_list ORDER BY id`, "10|Party\n30|Week")
			w.expect(t, `id, name, shopping_list_id) FROM item ORDER BY id`,
				"018f2e4c-7a10-7cc0-9f3e-2b1a6c5d4e3e|Bread|30\n018f2e4c-7a10-7cc0-9f3e-2b1a6c5d4e3f|Milk|30")
			w.expect(t, `id, word) FROM label ORDER BY id`, "4|fun\n9|food")
			w.expect(t, `shopping_list_id, position, label_id) FROM shopping_list_labels ORDER BY 1`, "10|0|4\n30|0|4\n30|1|9")
			w.exec(`INSERT INTO shopping_list (name) VALUES ('mine')`)
			w.expect(t, `id) FROM shopping_list WHERE name = 'mine'`, "31")
			report, err := w.run(answer(t, lists), importer.Options{KeepIDs: true})
			if totals := report.Totals(); err != nil || totals != (importer.Totals{Unchanged: 6}) {
				t.Errorf("again: %+v, %v", totals, err)
			}
		})
	}
}

func TestAnIdThatIsTakenFailsTheImport(t *testing.T) {
	w := newWorld(t, keptModels)
	w.exec(`INSERT INTO shopping_list (id, name) VALUES (30, 'mine')`)
	_, err := w.run(answer(t, map[string]string{"lists": `[{"id":30,"name":"Week"}]`}), importer.Options{KeepIDs: true})
	if err == nil || !strings.Contains(err.Error(), `ShoppingList record 0 [30], id: must be unique, but shopping-lists/30 here has the same value`) {
		t.Errorf("error %v", err)
	}
	for _, list := range []string{`[{"id":0,"name":"Week"}]`, `[{"id":"x","name":"Week"}]`, `[{"name":"Week","id":null}]`, `[{"id":3,"name":"Week","labels":["new"]}]`} {
		if _, err := w.run(answer(t, map[string]string{"lists": list}), importer.Options{KeepIDs: true}); err == nil || !strings.Contains(err.Error(), "id") {
			t.Errorf("%s: error %v", list, err)
		}
	}
}

func TestARelationToARecordThatIsAdoptedWithItsOwnerIsNoConflict(t *testing.T) {
	w := newWorld(t, filmModels)
	w.exec(`INSERT INTO person (name) VALUES ('Lucas')`)
	w.exec(`INSERT INTO film (title, director_id) VALUES ('A New Hope', 1)`)
	w.exec(`INSERT INTO film_cast (film_id, position, person_id) VALUES (1, 0, 1)`)
	types := w.lists(t, map[string]string{"films": `[{"title":"A New Hope","director":{"name":"Lucas"},"cast":[{"name":"Lucas"}]}]`})
	if got, want := summaries(types), "Person: 1 adopted\nFilm: 1 adopted"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
