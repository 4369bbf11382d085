// Package postgrestest gives a test a PostgreSQL database of its own.
package postgrestest

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// local is where a server is looked for when none is named.
const local = "postgres://postgres@127.0.0.1:5432/test?sslmode=disable"

// Database makes an empty database, which goes when the test ends, and returns
// its URL. Its locale is not the one that larder's columns have, so that what
// leans on the locale shows. The server is the
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
	sweep.Do(func() { dropOld(t.Context(), server) })
	name := fmt.Sprintf("larder_test_%d_%d", os.Getpid(), time.Now().UnixNano())
	if _, err := server.Exec(t.Context(), "CREATE DATABASE "+name+" ENCODING 'UTF8' LOCALE_PROVIDER icu ICU_LOCALE 'en-US' TEMPLATE template0"); err != nil {
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

// sweep is done once by a test's process.
var sweep sync.Once

// dropOld drops the databases that tests which were killed left behind more
// than a day ago. Whether it can is no test's business: another may be at it.
func dropOld(ctx context.Context, server *pgx.Conn) {
	old := time.Now().Add(-24 * time.Hour).UnixNano()
	rows, _ := server.Query(ctx, `SELECT datname FROM pg_database
		WHERE CASE WHEN datname ~ '^larder_test_\d+_\d{19}$' THEN split_part(datname, '_', 4)::bigint < $1 END`, old)
	names, _ := pgx.CollectRows(rows, pgx.RowTo[string])
	for _, name := range names {
		_, _ = server.Exec(ctx, "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)")
	}
}

// Schema makes an empty schema in the database at a URL that Database
// returned, which is quicker than a database, and returns the URL that makes
// it the one in use. Commits in it are not waited for to reach the disk.
func Schema(t testing.TB, database string) string {
	t.Helper()
	name := fmt.Sprintf("schema_%d", schemas.Add(1))
	conn, err := pgx.Connect(t.Context(), database)
	if err != nil {
		t.Fatal(err)
	}
	_, err = conn.Exec(t.Context(), "CREATE SCHEMA "+name)
	if err := errors.Join(err, conn.Close(t.Context())); err != nil {
		t.Fatal(err)
	}
	address, err := url.Parse(database)
	if err != nil {
		t.Fatal(err)
	}
	parameters := address.Query()
	parameters.Set("search_path", name)
	parameters.Set("synchronous_commit", "off")
	address.RawQuery = parameters.Encode()
	return address.String()
}

// schemas counts what Schema made, for their names.
var schemas atomic.Int64
