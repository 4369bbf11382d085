package migrate

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/diff"

	"github.com/larderhq/larder/internal/model"
	"github.com/larderhq/larder/internal/store"
)

var update = flag.Bool("update", false, "write the golden files anew")

func sortLines(lines []string) { slices.Sort(lines) }

// parse reads models; none are nil.
func parse(t testing.TB, sdl string) *model.Schema {
	t.Helper()
	if sdl == "" {
		return nil
	}
	schema, err := model.Parse("models.graphql", []byte(sdl))
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// diffTo writes the next migration of a folder.
func diffTo(t testing.TB, path, name, sdl string) *Migration {
	t.Helper()
	dir, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	m, err := dir.Diff(name, parse(t, sdl), AllowDrop)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// up applies a folder.
func up(t testing.TB, engine store.Engine, path string) []Migration {
	t.Helper()
	applied, err := tryUp(t, engine, path)
	if err != nil {
		t.Fatal(err)
	}
	return applied
}

func tryUp(t testing.TB, engine store.Engine, path string) ([]Migration, error) {
	t.Helper()
	dir, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	return Up(t.Context(), engine, dir, Options{})
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll(filepath.Dir(file), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file) //nolint:gosec // a golden file
	if err != nil {
		t.Fatal(err)
	}
	if d := diff.Diff(file, want, "got", []byte(got)); d != nil {
		t.Errorf("%s", d)
	}
}

func TestEveryPairBecomesWhatAFreshDatabaseIs(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) {
		testPairs(t, func(t *testing.T) store.Engine { return newSQLite(t) })
	})
	t.Run("postgres", func(t *testing.T) {
		server := postgresServer(t)
		testPairs(t, server.open)
	})
}

func testPairs(t *testing.T, open func(*testing.T) store.Engine) {
	for _, p := range pairs {
		t.Run(p.name, func(t *testing.T) {
			fresh := open(t)
			for _, sql := range Create(fresh.Dialect().Name(), parse(t, p.to)) {
				run(t, fresh, sql)
			}
			want := structure(t, fresh)
			for _, rows := range []string{"", p.rows} {
				engine := open(t)
				path := t.TempDir()
				if p.from != "" {
					diffTo(t, path, "from", p.from)
				}
				up(t, engine, path)
				run(t, engine, rows)
				kept := attach(t, engine, p)
				m := diffTo(t, path, "to", p.to)
				golden(t, filepath.Join("pairs", p.file()+"."+engine.Dialect().Name()+".sql"), m.SQL(engine.Dialect().Name()))
				up(t, engine, path)
				kept()
				if d := diff.Diff("fresh", []byte(want), "migrated", []byte(structure(t, engine))); d != nil {
					t.Errorf("%s\n%s", d, m.SQL(engine.Dialect().Name()))
				}
				if rows == "" {
					continue
				}
				for query, want := range p.want {
					if got := ask(t, engine, query); len(got) != 1 || got[0] != want {
						t.Errorf("%s\ngot %q, want %q\n%s", query, got, want, m.SQL(engine.Dialect().Name()))
					}
				}
			}
			path := t.TempDir()
			diffTo(t, path, "to", p.to)
			if m := diffTo(t, path, "again", p.to); m != nil {
				t.Errorf("the same models make another migration:\n%s", m.SQL(SQLite))
			}
		})
	}
}

// attach gives every table that stays a trigger, a view and a counter of ids,
// and returns the check that they are still there, which takes them away.
func attach(t *testing.T, engine store.Engine, p pair) (kept func()) {
	t.Helper()
	d, err := compare(parse(t, p.from), parse(t, p.to))
	if err != nil {
		t.Fatal(err)
	}
	e := attachments[engine.Dialect().Name()]
	named := func(sql string, old, now *table) string {
		return strings.NewReplacer("OLD", old.name, "NOW", now.name).Replace(sql)
	}
	for now, old := range d.tables {
		if old.field == nil {
			run(t, engine, named(e.make, old, now))
		}
	}
	return func() {
		for now, old := range d.tables {
			if old.field != nil {
				continue
			}
			expect(t, engine, named(e.trigger, old, now), now.name)
			expect(t, engine, named(`SELECT CAST(count(*) >= 0 AS TEXT) FROM "see_OLD"`, old, now), e.yes)
			expect(t, engine, named(e.counter, old, now), "1000")
			run(t, engine, named(e.drop, old, now))
		}
	}
}

// attachments are what attach makes of the table OLD, and finds at NOW.
var attachments = map[string]struct{ make, trigger, counter, drop, yes string }{
	SQLite: {
		make: `CREATE TRIGGER "keep_OLD" AFTER DELETE ON "OLD" BEGIN SELECT old."id"; END;
CREATE VIEW "see_OLD" AS SELECT "id" FROM "OLD";
DELETE FROM sqlite_sequence WHERE name = 'OLD'; INSERT INTO sqlite_sequence VALUES ('OLD', 1000)`,
		trigger: `SELECT tbl_name FROM sqlite_schema WHERE type = 'trigger' AND name = 'keep_OLD'`,
		counter: `SELECT CAST(seq AS TEXT) FROM sqlite_sequence WHERE name = 'NOW'`,
		drop:    `DROP VIEW "see_OLD"; DROP TRIGGER "keep_OLD"`,
		yes:     "1",
	},
	Postgres: {
		make: `CREATE FUNCTION "keep_OLD"() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE TRIGGER "keep_OLD" AFTER DELETE ON "OLD" FOR EACH ROW EXECUTE FUNCTION "keep_OLD"();
CREATE VIEW "see_OLD" AS SELECT "id" FROM "OLD";
SELECT setval(pg_get_serial_sequence('"OLD"', 'id'), 1000)`,
		trigger: `SELECT c.relname::text FROM pg_trigger AS t JOIN pg_class AS c ON c.oid = t.tgrelid WHERE t.tgname = 'keep_OLD' AND c.relnamespace = current_schema()::regnamespace`,
		counter: `SELECT pg_sequence_last_value(pg_get_serial_sequence('"NOW"', 'id'))::text`,
		drop:    `DROP VIEW "see_OLD"; DROP TRIGGER "keep_OLD" ON "NOW"`,
		yes:     "true",
	},
}
