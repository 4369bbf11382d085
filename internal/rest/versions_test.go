package rest_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/larderhq/larder/internal/model"
	"github.com/larderhq/larder/internal/openapi/openapitest"
	"github.com/larderhq/larder/internal/rest"
	"github.com/larderhq/larder/internal/rest/conformance"
)

// versioned are models in which something was renamed, came, went and is hidden.
const versioned = `
type Basket @renamed(from: "ShoppingList", version: 2) @unique(fields: ["caption", "region"]) {
  caption: String! @renamed(from: "name", version: 2)
  region: String! @default(value: "north") @since(version: 2)
  token: String @hidden @unique
  entries: [Entry!]! @renamed(from: "items", version: 2) @ref(onDelete: CASCADE)
}

type Entry @renamed(from: "Item", version: 2) {
  label: String! @renamed(from: "text", version: 2)
  amount: Int! @default(value: "1") @check(min: 0) @renamed(from: "qty", version: 2)
  tags: [String!]! @renamed(from: "words", version: 2)
  cost: Decimal @since(version: 2)
  maker: Maker
  legacy: String @until(version: 2)
  secret: String @hidden
}

type Maker @since(version: 2) { brand: String! }
`

// serveVersioned serves the models above.
func serveVersioned(t *testing.T, settings rest.Settings) string {
	t.Helper()
	schema, err := model.Parse("models.graphql", []byte(versioned))
	if err != nil {
		t.Fatal(err)
	}
	return conformance.Serve(t, settings, openSQLite(t, schema), schema)
}

// askVersion sends a request and returns its answer with the body read.
func askVersion(t *testing.T, method, url, body string, header ...string) (*http.Response, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		request.Header.Add(header[i], header[i+1])
	}
	if body != "" && request.Header.Get("Content-Type") == "" {
		request.Header.Set("Content-Type", "application/json")
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response, string(text)
}

func TestEveryPlaceTakesTheNamesOfTheVersion(t *testing.T) {
	address := serveVersioned(t, rest.Settings{Name: "shopping"})
	contracts := map[string]*openapitest.Contract{}
	for _, version := range []string{"/api/v1/", "/api/v2/"} {
		_, document := askVersion(t, http.MethodGet, address+version+"openapi.json", "")
		contracts[version] = openapitest.Load(t, []byte(document))
	}
	const patch, merge = "application/json-patch+json", "application/merge-patch+json"
	for _, test := range []struct {
		name, method, path, media, body string
		status                          int
		want                            string
	}{
		{"a create with what it lists", "POST", "/api/v1/shopping-lists?select=*,items(text,qty)", "", `{"name":"A","items":[{"text":"tea","qty":2,"words":["hot"]}]}`, 201, `{"id":1,"name":"A","items":[{"text":"tea","qty":2}]}`},
		{"the same in the next version", "POST", "/api/v2/baskets?select=*,entries(label,amount)", "", `{"caption":"B","entries":[{"label":"milk","amount":3,"tags":[]}]}`, 201, `{"id":2,"caption":"B","region":"north","entries":[{"label":"milk","amount":3}]}`},
		{"a record", "GET", "/api/v1/items/1", "", "", 200, `{"id":1,"text":"tea","qty":2,"words":["hot"],"legacy":null,"shoppingListId":1}`},
		{"a record in the next version", "GET", "/api/v2/entries/1", "", "", 200, `{"id":1,"label":"tea","amount":2,"tags":["hot"],"cost":null,"makerId":null,"basketId":1}`},
		{"a filter, an order and a selection", "GET", "/api/v1/items?qty=gt.1&or=(text.eq.tea,words.cs.{hot})&order=qty.desc&select=qty,t:text", "", "", 200, `[{"qty":2,"t":"tea"}]`},
		{"an embedded record and a filter of it", "GET", "/api/v1/items?select=qty,shoppingList!inner(name)&shoppingList.name=eq.A", "", "", 200, `[{"qty":2,"shoppingList":{"name":"A"}}]`},
		{"an order through a record", "GET", "/api/v1/items?select=text&order=shoppingList(name).desc", "", "", 200, `[{"text":"milk"},{"text":"tea"}]`},
		{"a spread", "GET", "/api/v1/items?select=qty,...shoppingList(name)&id=eq.1", "", "", 200, `[{"qty":2,"name":"A"}]`},
		{"an aggregate", "GET", "/api/v1/shopping-lists?select=name,items(qty.sum())&order=name", "", "", 200, `[{"name":"A","items":[{"sum":2}]},{"name":"B","items":[{"sum":3}]}]`},
		{"a list of a record", "GET", "/api/v1/shopping-lists/1/items?select=text", "", "", 200, `[{"text":"tea"}]`},
		{"a create in a list", "POST", "/api/v1/shopping-lists/1/items", "", `{"text":"rice","words":[]}`, 201, `{"id":3,"text":"rice","qty":1,"words":[],"legacy":null,"shoppingListId":1}`},
		{"a merge patch", "PATCH", "/api/v1/items/1", merge, `{"qty":5}`, 200, `"qty":5`},
		{"an operator", "PATCH", "/api/v1/items/1", merge, `{"qty":{"$inc":2},"words":{"$append":"strong"}}`, 200, `"qty":7,"words":["hot","strong"]`},
		{"a JSON patch", "PATCH", "/api/v1/items/1", patch, `[{"op":"test","path":"/qty","value":7},{"op":"replace","path":"/text","value":"chai"}]`, 200, `"text":"chai","qty":7`},
		{"a replacement", "PUT", "/api/v1/items/1", "", `{"text":"tea","qty":4,"words":["hot"],"shoppingListId":2}`, 200, `"text":"tea","qty":4,"words":["hot"],"legacy":null,"shoppingListId":2`},
		{"a change of many", "PATCH", "/api/v1/items?qty=gte.4", merge, `{"qty":{"$mul":2}}`, 204, ""},
		{"what it changed, in the next version", "GET", "/api/v2/entries?amount=eq.8&select=amount,basketId", "", "", 200, `[{"amount":8,"basketId":2}]`},
		{"a value that is not accepted", "POST", "/api/v1/items", "", `{"text":"x","qty":-1,"words":[]}`, 400, `"errors":[{"field":"qty","code":"min","message":"expected at least 0, got -1","pointer":"/qty"}]`},
		{"a value that is missing", "POST", "/api/v1/items", "", `{"words":[]}`, 400, `"errors":[{"field":"text","code":"required","message":"a value is required","pointer":"/text"}]`},
		{"a reference to nothing", "POST", "/api/v1/items", "", `{"text":"x","words":[],"shoppingListId":99}`, 409, `"message":"shoppingListId: there is no such record to refer to"`},
		{"the new name in the old version", "GET", "/api/v1/items?amount=eq.1", "", "", 400, `Item has no attribute \"amount\"`},
		{"the old name in the new version", "GET", "/api/v2/entries?qty=eq.1", "", "", 400, `Entry has no attribute \"qty\"`},
		{"the old name in a body of the new version", "POST", "/api/v2/entries", "", `{"label":"x","tags":[],"qty":1}`, 400, `qty: entries has no such attribute`},
		{"the old path in the new version", "GET", "/api/v2/items", "", "", 404, `there is no resource \"items\" in version 2 of this API`},
		{"the new path in the old version", "GET", "/api/v1/entries", "", "", 404, `there is no resource \"entries\" in version 1 of this API`},
		{"a unique set of which the version has a part", "POST", "/api/v1/shopping-lists", "", `{"name":"A"}`, 409, `"message":"name: another record has this value already"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			header := []string{}
			if test.media != "" {
				header = []string{"Content-Type", test.media}
			}
			response, body := askVersion(t, test.method, address+test.path, test.body, header...)
			if response.StatusCode != test.status || !strings.Contains(body, test.want) {
				t.Errorf("got %d %s\nwant %d with %s", response.StatusCode, body, test.status, test.want)
			}
			if test.status < http.StatusBadRequest {
				contracts[test.path[:8]].Check(t, response.Request, []byte(test.body), response, []byte(body))
			}
		})
	}
}

// What version 1 does not have is answered like a name that nothing has, byte
// for byte, wherever it is named.
func TestNoErrorTellsWhatTheVersionDoesNotHave(t *testing.T) {
	address := serveVersioned(t, rest.Settings{Name: "shopping"})
	if response, body := askVersion(t, "POST", address+"/api/v1/shopping-lists", `{"name":"A","items":[{"text":"tea","words":[]}]}`); response.StatusCode != http.StatusCreated {
		t.Fatal(body)
	}
	const patch = "application/json-patch+json"
	places := []struct{ method, path, media, body string }{
		{"GET", "/api/v1/items?%s=eq.1", "", ""},
		{"GET", "/api/v1/items?or=(%s.eq.1)", "", ""},
		{"GET", "/api/v1/items?select=%s", "", ""},
		{"GET", "/api/v1/items?select=x:%s", "", ""},
		{"GET", "/api/v1/items?select=%s.sum()", "", ""},
		{"GET", "/api/v1/items?select=%s(*)", "", ""},
		{"GET", "/api/v1/items?select=...%s(*)", "", ""},
		{"GET", "/api/v1/items?order=%s.desc", "", ""},
		{"GET", "/api/v1/items?order=%s(id)", "", ""},
		{"GET", "/api/v1/items?%s.id=eq.1", "", ""},
		{"GET", "/api/v1/items?select=*,shoppingList(%s)", "", ""},
		{"GET", "/api/v1/items?select=*,shoppingList(*)&shoppingList.%s=eq.1", "", ""},
		{"GET", "/api/v1/shopping-lists?select=*,items(*)&items.order=%s", "", ""},
		{"GET", "/api/v1/shopping-lists?select=*,items(*)&items.%s=eq.1", "", ""},
		{"GET", "/api/v1/shopping-lists/1/items?%s=eq.1", "", ""},
		{"GET", "/api/v1/shopping-lists/1/%s", "", ""},
		{"GET", "/api/v1/%s", "", ""},
		{"POST", "/api/v1/items", "", `{"text":"x","words":[],"%s":1}`},
		{"POST", "/api/v1/items?columns=%s", "", `{"text":"x"}`},
		{"POST", "/api/v1/items?on_conflict=%s", "", `{"text":"x","words":[]}`},
		{"POST", "/api/v1/shopping-lists", "", `{"name":"x","items":[{"text":"x","words":[],"%s":1}]}`},
		{"POST", "/api/v1/shopping-lists", "", `{"name":"x","%s":[{"text":"x"}]}`},
		{"PUT", "/api/v1/items/1", "", `{"text":"x","words":[],"%s":1}`},
		{"PATCH", "/api/v1/items/1", "", `{"%s":1}`},
		{"PATCH", "/api/v1/items/1", "", `{"%s":{"$inc":1}}`},
		{"PATCH", "/api/v1/items/1", patch, `[{"op":"add","path":"/%s","value":1}]`},
		{"PATCH", "/api/v1/items/1", patch, `[{"op":"test","path":"/%s","value":1}]`},
		{"PATCH", "/api/v1/items/1", patch, `[{"op":"remove","path":"/%s"}]`},
		{"PATCH", "/api/v1/items/1", patch, `[{"op":"copy","from":"/%s","path":"/text"}]`},
		{"PATCH", "/api/v1/items?id=eq.1", "", `{"%s":1}`},
		{"PATCH", "/api/v1/items?%s=eq.1", "", `{"qty":1}`},
		{"DELETE", "/api/v1/items?%s=eq.1", "", ""},
	}
	answer := func(method, path, media, body, name string) string {
		header := []string{"Content-Type", "application/json"}
		if media != "" {
			header[1] = media
		}
		response, text := askVersion(t, method, address+strings.ReplaceAll(path, "%s", name), strings.ReplaceAll(body, "%s", name), header...)
		return response.Status + " " + text
	}
	for _, place := range places {
		for _, name := range []string{"amount", "label", "tags", "cost", "secret", "region", "token", "caption", "maker", "makerId", "makers", "entries", "basket", "basketId", "baskets"} {
			unknown := strings.Repeat("z", len(name))
			got := strings.ReplaceAll(answer(place.method, place.path, place.media, place.body, name), name, unknown)
			want := answer(place.method, place.path, place.media, place.body, unknown)
			// A near name that the version has may be suggested for either.
			if got != want && !strings.Contains(got, "did you mean") {
				t.Errorf("%s %s %s with %s:\n%s\nwith a name that nothing has:\n%s", place.method, place.path, place.body, name, got, want)
			}
		}
		for near, forbidden := range map[string][]string{
			"amont": {"amount"}, "cst": {"cost"}, "secre": {"secret"}, "regon": {"region"}, "lable": {"label"},
			"makr": {"maker"}, "entris": {"entries"}, "baskts": {"basket"}, "toke": {"token"}, "capton": {"caption"},
		} {
			text := answer(place.method, place.path, place.media, place.body, near)
			for _, word := range forbidden {
				if strings.Contains(strings.ToLower(text), word) {
					t.Errorf("%s %s %s with %s tells of %s:\n%s", place.method, place.path, place.body, near, word, text)
				}
			}
		}
	}
}

func TestAUniqueValueThatTheVersionDoesNotShowIsNotNamed(t *testing.T) {
	schema, err := model.Parse("models.graphql", []byte(`type A { name: String! code: Int! @unique @since(version: 2) @default(value: "7") }
type B { name: String! size: Int! @since(version: 2) }
type C @since(version: 2) { b: B! }`))
	if err != nil {
		t.Fatal(err)
	}
	address := conformance.Serve(t, rest.Settings{}, openSQLite(t, schema), schema)
	for _, test := range []struct {
		name, method, path, body string
		status                   int
		want                     string
	}{
		{"the first", "POST", "/api/v1/as", `{"name":"x"}`, 201, `{"id":1,"name":"x"}`},
		{"a value that is taken", "POST", "/api/v1/as", `{"name":"y"}`, 409, `"message":"another record has this value already"`},
		{"the same in the version that has it", "POST", "/api/v2/as", `{"name":"y"}`, 409, `"message":"code: another record has this value already"`},
		{"a value that only another version can give", "POST", "/api/v1/bs", `{"name":"y"}`, 400, `"message":"a value is required of something that this version of the API does not have"`},
		{"a record that others will refer to", "POST", "/api/v2/bs", `{"name":"y","size":1}`, 201, ""},
		{"one that does", "POST", "/api/v2/cs", `{"bId":1}`, 201, ""},
		{"a deletion that records of another version forbid", "DELETE", "/api/v1/bs/1", "", 409, `"message":"other records still refer to this one","details":null`},
	} {
		response, body := askVersion(t, test.method, address+test.path, test.body)
		if response.StatusCode != test.status || !strings.Contains(body, test.want) {
			t.Errorf("%s: got %d %s\nwant %d with %s", test.name, response.StatusCode, body, test.status, test.want)
		}
		if strings.HasPrefix(test.path, "/api/v1/") && (strings.Contains(body, "code:") || strings.Contains(body, "size")) {
			t.Errorf("%s: names what the version does not have: %s", test.name, body)
		}
	}
}

func TestAVersionAnnouncesItsEndInEveryAnswer(t *testing.T) {
	address := serveVersioned(t, rest.Settings{Name: "shopping", Versions: []rest.Version{
		{
			Number: 1, Link: "https://example.org/v2",
			Deprecated: time.Date(2026, 1, 31, 0, 0, 0, 0, time.UTC), Sunset: time.Date(2026, 12, 31, 23, 59, 59, 0, time.UTC),
		},
		{Number: 2},
	}})
	const links = `<https://example.org/v2>; rel="deprecation"; type="text/html", <https://example.org/v2>; rel="sunset"; type="text/html"`
	for _, path := range []string{"/api/v1", "/api/v1/items", "/api/items", "/api/v1/items/9", "/api/v1/items?x=y", "/api/v1/nothing", "/api/v1/items/1/nothing", "/api/v1/openapi.json", "/openapi.json"} {
		response, _ := askVersion(t, "GET", address+path, "")
		header := response.Header
		if header.Get("Api-Version") != "1" || header.Get("Deprecation") != "@1769817600" || header.Get("Sunset") != "Thu, 31 Dec 2026 23:59:59 GMT" || header.Get("Link") != links {
			t.Errorf("%s: %v", path, header)
		}
	}
	if response, _ := askVersion(t, "GET", address+"/api/items", "", "Accept-Version", "2"); response.Header.Get("Api-Version") != "2" || response.Header.Get("Deprecation") != "" || response.Header.Get("Link") != "" {
		t.Errorf("version 2: %v", response.Header)
	}
	for _, item := range []string{"a", "b"} {
		_, _ = askVersion(t, "POST", address+"/api/v1/items", `{"text":"`+item+`","words":[]}`)
	}
	response, _ := askVersion(t, "GET", address+"/api/v1/items?limit=1", "")
	if values := response.Header.Values("Link"); len(values) != 2 || values[0] != links || !strings.Contains(values[1], `rel="next"`) {
		t.Errorf("a page that has a next one: %q", values)
	}
	for _, header := range [][]string{{"Accept-Version", "2"}, {"Accept", "application/json; version=2"}, {}} {
		query := map[bool]string{true: "?version=2"}[len(header) == 0]
		if _, text := askVersion(t, "GET", address+"/openapi.json"+query, "", header...); !strings.Contains(text, "/api/v2/entries") || strings.Contains(text, `"deprecated": true`) {
			t.Errorf("%v%s does not give the document of version 2", header, query)
		}
	}
	if _, text := askVersion(t, "GET", address+"/openapi.json", ""); !strings.Contains(text, `"deprecated": true`) || !strings.Contains(text, "This version is deprecated") {
		t.Error("the document of version 1 does not say that it is deprecated")
	}
	if _, text := askVersion(t, "GET", address+"/docs", ""); !strings.Contains(text, "Version 1 (deprecated)") || !strings.Contains(text, ">Version 2<") {
		t.Errorf("the page does not offer the versions: %s", text)
	}
}

func TestWhatIsSaidTwiceMustAgree(t *testing.T) {
	address := serveVersioned(t, rest.Settings{Name: "shopping"})
	for _, test := range []struct {
		path   string
		header []string
		status int
		want   string // the version, or part of the problem
	}{
		{"/api/v1/items", []string{"Accept-Version", "1", "Accept", "application/json;version=1"}, 200, "1"},
		{"/api/v2/entries?version=2", []string{"Accept-Version", "v2"}, 200, "2"},
		{"/api/entries?%76ersion=2", nil, 200, "2"},
		{"/api/items?version=two", nil, 400, `the query: an API version is a number, came \"two\": the versions served are`},
		{"/api/v1/items?version=2", nil, 400, "the path asks for version 1 of the API and the query for version 2"},
		{"/api/items", []string{"Accept-Version", "1", "Accept-Version", "2"}, 400, "Accept-Version asks for version 1 of the API and Accept-Version for version 2"},
		{"/api/items", []string{"Accept-Version", "1", "Accept", "application/json;version=2"}, 400, "Accept-Version asks for version 1 of the API and Accept for version 2"},
		{"/api/items?version=1&version=2", nil, 400, "the query asks for version 1 of the API and the query for version 2"},
		{"/api/v7/items", nil, 404, "the versions served are 1, 2"},
		{"/api/items?version=7", nil, 406, "the versions served are 1, 2"},
		{"/api/nothing", []string{"Accept-Version", "2"}, 404, `no resource \"nothing\" in version 2`},
	} {
		response, body := askVersion(t, "GET", address+test.path, "", test.header...)
		if response.StatusCode != test.status || response.Header.Get("Api-Version") != test.want && !strings.Contains(body, test.want) {
			t.Errorf("%s %v: got %d %s, version %q, want %d %s", test.path, test.header, response.StatusCode, body, response.Header.Get("Api-Version"), test.status, test.want)
		}
	}
}
