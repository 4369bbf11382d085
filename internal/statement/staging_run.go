package statement

import (
	"strings"
	"time"

	"github.com/larderhq/larder/internal/model"
)

// ImportRun is a row of larder_run.
type ImportRun struct {
	Source, Address   string
	Started, Finished time.Time
	Status            string // done or failed
	Bytes             int64  // received from upstream
	Fetched           int    // records
	Created           int
	Updated           int
	Unchanged         int
	Gone              int
	Error             string
}

// PrepareImport are the settings of an import's transaction. Its statements are
// few and work on every row: with memory to hash them in, and compiling them
// would take longer than it saves.
func PrepareImport(d Dialect) []Statement {
	if d.forUpdate() == "" {
		return nil
	}
	return []Statement{{SQL: "SET LOCAL work_mem = '64MB'"}, {SQL: "SET LOCAL jit = off"}}
}

// LockImports are the statements by which an import waits for those of other
// processes and keeps them waiting to its end, however long it takes: each
// compares with what the one before it has committed. Others may read and
// change records meanwhile. There are none where nobody else writes beside a
// transaction.
func LockImports(d Dialect) []Statement {
	if d.forUpdate() == "" {
		return nil
	}
	return []Statement{{SQL: "SET LOCAL lock_timeout = 0"}, {SQL: `LOCK TABLE "larder_origin" IN SHARE ROW EXCLUSIVE MODE`}}
}

// StartRun adds the run and selects its id.
func StartRun(d Dialect, run ImportRun) Statement {
	a := &arguments{dialect: stagingOf(d)}
	moment := func(t time.Time) any { return d.encode(stored{scalar: model.DateTime}, t) }
	placeholders := []string{
		a.bind(run.Source), a.bind(run.Address), a.bind(moment(run.Started)), a.bind(moment(run.Finished)), a.bind(run.Status),
		a.bind(run.Bytes), a.bind(int64(run.Fetched)), a.bind(nullText(run.Error)),
	}
	return a.statement(`INSERT INTO "larder_run" ("source", "address", "started_at", "finished_at", "status", "bytes", "fetched", "error") VALUES (%s) RETURNING "id"`,
		strings.Join(placeholders, ", "))
}

// LastRun selects the id of the latest run, 0 where there is none.
func LastRun() Statement {
	return Statement{SQL: `SELECT coalesce(max("id"), 0) FROM "larder_run"`}
}

// DoneSince selects (id, fetched) of the latest run that brought the source into
// step after the run with the id, with the tables as they are now.
func DoneSince(d Dialect, source string, run int64) Statement {
	a := &arguments{dialect: stagingOf(d)}
	return a.statement(`SELECT r."id", r."fetched" FROM "larder_run" r WHERE r."source" = %s AND r."status" = 'done' AND r."id" > %s `+
		`AND NOT EXISTS (SELECT 1 FROM "larder_migration" m WHERE m."applied_at" > r."started_at") ORDER BY r."id" DESC LIMIT 1`,
		a.bind(source), a.bind(run))
}

// FinishRun writes the time of the run's end and its counts.
func FinishRun(d Dialect, id int64, run ImportRun) Statement {
	a := &arguments{dialect: stagingOf(d)}
	return a.statement(`UPDATE "larder_run" SET "finished_at" = %s, "created" = %s, "updated" = %s, "unchanged" = %s, "gone" = %s WHERE "id" = %s`,
		a.bind(d.encode(stored{scalar: model.DateTime}, run.Finished)), a.bind(int64(run.Created)), a.bind(int64(run.Updated)),
		a.bind(int64(run.Unchanged)), a.bind(int64(run.Gone)), a.bind(id))
}

func nullText(text string) any {
	if text == "" {
		return nil
	}
	return text
}
