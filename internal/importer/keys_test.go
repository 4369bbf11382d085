package importer_test

import (
	"strings"
	"testing"

	"github.com/larderhq/larder/internal/importer"
)

const keyedModels = `
type Shop @source(name: "swapi", path: "shops", key: ["street", "number"]) {
  street: String!
  number: Int!
  shelves: [Shelf!]!
  city: City
}
type Shelf @source(name: "swapi", path: "shops.shelves", key: ["shop", "label"]) @unique(fields: ["shop", "label"]) {
  label: String!
  width: Int
  shop: Shop!
}
type City { name: String! @unique  people: Int }`

// TestRecordsThatTheirKeyDoesNotTellApartFailTheImportByName is about keys of
// several fields, of objects within records, and of objects told at several
// places.
func TestRecordsThatTheirKeyDoesNotTellApartFailTheImportByName(t *testing.T) {
	tests := map[string]struct{ shops, want string }{
		"a key of two fields that is there twice": {
			`[{"street":"A","number":1},{"street":"A","number":2},{"street":"A","number":1}]`,
			`Shop record 0 ["A",1]: the records 0, 2 have the same key: it must tell them apart`,
		},
		"a key of two fields of which one is missing": {
			`[{"street":"A","number":1},{"street":"A"}]`, `shops record 1, number: the key is missing`,
		},
		"a key of two fields of which one is null": {
			`[{"street":"A","number":null}]`, `shops record 0, number: `,
		},
		"a nested key that is missing": {
			`[{"street":"A","number":1,"shelves":[{"label":"left"},{"width":2}]}]`, `shops.shelves record 0, label: the key is missing`,
		},
		"a nested key that two different objects have": {
			`[{"street":"A","number":1,"shelves":[{"label":"left","width":1},{"label":"left","width":2}]}]`,
			`Shelf record 0 [["A",1],"left"], width: 2 here, but record 0 says 1 of the same key`,
		},
		"an object at two places that contradict each other": {
			`[{"street":"A","number":1,"city":{"name":"X","people":1}},{"street":"A","number":2,"city":{"name":"X","people":2}}]`,
			`City record 1 ["X"], people: 2 here, but record 0 says 1 of the same key`,
		},
		"an object within a record without its key": {
			`[{"street":"A","number":1,"city":{"people":1}}]`, `shops.city record 0, name: the key is missing`,
		},
	}
	onEachEngine(t, keyedModels, func(t *testing.T, w *world) {
		for name, test := range tests {
			_, err := w.run(answer(t, map[string]string{"shops": test.shops}), importer.Options{})
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%s: %v, want %s", name, err, test.want)
			}
		}
		w.expect(t, `(SELECT count(*) FROM shop) + (SELECT count(*) FROM shelf) + (SELECT count(*) FROM city))`, "0")
		w.lists(t, map[string]string{"shops": `[{"street":"A","number":1,"shelves":[{"label":"left"}]},{"street":"A","number":2,"shelves":[{"label":"left"}]}]`})
		w.expect(t, `key) FROM larder_origin WHERE type = 'Shelf' ORDER BY key`, "[[\"A\",1],\"left\"]\n[[\"A\",2],\"left\"]")
	})
}
