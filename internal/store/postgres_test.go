package store_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/larderhq/larder/internal/model"
	"github.com/larderhq/larder/internal/postgrestest"
	"github.com/larderhq/larder/internal/statement"
	"github.com/larderhq/larder/internal/store"
	"github.com/larderhq/larder/internal/store/storetest"
)

// Everything that a store promises holds on PostgreSQL too: the statements are
// run there through as little of an engine as they need.
func TestRecordsOnPostgreSQL(t *testing.T) {
	address := postgrestest.Database(t)
	spaces := 0
	storetest.Records(t, func(t *testing.T, schema *model.Schema) func() (store.Engine, error) {
		spaces++ // of names, which are quicker to make than databases
		config, err := pgxpool.ParseConfig(address)
		if err != nil {
			t.Fatal(err)
		}
		config.MaxConns = 4
		config.ConnConfig.RuntimeParams["search_path"] = fmt.Sprint("space_", spaces)
		config.ConnConfig.RuntimeParams["synchronous_commit"] = "off" // nothing here outlives the test
		open := func() (store.Engine, error) {
			pool, err := pgxpool.NewWithConfig(t.Context(), config)
			return postgres{pool}, err
		}
		engine, err := open()
		if err != nil {
			t.Fatal(err)
		}
		err = engine.Exclusive(t.Context(), func(ctx context.Context, conn store.Tx) error {
			_, err := conn.Exec(ctx, statement.Statement{SQL: fmt.Sprint("CREATE SCHEMA space_", spaces)})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		makeTables(t, engine, schema)
		if err := engine.Close(); err != nil {
			t.Fatal(err)
		}
		return open
	})
}

// postgres is a store.Engine without what a server needs of one.
type postgres struct{ pool *pgxpool.Pool }

func (postgres) Dialect() statement.Dialect { return statement.Postgres() }

func (p postgres) Read(ctx context.Context, st statement.Statement, each func(store.Scan) error) error {
	rows, err := p.pool.Query(ctx, st.SQL, st.Args...)
	return scanned(rows, err, each)
}

// Write runs the work again when it was the one that had to give way in a
// deadlock (SQLSTATE 40P01), as changes of many records at once may.
func (p postgres) Write(ctx context.Context, work func(context.Context, store.Tx) error) error {
	for {
		err := pgx.BeginFunc(ctx, p.pool, func(tx pgx.Tx) error { return work(ctx, postgresTx{tx}) })
		var failure *pgconn.PgError
		if !errors.As(err, &failure) || failure.Code != "40P01" {
			return err
		}
	}
}

func (p postgres) Exclusive(ctx context.Context, work func(context.Context, store.Tx) error) error {
	return p.Write(ctx, work)
}

func (p postgres) Ping(ctx context.Context) error { return p.pool.Ping(ctx) }

func (p postgres) Close() error {
	p.pool.Close()
	return nil
}

type postgresTx struct{ tx pgx.Tx }

func (t postgresTx) Exec(ctx context.Context, st statement.Statement) (int64, error) {
	tag, err := t.tx.Exec(ctx, st.SQL, st.Args...)
	return tag.RowsAffected(), violation(err)
}

func (t postgresTx) Query(ctx context.Context, st statement.Statement, each func(store.Scan) error) error {
	rows, err := t.tx.Query(ctx, st.SQL, st.Args...)
	return scanned(rows, err, each)
}

func scanned(rows pgx.Rows, err error, each func(store.Scan) error) error {
	if err != nil {
		return violation(err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := each(rows.Scan); err != nil {
			return err
		}
	}
	return violation(rows.Err())
}

// violation is a constraint that PostgreSQL says is broken (SQLSTATE class 23
// and 22003), or the error itself.
func violation(err error) error {
	kinds := map[string]store.ViolationKind{
		"23505": store.UniqueViolation, "23503": store.ForeignKeyViolation, "23514": store.CheckViolation,
		"23502": store.NotNullViolation, "22003": store.RangeViolation,
	}
	var failure *pgconn.PgError
	if !errors.As(err, &failure) || kinds[failure.Code] == "" {
		return err
	}
	v := &store.Violation{Kind: kinds[failure.Code], Constraint: failure.ConstraintName, Table: failure.TableName, Err: err}
	if failure.ColumnName != "" {
		v.Columns = []string{failure.ColumnName}
	}
	return v
}
