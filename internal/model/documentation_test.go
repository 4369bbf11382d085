package model_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/larderhq/larder/internal/model"
)

// The models in docs/models.md are models, and written as larder prints them.
func TestTheDocumentedModelsParse(t *testing.T) {
	text, err := os.ReadFile("../../docs/models.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)```graphql\n(.*?)```").FindAllStringSubmatch(string(text), -1)
	if len(blocks) < 8 {
		t.Fatalf("only %d examples found", len(blocks))
	}
	for _, block := range blocks {
		schema, err := model.Parse("docs/models.md", []byte(block[1]))
		if err != nil {
			t.Errorf("%v in\n%s", err, block[1])
			continue
		}
		if printed := schema.String(); printed != block[1] {
			t.Errorf("documented\n%s\nprinted\n%s", block[1], printed)
		}
	}
}

// The errors that the documentation shows are those that Parse gives.
func TestTheDocumentedErrorsAreReal(t *testing.T) {
	text, err := os.ReadFile("../../docs/models.md")
	if err != nil {
		t.Fatal(err)
	}
	_, err = model.Parse("models.graphql", []byte("\ntype Planet {\n  name: Sting\n  a: String @check( min: 0)\n}"))
	if err == nil {
		t.Fatal("no error")
	}
	for line := range strings.Lines(err.Error()) {
		_, message, _ := strings.Cut(line, " ")
		if !strings.Contains(string(text), strings.TrimSpace(message)) {
			t.Errorf("the documentation does not show %q", message)
		}
	}
}
