// Package modeltest makes up models and records of every kind, for property
// tests. It is no part of the binary.
package modeltest

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"pgregory.net/rapid"

	"github.com/larderhq/larder/internal/model"
)

// Samples are values of each scalar in their JSON form, by the scalar with the
// directives that belong to it. Word is an enum of RED and GREEN.
func Samples() map[string][]string {
	return map[string][]string{
		"Int":     {`0`, `1`, `-7`, `2147483647`},
		"Int64":   {`0`, `1`, `-7`, `9007199254740993`},
		"Float":   {`0`, `1`, `-7`, `1.5`, `-0.25`, `0.1`},
		"Decimal": {`0`, `1`, `-7`, `1.25`, `-0.0001`, `99999999999999.9999`},
		"Decimal @decimal(precision: 9, scale: 1)": {`0`, `1`, `-7`, `1.5`, `-0.5`},
		"Boolean":  {`true`, `false`},
		"String":   {`""`, `"it's"`, `"a \"b\"\n"`, `"Ä€🪐"`, `"1"`},
		"ID":       {`"a-1"`},
		"Word":     {`"RED"`, `"GREEN"`},
		"UUID":     {`"0192f0c1-2c3d-7abc-8def-0123456789ab"`},
		"Date":     {`"2026-11-23"`},
		"DateTime": {`"2026-11-23T17:18:00Z"`, `"2026-11-23T17:18:00.25Z"`, `"2026-11-23T00:00:00Z"`},
		"Duration": {`"PT5400S"`, `"PT0.5S"`, `"-PT1.25S"`},
		"JSON":     {`{"a":[1,"b"]}`, `"x"`},
		"Bytes":    {`"aGk="`},
	}
}

// Words is the declaration of the enum that [Samples] has words of.
const Words = "enum Word { RED GREEN }"

// hostile are values beside the samples that readers and writers of files trip
// over.
var hostile = map[string][]string{
	"String": {
		`" blanks "`, `"a\r\nb\rc\n"`, `",;\t"`, `"=1+1"`, `"@x"`, `"null"`, `"[]"`, `"\\"`, `"\"\""`, `"\u0001"`, `"\ufeffbom"`,
		`"\u2028"`, `"007"`, `"<&>"`, `"true"`,
	},
	"ID":       {`""`, `"0"`, `"-1"`, `"x, \"y\""`},
	"Int64":    {`9223372036854775807`, `-9223372036854775808`},
	"Float":    {`1e300`, `-1e-300`, `0.30000000000000004`, `123456789012345680000`},
	"DateTime": {`"0001-01-01T00:00:00.000001Z"`, `"9999-12-31T23:59:59.999999Z"`},
	"Date":     {`"0001-01-01"`, `"9999-12-31"`},
	"JSON":     {`""`, `"null"`, `[]`, `{}`, `0`, `false`, `"[1]"`, `{"a \"b\"":null,"c":[[],{}]}`, `"\r\n"`},
	"Bytes":    {`""`, `"AP8="`},
}

// Data is a schema and records of its types.
type Data struct {
	Schema  *model.Schema
	Records map[*model.Type][]Record
}

// Record is a record by its fields. The values are canonical; of a
// many-to-many list that the type owns, the ids.
type Record struct {
	ID     any
	Values map[*model.Field]any
}

// JSON is the record as an object with the names that the API has, in the
// order of the model.
func (r Record) JSON(t *model.Type) []byte {
	text := t.ID.AppendJSON([]byte(`{"id":`), r.ID)
	for _, f := range t.Fields {
		if value, has := r.Values[f]; has {
			text = append(text, fmt.Sprintf(",%q:", f.JSONName())...)
			text = f.AppendJSON(text, value)
		}
	}
	return append(text, '}')
}

// relations are the ways in which a type, THIS, can relate to an EARLIER one:
// what each of the two declares.
var relations = []struct{ this, earlier string }{
	{"", ""},
	{"oneEARLIER: EARLIER", ""},
	{"oneEARLIER: EARLIER!", ""},
	{"", "listTHIS: [THIS!]!"},
	{"", "listTHIS: [THIS!]! @ref(onDelete: CASCADE)"},
	{"ownerEARLIER: EARLIER", "listTHIS: [THIS!]!"},
	{"ownerEARLIER: EARLIER!", "listTHIS: [THIS!]! @ref(onDelete: CASCADE)"},
	{"manyEARLIER: [EARLIER!]!", "manyTHIS: [THIS!]!"},
}

// own are the ways in which a type can relate to itself.
var own = []string{"", "parent: THIS\n  children: [THIS!]!", "like: [THIS!]!"}

// Draw makes up one to three related types, perhaps with a vocabulary, and up
// to six records of each.
func Draw(r *rapid.T) Data {
	names := []string{"Alpha", "Beta", "Gamma"}[:rapid.IntRange(1, 3).Draw(r, "types")]
	bodies := make([][]string, len(names))
	vocabulary := rapid.Bool().Draw(r, "vocabulary")
	for i, name := range names {
		if rapid.Bool().Draw(r, name+" has UUIDs") {
			bodies[i] = append(bodies[i], "id: UUID!")
		}
		bodies[i] = append(bodies[i], drawFields(r)...)
		if vocabulary && rapid.Bool().Draw(r, name+" has a word") {
			bodies[i] = append(bodies[i], "topic: Topic", "topics: [Topic!]!")
		}
		bodies[i] = append(bodies[i], strings.ReplaceAll(rapid.SampledFrom(own).Draw(r, name+" itself"), "THIS", name))
		for j, earlier := range names[:i] {
			named := strings.NewReplacer("THIS", name, "EARLIER", earlier)
			relation := rapid.SampledFrom(relations).Draw(r, name+" to "+earlier)
			bodies[i] = append(bodies[i], named.Replace(relation.this))
			bodies[j] = append(bodies[j], named.Replace(relation.earlier))
		}
	}
	var sdl strings.Builder
	sdl.WriteString(Words + "\n")
	if vocabulary {
		sdl.WriteString("type Topic @vocabulary {\n  word: String!\n}\n")
	}
	for i, name := range names {
		fmt.Fprintf(&sdl, "type %s {\n  %s\n}\n", name, strings.Join(bodies[i], "\n  "))
	}
	schema, err := model.Parse("models.graphql", []byte(sdl.String()))
	if err != nil {
		r.Fatalf("%v\n%s", err, sdl.String())
	}
	data := Data{Schema: schema, Records: map[*model.Type][]Record{}}
	for _, t := range schema.Types { // each behind those that it cannot be without
		if data.canBe(t) {
			data.Records[t] = drawIDs(r, t)
		}
	}
	for _, t := range schema.Types {
		data.fill(r, t)
	}
	return data
}

// drawFields declares one to five fields of any scalar.
func drawFields(r *rapid.T) []string {
	scalars := rapid.SampledFrom(slices.Sorted(maps.Keys(Samples())))
	fields := []string{}
	for i := range rapid.IntRange(1, 5).Draw(r, "fields") {
		scalar, directives, _ := strings.Cut(scalars.Draw(r, "scalar"), " ")
		form := rapid.SampledFrom([]string{"%s", "%s!", "[%s!]!", "[%s]!", "[%s!] @json", "[%s]! @json"}).Draw(r, "form")
		extra := rapid.SampledFrom([]string{"", "@hidden", "@since(version: 2)", "@until(version: 2)"}).Draw(r, "directive")
		fields = append(fields, fmt.Sprintf("f%d: %s %s %s", i, fmt.Sprintf(form, scalar), directives, extra))
	}
	if rapid.Bool().Draw(r, "position") {
		fields = append(fields, "position: Int")
	}
	return fields
}

// drawIDs makes records with nothing but different ids.
func drawIDs(r *rapid.T, t *model.Type) []Record {
	numbers := rapid.SliceOfNDistinct(rapid.Int64Range(1, 1000), 0, 6, rapid.ID).Draw(r, "ids of "+t.Name)
	records := make([]Record, len(numbers))
	for i, n := range numbers {
		records[i] = Record{ID: n, Values: map[*model.Field]any{}}
		if t.ID.Scalar == model.UUID {
			records[i].ID = fmt.Sprintf("0192f0c1-2c3d-7abc-8def-%012d", n)
		}
	}
	return records
}

// fill gives the records of a type their values.
func (d *Data) fill(r *rapid.T, t *model.Type) {
	for i, record := range d.Records[t] {
		for _, f := range t.Fields {
			switch {
			case t.Vocabulary:
				record.Values[f] = fmt.Sprintf("%s %d", rapid.SampledFrom([]string{"a", "B", "ä, \"b\""}).Draw(r, "word"), i)
			case f.Relation != nil && f.Relation.Target.Vocabulary:
				record.Values[f] = d.related(r, f, func(word Record) any { return word.Values[f.Relation.Target.Word()] })
			case f.Kind == model.ToOne, f.Kind == model.ManyToMany && f.Relation.Owning:
				record.Values[f] = d.related(r, f, func(other Record) any { return other.ID })
			case f.IsAttribute():
				record.Values[f] = drawValue(r, f)
			}
		}
	}
}

// canBe reports whether there are records of all types that those of t cannot
// be without.
func (d *Data) canBe(t *model.Type) bool {
	return !slices.ContainsFunc(t.Fields, func(f *model.Field) bool {
		return f.Kind == model.ToOne && f.Required && len(d.Records[f.Relation.Target]) == 0
	})
}

// related draws what a relation refers to: a record, or records, or none.
func (d *Data) related(r *rapid.T, f *model.Field, reference func(Record) any) any {
	others := d.Records[f.Relation.Target]
	if f.IsList() {
		list := []any{}
		if len(others) > 0 {
			for _, i := range rapid.SliceOfNDistinct(rapid.IntRange(0, len(others)-1), 0, 4, rapid.ID).Draw(r, f.Name) {
				list = append(list, reference(others[i]))
			}
		}
		return list
	}
	if len(others) == 0 || !f.Required && rapid.IntRange(0, 2).Draw(r, f.Name+" is null") == 0 {
		return nil
	}
	return reference(rapid.SampledFrom(others).Draw(r, f.Name))
}

// drawValue draws a canonical value of a field without relation.
func drawValue(r *rapid.T, f *model.Field) any {
	raws := hostile[string(f.Scalar)]
	for scalar, values := range Samples() {
		if name, _, _ := strings.Cut(scalar, " "); name == string(f.Scalar) || f.Enum != nil && name == f.Enum.Name {
			raws = append(raws[:len(raws):len(raws)], values...)
		}
	}
	raw := rapid.SampledFrom(acceptable(f, raws))
	text := "null"
	null := rapid.IntRange(0, 3)
	switch {
	case !f.Required && null.Draw(r, "null") == 0:
	case f.IsList():
		elements := rapid.SliceOfN(raw, 0, 3).Draw(r, f.Name)
		for i := range elements {
			if !f.ItemRequired && null.Draw(r, "null element") == 0 {
				elements[i] = "null"
			}
		}
		text = "[" + strings.Join(elements, ",") + "]"
	case f.Scalar == model.String && null.Draw(r, "any text") == 0:
		drawn := strings.ReplaceAll(rapid.String().Draw(r, "text"), "\x00", "")
		return strings.ToValidUTF8(drawn, "")
	default:
		text = raw.Draw(r, f.Name)
	}
	value, err := f.AcceptJSON([]byte(text))
	if err != nil {
		r.Fatalf("%v", err)
	}
	return value
}

// acceptable are the values that the field takes, alone or in its list.
func acceptable(f *model.Field, raws []string) []string {
	var fitting []string
	for _, raw := range raws {
		text := raw
		if f.IsList() {
			text = "[" + raw + "]"
		}
		if _, err := f.AcceptJSON([]byte(text)); err == nil {
			fitting = append(fitting, raw)
		}
	}
	return fitting
}
