package storetest

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/larderhq/larder/internal/statement"
	"github.com/larderhq/larder/internal/store"
)

type assignment = statement.Assignment

func testModify(t *testing.T, create Create) {
	t.Run("decide sees the whole record, the answer has the columns asked for", func(t *testing.T) {
		p := newPantry(t, create)
		id := p.made(t, "Planet", planetOf("Hoth", "5")).IDs[0]
		q := p.query(t, "Planet", "select=name")
		written, err := p.Modify(t.Context(), q, id, func(current []byte) (store.Change, error) {
			if want := p.item(t, "Planet", id); string(current) != want {
				t.Errorf("current %s, want %s", current, want)
			}
			return store.Change{Kind: store.Update, Assignments: p.assignments(t, "Planet", `{"name":"Hoth II"}`)}, nil
		})
		must(t, err)
		if string(written.Body) != `{"name":"Hoth II"}` || written.Kind != store.Update || written.ID != id {
			t.Errorf("written %+v", written)
		}
	})
	t.Run("a record that is not there", func(t *testing.T) {
		p := newPantry(t, create)
		for _, kind := range []store.ChangeKind{store.Keep, store.Update, store.Delete} {
			_, err := p.Modify(t.Context(), p.read("Planet"), int64(9), func(current []byte) (store.Change, error) {
				if current != nil {
					t.Errorf("current %s", current)
				}
				return store.Change{Kind: kind}, nil
			})
			if !errors.Is(err, store.ErrNotFound) {
				t.Errorf("kind %d: %v", kind, err)
			}
		}
		written, err := p.Modify(t.Context(), p.read("Planet"), int64(9), func([]byte) (store.Change, error) {
			return store.Change{Kind: store.Insert, Assignments: p.assignments(t, "Planet", planet("Hoth"))}, nil
		})
		must(t, err)
		if want := `{"id":9,` + planet("Hoth")[1:]; string(written.Body) != want {
			t.Errorf("inserted %s", written.Body)
		}
	})
	t.Run("decide's error is returned as it is and nothing changes", func(t *testing.T) {
		p := newPantry(t, create)
		id := p.made(t, "Planet", planet("Hoth")).IDs[0]
		mine := errors.New("not this one")
		if _, err := p.Modify(t.Context(), p.read("Planet"), id, func([]byte) (store.Change, error) { return store.Change{}, mine }); !errors.Is(err, mine) || err.Error() != mine.Error() {
			t.Errorf("got %v", err)
		}
	})
	t.Run("keeping and deleting", func(t *testing.T) {
		p := newPantry(t, create)
		id := p.made(t, "Planet", planet("Hoth")).IDs[0]
		keep, err := p.Modify(t.Context(), p.read("Planet"), id, func([]byte) (store.Change, error) { return store.Change{}, nil })
		must(t, err)
		if string(keep.Body) != p.item(t, "Planet", id) {
			t.Errorf("kept %s", keep.Body)
		}
		gone, err := p.Modify(t.Context(), p.read("Planet"), id, func([]byte) (store.Change, error) { return store.Change{Kind: store.Delete}, nil })
		must(t, err)
		if gone.Body != nil || gone.Kind != store.Delete {
			t.Errorf("deleted %+v", gone)
		}
		if _, err := p.Item(t.Context(), p.read("Planet"), id); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("after deletion: %v", err)
		}
	})
	t.Run("no increment is lost", func(t *testing.T) {
		p := newPantry(t, create)
		id := p.made(t, "Planet", planetOf("Hoth", "0")).IDs[0]
		var group sync.WaitGroup
		for range 50 {
			group.Go(func() {
				if _, err := p.patch(t, "Planet", id, `{"population":{"$inc":1}}`); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		if got := p.list(t, "Planet", "select=population"); got != `[{"population":50}]` {
			t.Errorf("got %s", got)
		}
	})
}

// operatorCases are what an operation makes of a member of a Thing; no result
// means that it leaves the range of the field.
var operatorCases = []struct{ before, change, after string }{
	{`"small":2`, `"small":{"$inc":3}`, `"small":5`},
	{`"small":2`, `"small":{"$mul":-3}`, `"small":-6`},
	{`"small":null`, `"small":{"$inc":3}`, `"small":null`},
	{`"small":null`, `"small":{"$min":3}`, `"small":3`},
	{`"small":2`, `"small":{"$min":3}`, `"small":2`},
	{`"small":2`, `"small":{"$max":3}`, `"small":3`},
	{`"small":2000000000`, `"small":{"$mul":2}`, ``},
	{`"small":-2147483648`, `"small":{"$inc":-1}`, ``},
	{`"large":9223372036854775806`, `"large":{"$inc":1}`, `"large":9223372036854775807`},
	{`"large":9223372036854775807`, `"large":{"$inc":1}`, ``},
	{`"large":9007199254740993`, `"large":{"$mul":1024}`, ``},
	{`"large":9007199254740993`, `"large":{"$mul":1023}`, `"large":9214364837600035839`},
	{`"float":0.5`, `"float":{"$mul":3}`, `"float":1.5`},
	{`"float":1e308`, `"float":{"$mul":10}`, ``},
	{`"price":1.25`, `"price":{"$mul":2}`, `"price":2.5`},
	{`"price":2.5`, `"price":{"$mul":1.5}`, `"price":3.75`},
	{`"price":1.01`, `"price":{"$mul":0.5}`, `"price":0.51`},
	{`"price":10`, `"price":{"$inc":-0.01}`, `"price":9.99`},
	{`"price":99999999.99`, `"price":{"$inc":0.01}`, ``},
	{`"rate":-0.000001`, `"rate":{"$mul":0.5}`, `"rate":-0.000001`},
	{`"span":"PT1S"`, `"span":{"$inc":"PT0.5S"}`, `"span":"PT1.5S"`},
	{`"moment":"2026-01-01T00:00:00Z"`, `"moment":{"$max":"2026-01-02T00:00:00Z"}`, `"moment":"2026-01-02T00:00:00Z"`},
	{`"text":"b"`, `"text":{"$min":"a"}`, `"text":"a"`},
	{`"day":"2026-01-01"`, `"day":{"$min":"2025-01-01"}`, `"day":"2025-01-01"`},
	{`"numbers":[1,2]`, `"numbers":{"$append":[2,3]}`, `"numbers":[1,2,2,3]`},
	{`"numbers":[]`, `"numbers":{"$append":[5]}`, `"numbers":[5]`},
	{`"numbers":[1,2,1,3,2]`, `"numbers":{"$remove":[1,2]}`, `"numbers":[3]`},
	{`"numbers":[1,2,1,3]`, `"numbers":{"$remove":[]}`, `"numbers":[1,2,1,3]`},
	{`"numbers":[1,2]`, `"numbers":[7]`, `"numbers":[7]`},
	{`"numbers":[1,2]`, `"numbers":[]`, `"numbers":[]`},
	{`"amounts":[1.5,2]`, `"amounts":{"$remove":[1.50]}`, `"amounts":[2]`},
	{`"flags":[true,false,true]`, `"flags":{"$remove":[true]}`, `"flags":[false]`},
	{`"moments":["2026-01-01T00:00:00Z"]`, `"moments":{"$append":["2026-01-02T00:00:00.5Z"]}`, `"moments":["2026-01-01T00:00:00Z","2026-01-02T00:00:00.5Z"]`},
	{`"blobs":["AAEC"]`, `"blobs":{"$remove":["AAEC"]}`, `"blobs":[]`},
	{`"labels":["a"]`, `"labels":{"$append":["b","]"]}`, `"labels":["a","b","]"]`},
	{`"labels":null`, `"labels":{"$append":["b"]}`, `"labels":["b"]`},
	{`"labels":["a"]`, `"labels":{"$append":[]}`, `"labels":["a"]`},
	{`"labels":["a","b","a"]`, `"labels":{"$remove":["a"]}`, `"labels":["b"]`},
	{`"labels":null`, `"labels":{"$remove":["a"]}`, `"labels":null`},
	{`"ratios":[0.5,2,0.5]`, `"ratios":{"$remove":[2]}`, `"ratios":[0.5,0.5]`},
}

func testOperators(t *testing.T, create Create) {
	p := newPantry(t, create)
	for _, test := range operatorCases {
		t.Run(test.before+" "+test.change, func(t *testing.T) {
			id := p.made(t, "Thing", thing(test.before)).IDs[0]
			body, err := p.patch(t, "Thing", id, "{"+test.change+"}")
			if test.after == "" {
				name, _, _ := strings.Cut(strings.Trim(test.before, `"`), `"`)
				expectViolation(t, err, store.RangeViolation, name)
				test.after, body = member(t, p.item(t, "Thing", id), test.before), p.item(t, "Thing", id)
			} else {
				must(t, err)
			}
			if got := member(t, body, test.before); got != test.after {
				t.Errorf("became %s, want %s", got, test.after)
			}
		})
	}
	t.Run("a result out of its check is a violation of it", func(t *testing.T) {
		id := p.made(t, "Thing", thing(`"price":1`)).IDs[0]
		_, err := p.patch(t, "Thing", id, `{"price":{"$inc":-2}}`)
		expectViolation(t, err, store.CheckViolation, "price")
		if got := member(t, p.item(t, "Thing", id), `"price":1`); got != `"price":1` {
			t.Errorf("left %s", got)
		}
	})
	t.Run("words of a vocabulary are appended and removed", func(t *testing.T) {
		id := p.made(t, "Person", `{"name":"Leia","tags":["brave"]}`).IDs[0]
		_, err := p.patch(t, "Person", id, `{"tags":{"$append":["clever","new"]},"kind":"pilot"}`)
		must(t, err)
		body, err := p.patch(t, "Person", id, `{"tags":{"$remove":["clever","unheard of"]}}`)
		must(t, err)
		if got := member(t, body, `"tags":`); got != `"tags":["brave","new"]` {
			t.Errorf("tags %s", got)
		}
	})
}

func testRecordViolations(t *testing.T, create Create) {
	p := newPantry(t, create)
	p.made(t, "Planet", planetOf("Hoth", "1"))
	for _, test := range []struct {
		object string
		kind   store.ViolationKind
		field  string
	}{
		{planet("Hoth"), store.UniqueViolation, "name"},
		{planetOf("Naboo", "-1"), store.CheckViolation, "population"},
		{planet(""), store.CheckViolation, "name"},
		{planet(strings.Repeat("x", 201)), store.CheckViolation, "name"},
		{strings.Replace(planet("Naboo"), `"name":"Naboo"`, `"name":null`, 1), store.NotNullViolation, "name"},
		{strings.Replace(planet("Naboo"), `["desert","ice"]`, `null`, 1), store.NotNullViolation, "terrains"},
	} {
		t.Run(fmt.Sprintf("%s of %s", test.kind, test.field), func(t *testing.T) {
			_, err := p.create(t, "Planet", test.object)
			expectViolation(t, err, test.kind, test.field)
		})
	}
	t.Run("setting what is required to null", func(t *testing.T) {
		for _, field := range []string{"name", "terrains"} {
			_, err := p.patch(t, "Planet", int64(1), `{"`+field+`":null}`)
			expectViolation(t, err, store.NotNullViolation, field)
		}
	})
	t.Run("deleting what others refer to", func(t *testing.T) {
		p.made(t, "Person", `{"name":"Han","tags":[],"homeId":1}`)
		_, err := p.DeleteMany(t.Context(), p.query(t, "Planet", "id=eq.1"), 0, false)
		expectViolation(t, err, store.ForeignKeyViolation)
		_, err = p.Modify(t.Context(), p.read("Planet"), int64(1), func([]byte) (store.Change, error) {
			return store.Change{Kind: store.Delete}, nil
		})
		expectViolation(t, err, store.ForeignKeyViolation)
	})
}

func testMany(t *testing.T, create Create) {
	setup := func(t *testing.T) *pantry {
		p := newPantry(t, create)
		p.made(t, "Planet", planetOf("A", "1"), planetOf("B", "2"), planetOf("C", "3"), planet("D"))
		return p
	}
	change := func(p *pantry, t *testing.T, raw, object string, most int, withBody bool) (store.Result, error) {
		t.Helper()
		return p.UpdateMany(t.Context(), p.query(t, "Planet", raw), p.assignments(t, "Planet", object), most, withBody)
	}
	t.Run("an update changes what the filter matches", func(t *testing.T) {
		p := setup(t)
		result, err := change(p, t, "population=gte.2&select=name,population,terrains", `{"population":{"$mul":2},"terrains":{"$append":["new"]}}`, 0, true)
		must(t, err)
		want := `[{"name":"B","population":4,"terrains":["desert","ice","new"]},{"name":"C","population":6,"terrains":["desert","ice","new"]}]`
		if string(result.Body) != want || len(result.IDs) != 2 {
			t.Errorf("got %s", result.Body)
		}
		if got := p.list(t, "Planet", "select=population"); got != `[{"population":1},{"population":4},{"population":6},{"population":null}]` {
			t.Errorf("left %s", got)
		}
	})
	t.Run("an update of a list alone", func(t *testing.T) {
		p := setup(t)
		result, err := change(p, t, "name=in.(A,D)", `{"terrains":["x"],"climates":{"$append":["y"]}}`, 0, false)
		must(t, err)
		if len(result.IDs) != 2 || result.Body != nil {
			t.Errorf("result %+v", result)
		}
		if got := p.list(t, "Planet", "select=name&terrains=eq.{x}&climates=cs.{y}"); got != `[{"name":"A"},{"name":"D"}]` {
			t.Errorf("changed %s", got)
		}
	})
	t.Run("an update out of range changes nothing", func(t *testing.T) {
		p := setup(t)
		before := p.list(t, "Planet", "")
		_, err := change(p, t, "population=gte.1", `{"population":{"$mul":4611686018427387904}}`, 0, false)
		expectViolation(t, err, store.RangeViolation, "population")
		if after := p.list(t, "Planet", ""); after != before {
			t.Errorf("changed %s", after)
		}
	})
	t.Run("an update that breaks a constraint changes nothing", func(t *testing.T) {
		p := setup(t)
		_, err := change(p, t, "population=gte.1", `{"name":"same"}`, 0, false)
		expectViolation(t, err, store.UniqueViolation, "name")
		_, err = change(p, t, "population=gte.1", `{"population":{"$inc":-2}}`, 0, false)
		expectViolation(t, err, store.CheckViolation, "population")
		if got := p.list(t, "Planet", "select=name&order=name"); got != `[{"name":"A"},{"name":"B"},{"name":"C"},{"name":"D"}]` {
			t.Errorf("left %s", got)
		}
	})
	t.Run("more than allowed is refused", func(t *testing.T) {
		p := setup(t)
		if _, err := change(p, t, "population=gte.1", `{"population":9}`, 2, false); !errors.Is(err, store.ErrTooMany) {
			t.Errorf("update: %v", err)
		}
		for _, withBody := range []bool{false, true} {
			if _, err := p.DeleteMany(t.Context(), p.query(t, "Planet", "population=gte.1"), 2, withBody); !errors.Is(err, store.ErrTooMany) {
				t.Errorf("delete: %v", err)
			}
		}
		if got := p.list(t, "Planet", "select=population"); got != `[{"population":1},{"population":2},{"population":3},{"population":null}]` {
			t.Errorf("left %s", got)
		}
		_, err := change(p, t, "population=gte.1", `{"population":9}`, 3, false)
		must(t, err)
	})
	t.Run("a deletion gives the records as they were", func(t *testing.T) {
		p := setup(t)
		result, err := p.DeleteMany(t.Context(), p.query(t, "Planet", "select=name&population=lt.3"), 0, true)
		must(t, err)
		if string(result.Body) != `[{"name":"A"},{"name":"B"}]` || len(result.IDs) != 2 {
			t.Errorf("got %s", result.Body)
		}
		if got := p.list(t, "Planet", "select=name"); got != `[{"name":"C"},{"name":"D"}]` {
			t.Errorf("left %s", got)
		}
	})
	t.Run("a limit bounds what is changed, in its order", func(t *testing.T) {
		p := setup(t)
		_, err := p.DeleteMany(t.Context(), p.query(t, "Planet", "order=population.desc.nullslast&limit=2"), 0, false)
		must(t, err)
		if got := p.list(t, "Planet", "select=name"); got != `[{"name":"A"},{"name":"D"}]` {
			t.Errorf("left %s", got)
		}
	})
}
