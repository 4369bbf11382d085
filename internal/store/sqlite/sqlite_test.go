package sqlite

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/larderhq/larder/internal/statement"
	"github.com/larderhq/larder/internal/store"
)

const planetTable = `CREATE TABLE "planet" (
	"id" INTEGER PRIMARY KEY AUTOINCREMENT,
	"name" TEXT NOT NULL UNIQUE,
	"population" INTEGER CONSTRAINT "planet_population_check" CHECK ("population" >= 0),
	"sun" INTEGER REFERENCES "planet" ("id") DEFERRABLE INITIALLY DEFERRED
) STRICT;
CREATE INDEX "planet_population_idx" ON "planet" ("population"); -- the served order`

// openPlanets opens a new database with a table of planets.
func openPlanets(t *testing.T) *Engine {
	t.Helper()
	engine, err := Open(t.Context(), filepath.Join(t.TempDir(), "larder.db"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := engine.Close(); err != nil {
			t.Error(err)
		}
	})
	must(t, engine.Exclusive(t.Context(), run(planetTable)))
	return engine
}

// run is a work of one statement.
func run(text string, arguments ...any) func(context.Context, store.Tx) error {
	return func(ctx context.Context, tx store.Tx) error {
		_, err := tx.Exec(ctx, statement.Statement{SQL: text, Args: arguments})
		return err
	}
}

func insertPlanet(name string) func(context.Context, store.Tx) error {
	return run(`INSERT INTO "planet" ("name") VALUES (?)`, name)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// read reads one value.
func read[T any](t *testing.T, engine *Engine, text string, arguments ...any) (value T) {
	t.Helper()
	must(t, engine.Read(t.Context(), statement.Statement{SQL: text, Args: arguments}, func(scan store.Scan) error { return scan(&value) }))
	return value
}

// whileBusy starts the works while another holds the writer, so that they wait
// together, and returns their errors in order.
func whileBusy(t *testing.T, engine *Engine, works ...func(context.Context, store.Tx) error) []error {
	t.Helper()
	errs := make([]error, len(works))
	entered := make(chan struct{})
	leave := make(chan struct{})
	var group sync.WaitGroup
	group.Go(func() {
		err := engine.Write(t.Context(), func(context.Context, store.Tx) error {
			close(entered)
			<-leave
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	})
	<-entered
	for i, work := range works {
		group.Go(func() { errs[i] = engine.Write(t.Context(), work) })
		for waiting := 0; waiting <= i; { // in order
			engine.writer.mutex.Lock()
			waiting = len(engine.writer.waiting)
			engine.writer.mutex.Unlock()
			runtime.Gosched()
		}
	}
	time.Sleep(2 * batchTime) // the busy work's transaction takes no one in any more
	close(leave)
	group.Wait()
	return errs
}

func TestWorksThatWaitTogetherShareACommit(t *testing.T) {
	engine := openPlanets(t)
	before := commits(t, engine.path)
	works := make([]func(context.Context, store.Tx) error, 50)
	for i := range works {
		works[i] = insertPlanet(fmt.Sprint("planet ", i))
	}
	must(t, errors.Join(whileBusy(t, engine, works...)...))
	if got := read[int64](t, engine, `SELECT count(*) FROM "planet"`); got != 50 {
		t.Errorf("%d planets, want 50", got)
	}
	// One on an idle machine; a busy one may reach the end of batchTime.
	if got := commits(t, engine.path) - before; got < 1 || got > 10 {
		t.Errorf("%d commits for 50 works, want one or a few", got)
	}
}

// commits counts the transactions in the write-ahead log: the frames whose
// header gives the size of the database after a commit
// (https://sqlite.org/fileformat2.html#walformat).
func commits(t *testing.T, path string) (n int) {
	t.Helper()
	log, err := os.ReadFile(path + "-wal") //nolint:gosec // of this test
	must(t, err)
	page := int(binary.BigEndian.Uint32(log[8:]))
	for frame := log[32:]; len(frame) >= 24+page; frame = frame[24+page:] {
		if binary.BigEndian.Uint32(frame[4:]) != 0 {
			n++
		}
	}
	return n
}

func TestAFullDiskFailsOnlyWhatItMustAndTellsTheTruth(t *testing.T) {
	engine := openPlanets(t)
	must(t, engine.Exclusive(t.Context(), run("PRAGMA max_page_count = 100")))
	var works []func(context.Context, store.Tx) error
	for i := range 20 {
		size := 10
		if i == 10 {
			size = 1 << 20
		}
		works = append(works, insertPlanet(fmt.Sprint("planet ", i, strings.Repeat("x", size))))
	}
	errs := whileBusy(t, engine, works...)
	for i, err := range errs {
		stored := read[int64](t, engine, `SELECT count(*) FROM "planet" WHERE "name" GLOB ?`, fmt.Sprint("planet ", i, "x*"))
		switch {
		case err == nil && stored != 1:
			t.Errorf("planet %d was acknowledged and is not there", i)
		case err != nil && stored != 0:
			t.Errorf("planet %d was refused (%v) and is there", i, err)
		case i == 10 && !errors.Is(err, store.ErrFull):
			t.Errorf("the planet that does not fit: got %v, want store.ErrFull", err)
		}
	}
	must(t, engine.Write(t.Context(), insertPlanet("small")))
}

func TestABrokenDeferredForeignKeyFailsItsOwnWorkOnly(t *testing.T) {
	engine := openPlanets(t)
	orphan := run(`INSERT INTO "planet" ("name", "sun") VALUES ('orphan', 99)`)
	errs := whileBusy(t, engine, insertPlanet("first"), orphan, insertPlanet("last"))
	var violation *store.Violation
	if !errors.As(errs[1], &violation) || violation.Kind != store.ForeignKeyViolation {
		t.Errorf("got %v, want a foreign key violation", errs[1])
	}
	must(t, errors.Join(errs[0], errs[2]))
	if err := engine.Write(t.Context(), orphan); !errors.As(err, &violation) {
		t.Errorf("alone: got %v, want a violation", err)
	}
	if got := read[int64](t, engine, `SELECT count(*) FROM "planet"`); got != 2 {
		t.Errorf("%d planets, want 2", got)
	}
}

func TestCancellingOneOfSeveralInATransactionLeavesTheOthers(t *testing.T) {
	engine := openPlanets(t)
	ctx, cancel := context.WithCancel(t.Context())
	const counting = `INSERT INTO "planet" ("name") SELECT 'counted ' || count(*) FROM
		(WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300000) SELECT i FROM n)`
	errs := whileBusy(t, engine,
		insertPlanet("first"),
		func(_ context.Context, tx store.Tx) error {
			time.AfterFunc(time.Millisecond, cancel)
			_, err := tx.Exec(ctx, statement.Statement{SQL: counting})
			if err == nil {
				err = ctx.Err()
			}
			return err
		},
		insertPlanet("last"))
	if !errors.Is(errs[1], context.Canceled) {
		t.Errorf("got %v, want context.Canceled", errs[1])
	}
	must(t, errors.Join(errs[0], errs[2]))
	if got := read[int64](t, engine, `SELECT count(*) FROM "planet"`); got != 2 {
		t.Errorf("%d planets, want 2", got)
	}
}

func TestAWorkThatEndsTheSharedTransactionIsFoundOut(t *testing.T) {
	engine := openPlanets(t)
	errs := whileBusy(t, engine, insertPlanet("first"), run("ROLLBACK"), insertPlanet("last"))
	if errs[0] == nil || errs[1] == nil {
		t.Errorf("got %v and %v; what was rolled back must not be acknowledged", errs[0], errs[1])
	}
	must(t, errs[2])
	if got := read[string](t, engine, `SELECT group_concat("name") FROM "planet"`); got != "last" {
		t.Errorf("stored are %s, want the last alone", got)
	}
}

func TestViolationsNameWhatSQLiteNames(t *testing.T) {
	engine := openPlanets(t)
	must(t, engine.Exclusive(t.Context(), run(`CREATE TABLE "pair" ("a" INTEGER, "b" INTEGER, PRIMARY KEY ("a", "b")) STRICT, WITHOUT ROWID;
		CREATE TABLE "word" ("w" TEXT) STRICT;
		CREATE UNIQUE INDEX "word_lower_key" ON "word" (lower("w"))`)))
	must(t, engine.Write(t.Context(), run(`INSERT INTO "planet" ("id", "name", "population") VALUES (1, 'Hoth', 9223372036854775807)`)))
	must(t, engine.Write(t.Context(), run(`INSERT INTO "pair" VALUES (1, 2); INSERT INTO "word" VALUES ('Ice')`)))
	cases := []struct {
		name, statement string
		want            store.Violation
	}{
		{"unique column", `INSERT INTO "planet" ("name") VALUES ('Hoth')`, store.Violation{Kind: store.UniqueViolation, Table: "planet", Columns: []string{"name"}}},
		{"unique expression", `INSERT INTO "word" VALUES ('ICE')`, store.Violation{Kind: store.UniqueViolation, Constraint: "word_lower_key"}},
		{"primary key", `INSERT INTO "planet" ("id", "name") VALUES (1, 'Endor')`, store.Violation{Kind: store.UniqueViolation, Table: "planet", Columns: []string{"id"}}},
		{"primary key of two columns", `INSERT INTO "pair" VALUES (1, 2)`, store.Violation{Kind: store.UniqueViolation, Table: "pair", Columns: []string{"a", "b"}}},
		{"not null", `UPDATE "planet" SET "name" = NULL`, store.Violation{Kind: store.NotNullViolation, Table: "planet", Columns: []string{"name"}}},
		{"check", `UPDATE "planet" SET "population" = -1`, store.Violation{Kind: store.CheckViolation, Constraint: "planet_population_check"}},
		{"sum beyond 64 bits", `UPDATE "planet" SET "population" = "population" + 1`, store.Violation{Kind: store.RangeViolation, Table: "planet", Columns: []string{"population"}}},
		{"integer overflow", `UPDATE "planet" SET "population" = (SELECT sum("population") FROM (SELECT "population" FROM "planet" UNION ALL SELECT 1))`, store.Violation{Kind: store.RangeViolation}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var got *store.Violation
			if err := engine.Write(t.Context(), run(c.statement)); !errors.As(err, &got) {
				t.Fatalf("got %v, want a violation", err)
			}
			if got.Kind != c.want.Kind || got.Constraint != c.want.Constraint || got.Table != c.want.Table || !slices.Equal(got.Columns, c.want.Columns) {
				t.Errorf("got %s of %q, table %q, columns %q; want %+v", got.Kind, got.Constraint, got.Table, got.Columns, c.want)
			}
		})
	}
}

func TestOpenSaysWhatIsWrongWithTheFile(t *testing.T) {
	folder := t.TempDir()
	write := func(name, content string) string {
		path := filepath.Join(folder, name)
		must(t, os.WriteFile(path, []byte(content), 0o600))
		return path
	}
	changed := func(name, pragma string) string {
		path := filepath.Join(folder, name)
		engine, err := Open(t.Context(), path, Options{})
		must(t, err)
		must(t, engine.Exclusive(t.Context(), run("PRAGMA "+pragma)))
		must(t, engine.Close())
		return path
	}
	cases := []struct{ name, path, says string }{
		{"a folder", folder, "expected a file, found a folder"},
		{"no folder", filepath.Join(folder, "missing", "larder.db"), "missing does not exist; create it first"},
		{"a folder that is a file", filepath.Join(write("plain", "x"), "larder.db"), "not a directory"},
		{"another kind of file", write("letter.txt", strings.Repeat("Dear planet, ", 100)), "expected a SQLite database, found another kind of file"},
		{"a device", os.DevNull, "expected a regular file"},
		{"another program's database", changed("foreign.db", "application_id = 1234"), "belongs to another program"},
		{"a newer format", changed("newer.db", "user_version = 1000"), "format 1000 and this larder knows up to 1; use a newer larder"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			engine, err := Open(t.Context(), c.path, Options{})
			if err == nil {
				t.Fatal(errors.Join(errors.New("opened"), engine.Close()))
			}
			if !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), c.path) || strings.Contains(err.Error(), "\n") {
				t.Errorf("got %q; want one line that names %s and says %q", err, c.path, c.says)
			}
		})
	}
}

func TestFilesAreTheOwnersAndTheLogIsGoneAfterClosing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "odd name?#%20ü.db")
	engine, err := Open(t.Context(), path, Options{})
	must(t, err)
	must(t, engine.Exclusive(t.Context(), run(planetTable)))
	for _, suffix := range []string{"", "-wal", "-shm", "-lock"} {
		info, err := os.Stat(path + suffix)
		must(t, err)
		if mode := info.Mode().Perm(); mode != ownerOnly {
			t.Errorf("%s has permissions %o, want %o", filepath.Base(path+suffix), mode, ownerOnly)
		}
	}
	must(t, engine.Close())
	if _, err := os.Stat(path + "-wal"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the log is still there: %v", err)
	}
}

func TestManyProcessesMayCreateADatabaseTogether(t *testing.T) {
	path := filepath.Join(t.TempDir(), "larder.db")
	var group sync.WaitGroup
	for range 10 {
		group.Go(func() {
			engine, err := Open(t.Context(), path, Options{Readers: 1})
			if err != nil {
				t.Error(err)
				return
			}
			if got := read[string](t, engine, "PRAGMA journal_mode"); got != "wal" {
				t.Errorf("journal mode is %s", got)
			}
			if err := engine.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
}

func TestConnectionsKeepABoundedNumberOfStatements(t *testing.T) {
	engine := openPlanets(t)
	c := engine.writer.conn
	must(t, engine.Write(t.Context(), func(ctx context.Context, tx store.Tx) error {
		for i := range 3 * cachedStatements {
			for range 2 {
				var got int64
				err := tx.Query(ctx, statement.Statement{SQL: fmt.Sprint("SELECT ", i, " + ?"), Args: []any{int64(1)}}, func(scan store.Scan) error { return scan(&got) })
				if err != nil || got != int64(i+1) {
					return fmt.Errorf("statement %d: got %d: %w", i, got, err)
				}
			}
		}
		return nil
	}))
	if len(c.cache) > cachedStatements || c.recent.Len() != len(c.cache) {
		t.Errorf("%d statements are kept in a list of %d, want at most %d", len(c.cache), c.recent.Len(), cachedStatements)
	}
}

func TestAStuckNeighbourEndsTheWaitWithUnavailable(t *testing.T) {
	engine := openPlanets(t)
	beside, err := Open(t.Context(), engine.path, Options{BusyTimeout: 50 * time.Millisecond})
	must(t, err)
	var later atomic.Bool
	must(t, engine.Write(t.Context(), func(context.Context, store.Tx) error {
		err := beside.Write(t.Context(), insertPlanet("waiting"))
		if !errors.Is(err, store.ErrUnavailable) {
			t.Errorf("got %v, want store.ErrUnavailable", err)
		}
		later.Store(true)
		return nil
	}))
	must(t, beside.Write(t.Context(), insertPlanet("waiting")))
	must(t, beside.Close())
}

func TestStatementsTakeTheArgumentsThatGoGives(t *testing.T) {
	engine := openPlanets(t)
	type word string
	var (
		whole  int
		truth  bool
		float  float64
		text   string
		named  word
		some   *string
		none   *string
		anyone any
		null   sql.NullString
	)
	err := engine.Read(t.Context(), statement.Statement{
		SQL:  `SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?`,
		Args: []any{7, true, float32(1.5), []byte("blob"), word("named"), "some", nil, uint8(8), sql.NullString{String: "set", Valid: true}},
	}, func(scan store.Scan) error {
		return scan(&whole, &truth, &float, &text, &named, &some, &none, &anyone, &null)
	})
	must(t, err)
	if whole != 7 || !truth || float != 1.5 || text != "blob" || named != "named" || some == nil || *some != "some" || none != nil || anyone != int64(8) || null.String != "set" {
		t.Error(whole, truth, float, text, named, some, none, anyone, null)
	}
	refusals := map[string]struct {
		arguments   []any
		destination any
	}{
		"too few arguments":        {nil, &whole},
		"too many arguments":       {[]any{1, 2}, &whole},
		"an argument of no use":    {[]any{struct{}{}}, &whole},
		"null into a number":       {[]any{nil}, &whole},
		"a word into a number":     {[]any{"seven"}, &whole},
		"a large number into int8": {[]any{1000}, new(int8)},
		"no pointer":               {[]any{1}, whole},
	}
	for name, r := range refusals {
		t.Run(name+" is an error", func(t *testing.T) {
			err := engine.Read(t.Context(), statement.Statement{SQL: "SELECT ?", Args: r.arguments}, func(scan store.Scan) error { return scan(r.destination) })
			if err == nil {
				t.Error("accepted")
			}
		})
	}
}

func TestScriptsRunEveryStatement(t *testing.T) {
	engine := openPlanets(t)
	must(t, engine.Write(t.Context(), run("-- a comment; with a semicolon\nINSERT INTO \"planet\" (\"name\") VALUES ('a;b');\n\nINSERT INTO \"planet\" (\"name\") VALUES ('c'); /* the end */ ")))
	if got := read[string](t, engine, `SELECT group_concat("name", '|') FROM "planet"`); got != "a;b|c" {
		t.Errorf("stored are %s", got)
	}
	if err := engine.Write(t.Context(), run(`INSERT INTO "planet" ("name") VALUES ('d'); INSERT INTO "planet" ("nam") VALUES ('e')`)); err == nil {
		t.Error("a script with an error succeeded")
	}
	if got := read[int64](t, engine, `SELECT count(*) FROM "planet"`); got != 2 {
		t.Errorf("%d planets, want 2", got)
	}
}
