package migrate

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/larderhq/larder/internal/model"
)

func TestAFolderHoldsWhatDiffWrites(t *testing.T) {
	path := filepath.Join(t.TempDir(), "migrations")
	diffTo(t, path, "Init", `type Item { name: String! }`)
	diffTo(t, path, "add price", `type Item { name: String! price: Decimal }`)
	entries, err := os.ReadDir(path)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	want := []string{
		"0001_init.graphql", "0001_init.postgres.sql", "0001_init.sqlite.sql",
		"0002_add_price.graphql", "0002_add_price.postgres.sql", "0002_add_price.sqlite.sql", "checksums.txt",
	}
	if !slices.Equal(names, want) {
		t.Errorf("got %v, want %v", names, want)
	}
	check := exec.Command("sha256sum", "-c", "checksums.txt")
	check.Dir = path
	if out, err := check.CombinedOutput(); err != nil {
		t.Errorf("sha256sum -c: %v\n%s", err, out)
	}
	dir, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	models, err := dir.Models()
	if err != nil || models.Type("Item").Field("price") == nil {
		t.Errorf("got %v, %v, want the models after the last migration", models, err)
	}
}

func TestDiffSaysNothingWhenNothingChanged(t *testing.T) {
	path := t.TempDir()
	diffTo(t, path, "init", `type Item { name: String! }`)
	if m := diffTo(t, path, "again", "# a comment\ntype Item { \"Said differently to nobody.\"\n name: String! @hidden }"); m != nil && !strings.Contains(m.SQL(Postgres), "COMMENT") {
		t.Errorf("got %s", m.SQL(SQLite))
	}
	if m := diffTo(t, path, "again", `type Item { "Said differently to nobody." name: String! @readonly }`); m != nil {
		t.Errorf("got %s, want nothing", m.SQL(SQLite))
	}
}

func TestOpenNamesTheFileAtFault(t *testing.T) {
	for _, c := range []struct {
		name   string
		damage func(path string) error
		file   string
		want   string
	}{
		{"a changed file", func(path string) error {
			return os.WriteFile(filepath.Join(path, "0001_init.sqlite.sql"), []byte("DROP TABLE item;"), 0o600)
		}, "0001_init.sqlite.sql", "not as it was"},
		{"a file that nobody listed", func(path string) error {
			return errors.Join(
				os.WriteFile(filepath.Join(path, "0003_more.sqlite.sql"), nil, 0o600),
				os.WriteFile(filepath.Join(path, "0003_more.postgres.sql"), nil, 0o600))
		}, "0003_more.postgres.sql", "not listed"},
		{"a listed file that is gone", func(path string) error {
			return os.Remove(filepath.Join(path, "0002_price.graphql"))
		}, "0002_price.graphql", "missing"},
		{"an engine without its file", func(path string) error {
			return os.Remove(filepath.Join(path, "0002_price.postgres.sql"))
		}, "0002_price.postgres.sql", "missing"},
		{"a gap in the numbers", func(path string) error {
			return rename3(path, "0002_price", "0004_price")
		}, "0004_price", "expected number 0002"},
		{"a number that is taken twice", func(path string) error {
			return os.WriteFile(filepath.Join(path, "0002_quantity.sqlite.sql"), nil, 0o600)
		}, "0002_quantity.sqlite.sql", "taken by 0002_price"},
		{"a name that is none", func(path string) error {
			return os.WriteFile(filepath.Join(path, "prices.sql"), nil, 0o600)
		}, "prices.sql", "expected a name"},
		{"checksums that are none", func(path string) error {
			return os.WriteFile(filepath.Join(path, "checksums.txt"), []byte("hello\n"), 0o600)
		}, "checksums.txt:1", "SHA-256"},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := t.TempDir()
			diffTo(t, path, "init", `type Item { name: String! }`)
			diffTo(t, path, "price", `type Item { name: String! price: Decimal }`)
			if err := c.damage(path); err != nil {
				t.Fatal(err)
			}
			_, err := Open(path)
			var fault *FileError
			if !errors.As(err, &fault) || filepath.Base(fault.File) != c.file || !strings.Contains(fault.Message, c.want) || fault.Action == "" {
				t.Errorf("got %v, want %s: … %s …", err, c.file, c.want)
			}
		})
	}
}

func rename3(path, from, to string) error {
	var all error
	for _, suffix := range []string{".sqlite.sql", ".postgres.sql", ".graphql"} {
		all = errors.Join(all, os.Rename(filepath.Join(path, from+suffix), filepath.Join(path, to+suffix)))
	}
	return all
}

func TestHashAcceptsAHandWrittenMigration(t *testing.T) {
	path := t.TempDir()
	diffTo(t, path, "init", `type Item { quantity: Int! }`)
	for _, engine := range []string{SQLite, Postgres} {
		if err := os.WriteFile(filepath.Join(path, "0002_double."+engine+".sql"), []byte("UPDATE item SET quantity = quantity * 2;\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	changed, err := Hash(path)
	if err != nil || !slices.Equal(changed, []string{"0002_double.postgres.sql", "0002_double.sqlite.sql"}) {
		t.Errorf("got %v, %v", changed, err)
	}
	if m := diffTo(t, path, "next", `type Item { quantity: Int! }`); m != nil {
		t.Errorf("a migration without models changed them: %s", m.SQL(SQLite))
	}
	if m := diffTo(t, path, "next", `type Item { quantity: Int }`); m == nil || m.Version != 3 {
		t.Errorf("got %v, want number 3", m)
	}
}

func TestAPlanThatLosesDataIsHeldUntilAllowed(t *testing.T) {
	for _, c := range []struct{ name, from, to, want string }{
		{"a dropped type", `type A { x: Int } type B { x: Int }`, `type B { x: Int }`, "drop type A"},
		{"a dropped field", `type A { x: Int y: Int }`, `type A { x: Int }`, "drop A.y"},
		{"a dropped list", `type A { x: Int y: [Int!]! }`, `type A { x: Int }`, "drop A.y"},
		{"a rename that nobody stated", `type A { x: Int }`, `type A { z: Int }`, "drop A.x"},
		{"a list that becomes one value", `type A { x: [Int!]! }`, `type A { x: Int }`, "keeps the first value"},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := t.TempDir()
			diffTo(t, path, "init", c.from)
			dir, err := Open(path)
			if err != nil {
				t.Fatal(err)
			}
			_, err = dir.Diff("next", parse(t, c.to))
			var held *Held
			if !errors.As(err, &held) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want it held for %q", err, c.want)
			}
			if len(dir.Migrations()) != 1 {
				t.Error("something was written")
			}
			if m, err := dir.Diff("next", parse(t, c.to), AllowDrop); err != nil || m == nil {
				t.Errorf("got %v, %v, want it allowed", m, err)
			}
		})
	}
}

func TestRenamesThatCannotBeAreErrorsWithAPosition(t *testing.T) {
	for _, c := range []struct{ name, from, to, want string }{
		{"of a field that there is not", `type A { name: String }`, `type A { title: String @renamed(from: "nam") }`, "1:10: A.title is renamed from nam"},
		{"onto a field that there is", `type A { x: Int y: Int }`, `type A { y: Int @renamed(from: "x") }`, "there is a field A.y already"},
		{"of a type that there is not", `type A { x: Int }`, `type C @renamed(from: "B") { x: Int }`, "C is renamed from B"},
		{"of an id to another kind", `type A { x: Int }`, `type A { id: UUID! x: Int }`, "cannot change from ID to UUID"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Compare(parse(t, c.from), parse(t, c.to))
			var at *model.Error
			if !errors.As(err, &at) || !strings.Contains(err.Error(), c.want) || at.Position.Line != 1 {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

func TestARenameThatIsDoneIsNotDoneAgain(t *testing.T) {
	path := t.TempDir()
	diffTo(t, path, "init", `type A { x: Int }`)
	const renamed = `type B @renamed(from: "A") { y: Int @renamed(from: "x") }`
	if m := diffTo(t, path, "rename", renamed); m == nil {
		t.Fatal("nothing was renamed")
	}
	if m := diffTo(t, path, "again", renamed); m != nil {
		t.Errorf("renamed again: %s", m.SQL(SQLite))
	}
	if m := diffTo(t, path, "tidy", `type B { y: Int }`); m != nil {
		t.Errorf("taking @renamed away changed the tables: %s", m.SQL(SQLite))
	}
}

func TestTheVersionOfARenameIsNoMatterOfTheTables(t *testing.T) {
	path := t.TempDir()
	steps := []struct {
		name, models string
		want         string // part of the SQL; "" for nothing to do
	}{
		{"init", `type A { qty: Int }`, "qty"},
		{"an earlier name that the tables never had", `type A { qty: Int @renamed(from: "number", version: 2) }`, ""},
		{"a rename with a version", `type B @renamed(from: "A", version: 2) { quantity: Int @renamed(from: "qty", version: 2) }`, "quantity"},
		{"the same models", `type B @renamed(from: "A", version: 2) { quantity: Int @renamed(from: "qty", version: 2) }`, ""},
		{"a version that is said later", `type B @renamed(from: "A", version: 3) { quantity: Int @renamed(from: "qty", version: 3) }`, ""},
		{"a new field beside the renamed one", `type B @renamed(from: "A", version: 3) { quantity: Int @renamed(from: "qty", version: 3) x: Int }`, "x"},
		{"a second rename", `type B @renamed(from: "A", version: 3) { amount: Int @renamed(from: "quantity", version: 4) @renamed(from: "qty", version: 3) x: Int }`, "amount"},
		{"both kept", `type B @renamed(from: "A", version: 3) { amount: Int @renamed(from: "qty", version: 3) @renamed(from: "quantity", version: 4) x: Int }`, ""},
		{"both taken away", `type B { amount: Int x: Int }`, ""},
	}
	for _, step := range steps {
		m := diffTo(t, path, "next", step.models)
		switch {
		case step.want == "" && m != nil:
			t.Errorf("%s: %s", step.name, m.SQL(SQLite))
		case step.want != "" && m == nil:
			t.Errorf("%s: nothing to do", step.name)
		case step.want != "" && (!strings.Contains(m.SQL(SQLite), step.want) || strings.Contains(m.SQL(SQLite), "DROP COLUMN")):
			t.Errorf("%s: %s", step.name, m.SQL(SQLite))
		}
	}
}

func TestADatabaseThatMissedARenameTakesBothAtOnce(t *testing.T) {
	path := t.TempDir()
	diffTo(t, path, "init", `type A { qty: Int }`)
	m := diffTo(t, path, "twice", `type A { amount: Int @renamed(from: "quantity", version: 3) @renamed(from: "qty", version: 2) }`)
	if m == nil || !strings.Contains(m.SQL(SQLite), `RENAME COLUMN "qty" TO "amount"`) {
		t.Errorf("got %v", m)
	}
}
