package importer_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/larderhq/larder/internal/importer"
)

// onEachEngine runs a test in a world on each engine.
func onEachEngine(t *testing.T, models string, test func(t *testing.T, w *world)) {
	t.Run("SQLite", func(t *testing.T) { test(t, newWorld(t, models)) })
	t.Run("PostgreSQL", func(t *testing.T) { test(t, newPostgresWorld(t, models)) })
}

func (w *world) begin(begin importer.Beginning) int64 {
	w.t.Helper()
	run, err := importer.Begin(w.t.Context(), w.engine, begin)
	if err != nil {
		w.t.Fatal(err)
	}
	return run
}

func (w *world) find(run int64) importer.RunRecord {
	w.t.Helper()
	found, err := importer.FindRun(w.t.Context(), w.engine, run)
	if err != nil {
		w.t.Fatal(err)
	}
	return *found
}

func TestARunIsARecordFromItsBeginning(t *testing.T) {
	onEachEngine(t, planetModels, func(t *testing.T, w *world) {
		run := w.begin(importer.Beginning{Source: "swapi", Cause: importer.CauseRequest, Asked: "sha256:7"})
		record := w.find(run)
		if record.Status != importer.RunRunning || record.Cause != "request" || record.Asked != "sha256:7" || record.FinishedAt != nil || record.Seconds != 0 {
			t.Errorf("at its beginning: %+v", record)
		}
		a := answer(t, map[string]string{"allPlanets.planets": allThree})
		a.Status, a.Bytes, a.Address = 200, 1234, "http://one/"
		finished := record.StartedAt.Add(1500 * time.Millisecond)
		report, err := w.run(a, importer.Options{Run: run, Now: func() time.Time { return finished }})
		if err != nil || report.Run != run {
			t.Fatalf("run %d: %v", report.Run, err)
		}
		record = w.find(run)
		if record.Status != importer.RunDone || !record.FinishedAt.Equal(finished) || record.Seconds != 1.5 {
			t.Errorf("at its end: %+v", record)
		}
		if record.UpstreamStatus != 200 || record.Bytes != 1234 || record.Address != "http://one/" || record.Fetched != 3 || record.Created != 3 {
			t.Errorf("what it did: %+v", record)
		}
		if _, err := importer.FindRun(t.Context(), w.engine, run+1); !errors.Is(err, importer.ErrNoRun) {
			t.Errorf("another one: %v", err)
		}
	})
}

func TestARunThatFailsLeavesOnlyItsRecord(t *testing.T) {
	onEachEngine(t, planetModels, func(t *testing.T, w *world) {
		fetching := w.begin(importer.Beginning{Source: "swapi"})
		if err := importer.Fail(t.Context(), w.engine, fetching, "http://one/", errors.New("upstream is asleep")); err != nil {
			t.Fatal(err)
		}
		if record := w.find(fetching); record.Status != importer.RunFailed || record.Error != "upstream is asleep" || record.Address != "http://one/" {
			t.Errorf("a fetch: %+v", record)
		}
		report, err := w.run(answer(t, map[string]string{"allPlanets.planets": `[{"name":"A"}]`}), importer.Options{})
		if err == nil {
			t.Fatal("a record without terrains passed")
		}
		runs, err := importer.Runs(t.Context(), w.engine, importer.RunFilter{})
		if err != nil || len(runs) != 2 || runs[0].Status != importer.RunFailed || !strings.Contains(runs[0].Error, "terrains") || runs[0].Fetched != 1 {
			t.Errorf("report %+v, runs %+v, %v", report, runs, err)
		}
		w.expect(t, `count(*)) FROM planet`, "0")
	})
}

func TestADryRunLeavesNoRecord(t *testing.T) {
	onEachEngine(t, planetModels, func(t *testing.T, w *world) {
		for _, list := range []string{allThree, `[{"name":"A"}]`} {
			report, err := w.run(answer(t, map[string]string{"allPlanets.planets": list}), importer.Options{DryRun: true})
			if report.Run != 0 || (err == nil) != (list == allThree) {
				t.Errorf("run %d, %v", report.Run, err)
			}
		}
		w.expect(t, `count(*)) FROM larder_run`, "0")
	})
}

func TestTheRecordOfAKilledProcessIsClosedByTheNextTurn(t *testing.T) {
	onEachEngine(t, planetModels, func(t *testing.T, w *world) {
		killed := w.begin(importer.Beginning{Source: "swapi"})
		other := w.begin(importer.Beginning{Source: "other"})
		waiting := w.begin(importer.Beginning{Source: "swapi", Waits: true})
		if record := w.find(killed); record.Status != importer.RunRunning {
			t.Errorf("who waits has closed %+v", record)
		}
		w.begin(importer.Beginning{Source: "swapi"})
		if record := w.find(killed); record.Status != importer.RunFailed || record.Error != "the process ended before its end" || record.FinishedAt == nil {
			t.Errorf("killed: %+v", record)
		}
		if record := w.find(other); record.Status != importer.RunRunning {
			t.Errorf("of another source: %+v", record)
		}
		if record := w.find(waiting); record.Status != importer.RunWaiting {
			t.Errorf("waiting: %+v", record)
		}
		if run := w.begin(importer.Beginning{Source: "swapi", Run: waiting}); run != waiting || w.find(run).Status != importer.RunRunning {
			t.Errorf("its turn: %d, %+v", run, w.find(waiting))
		}
		if _, err := importer.Begin(t.Context(), w.engine, importer.Beginning{Source: "swapi", Run: waiting}); err == nil {
			t.Error("a run that no longer waits begins again")
		}
	})
}

func TestWhatOthersHaveDoneCountsOnlyWhenItIsDone(t *testing.T) {
	onEachEngine(t, planetModels, func(t *testing.T, w *world) {
		run := w.begin(importer.Beginning{Source: "swapi"})
		since, err := importer.LastRun(t.Context(), w.engine)
		if err != nil || since != 0 {
			t.Errorf("the last run is %d, %v", since, err)
		}
		if done, err := importer.DoneSince(t.Context(), w.engine, "swapi", since); done != nil || err != nil {
			t.Errorf("done before the end: %+v, %v", done, err)
		}
		if _, err := w.run(answer(t, map[string]string{"allPlanets.planets": allThree}), importer.Options{Run: run}); err != nil {
			t.Fatal(err)
		}
		if done, err := importer.DoneSince(t.Context(), w.engine, "swapi", since); done == nil || done.Run != run || err != nil {
			t.Errorf("done after it: %+v, %v", done, err)
		}
	})
}

func TestOldRunsAreForgottenButForTheLastThatWasDone(t *testing.T) {
	onEachEngine(t, planetModels, func(t *testing.T, w *world) {
		list := map[string]string{"allPlanets.planets": allThree}
		for range 4 {
			if _, err := w.run(answer(t, list), importer.Options{}); err != nil {
				t.Fatal(err)
			}
		}
		w.begin(importer.Beginning{Source: "other"})
		if _, err := w.run(answer(t, list), importer.Options{Keep: 3}); err != nil {
			t.Fatal(err)
		}
		w.expect(t, `id, source, status) FROM larder_run ORDER BY id`, "3|swapi|done\n4|swapi|done\n5|other|running\n6|swapi|done")
		for range 3 {
			if _, err := importer.Unchanged(t.Context(), w.engine, "swapi", "http://one/", importer.Options{Keep: 2}); err != nil {
				t.Fatal(err)
			}
		}
		w.expect(t, `id, status) FROM larder_run WHERE source = 'swapi' ORDER BY id`, "6|done\n8|unchanged\n9|unchanged")
	})
}

func TestRunsAreListedFromTheLatestOn(t *testing.T) {
	onEachEngine(t, planetModels, func(t *testing.T, w *world) {
		for range 3 {
			w.begin(importer.Beginning{Source: "swapi"})
			w.begin(importer.Beginning{Source: "other"})
		}
		for filter, want := range map[importer.RunFilter]string{
			{}:                           "[6 5 4 3 2 1]",
			{Limit: 2}:                   "[6 5]",
			{Source: "swapi"}:            "[5 3 1]",
			{Source: "swapi", Before: 5}: "[3 1]",
			{Source: "none"}:             "[]",
		} {
			runs, err := importer.Runs(t.Context(), w.engine, filter)
			if err != nil {
				t.Fatal(err)
			}
			ids := []int64{}
			for _, run := range runs {
				ids = append(ids, run.ID)
			}
			if fmt.Sprint(ids) != want {
				t.Errorf("%+v: %v, want %s", filter, ids, want)
			}
		}
	})
}
