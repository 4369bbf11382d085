//go:build unix

package bench_test

import (
	"context"
	"encoding/json"
	"net/http"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// onePlanetOfPostgres is a planet as finished JSON, as a person would ask
// PostgreSQL for it.
const onePlanetOfPostgres = `json_build_object('id', p.id, 'name', p.name, 'population', p.population,
	'terrains', (SELECT coalesce(json_agg(value ORDER BY position), '[]') FROM planet_terrains WHERE planet_id = p.id),
	'climates', (SELECT coalesce(json_agg(value ORDER BY position), '[]') FROM planet_climates WHERE planet_id = p.id))`

// The statements of the hand-written handlers on PostgreSQL.
const (
	postgresItem  = `SELECT ` + onePlanetOfPostgres + ` FROM planet AS p WHERE p.id = $1`
	postgresList  = `SELECT coalesce(json_agg(` + onePlanetOfPostgres + `), '[]') FROM (SELECT * FROM planet ORDER BY id LIMIT 20) AS p`
	postgresCount = `SELECT coalesce(json_agg(` + onePlanetOfPostgres + `), '[]'), (SELECT count(*) FROM planet) FROM (SELECT * FROM planet ORDER BY id LIMIT 20) AS p`
	postgresEmbed = `SELECT json_build_object('id', l.id, 'name', l.name, 'items', (SELECT coalesce(json_agg(json_build_object(
		'id', i.id, 'name', i.name, 'quantity', i.quantity, 'price', i.price, 'position', i.position, 'shoppingListId', i.shopping_list_id) ORDER BY i.position), '[]')
		FROM item AS i WHERE i.shopping_list_id = l.id)) FROM shopping_list AS l WHERE l.id = $1`
	postgresInsert = `WITH p AS (INSERT INTO planet (name, population) VALUES ($1, $2) RETURNING id),
		t AS (INSERT INTO planet_terrains (planet_id, position, value) SELECT p.id, e.n - 1, e.value FROM p, unnest($3::text[]) WITH ORDINALITY AS e (value, n)),
		c AS (INSERT INTO planet_climates (planet_id, position, value) SELECT p.id, e.n - 1, e.value FROM p, unnest($4::text[]) WITH ORDINALITY AS e (value, n))
		SELECT id FROM p`
	postgresUpdate = `UPDATE planet AS p SET population = p.population + $2 WHERE p.id = $1 RETURNING ` + onePlanetOfPostgres
)

// postgresPool opens the database as a person would: with as many connections
// as larder and the statements prepared on each.
func postgresPool(b *testing.B, address string, statements map[string]string) *pgxpool.Pool {
	b.Helper()
	config, err := pgxpool.ParseConfig(address)
	check(b, err)
	config.MaxConns = int32(postgresConnections())
	config.AfterConnect = func(ctx context.Context, conn *pgx.Conn) error {
		for name, text := range statements {
			if _, err := conn.Prepare(ctx, name, text); err != nil {
				return err
			}
		}
		return nil
	}
	pool, err := pgxpool.NewWithConfig(b.Context(), config)
	check(b, err)
	b.Cleanup(pool.Close)
	return pool
}

// floorPostgres is the hand-written handler of planets: every request is one
// prepared statement, and so is every change.
func floorPostgres(b *testing.B, w *world) http.Handler {
	b.Helper()
	pool := postgresPool(b, w.place, map[string]string{
		"item": postgresItem, "list": postgresList, "count": postgresCount, "insert": postgresInsert, "update": postgresUpdate,
	})
	mux := http.NewServeMux()
	mux.HandleFunc("GET /planets/{id}", func(w http.ResponseWriter, r *http.Request) {
		if id, ok := pathID(w, r); ok {
			answer(w, pool.QueryRow(r.Context(), "item", id))
		}
	})
	mux.HandleFunc("GET /planets", func(w http.ResponseWriter, r *http.Request) {
		answer(w, pool.QueryRow(r.Context(), "list"))
	})
	mux.HandleFunc("GET /counted-planets", func(w http.ResponseWriter, r *http.Request) {
		row := &counted{Row: pool.QueryRow(r.Context(), "count"), header: w.Header()}
		answer(w, row)
	})
	mux.HandleFunc("POST /planets", func(w http.ResponseWriter, r *http.Request) {
		var p floorPlanet
		if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20)).Decode(&p); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		created(w, &p, pool.QueryRow(r.Context(), "insert", p.Name, p.Population, p.Terrains, p.Climates).Scan(&p.ID))
	})
	mux.HandleFunc("PATCH /planets/{id}", func(w http.ResponseWriter, r *http.Request) {
		var change struct {
			Population struct {
				By int64 `json:"$inc"`
			}
		}
		if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20)).Decode(&change); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		if id, ok := pathID(w, r); ok {
			answer(w, pool.QueryRow(r.Context(), "update", id, change.Population.By))
		}
	})
	return mux
}

// counted is a row of a list and how many there are of what it lists.
type counted struct {
	pgx.Row
	header http.Header
}

// Scan scans the list and puts the count into the header.
func (c *counted) Scan(into ...any) error {
	var total string
	err := c.Row.Scan(append(into, &total)...)
	c.header.Set("Content-Range", "0-19/"+total)
	return err
}

// floorEmbedPostgres is the hand-written handler of lists with their items.
func floorEmbedPostgres(b *testing.B, w *world) http.Handler {
	b.Helper()
	pool := postgresPool(b, w.place, map[string]string{"embed": postgresEmbed})
	mux := http.NewServeMux()
	mux.HandleFunc("GET /shopping-lists/{id}", func(w http.ResponseWriter, r *http.Request) {
		if id, ok := pathID(w, r); ok {
			answer(w, pool.QueryRow(r.Context(), "embed", id))
		}
	})
	return mux
}
