package cli_test

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// testOneHistory has clients double, increment, cap and rewrite the same
// quantities, one by one and all at once, each request at one of several
// servers of the same database, and demands of the acknowledged results that
// they are one history.
//
// Sums would not do: where some multiply and some add, the order counts. So
// each change also adds one to the item's revision, and its answer tells both.
// The revisions of an item must then be 1, 2, 3… without a gap or a repetition,
// and each quantity what the acknowledged change makes of the one before it.
// Changes of all items must have the same order in every item, and no change
// that was sent after another was acknowledged may stand before it.
//
// LARDER_TEST_CLIENTS sets how long it takes, as in 10s.
func testOneHistory(t *testing.T, f folder, servers, clients int) {
	const items = 8
	stock := fmt.Sprintf(`{"quantity":%d,"revision":0}`, int64(firstQuantity))
	duration := 2 * time.Second
	if text := os.Getenv("LARDER_TEST_CLIENTS"); text != "" {
		var err error
		if duration, err = time.ParseDuration(text); err != nil {
			t.Fatal(err)
		}
	}
	f.write("larder.yaml", "name: shop\n")
	f.write("models.graphql", "type Item {\n  quantity: Int64!\n  revision: Int64!\n}\n")
	f.wait(f.start("migrate", "diff", "init"))
	f.wait(f.start("migrate", "up"))
	started := make([]*process, servers)
	addresses := make([]string, servers) // of the collections
	for i := range started {
		started[i] = f.start("serve")
		address, _ := f.serving(started[i])
		addresses[i] = address + "/api/v1/items"
	}
	if status, answer, err := request("POST", addresses[0], "["+strings.Repeat(stock+",", items-1)+stock+"]"); err != nil || status != http.StatusCreated {
		t.Fatal(status, answer, err)
	}

	ctx, cancel := context.WithTimeout(t.Context(), duration+time.Minute)
	defer cancel()
	transport := &http.Transport{MaxIdleConnsPerHost: clients}
	began := time.Now()
	deadline := began.Add(duration)
	all := make([]*shopper, clients)
	var group sync.WaitGroup
	for number := range all {
		s := &shopper{
			t: t, ctx: ctx, client: &http.Client{Transport: transport}, addresses: addresses,
			random: rand.New(rand.NewPCG(3, uint64(number))), counts: map[string]int{}, //nolint:gosec // no secret
		}
		all[number] = s
		group.Go(func() {
			for time.Now().Before(deadline) && !t.Failed() {
				s.change(1+s.random.IntN(items), deadline)
			}
		})
	}
	group.Wait()
	took := time.Since(began)
	transport.CloseIdleConnections() // a server waits seconds for one that was never used

	histories := map[int64][]entry{}
	counts := map[string]int{}
	for _, s := range all {
		for _, e := range s.acknowledged {
			histories[e.ID] = append(histories[e.ID], e)
		}
		for what, n := range s.counts {
			counts[what] += n
		}
	}
	checkOrder(t, histories)
	_, text, err := request("GET", addresses[0]+"?order=id", "")
	var final []record
	if err != nil || json.Unmarshal([]byte(text), &final) != nil || len(final) != items {
		t.Fatalf("%s (%v)", text, err)
	}
	changes := 0
	for _, r := range final {
		checkHistory(t, r, histories[r.ID])
		changes += len(histories[r.ID])
	}
	for _, server := range started {
		f.stop(server)
	}
	t.Logf("%d clients of %d servers for %.1f s: %v; %d acknowledged changes of %d items, %.0f a second",
		clients, servers, took.Seconds(), counts, changes, items, float64(changes)/took.Seconds())
	for _, what := range []string{"doubled", "incremented", "rewritten", "refused by If-Match", "beyond the range", "capped"} {
		if counts[what] == 0 {
			t.Errorf("no request was %s: the test does not test it", what)
		}
	}
}

// firstQuantity is near enough to the range of an Int64 for doublings to leave it.
const firstQuantity = 1 << 50

// record is an item as the API answers it.
type record struct{ ID, Quantity, Revision int64 }

// entry is one change of one item in the history: what came of it, and how the
// quantity comes from the one before it.
type entry struct {
	record
	request     *changing
	sent, heard time.Time
}

// changing is a request that was acknowledged.
type changing struct {
	name  string
	apply func(before int64) int64
	all   bool // of all items
}

// checkHistory demands that the entries lead from the first state of an item
// to the final one, each from the one before it.
func checkHistory(t *testing.T, final record, history []entry) {
	t.Helper()
	quantity := int64(firstQuantity)
	var latest time.Time // at which one of the entries so far was sent
	for i, e := range history {
		if e.Revision != int64(i+1) {
			t.Fatalf("item %d: the revision after %d is %d: a change was lost or counted twice", final.ID, i, e.Revision)
		}
		if want := e.request.apply(quantity); e.Quantity != want {
			t.Fatalf("item %d, revision %d: %s made %d of %d, want %d", final.ID, e.Revision, e.request.name, e.Quantity, quantity, want)
		}
		if e.heard.Before(latest) {
			t.Fatalf("item %d, revision %d was acknowledged before one that stands before it was sent", final.ID, e.Revision)
		}
		if e.sent.After(latest) {
			latest = e.sent
		}
		quantity = e.Quantity
	}
	if final.Revision != int64(len(history)) || final.Quantity != quantity {
		t.Errorf("item %d is %+v after %d acknowledged changes that end with %d", final.ID, final, len(history), quantity)
	}
}

// checkOrder sorts the histories and demands that the changes of all items
// have the same order in each of them.
func checkOrder(t *testing.T, histories map[int64][]entry) {
	t.Helper()
	var first []*changing
	for id := range int64(len(histories)) {
		history := histories[id+1]
		slices.SortFunc(history, func(a, b entry) int { return cmp.Compare(a.Revision, b.Revision) })
		var order []*changing
		for _, e := range history {
			if e.request.all {
				order = append(order, e.request)
			}
		}
		if id == 0 {
			first = order
		}
		if !slices.Equal(order, first) {
			t.Errorf("the changes of all items have another order in item %d than in item 1", id+1)
		}
	}
}

// shopper is one client.
type shopper struct {
	t            *testing.T
	ctx          context.Context
	client       *http.Client
	addresses    []string // of the collection
	random       *rand.Rand
	acknowledged []entry
	counts       map[string]int // of what came of the requests
}

// change makes one change of an item or of all.
func (s *shopper) change(item int, deadline time.Time) {
	by := int64(1 + s.random.IntN(9))
	one := fmt.Sprintf("/%d", item)
	const every = "?_all=true"
	switch s.random.IntN(10) {
	case 0, 1, 2:
		s.operate(one, "doubled", `{"$mul":2}`, func(before int64) int64 { return before * 2 })
	case 3, 4, 5:
		s.operate(one, "incremented", fmt.Sprintf(`{"$inc":%d}`, by), func(before int64) int64 { return before + by })
	case 6:
		s.operate(every, "doubled", `{"$mul":2}`, func(before int64) int64 { return before * 2 })
	case 7:
		s.operate(every, "incremented", fmt.Sprintf(`{"$inc":%d}`, by), func(before int64) int64 { return before + by })
	default:
		for !s.rewrite(one) && time.Now().Before(deadline) {
			s.counts["refused by If-Match"]++
		}
	}
}

// operate sends an operator. Where the result is beyond the range of an Int64,
// nothing may have changed, and the quantities are capped.
func (s *shopper) operate(target, name, operator string, apply func(int64) int64) {
	status, answer := s.patch(target, "", `{"quantity":`+operator+`,"revision":{"$inc":1}}`, name, apply)
	switch {
	case status == http.StatusOK:
	case status == http.StatusBadRequest && strings.Contains(answer, `"code":"22003"`):
		s.counts["beyond the range"]++
		status, answer = s.patch(target, "", `{"quantity":{"$min":1000},"revision":{"$inc":1}}`, "capped", func(before int64) int64 { return min(before, 1000) })
		if status != http.StatusOK {
			s.t.Errorf("capping answers %d %s", status, answer)
		}
	default:
		s.t.Errorf("%s: got %d %s", name, status, answer)
	}
}

// rewrite reads an item and writes it anew, if it has not changed meanwhile.
func (s *shopper) rewrite(target string) bool {
	var read record
	status, tag, answer := s.ask(http.MethodGet, target, "", "")
	if err := json.Unmarshal([]byte(answer), &read); err != nil || status != http.StatusOK {
		s.t.Errorf("got %d %s (%v)", status, answer, err)
		return true
	}
	quantity := read.Quantity/2 + 1
	body := fmt.Sprintf(`{"quantity":%d,"revision":%d}`, quantity, read.Revision+1)
	status, answer = s.patch(target, tag, body, "rewritten", func(before int64) int64 {
		if before != read.Quantity {
			return -1 // it was made of another one
		}
		return quantity
	})
	if status != http.StatusOK && status != http.StatusPreconditionFailed {
		s.t.Errorf("got %d %s", status, answer)
	}
	return status != http.StatusPreconditionFailed
}

// patch sends a change and keeps what is acknowledged.
func (s *shopper) patch(target, tag, body, name string, apply func(int64) int64) (status int, answer string) {
	sent := time.Now()
	status, _, answer = s.ask(http.MethodPatch, target, tag, body)
	heard := time.Now()
	if status != http.StatusOK {
		return status, answer
	}
	change := &changing{name: name, apply: apply, all: strings.HasPrefix(answer, "[")}
	records := make([]record, 1)
	into := any(&records[0])
	if change.all {
		into = &records
	}
	if err := json.Unmarshal([]byte(answer), into); err != nil {
		s.t.Errorf("%v: %s", err, answer)
	}
	for _, r := range records {
		s.acknowledged = append(s.acknowledged, entry{r, change, sent, heard})
	}
	s.counts[name]++
	return status, answer
}

// ask sends a request to one of the servers; a failure to do so fails the test.
func (s *shopper) ask(method, target, tag, body string) (status int, newTag, answer string) {
	request, err := http.NewRequestWithContext(s.ctx, method, s.addresses[s.random.IntN(len(s.addresses))]+target, strings.NewReader(body))
	if err != nil {
		s.t.Error(err)
		return 0, "", ""
	}
	request.Header.Set("Content-Type", "application/merge-patch+json")
	request.Header.Set("Prefer", "return=representation")
	if tag != "" {
		request.Header.Set("If-Match", tag)
	}
	response, err := s.client.Do(request)
	if err != nil {
		s.t.Error(err)
		return 0, "", ""
	}
	defer response.Body.Close() //nolint:errcheck // it was read
	text, err := io.ReadAll(response.Body)
	if err != nil {
		s.t.Error(err)
	}
	return response.StatusCode, response.Header.Get("ETag"), string(text)
}
