package statement_test

import (
	"strings"
	"testing"

	"github.com/larderhq/larder/internal/model"
	"github.com/larderhq/larder/internal/query"
	"github.com/larderhq/larder/internal/statement"
)

// shopSDL has a relation of every kind.
const shopSDL = `
type Shelf {
  name: String!
  items: [Item!]! @ref(onDelete: CASCADE)
  members: [Member!]!
}

type Item {
  name: String!
  quantity: Int! @default(value: "1")
  price: Decimal @decimal(precision: 10, scale: 2)
  weight: Float
  time: Duration
  due: DateTime
  position: Int
  maker: Maker
  seller: Member
  tags: [String!]!
}

type Maker { name: String! country: Country }

type Country { name: String! }

type Member {
  id: UUID!
  name: String!
  shelves: [Shelf!]!
}
`

func shopSchema(t testing.TB) *model.Schema {
	t.Helper()
	schema, err := model.Parse("models.graphql", []byte(shopSDL))
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

func embedRequests(t testing.TB) []request {
	schema := shopSchema(t)
	shelf, item, member := schema.Type("Shelf"), schema.Type("Item"), schema.Type("Member")
	one := parsed(t, shelf, "select=*,items(*)")
	groups := parsed(t, item, "select=maker(name),count(),price.sum()&limit=5&offset=5")
	groups.Count = query.ExactCount
	total := parsed(t, item, "select=quantity.sum()")
	total.Count = query.ExactCount
	return []request{
		{"shelf 7 with its items", func(b *statement.Builder) (statement.Statement, error) { return b.Item(one, int64(7)) }},
		{"shelves 9, 7 with the sums of their items", func(b *statement.Builder) (statement.Statement, error) {
			return b.Items(parsed(t, shelf, "select=name,items(quantity.sum())"), []any{int64(9), int64(7)})
		}},
		{"items 9, 7, each a group", func(b *statement.Builder) (statement.Statement, error) {
			return b.Items(parsed(t, item, "select=count(),name"), []any{int64(9), int64(7)})
		}},
		{"item 7, a group", func(b *statement.Builder) (statement.Statement, error) {
			return b.Item(parsed(t, item, "select=count(),name"), int64(7))
		}},
		listed(t, shelf, "select=name,items(name,quantity)&limit=20"),
		listed(t, shelf, "select=things:items(n:name)&things.quantity=gt.1&things.order=name.desc&things.limit=3&things.offset=2"),
		listed(t, item, "select=name,shelf(name)"),
		listed(t, item, "select=name,maker(name,country(name))&maker.name=eq.x"),
		listed(t, item, "select=name,...maker(maker:name,...country(country:name))"),
		listed(t, shelf, "select=members(name),items(seller(name))"),
		listed(t, member, "select=shelves(name,items(name))"),
		listed(t, shelf, "select=*,items!inner(*)&items.name=ilike.*milk*"),
		listed(t, member, "select=name,shelves!inner(items!inner())&shelves.items.tags=cs.{cold}"),
		listed(t, shelf, "select=name,items()&items=is.null&items.or=(quantity.lt.1,price.is.null)"),
		listed(t, item, "order=maker(name).desc,name&limit=3&select=name"),
		{"in an order through a relation, behind a position", func(b *statement.Builder) (statement.Statement, error) {
			q := parsed(t, item, "order=maker(name)&limit=3&select=name")
			q.After = []any{"x", int64(7)}
			return b.List(q)
		}},
		listed(t, item, "select=position,count(),quantity.sum(),price.avg(),most:price.max(),w:weight.avg(),q:quantity.avg(),weight.min(),t:time.sum(),d:due.max(),n:price.count()&order=position.desc"),
		listed(t, shelf, "select=items(position,price.sum(),due.min())"),
		{"a page of groups, counted", func(b *statement.Builder) (statement.Statement, error) { return b.List(groups) }},
		{"the one group, counted", func(b *statement.Builder) (statement.Statement, error) { return b.List(total) }},
		{"the items of shelf 7", func(b *statement.Builder) (statement.Statement, error) {
			q := parsed(t, item, "select=name&quantity=gt.1&limit=3")
			q.Restrict(query.RelatedTo(shelf.Field("items"), int64(7)))
			return b.List(q)
		}},
		{"the members of shelf 7", func(b *statement.Builder) (statement.Statement, error) {
			q := parsed(t, member, "select=name")
			q.Restrict(query.RelatedTo(shelf.Field("members"), int64(7)))
			return b.List(q)
		}},
		{"a change of items of shelves", func(b *statement.Builder) (statement.Statement, error) {
			f := item.Field("quantity")
			return b.UpdateWhere(parsed(t, item, "select=shelf!inner()&shelf.name=eq.top"), []statement.Assignment{{Field: f, Op: statement.Mul, Value: int64(2)}})
		}},
		{"a deletion of shelves without items", func(b *statement.Builder) (statement.Statement, error) {
			return b.DeleteWhere(parsed(t, shelf, "select=items()&items=is.null"))
		}},
	}
}

// The records of an embed are found by the index of what relates them.
func TestSQLiteFindsEmbeddedRecordsByIndex(t *testing.T) {
	schema := shopSchema(t)
	engine := onSQLite(t, schema)
	for _, test := range []struct{ on, query, index string }{
		{"Shelf", "select=name,items(name)", "SEARCH e1 USING INDEX item_shelf_id_idx (shelf_id=?)"},
		{"Shelf", "select=name,items(quantity.sum())", "SEARCH e1 USING INDEX item_shelf_id_idx (shelf_id=?)"},
		{"Shelf", "select=name,items!inner(name)&items.name=eq.x", "SEARCH e1 USING INDEX item_shelf_id_idx (shelf_id=?)"},
		{"Shelf", "select=name,items()&items=is.null", "SEARCH e1 USING COVERING INDEX item_shelf_id_idx (shelf_id=?)"},
		{"Shelf", "select=name,members(name)", "SEARCH j1 USING PRIMARY KEY (shelf_id=?)"},
		{"Member", "select=name,shelves(name)", "SEARCH j1 USING COVERING INDEX shelf_members_member_id_idx (member_id=?)"},
		{"Item", "select=name,shelf(name)", "SEARCH e1 USING INTEGER PRIMARY KEY (rowid=?)"},
		{"Shelf", "select=items(seller(name))", "SEARCH e2 USING INDEX sqlite_autoindex_member_1 (id=?)"},
		{"Item", "select=name&order=maker(name)", "SEARCH o USING INTEGER PRIMARY KEY (rowid=?)"},
	} {
		t.Run(test.on+"?"+test.query, func(t *testing.T) {
			q := parsed(t, schema.Type(test.on), test.query)
			st, err := statement.NewBuilder(statement.SQLite()).List(q)
			if err != nil {
				t.Fatal(err)
			}
			plan := explained(t, engine, st)
			if !strings.Contains(plan, test.index) || strings.Contains(plan, "SCAN e") || strings.Contains(plan, "SCAN j") {
				t.Errorf("want %s in\n%s\nof\n%s", test.index, plan, st.SQL)
			}
		})
	}
	t.Run("items of one list", func(t *testing.T) {
		q := parsed(t, schema.Type("Item"), "")
		q.Restrict(query.RelatedTo(schema.Type("Shelf").Field("items"), int64(7)))
		st, err := statement.NewBuilder(statement.SQLite()).List(q)
		if err != nil {
			t.Fatal(err)
		}
		if plan := explained(t, engine, st); !strings.Contains(plan, "item_shelf_id_idx (shelf_id=?)") {
			t.Error(plan)
		}
	})
}
