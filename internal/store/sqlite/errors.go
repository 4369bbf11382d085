package sqlite

import (
	"errors"
	"fmt"
	"strings"

	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/larderhq/larder/internal/store"
)

var (
	errClosed     = fmt.Errorf("the database is closed: %w", store.ErrUnavailable)
	errMemory     = errors.New("sqlite: out of memory")
	errReferences = errors.New("sqlite: a deferred foreign key points nowhere")
)

// failed is an error as SQLite reports it.
type failed struct {
	code    int32 // extended result code, https://sqlite.org/rescode.html
	message string
}

func (f *failed) Error() string { return fmt.Sprintf("sqlite: %s (%d)", f.message, f.code) }

// is reports whether err came from SQLite with a primary result code.
func is(err error, primary int32) bool {
	var f *failed
	return errors.As(err, &f) && f.code&0xff == primary
}

// failure turns a result code other than OK into an error: that of the context
// where it was the cause, a *store.Violation, a *store.UndefinedError, one that
// wraps store.ErrFull or store.ErrUnavailable, else *failed.
func (c *conn) failure(code int32) error {
	f := &failed{code: code, message: libc.GoString(sqlite3.Xsqlite3_errstr(c.tls, code))}
	if c.db != 0 && sqlite3.Xsqlite3_extended_errcode(c.tls, c.db)&0xff == code&0xff {
		f.message = libc.GoString(sqlite3.Xsqlite3_errmsg(c.tls, c.db))
	}
	switch code & 0xff {
	case sqlite3.SQLITE_INTERRUPT, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		if err := c.ctx.Err(); err != nil {
			return err
		}
		return fmt.Errorf("%w: another process holds its lock: %w", store.ErrUnavailable, f)
	case sqlite3.SQLITE_CONSTRAINT:
		return violation(f)
	case sqlite3.SQLITE_FULL:
		return fmt.Errorf("%w: %w", store.ErrFull, f)
	case sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PROTOCOL, sqlite3.SQLITE_READONLY,
		sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
		return fmt.Errorf("%w: %w", store.ErrUnavailable, f)
	case sqlite3.SQLITE_ERROR:
		if strings.Contains(f.message, "integer overflow") {
			return &store.Violation{Kind: store.RangeViolation, Err: f}
		}
		if strings.HasPrefix(f.message, "no such table: ") || strings.HasPrefix(f.message, "no such column: ") || strings.Contains(f.message, " has no column named ") {
			return &store.UndefinedError{Err: f}
		}
	}
	return f
}

// violation reads what SQLite says of a broken constraint:
//
//	UNIQUE constraint failed: planet.name
//	UNIQUE constraint failed: index 'planet_lower_key'
//	NOT NULL constraint failed: planet.name
//	CHECK constraint failed: planet_population_check
//	FOREIGN KEY constraint failed
//	cannot store REAL value in INTEGER column planet.population
func violation(f *failed) error {
	v := &store.Violation{Err: f}
	_, detail, _ := strings.Cut(f.message, "constraint failed: ")
	switch f.code {
	case sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY, sqlite3.SQLITE_CONSTRAINT_ROWID:
		v.Kind = store.UniqueViolation
		if index, named := strings.CutPrefix(detail, "index '"); named {
			v.Constraint = strings.TrimSuffix(index, "'")
			return v
		}
	case sqlite3.SQLITE_CONSTRAINT_NOTNULL:
		v.Kind = store.NotNullViolation
	case sqlite3.SQLITE_CONSTRAINT_CHECK:
		v.Kind, v.Constraint = store.CheckViolation, detail
		return v
	case sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY:
		v.Kind = store.ForeignKeyViolation
		return v
	case sqlite3.SQLITE_CONSTRAINT_TRIGGER:
		// ON DELETE RESTRICT is a trigger inside SQLite, and reported as one.
		if !strings.HasPrefix(f.message, "FOREIGN KEY") {
			return f
		}
		v.Kind = store.ForeignKeyViolation
		return v
	case sqlite3.SQLITE_CONSTRAINT_DATATYPE:
		// In a STRICT table a sum beyond 64 bits arrives as a REAL.
		v.Kind = store.RangeViolation
		_, detail, _ = strings.Cut(f.message, " column ")
	default:
		return f
	}
	for column := range strings.SplitSeq(detail, ", ") {
		if table, name, qualified := strings.Cut(column, "."); qualified {
			v.Table, v.Columns = table, append(v.Columns, name)
		}
	}
	return v
}
