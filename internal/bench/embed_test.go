//go:build unix

package bench_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/larderhq/larder/internal/migrate"
	"github.com/larderhq/larder/internal/model"
	"github.com/larderhq/larder/internal/statement"
	"github.com/larderhq/larder/internal/store"
	"github.com/larderhq/larder/internal/store/sqlite"
)

// lists is how many shopping lists there are, of 20 items each.
const lists = 2_000

const shopping = `
type ShoppingList {
  name: String! @unique
  items: [Item!]! @ref(onDelete: CASCADE)
}

type Item {
  name: String! @check(minLength: 1)
  quantity: Int! @check(min: 0)
  price: Decimal @check(min: 0)
  position: Int!
}
`

// floorShopping is a list with its items as finished JSON, as a person would
// ask for it.
const floorShopping = `SELECT json_object('id', l.id, 'name', l.name, 'items', json((SELECT json_group_array(json_object(
	'id', i.id, 'name', i.name, 'quantity', i.quantity, 'price', i.price / 10000.0, 'position', i.position, 'shoppingListId', i.shopping_list_id))
	FROM (SELECT * FROM item WHERE shopping_list_id = l.id ORDER BY position) AS i))) FROM shopping_list AS l WHERE l.id = ?`

// BenchmarkEmbed reads one list with its 20 items.
func BenchmarkEmbed(b *testing.B) {
	w := newShopping(b)
	scattered := func(n int64) string { return strconv.FormatInt(n*7919%lists+1, 10) }
	compete(b, readers,
		contestant{"floor", serve(b, floorEmbed(b, w.path)), func(n int64) []byte { return get("/shopping-lists/" + scattered(n)) }, http.StatusOK},
		contestant{"larder", w.larder(b), func(n int64) []byte {
			return get("/api/v1/shopping-lists/" + scattered(n) + "?select=*,items(*)")
		}, http.StatusOK})
}

// newShopping makes the database of lists.
func newShopping(b *testing.B) *world {
	b.Helper()
	schema, err := model.Parse("models.graphql", []byte(shopping))
	check(b, err)
	path := filepath.Join(b.TempDir(), "larder.db")
	engine, err := sqlite.Open(b.Context(), path, sqlite.Options{})
	check(b, err)
	b.Cleanup(func() { check(b, engine.Close()) })
	tables := append(migrate.Builtin(migrate.SQLite), migrate.Create(migrate.SQLite, schema)...)
	check(b, engine.Exclusive(b.Context(), func(ctx context.Context, conn store.Tx) error {
		for _, text := range tables {
			if _, err := conn.Exec(ctx, statement.Statement{SQL: text}); err != nil {
				return err
			}
		}
		return nil
	}))
	check(b, engine.Write(b.Context(), insertLists))
	return &world{path: path, schema: schema, engine: engine}
}

func insertLists(ctx context.Context, tx store.Tx) error {
	for i := range int64(lists) {
		list := statement.Statement{SQL: `INSERT INTO "shopping_list" ("id", "name") VALUES (?, ?)`, Args: []any{i + 1, fmt.Sprint("List ", i)}}
		if _, err := tx.Exec(ctx, list); err != nil {
			return err
		}
		for j := range int64(20) {
			item := statement.Statement{
				SQL:  `INSERT INTO "item" ("name", "quantity", "price", "position", "shopping_list_id") VALUES (?, ?, ?, ?, ?)`,
				Args: []any{fmt.Sprint("Item ", j), j, j * 2500, j, i + 1},
			}
			if _, err := tx.Exec(ctx, item); err != nil {
				return err
			}
		}
	}
	return nil
}

// floorEmbed is the hand-written handler.
func floorEmbed(b *testing.B, path string) http.Handler {
	b.Helper()
	prepared, err := floorPool(b, path).Prepare(floorShopping)
	check(b, err)
	b.Cleanup(func() { check(b, prepared.Close()) })
	mux := http.NewServeMux()
	mux.HandleFunc("GET /shopping-lists/{id}", func(w http.ResponseWriter, r *http.Request) {
		var body []byte
		switch err := prepared.QueryRowContext(r.Context(), r.PathValue("id")).Scan(&body); {
		case errors.Is(err, sql.ErrNoRows):
			http.Error(w, "not found", http.StatusNotFound)
		case err != nil:
			http.Error(w, err.Error(), http.StatusInternalServerError)
		default:
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("Content-Length", strconv.Itoa(len(body)))
			_, _ = w.Write(body)
		}
	})
	return mux
}
