package storetest

import (
	"encoding/json"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/larderhq/larder/internal/statement"
	"github.com/larderhq/larder/internal/store"
)

// together runs work for so many writers at the same time, each a number of times.
func together(writers, times int, work func()) {
	var group sync.WaitGroup
	for range writers {
		group.Go(func() {
			for range times {
				work()
			}
		})
	}
	group.Wait()
}

func testTogether(t *testing.T, create Create) {
	t.Run("sums of changes of one and of many are exact", func(t *testing.T) {
		p := newPantry(t, create)
		ids := p.made(t, "Planet", planetOf("Hoth", "0"), planetOf("Endor", "0"), planetOf("Naboo", "0"), planetOf("Yavin", "0")).IDs
		var want, turn atomic.Int64
		together(32, 10, func() {
			n := turn.Add(1)
			by := n * 7919 % 1_000_003
			change := fmt.Sprintf(`{"population":{"$inc":%d}}`, by)
			if n%4 > 0 {
				if _, err := p.patch(t, "Planet", ids[n/4%int64(len(ids))], change); err != nil {
					t.Error(err)
				}
				want.Add(by)
				return
			}
			result, err := p.UpdateMany(t.Context(), p.query(t, "Planet", "name=neq.Hoth"), p.assignments(t, "Planet", change), 0, false)
			if err != nil || len(result.IDs) != 3 {
				t.Errorf("changed %d planets (%v), want 3", len(result.IDs), err)
			}
			want.Add(3 * by)
		})
		var planets []struct{ Population int64 }
		must(t, json.Unmarshal([]byte(p.list(t, "Planet", "select=population")), &planets))
		var got int64
		for _, planet := range planets {
			got += planet.Population
		}
		if got != want.Load() {
			t.Errorf("the populations add up to %d, want %d", got, want.Load())
		}
	})
	t.Run("sums of decimals are exact", func(t *testing.T) {
		p := newPantry(t, create)
		id := p.made(t, "Thing", thing(`"price":0`)).IDs[0]
		together(32, 10, func() {
			if _, err := p.patch(t, "Thing", id, `{"price":{"$inc":0.01}}`); err != nil {
				t.Error(err)
			}
		})
		if got := p.list(t, "Thing", "select=price"); got != `[{"price":3.2}]` {
			t.Errorf("320 times 0.01 is %s", got)
		}
	})
	t.Run("a unique name is given once", func(t *testing.T) {
		p := newPantry(t, create)
		var made, refused atomic.Int64
		together(32, 1, func() {
			_, err := p.create(t, "Planet", planet("Hoth"))
			if err == nil {
				made.Add(1)
				return
			}
			expectViolation(t, err, store.UniqueViolation, "name")
			refused.Add(1)
		})
		if made.Load() != 1 || refused.Load() != 31 {
			t.Errorf("%d made, %d refused; want 1 and 31", made.Load(), refused.Load())
		}
	})
	t.Run("a record is never seen without its lists", func(t *testing.T) {
		p := newPantry(t, create)
		var made atomic.Int64
		done := make(chan struct{})
		var writing sync.WaitGroup
		writing.Go(func() {
			defer close(done)
			together(4, 25, func() {
				name := fmt.Sprint("Planet ", made.Add(1))
				if _, err := p.create(t, "Planet", fmt.Sprintf(`{"name":%q,"terrains":["a","b"],"climates":["c","d"]}`, name)); err != nil {
					t.Error(err)
				}
			})
		})
		for running := true; running; {
			select {
			case <-done:
				running = false
			default:
			}
			var planets []struct{ Terrains, Climates []string }
			must(t, json.Unmarshal([]byte(p.list(t, "Planet", "")), &planets))
			for _, planet := range planets {
				if len(planet.Terrains) != 2 || len(planet.Climates) != 2 {
					t.Fatalf("a read saw %v", planet)
				}
			}
		}
		writing.Wait()
	})
	t.Run("a list that a change read before it wrote is not lost", func(t *testing.T) {
		p := newPantry(t, create)
		id := p.made(t, "Planet", `{"name":"Hoth","terrains":[],"climates":[]}`).IDs[0]
		terrains := p.schema.Type("Planet").Attribute(1, "terrains")
		var turn atomic.Int64
		together(8, 10, func() {
			mine := fmt.Sprint("terrain ", turn.Add(1))
			_, err := p.Modify(t.Context(), p.read("Planet"), id, func(current []byte) (store.Change, error) {
				var planet struct{ Terrains []any }
				must(t, json.Unmarshal(current, &planet))
				longer := statement.Assignment{Field: terrains, Op: statement.Set, Value: append(planet.Terrains, mine)}
				return store.Change{Kind: store.Update, Assignments: []statement.Assignment{longer}}, nil
			})
			if err != nil {
				t.Error(err)
			}
		})
		var hoth struct{ Terrains []string }
		must(t, json.Unmarshal([]byte(p.item(t, "Planet", id)), &hoth))
		if len(hoth.Terrains) != 80 {
			t.Errorf("%d of 80 terrains are left", len(hoth.Terrains))
		}
	})
	t.Run("a record that several put at the same id is made once, then replaced", func(t *testing.T) {
		p := newPantry(t, create)
		var made, replaced atomic.Int64
		together(16, 1, func() {
			assignments := p.assignments(t, "Planet", planet("Hoth"))
			written, err := p.Modify(t.Context(), p.read("Planet"), int64(7), func(current []byte) (store.Change, error) {
				if current == nil {
					return store.Change{Kind: store.Insert, Assignments: assignments}, nil
				}
				return store.Change{Kind: store.Update, Assignments: assignments}, nil
			})
			switch {
			case err != nil:
				t.Error(err)
			case written.Kind == store.Insert:
				made.Add(1)
			default:
				replaced.Add(1)
			}
		})
		if made.Load() != 1 || replaced.Load() != 15 {
			t.Errorf("%d made, %d replaced; want 1 and 15", made.Load(), replaced.Load())
		}
	})
}
