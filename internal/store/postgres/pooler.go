package postgres

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/larderhq/larder/internal/statement"
	"github.com/larderhq/larder/internal/store"
)

// A pooler in transaction mode, such as PgBouncer, gives a connection of the
// server to a client for one transaction at a time. So nothing of a session may
// be relied on: no prepared statement, no lock, and of settings only those that
// PgBouncer carries from one server connection to the next
// (https://www.pgbouncer.org/config.html#track_extra_parameters).
var carried = []string{"application_name", "client_encoding", "DateStyle", "TimeZone", "standard_conforming_strings"}

// share makes a configuration for a pooler: what is no carried setting becomes
// a part of every transaction.
func share(address string, connection *pgx.ConnConfig) (settings string, err error) {
	if connection.RuntimeParams["search_path"] != "" || connection.RuntimeParams["options"] != "" {
		return "", fmt.Errorf("database %s: a pooler in transaction mode takes no search_path or options; set them for the role: ALTER ROLE … SET search_path = …", Name(address))
	}
	connection.DefaultQueryExecMode = pgx.QueryExecModeExec // neither prepares nor describes
	connection.StatementCacheCapacity = 0
	var calls []string
	for _, name := range slices.Sorted(maps.Keys(connection.RuntimeParams)) {
		if slices.Contains(carried, name) {
			continue
		}
		if !strings.HasPrefix(name, "default_transaction_") { // a transaction says itself what it may
			calls = append(calls, fmt.Sprintf("set_config(%s, %s, true)", text(name), text(connection.RuntimeParams[name])))
		}
		delete(connection.RuntimeParams, name)
	}
	return "SELECT " + strings.Join(calls, ", "), nil
}

// text is a text as SQL writes it. standard_conforming_strings is on.
func text(value string) string { return "'" + strings.ReplaceAll(value, "'", "''") + "'" }

// readBatch is query in one round trip with what has to come before it: by way
// of a pooler the beginning of a transaction with its settings, and conditions,
// each of which must be true, else it fails with errBehind.
func (e *Engine) readBatch(ctx context.Context, conn *pgx.Conn, st statement.Statement, each func(scan store.Scan) error, conditions ...statement.Statement) (called int, err error) {
	batch := &pgx.Batch{}
	if e.options.Pooler {
		batch.Queue("BEGIN READ ONLY")
		batch.Queue(e.settings)
	}
	for _, condition := range conditions {
		batch.Queue(condition.SQL, condition.Args...)
	}
	batch.Queue(st.SQL, st.Args...)
	if e.options.Pooler {
		batch.Queue("COMMIT")
	}
	results := conn.SendBatch(ctx, batch)
	if err = e.readBefore(results, len(conditions)); err == nil {
		var rows pgx.Rows
		if rows, err = results.Query(); err == nil {
			called, err = scanAll(ctx, conn, rows, each)
		}
	}
	if closing := results.Close(); err == nil {
		err = closing
	}
	return called, failure(ctx, conn, err)
}

// readBefore reads the results before that of the statement.
func (e *Engine) readBefore(results pgx.BatchResults, conditions int) error {
	if e.options.Pooler {
		for range 2 {
			if _, err := results.Exec(); err != nil {
				return err
			}
		}
	}
	for range conditions {
		var holds bool
		if err := results.QueryRow().Scan(&holds); err != nil {
			return err
		}
		if !holds {
			return errBehind
		}
	}
	return nil
}

// exclusiveShared is Exclusive by way of a pooler. The lock is that of a
// transaction which stays open on a connection of its own meanwhile.
func (e *Engine) exclusiveShared(ctx context.Context, work func(ctx context.Context, conn store.Tx) error) error {
	select {
	case e.exclusive <- struct{}{}: // or those who wait would hold every connection
		defer func() { <-e.exclusive }()
	case <-ctx.Done():
		return ctx.Err()
	}
	holder, err := e.acquire(ctx)
	if err != nil {
		return err
	}
	defer holder.Release()
	defer rollback(ctx, holder)
	if err := lockShared(ctx, holder.Conn()); err != nil {
		return fmt.Errorf("lock the database: %w", err)
	}
	c, err := e.acquire(ctx)
	if err != nil {
		return err
	}
	defer c.Release()
	t := &transaction{conn: c.Conn(), mode: []any{pgx.QueryExecModeSimpleProtocol}}
	err = t.call(ctx, work)
	if conn := c.Conn().PgConn(); !conn.IsClosed() && conn.TxStatus() != 'I' {
		rollback(ctx, c)
		err = errors.Join(err, errLeftOpen)
	}
	if err == nil {
		err = (&transaction{conn: holder.Conn()}).plain(ctx, "SELECT 1") // the lock was held to the end
	}
	return err
}

// lockShared takes the lock in a transaction that it leaves open.
func lockShared(ctx context.Context, conn *pgx.Conn) error {
	t := &transaction{conn: conn}
	for attempt := 0; ; attempt++ {
		var held bool
		err := t.plain(ctx, "BEGIN; SET LOCAL idle_in_transaction_session_timeout = 0")
		if err == nil {
			err = failure(ctx, conn, conn.QueryRow(ctx, "SELECT pg_try_advisory_xact_lock("+lockKey+")").Scan(&held))
		}
		if err != nil || held {
			return err
		}
		if err := t.plain(ctx, "ROLLBACK"); err != nil {
			return err
		}
		if err := pause(ctx, attempt+4, longestLockPause); err != nil {
			return err
		}
	}
}
