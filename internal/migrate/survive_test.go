package migrate

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/larderhq/larder/internal/store"
)

// These are the traps that a rebuild of a SQLite table has, each with the
// damage that it does elsewhere.

const listsBefore = `type ShoppingList { name: String! items: [Item!]! @ref(onDelete: CASCADE) }
type Item { name: String! @index quantity: Int! @default(value: "1") tags: [String!]! }`

// listsAfter changes a default, for which SQLite has no ALTER.
const listsAfter = `type ShoppingList { name: String! @default(value: "new") items: [Item!]! @ref(onDelete: CASCADE) }
type Item { name: String! @index quantity: Int! @default(value: "2") tags: [String!]! }`

// filledLists is a database with lists, items and tags, and its folder.
func filledLists(t *testing.T) (engine store.Engine, path string) {
	t.Helper()
	engine, path = newSQLite(t), t.TempDir()
	diffTo(t, path, "init", listsBefore)
	up(t, engine, path)
	run(t, engine, `
INSERT INTO shopping_list (id, name) VALUES (1, 'Weekend'), (2, 'Party');
INSERT INTO item (id, name, shopping_list_id) VALUES (1, 'Milk', 1), (2, 'Bread', 1), (3, 'Crisps', 2);
INSERT INTO item_tags VALUES (1, 0, 'cold'), (1, 1, 'daily');`)
	return engine, path
}

// rebuildLists migrates to listsAfter and makes sure that it was by rebuilds.
func rebuildLists(t *testing.T, engine store.Engine, path string) error {
	t.Helper()
	m := diffTo(t, path, "defaults", listsAfter)
	for _, table := range []string{"item", "shopping_list"} {
		if !strings.Contains(m.SQL(SQLite), rebuildMark+table) {
			t.Fatalf("expected a rebuild of %s:\n%s", table, m.SQL(SQLite))
		}
	}
	_, err := tryUp(t, engine, path)
	return err
}

func expect(t *testing.T, engine store.Engine, query string, want ...string) {
	t.Helper()
	if got := ask(t, engine, query); strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("%s\ngot  %q\nwant %q", query, got, want)
	}
}

func TestARebuildKeepsTheRowsThatReferToTheTable(t *testing.T) {
	engine, path := filledLists(t)
	if err := rebuildLists(t, engine, path); err != nil {
		t.Fatal(err)
	}
	expect(t, engine, "SELECT name FROM item ORDER BY id", "Milk", "Bread", "Crisps")
	expect(t, engine, "SELECT value FROM item_tags ORDER BY position", "cold", "daily")
	run(t, engine, "DELETE FROM shopping_list WHERE id = 1")
	expect(t, engine, "SELECT name FROM item", "Crisps")
	expect(t, engine, "SELECT value FROM item_tags")
}

func TestARebuildKeepsTriggers(t *testing.T) {
	engine, path := filledLists(t)
	run(t, engine, `CREATE TRIGGER shout AFTER INSERT ON item WHEN new.name = 'tea' BEGIN UPDATE item SET name = CASE WHEN name = 'tea' THEN upper(name) ELSE name END WHERE id = new.id; END;
CREATE TRIGGER tidy AFTER INSERT ON shopping_list BEGIN DELETE FROM item WHERE quantity = 0; END`)
	if err := rebuildLists(t, engine, path); err != nil {
		t.Fatal(err)
	}
	run(t, engine, "INSERT INTO item (name) VALUES ('tea')")
	expect(t, engine, "SELECT name FROM item WHERE id = 4", "TEA")
	expect(t, engine, "SELECT name FROM sqlite_schema WHERE type = 'trigger' ORDER BY name", "shout", "tidy")
}

func TestARebuildKeepsIndexesThatTheModelsDoNotKnow(t *testing.T) {
	engine, path := filledLists(t)
	run(t, engine, `CREATE INDEX item_few ON item (name COLLATE NOCASE) where quantity < 3`)
	if err := rebuildLists(t, engine, path); err != nil {
		t.Fatal(err)
	}
	expect(t, engine, "SELECT name FROM sqlite_schema WHERE type = 'index' AND tbl_name = 'item' AND sql IS NOT NULL ORDER BY name",
		"item_few", "item_name_idx", "item_shopping_list_id_idx")
}

func TestARebuildKeepsCollations(t *testing.T) {
	engine, path := newSQLite(t), t.TempDir()
	m := diffTo(t, path, "init", listsBefore)
	file := filepath.Join(path, m.File(SQLite))
	edited := strings.Replace(m.SQL(SQLite), `"name" TEXT NOT NULL`, `"name" TEXT NOT NULL COLLATE NOCASE`, 2)
	if err := os.WriteFile(file, []byte(edited), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Hash(path); err != nil {
		t.Fatal(err)
	}
	up(t, engine, path)
	run(t, engine, "INSERT INTO item (id, name) VALUES (1, 'Milk')")
	if err := rebuildLists(t, engine, path); err != nil {
		t.Fatal(err)
	}
	expect(t, engine, "SELECT name FROM item WHERE name = 'mILK'", "Milk")
}

func TestARebuildNeverGivesAnIDTwice(t *testing.T) {
	engine, path := filledLists(t)
	run(t, engine, "DELETE FROM item WHERE id = 3; DELETE FROM shopping_list")
	if err := rebuildLists(t, engine, path); err != nil {
		t.Fatal(err)
	}
	run(t, engine, "INSERT INTO item (name) VALUES ('Tea'); INSERT INTO shopping_list DEFAULT VALUES")
	expect(t, engine, "SELECT CAST(id AS TEXT) FROM item", "4")
	expect(t, engine, "SELECT id || name FROM shopping_list", "3new")
}

func TestARebuildKeepsViews(t *testing.T) {
	engine, path := filledLists(t)
	run(t, engine, "CREATE VIEW total AS SELECT l.name, sum(i.quantity) AS n FROM shopping_list AS l JOIN item AS i ON i.shopping_list_id = l.id GROUP BY l.id")
	if err := rebuildLists(t, engine, path); err != nil {
		t.Fatal(err)
	}
	expect(t, engine, "SELECT name || n FROM total ORDER BY n", "Party1", "Weekend2")
}

func TestARebuildRefusesToLoseAColumnThatTheModelsDoNotKnow(t *testing.T) {
	engine, path := filledLists(t)
	run(t, engine, "ALTER TABLE item ADD COLUMN note TEXT; UPDATE item SET note = 'fresh'")
	before := structure(t, engine)
	err := rebuildLists(t, engine, path)
	if err == nil || !strings.Contains(err.Error(), "column note of table item") || !strings.Contains(err.Error(), "0002_defaults.sqlite.sql:") {
		t.Errorf("got %v, want the column and the file's line", err)
	}
	expect(t, engine, "SELECT DISTINCT note FROM item", "fresh")
	if structure(t, engine) != before {
		t.Error("the failed migration left something behind")
	}
}

func TestARebuildRefusesToLoseACheckThatTheModelsDoNotKnow(t *testing.T) {
	engine, path := filledLists(t)
	run(t, engine, "ALTER TABLE item ADD CONSTRAINT few CHECK (quantity < 100)")
	if err := rebuildLists(t, engine, path); err == nil || !strings.Contains(err.Error(), "the constraint few of table item") {
		t.Errorf("got %v, want the constraint's name", err)
	}
}

func TestAMigrationThatBreaksAViewIsRefusedWithItsName(t *testing.T) {
	engine, path := filledLists(t)
	run(t, engine, "CREATE VIEW labels AS SELECT value FROM item_tags")
	diffTo(t, path, "no tags", `type ShoppingList { name: String! items: [Item!]! @ref(onDelete: CASCADE) } type Item { name: String! @index quantity: Int! @default(value: "1") }`)
	if _, err := tryUp(t, engine, path); err == nil || !strings.Contains(err.Error(), "view labels no longer works") {
		t.Errorf("got %v, want the view's name", err)
	}
	expect(t, engine, "SELECT value FROM labels ORDER BY value", "cold", "daily")
}

func TestAMigrationThatBreaksATriggerIsRefusedWithItsTable(t *testing.T) {
	engine, path := filledLists(t)
	run(t, engine, "CREATE TRIGGER clear AFTER DELETE ON shopping_list BEGIN DELETE FROM item_tags; END")
	diffTo(t, path, "no tags", `type ShoppingList { name: String! items: [Item!]! @ref(onDelete: CASCADE) } type Item { name: String! @index quantity: Int! @default(value: "1") }`)
	if _, err := tryUp(t, engine, path); err == nil || !strings.Contains(err.Error(), "a trigger of shopping_list no longer works") {
		t.Errorf("got %v, want the trigger's table", err)
	}
}

func TestAMigrationThatLeavesAReferenceToNothingIsRefused(t *testing.T) {
	engine, path := filledLists(t)
	dir, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	m, err := dir.Empty("lose a list")
	if err != nil {
		t.Fatal(err)
	}
	write(t, path, m.File(SQLite), foreignKeysOff+"\nDELETE FROM shopping_list WHERE id = 2;\n")
	if _, err := tryUp(t, engine, path); err == nil || !strings.Contains(err.Error(), "item row 3 refers to a missing row of shopping_list") {
		t.Errorf("got %v, want the row", err)
	}
	expect(t, engine, "SELECT name FROM shopping_list ORDER BY id", "Weekend", "Party")
}

func TestForeignKeysHoldAgainAfterARebuild(t *testing.T) {
	engine, path := filledLists(t)
	if err := rebuildLists(t, engine, path); err != nil {
		t.Fatal(err)
	}
	if err := tryRun(t, engine, "INSERT INTO item (name, shopping_list_id) VALUES ('Tea', 99)"); err == nil {
		t.Error("an item of a list that does not exist was accepted")
	}
}

// write replaces a migration file and accepts it.
func write(t *testing.T, path, file, content string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(path, file), []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Hash(path); err != nil {
		t.Fatal(err)
	}
}
