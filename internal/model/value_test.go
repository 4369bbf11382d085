package model_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/larderhq/larder/internal/model"
)

// everyScalar has a field of each sort that a value can be given for.
const everyScalar = `
type Thing {
  text: String! @check(minLength: 2, maxLength: 5, pattern: "^[^x]*$")
  free: String
  small: Int @check(min: 0, max: 100)
  any32: Int
  big: Int64
  ratio: Float @check(max: 1.5)
  price: Decimal @check(min: 0)
  fine: Decimal @decimal(precision: 18, scale: 18)
  whole: Decimal @decimal(precision: 18, scale: 0)
  active: Boolean
  foreign: ID
  token: UUID
  day: Date @check(min: "2020-01-01")
  at: DateTime @check(max: "2030-01-01T00:00:00Z")
  span: Duration @check(min: "PT0S", max: "P1D")
  extra: JSON
  data: Bytes
  color: Color
  tags: [String!]! @check(minLength: 1)
  scores: [Int]!
  raw: [Float!] @json
  parent: Thing
  ticket: Ticket
  genre: Genre
  genres: [Genre!]!
  parts: [Part!]!
}
type Ticket { id: UUID! title: String! }
type Genre @vocabulary { word: String! @check(maxLength: 8) }
type Part { name: String! }
enum Color { RED GREEN LIGHT_BLUE }
`

func thing(t testing.TB) *model.Type {
	t.Helper()
	schema, err := model.Parse("test.graphql", []byte(everyScalar))
	if err != nil {
		t.Fatal(err)
	}
	return schema.Type("Thing")
}

func TestAcceptJSONTakesWhatSuitsTheField(t *testing.T) {
	at := func(text string) time.Time {
		parsed, err := time.Parse(time.RFC3339Nano, text)
		if err != nil {
			t.Fatal(err)
		}
		return parsed
	}
	tests := []struct {
		name, field, json string
		want              any
	}{
		{"a string", "text", `"abc"`, "abc"},
		{"blanks around a value", "text", " \t\n\"abc\"\r ", "abc"},
		{"lengths count characters, not bytes", "text", `"ééééé"`, "ééééé"},
		{"escapes", "free", `"a\n\"\\\/\u00e9\ud83d\ude00"`, "a\n\"\\/é😀"},
		{"an escaped backslash before a u", "free", `"\\u0000"`, `\u0000`},
		{"an empty string", "free", `""`, ""},
		{"null where it may be", "free", `null`, nil},
		{"a whole number", "small", `42`, int64(42)},
		{"a whole number with an exponent", "any32", `1e3`, int64(1000)},
		{"a whole number with a zero fraction", "any32", `1.0`, int64(1)},
		{"a whole number with a fraction shifted away", "any32", `12.5E1`, int64(125)},
		{"the least 32-bit number", "any32", `-2147483648`, int64(-2147483648)},
		{"the greatest 64-bit number", "big", `9223372036854775807`, int64(9223372036854775807)},
		{"the least 64-bit number", "big", `-9223372036854775808`, int64(-9223372036854775808)},
		{"a number that a double would blur", "big", `9007199254740993`, int64(9007199254740993)},
		{"zero with a huge exponent", "big", `0e999999999999999999999`, int64(0)},
		{"minus zero", "big", `-0`, int64(0)},
		{"a fraction", "ratio", `0.1`, 0.1},
		{"minus zero becomes zero", "ratio", `-0.0`, 0.0},
		{"a decimal", "price", `1.25`, model.DecimalValue{Unscaled: 12500, Scale: 4}},
		{"a decimal with trailing zeros", "price", `1.250000000`, model.DecimalValue{Unscaled: 12500, Scale: 4}},
		{"a decimal with an exponent", "price", `1.25e2`, model.DecimalValue{Unscaled: 1250000, Scale: 4}},
		{"a decimal of only a fraction", "fine", `0.123456789012345678`, model.DecimalValue{Unscaled: 123456789012345678, Scale: 18}},
		{"a decimal of 18 digits", "whole", `-999999999999999999`, model.DecimalValue{Unscaled: -999999999999999999}},
		{"true", "active", `true`, true},
		{"an id as a string", "foreign", `"abc"`, "abc"},
		{"an id as a number", "foreign", `7`, "7"},
		{"a UUID, in small letters", "token", `"018F2E4C-7A10-7CC0-9F3E-2B1A6C5D4E3F"`, "018f2e4c-7a10-7cc0-9f3e-2b1a6c5d4e3f"},
		{"a leap day", "day", `"2024-02-29"`, "2024-02-29"},
		{"a time in UTC", "at", `"2026-11-23T17:18:00Z"`, at("2026-11-23T17:18:00Z")},
		{"a time with an offset", "at", `"2026-11-23T19:18:00.5+02:00"`, at("2026-11-23T17:18:00.5Z")},
		{"a time in small letters", "at", `"2026-11-23t17:18:00z"`, at("2026-11-23T17:18:00Z")},
		{"a time keeps microseconds", "at", `"2026-11-23T17:18:00.123456789Z"`, at("2026-11-23T17:18:00.123456Z")},
		{"a duration", "span", `"PT1H30M"`, 90 * time.Minute},
		{"a duration of every part", "span", `"P0DT1H2M3.25S"`, time.Hour + 2*time.Minute + 3250*time.Millisecond},
		{"a duration of a day", "span", `"P1D"`, 24 * time.Hour},
		{"a JSON object, compact", "extra", `{ "a": [1, "b c", null] }`, model.JSONText(`{"a":[1,"b c",null]}`)},
		{"a JSON string", "extra", `"x"`, model.JSONText(`"x"`)},
		{"base64", "data", `"aGk="`, []byte("hi")},
		{"no bytes", "data", `""`, []byte{}},
		{"a word of an enum", "color", `"RED"`, "RED"},
		{"a list", "tags", `["b", "a", "b"]`, []any{"b", "a", "b"}},
		{"an empty list", "tags", `[]`, []any{}},
		{"a list with null elements where they may be", "scores", `[1, null]`, []any{int64(1), nil}},
		{"a list in a JSON column", "raw", `[0.5]`, []any{0.5}},
		{"null for a list in a JSON column", "raw", `null`, nil},
		{"a reference", "parent", `7`, int64(7)},
		{"a reference to a UUID", "ticket", `"018f2e4c-7a10-7cc0-9f3e-2b1a6c5d4e3f"`, "018f2e4c-7a10-7cc0-9f3e-2b1a6c5d4e3f"},
		{"a word of a vocabulary", "genre", `"jazz"`, "jazz"},
		{"words of a vocabulary", "genres", `["jazz","folk"]`, []any{"jazz", "folk"}},
	}
	typ := thing(t)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := typ.Field(test.field).AcceptJSON([]byte(test.json))
			if err != nil {
				t.Fatalf("%s: %v", test.json, err)
			}
			if !reflect.DeepEqual(got, test.want) {
				t.Errorf("%s: got %#v, want %#v", test.json, got, test.want)
			}
			if err := typ.Field(test.field).CheckValue(got); err != nil {
				t.Errorf("CheckValue of what was accepted: %v", err)
			}
		})
	}
}

func TestAcceptJSONSaysWhatIsWrong(t *testing.T) {
	deep := strings.Repeat("[", 101) + strings.Repeat("]", 101)
	tests := []struct {
		name, field, json string
		code              string
		index             int
		message           string // part of it
	}{
		{"null for a required field", "text", `null`, "required", -1, "expected a string, got null"},
		{"a number for a string", "text", `5`, "type", -1, "expected a string, got 5"},
		{"nothing at all", "text", ``, "type", -1, "got nothing"},
		{"too short", "text", `"a"`, "minLength", -1, "at least 2 characters, got 1"},
		{"too long", "text", `"abcdef"`, "maxLength", -1, "at most 5 characters, got 6"},
		{"a pattern not met", "text", `"abxc"`, "pattern", -1, `^[^x]*$`},
		{"NUL as an escape", "free", `"a\u0000"`, "type", -1, "NUL"},
		{"NUL as a byte", "free", "\"a\x00\"", "type", -1, "NUL"},
		{"half a character", "free", `"\ud83d"`, "type", -1, `half of one: \ud83d`},
		{"half a character before another escape", "free", `"\ud83d\u0041"`, "type", -1, "half"},
		{"the other half alone", "free", `"\ude00"`, "type", -1, "half"},
		{"invalid UTF-8", "free", "\"\xff\"", "type", -1, "UTF-8"},
		{"an unclosed string", "free", `"abc`, "type", -1, "malformed"},
		{"two strings", "free", `"abc" "d"`, "type", -1, "malformed"},
		{"a raw line break", "free", "\"a\nb\"", "type", -1, "malformed"},
		{"an object for a string", "free", `{}`, "type", -1, "got an object"},
		{"a string for a number", "small", `"5"`, "type", -1, `got the string "5"`},
		{"a fraction for a whole number", "small", `1.5`, "type", -1, "a whole number"},
		{"below the least", "small", `-1`, "min", -1, "at least 0, got -1"},
		{"above the greatest", "small", `101`, "max", -1, "at most 100, got 101"},
		{"beyond 32 bits", "any32", `2147483648`, "range", -1, "2147483647"},
		{"beyond 64 bits", "big", `9223372036854775808`, "range", -1, "9223372036854775807"},
		{"a huge exponent", "big", `1e999999999999`, "range", -1, "1e999999999999"},
		{"a leading zero", "big", `007`, "type", -1, "whole number"},
		{"a bare minus", "big", `-`, "type", -1, "whole number"},
		{"a number with a tail", "big", `1x`, "type", -1, "whole number"},
		{"NaN", "ratio", `NaN`, "type", -1, "a number"},
		{"beyond a double", "ratio", `1e400`, "range", -1, "1.8e308"},
		{"a float above its bound", "ratio", `1.6`, "max", -1, "at most 1.5, got 1.6"},
		{"too many digits after the point", "price", `0.00001`, "scale", -1, "at most 4 digits after the point"},
		{"too many digits before the point", "price", `123456789012345`, "range", -1, "at most 14 digits before the point"},
		{"a negative price", "price", `-0.01`, "min", -1, "at least 0, got -0.01"},
		{"one for a pure fraction", "fine", `1`, "range", -1, "at most 0 digits before the point"},
		{"a word for a boolean", "active", `"true"`, "type", -1, "true or false"},
		{"a fraction for an id", "foreign", `1.5`, "type", -1, "an id"},
		{"a UUID without hyphens", "token", `"018f2e4c7a107cc09f3e2b1a6c5d4e3f0000"`, "type", -1, "UUID"},
		{"a day that is none", "day", `"2023-02-29"`, "type", -1, "a date"},
		{"a day before the first", "day", `"2019-12-31"`, "min", -1, "2020-01-01"},
		{"a time without an offset", "at", `"2026-11-23T17:18:00"`, "type", -1, "a time"},
		{"a time with a comma", "at", `"2026-11-23T17:18:00,5Z"`, "type", -1, "a time"},
		{"a time with an hour of one digit", "at", `"2026-11-23T7:18:00Z"`, "type", -1, "a time"},
		{"a time after the last", "at", `"2030-01-01T00:00:00.000001Z"`, "max", -1, "2030"},
		{"a time that leaves year 1 in UTC", "at", `"0001-01-01T00:00:00+01:00"`, "range", -1, "years 1 to 9999"},
		{"a month is no fixed time", "span", `"P1M"`, "type", -1, "a duration"},
		{"a duration of nothing", "span", `"P"`, "type", -1, "a duration"},
		{"a duration whose clock is empty", "span", `"P1DT"`, "type", -1, "a duration"},
		{"a duration in the wrong order", "span", `"PT1S1M"`, "type", -1, "a duration"},
		{"a duration beyond reason", "span", `"P999999999999999999999D"`, "range", -1, "292 years"},
		{"a duration above its bound", "span", `"PT86401S"`, "max", -1, "at most P1D"},
		{"malformed JSON", "extra", `{"a"}`, "type", -1, "a JSON value"},
		{"JSON too deep", "extra", deep, "range", -1, "at most 100 levels, got 101"},
		{"NUL within JSON", "extra", `{"a":"\u0000"}`, "type", -1, "NUL"},
		{"a number within JSON beyond a double", "extra", `[1e400]`, "range", -1, "1e400"},
		{"base64 without padding", "data", `"aGk"`, "type", -1, "base64"},
		{"base64 with a line break", "data", `"aG\nk="`, "type", -1, "base64"},
		{"an unknown word", "color", `"GREN"`, "enum", -1, "did you mean GREEN?"},
		{"an unknown word far from all", "color", `"x"`, "enum", -1, "there are RED, GREEN, LIGHT_BLUE"},
		{"a string for a list", "tags", `"a"`, "type", -1, "a list, each element a string"},
		{"an unclosed list", "tags", `["a"`, "type", -1, "a list"},
		{"null in a list that has none", "tags", `["a", null]`, "element", 1, "got null"},
		{"an element of the wrong type", "tags", `["a", 1]`, "type", 1, "expected a string, got 1"},
		{"an element that fails its check", "tags", `["a", ""]`, "minLength", 1, "at least 1 character, got 0"},
		{"null for a required list", "tags", `null`, "required", -1, "a list"},
		{"a reference to zero", "parent", `0`, "range", -1, "from 1"},
		{"a reference by a word", "parent", `"x"`, "type", -1, "an id"},
		{"a word that fails the vocabulary's check", "genres", `["jazz","progressive"]`, "maxLength", 1, "at most 8"},
		{"a relation that holds no value", "parts", `[]`, "type", -1, "relation"},
	}
	typ := thing(t)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			field := typ.Field(test.field)
			got, err := field.AcceptJSON([]byte(test.json))
			var value *model.ValueError
			if !errors.As(err, &value) {
				t.Fatalf("%s: got %#v and %v, want a *ValueError", test.json, got, err)
			}
			if got != nil {
				t.Errorf("got the value %#v beside an error", got)
			}
			if value.Field != field || value.Code != test.code || value.Index != test.index {
				t.Errorf("%s: got %s of %s at %d, want %s at %d: %v", test.json, value.Code, value.Field.Name, value.Index, test.code, test.index, err)
			}
			if !strings.Contains(value.Message, test.message) {
				t.Errorf("%s: message %q does not say %q", test.json, value.Message, test.message)
			}
		})
	}
}

func TestAcceptTextChecksTheTypeOnly(t *testing.T) {
	typ := thing(t)
	tests := []struct {
		field, text string
		want        any
	}{
		{"text", "", ""}, // shorter than the check allows
		{"small", "-5", int64(-5)},
		{"small", "1e1", int64(10)},
		{"active", "false", false},
		{"price", "-1.5", model.DecimalValue{Unscaled: -15000, Scale: 4}},
		{"tags", "", ""}, // one element
		{"color", "RED", "RED"},
		{"parent", "0", int64(0)},
		{"genre", "a word longer than its check", "a word longer than its check"},
		{"extra", "[1]", model.JSONText("[1]")},
		{"day", "0001-01-01", "0001-01-01"},
	}
	for _, test := range tests {
		got, err := typ.Field(test.field).AcceptText(test.text)
		if err != nil || !reflect.DeepEqual(got, test.want) {
			t.Errorf("%s %q: got %#v, %v, want %#v", test.field, test.text, got, err, test.want)
		}
	}
	for field, text := range map[string]string{
		"small": "five", "big": "0x10", "ratio": "Infinity", "active": "1", "token": "x", "at": "now",
		"color": "red", "free": "a\x00", "text": "\xff", "data": "?", "parent": "1.5", "parts": "1", "any32": "1_000",
	} {
		if got, err := typ.Field(field).AcceptText(text); err == nil {
			t.Errorf("%s %q: got %#v, want an error", field, text, got)
		}
	}
}

func TestCheckValueHoldsWhatWasDecodedElsewhere(t *testing.T) {
	typ := thing(t)
	for _, test := range []struct {
		field string
		value any
		code  string
	}{
		{"text", nil, "required"},
		{"text", "x!", "pattern"},
		{"small", int64(101), "max"},
		{"tags", []any{"a", nil}, "element"},
		{"tags", []any{""}, "minLength"},
		{"at", time.Date(2031, 1, 1, 0, 0, 0, 0, time.UTC), "max"},
	} {
		var value *model.ValueError
		if err := typ.Field(test.field).CheckValue(test.value); !errors.As(err, &value) || value.Code != test.code {
			t.Errorf("%s %#v: got %v, want the code %s", test.field, test.value, err, test.code)
		}
	}
	if err := typ.Field("scores").CheckValue([]any{nil, int64(1)}); err != nil {
		t.Error(err)
	}
}

func TestAppendJSONWritesTheServedForm(t *testing.T) {
	typ := thing(t)
	tests := []struct {
		field string
		value any
		want  string
	}{
		{"free", nil, `null`},
		{"free", "a\"\\\n\x01é</", `"a\"\\\n\u0001é</"`},
		{"big", int64(-9223372036854775808), `-9223372036854775808`},
		{"ratio", 0.1, `0.1`},
		{"ratio", 1e21, `1e+21`},
		{"ratio", 1000000.0, `1000000`},
		{"price", model.DecimalValue{Unscaled: 12500, Scale: 4}, `1.25`},
		{"price", model.DecimalValue{Unscaled: -5, Scale: 4}, `-0.0005`},
		{"price", model.DecimalValue{Scale: 4}, `0`},
		{"whole", model.DecimalValue{Unscaled: 100}, `100`},
		{"active", true, `true`},
		{"at", time.Date(2026, 11, 23, 17, 18, 0, 500_000_000, time.FixedZone("", 3600)), `"2026-11-23T16:18:00.5Z"`},
		{"span", 90 * time.Minute, `"PT5400S"`},
		{"span", -1500 * time.Millisecond, `"-PT1.5S"`},
		{"extra", model.JSONText(`{"a":1}`), `{"a":1}`},
		{"data", []byte("hi"), `"aGk="`},
		{"scores", []any{int64(1), nil}, `[1,null]`},
		{"parent", int64(3), `3`},
		{"genres", []any{"jazz"}, `["jazz"]`},
	}
	for _, test := range tests {
		if got := string(typ.Field(test.field).AppendJSON(nil, test.value)); got != test.want {
			t.Errorf("%s %#v: got %s, want %s", test.field, test.value, got, test.want)
		}
	}
}

// What is accepted is served in a form that is accepted again as the same value.
func FuzzAcceptJSON(f *testing.F) {
	for _, seed := range []string{
		`null`, `"abc"`, `"\ud83d\ude00"`, `"\u0000"`, `1e3`, `-0.0`, `9223372036854775807`, `0.00001`, `1E-7`, `true`,
		`"018f2e4c-7a10-7cc0-9f3e-2b1a6c5d4e3f"`, `"2024-02-29"`, `"2026-11-23T19:18:00.5+02:00"`, `"-P1DT0.000001S"`,
		`{"a":[{"b":"\\\""}]}`, `["RED",null]`, `"aGk="`, `"RED"`, "\"\xff\"", `[[[`, ``,
	} {
		f.Add([]byte(seed))
	}
	typ := thing(f)
	f.Fuzz(func(t *testing.T, raw []byte) {
		for _, field := range append(typ.Fields, typ.ID) {
			value, err := field.AcceptJSON(raw)
			if err != nil {
				if value := (*model.ValueError)(nil); !errors.As(err, &value) {
					t.Fatalf("%s: %T is no *ValueError", field.Name, err)
				}
				continue
			}
			served := field.AppendJSON(nil, value)
			again, err := field.AcceptJSON(served)
			if err != nil || !reflect.DeepEqual(value, again) {
				t.Errorf("%s: %s gave %#v, served as %s, which gave %#v, %v", field.Name, raw, value, served, again, err)
			}
		}
	})
}
