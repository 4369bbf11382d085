// Package store is the database as the rest of larder sees it: pages and
// items to read as finished JSON, changes to make atomically. [Store] holds
// everything that is the same on every engine; an [Engine] (the folders sqlite
// and postgres) runs statements and transactions and nothing more.
package store

import (
	"context"

	"github.com/larderhq/larder/internal/statement"
)

// Engine runs statements on one database.
type Engine interface {
	// Dialect says how this engine wants its SQL.
	Dialect() statement.Dialect
	// Read runs one statement on a pooled connection and calls each for every
	// row; each calls scan once. The connection is held until Read returns.
	Read(ctx context.Context, st statement.Statement, each func(scan Scan) error) error
	// Write runs work as one atomic, durable change: when Write returns nil it
	// is on disk, when it returns an error (work's own, wrapped) nothing of it
	// is; only after [ErrUncertain] nobody knows. Work of several callers may
	// share a commit, and one failing leaves the others alone; so work must be
	// quick and must not wait for anything but its Tx. It may run more than
	// once, where what it did before was undone for a reason that passes: it
	// must begin anew each time and leave nothing behind but by its Tx.
	Write(ctx context.Context, work func(ctx context.Context, tx Tx) error) error
	// Exclusive lends a connection that no one else writes beside, with no
	// transaction begun, for migrations. It waits for other processes that hold
	// the same lock.
	Exclusive(ctx context.Context, work func(ctx context.Context, conn Tx) error) error
	// InTurn runs work, which uses the engine as it likes, while no other
	// process runs one of its own on the same database: for what would be done
	// in vain by several. It waits for its turn as long as ctx allows; a process
	// that ends, however it does, gives its turn away. A turn keeps nobody from
	// reading or writing.
	InTurn(ctx context.Context, work func(ctx context.Context) error) error
	// Ping reports whether the database answers.
	Ping(ctx context.Context) error
	// Close waits for what runs and closes the database.
	Close() error
}

// Scan copies the current row into dest, as database/sql's Rows.Scan does.
type Scan func(dest ...any) error

// Tx runs statements inside a change.
type Tx interface {
	// Exec runs a statement and returns the number of rows it affected.
	Exec(ctx context.Context, st statement.Statement) (int64, error)
	// Query runs a statement and calls each for every row.
	Query(ctx context.Context, st statement.Statement, each func(scan Scan) error) error
}

// Copier is a Tx that loads many rows faster than statements do.
type Copier interface {
	// Copy appends rows to a table until next returns io.EOF, and returns how
	// many they were. A row has a value for each of the columns, of the kinds
	// that a statement's arguments have; it is done with when next is called
	// again. Another error of next ends the copy and is returned, wrapped.
	Copy(ctx context.Context, table string, columns []string, next func() ([]any, error)) (int64, error)
}

type largeKey struct{}

// Large marks the context of a Write that keeps much in temporary tables, as an
// import does: an engine may then let them outgrow memory, at the price of
// running the work by itself.
func Large(ctx context.Context) context.Context {
	return context.WithValue(ctx, largeKey{}, true)
}

// IsLarge reports whether ctx was marked by [Large].
func IsLarge(ctx context.Context) bool { return ctx.Value(largeKey{}) != nil }
