package internal_test

import (
	"context"
	"encoding/json"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/larderhq/larder/internal/importer"
	"github.com/larderhq/larder/internal/infer"
	"github.com/larderhq/larder/internal/migrate"
	"github.com/larderhq/larder/internal/model"
	"github.com/larderhq/larder/internal/source"
	"github.com/larderhq/larder/internal/statement"
	"github.com/larderhq/larder/internal/store"
	"github.com/larderhq/larder/internal/store/sqlite"
)

// TestDerivedModelsTakeTheAnswerTheyCameFrom holds packages infer, migrate and
// importer to one another: whatever models are derived from an answer, the
// tables made of them take it, and taking it again changes nothing.
func TestDerivedModelsTakeTheAnswerTheyCameFrom(t *testing.T) {
	queries, err := filepath.Glob("infer/testdata/*/query.graphql")
	if err != nil || len(queries) == 0 {
		t.Fatal("no cases", err)
	}
	for _, query := range queries {
		folder := filepath.Dir(query)
		t.Run(strings.ReplaceAll(filepath.Base(folder), "-", " "), func(t *testing.T) {
			answer := source.NewAnswer(recordsOf(readFile(t, filepath.Join(folder, "answer.json"))), nil)
			request := infer.Request{Query: string(readFile(t, query)), Source: "upstream", Records: answer.Records}
			if text, err := os.ReadFile(filepath.Join(folder, "schema.graphql")); err == nil {
				schema, err := gqlparser.LoadSchema(&ast.Source{Name: "schema.graphql", Input: string(text)})
				if err != nil {
					t.Fatal(err)
				}
				request.Schema = schema
			}
			derived, err := infer.GraphQL(request)
			if want := string(readFile(t, filepath.Join(folder, "want.graphql"))); err != nil {
				if want != "error: "+err.Error()+"\n" {
					t.Fatal(err)
				}
				return
			}
			importTwice(t, derived.Schema, answer)
		})
	}
}

// TestModelsDerivedOfAFileTakeIt does the same for data files.
func TestModelsDerivedOfAFileTakeIt(t *testing.T) {
	folders, err := filepath.Glob("infer/testdata/files/*")
	if err != nil || len(folders) == 0 {
		t.Fatal("no cases", err)
	}
	for _, folder := range folders {
		t.Run(strings.ReplaceAll(filepath.Base(folder), "-", " "), func(t *testing.T) {
			entries, err := os.ReadDir(folder)
			if err != nil {
				t.Fatal(err)
			}
			data := slices.IndexFunc(entries, func(e os.DirEntry) bool {
				format := source.FormatOf(e.Name())
				return format != "" && (format != source.Module || e.Name() == "data.ts")
			})
			file, err := source.NewFile(source.FileSettings{Dir: folder, Path: entries[data].Name()})
			if err != nil {
				t.Fatal(err)
			}
			answer, err := file.Fetch(t.Context(), nil)
			if err != nil {
				t.Fatal(err)
			}
			defer answer.Close() //nolint:errcheck // it was only read
			derived, err := infer.Values(infer.Request{
				Source: "upstream", Records: answer.Records, Roots: answer.Roots(),
				Declared: infer.Declare([]string{entries[data].Name()}, func(name string) ([]byte, error) { return os.ReadFile(filepath.Join(folder, name)) }),
			})
			if err != nil {
				if want := string(readFile(t, filepath.Join(folder, "want.graphql"))); want != "error: "+err.Error()+"\n" {
					t.Fatal(err)
				}
				return
			}
			records := 0
			for _, root := range answer.Roots() {
				records += root.Records
			}
			if created := importTwice(t, derived.Schema, answer).Created; created < records {
				t.Errorf("the first import: %d created, want all %d records at least", created, records)
			}
		})
	}
}

func importTwice(t *testing.T, schema *model.Schema, answer *source.Answer) importer.Totals {
	t.Helper()
	engine, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "larder.db"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := engine.Close(); err != nil {
			t.Error(err)
		}
	})
	for _, sql := range append(migrate.Builtin("sqlite"), migrate.Create("sqlite", schema)...) {
		err := engine.Write(t.Context(), func(ctx context.Context, tx store.Tx) error {
			_, err := tx.Exec(ctx, statement.Statement{SQL: sql})
			return err
		})
		if err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
	first, err := importer.Run(t.Context(), engine, schema, "upstream", answer, importer.Options{})
	if err != nil {
		t.Fatalf("%v\n%s", err, schema)
	}
	second, err := importer.Run(t.Context(), engine, schema, "upstream", answer, importer.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := second.Totals(), (importer.Totals{Unchanged: first.Totals().Created}); got != want {
		t.Errorf("the second import: %+v, want %+v\n%s", got, want, schema)
	}
	return first.Totals()
}

func readFile(t *testing.T, file string) []byte {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// recordsOf streams what stands at a path of an answer's data; lists on the
// way are walked into.
func recordsOf(data json.RawMessage) func(path string) iter.Seq2[source.Record, error] {
	return func(path string) iter.Seq2[source.Record, error] {
		return func(yield func(source.Record, error) bool) {
			index := 0
			walkRecords(data, strings.Split(path, "."), func(raw json.RawMessage) bool {
				index++
				return yield(source.Record{Index: index - 1, Data: raw}, nil)
			})
		}
	}
}

func walkRecords(raw json.RawMessage, steps []string, yield func(json.RawMessage) bool) bool {
	var list []json.RawMessage
	if json.Unmarshal(raw, &list) == nil {
		for _, element := range list {
			if !walkRecords(element, steps, yield) {
				return false
			}
		}
		return true
	}
	if len(steps) == 0 {
		return yield(raw)
	}
	var object map[string]json.RawMessage
	if json.Unmarshal(raw, &object) != nil || object[steps[0]] == nil {
		return true
	}
	return walkRecords(object[steps[0]], steps[1:], yield)
}
