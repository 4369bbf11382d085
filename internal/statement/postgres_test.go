package statement_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/larderhq/larder/internal/migrate"
	"github.com/larderhq/larder/internal/model"
	"github.com/larderhq/larder/internal/statement"
)

// postgresAddress is the server that tests make their databases on.
func postgresAddress() string {
	if address := os.Getenv("LARDER_TEST_POSTGRES"); address != "" {
		return address
	}
	return "postgres://postgres@127.0.0.1:5432/test?sslmode=disable"
}

// onPostgres connects to a new database with the tables of the schema, which
// goes when the test ends. Without a server the test is skipped.
func onPostgres(t *testing.T, schema *model.Schema) *pgx.Conn {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
	defer cancel()
	server, err := pgx.Connect(ctx, postgresAddress())
	if err != nil {
		t.Skipf("no PostgreSQL to test with; LARDER_TEST_POSTGRES names one: %v", err)
	}
	name := pgx.Identifier{fmt.Sprintf("larder_statement_%d_%d", os.Getpid(), time.Now().UnixNano())}.Sanitize()
	if _, err := server.Exec(t.Context(), "CREATE DATABASE "+name+" ENCODING 'UTF8' TEMPLATE template0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx := context.Background() // the test's is over
		if _, err := server.Exec(ctx, "DROP DATABASE "+name+" WITH (FORCE)"); err != nil {
			t.Error(err)
		}
		if err := server.Close(ctx); err != nil {
			t.Error(err)
		}
	})
	config := server.Config().Copy()
	config.Database = name[1 : len(name)-1]
	conn, err := pgx.ConnectConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	for _, sql := range append(migrate.Builtin(migrate.Postgres), migrate.Create(migrate.Postgres, schema)...) {
		if _, err := conn.Exec(t.Context(), sql); err != nil {
			t.Fatalf("%v\n%s", err, sql)
		}
	}
	return conn
}

func TestPostgreSQLPreparesAndRunsEveryStatement(t *testing.T) {
	conns := map[bool]*pgx.Conn{false: onPostgres(t, goldenSchema(t)), true: onPostgres(t, shopSchema(t))}
	for file, requests := range goldenRequests(t) {
		conn := conns[file == "embed"]
		for _, r := range requests {
			t.Run(r.name, func(t *testing.T) {
				st, err := r.build(statement.NewBuilder(statement.Postgres()))
				if err != nil {
					t.Fatal(err)
				}
				if st.SQL == "" {
					return // PostgreSQL needs no such statement
				}
				described, err := conn.Prepare(t.Context(), "", st.SQL)
				if err != nil {
					t.Fatalf("%v\n%s", err, st.SQL)
				}
				if len(described.ParamOIDs) != len(st.Args) {
					t.Errorf("%d parameters, %d arguments", len(described.ParamOIDs), len(st.Args))
				}
				tx, err := conn.Begin(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				rows, err := tx.Query(t.Context(), st.SQL, st.Args...)
				if err == nil {
					for rows.Next() {
						if _, err := rows.Values(); err != nil {
							t.Error(err)
						}
					}
					err = rows.Err()
				}
				if err != nil && !isViolation(err) {
					t.Errorf("%v\n%s", err, st.SQL)
				}
				if err := tx.Rollback(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
	}
}

// isViolation reports whether a statement failed only because the records that
// it speaks of are not there (SQLSTATE class 23).
func isViolation(err error) bool {
	var failure *pgconn.PgError
	return errors.As(err, &failure) && failure.Code[:2] == "23"
}
