package postgres

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/larderhq/larder/internal/store"
)

// The conditions that are told apart:
// https://www.postgresql.org/docs/current/errcodes-appendix.html
const (
	undefinedTable      = "42P01"
	undefinedColumn     = "42703"
	notNullViolation    = "23502"
	foreignKeyViolation = "23503"
	uniqueViolation     = "23505"
	checkViolation      = "23514"
	exclusionViolation  = "23P01"
	outOfRange          = "22003"
	generatedAlways     = "428C9" // a value for a column that takes only what the database makes
	readOnlyTransaction = "25006"
	invalidPassword     = "28P01"
	invalidUser         = "28000"
	noDatabase          = "3D000"
	noPrivilege         = "42501"
	serialization       = "40001"
	deadlock            = "40P01"
	diskFull            = "53100"
	lockTimeout         = "55P03"
	cancelled           = "57014"
	notSupported        = "0A000"
	noStatement         = "26000"
)

var (
	errClosed = fmt.Errorf("%w: it is closed", store.ErrUnavailable)
	// errLost: the connection died. What ran on it may be repeated on another
	// as long as no COMMIT was sent.
	errLost = fmt.Errorf("%w: the connection was lost", store.ErrUnavailable)
	// errGaveWay: the transaction was undone for the sake of another.
	errGaveWay = fmt.Errorf("%w: it gave way to other changes", store.ErrUnavailable)
	// errStale: a prepared statement is not of the tables as they are now.
	errStale = errors.New("a prepared statement is out of date")
)

// passes reports whether what failed may succeed when it is repeated at once,
// on another connection.
func passes(err error) bool { return errors.Is(err, errLost) || errors.Is(err, errStale) }

// failure turns what pgx says of a statement on conn into an error: that of
// the context where it was the cause, a *store.Violation, a
// *store.UndefinedError, one that wraps store.ErrFull or store.ErrUnavailable,
// else err.
func failure(ctx context.Context, conn *pgx.Conn, err error) error {
	if err == nil {
		return nil
	}
	var said *pgconn.PgError
	isSaid := errors.As(err, &said)
	switch {
	case isSaid && isViolation(said.Code):
		return violation(said)
	case ctx.Err() != nil && (!isSaid || said.Code == cancelled || conn.IsClosed()):
		return ctx.Err()
	case conn.IsClosed():
		return fmt.Errorf("%w: %w", errLost, err)
	case !isSaid:
		return err
	}
	switch said.Code {
	case undefinedTable, undefinedColumn:
		return &store.UndefinedError{Err: err}
	case noPrivilege:
		return fmt.Errorf("%w: %w", store.ErrForbidden, err)
	case serialization, deadlock:
		return fmt.Errorf("%w: %w", errGaveWay, err)
	case noStatement:
		return fmt.Errorf("%w: %w", errStale, err)
	case notSupported:
		if said.Routine == "RevalidateCachedQuery" {
			return fmt.Errorf("%w: %w", errStale, err)
		}
		return err
	}
	return unavailable(said, err)
}

// unavailable marks the conditions in which the database cannot do its work:
// no space, no connection or memory left, a timeout, a shutdown, an I/O error,
// a server that is a standby now.
func unavailable(said *pgconn.PgError, err error) error {
	switch class := said.Code[:min(2, len(said.Code))]; {
	case said.Code == diskFull:
		return fmt.Errorf("%w: %w", store.ErrFull, err)
	case said.Code == lockTimeout, said.Code == readOnlyTransaction, class == "08", class == "53", class == "57", class == "58":
		return fmt.Errorf("%w: %w", store.ErrUnavailable, err)
	}
	return err
}

// unreachable is the error of a connection that could not be made.
func unreachable(ctx context.Context, err error) error {
	var said *pgconn.PgError
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.As(err, &said):
		return unavailable(said, err)
	}
	return fmt.Errorf("%w: %w", store.ErrUnavailable, err)
}

func isViolation(code string) bool {
	switch code {
	case uniqueViolation, exclusionViolation, foreignKeyViolation, checkViolation, notNullViolation, outOfRange, generatedAlways:
		return true
	}
	return false
}

// violation is a constraint that PostgreSQL says is broken.
func violation(said *pgconn.PgError) error {
	v := &store.Violation{Constraint: said.ConstraintName, Table: said.TableName, Err: said}
	if said.ColumnName != "" {
		v.Columns = []string{said.ColumnName}
	}
	switch said.Code {
	case uniqueViolation, exclusionViolation:
		v.Kind = store.UniqueViolation
	case foreignKeyViolation:
		v.Kind = store.ForeignKeyViolation
	case checkViolation, generatedAlways:
		v.Kind = store.CheckViolation
	case notNullViolation:
		v.Kind = store.NotNullViolation
	case outOfRange:
		v.Kind = store.RangeViolation
	}
	return v
}

// sentence tells the person who chose the database why it cannot be opened.
func sentence(config *pgx.ConnConfig, err error) error {
	place := net.JoinHostPort(config.Host, strconv.Itoa(int(config.Port)))
	name := fmt.Sprintf("database postgres://%s/%s", place, config.Database)
	var said *pgconn.PgError
	if !errors.As(err, &said) {
		if refusesTLS(err) {
			return fmt.Errorf("%s: it cannot be reached by TLS as sslmode in the URL asks for; correct the server's certificate, its name or sslmode: %w", name, reason(err))
		}
		if errors.Is(err, store.ErrUnavailable) {
			return fmt.Errorf("%s: no server answers; start it, or correct the address: %w", name, reason(err))
		}
		return fmt.Errorf("%s: %w", name, err)
	}
	switch said.Code {
	case noDatabase:
		return fmt.Errorf("%s: the server has no database of this name; make it with: createdb -h %s -p %d -U %s -E UTF8 -T template0 %s",
			name, config.Host, config.Port, config.User, shellWord(config.Database))
	case invalidPassword, invalidUser:
		return fmt.Errorf("%s: the server does not let the user %s in; correct the user or the password: %w", name, config.User, said)
	case noPrivilege:
		return fmt.Errorf("%s: the user %s may not use it; GRANT CONNECT, or name another user: %w", name, config.User, said)
	}
	return fmt.Errorf("%s: %w", name, said)
}

// refusesTLS reports whether the server was reached, but not by TLS as the URL
// asks for. Of a server that has none pgx has a text and no type.
func refusesTLS(err error) bool {
	var certificate *tls.CertificateVerificationError
	return errors.As(err, &certificate) || strings.Contains(err.Error(), noTLS)
}

const noTLS = "server refused TLS connection"

// reason is why a server did not answer, without what sentence says already.
// pgx lists every address and mode that it tried, a line each.
func reason(err error) error {
	var dial *net.OpError
	var lookup *net.DNSError
	var certificate *tls.CertificateVerificationError
	switch {
	case errors.As(err, &certificate):
		return certificate
	case refusesTLS(err):
		return errors.New(noTLS)
	case errors.As(err, &dial):
		return fmt.Errorf("%w: %w", store.ErrUnavailable, dial)
	case errors.As(err, &lookup):
		return fmt.Errorf("%w: %w", store.ErrUnavailable, lookup)
	}
	return err
}

// shellWord is a name as a shell takes it for one word.
func shellWord(name string) string {
	return "'" + strings.ReplaceAll(name, "'", `'\''`) + "'"
}
