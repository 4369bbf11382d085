package importer_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/larderhq/larder/internal/importer"
	"github.com/larderhq/larder/internal/model"
	"github.com/larderhq/larder/internal/source"
	"github.com/larderhq/larder/internal/statement"
	"github.com/larderhq/larder/internal/store"
)

// shopModels have lists of items that are nested in them, and notes that no
// source knows.
const shopModels = `
type ShoppingList @source(name: "swapi", path: "lists", key: ["id"]) {
  name: String!
  items: [Item!]! @ref(onDelete: CASCADE)
}

type Item @source(name: "swapi", path: "lists.items", key: ["id"]) {
  name: String!
  price: Int
  tags: [String!]!
}

type Note {
  text: String!
  list: ShoppingList @ref(onDelete: SET_NULL)
}`

// shoppingList is one as upstream tells it, with items of the ids.
func shoppingList(id string, items ...int) string {
	elements := make([]string, len(items))
	for i, item := range items {
		elements[i] = fmt.Sprintf(`{"id":%d,"name":"item %d","tags":["a","b"]}`, item, item)
	}
	return fmt.Sprintf(`{"id":%q,"name":"list %s","items":[%s]}`, id, id, strings.Join(elements, ","))
}

// shop imports the lists that are there upstream.
func (w *world) shop(options importer.Options, lists ...string) (importer.Report, error) {
	return w.run(answer(w.t, map[string]string{"lists": "[" + strings.Join(lists, ",") + "]"}), options)
}

// shops is shop where it must go well; it returns what became of each type.
func (w *world) shops(lists ...string) string {
	w.t.Helper()
	report, err := w.shop(importer.Options{}, lists...)
	if err != nil {
		w.t.Fatal(err)
	}
	return summaries(report.Types)
}

const (
	listsHere = `l.id, l.name, (SELECT string_agg(CAST(i.id AS text), ',' ORDER BY i.id) FROM item i WHERE i.shopping_list_id = l.id)) FROM shopping_list l ORDER BY l.id`
	detached  = `type, key) FROM larder_origin WHERE detached IS NOT NULL ORDER BY type, key`
)

func TestWhatIsGoneUpstreamGoesUnlessAPersonHasAStakeInIt(t *testing.T) {
	withDatabases(t, func(t *testing.T, open opener) {
		for _, test := range []struct {
			name     string
			here     []string // done here between two imports
			upstream []string // lists that are left
			became   string
			lists    string // afterwards
			detached string
		}{
			{
				name: "a list, with its items", upstream: []string{shoppingList("b", 3)},
				became: "ShoppingList: 1 unchanged, 1 removed\nItem: 1 unchanged, 2 removed", lists: "2|list b|3",
			},
			{
				name: "an item of a list", upstream: []string{shoppingList("a", 1), shoppingList("b", 3)},
				became: "ShoppingList: 2 unchanged\nItem: 2 unchanged, 1 removed", lists: "1|list a|1\n2|list b|3",
			},
			{
				name: "everything", became: "ShoppingList: 2 removed\nItem: 3 removed",
			},
			{
				name: "a list that was changed here stays, its items go", here: []string{`UPDATE shopping_list SET name = 'mine' WHERE id = 1`},
				upstream: []string{shoppingList("b", 3)},
				became:   "ShoppingList: 1 unchanged, 1 detached\nItem: 1 unchanged, 2 removed", lists: "1|mine\n2|list b|3", detached: `ShoppingList|["a"]`,
			},
			{
				name: "a list of which an item was changed here stays with that item", here: []string{`UPDATE item SET name = 'mine' WHERE id = 1`},
				upstream: []string{shoppingList("b", 3)},
				became:   "ShoppingList: 1 unchanged, 1 detached\nItem: 1 unchanged, 1 removed, 1 detached", lists: "1|list a|1\n2|list b|3", detached: "Item|[1]\n" + `ShoppingList|["a"]`,
			},
			{
				name: "an item that was given what upstream knows nothing of stays", here: []string{`UPDATE item SET price = 5 WHERE id = 2`},
				upstream: []string{shoppingList("a", 1), shoppingList("b", 3)},
				became:   "ShoppingList: 2 unchanged\nItem: 2 unchanged, 1 detached", lists: "1|list a|1,2\n2|list b|3", detached: "Item|[2]",
			},
			{
				name: "an item of which a list of values was changed here stays", here: []string{`DELETE FROM item_tags WHERE item_id = 2 AND position = 1`},
				upstream: []string{shoppingList("a", 1), shoppingList("b", 3)},
				became:   "ShoppingList: 2 unchanged\nItem: 2 unchanged, 1 detached", lists: "1|list a|1,2\n2|list b|3", detached: "Item|[2]",
			},
			{
				name: "a list that was given an item here stays with it", here: []string{`INSERT INTO item (name, shopping_list_id) VALUES ('mine', 1)`},
				upstream: []string{shoppingList("b", 3)},
				became:   "ShoppingList: 1 unchanged, 1 detached\nItem: 1 unchanged, 2 removed", lists: "1|list a|4\n2|list b|3", detached: `ShoppingList|["a"]`,
			},
			{
				name: "a list that a record of no source refers to stays", here: []string{`INSERT INTO note (text, list_id) VALUES ('see', 1)`},
				upstream: []string{shoppingList("b", 3)},
				became:   "ShoppingList: 1 unchanged, 1 detached\nItem: 1 unchanged, 2 removed", lists: "1|list a\n2|list b|3", detached: `ShoppingList|["a"]`,
			},
			{
				name: "an item that was moved here stays where it is", here: []string{`UPDATE item SET shopping_list_id = 2 WHERE id = 1`},
				upstream: []string{shoppingList("b", 3)},
				became:   "ShoppingList: 1 unchanged, 1 removed\nItem: 1 unchanged, 1 removed, 1 detached", lists: "2|list b|1,3", detached: "Item|[1]",
			},
			{
				name: "what was deleted here and is gone upstream is no matter", here: []string{`DELETE FROM shopping_list WHERE id = 1`},
				upstream: []string{shoppingList("b", 3)},
				became:   "ShoppingList: 1 unchanged\nItem: 1 unchanged", lists: "2|list b|3",
			},
			{
				name: "a list of which upstream no longer tells the items keeps them", upstream: []string{`{"id":"a","name":"list a"}`, shoppingList("b")},
				became: "ShoppingList: 2 unchanged\nItem: 1 removed", lists: "1|list a|1,2\n2|list b",
			},
			{
				name: "a list of which upstream calls the items null keeps them", upstream: []string{`{"id":"a","name":"list a","items":null}`, shoppingList("b", 3)},
				became: "ShoppingList: 2 unchanged\nItem: 1 unchanged", lists: "1|list a|1,2\n2|list b|3",
			},
		} {
			t.Run(test.name, func(t *testing.T) {
				w := open(t, shopModels)
				w.shops(shoppingList("a", 1, 2), shoppingList("b", 3))
				for _, sql := range test.here {
					w.exec(sql)
				}
				before := w.rows(listsHere)
				planned, err := w.shop(importer.Options{DryRun: true}, test.upstream...)
				if err != nil {
					t.Fatal(err)
				}
				if got := summaries(planned.Types); got != test.became {
					t.Errorf("a dry run says %s, want %s", got, test.became)
				}
				w.expect(t, listsHere, before)
				if got := w.shops(test.upstream...); got != test.became {
					t.Errorf("%s, want %s", got, test.became)
				}
				w.expect(t, listsHere, test.lists)
				w.expect(t, detached, test.detached)
				again := w.shops(test.upstream...)
				if strings.Contains(again, "removed") || strings.Contains(again, "detached") {
					t.Errorf("again: %s", again)
				}
			})
		}
	})
}

func TestAReportSaysWhyARecordIsDetached(t *testing.T) {
	w := newWorld(t, shopModels)
	w.shops(shoppingList("a", 1, 2), shoppingList("b", 3))
	w.exec(`UPDATE item SET name = 'mine', price = 5 WHERE id = 1`)
	report, err := w.shop(importer.Options{}, shoppingList("b", 3))
	if err != nil {
		t.Fatal(err)
	}
	got, err := json.Marshal([]importer.Rows{report.Types[0].Detached, report.Types[1].Detached, report.Types[1].Removed})
	if err != nil {
		t.Fatal(err)
	}
	const want = `[{"count":1,"first":[{"key":["a"],"id":"1","reason":"used here"}]},` +
		`{"count":1,"first":[{"key":[1],"id":"1","reason":"changed here: name, price"}]},` +
		`{"count":1,"first":[{"key":[2],"id":"2"}]}]`
	if string(got) != want {
		t.Errorf("%s, want %s", got, want)
	}
	w.expect(t, `removed, detached, gone) FROM larder_run ORDER BY id DESC LIMIT 1`, "1|2|0")
}

func TestThePolicySaysWhatIsDoneWithWhatIsGone(t *testing.T) {
	const inModel = `key: ["id"]` // of the list
	withDatabases(t, func(t *testing.T, open opener) {
		for _, test := range []struct {
			name           string
			setting        model.Removed
			models, became string
		}{
			{"the setting detaches", model.RemovedDetach, shopModels, "ShoppingList: 1 unchanged, 1 detached\nItem: 1 unchanged, 2 detached"},
			{"the setting keeps", model.RemovedKeep, shopModels, "ShoppingList: 1 unchanged, 1 gone upstream\nItem: 1 unchanged, 2 gone upstream"},
			{
				"the model comes first", model.RemovedKeep, strings.ReplaceAll(shopModels, inModel, inModel+", removed: DELETE"),
				"ShoppingList: 1 unchanged, 1 removed\nItem: 1 unchanged, 2 removed",
			},
			{
				"what is nested without a source of its own follows its owner", "",
				strings.NewReplacer(` @source(name: "swapi", path: "lists.items", key: ["id"])`, "", inModel, inModel+", removed: KEEP").Replace(shopModels),
				"ShoppingList: 1 unchanged, 1 gone upstream\nItem: 1 unchanged, 2 gone upstream",
			},
		} {
			t.Run(test.name, func(t *testing.T) {
				w := open(t, test.models)
				w.shops(shoppingList("a", 1, 2), shoppingList("b", 3))
				before := w.rows(listsHere)
				for pass := 1; pass <= 2; pass++ {
					report, err := w.shop(importer.Options{Removed: test.setting}, shoppingList("b", 3))
					if err != nil {
						t.Fatal(err)
					}
					want := test.became
					if pass == 2 { // only what is kept is listed again
						want = strings.NewReplacer(", 1 detached", "", ", 2 detached", "", ", 1 removed", "", ", 2 removed", "").Replace(want)
					}
					if got := summaries(report.Types); got != want {
						t.Errorf("import %d: %s, want %s", pass, got, want)
					}
				}
				if strings.Contains(test.became, "removed") {
					before = "2|list b|3"
				}
				w.expect(t, listsHere, before)
			})
		}
	})
}

func TestOnlyACompleteAnswerRemoves(t *testing.T) {
	w := newWorld(t, planetModels)
	w.planets(allThree)
	for name, change := range map[string]func(*source.Answer){
		"incomplete": func(a *source.Answer) { a.Complete = false },
		"failed":     func(a *source.Answer) { a.Failed = [][]any{{"allPlanets", "planets", 1, "population"}} },
	} {
		t.Run(name, func(t *testing.T) {
			a := answer(t, map[string]string{"allPlanets.planets": "[" + hoth + "]"})
			change(a)
			report, err := w.run(a, importer.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if got := report.Types[0].Summary(); got != "1 unchanged" {
				t.Error(got)
			}
			w.expect(t, `count(*)) FROM planet`, "3")
		})
	}
}

func TestAKeyThatComesBack(t *testing.T) {
	t.Run("of a detached record is merged with what was known of it", func(t *testing.T) {
		withDatabases(t, func(t *testing.T, open opener) {
			w := open(t, planetModels)
			w.planets(allThree)
			w.exec(`UPDATE planet SET population = 7 WHERE name = 'Tatooine'`)
			w.planets("[" + alderaan + "," + hoth + "]")
			w.expect(t, detached, `Planet|["Tatooine"]`)
			back := strings.Replace(allThree, `["arid"]`, `["wet"]`, 1)
			if got := w.planets(back).Types[0].Summary(); got != "1 updated, 2 unchanged" {
				t.Error(got)
			}
			w.expect(t, detached, "")
			w.expect(t, `id, population, (SELECT value FROM planet_climates WHERE planet_id = id)) FROM planet WHERE name = 'Tatooine'`, "1|7|wet")
		})
	})
	t.Run("of a removed record is a new one", func(t *testing.T) {
		withDatabases(t, func(t *testing.T, open opener) {
			w := open(t, planetModels)
			w.planets(allThree)
			w.planets("[" + alderaan + "," + hoth + "]")
			if got := w.planets(allThree).Types[0].Summary(); got != "1 created, 2 unchanged" {
				t.Error(got)
			}
			w.expect(t, `id, name) FROM planet ORDER BY id`, "2|Alderaan\n3|Hoth\n4|Tatooine")
		})
	})
}

func TestAUniqueValueOfAGoneRecordIsFreeForANewOne(t *testing.T) {
	withDatabases(t, func(t *testing.T, open opener) {
		w := open(t, shipModels)
		w.lists(t, map[string]string{"ships": `[{"id":1,"name":"Falcon"},{"id":2,"name":"X-wing"}]`})
		if got := summaries(w.lists(t, map[string]string{"ships": `[{"id":3,"name":"Falcon"},{"id":2,"name":"X-wing"}]`})); got != "Ship: 1 created, 1 unchanged, 1 removed" {
			t.Error(got)
		}
		w.expect(t, `id, name) FROM ship ORDER BY id`, "2|X-wing\n3|Falcon")
	})
}

// treeModels refer to records of their own type and, in a circle, of another.
const treeModels = `
type Category @source(name: "swapi", path: "categories", key: ["name"]) {
  name: String! @unique
  parent: Category
  favourite: Product
}

type Product @source(name: "swapi", path: "products", key: ["name"]) {
  name: String! @unique
  category: Category
  related: [Product!]! @ref(inverse: "relatedOf")
  relatedOf: [Product!]! @ref(inverse: "related")
}`

func TestRecordsThatReferToEachOtherGoTogether(t *testing.T) {
	const categories = `[{"name":"food","parent":null,"favourite":"bread"},{"name":"fruit","parent":"food","favourite":null},{"name":"citrus","parent":"fruit","favourite":"lemon"}]`
	const products = `[{"name":"bread","category":"food","related":[]},{"name":"lemon","category":"citrus","related":["bread"]}]`
	withDatabases(t, func(t *testing.T, open opener) {
		for _, test := range []struct{ name, here, became string }{
			{"nobody uses one", "", "Category: 3 removed\nProduct: 2 removed"},
			{
				"one at the bottom is used, and so those above it", `INSERT INTO category (name, parent_id) VALUES ('lime', 3)`,
				"Category: 3 detached\nProduct: 2 detached", // citrus refers to lemon, and lemon to bread
			},
			{
				"one at the top is used", `INSERT INTO category (name, parent_id) VALUES ('drink', 1)`,
				"Category: 2 removed, 1 detached\nProduct: 1 removed, 1 detached", // food refers to bread
			},
		} {
			t.Run(test.name, func(t *testing.T) {
				w := open(t, treeModels)
				w.lists(t, map[string]string{"categories": categories, "products": products})
				if test.here != "" {
					w.exec(test.here)
				}
				types := w.lists(t, map[string]string{})
				got := summaries(types)
				if types[0].Type == "Product" {
					types[0], types[1] = types[1], types[0]
					got = summaries(types)
				}
				if got != test.became {
					t.Errorf("%s, want %s", got, test.became)
				}
			})
		}
	})
}

func TestALongChainGoesOrStaysAsAWhole(t *testing.T) {
	const length = 30
	records := make([]string, length)
	for i := range records {
		records[i] = fmt.Sprintf(`{"name":"%d","next":"%d"}`, i, max(i-1, 0)) // the first one's is itself
	}
	upstream := map[string]string{"nodes": "[" + strings.Join(records, ",") + "]"}
	withDatabases(t, func(t *testing.T, open opener) {
		w := open(t, `
type Node @source(name: "swapi", path: "nodes", key: ["name"]) {
  name: String! @unique
  next: Node
}`)
		w.lists(t, upstream)
		if got, want := summaries(w.lists(t, map[string]string{})), fmt.Sprintf("Node: %d removed", length); got != want {
			t.Errorf("%s, want %s", got, want)
		}
		w.lists(t, upstream)
		w.exec(`INSERT INTO node (name, next_id) SELECT 'mine', id FROM node WHERE name = '20'`)
		if got, want := summaries(w.lists(t, map[string]string{})), fmt.Sprintf("Node: %d removed, 21 detached", length-21); got != want {
			t.Errorf("with one in use: %s, want %s", got, want)
		}
	})
}

func TestAVocabularyLosesTheWordsThatNoRecordHas(t *testing.T) {
	withDatabases(t, func(t *testing.T, open opener) {
		w := open(t, `
type Planet @source(name: "swapi", path: "planets", key: ["name"]) {
  name: String! @unique
  terrains: [Terrain!]!
}

type Terrain @vocabulary {
  word: String! @unique
}`)
		w.lists(t, map[string]string{"planets": `[{"name":"Hoth","terrains":["ice","snow"]},{"name":"Endor","terrains":["forest"]}]`})
		w.exec(`INSERT INTO planet (name) VALUES ('Home')`)
		w.exec(`INSERT INTO planet_terrains (planet_id, position, terrain_id) SELECT p.id, 0, t.id FROM planet p, terrain t WHERE p.name = 'Home' AND t.word = 'forest'`)
		got := summaries(w.lists(t, map[string]string{"planets": `[{"name":"Hoth","terrains":["ice"]}]`}))
		if !strings.Contains(got, "Planet: 1 updated, 1 removed") || !strings.Contains(got, "Terrain: 1 unchanged, 1 removed, 1 detached") {
			t.Error(got)
		}
		w.expect(t, `word) FROM terrain ORDER BY word`, "forest\nice")
	})
}

func TestARecordOfSeveralSourcesGoesWithTheLastOfThem(t *testing.T) {
	const models = `
type Planet @source(name: "north", path: "planets", key: ["name"]) @source(name: "south", path: "planets", key: ["name"]) {
  name: String! @unique
  population: Int
}`
	run := func(w *world, source, planets string) string {
		t.Helper()
		report, err := w.from(source, importer.Options{}, map[string]string{"planets": planets})
		if err != nil {
			t.Fatal(err)
		}
		return report.Types[0].Summary()
	}
	const hoth, origins = `[{"name":"Hoth","population":1}]`, `source, key) FROM larder_origin ORDER BY source`
	withDatabases(t, func(t *testing.T, open opener) {
		w := open(t, models)
		run(w, "north", hoth)
		run(w, "south", hoth)
		if got := run(w, "north", "[]"); got != "nothing" {
			t.Errorf("gone in one: %s", got)
		}
		w.expect(t, origins, `south|["Hoth"]`)
		w.expect(t, `count(*)) FROM planet`, "1")
		if got := run(w, "south", "[]"); got != "1 removed" {
			t.Errorf("gone in both: %s", got)
		}
		w.expect(t, `count(*)) FROM planet`, "0")

		// What one has detached is no tombstone when it goes with the other.
		run(w, "north", hoth)
		w.exec(`UPDATE planet SET population = 2`)
		if got := run(w, "north", "[]"); got != "1 detached" {
			t.Errorf("changed: %s", got)
		}
		run(w, "south", `[{"name":"Hoth","population":2}]`)
		if got := run(w, "south", "[]"); got != "1 removed" {
			t.Errorf("gone in the other, too: %s", got)
		}
		w.expect(t, origins, "")
		if got := run(w, "north", hoth); got != "1 created" {
			t.Errorf("back: %s", got)
		}
	})
}

func TestADeletedRecordIsRestoredWithItsID(t *testing.T) {
	withDatabases(t, func(t *testing.T, open opener) {
		w := open(t, shopModels)
		w.shops(shoppingList("a", 1, 2), shoppingList("b", 3))
		w.exec(`DELETE FROM shopping_list WHERE id = 1`)
		w.exec(`DELETE FROM item WHERE id = 3`)
		upstream := []string{strings.Replace(shoppingList("a", 1, 2, 4), "item 2", "other", 1), shoppingList("b", 3)}
		if got, want := w.shops(upstream...), "ShoppingList: 1 unchanged, 1 deleted here\nItem: 4 deleted here"; got != want {
			t.Errorf("%s, want %s", got, want)
		}
		report, err := w.shop(importer.Options{Restore: []string{"a"}}, upstream...)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := summaries(report.Types), "ShoppingList: 1 restored, 1 unchanged\nItem: 1 created, 2 restored, 1 deleted here"; got != want {
			t.Errorf("%s, want %s", got, want)
		}
		w.expect(t, `id, name, shopping_list_id, (SELECT string_agg(value, '+' ORDER BY position) FROM item_tags WHERE item_id = id)) FROM item ORDER BY id`,
			"1|item 1|1|a+b\n2|other|1|a+b\n4|item 4|1|a+b")
		report, err = w.shop(importer.Options{Restore: []string{"[3]"}}, upstream...)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := summaries(report.Types), "ShoppingList: 2 unchanged\nItem: 1 restored, 3 unchanged"; got != want {
			t.Errorf("%s, want %s", got, want)
		}
		if got, want := w.shops(upstream...), "ShoppingList: 2 unchanged\nItem: 4 unchanged"; got != want {
			t.Errorf("afterwards %s, want %s", got, want)
		}
	})
}

func TestWhatWentWithARecordIsRestoredWithIt(t *testing.T) {
	withDatabases(t, func(t *testing.T, open opener) {
		w := open(t, flatModels)
		lists := map[string]string{
			"lists": `[{"id":"a","name":"Week"},{"id":"b","name":"Party"}]`,
			"items": `[{"id":1,"name":"Milk","listId":"a"},{"id":2,"name":"Chips","listId":"b"}]`,
		}
		w.lists(t, lists)
		w.exec(`DELETE FROM shopping_list`) // the items go with their lists
		report, err := w.run(answer(t, lists), importer.Options{Restore: []string{"b"}})
		if err != nil {
			t.Fatal(err)
		}
		if got, want := summaries(report.Types), "ShoppingList: 1 restored, 1 deleted here\nItem: 1 restored, 1 deleted here"; got != want {
			t.Errorf("%s, want %s", got, want)
		}
		w.expect(t, `i.id, l.id) FROM item i JOIN shopping_list l ON l.id = i.list_id`, "2|2")
	})
}

func TestAKeyThatCannotBeRestoredIsRefusedWithTheReason(t *testing.T) {
	w := newWorld(t, strings.Replace(shopModels, `name: String!
  items`, `name: String! @unique
  items`, 1))
	w.shops(shoppingList("a", 1, 2), shoppingList("b", 3), shoppingList("7", 7), shoppingList("c", 8))
	w.exec(`DELETE FROM shopping_list WHERE name IN ('list a', 'list 7', 'list c')`)
	w.exec(`INSERT INTO shopping_list (name) VALUES ('list c')`)
	upstream := []string{shoppingList("b", 3), shoppingList("7", 7), shoppingList("c", 8)}
	for _, test := range []struct{ key, typ, want string }{
		{"x", "", "restore x: no record of the source has the key"},
		{"b", "", "restore b: this ShoppingList was not deleted here"},
		{"a", "", "restore a: the source no longer has this ShoppingList"},
		{"[7]", "", "restore [7]: what this Item belongs to was deleted here, too"},
		{"b", "Note", "restore b: the source feeds no type Note"},
		{"c", "", `name: must be unique, but shopping-lists/5 here has the same value`},
	} {
		before := w.rows(listsHere)
		_, err := w.shop(importer.Options{Restore: []string{test.key}, RestoreType: test.typ}, upstream...)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %s", test.key, err, test.want)
		}
		w.expect(t, listsHere, before)
	}
}

func TestAKeyOfSeveralTypesIsRestoredByType(t *testing.T) {
	w := newWorld(t, filmModels)
	lists := map[string]string{"films": `[{"title":"Rocky","cast":[]}]`, "people": `[{"name":"Rocky"}]`}
	w.lists(t, lists)
	w.exec(`DELETE FROM film`)
	w.exec(`DELETE FROM person`)
	_, err := w.run(answer(t, lists), importer.Options{Restore: []string{"Rocky"}})
	if err == nil || !strings.Contains(err.Error(), "several deleted records have the key (Person, Film): say which with --type") {
		t.Errorf("error %v", err)
	}
	report, err := w.run(answer(t, lists), importer.Options{Restore: []string{"Rocky"}, RestoreType: "Film"})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := summaries(report.Types), "Person: 1 deleted here\nFilm: 1 restored"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestANewRecordMayBelongToANewOneOfItsType(t *testing.T) {
	withDatabases(t, func(t *testing.T, open opener) {
		w := open(t, `
type Category @source(name: "swapi", path: "categories", key: ["name"]) {
  name: String! @unique
  parent: Category @ref(onDelete: CASCADE)
}`)
		w.lists(t, map[string]string{"categories": `[{"name":"food","parent":null}]`})
		all := map[string]string{"categories": `[{"name":"food","parent":null},{"name":"citrus","parent":"fruit"},{"name":"fruit","parent":"food"},{"name":"lemon","parent":"citrus"}]`}
		if got := summaries(w.lists(t, all)); got != "Category: 3 created, 1 unchanged" {
			t.Error(got)
		}
		w.exec(`DELETE FROM category WHERE name = 'fruit'`)
		all["categories"] = strings.Replace(all["categories"], "]", `,{"name":"lime","parent":"citrus"},{"name":"key lime","parent":"lime"}]`, 1)
		if got := summaries(w.lists(t, all)); got != "Category: 1 unchanged, 5 deleted here" {
			t.Error(got)
		}
		report, err := w.run(answer(t, all), importer.Options{Restore: []string{"citrus", "fruit"}})
		if err != nil {
			t.Fatal(err)
		}
		if got := report.Types[0].Summary(); got != "2 created, 3 restored, 1 unchanged" {
			t.Error(got)
		}
	})
}

// halfOf is an answer with every second one of the planets.
func halfOf(n int) *source.Answer {
	all := manyPlanets(n)
	return source.NewAnswer(func(path string) iter.Seq2[source.Record, error] {
		return func(yield func(source.Record, error) bool) {
			for record, err := range all.Records(path) {
				if record.Index%2 == 0 && !yield(record, err) {
					return
				}
			}
		}
	}, nil)
}

func TestManyRecordsGoInOneImport(t *testing.T) {
	const planets = 4000
	withDatabases(t, func(t *testing.T, open opener) {
		w := open(t, planetModels)
		if _, err := w.run(manyPlanets(planets), importer.Options{}); err != nil {
			t.Fatal(err)
		}
		w.exec(`UPDATE planet SET population = 1 WHERE name = 'Planet 003919'`)
		report, err := w.run(halfOf(planets), importer.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if got := report.Types[0].Summary(); got != "2000 unchanged, 1999 removed, 1 detached" {
			t.Error(got)
		}
		w.expect(t, `count(*)) FROM planet_terrains`, "4002")
	})
}

// BenchmarkRemoval imports 100,000 planets and then every second one of them.
func BenchmarkRemoval(b *testing.B) {
	const planets = 100_000
	for b.Loop() {
		w := newWorld(b, planetModels)
		if _, err := w.run(manyPlanets(planets), importer.Options{}); err != nil {
			b.Fatal(err)
		}
		start := time.Now()
		report, err := w.run(halfOf(planets), importer.Options{})
		if err != nil {
			b.Fatal(err)
		}
		if report.Types[0].Removed.Count != planets/2 {
			b.Fatal(report.Types[0].Summary())
		}
		b.ReportMetric(time.Since(start).Seconds(), "s/half-gone")
	}
}

// TestOnPostgreSQLAChangeThatIsUnderWayIsNotLost has a person change the list of
// a planet in a transaction that the import has to wait for.
func TestOnPostgreSQLAChangeThatIsUnderWayIsNotLost(t *testing.T) {
	for _, test := range []struct{ name, upstream, became, terrains string }{
		{"of what is gone", "[" + alderaan + "," + hoth + "]", "2 unchanged, 1 detached", "sea"},
		{"of what changed upstream", strings.Replace(allThree, `"desert"`, `"desert","rock"`, 1), "1 updated, 2 unchanged", "sea,rock"},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newPostgresWorld(t, planetModels)
			w.planets(allThree)
			begun, finish, edited := make(chan struct{}), make(chan struct{}), make(chan error, 1)
			begin, release := sync.OnceFunc(func() { close(begun) }), sync.OnceFunc(func() { close(finish) })
			defer release()
			go func() {
				edited <- w.engine.Write(t.Context(), func(ctx context.Context, tx store.Tx) error {
					if _, err := tx.Exec(ctx, statement.Statement{SQL: `SELECT FROM planet WHERE name = 'Tatooine' FOR UPDATE`}); err != nil {
						return err
					}
					begin()
					<-finish
					_, err := tx.Exec(ctx, statement.Statement{SQL: `UPDATE planet_terrains SET value = 'sea' WHERE value = 'desert'`})
					return err
				})
			}()
			<-begun
			var report importer.Report
			imported := make(chan error, 1)
			go func() {
				var err error
				report, err = w.run(answer(t, map[string]string{"allPlanets.planets": test.upstream}), importer.Options{})
				imported <- err
			}()
			for deadline := time.Now().Add(time.Minute); w.rows(`count(*)) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`) == "0"; {
				if time.Now().After(deadline) {
					t.Fatal("the import does not wait")
				}
				time.Sleep(10 * time.Millisecond)
			}
			release()
			if err := errors.Join(<-edited, <-imported); err != nil {
				t.Fatal(err)
			}
			if got := report.Types[0].Summary(); got != test.became {
				t.Errorf("%s, want %s", got, test.became)
			}
			w.expect(t, `string_agg(value, ',' ORDER BY position)) FROM planet_terrains WHERE planet_id = 1`, test.terrains)
		})
	}
}
