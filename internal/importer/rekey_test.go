package importer_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/larderhq/larder/internal/importer"
)

// rekey gives the records the keys of other models.
func (w *world) rekey(t *testing.T, models string, lists map[string]string, options importer.Options) (importer.RekeyReport, error) {
	t.Helper()
	w.schema = parse(t, models)
	if lists == nil {
		return importer.Rekey(t.Context(), w.engine, w.schema, "swapi", nil, options)
	}
	return importer.Rekey(t.Context(), w.engine, w.schema, "swapi", answer(t, lists), options)
}

const rekeyModels = `
type ShoppingList @source(name: "swapi", path: "lists", key: ["name"]) {
  name: String! @unique
  number: Int
  items: [Item!]! @ref(onDelete: CASCADE)
  owner: Person
  readers: [Person!]! @ref(inverse: "lists")
}
type Item { text: String!  amount: Int }
type Person @source(name: "swapi", path: "people", key: ["name"]) {
  name: String! @unique
  code: String
  lists: [ShoppingList!]! @ref(inverse: "readers")
}`

const (
	rekeyLists = `[
  {"name":"Week","number":1,"items":[{"text":"Milk","amount":1},{"text":"Bread","amount":2}],"owner":"Ada","readers":["Ada","Bob"]},
  {"name":"Feast","number":2,"items":[{"text":"Cake","amount":1}],"owner":"Bob","readers":[]}]`
	rekeyPeople = `[{"name":"Ada","code":"a"},{"name":"Bob","code":"b"}]`
)

// byNumber and byCode are the models with other keys.
var (
	byNumber = strings.NewReplacer(`path: "lists", key: ["name"]`, `path: "lists", key: ["number"]`, "number: Int", "number: Int!").Replace(rekeyModels)
	byCode   = strings.NewReplacer(`path: "people", key: ["name"]`, `path: "people", key: ["code"]`, "code: String", "code: String!").Replace(rekeyModels)
)

func TestANewKeyKeepsIdsAndEdits(t *testing.T) {
	onEachEngine(t, rekeyModels, func(t *testing.T, w *world) {
		lists := map[string]string{"lists": rekeyLists, "people": rekeyPeople}
		w.lists(t, lists)
		w.exec(`UPDATE item SET amount = 9 WHERE text = 'Milk'`)
		w.exec(`DELETE FROM item WHERE text = 'Bread'`)
		before := w.rows(`type, record_id) FROM larder_origin ORDER BY type, record_id`)

		report, err := w.rekey(t, byNumber, nil, importer.Options{DryRun: true})
		if err != nil || len(report.Keys) != 1 || report.Keys[0].String() != `ShoppingList: ["name"] → ["number"]` {
			t.Fatalf("%+v, %v", report, err)
		}
		w.expect(t, `key) FROM larder_origin WHERE type = 'ShoppingList' ORDER BY key`, "[\"Feast\"]\n[\"Week\"]")

		report, err = w.rekey(t, byNumber, nil, importer.Options{})
		if err != nil {
			t.Fatal(err)
		}
		var told []string
		for _, typ := range report.Types {
			told = append(told, fmt.Sprintf("%s %d %s→%s", typ.Type, typ.Rekeyed, typ.First[0].Before, typ.First[0].Now))
		}
		if got, want := strings.Join(told, ", "), `ShoppingList 2 ["Feast"]→[2], Item 3 [["Feast"],"items",0]→[[2],"items",0]`; got != want {
			t.Errorf("%s, want %s", got, want)
		}
		w.expect(t, `key) FROM larder_origin WHERE type = 'Item' ORDER BY key`, "[[1],\"items\",0]\n[[1],\"items\",1]\n[[2],\"items\",0]")
		w.expect(t, `type, record_id) FROM larder_origin ORDER BY type, record_id`, before)

		if got, want := summaries(w.lists(t, lists)), "Person: 2 unchanged\nShoppingList: 2 unchanged\nItem: 2 unchanged, 1 deleted here"; got != want {
			t.Errorf("import after it: %s, want %s", got, want)
		}
		w.expect(t, `amount) FROM item WHERE text = 'Milk'`, "9")
		if report, err := w.rekey(t, byNumber, nil, importer.Options{}); err != nil || len(report.Keys) != 0 {
			t.Errorf("again: %+v, %v", report, err)
		}
	})
}

func TestWhatPointsToARekeyedRecordIsNoConflict(t *testing.T) {
	onEachEngine(t, rekeyModels, func(t *testing.T, w *world) {
		lists := map[string]string{"lists": rekeyLists, "people": rekeyPeople}
		w.lists(t, lists)
		w.exec(`UPDATE shopping_list SET owner_id = 2 WHERE name = 'Week'`)
		if _, err := w.rekey(t, byCode, nil, importer.Options{}); err != nil {
			t.Fatal(err)
		}
		for name, list := range lists {
			lists[name] = strings.NewReplacer(`"owner":"Ada"`, `"owner":"a"`, `"owner":"Bob"`, `"owner":"b"`, `["Ada","Bob"]`, `["a","b"]`).Replace(list)
		}
		if got, want := summaries(w.lists(t, lists)), "Person: 2 unchanged\nShoppingList: 2 unchanged\nItem: 3 unchanged"; got != want {
			t.Errorf("%s, want %s", got, want)
		}
		w.expect(t, `owner_id) FROM shopping_list WHERE name = 'Week'`, "2")
	})
}

func TestAKeyThatIsNotRememberedIsReadFromTheSource(t *testing.T) {
	byName := strings.Replace(shipModels, `["id"]`, `["name"]`, 1)
	onEachEngine(t, byName, func(t *testing.T, w *world) {
		const ships = `[{"id":7,"name":"Falcon"},{"id":8,"name":"X-wing"}]`
		w.lists(t, map[string]string{"ships": `[{"name":"Falcon"},{"name":"X-wing"},{"name":"Slave"}]`})
		w.exec(`DELETE FROM ship WHERE name = 'X-wing'`)
		if _, err := w.rekey(t, shipModels, nil, importer.Options{}); !errors.Is(err, importer.ErrUnknownKeys) {
			t.Fatalf("without the source: %v", err)
		}
		partial := answer(t, map[string]string{"ships": ships})
		partial.Complete = false
		if _, err := importer.Rekey(t.Context(), w.engine, w.schema, "swapi", partial, importer.Options{}); err == nil || !strings.Contains(err.Error(), "not complete") {
			t.Errorf("from a part of the source: %v", err)
		}
		report, err := w.rekey(t, shipModels, map[string]string{"ships": ships}, importer.Options{})
		if err != nil || report.Types[0].Rekeyed != 2 || report.Types[0].Kept != 1 {
			t.Fatalf("%+v, %v", report, err)
		}
		w.expect(t, `key, record_id) FROM larder_origin ORDER BY record_id`, "[7]|1\n[8]|2\n[\"Slave\"]|3")
		w.lists(t, map[string]string{"ships": ships})
		w.expect(t, `id, name) FROM ship ORDER BY id`, "1|Falcon")
	})
}

func TestAKeyThatDoesNotTellRecordsApartIsRefusedByName(t *testing.T) {
	onEachEngine(t, shipModels, func(t *testing.T, w *world) {
		w.lists(t, map[string]string{"ships": `[{"id":1,"name":"Falcon","crew":4},{"id":2,"name":"X-wing","crew":4},{"id":3,"name":"Slave"}]`})
		byCrew := strings.NewReplacer(`["id"]`, `["crew"]`, "crew: Int", "crew: Int!").Replace(shipModels)
		_, err := w.rekey(t, byCrew, map[string]string{"ships": `[{"id":1,"name":"Falcon","crew":4},{"id":2,"name":"X-wing","crew":4},{"id":3,"name":"Slave","crew":1}]`}, importer.Options{})
		if err == nil || !strings.Contains(err.Error(), `Ship [4]: the records [1] and [2] have this key: it must tell them apart`) {
			t.Errorf("twice: %v", err)
		}
		_, err = w.rekey(t, byCrew, map[string]string{"ships": `[{"id":1,"name":"Falcon","crew":4},{"id":2,"name":"X-wing","crew":5},{"id":3,"name":"Slave"}]`}, importer.Options{})
		if err == nil || !strings.Contains(err.Error(), `ships record 2, crew: the key is missing`) {
			t.Errorf("none: %v", err)
		}
		w.expect(t, `key) FROM larder_origin ORDER BY key`, "[1]\n[2]\n[3]")
	})
}

func TestConflictsFollowTheKeysOfTheirRecords(t *testing.T) {
	onEachEngine(t, rekeyModels, func(t *testing.T, w *world) {
		lists := map[string]string{"lists": rekeyLists, "people": rekeyPeople}
		w.lists(t, lists)
		w.exec(`UPDATE shopping_list SET owner_id = NULL WHERE name = 'Week'`)
		lists["lists"] = strings.Replace(rekeyLists, `"owner":"Ada"`, `"owner":"Bob"`, 1)
		w.lists(t, lists)
		models := strings.NewReplacer(`path: "lists", key: ["name"]`, `path: "lists", key: ["number"]`, "number: Int", "number: Int!",
			`path: "people", key: ["name"]`, `path: "people", key: ["code"]`, "code: String", "code: String!").Replace(rekeyModels)
		if _, err := w.rekey(t, models, nil, importer.Options{}); err != nil {
			t.Fatal(err)
		}
		w.expect(t, `type, key, field, base, upstream, local) FROM larder_conflict`, `ShoppingList|[1]|owner|["a"]|["b"]|null`)
	})
}

func TestKeysThatRecordsExchangeAreTaken(t *testing.T) {
	onEachEngine(t, shipModels, func(t *testing.T, w *world) {
		w.lists(t, map[string]string{"ships": `[{"id":1,"name":"A","crew":2},{"id":2,"name":"B","crew":1}]`})
		byCrew := strings.NewReplacer(`["id"]`, `["crew"]`, "crew: Int", "crew: Int!").Replace(shipModels)
		if _, err := w.rekey(t, byCrew, nil, importer.Options{}); err != nil {
			t.Fatal(err)
		}
		w.expect(t, `key, record_id) FROM larder_origin ORDER BY record_id`, "[2]|1\n[1]|2")
	})
}

func TestARekeyBeforeAnImportIsRefused(t *testing.T) {
	w := newWorld(t, shipModels)
	if _, err := w.rekey(t, shipModels, nil, importer.Options{}); err == nil || !strings.Contains(err.Error(), "import it") {
		t.Errorf("error %v", err)
	}
}
