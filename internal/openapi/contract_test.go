package openapi_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/larderhq/larder/internal/openapi"
	"github.com/larderhq/larder/internal/openapi/openapitest"
)

const hoth = `{"id":4,"name":"Hoth","population":null,"terrains":["tundra"],"climates":[]}`

// exchange is a request and its answer.
type exchange struct {
	name                    string
	method, path, mediaType string
	body                    string
	status                  int
	answer                  string
	fault                   string // part of what is wrong; "" for nothing
}

func TestTheDocumentDescribesWhatIsSent(t *testing.T) {
	const merge, patch = "application/merge-patch+json", "application/json-patch+json"
	contract := openapitest.Load(t, document(t, read(t, "planets.graphql"), 1, openapi.Info{}))
	tests := []exchange{
		{name: "a list", method: "GET", path: "/api/v1/planets?population=gte.5&or=(id.eq.1)&limit=2", status: 200, answer: "[" + hoth + "]"},
		{name: "a part of a list", method: "GET", path: "/api/v1/planets", status: 206, answer: "[]"},
		{name: "a create", method: "POST", path: "/api/v1/planets", body: `{"name":"Hoth","terrains":[],"climates":["cold"]}`, status: 201, answer: hoth},
		{name: "a create of several", method: "POST", path: "/api/v1/planets", body: `[{"name":"Hoth","population":0,"terrains":[],"climates":[]}]`, status: 201, answer: "[" + hoth + "]"},
		{name: "a read", method: "GET", path: "/api/v1/planets/4", status: 200, answer: hoth},
		{name: "a replacement that states the id", method: "PUT", path: "/api/v1/planets/4", body: hoth, status: 200, answer: hoth},
		{name: "a merge patch", method: "PATCH", path: "/api/v1/planets/4", mediaType: merge, body: `{"population":null}`, status: 200, answer: hoth},
		{name: "an operator", method: "PATCH", path: "/api/v1/planets/4", mediaType: merge, body: `{"population":{"$inc":-2},"terrains":{"$append":"ice"}}`, status: 200, answer: hoth},
		{name: "a JSON patch", method: "PATCH", path: "/api/v1/planets/4", mediaType: patch, body: `[{"op":"test","path":"/name","value":"Hoth"},{"op":"move","from":"/a","path":"/b"}]`, status: 200, answer: hoth},
		{name: "a change of many", method: "PATCH", path: "/api/v1/planets?name=eq.x", mediaType: merge, body: `{"population":{"$mul":2}}`, status: 200, answer: "[" + hoth + "]"},
		{name: "a delete", method: "DELETE", path: "/api/v1/planets/4", status: 204},
		{name: "health", method: "GET", path: "/healthz", status: 200, answer: `{"status":"ok"}`},
		{name: "a problem", method: "POST", path: "/api/v1/planets", body: `{"name":7}`, status: 400, answer: problem},
		{name: "a path that nobody knows", method: "GET", path: "/api/v1/nothing", status: 404, answer: problem},
		{name: "a part of a record", method: "GET", path: "/api/v1/planets/4?select=name", status: 200, answer: `{"name":"Hoth"}`},

		{name: "an answer without an attribute", method: "GET", path: "/api/v1/planets/4", status: 200, answer: `{"id":4,"name":"Hoth"}`, fault: "missing properties"},
		{name: "an answer that breaks a check", method: "GET", path: "/api/v1/planets/4", status: 200, answer: strings.Replace(hoth, "null", "-1", 1), fault: "minimum"},
		{name: "a text for a list", method: "GET", path: "/api/v1/planets", status: 200, answer: strings.Replace("["+hoth+"]", `["tundra"]`, `"tundra"`, 1), fault: "want array"},
		{name: "a create without a name", method: "POST", path: "/api/v1/planets", body: `{"terrains":[],"climates":[]}`, status: 201, answer: hoth, fault: "missing property 'name'"},
		{name: "a create with an unknown attribute", method: "POST", path: "/api/v1/planets", body: `{"name":"x","terrains":[],"climates":[],"mass":1}`, status: 201, answer: hoth, fault: "mass"},
		{name: "a create with an id", method: "POST", path: "/api/v1/planets", body: hoth, status: 201, answer: hoth, fault: "id"},
		{name: "two operators at once", method: "PATCH", path: "/api/v1/planets/4", mediaType: merge, body: `{"population":{"$inc":1,"$mul":2}}`, status: 200, answer: hoth, fault: "maxProperties"},
		{name: "an operator of numbers for a text", method: "PATCH", path: "/api/v1/planets/4", mediaType: merge, body: `{"name":{"$inc":1}}`, status: 200, answer: hoth, fault: "$inc"},
		{name: "a problem without a code", method: "GET", path: "/api/v1/planets/5", status: 404, answer: `{"type":"about:blank","title":"Not Found","status":404,"message":"","details":null,"hint":null}`, fault: "code"},
		{name: "a filter without an operator", method: "GET", path: "/api/v1/planets?name=Hoth", status: 200, answer: "[]", fault: "pattern"},
		{name: "a limit that is too large", method: "GET", path: "/api/v1/planets?limit=5000", status: 200, answer: "[]", fault: "maximum"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			faults := strings.Join(test.faults(contract), "\n")
			if (test.fault == "") != (faults == "") || !strings.Contains(faults, test.fault) {
				t.Errorf("got the faults %q, want %q", faults, test.fault)
			}
		})
	}
}

const problem = `{"type":"https://example.org/#22p02","title":"Bad Request","status":400,"detail":"name: expected a string","code":"22P02","message":"name: expected a string","details":null,"hint":null,"errors":[{"field":"name","code":"type","message":"expected a string","pointer":"/name"}]}`

// faults holds the exchange against the contract.
func (e exchange) faults(contract *openapitest.Contract) []string {
	request := httptest.NewRequest(e.method, "http://larder.test"+e.path, strings.NewReader(e.body))
	if e.body == "" {
		request.Body = http.NoBody
	} else {
		request.Header.Set("Content-Type", "application/json")
	}
	if e.mediaType != "" {
		request.Header.Set("Content-Type", e.mediaType)
	}
	response := &http.Response{StatusCode: e.status, Header: http.Header{"Content-Type": {"application/json"}}}
	if e.status >= http.StatusBadRequest {
		response.Header.Set("Content-Type", "application/problem+json")
	}
	return contract.Faults(request, []byte(e.body), response, []byte(e.answer))
}

func TestTheExamplesAreWhatTheSchemasAsk(t *testing.T) {
	text := document(t, read(t, "everything.graphql"), 2, openapi.Info{})
	contract := openapitest.Load(t, text)
	var parsed struct {
		Components struct {
			Schemas map[string]struct{ Examples []json.RawMessage }
		}
	}
	if err := json.Unmarshal(text, &parsed); err != nil {
		t.Fatal(err)
	}
	for name, resource := range map[string]string{"Thing": "things", "Colour": "colours", "Shelf": "shelves", "Fish": "fish"} {
		id := "1"
		if name == "Shelf" {
			id = "01976f3a-2b5c-7d8e-9f01-23456789abcd"
		}
		example := func(schema string) string {
			examples := parsed.Components.Schemas[schema].Examples
			if len(examples) == 0 {
				t.Fatalf("%s has no example", schema)
			}
			return string(examples[0])
		}
		create := "New" + name
		if name == "Fish" {
			create = "NewFish2" // NewFish is a type of its own
		}
		for _, e := range []exchange{
			{method: "POST", path: "/api/v2/" + resource, body: example(create), status: 201, answer: example(name)},
			{method: "PUT", path: "/api/v2/" + resource + "/" + id, body: example(name + "Replacement"), status: 200, answer: example(name)},
			{method: "PATCH", path: "/api/v2/" + resource + "/" + id, body: example(name + "Patch"), status: 200, answer: example(name)},
		} {
			if faults := e.faults(contract); len(faults) > 0 {
				t.Errorf("%s %s: %v", e.method, e.path, faults)
			}
		}
	}
}

func TestTheDocumentShowsWhatTheVersionServes(t *testing.T) {
	schema := read(t, "everything.graphql")
	first := document(t, schema, 1, openapi.Info{})
	second := document(t, schema, 2, openapi.Info{})
	for _, test := range []struct {
		word          string
		first, second bool
	}{
		{`"price"`, false, true},
		{`"old"`, true, false},
		{`"secret"`, false, false},
		{`/api/v1/things`, true, false},
		{`/api/v2/things`, false, true},
		{`/new-fish"`, false, true},
		{`"lasts"`, true, false},
		{`"takes"`, false, true},
		{`/api/v1/racks/{id}/articles"`, true, false},
		{`/api/v2/shelves/{id}/things"`, false, true},
		{`#/components/schemas/Rack"`, true, false},
		{`#/components/schemas/Shelf"`, false, true},
		{`"rackId"`, true, false},
		{`"shelfId"`, false, true},
		{"Shelf", false, true},
		{"shelf", false, true},
		{`"deprecated"`, false, false},
	} {
		if got := bytes.Contains(first, []byte(test.word)); got != test.first {
			t.Errorf("version 1 has %s: %t", test.word, got)
		}
		if got := bytes.Contains(second, []byte(test.word)); got != test.second {
			t.Errorf("version 2 has %s: %t", test.word, got)
		}
	}
}

func TestOperationsHaveNamesOfTheirOwn(t *testing.T) {
	var parsed struct {
		Paths map[string]map[string]struct{ OperationID string }
	}
	if err := json.Unmarshal(document(t, read(t, "everything.graphql"), 2, openapi.Info{}), &parsed); err != nil {
		t.Fatal(err)
	}
	var ids []string
	for path, item := range parsed.Paths {
		for method, operation := range item {
			if operation.OperationID == "" || slices.Contains(ids, operation.OperationID) {
				t.Errorf("%s %s is called %q", method, path, operation.OperationID)
			}
			ids = append(ids, operation.OperationID)
		}
	}
	if len(ids) != 5*10+1*3+5 { // of five types, one list of records, and the server
		t.Errorf("found %d operations", len(ids))
	}
}

func TestTransportChecksWhatPasses(t *testing.T) {
	contract := openapitest.Load(t, document(t, read(t, "planets.graphql"), 1, openapi.Info{}))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(hoth))
	}))
	t.Cleanup(server.Close)
	client := &http.Client{Transport: contract.Transport(t, http.DefaultTransport)}
	response, err := client.Get(server.URL + "/api/v1/planets/4")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	if err := json.NewDecoder(response.Body).Decode(&map[string]any{}); err != nil {
		t.Errorf("the body did not arrive: %v", err)
	}
}

func BenchmarkDocument(b *testing.B) {
	schema := read(b, "everything.graphql")
	for b.Loop() {
		if _, err := openapi.Document(schema, 2, openapi.Info{}); err != nil {
			b.Fatal(err)
		}
	}
}
