package cli_test

import (
	"bytes"
	"context"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/larderhq/larder/internal/cli"
	"github.com/larderhq/larder/internal/postgrestest"
)

func TestABackupOfPostgreSQLIsRestoredIntoPostgreSQL(t *testing.T) {
	first, second := postgrestest.Database(t), postgrestest.Database(t)
	folder := t.TempDir()
	if err := copyExample(folder, "planets"); err != nil {
		t.Fatal(err)
	}
	backup := filepath.Join(t.TempDir(), "planets.db")
	for _, step := range []struct {
		address, command string
		code             int
		want             string
	}{
		{first, "migrate up", 0, "0001_init"},
		{first, "import --offline", 0, "planets: 60 created"},
		{first, "patch planets --where name=eq.Hoth population=7", 0, "planets: 1 record"},
		{first, "backup " + backup, 0, "checked"},
		{second, "restore " + backup, 0, "restored   postgres://"},
		{second, "import --offline", 0, "planets: 60 unchanged"},
		{second, "migrate up", 0, "nothing to do"},
		{second, "export planets", 0, `{"id":4,"name":"Hoth","population":7,`},
		{second, "restore " + backup, 1, "name an empty database"},
	} {
		if out, code := onPostgres(t, folder, step.address, step.command); code != step.code || !strings.Contains(out, step.want) {
			t.Errorf("%s: exit code %d, want %d and %q in\n%s", step.command, code, step.code, step.want, out)
		}
	}
}

// TestAProjectIsMadeOfAPostgreSQLThatIsThere makes models of a schema that
// larder did not write and serves it, with a password that is written nowhere.
func TestAProjectIsMadeOfAPostgreSQLThatIsThere(t *testing.T) {
	address, err := url.Parse(postgrestest.Database(t))
	if err != nil {
		t.Fatal(err)
	}
	statements(t, address.String(), `CREATE SCHEMA sales;
		CREATE TABLE sales.customers (id serial PRIMARY KEY, email varchar(200) NOT NULL UNIQUE, "Full name" text, credit numeric(10,2) CHECK (credit >= 0));
		COMMENT ON TABLE sales.customers IS 'People who buy.';
		CREATE TYPE sales.state AS ENUM ('open', 'paid');
		CREATE TABLE sales.orders (number uuid PRIMARY KEY, customer_id int NOT NULL REFERENCES sales.customers ON DELETE CASCADE, state sales.state NOT NULL DEFAULT 'open');
		INSERT INTO sales.customers (email, "Full name", credit) VALUES ('ann@example.org', 'Ann', 2.50)`)
	address.User = url.UserPassword(address.User.Username(), "hush")
	parameters := address.Query()
	parameters.Set("search_path", "sales")
	address.RawQuery = parameters.Encode()

	folder := filepath.Join(t.TempDir(), "sales")
	var printed bytes.Buffer
	if code := cli.Run(t.Context(), []string{"new", folder, "--database", address.String()}, os.Environ(), &printed, &printed); code != 0 {
		t.Fatalf("exit code %d\n%s", code, printed.String())
	}
	if out := printed.String(); !strings.Contains(out, "models     Customer, Order\n") || strings.Contains(out, "hush") {
		t.Errorf("got %s", out)
	}
	for file, wanted := range map[string][]string{
		"larder.yaml": {"database: ${DATABASE_URL}\n", "migrations: external"},
		"models.graphql": {
			"\"People who buy.\"\ntype Customer @table(name: \"customers\") {", "email: String! @unique @check(maxLength: 200)",
			`fullName: String @column(name: "Full name")`, "credit: Decimal @decimal(precision: 10, scale: 2) @check(min: 0)",
			`id: UUID! @column(name: "number")`, "customer: Customer! @ref(onDelete: CASCADE)",
		},
	} {
		text, err := os.ReadFile(filepath.Join(folder, file)) //nolint:gosec // of the test's own
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range wanted {
			if !strings.Contains(string(text), want) {
				t.Errorf("%s lacks %s:\n%s", file, want, text)
			}
		}
		if strings.Contains(string(text), "hush") {
			t.Errorf("the password is in %s", file)
		}
	}
	for command, want := range map[string]string{
		"plan":             "fit the database",
		"export customers": `{"id":1,"email":"ann@example.org","fullName":"Ann","credit":2.5}`,
	} {
		if out, code := onPostgres(t, folder, address.String(), command); code != 0 || !strings.Contains(out, want) {
			t.Errorf("%s: exit code %d, want %q in\n%s", command, code, want, out)
		}
	}
}

func TestWhatIsNearlyAPostgreSQLURLIsNoFile(t *testing.T) {
	folder := t.TempDir()
	if err := copyExample(folder, "planets"); err != nil {
		t.Fatal(err)
	}
	for _, address := range []string{"postgres:/larder:hush@127.0.0.1/x", "host=127.0.0.1 password=hush dbname=x", "Postgres://larder:hush@127.0.0.1/x"} {
		out, code := onPostgres(t, folder, address, "migrate up")
		if code != 1 || !strings.Contains(out, "expected a SQLite file or a postgres:// URL") || strings.Contains(out, "hush") {
			t.Errorf("%s: exit code %d, got\n%s", address, code, out)
		}
	}
	if left, err := filepath.Glob(filepath.Join(folder, "*hush*")); err != nil || left != nil {
		t.Errorf("files were made: %v, %v", left, err)
	}
}

// statements runs SQL on a connection of its own.
func statements(t *testing.T, address, sql string) {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	conn, err := pgx.Connect(ctx, address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx) //nolint:errcheck // its work is done
	if _, err := conn.Exec(ctx, sql); err != nil {
		t.Fatal(err)
	}
}
