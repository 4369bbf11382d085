package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgconn/ctxwatch"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/larderhq/larder/internal/statement"
	"github.com/larderhq/larder/internal/store"
)

// replica is one copy of a database.
type replica struct {
	*Engine // its connections
	set     *replicas
	name    string
	tell    func(name string, failure error)
	told    string        // the last of it
	ask     chan struct{} // holds one when it is to be asked at once

	// With the set's mutex held:
	at       position
	failure  error           // why it is not in use
	awaited  time.Time       // since when at is before the newest change; zero when it is not
	attached context.Context // of what is read from it
	detach   context.CancelFunc
}

var errNotAsked = errors.New("it has not been asked yet")

// newReplica prepares the copy at the address; nothing is connected yet.
func newReplica(s *replicas, address string, options Options) (*replica, error) {
	config, settings, err := configuration(address, options)
	if err != nil {
		return nil, fmt.Errorf("replica: %w", err)
	}
	// What is not waited for any more is left at once: the server may be the reason.
	config.ConnConfig.BuildContextWatcherHandler = func(c *pgconn.PgConn) ctxwatch.Handler {
		return &pgconn.DeadlineContextWatcherHandler{Conn: c.Conn()}
	}
	config.ConnConfig.ConnectTimeout = askTime
	pool, err := pgxpool.NewWithConfig(s.ctx, config)
	if err != nil {
		return nil, fmt.Errorf("replica %s: %w", Name(address), err)
	}
	r := &replica{
		Engine: &Engine{pool: pool, connections: int(config.MaxConns), options: options, settings: settings},
		set:    s, name: Name(address), tell: options.Replica, ask: make(chan struct{}, 1), failure: errNotAsked,
	}
	r.attached, r.detach = context.WithCancel(s.ctx)
	return r, nil
}

// has reports whether the copy had, when last asked, what is in the floor. The
// set's mutex is held.
func (r *replica) has(floor position) bool {
	return r.failure == nil && r.at.timeline == floor.timeline && r.at.place >= floor.place
}

// catchesUp reports whether it is worth to wait for the copy: it is behind for
// a moment only. The set's mutex is held.
func (r *replica) catchesUp(floor position) bool {
	return r.failure == nil && r.at.timeline == floor.timeline && (r.awaited.IsZero() || time.Since(r.awaited) < catchUpTime)
}

// follow asks the copy how far it is, again and again.
func (r *replica) follow() {
	var conn *pgx.Conn
	for failures := 0; r.set.ctx.Err() == nil; {
		at, left, err := r.look(conn)
		conn = left
		behind := r.settle(at, err)
		switch {
		case err != nil:
			sleep(r.set.ctx, min(longestReturn, shortestReturn<<min(failures, 16)), nil)
			failures++
		case behind:
			sleep(r.set.ctx, catchUpPause, nil)
			failures = 0
		default:
			sleep(r.set.ctx, min(mostSampling, max(r.set.lag/4, leastSampling)), r.ask)
			failures = 0
		}
	}
	hangUp(conn)
}

// look asks the copy once, on a connection that it returns for the next time.
// The timeline is the one that it receives, where the user may see that, else
// that of its last checkpoint.
func (r *replica) look(conn *pgx.Conn) (at position, left *pgx.Conn, err error) {
	ctx, cancel := context.WithTimeout(r.set.ctx, askTime)
	defer cancel()
	if conn, err = r.call(ctx, conn); err != nil {
		return at, nil, err
	}
	const text = original + `, pg_is_in_recovery(),
		greatest((SELECT timeline_id FROM pg_control_checkpoint()), (SELECT received_tli FROM pg_stat_wal_receiver))::bigint,
		coalesce(pg_last_wal_replay_lsn() - '0/0', 0)::bigint`
	var whose string
	var follows bool
	var timeline, place int64
	if err = conn.QueryRow(ctx, text).Scan(&whose, &follows, &timeline, &place); err != nil {
		hangUp(conn)
		return at, nil, failure(ctx, conn, err)
	}
	at = position{uint32(timeline), uint64(place)} //nolint:gosec // neither is negative
	r.set.mutex.Lock()
	original := r.set.original
	r.set.mutex.Unlock()
	switch {
	case original == "":
		return at, conn, errNotAsked // as the primary has not been
	case whose != original:
		return at, conn, errors.New("it is no copy of the database: the URL leads to another server, database or schema")
	case !follows:
		return at, conn, errors.New("it is no standby: it takes changes of its own (pg_is_in_recovery is false)")
	}
	return at, conn, nil
}

// settle takes note of what look has found, and reports whether the copy is
// behind what this process has changed.
func (r *replica) settle(at position, failed error) (behind bool) {
	s := r.set
	s.mutex.Lock()
	r.at = at
	if failed != nil {
		r.detach() // what reads from it turns to others
		r.attached, r.detach = context.WithCancel(s.ctx)
	} else if s.behind(r) > s.lag {
		failed = fmt.Errorf("it is more than %v behind", s.lag)
	}
	r.failure = failed
	if behind = at.place < s.newest.place; !behind {
		r.awaited = time.Time{}
	} else if r.awaited.IsZero() {
		r.awaited = time.Now()
	}
	close(s.advanced)
	s.advanced = make(chan struct{})
	s.mutex.Unlock()
	r.report(failed)
	return behind
}

// report tells that the copy is read from now, or why it is not, once.
func (r *replica) report(failed error) {
	state := "in use"
	if failed != nil {
		state, failed = "left out", reason(failed)
	}
	if r.tell == nil || r.told == state || errors.Is(failed, errNotAsked) || r.set.ctx.Err() != nil {
		return
	}
	r.told = state
	r.tell(r.name, failed)
}

// read reads from the copy and returns how often it called each. It fails with
// errBehind when the copy has not what is in the floor: the copy is asked for
// that by a statement before, in the same round trip.
func (r *replica) read(ctx context.Context, floor position, st statement.Statement, each func(scan store.Scan) error) (called int, err error) {
	r.set.mutex.Lock()
	attached := r.attached
	r.set.mutex.Unlock()
	reading, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(attached, cancel)()
	c, err := r.acquire(reading)
	if err != nil {
		hurry(r.ask)
		return 0, err
	}
	defer c.Release()
	reached := statement.Statement{
		SQL:  "SELECT pg_is_in_recovery() AND pg_last_wal_replay_lsn() >= $1::text::pg_lsn",
		Args: []any{fmt.Sprintf("%X/%X", floor.place>>32, uint32(floor.place))}, //nolint:gosec // its lower half
	}
	called, err = r.readBatch(reading, c.Conn(), st, each, reached)
	rollback(reading, c)
	if err != nil && ctx.Err() == nil && reading.Err() != nil {
		err = errLost
	}
	return called, err
}
