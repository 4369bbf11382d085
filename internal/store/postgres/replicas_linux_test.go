package postgres

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/larderhq/larder/internal/postgrestest"
	"github.com/larderhq/larder/internal/statement"
	"github.com/larderhq/larder/internal/store"
)

// copies are an engine on a server and its standby, and what was told of that.
type copies struct {
	*Engine
	mutex sync.Mutex
	told  []string
}

func withReplicas(t *testing.T, primary *postgrestest.Cluster, lag time.Duration, replicas ...string) *copies {
	t.Helper()
	c := &copies{}
	c.Engine = newEngine(t, primary.URL(), Options{Replicas: replicas, ReplicaLag: lag, Replica: func(name string, failure error) {
		c.mutex.Lock()
		defer c.mutex.Unlock()
		c.told = append(c.told, fmt.Sprintf("%s: %v", name, failure))
	}})
	return c
}

// from reads where a read that may lag is answered, and how many jars there
// are there.
func (c *copies) from(t *testing.T, position string) (fromReplica bool, jars int64) {
	t.Helper()
	st := statement.Statement{SQL: `SELECT pg_is_in_recovery(), count(*) FROM jar`}
	must(t, c.Read(store.MayLag(t.Context(), position), st, func(scan store.Scan) error { return scan(&fromReplica, &jars) }))
	return fromReplica, jars
}

// await waits until reads come from a replica, or do not any more.
func (c *copies) await(t *testing.T, replica bool) {
	t.Helper()
	for deadline := time.Now().Add(15 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		if got, _ := c.from(t, ""); got == replica {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("reads do not come to be answered by a replica: %v; told: %q", replica, c.heard())
		}
	}
}

func (c *copies) heard() string {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return strings.Join(c.told, "\n")
}

// hears demands that the engine told what holds the text.
func (c *copies) hears(t *testing.T, text string) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !strings.Contains(c.heard(), text); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("told %q, want %q", c.heard(), text)
		}
	}
}

func TestReplicas(t *testing.T) {
	primary := postgrestest.NewCluster(t)
	primary.Exec(`CREATE TABLE jar (name text PRIMARY KEY, amount bigint)`)
	standby := primary.Standby()
	jars := int64(0)
	add := func(t *testing.T, c *copies) {
		t.Helper()
		must(t, c.Write(t.Context(), fill(fmt.Sprint("jar ", jars))))
		jars++
	}
	t.Run("answer reads that may lag, and no others", func(t *testing.T) {
		c := withReplicas(t, primary, 0, standby.URL())
		c.await(t, true)
		if number(t, c.Engine, `SELECT pg_is_in_recovery()::int::bigint`) != 0 {
			t.Error("a read that may not lag came from the replica")
		}
		if got, _ := c.from(t, store.Newest); got {
			t.Error("a read of the newest state came from the replica")
		}
		if got := c.Replicas(); len(got) != 1 || !got[0].InUse {
			t.Errorf("the replicas are %v", got)
		}
	})
	t.Run("answer what was just written, at once", func(t *testing.T) {
		c := withReplicas(t, primary, 0, standby.URL())
		c.await(t, true)
		fromReplica := 0
		for range 200 {
			add(t, c)
			got, seen := c.from(t, "")
			if seen != jars {
				t.Fatalf("%d jars are seen of %d", seen, jars)
			}
			if got {
				fromReplica++
			}
		}
		t.Logf("%d of 200 reads behind a write came from the replica", fromReplica)
		if fromReplica < 100 {
			t.Errorf("only %d of 200 reads came from the replica", fromReplica)
		}
	})
	t.Run("that lag show no client a state before its own changes, and nobody one older than allowed", func(t *testing.T) {
		const lag = 500 * time.Millisecond
		writer, other := withReplicas(t, primary, lag, standby.URL()), withReplicas(t, primary, lag, standby.URL())
		writer.await(t, true)
		other.await(t, true)
		standby.Exec(`SELECT pg_wal_replay_pause()`)
		add(t, writer)
		acknowledged := time.Now()
		if _, seen := writer.from(t, ""); seen != jars {
			t.Errorf("the process that wrote sees %d jars of %d", seen, jars)
		}
		position, _ := writer.Position()
		if _, seen := other.from(t, position); seen != jars {
			t.Errorf("another process sees %d jars of %d for the client that wrote", seen, jars)
		}
		stale := 0
		for time.Since(acknowledged) < 3*lag {
			asked := time.Now()
			if _, seen := other.from(t, ""); seen != jars {
				if stale++; asked.Sub(acknowledged) > lag {
					t.Fatalf("%d jars of %d are seen %v after the change", seen, jars, asked.Sub(acknowledged))
				}
			}
			time.Sleep(5 * time.Millisecond)
		}
		t.Logf("%d stale reads within the lag that is allowed", stale)
		if stale == 0 {
			t.Error("the replica did not lag: nothing was tested")
		}
		other.hears(t, "more than 500ms behind")
		standby.Exec(`SELECT pg_wal_replay_resume()`)
		other.await(t, true)
		writer.await(t, true)
	})
	t.Run("that end are left out and come back", func(t *testing.T) {
		c := withReplicas(t, primary, 0, standby.URL())
		c.await(t, true)
		for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGQUIT} {
			standby.Stop(signal)
			add(t, c)
			if _, seen := c.from(t, ""); seen != jars {
				t.Errorf("%d jars are seen of %d", seen, jars)
			}
			c.hears(t, "database unavailable")
			standby.Start()
			c.await(t, true)
		}
	})
	t.Run("that do not answer any more hold up no read for long", func(t *testing.T) {
		c := withReplicas(t, primary, 0, standby.URL())
		c.await(t, true)
		standby.Pause()
		asked := time.Now()
		got, seen := c.from(t, "")
		if took := time.Since(asked); got || seen != jars || took > 3*time.Second {
			t.Errorf("answered by a replica: %v; %d jars of %d; after %v", got, seen, jars, took)
		}
		standby.Resume()
		c.await(t, true)
	})
	t.Run("that are none are refused", func(t *testing.T) {
		primary.Exec(`CREATE DATABASE other`)
		elsewhere := strings.Replace(primary.URL(), "/postgres?", "/other?", 1)
		for address, want := range map[string]string{primary.URL(): "it is no standby", elsewhere: "it is no copy"} {
			c := withReplicas(t, primary, 0, address)
			c.from(t, "")
			c.hears(t, want)
			c.await(t, false)
		}
		if _, err := Open(t.Context(), primary.URL(), Options{Replicas: []string{"postgres://user:hush@ %"}}); err == nil || strings.Contains(err.Error(), "hush") {
			t.Errorf("a URL that is none: %v", err)
		}
	})
	t.Run("are not read from when they may not be behind for as long as the primary is away", func(t *testing.T) {
		c := withReplicas(t, primary, 500*time.Millisecond, standby.URL())
		c.await(t, true)
		primary.Stop(syscall.SIGQUIT)
		time.Sleep(time.Second)
		err := c.Read(store.MayLag(t.Context(), ""), statement.Statement{SQL: `SELECT 1`}, nil)
		if !errors.Is(err, store.ErrUnavailable) {
			t.Errorf("got %v, want store.ErrUnavailable", err)
		}
		primary.Start()
		c.await(t, true)
	})
	t.Run("that are promoted are left out at once", func(t *testing.T) {
		c := withReplicas(t, primary, 0, standby.URL())
		c.await(t, true)
		standby.Exec(`SELECT pg_promote()`)
		if got, _ := c.from(t, ""); got {
			t.Error("a read came from a replica that is none any more")
		}
		add(t, c)
		c.hears(t, "it is no standby")
		if _, seen := c.from(t, ""); seen != jars {
			t.Errorf("%d jars are seen of %d", seen, jars)
		}
	})
}

func TestAfterAFailoverOnlyAReplicaThatFollowsTheNewPrimaryIsReadFrom(t *testing.T) {
	t.Run("and not one that has more than the new primary, of changes that were lost", func(t *testing.T) {
		f := newFailover(t)
		f.next.Stop(syscall.SIGINT)
		f.old.Exec(`INSERT INTO jar SELECT 'lost ' || i FROM generate_series(1, 100000) AS i`)
		f.awaitJars(f.other, 100_001)
		f.old.Stop(syscall.SIGINT)
		f.next.Start()
		f.promote()
		const place = `SELECT (coalesce(pg_last_wal_replay_lsn(), '0/0') - '0/0')::bigint`
		if ahead := f.other.Number(place) > f.next.Number(`SELECT (pg_current_wal_lsn() - '0/0')::bigint`); !ahead {
			t.Error("the replica's log is not longer: nothing was tested")
		}
	})
	t.Run("as soon as it does", func(t *testing.T) {
		if testing.Short() {
			t.Skip("takes seconds")
		}
		f := newFailover(t)
		f.old.Stop(syscall.SIGINT)
		f.promote()
		f.other.Exec(`ALTER SYSTEM SET primary_conninfo = '` + f.next.URL() + `'`)
		f.other.Exec(`SELECT pg_reload_conf()`)
		f.awaitJars(f.other, 2)
		f.other.Exec(`CHECKPOINT`) // the role may not see what the standby receives
		f.await(t, true)
		if _, seen := f.from(t, ""); seen != 2 {
			t.Errorf("%d jars are seen of 2", seen)
		}
	})
}

// failover is an engine on a server that is going to be replaced by its standby
// next, with another standby as its replica. There is one jar.
type failover struct {
	copies
	t                *testing.T
	old, next, other *postgrestest.Cluster
}

func newFailover(t *testing.T) *failover {
	t.Helper()
	f := &failover{t: t, old: postgrestest.NewCluster(t)}
	f.old.Exec(`CREATE TABLE jar (name text PRIMARY KEY, amount bigint); CREATE ROLE keeper LOGIN; GRANT ALL ON jar TO keeper`)
	f.next, f.other = f.old.Standby(), f.old.Standby()
	asKeeper := func(address string) string { return strings.Replace(address, "postgres@", "keeper@", 1) }
	hosts := strings.Replace(f.old.URL(), f.old.Host(), f.old.Host()+","+f.next.Host(), 1) + "&target_session_attrs=primary"
	var err error
	f.Engine, err = Open(t.Context(), asKeeper(hosts), Options{Replicas: []string{asKeeper(f.other.URL())}, ReplicaLag: time.Second})
	must(t, err)
	t.Cleanup(func() { must(t, f.Close()) })
	f.await(t, true)
	must(t, f.Write(t.Context(), fill("plum")))
	f.awaitJars(f.next, 1)
	return f
}

func (f *failover) awaitJars(at *postgrestest.Cluster, want int64) {
	f.t.Helper()
	for deadline := time.Now().Add(20 * time.Second); at.Number(`SELECT count(*) FROM jar`) != want; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			f.t.Fatalf("a standby does not come to have %d jars", want)
		}
	}
}

// promote makes next the primary, adds a jar there and demands that all reads
// see it.
func (f *failover) promote() {
	f.t.Helper()
	f.next.Exec(`SELECT pg_promote()`)
	must(f.t, f.Write(f.t.Context(), fill("quince")))
	for deadline := time.Now().Add(2 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if replica, seen := f.from(f.t, ""); replica || seen != 2 {
			f.t.Fatalf("answered by a replica: %v; %d jars are seen of 2", replica, seen)
		}
	}
}

func TestPositionsAreTextThatSortsAsTheyDo(t *testing.T) {
	last := ""
	for _, p := range []position{{0, 0}, {1, 9}, {1, 10}, {1, 1 << 40}, {2, 3}, {16, 1}} {
		got, ok := parsePosition(p.String())
		if !ok || got != p || p.String() <= last {
			t.Errorf("%v is %q, read as %v; before: %q", p, p.String(), got, last)
		}
		last = p.String()
	}
	for _, text := range []string{store.Newest, "1-2", "0000000g-0000000000000000", strings.Repeat("0", 25), "00000000-00000000000000000"} {
		if got, ok := parsePosition(text); ok {
			t.Errorf("%q is read as %v", text, got)
		}
	}
}
