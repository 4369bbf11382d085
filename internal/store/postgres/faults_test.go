package postgres

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/larderhq/larder/internal/postgrestest"
	"github.com/larderhq/larder/internal/statement"
	"github.com/larderhq/larder/internal/store"
)

// newEngine opens an engine that ends with the test, on a database of its own
// with a table of names.
func newEngine(t *testing.T, address string, options Options) *Engine {
	t.Helper()
	engine, err := Open(t.Context(), address, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := engine.Close(); err != nil {
			t.Error(err)
		}
	})
	must(t, engine.Exclusive(t.Context(), run(`CREATE TABLE IF NOT EXISTS jar (name text PRIMARY KEY, amount bigint)`)))
	return engine
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// run is a work of one statement.
func run(text string, arguments ...any) func(context.Context, store.Tx) error {
	return func(ctx context.Context, tx store.Tx) error {
		_, err := tx.Exec(ctx, statement.Statement{SQL: text, Args: arguments})
		return err
	}
}

// fill is a work that adds a jar.
func fill(name string) func(context.Context, store.Tx) error {
	return run(`INSERT INTO jar (name) VALUES ($1)`, name)
}

// number reads one number.
func number(t *testing.T, engine *Engine, text string, arguments ...any) (n int64) {
	t.Helper()
	must(t, engine.Read(t.Context(), statement.Statement{SQL: text, Args: arguments}, func(scan store.Scan) error { return scan(&n) }))
	return n
}

// administrator is a connection beside the engine.
func administrator(t *testing.T, address string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), address)
	must(t, err)
	t.Cleanup(func() {
		if err := conn.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return conn
}

const terminate = `SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
	WHERE datname = current_database() AND application_name = 'larder'`

func TestWhenConnectionsAreTerminatedNoAcknowledgedChangeIsLost(t *testing.T) {
	address := postgrestest.Database(t)
	engine := newEngine(t, address, Options{Connections: 8})
	admin := administrator(t, address)
	ctx, stop := context.WithCancel(t.Context())
	var group sync.WaitGroup
	var outcomes sync.Map // name to whether it was stored
	var written, refused, read, refusedReads atomic.Int64
	for writer := range 8 {
		group.Go(func() {
			for i := 0; ctx.Err() == nil; i++ {
				name := fmt.Sprintf("%d/%d", writer, i)
				switch err := engine.Write(t.Context(), fill(name)); {
				case err == nil:
					outcomes.Store(name, true)
					written.Add(1)
				case errors.Is(err, store.ErrUncertain): // may be or not
				case errors.Is(err, store.ErrUnavailable):
					outcomes.Store(name, false)
					refused.Add(1)
				default:
					t.Errorf("write: %v", err)
				}
			}
		})
	}
	for range 4 {
		group.Go(func() {
			for ctx.Err() == nil {
				err := engine.Read(t.Context(), statement.Statement{SQL: `SELECT count(*) FROM jar`}, nil)
				if read.Add(1); errors.Is(err, store.ErrUnavailable) {
					refusedReads.Add(1)
				} else if err != nil {
					t.Errorf("read: %v", err)
				}
			}
		})
	}
	terminated := int64(0)
	for range 10 {
		time.Sleep(100 * time.Millisecond)
		var n int64
		must(t, admin.QueryRow(t.Context(), terminate).Scan(&n))
		terminated += n
	}
	stop()
	group.Wait()
	t.Logf("%d connections terminated; %d written, %d refused; %d reads, %d refused", terminated, written.Load(), refused.Load(), read.Load(), refusedReads.Load())
	if terminated == 0 || written.Load() == 0 {
		t.Error("nothing was terminated, or nothing written")
	}
	outcomes.Range(func(name, stored any) bool {
		if got := number(t, engine, `SELECT count(*) FROM jar WHERE name = $1`, name); (got == 1) != stored {
			t.Errorf("%v: stored %v, but there are %d", name, stored, got)
		}
		return true
	})
}

func TestACommitWhoseAnswerIsLost(t *testing.T) {
	for _, c := range []struct {
		name    string
		before  bool // cut before the server gets it
		away    bool // the server then stays away
		want    error
		wantRow int64
	}{
		{"is found out to have happened", false, false, nil, 1},
		{"is found out not to have happened, and made again", true, false, nil, 1},
		{"is told as uncertain while the server is away", false, true, store.ErrUncertain, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			address := postgrestest.Database(t)
			direct := newEngine(t, address, Options{})
			p, through := newProxy(t, address)
			engine := newEngine(t, through, Options{Connections: 2})
			p.cutAtCommit(1, c.before, func() { p.down = c.away })
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			if !c.away {
				ctx = t.Context()
			}
			defer cancel()
			runs := 0
			err := engine.Write(ctx, func(ctx context.Context, tx store.Tx) error {
				runs++
				return fill("plum")(ctx, tx)
			})
			if !errors.Is(err, c.want) || (err == nil) != (c.want == nil) {
				t.Errorf("got %v, want %v", err, c.want)
			}
			if wantRuns := map[bool]int{false: 1, true: 2}[c.before]; runs != wantRuns {
				t.Errorf("the work ran %d times, want %d", runs, wantRuns)
			}
			if got := number(t, direct, `SELECT count(*) FROM jar`); got != c.wantRow {
				t.Errorf("%d jars, want %d", got, c.wantRow)
			}
		})
	}
}

func TestAServerThatGoesAwayAndComesBackNeedsNoRestart(t *testing.T) {
	p, through := newProxy(t, postgrestest.Database(t))
	engine := newEngine(t, through, Options{})
	must(t, engine.Ping(t.Context()))
	p.set(true)
	for name, err := range map[string]error{
		"ping":      engine.Ping(t.Context()),
		"read":      engine.Read(t.Context(), statement.Statement{SQL: "SELECT 1"}, nil),
		"write":     engine.Write(t.Context(), fill("plum")),
		"exclusive": engine.Exclusive(t.Context(), fill("plum")),
	} {
		if !errors.Is(err, store.ErrUnavailable) || errors.Is(err, store.ErrUncertain) {
			t.Errorf("%s while it is away: %v", name, err)
		}
	}
	p.set(false)
	must(t, engine.Ping(t.Context()))
	must(t, engine.Write(t.Context(), fill("plum")))
}

func TestOpenWaitsForAServerThatStarts(t *testing.T) {
	p, through := newProxy(t, postgrestest.Database(t))
	p.set(true)
	told := make(chan error, 2)
	waiting := func(reason error) {
		told <- reason
		p.set(false)
	}
	newEngine(t, through, Options{StartTimeout: 10 * time.Second, Waiting: waiting})
	if len(told) != 1 {
		t.Errorf("told %d times that it waits, want once", len(told))
	}
	p.set(true)
	if _, err := Open(t.Context(), through, Options{StartTimeout: 20 * time.Millisecond}); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("got %v, want store.ErrUnavailable", err)
	}
}

func TestAServerWithoutAFreeConnectionIsUnavailableUntilOneIsFree(t *testing.T) {
	address := postgrestest.Database(t)
	admin := administrator(t, address)
	role := fmt.Sprintf("larder_test_%d", time.Now().UnixNano())
	for _, text := range []string{
		"CREATE ROLE " + role + " LOGIN CONNECTION LIMIT 2",
		"CREATE TABLE jar (name text PRIMARY KEY, amount bigint)",
		"GRANT ALL ON jar TO " + role, "GRANT CREATE ON SCHEMA public TO " + role,
	} {
		_, err := admin.Exec(t.Context(), text)
		must(t, err)
	}
	t.Cleanup(func() {
		_, err := admin.Exec(context.Background(), "DROP OWNED BY "+role+"; DROP ROLE "+role)
		if err != nil {
			t.Error(err)
		}
	})
	limited, err := url.Parse(address)
	must(t, err)
	limited.User = url.User(role)
	engine, err := Open(t.Context(), limited.String(), Options{Connections: 6})
	must(t, err)
	var group sync.WaitGroup
	var answered, refused atomic.Int64
	for range 6 {
		group.Go(func() {
			err := engine.Read(t.Context(), statement.Statement{SQL: `SELECT pg_sleep(0.2)::text`}, nil)
			switch {
			case err == nil:
				answered.Add(1)
			case errors.Is(err, store.ErrUnavailable):
				refused.Add(1)
			default:
				t.Error(err)
			}
		})
	}
	group.Wait()
	if answered.Load() < 2 || refused.Load() == 0 {
		t.Errorf("%d answered, %d refused", answered.Load(), refused.Load())
	}
	must(t, engine.Write(t.Context(), fill("plum")))
	must(t, engine.Close()) // before its role goes
}

func TestTheServerEndsWhatTakesTooLong(t *testing.T) {
	address := postgrestest.Database(t)
	engine := newEngine(t, address, Options{StatementTimeout: 100 * time.Millisecond, LockTimeout: 50 * time.Millisecond})
	slow := statement.Statement{SQL: `SELECT pg_sleep(20)::text`}
	if err := engine.Read(t.Context(), slow, nil); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("a statement beyond statement_timeout: %v", err)
	}
	must(t, engine.Write(store.Large(t.Context()), run(`SELECT pg_sleep(0.15)`)))
	must(t, engine.Write(t.Context(), fill("plum")))
	must(t, engine.Write(t.Context(), func(ctx context.Context, tx store.Tx) error {
		must(t, run(`UPDATE jar SET amount = 1`)(ctx, tx))
		if err := engine.Write(ctx, run(`UPDATE jar SET amount = 2`)); !errors.Is(err, store.ErrUnavailable) {
			t.Errorf("a lock that is not had within lock_timeout: %v", err)
		}
		return nil
	}))
}

func TestACancelledContextEndsItsStatementOnTheServer(t *testing.T) {
	address := postgrestest.Database(t)
	engine := newEngine(t, address, Options{Connections: 1})
	pid := number(t, engine, `SELECT pg_backend_pid()::bigint`)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	err := engine.Read(ctx, statement.Statement{SQL: `SELECT pg_sleep(20)::text`}, nil)
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want the context's error", err)
	}
	if got := number(t, engine, `SELECT pg_backend_pid()::bigint`); got != pid {
		t.Error("the connection was given up with the statement")
	}
	if got := number(t, engine, `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state = 'active'`); got != 1 {
		t.Errorf("%d statements run, want only the one that counts", got)
	}
}

func TestNothingRunsAfterClose(t *testing.T) {
	address := postgrestest.Database(t)
	before := runtime.NumGoroutine()
	for range 3 {
		engine, err := Open(t.Context(), address, Options{})
		must(t, err)
		must(t, engine.Ping(t.Context()))
		must(t, engine.Close())
	}
	for deadline := time.Now().Add(5 * time.Second); runtime.NumGoroutine() > before; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d goroutines, %d before", runtime.NumGoroutine(), before)
		}
	}
}
