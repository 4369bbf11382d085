package storetest

import (
	"bytes"
	"cmp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"pgregory.net/rapid"

	"github.com/larderhq/larder/internal/model"
	"github.com/larderhq/larder/internal/query"
	"github.com/larderhq/larder/internal/statement"
	"github.com/larderhq/larder/internal/store"
)

// testRandom compares pages of random records, filters and orders with what a
// straightforward reading of the query's meaning gives.
func testRandom(t *testing.T, create Create) {
	p := newPantry(t, create)
	rapid.Check(t, func(r *rapid.T) {
		shelf := fillAtRandom(t, r, p)
		q := shelf.randomRead(r)
		want := shelf.expected(q)
		shelf.comparePage(t, r, p, q, want)
		shelf.walk(t, r, p, q, want)
	})
}

// samples are records of the type Sample, by field name, in the order of ids.
type samples struct {
	kind *model.Type
	rows []map[string]any
}

var (
	sampleTexts   = []any{nil, "", "a", "A", "b", "é", "É", "a%b", "a_b", "a*", "[x]", `back\slash`, "a'b"}
	sampleNumbers = []any{nil, int64(-1), int64(0), int64(1), int64(2), int64(9007199254740993), int64(9007199254740992)}
	sampleAmounts = []any{nil, decimal(-150), decimal(0), decimal(25), decimal(200)}
	sampleFlags   = []any{nil, true, false}
	sampleFloats  = []any{nil, 0.1, -0.5, 1e300, 3.0, 0.30000000000000004}
	sampleMoments = []any{
		nil, time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), time.Date(2026, 1, 2, 3, 4, 5, 1000, time.UTC),
		time.Date(1999, 12, 31, 23, 59, 59, 999_999_000, time.UTC),
	}
	sampleWords = []any{"x", "y", "z"}
)

func decimal(unscaled int64) model.DecimalValue {
	return model.DecimalValue{Unscaled: unscaled, Scale: 2}
}

// valuesOf are the values that a field of Sample, or an element of it, has.
func valuesOf(name string) []any {
	return map[string][]any{
		"text": sampleTexts, "number": sampleNumbers, "required": sampleNumbers[1:], "amount": sampleAmounts, "flag": sampleFlags,
		"float": sampleFloats, "moment": sampleMoments, "words": sampleWords, "labels": sampleWords,
		"prices": sampleAmounts[1:], "times": sampleMoments[1:], "answers": sampleFlags[1:],
	}[name]
}

func fillAtRandom(t *testing.T, r *rapid.T, p *pantry) *samples {
	_, err := p.DeleteMany(t.Context(), p.read("Sample"), 0, false)
	must(t, err)
	shelf := &samples{kind: p.schema.Type("Sample")}
	c := store.Creation{Query: p.read("Sample")}
	for range rapid.IntRange(0, 30).Draw(r, "rows") {
		row := map[string]any{}
		var assignments []statement.Assignment
		for _, f := range shelf.kind.Fields {
			value := rapid.SampledFrom(valuesOf(f.Name)).Draw(r, f.Name)
			if f.IsList() {
				value = rapid.SliceOfN(rapid.SampledFrom(valuesOf(f.Name)), 0, 3).Draw(r, f.Name)
				if f.Kind == model.JSONColumn && rapid.Bool().Draw(r, "no list") {
					value = nil
				}
			}
			row[f.Name] = value
			assignments = append(assignments, statement.Assignment{Field: f, Op: statement.Set, Value: value})
		}
		shelf.rows = append(shelf.rows, row)
		c.Records = append(c.Records, assignments)
	}
	result, err := p.Create(t.Context(), c)
	must(t, err)
	for i, id := range result.IDs {
		shelf.rows[i]["id"] = id
	}
	return shelf
}

// randomRead is a filter, an order and a page size.
func (s *samples) randomRead(r *rapid.T) query.Read {
	q := query.Read{Type: s.kind, Version: 1, Limit: rapid.IntRange(1, 6).Draw(r, "limit")}
	if rapid.Bool().Draw(r, "filtered") {
		q.Filter = s.randomFilter(r, 3)
	}
	names := rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"text", "number", "required", "amount", "flag", "float", "moment"}), 0, 3, rapid.ID).Draw(r, "order")
	for _, name := range names {
		q.Order = append(q.Order, query.Order{
			Field: s.kind.Field(name), Descending: rapid.Bool().Draw(r, "descending"), NullsFirst: rapid.Bool().Draw(r, "nulls first"),
		})
	}
	return q
}

func (s *samples) randomFilter(r *rapid.T, depth int) *query.Filter {
	f := &query.Filter{Not: rapid.Bool().Draw(r, "not")}
	if depth > 0 && rapid.IntRange(0, 2).Draw(r, "tree") == 0 {
		f.Op = rapid.SampledFrom([]query.Operator{query.And, query.Or}).Draw(r, "connective")
		for range rapid.IntRange(1, 3).Draw(r, "conditions") {
			f.Filters = append(f.Filters, s.randomFilter(r, depth-1))
		}
		return f
	}
	f.Field = rapid.SampledFrom(s.kind.Fields).Draw(r, "field")
	f.Op = rapid.SampledFrom(query.Operators(f.Field)).Draw(r, "operator")
	least, most := 1, 1
	switch f.Op { //nolint:exhaustive // the others take one value
	case query.Is:
		words := []any{"null", "not_null"}
		if f.Field.Name == "flag" {
			words = append(words, "true", "false", "unknown")
		}
		f.Values = []any{rapid.SampledFrom(words).Draw(r, "word")}
		return f
	case query.Like, query.ILike:
		f.Values = []any{rapid.SampledFrom([]any{"a", "%a%", "A%", "_", "é", "%\\%%", "a\\_b", "[x]", "%*", "", "%", "%\\\\%"}).Draw(r, "pattern")}
		return f
	case query.In, query.Contains, query.Contained, query.Overlaps:
		least, most = 0, 3
	}
	if f.Field.IsList() {
		least, most = 0, 3
	}
	switch f.Op { //nolint:exhaustive // the others cannot be quantified
	case query.Equal, query.Greater, query.GreaterEqual, query.Less, query.LessEqual:
		f.Quantifier = rapid.SampledFrom([]query.Quantifier{query.One, query.Any, query.All}).Draw(r, "quantifier")
		if f.Field.IsList() {
			f.Quantifier = query.One
		} else if f.Quantifier != query.One {
			least, most = 0, 3
		}
	}
	values := slices.DeleteFunc(slices.Clone(valuesOf(f.Field.Name)), func(v any) bool { return v == nil })
	f.Values = rapid.SliceOfN(rapid.SampledFrom(values), least, most).Draw(r, "values")
	return f
}

// expected are the rows that q's filter matches, in q's order.
func (s *samples) expected(q query.Read) []map[string]any {
	var rows []map[string]any
	for _, row := range s.rows {
		if q.Filter == nil || matches(q.Filter, row) == yes {
			rows = append(rows, row)
		}
	}
	slices.SortStableFunc(rows, func(a, b map[string]any) int {
		for _, term := range q.TotalOrder() {
			if c := compareBy(term, a[term.Field.Name], b[term.Field.Name]); c != 0 {
				return c
			}
		}
		return 0
	})
	return rows
}

func compareBy(term query.Order, a, b any) int {
	switch {
	case a == nil && b == nil:
		return 0
	case a == nil:
		return before(term.NullsFirst)
	case b == nil:
		return -before(term.NullsFirst)
	}
	if c := compareValues(a, b); !term.Descending {
		return c
	}
	return -compareValues(a, b)
}

func before(yes bool) int {
	if yes {
		return -1
	}
	return 1
}

func compareValues(a, b any) int {
	switch a := a.(type) {
	case string:
		return cmp.Compare(a, b.(string))
	case int64:
		return cmp.Compare(a, b.(int64))
	case float64:
		return cmp.Compare(a, b.(float64))
	case model.DecimalValue:
		return cmp.Compare(a.Unscaled, b.(model.DecimalValue).Unscaled)
	case time.Time:
		return a.Compare(b.(time.Time))
	case bool:
		return cmp.Compare(jsonOf(a), jsonOf(b)) // false before true
	}
	return 0
}

// truth is SQL's: what is compared with null is neither yes nor no.
type truth int

const (
	no truth = iota - 1
	unknown
	yes
)

func sure(b bool) truth {
	if b {
		return yes
	}
	return no
}

func matches(f *query.Filter, row map[string]any) truth {
	result := matchesPlainly(f, row)
	if f.Not {
		return -result
	}
	return result
}

func matchesPlainly(f *query.Filter, row map[string]any) truth {
	switch f.Op { //nolint:exhaustive // comparisons are below
	case query.And:
		result := yes
		for _, inner := range f.Filters {
			result = min(result, matches(inner, row))
		}
		return result
	case query.Or:
		result := no
		for _, inner := range f.Filters {
			result = max(result, matches(inner, row))
		}
		return result
	case query.Is:
		return sure(isWord(row[f.Field.Name], f.Values[0]))
	}
	value := row[f.Field.Name]
	if list, isList := value.([]any); isList {
		return sure(matchesList(f, list))
	}
	if f.Quantifier == query.One {
		return matchesValue(f, value)
	}
	each := &query.Filter{Op: query.And}
	if f.Quantifier == query.Any {
		each.Op = query.Or
	}
	for _, one := range f.Values {
		each.Filters = append(each.Filters, &query.Filter{Op: f.Op, Field: f.Field, Values: []any{one}})
	}
	return matchesPlainly(each, row)
}

// isWord is the operator is.
func isWord(value, word any) bool {
	switch word {
	case "not_null":
		return value != nil
	case "true":
		return value == true
	case "false":
		return value == false
	default:
		return value == nil
	}
}

func matchesList(f *query.Filter, list []any) bool {
	switch f.Op { //nolint:exhaustive // those of lists
	case query.Contains:
		return !slices.ContainsFunc(f.Values, func(v any) bool { return !slices.Contains(list, v) })
	case query.Contained:
		return !slices.ContainsFunc(list, func(v any) bool { return !slices.Contains(f.Values, v) })
	case query.Overlaps:
		return slices.ContainsFunc(list, func(v any) bool { return slices.Contains(f.Values, v) })
	case query.NotEqual:
		return !slices.Equal(list, f.Values)
	default:
		return slices.Equal(list, f.Values)
	}
}

func matchesValue(f *query.Filter, value any) truth {
	switch {
	case f.Op == query.IsDistinct:
		return sure(value == nil || compareValues(value, f.Values[0]) != 0)
	case f.Op == query.In && len(f.Values) == 0:
		return no
	case value == nil:
		return unknown
	case f.Op == query.In:
		return sure(slices.ContainsFunc(f.Values, func(v any) bool { return compareValues(value, v) == 0 }))
	case f.Op == query.Like:
		return sure(like([]rune(value.(string)), []rune(f.Values[0].(string))))
	case f.Op == query.ILike:
		return sure(like(lowered(value), lowered(f.Values[0])))
	}
	c := compareValues(value, f.Values[0])
	switch f.Op { //nolint:exhaustive // the others are above
	case query.Equal:
		return sure(c == 0)
	case query.NotEqual:
		return sure(c != 0)
	case query.Greater:
		return sure(c > 0)
	case query.GreaterEqual:
		return sure(c >= 0)
	case query.Less:
		return sure(c < 0)
	default:
		return sure(c <= 0)
	}
}

func lowered(text any) []rune { return []rune(strings.Map(unicode.ToLower, text.(string))) }

// like is SQL's LIKE, written as it is defined.
func like(text, pattern []rune) bool {
	if len(pattern) == 0 {
		return len(text) == 0
	}
	switch first := pattern[0]; {
	case first == '%':
		return like(text, pattern[1:]) || len(text) > 0 && like(text[1:], pattern)
	case len(text) == 0:
		return false
	case first == '_':
		return like(text[1:], pattern[1:])
	case first == '\\' && len(pattern) > 1:
		return pattern[1] == text[0] && like(text[1:], pattern[2:])
	default:
		return first == text[0] && like(text[1:], pattern[1:])
	}
}

// body is the JSON array of the rows.
func (s *samples) body(rows []map[string]any) []byte {
	body := []byte{'['}
	for i, row := range rows {
		if i > 0 {
			body = append(body, ',')
		}
		for j, f := range s.kind.Attributes(1) {
			body = append(append(append(body, "{,"[min(j, 1)], '"'), f.JSONName()...), '"', ':')
			body = f.AppendJSON(body, row[f.Name])
		}
		body = append(body, '}')
	}
	return append(body, ']')
}

// comparePage reads a page at an offset, with a count.
func (s *samples) comparePage(t *testing.T, r *rapid.T, p *pantry, q query.Read, want []map[string]any) {
	q.Offset = rapid.IntRange(0, len(want)+2).Draw(r, "offset")
	q.Count = query.ExactCount
	page, err := p.List(t.Context(), q)
	if err != nil {
		r.Fatal(err)
	}
	from, to := min(q.Offset, len(want)), min(q.Offset+q.Limit, len(want))
	if expected := s.body(want[from:to]); !sameJSON(page.Body, expected) {
		r.Fatalf("offset %d, limit %d:\ngot  %s\nwant %s", q.Offset, q.Limit, page.Body, expected)
	}
	if page.Total != int64(len(want)) || page.Rows != to-from || page.More != (to < len(want)) {
		r.Fatalf("total %d, rows %d, more %t of %d from %d to %d", page.Total, page.Rows, page.More, len(want), from, to)
	}
}

// walk follows the cursors through all pages, forth and back.
func (s *samples) walk(t *testing.T, r *rapid.T, p *pantry, q query.Read, want []map[string]any) {
	var forth, back []byte
	var last []any
	for pages := 0; ; pages++ {
		page, err := p.List(t.Context(), q)
		if err != nil {
			r.Fatal(err)
		}
		forth = append(forth, inner(page.Body)...)
		if page.Rows > 0 {
			last = page.Last
		}
		if !page.More {
			break
		}
		if pages > len(want) {
			r.Fatal("the walk does not end")
		}
		q.After = page.Last
	}
	if got := slices.Concat([]byte("["), bytes.TrimSuffix(forth, []byte(",")), []byte("]")); !sameJSON(got, s.body(want)) {
		r.Fatalf("forth\ngot  %s\nwant %s", got, s.body(want))
	}
	if last == nil {
		return
	}
	q.After, q.Before = nil, last
	for more := true; more; {
		page, err := p.List(t.Context(), q)
		if err != nil {
			r.Fatal(err)
		}
		back = slices.Concat(inner(page.Body), back)
		q.Before, more = page.First, page.More
	}
	if got := slices.Concat([]byte("["), bytes.TrimSuffix(back, []byte(",")), []byte("]")); !sameJSON(got, s.body(want[:len(want)-1])) {
		r.Fatalf("back\ngot  %s\nwant %s", got, s.body(want[:len(want)-1]))
	}
}

// inner is what stands between the brackets of an array, with a comma behind
// it when there is anything.
func inner(array []byte) []byte {
	if len(array) == 2 {
		return nil
	}
	return append(slices.Clone(array[1:len(array)-1]), ',')
}

// sameJSON compares byte for byte but for the exponents of doubles, which
// engines write as they like.
func sameJSON(a, b []byte) bool {
	return string(bytes.ReplaceAll(a, []byte("e+"), []byte("e"))) == string(bytes.ReplaceAll(b, []byte("e+"), []byte("e")))
}
