package sqlite_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/larderhq/larder/internal/statement"
	"github.com/larderhq/larder/internal/store"
	"github.com/larderhq/larder/internal/store/sqlite"
)

// A transfer takes from one shelf what it puts on the other, so that any state
// between two commits has the same sum.
func TestABackupIsOneStateOfADatabaseThatIsWritten(t *testing.T) {
	dir := t.TempDir()
	engine, err := sqlite.Open(t.Context(), filepath.Join(dir, "larder.db"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	write := func(text string) {
		err := engine.Write(context.Background(), func(ctx context.Context, tx store.Tx) error {
			_, err := tx.Exec(ctx, statement.Statement{SQL: text})
			return err
		})
		if err != nil {
			t.Error(err)
		}
	}
	write(`CREATE TABLE "shelf" ("id" INTEGER PRIMARY KEY, "jars" INTEGER NOT NULL); WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000) INSERT INTO "shelf" SELECT i, 10 FROM n`)
	stop := make(chan struct{})
	var writing sync.WaitGroup
	writing.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				write(`UPDATE "shelf" SET "jars" = "jars" + CASE "id" WHEN 1 THEN -1 ELSE 1 END WHERE "id" IN (1, 10000)`)
			}
		}
	})
	for _, name := range []string{"one.db", "two.db"} {
		path := filepath.Join(dir, name)
		if err := engine.Backup(t.Context(), path); err != nil {
			t.Error(err)
		}
		backup, err := sqlite.Open(t.Context(), path, sqlite.Options{})
		if err != nil {
			t.Fatal(err)
		}
		var sum int64
		err = backup.Read(t.Context(), statement.Statement{SQL: `SELECT sum("jars") FROM "shelf"`}, func(scan store.Scan) error { return scan(&sum) })
		if err := errors.Join(err, backup.Close()); err != nil || sum != 100_000 {
			t.Errorf("the backup has %d jars (%v), want 100000", sum, err)
		}
	}
	if err := engine.Backup(t.Context(), filepath.Join(dir, "one.db")); err == nil {
		t.Error("a backup was written over another file")
	}
	close(stop)
	writing.Wait()
	if err := engine.Close(); err != nil {
		t.Error(err)
	}
}

func TestADatabaseIsDetachedOnlyWhenNothingElseHasItOpen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "larder.db")
	engine, err := sqlite.Open(t.Context(), path, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := sqlite.Detach(t.Context(), path); !errors.Is(err, sqlite.ErrInUse) {
		t.Errorf("got %v, want ErrInUse", err)
	}
	if err := engine.Close(); err != nil {
		t.Fatal(err)
	}
	if err := sqlite.Detach(t.Context(), path); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(path + "-wal"); !os.IsNotExist(err) {
		t.Errorf("the log is still there: %v", err)
	}
}

func TestADamagedFileIsNoBackup(t *testing.T) {
	path := filepath.Join(t.TempDir(), "larder.db")
	engine, err := sqlite.Open(t.Context(), path, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	err = engine.Write(t.Context(), func(ctx context.Context, tx store.Tx) error {
		_, err := tx.Exec(ctx, statement.Statement{SQL: `CREATE TABLE "jar" ("name" TEXT); CREATE INDEX "jar_idx" ON "jar" ("name"); WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000) INSERT INTO "jar" SELECT 'jar ' || i FROM n`})
		return err
	})
	if err := errors.Join(err, engine.Close(), sqlite.Check(t.Context(), path)); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := 3 * 4096; i < 3*4096+200; i++ {
		content[i] = 'x'
	}
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := sqlite.Check(t.Context(), path); err == nil {
		t.Error("a damaged file is taken for a good one")
	}
	if err := sqlite.Check(t.Context(), filepath.Join(t.TempDir(), "none.db")); err == nil {
		t.Error("a file that does not exist is taken for a good one")
	}
}
