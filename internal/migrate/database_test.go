package migrate

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/larderhq/larder/internal/postgrestest"
	"github.com/larderhq/larder/internal/statement"
	"github.com/larderhq/larder/internal/store"
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

type server struct {
	address string
	count   int
}

// open makes an empty schema of the database and a connection to it.
func (s *server) open(t *testing.T) store.Engine {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), s.address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := conn.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	s.count++
	schema := fmt.Sprintf("s%d", s.count)
	if _, err := conn.Exec(t.Context(), fmt.Sprintf("CREATE SCHEMA %s; SET search_path = %s", schema, schema)); err != nil {
		t.Fatal(err)
	}
	return &connection{conn: conn}
}

// connection is a store.Engine on one PostgreSQL connection.
type connection struct {
	mutex sync.Mutex
	conn  *pgx.Conn
}

func (c *connection) Dialect() statement.Dialect { return statement.Postgres() }

func (c *connection) Exec(ctx context.Context, st statement.Statement) (int64, error) {
	tag, err := c.conn.Exec(ctx, st.SQL, append([]any{pgx.QueryExecModeExec}, st.Args...)...)
	return tag.RowsAffected(), err
}

func (c *connection) Query(ctx context.Context, st statement.Statement, each func(store.Scan) error) error {
	rows, err := c.conn.Query(ctx, st.SQL, append([]any{pgx.QueryExecModeExec}, st.Args...)...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := each(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}

func (c *connection) Read(ctx context.Context, st statement.Statement, each func(store.Scan) error) error {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return c.Query(ctx, st, each)
}

func (c *connection) Write(ctx context.Context, work func(context.Context, store.Tx) error) error {
	return c.Exclusive(ctx, work)
}

func (c *connection) Exclusive(ctx context.Context, work func(context.Context, store.Tx) error) error {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return work(ctx, c)
}

func (c *connection) Ping(ctx context.Context) error { return c.conn.Ping(ctx) }
func (c *connection) Close() error                   { return c.conn.Close(context.Background()) }

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
SELECT t.relname || '.' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod) || ' notnull ' || a.attnotnull || ' identity ' || a.attidentity::text || ' default ' || coalesce(pg_get_expr(d.adbin, d.adrelid), '') || ' ' || coalesce(col_description(t.oid, a.attnum), '') AS line
FROM pg_class t JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped LEFT JOIN pg_attrdef d ON d.adrelid = t.oid AND d.adnum = a.attnum
WHERE t.relkind = 'r' AND t.relnamespace = current_schema()::regnamespace AND t.relname NOT LIKE 'larder\_%'
UNION ALL
SELECT t.relname || ' ' || coalesce(obj_description(t.oid), '') FROM pg_class t WHERE t.relkind = 'r' AND t.relnamespace = current_schema()::regnamespace AND t.relname NOT LIKE 'larder\_%'
UNION ALL
SELECT t.relname || ' ' || c.conname || ' ' || pg_get_constraintdef(c.oid) FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid WHERE c.connamespace = current_schema()::regnamespace AND t.relname NOT LIKE 'larder\_%'
UNION ALL
SELECT regexp_replace(indexdef, ' ON \w+\.', ' ON ') FROM pg_indexes WHERE schemaname = current_schema() AND tablename NOT LIKE 'larder\_%'
) AS s ORDER BY line`

// migrateProcess is one process that brings a database up; it returns the exit
// code.
func migrateProcess(folder, database string) int {
	ctx := context.Background()
	engine, err := sqlitestore.Open(ctx, database, sqlitestore.Options{Readers: 1})
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
