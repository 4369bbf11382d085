package query_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/larderhq/larder/internal/model"
	"github.com/larderhq/larder/internal/query"
)

// TestTheDocumentationsExamplesParse reads docs/query.md: the model in its
// graphql block, and every line of its query blocks as a query of Planet.
func TestTheDocumentationsExamplesParse(t *testing.T) {
	text, err := os.ReadFile("../../docs/query.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)```(graphql|query)\n(.*?)```").FindAllStringSubmatch(string(text), -1)
	var planet *model.Type
	examples := 0
	for _, block := range blocks {
		if block[1] == "graphql" {
			schema, err := model.Parse("docs/query.md", []byte(block[2]))
			if err != nil {
				t.Fatal(err)
			}
			planet = schema.Types[0]
			continue
		}
		for line := range strings.Lines(block[2]) {
			line = strings.TrimSpace(line)
			examples++
			if _, err := query.Parse(planet, 1, line, query.Limits{}); err != nil {
				t.Errorf("%s: %v", line, err)
			}
		}
	}
	if examples < 40 {
		t.Errorf("found %d examples only", examples)
	}
}
