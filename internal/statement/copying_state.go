package statement

import (
	"time"

	"github.com/larderhq/larder/internal/model"
)

// These statements are on the catalog of a database that is copied to, and on
// larder_copy, larder_copy_table and larder_copy_object, in which a copy keeps
// how far it has come.

// TableNames selects the names of all tables that are no engine's or
// extension's own.
func (c *Copying) TableNames() Statement { return c.dialect.tableNames() }

// Removable selects what rows are loaded faster without and are checked by all
// together later (indexes, unique sets, foreign keys), and triggers, which must
// not run for rows that are only copied: for each of them the statement that
// removes it and the one that brings it back, in the order of removal.
func (c *Copying) Removable() Statement {
	names := make([]string, len(c.Tables))
	for i, t := range c.Tables {
		names[i] = t.Name
	}
	return c.dialect.removable(names)
}

// Text is a statement that [Copying.Removable] selected.
func (c *Copying) Text(sql string) Statement { return Statement{SQL: sql} }

// Broken selects the table of each row whose foreign key points nowhere. False
// where the engine has checked that as foreign keys were brought back.
func (c *Copying) Broken() (Statement, bool) { return c.dialect.broken() }

// Unguarded are the statements that have a connection load rows without a look
// at their foreign keys, where [Copying.Removable] does not name those.
func (c *Copying) Unguarded() []Statement { return c.dialect.unguarded() }

// Refresh are the statements that have the engine look at what a new table
// holds, where it would plan its work badly before it has.
func (c *Copying) Refresh(t *Table) []Statement { return c.dialect.refresh(t) }

// Begin begins what is written together, up to Commit or Rollback.
func (c *Copying) Begin() Statement { return c.dialect.begin() }

// Commit ends what Begin began.
func (c *Copying) Commit() Statement { return Statement{SQL: "COMMIT"} }

// Rollback takes back what Begin began.
func (c *Copying) Rollback() Statement { return Statement{SQL: "ROLLBACK"} }

// CopyState is how far a copy has come.
type CopyState string

// The states of a copy, in their order.
const (
	CopyBegun   CopyState = "begun"   // the tables are being made
	CopyLoading CopyState = "loading" // rows come in; indexes and the like are away
	CopyDone    CopyState = "done"
)

// StateTables are the names of the tables that a copy keeps its state in.
var stateTables = [...]string{"larder_copy", "larder_copy_table", "larder_copy_object"}

// IsStateTable reports whether a copy keeps its state in the table.
func IsStateTable(name string) bool {
	for _, table := range stateTables {
		if name == table {
			return true
		}
	}
	return false
}

// MakeState are the statements that make the tables of a copy's state where
// there are none, and begin a copy where none was.
func (c *Copying) MakeState(now time.Time) []Statement {
	moment, integer := c.dialect.momentType(), c.dialect.integerType()
	begin := newWriter(c.dialect)
	begin.add(`INSERT INTO "larder_copy" ("id", "state", "started_at") VALUES (1, `)
	begin.bind(string(CopyBegun))
	begin.add(", ")
	begin.bind(c.moment(now))
	begin.add(`) ON CONFLICT ("id") DO NOTHING`)
	return []Statement{
		{SQL: `CREATE TABLE IF NOT EXISTS "larder_copy" ("id" ` + integer + ` NOT NULL PRIMARY KEY, "state" TEXT NOT NULL, "started_at" ` + moment + ` NOT NULL, "finished_at" ` + moment + `)`},
		{SQL: `CREATE TABLE IF NOT EXISTS "larder_copy_table" ("name" TEXT NOT NULL PRIMARY KEY, "rows" ` + integer + ` NOT NULL, "last" TEXT, "checksum" TEXT)`},
		{SQL: `CREATE TABLE IF NOT EXISTS "larder_copy_object" ("position" ` + integer + ` NOT NULL PRIMARY KEY, "restore" TEXT NOT NULL)`},
		begin.statement(),
	}
}

// State selects the state of the copy.
func (c *Copying) State() Statement { return Statement{SQL: `SELECT "state" FROM "larder_copy"`} }

// SetState writes the state of the copy.
func (c *Copying) SetState(state CopyState, now time.Time) Statement {
	w := newWriter(c.dialect)
	w.add(`UPDATE "larder_copy" SET "state" = `)
	w.bind(string(state))
	w.add(`, "finished_at" = `)
	if state == CopyDone {
		w.bind(c.moment(now))
	} else {
		w.add("NULL")
	}
	return w.statement()
}

// Progress selects name, rows, last key (a JSON array) and checksum of each
// table that the copy has rows of.
func (c *Copying) Progress() Statement {
	return Statement{SQL: `SELECT "name", "rows", "last", "checksum" FROM "larder_copy_table"`}
}

// SetProgress writes how many rows of a table are copied, the last one's key (a
// JSON array, nil for none) and, once it is verified, its checksum.
func (c *Copying) SetProgress(table string, rows int64, last, checksum any) Statement {
	w := newWriter(c.dialect)
	w.add(`INSERT INTO "larder_copy_table" ("name", "rows", "last", "checksum") VALUES (`)
	for i, value := range []any{table, rows, last, checksum} {
		w.add(separator(i))
		w.bind(value)
	}
	w.add(`) ON CONFLICT ("name") DO UPDATE SET "rows" = excluded."rows", "last" = excluded."last", "checksum" = excluded."checksum"`)
	return w.statement()
}

// KeepObject writes down the statement that brings back what was removed.
func (c *Copying) KeepObject(position int64, restore string) Statement {
	w := newWriter(c.dialect)
	w.add(`INSERT INTO "larder_copy_object" ("position", "restore") VALUES (`)
	w.bind(position)
	w.add(", ")
	w.bind(restore)
	w.add(")")
	return w.statement()
}

// Objects selects position and statement of what was removed, the last one
// first.
func (c *Copying) Objects() Statement {
	return Statement{SQL: `SELECT "position", "restore" FROM "larder_copy_object" ORDER BY "position" DESC`}
}

// DropObject forgets what has been brought back.
func (c *Copying) DropObject(position int64) Statement {
	w := newWriter(c.dialect)
	w.add(`DELETE FROM "larder_copy_object" WHERE "position" = `)
	w.bind(position)
	return w.statement()
}

// Migrated selects version and time of each migration of a database.
func (c *Copying) Migrated() Statement {
	return Statement{SQL: `SELECT "version", "applied_at" FROM "larder_migration" ORDER BY "version"`}
}

// SetMigrated writes when a migration was applied.
func (c *Copying) SetMigrated(version int64, at time.Time) Statement {
	w := newWriter(c.dialect)
	w.add(`UPDATE "larder_migration" SET "applied_at" = `)
	w.bind(c.moment(at))
	w.add(` WHERE "version" = `)
	w.bind(version)
	return w.statement()
}

// Moment is a time as [Copying.Migrated] selects it.
func Moment(scanned any) (time.Time, bool) {
	value, ok := stored{scalar: model.DateTime}.canonical(scanned)
	at, isTime := value.(time.Time)
	return at, ok && isTime
}

// moment is a time as larder's own tables hold it.
func (c *Copying) moment(t time.Time) any {
	return c.dialect.encode(stored{scalar: model.DateTime}, t)
}

func (sqliteCopying) momentType() string { return "TEXT" }

func (sqliteCopying) integerType() string { return "INTEGER" }

func (sqliteCopying) begin() Statement { return Statement{SQL: "BEGIN IMMEDIATE"} }

func (sqliteCopying) tableNames() Statement {
	return Statement{SQL: `SELECT "name" FROM "sqlite_schema" WHERE "type" = 'table' AND "name" NOT GLOB 'sqlite_*' ORDER BY "name"`}
}

func (sqliteCopying) removable(tables []string) Statement {
	return Statement{
		SQL: `SELECT 'DROP ' || upper("type") || ' "' || replace("name", '"', '""') || '"', "sql" FROM "sqlite_schema"` +
			` WHERE "type" IN ('index', 'trigger') AND "sql" IS NOT NULL AND "tbl_name" IN (SELECT value FROM json_each(?)) ORDER BY "type" DESC, "name"`,
		Args: []any{jsonText(tables)},
	}
}

func (sqliteCopying) broken() (Statement, bool) {
	return Statement{SQL: `SELECT "table" FROM pragma_foreign_key_check`}, true
}

func (sqliteCopying) unguarded() []Statement {
	return []Statement{{SQL: "PRAGMA foreign_keys = OFF"}}
}

func (sqliteCopying) refresh(*Table) []Statement { return nil }

func (postgresCopying) momentType() string { return "timestamptz" }

func (postgresCopying) integerType() string { return "bigint" }

func (postgresCopying) begin() Statement { return Statement{SQL: "BEGIN"} }

func (postgresCopying) tableNames() Statement {
	return Statement{SQL: `SELECT c.relname::text FROM pg_class c WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p', 'f')` +
		` AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e') ORDER BY c.relname::text COLLATE "C"`}
}

// removable: a foreign key leans on the unique set that it refers to, and goes
// before it.
func (postgresCopying) removable(tables []string) Statement {
	return Statement{SQL: `WITH copied AS (SELECT c.oid, c.oid::regclass::text AS name FROM pg_class c WHERE c.relnamespace = current_schema()::regnamespace` +
		` AND c.relname IN (SELECT jsonb_array_elements_text($1::jsonb)))
SELECT remove, restore FROM (
SELECT 1 AS turn, c.name AS owner, t.tgname::text AS name, format('ALTER TABLE %s DISABLE TRIGGER %I', c.name, t.tgname) AS remove, format('ALTER TABLE %s ENABLE TRIGGER %I', c.name, t.tgname) AS restore` +
		` FROM copied c JOIN pg_trigger t ON t.tgrelid = c.oid WHERE NOT t.tgisinternal AND t.tgenabled = 'O'
UNION ALL
SELECT CASE k.contype WHEN 'f' THEN 2 ELSE 3 END, c.name, k.conname::text, format('ALTER TABLE %s DROP CONSTRAINT %I', c.name, k.conname), format('ALTER TABLE %s ADD CONSTRAINT %I %s', c.name, k.conname, pg_get_constraintdef(k.oid))` +
		` FROM copied c JOIN pg_constraint k ON k.conrelid = c.oid WHERE k.contype IN ('f', 'u', 'x')
UNION ALL
SELECT 4, c.name, i.indexrelid::regclass::text, format('DROP INDEX %s', i.indexrelid::regclass), pg_get_indexdef(i.indexrelid)` +
		` FROM copied c JOIN pg_index i ON i.indrelid = c.oid WHERE NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x'))
) AS objects ORDER BY turn, owner, name`, Args: []any{jsonText(tables)}}
}

func (postgresCopying) broken() (Statement, bool) { return Statement{}, false }

func (postgresCopying) unguarded() []Statement { return nil }

func (postgresCopying) refresh(t *Table) []Statement {
	return []Statement{{SQL: "ANALYZE " + quote(t.Name)}}
}
