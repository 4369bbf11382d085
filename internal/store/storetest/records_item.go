package storetest

import (
	"errors"
	"testing"

	"github.com/larderhq/larder/internal/store"
)

func testItems(t *testing.T, create Create) {
	p := newPantry(t, create)
	t.Run("a record reads as it was written", func(t *testing.T) {
		for _, object := range []string{
			`{"name":"Tatooine","population":200000,"terrains":["desert"],"climates":["arid"]}`,
			`{"name":"Hoth","population":null,"terrains":["tundra","ice caves","tundra"],"climates":[]}`,
			`{"name":"quote \" backslash \\ tab \t é 😀 <&>","population":9223372036854775807,"terrains":[],"climates":["\n"]}`,
		} {
			result := p.made(t, "Planet", object)
			want := "[{\"id\":" + jsonOf(result.IDs[0]) + "," + object[1:] + "]"
			if string(result.Body) != want {
				t.Errorf("created\n%s\nwant\n%s", result.Body, want)
			}
			if got := "[" + p.item(t, "Planet", result.IDs[0]) + "]"; got != want {
				t.Errorf("read\n%s\nwant\n%s", got, want)
			}
		}
	})
	t.Run("every scalar reads as it was written", func(t *testing.T) {
		for _, test := range scalarCases {
			result := p.made(t, "Thing", thing(test.written))
			body := p.item(t, "Thing", result.IDs[0])
			want := test.read
			if want == "" {
				want = test.written
			}
			if got := member(t, body, test.written); got != want {
				t.Errorf("wrote %s\nread  %s", test.written, got)
			}
		}
	})
	t.Run("an id that no record has is not found", func(t *testing.T) {
		if _, err := p.Item(t.Context(), p.read("Planet"), int64(1<<40)); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("a record may be wide", func(t *testing.T) {
		result := p.made(t, "Wide", `{"a0":0,"a44":44,"a45":45,"a199":199}`)
		body := p.item(t, "Wide", result.IDs[0])
		for _, want := range []string{`"a0":0`, `"a44":44`, `"a45":45`, `"a46":null`, `"a199":199`} {
			if got := member(t, body, want); got != want {
				t.Errorf("got %s, want %s", got, want)
			}
		}
	})
	t.Run("a hidden attribute is not served", func(t *testing.T) {
		result := p.made(t, "Thing", thing(""))
		if body := p.item(t, "Thing", result.IDs[0]); has(t, body, "secret") {
			t.Errorf("served: %s", body)
		}
	})
	t.Run("a version serves its attributes only", func(t *testing.T) {
		result := p.made(t, "Planet", `{"name":"Dagobah","terrains":[],"climates":[]}`)
		q := p.read("Planet")
		q.Version = 2
		body, err := p.Item(t.Context(), q, result.IDs[0])
		must(t, err)
		if !has(t, string(body), "diameter") || has(t, p.item(t, "Planet", result.IDs[0]), "diameter") {
			t.Errorf("version 2 serves %s", body)
		}
	})
	t.Run("only the columns asked for are served, under their names", func(t *testing.T) {
		p.made(t, "Planet", `{"name":"Naboo","population":4500000000,"terrains":["swamps"],"climates":[]}`)
		page, err := p.List(t.Context(), p.query(t, "Planet", `select="a'b":terrains,name,n:population&name=eq.Naboo`))
		must(t, err)
		if got, want := string(page.Body), `[{"a'b":["swamps"],"name":"Naboo","n":4500000000}]`; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	})
}

// scalarCases are members of a Thing as written and, where it differs, as read.
var scalarCases = []struct{ written, read string }{
	{written: `"text":""`},
	{written: `"text":null`},
	{written: `"small":-2147483648`},
	{written: `"large":9223372036854775807`},
	{written: `"large":-9223372036854775808`},
	{written: `"float":0.1`},
	{written: `"float":0.30000000000000004`},
	{written: `"float":1.7976931348623157e308`, read: `"float":1.7976931348623157e+308`},
	{written: `"float":-1.5`},
	{written: `"float":3.0`, read: `"float":3`},
	{written: `"float":1000000000000000`},
	{written: `"price":1.25`},
	{written: `"price":1.50`, read: `"price":1.5`},
	{written: `"price":3`},
	{written: `"price":0`},
	{written: `"price":99999999.99`},
	{written: `"rate":-0.000001`},
	{written: `"rate":-123456789012.345678`},
	{written: `"whole":-999999999999999999`},
	{written: `"flag":true`},
	{written: `"flag":false`},
	{written: `"flag":null`},
	{written: `"token":"0192d3f4-0000-7000-8000-000000000001"`},
	{written: `"day":"2026-02-28"`},
	{written: `"moment":"2026-11-23T17:18:00Z"`},
	{written: `"moment":"2026-11-23T19:18:00.120+02:00"`, read: `"moment":"2026-11-23T17:18:00.12Z"`},
	{written: `"moment":"2026-11-23T17:18:00.000001Z"`},
	{written: `"span":"PT1H30M"`, read: `"span":"PT5400S"`},
	{written: `"span":"PT0.5S"`},
	{written: `"span":"-PT0.000001S"`},
	{written: `"span":"PT0S"`},
	{written: `"data":null`},
	{written: `"data":["a"]`},
	{written: `"data":"text"`},
	{written: `"bytes":"AAECAw=="`},
	{written: `"bytes":""`},
	{written: `"colour":"GREEN"`},
	{written: `"numbers":[3,1,9223372036854775807]`},
	{written: `"amounts":[1.5,0,-2.25]`},
	{written: `"moments":["2026-11-23T17:18:00.5Z"]`},
	{written: `"flags":[true,false]`},
	{written: `"blobs":["AAECAw==",""]`},
	{written: `"labels":null`},
	{written: `"labels":[]`},
	{written: `"labels":["a","b","a"]`},
	{written: `"ratios":[0.5,2]`},
}
