package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

const tryTurn = "SELECT pg_try_advisory_xact_lock(hashtextextended('larder turn ' || current_schema(), 0))"

// InTurn implements [store.Engine]. The lock is that of a transaction, as a
// pooler needs it, which does nothing else, on a connection of its own: the
// work has the whole pool. Where that connection dies the turn is over, and
// others may work beside this process.
func (e *Engine) InTurn(ctx context.Context, work func(ctx context.Context) error) (err error) {
	conn, err := pgx.ConnectConfig(ctx, e.pool.Config().ConnConfig)
	if err != nil {
		return unreachable(ctx, err)
	}
	defer func() {
		ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), endTimeout)
		defer cancel()
		_ = conn.Close(ending) // the server ends the transaction with it
	}()
	if err := waitTurn(ctx, conn); err != nil {
		return fmt.Errorf("wait for the turn: %w", err)
	}
	return work(ctx)
}

// waitTurn begins a transaction that has the lock. It asks again and again: a
// statement that waited would hold a snapshot all the while.
func waitTurn(ctx context.Context, conn *pgx.Conn) error {
	t := &transaction{conn: conn}
	if err := t.plain(ctx, "BEGIN; SET LOCAL idle_in_transaction_session_timeout = 0"); err != nil {
		return err
	}
	for attempt := 0; ; attempt++ {
		var held bool
		if err := conn.QueryRow(ctx, tryTurn).Scan(&held); err != nil || held {
			return failure(ctx, conn, err)
		}
		if err := pause(ctx, attempt+4, longestLockPause); err != nil {
			return err
		}
	}
}
