package query_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/larderhq/larder/internal/model"
	"github.com/larderhq/larder/internal/query"
)

// TestTheDocumentationsExamplesParse reads docs/query.md: the models in its
// graphql blocks, and every line of its query blocks as a query of the resource
// that the block names, else of the first type of the last model.
func TestTheDocumentationsExamplesParse(t *testing.T) {
	text, err := os.ReadFile("../../docs/query.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)```(graphql|query)([ a-z-]*)\n(.*?)```").FindAllStringSubmatch(string(text), -1)
	var schema *model.Schema
	examples := 0
	for _, block := range blocks {
		if block[1] == "graphql" {
			if schema, err = model.Parse("docs/query.md", []byte(block[3])); err != nil {
				t.Fatal(err)
			}
			continue
		}
		kind := schema.Types[0]
		if resource := strings.TrimSpace(block[2]); resource != "" {
			if kind = schema.ByResource(1, resource); kind == nil {
				t.Fatalf("there is no resource %s", resource)
			}
		}
		for line := range strings.Lines(block[3]) {
			line = strings.TrimSpace(line)
			examples++
			if _, err := query.Parse(kind, 1, line, query.Limits{}); err != nil {
				t.Errorf("%s: %v", line, err)
			}
		}
	}
	if examples < 60 {
		t.Errorf("found %d examples only", examples)
	}
}
