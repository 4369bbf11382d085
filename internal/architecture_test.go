package internal_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/larderhq/larder/"

// floors are the packages of the house from the ground up (docs/architecture.md).
// A package may import the ones on lower floors, and on its own floor the ones
// that stand before it.
var floors = [][]string{
	{"internal/postgrestest", "internal/model", "internal/modeltest", "internal/query"},
	{"internal/statement", "internal/source", "internal/infer"},
	{"internal/store", "internal/migrate", "internal/introspect"},
	{"internal/importer", "internal/transfer", "internal/exporter", "internal/openapi", "internal/rest"},
	{"internal/project", "internal/refresh", "internal/cli"},
	{"cmd/larder"},
}

// never are imports that a package must not have, whatever its floor.
var never = []struct{ importer, imported, because string }{
	{"internal/rest", "internal/store/", "the API knows no engine"},
	{"internal/rest", "database/sql", "the API knows no SQL"},
	{"internal/importer", "internal/store/", "an import knows no engine"},
	{"internal/transfer", "internal/store/", "a copy knows no engine"},
	{"internal/exporter", "internal/store/", "an export knows no engine"},
	{"internal/query", "net/http", "the grammar knows no server"},
	{"internal/query", "database/sql", "the grammar knows no SQL"},
	{"internal/model", "database/sql", "the model knows no SQL"},
	{"internal/store", "net/http", "the store knows no HTTP"},
	{"internal/statement", "net/http", "a statement knows no HTTP"},
}

// storey is the place of a package in the house, and whether it has one. The
// folders under a package stand where it stands.
func storey(pkg string) (place int, known bool) {
	for _, floor := range floors {
		for _, name := range floor {
			if pkg == name || strings.HasPrefix(pkg, name+"/") {
				return place, true
			}
			place++
		}
	}
	return 0, false
}

func TestImportsOnlyGoDown(t *testing.T) {
	imports := sourceImports(t)
	if len(imports) < 8 {
		t.Fatalf("found only the packages %v: this test looks in the wrong place", imports)
	}
	for pkg, imported := range imports {
		here, known := storey(pkg)
		if !known {
			t.Errorf("%s has no floor: give it one in this test and in docs/architecture.md", pkg)
			continue
		}
		for _, other := range imported {
			for _, rule := range never {
				if (pkg == rule.importer || strings.HasPrefix(pkg, rule.importer+"/")) && (other == rule.imported || strings.HasSuffix(rule.imported, "/") && strings.HasPrefix(other, rule.imported)) {
					t.Errorf("%s imports %s, but %s", pkg, other, rule.because)
				}
			}
			if there, ours := storey(other); ours && there > here {
				t.Errorf("%s imports %s, which stands above it", pkg, other)
			}
		}
	}
}

func TestOnlyCommandsAndEnginesKnowWhichEnginesThereAre(t *testing.T) {
	for pkg, imported := range sourceImports(t) {
		for _, other := range imported {
			engine := other == "internal/store/sqlite" || other == "internal/store/postgres"
			if engine && pkg != "internal/cli" && !strings.HasPrefix(pkg, "internal/store/") {
				t.Errorf("%s imports %s: an engine is chosen in internal/cli and nowhere else", pkg, other)
			}
		}
	}
}

// sourceImports are the imports of each package of the repository, its tests
// left out, with the module's path cut off its own packages.
func sourceImports(t *testing.T) map[string][]string {
	t.Helper()
	imports := map[string][]string{}
	for _, root := range []string{".", "../cmd"} {
		err := filepath.WalkDir(root, func(file string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go") {
				return err
			}
			syntax, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
			if err != nil {
				return err
			}
			pkg := path.Join("internal", path.Dir(filepath.ToSlash(file)))
			for _, spec := range syntax.Imports {
				name, err := strconv.Unquote(spec.Path.Value)
				if err != nil {
					return err
				}
				name = strings.TrimPrefix(name, module)
				if !slices.Contains(imports[pkg], name) {
					imports[pkg] = append(imports[pkg], name)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return imports
}
