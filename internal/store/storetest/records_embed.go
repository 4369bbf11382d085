package storetest

import (
	"context"
	"errors"
	"strconv"
	"testing"

	"github.com/larderhq/larder/internal/model"
	"github.com/larderhq/larder/internal/query"
	"github.com/larderhq/larder/internal/store"
)

// shopSDL has a relation of every kind.
const shopSDL = `
type Shelf {
  name: String! @unique
  items: [Item!]! @ref(onDelete: CASCADE)
  members: [Member!]!
}

type Item {
  name: String!
  quantity: Int!
  price: Decimal @decimal(precision: 10, scale: 2)
  weight: Float
  time: Duration
  due: DateTime
  position: Int
  maker: Maker
  tags: [String!]!
}

type Maker { name: String! country: Country }

type Country { name: String! }

type Member { name: String! shelves: [Shelf!]! }
`

// newShop is a store with three shelves: one with three items and two members,
// one with one item of the two members, and one with nothing.
func newShop(t *testing.T, create Create) *pantry {
	t.Helper()
	schema, err := model.Parse("models.graphql", []byte(shopSDL))
	if err != nil {
		t.Fatal(err)
	}
	engine := opened(t, create(t, schema))
	p := &pantry{Store: store.New(engine, schema), schema: schema, engine: engine}
	p.made(t, "Country", `{"name":"NL"}`)
	p.made(t, "Maker", `{"name":"Dairy","countryId":1}`, `{"name":"Baker"}`)
	p.made(t, "Shelf", `{"name":"top"}`, `{"name":"low"}`, `{"name":"bare"}`)
	p.made(t, "Item",
		`{"shelfId":1,"position":2,"name":"Milk","quantity":2,"price":1.25,"weight":0.1,"time":"PT1H","due":"2026-01-02T03:04:05Z","makerId":1,"tags":["cold","white"]}`,
		`{"shelfId":1,"position":1,"name":"Bread","quantity":1,"price":0.1,"weight":0.25,"time":"PT0.5S","due":"2026-01-02T03:04:05.25Z","makerId":2,"tags":[]}`,
		`{"shelfId":1,"name":"say \"cheese\"","quantity":4,"tags":[]}`,
		`{"shelfId":2,"position":1,"name":"Soy milk","quantity":3,"price":2,"makerId":2,"tags":["cold"]}`,
	)
	p.made(t, "Member", `{"name":"Ann"}`, `{"name":"Bob"}`)
	must(t, p.engine.Write(t.Context(), func(ctx context.Context, tx store.Tx) error {
		_, err := tx.Exec(ctx, plain(`INSERT INTO "shelf_members" ("shelf_id", "position", "member_id") VALUES (1, 0, 2), (1, 1, 1), (2, 0, 1)`))
		return err
	}))
	return p
}

// embedCases are answers, byte for byte the same on every engine.
var embedCases = []struct{ name, on, query, want string }{
	{"items in the order of their position", "Shelf", "select=name,items(name)", `[{"name":"top","items":[{"name":"Bread"},{"name":"Milk"},{"name":"say \"cheese\""}]},{"name":"low","items":[{"name":"Soy milk"}]},{"name":"bare","items":[]}]`},
	{"everything of them", "Shelf", "id=eq.2&select=*,items(*)", `[{"id":2,"name":"low","items":[{"id":4,"name":"Soy milk","quantity":3,"price":2,"weight":null,"time":null,"due":null,"position":1,"makerId":2,"tags":["cold"],"shelfId":2}]}]`},
	{"in the order of the select, under an alias", "Shelf", "id=eq.2&select=things:items(n:name),id", `[{"things":[{"n":"Soy milk"}],"id":2}]`},
	{"ordered, limited and skipped", "Shelf", "id=eq.1&select=items(name)&items.order=quantity.desc&items.limit=1&items.offset=1", `[{"items":[{"name":"Milk"}]}]`},
	{"none of them", "Shelf", "id=eq.1&select=items(name)&items.limit=0", `[{"items":[]}]`},
	{"filtered", "Shelf", "select=name,items(name)&items.name=ilike.*milk*", `[{"name":"top","items":[{"name":"Milk"}]},{"name":"low","items":[{"name":"Soy milk"}]},{"name":"bare","items":[]}]`},
	{"filtered by a tree and a list", "Shelf", "select=name,items(name)&items.or=(quantity.gt.3,tags.cs.{white})", `[{"name":"top","items":[{"name":"Milk"},{"name":"say \"cheese\""}]},{"name":"low","items":[]},{"name":"bare","items":[]}]`},
	{"whose filter filters the shelves", "Shelf", "select=name,items!inner(name)&items.tags=cs.{white}", `[{"name":"top","items":[{"name":"Milk"}]}]`},
	{"whose makers filter the shelves", "Shelf", "select=name,items!inner(maker!inner(name))&items.maker.name=eq.Dairy", `[{"name":"top","items":[{"maker":{"name":"Dairy"}}]}]`},
	{"to filter by, and not to see", "Shelf", "select=name,items!inner()&items.quantity=eq.3", `[{"name":"low"}]`},
	{"to filter by their absence", "Shelf", "select=name,items()&items=is.null", `[{"name":"bare"}]`},
	{"to filter by their presence", "Shelf", "select=name,items()&items=not.is.null&items.price=gt.1.5", `[{"name":"low"}]`},
	{"in a tree", "Shelf", "select=name,items()&or=(items.is.null,name.eq.low)", `[{"name":"low"},{"name":"bare"}]`},
	{"one record, or null", "Item", "select=name,maker(name)&quantity=gt.1", `[{"name":"Milk","maker":{"name":"Dairy"}},{"name":"say \"cheese\"","maker":null},{"name":"Soy milk","maker":{"name":"Baker"}}]`},
	{"one record that a filter lets pass", "Item", "select=name,maker(name)&maker.name=eq.Baker", `[{"name":"Milk","maker":null},{"name":"Bread","maker":{"name":"Baker"}},{"name":"say \"cheese\"","maker":null},{"name":"Soy milk","maker":{"name":"Baker"}}]`},
	{"one record in one record in many", "Shelf", "id=eq.1&select=items(maker(country(name)))", `[{"items":[{"maker":{"country":null}},{"maker":{"country":{"name":"NL"}}},{"maker":null}]}]`},
	{"four within each other", "Maker", "id=eq.1&select=country(name),name", `[{"country":{"name":"NL"},"name":"Dairy"}]`},
	{"spread", "Item", "quantity=gt.1&select=name,...maker(by:name,...country(of:name)),quantity", `[{"name":"Milk","by":"Dairy","of":"NL","quantity":2},{"name":"say \"cheese\"","by":null,"of":null,"quantity":4},{"name":"Soy milk","by":"Baker","of":null,"quantity":3}]`},
	{"many to many in the order of the list", "Shelf", "select=name,members(name)", `[{"name":"top","members":[{"name":"Bob"},{"name":"Ann"}]},{"name":"low","members":[{"name":"Ann"}]},{"name":"bare","members":[]}]`},
	{"many to many from the other side", "Member", "select=name,shelves(name,items(quantity.sum()))", `[{"name":"Ann","shelves":[{"name":"top","items":[{"sum":7}]},{"name":"low","items":[{"sum":3}]}]},{"name":"Bob","shelves":[{"name":"top","items":[{"sum":7}]}]}]`},
	{"many to many that filters", "Shelf", "select=name,members!inner()&members.name=eq.Bob", `[{"name":"top"}]`},
	{"records in the order of another's", "Item", "select=name&order=maker(name).desc,name.desc", `[{"name":"say \"cheese\""},{"name":"Milk"},{"name":"Soy milk"},{"name":"Bread"}]`},
	{"records in the order of another's, nulls last", "Item", "select=name&order=maker(name).desc.nullslast,name", `[{"name":"Milk"},{"name":"Bread"},{"name":"Soy milk"},{"name":"say \"cheese\""}]`},
	{"embedded in the order of another's", "Shelf", "id=eq.1&select=items(name)&items.order=maker(name)", `[{"items":[{"name":"Bread"},{"name":"Milk"},{"name":"say \"cheese\""}]}]`},
	{"their total price", "Shelf", "select=name,items(total:price.sum())", `[{"name":"top","items":[{"total":1.35}]},{"name":"low","items":[{"total":2}]},{"name":"bare","items":[{"total":null}]}]`},
	{"every aggregate", "Item", "select=count(),n:price.count(),quantity.sum(),quantity.avg(),p:price.sum(),a:price.avg(),price.min(),price.max(),w:weight.sum(),v:weight.avg(),t:time.sum(),d:due.max(),first:name.min()", `[{"count":4,"n":3,"sum":10,"avg":2.5,"p":3.35,"a":1.1166666666666667,"min":0.1,"max":2,"w":0.35,"v":0.175,"t":"PT3600.5S","d":"2026-01-02T03:04:05.25Z","first":"Bread"}]`},
	{"aggregates of nothing", "Item", "id=eq.99&select=count(),quantity.sum(),price.avg(),due.min()", `[{"count":0,"sum":null,"avg":null,"min":null}]`},
	{"groups", "Item", "select=position,count(),price.max()", `[{"position":1,"count":2,"max":2},{"position":2,"count":1,"max":1.25},{"position":null,"count":1,"max":null}]`},
	{"groups in an order", "Item", "select=position,count()&order=position.desc.nullslast&limit=1&offset=1", `[{"position":1,"count":2}]`},
	{"groups by a record", "Item", "select=maker(name),quantity.sum()", `[{"maker":{"name":"Dairy"},"sum":2},{"maker":{"name":"Baker"},"sum":4},{"maker":null,"sum":4}]`},
	{"groups by what is spread", "Item", "select=...maker(name),count()", `[{"name":"Dairy","count":1},{"name":"Baker","count":2},{"name":null,"count":1}]`},
	{"groups in an embed", "Shelf", "id=eq.1&select=items(makerId,count())", `[{"items":[{"makerId":1,"count":1},{"makerId":2,"count":1},{"makerId":null,"count":1}]}]`},
	{"no groups of nothing", "Item", "id=eq.99&select=name,count()", `[]`},
}

func testEmbeds(t *testing.T, create Create) {
	p := newShop(t, create)
	for _, test := range embedCases {
		t.Run(test.name, func(t *testing.T) {
			q := p.query(t, test.on, test.query)
			page, err := p.List(t.Context(), q)
			must(t, err)
			if string(page.Body) != test.want {
				t.Errorf("%s\n got %s\nwant %s", test.query, page.Body, test.want)
			}
			q.Count = query.ExactCount
			counted, err := p.List(t.Context(), q)
			must(t, err)
			if q.Limit < 0 && counted.Total != int64(page.Rows) {
				t.Errorf("%s: %d are counted, %d are there", test.query, counted.Total, page.Rows)
			}
		})
	}
	t.Run("of one record", func(t *testing.T) {
		body, err := p.Item(t.Context(), p.query(t, "Shelf", "select=name,items(name,...maker(by:name))&items.order=id&items.limit=2"), int64(1))
		must(t, err)
		if want := `{"name":"top","items":[{"name":"Milk","by":"Dairy"},{"name":"Bread","by":"Baker"}]}`; string(body) != want {
			t.Errorf("got %s\nwant %s", body, want)
		}
	})
	t.Run("in the answer of a change", func(t *testing.T) {
		q := p.query(t, "Item", "select=name,shelf(name),count()")
		written, err := p.Modify(t.Context(), q, int64(4), func([]byte) (store.Change, error) {
			return store.Change{Kind: store.Update, Assignments: p.assignments(t, "Item", `{"shelfId":3}`)}, nil
		})
		must(t, err)
		if want := `{"name":"Soy milk","shelf":{"name":"bare"},"count":1}`; string(written.Body) != want {
			t.Errorf("got %s\nwant %s", written.Body, want)
		}
		_, err = p.patch(t, "Item", int64(4), `{"shelfId":2}`)
		must(t, err)
	})
	t.Run("in a change of many", func(t *testing.T) {
		q := p.query(t, "Item", "select=id,quantity,shelf!inner(name)&shelf.name=eq.low")
		result, err := p.UpdateMany(t.Context(), q, p.assignments(t, "Item", `{"quantity":{"$mul":2}}`), 0, true)
		must(t, err)
		if want := `[{"id":4,"quantity":6,"shelf":{"name":"low"}}]`; string(result.Body) != want {
			t.Errorf("got %s\nwant %s", result.Body, want)
		}
		_, err = p.patch(t, "Item", int64(4), `{"quantity":3}`)
		must(t, err)
	})
	t.Run("the records of another's relation", func(t *testing.T) {
		for _, test := range []struct {
			relation, query, want string
			id                    int64
		}{
			{"items", "select=name&quantity=lt.4", `[{"name":"Milk"},{"name":"Bread"}]`, 1},
			{"members", "select=name", `[{"name":"Ann"},{"name":"Bob"}]`, 1},
			{"members", "select=name", `[]`, 3},
		} {
			relation := p.schema.Type("Shelf").Field(test.relation)
			q := p.query(t, relation.Relation.Target.Name, test.query)
			q.Restrict(query.RelatedTo(relation, test.id))
			page, err := p.List(t.Context(), q)
			must(t, err)
			if string(page.Body) != test.want {
				t.Errorf("%s of %d: got %s\nwant %s", test.relation, test.id, page.Body, test.want)
			}
		}
	})
	t.Run("a sum beyond 64 bits is refused", func(t *testing.T) {
		p := newPantry(t, create)
		p.made(t, "Thing", thing(`"large":9223372036854775807`), thing(`"large":9223372036854775807`))
		page, err := p.List(t.Context(), p.query(t, "Thing", "select=large.sum()"))
		var violation *store.Violation
		if !errors.As(err, &violation) || violation.Kind != store.RangeViolation {
			t.Errorf("got %s, %v", page.Body, err)
		}
	})
	t.Run("pages in the order of another's", func(t *testing.T) { testPagesThrough(t, p) })
	t.Run("random ones", func(t *testing.T) { testRandomEmbeds(t, create) })
}

// testPagesThrough walks by keyset over an order that a relation gives.
func testPagesThrough(t *testing.T, p *pantry) {
	for _, order := range []string{"maker(name)", "maker(name).desc", "maker(name).nullsfirst", "maker(name).desc.nullslast,name"} {
		whole, err := p.List(t.Context(), p.query(t, "Item", "select=id&order="+order))
		must(t, err)
		q := p.query(t, "Item", "select=id&limit=1&order="+order)
		got := "["
		for {
			page, err := p.List(t.Context(), q)
			must(t, err)
			got += string(page.Body[1 : len(page.Body)-1])
			if !page.More {
				break
			}
			got += ","
			// As a client has it: through the text of a cursor.
			raw := query.WithCursor("select=id&limit=1&order="+order, "_after", query.EncodeCursor(q, page.Last))
			q = p.query(t, "Item", raw)
		}
		if got += "]"; got != string(whole.Body) {
			t.Errorf("%s: got %s page by page, %s at once", order, got, whole.Body)
		}
	}
}

// optional writes a whole number that may be missing as JSON.
func optional(n *int) string {
	if n == nil {
		return "null"
	}
	return strconv.Itoa(*n)
}
