package infer_test

import (
	"encoding/json"
	"flag"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/larderhq/larder/internal/infer"
	"github.com/larderhq/larder/internal/source"
)

var update = flag.Bool("update", false, "write the golden files")

// records streams what stands at a path of an answer's data, as package source
// does: lists on the way are walked into.
func records(t *testing.T, data string) func(path string) iter.Seq2[source.Record, error] {
	t.Helper()
	return func(path string) iter.Seq2[source.Record, error] {
		return func(yield func(source.Record, error) bool) {
			index := 0
			var walk func(raw json.RawMessage, steps []string) bool
			walk = func(raw json.RawMessage, steps []string) bool {
				var list []json.RawMessage
				if json.Unmarshal(raw, &list) == nil {
					for _, element := range list {
						if !walk(element, steps) {
							return false
						}
					}
					return true
				}
				if string(raw) == "null" || len(raw) == 0 {
					return true
				}
				if len(steps) == 0 {
					index++
					return yield(source.Record{Index: index - 1, Data: raw}, nil)
				}
				var object map[string]json.RawMessage
				if err := json.Unmarshal(raw, &object); err != nil {
					return yield(source.Record{}, err)
				}
				return walk(object[steps[0]], steps[1:])
			}
			walk(json.RawMessage(data), strings.Split(path, "."))
		}
	}
}

// TestGolden derives models for every folder of testdata: query.graphql,
// answer.json (its data), and schema.graphql where introspection is on.
func TestGolden(t *testing.T) {
	folders, err := filepath.Glob("testdata/*/query.graphql")
	if err != nil || len(folders) == 0 {
		t.Fatal("no cases", err)
	}
	for _, file := range folders {
		folder := filepath.Dir(file)
		t.Run(strings.ReplaceAll(filepath.Base(folder), "-", " "), func(t *testing.T) {
			request := infer.Request{Query: read(t, file), Source: "upstream", Records: records(t, read(t, filepath.Join(folder, "answer.json")))}
			if text, err := os.ReadFile(filepath.Join(folder, "schema.graphql")); err == nil {
				request.Schema = introspected(t, string(text))
			}
			got := ""
			if result, err := infer.GraphQL(request); err != nil {
				got = "error: " + err.Error() + "\n"
			} else {
				got = result.SDL
				for _, note := range result.Notes {
					got += "\n## " + note
				}
				got = strings.TrimSuffix(got, "\n") + "\n"
			}
			golden := filepath.Join(folder, "want.graphql")
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if want := read(t, golden); got != want {
				t.Errorf("got:\n%s\nwant:\n%s", got, want)
			}
		})
	}
}

func TestThePlanetsOfTheRealSchema(t *testing.T) {
	folder := "../../../shared/swapi"
	introspection, err := os.ReadFile(filepath.Join(folder, "introspection.json"))
	if err != nil {
		t.Skip("the recorded introspection is not beside the repository")
	}
	schema, err := infer.ParseIntrospection(introspection)
	if err != nil {
		t.Fatal(err)
	}
	var answer struct{ Data json.RawMessage }
	if err := json.Unmarshal([]byte(read(t, filepath.Join(folder, "planets.json"))), &answer); err != nil {
		t.Fatal(err)
	}
	result, err := infer.GraphQL(infer.Request{
		Schema: schema, Source: "swapi", Query: "query Query {allPlanets{planets{name population terrains climates}}}",
		Records: records(t, string(answer.Data)),
	})
	if err != nil {
		t.Fatal(err)
	}
	const want = `# The key, name, is a guess: never null and different in all 60 records.
# Upstream has an id as well: ask for it in the query to make it the key.
type Planet @source(name: "swapi", path: "allPlanets.planets", key: ["name"]) {
  name: String! @unique
  population: Int64  # Float upstream; every value is a whole number; null in 17 of 60 records
  terrains: [String!]!
  climates: [String!]!
}
`
	if result.SDL != want {
		t.Errorf("got:\n%s\nwant:\n%s", result.SDL, want)
	}
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
