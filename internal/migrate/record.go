package migrate

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/larderhq/larder/internal/store"
)

// record is a row of larder_migration.
type record struct {
	version        int
	name, checksum string
	appliedAt      time.Time
}

// State is a migration and what a database knows of it.
type State struct {
	Migration Migration
	Applied   time.Time // zero: pending
	Changed   bool      // applied, but the folder's file is another now
	Missing   bool      // applied, but not in the folder
}

// Status tells, for every migration of the folder and of the database, where
// it stands. It changes nothing.
func Status(ctx context.Context, engine store.Engine, dir *Dir) ([]State, error) {
	records, err := recordsOf(ctx, engine)
	if err != nil {
		return nil, err
	}
	known := map[int]record{}
	for _, r := range records {
		known[r.version] = r
	}
	var states []State
	for _, m := range dir.migrations {
		s := State{Migration: m}
		if r, ok := known[m.Version]; ok {
			s.Applied = r.appliedAt
			s.Changed = r.checksum != m.checksums[engine.Dialect().Name()] || r.name != m.Name
		}
		states = append(states, s)
	}
	for _, r := range records {
		if r.version > len(dir.migrations) {
			states = append(states, State{Migration: Migration{Version: r.version, Name: r.name}, Applied: r.appliedAt, Missing: true})
		}
	}
	return states, nil
}

// Outdated reports whether a database that has applied migrations lacks a
// table that larder keeps for itself, or a column of one, because an earlier
// release made it. Up makes it.
func Outdated(ctx context.Context, engine store.Engine) (bool, error) {
	there, err := builtinTablesOf(ctx, engine)
	if err != nil || !slices.Contains(there, migrationTable) {
		return false, err
	}
	if len(there) < len(builtinTables) {
		return true, nil
	}
	lacking, err := lackingColumns(ctx, engine.Read, engine.Dialect().Name())
	return len(lacking) > 0, err
}

// lackingColumns are those of addedColumns that the tables of a database lack.
func lackingColumns(ctx context.Context, ask query, engine string) ([]string, error) {
	find := `SELECT m.name || '.' || c.name FROM sqlite_schema m, pragma_table_info(m.name) c WHERE m.type = 'table' AND m.name LIKE 'larder\_%' ESCAPE '\'`
	if engine == Postgres {
		find = `SELECT table_name || '.' || column_name FROM information_schema.columns WHERE table_schema = current_schema() AND table_name LIKE 'larder\_%'`
	}
	rows, err := readTexts(ctx, ask, find, 1)
	if err != nil {
		return nil, fmt.Errorf("look at larder's own tables: %w", err)
	}
	there := map[string]bool{}
	for _, row := range rows {
		there[row[0]] = true
	}
	var lacking []string
	for _, name := range addedColumns {
		if !there[name] {
			lacking = append(lacking, name)
		}
	}
	return lacking, nil
}

// recordsOf reads what a database has applied; nil when it has no record yet.
func recordsOf(ctx context.Context, engine store.Engine) ([]record, error) {
	there, err := builtinTablesOf(ctx, engine)
	if err != nil || !slices.Contains(there, migrationTable) {
		return nil, err
	}
	return readRecords(ctx, engine.Read, engine.Dialect().Name())
}

// builtinTablesOf are the tables of Builtin that a database has.
func builtinTablesOf(ctx context.Context, engine store.Engine) ([]string, error) {
	names := make([]string, len(builtinTables))
	for i, name := range builtinTables {
		names[i] = text(name)
	}
	list := " IN (" + strings.Join(names, ", ") + ")"
	find := "SELECT name FROM sqlite_schema WHERE type = 'table' AND name" + list
	if engine.Dialect().Name() == Postgres {
		find = "SELECT tablename::text FROM pg_tables WHERE schemaname = current_schema() AND tablename" + list
	}
	rows, err := readTexts(ctx, engine.Read, find, 1)
	if err != nil {
		return nil, fmt.Errorf("look for larder's own tables: %w", err)
	}
	there := make([]string, len(rows))
	for i, row := range rows {
		there[i] = row[0]
	}
	return there, nil
}

// readRecords reads larder_migration in order; never nil without an error.
func readRecords(ctx context.Context, ask query, engine string) ([]record, error) {
	moment := `"applied_at"`
	if engine == Postgres {
		moment = `to_char("applied_at" AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`
	}
	rows, err := readTexts(ctx, ask, `SELECT CAST("version" AS TEXT), "name", "checksum", `+moment+` FROM "larder_migration" ORDER BY "version"`, 4)
	if err != nil {
		return nil, fmt.Errorf("read the applied migrations: %w", err)
	}
	records := []record{}
	for _, row := range rows {
		version, err := strconv.Atoi(row[0])
		if err != nil {
			return nil, fmt.Errorf("read the applied migrations: %w", err)
		}
		at, err := time.Parse(time.RFC3339Nano, row[3])
		if err != nil {
			return nil, fmt.Errorf("read when migration %04d was applied: %w", version, err)
		}
		records = append(records, record{version, row[1], row[2], at})
	}
	return records, nil
}

// recordText is the statement that records a migration. Its values are larder's
// own: a number, a name of [a-z0-9_], a sum and a time.
func recordText(m *Migration, engine string, now time.Time) string {
	return fmt.Sprintf(`INSERT INTO "larder_migration" ("version", "name", "checksum", "applied_at") VALUES (%d, %s, %s, %s)`,
		m.Version, text(m.Name), text(m.checksums[engine]), text(now.UTC().Format("2006-01-02T15:04:05.000000Z")))
}

// match holds what a database has applied against the folder: the same
// migrations from the first on, each as it was when it was applied.
func (d *Dir) match(records []record, engine string) error {
	for i, r := range records {
		applied := Migration{Version: r.version, Name: r.name}
		switch {
		case r.version != i+1:
			return d.fault(fmt.Sprintf("%04d", i+1), fmt.Sprintf("the database lacks this migration but has %s", applied),
				"it was changed by something else; restore a backup")
		case i >= len(d.migrations):
			return d.fault(applied.File(engine), "the database has applied this migration, but it is not in the folder",
				"deploy the version of the project that has it, or restore the file")
		}
		m := d.migrations[i]
		if m.Name != r.name {
			return d.fault(m.File(engine), fmt.Sprintf("the database has applied %s as number %04d", applied, r.version),
				"restore that migration and give this one the next free number")
		}
		if m.checksums[engine] != r.checksum {
			return d.fault(m.File(engine), "the file was changed after the database applied it on "+r.appliedAt.Format(time.DateTime),
				"restore it, and put the change into a migration of its own")
		}
	}
	return nil
}
