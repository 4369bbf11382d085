// Package postgres is the [store.Engine] on a PostgreSQL database: a pool of
// connections over pgx, on which any number of larder processes may work at
// the same time.
//
// [Engine.Read] runs a statement on a pooled connection, whose transactions
// are read-only unless they say otherwise. [Engine.Write] runs its work in a
// READ COMMITTED transaction, in which each statement sees what was committed
// before it began, and runs it again where PostgreSQL undid it for a reason
// that passes. Both outlive connections that die under them.
package postgres

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/larderhq/larder/internal/statement"
	"github.com/larderhq/larder/internal/store"
)

// Options adjust an engine; the zero value is good for a server.
type Options struct {
	// Connections is how many connections the pool has at most; 0 means four
	// for each processor that Go uses, and eight at least.
	Connections int
	// StatementTimeout is how long the server works on one statement, and
	// LockTimeout how long a statement waits for a lock; 0 means no bound. An
	// import and what [Engine.Exclusive] does have no StatementTimeout.
	StatementTimeout, LockTimeout time.Duration
	// StartTimeout is how long Open waits for a server that does not answer
	// yet; 0 means that it tries once.
	StartTimeout time.Duration
	// Waiting, if set, is told once that Open waits, and why.
	Waiting func(reason error)
	// Pooler says that the URL leads to a pooler in transaction mode, such as
	// PgBouncer, so that nothing of a session can be relied on.
	Pooler bool
	// Replicas are the URLs of copies of the database (hot standbys) that reads
	// may come from; see [store.Replicated]. Pooler goes for them too.
	Replicas []string
	// ReplicaLag is how far a copy may be behind what the database has; 0 means
	// ten seconds.
	ReplicaLag time.Duration
	// Replica, if set, is told when a copy comes into use (a nil failure) and
	// when it is left out, and why. It is called by a goroutine of the engine.
	Replica func(name string, failure error)
	// Temporary makes every table that is made on the engine a temporary one,
	// on the one connection that it then has, so that nothing of its work is
	// left when it is closed.
	Temporary bool
}

const (
	pingTimeout  = 5 * time.Second  // of Ping, and of a pooled connection that has rested
	endTimeout   = 5 * time.Second  // of ROLLBACK and of what else tidies up
	commitTime   = 30 * time.Second // of COMMIT, which no context ends
	longestPause = 2 * time.Second  // between two attempts to reach a server that starts
)

// Engine is one PostgreSQL database. It is safe for concurrent use.
type Engine struct {
	pool        *pgxpool.Pool
	connections int // of the pool, at most
	options     Options
	settings    string        // that begin every transaction, where sessions have none
	exclusive   chan struct{} // holds one while an Exclusive runs by way of a pooler
	copies      *replicas     // nil: none
	closed      atomic.Bool
}

var _ store.Engine = (*Engine)(nil)

// Open connects to the database at a URL as libpq has it
// (https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING),
// which must exist and be encoded in UTF-8. Its tables are those of the first
// schema in the search_path. The errors are sentences for the person who chose
// the URL, and hold no password.
func Open(ctx context.Context, url string, options Options) (*Engine, error) {
	config, settings, err := configuration(url, options)
	if err != nil {
		return nil, err
	}
	pool, err := pgxpool.NewWithConfig(context.WithoutCancel(ctx), config)
	if err != nil {
		return nil, fmt.Errorf("database %s: %w", Name(url), err)
	}
	e := &Engine{
		pool: pool, connections: int(config.MaxConns), options: options,
		settings: settings, exclusive: make(chan struct{}, 1),
	}
	if err := e.start(ctx); err != nil {
		pool.Close()
		return nil, sentence(config.ConnConfig, err)
	}
	if len(options.Replicas) > 0 && !options.Temporary {
		if e.copies, err = newReplicas(ctx, e, options); err != nil {
			pool.Close()
			return nil, err
		}
	}
	return e, nil
}

// start makes the first connection, waiting for a server that does not answer
// yet.
func (e *Engine) start(ctx context.Context) error {
	deadline := time.Now().Add(e.options.StartTimeout)
	for attempt := 0; ; attempt++ {
		err := e.inspect(ctx)
		if err == nil || !errors.Is(err, store.ErrUnavailable) || refusesTLS(err) || time.Now().After(deadline) {
			return err
		}
		if attempt == 0 && e.options.Waiting != nil {
			e.options.Waiting(sentence(e.pool.Config().ConnConfig, err))
		}
		if pause(ctx, attempt+4, longestPause) != nil {
			return err
		}
	}
}

// inspect refuses a server that larder's SQL is not for.
func (e *Engine) inspect(ctx context.Context) error {
	const oldest = 15
	c, err := e.acquire(ctx)
	if err != nil {
		return err
	}
	defer c.Release()
	var version int
	var path string
	var hasSchema bool
	const facts = "SELECT current_setting('server_version_num')::int / 10000, current_setting('search_path'), current_schema() IS NOT NULL"
	if err := c.QueryRow(ctx, facts).Scan(&version, &path, &hasSchema); err != nil {
		return failure(ctx, c.Conn(), err)
	}
	if version < oldest {
		return fmt.Errorf("the server is PostgreSQL %d: larder needs %d or later", version, oldest)
	}
	if encoding := c.Conn().PgConn().ParameterStatus("server_encoding"); encoding != "UTF8" {
		return fmt.Errorf("its encoding is %s: larder needs one in UTF8, as CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0 makes it", encoding)
	}
	if !hasSchema && !e.options.Temporary {
		return fmt.Errorf("no schema of the search_path (%s) is there and may be used; make one with CREATE SCHEMA, GRANT USAGE on it, or name another, as in ?search_path=stock", path)
	}
	return nil
}

// Dialect implements [store.Engine].
func (e *Engine) Dialect() statement.Dialect { return statement.Postgres() }

// Read implements [store.Engine]. A pooled connection that has died gives its
// place to another as long as each has not been called.
func (e *Engine) Read(ctx context.Context, st statement.Statement, each func(scan store.Scan) error) error {
	if e.copies != nil {
		if known, allowed := store.LagAllowed(ctx); allowed {
			if done, err := e.copies.read(ctx, known, st, each); done {
				return err
			}
		}
	}
	for range e.connections {
		again, err := e.read(ctx, st, each)
		if !again {
			return err
		}
	}
	_, err := e.read(ctx, st, each)
	return err
}

// read is Read on one connection; it reports whether another may do better.
func (e *Engine) read(ctx context.Context, st statement.Statement, each func(scan store.Scan) error) (again bool, err error) {
	c, err := e.acquire(ctx)
	if err != nil {
		return false, err
	}
	defer c.Release()
	var rows int
	if e.options.Pooler {
		rows, err = e.readBatch(ctx, c.Conn(), st, each)
		rollback(ctx, c)
	} else {
		rows, err = query(ctx, c.Conn(), st, each)
	}
	return rows == 0 && passes(err), err
}

// acquire takes a connection from the pool.
func (e *Engine) acquire(ctx context.Context) (*pgxpool.Conn, error) {
	c, err := e.pool.Acquire(ctx)
	switch {
	case err == nil:
		return c, nil
	case e.closed.Load():
		return nil, errClosed
	}
	return nil, unreachable(ctx, err)
}

// Ping implements [store.Engine]. It takes a few seconds at most.
func (e *Engine) Ping(ctx context.Context) error {
	bounded, cancel := context.WithTimeout(ctx, pingTimeout)
	defer cancel()
	err := e.Read(bounded, statement.Statement{SQL: "SELECT 1"}, nil)
	if err != nil && bounded.Err() != nil && ctx.Err() == nil {
		return fmt.Errorf("%w: it did not answer within %v", store.ErrUnavailable, pingTimeout)
	}
	return err
}

// Close implements [store.Engine]: it waits for what was begun; later calls
// fail with store.ErrUnavailable.
func (e *Engine) Close() error {
	e.closed.Store(true)
	if e.copies != nil {
		e.copies.close()
	}
	e.pool.Close()
	return nil
}

// query runs a statement and calls each, which may be nil, for its rows. It
// returns how many each was called for.
func query(ctx context.Context, conn *pgx.Conn, st statement.Statement, each func(scan store.Scan) error, mode ...any) (called int, err error) {
	arguments := st.Args
	if len(mode) > 0 {
		arguments = append(mode[:1:1], st.Args...)
	}
	rows, err := conn.Query(ctx, st.SQL, arguments...)
	if err != nil {
		return 0, failure(ctx, conn, err)
	}
	return scanAll(ctx, conn, rows, each)
}

// scanAll calls each for the rows and returns how often.
func scanAll(ctx context.Context, conn *pgx.Conn, rows pgx.Rows, each func(scan store.Scan) error) (called int, err error) {
	defer rows.Close()
	r := reading{rows: rows, types: conn.TypeMap()}
	scan := store.Scan(r.scan)
	for rows.Next() {
		if each == nil {
			continue
		}
		called++
		if err := each(scan); err != nil {
			return called, err
		}
	}
	return called, failure(ctx, conn, rows.Err())
}
