//go:build unix

package bench_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"net/http"
	"runtime"
	"strconv"
	"sync"
	"testing"

	_ "modernc.org/sqlite" // the driver of the hand-written servers

	"github.com/larderhq/larder/internal/migrate"
	"github.com/larderhq/larder/internal/model"
)

// onePlanet is a planet as finished JSON, as a person would ask for it.
const onePlanet = `json_object('id', p.id, 'name', p.name, 'population', p.population,
	'terrains', json((SELECT json_group_array(value) FROM (SELECT value FROM planet_terrains WHERE planet_id = p.id ORDER BY position))),
	'climates', json((SELECT json_group_array(value) FROM (SELECT value FROM planet_climates WHERE planet_id = p.id ORDER BY position))))`

const (
	floorItem = `SELECT ` + onePlanet + ` FROM planet AS p WHERE p.id = ?`
	floorList = `SELECT json_group_array(` + onePlanet + `) FROM (SELECT * FROM planet ORDER BY id LIMIT 20) AS p`
)

// floorPool opens the file as a person would for reading: the settings of
// larder's own readers and as many connections.
func floorPool(b *testing.B, path string) *sql.DB {
	b.Helper()
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=busy_timeout(5000)&_pragma=foreign_keys(1)&_pragma=synchronous(2)&_pragma=temp_store(2)&_pragma=cache_size(-16000)")
	check(b, err)
	connections := max(4, 2*runtime.GOMAXPROCS(0))
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	b.Cleanup(func() { check(b, db.Close()) })
	return db
}

// floorReads is the hand-written handler of items and lists.
func floorReads(b *testing.B, path string) http.Handler {
	b.Helper()
	db := floorPool(b, path)
	prepare := func(text string) *sql.Stmt {
		statement, err := db.Prepare(text)
		check(b, err)
		b.Cleanup(func() { check(b, statement.Close()) })
		return statement
	}
	item, list := prepare(floorItem), prepare(floorList)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /planets/{id}", func(w http.ResponseWriter, r *http.Request) {
		if id, ok := pathID(w, r); ok {
			answer(w, item.QueryRowContext(r.Context(), id))
		}
	})
	mux.HandleFunc("GET /planets", func(w http.ResponseWriter, r *http.Request) {
		answer(w, list.QueryRowContext(r.Context()))
	})
	return mux
}

// pathID is the id in the path; where it is none, the request is answered.
func pathID(w http.ResponseWriter, r *http.Request) (id int64, ok bool) {
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil {
		http.Error(w, "not found", http.StatusNotFound)
	}
	return id, err == nil
}

// answer sends the JSON that a row consists of.
func answer(w http.ResponseWriter, row interface{ Scan(into ...any) error }) {
	var body []byte
	switch err := row.Scan(&body); {
	case errors.Is(err, sql.ErrNoRows): // which pgx's is, too
		http.Error(w, "not found", http.StatusNotFound)
	case err != nil:
		http.Error(w, err.Error(), http.StatusInternalServerError)
	default:
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		_, _ = w.Write(body)
	}
}

// bare answers everything with the same bytes: what net/http itself costs.
func bare(body string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		_, _ = w.Write([]byte(body))
	})
}

// floorPlanet is what the hand-written handler creates.
type floorPlanet struct {
	ID         int64    `json:"id"`
	Name       string   `json:"name"`
	Population *int64   `json:"population"`
	Terrains   []string `json:"terrains"`
	Climates   []string `json:"climates"`
	err        error
	done       chan struct{}
}

// floorWriter is a group commit as one writes it in an afternoon: it takes
// what waits, inserts it in one transaction and answers all. One bad planet
// fails the others with it, which larder's does not.
type floorWriter struct {
	conn                     *sql.Conn
	planet, terrain, climate *sql.Stmt
	begin, commit, rollback  *sql.Stmt
	queue                    chan *floorPlanet
	batch                    []*floorPlanet
	ended                    sync.WaitGroup
}

const floorBatch = 256

func newFloorWriter(b *testing.B, path string, schema *model.Schema) *floorWriter {
	b.Helper()
	db := floorPool(b, path)
	conn, err := db.Conn(b.Context())
	check(b, err)
	_, err = conn.ExecContext(b.Context(), "PRAGMA journal_mode = WAL")
	check(b, err)
	for _, text := range migrate.Create(migrate.SQLite, schema) {
		_, err := conn.ExecContext(b.Context(), text)
		check(b, err)
	}
	prepare := func(text string) *sql.Stmt {
		statement, err := conn.PrepareContext(b.Context(), text)
		check(b, err)
		return statement
	}
	w := &floorWriter{
		conn: conn, queue: make(chan *floorPlanet, floorBatch),
		planet:  prepare("INSERT INTO planet (name, population) VALUES (?, ?)"),
		terrain: prepare("INSERT INTO planet_terrains (planet_id, position, value) VALUES (?, ?, ?)"),
		climate: prepare("INSERT INTO planet_climates (planet_id, position, value) VALUES (?, ?, ?)"),
		begin:   prepare("BEGIN IMMEDIATE"), commit: prepare("COMMIT"), rollback: prepare("ROLLBACK"),
	}
	w.ended.Go(w.run)
	b.Cleanup(func() {
		close(w.queue)
		w.ended.Wait()
		for _, statement := range []*sql.Stmt{w.planet, w.terrain, w.climate, w.begin, w.commit, w.rollback} {
			check(b, statement.Close())
		}
		check(b, conn.Close())
	})
	return w
}

func (w *floorWriter) run() {
	for first := range w.queue {
		w.batch = append(w.batch[:0], first)
		for len(w.batch) < floorBatch && len(w.queue) > 0 {
			w.batch = append(w.batch, <-w.queue)
		}
		err := w.insert()
		for _, p := range w.batch {
			p.err = err
			close(p.done)
		}
	}
}

func (w *floorWriter) insert() (err error) {
	ctx := context.Background()
	if _, err := w.begin.ExecContext(ctx); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_, _ = w.rollback.ExecContext(ctx)
		}
	}()
	for _, p := range w.batch {
		result, err := w.planet.ExecContext(ctx, p.Name, p.Population)
		if err != nil {
			return err
		}
		if p.ID, err = result.LastInsertId(); err != nil {
			return err
		}
		for i, value := range p.Terrains {
			if _, err := w.terrain.ExecContext(ctx, p.ID, i, value); err != nil {
				return err
			}
		}
		for i, value := range p.Climates {
			if _, err := w.climate.ExecContext(ctx, p.ID, i, value); err != nil {
				return err
			}
		}
	}
	_, err = w.commit.ExecContext(ctx)
	return err
}

// ServeHTTP creates one planet.
func (w *floorWriter) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	p := &floorPlanet{done: make(chan struct{})}
	if err := json.NewDecoder(http.MaxBytesReader(rw, r.Body, 1<<20)).Decode(p); err != nil {
		http.Error(rw, err.Error(), http.StatusBadRequest)
		return
	}
	w.queue <- p
	<-p.done
	created(rw, p, p.err)
}

// created answers with the planet that was made, or with why it was not.
func created(w http.ResponseWriter, p *floorPlanet, err error) {
	var body []byte
	if err == nil {
		body, err = json.Marshal(p)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Location", "/planets/"+strconv.FormatInt(p.ID, 10))
	w.WriteHeader(http.StatusCreated)
	_, _ = w.Write(body)
}
