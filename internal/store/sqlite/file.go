package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	sqlite3 "modernc.org/sqlite/lib"

	"github.com/larderhq/larder/internal/statement"
	"github.com/larderhq/larder/internal/store"
)

const (
	applicationID = 0x6c617264 // "lard", in the header of every database of larder's
	formatVersion = 1          // of the file; raised when an older larder could no longer read it
	ownerOnly     = 0o600
)

// settings are those of every connection: 16 MB of cache, and a log that an
// import has grown cut back to 16 MB. Temporary tables stay in memory but for
// those of large work; see writer.large.
const settings = `PRAGMA foreign_keys = ON;
PRAGMA synchronous = FULL;
PRAGMA temp_store = MEMORY;
PRAGMA legacy_alter_table = OFF;
PRAGMA cache_size = -16000;
PRAGMA journal_size_limit = 16777216;`

// createFile makes an empty file where there is none and returns the absolute
// path. A file that exists is not touched: opening and closing it here would
// drop the locks that this process holds on it (https://sqlite.org/howtocorrupt.html, 2.2).
func createFile(path string) (string, error) {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return "", fmt.Errorf("database %s: %w", path, err)
	}
	info, err := os.Stat(absolute)
	switch {
	case err == nil && info.IsDir():
		return "", fmt.Errorf("database %s: expected a file, found a folder; name a file in it", path)
	case err == nil && !info.Mode().IsRegular():
		return "", fmt.Errorf("database %s: expected a regular file, found %s", path, info.Mode().Type())
	case err == nil:
		return absolute, nil
	case !errors.Is(err, fs.ErrNotExist):
		return "", fmt.Errorf("database %s: %w", path, reason(err))
	}
	file, err := os.OpenFile(absolute, os.O_CREATE|os.O_EXCL|os.O_RDWR, ownerOnly) //nolint:gosec // the person names the file
	switch {
	case errors.Is(err, fs.ErrExist): // another process was faster
		return absolute, nil
	case errors.Is(err, fs.ErrNotExist):
		return "", fmt.Errorf("database %s: the folder %s does not exist; create it first", path, filepath.Dir(absolute))
	case err != nil:
		return "", fmt.Errorf("database %s: cannot create the file: %w", path, reason(err))
	}
	return absolute, file.Close()
}

// reason is the cause without the path, which the sentence names already.
func reason(err error) error {
	var detail *fs.PathError
	if errors.As(err, &detail) {
		return detail.Err
	}
	return err
}

// explain turns SQLite's refusal to work with the file at path into a sentence.
func explain(path string, err error) error {
	switch {
	case err == nil:
		return nil
	case is(err, sqlite3.SQLITE_NOTADB):
		return fmt.Errorf("database %s: expected a SQLite database, found another kind of file; name another file: %w", path, err)
	case is(err, sqlite3.SQLITE_READONLY):
		return fmt.Errorf("database %s: the file or its folder cannot be written; make both writable for this user: %w", path, err)
	case is(err, sqlite3.SQLITE_CANTOPEN):
		return fmt.Errorf("database %s: the file cannot be opened; make it and its folder readable and writable for this user: %w", path, err)
	case is(err, sqlite3.SQLITE_CORRUPT):
		return fmt.Errorf("database %s: the file is damaged; restore a backup: %w", path, err)
	}
	return fmt.Errorf("database %s: %w", path, err)
}

// prepareFile checks that the file is larder's, makes a new one so, and readies
// the connection for writing.
func prepareFile(ctx context.Context, path string, c *conn) error {
	if c.cannotWrite() {
		return fmt.Errorf("database %s: the file is read-only; make it writable for this user", path)
	}
	ready, err := inspect(ctx, path, c)
	if err != nil {
		return err
	}
	if !ready {
		if err := initialise(ctx, path, c); err != nil {
			return err
		}
	}
	return explain(path, c.prepareWriting())
}

// prepareExternal is prepareFile for a file that is and remains another's.
func prepareExternal(ctx context.Context, path string, c *conn) error {
	if c.cannotWrite() {
		return fmt.Errorf("database %s: the file is read-only; make it writable for this user", path)
	}
	_, err := c.run(ctx, statement.Statement{SQL: "SELECT count(*) FROM sqlite_schema"}, nil)
	if err == nil {
		err = c.prepareWriting()
	}
	return explain(path, err)
}

// inspect reports whether the file is a database of larder's in the journal
// mode that it uses; a new one is not yet.
func inspect(ctx context.Context, path string, c *conn) (ready bool, err error) {
	var application, version int64
	var journal string
	for pragma, value := range map[string]any{"application_id": &application, "user_version": &version, "journal_mode": &journal} {
		_, err := c.run(ctx, statement.Statement{SQL: "PRAGMA " + pragma}, func(scan store.Scan) error { return scan(value) })
		if err != nil {
			return false, explain(path, err)
		}
	}
	if application != 0 && application != applicationID {
		return false, fmt.Errorf("database %s: the file belongs to another program (application id %#x); name another file", path, application)
	}
	if version > formatVersion {
		return false, fmt.Errorf("database %s: the file has format %d and this larder knows up to %d; use a newer larder", path, version, formatVersion)
	}
	return application == applicationID && version == formatVersion && journal == "wal", nil
}

// initialise marks a database as larder's. Of processes that start together
// one does it, the others find it done.
func initialise(ctx context.Context, path string, c *conn) error {
	unlock, err := lock(ctx, path+"-lock")
	if err != nil {
		return fmt.Errorf("database %s: %w", path, err)
	}
	ready, err := inspect(ctx, path, c)
	if err == nil && !ready {
		_, err = c.run(ctx, statement.Statement{SQL: fmt.Sprintf(
			"PRAGMA journal_mode = WAL; PRAGMA application_id = %d; PRAGMA user_version = %d", applicationID, formatVersion)}, nil)
		err = explain(path, err)
	}
	return errors.Join(err, unlock())
}

// prepareWriting gives the writer's connection its settings.
func (c *conn) prepareWriting() error {
	_, err := c.run(context.Background(), statement.Statement{SQL: settings}, nil)
	return err
}

// openReader opens a connection that cannot write.
func openReader(path string, busyTimeout time.Duration) (*conn, error) {
	c, err := open(path, readOnly, busyTimeout)
	if err != nil {
		return nil, err
	}
	if _, err := c.run(context.Background(), statement.Statement{SQL: settings + "PRAGMA query_only = ON"}, nil); err != nil {
		return nil, errors.Join(err, c.close())
	}
	return c, nil
}

// lock takes the lock that processes with a database share, waiting as long as
// ctx allows. It is SQLite's own exclusive lock on an empty database at path,
// beside the one it is for: the same on every system, and gone with the
// process.
func lock(ctx context.Context, path string) (unlock func() error, err error) {
	path, err = createFile(path)
	if err != nil {
		return nil, err
	}
	c, err := open(path, readWrite, 0)
	if err != nil {
		return nil, explain(path, err)
	}
	if _, err := c.run(ctx, statement.Statement{SQL: "BEGIN EXCLUSIVE"}, nil); err != nil {
		return nil, errors.Join(err, c.close())
	}
	return c.close, nil
}
