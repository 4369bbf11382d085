package cli_test

import (
	"bytes"
	"context"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/larderhq/larder/internal/cli"
	"github.com/larderhq/larder/internal/postgrestest"
)

// TestAProjectRunsOnPostgreSQL is the way of the planets on another database,
// named by nothing but LARDER_DATABASE.
func TestAProjectRunsOnPostgreSQL(t *testing.T) {
	address := postgrestest.Database(t)
	folder := t.TempDir()
	if err := copyExample(folder, "planets"); err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct{ command, want string }{
		{"plan --offline", "would be   planets: 60 created"},
		{"migrate status", "0001_init  pending"},
		{"migrate lint", "nothing to think about"},
		{"migrate up", "migrated   postgres://"},
		{"import --offline", "imported   planets: 60 created"},
		{"import --offline --dry-run", "would be   planets: 60 unchanged"},
		{"patch planets --where name=eq.Hoth population=7", "patched    planets: 1 record"},
		{"import --offline", "imported   planets: 60 unchanged"},
	} {
		t.Run(step.command, func(t *testing.T) {
			out, code := onPostgres(t, folder, address, step.command)
			if code != 0 || !strings.Contains(out, step.want) {
				t.Errorf("exit code %d, want 0 and %q in\n%s", code, step.want, out)
			}
			if step.command == "plan --offline" && tables(t, address) != 0 {
				t.Error("a plan left tables behind")
			}
		})
	}
}

func TestAPostgreSQLThatCannotBeOpenedIsToldWithoutItsPassword(t *testing.T) {
	address, err := url.Parse(postgrestest.Database(t))
	if err != nil {
		t.Fatal(err)
	}
	address.User = url.UserPassword(address.User.Username(), "hush")
	absent, silent := *address, *address
	absent.Path = "/larder_test_absent"
	silent.Host = "127.0.0.1:1"
	for want, address := range map[string]string{
		"make it with: createdb -h ":                            absent.String(),
		"no server answers; start it, or correct the address":   silent.String(),
		"expected a URL like postgres://user@host:5432/name":    "postgres://user:hush%zz@127.0.0.1/x",
		"expected a SQLite file or a postgres:// URL, found my": "mysql://user:hush@127.0.0.1/x",
	} {
		out, code := onPostgres(t, "../../examples/planets", address, "migrate status --database-start-timeout 50ms")
		if code != 1 || !strings.Contains(out, want) || strings.Contains(out, "hush") {
			t.Errorf("exit code %d, want 1 and %q without the password in\n%s", code, want, out)
		}
	}
}

// onPostgres runs a command on a project whose database is at the address, and
// returns all that it printed.
func onPostgres(t *testing.T, folder, address, command string) (out string, code int) {
	t.Helper()
	var printed bytes.Buffer
	environ := append(os.Environ(), "LARDER_DATABASE="+address)
	code = cli.Run(t.Context(), append(strings.Fields(command), "-C", folder), environ, &printed, &printed)
	return printed.String(), code
}

// tables counts the tables in the database. Temporary ones of a session that
// ended go a moment after it.
func tables(t *testing.T, address string) (count int) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background()) //nolint:errcheck // it was only read
	err = conn.QueryRow(t.Context(), "SELECT count(*) FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema') AND schemaname NOT LIKE 'pg\\_temp\\_%'").Scan(&count)
	if err != nil {
		t.Fatal(err)
	}
	return count
}
