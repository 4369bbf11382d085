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
