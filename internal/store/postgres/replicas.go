package postgres

import (
	"cmp"
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/larderhq/larder/internal/statement"
	"github.com/larderhq/larder/internal/store"
)

const (
	replicaLag     = 10 * time.Second       // where the options say none
	askTime        = time.Second            // for a server to say how far it is
	mostSampling   = time.Second            // between two questions to the primary
	leastSampling  = 20 * time.Millisecond  // the same
	catchUpTime    = 20 * time.Millisecond  // that a read waits for a replica to have what it must have
	catchUpPause   = 2 * time.Millisecond   // between two questions to a replica that is waited for
	shortestReturn = 100 * time.Millisecond // before a replica that failed is asked again
	longestReturn  = 5 * time.Second        // the same, after several times
)

// replicas are the copies of a database that reads may come from, and what a
// copy must have for that.
//
// A read comes from a copy which has replayed the log up to the read's floor:
// the newest change that this process knows of, what the client says that it
// knows of, and what the primary had when the time allowed for lag began. The
// copy says how far it is in the same exchange as it reads, so that nothing
// that happened to it meanwhile makes an answer older.
type replicas struct {
	primary *Engine
	lag     time.Duration // allowed
	all     []*replica
	turn    atomic.Uint64 // whose it is to be asked first

	begin   sync.Once // at the first read
	running sync.WaitGroup
	ctx     context.Context // of what runs
	cancel  context.CancelFunc
	ask     chan struct{} // holds one when the primary is to be asked at once

	mutex    sync.Mutex
	newest   position      // that this process knows of
	unknown  time.Time     // when a change was made that may be beyond newest; zero when there is none
	samples  []sample      // of the primary, the oldest first
	original string        // what tells the primary's database from others
	advanced chan struct{} // closed when a replica has come further
}

// sample is where the primary was.
type sample struct {
	at time.Time // or later
	position
}

// newReplicas prepares the copies at the addresses.
func newReplicas(ctx context.Context, primary *Engine, options Options) (*replicas, error) {
	s := &replicas{primary: primary, lag: cmp.Or(options.ReplicaLag, replicaLag), ask: make(chan struct{}, 1), advanced: make(chan struct{})}
	s.ctx, s.cancel = context.WithCancel(context.WithoutCancel(ctx))
	for _, address := range options.Replicas {
		r, err := newReplica(s, address, options)
		if err != nil {
			s.close()
			return nil, err
		}
		s.all = append(s.all, r)
	}
	return s, nil
}

// close waits for what runs.
func (s *replicas) close() {
	s.begin.Do(func() {}) // it does not begin any more
	s.cancel()
	s.running.Wait()
	for _, r := range s.all {
		r.pool.Close()
	}
}

// call returns conn, or a connection in its place if it is closed or nil, that
// is none of the pool's: what runs there must not keep from asking.
func (e *Engine) call(ctx context.Context, conn *pgx.Conn) (*pgx.Conn, error) {
	if conn != nil && !conn.IsClosed() {
		return conn, nil
	}
	conn, err := pgx.ConnectConfig(ctx, e.pool.Config().ConnConfig)
	if err != nil {
		return nil, unreachable(ctx, err)
	}
	return conn, nil
}

// hangUp closes a connection that is not the pool's; nil is none.
func hangUp(conn *pgx.Conn) {
	if conn == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), askTime)
	defer cancel()
	_ = conn.Close(ctx) // nothing was left to be done on it
}

// hurry wakes what sleeps; it does not wait for that.
func hurry(asleep chan<- struct{}) {
	select {
	case asleep <- struct{}{}:
	default: // it is being woken
	}
}

// sleep waits for a while, or until it is woken or ctx ends.
func sleep(ctx context.Context, d time.Duration, woken <-chan struct{}) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-woken:
	case <-ctx.Done():
	}
}

// start begins to follow the primary and its copies. It is not before the first
// read that these have to have what the primary has: nothing but reads asks for
// them, and what was migrated until then is in their floor.
func (s *replicas) start() {
	s.running.Go(s.follow)
	for _, r := range s.all {
		s.running.Go(r.follow)
	}
}

// follow asks the primary where it is, again and again.
func (s *replicas) follow() {
	interval := min(mostSampling, max(s.lag/4, leastSampling))
	var conn *pgx.Conn
	for s.ctx.Err() == nil {
		conn = s.sample(conn)
		sleep(s.ctx, interval, s.ask)
	}
	hangUp(conn)
}

// sample asks once, on a connection that it returns for the next time.
func (s *replicas) sample(conn *pgx.Conn) *pgx.Conn {
	ctx, cancel := context.WithTimeout(s.ctx, askTime)
	defer cancel()
	now := time.Now()
	conn, err := s.primary.call(ctx, conn)
	if err != nil {
		return nil
	}
	results, err := conn.PgConn().Exec(ctx, original+"; "+here).ReadAll()
	at, ok := positionOf(results)
	if err != nil || !ok {
		hangUp(conn)
		return nil
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.original = string(results[0].Rows[0][0])
	s.samples = append(s.samples, sample{now, at})
	if !s.unknown.IsZero() && now.After(s.unknown) {
		s.newest, s.unknown = s.newest.with(at), time.Time{}
	}
	for len(s.samples) > 1 && time.Since(s.samples[0].at) > 2*s.lag {
		s.samples = s.samples[1:]
	}
	return conn
}

// original is a text that a database shares with its copies and with no other.
const original = `SELECT concat_ws('/', (SELECT system_identifier FROM pg_control_system()),
	(SELECT oid FROM pg_database WHERE datname = current_database()), current_schema())`

// floor is what a copy must have for a read of a client that knows of the
// position; not ok when only the primary is certain to have it.
func (s *replicas) floor(known string) (floor position, ok bool) {
	if known != "" {
		if floor, ok = parsePosition(known); !ok {
			return floor, false
		}
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	allowed, ok := s.allowed()
	if !ok || !s.unknown.IsZero() {
		return floor, false
	}
	return floor.with(allowed).with(s.newest), true
}

// allowed is where the primary was when the lag that is allowed began, in the
// timeline in which it is now; not ok when it has not been asked since. The
// mutex is held.
func (s *replicas) allowed() (p position, ok bool) {
	for _, sampled := range s.samples {
		if time.Since(sampled.at) <= s.lag {
			return position{s.samples[len(s.samples)-1].timeline, sampled.place}, true
		}
	}
	return p, false
}

// read reads from a copy; done is false when the primary has to be asked.
func (s *replicas) read(ctx context.Context, known string, st statement.Statement, each func(scan store.Scan) error) (done bool, err error) {
	s.begin.Do(s.start)
	floor, ok := s.floor(known)
	if !ok {
		return false, nil
	}
	r := s.choose(ctx, floor)
	if r == nil {
		return false, nil
	}
	rows, err := r.read(ctx, floor, st, each)
	return err == nil || rows > 0 || ctx.Err() != nil, err
}

// choose is a copy that has what is in the floor, or has it very soon; nil when
// there is none.
func (s *replicas) choose(ctx context.Context, floor position) *replica {
	turn := s.turn.Add(1)
	var patience *time.Timer
	for {
		s.mutex.Lock()
		advanced, soon := s.advanced, false
		for i := range s.all {
			r := s.all[(turn+uint64(i))%uint64(len(s.all))] //nolint:gosec // not negative
			if r.has(floor) {
				s.mutex.Unlock()
				return r
			}
			soon = soon || r.catchesUp(floor)
		}
		s.mutex.Unlock()
		if !soon {
			return nil
		}
		if patience == nil {
			patience = time.NewTimer(catchUpTime)
			defer patience.Stop()
		}
		select {
		case <-advanced:
		case <-patience.C:
			return nil
		case <-ctx.Done():
			return nil
		}
	}
}

// know remembers that this process has made or refused a change when the
// primary was where the results of here say.
func (s *replicas) know(results []*pgconn.Result) {
	at, ok := positionOf(results)
	if !ok {
		s.lost()
		return
	}
	s.mutex.Lock()
	if at.after(s.newest) {
		s.newest = at
	}
	s.mutex.Unlock()
	for _, r := range s.all {
		hurry(r.ask)
	}
}

// lost remembers that a change may have been made of which it is not known
// where. Until the primary has said where it is, it alone is read.
func (s *replicas) lost() {
	s.mutex.Lock()
	s.unknown = time.Now()
	s.mutex.Unlock()
	hurry(s.ask)
}

// position is what a client is to know after a change.
func (s *replicas) position() string {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if !s.unknown.IsZero() {
		return store.Newest
	}
	return s.newest.String()
}

// states are the copies as they are now.
func (s *replicas) states() []store.Replica {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	_, asked := s.allowed()
	states := make([]store.Replica, len(s.all))
	for i, r := range s.all {
		states[i] = store.Replica{InUse: asked && r.failure == nil, Lag: s.behind(r)}
	}
	return states
}

// behind is for how long the primary has had what the copy has not, as far as
// the samples tell. The mutex is held.
func (s *replicas) behind(r *replica) time.Duration {
	for _, sampled := range s.samples {
		if r.at.timeline != sampled.timeline || r.at.place < sampled.place {
			return time.Since(sampled.at)
		}
	}
	return 0
}

var errBehind = fmt.Errorf("%w: the replica is behind", store.ErrUnavailable)

var _ store.Replicated = (*Engine)(nil)

// Position implements [store.Replicated].
func (e *Engine) Position() (position string, matters time.Duration) {
	if e.copies == nil {
		return "", 0
	}
	return e.copies.position(), e.copies.lag
}

// Replicas implements [store.Replicated].
func (e *Engine) Replicas() []store.Replica {
	if e.copies == nil {
		return nil
	}
	return e.copies.states()
}
