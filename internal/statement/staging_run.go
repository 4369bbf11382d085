package statement

import (
	"strings"
	"time"

	"github.com/larderhq/larder/internal/model"
)

// ImportRun is a row of larder_run.
type ImportRun struct {
	Source, Cause, Asked string
	Started, Finished    time.Time
	Status               string
	Address              string
	UpstreamStatus       int   // of HTTP; 0: none
	Bytes                int64 // received from upstream
	Fetched              int   // records
	Created              int
	Adopted              int
	Updated              int
	Unchanged            int
	Conflicts            int
	Gone                 int
	Removed              int
	Detached             int
	Deleted              int
	Held                 int
	Error                string
	Profile              string // a JSON object; "" for none
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

// BeginRun adds a run that has no end yet and selects its id.
func BeginRun(d Dialect, run ImportRun) Statement {
	a := &arguments{dialect: stagingOf(d)}
	return a.statement(`INSERT INTO "larder_run" ("source", "status", "started_at", "cause", "asked") VALUES (%s, %s, %s, %s, %s) RETURNING "id"`,
		a.bind(run.Source), a.bind(run.Status), a.moment(run.Started), a.bind(nullText(run.Cause)), a.bind(nullText(run.Asked)))
}

// ResumeRun has the run, which waited, begin at the moment.
func ResumeRun(d Dialect, id int64, waiting, running string, started time.Time) Statement {
	a := &arguments{dialect: stagingOf(d)}
	return a.statement(`UPDATE "larder_run" SET "status" = %s, "started_at" = %s WHERE "id" = %s AND "status" = %s`,
		a.bind(running), a.moment(started), a.bind(id), a.bind(waiting))
}

// CloseRuns gives the source's runs of a status that began before the moment
// the end that end tells.
func CloseRuns(d Dialect, source, status string, before time.Time, end ImportRun) Statement {
	a := &arguments{dialect: stagingOf(d)}
	return a.statement(`UPDATE "larder_run" SET "status" = %s, "finished_at" = %s, "error" = %s WHERE "source" = %s AND "status" = %s AND "started_at" < %s`,
		a.bind(end.Status), a.moment(end.Finished), a.bind(end.Error), a.bind(source), a.bind(status), a.moment(before))
}

// EndRun writes what came of the run.
func EndRun(d Dialect, id int64, run ImportRun) Statement {
	a := &arguments{dialect: stagingOf(d)}
	sets := []string{`"finished_at" = ` + a.moment(run.Finished)}
	for _, set := range []struct {
		column string
		value  any
	}{
		{"status", run.Status},
		{"address", nullText(run.Address)},
		{"upstream_status", nullNumber(run.UpstreamStatus)},
		{"bytes", run.Bytes},
		{"fetched", int64(run.Fetched)},
		{"created", int64(run.Created)},
		{"adopted", int64(run.Adopted)},
		{"updated", int64(run.Updated)},
		{"unchanged", int64(run.Unchanged)},
		{"conflicts", int64(run.Conflicts)},
		{"gone", int64(run.Gone)},
		{"removed", int64(run.Removed)},
		{"detached", int64(run.Detached)},
		{"deleted", int64(run.Deleted)},
		{"held", int64(run.Held)},
		{"error", nullText(run.Error)},
		{"profile", nullText(run.Profile)},
	} {
		sets = append(sets, quote(set.column)+" = "+a.bind(set.value))
	}
	return a.statement(`UPDATE "larder_run" SET %s WHERE "id" = %s`, strings.Join(sets, ", "), a.bind(id))
}

// ForgetRuns deletes the source's oldest runs but for the latest keep ones, the
// last one that is done, the last one with a profile, and those without an end.
func ForgetRuns(d Dialect, source string, keep int) Statement {
	a := &arguments{dialect: stagingOf(d)}
	name := a.bind(source)
	return a.statement(`DELETE FROM "larder_run" WHERE "source" = %[1]s AND "finished_at" IS NOT NULL `+
		`AND "id" < (SELECT min(k."id") FROM (SELECT "id" FROM "larder_run" WHERE "source" = %[1]s ORDER BY "id" DESC LIMIT %[2]s) k) `+
		`AND "id" <> coalesce((SELECT max(l."id") FROM "larder_run" l WHERE l."source" = %[1]s AND l."status" = 'done'), 0) `+
		`AND "id" <> coalesce((SELECT max(p."id") FROM "larder_run" p WHERE p."source" = %[1]s AND p."status" = 'done' AND p."profile" IS NOT NULL), 0)`,
		name, a.bind(int64(keep)))
}

// Runs selects, each as a JSON object, at most limit runs, the latest first:
// those of the source ("" for all) before the one with the id (0 for all), or
// the one with the id only.
func Runs(d Dialect, source string, before, only int64, limit int) Statement {
	a := &arguments{dialect: stagingOf(d)}
	var members []string
	for _, m := range []struct {
		name, column string
		scalar       model.Scalar
	}{
		{"id", "id", model.Int64},
		{"source", "source", model.String},
		{"status", "status", model.String},
		{"cause", "cause", model.String},
		{"asked", "asked", model.String},
		{"startedAt", "started_at", model.DateTime},
		{"finishedAt", "finished_at", model.DateTime},
		{"address", "address", model.String},
		{"upstreamStatus", "upstream_status", model.Int64},
		{"bytes", "bytes", model.Int64},
		{"fetched", "fetched", model.Int64},
		{"created", "created", model.Int64},
		{"adopted", "adopted", model.Int64},
		{"updated", "updated", model.Int64},
		{"unchanged", "unchanged", model.Int64},
		{"conflicts", "conflicts", model.Int64},
		{"gone", "gone", model.Int64},
		{"removed", "removed", model.Int64},
		{"detached", "detached", model.Int64},
		{"deleted", "deleted", model.Int64},
		{"held", "held", model.Int64},
		{"error", "error", model.String},
	} {
		members = append(members, literal(jsonText(m.name)+":")+" || "+a.dialect.json(stored{scalar: m.scalar}, "r."+quote(m.column), true))
	}
	conditions := []string{"1 = 1"}
	if source != "" {
		conditions = append(conditions, `r."source" = `+a.bind(source))
	}
	if before != 0 {
		conditions = append(conditions, `r."id" < `+a.bind(before))
	}
	if only != 0 {
		conditions = append(conditions, `r."id" = `+a.bind(only))
	}
	return a.statement(`SELECT '{' || %s || '}' FROM "larder_run" r WHERE %s ORDER BY r."id" DESC LIMIT %s`,
		strings.Join(members, " || ',' || "), strings.Join(conditions, " AND "), a.bind(int64(limit)))
}

// LastRun selects the id of the latest run that has ended, 0 where there is
// none.
func LastRun() Statement {
	return Statement{SQL: `SELECT coalesce(max("id"), 0) FROM "larder_run" WHERE "finished_at" IS NOT NULL`}
}

// DoneSince selects (id, fetched) of the latest run that brought the source into
// step after the run with the id, with the tables as they are now.
func DoneSince(d Dialect, source string, run int64) Statement {
	a := &arguments{dialect: stagingOf(d)}
	return a.statement(`SELECT r."id", r."fetched" FROM "larder_run" r WHERE r."source" = %s AND r."status" = 'done' AND r."id" > %s `+
		`AND NOT EXISTS (SELECT 1 FROM "larder_migration" m WHERE m."applied_at" > r."started_at") ORDER BY r."id" DESC LIMIT 1`,
		a.bind(source), a.bind(run))
}

// moment binds a time as larder's own tables hold it.
func (a *arguments) moment(t time.Time) string {
	return a.bind(a.dialect.encode(stored{scalar: model.DateTime}, t))
}

func nullText(text string) any {
	if text == "" {
		return nil
	}
	return text
}

func nullNumber(n int) any {
	if n == 0 {
		return nil
	}
	return int64(n)
}
