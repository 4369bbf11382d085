package openapi_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/larderhq/larder/internal/model"
	"github.com/larderhq/larder/internal/openapi"
	"github.com/larderhq/larder/internal/openapi/openapitest"
)

var update = flag.Bool("update", false, "write the golden files")

// read parses a model of testdata.
func read(t testing.TB, name string) *model.Schema {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	schema, err := model.Parse(name, text)
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

func document(t testing.TB, schema *model.Schema, version int, info openapi.Info) []byte {
	t.Helper()
	text, err := openapi.Document(schema, version, info)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestDocumentsAreValidAndAsTheyWere(t *testing.T) {
	tests := []struct {
		model, golden string
		version       int
		info          openapi.Info
	}{
		{"planets.graphql", "planets.v1.json", 1, openapi.Info{Title: "planets", Release: "1.0.0"}},
		{"everything.graphql", "everything.v1.json", 1, openapi.Info{
			Description: "All there is.", Link: "https://example.org/v2",
			Deprecated: time.Date(2026, 1, 31, 0, 0, 0, 0, time.UTC), Sunset: time.Date(2026, 12, 31, 0, 0, 0, 0, time.UTC),
		}},
		{"everything.graphql", "everything.v2.json", 2, openapi.Info{PageSize: 50, MaxLimit: 500, Imports: true, Server: "https://api.example.org"}},
	}
	for _, test := range tests {
		t.Run(test.golden, func(t *testing.T) {
			got := document(t, read(t, test.model), test.version, test.info)
			openapitest.Load(t, got)
			golden := filepath.Join("testdata", test.golden)
			if *update {
				if err := os.WriteFile(golden, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, want) {
				t.Errorf("the document differs from %s; run with -update and look at the difference", golden)
			}
		})
	}
}
