package postgres

import (
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/larderhq/larder/internal/postgrestest"
	"github.com/larderhq/larder/internal/statement"
	"github.com/larderhq/larder/internal/store"
)

// BenchmarkItem reads a body by the engine and, for comparison, by the same
// pool as a person would: both at eight connections.
func BenchmarkItem(b *testing.B) {
	engine, err := Open(b.Context(), postgrestest.Database(b), Options{Connections: 8})
	if err != nil {
		b.Fatal(err)
	}
	defer engine.Close() //nolint:errcheck // it always is nil
	err = engine.Exclusive(b.Context(), run(`CREATE TABLE jar (id bigint PRIMARY KEY, body text);
		INSERT INTO jar SELECT i, '{"id":' || i || ',"name":"' || repeat('x', 80) || '"}' FROM generate_series(1, 1000) AS i; ANALYZE jar`))
	if err != nil {
		b.Fatal(err)
	}
	const text = `SELECT body FROM jar WHERE id = $1`
	for _, c := range []struct {
		name string
		read func(b *testing.B, id int64) ([]byte, error)
	}{
		{"engine", func(b *testing.B, id int64) (body []byte, err error) {
			err = engine.Read(b.Context(), statement.Statement{SQL: text, Args: []any{id}}, func(scan store.Scan) error { return scan(&body) })
			return body, err
		}},
		{"pool", func(b *testing.B, id int64) ([]byte, error) { return bare(b, engine.pool, text, id) }},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetParallelism(4)
			b.RunParallel(func(pb *testing.PB) {
				for id := int64(1); pb.Next(); id = id%1000 + 1 {
					if body, err := c.read(b, id); err != nil || len(body) == 0 {
						b.Error(fmt.Errorf("%d: %q, %w", id, body, err))
						return
					}
				}
			})
		})
	}
}

func bare(b *testing.B, pool *pgxpool.Pool, text string, id int64) (body []byte, err error) {
	err = pool.QueryRow(b.Context(), text, id).Scan(&body)
	return body, err
}

// BenchmarkWrite makes changes of one row each, one after the other, beside
// the least transaction that pgx can make.
func BenchmarkWrite(b *testing.B) {
	address := postgrestest.Schema(b, postgrestest.Database(b)) // commits do not wait for the disk
	engine, err := Open(b.Context(), address, Options{Connections: 8})
	if err != nil {
		b.Fatal(err)
	}
	defer engine.Close() //nolint:errcheck // it always is nil
	if err := engine.Exclusive(b.Context(), run(`CREATE TABLE jar (id bigint PRIMARY KEY, amount bigint); INSERT INTO jar VALUES (1, 0)`)); err != nil {
		b.Fatal(err)
	}
	const text = `UPDATE jar SET amount = amount + $1 WHERE id = 1`
	b.Run("engine", func(b *testing.B) {
		for b.Loop() {
			if err := engine.Write(b.Context(), run(text, int64(1))); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("pool", func(b *testing.B) {
		for b.Loop() {
			tx, err := engine.pool.BeginTx(b.Context(), pgx.TxOptions{AccessMode: pgx.ReadWrite})
			if err == nil {
				_, err = tx.Exec(b.Context(), text, int64(1))
			}
			if err == nil {
				err = tx.Commit(b.Context())
			}
			if err != nil {
				b.Fatal(err)
			}
		}
	})
}
