package rest_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/larderhq/larder/internal/rest"
	"github.com/larderhq/larder/internal/rest/conformance"
)

// TestTheEnginesGiveTheSameAnswers sends the same random requests to a server
// on SQLite and to one on PostgreSQL: every status, header and byte of a body
// is the same, whether the request is good or not.
func TestTheEnginesGiveTheSameAnswers(t *testing.T) {
	schema := conformance.Schema(t)
	servers := twins{t, plain(), []string{
		conformance.Serve(t, rest.Settings{Name: "planets"}, openSQLite(t, schema), schema),
		conformance.Serve(t, rest.Settings{Name: "planets"}, onPostgres(t)(t, schema), schema),
	}}
	round := 0
	rapid.Check(t, func(r *rapid.T) {
		round++
		for _, resource := range []string{"jars", "planets", "shopping-lists", "shops", "recipes"} {
			servers.ask(r, request{method: "DELETE", target: "/api/v2/" + resource + "?_all=true"})
		}
		seen := &seen{round: round, ids: map[string][]string{}}
		for _, first := range []struct{ resource, body string }{
			{"planets", `{"name":"Hoth","population":0,"terrains":["a","b"],"climates":[]}`},
			{"jars", `{"title":"a","price":0.25,"weight":0.1,"notes":{"a":[1,2]},"best":"2026-01-02"}`},
			{"shopping-lists", `{"name":"Week"}`},
			{"items", `{"name":"a","position":0,"listId":%s}`},
			{"shops", `{"name":"Corner"}`},
			{"recipes", `{"title":"Tea","steps":[{"text":"boil"}]}`},
		} {
			if first.resource == "items" {
				first.body = fmt.Sprintf(first.body, seen.ids["shopping-lists"][0])
			}
			sent := request{"POST", "/api/v2/" + first.resource, first.body, []string{"Content-Type: application/json"}, first.resource}
			seen.take(sent, servers.ask(r, sent))
		}
		for range rapid.IntRange(1, 14).Draw(r, "writes") {
			sent := randomWrite(r, seen)
			seen.take(sent, servers.ask(r, sent))
			if rapid.IntRange(0, 8).Draw(r, "again") == 0 {
				seen.take(sent, servers.ask(r, sent))
			}
		}
		for range rapid.IntRange(1, 8).Draw(r, "reads") {
			sent := randomRead(r, seen)
			got := servers.ask(r, sent)
			seen.take(sent, got)
			for _, direction := range []string{"next", "next", "next", "prev", "prev"} {
				target := linked(got, direction)
				if target == "" {
					continue
				}
				got = servers.ask(r, request{method: "GET", target: target, headers: sent.headers})
			}
		}
	})
}

// twins are two servers that are to give the same answers.
type twins struct {
	t         *testing.T
	client    *http.Client
	addresses []string
}

// ask sends a request to both and returns their answer.
func (s twins) ask(r *rapid.T, sent request) answer {
	var got [2]answer
	for i, address := range s.addresses {
		got[i] = ask(s.t, s.client, sent.method, address+sent.target, strings.NewReader(sent.body), sent.headers...)
	}
	if want := got[0].comparable(); got[1].comparable() != want {
		r.Fatalf("%s %s\n%s\n%s\n\non SQLite: %s\n\non PostgreSQL: %s", sent.method, sent.target, strings.Join(sent.headers, "\n"), sent.body, want, got[1].comparable())
	}
	if got[0].status >= http.StatusInternalServerError {
		r.Fatalf("%s %s\n%s\n%s\n\n%s", sent.method, sent.target, strings.Join(sent.headers, "\n"), sent.body, got[0].comparable())
	}
	return got[0]
}

// requestID is a request's own in what an answer says.
var requestID = regexp.MustCompile(`"request":"[^"]*"`)

// comparable is all of an answer but the time of day and the request's id.
func (a answer) comparable() string {
	var names []string
	for name := range a.header {
		if name != "Date" && name != "X-Request-Id" && name != "Server-Timing" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	text := fmt.Sprintln(a.status)
	for _, name := range names {
		text += fmt.Sprintln(name+":", strings.Join(a.header[name], ", "))
	}
	return text + requestID.ReplaceAllString(string(a.body), `"request":""`)
}

// linked is the target of the page that an answer links to as next or prev, or
// "".
func linked(a answer, direction string) string {
	for _, link := range strings.Split(a.header.Get("Link"), ", <") {
		if target, found := strings.CutSuffix(link, `>; rel="`+direction+`"`); found {
			return strings.TrimPrefix(target, "<")
		}
	}
	return ""
}

// seen is what the answers have told so far.
type seen struct {
	round, keys int                 // for keys of idempotency of its own
	ids         map[string][]string // of records, by resource
	tag         string              // the last ETag
}

// take remembers the ids and the tag of an answer.
func (s *seen) take(sent request, got answer) {
	if tag := got.header.Get("ETag"); tag != "" {
		s.tag = tag
	}
	var records []struct{ ID int64 }
	body := got.body
	if len(body) > 0 && body[0] == '{' {
		body = []byte("[" + string(body) + "]")
	}
	if got.status >= http.StatusBadRequest || json.Unmarshal(body, &records) != nil {
		return
	}
	for _, record := range records {
		id := fmt.Sprint(record.ID)
		if record.ID != 0 && !slices.Contains(s.ids[sent.resource], id) {
			s.ids[sent.resource] = append(s.ids[sent.resource], id)
		}
	}
}

// id is one of a record of the resource, or of none.
func (s *seen) id(r *rapid.T, resource string) string {
	return rapid.SampledFrom(append(slices.Clone(s.ids[resource]), "99999")).Draw(r, "id of "+resource)
}

// key is an Idempotency-Key, a new one or the last one.
func (s *seen) key(r *rapid.T) string {
	if rapid.Bool().Draw(r, "new key") {
		s.keys++
	}
	return fmt.Sprintf("Idempotency-Key: \"round-%d-key-%d\"", s.round, s.keys)
}
