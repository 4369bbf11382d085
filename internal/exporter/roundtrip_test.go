package exporter_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/larderhq/larder/internal/exporter"
	"github.com/larderhq/larder/internal/importer"
	"github.com/larderhq/larder/internal/migrate"
	"github.com/larderhq/larder/internal/model"
	"github.com/larderhq/larder/internal/modeltest"
	"github.com/larderhq/larder/internal/postgrestest"
	"github.com/larderhq/larder/internal/source"
	"github.com/larderhq/larder/internal/statement"
	"github.com/larderhq/larder/internal/store"
	"github.com/larderhq/larder/internal/store/postgres"
	"github.com/larderhq/larder/internal/store/sqlite"
)

// layout is a way of writing an export.
type layout struct {
	format source.Format
	folder bool
	nested bool
}

// layouts are all ways; the first, which begins the round trips, is that of
// the records that are made up.
var layouts = []layout{
	{source.JSON, false, false},
	{source.JSON, false, true},
	{source.JSON, true, false},
	{source.JSON, true, true},
	{source.NDJSON, true, false},
	{source.NDJSON, true, true},
	{source.CSV, true, false},
}

// TestWhatIsExportedIsImportedAsItWas holds that records come out of a store as
// they went in, and that an export, imported into a new store, gives the same
// rows and the same export, for any models and any records.
func TestWhatIsExportedIsImportedAsItWas(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) {
		rapid.Check(t, func(r *rapid.T) { roundTrip(t, r, openSQLite) })
	})
	t.Run("postgres", func(t *testing.T) {
		database := postgrestest.Database(t)
		rapid.Check(t, func(r *rapid.T) {
			roundTrip(t, r, func(t *testing.T) store.Engine {
				engine, err := postgres.Open(t.Context(), postgrestest.Schema(t, database), postgres.Options{Connections: 2})
				if err != nil {
					t.Fatal(err)
				}
				return engine
			})
		})
	})
}

func openSQLite(t *testing.T) store.Engine {
	engine, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "larder.db"), sqlite.Options{Readers: 1})
	if err != nil {
		t.Fatal(err)
	}
	return engine
}

func roundTrip(t *testing.T, r *rapid.T, open func(*testing.T) store.Engine) {
	data := modeltest.Draw(r)
	way := rapid.SampledFrom(layouts).Draw(r, "layout")
	first := newPantry(t, r, data.Schema, open)
	defer first.close()
	second := newPantry(t, r, data.Schema, open)
	defer second.close()

	made := filepath.Join(t.TempDir(), "made.json")
	first.must(os.WriteFile(made, document(data), 0o600))
	first.load(made, layouts[0])
	if got, want := first.records(first.export(layouts[0])), first.records(made); !maps.Equal(got, want) {
		first.fail("put in:\n%s\ncame out:\n%s", want, got)
	}
	exported := first.export(way)
	second.load(exported, way)
	if a, b := contents(first, exported), contents(second, second.export(way)); a != b {
		first.fail("%+v:\n%s\nexported again:\n%s", way, a, b)
	}
	if a, b := first.rows(), second.rows(); a != b {
		first.fail("%+v:\n%s\nrows:\n%s\nimported:\n%s", way, contents(first, exported), a, b)
	}
}

// document is the records as an export of the first layout has them.
func document(data modeltest.Data) []byte {
	lists := map[string][]json.RawMessage{}
	for _, t := range data.Schema.Types {
		lists[t.Resource()] = []json.RawMessage{}
		for _, record := range data.Records[t] {
			lists[t.Resource()] = append(lists[t.Resource()], record.JSON(t))
		}
	}
	var whole any = lists
	if len(lists) == 1 {
		whole = lists[data.Schema.Types[0].Resource()]
	}
	text, err := json.Marshal(whole)
	if err != nil {
		panic(err) // it was put together from JSON
	}
	return text
}

// pantry is a store during one round trip.
type pantry struct {
	t      *testing.T
	r      *rapid.T
	schema *model.Schema
	engine store.Engine
}

func newPantry(t *testing.T, r *rapid.T, schema *model.Schema, open func(*testing.T) store.Engine) *pantry {
	p := &pantry{t, r, schema, open(t)}
	p.must(p.engine.Write(t.Context(), func(ctx context.Context, tx store.Tx) error {
		name := p.engine.Dialect().Name()
		for _, sql := range append(migrate.Builtin(name), migrate.Create(name, schema)...) {
			if _, err := tx.Exec(ctx, statement.Statement{SQL: sql}); err != nil {
				return fmt.Errorf("%s: %w", sql, err)
			}
		}
		return nil
	}))
	return p
}

func (p *pantry) close() {
	if err := p.engine.Close(); err != nil {
		p.t.Error(err)
	}
}

func (p *pantry) must(err error) {
	if err != nil {
		p.fail("%v", err)
	}
}

func (p *pantry) fail(format string, args ...any) {
	p.r.Fatalf(format+"\n%s", append(args, p.schema)...)
}

func (p *pantry) tables(way layout) []exporter.Table {
	tables, err := exporter.Tables(p.schema, exporter.Selection{Hidden: true, Nested: way.nested})
	p.must(err)
	return tables
}

// export writes everything, and returns the path as a source has it.
func (p *pantry) export(way layout) string {
	e := exporter.Export{Tables: p.tables(way), Format: way.format}
	out := filepath.Join(p.t.TempDir(), "out")
	if way.folder {
		_, err := e.Folder(p.t.Context(), store.New(p.engine, p.schema), out)
		p.must(err)
		return out + "/"
	}
	_, err := e.File(p.t.Context(), store.New(p.engine, p.schema), out+".json")
	p.must(err)
	return out + ".json"
}

// load imports what was written in that way.
func (p *pantry) load(path string, way layout) {
	tables := p.tables(way)
	models, err := exporter.Models(p.schema, "export", tables, way.folder || len(tables) > 1)
	p.must(err)
	schema, err := model.Parse("models.graphql", []byte(models))
	p.must(err)
	file, err := source.NewFile(source.FileSettings{Path: path})
	p.must(err)
	answer, err := file.Fetch(p.t.Context(), nil)
	p.must(err)
	defer answer.Close() //nolint:errcheck // it was only read
	_, err = importer.Run(p.t.Context(), p.engine, schema, "export", answer, importer.Options{KeepIDs: true})
	p.must(err)
}

// records are the records of a document of the first layout by resource and
// id, with their values in canonical form.
func (p *pantry) records(file string) map[string]string {
	text, err := os.ReadFile(file)
	p.must(err)
	var lists map[string][]map[string]json.RawMessage
	if len(p.schema.Types) == 1 && text[0] == '[' {
		text = fmt.Appendf(nil, "{%q:%s}", p.schema.Types[0].Resource(), text)
	}
	p.must(json.Unmarshal(text, &lists))
	records := map[string]string{}
	for _, t := range p.schema.Types {
		for _, record := range lists[t.Resource()] {
			for _, f := range t.Fields {
				if raw := record[f.JSONName()]; f.IsAttribute() {
					value, err := f.AcceptJSON(raw)
					p.must(err)
					record[f.JSONName()] = f.AppendJSON(nil, value)
				}
			}
			canonical, err := json.Marshal(record)
			p.must(err)
			records[t.Resource()+"/"+string(record["id"])] = string(canonical)
		}
	}
	return records
}

// contents are the files that were written.
func contents(p *pantry, path string) string {
	files := []string{path}
	if strings.HasSuffix(path, "/") {
		var err error
		files, err = filepath.Glob(path + "*")
		p.must(err)
	}
	var all strings.Builder
	for _, file := range files {
		text, err := os.ReadFile(file)
		p.must(err)
		fmt.Fprintf(&all, "%s:\n%s", filepath.Base(file), text)
	}
	return all.String()
}

// rows are all rows of all tables of the schema.
func (p *pantry) rows() string {
	tables := []string{}
	for _, t := range p.schema.Types {
		tables = append(tables, t.Table())
		for _, f := range t.Fields {
			if f.Kind == model.ValueList || f.Kind == model.ManyToMany && f.Relation.Owning {
				tables = append(tables, f.ValueTable())
			}
		}
	}
	var all []string
	for _, table := range tables {
		row := fmt.Sprintf(`CAST(t AS text) FROM "%s" t`, table)
		if p.engine.Dialect().Name() == "sqlite" {
			columns := p.ask(fmt.Sprintf(`SELECT 'quote("' || name || '")' FROM pragma_table_info('%s')`, table))
			row = fmt.Sprintf(`concat_ws(', ', %s) FROM "%s"`, strings.Join(columns, ", "), table)
		}
		lines := p.ask("SELECT " + row)
		slices.Sort(lines)
		all = append(all, table+":", strings.Join(lines, "\n"))
	}
	return strings.Join(all, "\n")
}

// ask is the answer to a query of one text column.
func (p *pantry) ask(sql string) (lines []string) {
	p.must(p.engine.Read(p.t.Context(), statement.Statement{SQL: sql}, func(scan store.Scan) error {
		var line string
		err := scan(&line)
		lines = append(lines, line)
		return err
	}))
	return lines
}
