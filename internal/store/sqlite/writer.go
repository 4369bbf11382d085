package sqlite

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/larderhq/larder/internal/statement"
	"github.com/larderhq/larder/internal/store"
)

const (
	batchWorks = 256                   // works that share a commit at most
	batchTime  = 20 * time.Millisecond // no work joins a transaction older than this
)

// writer is the one goroutine that changes the database. It takes the works
// that wait, runs them in one transaction and answers them all after its
// commit, so that they share its fsync.
type writer struct {
	conn *conn

	mutex   sync.Mutex
	waiting []*job
	closed  bool

	wake chan struct{} // holds one token while waiting may have something
	done chan struct{} // closed when the goroutine has ended
}

// job is one Write or one Exclusive.
type job struct {
	ctx       context.Context
	work      func(ctx context.Context, tx store.Tx) error
	exclusive bool
	large     bool         // store.Large: has a transaction of its own
	state     atomic.Int32 // one of the three below
	answer    chan error   // buffered, gets one
}

const (
	jobWaits     = iota
	jobTaken     // by the writer, who will answer
	jobAbandoned // by its caller
)

func (j *job) take() bool { return j.state.CompareAndSwap(jobWaits, jobTaken) }

func startWriter(c *conn) *writer {
	w := &writer{conn: c, wake: make(chan struct{}, 1), done: make(chan struct{})}
	go w.loop()
	return w
}

// do hands over a job and waits for its answer. A job whose context ends
// before its turn is given up; one that has begun is waited for.
func (w *writer) do(ctx context.Context, exclusive bool, work func(ctx context.Context, tx store.Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	j := &job{ctx: ctx, work: work, exclusive: exclusive, large: store.IsLarge(ctx), answer: make(chan error, 1)}
	if !w.enqueue(j) {
		return errClosed
	}
	select {
	case err := <-j.answer:
		return err
	case <-ctx.Done():
		if j.state.CompareAndSwap(jobWaits, jobAbandoned) {
			return ctx.Err()
		}
		return <-j.answer
	}
}

func (w *writer) enqueue(j *job) bool {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	if w.closed {
		return false
	}
	w.waiting = append(w.waiting, j)
	w.ring()
	return true
}

func (w *writer) ring() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// next returns the first job that waits, without taking it, or nil.
func (w *writer) next() *job {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	for len(w.waiting) > 0 {
		if j := w.waiting[0]; j.state.Load() == jobWaits {
			return j
		}
		w.drop()
	}
	return nil
}

// join takes the first job that waits if it may share a transaction.
func (w *writer) join() *job {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	for len(w.waiting) > 0 && !w.waiting[0].exclusive && !w.waiting[0].large {
		j := w.waiting[0]
		w.drop()
		if j.take() {
			return j
		}
	}
	return nil
}

// drop removes the first of waiting; the mutex is held.
func (w *writer) drop() {
	w.waiting[0] = nil
	if w.waiting = w.waiting[1:]; len(w.waiting) == 0 {
		w.waiting = nil
	}
}

// stop lets what waits be done and ends the goroutine.
func (w *writer) stop() {
	w.mutex.Lock()
	w.closed = true
	w.mutex.Unlock()
	w.ring()
	<-w.done
}

// loop is the goroutine.
func (w *writer) loop() {
	defer close(w.done)
	for range w.wake {
		for j := w.next(); j != nil; j = w.next() {
			switch {
			case j.exclusive:
				w.alone(j)
			case j.large:
				w.large(j)
			default:
				w.batch(j)
			}
		}
		w.mutex.Lock()
		finished := w.closed && len(w.waiting) == 0
		w.mutex.Unlock()
		if finished {
			return
		}
	}
}

// alone runs an exclusive job, outside of a transaction, and leaves the
// connection as it was before.
func (w *writer) alone(j *job) {
	if !j.take() {
		return
	}
	err := w.call(j)
	if w.conn.inTransaction() {
		err = also(err, w.exec("ROLLBACK"))
		err = also(err, errors.New("a transaction was left open and has been rolled back"))
	}
	w.conn.forget()
	j.answer <- also(err, w.conn.prepareWriting())
}

// large runs a job in a transaction of its own, whose temporary tables go to a
// file when they outgrow their cache. Otherwise they are kept in memory, since
// SQLite keeps what savepoints may have to undo in the same place: on file it
// costs concurrent writers a tenth of their speed and more.
func (w *writer) large(j *job) {
	if !j.take() {
		return
	}
	err := w.exec("PRAGMA temp_store = FILE; PRAGMA temp.cache_size = -32000")
	if err == nil {
		err = w.single(j)
	}
	// What could fail here is only felt by the next large job, which sets it anew.
	_ = w.exec("PRAGMA temp_store = MEMORY")
	j.answer <- err
}

func (w *writer) single(j *job) error {
	if _, err := w.conn.run(j.ctx, statement.Statement{SQL: "BEGIN IMMEDIATE"}, nil); err != nil {
		if j.ctx.Err() != nil {
			return j.ctx.Err()
		}
		return fmt.Errorf("begin to write: %w", err)
	}
	if err := w.perform(j, false); err != nil {
		return err
	}
	return w.commit()
}

// batch runs first and the jobs that join it in one transaction, and answers
// them all.
func (w *writer) batch(first *job) {
	if err := w.begin(first); err != nil {
		return
	}
	began := time.Now()
	var succeeded []*job
	for len(succeeded) < batchWorks && time.Since(began) < batchTime {
		j := w.join()
		if j == nil {
			// The callers that the last commit answered may be about to come
			// back: let them, which costs a lone writer nothing.
			runtime.Gosched()
			if j = w.join(); j == nil {
				break
			}
		}
		err := w.perform(j, len(succeeded) > 0)
		if err == nil {
			succeeded = append(succeeded, j)
			continue
		}
		j.answer <- err
		if !w.conn.inTransaction() {
			answer(succeeded, lost(err))
			return
		}
	}
	answer(succeeded, w.commit())
}

// begin starts a transaction for first, waiting for the lock while it does.
// Where the lock cannot be had, all jobs that wait by then have waited enough.
func (w *writer) begin(first *job) error {
	_, err := w.conn.run(first.ctx, statement.Statement{SQL: "BEGIN IMMEDIATE"}, nil)
	if err == nil {
		return nil
	}
	if first.ctx.Err() != nil {
		if first.take() {
			first.answer <- first.ctx.Err()
		}
		return err
	}
	w.mutex.Lock()
	waiting := len(w.waiting)
	w.mutex.Unlock()
	for range waiting {
		if j := w.join(); j != nil {
			j.answer <- fmt.Errorf("begin to write: %w", err)
		}
	}
	return err
}

// perform runs one job's work in the transaction. When it fails, nothing of it
// is left: a job that shares has a savepoint of its own, the first one takes
// the transaction, in which nothing else is yet, down with it.
func (w *writer) perform(j *job, shared bool) error {
	if shared {
		if err := w.exec("SAVEPOINT work"); err != nil {
			return err
		}
	}
	w.conn.shared = shared
	err := w.call(j)
	w.conn.shared = false
	switch {
	case err != nil:
	case j.ctx.Err() != nil:
		err = j.ctx.Err()
	case !w.conn.inTransaction():
		err = errors.New("the work ended the transaction")
	case w.conn.owesReferences():
		err = &store.Violation{Kind: store.ForeignKeyViolation, Err: errReferences}
	}
	switch {
	case !w.conn.inTransaction(): // SQLite rolled it back, as it must when the disk fails
		return err
	case err == nil && !shared:
		return nil
	case err == nil:
		return w.exec("RELEASE work")
	case !shared:
		return also(err, w.exec("ROLLBACK"))
	}
	err = also(err, w.exec("ROLLBACK TO work"))
	return also(err, w.exec("RELEASE work"))
}

// commit makes the transaction durable. One that cannot be is rolled back.
func (w *writer) commit() error {
	err := w.exec("COMMIT")
	if err == nil {
		return nil
	}
	if w.conn.inTransaction() {
		err = also(err, w.exec("ROLLBACK"))
	}
	return fmt.Errorf("commit: %w", err)
}

// call runs the job's work; a panic becomes an error.
func (w *writer) call(j *job) (err error) {
	t := &transaction{conn: w.conn}
	defer func() {
		t.over = true
		if cause := recover(); cause != nil {
			err = fmt.Errorf("panic while writing: %v\n%s", cause, debug.Stack())
		}
	}()
	return j.work(j.ctx, t)
}

// also adds an error that came up while another was dealt with; an error that
// stays alone stays as it is.
func also(err, further error) error {
	if further == nil {
		return err
	}
	return errors.Join(err, further)
}

// exec runs a statement that no context cancels.
func (w *writer) exec(text string) error {
	_, err := w.conn.run(context.Background(), statement.Statement{SQL: text}, nil)
	return err
}

func answer(jobs []*job, err error) {
	for _, j := range jobs {
		j.answer <- err
	}
}

// lost is what the others of a shared transaction are told when the failure of
// one ended it, which is their failure only where the disk is to blame.
func lost(cause error) error {
	if errors.Is(cause, store.ErrFull) {
		return cause
	}
	return fmt.Errorf("%w: the shared transaction was rolled back: %s", store.ErrUnavailable, cause.Error())
}

// transaction is the store.Tx that a work gets.
type transaction struct {
	conn *conn
	over bool
}

// Exec implements [store.Tx].
func (t *transaction) Exec(ctx context.Context, st statement.Statement) (int64, error) {
	return t.run(ctx, st, nil)
}

// Query implements [store.Tx].
func (t *transaction) Query(ctx context.Context, st statement.Statement, each func(store.Scan) error) error {
	_, err := t.run(ctx, st, each)
	return err
}

func (t *transaction) run(ctx context.Context, st statement.Statement, each func(store.Scan) error) (int64, error) {
	if t.over {
		return 0, errors.New("transaction used after its end")
	}
	return t.conn.run(ctx, st, each)
}
