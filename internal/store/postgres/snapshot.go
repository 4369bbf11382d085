package postgres

import (
	"context"

	"github.com/larderhq/larder/internal/statement"
	"github.com/larderhq/larder/internal/store"
)

var _ store.Snapshotter = (*Engine)(nil)

// Snapshot implements [store.Snapshotter] by a transaction that only reads, at
// the level REPEATABLE READ. It blocks no change of records; a statement in it
// takes the time that it needs.
func (e *Engine) Snapshot(ctx context.Context, work func(ctx context.Context, read store.ReadFunc) error) error {
	c, err := e.acquire(ctx)
	if err != nil {
		return err
	}
	defer c.Release()
	const begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL statement_timeout = 0"
	if _, err := c.Conn().PgConn().Exec(ctx, begin).ReadAll(); err != nil {
		return failure(ctx, c.Conn(), err)
	}
	defer rollback(ctx, c)
	return work(ctx, func(ctx context.Context, st statement.Statement, each func(store.Scan) error) error {
		_, err := query(ctx, c.Conn(), st, each)
		return err
	})
}
