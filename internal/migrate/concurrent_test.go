package migrate

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/rogpeppe/go-internal/diff"

	"github.com/larderhq/larder/internal/model"
	"github.com/larderhq/larder/internal/postgrestest"
	"github.com/larderhq/larder/internal/statement"
	"github.com/larderhq/larder/internal/store"
)

const (
	withoutIndexes = `type Item { name: String! quantity: Int! }`
	withIndexes    = `type Item { name: String! @index quantity: Int! @index price: Decimal }`
)

// diffConcurrently writes the migration to the models with --concurrently.
func diffConcurrently(t *testing.T, path, name, sdl string) []*Migration {
	t.Helper()
	dir, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	written, err := dir.DiffConcurrently(name, parse(t, sdl))
	if err != nil {
		t.Fatal(err)
	}
	return written
}

// onePostgres is a schema that several engines open, with its folder of
// migrations and a connection of somebody else.
func onePostgres(t *testing.T) (address, path string, other *pgx.Conn) {
	t.Helper()
	address, path = postgrestest.Schema(t, postgrestest.Database(t)), t.TempDir()
	other, err := pgx.Connect(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := other.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return address, path, other
}

func tell(t *testing.T, conn *pgx.Conn, sql string) {
	t.Helper()
	if _, err := conn.Exec(t.Context(), sql); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

func TestIndexesOfOldTablesAreBuiltConcurrently(t *testing.T) {
	address, path, _ := onePostgres(t)
	diffTo(t, path, "init", withoutIndexes)
	written := diffConcurrently(t, path, "add price", withIndexes)
	var files strings.Builder
	for _, m := range written {
		for _, e := range dialects() {
			files.WriteString(m.SQL(e.name()) + "\n")
		}
	}
	golden(t, "concurrently.sql", files.String())
	if m := diffTo(t, path, "again", withIndexes); m != nil {
		t.Errorf("the same models make another migration:\n%s", m.SQL(Postgres))
	}
	for migrated, fresh := range map[store.Engine]store.Engine{
		newSQLite(t):             newSQLite(t),
		openPostgres(t, address): openPostgres(t, postgrestest.Schema(t, address)),
	} {
		if applied := up(t, migrated, path); len(applied) != 4 {
			t.Errorf("%d migrations applied, want 4", len(applied))
		}
		for _, sql := range Create(fresh.Dialect().Name(), parse(t, withIndexes)) {
			run(t, fresh, sql)
		}
		if d := diff.Diff("fresh", []byte(structure(t, fresh)), "migrated", []byte(structure(t, migrated))); d != nil {
			t.Errorf("%s", d)
		}
	}
}

func TestOneNewIndexIsOneMigration(t *testing.T) {
	path := t.TempDir()
	diffTo(t, path, "init", withoutIndexes)
	written := diffConcurrently(t, path, "by name", `type Item { name: String! @index quantity: Int! }`)
	if len(written) != 1 || !strings.Contains(written[0].SQL(Postgres), noTransaction) || !strings.Contains(written[0].SQL(SQLite), "CREATE INDEX") {
		t.Errorf("got %v", written)
	}
}

func TestAConcurrentBuildThatFailedIsRepeated(t *testing.T) {
	address, path, other := onePostgres(t)
	engine := openPostgres(t, address)
	diffTo(t, path, "init", withoutIndexes)
	up(t, engine, path)
	dir, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	m, err := dir.Empty("names")
	if err != nil {
		t.Fatal(err)
	}
	write(t, path, m.File(Postgres), noTransaction+"\nCREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS \"Names\" ON item (name);\n")
	run(t, engine, "INSERT INTO item (name, quantity) VALUES ('Milk', 1), ('Milk', 2)")
	var refused *StatementError
	if _, err := tryUp(t, engine, path); !errors.As(err, &refused) || refused.Line != 2 {
		t.Errorf("got %v, want the statement", err)
	}
	expect(t, engine, `SELECT count(*)::text FROM pg_class WHERE relname = 'Names'`, "0")
	// A crash leaves the index behind.
	if _, err := other.Exec(t.Context(), `CREATE UNIQUE INDEX CONCURRENTLY "Names" ON item (name)`); err == nil {
		t.Fatal("expected duplicates")
	}
	run(t, engine, "DELETE FROM item WHERE quantity = 2")
	up(t, engine, path)
	expect(t, engine, `SELECT indisvalid::text FROM pg_index WHERE indexrelid = '"Names"'::regclass`, "true")
	// Another crash left the index whole but unrecorded.
	run(t, engine, "DELETE FROM larder_migration WHERE version = 2")
	up(t, engine, path)
	expect(t, engine, "SELECT count(*)::text FROM larder_migration", "2")
}

func TestWhatCannotBeRepeatedIsRefused(t *testing.T) {
	for name, sql := range map[string]string{
		"two statements":          noTransaction + "\nSELECT 1; SELECT 2",
		"an index made only once": noTransaction + "\nCREATE INDEX CONCURRENTLY a ON item (name)",
		"concurrently within":     "CREATE INDEX CONCURRENTLY IF NOT EXISTS a ON item (name)",
	} {
		statements, err := split(sql, Postgres)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := refuse(statements, Postgres); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestAMigrationThatWaitsForALockKeepsNoReaderWaiting(t *testing.T) {
	address, path, other := onePostgres(t)
	engine := openPostgres(t, address)
	diffTo(t, path, "init", withoutIndexes)
	up(t, engine, path)
	diffTo(t, path, "price", `type Item { name: String! quantity: Int! price: Decimal }`)
	tell(t, other, "BEGIN; SELECT * FROM item")
	var group sync.WaitGroup
	var done atomic.Bool
	group.Go(func() {
		defer done.Store(true)
		if _, err := tryUp(t, engine, path); err != nil {
			t.Error(err)
		}
	})
	reader := openPostgres(t, address)
	longest := time.Duration(0)
	for start := time.Now(); !done.Load() && time.Since(start) < time.Minute; {
		before := time.Now()
		ask(t, reader, "SELECT name FROM item")
		longest = max(longest, time.Since(before))
		if time.Since(start) > lockTimeout*3/2 && other.PgConn().TxStatus() != 'I' {
			tell(t, other, "COMMIT")
		}
	}
	group.Wait()
	if longest > lockTimeout+time.Second {
		t.Errorf("a reader waited for %s", longest)
	}
	expect(t, engine, "SELECT count(*)::text FROM larder_migration", "2")
}

func TestNobodyFailsWhileAColumnIsAdded(t *testing.T) {
	address, path, _ := onePostgres(t)
	engine := openPostgres(t, address)
	diffTo(t, path, "init", withoutIndexes)
	up(t, engine, path)
	run(t, engine, "INSERT INTO item (name, quantity) SELECT 'Item ' || n, n FROM generate_series(1, 1000) AS n")
	ctx, stop := context.WithCancel(t.Context())
	var group sync.WaitGroup
	var requests atomic.Int64
	schema := parse(t, withoutIndexes)
	for range 4 {
		serving := store.New(openPostgres(t, address), schema)
		group.Go(func() {
			for id := int64(1); ctx.Err() == nil; id = id%1000 + 1 {
				if err := serve(ctx, serving, schema, id); err != nil && ctx.Err() == nil {
					t.Error(err)
					return
				}
				requests.Add(1)
			}
		})
	}
	for i, sdl := range []string{
		`type Item { name: String! quantity: Int! price: Decimal }`,
		`type Item { name: String! quantity: Int! price: Decimal done: Boolean! @default(value: "false") }`,
		`type Item { name: String! @index quantity: Int! price: Decimal done: Boolean! @default(value: "false") }`,
	} {
		for before := requests.Load(); requests.Load() < before+100 && !t.Failed(); {
			time.Sleep(time.Millisecond)
		}
		if i < 2 {
			diffTo(t, path, "change", sdl)
		} else {
			diffConcurrently(t, path, "change", sdl)
		}
		up(t, engine, path)
	}
	stop()
	group.Wait()
	t.Logf("%d requests meanwhile", requests.Load())
}

// serve reads an item and adds one to its quantity.
func serve(ctx context.Context, s *store.Store, schema *model.Schema, id int64) error {
	read := statement.ByID(schema.Type("Item"), id)
	read.Version = 1
	if _, err := s.Item(ctx, read, id); err != nil {
		return err
	}
	quantity := schema.Type("Item").Field("quantity")
	_, err := s.Modify(ctx, read, id, func([]byte) (store.Change, error) {
		return store.Change{Kind: store.Update, Assignments: []statement.Assignment{{Field: quantity, Op: statement.Inc, Value: int64(1)}}}, nil
	})
	return err
}

func TestTenStartersMigratePostgresOnce(t *testing.T) {
	address, path, _ := onePostgres(t)
	diffTo(t, path, "init", listsBefore)
	diffTo(t, path, "defaults", listsAfter)
	diffConcurrently(t, path, "by quantity", strings.Replace(listsAfter, `@default(value: "2")`, `@default(value: "2") @index`, 1))
	count(t, path)
	var group sync.WaitGroup
	var applied atomic.Int64
	for range 5 {
		engine := openPostgres(t, address)
		group.Go(func() {
			migrations, err := tryUp(t, engine, path)
			if err != nil {
				t.Error(err)
			}
			applied.Add(int64(len(migrations)))
		})
		group.Go(func() {
			command := exec.Command(os.Args[0]) //nolint:gosec // this test itself
			command.Env = append(os.Environ(), "LARDER_TEST_MIGRATE="+path, "LARDER_TEST_DATABASE="+address)
			if out, err := command.CombinedOutput(); err != nil {
				t.Errorf("%v: %s", err, out)
			}
		})
	}
	group.Wait()
	engine := openPostgres(t, address)
	expect(t, engine, "SELECT name FROM shopping_list", "once")
	expect(t, engine, "SELECT version::text FROM larder_migration ORDER BY version", "1", "2", "3", "4")
	t.Logf("%d of 4 applied by the engines of this process", applied.Load())
}

func TestLintProposesConcurrentlyForManyRowsOnly(t *testing.T) {
	address, path, _ := onePostgres(t)
	engine := openPostgres(t, address)
	diffTo(t, path, "init", withoutIndexes)
	up(t, engine, path)
	diffTo(t, path, "indexes", withIndexes)
	for rows, want := range []int{0, 2} {
		run(t, engine, fmt.Sprintf("INSERT INTO item (name, quantity) SELECT '', n FROM generate_series(1, %d) AS n", rows*manyRows))
		dir, err := Open(path)
		if err != nil {
			t.Fatal(err)
		}
		findings, err := Lint(t.Context(), engine, dir)
		if err != nil {
			t.Fatal(err)
		}
		if len(findings) != want || (want > 0 && !strings.Contains(findings[0].String(), "--concurrently")) {
			t.Errorf("%d rows: got %v, want %d locks", rows*manyRows, findings, want)
		}
	}
}
