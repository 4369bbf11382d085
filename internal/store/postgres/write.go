package postgres

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime/debug"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/larderhq/larder/internal/statement"
	"github.com/larderhq/larder/internal/store"
)

const (
	mostAttempts = 100              // at one change
	retryTime    = 30 * time.Second // for which a change is tried again
	longestRetry = 500 * time.Millisecond
)

// Write implements [store.Engine]. The work runs again, within the time of
// ctx and at most half a minute, when the transaction had to give way to
// others or its connection died. Whether a change was made whose connection
// died during the commit is asked of the server; where it cannot say, the
// error is store.ErrUncertain.
func (e *Engine) Write(ctx context.Context, work func(ctx context.Context, tx store.Tx) error) error {
	began := time.Now()
	for attempt := 0; ; attempt++ {
		err := e.attempt(ctx, work)
		if !errors.Is(err, errGaveWay) && !passes(err) || attempt == mostAttempts || time.Since(began) > retryTime {
			return err
		}
		if pause(ctx, attempt, longestRetry) != nil {
			return ctx.Err()
		}
	}
}

// pause waits before the next attempt, at random so that those who met do not
// meet again: up to a millisecond at first, and twice as long each time.
func pause(ctx context.Context, attempt int, longest time.Duration) error {
	most := min(time.Millisecond<<min(attempt, 16), longest)
	timer := time.NewTimer(rand.N(most)) //nolint:gosec // no secret
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// attempt runs the work once, in a transaction.
func (e *Engine) attempt(ctx context.Context, work func(ctx context.Context, tx store.Tx) error) error {
	c, err := e.acquire(ctx)
	if err != nil {
		return err
	}
	defer c.Release()
	t := &transaction{conn: c.Conn(), large: store.IsLarge(ctx)}
	id, err := t.begin(ctx, e.settings)
	if err != nil {
		return err
	}
	if err := t.perform(ctx, work); err != nil {
		rollback(ctx, c)
		e.refused(ctx, c)
		return err
	}
	return e.commit(ctx, c, id)
}

// identity tells a transaction from every other one. Its number alone does not:
// a server that crashed gives the numbers again that had not reached its disk.
type identity struct {
	number string // an xid8
	life   string // of the server
}

// life differs between two lives of a server with a crash between them, and
// between a server and the copy that takes its place: statistics are reset by a
// recovery (https://www.postgresql.org/docs/current/monitoring-stats.html).
const life = `concat(pg_postmaster_start_time(), ' ', pg_stat_get_bgwriter_stat_reset_time())`

// begin starts the transaction with the settings, which may be none.
func (t *transaction) begin(ctx context.Context, settings string) (identity, error) {
	text := "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; " + settings
	if t.large {
		text += "; SET LOCAL statement_timeout = 0"
	}
	results, err := t.conn.PgConn().Exec(ctx, text+"; SELECT pg_current_xact_id(), "+life).ReadAll()
	if err != nil {
		return identity{}, failure(ctx, t.conn, err)
	}
	row := results[len(results)-1].Rows[0]
	return identity{string(row[0]), string(row[1])}, nil
}

// perform runs the work in the transaction and sees to it that the transaction
// can be committed then. A panic becomes an error.
func (t *transaction) perform(ctx context.Context, work func(ctx context.Context, tx store.Tx) error) (err error) {
	defer func() {
		t.over = true
		if cause := recover(); cause != nil {
			err = fmt.Errorf("panic while writing: %v\n%s", cause, debug.Stack())
		}
	}()
	if err := work(ctx, t); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	switch t.conn.PgConn().TxStatus() {
	case 'T':
		return nil
	case 'E':
		return errors.New("the work went on after a statement that failed")
	}
	if t.conn.IsClosed() {
		return errLost
	}
	return errors.New("the work ended the transaction")
}

// refused sees to it that a client which looks for the reason of a refusal
// finds it, whichever copy of the database it reads.
func (e *Engine) refused(ctx context.Context, c *pgxpool.Conn) {
	if conn := c.Conn().PgConn(); e.copies != nil && !conn.IsClosed() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), endTimeout)
		defer cancel()
		results, _ := conn.Exec(ctx, here).ReadAll() // without results, know knows
		e.copies.know(results)
	}
}

// rollback ends a transaction that failed. Where it cannot, the connection is
// given up, which ends the transaction too.
func rollback(ctx context.Context, c *pgxpool.Conn) {
	conn := c.Conn().PgConn()
	if conn.IsClosed() || conn.TxStatus() == 'I' {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), endTimeout)
	defer cancel()
	if _, err := conn.Exec(ctx, "ROLLBACK").ReadAll(); err != nil {
		_ = conn.Close(ctx) // the pool drops it, which is all there is to do
	}
}

// commit makes the transaction with the id durable. No context ends it: what
// it would leave behind is not known.
func (e *Engine) commit(ctx context.Context, c *pgxpool.Conn, id identity) error {
	sent, cancel := context.WithTimeout(context.WithoutCancel(ctx), commitTime)
	defer cancel()
	conn := c.Conn()
	text := "COMMIT"
	if e.copies != nil {
		text += "; " + here
	}
	results, err := conn.PgConn().Exec(sent, text).ReadAll()
	switch {
	case len(results) > 0 && results[0].CommandTag.String() == "COMMIT":
		if e.copies != nil {
			e.copies.know(results)
		}
		return nil
	case err == nil:
		return errors.New("commit: the transaction was rolled back")
	case !conn.IsClosed():
		return fmt.Errorf("commit: %w", failure(sent, conn, err))
	}
	return e.outcome(ctx, id, err)
}

// outcome asks what became of a transaction whose connection died during its
// commit, until the server says it or ctx ends.
func (e *Engine) outcome(ctx context.Context, id identity, cause error) error {
	ctx, cancel := context.WithTimeout(ctx, commitTime)
	defer cancel()
	if e.copies != nil {
		defer e.copies.lost()
	}
	for attempt := 0; ; attempt++ {
		var status *string
		var sameLife bool
		asked := statement.Statement{SQL: "SELECT pg_xact_status($1::text::xid8), $2 = " + life, Args: []any{id.number, id.life}}
		err := e.Read(ctx, asked, func(scan store.Scan) error { return scan(&status, &sameLife) })
		switch {
		case err == nil && (status == nil || !sameLife): // too old to be known, or may be another's
			return fmt.Errorf("commit: %w: %w", store.ErrUncertain, cause)
		case err == nil && *status == "committed":
			return nil
		case err == nil && *status == "aborted":
			return fmt.Errorf("commit: %w: %w", errLost, cause)
		}
		var said *pgconn.PgError
		if errors.As(err, &said) && !errors.Is(err, store.ErrUnavailable) || pause(ctx, attempt+4, longestRetry) != nil {
			return fmt.Errorf("commit: %w: %w", store.ErrUncertain, cause)
		}
	}
}
