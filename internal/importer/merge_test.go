package importer_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/larderhq/larder/internal/importer"
)

// united is the rule for lists, as one would write it down.
func united(base, upstream, local []string) []string {
	common := func(list []string) (in []string) {
		for _, x := range list {
			if slices.Contains(base, x) && slices.Contains(upstream, x) && slices.Contains(local, x) {
				in = append(in, x)
			}
		}
		return in
	}
	first, second := upstream, local
	if !slices.Equal(common(base), common(local)) { // reordered here
		first, second = local, upstream
	}
	list := []string{}
	for _, x := range first {
		if removed := slices.Contains(base, x) && !slices.Contains(second, x); !removed {
			list = append(list, x)
		}
	}
	for i, x := range second {
		if slices.Contains(base, x) || slices.Contains(first, x) {
			continue
		}
		at := 0
		for _, before := range second[:i] {
			if place := slices.Index(list, before); place >= 0 {
				at = place + 1
			}
		}
		list = slices.Insert(list, at, x)
	}
	return list
}

func TestListsAreUnitedAsSetsWithAnOrder(t *testing.T) {
	for name, test := range map[string]struct{ base, upstream, local, want string }{
		"added on both sides":                     {"a b", "a b u", "a l b", "a l b u"},
		"removed on both sides":                   {"a b c d", "a c d", "a b d", "a d"},
		"the same added":                          {"a", "a x", "a x", "a x"},
		"added here in front":                     {"a", "a u", "l a", "l a u"},
		"two added here behind each other":        {"a b", "b a", "a x y b", "b a x y"},
		"added here behind what upstream removed": {"a b c", "a c", "a b x c", "a x c"},
		"reordered upstream":                      {"a b c", "c b a", "a b c x", "c x b a"},
		"reordered here":                          {"a b c", "a b c u", "c b a", "c u b a"},
		"reordered on both sides":                 {"a b c", "b a c", "c b a", "c b a"},
		"all removed upstream":                    {"a b", "", "a b x", "x"},
		"all removed here":                        {"a b", "a b u", "", "u"},
	} {
		t.Run(name, func(t *testing.T) {
			got, ok := importer.MergeLists(list(test.base), list(test.upstream), list(test.local))
			if !ok || string(got) != string(list(test.want)) {
				t.Errorf("got %s, %t, want %s", got, ok, list(test.want))
			}
		})
	}
}

func TestOnlySetsAreUnited(t *testing.T) {
	for _, test := range [][3]string{
		{`null`, `["a"]`, `["b"]`},
		{``, `["a"]`, `["b"]`},
		{`["a"]`, `null`, `["b"]`},
		{`["a"]`, `["b"]`, `null`},
		{`["a","a"]`, `["a"]`, `["b"]`},
		{`["a"]`, `["b","b"]`, `["b"]`},
		{`["a"]`, `["b"]`, `["c","c"]`},
	} {
		if got, ok := importer.MergeLists(json.RawMessage(test[0]), json.RawMessage(test[1]), json.RawMessage(test[2])); ok {
			t.Errorf("%s: united to %s", test, got)
		}
	}
}

func TestUnitedListsAreThoseOfTheRule(t *testing.T) {
	sets := rapid.SliceOfNDistinct(rapid.SampledFrom(strings.Fields("a b c d e f")), 0, 6, rapid.ID)
	rapid.Check(t, func(t *rapid.T) {
		base, upstream, local := sets.Draw(t, "base"), sets.Draw(t, "upstream"), sets.Draw(t, "local")
		merge := func(base, upstream, local []string) string {
			got, ok := importer.MergeLists(listOf(base), listOf(upstream), listOf(local))
			if !ok {
				t.Fatal("not united")
			}
			return string(got)
		}
		if got, want := merge(base, upstream, local), string(listOf(united(base, upstream, local))); got != want {
			t.Fatalf("got %s, want %s", got, want)
		}
		if got := merge(base, upstream, base); got != string(listOf(upstream)) {
			t.Fatalf("with nothing changed here: %s, upstream says %s", got, upstream)
		}
		if got := merge(base, base, local); got != string(listOf(local)) {
			t.Fatalf("with nothing changed upstream: %s, here is %s", got, local)
		}
	})
}

func list(words string) json.RawMessage { return listOf(strings.Fields(words)) }

// listOf is a JSON array of plain words.
func listOf(words []string) json.RawMessage {
	if len(words) == 0 {
		return json.RawMessage("[]")
	}
	return json.RawMessage(`["` + strings.Join(words, `","`) + `"]`)
}
