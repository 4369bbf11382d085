package storetest

import (
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/larderhq/larder/internal/model"
	"github.com/larderhq/larder/internal/statement"
	"github.com/larderhq/larder/internal/store"
)

// testJSON holds that JSON is answered byte for byte in the form in which it
// was accepted, which is therefore the same on every engine.
func testJSON(t *testing.T, create Create) {
	p := newPantry(t, create)
	kind := p.schema.Type("Document")
	rapid.Check(t, func(r *rapid.T) {
		value := acceptedJSON(r, kind.Field("value"), randomJSON(r, 3))
		values := acceptedJSON(r, kind.Field("values"), "["+strings.Join(rapid.SliceOfN(rapid.Custom(func(r *rapid.T) string { return randomJSON(r, 1) }), 0, 3).Draw(r, "values"), ",")+"]")
		ratios := acceptedJSON(r, kind.Field("ratios"), numbers(rapid.SliceOfN(randomFloat(), 0, 3).Draw(r, "ratios")))
		assign := func(op statement.Operation) []statement.Assignment {
			return []statement.Assignment{
				{Field: kind.Field("values"), Op: op, Value: values}, {Field: kind.Field("ratios"), Op: op, Value: ratios},
			}
		}
		made, err := p.Create(t.Context(), store.Creation{
			Query: p.read("Document"), WithBody: true,
			Records: [][]statement.Assignment{append(assign(statement.Set), statement.Assignment{Field: kind.Field("value"), Op: statement.Set, Value: value})},
		})
		if err != nil {
			r.Fatal(err)
		}
		want := `"value":` + written(kind.Field("value"), value) + `,"values":` + written(kind.Field("values"), values) +
			`,"ratios":` + written(kind.Field("ratios"), ratios) + "}]"
		if got := string(made.Body); !strings.HasSuffix(got, want) {
			r.Errorf("got  %s\nwant …%s", got, want)
		}
		_, err = p.Modify(t.Context(), p.read("Document"), made.IDs[0], func([]byte) (store.Change, error) {
			return store.Change{Kind: store.Update, Assignments: assign(statement.Append)}, nil
		})
		if err != nil {
			r.Fatal(err)
		}
		want = `"values":` + written(kind.Field("values"), twice(values)) + `,"ratios":` + written(kind.Field("ratios"), twice(ratios)) + "}"
		if got := p.item(t, "Document", made.IDs[0]); !strings.HasSuffix(got, want) {
			r.Errorf("appended: got  %s\nwant …%s", got, want)
		}
	})
}

func acceptedJSON(r *rapid.T, f *model.Field, raw string) any {
	value, err := f.AcceptJSON([]byte(raw))
	if err != nil {
		r.Fatalf("%s: %v", raw, err)
	}
	return value
}

func written(f *model.Field, value any) string { return string(f.AppendJSON(nil, value)) }

func twice(list any) any {
	elements, _ := list.([]any)
	return slices.Concat(elements, elements)
}

// randomJSON is a JSON value with blanks, escapes, and numbers in all forms.
func randomJSON(r *rapid.T, depth int) string {
	texts := rapid.SampledFrom([]string{
		`""`, `"a"`, `"b"`, `"aa"`, `"\u00e9"`, `"é"`, `"\/"`, `"\b\f\n\r\t\u001f\u007f"`, `"\\\""`, `"a: b, c"`, `": null, -0e987 \""`,
		`"null"`, `"\ud83e\ude90"`, `"it's"`, `"\u2028"`,
	})
	switch kind := rapid.IntRange(0, 4).Draw(r, "kind"); {
	case kind == 0 && depth > 0:
		var members []string
		for range rapid.IntRange(0, 4).Draw(r, "members") {
			members = append(members, texts.Draw(r, "name")+" : "+randomJSON(r, depth-1))
		}
		return "{ " + strings.Join(members, " ,") + "}"
	case kind == 1 && depth > 0:
		var elements []string
		for range rapid.IntRange(0, 4).Draw(r, "elements") {
			elements = append(elements, randomJSON(r, depth-1))
		}
		return "[" + strings.Join(elements, ", ") + "]"
	case kind == 2:
		return texts.Draw(r, "text")
	case kind == 3:
		return rapid.SampledFrom([]string{
			"0", "-0", "-0.00", "1.0", "1.50e1", "1E-7", "1e+2", "-12.5e-3", "9007199254740993", "123456789012345678901234567890.123", "1e300", "0e5", "0.10",
		}).Draw(r, "number")
	}
	return rapid.SampledFrom([]string{"true", "false", `{"n": null}`, "[null]"}).Draw(r, "word")
}

func randomFloat() *rapid.Generator[float64] {
	return rapid.OneOf(
		rapid.SampledFrom([]float64{0, math.Copysign(0, -1), 1, 0.1, 1e21, -1e-7, 5e-324, math.MaxFloat64, 1 << 53}),
		rapid.Float64Range(-math.MaxFloat64, math.MaxFloat64),
	)
}

func numbers(floats []float64) string {
	list := make([]json.RawMessage, len(floats))
	for i, n := range floats {
		list[i] = json.RawMessage(strconv.FormatFloat(n, 'g', -1, 64))
	}
	text, _ := json.Marshal(list)
	return string(text)
}
