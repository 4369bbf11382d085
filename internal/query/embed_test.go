package query_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/larderhq/larder/internal/model"
	"github.com/larderhq/larder/internal/query"
)

// shop is a model with a relation of every kind.
const shop = `
type ShoppingList {
  name: String!
  items: [Item!]!
  members: [Person!]!
}

type Item {
  name: String!
  quantity: Int!
  price: Decimal @since(version: 2)
  done: Boolean
  due: DateTime
  position: Int
  tags: [String!]!
  kinds: [Kind!]!
  maker: Maker
  supplier: Maker @hidden
}

type Maker { name: String! country: Country }

type Country { name: String! continent: Continent }

type Continent { name: String! }

type Person {
  name: String!
  lists: [ShoppingList!]!
}

type Kind @vocabulary { word: String! @unique }
`

func shopType(t testing.TB, name string) *model.Type {
	t.Helper()
	schema, err := model.Parse("models.graphql", []byte(shop))
	if err != nil {
		t.Fatal(err)
	}
	return schema.Type(name)
}

// written writes a read so that its structure can be read.
func writtenRead(r query.Read) string {
	var parts []string
	if r.Columns == nil {
		parts = []string{"*"}
	}
	for _, c := range r.Columns {
		switch {
		case c.Embed != nil:
			text := c.Name + ":" + c.Embed.Relation.Name + "(" + writtenRead(c.Embed.Read) + ")"
			if c.Embed.Spread {
				text = "..." + text
			}
			parts = append(parts, text)
		case c.Field == nil:
			parts = append(parts, fmt.Sprintf("%s:%s()", c.Name, c.Aggregate))
		case c.Aggregate != "":
			parts = append(parts, fmt.Sprintf("%s:%s.%s()", c.Name, c.Field.JSONName(), c.Aggregate))
		default:
			parts = append(parts, c.Name)
		}
	}
	text := strings.Join(parts, " ")
	if r.Filter != nil {
		text += " where " + shown(r.Filter)
	}
	for _, term := range r.Order {
		text += " by "
		if term.Through != nil {
			text += term.Through.Name + "."
		}
		text += fmt.Sprintf("%s %t %t", term.Field.JSONName(), term.Descending, term.NullsFirst)
	}
	if r.Limit != -1 {
		text += fmt.Sprintf(" limit %d", r.Limit)
	}
	if r.Offset != 0 {
		text += fmt.Sprintf(" offset %d", r.Offset)
	}
	return text
}

func TestParseReadsEmbeds(t *testing.T) {
	tests := []struct{ name, on, query, want string }{
		{"every attribute of the records of a list", "ShoppingList", "select=*,items(*)", "id name items:items(* by position false false limit 1000)"},
		{"every attribute and more", "Item", "select=maker(*,also:name)", "maker:maker(id name countryId also)"},
		{"every attribute of what is spread", "Item", "select=...maker(*)", "...maker:maker(id name countryId)"},
		{"some, in their order among the columns", "ShoppingList", "select=items(quantity,name),name", "items:items(quantity name by position false false limit 1000) name"},
		{"an alias", "ShoppingList", "select=things:items(t:name)", "things:items(t by position false false limit 1000)"},
		{"a single record", "Item", "select=name,shoppingList(name)", "name shoppingList:shoppingList(name)"},
		{"many to many, from both sides", "Person", "select=lists(members(name))", "lists:lists(members:members(name limit 1000) limit 1000)"},
		{"four within each other", "ShoppingList", "select=items(maker(country(continent(name))))", "items:items(maker:maker(country:country(continent:continent(name))) by position false false limit 1000)"},
		{"blanks", "ShoppingList", "select= name , items( name , quantity ) ", "name items:items(name quantity by position false false limit 1000)"},
		{"a filter", "ShoppingList", "select=items(name)&items.quantity=gt.2&items.name=ilike.*m*", "items:items(name where and(quantity gt int64:2, name ilike string:%m%) by position false false limit 1000)"},
		{"its parameters before select", "ShoppingList", "items.limit=3&items.offset=2&items.order=name.desc&select=items(name)", "items:items(name by name true true limit 3 offset 2)"},
		{"a limit beyond the largest", "ShoppingList", "select=items(name)&items.limit=2000", "items:items(name by position false false limit 1000)"},
		{"trees", "ShoppingList", "select=items(name)&items.or=(name.eq.a,quantity.lt.2)&items.not.and=(name.eq.a,quantity.eq.2)", "items:items(name where and(or(name eq string:a, quantity lt int64:2), not and(name eq string:a, quantity eq int64:2)) by position false false limit 1000)"},
		{"parameters by the alias", "ShoppingList", "select=a:items(name),b:items(name)&a.name=eq.x&b.order=id", "a:items(name where name eq string:x by position false false limit 1000) b:items(name by id false false limit 1000)"},
		{"parameters of one in another", "ShoppingList", "select=items(maker(name))&items.maker.name=eq.x", "items:items(maker:maker(name where name eq string:x) by position false false limit 1000)"},
		{"inner", "ShoppingList", "select=name,items!inner(name)&items.name=eq.x&name=eq.y", "name items:items(name where name eq string:x by position false false limit 1000) where and(name eq string:y, items is [not_null])"},
		{"inner in inner", "ShoppingList", "select=items!inner(maker!inner(name))", "items:items(maker:maker(name) where maker is [not_null] by position false false limit 1000) where items is [not_null]"},
		{"left", "ShoppingList", "select=items!left(name)", "items:items(name by position false false limit 1000)"},
		{"nothing of it", "ShoppingList", "select=name,items()&items=is.null", "name items:items( by position false false limit 1000) where items is [null]"},
		{"a test for any", "ShoppingList", "select=items(name)&items=not.is.null", "items:items(name by position false false limit 1000) where not items is [null]"},
		{"a test in a tree", "ShoppingList", "select=name,items()&or=(name.eq.x,not.items.is.null)", "name items:items( by position false false limit 1000) where or(name eq string:x, not items is [null])"},
		{"a spread", "Item", "select=name,...shoppingList(list:name)", "name ...shoppingList:shoppingList(list)"},
		{"an order through a relation", "Item", "order=shoppingList(name).desc.nullslast,name", "* by shoppingList.name true false by name false false"},
		{"an order through an alias", "Item", "select=l:shoppingList(name)&order=l(name)", "l:shoppingList(name) by shoppingList.name false false"},
		{"aggregates", "Item", "select=count(),quantity.sum(),most:quantity.max(),due.min(),quantity.avg()", "count:count() sum:quantity.sum() most:quantity.max() min:due.min() avg:quantity.avg()"},
		{"groups", "Item", "select=done,makers:makerId.count()&order=done", "done makers:makerId.count() by done false false"},
		{"groups by a record", "Item", "select=maker(name),count()", "maker:maker(name) count:count()"},
		{"aggregates in an embed", "ShoppingList", "select=name,items(done,quantity.sum())", "name items:items(done sum:quantity.sum() limit 1000)"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			request, err := query.Parse(shopType(t, test.on), 1, test.query, query.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			if got := writtenRead(request.Read); got != test.want {
				t.Errorf("%s\n got %s\nwant %s", test.query, got, test.want)
			}
		})
	}
}

func TestParseRefusesEmbedsWithAReason(t *testing.T) {
	tests := []struct{ name, on, query, code, says string }{
		{"an unknown relation", "ShoppingList", "select=itms(*)", query.CodeNoRelation, `did you mean "items"?`},
		{"a hidden relation", "Item", "select=supplier(name)", query.CodeNoRelation, "its relations are maker, shoppingList"},
		{"an attribute as a relation", "Item", "select=name(x)", query.CodeNoRelation, "select it without parentheses"},
		{"a vocabulary", "Item", "select=kinds(word)", query.CodeNoRelation, "kinds is an attribute"},
		{"an unknown attribute in it", "ShoppingList", "select=items(nam)", query.CodeUnknownColumn, `did you mean "name"?`},
		{"an attribute of a later version in it", "ShoppingList", "select=items(price)", query.CodeUnknownColumn, `Item has no attribute "price"`},
		{"a sum of a later version", "ShoppingList", "select=items(price.sum())", query.CodeUnknownColumn, `Item has no attribute "price"`},
		{"a filter by a later version", "ShoppingList", "select=items(name)&items.price=gt.1", query.CodeUnknownColumn, `Item has no attribute "price"`},
		{"a filter by a hidden relation's record", "Item", "order=supplier(name)", query.CodeNoRelation, "no relation"},
		{"a filter of what is not embedded", "ShoppingList", "items.name=eq.x", query.CodeNotEmbedded, "embed it: select=*,items(*)"},
		{"an order of what is not embedded", "ShoppingList", "select=things:items(*)&items.order=name", query.CodeNotEmbedded, `"items" is not embedded`},
		{"a misspelt embed", "ShoppingList", "select=things:items(*)&thing.order=name", query.CodeNotEmbedded, `did you mean "things"?`},
		{"a value for an embed", "ShoppingList", "select=items(*)&items=eq.5", query.CodeEmbedTest, "can be compared with null only"},
		{"an embed's attribute in a tree", "ShoppingList", "select=items(*)&or=(items.name.eq.5)", query.CodeEmbedTest, "items.name=eq.value"},
		{"an unknown operator in it", "ShoppingList", "select=items(*)&items.name=x", query.CodeParse, "name is followed by no operator"},
		{"a bad limit in it", "ShoppingList", "select=items(*)&items.limit=x", query.CodeParse, "items.limit"},
		{"a negative limit in it", "ShoppingList", "select=items(*)&items.limit=-1", query.CodeRange, "items.limit"},
		{"two limits in it", "ShoppingList", "select=items(*)&items.limit=1&items.limit=2", query.CodeParse, "items.limit is given twice"},
		{"a select in it", "ShoppingList", "select=items(*)&items.select=name", query.CodeUnknownColumn, `no attribute "select"`},
		{"a limit of a single record", "Item", "select=maker(*)&maker.limit=1", query.CodeParse, "maker is one record"},
		{"two embeds of a name", "ShoppingList", "select=items(*),items(name)", query.CodeParse, `called "items"`},
		{"a spread into a name that is there", "Item", "select=name,...maker(name)", query.CodeParse, `called "name"`},
		{"a spread of many", "ShoppingList", "select=...items(name)", query.CodeSpread, "items cannot be spread"},
		{"an order by many", "ShoppingList", "order=items(name)", query.CodeOrderThrough, "items.order="},
		{"an order by the list of one record", "Item", "order=maker(country)", query.CodeUnknownColumn, "countryId"},
		{"an embed without an end", "ShoppingList", "select=items(name", query.CodeParse, `expected "," or ")"`},
		{"an embed without parentheses", "ShoppingList", "select=items!inner", query.CodeParse, "items(*)"},
		{"a hint", "ShoppingList", "select=items!item_list_fkey(*)", query.CodeUnsupported, "hints"},
		{"an unknown aggregate", "Item", "select=quantity.median()", query.CodeParse, "[count sum avg min max]"},
		{"an aggregate without parentheses", "Item", "select=quantity.sum", query.CodeParse, "with () behind it"},
		{"a sum of texts", "Item", "select=name.sum()", query.CodeOperator, "name is of type String"},
		{"a mean of times", "Item", "select=due.avg()", query.CodeOperator, "due has no avg"},
		{"the greatest list", "Item", "select=tags.max()", query.CodeOperator, "a list of String"},
		{"two sums of a name", "Item", "select=quantity.sum(),id.sum()", query.CodeOperator, "id has no sum"},
		{"groups by a list", "Item", "select=tags,count()", query.CodeOperator, "grouped by tags"},
		{"groups by many records", "ShoppingList", "select=items(*),count()", query.CodeOperator, "holds many records"},
		{"groups in another order", "Item", "select=done,count()&order=name", query.CodeOperator, "groups cannot be ordered by name"},
		{"a cursor in groups", "Item", "select=count()&_after=x", query.CodeParse, "does not go with aggregates"},
		{"an aggregate in a spread", "Item", "select=...maker(count())", query.CodeUnsupported, "aggregates"},
		{"a cast of an aggregate", "Item", "select=quantity.sum()::text", query.CodeUnsupported, "casts"},
		{"six within each other", "ShoppingList", "select=items(shoppingList(items(shoppingList(items(shoppingList(*))))))", query.CodeLimit, "EmbedDepth"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := query.Parse(shopType(t, test.on), 1, test.query, query.Limits{})
			refused(t, err, test.code, test.says)
		})
	}
}

func TestARelationCannotBeToldFromNoneWhenItIsHidden(t *testing.T) {
	item := shopType(t, "Item")
	for _, form := range []string{"select=%s(*)", "order=%s(name)", "%s.name=eq.x", "%s=is.null", "select=%s"} {
		_, hidden := query.Parse(item, 1, fmt.Sprintf(form, "supplier"), query.Limits{})
		_, absent := query.Parse(item, 1, fmt.Sprintf(form, "suppliez"), query.Limits{})
		if hidden == nil || strings.ReplaceAll(hidden.Error(), "supplier", "suppliez") != absent.Error() {
			t.Errorf("%s: %v\n%v", form, hidden, absent)
		}
	}
}

func TestParseOfAListsRecordsIsInTheListsOrder(t *testing.T) {
	relation := shopType(t, "ShoppingList").Field("items")
	for text, want := range map[string]string{
		"":                       "position",
		"order=name":             "name",
		"select=count()":         "",
		"select=name&name=eq.x":  "position",
		"order=quantity.desc,id": "quantity,id",
	} {
		request, err := query.ParseRelated(relation, 1, text, query.Limits{})
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		var names []string
		for _, term := range request.Read.Order {
			names = append(names, term.Field.Name)
		}
		if got := strings.Join(names, ","); got != want || request.Read.Type.Name != "Item" {
			t.Errorf("%q: %s by %q, want Item by %q", text, request.Read.Type.Name, got, want)
		}
	}
}
