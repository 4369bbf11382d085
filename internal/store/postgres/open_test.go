package postgres

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/larderhq/larder/internal/postgrestest"
	"github.com/larderhq/larder/internal/statement"
	"github.com/larderhq/larder/internal/store"
)

func TestAPasswordThatIsNotEncodedIsRefusedAndNotShown(t *testing.T) {
	for _, address := range []string{
		"postgres://larder:12#34@127.0.0.1:1/x", "postgres://larder:12/34@127.0.0.1:1/x",
		"postgres://larder:12?34@127.0.0.1:1/x", "postgres://larder:12@34@127.0.0.1:1/x",
	} {
		_, err := Open(t.Context(), address, Options{})
		if err == nil || !strings.Contains(err.Error(), "write %40 for @") || strings.Contains(err.Error(), "34@") {
			t.Errorf("%s: got %v", address, err)
		}
		if name := Name(address); strings.Contains(name, "12") && name != "postgres" {
			t.Errorf("%s is shown as %s", address, name)
		}
	}
}

func TestADatabaseWithoutASchemaToUseIsRefused(t *testing.T) {
	address := with(t, postgrestest.Database(t), "search_path", "nowhere")
	_, err := Open(t.Context(), address, Options{})
	if want := "no schema of the search_path (nowhere) is there and may be used"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want %q", err, want)
	}
}

// The server of the tests has no certificate for its address, if it has one.
func TestAServerThatTLSDoesNotReachIsToldAtOnce(t *testing.T) {
	address := with(t, postgrestest.Database(t), "sslmode", "verify-full")
	began := time.Now()
	_, err := Open(t.Context(), address, Options{StartTimeout: time.Minute})
	if err == nil || !strings.Contains(err.Error(), "it cannot be reached by TLS as sslmode in the URL asks for") || strings.Contains(err.Error(), "\n") {
		t.Errorf("got %v", err)
	}
	if waited := time.Since(began); waited > 30*time.Second {
		t.Errorf("told after %v", waited)
	}
}

func TestAUserWhoMayOnlyReadIsForbiddenToWrite(t *testing.T) {
	address := postgrestest.Database(t)
	role := fmt.Sprintf("larder_test_reader_%d", time.Now().UnixNano())
	execute(t, address, "CREATE TABLE jar (name text); CREATE ROLE "+role+" LOGIN PASSWORD 'hush'; GRANT SELECT ON jar TO "+role)
	t.Cleanup(func() { execute(t, address, "DROP OWNED BY "+role+"; DROP ROLE "+role) })
	parsed, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	parsed.User = url.UserPassword(role, "hush")
	engine, err := Open(t.Context(), parsed.String(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer engine.Close() //nolint:errcheck // it was only read
	if err := engine.Read(t.Context(), statement.Statement{SQL: "SELECT * FROM jar"}, nil); err != nil {
		t.Errorf("a read: %v", err)
	}
	err = engine.Write(t.Context(), func(ctx context.Context, tx store.Tx) error {
		_, err := tx.Exec(ctx, statement.Statement{SQL: "INSERT INTO jar VALUES ('jam')"})
		return err
	})
	if !errors.Is(err, store.ErrForbidden) || !strings.Contains(err.Error(), "permission denied for table jar") {
		t.Errorf("a write: %v", err)
	}
}

// execute runs SQL on a connection of its own.
func execute(t *testing.T, address, sql string) {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	conn, err := pgx.Connect(ctx, address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx) //nolint:errcheck // its work is done
	if _, err := conn.Exec(ctx, sql); err != nil {
		t.Error(err)
	}
}
