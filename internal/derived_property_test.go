package internal_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"pgregory.net/rapid"

	"github.com/larderhq/larder/internal/infer"
	"github.com/larderhq/larder/internal/source"
)

// TestModelsDerivedOfAnyListsTakeAllOfTheirRecords puts lists and items
// together in the ways that data files do and holds that every object becomes
// one record, and stays it.
func TestModelsDerivedOfAnyListsTakeAllOfTheirRecords(t *testing.T) {
	folder := t.TempDir()
	rapid.Check(t, func(r *rapid.T) {
		data, objects := drawFile(r)
		text, err := json.Marshal(data)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, "data.json"), text, 0o600); err != nil {
			t.Fatal(err)
		}
		file, err := source.NewFile(source.FileSettings{Dir: folder, Path: "data.json"})
		if err != nil {
			t.Fatal(err)
		}
		answer, err := file.Fetch(t.Context(), nil)
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		defer answer.Close() //nolint:errcheck // it was only read
		derived, err := infer.Values(infer.Request{Source: "upstream", Records: answer.Records, Roots: answer.Roots()})
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		if created := importTwice(t, derived.Schema, answer).Created; created != objects {
			t.Errorf("%d records of %d objects\n%s\n%s", created, objects, text, derived.SDL)
		}
	})
}

// drawFile makes up lists with items, and the number of objects in them.
func drawFile(r *rapid.T) (data map[string]any, objects int) {
	number := rapid.IntRange(2, 5)
	forms := rapid.SampledFrom([]string{"nested", "keyed", "flat", "joined", "tree"})
	form := forms.Draw(r, "form")
	textKeys := rapid.Bool().Draw(r, "texts for keys")
	key := func(n int) any {
		if textKeys {
			return fmt.Sprintf("k-%d", n)
		}
		return n
	}
	item := func(n int) map[string]any {
		objects++
		return drawValues(r, map[string]any{"name": fmt.Sprintf("item %d", objects), "quantity": n})
	}
	lists, items, entries := []any{}, []any{}, []any{}
	for l := range number.Draw(r, "lists") {
		objects++
		list := drawValues(r, map[string]any{"id": key(l + 1), "title": fmt.Sprintf("list %d", l)})
		nested, keyed := []any{}, map[string]any{}
		for i := range number.Draw(r, "items") {
			switch form {
			case "nested":
				inner := item(i)
				inner["id"] = key(i + 1)
				nested = append(nested, inner)
			case "keyed":
				keyed[fmt.Sprintf("i-%d", i)] = item(i)
			case "flat":
				inner := item(i)
				inner["id"], inner["listId"] = key(100+objects), key(l+1)
				items = append(items, inner)
			case "joined":
				if l == 0 {
					inner := item(i)
					inner["id"] = key(i + 1)
					items = append(items, inner)
				}
				if i < len(items) {
					objects++
					entries = append(entries, drawValues(r, map[string]any{"list_id": key(l + 1), "item_id": key(i + 1)}))
				}
			case "tree":
				objects++
				nested = append(nested, map[string]any{"id": key(100 + objects), "title": fmt.Sprintf("list %d", objects), "lists": []any{}})
			}
		}
		switch form {
		case "nested":
			list["items"] = nested
		case "keyed":
			list["items"] = keyed
		case "tree":
			list["lists"] = nested
		}
		lists = append(lists, list)
	}
	data = map[string]any{"lists": lists}
	if len(items) > 0 {
		data["items"] = items
	}
	if len(entries) > 0 {
		data["entries"] = entries
	}
	return data, objects
}

// drawValues adds fields of any kind, which may be missing or null.
func drawValues(r *rapid.T, record map[string]any) map[string]any {
	values := []any{nil, "text", "2026-11-23", "2026-11-23T17:18:00Z", "007", 1.5, 12, true, []any{"a", "b"}, []any{}, map[string]any{"street": "A"}, map[string]any{}}
	for _, name := range []string{"note", "price", "size"} {
		if rapid.Bool().Draw(r, name) {
			record[name] = rapid.SampledFrom(values).Draw(r, name+" is")
		}
	}
	return record
}
