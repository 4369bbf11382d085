package sqlite

import (
	"context"
	"errors"

	"github.com/larderhq/larder/internal/statement"
	"github.com/larderhq/larder/internal/store"
)

var _ store.Snapshotter = (*Engine)(nil)

// Snapshot implements [store.Snapshotter] by a transaction that only reads
// (https://sqlite.org/isolation.html). It blocks no writer, but the log grows
// while it lasts.
func (e *Engine) Snapshot(ctx context.Context, work func(ctx context.Context, read store.ReadFunc) error) error {
	c, err := e.borrow(ctx)
	if err != nil {
		return err
	}
	defer func() { e.readers <- c }()
	if _, err := c.run(ctx, statement.Statement{SQL: "BEGIN"}, nil); err != nil {
		return err
	}
	failure := work(ctx, func(ctx context.Context, st statement.Statement, each func(store.Scan) error) error {
		_, err := c.run(ctx, st, each)
		return err
	})
	_, err = c.run(context.WithoutCancel(ctx), statement.Statement{SQL: "ROLLBACK"}, nil)
	return errors.Join(failure, err)
}
