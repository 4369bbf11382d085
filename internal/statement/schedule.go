package statement

import (
	"time"

	"github.com/larderhq/larder/internal/model"
)

// These statements are on larder_schedule, which has a row for each source that
// servers import by a rule: when it is due, and which process sees to it until
// when. Moments come from the process that asks, so that the columns are
// compared with the clock by which they were written.

// Due is when a source is imported next.
type Due struct {
	Source, Rule string
	Planned      time.Time // by the rule
	At           time.Time // as planned, or a little later
}

// PlanSchedule writes when the source is due, unless that is known by the same
// rule already.
func PlanSchedule(d Dialect, due Due) Statement {
	a := &arguments{dialect: stagingOf(d)}
	return a.statement(`INSERT INTO "larder_schedule" ("source", "rule", "planned_at", "due_at") VALUES (%s, %s, %s, %s)
ON CONFLICT ("source") DO UPDATE SET "rule" = excluded."rule", "planned_at" = excluded."planned_at", "due_at" = excluded."due_at"
WHERE "larder_schedule"."rule" <> excluded."rule"`,
		a.bind(due.Source), a.bind(due.Rule), a.moment(due.Planned), a.moment(due.At))
}

// FindSchedule selects the row of the source as a JSON object of rule,
// plannedAt, dueAt and heldUntil.
func FindSchedule(d Dialect, source string) Statement {
	a := &arguments{dialect: stagingOf(d)}
	member := func(column string, scalar model.Scalar) string {
		return a.dialect.json(stored{scalar: scalar}, quote(column), true)
	}
	return a.statement(`SELECT '{"rule":' || %s || ',"plannedAt":' || %s || ',"dueAt":' || %s || ',"heldUntil":' || %s || '}' FROM "larder_schedule" WHERE "source" = %s`,
		member("rule", model.String), member("planned_at", model.DateTime), member("due_at", model.DateTime), member("held_until", model.DateTime), a.bind(source))
}

// HoldSchedule gives the source to the holder until the moment, if now it is
// due by the rule and no one else's: one affected row says that it is given.
func HoldSchedule(d Dialect, source, rule, holder string, now, until time.Time) Statement {
	a := &arguments{dialect: stagingOf(d)}
	return a.statement(`UPDATE "larder_schedule" SET "holder" = %s, "held_until" = %s
WHERE "source" = %s AND "rule" = %s AND "due_at" <= %s AND ("holder" IS NULL OR "held_until" < %s)`,
		a.bind(holder), a.moment(until), a.bind(source), a.bind(rule), a.moment(now), a.moment(now))
}

// KeepSchedule leaves the source to its holder until a later moment; no
// affected row says that it is another's.
func KeepSchedule(d Dialect, source, holder string, until time.Time) Statement {
	a := &arguments{dialect: stagingOf(d)}
	return a.statement(`UPDATE "larder_schedule" SET "held_until" = %s WHERE "source" = %s AND "holder" = %s`,
		a.moment(until), a.bind(source), a.bind(holder))
}

// LeaveSchedule ends what HoldSchedule began, and leaves the source due.
func LeaveSchedule(d Dialect, source, holder string) Statement {
	a := &arguments{dialect: stagingOf(d)}
	return a.statement(`UPDATE "larder_schedule" SET "holder" = NULL, "held_until" = NULL WHERE "source" = %s AND "holder" = %s`,
		a.bind(source), a.bind(holder))
}

// NextSchedule ends what HoldSchedule began, and writes when the source is due
// next, unless another rule has come meanwhile.
func NextSchedule(d Dialect, holder string, next Due) Statement {
	a := &arguments{dialect: stagingOf(d)}
	return a.statement(`UPDATE "larder_schedule" SET "holder" = NULL, "held_until" = NULL,
  "planned_at" = CASE WHEN "rule" = %s THEN %s ELSE "planned_at" END, "due_at" = CASE WHEN "rule" = %s THEN %s ELSE "due_at" END
WHERE "source" = %s AND "holder" = %s`,
		a.bind(next.Rule), a.moment(next.Planned), a.bind(next.Rule), a.moment(next.At), a.bind(next.Source), a.bind(holder))
}

// LastStep selects when the last run began that brought the source and the
// store into step, as a JSON string, null where none did.
func LastStep(d Dialect, source string) Statement {
	a := &arguments{dialect: stagingOf(d)}
	return a.statement(`SELECT %s FROM "larder_run" WHERE "source" = %s AND "status" IN ('done', 'unchanged')`,
		a.dialect.json(stored{scalar: model.DateTime}, `max("started_at")`, true), a.bind(source))
}
