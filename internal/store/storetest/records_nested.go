package storetest

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/larderhq/larder/internal/model"
	"github.com/larderhq/larder/internal/store"
)

func testNested(t *testing.T, create Create) {
	t.Run("records come with those that they list, in their places", func(t *testing.T) {
		p := newPantry(t, create)
		result, err := p.createBaskets(t,
			`{"name":"a","lines":[{"code":"x","words":["w","v"],"parts":[{"name":"p"},{"name":"q"}]},{"words":[]}]}`,
			`{"name":"b"}`,
			`{"name":"c","lines":[{"code":"y","words":["u"],"position":7},{"words":[],"parts":[{"name":"r"}]}]}`)
		must(t, err)
		if result.Created != 3 || fmt.Sprint(result.IDs) != "[1 2 3]" {
			t.Errorf("created %d: %v", result.Created, result.IDs)
		}
		for _, c := range []struct{ typeName, query, want string }{
			{"Line", "select=id,basketId,code,words,position&order=id", `[{"id":1,"basketId":1,"code":"x","words":["w","v"],"position":0},{"id":2,"basketId":1,"code":null,"words":[],"position":1},{"id":3,"basketId":3,"code":"y","words":["u"],"position":7},{"id":4,"basketId":3,"code":null,"words":[],"position":1}]`},
			{"Part", "select=lineId,name,position&order=id", `[{"lineId":1,"name":"p","position":0},{"lineId":1,"name":"q","position":1},{"lineId":4,"name":"r","position":0}]`},
		} {
			if got := p.list(t, c.typeName, c.query); got != c.want {
				t.Errorf("%s:\ngot  %s\nwant %s", c.typeName, got, c.want)
			}
		}
	})
	t.Run("more than one statement takes keep their order", func(t *testing.T) {
		p := newPantry(t, create)
		lines := make([]string, 150)
		for i := range lines {
			lines[i] = fmt.Sprintf(`{"number":%d,"words":["w%d"]}`, i, i)
		}
		_, err := p.createBaskets(t, `{"name":"a","lines":[`+strings.Join(lines, ",")+`]}`)
		must(t, err)
		want := `[{"number":147,"words":["w147"],"position":147},{"number":148,"words":["w148"],"position":148},{"number":149,"words":["w149"],"position":149}]`
		if got := p.list(t, "Line", "select=number,words,position&order=id&offset=147"); got != want {
			t.Errorf("got %s", got)
		}
	})
	for _, c := range []struct {
		name    string
		objects []string
		kind    store.ViolationKind
		fields  string // and the record that has them
	}{
		{"a value that another record has", []string{`{"name":"b"}`, `{"name":"c","lines":[{"words":["w"]},{"code":"taken","words":[]}]}`}, store.UniqueViolation, "code of 1.lines.1"},
		{"a value that stands twice", []string{`{"name":"b","lines":[{"code":"x","words":[]},{"code":"x","words":[]}]}`}, store.UniqueViolation, "code of 0.lines.1"},
		{"a number that stands twice in one list", []string{`{"name":"b","lines":[{"number":1,"words":[]}]}`, `{"name":"c","lines":[{"number":1,"words":[]},{"number":2,"words":[]},{"number":2,"words":[]}]}`}, store.UniqueViolation, "basket,number of 1.lines.2"},
		{"the outer record's value", []string{`{"name":"b","lines":[{"words":[]}]}`, `{"name":"a"}`}, store.UniqueViolation, "name of 1"},
		{"the only record's value", []string{`{"name":"a"}`}, store.UniqueViolation, "name of 0"},
		{"a reference to no record", []string{`{"name":"b","lines":[{"planetId":1,"words":[]},{"planetId":9,"words":[]},{"planetId":8,"words":[]}]}`}, store.ForeignKeyViolation, "planet of 0.lines.1"},
		{"a value that is missing", []string{`{"name":"b","lines":[{"words":[],"parts":[{"name":"p"}]},{"words":[],"parts":[{}]}]}`}, store.NotNullViolation, "name of 0.lines.1.parts.0"},
	} {
		t.Run(c.name+" leaves nothing, and is told with its place", func(t *testing.T) {
			p := newPantry(t, create)
			p.made(t, "Planet", planet("Hoth"))
			_, err := p.createBaskets(t, `{"name":"a","lines":[{"code":"taken","words":[]}]}`)
			must(t, err)
			_, err = p.createBaskets(t, c.objects...)
			var v *store.Violation
			if !errors.As(err, &v) || v.Kind != c.kind {
				t.Fatalf("got %v, want a %s violation", err, c.kind)
			}
			if got := placeText(v); got != c.fields {
				t.Errorf("it is of %q, want %q", got, c.fields)
			}
			if got := p.list(t, "Basket", "select=name") + p.list(t, "Line", "select=code,words") + p.list(t, "Part", ""); got != `[{"name":"a"}][{"code":"taken","words":[]}][]` {
				t.Errorf("left %s", got)
			}
		})
	}
	t.Run("a record in the list of one that is there", func(t *testing.T) {
		p := newPantry(t, create)
		_, err := p.createBaskets(t, `{"name":"a","lines":[{"number":1,"words":[]}]}`)
		must(t, err)
		c := p.nested(t, "Line", `{"number":2,"words":[]}`, `{"number":1,"words":[]}`)
		c.Parent = &store.Parent{Relation: p.schema.Type("Basket").Field("lines"), ID: int64(1)}
		var v *store.Violation
		if _, err = p.Create(t.Context(), c); !errors.As(err, &v) || placeText(v) != "basket,number of 1" {
			t.Errorf("got %v of %q", err, placeText(v))
		}
	})
}

// placeText is the fields of a violation and the place of their record.
func placeText(v *store.Violation) string {
	if v == nil {
		return ""
	}
	names := make([]string, len(v.Fields))
	for i, f := range v.Fields {
		names[i] = f.Name
	}
	var steps []string
	for _, step := range v.Place {
		if step.Relation != nil {
			steps = append(steps, step.Relation.Name)
		}
		steps = append(steps, fmt.Sprint(step.Index))
	}
	return strings.Join(names, ",") + " of " + strings.Join(steps, ".")
}

// createBaskets makes baskets with what their lists name.
func (p *pantry) createBaskets(t *testing.T, objects ...string) (store.Result, error) {
	t.Helper()
	return p.Create(t.Context(), p.nested(t, "Basket", objects...))
}

// nested is the creation of records with those that their lists name.
func (p *pantry) nested(t *testing.T, typeName string, objects ...string) store.Creation {
	t.Helper()
	c := store.Creation{Query: p.read(typeName)}
	for _, object := range objects {
		var members map[string]json.RawMessage
		must(t, json.Unmarshal([]byte(object), &members))
		var lists []store.Nested
		for _, f := range p.schema.Type(typeName).Fields {
			raw, listed := members[f.Name]
			if f.Kind != model.ToMany || !listed {
				continue
			}
			delete(members, f.Name)
			var elements []json.RawMessage
			must(t, json.Unmarshal(raw, &elements))
			texts := make([]string, len(elements))
			for i, element := range elements {
				texts[i] = string(element)
			}
			listedRecords := p.nested(t, f.Relation.Target.Name, texts...)
			lists = append(lists, store.Nested{Relation: f, Records: listedRecords.Records, Nested: listedRecords.Nested})
		}
		c.Records = append(c.Records, p.assignments(t, typeName, jsonOf(members)))
		c.Nested = append(c.Nested, lists)
	}
	return c
}
