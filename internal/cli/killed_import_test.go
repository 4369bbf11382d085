package cli_test

import (
	"bufio"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/larderhq/larder/internal/postgrestest"
	"github.com/larderhq/larder/internal/statement"
	"github.com/larderhq/larder/internal/store"
	"github.com/larderhq/larder/internal/store/postgres"
	"github.com/larderhq/larder/internal/store/sqlite"
)

// TestAKilledImportIsDoneOrNotBegun kills the binary at random moments of an
// import in which every record differs, some are new and some gone. The store
// must be exactly what it was before, or what it is to be afterwards, and the
// import after it must do what is left.
//
// LARDER_TEST_KILLS is how many imports are killed on each engine; they are then
// of 100,000 records, and else of few.
func TestAKilledImportIsDoneOrNotBegun(t *testing.T) {
	larder := filepath.Join(t.TempDir(), "larder")
	if said, err := exec.CommandContext(t.Context(), "go", "build", "-o", larder, "../../cmd/larder").CombinedOutput(); err != nil { //nolint:gosec // of constants
		t.Fatalf("go build: %v\n%s", err, said)
	}
	kills, records := 5, 1_000
	if text := os.Getenv("LARDER_TEST_KILLS"); text != "" {
		var err error
		if kills, err = strconv.Atoi(text); err != nil {
			t.Fatalf("LARDER_TEST_KILLS: expected a number: %v", err)
		}
		records = 100_000
	}
	t.Run("SQLite", func(t *testing.T) {
		f := folder{t, larder, t.TempDir(), ""}
		testKilledImports(t, f, kills, records, func() (store.Engine, error) {
			return sqlite.Open(t.Context(), filepath.Join(f.path, "larder.db"), sqlite.Options{})
		})
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		f := folder{t, larder, t.TempDir(), postgrestest.Database(t)}
		testKilledImports(t, f, kills, records, func() (store.Engine, error) {
			return postgres.Open(t.Context(), f.database, postgres.Options{})
		})
	})
}

func testKilledImports(t *testing.T, f folder, kills, records int, open func() (store.Engine, error)) {
	f.write("larder.yaml", "name: planets\nsources:\n  swapi: { kind: file, path: planets.ndjson, snapshot: none }\n")
	f.write("models.graphql", `type Planet @source(name: "swapi", key: ["name"]) {
  name: String! @unique
  population: Int64
  terrains: [String!]!
}
`)
	f.wait(f.start("migrate", "diff", "init"))
	f.wait(f.start("migrate", "up"))
	var states [2]string // after the import of each version
	var took time.Duration
	for version := range states {
		f.writeVersion(version, records)
		began := time.Now()
		f.wait(f.start("import"))
		took = time.Since(began)
		states[version] = stateOf(t, open)
	}
	if states[0] == states[1] {
		t.Fatal("the versions leave the same state: the test shows nothing")
	}
	begun, done := 0, 0
	for n := range kills {
		version := n % 2
		f.writeVersion(version, records)
		p := f.start("import")
		time.AfterFunc(rand.N(took*5/4), func() { _ = p.Process.Kill() }) //nolint:gosec // no secret
		f.until(p, "")
		_ = p.Wait() // killed, or done just before
		switch state := stateOf(t, open); state {
		case states[version]:
			done++
		case states[1-version]:
			begun++
		default:
			t.Fatalf("kill %d left the state %s, which is neither the one before, %s, nor the one after, %s", n, state, states[1-version], states[version])
		}
		f.wait(f.start("import"))
		if state := stateOf(t, open); state != states[version] {
			t.Fatalf("the import after kill %d left the state %s, want %s", n, state, states[version])
		}
		f.expectEndedRuns(open)
	}
	t.Logf("of %d killed imports of %d records, %d had changed nothing and %d were done", kills, records, begun, done)
}

// writeVersion writes one of two versions of the file, of which each has other
// populations and lists, and records that the other lacks.
func (f folder) writeVersion(version, records int) {
	f.Helper()
	file, err := os.Create(filepath.Join(f.path, "planets.ndjson"))
	if err != nil {
		f.Fatal(err)
	}
	lines := bufio.NewWriter(file)
	for i := range records {
		if i%100 == version {
			continue
		}
		_, err = fmt.Fprintf(lines, `{"name":"Planet %06d","population":%d,"terrains":["terrain %d","terrain %d"]}`+"\n", i, i+version, i%7, i%(5+version))
	}
	if err := errors.Join(err, lines.Flush(), file.Close()); err != nil {
		f.Fatal(err)
	}
}

// stateOf is a checksum of the rows, lists and origins, whatever their ids, and
// how many there are.
func stateOf(t *testing.T, open func() (store.Engine, error)) string {
	t.Helper()
	sum, rows := sha256.New(), 0
	eachLine(t, open, func(line string) {
		rows++
		_, _ = fmt.Fprintln(sum, line) // a hash takes everything
	},
		`SELECT name || ' ' || population FROM planet ORDER BY name`,
		`SELECT p.name || ' ' || t.position || ' ' || t.value FROM planet_terrains t LEFT JOIN planet p ON p.id = t.planet_id ORDER BY p.name, t.position`,
		`SELECT o.key || ' ' || CAST(o.base AS text) || ' ' || p.name FROM larder_origin o LEFT JOIN planet p ON p.id = CAST(o.record_id AS bigint) ORDER BY o.key`)
	return fmt.Sprintf("%x of %d rows", sum.Sum(nil)[:8], rows)
}

// expectEndedRuns demands that every run has ended, the last one well.
func (f folder) expectEndedRuns(open func() (store.Engine, error)) {
	f.Helper()
	var ends []string
	eachLine(f.T, open, func(line string) { ends = append(ends, line) }, `SELECT status FROM larder_run ORDER BY id`)
	for n, end := range ends {
		if end != "done" && (end != "failed" || n == len(ends)-1) {
			f.Fatalf("run %d of %d is %s", n+1, len(ends), end)
		}
	}
}

// eachLine has each line of the answers to the queries.
func eachLine(t *testing.T, open func() (store.Engine, error), each func(line string), queries ...string) {
	t.Helper()
	engine, err := open()
	if err != nil {
		t.Fatal(err)
	}
	for _, sql := range queries {
		err = errors.Join(err, engine.Read(context.Background(), statement.Statement{SQL: sql}, func(scan store.Scan) error {
			var line *string
			err := scan(&line)
			if line == nil {
				return errors.Join(err, errors.New("a row belongs to none: "+sql))
			}
			each(*line)
			return err
		}))
	}
	if err := errors.Join(err, engine.Close()); err != nil {
		t.Fatal(err)
	}
}
