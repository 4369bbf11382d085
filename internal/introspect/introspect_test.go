package introspect_test

import (
	"database/sql"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	_ "modernc.org/sqlite" // makes files as another program would

	"github.com/larderhq/larder/internal/introspect"
	"github.com/larderhq/larder/internal/postgrestest"
	"github.com/larderhq/larder/internal/store"
	"github.com/larderhq/larder/internal/store/postgres"
	"github.com/larderhq/larder/internal/store/sqlite"
)

var update = flag.Bool("update", false, "write the golden files anew")

// open makes a database by a file of SQL and opens it as another's.
func open(t *testing.T, file string) store.Engine {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if strings.HasSuffix(file, ".postgres.sql") {
		url := postgrestest.Database(t)
		conn, err := pgx.Connect(t.Context(), url)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := conn.Exec(t.Context(), string(text)); err != nil {
			t.Fatal(err)
		}
		if err := conn.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		engine, err := postgres.Open(t.Context(), url, postgres.Options{})
		return closing(t, engine, err)
	}
	path := filepath.Join(t.TempDir(), "foreign.db")
	write(t, path, string(text))
	engine, err := sqlite.Open(t.Context(), path, sqlite.Options{External: true})
	return closing(t, engine, err)
}

// closing closes the engine when the test ends.
func closing(t *testing.T, engine store.Engine, err error) store.Engine {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := engine.Close(); err != nil {
			t.Error(err)
		}
	})
	return engine
}

func models(t *testing.T, engine store.Engine) *introspect.Result {
	t.Helper()
	d, err := introspect.Read(t.Context(), engine)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Look(t.Context(), engine); err != nil {
		t.Fatal(err)
	}
	result, err := d.Models()
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Check(result.Schema); err != nil {
		t.Errorf("its own models do not fit: %v", err)
	}
	return result
}

func TestDatabasesBecomeTheModelsInTheGoldenFiles(t *testing.T) {
	files, err := filepath.Glob("testdata/*.sql")
	if err != nil || len(files) == 0 {
		t.Fatalf("found %v, %v", files, err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			result := models(t, open(t, file))
			got := result.SDL
			for _, notice := range result.Notices {
				got += "\n# " + notice
			}
			golden := strings.TrimSuffix(file, ".sql") + ".graphql"
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("the models have changed; look at them and run with -update:\n%s", got)
			}
		})
	}
}

func TestTheDocumentationShowsTheMusicStoreAsItIs(t *testing.T) {
	read := func(file string) string {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	shown, made := read("../../docs/databases.md"), read("testdata/chinook.sqlite.graphql")
	_, behind, _ := strings.Cut(shown, "```graphql\n")
	models, _, _ := strings.Cut(behind, "```")
	if models == "" || !strings.Contains(made, models) {
		t.Errorf("the models of docs/databases.md are none of testdata/chinook.sqlite.graphql:\n%s", models)
	}
	for line := range strings.Lines(made) {
		if notice, is := strings.CutPrefix(strings.TrimSpace(line), "# "); is && !strings.Contains(shown, "note       "+notice+"\n") {
			t.Errorf("docs/databases.md lacks the note %q", notice)
		}
	}
}

// write makes a SQLite file as another program would.
func write(t *testing.T, path, script string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(t.Context(), script); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}
