package model_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/larderhq/larder/internal/model"
)

var update = flag.Bool("update", false, "write the golden files anew")

// Each testdata/print/NAME.graphql is printed as NAME.golden.
func TestPrintIsCanonical(t *testing.T) {
	files, err := filepath.Glob("testdata/print/*.graphql")
	if err != nil || len(files) == 0 {
		t.Fatalf("no files: %v", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := parse(t, string(text)).String()
			golden := strings.TrimSuffix(file, ".graphql") + ".golden"
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
			checkRoundTrip(t, parse(t, string(text)))
		})
	}
}

// checkRoundTrip demands that what is printed parses to the same and prints
// the same.
func checkRoundTrip(t interface {
	Helper()
	Fatalf(string, ...any)
}, schema *model.Schema,
) {
	t.Helper()
	printed := schema.String()
	again, err := model.Parse("printed.graphql", []byte(printed))
	if err != nil {
		t.Fatalf("what was printed does not parse: %v\n%s", err, printed)
	}
	if second := again.String(); second != printed {
		t.Fatalf("printed\n%s\nand again\n%s", printed, second)
	}
	if difference := differ("schema", reflect.ValueOf(schema), reflect.ValueOf(again), map[[2]uintptr]bool{}); difference != "" {
		t.Fatalf("%s differs after\n%s", difference, printed)
	}
}

// differ is the path to the first exported difference between two values, or
// "". Positions may differ. Schemas are cyclic, so pairs of pointers count once.
func differ(path string, a, b reflect.Value, seen map[[2]uintptr]bool) string {
	switch a.Kind() {
	case reflect.Pointer:
		if a.IsNil() || b.IsNil() {
			if a.IsNil() != b.IsNil() {
				return path
			}
			return ""
		}
		pair := [2]uintptr{a.Pointer(), b.Pointer()}
		if seen[pair] {
			return ""
		}
		seen[pair] = true
		return differ(path, a.Elem(), b.Elem(), seen)
	case reflect.Struct:
		for i := range a.NumField() {
			field := a.Type().Field(i)
			if !field.IsExported() || field.Type == reflect.TypeFor[model.Position]() {
				continue
			}
			if d := differ(path+"."+field.Name, a.Field(i), b.Field(i), seen); d != "" {
				return d
			}
		}
		return ""
	case reflect.Slice:
		if a.Len() != b.Len() {
			return path
		}
		for i := range a.Len() {
			if d := differ(fmt.Sprintf("%s[%d]", path, i), a.Index(i), b.Index(i), seen); d != "" {
				return d
			}
		}
		return ""
	default:
		if !reflect.DeepEqual(a.Interface(), b.Interface()) {
			return path
		}
		return ""
	}
}

func TestAnySchemaThatParsesSurvivesPrinting(t *testing.T) {
	parsed := 0
	rapid.Check(t, func(t *rapid.T) {
		text := drawSchema(t)
		schema, err := model.Parse("drawn.graphql", []byte(text))
		if err != nil {
			t.Skip(err) // ambiguous relations and the like
		}
		parsed++
		checkRoundTrip(t, schema)
	})
	if parsed < 20 {
		t.Errorf("only %d schemas parsed", parsed)
	}
}

// drawSchema writes a schema as a hurried person might: any order of
// directives, comments anywhere.
func drawSchema(t *rapid.T) string {
	types := rapid.IntRange(1, 4).Draw(t, "types")
	var out bytes.Buffer
	if rapid.Bool().Draw(t, "header") {
		fmt.Fprintf(&out, "#%s\n\n", drawComment(t))
	}
	for i := range types {
		drawType(t, &out, i, types)
	}
	out.WriteString("enum Color { # first\n RED\n \"cold\" BLUE # last\n# end\n}\n")
	out.WriteString("type Word @vocabulary { word: String! @check(maxLength: 20) }\n")
	if rapid.Bool().Draw(t, "footer") {
		fmt.Fprintf(&out, "#%s", drawComment(t))
	}
	return out.String()
}

func drawComment(t *rapid.T) string {
	return rapid.StringOfN(rapid.RuneFrom([]rune(" #ab\"é\t{}")), 0, 8, -1).Draw(t, "comment")
}

func drawDescription(t *rapid.T) string {
	text := rapid.StringOfN(rapid.RuneFrom([]rune("ab \"\\\n\té😀\x7f")), 0, 12, -1).Draw(t, "description")
	if text == "" {
		return ""
	}
	quoted := strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\t", `\t`).Replace(text)
	return `"` + quoted + `" `
}

func drawType(t *rapid.T, out *bytes.Buffer, number, types int) {
	if rapid.Bool().Draw(t, "commented") {
		fmt.Fprintf(out, "#%s\n", drawComment(t))
	}
	directives := []string{"", `@source(name: "s", path: "a.b", key: ["key"])`, `@source(key: "id", name: "s")`, `@unique(fields: ["key", "b"])`, `@index(fields: "b")`, "@since(version: 2)", `@renamed(from: "Old")`, `@renamed(from: "Older", version: 4)`}
	fmt.Fprintf(out, "%stype T%d %s { # %s\n", drawDescription(t), number, drawSome(t, directives), drawComment(t))
	out.WriteString(rapid.SampledFrom([]string{"", "id: ID!\n", "id: UUID! # ours\n", "\"the id\" id: ID!\n"}).Draw(t, "id"))
	out.WriteString("key: String! b: Int\n")
	for i := range rapid.IntRange(0, 6).Draw(t, "fields") {
		if rapid.Bool().Draw(t, "commented") {
			fmt.Fprintf(out, "#%s\n", drawComment(t))
		}
		fmt.Fprintf(out, "%sf%d: %s", drawDescription(t), i, drawField(t, types))
		if rapid.Bool().Draw(t, "remarked") {
			fmt.Fprintf(out, " #%s", drawComment(t))
		}
		out.WriteByte('\n')
	}
	out.WriteString("}\n")
}

func drawSome(t *rapid.T, from []string) string {
	return strings.Join(rapid.SliceOfNDistinct(rapid.SampledFrom(from), 0, 3, rapid.ID[string]).Draw(t, "directives"), " ")
}

func drawField(t *rapid.T, types int) string {
	common := []string{"", "@hidden", "@readonly", `@from(path: "x.y")`, "@since(version: 3)", "@until(version: 7)", `@renamed(from: "older")`, `@renamed(from: "oldest", version: 5)`}
	kinds := map[string][]string{
		"String":     {"@unique", "@index", `@check(pattern: "^\\w\"é$")`, `@default(value: "a\"b\\")`, `@check(maxLength: 9, minLength: 0)`},
		"Int!":       {`@default(value: "1e1")`, "@check(max: 1000, min: -5)", "@unique"},
		"Int64":      {"@check(min: 9007199254740993)"},
		"Float":      {"@check(min: 0.1e1)"},
		"Decimal":    {"@decimal(scale: 2)", "@decimal(precision: 5)", "@check(min: 0.10)"},
		"Date":       {`@check(min: "2020-01-01")`},
		"DateTime":   {`@default(value: "2020-01-01T00:00:00+01:00")`, "@index"},
		"Duration":   {`@check(max: "P1D")`},
		"JSON":       {`@default(value: "{\"a\": [1]}")`},
		"Bytes":      {`@default(value: "aGk=")`},
		"Boolean!":   {`@default(value: "true")`},
		"Color":      {`@default(value: "RED")`, "@index"},
		"[String!]!": {"@json", "@check(minLength: 1)"},
		"[Color]!":   {"@json"},
		"[Int]":      {"@json"},
		"[Word!]!":   {},
		"Word":       {"@unique"},
		fmt.Sprintf("T%d", rapid.IntRange(0, types-1).Draw(t, "to one")):      {"@ref(onDelete: SET_NULL)", "@unique", "@index"},
		fmt.Sprintf("[T%d!]!", rapid.IntRange(0, types-1).Draw(t, "to many")): {"@ref(onDelete: CASCADE)"},
	}
	names := make([]string, 0, len(kinds))
	for name := range kinds {
		names = append(names, name)
	}
	// Sorted by rapid's own order, so that a failure can be drawn again.
	kind := rapid.SampledFrom(sorted(names)).Draw(t, "kind")
	return kind + " " + drawSome(t, append(common, kinds[kind]...))
}

func sorted(words []string) []string {
	for i := range words {
		for j := i; j > 0 && words[j] < words[j-1]; j-- {
			words[j], words[j-1] = words[j-1], words[j]
		}
	}
	return words
}

// Whatever the text, Parse ends in a schema that survives printing or in
// errors with positions within the text.
func FuzzParse(f *testing.F) {
	f.Add([]byte(example))
	f.Add([]byte(everyScalar))
	f.Add([]byte("\ufeff# only\r\n# comments\r"))
	f.Add([]byte("type A { a: A @ref(onDelete: CASCADE, inverse: \"a\") as: [A] @ref(inverse: \"as\") }"))
	f.Add([]byte("\"\"\"\n  block\n    description\n\"\"\" type A @source(name: \"\", key: [\"\"]) { a(b: Int = {c: [1]}): Int }"))
	f.Add([]byte("extend type A { a: Int } schema { query: A } directive @a on OBJECT scalar B union C = A input D { a: Int }"))
	f.Add([]byte("type _ { _: _ } enum __E { true _ }"))
	f.Add([]byte("type A { q: Int p: Decimal t: Decimal @computed(as: \"-(q + 2.5) * coalesce(p, 0)\") }"))
	f.Fuzz(func(t *testing.T, text []byte) {
		schema, err := model.Parse("fuzz.graphql", text)
		if err != nil {
			return
		}
		checkRoundTrip(t, schema)
		for _, typ := range schema.Types {
			typ.Constraints()
			for _, v := range schema.Versions() {
				typ.Attributes(v)
				schema.In(v)
			}
		}
	})
}

func BenchmarkParse(b *testing.B) {
	for _, size := range []int{1, 100} {
		var text strings.Builder
		for i := range size {
			text.WriteString(strings.NewReplacer("Planet", fmt.Sprintf("Planet%d", i), "Item", fmt.Sprintf("Item%d", i), "ShoppingList", fmt.Sprintf("ShoppingList%d", i)).Replace(benchmarked))
		}
		b.Run(fmt.Sprintf("%d types", 3*size), func(b *testing.B) {
			data := []byte(text.String())
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := model.Parse("models.graphql", data); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// benchmarked is the example without the reference to an implicit field,
// whose name depends on the type's.
var benchmarked = strings.Replace(example, ` @index(fields: ["name", "shoppingList"])`, "", 1)
