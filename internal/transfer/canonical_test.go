package transfer

import (
	"encoding/json"
	"math"
	"reflect"
	"testing"

	"github.com/larderhq/larder/internal/model"
)

func TestEqualValuesHaveOneText(t *testing.T) {
	for _, equal := range [][]any{
		{model.JSONText(`{"b":1,"a":[2]}`), model.JSONText(`{"a":[2],"b":1}`), model.JSONText(`{"a":0,"b":1,"a":[2]}`)},
		{model.JSONText(`[1e2,1.50,-0,0.0]`), model.JSONText(`[100,1.5,0,0]`), model.JSONText(`[1E+2,15e-1,0e9,-0.00]`)},
		{model.JSONText(`"\u00e9\n\/"`), model.JSONText(`"é\n/"`)},
		{model.JSONText(`{}`)},
		{model.JSONText(`[]`)},
		{model.JSONText(`null`)},
		{nil},
		{math.Copysign(0, -1), 0.0},
		{model.DecimalValue{Unscaled: 12500, Scale: 4}, model.DecimalValue{Unscaled: 125, Scale: 2}},
		{"null"},
	} {
		want := string(rowText(equal[:1]))
		for _, value := range equal[1:] {
			if got := string(rowText([]any{value})); got != want {
				t.Errorf("%v is %s, but %v is %s", equal[0], want, value, got)
			}
		}
	}
	for _, pair := range [][2]any{
		{model.JSONText(`1`), model.JSONText(`10`)},
		{model.JSONText(`"1"`), model.JSONText(`1`)},
		{model.JSONText(`{"a":null}`), model.JSONText(`{}`)},
		{model.JSONText(`[1,2]`), model.JSONText(`[2,1]`)},
		{0.1, math.Nextafter(0.1, 1)},
		{"", nil},
	} {
		if a, b := string(rowText(pair[:1])), string(rowText(pair[1:])); a == b {
			t.Errorf("%v and %v are both %s", pair[0], pair[1], a)
		}
	}
}

// FuzzJSON holds that the one text of a JSON value is JSON of the same value,
// and its own one text.
func FuzzJSON(f *testing.F) {
	for _, seed := range []string{`{"a":[1,-2.5e3,{"b":null}],"":"\u00e9\\"}`, `[]`, `"x"`, `1e400`, `[true,false]`, `{"a":1,"a":2}`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		value, err := (&model.Field{Scalar: model.JSON}).AcceptText(text)
		if err != nil {
			return
		}
		once := rowText([]any{value})
		var before, after any
		if err := json.Unmarshal([]byte("["+text+"]"), &before); err != nil {
			return
		}
		if err := json.Unmarshal(once, &after); err != nil || !reflect.DeepEqual(before, after) {
			t.Errorf("%s becomes %s (%v)", text, once, err)
		}
		if twice := rowText([]any{model.JSONText(once[1 : len(once)-1])}); string(twice) != string(once) {
			t.Errorf("%s becomes %s, and that %s", text, once, twice)
		}
	})
}
