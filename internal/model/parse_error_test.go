package model_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/larderhq/larder/internal/model"
)

// Each text has its errors, one a line, as a person would read them.
func TestParseSaysWhatIsWrongAndWhere(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"a syntax error", "type A {\n  a: \n}", `m:3:1: expected Name, found }`},
		{"a missing brace", "type A {\n  a: Int", `m:2:9: expected Name, found <EOF>; is a closing } or ) missing?`},
		{"a stray word", "typ A { a: Int }", `m:1:1: unexpected Name "typ"; a file holds type and enum declarations`},
		{"bytes that are no UTF-8", "type A {\n  é\xff: Int }", `m:2:4: expected text in UTF-8, got bytes that are none; save the file as UTF-8`},

		{"an unknown type", "type A { a: Sting }", `m:1:13: A.a: unknown type Sting; did you mean String?`},
		{"an unknown type near a model", "type Planet { a: Planets }", `m:1:18: Planet.a: unknown type Planets; did you mean Planet?`},
		{
			"an unknown type near nothing", "type A { a: Varchar }",
			`m:1:13: A.a: unknown type Varchar; declare it, or use one of String, Int, Int64, Float, Decimal, Boolean, ID, UUID, Date, DateTime, Duration, JSON, Bytes`,
		},
		{"a list within a list", "type A { a: [[Int]] }", `m:1:14: A.a: expected a list of one level, got [[Int]]; use JSON for lists within lists`},
		{"an unknown directive", "type A { a: Int @uniqe }", `m:1:18: unknown directive @uniqe; did you mean @unique?`},
		{
			"a directive in the wrong place", "type A @hidden { a: Int @vocabulary }",
			"m:1:9: @hidden has no meaning on a type\nm:1:26: @vocabulary has no meaning on a field",
		},
		{"a directive twice", "type A { a: Int @hidden @hidden }", `m:1:26: @hidden stands twice; remove one of them`},
		{"an unknown argument", "type A { a: Int @check(mim: 1) }", `m:1:24: @check takes no argument mim; did you mean min?`},
		{"an argument twice", "type A { a: Int @check(min: 1, min: 2) }", `m:1:32: @check has min twice; remove one of them`},
		{"a missing argument", "type A { a: Int @since }", `m:1:18: @since needs version; write @since(version: 2)`},
		{"a number where text belongs", "type A { a: Int @default(value: 1) }", `m:1:33: @default: expected a string for value, got 1; write value: "1"`},
		{
			"text where a number belongs", `type A { a: String @check(maxLength: "9") }`,
			`m:1:38: @check: expected a whole number for maxLength, got "9"; write maxLength: 9`,
		},
		{
			"an action in quotes", `type A { a: A @ref(onDelete: "set null") }`,
			`m:1:30: @ref: expected CASCADE, RESTRICT or SET_NULL for onDelete, got "set null"; write onDelete: SET_NULL`,
		},
		{"a list of numbers where names belong", `type A @unique(fields: [1]) { a: Int }`, `m:1:24: @unique: expected a list of strings for fields, got [1]`},
		{"a directive without a word", "type A { a: Int @check }", `m:1:18: @check says nothing; write one of min, max, minLength, maxLength, pattern`},

		{"min on a string", "type A { a: String @check(min: 1) }", `m:1:32: @check: min does not suit String; did you mean minLength?`},
		{"min on a boolean", "type A { a: Boolean @check(min: 1) }", `m:1:33: @check: min does not suit Boolean; it suits numbers, dates and durations`},
		{"a pattern on a number", `type A { a: Int @check(pattern: "1") }`, `m:1:33: @check: pattern does not suit Int; it suits String and ID`},
		{"min above max", "type A { a: Int @check(min: 2, max: 1) }", `m:1:18: @check: min 2 is above max 1; swap them`},
		{"minLength above maxLength", "type A { a: String @check(minLength: 2, maxLength: 1) }", `m:1:21: @check: minLength 2 is above maxLength 1; swap them`},
		{"a negative length", "type A { a: String @check(minLength: -1) }", `m:1:38: expected minLength between 0 and 1073741824, got -1`},
		{"a bound of another type", "type A { a: Int @check(min: 0.5) }", `m:1:29: @check: min: expected a whole number, got "0.5"`},
		{"a date bound that is none", `type A { a: Date @check(min: "2023-02-29") }`, `m:1:30: @check: min: expected a date such as "2026-11-23", got "2023-02-29"`},
		{"a date bound as a number", `type A { a: Date @check(min: 2023) }`, `m:1:30: @check: expected a date such as "2026-11-23" for min, got 2023`},
		{
			"a bound beyond a decimal's scale", `type A { a: Decimal @check(min: 0.01) @decimal(scale: 1) }`,
			`m:1:33: @check: min: expected at most 1 digits after the point, got 0.01`,
		},
		{
			"a bad pattern", `type A { a: String @check(pattern: "(") }`,
			"m:1:36: @check: the pattern is no RE2 expression: error parsing regexp: missing closing ): `(`; see https://github.com/google/re2/wiki/Syntax",
		},
		{"a default of another type", `type A { a: Int @default(value: "x") }`, `m:1:33: @default does not suit A.a: expected a whole number, got "x"`},
		{"a default against the check", `type A { a: Int @default(value: "-1") @check(min: 0) }`, `m:1:33: @default does not suit A.a: expected at least 0, got -1`},
		{
			"a default of no word", "type A { a: C @default(value: \"BLUE\") }\nenum C { BLUES RED }",
			`m:1:31: @default does not suit A.a: expected a word of C, got "BLUE"; did you mean BLUES?`,
		},
		{"a default of a list", `type A { a: [Int!]! @default(value: "[]") }`, `m:1:22: @default: a is no single value; remove it`},
		{
			"precision below scale", "type A { a: Decimal @decimal(precision: 2, scale: 3) }",
			`m:1:22: @decimal: expected a scale of at most the precision 2, got 3; precision counts all digits, scale those after the point`,
		},
		{"@decimal elsewhere", "type A { a: Float @decimal(scale: 2) }", `m:1:20: @decimal: a is no Decimal; remove it`},
		{"@json elsewhere", "type A { a: String @json }", `m:1:21: @json keeps a list of scalars in one column, and a is none; remove it, or use the scalar JSON`},
		{"@unique on a list", "type A { a: [Int!]! @unique }", `m:1:22: @unique: a is a list; remove it: the values of a list have an index already`},
		{"@ref on a scalar", "type A { a: Int @ref(onDelete: CASCADE) }", `m:1:18: @ref: a is no relation; remove it`},
		{
			"a nullable list", "type A { a: [Int!] }",
			`m:1:10: A.a: a list whose values have a table of their own cannot be null; write [Int!]!, or @json to keep null apart from an empty list`,
		},
		{"@from without a path", `type A { a: Int @from(path: "a..b") }`, `m:1:29: expected a path, got "a..b"; write names joined by points, such as "allPlanets.planets"`},

		{"a field twice", "type A {\n  a: Int\n  a: Int\n}", `m:3:3: A.a is declared twice, first on line 2; rename one of them`},
		{"a type twice", "type A { a: Int }\nenum A { X }", `m:2:6: A is declared twice, first on line 1; rename one of them`},
		{"a type named like a scalar", "type Date { a: Int }", `m:1:6: Date is a scalar; choose another name`},
		{"two fields of one column", "type A { aB: Int a_b: Int }", `m:1:18: A.aB and A.a_b would have the same column a_b; rename one of them`},
		{
			"a foreign key and a field of one name", "type A { list: A listId: Int }",
			"m:1:18: A.list and A.listId would have the same column list_id; rename one of them",
		},
		{
			"two types of one table", "type AB { a: Int }\ntype Ab { a: Int }\ntype A_b { a: Int }",
			"m:2:6: AB and Ab would have the same table ab; rename one of them",
		},
		{
			"a type and a list of one table", "type Planet { terrains: [String!]! }\ntype PlanetTerrains { a: Int }",
			"m:1:15: PlanetTerrains and Planet.terrains would have the same table planet_terrains; rename one of them",
		},
		{"two types of one resource", "type Person { a: Int }\ntype People { a: Int }", `m:2:6: Person and People would have the same resource people; rename one of them`},
		{"larder's own tables", "type LarderOrigin { a: Int }", `m:1:6: LarderOrigin would have the table larder_origin: names in larder_… are taken; choose another name`},
		{"PostgreSQL's own columns", "type A { xmin: Int }", `m:1:10: A.xmin: PostgreSQL has a column xmin in every table; choose another name`},
		{"a name that begins with an underscore", "type A { _a: Int }", `m:1:10: _a is no name for a field; begin it with a letter: _name is a parameter of the API`},
		{"an index twice", `type A @index(fields: ["a"]) { a: Int @index }`, `m:1:32: A.a has the same key or index twice; remove one of them`},

		{
			"an id of another type", "type A { id: Int! a: Int }",
			`m:1:10: the id is larder's own key: expected id: ID! or id: UUID!, got id: Int!; keep another system's id under another name, such as sourceId: String @from(path: "id")`,
		},
		{"a directive on the id", "type A { id: ID! @hidden a: Int }", `m:1:19: the id takes no directive but @column and @generated, got @hidden; remove it`},
		{"a field with arguments", "type A { a(b: Int): Int }", `m:1:12: A.a: a field of a model takes no arguments; remove them`},
		{"a type without fields", "type A", `m:1:6: A has no fields; write type A { name: String! }`},
		{
			"a type with nothing but an implicit foreign key", "type A { bs: [B!]! }\ntype B",
			`m:2:6: B has no fields; write type B { name: String! }`,
		},
		{"an enum without values", "enum E\ntype A { e: E }", `m:1:6: the enum E has no values; write enum E { ONE OTHER }`},
		{"a word twice", "enum E { X X }", `m:1:12: the enum E has the value X twice; remove one of them`},
		{"an interface", "interface I { a: Int }", `m:1:11: expected a type or an enum, got the interface I; write a type with all its fields`},
		{"a scalar", "scalar Int64", `m:1:8: expected a type or an enum, got the scalar Int64; remove it: the scalars are String, Int, Int64, Float, Decimal, Boolean, ID, UUID, Date, DateTime, Duration, JSON, Bytes`},
		{"an extension", "type A { a: Int }\nextend type A { b: Int }", `m:2:13: A cannot be extended; write its fields into the type itself`},

		{"a source without a key", `type A @source(name: "s") { a: Int }`, `m:1:9: @source needs key; write @source(name: "…", key: ["…"])`},
		{"a source with an empty key", `type A @source(name: "s", key: []) { a: Int }`, `m:1:32: @source has an empty key; name the fields that identify a record upstream`},
		{"a key of no field", `type A @source(name: "s", key: ["nam"]) { name: String! }`, `m:1:32: @source: A has no field nam; did you mean name?`},
		{
			"a key that may be null", `type A @source(name: "s", key: ["a"]) { a: String }`,
			`m:1:32: @source: a cannot be part of a key: it may be null; write a ! behind its type, if upstream always has a a`,
		},
		{
			"a key that is a list", `type A @source(name: "s", key: ["a"]) { a: [String!]! }`,
			`m:1:32: @source: a cannot be part of a key: it has no single value; choose fields with a single value`,
		},
		{"the same source twice", `type A @source(name: "s", key: ["a"]) @source(name: "s", key: ["a"]) { a: Int! }`, `m:1:40: A comes from s twice; remove one of them`},
		{"a unique set of an unknown field", `type A @unique(fields: ["a", "b"]) { a: Int }`, `m:1:24: @unique: A has no field b; there are a`},
		{"a version that is none", "type A { a: Int @since(version: 0) }", `m:1:33: expected version between 1 and 1000, got 0`},
		{
			"until before since", "type A { a: Int @since(version: 3) @until(version: 2) }",
			`m:1:10: no version has A.a: it comes with version 3 and goes with version 2; @until names the first version without it`,
		},
		{
			"a field after its type", "type A @until(version: 2) { a: Int @since(version: 2) }",
			`m:1:29: no version has A.a: it comes with version 2 and goes with version 2; @until names the first version without it`,
		},
		{"renamed from itself", `type A { a: Int @renamed(from: "a") }`, `m:1:32: a is renamed from itself; remove @renamed`},
		{"renamed from a field that is there", `type A { a: Int @renamed(from: "b") b: Int }`, `m:1:32: a cannot have been b: b is or was`},
		{"renamed twice from one name", `type A { a: Int @renamed(from: "b") @renamed(from: "b", version: 2) }`, `m:1:52: a is renamed from b twice; remove one of them`},
		{"renamed twice in one version", `type A { a: Int @renamed(from: "b", version: 2) @renamed(from: "c", version: 2) }`, `m:1:78: a is renamed from b and from c in version 2; a version has one name for it`},
		{"renamed before the first version", `type A { a: Int @renamed(from: "b", version: 1) }`, `m:1:46: expected version between 2 and 1000, got 1`},
		{
			"renamed before it came", `type A { a: Int @since(version: 3) @renamed(from: "b", version: 3) }`,
			`m:1:37: no version has A.a as b: it comes with version 3; leave the version out: then the rename is for the migration alone`,
		},
		{
			"an earlier name that another field has in JSON", "type A { listId: Int list2: B @renamed(from: \"list\", version: 2) }\ntype B { x: Int }",
			`m:1:22: A.listId and A.list2 would have the same JSON name listId in version 1 of the API; rename one of them`,
		},
		{
			"an earlier name whose resource another has", "type As { x: Int }\ntype B @renamed(from: \"A\", version: 2) { x: Int }",
			`m:2:6: As and B would have the same resource as in version 1 of the API; rename one of them`,
		},
		{"an earlier name that an enum has", "type A @renamed(from: \"E\") { x: Int }\nenum E { ONE }", `m:1:23: A cannot have been E: that is an enum`},
		{"a vocabulary of two words", `type A @vocabulary { a: String! b: String! }`, `m:1:6: the vocabulary A needs exactly one field, of type String!; write { word: String! }`},
		{"a vocabulary of numbers", `type A @vocabulary { a: Int! }`, `m:1:6: the vocabulary A needs exactly one field, of type String!; write { word: String! }`},

		{
			"a required reference that would become null", "type A { b: B! @ref(onDelete: SET_NULL) }\ntype B { x: Int }",
			`m:1:10: A.b is required and cannot become null; remove the !, or choose CASCADE or RESTRICT`,
		},
		{"a required reference to its own type", "type A { a: A! }", `m:1:10: A.a: the first A could refer to none; remove the !`},
		{
			"ends that do not agree", "type A { bs: [B!]! @ref(onDelete: CASCADE) }\ntype B { a: A @ref(onDelete: SET_NULL) }",
			`m:1:10: A.bs and B.a do not agree what a deletion does; say it on one end`,
		},
		{
			"two candidates for the other end", "type A { bs: [B!]! }\ntype B { one: A two: A }",
			`m:1:10: A.bs: the other end of bs could be B.one or B.two; say which by @ref(inverse: "…") on the list`,
		},
		{
			"two lists for one other end", "type A { bs: [B!]! more: [B!]! }\ntype B { a: A }",
			"m:1:10: A.bs: B.a could be the other end of bs or of more; say which by @ref(inverse: \"…\") on the list\n" +
				"m:1:20: A.more: B.a could be the other end of more or of bs; say which by @ref(inverse: \"…\") on the list",
		},
		{
			"two lists without another end", "type A { bs: [B!]! more: [B!]! }\ntype B { x: Int }",
			"m:1:10: A.bs: bs and more would both need a field a in B; say which by @ref(inverse: \"…\") on the list\n" +
				"m:1:20: A.more: more and bs would both need a field a in B; say which by @ref(inverse: \"…\") on the list",
		},
		{
			"an implicit foreign key that clashes", "type List { items: [Item!]! }\ntype Item { list: String }",
			`m:1:13: List.items puts a field list into Item, which has one already; rename it, or declare the other end of items in Item yourself`,
		},
		{
			"an implicit foreign key whose column clashes", "type List { items: [Item!]! }\ntype Item { listId: String }",
			"m:1:13: Item.listId and Item.list would have the same column list_id; rename one of them",
		},
		{"an inverse that is none", "type A { bs: [B!]! @ref(inverse: \"x\") }\ntype B { x: Int }", `m:1:34: @ref: B.x is no relation to A`},
		{"an inverse on the wrong end", "type A { bs: [B!]! }\ntype B { a: A @ref(inverse: \"bs\") }", `m:2:29: @ref: inverse belongs on a list of records; put it on the list at the other end`},
		{
			"an action between lists", "type A { bs: [B!]! @ref(onDelete: SET_NULL) }\ntype B { as: [A!]! }",
			`m:1:10: A.bs: a list on both sides knows no SET_NULL; remove @ref: a deleted record leaves such lists by itself`,
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := model.Parse("m", []byte(test.text))
			if err == nil {
				t.Fatalf("no error, want\n%s", test.want)
			}
			if err.Error() != test.want {
				t.Errorf("got\n%s\nwant\n%s", err, test.want)
			}
		})
	}
}

func TestParseReportsAllErrorsInOrder(t *testing.T) {
	text := "type A {\n  a: Strin\n  b: Int @uniqe\n  c: String @check(min: 1)\n}\ntype B @source(name: \"s\", key: [\"x\"]) {\n  a: A @default(value: \"1\")\n}\n"
	_, err := model.Parse("models.graphql", []byte(text))
	var all model.Errors
	if !errors.As(err, &all) || len(all) != 5 {
		t.Fatalf("got %v, want 5 errors", err)
	}
	for i, line := range []int{2, 3, 4, 6, 7} {
		if all[i].Position.Line != line || all[i].Position.File != "models.graphql" {
			t.Errorf("error %d is at %v, want line %d", i, all[i].Position, line)
		}
	}
	var one *model.Error
	if !errors.As(err, &one) || one != all[0] {
		t.Errorf("errors.As finds %v, want the first error", one)
	}
}

func TestAFieldThatIsWrongIsNotReportedMissing(t *testing.T) {
	_, err := model.Parse("m", []byte(`type A @unique(fields: ["a"]) @source(name: "s", key: ["a"]) { a: Sting }`))
	if want := `m:1:67: A.a: unknown type Sting; did you mean String?`; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// A hostile file ends in an error, soon.
func TestParseBoundsWhatItReads(t *testing.T) {
	var types, fields strings.Builder
	for i := range 1001 {
		fmt.Fprintf(&types, "type T%d { a: Int }\n", i)
		fmt.Fprintf(&fields, " f%d: Int", i)
	}
	for name, text := range map[string]string{
		"too many bytes":      strings.Repeat("#", 1<<20+1),
		"too many tokens":     strings.Repeat("{", 300_000),
		"too deep a type":     "type A { a: " + strings.Repeat("[", 100_000),
		"too deep a value":    "type A { a: Int @check(min: " + strings.Repeat("[", 100_000),
		"too many types":      types.String(),
		"too many fields":     "type A {" + fields.String() + "}",
		"too many directives": "type A { a: Int " + strings.Repeat("@x ", 90_000) + "}",
		"a huge expression":   `type A { a: String @check(pattern: "((a{100}){100}){100}") }`,
		"a huge version":      `type A { a: Int @since(version: 999999999999999999999) }`,
		"a long type name":    "type " + strings.Repeat("A", 70) + " { a: Int }",
		"a long field name":   "type A { " + strings.Repeat("a", 70) + ": Int }",
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := model.Parse("m", []byte(text)); err == nil {
				t.Error("no error")
			}
		})
	}
}

// Finding the nearest name for every one of thousands of errors would make the
// work the product of errors and names: a person reads the first ones.
func TestOnlyTheFirstErrorsComeWithTheNearestName(t *testing.T) {
	var text strings.Builder
	for i := range 100 {
		fmt.Fprintf(&text, "type Type%d { a: Type%dx b: Int @uniqe }\n", i, i)
	}
	_, err := model.Parse("m", []byte(text.String()))
	var all model.Errors
	if !errors.As(err, &all) || len(all) != 200 {
		t.Fatalf("got %d errors, want 200", len(all))
	}
	if first := all[0].Suggestion; !strings.HasPrefix(first, "did you mean Type0") {
		t.Errorf("the first error suggests %q", first)
	}
	for _, one := range all[100:] {
		if strings.HasPrefix(one.Suggestion, "did you mean") {
			t.Fatalf("a late error suggests %q", one.Suggestion)
		}
	}
}
