package sqlite

import (
	"container/list"
	"context"
	"errors"
	"fmt"
	"math"
	"net/url"
	"path/filepath"
	"strings"
	"time"
	"unsafe"

	"modernc.org/libc"
	"modernc.org/libc/sys/types"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/larderhq/larder/internal/statement"
	"github.com/larderhq/larder/internal/store"
)

const (
	cachedStatements = 128     // prepared statements that a connection keeps
	keptArguments    = 1 << 16 // bytes of argument memory that a cached statement keeps
	progressSteps    = 1000    // virtual machine steps between two looks at the context: some 50 µs
	pointerBytes     = 8       // of an output parameter, on the widest platform
)

// conn is one connection to the database. It is used by one goroutine at a
// time.
//
// It calls SQLite itself rather than through database/sql, for what that
// cannot do: a context is looked at by SQLite's progress and busy callbacks
// instead of by a goroutine for every statement, a result goes from SQLite's
// memory to its destination in one copy, and the writer can ask whether its
// transaction still stands. What is called is the C interface of SQLite
// (https://sqlite.org/c3ref/intro.html) as translated to Go.
type conn struct {
	tls *libc.TLS
	db  uintptr // sqlite3*
	out uintptr // memory for two output parameters

	ctx context.Context // governs the statement that runs; the callbacks look at it
	// shared says that the transaction holds the works of several callers. An
	// interrupted write ends its whole transaction
	// (https://sqlite.org/c3ref/interrupt.html), so a cancellation then waits
	// for the end of the statement (postponed).
	shared    bool
	postponed bool

	busyTimeout time.Duration // how long to wait for a lock; 0: as long as ctx allows
	busySince   time.Time

	// SQLite holds the addresses of the callbacks, these keep them alive.
	onProgress func(*libc.TLS, uintptr) int32
	onBusy     func(*libc.TLS, uintptr, int32) int32

	cache  map[string]*list.Element // by SQL text, of *prepared
	recent *list.List               // the same, last used first
}

// prepared is a compiled statement.
type prepared struct {
	sql        string
	handle     uintptr // sqlite3_stmt*
	parameters int
	readOnly   bool
	running    bool
	arguments  uintptr // memory that holds the bound text and blobs
	size       int     // of it
}

// mode says what a connection may do.
type mode string

const (
	readOnly  mode = "ro"
	readWrite mode = "rw"
)

// open connects to the database file at path, which must exist.
func open(path string, m mode, busyTimeout time.Duration) (*conn, error) {
	c := &conn{
		tls:         libc.NewTLS(),
		ctx:         context.Background(),
		busyTimeout: busyTimeout,
		cache:       make(map[string]*list.Element),
		recent:      list.New(),
	}
	if c.out = libc.Xmalloc(c.tls, 2*pointerBytes); c.out == 0 {
		c.tls.Close()
		return nil, errMemory
	}
	name, err := libc.CString(location(path, m))
	if err != nil {
		c.close()
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	defer libc.Xfree(c.tls, name)
	// The mode in the location narrows what the flags allow.
	const flags = sqlite3.SQLITE_OPEN_READWRITE | sqlite3.SQLITE_OPEN_URI | sqlite3.SQLITE_OPEN_NOMUTEX | sqlite3.SQLITE_OPEN_EXRESCODE
	code := sqlite3.Xsqlite3_open_v2(c.tls, name, c.out, flags, 0)
	c.db = libc.AtomicLoadPUintptr(c.out)
	if code != sqlite3.SQLITE_OK {
		err := c.failure(code)
		c.close()
		return nil, err
	}
	c.configure(sqlite3.SQLITE_DBCONFIG_DEFENSIVE, true)
	c.configure(sqlite3.SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)
	c.configure(sqlite3.SQLITE_DBCONFIG_DQS_DDL, false) // "name" is never a text
	c.configure(sqlite3.SQLITE_DBCONFIG_DQS_DML, false)
	c.onProgress = func(*libc.TLS, uintptr) int32 { return libc.Bool32(!c.postponed && c.ctx.Err() != nil) }
	c.onBusy = c.waitForLock
	sqlite3.Xsqlite3_progress_handler(c.tls, c.db, progressSteps, address(&c.onProgress), 0)
	sqlite3.Xsqlite3_busy_handler(c.tls, c.db, address(&c.onBusy), 0)
	return c, nil
}

// location is the file as a URI, https://sqlite.org/uri.html. On Windows a
// slash comes before the drive.
func location(path string, m mode) string {
	path = filepath.ToSlash(path)
	if !strings.HasPrefix(path, "/") {
		path = "/" + path
	}
	return (&url.URL{Scheme: "file", OmitHost: true, Path: path, RawQuery: "mode=" + string(m)}).String()
}

// address is how translated C holds a pointer to the function: the address of
// Go's function value, which must stay reachable from Go.
func address[F any](function *F) uintptr { return *(*uintptr)(unsafe.Pointer(function)) } //nolint:gosec // read only

// configure switches an option of sqlite3_db_config, which takes its arguments
// as a C variable list of an int and a pointer that may be null.
func (c *conn) configure(option int32, on bool) {
	sqlite3.Xsqlite3_db_config(c.tls, c.db, option, libc.VaList(c.out, libc.Bool32(on), uintptr(0)))
}

// waitForLock is the busy callback: it sleeps a little, longer each time, and
// says whether to try again (1) or to give up (0).
func (c *conn) waitForLock(_ *libc.TLS, _ uintptr, tried int32) int32 {
	if tried == 0 {
		c.busySince = time.Now()
	}
	if c.busyTimeout > 0 && time.Since(c.busySince) >= c.busyTimeout {
		return 0
	}
	timer := time.NewTimer(min(time.Duration(tried+1)*time.Millisecond, 10*time.Millisecond))
	defer timer.Stop()
	select {
	case <-timer.C:
		return 1
	case <-c.ctx.Done():
		return 0
	}
}

// close ends the connection. Nothing may run on it.
func (c *conn) close() error {
	c.forget()
	var err error
	if c.db != 0 {
		if code := sqlite3.Xsqlite3_close_v2(c.tls, c.db); code != sqlite3.SQLITE_OK {
			err = c.failure(code)
		}
		c.db = 0
	}
	libc.Xfree(c.tls, c.out)
	c.tls.Close()
	return err
}

// forget drops every cached statement.
func (c *conn) forget() {
	for element := c.recent.Front(); element != nil; element = element.Next() {
		c.finalize(element.Value.(*prepared))
	}
	c.recent.Init()
	clear(c.cache)
}

// inTransaction reports whether a transaction is open.
func (c *conn) inTransaction() bool { return sqlite3.Xsqlite3_get_autocommit(c.tls, c.db) == 0 }

// cannotWrite reports whether SQLite opened the file for reading only, as it
// does when the file's permissions leave no more.
func (c *conn) cannotWrite() bool { return sqlite3.Xsqlite3_db_readonly(c.tls, c.db, 0) == 1 }

// owesReferences reports whether the transaction holds rows whose deferred
// foreign keys point nowhere, so that a commit would fail.
func (c *conn) owesReferences() bool {
	sqlite3.Xsqlite3_db_status(c.tls, c.db, sqlite3.SQLITE_DBSTATUS_DEFERRED_FKS, c.out, c.out+pointerBytes, 0)
	return libc.AtomicLoadPInt32(c.out) > 0
}

// run executes a statement and calls each, which may be nil, for its rows. SQL
// of several statements runs one after the other, without arguments.
func (c *conn) run(ctx context.Context, st statement.Statement, each func(store.Scan) error) (affected int64, err error) {
	outer := c.ctx
	c.ctx = ctx
	defer func() { c.ctx = outer }()
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	arguments, err := normal(st.Args)
	if err != nil {
		return 0, err
	}
	for text := st.SQL; ; {
		p, rest, err := c.prepare(text)
		if err != nil {
			return affected, err
		}
		if p == nil {
			return affected, nil // nothing but blanks and comments was left
		}
		if rest != "" && len(arguments) > 0 {
			c.release(p)
			return affected, errors.New("arguments for more than one statement")
		}
		n, err := c.execute(p, arguments, each)
		if affected += n; err != nil || rest == "" {
			return affected, err
		}
		text = rest
	}
}

// execute binds, steps to the end and gives the statement back. The number of
// affected rows is that of a changing statement, else 0.
func (c *conn) execute(p *prepared, arguments []any, each func(store.Scan) error) (affected int64, err error) {
	postponed := c.postponed
	c.postponed = c.shared && !p.readOnly
	defer func() {
		c.release(p)
		c.postponed = postponed
	}()
	before := sqlite3.Xsqlite3_total_changes64(c.tls, c.db)
	if err := c.bind(p, arguments); err != nil {
		return 0, err
	}
	scan := func(destinations ...any) error { return c.scan(p, destinations) }
	for {
		switch code := sqlite3.Xsqlite3_step(c.tls, p.handle); code {
		case sqlite3.SQLITE_ROW:
			if each == nil {
				continue
			}
			if err := each(scan); err != nil {
				return 0, err
			}
		case sqlite3.SQLITE_DONE:
			if sqlite3.Xsqlite3_total_changes64(c.tls, c.db) == before {
				return 0, nil
			}
			return sqlite3.Xsqlite3_changes64(c.tls, c.db), nil
		default:
			return 0, c.failure(code)
		}
	}
}

// prepare returns the first statement of text, nil when there is none, and
// what stands behind it. A text of one statement is kept and found again.
func (c *conn) prepare(text string) (p *prepared, rest string, err error) {
	if element, known := c.cache[text]; known && !element.Value.(*prepared).running {
		c.recent.MoveToFront(element)
		p = element.Value.(*prepared)
		p.running = true
		return p, "", nil
	}
	source, err := libc.CString(text)
	if err != nil {
		return nil, "", fmt.Errorf("prepare statement: %w", err)
	}
	defer libc.Xfree(c.tls, source)
	code := sqlite3.Xsqlite3_prepare_v3(c.tls, c.db, source, -1, sqlite3.SQLITE_PREPARE_PERSISTENT, c.out, c.out+pointerBytes)
	if code != sqlite3.SQLITE_OK {
		return nil, "", c.failure(code)
	}
	handle := libc.AtomicLoadPUintptr(c.out)
	tail := libc.AtomicLoadPUintptr(c.out + pointerBytes)
	rest = strings.TrimSpace(text[tail-source:])
	if handle == 0 {
		return nil, "", nil
	}
	p = &prepared{
		sql:        text,
		handle:     handle,
		parameters: int(sqlite3.Xsqlite3_bind_parameter_count(c.tls, handle)),
		readOnly:   sqlite3.Xsqlite3_stmt_readonly(c.tls, handle) != 0,
		running:    true,
	}
	if _, known := c.cache[text]; rest == "" && !known {
		c.cache[text] = c.recent.PushFront(p)
		c.evict()
	}
	return p, rest, nil
}

// evict drops the statements not used for longest beyond the bound.
func (c *conn) evict() {
	for element := c.recent.Back(); element != nil && c.recent.Len() > cachedStatements; {
		older := element.Prev()
		if p := element.Value.(*prepared); !p.running {
			c.recent.Remove(element)
			delete(c.cache, p.sql)
			c.finalize(p)
		}
		element = older
	}
}

// release ends a statement's run: a cached one is ready again, another is gone.
// The error of a reset is that of the step before it.
func (c *conn) release(p *prepared) {
	sqlite3.Xsqlite3_reset(c.tls, p.handle)
	p.running = false
	element, known := c.cache[p.sql]
	if !known || element.Value.(*prepared) != p {
		c.finalize(p)
		return
	}
	if p.size > keptArguments {
		sqlite3.Xsqlite3_clear_bindings(c.tls, p.handle)
		libc.Xfree(c.tls, p.arguments)
		p.arguments, p.size = 0, 0
	}
}

func (c *conn) finalize(p *prepared) {
	sqlite3.Xsqlite3_finalize(c.tls, p.handle)
	libc.Xfree(c.tls, p.arguments)
}

// reserve gives the statement size bytes for its arguments.
func (c *conn) reserve(p *prepared, size int) error {
	if size <= p.size {
		return nil
	}
	if size > math.MaxInt32 {
		return errMemory
	}
	libc.Xfree(c.tls, p.arguments)
	p.size = max(size, 256)
	if p.arguments = libc.Xmalloc(c.tls, types.Size_t(p.size)); p.arguments == 0 { //nolint:gosec // positive
		p.size = 0
		return errMemory
	}
	return nil
}
