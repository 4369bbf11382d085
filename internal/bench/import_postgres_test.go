//go:build unix

package bench_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/larderhq/larder/internal/migrate"
	"github.com/larderhq/larder/internal/model"
	"github.com/larderhq/larder/internal/postgrestest"
)

// fileSettings is the larder.yaml of a project whose planets are in a file.
const fileSettings = "name: planets\nsources:\n  swapi: { kind: file, path: planets.ndjson }\n"

// BenchmarkImportPostgres runs "larder import" of planets with two lists each,
// from an NDJSON file, into an empty database of PostgreSQL, and again without
// a change. The floors are bare COPYs of the same rows into the same tables,
// in one transaction: the planets and their lists, and those with the origins,
// which larder must keep to know later what was changed upstream and what here.
//
// LARDER_BENCH_PLANETS sets how many planets; 100,000 unless set.
func BenchmarkImportPostgres(b *testing.B) {
	many := 100_000
	if text := os.Getenv("LARDER_BENCH_PLANETS"); text != "" {
		var err error
		many, err = strconv.Atoi(text)
		check(b, err)
	}
	binary := buildLarder(b, released...)
	var rows, origins, first, again time.Duration
	var memory int64
	rounds := 0
	for b.Loop() {
		copied, kept := copyPlanets(b, many)
		rows, origins = rows+copied, origins+kept

		p := newFileProject(b, binary, many)
		began := time.Now()
		memory = max(memory, p.run(b, "import").resident)
		first += time.Since(began)
		began = time.Now()
		memory = max(memory, p.run(b, "import").resident)
		again += time.Since(began)
		rounds++
	}
	rate := func(d time.Duration) float64 { return float64(many*rounds) / d.Seconds() }
	b.ReportMetric(rate(rows), "rows/s-COPY")
	b.ReportMetric(rate(rows+origins), "rows/s-COPY-with-origins")
	b.ReportMetric(rate(first), "rows/s-first")
	b.ReportMetric(rate(again), "rows/s-again")
	b.ReportMetric(100*rows.Seconds()/first.Seconds(), "%of-COPY")
	b.ReportMetric(100*(rows+origins).Seconds()/first.Seconds(), "%of-COPY-with-origins")
	b.ReportMetric(float64(memory)/1e6, "MB-RSS")
	b.ReportMetric(0, "ns/op")
}

// newFileProject makes a project of n planets in a file, whose database is a
// new one with its tables and no rows.
func newFileProject(tb testing.TB, binary string, n int) *project {
	tb.Helper()
	p := &project{binary: binary, folder: tb.TempDir()}
	p.environment = append(os.Environ(), "LARDER_DATABASE="+postgrestest.Database(tb), "LARDER_LOG_LEVEL=warn")
	for name, text := range map[string][]byte{
		"larder.yaml": []byte(fileSettings), "models.graphql": bytes.Replace([]byte(models), []byte("allPlanets.planets"), nil, 1), "planets.ndjson": planetLines(n),
	} {
		check(tb, os.WriteFile(filepath.Join(p.folder, name), text, 0o600))
	}
	p.run(tb, "migrate", "diff", "init")
	p.run(tb, "migrate", "up")
	return p
}

// planetLines are n planets, an object a line.
func planetLines(n int) []byte {
	var lines bytes.Buffer
	for i := range n {
		lines.Write(planetObject(i))
		lines.WriteByte('\n')
	}
	return lines.Bytes()
}

func planetObject(i int) []byte {
	name, population, terrains, climates := planet(i)
	quoted := func(list []string) string {
		text, _ := json.Marshal(list) //nolint:errchkjson // strings
		return string(text)
	}
	return fmt.Appendf(nil, `{"name":%q,"population":%d,"terrains":%s,"climates":%s}`, name, population, quoted(terrains), quoted(climates))
}

// copyPlanets copies n planets into a new database and tells how long their
// rows took, with the commit, and how long their origins.
func copyPlanets(tb testing.TB, n int) (rows, origins time.Duration) {
	tb.Helper()
	schema, err := model.Parse("models.graphql", []byte(models))
	check(tb, err)
	ctx := tb.Context()
	conn, err := pgx.Connect(ctx, postgrestest.Database(tb))
	check(tb, err)
	defer func() { check(tb, conn.Close(context.Background())) }()
	for _, text := range append(migrate.Builtin(migrate.Postgres), migrate.Create(migrate.Postgres, schema)...) {
		_, err := conn.Exec(ctx, text)
		check(tb, err)
	}
	var records, terrain, climate, kept bytes.Buffer
	for i := range n {
		name, population, terrains, climates := planet(i)
		fmt.Fprintf(&records, "%d\t%s\t%d\n", i+1, name, population)
		for position := range terrains {
			fmt.Fprintf(&terrain, "%d\t%d\t%s\n", i+1, position, terrains[position])
			fmt.Fprintf(&climate, "%d\t%d\t%s\n", i+1, position, climates[position])
		}
		fmt.Fprintf(&kept, "Planet\tswapi\t[%q]\t%d\t%s\t1\n", name, i+1, planetObject(i))
	}
	began := time.Now()
	exec := func(text string) {
		_, err := conn.Exec(ctx, text)
		check(tb, err)
	}
	load := func(columns string, text *bytes.Buffer) {
		_, err := conn.PgConn().CopyFrom(ctx, text, "COPY "+columns+" FROM STDIN")
		check(tb, err)
	}
	exec("BEGIN")
	load("planet (id, name, population)", &records)
	load("planet_terrains (planet_id, position, value)", &terrain)
	load("planet_climates (planet_id, position, value)", &climate)
	copied := time.Now()
	load("larder_origin (type, source, key, record_id, base, run_id)", &kept)
	origins = time.Since(copied)
	exec("COMMIT")
	return time.Since(began) - origins, origins
}
