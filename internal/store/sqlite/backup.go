package sqlite

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	sqlite3 "modernc.org/sqlite/lib"

	"github.com/larderhq/larder/internal/statement"
	"github.com/larderhq/larder/internal/store"
)

// ErrInUse is a database file that another connection has open.
var ErrInUse = errors.New("the database is in use")

// Backup writes the database, as it is at one moment, to a new file at path,
// which is empty or does not exist, and checks that file. What others read and
// write meanwhile goes on. The file is on disk when Backup returns nil; after
// an error it is worth nothing.
func (e *Engine) Backup(ctx context.Context, path string) error {
	// A connection of the pool may write to no other file either.
	c, err := open(e.path, readOnly, defaultBusyTimeout)
	if err != nil {
		return explain(e.path, err)
	}
	_, err = c.run(ctx, statement.Statement{SQL: "VACUUM INTO ?", Args: []any{path}}, nil)
	if err := errors.Join(err, c.close()); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err := Check(ctx, path); err != nil {
		return err
	}
	return secure(path)
}

// secure keeps others from reading the file at path and waits until it is on
// disk.
func secure(path string) error {
	file, err := os.OpenFile(path, os.O_RDWR, 0) //nolint:gosec // the person names the file
	if err != nil {
		return fmt.Errorf("write %s: %w", path, reason(err))
	}
	if err := errors.Join(file.Chmod(ownerOnly), file.Sync(), file.Close()); err != nil {
		return fmt.Errorf("write %s: %w", path, reason(err))
	}
	return nil
}

// Check reads the whole database file at path and returns what is wrong with
// it: damaged pages, indexes that lack rows, broken constraints.
func Check(ctx context.Context, path string) error {
	c, err := openExisting(path, readOnly, defaultBusyTimeout)
	if err != nil {
		return err
	}
	var finding string
	_, err = c.run(ctx, statement.Statement{SQL: "PRAGMA integrity_check(1)"}, func(scan store.Scan) error { return scan(&finding) })
	if err == nil && finding != "ok" {
		err = fmt.Errorf("the file is damaged (%s); use another", finding)
	}
	return errors.Join(explain(path, err), c.close())
}

// Detach moves what the log of the database at path holds into its file, so
// that the file is whole by itself and can be moved. It fails with ErrInUse
// when something else has the database open.
func Detach(ctx context.Context, path string) error {
	const patience = time.Second
	c, err := openExisting(path, readWrite, patience)
	if err != nil {
		return err
	}
	_, err = c.run(ctx, statement.Statement{SQL: "PRAGMA journal_mode = DELETE"}, nil)
	if is(err, sqlite3.SQLITE_BUSY) {
		err = ErrInUse
	}
	return errors.Join(explain(path, err), c.close())
}

// openExisting connects to a database file that must be there.
func openExisting(path string, m mode, patience time.Duration) (*conn, error) {
	patch()
	absolute, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("database %s: %w", path, err)
	}
	if _, err := os.Stat(absolute); err != nil {
		return nil, fmt.Errorf("database %s: %w", path, reason(err))
	}
	c, err := open(absolute, m, patience)
	return c, explain(path, err)
}
