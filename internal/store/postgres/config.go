package postgres

import (
	"errors"
	"fmt"
	"net/url"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgconn/ctxwatch"
	"github.com/jackc/pgx/v5/pgxpool"
)

const (
	minimumConnections = 8
	perProcessor       = 4                // connections
	cachedStatements   = 256              // prepared ones that a connection keeps
	connectTimeout     = 10 * time.Second // where the URL says none
	cancelTimeout      = 5 * time.Second  // for the server to end a cancelled statement, before its connection is dropped
	forever            = 365 * 24 * time.Hour
)

// configuration is what the URL and the options ask for, and the settings that
// begin every transaction.
func configuration(address string, options Options) (config *pgxpool.Config, settings string, err error) {
	if isAmbiguous(address) {
		return nil, "", errors.New("database: in a URL, write %40 for @, %2F for /, %3F for ? and %23 for # where they belong to the user, the password, the database's name or a parameter")
	}
	config, err = pgxpool.ParseConfig(address)
	if err != nil {
		return nil, "", fmt.Errorf("database: expected a URL like postgres://user@host:5432/name: %w", withoutURL(err))
	}
	switch {
	case options.Connections > 0:
		config.MaxConns = int32(min(options.Connections, 1<<15)) //nolint:gosec // bounded
	case !names(address, "pool_max_conns"):
		config.MaxConns = int32(max(minimumConnections, perProcessor*runtime.GOMAXPROCS(0))) //nolint:gosec // few
	}
	config.PingTimeout = pingTimeout
	if !names(address, "pool_max_conn_lifetime_jitter") {
		config.MaxConnLifetimeJitter = config.MaxConnLifetime / 10
	}
	connection := config.ConnConfig
	connection.DefaultQueryExecMode = pgx.QueryExecModeCacheStatement
	connection.StatementCacheCapacity = cachedStatements
	if connection.ConnectTimeout == 0 {
		connection.ConnectTimeout = connectTimeout
	}
	if !options.Pooler { // PgBouncer 1.18 ends itself over a cancellation that comes too late; pgx's own way has none
		connection.BuildContextWatcherHandler = func(c *pgconn.PgConn) ctxwatch.Handler {
			return &pgconn.CancelRequestContextWatcherHandler{Conn: c, DeadlineDelay: cancelTimeout}
		}
	}
	setParameters(connection.RuntimeParams, options)
	switch {
	case options.Pooler && options.Temporary:
		return nil, "", fmt.Errorf("database %s: a dry run before the first migration needs a session of its own, which a pooler in transaction mode does not give; name the server itself", Name(address))
	case options.Pooler:
		config.MaxConns = max(2, config.MaxConns) // Exclusive takes two
		settings, err = share(address, connection)
	case options.Temporary:
		connection.RuntimeParams["search_path"] = "pg_temp"
		config.MaxConns, config.MinConns, config.MinIdleConns = 1, 0, 0
		config.MaxConnLifetime, config.MaxConnIdleTime = forever, forever
	}
	return config, settings, err
}

// setParameters gives every connection the settings on which larder's answers
// depend, whatever the role, the database and the server have as theirs
// (https://www.postgresql.org/docs/current/runtime-config-client.html).
func setParameters(parameters map[string]string, options Options) {
	for name, value := range map[string]string{
		"client_encoding":               "UTF8",
		"DateStyle":                     "ISO, YMD",
		"IntervalStyle":                 "iso_8601",
		"TimeZone":                      "UTC",
		"extra_float_digits":            "1",
		"bytea_output":                  "hex",
		"standard_conforming_strings":   "on",
		"jit":                           "off", // compiling a page of 1,000 lists takes as long as reading it
		"default_transaction_isolation": "read committed",
		"default_transaction_read_only": "on", // but for Write and Exclusive
	} {
		parameters[name] = value
	}
	if parameters["application_name"] == "" {
		parameters["application_name"] = "larder"
	}
	if options.StatementTimeout > 0 {
		parameters["statement_timeout"] = milliseconds(options.StatementTimeout)
	}
	if options.LockTimeout > 0 {
		parameters["lock_timeout"] = milliseconds(options.LockTimeout)
	}
}

// milliseconds is a time as PostgreSQL takes it, at least one of them, since 0
// is no bound there.
func milliseconds(d time.Duration) string {
	return strconv.FormatInt(max(1, d.Milliseconds()), 10)
}

// names reports whether a URL has the parameter.
func names(address, parameter string) bool {
	parsed, err := url.Parse(address)
	return err == nil && parsed.Query().Has(parameter)
}

// Name is a database's URL as it may be shown: without user, password and
// parameters.
func Name(address string) string {
	parsed, err := url.Parse(address)
	if err != nil || isAmbiguous(address) {
		return "postgres"
	}
	return (&url.URL{Scheme: "postgres", Host: parsed.Host, Path: parsed.Path}).String()
}

// isAmbiguous reports whether a URL has an @ behind that of its user, or a
// fragment: then a part of the password may stand where a host or a name is
// read, and be shown as that.
func isAmbiguous(address string) bool {
	_, rest, _ := strings.Cut(address, "://")
	end := strings.IndexAny(rest, "/?#")
	if end < 0 {
		end = len(rest)
	}
	return strings.Count(rest[:end], "@") > 1 || strings.ContainsAny(rest[end:], "@#")
}

// withoutURL is the error of a URL that cannot be read, without it: it may
// hold a password.
func withoutURL(err error) error {
	text := err.Error()
	if at := strings.LastIndex(text, "`: "); at >= 0 {
		return errors.New(text[at+len("`: "):])
	}
	return errors.New("it cannot be read")
}
