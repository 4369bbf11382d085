package rest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
)

func TestJSONThatIsRefusedIsNamedWithItsPlace(t *testing.T) {
	for _, test := range []struct{ name, body, want string }{
		{"nothing at all", "", `line 1, column 1: the body is empty; expected a JSON value`},
		{"space only", " \n\t", `line 2, column 2: the body is empty; expected a JSON value`},
		{"no JSON", "name=Hoth", `line 1, column 1: expected a value, came 'n'`},
		{"an object without an end", `{"a": 1`, `line 1, column 8: expected ',' or '}', came the end of the body`},
		{"a comma before the end", `{"a": 1,}`, `line 1, column 9: expected a member's name in double quotes, came '}'`},
		{"a comma before the end of an array", `[1,]`, `line 1, column 4: expected a value, came ']'`},
		{"single quotes", `{'a': 1}`, `line 1, column 2: expected a member's name in double quotes, came '\''`},
		{"no colon", `{"a" 1}`, `line 1, column 6: expected ':' behind the name "a", came '1'`},
		{"a name twice", "{\n  \"a\": 1,\n  \"a\": 2}", `line 3, column 3: the name "a" stands twice in one object`},
		{"a name twice, once escaped", `{"a": 1, "\u0061": 2}`, `line 1, column 10: the name "a" stands twice in one object`},
		{"a name twice within", `[{"x": {"a": 1, "a": 2}}]`, `line 1, column 17: the name "a" stands twice in one object`},
		{"data behind the value", `{} {}`, `line 1, column 4: expected the end of the body, came '{'`},
		{"a byte order mark", "\xef\xbb\xbf{}", `line 1, column 1: the body begins with a byte order mark, which JSON does not have`},
		{"invalid UTF-8", "{\"a\": \"\xc3\x28\"}", `line 1, column 8: byte 0xc3 is not valid UTF-8 here`},
		{"a NUL that is escaped", `{"a": "x\u0000"}`, `line 1, column 9: the NUL character \u0000 cannot be stored`},
		{"a NUL that is not", "{\"a\": \"\x00\"}", `line 1, column 8: the control character '\x00' in a string must be escaped`},
		{"half a surrogate pair", `{"a": "\ud83d"}`, `line 1, column 8: the surrogate \ud83d has no partner`},
		{"the wrong half of a surrogate pair", `{"a": "\ude00\ud83d"}`, `line 1, column 8: the surrogate \ude00 has no partner`},
		{"an unknown escape", `"\x41"`, `line 1, column 3: 'x' cannot be escaped in a string`},
		{"a string without an end", `{"a": "x}`, `line 1, column 7: the string that begins here has no end`},
		{"a line end in a string", "\"a\nb\"", `line 1, column 3: the control character '\n' in a string must be escaped`},
		{"a leading zero", `[012]`, `line 1, column 2: a number cannot begin with 0`},
		{"a lone minus", `-`, `line 1, column 2: expected a digit, came the end of the body`},
		{"a point without digits", `1.`, `line 1, column 3: expected a digit behind the decimal point, came the end of the body`},
		{"an exponent without digits", `1e+`, `line 1, column 4: expected a digit in the exponent, came the end of the body`},
		{"NaN", `{"a": NaN}`, `line 1, column 7: expected a value, came 'N'`},
		{"a place behind letters of several bytes", `{"ä": "ö", }`, `line 1, column 12: expected a member's name in double quotes, came '}'`},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := parseJSON([]byte(test.body), 10)
			if err == nil || err.Error() != test.want {
				t.Errorf("got  %v\nwant %s", err, test.want)
			}
		})
	}
}

func TestJSONNestedTooDeepIsRefusedBeforeItIsRead(t *testing.T) {
	for _, opening := range []string{"[", `{"a":`} {
		_, err := parseJSON([]byte(strings.Repeat(opening, 10_000)), 64)
		var syntax *syntaxError
		if !errors.As(err, &syntax) || syntax.offset != 64*len(opening) {
			t.Errorf("%s: got %v, expected an error at byte %d", opening, err, 64*len(opening))
		}
	}
	deep := strings.Repeat("[", 64) + strings.Repeat("]", 64)
	if _, err := parseJSON([]byte(deep), 64); err != nil {
		t.Errorf("64 levels: %v", err)
	}
}

func TestANameTwiceIsFoundInLargeObjects(t *testing.T) {
	var b strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&b, `"k%d": %d, `, i, i)
	}
	if _, err := parseJSON([]byte("{"+b.String()+`"z": 0}`), 10); err != nil {
		t.Errorf("without a repetition: %v", err)
	}
	for _, name := range []string{"k0", "k15", "k16", "k17", "k999"} {
		if _, err := parseJSON([]byte("{"+b.String()+`"`+name+`": 0}`), 10); err == nil {
			t.Errorf("the repeated name %s was not found", name)
		}
	}
}

// FuzzBody holds the parser against the standard library's: whatever it lets
// pass is JSON, is rendered as the same value, and what it refuses the library
// refuses too or is on the list of what larder refuses on purpose.
func FuzzBody(f *testing.F) {
	for _, seed := range []string{
		`{}`, `[]`, `null`, `{"name":"Hoth","population":null,"terrains":["ice caves"]}`, `[{"a":1},{"a":2}]`,
		`{"quantity":{"$mul":2}}`, `[{"op":"test","path":"/a","value":1e3}]`, `"\ud83d\ude00"`, `-0.1e-5`, `{"a":1,"a":2}`, `[[[[`, `"\u0000"`, "\xff",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		const deep = 100
		n, err := parseJSON(body, deep)
		if err != nil {
			var syntax *syntaxError
			if !errors.As(err, &syntax) || syntax.offset > len(body) || syntax.line < 1 || syntax.column < 1 {
				t.Fatalf("%q: the error has no place: %v", body, err)
			}
			onPurpose := syntax.tooDeep || strings.Contains(syntax.message, "twice") || strings.Contains(syntax.message, "NUL") ||
				strings.Contains(syntax.message, "surrogate") || strings.Contains(syntax.message, "UTF-8")
			if !onPurpose && json.Valid(body) {
				t.Fatalf("%q is JSON, but was refused: %v", body, err)
			}
			return
		}
		if !json.Valid(body) {
			t.Fatalf("%q is no JSON, but was accepted", body)
		}
		var compacted bytes.Buffer
		if err := json.Compact(&compacted, n.render()); err != nil {
			t.Fatalf("%q was rendered as %q: %v", body, n.render(), err)
		}
		again, err := parseJSON(n.render(), deep)
		if err != nil || !equalNodes(&n, &again) {
			t.Fatalf("%q was rendered as another value: %q (%v)", body, n.render(), err)
		}
	})
}
