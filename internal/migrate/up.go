package migrate

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/larderhq/larder/internal/statement"
	"github.com/larderhq/larder/internal/store"
)

// Options adjust Up; the zero value applies everything silently.
type Options struct {
	// Target is the last version to apply; 0: all.
	Target int
	// Progress is told of every statement before it runs; nil: nobody is.
	Progress func(Progress)
}

// Progress is how far a migration has come.
type Progress struct {
	Migration  Migration
	Statement  int // about to run, from 1; 0 once the migration is applied
	Statements int
	Took       time.Duration // since the migration began
}

// StatementError is a statement of a migration that the database refused.
// Nothing of its migration was kept.
type StatementError struct {
	File      string
	Line      int    // of the statement, from 1
	Statement string // its first line
	Err       error
	Findings  []Finding // the rows that the migration breaks on, if any do
}

// Error is "migrations/0002_add_price.sqlite.sql:4: ALTER TABLE …: cause", and
// what lint finds against the rows.
func (e *StatementError) Error() string {
	message := fmt.Sprintf("%s:%d: %s: %v", e.File, e.Line, e.Statement, e.Err)
	for _, f := range e.Findings {
		f.File = ""
		message += "; " + f.String()
	}
	return message + "; nothing of this migration was kept"
}

func statementError(file string, st sqlStatement, err error) *StatementError {
	first, _, _ := strings.Cut(st.text, "\n")
	return &StatementError{File: file, Line: st.line, Statement: first, Err: err}
}

// Unwrap returns the engine's error.
func (e *StatementError) Unwrap() error { return e.Err }

// Up brings the database to the folder's last migration, or to the target:
// larder's own tables first, then each migration that the database lacks, in
// one transaction with its record. Of several processes that call it together
// one applies each migration and the others find it applied. It returns what
// it applied.
//
// It refuses with a *FileError, before anything is changed, a folder in which
// an applied migration is missing or not as it was applied.
func Up(ctx context.Context, engine store.Engine, dir *Dir, options Options) ([]Migration, error) {
	r := &runner{dir: dir, engine: engine.Dialect().Name(), options: options}
	ready, err := r.upToDate(ctx, engine)
	if err != nil || ready {
		return nil, err
	}
	var applied []Migration
	err = engine.Exclusive(ctx, func(ctx context.Context, conn store.Tx) error {
		r.conn = conn
		if err := r.within(ctx, r.builtin); err != nil {
			return fmt.Errorf("make larder's own tables: %w", err)
		}
		for {
			m, err := r.one(ctx)
			if err != nil || m == nil {
				return err
			}
			applied = append(applied, *m)
		}
	})
	return applied, explain(ctx, engine, dir, err)
}

// explain adds to a statement's error the rows that lint would have named.
func explain(ctx context.Context, engine store.Engine, dir *Dir, err error) error {
	var refused *StatementError
	if !errors.As(err, &refused) {
		return err
	}
	findings, failed := Lint(ctx, engine, dir)
	if failed != nil {
		return errors.Join(err, failed)
	}
	for _, f := range findings {
		if f.Severity == Breaking && f.Rows > 0 {
			refused.Findings = append(refused.Findings, f)
		}
	}
	return err
}

// runner applies migrations on one connection.
type runner struct {
	dir     *Dir
	engine  string // the dialect's name
	options Options
	conn    store.Tx
}

// upToDate looks without a lock whether there is nothing to do, as there is at
// most starts.
func (r *runner) upToDate(ctx context.Context, engine store.Engine) (bool, error) {
	records, err := recordsOf(ctx, engine)
	if err != nil || records == nil {
		return false, err
	}
	if err := r.dir.match(records, r.engine); err != nil {
		return false, err
	}
	outdated, err := Outdated(ctx, engine)
	return !outdated && r.pending(records) == nil, err
}

// pending is the next migration to apply, or nil.
func (r *runner) pending(records []record) *Migration {
	if len(records) == len(r.dir.migrations) || (r.options.Target > 0 && len(records) >= r.options.Target) {
		return nil
	}
	return &r.dir.migrations[len(records)]
}

func (r *runner) builtin(ctx context.Context) error {
	for _, sql := range Builtin(r.engine) {
		if err := r.exec(ctx, sql); err != nil {
			return err
		}
	}
	lacking, err := lackingColumns(ctx, r.conn.Query, r.engine)
	if err != nil {
		return err
	}
	for _, name := range lacking {
		table, column, _ := strings.Cut(name, ".")
		if err := r.exec(ctx, addedColumn(r.engine, table, column)); err != nil {
			return err
		}
	}
	return nil
}

// one applies the next migration and returns it, nil when there is none. What
// is next is read under the lock, when other processes are done with theirs.
func (r *runner) one(ctx context.Context) (*Migration, error) {
	records, err := readRecords(ctx, r.conn.Query, r.engine)
	if err != nil {
		return nil, err
	}
	if err := r.dir.match(records, r.engine); err != nil {
		return nil, err
	}
	m := r.pending(records)
	if m == nil {
		return nil, nil
	}
	file := filepath.Join(r.dir.path, m.File(r.engine))
	statements, err := split(m.sql[r.engine], r.engine)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	if st, err := refuse(statements, r.engine); err != nil {
		return nil, statementError(file, st, err)
	}
	if isAlone(statements, r.engine) {
		err = r.alone(ctx, m, file, statements[0])
	} else {
		err = r.apply(ctx, m, file, statements)
	}
	if err != nil {
		return nil, err
	}
	return m, nil
}

// apply runs a migration's statements. Foreign keys go off, outside of the
// transaction as SQLite demands, for a file that says so.
func (r *runner) apply(ctx context.Context, m *Migration, file string, statements []sqlStatement) (err error) {
	if r.engine == SQLite && len(statements) > 0 && hasLine(statements[0].comments, foreignKeysOff) {
		if err := r.exec(ctx, "PRAGMA foreign_keys = OFF"); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		defer func() {
			err = errors.Join(err, r.exec(context.WithoutCancel(ctx), "PRAGMA foreign_keys = ON"))
		}()
	}
	start := time.Now()
	err = r.within(ctx, func(ctx context.Context) error {
		carried := carrier{runner: r, file: file}
		for i, st := range statements {
			r.report(m, i+1, len(statements), start)
			text, err := carried.before(ctx, st)
			if err == nil {
				err = r.exec(ctx, text)
			}
			if err != nil {
				return statementError(file, st, err)
			}
		}
		if err := carried.finish(ctx); err != nil {
			return err
		}
		return r.exec(ctx, recordText(m, r.engine, time.Now()))
	})
	if err == nil {
		r.report(m, 0, len(statements), start)
	}
	return err
}

// report tells of the statement that is about to run, 0 at the end.
func (r *runner) report(m *Migration, statement, statements int, start time.Time) {
	if r.options.Progress != nil {
		r.options.Progress(Progress{*m, statement, statements, time.Since(start)})
	}
}

// within runs work in a transaction, which it commits or takes back. On
// PostgreSQL it runs again when others hold what it has to lock.
func (r *runner) within(ctx context.Context, work func(context.Context) error) error {
	if r.engine == SQLite {
		return r.transaction(ctx, "BEGIN IMMEDIATE", work)
	}
	return patiently(ctx, func() error {
		return r.transaction(ctx, "BEGIN", func(ctx context.Context) error {
			if err := r.exec(ctx, fmt.Sprintf("SET LOCAL lock_timeout = %d", lockTimeout.Milliseconds())); err != nil {
				return err
			}
			return work(ctx)
		})
	})
}

func (r *runner) transaction(ctx context.Context, begin string, work func(context.Context) error) error {
	if err := r.exec(ctx, begin); err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	if err := work(ctx); err != nil {
		return errors.Join(err, r.exec(context.WithoutCancel(ctx), "ROLLBACK"))
	}
	if err := r.exec(ctx, "COMMIT"); err != nil {
		return errors.Join(fmt.Errorf("commit: %w", err), r.exec(context.WithoutCancel(ctx), "ROLLBACK"))
	}
	return nil
}

func (r *runner) exec(ctx context.Context, sql string) error {
	_, err := r.conn.Exec(ctx, statement.Statement{SQL: sql})
	return err
}

// texts reads the text columns of a query's rows.
func (r *runner) texts(ctx context.Context, sql string, columns int) ([][]string, error) {
	return readTexts(ctx, r.conn.Query, sql, columns)
}

// query is the form that Engine.Read and Tx.Query share.
type query func(context.Context, statement.Statement, func(store.Scan) error) error

func readTexts(ctx context.Context, ask query, sql string, columns int) ([][]string, error) {
	var rows [][]string
	err := ask(ctx, statement.Statement{SQL: sql}, func(scan store.Scan) error {
		row := make([]string, columns)
		destinations := make([]any, columns)
		for i := range row {
			destinations[i] = &row[i]
		}
		rows = append(rows, row)
		return scan(destinations...)
	})
	return rows, err
}

// hasLine reports whether a text has the line.
func hasLine(text, line string) bool {
	for l := range strings.Lines(text) {
		if strings.TrimSpace(l) == line {
			return true
		}
	}
	return false
}

// refuse returns the first statement of a file that its engine could not run
// as one with the record, and why.
func refuse(statements []sqlStatement, engine string) (sqlStatement, error) {
	if isAlone(statements, engine) {
		return statements[0], refuseAlone(statements)
	}
	for _, st := range statements {
		if err := refuseWithin(st); err != nil {
			return st, err
		}
	}
	return sqlStatement{}, nil
}

// refuseWithin is the error of a statement that would end the transaction in
// which the migration and its record are one, or cannot run in it.
func refuseWithin(st sqlStatement) error {
	fields := strings.Fields(strings.ToUpper(st.text))
	if len(fields) == 0 {
		return nil
	}
	switch first := fields[0]; first {
	case "BEGIN", "COMMIT", "ROLLBACK", "END", "START", "ABORT", "VACUUM", "ATTACH", "DETACH":
		return fmt.Errorf("expected no %s, since every migration runs in one transaction; take it out", first)
	case "PRAGMA":
		if len(fields) > 1 && strings.HasPrefix(fields[1], "FOREIGN_KEYS") {
			return errors.New("a transaction does not heed PRAGMA foreign_keys; begin the file with the line " + foreignKeysOff)
		}
	}
	if concurrently.MatchString(st.text) {
		return errors.New("expected nothing CONCURRENTLY in a transaction; give it a migration of its own that begins with the line " + noTransaction)
	}
	return nil
}
