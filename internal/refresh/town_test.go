package refresh

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/larderhq/larder/internal/importer"
	"github.com/larderhq/larder/internal/migrate"
	"github.com/larderhq/larder/internal/postgrestest"
	"github.com/larderhq/larder/internal/project"
	"github.com/larderhq/larder/internal/source/graphqltest"
	"github.com/larderhq/larder/internal/statement"
	"github.com/larderhq/larder/internal/store"
	"github.com/larderhq/larder/internal/store/postgres"
	"github.com/larderhq/larder/internal/store/sqlite"
)

// town is a database with its processes, an upstream, and one clock for all.
type town struct {
	*testing.T
	open  func(testing.TB) store.Engine
	time  *townTime
	asked atomic.Int64 // requests to upstream, but for its types
	// answer gives upstream's next answers; it may wait.
	answer atomic.Pointer[func(w http.ResponseWriter, r *http.Request)]
	url    string
	engine store.Engine // of no process
	living []*process
}

// onBothEngines runs the test in a town of each engine.
func onBothEngines(t *testing.T, test func(*town)) {
	for name, open := range map[string]func(*testing.T) func(testing.TB) store.Engine{"SQLite": openSQLite, "PostgreSQL": openPostgres} {
		t.Run(name, func(t *testing.T) { test(newTown(t, open(t))) })
	}
}

func openSQLite(t *testing.T) func(testing.TB) store.Engine {
	path := filepath.Join(t.TempDir(), "larder.db")
	return func(t testing.TB) store.Engine {
		engine, err := sqlite.Open(t.Context(), path, sqlite.Options{})
		if err != nil {
			t.Fatal(err)
		}
		return engine
	}
}

func openPostgres(t *testing.T) func(testing.TB) store.Engine {
	address := postgrestest.Database(t)
	return func(t testing.TB) store.Engine {
		engine, err := postgres.Open(t.Context(), address, postgres.Options{Connections: 4})
		if err != nil {
			t.Fatal(err)
		}
		return engine
	}
}

func newTown(t *testing.T, open func(testing.TB) store.Engine) *town {
	tn := &town{T: t, open: open, time: &townTime{now: time.Date(2030, 5, 1, 12, 0, 0, 0, time.UTC)}}
	tn.answers(planets("Hoth"))
	upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body) // a server that has read it sees the client go
		if graphqltest.RefuseTypes(w, body) {
			return
		}
		tn.asked.Add(1)
		(*tn.answer.Load())(w, r)
	}))
	t.Cleanup(upstream.Close)
	tn.url = upstream.URL
	tn.engine = open(t)
	t.Cleanup(func() { tn.must(tn.engine.Close()) })
	dialect := tn.engine.Dialect().Name()
	for _, sql := range append(migrate.Builtin(dialect), migrate.Create(dialect, tn.load("").Schema)...) {
		tn.exec(sql)
	}
	return tn
}

func planets(names ...string) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = fmt.Fprintf(w, `{"data":{"planets":[{"name":"%s"}]}}`, strings.Join(names, `"},{"name":"`))
	}
}

func (tn *town) answers(answer func(http.ResponseWriter, *http.Request)) { tn.answer.Store(&answer) }

// answersLater is answers, but not before goOn is closed.
func (tn *town) answersLater(goOn chan struct{}, names ...string) {
	tn.answers(func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-goOn:
			planets(names...)(w, r)
		case <-r.Context().Done():
		}
	})
}

func (tn *town) must(err error) {
	tn.Helper()
	if err != nil {
		tn.Fatal(err)
	}
}

func (tn *town) exec(sql string, args ...any) {
	tn.Helper()
	tn.must(tn.engine.Write(tn.Context(), func(ctx context.Context, tx store.Tx) error {
		_, err := tx.Exec(ctx, statement.Statement{SQL: sql, Args: args})
		return err
	}))
}

// load is the project, whose source has the settings besides its own.
func (tn *town) load(settings string) *project.Project {
	tn.Helper()
	dir := tn.TempDir()
	for name, text := range map[string]string{
		"larder.yaml":    "grace: 30s\nsources:\n  swapi: { url: \"" + tn.url + "/\", query: \"{ planets { name } }\", spool: none, retries: 0, " + settings + " }\n",
		"models.graphql": "type Planet @source(name: \"swapi\", path: \"planets\", key: [\"name\"]) {\n  name: String! @unique\n}\n",
	} {
		tn.must(os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	loaded, err := project.Load(dir, project.Overrides{}, nil)
	tn.must(err)
	return loaded
}

// process is a server.
type process struct {
	*Refresher
	town   *town
	clock  *processClock
	engine *mortalEngine
	logged *log
	stop   context.CancelFunc
	ended  chan error
}

// prepare makes a process that does not serve.
func (tn *town) prepare(loaded *project.Project) *process {
	tn.Helper()
	p := &process{
		town: tn, clock: &processClock{town: tn.time, waits: map[chan struct{}]time.Time{}}, engine: &mortalEngine{Engine: tn.open(tn)},
		logged: &log{}, ended: make(chan error, 1),
	}
	tn.Cleanup(func() { tn.must(p.engine.Close()) })
	p.Refresher = New(loaded, p.engine, "larder/test", slog.New(slog.NewTextHandler(p.logged, nil)))
	p.Refresher.clock = p.clock
	return p
}

// start starts a server and waits until it has nothing to do.
func (tn *town) start(settings string) *process {
	tn.Helper()
	p := tn.prepare(tn.load(settings))
	p.serve()
	tn.settle()
	return p
}

func (p *process) serve() {
	ctx, stop := context.WithCancel(p.town.Context())
	p.stop = stop
	go func() { p.ended <- p.Serve(ctx) }()
	p.town.Cleanup(stop)
	p.town.living = append(p.town.living, p)
}

// end stops the server as SIGTERM does.
func (p *process) end() {
	p.town.Helper()
	p.bury()
	p.stop()
	p.town.must(<-p.ended)
}

// kill ends the server so that nothing it does reaches the database any more.
func (p *process) kill() {
	p.bury()
	p.engine.dead.Store(true)
	p.stop()
	p.abandon()
	if err := <-p.ended; err != nil {
		p.town.Log(err) // which nobody would hear
	}
}

func (p *process) bury() {
	var living []*process
	for _, other := range p.town.living {
		if other != p {
			living = append(living, other)
		}
	}
	p.town.living = living
}

// row is what the database has of the source's schedule, and who holds it.
func (tn *town) row() (row scheduled, holder string) {
	tn.Helper()
	r := &Refresher{engine: tn.engine}
	found, err := r.scheduled(tn.Context(), "swapi")
	tn.must(err)
	if found == nil {
		return row, ""
	}
	tn.must(tn.engine.Read(tn.Context(), statement.Statement{SQL: `SELECT coalesce("holder", '') FROM "larder_schedule"`}, func(scan store.Scan) error { return scan(&holder) }))
	return *found, holder
}

// eventually waits until something is so.
func (tn *town) eventually(what string, so func() bool) {
	tn.Helper()
	for deadline := time.Now().Add(30 * time.Second); !so(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			row, holder := tn.row()
			for _, p := range tn.living {
				tn.Logf("%s waits for %v: %s", p.id, p.clock.list(), p.logged)
			}
			tn.Fatalf("not so after 30 s, at %s: %s; %+v %s", tn.time.get(), what, row, holder)
		}
	}
}

// settle waits until no process has anything to do before the time goes on.
func (tn *town) settle() {
	tn.Helper()
	tn.eventually("nothing is to be done", func() bool {
		now := tn.time.get()
		for _, p := range tn.living {
			if waits := p.clock.list(); len(waits) != 1 || !waits[0].After(now) {
				return false
			}
		}
		row, holder := tn.row()
		return holder == "" && row.DueAt.After(now)
	})
}

// advance lets the time go on to the moment.
func (tn *town) advance(to time.Time) {
	tn.time.set(to)
	for _, p := range tn.living {
		p.clock.wake(to)
	}
}

// expectAsked demands that upstream was asked so often since the last demand.
func (tn *town) expectAsked(want int64, when string) {
	tn.Helper()
	if got := tn.asked.Swap(0); got != want {
		tn.Errorf("%s: upstream was asked %d times, want %d", when, got, want)
	}
}

// runs are the statuses of all runs, the latest first.
func (tn *town) runs() string {
	tn.Helper()
	runs, err := importer.Runs(tn.Context(), tn.engine, importer.RunFilter{})
	tn.must(err)
	var texts []string
	for _, run := range runs {
		texts = append(texts, string(run.Status))
	}
	return strings.Join(texts, " ")
}

// townTime is the time of a town.
type townTime struct {
	mutex sync.Mutex
	now   time.Time
}

func (c *townTime) get() time.Time {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return c.now
}

func (c *townTime) set(to time.Time) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.now = to
}

// processClock is a process's view of the town's time.
type processClock struct {
	town  *townTime
	mutex sync.Mutex
	waits map[chan struct{}]time.Time
}

func (c *processClock) now() time.Time { return c.town.get() }

func (c *processClock) wait(ctx context.Context, moment time.Time) error {
	woken := make(chan struct{})
	c.mutex.Lock()
	if !c.now().Before(moment) {
		c.mutex.Unlock()
		return ctx.Err()
	}
	c.waits[woken] = moment
	c.mutex.Unlock()
	defer func() {
		c.mutex.Lock()
		defer c.mutex.Unlock()
		delete(c.waits, woken)
	}()
	select {
	case <-woken:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (c *processClock) wake(now time.Time) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	for woken, moment := range c.waits {
		if !moment.After(now) {
			delete(c.waits, woken)
			close(woken)
		}
	}
}

func (c *processClock) list() (moments []time.Time) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	for _, moment := range c.waits {
		moments = append(moments, moment)
	}
	return moments
}

// mortalEngine is an engine until its process is killed.
type mortalEngine struct {
	store.Engine
	dead atomic.Bool
}

var errDead = errors.New("the process is dead")

func (e *mortalEngine) Read(ctx context.Context, st statement.Statement, each func(store.Scan) error) error {
	if e.dead.Load() {
		return errDead
	}
	return e.Engine.Read(ctx, st, each)
}

func (e *mortalEngine) Write(ctx context.Context, work func(context.Context, store.Tx) error) error {
	if e.dead.Load() {
		return errDead
	}
	return e.Engine.Write(ctx, work)
}

// log is a log that is read while it is written.
type log struct {
	mutex sync.Mutex
	text  bytes.Buffer
}

func (l *log) Write(text []byte) (int, error) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.text.Write(text)
}

func (l *log) String() string {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.text.String()
}
