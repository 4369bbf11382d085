package source

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/larderhq/larder/internal/source/graphqltest"
)

func TestConnectionsArePagedToTheirEnd(t *testing.T) {
	tests := []struct {
		name, query, variables, path string
		planets, pages               int
	}{
		{
			"by a variable",
			`query($after: String) { allPlanets(first: 7, after: $after) { pageInfo { hasNextPage endCursor } planets { name } } }`,
			"", "allPlanets.planets", 60, 9,
		},
		{
			"by a variable that begins later",
			`query($after: String) { allPlanets(first: 7, after: $after) { pageInfo { hasNextPage endCursor } planets { name } } }`,
			`{"after": "cGxhbmV0cy1jdXJzb3I6OQ=="}`, "allPlanets.planets", 50, 8,
		},
		{
			"without an argument",
			`{ allPlanets(first: 7) { pageInfo { hasNextPage endCursor } edges { node { name } } } }`,
			"", "allPlanets.edges.node", 60, 9,
		},
		{
			"by a literal",
			`{ allPlanets(first: 7, after: null) { pageInfo { hasNextPage endCursor } edges { node { name } } } }`,
			"", "allPlanets.edges.node", 60, 9,
		},
		{
			"under other names, from fragments",
			`query { list: allPlanets(first: 20) { ...Page nodes: edges { it: node { name } } } }
			 fragment Page on PlanetsConnection { info: pageInfo { more: hasNextPage ... on PageInfo { last: endCursor } } }`,
			"", "list.nodes.it", 60, 3,
		},
		{
			"with a variable that is used elsewhere too",
			`query($c: String) { allPlanets(first: 30, after: $c) { pageInfo { hasNextPage endCursor } planets { name } } allFilms(after: $c) { totalCount } }`,
			"", "allPlanets.planets", 60, 2,
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := serve(t, graphqltest.Behaviour{})
			g, _ := connect(t, s.URL, func(settings *GraphQLSettings) {
				settings.Query, settings.Variables = test.query, json.RawMessage(test.variables)
			})
			a := fetchAll(t, g)
			got := names(t, a, test.path)
			if len(got) != test.planets || a.Pages != test.pages || !a.Complete {
				t.Errorf("%d planets of %d pages, complete %v %q", len(got), a.Pages, a.Complete, a.Notices)
			}
			slices.Sort(got)
			if len(slices.Compact(got)) != test.planets {
				t.Error("planets came twice")
			}
			redirected := 0
			for _, r := range s.Requests() {
				if r.Path == graphqltest.Path {
					redirected++
				}
			}
			if redirected != 1 {
				t.Errorf("was redirected %d times", redirected)
			}
		})
	}
}

func TestTwoConnectionsArePagedTogether(t *testing.T) {
	s := serve(t, graphqltest.Behaviour{PageSize: 2})
	s.SetPlanets(graphqltest.Synthetic(9))
	g, _ := connect(t, s.URL, func(settings *GraphQLSettings) {
		settings.Query = `query($c: String) {
			allPlanets(after: $c) { pageInfo { hasNextPage endCursor } planets { name } }
			allFilms(after: $c) { pageInfo { hasNextPage endCursor } films { name: title } }
			planet(planetID: 1) { name }
		}`
	})
	a := fetchAll(t, g)
	for path, want := range map[string]int{"allPlanets.planets": 9, "allFilms.films": 3, "planet": 1} {
		if got := names(t, a, path); len(got) != want {
			t.Errorf("%s has %q", path, got)
		}
	}
	if a.Pages != 5 || !a.Complete {
		t.Errorf("%d pages, complete %v %q", a.Pages, a.Complete, a.Notices)
	}
}

func TestPagesWithErrorsKeepTheirRecordsApart(t *testing.T) {
	s := serve(t, graphqltest.Behaviour{PageSize: 4, FieldErrors: map[string]string{"allPlanets.planets.1.name": "x"}})
	s.SetPlanets(graphqltest.Synthetic(8))
	g, _ := connect(t, s.URL, func(settings *GraphQLSettings) {
		settings.Query, settings.Partial = `{ allPlanets { pageInfo { hasNextPage endCursor } planets { name } } }`, true
	})
	records, err := collect(fetchAll(t, g), "allPlanets.planets")
	if err != nil {
		t.Fatal(err)
	}
	var failed []int
	for _, r := range records {
		if len(r.Failed) > 0 {
			failed = append(failed, r.Index)
		}
	}
	if !slices.Equal(failed, []int{1, 5}) {
		t.Errorf("the records %v failed", failed)
	}
}

func TestPagingStopsWhereUpstreamGoesInCircles(t *testing.T) {
	s := serve(t, graphqltest.Behaviour{Circle: true})
	g, _ := connect(t, s.URL, func(settings *GraphQLSettings) {
		settings.Query = `{ allPlanets { pageInfo { hasNextPage endCursor } planets { name } } }`
	})
	_, err := g.Fetch(t.Context(), nil)
	wantText(t, err, "page 2 of allPlanets", "circle")
	if len(s.Requests()) != 3 {
		t.Errorf("asked %d times", len(s.Requests()))
	}
	body := `{"data":{"allPlanets":{"pageInfo":{"hasNextPage":true,"endCursor":null},"planets":[]}}}`
	s.Change(func(b *graphqltest.Behaviour) { b.Answer = &body })
	_, err = g.Fetch(t.Context(), nil)
	wantText(t, err, "allPlanets", "gives no endCursor")
}

func TestReadsThatMayLackSomethingSaySo(t *testing.T) {
	tests := []struct {
		name, query, want string
	}{
		{"a page cap", `{ allPlanets(first: 5) { pageInfo { hasNextPage endCursor } planets { name } } }`, "more than the 3 pages that `maxPages` allows"},
		{"a limit without pageInfo", `{ allPlanets(first: 5) { planets { name } } }`, "allPlanets may have more"},
		{"edges without pageInfo", `{ allPlanets { edges { node { name } } } }`, "allPlanets may have more"},
		{"no endCursor", `{ allPlanets(first: 5) { pageInfo { hasNextPage } planets { name } } }`, "cannot be paged there"},
		{"paging backwards", `{ allPlanets(last: 5, first: 5) { pageInfo { hasNextPage endCursor } planets { name } } }`, "cannot be paged there"},
		{"fewer records than its totalCount", `{ allPlanets(first: 5, after: "cGxhbmV0cy1jdXJzb3I6NTc=") { totalCount pageInfo { hasNextPage } planets { name } } }`, "has 60 in total and gave 2"},
		{"fewer records than its totalCount and nothing else", `{ allPlanets(first: 5) { n: totalCount edges { node { name } } } }`, "has 60 in total and gave 5"},
		{"a totalCount of nothing that is listed", `{ allPlanets(first: 5) { totalCount } }`, "allPlanets may have more"},
		{"fewer records of a connection inside a list than its totalCount", `{ allPlanets { planets { name filmConnection(first: 1) { totalCount films { title } } } } }`, "2 connections inside of list elements"},
		{"a connection inside a list", `{ allPlanets { planets { name filmConnection(first: 1) { pageInfo { hasNextPage } films { title } } } } }`, "2 connections inside of list elements"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := serve(t, graphqltest.Behaviour{})
			g, _ := connect(t, s.URL, func(settings *GraphQLSettings) { settings.Query, settings.MaxPages = test.query, 3 })
			a := fetchAll(t, g)
			if a.Complete || len(a.Notices) != 2 || !strings.Contains(a.Notices[1], test.want) {
				t.Errorf("complete %v, notices %q", a.Complete, a.Notices)
			}
		})
	}
}

func TestAPageThatDoesNotSayWhetherThereIsMoreIsIncomplete(t *testing.T) {
	for _, info := range []string{"null", "{}", `{"hasNextPage":null,"endCursor":"x"}`} {
		body := `{"data":{"allPlanets":{"pageInfo":` + info + `,"planets":[]}}}`
		s := serve(t, graphqltest.Behaviour{Redirect: -1, Answer: &body})
		g, _ := connect(t, s.URL, func(settings *GraphQLSettings) {
			settings.Query = `{ allPlanets { pageInfo { hasNextPage endCursor } planets { name } } }`
		})
		if a := fetchAll(t, g); a.Complete || len(a.Notices) != 1 || !strings.Contains(a.Notices[0], "does not say whether allPlanets has more") {
			t.Errorf("%s: complete %v, %q", info, a.Complete, a.Notices)
		}
	}
}

func TestAFullReadOfPagesIsComplete(t *testing.T) {
	s := serve(t, graphqltest.Behaviour{})
	for _, query := range []string{
		`{ allPlanets(first: 60) { pageInfo { hasNextPage } planets { name } } }`,
		`{ allPlanets { planets { name filmConnection { pageInfo { hasNextPage } films { title } } } } }`,
		`{ planet(planetID: 1) { name } }`,
		`{ allPlanets(first: 100) { totalCount planets { name } } }`,
		`{ allPlanets(first: 7) { total: totalCount pageInfo { hasNextPage endCursor } edges { node { name } } planets { name } } }`,
		`{ allPlanets(after: "cGxhbmV0cy1jdXJzb3I6NTk=") { pageInfo { hasNextPage } planets { name } } }`,
		`{ allFilms { totalCount films { title } } allPlanets { planets { filmConnection(first: 3) { totalCount films { title } } } } }`,
	} {
		g, _ := connect(t, s.URL, func(settings *GraphQLSettings) { settings.Query = query })
		if a := fetchAll(t, g); !a.Complete {
			t.Errorf("%s: %q", query, a.Notices)
		}
	}
}

func TestATotalThatIsNotKeptMakesAReadIncomplete(t *testing.T) {
	for total, want := range map[int]string{
		61: "has 61 in total and gave 60: some are missing", 59: "has 59 in total and gave 60", -1: "asks for the totalCount of allPlanets",
	} {
		s := serve(t, graphqltest.Behaviour{Redirect: -1, Total: total})
		g, _ := connect(t, s.URL, func(settings *GraphQLSettings) {
			settings.Query = `{ allPlanets(first: 20) { totalCount pageInfo { hasNextPage endCursor } planets { name } } }`
		})
		if a := fetchAll(t, g); a.Complete || len(a.Notices) != 1 || !strings.Contains(a.Notices[0], want) {
			t.Errorf("complete %v, %q", a.Complete, a.Notices)
		}
	}
}

func TestAPartOfAnAnswerIsRefused(t *testing.T) {
	s := serve(t, graphqltest.Behaviour{Redirect: -1, Status: 206})
	g, _ := connect(t, s.URL, nil)
	_, err := g.Fetch(t.Context(), nil)
	wantText(t, err, "status 206 with a part")
}

func TestAnErrorOnALaterPageNamesIt(t *testing.T) {
	s := serve(t, graphqltest.Behaviour{Redirect: -1})
	g, _ := connect(t, s.URL, func(settings *GraphQLSettings) {
		settings.Query, settings.Retries, settings.Rate = `{ allPlanets(first: 9) { pageInfo { hasNextPage endCursor } planets { name } } }`, -1, 1000
	})
	_, err := g.Fetch(t.Context(), func(p Progress) {
		if p.Pages == 2 {
			s.Change(func(b *graphqltest.Behaviour) { b.Fail = 1 })
		}
	})
	wantText(t, err, "page 3", "status 503")
}

func TestTheRateIsKept(t *testing.T) {
	s := serve(t, graphqltest.Behaviour{})
	g, waited := connect(t, s.URL, func(settings *GraphQLSettings) {
		settings.Query, settings.Rate = `{ allPlanets(first: 20) { pageInfo { hasNextPage endCursor } planets { name } } }`, 4
	})
	fetchAll(t, g)
	// The waits are not made, so the second one is for both.
	if len(*waited) != 2 || (*waited)[0] > 250*time.Millisecond || (*waited)[1] < 300*time.Millisecond || (*waited)[1] > 500*time.Millisecond {
		t.Errorf("waited %v", *waited)
	}
}

// FuzzPaging puts a cursor into arbitrary queries: the result is a query that
// has the cursor as it is, and the same connections.
func FuzzPaging(f *testing.F) {
	for _, seed := range []string{
		`{ a { pageInfo { hasNextPage endCursor } } }`,
		`query Q($c: String, $n: Int = 3) { a(first: $n, after: $c) @skip(if: false) { ...F } } fragment F on A { pageInfo { hasNextPage endCursor } }`,
		`{ a(after: """block "quoted" """) { b: pageInfo { hasNextPage endCursor } } c(o: {l: [1, "x", E, null]}) { pageInfo { hasNextPage } } }`,
		`{ ...F x { ...F } } fragment F on A { a { pageInfo { hasNextPage endCursor } } }`,
	} {
		f.Add(seed, "Y3Vyc29yOjE=")
		f.Add(seed, "\"\\\n\x01é\u2028")
	}
	f.Fuzz(func(t *testing.T, query, cursor string) {
		q, err := parseQuestion(query, "")
		if err != nil || !utf8.ValidString(cursor) || !utf8.ValidString(query) {
			return
		}
		variables := map[string]any{}
		for _, c := range q.connections {
			if c.forward {
				q.turn(c, cursor, variables)
			}
		}
		again, err := parseQuestion(q.text(), "")
		if err != nil {
			t.Fatalf("%q became %q: %v", query, q.text(), err)
		}
		if len(again.connections) != len(q.connections) {
			t.Fatalf("%q became %q", query, q.text())
		}
		for i, c := range again.connections {
			if !q.connections[i].forward {
				continue
			}
			after := c.field.Arguments.ForName("after").Value
			if name := q.connections[i].variable; name != "" && variables[name] != cursor || name == "" && after.Raw != cursor {
				t.Fatalf("%q became %q", query, q.text())
			}
		}
	})
}
