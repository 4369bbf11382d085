package query_test

import (
	"encoding/base64"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/larderhq/larder/internal/model"
	"github.com/larderhq/larder/internal/query"
)

func TestCursorKeepsEveryValueExactly(t *testing.T) {
	planet := planet(t)
	tests := []struct {
		name, order string
		position    []any
	}{
		{"the id alone", "", []any{int64(7)}},
		{"the largest integer", "population", []any{int64(1<<63 - 1), int64(1)}},
		{"a null", "population.desc", []any{nil, int64(1)}},
		{"a text with quotes and other scripts", "name", []any{"a\"b\\c\nd é 😀 </script>", int64(1)}},
		{"an empty text", "name", []any{"", int64(1)}},
		{"a text that looks like null", "name", []any{"null", int64(1)}},
		{"a float without a short decimal form", "diameter", []any{0.1 + 0.2, int64(1)}},
		{"a very small float", "diameter", []any{5e-324, int64(1)}},
		{"a decimal", "gravity", []any{model.DecimalValue{Unscaled: 1250, Scale: 3}, int64(1)}},
		{"a boolean", "inhabited", []any{false, int64(1)}},
		{"a time with microseconds", "seen", []any{time.Date(2026, 11, 23, 17, 18, 0, 123456000, time.UTC), int64(1)}},
		{"a duration", "day", []any{90*time.Minute + time.Microsecond, int64(1)}},
		{"a date, a word and a UUID", "discovered,class.desc,code", []any{"2026-11-23", "M", "0193574e-0000-7000-8000-00000000000a", int64(1)}},
		{"nothing behind the id", "id.desc,name", []any{int64(3)}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			request, err := query.Parse(planet, 1, "order="+test.order, query.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			cursor := query.EncodeCursor(request.Read, test.position)
			for parameter, position := range map[string]func(query.Read) []any{
				"_after":  func(read query.Read) []any { return read.After },
				"_before": func(read query.Read) []any { return read.Before },
			} {
				rawQuery := query.WithCursor("order="+test.order, parameter, cursor)
				next, err := query.Parse(planet, 1, rawQuery, query.Limits{})
				if err != nil {
					t.Fatalf("%s: %v", rawQuery, err)
				}
				if got := position(next.Read); !reflect.DeepEqual(got, test.position) {
					t.Errorf("%s: got %#v, want %#v", parameter, got, test.position)
				}
			}
		})
	}
}

func TestCursorOfAnotherRequestIsRefused(t *testing.T) {
	planet := planet(t)
	request, err := query.Parse(planet, 1, "order=name", query.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	cursor := query.EncodeCursor(request.Read, []any{"Hoth", int64(4)})
	packed, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		t.Fatal(err)
	}
	altered := func(tail string) string {
		return base64.RawURLEncoding.EncodeToString(append(packed[:6:6], tail...))
	}
	tests := []struct{ name, query, says string }{
		{"another direction", "order=name.desc&_after=" + cursor, "another order"},
		{"another place of nulls", "order=name.nullsfirst&_after=" + cursor, "another order"},
		{"no order", "_after=" + cursor, "another order"},
		{"a cursor cut short", "order=name&_after=" + cursor[:len(cursor)-4], "given out here"},
		{"a cursor of one letter", "order=name&_after=x", "given out here"},
		{"no base64", "order=name&_after=!!", "given out here"},
		{"an empty cursor", "order=name&_before=", "given out here"},
		{"a value missing", "order=name&_after=" + altered(`["Hoth"]`), "given out here"},
		{"a value of another type", "order=name&_after=" + altered(`["Hoth","x"]`), "none of id"},
		{"an object for a value", "order=name&_after=" + altered(`["Hoth",{}]`), "none of id"},
		{"a NUL in a text", "order=name&_after=" + altered(`["\u0000",1]`), "none of name"},
		{"an offset beside it", "order=name&offset=5&_after=" + cursor, "exclude each other"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := query.Parse(planet, 1, test.query, query.Limits{})
			refused(t, err, query.CodeParse, test.says)
		})
	}
}

func TestWithCursorKeepsTheRest(t *testing.T) {
	for rawQuery, want := range map[string]string{
		"":                                    "_after=abc",
		"name=eq.a%20b&or=(id.eq.1)&limit=5":  "name=eq.a%20b&or=(id.eq.1)&limit=5&_after=abc",
		"_after=old&order=name":               "order=name&_after=abc",
		"_before=old&offset=40&&order=name":   "order=name&_after=abc",
		"%5Fafter=old&name=eq.offset&version": "name=eq.offset&version&_after=abc",
	} {
		if got := query.WithCursor(rawQuery, "_after", "abc"); got != want {
			t.Errorf("WithCursor(%q) = %q, want %q", rawQuery, got, want)
		}
	}
}

func FuzzCursor(f *testing.F) {
	planet := planet(f)
	request, err := query.Parse(planet, 1, "order=name.desc,population,seen", query.Limits{})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(query.EncodeCursor(request.Read, []any{"a", nil, time.Unix(0, 0).UTC(), int64(1)}))
	f.Add("")
	f.Add(strings.Repeat("A", 40))
	f.Fuzz(func(t *testing.T, cursor string) {
		next, err := query.Parse(planet, 1, query.WithCursor("order=name.desc,population,seen", "_after", cursor), query.Limits{})
		if err != nil {
			return
		}
		again := query.EncodeCursor(next.Read, next.Read.After)
		same, err := query.Parse(planet, 1, query.WithCursor("order=name.desc,population,seen", "_after", again), query.Limits{})
		if err != nil || !reflect.DeepEqual(same.Read.After, next.Read.After) {
			t.Errorf("%q is %v, but written again %v (%v)", cursor, next.Read.After, same.Read.After, err)
		}
	})
}
