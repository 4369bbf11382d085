package migrate

import (
	"errors"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/larderhq/larder/internal/store"
)

func TestTenEnginesThatStartTogetherMigrateOnce(t *testing.T) {
	path, file := t.TempDir(), filepath.Join(t.TempDir(), "larder.db")
	diffTo(t, path, "init", listsBefore)
	diffTo(t, path, "defaults", listsAfter)
	count(t, path)
	openSQLite(t, file)
	var group sync.WaitGroup
	applied := make([]int, 10)
	for i := range applied {
		engine := openSQLite(t, file)
		group.Go(func() {
			dir, err := Open(path)
			if err != nil {
				t.Error(err)
				return
			}
			migrations, err := Up(t.Context(), engine, dir, Options{})
			if err != nil {
				t.Error(err)
			}
			applied[i] = len(migrations)
		})
	}
	group.Wait()
	total := 0
	for _, n := range applied {
		total += n
	}
	if total != 3 {
		t.Errorf("%d migrations applied, want each of 3 once", total)
	}
	expect(t, openSQLite(t, file), "SELECT name FROM shopping_list", "once")
}

// count adds a hand-written migration that would show if it ran twice.
func count(t *testing.T, path string) {
	t.Helper()
	dir, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	m, err := dir.Empty("count")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range dialects() {
		write(t, path, m.File(e.name()), "INSERT INTO shopping_list (name) VALUES ('once');\n")
	}
}

// TestMain lets the test binary be one of several processes that migrate.
func TestMain(m *testing.M) {
	if folder := os.Getenv("LARDER_TEST_MIGRATE"); folder != "" {
		os.Exit(migrateProcess(folder, os.Getenv("LARDER_TEST_DATABASE")))
	}
	// Each check makes a database; -rapid.checks asks for more.
	if err := flag.Set("rapid.checks", "20"); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

func TestTenProcessesThatStartTogetherMigrateOnce(t *testing.T) {
	path, file := t.TempDir(), filepath.Join(t.TempDir(), "larder.db")
	diffTo(t, path, "init", listsBefore)
	count(t, path)
	var group sync.WaitGroup
	for range 10 {
		group.Go(func() {
			command := exec.Command(os.Args[0]) //nolint:gosec // this test itself
			command.Env = append(os.Environ(), "LARDER_TEST_MIGRATE="+path, "LARDER_TEST_DATABASE="+file)
			if out, err := command.CombinedOutput(); err != nil {
				t.Errorf("%v: %s", err, out)
			}
		})
	}
	group.Wait()
	expect(t, openSQLite(t, file), "SELECT name FROM shopping_list", "once")
}

func TestUpAppliesUpToATargetAndThenTheRest(t *testing.T) {
	engine, path := newSQLite(t), t.TempDir()
	diffTo(t, path, "init", listsBefore)
	diffTo(t, path, "defaults", listsAfter)
	dir, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	first, err := Up(t.Context(), engine, dir, Options{Target: 1})
	if err != nil || len(first) != 1 || first[0].Name != "init" {
		t.Fatalf("got %v, %v", first, err)
	}
	states, err := Status(t.Context(), engine, dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(states) != 2 || states[0].Applied.IsZero() || time.Since(states[0].Applied) > time.Minute || !states[1].Applied.IsZero() {
		t.Errorf("got %+v, want the first applied just now and the second pending", states)
	}
	if rest := up(t, engine, path); len(rest) != 1 || rest[0].Name != "defaults" {
		t.Errorf("got %v, want the second", rest)
	}
	if again := up(t, engine, path); len(again) != 0 {
		t.Errorf("got %v, want nothing more", again)
	}
}

func TestUpRefusesAChangedFileThatWasApplied(t *testing.T) {
	engine, path := filledLists(t)
	content, err := os.ReadFile(filepath.Join(path, "0001_init.sqlite.sql")) //nolint:gosec // of the test
	if err != nil {
		t.Fatal(err)
	}
	write(t, path, "0001_init.sqlite.sql", string(content)+"-- changed\n")
	_, err = tryUp(t, engine, path)
	var fault *FileError
	if !errors.As(err, &fault) || filepath.Base(fault.File) != "0001_init.sqlite.sql" || !strings.Contains(fault.Message, "changed after the database applied it") {
		t.Errorf("got %v, want the file's name", err)
	}
	dir, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	states, err := Status(t.Context(), engine, dir)
	if err != nil || !states[0].Changed {
		t.Errorf("got %+v, %v, want the first changed", states, err)
	}
}

func TestUpRefusesAFolderThatLacksAnAppliedMigration(t *testing.T) {
	engine, path := filledLists(t)
	_, err := tryUp(t, engine, t.TempDir())
	var fault *FileError
	if !errors.As(err, &fault) || filepath.Base(fault.File) != "0001_init.sqlite.sql" {
		t.Errorf("got %v, want the name of what is missing from %s", err, path)
	}
	dir, err := Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	states, err := Status(t.Context(), engine, dir)
	if err != nil || len(states) != 1 || !states[0].Missing {
		t.Errorf("got %+v, %v, want one missing", states, err)
	}
}

func TestAStatementThatFailsIsNamedAndNothingStays(t *testing.T) {
	engine, path := filledLists(t)
	dir, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	m, err := dir.Empty("double quantities")
	if err != nil {
		t.Fatal(err)
	}
	write(t, path, m.File(SQLite), "UPDATE item SET quantity = quantity * 2;\n\n-- a typing error\nUPDATE itme\n  SET quantity = 1;\n")
	_, err = tryUp(t, engine, path)
	var at *StatementError
	if !errors.As(err, &at) || filepath.Base(at.File) != "0002_double_quantities.sqlite.sql" || at.Line != 4 {
		t.Errorf("got %v, want line 4 of the file", err)
	}
	expect(t, engine, "SELECT DISTINCT CAST(quantity AS TEXT) FROM item", "1")
	write(t, path, m.File(SQLite), "UPDATE item SET quantity = quantity * 2;\n")
	up(t, engine, path)
	up(t, engine, path)
	expect(t, engine, "SELECT DISTINCT CAST(quantity AS TEXT) FROM item", "2")
}

func TestAMigrationThatRowsBreakNamesThem(t *testing.T) {
	engine, path := newSQLite(t), t.TempDir()
	diffTo(t, path, "init", `type Item { name: String }`)
	up(t, engine, path)
	run(t, engine, "INSERT INTO item (id, name) VALUES (1, 'Milk'), (2, 'Milk')")
	diffTo(t, path, "unique", `type Item { name: String @unique }`)
	if _, err := tryUp(t, engine, path); err == nil || !strings.Contains(err.Error(), `0002_unique.sqlite.sql:4: CREATE UNIQUE INDEX "item_name_key" ON "item" ("name"): `) ||
		!strings.Contains(err.Error(), "first: name Milk: 2 rows") {
		t.Errorf("got %v, want the statement and the rows", err)
	}
}

func TestAMigrationMayNotEndItsTransaction(t *testing.T) {
	for _, sql := range []string{"COMMIT", "begin immediate", "VACUUM", "PRAGMA foreign_keys = OFF"} {
		t.Run(sql, func(t *testing.T) {
			engine, path := newSQLite(t), t.TempDir()
			diffTo(t, path, "init", listsBefore)
			dir, err := Open(path)
			if err != nil {
				t.Fatal(err)
			}
			m, err := dir.Empty("end")
			if err != nil {
				t.Fatal(err)
			}
			write(t, path, m.File(SQLite), sql+";\n")
			var at *StatementError
			if _, err := tryUp(t, engine, path); !errors.As(err, &at) || at.Line != 1 {
				t.Errorf("got %v, want it refused", err)
			}
		})
	}
}

func TestProgressIsToldOfEveryStatement(t *testing.T) {
	engine, path := newSQLite(t), t.TempDir()
	m := diffTo(t, path, "init", listsBefore)
	statements, err := split(m.SQL(SQLite), SQLite)
	if err != nil {
		t.Fatal(err)
	}
	dir, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	var seen []int
	if _, err := Up(t.Context(), engine, dir, Options{Progress: func(p Progress) {
		if p.Statements != len(statements) || p.Migration.Name != "init" {
			t.Errorf("got %+v", p)
		}
		seen = append(seen, p.Statement)
	}}); err != nil {
		t.Fatal(err)
	}
	if len(seen) != len(statements)+1 || seen[0] != 1 || seen[len(seen)-1] != 0 {
		t.Errorf("told of %v, want each of %d and the end", seen, len(statements))
	}
}

func TestPostgresAppliesMigrationsOnceAndTakesBackWhatFails(t *testing.T) {
	server := postgresServer(t)
	engine, path := server.open(t), t.TempDir()
	diffTo(t, path, "init", listsBefore)
	dir, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	m, err := dir.Empty("stock")
	if err != nil {
		t.Fatal(err)
	}
	write(t, path, m.File(Postgres), `CREATE FUNCTION shout() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
  NEW.name := upper(NEW.name); -- a semicolon; in a comment
  RETURN NEW;
END
$body$;
CREATE TRIGGER shout BEFORE INSERT ON item FOR EACH ROW EXECUTE FUNCTION shout();
INSERT INTO item (name) VALUES ('it''s; tea');
SELECT 1 / 0;
`)
	var at *StatementError
	if _, err := tryUp(t, engine, path); !errors.As(err, &at) || at.Line != 9 {
		t.Errorf("got %v, want line 9", err)
	}
	expect(t, engine, "SELECT name FROM item")
	content, err := os.ReadFile(filepath.Join(path, m.File(Postgres))) //nolint:gosec // of the test
	if err != nil {
		t.Fatal(err)
	}
	write(t, path, m.File(Postgres), strings.Replace(string(content), "SELECT 1 / 0;", "", 1))
	up(t, engine, path)
	up(t, engine, path)
	expect(t, engine, "SELECT name FROM item", "IT'S; TEA")
	if states := statesOf(t, engine, path); len(states) != 2 || states[1].Applied.IsZero() {
		t.Errorf("got %+v, want both applied", states)
	}
}

func statesOf(t *testing.T, engine store.Engine, path string) []State {
	t.Helper()
	dir, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	states, err := Status(t.Context(), engine, dir)
	if err != nil {
		t.Fatal(err)
	}
	return states
}
