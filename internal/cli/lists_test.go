package cli_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
)

// testListsLoseNothing has clients read the same list of values, add one of
// their own and write it, if nobody else has meanwhile: what was acknowledged
// is in the list at the end. The list lies in a table of its own, which is no
// part of the record's row.
func testListsLoseNothing(t *testing.T, f folder) {
	const clients, each = 16, 8
	f.write("larder.yaml", "name: sky\n")
	f.write("models.graphql", "type Planet {\n  terrains: [String!]!\n}\n")
	f.wait(f.start("migrate", "diff", "init"))
	f.wait(f.start("migrate", "up"))
	server := f.start("serve")
	address, _ := f.serving(server)
	if status, answer, err := request("POST", address+"/api/v1/planets", `{"terrains":[]}`); err != nil || status != http.StatusCreated {
		t.Fatal(status, answer, err)
	}
	transport := &http.Transport{MaxIdleConnsPerHost: clients}
	var group sync.WaitGroup
	for number := range clients {
		s := &shopper{
			t: t, ctx: t.Context(), client: &http.Client{Transport: transport},
			addresses: []string{address + "/api/v1/planets"}, random: rand.New(rand.NewPCG(4, uint64(number))), //nolint:gosec // no secret
		}
		group.Go(func() {
			for n := 0; n < each && !t.Failed(); {
				if s.add("/1", fmt.Sprintf("%d of %d", n, number)) {
					n++
				}
			}
		})
	}
	group.Wait()
	transport.CloseIdleConnections()
	_, text, err := request("GET", address+"/api/v1/planets/1", "")
	var planet struct{ Terrains []string }
	if err != nil || json.Unmarshal([]byte(text), &planet) != nil {
		t.Fatal(text, err)
	}
	slices.Sort(planet.Terrains)
	if distinct := len(slices.Compact(planet.Terrains)); distinct != clients*each {
		t.Errorf("%d of %d acknowledged values are in the list", distinct, clients*each)
	}
	f.stop(server)
}

// add reads a planet and writes its terrains with one more. It reports whether
// nobody else had changed them meanwhile.
func (s *shopper) add(target, terrain string) bool {
	var read struct{ Terrains []string }
	status, tag, answer := s.ask(http.MethodGet, target, "", "")
	if err := json.Unmarshal([]byte(answer), &read); err != nil || status != http.StatusOK {
		s.t.Errorf("got %d %s (%v)", status, answer, err)
		return true
	}
	list := `"` + strings.Join(append(read.Terrains, terrain), `","`) + `"`
	status, _, answer = s.ask(http.MethodPatch, target, tag, `{"terrains":[`+list+`]}`)
	if status != http.StatusOK && status != http.StatusPreconditionFailed {
		s.t.Errorf("got %d %s", status, answer)
	}
	return status == http.StatusOK
}
