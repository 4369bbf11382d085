package introspect

import (
	"fmt"
	"slices"
	"testing"
)

func TestChecksBecomeBounds(t *testing.T) {
	for _, test := range []struct{ expression, want string }{
		{"price >= 0", "min 0"},
		{"(price >= (0)::numeric)", "min 0"},
		{"(count > 0)", "min 1"},
		{"0 < count", "min 1"},
		{"price > 0", ""},
		{"count BETWEEN 1 AND 30", "min 1 max 30"},
		{"((count >= 1) AND (count <= 30))", "min 1 max 30"},
		{"(count >= -5) AND (count < -1)", "min -5 max -2"},
		{`length("the name") BETWEEN 1 AND 200`, "length 1 200"},
		{"(char_length((name)::text) > 2)", "length 3 -"},
		{"name <> ''", "length 1 -"},
		{"((name)::text <> ''::text)", "length 1 -"},
		{"name IN ('a', 'b''c')", "words [a b'c]"},
		{"(name = ANY (ARRAY['a'::text, 'b'::text]))", "words [a b]"},
		{"((name)::text = ANY ((ARRAY['a'::character varying, 'b'::character varying])::text[]))", "words [a b]"},
		{"price IS NULL OR price >= 0", "min 0"},
		{"price >= 0 OR count >= 0", ""},
		{"price >= count", ""},
		{"name LIKE '%@%'", ""},
		{"length(name) IN ('a')", ""},
		{"name IN ()", ""},
		{"", ""},
		{"(((", ""},
		{"count BETWEEN 1", ""},
		{"'", ""},
	} {
		columns := []string{"price", "count", "name", "the name"}
		found := map[string]*bounds{}
		ok := restrict(test.expression, func(name string) bool { return slices.Contains(columns, name) }, func(name string) bool { return name == "count" }, found)
		got := ""
		for _, b := range found {
			if b.min != "" {
				got += " min " + b.min
			}
			if b.max != "" {
				got += " max " + b.max
			}
			if b.minLength != nil || b.maxLength != nil {
				got += " length"
				for _, n := range []*int{b.minLength, b.maxLength} {
					if n == nil {
						got += " -"
						continue
					}
					got += fmt.Sprint(" ", *n)
				}
			}
			if b.words != nil {
				got += fmt.Sprint(" words ", b.words)
			}
		}
		if want := test.want; ok != (want != "") || ok && got != " "+want {
			t.Errorf("%s: got %v%s, want %q", test.expression, ok, got, want)
		}
	}
}

func TestConstantsAreRead(t *testing.T) {
	for expression, want := range map[string]string{
		"'it''s'::text": "it's", "(0)::numeric": "0", "-1": "-1", "'-1'::integer": "-1", "true": "true", "NULL::character varying": "null",
		"now()": "?", "CURRENT_TIMESTAMP": "?", "nextval('a'::regclass)": "?", "1 + 1": "?", `"a"`: "?", "'{}'::jsonb": "{}", "": "?",
	} {
		value, isNull, ok := constant(expression)
		if isNull {
			value = "null"
		}
		if !ok {
			value = "?"
		}
		if value != want {
			t.Errorf("%s: got %s, want %s", expression, value, want)
		}
	}
}

func TestChecksOfATableAreFound(t *testing.T) {
	checks := checksIn(`CREATE TABLE "check" ( -- CHECK (no)
		a INT CHECK ( a > 0 ), b TEXT DEFAULT 'CHECK (no)' CONSTRAINT [b is long] CHECK (length(b) > (3)), "c d" INT CHECK ("c d" >= 0) /* CHECK (no) */)`)
	want := []Check{{"a > 0", "a > 0"}, {"b is long", "length(b) > (3)"}, {"c d", `"c d" >= 0`}}
	if !slices.Equal(checks, want) {
		t.Errorf("got %q, want %q", checks, want)
	}
}

func FuzzExpressions(f *testing.F) {
	for _, seed := range []string{"a >= 0", "(x)::text = ANY (ARRAY['a'])", "length(a) BETWEEN 1 AND", "CHECK(", "a::", "::[", "'", "/*", "[a", "a IS NULL OR"} {
		f.Add(seed)
	}
	f.Fuzz(func(_ *testing.T, expression string) {
		restrict(expression, func(string) bool { return true }, func(string) bool { return true }, map[string]*bounds{})
		constant(expression)
		checksIn(expression)
		wordsOf(expression)
	})
}
