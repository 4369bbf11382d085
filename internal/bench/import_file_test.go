//go:build unix

package bench_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/larderhq/larder/internal/migrate"
	"github.com/larderhq/larder/internal/model"
)

// The lists that are imported, and the items of each.
const (
	importedLists = 1_000
	importedItems = 50
)

const importedModels = `
type ShoppingList @source(name: "lists", path: "shoppingLists", key: ["id"]) {
  name: String! @unique
  items: [Item!]! @ref(onDelete: CASCADE)
}

type Item {
  name: String! @check(minLength: 1)
  quantity: Int! @default(value: "1") @check(min: 0)
  unit: Unit!
  note: String
}

enum Unit { piece litre kilogram }
`

// shoppingData are the lists as an object of JSON: {"shoppingLists": […]}.
func shoppingData() []byte {
	units := []string{"piece", "litre", "kilogram"}
	var text bytes.Buffer
	text.WriteString(`{"shoppingLists": [`)
	for i := range importedLists {
		if i > 0 {
			text.WriteByte(',')
		}
		fmt.Fprintf(&text, "\n  {\"id\": %d, \"name\": \"List %04d\", \"items\": [", i+1, i)
		for j := range importedItems {
			if j > 0 {
				text.WriteByte(',')
			}
			fmt.Fprintf(&text, "\n    {\"id\": %d, \"name\": \"Item %d of %d\", \"quantity\": %d, \"unit\": %q, \"note\": null}", j+1, j, i, j%7, units[j%3])
		}
		text.WriteString("]}")
	}
	text.WriteString("\n]}\n")
	return text.Bytes()
}

// BenchmarkImportFile runs "larder import" of 1,000 lists with 50 items each
// into an empty database: from JSON, from a TypeScript module of literals, and
// from one that computes its values. The floor decodes the JSON and inserts it
// in one transaction.
func BenchmarkImportFile(b *testing.B) {
	binary := buildLarder(b, released...)
	data := shoppingData()
	literals := bytes.TrimSuffix(bytes.TrimPrefix(data, []byte(`{"shoppingLists": `)), []byte("}\n"))
	files := []struct{ name, file, text string }{
		{"json", "data.json", string(data)},
		{"module", "data.ts", "enum Unit { piece = 'piece', litre = 'litre', kilogram = 'kilogram' }\n" +
			"interface Item { id: number; name: string; quantity: number; unit: `${Unit}`; note: string | null }\n" +
			"export const shoppingLists: { id: number; name: string; items: Item[] }[] = " + string(literals) + ";\n"},
		{"computed", "data.ts", fmt.Sprintf("const units = ['piece', 'litre', 'kilogram'];\n"+
			"export const shoppingLists = Array.from({ length: %d }, (_, i) => ({ id: i + 1, name: `List ${String(i).padStart(4, '0')}`,\n"+
			"  items: Array.from({ length: %d }, (_, j) => ({ id: j + 1, name: `Item ${j} of ${i}`, quantity: j %% 7, unit: units[j %% 3], note: null })) }));\n",
			importedLists, importedItems)},
	}
	for _, f := range files {
		b.Run(f.name, func(b *testing.B) { benchmarkImportFile(b, binary, f.file, f.text, data) })
	}
}

func benchmarkImportFile(b *testing.B, binary, file, text string, data []byte) {
	schema, err := model.Parse("models.graphql", []byte(importedModels))
	check(b, err)
	var larder, worked, floor, floorWorked time.Duration
	var memory int64
	rounds := 0
	for b.Loop() {
		p := &project{binary: binary, folder: b.TempDir(), environment: os.Environ()}
		for name, text := range map[string]string{
			file: text, "models.graphql": importedModels,
			"larder.yaml": "name: shopping\nsources:\n  lists:\n    kind: file\n    path: " + file + "\n",
		} {
			check(b, os.WriteFile(filepath.Join(p.folder, name), []byte(text), 0o600))
		}
		p.run(b, "migrate", "diff", "init")
		p.run(b, "migrate", "up")
		started := time.Now()
		used := p.run(b, "import")
		larder += time.Since(started)
		worked += used.processor
		memory = max(memory, used.resident)
		began, before := time.Now(), processorTime(b)
		check(b, floorImport(b.Context(), filepath.Join(p.folder, "floor.db"), schema, data))
		floor += time.Since(began)
		floorWorked += processorTime(b) - before
		rounds++
	}
	b.ReportMetric(larder.Seconds()/float64(rounds), "s/larder")
	b.ReportMetric(worked.Seconds()/float64(rounds), "cpu-s/larder")
	b.ReportMetric(floor.Seconds()/float64(rounds), "s/floor")
	b.ReportMetric(larder.Seconds()/floor.Seconds(), "x-floor")
	b.ReportMetric(worked.Seconds()/floorWorked.Seconds(), "cpu-x-floor")
	b.ReportMetric(float64(memory)/1e6, "MB-RSS")
	b.ReportMetric(0, "ns/op")
}

// floorImport is an import as one writes it in an afternoon: no keys that are
// remembered, no checks but the database's, and only ever into empty tables.
func floorImport(ctx context.Context, path string, schema *model.Schema, data []byte) (err error) {
	var decoded struct {
		ShoppingLists []struct {
			ID    int64
			Name  string
			Items []struct {
				Name     string
				Quantity int64
				Unit     string
				Note     *string
			}
		}
	}
	if err := json.Unmarshal(data, &decoded); err != nil {
		return err
	}
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=foreign_keys(1)&_pragma=journal_mode(wal)&_pragma=synchronous(2)")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	for _, text := range migrate.Create(migrate.SQLite, schema) {
		if _, err := db.ExecContext(ctx, text); err != nil {
			return err
		}
	}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() //nolint:errcheck // after the commit there is nothing to take back
	list, err := tx.PrepareContext(ctx, "INSERT INTO shopping_list (id, name) VALUES (?, ?)")
	if err != nil {
		return err
	}
	defer list.Close() //nolint:errcheck // the transaction ends it
	item, err := tx.PrepareContext(ctx, "INSERT INTO item (name, quantity, unit, note, shopping_list_id) VALUES (?, ?, ?, ?, ?)")
	if err != nil {
		return err
	}
	defer item.Close() //nolint:errcheck // the transaction ends it
	for _, l := range decoded.ShoppingLists {
		if _, err := list.ExecContext(ctx, l.ID, l.Name); err != nil {
			return err
		}
		for _, i := range l.Items {
			if _, err := item.ExecContext(ctx, i.Name, i.Quantity, i.Unit, i.Note, l.ID); err != nil {
				return err
			}
		}
	}
	return tx.Commit()
}
