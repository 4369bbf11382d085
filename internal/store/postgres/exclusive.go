package postgres

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/larderhq/larder/internal/store"
)

// The lock of Exclusive is an advisory one of the session, so that it ends
// with its connection however the process ends. Its key is made of the schema;
// the database is a part of every advisory lock.
const (
	tryLock = "SELECT pg_try_advisory_lock(" + lockKey + ")"
	unlock  = "SELECT pg_advisory_unlock(" + lockKey + ")"
	lockKey = "hashtextextended('larder ' || current_schema(), 0)"

	longestLockPause = 250 * time.Millisecond
)

var errLeftOpen = errors.New("a transaction was left open and has been rolled back")

// Exclusive implements [store.Engine]. The lock keeps other Exclusives of this
// and of other processes off, no reads and no writes: what the work does to
// tables locks those as PostgreSQL does. Settings of the connection that it
// changes are put back after it.
func (e *Engine) Exclusive(ctx context.Context, work func(ctx context.Context, conn store.Tx) error) error {
	if e.copies != nil {
		defer e.copies.lost()
	}
	if e.options.Pooler {
		return e.exclusiveShared(ctx, work)
	}
	c, err := e.locked(ctx)
	if err != nil {
		return fmt.Errorf("lock the database: %w", err)
	}
	defer c.Release()
	conn := c.Conn()
	t := &transaction{conn: conn, mode: []any{pgx.QueryExecModeSimpleProtocol}}
	if err = t.plain(ctx, "SET default_transaction_read_only = off; SET statement_timeout = 0"); err == nil {
		err = t.call(ctx, work)
	}
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), endTimeout)
	defer cancel()
	if status := conn.PgConn().TxStatus(); !conn.IsClosed() && status != 'I' {
		err = errors.Join(err, t.plain(ending, "ROLLBACK"), errLeftOpen)
	}
	if tidied := t.plain(ending, "RESET ALL; "+unlock); tidied != nil {
		_ = conn.Close(ending) // with which the lock goes
	}
	return err
}

// call runs the work; a panic becomes an error.
func (t *transaction) call(ctx context.Context, work func(ctx context.Context, conn store.Tx) error) (err error) {
	defer func() {
		t.over = true
		if cause := recover(); cause != nil {
			err = fmt.Errorf("panic while writing: %v\n%s", cause, debug.Stack())
		}
	}()
	return work(ctx, t)
}

// locked takes a connection from the pool that has the lock.
func (e *Engine) locked(ctx context.Context) (*pgxpool.Conn, error) {
	for attempt := 0; ; attempt++ {
		c, err := e.acquire(ctx)
		if err != nil {
			return nil, err
		}
		if err = lock(ctx, c.Conn()); err == nil {
			return c, nil
		}
		c.Release()
		if !passes(err) || attempt == e.connections {
			return nil, err
		}
	}
}

// lock takes the lock on conn, waiting as long as ctx allows. It asks again and
// again: a statement that waited would hold a snapshot, for whose end CREATE
// INDEX CONCURRENTLY waits under that same lock.
func lock(ctx context.Context, conn *pgx.Conn) error {
	for attempt := 0; ; attempt++ {
		var held bool
		if err := conn.QueryRow(ctx, tryLock).Scan(&held); err != nil || held {
			return failure(ctx, conn, err)
		}
		if err := pause(ctx, attempt+4, longestLockPause); err != nil {
			return err
		}
	}
}
