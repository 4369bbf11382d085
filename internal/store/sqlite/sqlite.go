// Package sqlite is the [store.Engine] on a SQLite file: many readers, one
// writer, write-ahead log, every commit synchronised to the disk before it is
// answered.
//
// [Engine.Read] runs on a pool of read-only connections, which see the last
// commit and never wait for a writer. [Engine.Write] hands its work to the one
// writer goroutine, which runs all the works that wait in one transaction, each
// under a savepoint of its own, and answers them after the commit: writers
// share an fsync, and one that fails leaves the others alone. Several processes
// may have the same file open; they take turns.
package sqlite

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"sync"
	"time"

	sqlite3 "modernc.org/sqlite/lib"

	"github.com/larderhq/larder/internal/statement"
	"github.com/larderhq/larder/internal/store"
)

// Options adjust an engine; the zero value is good for a server.
type Options struct {
	// Readers is how many connections read at the same time; 0 means twice
	// the processors that Go uses, and four at least.
	Readers int
	// BusyTimeout is how long a change waits for another process that writes
	// before it fails with store.ErrUnavailable; 0 means 30 seconds. The
	// context of a change may end the wait earlier.
	BusyTimeout time.Duration
	// External says that the file is another program's: it must be there, and
	// neither its header nor its journal mode is changed. Where that is not
	// WAL, readers and the writer wait for each other.
	External bool
}

// patch corrects the page size that translated SQLite believes in on
// linux/arm64; it must run before the first use of the library.
var patch = sync.OnceFunc(sqlite3.PatchIssue199)

const (
	defaultBusyTimeout = 30 * time.Second
	minimumReaders     = 4
)

// Engine is one SQLite database. It is safe for concurrent use.
type Engine struct {
	path    string
	writer  *writer
	readers chan *conn // those that rest
	pool    int        // how many there are
	closing sync.Once
	closed  chan struct{}
	failure error // of closing
}

var _ store.Engine = (*Engine)(nil)

// Open opens the database file at path and creates an empty one, readable by
// its owner only, where there is none; the folder must exist. Next to it
// SQLite keeps path-wal and path-shm, and larder path-lock and path-turn, the
// locks of [Engine.Exclusive] and [Engine.InTurn]. The errors are sentences for the person who chose path.
func Open(ctx context.Context, path string, options Options) (*Engine, error) {
	if options.BusyTimeout == 0 {
		options.BusyTimeout = defaultBusyTimeout
	}
	if options.Readers == 0 {
		options.Readers = max(minimumReaders, 2*runtime.GOMAXPROCS(0))
	}
	patch()
	if options.External {
		if _, err := os.Stat(path); err != nil {
			return nil, fmt.Errorf("database %s: %w", path, reason(err))
		}
	}
	path, err := createFile(path)
	if err != nil {
		return nil, err
	}
	writing, err := open(path, readWrite, options.BusyTimeout)
	if err != nil {
		return nil, explain(path, err)
	}
	prepare := prepareFile
	if options.External {
		prepare = prepareExternal
	}
	if err := prepare(ctx, path, writing); err != nil {
		return nil, errors.Join(err, writing.close())
	}
	e := &Engine{path: path, pool: options.Readers, readers: make(chan *conn, options.Readers), closed: make(chan struct{})}
	for range e.pool {
		reading, err := openReader(path, options.BusyTimeout)
		if err != nil {
			e.pool = len(e.readers)
			return nil, errors.Join(explain(path, err), e.closeReaders(), writing.close())
		}
		e.readers <- reading
	}
	e.writer = startWriter(writing)
	return e, nil
}

// Dialect implements [store.Engine].
func (e *Engine) Dialect() statement.Dialect { return statement.SQLite() }

// Read implements [store.Engine].
func (e *Engine) Read(ctx context.Context, st statement.Statement, each func(scan store.Scan) error) error {
	c, err := e.borrow(ctx)
	if err != nil {
		return err
	}
	defer func() { e.readers <- c }()
	_, err = c.run(ctx, st, each)
	return err
}

// borrow takes a resting reader, which goes back into e.readers.
func (e *Engine) borrow(ctx context.Context) (*conn, error) {
	select {
	case <-e.closed:
		return nil, errClosed
	default:
	}
	select {
	case c := <-e.readers:
		return c, nil
	default:
	}
	select {
	case c := <-e.readers:
		return c, nil
	case <-e.closed:
		return nil, errClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Write implements [store.Engine]. The work runs on the writer's goroutine; it
// must not call Write itself. A context that ends before its turn takes it out
// of the queue; one that ends while it runs rolls it back.
func (e *Engine) Write(ctx context.Context, work func(ctx context.Context, tx store.Tx) error) error {
	return e.writer.do(ctx, false, work)
}

// Exclusive implements [store.Engine]. The work gets the writer's connection,
// so nothing of this process writes beside it. Other processes are held off
// from their own Exclusive by the lock path-lock, for which this waits as long
// as ctx allows, and from writing while the work has a transaction open; begin
// it with BEGIN IMMEDIATE. Settings of the connection that the work changes
// are put back after it.
func (e *Engine) Exclusive(ctx context.Context, work func(ctx context.Context, conn store.Tx) error) error {
	unlock, err := lock(ctx, e.path+"-lock")
	if err != nil {
		return fmt.Errorf("lock the database: %w", err)
	}
	return also(e.writer.do(ctx, true, work), unlock())
}

// InTurn implements [store.Engine], by the lock path-turn.
func (e *Engine) InTurn(ctx context.Context, work func(ctx context.Context) error) error {
	unlock, err := lock(ctx, e.path+"-turn")
	if err != nil {
		return fmt.Errorf("wait for the turn: %w", err)
	}
	return also(work(ctx), unlock())
}

// Ping implements [store.Engine].
func (e *Engine) Ping(ctx context.Context) error {
	return e.Read(ctx, statement.Statement{SQL: "SELECT count(*) FROM sqlite_schema"}, nil)
}

// Close implements [store.Engine]: what was begun is finished, later calls fail
// with store.ErrUnavailable, and the log is written into the database file, so
// that it is whole by itself. Closing again does nothing.
func (e *Engine) Close() error {
	e.closing.Do(func() {
		e.writer.stop()
		close(e.closed)
		e.failure = errors.Join(e.closeReaders(), checkpoint(e.writer.conn), e.writer.conn.close())
	})
	return e.failure
}

// closeReaders waits for the readers to rest and closes them.
func (e *Engine) closeReaders() error {
	var failures []error
	for range e.pool {
		c := <-e.readers
		failures = append(failures, c.close())
	}
	return errors.Join(failures...)
}

// checkpoint moves the log into the database file. Another process that still
// reads the log keeps some of it there, which is no failure.
func checkpoint(c *conn) error {
	c.busyTimeout = time.Second
	_, err := c.run(context.Background(), statement.Statement{SQL: "PRAGMA wal_checkpoint(TRUNCATE)"}, nil)
	if errors.Is(err, store.ErrUnavailable) {
		return nil
	}
	return err
}
