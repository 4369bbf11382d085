package postgres

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/larderhq/larder/internal/postgrestest"
	"github.com/larderhq/larder/internal/statement"
	"github.com/larderhq/larder/internal/store"
)

func TestAnswersDoNotDependOnTheSettingsOfTheServer(t *testing.T) {
	address := postgrestest.Database(t)
	admin := administrator(t, address)
	var database string
	must(t, admin.QueryRow(t.Context(), "SELECT current_database()").Scan(&database))
	for _, setting := range []string{
		"TimeZone = 'Asia/Kolkata'", "DateStyle = 'German, DMY'", "extra_float_digits = -5", "IntervalStyle = 'postgres_verbose'",
		"bytea_output = 'escape'", "default_transaction_isolation = 'serializable'",
	} {
		_, err := admin.Exec(t.Context(), "ALTER DATABASE "+database+" SET "+setting)
		must(t, err)
	}
	engine := newEngine(t, address, Options{})
	var got string
	text := `SELECT concat_ws(' ', '2026-02-03 04:05:06.789Z'::timestamptz, '2026-02-03'::date, (0.1::float8 + 0.2), '1 day 2 hours'::interval, '\x00ff'::bytea, current_setting('transaction_isolation'))`
	must(t, engine.Read(t.Context(), statement.Statement{SQL: text}, func(scan store.Scan) error { return scan(&got) }))
	if want := `2026-02-03 04:05:06.789+00 2026-02-03 0.30000000000000004 P1DT2H \x00ff read committed`; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestCopyLoadsRows(t *testing.T) {
	engine := newEngine(t, postgrestest.Database(t), Options{})
	rows := func(n int, then error) func() ([]any, error) {
		i := 0
		return func() ([]any, error) {
			if i++; i > n {
				return nil, then
			}
			return []any{fmt.Sprint("jar ", i), int64(i)}, nil
		}
	}
	load := func(next func() ([]any, error)) (copied int64, err error) {
		err = engine.Write(store.Large(t.Context()), func(ctx context.Context, tx store.Tx) error {
			copier, ok := tx.(store.Copier)
			if !ok {
				t.Fatal("the transaction is no store.Copier")
			}
			copied, err = copier.Copy(ctx, "jar", []string{"name", "amount"}, next)
			return err
		})
		return copied, err
	}
	if copied, err := load(rows(1000, io.EOF)); err != nil || copied != 1000 || number(t, engine, `SELECT sum(amount)::bigint FROM jar`) != 500500 {
		t.Errorf("%d copied, %v", copied, err)
	}
	broken := errors.New("the crate broke")
	if _, err := load(rows(10, broken)); !errors.Is(err, broken) {
		t.Errorf("got %v, want the error of next", err)
	}
	var violation *store.Violation
	if _, err := load(rows(10, io.EOF)); !errors.As(err, &violation) || violation.Kind != store.UniqueViolation {
		t.Errorf("got %v, want a violation", err)
	}
	if got := number(t, engine, `SELECT count(*) FROM jar`); got != 1000 {
		t.Errorf("%d jars after failed copies, want 1000", got)
	}
}

func TestALargeChangeMayAskWhyAStatementFailed(t *testing.T) {
	engine := newEngine(t, postgrestest.Database(t), Options{})
	must(t, engine.Write(t.Context(), fill("plum")))
	rows := 0
	err := engine.Write(store.Large(t.Context()), func(ctx context.Context, tx store.Tx) error {
		must(t, fill("quince")(ctx, tx))
		err := fill("plum")(ctx, tx)
		must(t, tx.Query(ctx, statement.Statement{SQL: `SELECT name FROM jar`}, func(store.Scan) error { rows++; return nil }))
		return err
	})
	var violation *store.Violation
	if !errors.As(err, &violation) || rows != 2 {
		t.Errorf("%d rows were seen after the failure, want 2 (%v)", rows, err)
	}
}

func TestATemporaryEngineLeavesNothing(t *testing.T) {
	address := postgrestest.Database(t)
	scratch := newEngine(t, address, Options{Temporary: true})
	must(t, scratch.Write(t.Context(), fill("plum")))
	if got := number(t, scratch, `SELECT count(*) FROM jar`); got != 1 {
		t.Errorf("%d jars, want 1", got)
	}
	must(t, scratch.Close())
	beside := newEngine(t, address, Options{})
	if got := number(t, beside, `SELECT count(*) FROM jar`); got != 0 {
		t.Errorf("%d jars are left", got)
	}
}

func TestATransactionThatGaveWayIsMadeAgain(t *testing.T) {
	engine := newEngine(t, postgrestest.Database(t), Options{})
	must(t, engine.Write(t.Context(), run(`INSERT INTO jar VALUES ('plum', 0), ('quince', 0)`)))
	var first atomic.Int64
	swap := func(one, other string) error {
		return engine.Write(t.Context(), func(ctx context.Context, tx store.Tx) error {
			if err := run(`UPDATE jar SET amount = amount + 1 WHERE name = $1`, one)(ctx, tx); err != nil {
				return err
			}
			for first.Add(1); first.Load() < 2; { // until both hold one and want the other
				time.Sleep(time.Millisecond)
			}
			return run(`UPDATE jar SET amount = amount + 1 WHERE name = $1`, other)(ctx, tx)
		})
	}
	other := make(chan error, 1)
	go func() { other <- swap("quince", "plum") }()
	err := swap("plum", "quince")
	if err := errors.Join(err, <-other); err != nil {
		t.Error(err)
	}
	if got := number(t, engine, `SELECT sum(amount)::bigint FROM jar`); got != 4 {
		t.Errorf("the amounts add up to %d, want 4", got)
	}
}

func TestADatabaseIsNamedWithoutItsPassword(t *testing.T) {
	for address, want := range map[string]string{
		"postgres://user:hush@db.example:5433/larder?sslmode=disable&password=hush": "postgres://db.example:5433/larder",
		"postgresql:///larder?host=/run/postgresql":                                 "postgres:///larder",
		"postgres://user:hu%zzsh@db.example/larder":                                 "postgres",
	} {
		if got := Name(address); !strings.HasPrefix(got, want) || strings.Contains(got, "hush") || len(got) != len(want) {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func TestByWayOfAPoolerNothingOfASessionIsUsed(t *testing.T) {
	address := postgrestest.Database(t)
	engine := newEngine(t, address, Options{Pooler: true, Connections: 1, StatementTimeout: 7 * time.Second})
	other := newEngine(t, address, Options{Pooler: true})
	var group sync.WaitGroup
	var inside atomic.Int64
	for i := range 8 {
		group.Go(func() {
			err := []*Engine{engine, other}[i%2].Exclusive(t.Context(), func(ctx context.Context, tx store.Tx) error {
				if inside.Add(1) > 1 {
					t.Error("two have the lock")
				}
				defer inside.Add(-1)
				return fill(fmt.Sprint("jar ", i))(ctx, tx)
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	must(t, engine.Write(t.Context(), fill("plum")))
	if got := number(t, engine, `SELECT count(*) FROM jar WHERE name <> $1`, "plum"); got != 8 {
		t.Errorf("%d jars, want 8", got)
	}
	for text, want := range map[string]int64{
		`SELECT count(*) FROM pg_prepared_statements`: 0,
		`SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`: 0,
		`SELECT count(*) FROM pg_settings WHERE name = 'statement_timeout' AND setting = '7000' AND reset_val <> '7000'`:                            1,
		`SELECT count(*) FROM pg_settings WHERE name = 'transaction_read_only' AND setting = 'on'`:                                                  1,
		`SELECT count(*) FROM pg_settings WHERE name = 'default_transaction_read_only' AND setting = 'off'`:                                         1,
	} {
		if got := number(t, engine, text); got != want {
			t.Errorf("%s: %d, want %d", text, got, want)
		}
	}
	if err := engine.Read(t.Context(), statement.Statement{SQL: `SELECT 1/0`}, nil); err == nil {
		t.Error("a division by zero succeeded")
	}
	must(t, engine.Ping(t.Context()))
	if _, err := Open(t.Context(), with(t, address, "search_path", "other"), Options{Pooler: true}); err == nil || !strings.Contains(err.Error(), "ALTER ROLE") {
		t.Errorf("a search_path in the URL: %v", err)
	}
}

// with is a URL with one more parameter.
func with(t *testing.T, address, name, value string) string {
	t.Helper()
	parsed, err := url.Parse(address)
	must(t, err)
	parameters := parsed.Query()
	parameters.Set(name, value)
	parsed.RawQuery = parameters.Encode()
	return parsed.String()
}

// at is a URL with another host.
func at(t *testing.T, address, host string) string {
	t.Helper()
	parsed, err := url.Parse(address)
	must(t, err)
	parsed.Host = host
	return parsed.String()
}
