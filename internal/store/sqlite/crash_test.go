package sqlite

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/larderhq/larder/internal/statement"
	"github.com/larderhq/larder/internal/store"
)

// crashDatabase names the database to a process that is to be killed.
const crashDatabase = "LARDER_TEST_CRASH_DATABASE"

func TestMain(m *testing.M) {
	if path, child := os.LookupEnv(crashDatabase); child {
		writeUntilKilled(path)
		return
	}
	os.Exit(m.Run())
}

const crashTables = `
CREATE TABLE IF NOT EXISTS "planet" ("id" INTEGER PRIMARY KEY, "name" TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE IF NOT EXISTS "moon" ("planet_id" INTEGER NOT NULL REFERENCES "planet" ("id"), "name" TEXT NOT NULL) STRICT`

// writeUntilKilled makes planets with a moon each, by several writers, and says
// the id of every one on standard output once Write has returned.
func writeUntilKilled(path string) {
	engine, err := Open(context.Background(), path, Options{})
	if err == nil {
		err = engine.Exclusive(context.Background(), func(ctx context.Context, conn store.Tx) error {
			_, err := conn.Exec(ctx, statement.Statement{SQL: crashTables})
			return err
		})
	}
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	var writers sync.WaitGroup
	for range 8 {
		writers.Go(func() {
			for {
				id := rand.Int64()
				if err := engine.Write(context.Background(), planetWithMoon(id)); err != nil {
					fmt.Println(err)
					return
				}
				fmt.Println(id)
			}
		})
	}
	writers.Wait()
}

func planetWithMoon(id int64) func(context.Context, store.Tx) error {
	return func(ctx context.Context, tx store.Tx) error {
		_, err := tx.Exec(ctx, statement.Statement{SQL: `INSERT INTO "planet" VALUES (?, ?)`, Args: []any{id, fmt.Sprint("planet ", id)}})
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, statement.Statement{SQL: `INSERT INTO "moon" VALUES (?, ?)`, Args: []any{id, "moon"}})
		return err
	}
}

func TestEveryAcknowledgedWriteOutlivesAKilledProcess(t *testing.T) {
	path := filepath.Join(t.TempDir(), "larder.db")
	var acknowledged []int64
	for round := range 10 {
		acknowledged = append(acknowledged, killedWriter(t, path)...)
		engine, err := Open(t.Context(), path, Options{})
		if err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		holdWhole(t, engine, acknowledged)
		if err := engine.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if len(acknowledged) == 0 {
		t.Error("no write was acknowledged in any round; the test shows nothing")
	}
	t.Logf("%d acknowledged writes outlived 10 kills", len(acknowledged))
}

// killedWriter lets a process write to the database at path, kills it at a
// random moment and returns the ids that it acknowledged.
func killedWriter(t *testing.T, path string) (acknowledged []int64) {
	t.Helper()
	command := exec.CommandContext(t.Context(), os.Args[0]) //nolint:gosec // this test itself
	command.Env = append(os.Environ(), crashDatabase+"="+path)
	said, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	killer := time.AfterFunc(30*time.Millisecond+rand.N(200*time.Millisecond), func() {
		if err := command.Process.Kill(); err != nil {
			t.Error(err)
		}
	})
	defer killer.Stop()
	for lines := bufio.NewScanner(said); lines.Scan(); {
		var id int64
		if _, err := fmt.Sscan(lines.Text(), &id); err != nil {
			t.Fatalf("the writer said %q", lines.Text())
		}
		acknowledged = append(acknowledged, id)
	}
	if err := command.Wait(); err == nil {
		t.Fatal("the writer ended before it was killed")
	}
	return acknowledged
}

// holdWhole checks that the database is sound, that every planet has its moon
// and that none that was acknowledged is missing.
func holdWhole(t *testing.T, engine *Engine, acknowledged []int64) {
	t.Helper()
	verdict := ""
	stored := make(map[int64]bool)
	var moonless int64
	collect := func(text string, each func(store.Scan) error) {
		t.Helper()
		if err := engine.Read(t.Context(), statement.Statement{SQL: text}, each); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
	}
	collect("PRAGMA integrity_check", func(scan store.Scan) error { return scan(&verdict) })
	if verdict != "ok" {
		t.Fatalf("integrity_check: %s", verdict)
	}
	if len(acknowledged) == 0 { // killed before the tables were made, perhaps
		return
	}
	collect(`SELECT "id" FROM "planet"`, func(scan store.Scan) error {
		var id int64
		err := scan(&id)
		stored[id] = true
		return err
	})
	collect(`SELECT count(*) FROM "planet" WHERE "id" NOT IN (SELECT "planet_id" FROM "moon")`, func(scan store.Scan) error { return scan(&moonless) })
	if moonless > 0 {
		t.Errorf("%d changes are half there", moonless)
	}
	for _, id := range acknowledged {
		if !stored[id] {
			t.Errorf("planet %d was acknowledged and is gone", id)
		}
	}
}
