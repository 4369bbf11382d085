package migrate

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/larderhq/larder/internal/postgrestest"
	"github.com/larderhq/larder/internal/statement"
	"github.com/larderhq/larder/internal/store"
	postgresstore "github.com/larderhq/larder/internal/store/postgres"
	sqlitestore "github.com/larderhq/larder/internal/store/sqlite"
)

// openSQLite opens a database file as larder does.
func openSQLite(t testing.TB, path string) store.Engine {
	t.Helper()
	engine, err := sqlitestore.Open(t.Context(), path, sqlitestore.Options{Readers: 1})
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

func newSQLite(t testing.TB) store.Engine {
	return openSQLite(t, filepath.Join(t.TempDir(), "larder.db"))
}

// postgresServer makes one database for a test's whole tree.
func postgresServer(t *testing.T) *server {
	t.Helper()
	return &server{address: postgrestest.Database(t)}
}

type server struct{ address string }

// open makes an empty schema of the database and opens it as larder does.
func (s *server) open(t *testing.T) store.Engine {
	t.Helper()
	return openPostgres(t, postgrestest.Schema(t, s.address))
}

func openPostgres(t *testing.T, address string) store.Engine {
	t.Helper()
	engine, err := postgresstore.Open(t.Context(), address, postgresstore.Options{Connections: 2})
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

// run executes statements on an engine, one after the other.
func run(t testing.TB, engine store.Engine, sql string) {
	t.Helper()
	if err := tryRun(t, engine, sql); err != nil {
		t.Fatal(err)
	}
}

func tryRun(t testing.TB, engine store.Engine, sql string) error {
	t.Helper()
	statements, err := split(sql, engine.Dialect().Name())
	if err != nil {
		t.Fatal(err)
	}
	return engine.Exclusive(t.Context(), func(ctx context.Context, conn store.Tx) error {
		for _, st := range statements {
			if _, err := conn.Exec(ctx, statement.Statement{SQL: st.text}); err != nil {
				return fmt.Errorf("%s: %w", st.text, err)
			}
		}
		return nil
	})
}

// ask returns the rows of a query with one column of text.
func ask(t testing.TB, engine store.Engine, sql string) []string {
	t.Helper()
	rows, err := readTexts(t.Context(), engine.Read, sql, 1)
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	var out []string
	for _, row := range rows {
		out = append(out, row[0])
	}
	return out
}

// structure describes every table of a database but larder's own, so that two
// databases can be compared: columns, keys, checks, indexes, descriptions.
func structure(t testing.TB, engine store.Engine) string {
	t.Helper()
	if engine.Dialect().Name() == Postgres {
		return strings.Join(ask(t, engine, postgresStructure), "\n")
	}
	lines := ask(t, engine, sqliteStructure)
	for _, table := range ask(t, engine, `SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'larder\_%' ESCAPE '\' AND name NOT LIKE 'sqlite_%' ORDER BY name`) {
		var checks []string
		definition := ask(t, engine, "SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = "+text(table))[0]
		for _, part := range parseTable(definition).parts {
			if len(part.checks) > 0 {
				checks = append(checks, part.words[strings.Index(part.words, "CONSTRAINT"):])
			}
		}
		for _, check := range checks {
			check, _, _ = strings.Cut(check, " REFERENCES")
			check = strings.TrimSuffix(check, " NOT NULL") // where ALTER COLUMN puts it
			lines = append(lines, table+" "+check)
		}
	}
	sortLines(lines)
	return strings.Join(lines, "\n")
}

const sqliteStructure = `
SELECT t.name || '.' || c.name || ' ' || c.type || ' notnull ' || c."notnull" || ' default ' || coalesce(c.dflt_value, '') || ' key ' || c.pk || ' strict ' || l.strict || ' rowid ' || NOT l.wr
FROM sqlite_schema AS t JOIN pragma_table_xinfo(t.name) AS c JOIN pragma_table_list(t.name) AS l
WHERE t.type = 'table' AND t.name NOT LIKE 'larder\_%' ESCAPE '\' AND t.name NOT LIKE 'sqlite_%'
UNION ALL
SELECT t.name || '.' || f."from" || ' refers to ' || f."table" || '.' || f."to" || ' on delete ' || f.on_delete
FROM sqlite_schema AS t JOIN pragma_foreign_key_list(t.name) AS f WHERE t.type = 'table'
UNION ALL
SELECT t.name || ' index ' || i.name || ' unique ' || i."unique" || ' ' || (SELECT group_concat(x.name) FROM pragma_index_info(i.name) AS x)
FROM sqlite_schema AS t JOIN pragma_index_list(t.name) AS i WHERE t.type = 'table' AND t.name NOT LIKE 'larder\_%' ESCAPE '\' AND i.origin = 'c'`

const postgresStructure = `
SELECT line FROM (
SELECT t.relname || '.' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod) || ' collate ' || coalesce(k.collname, '') || ' notnull ' || a.attnotnull || ' identity ' || a.attidentity::text || ' default ' || coalesce(pg_get_expr(d.adbin, d.adrelid), '') || ' ' || coalesce(col_description(t.oid, a.attnum), '') AS line
FROM pg_class t JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped LEFT JOIN pg_attrdef d ON d.adrelid = t.oid AND d.adnum = a.attnum LEFT JOIN pg_collation k ON k.oid = a.attcollation
WHERE t.relkind = 'r' AND t.relnamespace = current_schema()::regnamespace AND t.relname NOT LIKE 'larder\_%'
UNION ALL
SELECT t.relname || ' ' || coalesce(obj_description(t.oid), '') FROM pg_class t WHERE t.relkind = 'r' AND t.relnamespace = current_schema()::regnamespace AND t.relname NOT LIKE 'larder\_%'
UNION ALL
SELECT t.relname || ' ' || c.conname || ' ' || pg_get_constraintdef(c.oid) FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid WHERE c.connamespace = current_schema()::regnamespace AND t.relname NOT LIKE 'larder\_%'
UNION ALL
SELECT regexp_replace(indexdef, ' ON \w+\.', ' ON ') FROM pg_indexes WHERE schemaname = current_schema() AND tablename NOT LIKE 'larder\_%'
) AS s ORDER BY line`

// openAny opens a database file or, by a URL, one of PostgreSQL.
func openAny(ctx context.Context, database string) (store.Engine, error) {
	if strings.HasPrefix(database, "postgres://") {
		return postgresstore.Open(ctx, database, postgresstore.Options{Connections: 2})
	}
	return sqlitestore.Open(ctx, database, sqlitestore.Options{Readers: 1})
}

// migrateProcess is one process that brings a database up; it returns the exit
// code.
func migrateProcess(folder, database string) int {
	ctx := context.Background()
	engine, err := openAny(ctx, database)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	dir, err := Open(folder)
	if err == nil {
		_, err = Up(ctx, engine, dir, Options{})
	}
	if err := errors.Join(err, engine.Close()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}
