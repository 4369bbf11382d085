// Package postgrestest gives a test a PostgreSQL database of its own.
package postgrestest

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// local is where a server is looked for when none is named.
const local = "postgres://postgres@127.0.0.1:5432/test?sslmode=disable"

// Database makes an empty database, which goes when the test ends, and returns
// its URL. Text in it sorts by its bytes, as SQLite's does. The server is the
// one that LARDER_TEST_POSTGRES names, and the test fails when that does not
// answer; when none is named and this machine has none, the test is skipped.
func Database(t testing.TB) string {
	t.Helper()
	address, named := os.LookupEnv("LARDER_TEST_POSTGRES")
	if !named || address == "" {
		address, named = local, false
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	server, err := pgx.Connect(ctx, address)
	switch {
	case err != nil && named:
		t.Fatalf("the PostgreSQL that LARDER_TEST_POSTGRES names does not answer: %v", err)
	case err != nil:
		t.Skipf("no PostgreSQL on this machine, and LARDER_TEST_POSTGRES names no other: %v", err)
	}
	name := fmt.Sprintf("larder_test_%d_%d", os.Getpid(), time.Now().UnixNano())
	if _, err := server.Exec(t.Context(), "CREATE DATABASE "+name+" ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C.UTF-8' TEMPLATE template0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx := context.Background() // the test's is over
		_, err := server.Exec(ctx, "DROP DATABASE "+name+" WITH (FORCE)")
		if err := errors.Join(err, server.Close(ctx)); err != nil {
			t.Error(err)
		}
	})
	database, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	database.Path = "/" + name
	return database.String()
}
