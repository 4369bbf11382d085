package rest_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/larderhq/larder/internal/rest"
)

const tatooine = `{"name":"Tatooine","population":0,"terrains":[],"climates":[]}`

func TestChangesByOperatorsAtTheSameTimeAddUp(t *testing.T) {
	address, client := server(t, rest.Settings{}), plain()
	ask(t, client, "POST", address+"/api/v1/planets", strings.NewReader(tatooine)).expect(t, 201, "")
	const clients, each = 32, 10
	var group sync.WaitGroup
	for number := range clients {
		group.Go(func() {
			for range each {
				url := address + "/api/v1/planets/1"
				if number%2 == 0 { // half of them by a filter
					url = address + "/api/v1/planets?name=eq.Tatooine"
				}
				got := ask(t, client, "PATCH", url, strings.NewReader(`{"population":{"$inc":3}}`))
				if got.status != 200 && got.status != 204 {
					t.Errorf("got %d: %s", got.status, got.body)
				}
			}
		})
	}
	group.Wait()
	got := ask(t, client, "GET", address+"/api/v1/planets/1", nil)
	if population := got.field(t, "population"); population != float64(clients*each*3) {
		t.Errorf("expected %d, got %v", clients*each*3, population)
	}
}

func TestMultiplicationsAtTheSameTimeAllCount(t *testing.T) {
	address, client := server(t, rest.Settings{}), plain()
	ask(t, client, "POST", address+"/api/v1/planets", strings.NewReader(strings.Replace(tatooine, ":0", ":1", 1))).expect(t, 201, "")
	var group sync.WaitGroup
	for range 32 {
		group.Go(func() {
			ask(t, client, "PATCH", address+"/api/v1/planets/1", strings.NewReader(`{"population":{"$mul":2}}`)).expect(t, 200, "")
		})
	}
	group.Wait()
	got := ask(t, client, "GET", address+"/api/v1/planets/1", nil)
	if population := got.field(t, "population"); population != float64(1<<32) {
		t.Errorf("expected %d, got %v", 1<<32, population)
	}
}

func TestOfManyChangesOfTheSameStateExactlyOneHappens(t *testing.T) {
	address, client := server(t, rest.Settings{}), plain()
	tag := ask(t, client, "POST", address+"/api/v1/planets", strings.NewReader(tatooine)).header.Get("ETag")
	for round := range 5 {
		const clients = 32
		statuses := make(chan answer, clients)
		for number := range clients {
			go func() {
				body := fmt.Sprintf(`{"population":%d}`, 1+round*clients+number)
				statuses <- ask(t, client, "PATCH", address+"/api/v1/planets/1", strings.NewReader(body), "If-Match: "+tag)
			}()
		}
		won := 0
		next := ""
		for range clients {
			switch got := <-statuses; got.status {
			case http.StatusOK:
				won++
				next = got.header.Get("ETag")
			case http.StatusPreconditionFailed:
			default:
				t.Errorf("got %d: %s", got.status, got.body)
			}
		}
		if won != 1 {
			t.Fatalf("%d changes of the same state happened", won)
		}
		tag = next
	}
}

func TestARequestSentManyTimesAtOnceUnderOneKeyHappensOnce(t *testing.T) {
	address, client := server(t, rest.Settings{}), plain()
	const clients = 32
	answers := make(chan answer, clients)
	for range clients {
		go func() {
			answers <- ask(t, client, "POST", address+"/api/v1/planets", strings.NewReader(tatooine), `Idempotency-Key: "k1"`)
		}()
	}
	replayed := 0
	for range clients {
		got := <-answers
		got.expect(t, http.StatusCreated, "")
		if got.header.Get("Location") != "/api/v1/planets/1" || got.field(t, "id") != float64(1) {
			t.Errorf("got %v %s", got.header, got.body)
		}
		if got.header.Get("Idempotency-Replayed") == "true" {
			replayed++
		}
	}
	if replayed != clients-1 {
		t.Errorf("%d of %d answers were replayed", replayed, clients)
	}
}

func TestPagesByCursorNeitherSkipNorRepeatWhileRowsComeAndGo(t *testing.T) {
	address, client := server(t, rest.Settings{}), plain()
	records := make([]string, 0, 100)
	for i := range 100 {
		records = append(records, fmt.Sprintf(`{"name":"p%03d","terrains":[],"climates":[]}`, i))
	}
	ask(t, client, "POST", address+"/api/v1/planets", strings.NewReader("["+strings.Join(records, ",")+"]")).expect(t, 201, "")
	seen := map[string]int{}
	target := "/api/v1/planets?select=name&order=name&limit=7"
	for page := 0; target != ""; page++ {
		got := ask(t, client, "GET", address+target, nil)
		got.expect(t, 200, "")
		var rows []struct{ Name string }
		if err := json.Unmarshal(got.body, &rows); err != nil {
			t.Fatal(err)
		}
		for _, row := range rows {
			seen[row.Name]++
		}
		// Rows before the page come and go: pages by number would shift.
		ask(t, client, "POST", address+"/api/v1/planets", strings.NewReader(fmt.Sprintf(`{"name":"a%03d","terrains":[],"climates":[]}`, page))).expect(t, 201, "")
		ask(t, client, "DELETE", fmt.Sprintf("%s/api/v1/planets?name=eq.p%03d", address, page), nil).expect(t, 204, "")
		target = ""
		for link := range strings.SplitSeq(got.header.Get("Link"), ", ") {
			if next, isNext := strings.CutSuffix(link, `>; rel="next"`); isNext {
				target = strings.TrimPrefix(next, "<")
			}
		}
	}
	for i := range 100 {
		if name := fmt.Sprintf("p%03d", i); seen[name] != 1 {
			t.Errorf("%s was seen %d times", name, seen[name])
		}
	}
}
