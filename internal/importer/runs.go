package importer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/larderhq/larder/internal/source"
	"github.com/larderhq/larder/internal/statement"
	"github.com/larderhq/larder/internal/store"
)

// RunStatus is how far a run has come.
type RunStatus string

// A run waits for its turn, or begins with it, is running then, and has one of
// four ends.
const (
	RunWaiting   RunStatus = "waiting"   // another import has the turn
	RunRunning   RunStatus = "running"   // fetches, compares or writes
	RunDone      RunStatus = "done"      // source and store are in step
	RunUnchanged RunStatus = "unchanged" // upstream has nothing new since the last run
	RunHeld      RunStatus = "held"      // nothing was written, see [HeldError]
	RunFailed    RunStatus = "failed"    // nothing was written
)

// Ended reports whether the run is over.
func (s RunStatus) Ended() bool { return s != RunWaiting && s != RunRunning }

// The causes of a run.
const (
	CauseCommand  = "command"  // of the command line
	CauseSchedule = "schedule" // of the source's settings
	CauseRequest  = "request"  // to the API
)

// RunRecord is one import as larder remembers it.
type RunRecord struct {
	ID             int64      `json:"id"`
	Source         string     `json:"source"`
	Status         RunStatus  `json:"status"`
	Cause          string     `json:"cause,omitempty"` // CauseCommand, CauseSchedule or CauseRequest
	Asked          string     `json:"asked,omitempty"` // a hash of the question and of the models that the answer is for
	StartedAt      time.Time  `json:"startedAt"`
	FinishedAt     *time.Time `json:"finishedAt"` // nil before its end
	Seconds        float64    `json:"seconds"`    // from start to end, 0 before the end
	Address        string     `json:"address,omitempty"`
	UpstreamStatus int        `json:"upstreamStatus,omitempty"` // of upstream's last answer over HTTP; 0 where there was none
	Bytes          int64      `json:"bytes"`                    // received from upstream, decompressed
	Fetched        int        `json:"fetched"`                  // records of the source
	Created        int        `json:"created"`
	Adopted        int        `json:"adopted"`
	Updated        int        `json:"updated"`
	Unchanged      int        `json:"unchanged"`
	Conflicts      int        `json:"conflicts"`
	Gone           int        `json:"gone"`
	Removed        int        `json:"removed"`
	Detached       int        `json:"detached"`
	Deleted        int        `json:"deleted"` // here, and not created again
	Held           int        `json:"held"`    // rows that a held run would have changed
	Error          string     `json:"error,omitempty"`
}

// Summary is what the run did in words, as [TypeReport.Summary] says it of a
// type.
func (r RunRecord) Summary() string {
	return TypeReport{
		Created: Rows{Count: r.Created}, Adopted: Rows{Count: r.Adopted}, Updated: Rows{Count: r.Updated}, Unchanged: r.Unchanged,
		Conflicts: Rows{Count: r.Conflicts}, Gone: Rows{Count: r.Gone},
		Removed: Rows{Count: r.Removed}, Detached: Rows{Count: r.Detached}, Deleted: Rows{Count: r.Deleted},
	}.Summary()
}

// Beginning is what is known of an import before it begins.
type Beginning struct {
	Source string
	Cause  string // CauseCommand, CauseSchedule or CauseRequest
	Asked  string // a hash of the question and of the models that the answer is for
	// Waits says that the import has yet to wait for its turn (see
	// [store.Engine]): it begins by another call with its Run when it has it.
	Waits bool
	Run   int64     // of the call with Waits; 0 where there was none
	At    time.Time // when it begins; the zero time is now
	// Keep is how many records of the source's runs are kept at most; older ones
	// are deleted, but for the last one that was done. 0 is all.
	Keep int
}

// longestWait is how long a run may wait for its turn before its process is
// taken to have ended.
const longestWait = 24 * time.Hour

// Begin records that an import of the source begins and returns its id, for
// [Options]. The record is there at once, whatever becomes of the import; who
// calls Begin sees to the end: by [Run], [Unchanged] or [Fail]. Unless it waits,
// the caller has the turn, so that records of the source which are still
// running are those of processes that were killed: they are closed as failed.
func Begin(ctx context.Context, engine store.Engine, begin Beginning) (run int64, err error) {
	dialect, now := engine.Dialect(), begin.At
	if now.IsZero() {
		now = time.Now()
	}
	err = engine.Write(ctx, func(ctx context.Context, tx store.Tx) error {
		if run = begin.Run; !begin.Waits {
			if err := closeKilled(ctx, tx, dialect, begin.Source, now); err != nil {
				return err
			}
		}
		if run != 0 {
			resumed, err := tx.Exec(ctx, statement.ResumeRun(dialect, run, string(RunWaiting), string(RunRunning), now))
			if err == nil && resumed == 0 {
				err = fmt.Errorf("run %d does not wait for its turn (any more)", run)
			}
			return err
		}
		row := statement.ImportRun{Source: begin.Source, Cause: begin.Cause, Asked: begin.Asked, Started: now, Status: string(RunRunning)}
		if begin.Waits {
			row.Status = string(RunWaiting)
		}
		if err := tx.Query(ctx, statement.BeginRun(dialect, row), func(scan store.Scan) error { return scan(&run) }); err != nil || begin.Keep == 0 {
			return err
		}
		_, err := tx.Exec(ctx, statement.ForgetRuns(dialect, begin.Source, begin.Keep))
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("record the import of %s: %w", begin.Source, err)
	}
	return run, nil
}

// closeKilled ends the records of imports whose process did not.
func closeKilled(ctx context.Context, tx store.Tx, dialect statement.Dialect, sourceName string, now time.Time) error {
	end := statement.ImportRun{Finished: now, Status: string(RunFailed), Error: "the process ended before its end"}
	for status, before := range map[RunStatus]time.Time{RunRunning: now, RunWaiting: now.Add(-longestWait)} {
		if _, err := tx.Exec(ctx, statement.CloseRuns(dialect, sourceName, string(status), before, end)); err != nil {
			return err
		}
	}
	return nil
}

// Fail records that the run came to nothing before there was an answer to
// [Run], for cause. It does so also when ctx has ended.
func Fail(ctx context.Context, engine store.Engine, run int64, address string, cause error) error {
	return endRun(ctx, engine, run, statement.ImportRun{
		Status: string(RunFailed), Finished: time.Now(), Address: address,
		UpstreamStatus: source.StatusOf(cause), Error: cause.Error(),
	})
}

// endRun writes the end of a run of which there is nothing but its record.
func endRun(ctx context.Context, engine store.Engine, run int64, end statement.ImportRun) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	err := engine.Write(ctx, func(ctx context.Context, tx store.Tx) error {
		_, err := tx.Exec(ctx, statement.EndRun(engine.Dialect(), run, end))
		return err
	})
	if err != nil {
		return fmt.Errorf("record the end of run %d: %w", run, err)
	}
	return nil
}

// RunFilter says which runs are meant.
type RunFilter struct {
	Source string // "" for all
	Before int64  // those before the run with this id; 0 for all
	Limit  int    // how many at most; 0 for 100
}

// Runs returns the runs, the latest first.
func Runs(ctx context.Context, engine store.Engine, filter RunFilter) ([]RunRecord, error) {
	limit := filter.Limit
	if limit == 0 {
		limit = 100
	}
	return readRuns(ctx, engine, statement.Runs(engine.Dialect(), filter.Source, filter.Before, 0, limit))
}

// ErrNoRun says that there is no run with an id, or no longer.
var ErrNoRun = errors.New("there is no such run")

// FindRun returns the run with the id, or [ErrNoRun].
func FindRun(ctx context.Context, engine store.Engine, id int64) (*RunRecord, error) {
	found, err := readRuns(ctx, engine, statement.Runs(engine.Dialect(), "", 0, id, 1))
	if err == nil && len(found) == 0 {
		err = ErrNoRun
	}
	if err != nil {
		return nil, err
	}
	return &found[0], nil
}

func readRuns(ctx context.Context, engine store.Engine, search statement.Statement) ([]RunRecord, error) {
	runs := []RunRecord{}
	err := engine.Read(ctx, search, func(scan store.Scan) error {
		var text string
		if err := scan(&text); err != nil {
			return err
		}
		var run RunRecord
		if err := json.Unmarshal([]byte(text), &run); err != nil {
			return err
		}
		if run.FinishedAt != nil {
			run.Seconds = run.FinishedAt.Sub(run.StartedAt).Seconds()
		}
		runs = append(runs, run)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the runs: %w", err)
	}
	return runs, nil
}
