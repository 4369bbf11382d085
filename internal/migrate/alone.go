package migrate

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"
)

// noTransaction, above the only statement of a PostgreSQL file, makes larder
// run it outside of a transaction, as CREATE INDEX CONCURRENTLY demands. It may
// then run again after a crash, and has to bear that.
const noTransaction = "-- larder:no-transaction"

// concurrentIndex finds the name of an index that is built concurrently.
var concurrentIndex = regexp.MustCompile(`(?is)^CREATE\s+(?:UNIQUE\s+)?INDEX\s+CONCURRENTLY\s+IF\s+NOT\s+EXISTS\s+("(?:[^"]|"")+"|\w+)`)

// concurrently matches what PostgreSQL refuses in a transaction.
var concurrently = regexp.MustCompile(`(?is)^(?:(?:CREATE\s+(?:UNIQUE\s+)?|DROP\s+)INDEX|REINDEX\b.*)\s+CONCURRENTLY\b`)

// isAlone reports whether a file's statements run outside of a transaction.
func isAlone(statements []sqlStatement, engine string) bool {
	return engine == Postgres && len(statements) > 0 && hasLine(statements[0].comments, noTransaction)
}

// refuseAlone is the error of a file that could not be repeated after a crash.
func refuseAlone(statements []sqlStatement) error {
	if len(statements) != 1 {
		return fmt.Errorf("expected one statement under %s, got %d; give each a migration of its own", noTransaction, len(statements))
	}
	if text := statements[0].text; concurrently.MatchString(text) && strings.HasPrefix(strings.ToUpper(text), "CREATE") && !concurrentIndex.MatchString(text) {
		return errors.New("expected CREATE INDEX CONCURRENTLY IF NOT EXISTS, since what runs outside of a transaction may have to be repeated")
	}
	return nil
}

// alone runs a migration's only statement outside of a transaction and records
// it. Whoever finds it unrecorded, after a crash or a failure, runs it again.
func (r *runner) alone(ctx context.Context, m *Migration, file string, st sqlStatement) error {
	start := time.Now()
	r.report(m, 1, 1, start)
	// It waits for others, but nobody waits for it.
	if err := r.exec(ctx, "SET lock_timeout = 0"); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	index := concurrentIndex.FindStringSubmatch(st.text)
	err := r.dropInvalid(ctx, index)
	if err == nil {
		err = r.exec(ctx, st.text)
	}
	if err != nil {
		tidying, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		_ = r.dropInvalid(tidying, index) // or the next attempt does
		return statementError(file, st, err)
	}
	err = r.within(ctx, func(ctx context.Context) error {
		return r.exec(ctx, recordText(m, r.engine, time.Now()))
	})
	if err == nil {
		r.report(m, 0, 1, start)
	}
	return err
}

// dropInvalid drops the index of a concurrent build that failed, which would
// serve no query and pass for the index all the same.
func (r *runner) dropInvalid(ctx context.Context, index []string) error {
	if index == nil {
		return nil
	}
	invalid, err := r.texts(ctx, "SELECT indexrelid::regclass::text FROM pg_index WHERE NOT indisvalid AND indexrelid = to_regclass("+text(index[1])+")", 1)
	if err != nil || len(invalid) == 0 {
		return err
	}
	return r.exec(ctx, "DROP INDEX CONCURRENTLY "+invalid[0][0])
}
