package postgres

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/jackc/pgx/v5"

	"github.com/larderhq/larder/internal/statement"
	"github.com/larderhq/larder/internal/store"
)

// transaction is the store.Tx that a work gets.
type transaction struct {
	conn *pgx.Conn
	mode []any // the pgx.QueryExecMode, where it is not that of the pool
	// large: each statement has a savepoint, so that one that fails leaves the
	// transaction good for asking which rows are to blame.
	large bool
	over  bool
}

var _ store.Copier = (*transaction)(nil)

var errOver = errors.New("transaction used after its end")

// Exec implements [store.Tx].
func (t *transaction) Exec(ctx context.Context, st statement.Statement) (affected int64, err error) {
	err = t.guarded(ctx, func() error {
		arguments := st.Args
		if len(t.mode) > 0 {
			arguments = append(t.mode[:1:1], st.Args...)
		}
		tag, err := t.conn.Exec(ctx, st.SQL, arguments...)
		affected = tag.RowsAffected()
		return failure(ctx, t.conn, err)
	})
	return affected, err
}

// Query implements [store.Tx].
func (t *transaction) Query(ctx context.Context, st statement.Statement, each func(store.Scan) error) error {
	return t.guarded(ctx, func() error {
		_, err := query(ctx, t.conn, st, each, t.mode...)
		return err
	})
}

// Copy implements [store.Copier], by the COPY protocol.
func (t *transaction) Copy(ctx context.Context, table string, columns []string, next func() ([]any, error)) (rows int64, err error) {
	err = t.guarded(ctx, func() error {
		source := &copying{next: next}
		rows, err = t.conn.CopyFrom(ctx, pgx.Identifier{table}, columns, source)
		if source.err != nil {
			return source.err
		}
		return failure(ctx, t.conn, err)
	})
	return rows, err
}

// guarded runs a statement; in a large transaction, what it did is undone when
// it fails.
func (t *transaction) guarded(ctx context.Context, run func() error) error {
	if t.over {
		return errOver
	}
	if !t.large {
		return run()
	}
	if err := t.plain(ctx, "SAVEPOINT statement"); err != nil {
		return err
	}
	if err := run(); err != nil {
		if t.conn.IsClosed() || ctx.Err() != nil {
			return err
		}
		return errors.Join(err, t.plain(ctx, "ROLLBACK TO statement"))
	}
	return t.plain(ctx, "RELEASE statement")
}

// plain runs SQL without arguments or rows.
func (t *transaction) plain(ctx context.Context, text string) error {
	_, err := t.conn.PgConn().Exec(ctx, text).ReadAll()
	return failure(ctx, t.conn, err)
}

// copying is a pgx.CopyFromSource.
type copying struct {
	next func() ([]any, error)
	row  []any
	err  error
}

// Next implements pgx.CopyFromSource.
func (c *copying) Next() bool {
	c.row, c.err = c.next()
	if errors.Is(c.err, io.EOF) {
		c.row, c.err = nil, nil
	} else if c.err != nil {
		c.row, c.err = nil, fmt.Errorf("copy: %w", c.err)
	}
	return c.row != nil
}

// Values implements pgx.CopyFromSource.
func (c *copying) Values() ([]any, error) { return c.row, nil }

// Err implements pgx.CopyFromSource.
func (c *copying) Err() error { return c.err }
