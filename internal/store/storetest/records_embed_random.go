package storetest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/larderhq/larder/internal/store"
)

// randomItem is an item of a random shop.
type randomItem struct {
	id, shelf, name, quantity int
	position                  *int
}

// testRandomEmbeds compares embeds of random records with what a
// straightforward reading of the query's meaning gives.
func testRandomEmbeds(t *testing.T, create Create) {
	p := newShop(t, create)
	rapid.Check(t, func(r *rapid.T) {
		items := p.stockAtRandom(t, r)
		ask := randomAsk(r)
		page, err := p.List(t.Context(), p.query(t, "Shelf", ask.query()))
		must(t, err)
		if want := ask.expected(items); string(page.Body) != want {
			r.Fatalf("%s of %+v\n got %s\nwant %s", ask.query(), items, page.Body, want)
		}
	})
}

// stockAtRandom puts other items on the shelves.
func (p *pantry) stockAtRandom(t *testing.T, r *rapid.T) []randomItem {
	_, err := p.DeleteMany(t.Context(), p.read("Item"), 0, false)
	must(t, err)
	c := store.Creation{Query: p.read("Item")}
	items := make([]randomItem, rapid.IntRange(0, 12).Draw(r, "items"))
	for i := range items {
		item := &items[i]
		item.shelf = rapid.IntRange(1, 3).Draw(r, "shelf")
		item.name = rapid.IntRange(0, 3).Draw(r, "name")
		item.quantity = rapid.IntRange(0, 5).Draw(r, "quantity")
		if rapid.Bool().Draw(r, "placed") {
			position := rapid.IntRange(0, 3).Draw(r, "position")
			item.position = &position
		}
		c.Records = append(c.Records, p.assignments(t, "Item", fmt.Sprintf(
			`{"shelfId":%d,"name":"n%d","quantity":%d,"position":%s,"tags":[]}`, item.shelf, item.name, item.quantity, optional(item.position))))
	}
	result, err := p.Create(t.Context(), c)
	must(t, err)
	for i, id := range result.IDs {
		number, _ := id.(int64)
		items[i].id = int(number)
	}
	return items
}

// ask is a request for shelves with their items.
type ask struct {
	join            string // "", "!inner" or "!left"
	shown           string // what is wanted of the items: "", "id" or a sum
	least           int    // quantity that an item must have; -1: any
	test            string // "", "is.null", "not.is.null"
	byName, reverse bool   // in the order of names; downwards
	limit, offset   int    // limit -1: none
}

func randomAsk(r *rapid.T) ask {
	a := ask{
		join:   rapid.SampledFrom([]string{"", "!inner", "!left"}).Draw(r, "join"),
		shown:  rapid.SampledFrom([]string{"", "id", "quantity.sum(),count()", "name,quantity.max()"}).Draw(r, "shown"),
		least:  rapid.IntRange(-1, 5).Draw(r, "least"),
		test:   rapid.SampledFrom([]string{"", "is.null", "not.is.null"}).Draw(r, "test"),
		limit:  rapid.IntRange(-1, 4).Draw(r, "limit"),
		offset: rapid.IntRange(0, 2).Draw(r, "offset"),
	}
	if a.byName = rapid.Bool().Draw(r, "by name") && a.shown != "quantity.sum(),count()"; a.byName {
		a.reverse = rapid.Bool().Draw(r, "reverse")
	}
	return a
}

func (a ask) query() string {
	parts := []string{"select=id,items" + a.join + "(" + a.shown + ")", fmt.Sprint("items.offset=", a.offset)}
	if a.least >= 0 {
		parts = append(parts, fmt.Sprint("items.quantity=gte.", a.least))
	}
	if a.test != "" {
		parts = append(parts, "items="+a.test)
	}
	if a.byName {
		parts = append(parts, "items.order=name"+map[bool]string{true: ".desc"}[a.reverse])
	}
	if a.limit >= 0 {
		parts = append(parts, fmt.Sprint("items.limit=", a.limit))
	}
	return strings.Join(parts, "&")
}

// expected is the answer.
func (a ask) expected(items []randomItem) string {
	var shelves []string
	for shelf := 1; shelf <= 3; shelf++ {
		var found []randomItem
		for _, item := range items {
			if item.shelf == shelf && item.quantity >= a.least {
				found = append(found, item)
			}
		}
		if a.join == "!inner" && len(found) == 0 || a.test == "is.null" && len(found) > 0 || a.test == "not.is.null" && len(found) == 0 {
			continue
		}
		text := fmt.Sprintf(`{"id":%d`, shelf)
		if a.shown != "" {
			rows := a.rows(found)
			rows = rows[min(a.offset, len(rows)):]
			if a.limit >= 0 {
				rows = rows[:min(a.limit, len(rows))]
			}
			text += `,"items":[` + strings.Join(rows, ",") + "]"
		}
		shelves = append(shelves, text+"}")
	}
	return "[" + strings.Join(shelves, ",") + "]"
}

// rows are what is shown of the items of one shelf.
func (a ask) rows(found []randomItem) []string {
	slices.SortFunc(found, a.compare)
	var rows []string
	switch a.shown {
	case "id":
		for _, item := range found {
			rows = append(rows, fmt.Sprintf(`{"id":%d}`, item.id))
		}
	case "quantity.sum(),count()":
		sum := 0
		for _, item := range found {
			sum += item.quantity
		}
		if len(found) == 0 {
			return []string{`{"sum":null,"count":0}`}
		}
		rows = []string{fmt.Sprintf(`{"sum":%d,"count":%d}`, sum, len(found))}
	default:
		most := map[int]int{}
		var names []int
		for _, item := range found {
			if _, known := most[item.name]; !known {
				names = append(names, item.name)
			}
			most[item.name] = max(most[item.name], item.quantity)
		}
		slices.Sort(names)
		if a.reverse {
			slices.Reverse(names)
		}
		for _, name := range names {
			rows = append(rows, fmt.Sprintf(`{"name":"n%d","max":%d}`, name, most[name]))
		}
	}
	return rows
}

// compare orders items by name, or else by position, then by id.
func (a ask) compare(x, y randomItem) int {
	order := cmp.Compare(x.name, y.name)
	if !a.byName {
		order = 0
		switch {
		case x.position != nil && y.position != nil:
			order = cmp.Compare(*x.position, *y.position)
		case x.position != nil:
			order = -1
		case y.position != nil:
			order = 1
		}
	}
	order = cmp.Or(order, cmp.Compare(x.id, y.id))
	if a.reverse {
		return -order
	}
	return order
}
