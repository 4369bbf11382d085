package refresh

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/larderhq/larder/internal/importer"
	"github.com/larderhq/larder/internal/rest"
)

func TestARunningImportFinishesBeforeTheServerStops(t *testing.T) {
	onBothEngines(t, func(tn *town) {
		goOn := make(chan struct{})
		tn.answersLater(goOn, "Hoth")
		p := tn.prepare(tn.load("every: 1h, jitter: 0s"))
		p.serve()
		tn.eventually("upstream is asked", func() bool { return tn.asked.Load() == 1 })
		p.stop()
		tn.eventually("no import begins any more", func() bool {
			_, err := p.Start(t.Context(), "swapi", rest.ImportRequest{})
			running := (*rest.RunningError)(nil)
			return errors.As(err, &running) && p.waiting.Err() != nil
		})
		close(goOn)
		if err := <-p.ended; err != nil {
			t.Error(err)
		}
		if row, holder := tn.row(); holder != "" || !row.DueAt.After(tn.time.get()) {
			t.Errorf("got %+v of %q", row, holder)
		}
		if got := tn.runs(); got != "done" {
			t.Errorf("the runs are %s", got)
		}
	})
}

func TestAnImportThatOutlastsTheGracePeriodIsLeftToOthers(t *testing.T) {
	onBothEngines(t, func(tn *town) {
		tn.answers(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
		p := tn.prepare(tn.load("every: 1h, jitter: 0s"))
		p.project.Settings.Grace = 10 * time.Millisecond
		p.serve()
		tn.eventually("upstream is asked", func() bool { return tn.asked.Load() == 1 })
		p.bury()
		p.stop()
		if err := <-p.ended; err == nil || !strings.Contains(err.Error(), "an import still ran after the grace period of 10ms and was cut off") {
			t.Errorf("got %v", err)
		}
		tn.answers(planets("Hoth"))
		tn.start("every: 1h, jitter: 0s")
		tn.expectAsked(2, "by one after the other")
		if got := tn.runs(); got != "done failed" {
			t.Errorf("the runs are %s", got)
		}
	})
}

func TestARequestedImportIsWatched(t *testing.T) {
	onBothEngines(t, func(tn *town) {
		goOn := make(chan struct{})
		tn.answersLater(goOn, "Hoth", "Naboo")
		p := tn.prepare(tn.load(""))
		p.serve()
		run, err := p.Start(t.Context(), "swapi", rest.ImportRequest{})
		tn.must(err)
		events, stop, ok := p.Watch(run)
		if !ok {
			t.Fatal("the run cannot be watched")
		}
		defer stop()
		running := (*rest.RunningError)(nil)
		if _, err := p.Start(t.Context(), "swapi", rest.ImportRequest{}); !errors.As(err, &running) || running.Run != run {
			t.Errorf("a second one: %v", err)
		}
		close(goOn)
		phases := map[importer.Phase]bool{}
		for event := range events {
			phases[event.Phase] = true
		}
		if !phases[Fetching] || !phases[importer.Writing] {
			t.Errorf("it told of %v", phases)
		}
		record, err := importer.FindRun(t.Context(), tn.engine, run)
		tn.must(err)
		if record.Status != importer.RunDone || record.Cause != importer.CauseRequest || record.Created != 2 {
			t.Errorf("got %+v", record)
		}
		if _, _, ok := p.Watch(run); ok {
			t.Error("it can be watched after its end")
		}
		if _, err := p.Start(t.Context(), "other", rest.ImportRequest{}); err == nil || !strings.Contains(err.Error(), `there is no source "other"`) {
			t.Errorf("got %v", err)
		}
		p.end()
		if _, err := p.Start(t.Context(), "swapi", rest.ImportRequest{}); !errors.Is(err, rest.ErrStopping) {
			t.Errorf("after its end: %v", err)
		}
	})
}

func TestARequestedImportWaitsForItsTurn(t *testing.T) {
	onBothEngines(t, func(tn *town) {
		goOn := make(chan struct{})
		tn.answersLater(goOn, "Hoth")
		one, other := tn.prepare(tn.load("")), tn.prepare(tn.load(""))
		one.serve()
		other.serve()
		first, err := one.Start(t.Context(), "swapi", rest.ImportRequest{})
		tn.must(err)
		tn.eventually("upstream is asked", func() bool { return tn.asked.Load() == 1 })
		second, err := other.Start(t.Context(), "swapi", rest.ImportRequest{})
		tn.must(err)
		third := tn.prepare(tn.load(""))
		third.serve()
		cut, err := third.Start(t.Context(), "swapi", rest.ImportRequest{})
		tn.must(err)
		if got := tn.runs(); got != "waiting waiting running" {
			t.Errorf("the runs are %s", got)
		}
		third.end()
		close(goOn)
		for id, want := range map[int64]importer.RunStatus{first: importer.RunDone, second: importer.RunDone, cut: importer.RunFailed} {
			tn.eventually("all have ended", func() bool {
				record, err := importer.FindRun(t.Context(), tn.engine, id)
				return err == nil && record.Status == want
			})
		}
		one.end()
		other.end()
	})
}

func TestSourcesTellWhenTheyAreDue(t *testing.T) {
	onBothEngines(t, func(tn *town) {
		p := tn.start("every: 1h, jitter: 0s")
		source, err := p.Source(t.Context(), "swapi")
		tn.must(err)
		want := rest.ImportSource{Name: "swapi", Kind: "graphql", Schedule: "every 1h0m0s", Due: tn.time.get().Add(time.Hour)}
		if source.Name != want.Name || source.Kind != want.Kind || source.Schedule != want.Schedule || !source.Due.Equal(want.Due) {
			t.Errorf("got %+v", source)
		}
	})
}
