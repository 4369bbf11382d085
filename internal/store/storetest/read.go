package storetest

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/larderhq/larder/internal/store"
)

func testReads(t *testing.T, create Create) {
	t.Run("never sees half a change", func(t *testing.T) {
		engine, _ := withShelf(t, create)
		must(t, engine.Write(t.Context(), func(ctx context.Context, tx store.Tx) error {
			return errors.Join(fill("left", 1000)(ctx, tx), fill("right", 0)(ctx, tx))
		}))
		done := make(chan struct{})
		var writer, readers sync.WaitGroup
		writer.Go(func() {
			defer close(done)
			for range 200 {
				err := engine.Write(t.Context(), func(ctx context.Context, tx store.Tx) error {
					return errors.Join(
						run(`UPDATE "jar" SET "amount" = "amount" - 1 WHERE "name" = 'left'`)(ctx, tx),
						run(`UPDATE "jar" SET "amount" = "amount" + 1 WHERE "name" = 'right'`)(ctx, tx))
				})
				if err != nil {
					t.Error(err)
					return
				}
			}
		})
		for range 8 {
			readers.Go(func() {
				for {
					if sum := number(t, engine, `SELECT sum("amount") FROM "jar"`); sum != 1000 {
						t.Errorf("a read saw %d in both jars, want 1000", sum)
						return
					}
					select {
					case <-done:
						return
					default:
					}
				}
			})
		}
		writer.Wait()
		readers.Wait()
	})
	t.Run("sees one state in a snapshot, whatever is committed meanwhile", func(t *testing.T) {
		engine, _ := withShelf(t, create)
		snapshotter, ok := engine.(store.Snapshotter)
		if !ok {
			t.Skip("the engine has no snapshots")
		}
		must(t, engine.Write(t.Context(), fill("first", 1)))
		mine := errors.New("seen enough")
		for range 50 { // more often than there are connections
			before := number(t, engine, `SELECT count(*) FROM "jar"`)
			err := snapshotter.Snapshot(t.Context(), func(ctx context.Context, read store.ReadFunc) error {
				count := func() (n int64) {
					must(t, read(ctx, plain(`SELECT count(*) FROM "jar"`), func(scan store.Scan) error { return scan(&n) }))
					return n
				}
				if n := count(); n != before {
					t.Errorf("the snapshot has %d jars, want %d", n, before)
				}
				must(t, engine.Write(t.Context(), fill(fmt.Sprintf("jar %d", before), 1)))
				if n := count(); n != before {
					t.Errorf("after a change the snapshot has %d jars, want %d", n, before)
				}
				return mine
			})
			if !errors.Is(err, mine) {
				t.Fatalf("got %v, want the error of the work", err)
			}
			if after := number(t, engine, `SELECT count(*) FROM "jar"`); after != before+1 {
				t.Fatalf("after the snapshot there are %d jars, want %d", after, before+1)
			}
		}
	})
	t.Run("stops at the error of each and returns it", func(t *testing.T) {
		engine, _ := withShelf(t, create)
		must(t, engine.Write(t.Context(), run(`INSERT INTO "jar" ("name") VALUES ('a'), ('b'), ('c')`)))
		mine, rows := errors.New("seen enough"), 0
		for range 50 { // more often than there are connections
			rows = 0
			err := engine.Read(t.Context(), plain(`SELECT "name" FROM "jar"`), func(store.Scan) error {
				rows++
				return mine
			})
			if !errors.Is(err, mine) || rows != 1 {
				t.Fatalf("got %v after %d rows, want the error of each after one", err, rows)
			}
		}
	})
	t.Run("gives every value as it was written", func(t *testing.T) {
		engine, _ := withShelf(t, create)
		name := "Ünï\u0000codé \U0001F36F 'quoted' \"twice\""
		if engine.Dialect().Name() == "postgres" {
			name = "Ünïcodé \U0001F36F 'quoted' \"twice\"" // its text holds no NUL
		}
		must(t, engine.Write(t.Context(), fill(name, int64(9007199254740993))))
		must(t, engine.Write(t.Context(), fill("", nil)))
		var text string
		var raw, missing []byte
		var amount int64
		var nullable sql.NullInt64
		must(t, engine.Read(t.Context(), plain(`SELECT "name", "name", "amount", "amount" FROM "jar" WHERE "amount" = $1`, int64(9007199254740993)),
			func(scan store.Scan) error { return scan(&text, &raw, &amount, &nullable) }))
		if text != name || string(raw) != name || amount != 9007199254740993 || !nullable.Valid || nullable.Int64 != amount {
			t.Errorf("got %q, %q, %d, %v", text, raw, amount, nullable)
		}
		must(t, engine.Read(t.Context(), plain(`SELECT "name", "amount", CAST(NULL AS TEXT) FROM "jar" WHERE "amount" IS NULL`),
			func(scan store.Scan) error { return scan(&text, &nullable, &missing) }))
		if text != "" || nullable.Valid || missing != nil {
			t.Errorf("got %q, %v, %v; want an empty text and two nulls", text, nullable, missing)
		}
	})
	t.Run("keeps a large text whole", func(t *testing.T) {
		engine, _ := withShelf(t, create)
		large := bytes.Repeat([]byte("0123456789abcdef"), 1<<16)
		must(t, engine.Write(t.Context(), run(`CREATE TABLE "barrel" ("content" TEXT)`)))
		for range 3 {
			must(t, engine.Write(t.Context(), run(`INSERT INTO "barrel" VALUES ($1)`, string(large))))
		}
		var got []byte
		rows := 0
		must(t, engine.Read(t.Context(), plain(`SELECT "content" FROM "barrel"`), func(scan store.Scan) error {
			rows++
			if err := scan(&got); err != nil {
				return err
			}
			if !bytes.Equal(got, large) {
				return fmt.Errorf("got %d bytes that differ from the %d written", len(got), len(large))
			}
			return nil
		}))
		if rows != 3 {
			t.Errorf("%d rows, want 3", rows)
		}
	})
	t.Run("of many at once is answered", func(t *testing.T) {
		engine, _ := withShelf(t, create)
		must(t, engine.Write(t.Context(), fill("plum", 7)))
		var readers sync.WaitGroup
		for range 100 {
			readers.Go(func() {
				if got := number(t, engine, `SELECT "amount" FROM "jar"`); got != 7 {
					t.Errorf("got %d, want 7", got)
				}
			})
		}
		readers.Wait()
	})
	t.Run("cannot change anything", func(t *testing.T) {
		engine, _ := withShelf(t, create)
		err := engine.Read(t.Context(), plain(`INSERT INTO "jar" ("name") VALUES ('plum')`), nil)
		if err == nil {
			t.Error("a change by way of a read succeeded")
		}
		if got := jars(t, engine); got != 0 {
			t.Errorf("%d jars", got)
		}
	})
	t.Run("of another statement inside each is possible in a change", func(t *testing.T) {
		engine, _ := withShelf(t, create)
		if engine.Dialect().Name() == "postgres" {
			return // one statement at a time on a connection
		}
		must(t, engine.Write(t.Context(), run(`INSERT INTO "jar" ("name", "amount") VALUES ('a', 1), ('b', 2)`)))
		seen := 0
		must(t, engine.Write(t.Context(), func(ctx context.Context, tx store.Tx) error {
			every := plain(`SELECT "name" FROM "jar" ORDER BY "name"`)
			return tx.Query(ctx, every, func(store.Scan) error {
				return tx.Query(ctx, every, func(store.Scan) error {
					seen++
					return nil
				})
			})
		}))
		if seen != 4 {
			t.Errorf("the inner read saw %d rows, want 4", seen)
		}
	})
	t.Run("answers a ping", func(t *testing.T) {
		engine, _ := withShelf(t, create)
		must(t, engine.Ping(t.Context()))
	})
}
