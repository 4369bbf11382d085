package query_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/larderhq/larder/internal/model"
	"github.com/larderhq/larder/internal/query"
)

// TestAFilterWrittenInTheGrammarParsesBack writes random filters as parameters
// and reads them back.
func TestAFilterWrittenInTheGrammarParsesBack(t *testing.T) {
	planet := planet(t)
	rapid.Check(t, func(t *rapid.T) {
		want := filters(planet, 3).Draw(t, "filter")
		parameter, value := written(want)
		rawQuery := url.QueryEscape(parameter) + "=" + url.QueryEscape(value)
		request, err := query.Parse(planet, 1, rawQuery, query.Limits{})
		if err != nil {
			t.Fatalf("%s=%s: %v", parameter, value, err)
		}
		if !reflect.DeepEqual(request.Read.Filter, want) {
			t.Fatalf("%s=%s\n got %s\nwant %s", parameter, value, shown(request.Read.Filter), shown(want))
		}
	})
}

// filters draws trees of at most the depth.
func filters(planet *model.Type, depth int) *rapid.Generator[*query.Filter] {
	return rapid.Custom(func(t *rapid.T) *query.Filter {
		if depth == 0 || rapid.IntRange(0, 2).Draw(t, "leaf") > 0 {
			return comparisons(planet).Draw(t, "comparison")
		}
		return &query.Filter{
			Op:      rapid.SampledFrom([]query.Operator{query.And, query.Or}).Draw(t, "connective"),
			Not:     rapid.Bool().Draw(t, "not"),
			Filters: rapid.SliceOfN(filters(planet, depth-1), 1, 3).Draw(t, "branches"),
		}
	})
}

// comparisons draws a comparison that the field takes.
func comparisons(planet *model.Type) *rapid.Generator[*query.Filter] {
	return rapid.Custom(func(t *rapid.T) *query.Filter {
		attributes := slices.DeleteFunc(slices.Clone(planet.Attributes(1)), func(field *model.Field) bool {
			return field.Name == "limit" // a parameter, but for trees
		})
		field := rapid.SampledFrom(attributes).Draw(t, "field")
		filter := &query.Filter{
			Field: field,
			Not:   rapid.Bool().Draw(t, "not"),
			Op:    rapid.SampledFrom(query.Operators(field)).Draw(t, "operator"),
		}
		most := 1
		switch filter.Op {
		case query.Is:
			filter.Values = []any{rapid.SampledFrom([]string{"null", "not_null"}).Draw(t, "word")}
			return filter
		case query.In, query.Contains, query.Contained, query.Overlaps:
			most = 4
		case query.Equal, query.Greater, query.Less, query.Like, query.ILike:
			if !field.IsList() {
				filter.Quantifier = rapid.SampledFrom([]query.Quantifier{query.One, query.Any, query.All}).Draw(t, "quantifier")
			}
		case query.And, query.Or, query.MemberOf, query.NotEqual, query.GreaterEqual, query.LessEqual, query.IsDistinct:
		}
		least := 1
		if most > 1 || filter.Quantifier != query.One || field.IsList() {
			least, most = 0, 4
		}
		filter.Values = rapid.SliceOfN(values(field, filter.Op), least, most).Draw(t, "values")
		return filter
	})
}

// values draws canonical values of a field, or patterns.
func values(field *model.Field, operator query.Operator) *rapid.Generator[any] {
	text := rapid.StringOfN(rapid.RuneFrom([]rune(`ab"\,(){}.*%_ +&=é😀`)), 0, 8, -1)
	return rapid.Custom(func(t *rapid.T) any {
		if operator == query.Like || operator == query.ILike {
			return strings.NewReplacer(`\`, `\\`, "*", "%").Replace(text.Draw(t, "pattern"))
		}
		switch field.Scalar {
		case model.Int:
			return int64(rapid.Int32().Draw(t, "int"))
		case model.Int64:
			return rapid.Int64().Draw(t, "int64")
		case model.Float:
			return rapid.Float64Range(-1e300, 1e300).Draw(t, "float")
		case model.Decimal:
			return model.DecimalValue{Unscaled: rapid.Int64Range(-999999, 999999).Draw(t, "decimal"), Scale: field.Scale}
		case model.Boolean:
			return rapid.Bool().Draw(t, "boolean")
		case model.EnumWord:
			return rapid.SampledFrom([]string{"M", "K"}).Draw(t, "word")
		case model.Date:
			return time.Unix(rapid.Int64Range(0, 4e9).Draw(t, "date"), 0).UTC().Format(time.DateOnly)
		case model.DateTime:
			return time.UnixMicro(rapid.Int64Range(0, 4e15).Draw(t, "time")).UTC()
		case model.Duration:
			return time.Duration(rapid.Int64Range(-1e12, 1e12).Draw(t, "duration")) * time.Microsecond
		case model.UUID:
			return fmt.Sprintf("%08x-0000-7000-8000-000000000000", rapid.Uint32().Draw(t, "uuid"))
		case model.Bytes:
			return rapid.SliceOfN(rapid.Byte(), 0, 9).Draw(t, "bytes")
		case model.String:
			return text.Draw(t, "text")
		case model.ID, model.JSON: // a key, or the foreign key, whose scalar is the target's
		}
		return rapid.Int64Range(1, 1<<62).Draw(t, "id")
	})
}

// written is the parameter that asks for f.
func written(f *query.Filter) (name, value string) {
	if f.Op == query.And || f.Op == query.Or {
		name = string(f.Op)
		if f.Not {
			name = "not." + name
		}
		return name, writtenBranches(f)
	}
	return f.Field.JSONName(), writtenComparison(f, false)
}

func writtenBranches(f *query.Filter) string {
	branches := make([]string, len(f.Filters))
	for i, branch := range f.Filters {
		name, value := written(branch)
		if branch.Field != nil {
			name, value = name+".", writtenComparison(branch, true)
		}
		branches[i] = name + value
	}
	return "(" + strings.Join(branches, ",") + ")"
}

func writtenComparison(f *query.Filter, nested bool) string {
	text := string(f.Op)
	if f.Not {
		text = "not." + text
	}
	if f.Quantifier != query.One {
		text += "(" + string(f.Quantifier) + ")"
	}
	elements := make([]string, len(f.Values))
	for i, value := range f.Values {
		elements[i] = plain(f, value)
	}
	switch {
	case f.Op == query.In:
		return text + ".(" + quoted(elements) + ")"
	case f.Quantifier != query.One || f.Field.IsList() && f.Op != query.Is:
		elements = []string{"{" + quoted(elements) + "}"}
	}
	if nested {
		return text + "." + quoted(elements)
	}
	return text + "." + elements[0]
}

// plain is a value without quotes.
func plain(f *query.Filter, value any) string {
	if text, ok := value.(string); ok && f.Op == query.Is {
		return text
	}
	if text, ok := value.(string); ok {
		return text
	}
	written := f.Field.AppendJSON(nil, value)
	var text string
	if json.Unmarshal(written, &text) == nil {
		return text
	}
	return string(written)
}

func quoted(elements []string) string {
	quoted := make([]string, len(elements))
	for i, element := range elements {
		quoted[i] = `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(element) + `"`
	}
	return strings.Join(quoted, ",")
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"population=gte.1000000&or=(name.ilike.*oo*,terrains.cs.{arid})&select=id,n:name&order=population.desc.nullslast&limit=20&offset=40",
		`name[0]=not.in.(a,"b,\"c")&not.and=(id.eq.1,not.or=(x))&_all=true&version=2`,
		`moons=ov.{1,"2"}&columns="name"&on_conflict=name&_after=AAAA`,
		"select=*,residents!inner(name,planet(count())),...star(s:name)&residents.name=like.a*&residents.planet.order=name&star=not.is.null",
		"name=eq.%zz&=&&a", "or=((((", "select=...a(b),c::d,e->>f,g.sum(),count()",
	} {
		f.Add(seed)
	}
	planet := planet(f)
	limits := query.Limits{}.WithDefaults()
	f.Fuzz(func(t *testing.T, rawQuery string) {
		request, err := query.Parse(planet, 1, rawQuery, limits)
		if err != nil {
			if len(err.Error()) > 1000 {
				t.Errorf("the message has %d bytes: %v", len(err.Error()), err)
			}
			return
		}
		if request.Read.Limit > limits.MaxLimit || request.Read.Offset < 0 {
			t.Errorf("%q: limit %d, offset %d", rawQuery, request.Read.Limit, request.Read.Offset)
		}
		checkFilter(t, request.Read.Filter)
		again, err := query.Parse(planet, 1, rawQuery, limits)
		if err != nil || !reflect.DeepEqual(request, again) {
			t.Errorf("%q is read in two ways: %+v and %+v (%v)", rawQuery, request, again, err)
		}
	})
}

// checkFilter fails on a filter that a statement could not be built from.
func checkFilter(t *testing.T, f *query.Filter) {
	t.Helper()
	switch {
	case f == nil:
	case f.Op == query.And || f.Op == query.Or:
		if len(f.Filters) == 0 {
			t.Errorf("%s of nothing", f.Op)
		}
		for _, branch := range f.Filters {
			checkFilter(t, branch)
		}
	case f.Embed != nil:
		if f.Op != query.Is || len(f.Values) != 1 {
			t.Errorf("an embed that is compared: %s", shown(f))
		}
	case f.Field == nil || f.Field.Hidden || f.Values == nil:
		t.Errorf("a comparison of nothing: %s", shown(f))
	case len(f.Values) != 1 && f.Quantifier == query.One && f.Op != query.In && !f.Field.IsList():
		t.Errorf("a comparison with %d values: %s", len(f.Values), shown(f))
	}
}
