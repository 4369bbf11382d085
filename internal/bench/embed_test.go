//go:build unix

package bench_test

import (
	"net/http"
	"strconv"
	"testing"
)

// floorShopping is a list with its items as finished JSON, as a person would
// ask for it.
const floorShopping = `SELECT json_object('id', l.id, 'name', l.name, 'items', json((SELECT json_group_array(json_object(
	'id', i.id, 'name', i.name, 'quantity', i.quantity, 'price', i.price / 10000.0, 'position', i.position, 'shoppingListId', i.shopping_list_id))
	FROM (SELECT * FROM item WHERE shopping_list_id = l.id ORDER BY position) AS i))) FROM shopping_list AS l WHERE l.id = ?`

// BenchmarkEmbed reads one list with its 20 items.
func BenchmarkEmbed(b *testing.B) {
	w := newLists(b, onSQLite)
	compete(b, readers,
		contestant{"floor", serve(b, floorEmbed(b, w.place)), getList, http.StatusOK},
		contestant{"larder", w.larder(b), getListWithItems, http.StatusOK})
}

// getList asks a floor for one list after the other, in no order.
func getList(n int64) []byte { return get("/shopping-lists/" + strconv.FormatInt(n*7919%lists+1, 10)) }

// getListWithItems asks larder for the same.
func getListWithItems(n int64) []byte {
	return get("/api/v1/shopping-lists/" + strconv.FormatInt(n*7919%lists+1, 10) + "?select=*,items(*)")
}

// floorEmbed is the hand-written handler.
func floorEmbed(b *testing.B, path string) http.Handler {
	b.Helper()
	prepared, err := floorPool(b, path).Prepare(floorShopping)
	check(b, err)
	b.Cleanup(func() { check(b, prepared.Close()) })
	mux := http.NewServeMux()
	mux.HandleFunc("GET /shopping-lists/{id}", func(w http.ResponseWriter, r *http.Request) {
		if id, ok := pathID(w, r); ok {
			answer(w, prepared.QueryRowContext(r.Context(), id))
		}
	})
	return mux
}
