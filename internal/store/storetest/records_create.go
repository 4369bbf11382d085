package storetest

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/larderhq/larder/internal/model"
	"github.com/larderhq/larder/internal/store"
)

func planet(name string) string { return planetOf(name, "null") }

func planetOf(name, population string) string {
	return fmt.Sprintf(`{"name":%q,"population":%s,"terrains":["desert","ice"],"climates":[]}`, name, population)
}

func testCreate(t *testing.T, create Create) {
	t.Run("many records keep their order", func(t *testing.T) {
		p := newPantry(t, create)
		var objects []string
		for i := range 200 {
			objects = append(objects, planetOf(fmt.Sprint("planet ", i), fmt.Sprint(i)))
		}
		result := p.made(t, "Planet", objects...)
		if result.Created != 200 || len(result.IDs) != 200 {
			t.Fatalf("created %d, %d ids", result.Created, len(result.IDs))
		}
		var want []string
		for i, id := range result.IDs {
			want = append(want, `{"id":`+jsonOf(id)+","+objects[i][1:])
		}
		if got := string(result.Body); got != "["+strings.Join(want, ",")+"]" {
			t.Errorf("the body is not the records in the order of the request: %s", got)
		}
	})
	t.Run("all or none", func(t *testing.T) {
		p := newPantry(t, create)
		p.made(t, "Planet", planet("Hoth"))
		_, err := p.create(t, "Planet", planet("Naboo"), planet("Hoth"), planet("Endor"))
		expectViolation(t, err, store.UniqueViolation, "name")
		if page := p.list(t, "Planet", "select=name"); page != `[{"name":"Hoth"}]` {
			t.Errorf("left %s", page)
		}
	})
	t.Run("a chosen id is taken, and the next one is not", func(t *testing.T) {
		p := newPantry(t, create)
		object := strings.Replace(planet("Hoth"), "{", `{"id":41,`, 1)
		result := p.made(t, "Planet", object, planet("Naboo"))
		if result.IDs[0] != int64(41) || result.IDs[1] != int64(42) {
			t.Errorf("ids %v", result.IDs)
		}
		_, err := p.create(t, "Planet", strings.Replace(planet("Endor"), "{", `{"id":41,`, 1))
		expectViolation(t, err, store.UniqueViolation, "id")
	})
	t.Run("defaults stand in for what is left out, null does not", func(t *testing.T) {
		p := newPantry(t, create)
		result := p.made(t, "Thing", thing(`"text":"x"`), thing(`"count":7`))
		if got := p.list(t, "Thing", "select=count"); got != `[{"count":1},{"count":7}]` {
			t.Errorf("got %s (%s)", got, result.Body)
		}
		_, err := p.create(t, "Thing", thing(`"count":null`))
		expectViolation(t, err, store.NotNullViolation, "count")
	})
	t.Run("what is required cannot be left out", func(t *testing.T) {
		p := newPantry(t, create)
		_, err := p.create(t, "Planet", `{"population":1}`)
		expectViolation(t, err, store.NotNullViolation, "name", "terrains", "climates")
	})
	t.Run("UUIDs are made and grow", func(t *testing.T) {
		p := newPantry(t, create)
		first := p.made(t, "Person", `{"name":"Leia","tags":[]}`)
		second := p.made(t, "Person", `{"name":"Luke","tags":[]}`)
		if a, b := fmt.Sprint(first.IDs[0]), fmt.Sprint(second.IDs[0]); len(a) != 36 || a[14] != '7' || a >= b {
			t.Errorf("ids %s, %s", a, b)
		}
	})
	t.Run("a vocabulary's words are written and read as words", func(t *testing.T) {
		p := newPantry(t, create)
		p.made(t, "Person", `{"name":"Leia","kind":"princess","tags":["brave","clever"]}`, `{"name":"Luke","kind":"pilot","tags":["brave"]}`)
		p.made(t, "Person", `{"name":"Ackbar","kind":"pilot","tags":["clever","brave"]}`)
		want := `[{"name":"Leia","kind":"princess","tags":["brave","clever"]},{"name":"Luke","kind":"pilot","tags":["brave"]},{"name":"Ackbar","kind":"pilot","tags":["clever","brave"]}]`
		if got := p.list(t, "Person", "select=name,kind,tags"); got != want {
			t.Errorf("got %s", got)
		}
		if got := p.list(t, "Tag", "select=word&order=word"); got != `[{"word":"brave"},{"word":"clever"}]` {
			t.Errorf("words %s", got)
		}
		if got := p.list(t, "Person", "select=name&tags=cs.{clever}&kind=eq.pilot"); got != `[{"name":"Ackbar"}]` {
			t.Errorf("filtered %s", got)
		}
	})
	t.Run("a reference to no record is refused by name", func(t *testing.T) {
		p := newPantry(t, create)
		_, err := p.create(t, "Person", `{"name":"Leia","tags":[],"homeId":7}`)
		expectViolation(t, err, store.ForeignKeyViolation, "home")
	})
}

func testUpsert(t *testing.T, create Create) {
	upsert := func(t *testing.T, p *pantry, resolution store.Resolution, conflict []*model.Field, objects ...string) (store.Result, error) {
		t.Helper()
		c := store.Creation{Query: p.read("Planet"), WithBody: true, Resolution: resolution, OnConflict: conflict}
		for _, object := range objects {
			c.Records = append(c.Records, p.assignments(t, "Planet", object))
		}
		return p.Create(t.Context(), c)
	}
	setup := func(t *testing.T) (*pantry, []*model.Field) {
		p := newPantry(t, create)
		p.made(t, "Planet", planetOf("Hoth", "1"))
		return p, []*model.Field{p.schema.Type("Planet").Field("name")}
	}
	t.Run("merging assigns what is given and creates what is new", func(t *testing.T) {
		p, name := setup(t)
		result, err := upsert(t, p, store.Merge, name,
			`{"name":"Hoth","terrains":["snow"],"climates":[]}`, `{"name":"Naboo","terrains":[],"climates":["mild"]}`)
		must(t, err)
		want := `[{"id":1,"name":"Hoth","population":1,"terrains":["snow"],"climates":[]},{"id":` + jsonOf(result.IDs[1]) + `,"name":"Naboo","population":null,"terrains":[],"climates":["mild"]}]`
		if got := string(result.Body); got != want || result.Created != 1 {
			t.Errorf("created %d: %s", result.Created, got)
		}
	})
	t.Run("ignoring leaves what exists and leaves it out", func(t *testing.T) {
		p, name := setup(t)
		result, err := upsert(t, p, store.Ignore, name, planetOf("Hoth", "9"), planet("Naboo"))
		must(t, err)
		if len(result.IDs) != 1 || result.Created != 1 {
			t.Errorf("ids %v", result.IDs)
		}
		if got := p.list(t, "Planet", "select=name,population"); got != `[{"name":"Hoth","population":1},{"name":"Naboo","population":null}]` {
			t.Errorf("got %s", got)
		}
	})
	t.Run("the id decides where nothing else is named", func(t *testing.T) {
		p, _ := setup(t)
		_, err := upsert(t, p, store.Merge, nil, strings.Replace(planetOf("Hoth II", "2"), "{", `{"id":1,`, 1))
		must(t, err)
		if got := p.list(t, "Planet", "select=id,name,population"); got != `[{"id":1,"name":"Hoth II","population":2}]` {
			t.Errorf("got %s", got)
		}
	})
	t.Run("another constraint is broken all the same", func(t *testing.T) {
		p, _ := setup(t)
		_, err := upsert(t, p, store.Merge, nil, strings.Replace(planet("Hoth"), "{", `{"id":5,`, 1))
		expectViolation(t, err, store.UniqueViolation, "name")
	})
}

func testIdempotency(t *testing.T, create Create) {
	p := newPantry(t, create)
	once := func(key, fingerprint, object string) (store.Result, error) {
		return p.Create(t.Context(), store.Creation{
			Query: p.read("Planet"), Records: [][]assignment{p.assignments(t, "Planet", object)}, WithBody: true,
			Idempotency: &store.Idempotency{Key: key, Fingerprint: fingerprint, Answer: func(r store.Result) []byte { return r.Body }},
		})
	}
	t.Run("the same request again gets the same answer and changes nothing", func(t *testing.T) {
		first, err := once("a", "1", planet("Hoth"))
		must(t, err)
		for range 3 {
			again, err := once("a", "1", planet("Hoth"))
			must(t, err)
			if string(again.Replayed) != string(first.Body) || again.IDs != nil {
				t.Errorf("got %s", again.Replayed)
			}
		}
		if got := p.list(t, "Planet", "select=name"); got != `[{"name":"Hoth"}]` {
			t.Errorf("left %s", got)
		}
	})
	t.Run("another request with the key is refused", func(t *testing.T) {
		if _, err := once("a", "2", planet("Naboo")); !errors.Is(err, store.ErrKeyReused) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("a request that fails leaves the key free", func(t *testing.T) {
		_, err := once("b", "1", planet("Hoth"))
		expectViolation(t, err, store.UniqueViolation, "name")
		_, err = once("b", "2", planet("Naboo"))
		must(t, err)
	})
	t.Run("requests at the same time create once", func(t *testing.T) {
		var group sync.WaitGroup
		results := make([]store.Result, 8)
		for i := range results {
			group.Go(func() {
				var err error
				if results[i], err = once("c", "1", planet("Endor")); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		created := 0
		for _, result := range results {
			created += result.Created
		}
		if created != 1 {
			t.Errorf("created %d times", created)
		}
	})
	t.Run("a key is forgotten after its time", func(t *testing.T) {
		p.age(t, "a", 2*store.IdempotencyPeriod)
		result, err := once("a", "3", planet("Yavin"))
		must(t, err)
		if result.Replayed != nil {
			t.Errorf("replayed %s", result.Replayed)
		}
	})
}

// list is the body of a page.
func (p *pantry) list(t *testing.T, typeName, raw string) string {
	t.Helper()
	page, err := p.List(t.Context(), p.query(t, typeName, raw))
	must(t, err)
	return string(page.Body)
}

// expectViolation holds an error against the violation of the fields.
func expectViolation(t *testing.T, err error, kind store.ViolationKind, fields ...string) {
	t.Helper()
	var v *store.Violation
	if !errors.As(err, &v) {
		t.Errorf("got %v, want a %s violation of %v", err, kind, fields)
		return
	}
	var names []string
	for _, f := range v.Fields {
		names = append(names, f.Name)
	}
	if v.Kind != kind || fmt.Sprint(names) != fmt.Sprint(fields) {
		t.Errorf("got a %s violation of %v, want %s of %v: %v", v.Kind, names, kind, fields, err)
	}
}
