package statement_test

import (
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"github.com/larderhq/larder/internal/model"
	"github.com/larderhq/larder/internal/statement"
)

func TestACopyBecomesTheSQLInTheGoldenFiles(t *testing.T) {
	schema := goldenSchema(t)
	for _, d := range []statement.Dialect{statement.SQLite(), statement.Postgres()} {
		path := filepath.Join("testdata", "copying."+d.Name()+".sql")
		t.Run(path, func(t *testing.T) {
			got := rendered(t, copyingSteps(statement.NewCopying(d, schema)), d)
			if *update {
				if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("the SQL has changed; look at it and run with -update\n%s", firstDifference(got, string(want)))
			}
		})
	}
}

func copyingSteps(c *statement.Copying) []request {
	var steps []request
	add := func(name string, statements ...statement.Statement) {
		for _, st := range statements {
			steps = append(steps, request{name, sure(func(*statement.Builder) statement.Statement { return st })})
		}
	}
	for _, t := range c.Tables {
		add("rows of "+t.Name, c.Rows(t, nil))
		key := make([]any, t.Key)
		row := make([]any, len(t.Columns))
		for i := range key {
			key[i], row[i] = int64(7), int64(7)
		}
		switch t.Name {
		case "planet", "planet_terrains", "thing":
			add("rows of "+t.Name+" behind a key", c.Rows(t, key))
			add("insert into "+t.Name, c.Insert(t, [][]any{row, row}))
			add("delete from "+t.Name, c.Delete(t, [][]any{key, key}))
			add("clear "+t.Name, c.Clear(t))
			add("count "+t.Name, c.Count(t))
		}
		if t.Counted && t.Name == "planet" {
			add("counter of "+t.Name, c.Counter(t))
			add("set the counter of "+t.Name, c.SetCounter(t, 60)...)
			add("leave the counter of "+t.Name, c.SetCounter(t, 0)...)
		}
	}
	add("tables", c.TableNames())
	add("removable", c.Removable())
	add("unguarded", c.Unguarded()...)
	if broken, needed := c.Broken(); needed {
		add("broken", broken)
	}
	add("refresh", c.Refresh(c.Tables[0])...)
	add("begin", c.Begin())
	add("make the state", c.MakeState(moment)...)
	add("state", c.State())
	add("set the state", c.SetState(statement.CopyLoading, moment), c.SetState(statement.CopyDone, moment))
	add("progress", c.Progress())
	add("set the progress", c.SetProgress("planet", 7, "[7]", nil))
	add("keep an object", c.KeepObject(1, `CREATE INDEX "planet_population_idx" ON "planet" ("population")`))
	add("objects", c.Objects())
	add("drop an object", c.DropObject(1))
	add("migrated", c.Migrated())
	add("set migrated", c.SetMigrated(1, moment))
	return steps
}

func TestWhatACopyReadsIsCanonical(t *testing.T) {
	schema := goldenSchema(t)
	moment := time.Date(2024, 2, 29, 23, 59, 59, 123456000, time.UTC)
	values := map[string]struct {
		canonical        any
		sqlite, postgres any // as the engines give it
	}{
		"text":   {"é", "é", "é"},
		"small":  {int64(-1), int64(-1), int64(-1)},
		"float":  {0.5, 0.5, 0.5},
		"price":  {model.DecimalValue{Unscaled: -5, Scale: 2}, int64(-5), "-0.05"},
		"flag":   {true, int64(1), true},
		"token":  {"0192d3f4-0000-7000-8000-000000000001", "0192d3f4-0000-7000-8000-000000000001", "0192d3f4-0000-7000-8000-000000000001"},
		"day":    {"2024-02-29", "2024-02-29", "2024-02-29"},
		"moment": {moment, "2024-02-29T23:59:59.123456Z", moment.In(time.FixedZone("", 3600))},
		"span":   {1500 * time.Millisecond, int64(1_500_000), int64(1_500_000)},
		"data":   {model.JSONText(`{"a":[1,2]}`), `{"a":[1,2]}`, `{"a": [1, 2]}`},
		"bytes":  {[]byte{0, 255}, "AP8=", []byte{0, 255}},
		"colour": {"RED", "RED", "RED"},
		"labels": {model.JSONText(`["a",null]`), `["a",null]`, `["a", null]`},
	}
	for _, d := range []statement.Dialect{statement.SQLite(), statement.Postgres()} {
		for _, table := range statement.NewCopying(d, schema).Tables {
			if table.Name != "thing" {
				continue
			}
			for i, name := range table.Names() {
				want, ok := values[name]
				if !ok {
					continue
				}
				scanned := want.sqlite
				if d.Name() == "postgres" {
					scanned = want.postgres
				}
				if got, err := table.Value(i, scanned); err != nil || !reflect.DeepEqual(got, want.canonical) {
					t.Errorf("%s: %s: got %#v (%v), want %#v", d.Name(), name, got, err, want.canonical)
				}
				if got, err := table.Value(i, nil); got != nil || err != nil {
					t.Errorf("%s: %s: null is %v (%v)", d.Name(), name, got, err)
				}
			}
		}
	}
}

func TestACopyRefusesWhatIsNoValueOfTheColumn(t *testing.T) {
	wrong := map[string][]any{
		"float":  {"0.5"},
		"price":  {"0.005", "1.2.3", 0.5},
		"flag":   {int64(2), "true"},
		"token":  {"0192D3F4-0000-7000-8000-000000000001"},
		"moment": {"2024-13-01T00:00:00.000000Z", int64(0)},
		"span":   {int64(1) << 62},
		"data":   {`{"a":`, int64(1)},
		"bytes":  {"A", int64(1)},
	}
	for _, table := range statement.NewCopying(statement.SQLite(), goldenSchema(t)).Tables {
		if table.Name != "thing" {
			continue
		}
		for i, name := range table.Names() {
			for _, scanned := range wrong[name] {
				if got, err := table.Value(i, scanned); err == nil {
					t.Errorf("%s: %v is read as %v", name, scanned, got)
				}
			}
		}
	}
}
