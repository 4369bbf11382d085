package store_test

import (
	"fmt"
	"testing"

	"github.com/larderhq/larder/internal/model"
	"github.com/larderhq/larder/internal/query"
	"github.com/larderhq/larder/internal/statement"
	"github.com/larderhq/larder/internal/store"
	"github.com/larderhq/larder/internal/store/sqlite"
)

const shoppingSDL = `
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

// BenchmarkAListWith20Items reads a shopping list with its items by one
// statement, as the store writes it and as a person would, and parses what the
// URL says of it.
func BenchmarkAListWith20Items(b *testing.B) {
	const lists = 1000
	engine, lister := shoppingLists(b, lists, 20)
	const raw = "select=*,items(*)"
	read := func() query.Read {
		request, err := query.Parse(lister.kind, 1, raw, query.Limits{})
		if err != nil {
			b.Fatal(err)
		}
		return request.Read
	}
	b.Run("by the store", func(b *testing.B) {
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			if _, err := lister.store.Item(b.Context(), read(), int64(i*7919%lists+1)); err != nil {
				b.Fatal(err)
			}
		}
	})
	const sql = `SELECT json_object('id', l.id, 'name', l.name, 'items', json((SELECT json_group_array(json_object(
 'id', i.id, 'name', i.name, 'quantity', i.quantity, 'price', i.price / 10000.0, 'position', i.position, 'shoppingListId', i.shopping_list_id))
 FROM (SELECT * FROM item WHERE shopping_list_id = l.id ORDER BY position) i))) FROM shopping_list l WHERE l.id = ?`
	b.Run("by hand", func(b *testing.B) {
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			var body []byte
			st := statement.Statement{SQL: sql, Args: []any{int64(i*7919%lists + 1)}}
			if err := engine.Read(b.Context(), st, func(scan store.Scan) error { return scan(&body) }); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("statement alone", func(b *testing.B) {
		b.ReportAllocs()
		builder := statement.NewBuilder(statement.SQLite())
		for b.Loop() {
			if _, err := builder.Item(read(), int64(7)); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// lister is a store and the type of its lists.
type lister struct {
	store *store.Store
	kind  *model.Type
}

// shoppingLists is a database of lists with as many items each.
func shoppingLists(b *testing.B, lists, items int) (store.Engine, lister) {
	b.Helper()
	schema, err := model.Parse("models.graphql", []byte(shoppingSDL))
	if err != nil {
		b.Fatal(err)
	}
	engine, err := sqlite.Open(b.Context(), b.TempDir()+"/larder.db", sqlite.Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := engine.Close(); err != nil {
			b.Error(err)
		}
	})
	makeTables(b, engine, schema)
	s := store.New(engine, schema)
	list, item := schema.Type("ShoppingList"), schema.Type("Item")
	set := func(t *model.Type, name string, value any) statement.Assignment {
		return statement.Assignment{Field: t.Field(name), Op: statement.Set, Value: value}
	}
	parents, children := store.Creation{Query: query.Read{Type: list, Limit: -1}}, store.Creation{Query: query.Read{Type: item, Limit: -1}}
	for i := range lists {
		parents.Records = append(parents.Records, []statement.Assignment{set(list, "name", fmt.Sprint("list ", i))})
		for j := range items {
			children.Records = append(children.Records, []statement.Assignment{
				set(item, "name", fmt.Sprint("item ", j)), set(item, "quantity", int64(j)), set(item, "position", int64(j)),
				set(item, "price", model.DecimalValue{Unscaled: int64(j) * 2500, Scale: 4}), set(item, "shoppingList", int64(i+1)),
			})
		}
	}
	for _, creation := range []store.Creation{parents, children} {
		if _, err := s.Create(b.Context(), creation); err != nil {
			b.Fatal(err)
		}
	}
	return engine, lister{s, list}
}
