package statement_test

import (
	"cmp"
	"errors"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/larderhq/larder/internal/migrate"
	"github.com/larderhq/larder/internal/model"
	"github.com/larderhq/larder/internal/postgrestest"
	"github.com/larderhq/larder/internal/statement"
)

// onPostgres connects to a new database with the tables of the schema, which
// goes when the test ends. Without a server the test is skipped.
func onPostgres(t *testing.T, schema *model.Schema) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), postgrestest.Database(t))
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
	golden := onPostgres(t, goldenSchema(t))
	others := map[string]*pgx.Conn{"embed": onPostgres(t, shopSchema(t)), "rename": onPostgres(t, renamedSchema(t))}
	for file, requests := range goldenRequests(t) {
		conn := cmp.Or(others[file], golden)
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
