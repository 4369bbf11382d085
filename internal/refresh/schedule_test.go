package refresh

import (
	"context"
	"errors"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/larderhq/larder/internal/importer"
)

func TestEachDueImportIsDoneByOneProcess(t *testing.T) {
	onBothEngines(t, func(tn *town) {
		const rule = "every: 1h, jitter: 10m"
		tn.start(rule)
		tn.start(rule)
		tn.start(rule)
		tn.expectAsked(1, "a source that was never imported is due at once")
		began := tn.time.get()
		for i := range 12 {
			row, _ := tn.row()
			if planned := began.Add(time.Duration(i+1) * time.Hour); !row.PlannedAt.Equal(planned) {
				t.Fatalf("planned for %s, want %s: counted from the last plan", row.PlannedAt, planned)
			}
			if late := row.DueAt.Sub(row.PlannedAt); late < 0 || late > 10*time.Minute {
				t.Errorf("%s after the plan, want up to 10m", late)
			}
			tn.advance(row.DueAt.Add(-time.Microsecond))
			tn.settle()
			tn.expectAsked(0, "before it is due")
			tn.advance(row.DueAt)
			tn.settle()
			tn.expectAsked(1, "when it is due")
		}
	})
}

func TestWhatAKilledProcessHeldIsTakenOver(t *testing.T) {
	onBothEngines(t, func(tn *town) {
		const rule = "every: 1h, jitter: 0s"
		for range 3 {
			tn.start(rule)
		}
		tn.expectAsked(1, "at first")
		tn.answers(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
		row, _ := tn.row()
		tn.advance(row.DueAt)
		tn.eventually("upstream is asked", func() bool { return tn.asked.Load() == 1 })
		_, holder := tn.row()
		for _, p := range tn.living {
			if p.id == holder {
				p.kill()
				break
			}
		}
		if len(tn.living) != 2 {
			t.Fatalf("the holder %q is none of the processes", holder)
		}
		tn.answers(planets("Hoth", "Naboo"))
		tn.expectAsked(1, "by the one that was killed")
		held, _ := tn.row()
		for _, p := range tn.living {
			tn.eventually("the others wait for the lease to end", func() bool {
				waits := p.clock.list()
				return len(waits) == 1 && waits[0].After(*held.HeldUntil)
			})
		}
		tn.advance(held.HeldUntil.Add(time.Microsecond))
		tn.settle()
		tn.expectAsked(1, "after the lease")
		if got, want := tn.runs(), "done failed done"; got != want {
			t.Errorf("the runs are %s, want %s", got, want)
		}
		next, _ := tn.row()
		if want := row.PlannedAt.Add(time.Hour); !next.PlannedAt.Equal(want) {
			t.Errorf("planned for %s, want %s", next.PlannedAt, want)
		}
	})
}

func TestALongImportKeepsItsSource(t *testing.T) {
	onBothEngines(t, func(tn *town) {
		for range 2 {
			tn.start("every: 1h, jitter: 0s")
		}
		tn.expectAsked(1, "at first")
		goOn := make(chan struct{})
		tn.answersLater(goOn, "Hoth")
		row, _ := tn.row()
		tn.advance(row.DueAt)
		tn.eventually("upstream is asked", func() bool { return tn.asked.Load() == 1 })
		before, holder := tn.row()
		for range 10 {
			for _, p := range tn.living {
				if p.id == holder {
					tn.eventually("its holder waits", func() bool { return len(p.clock.list()) == 1 })
					tn.advance(p.clock.list()[0])
				}
			}
		}
		tn.eventually("the lease is longer", func() bool {
			now, _ := tn.row()
			return now.HeldUntil.Sub(*before.HeldUntil) > 2*lease
		})
		close(goOn)
		tn.settle()
		tn.expectAsked(1, "while the lease was renewed")
	})
}

func TestAMissedImportIsMadeUpOnce(t *testing.T) {
	onBothEngines(t, func(tn *town) {
		const rule = "every: 1h, jitter: 0s"
		tn.start(rule).end()
		tn.expectAsked(1, "at first")
		began := tn.time.get()
		tn.advance(began.Add(5*time.Hour + 30*time.Minute))
		tn.start(rule)
		tn.start(rule)
		tn.expectAsked(1, "after five that were missed")
		if row, _ := tn.row(); !row.DueAt.Equal(began.Add(6 * time.Hour)) {
			t.Errorf("due at %s, want the rule's next time", row.DueAt)
		}
	})
}

func TestWhatWasImportedSinceIsNotImportedAgain(t *testing.T) {
	onBothEngines(t, func(tn *town) {
		const rule = "every: 1h, jitter: 0s"
		tn.start(rule).end()
		tn.advance(tn.time.get().Add(90 * time.Minute))
		byHand := tn.prepare(tn.load(rule))
		if _, err := byHand.Import(t.Context(), "swapi", Options{Cause: importer.CauseCommand}); err != nil {
			t.Fatal(err)
		}
		tn.asked.Store(0)
		p := tn.start(rule)
		tn.expectAsked(0, "though it was due")
		if !strings.Contains(p.logged.String(), "scheduled import was done already") {
			t.Errorf("the log says %s", p.logged)
		}
	})
}

func TestAChangedRuleMakesANewDueTime(t *testing.T) {
	onBothEngines(t, func(tn *town) {
		began := tn.time.get()
		old := tn.start("every: 1h, jitter: 0s")
		tn.expectAsked(1, "at first")
		tn.start("every: 3h, jitter: 0s")
		tn.advance(began.Add(2 * time.Hour))
		tn.settle()
		tn.expectAsked(0, "by the old rule")
		if row, _ := tn.row(); row.Rule != "every 3h0m0s" || !row.DueAt.Equal(began.Add(3*time.Hour)) {
			t.Errorf("got %+v", row)
		}
		old.end()
		tn.advance(began.Add(3 * time.Hour))
		tn.settle()
		tn.expectAsked(1, "by the new rule")
		tn.start("cron: 30 4 * * *, timeZone: Europe/Berlin, jitter: 0s")
		tn.expectAsked(0, "by a rule whose time has not come")
		if row, _ := tn.row(); !row.DueAt.Equal(time.Date(2030, 5, 2, 2, 30, 0, 0, time.UTC)) {
			t.Errorf("got %+v", row)
		}
	})
}

func TestAFailedImportWaitsForTheNextTime(t *testing.T) {
	onBothEngines(t, func(tn *town) {
		tn.answers(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) })
		p := tn.start("every: 1h, jitter: 0s")
		tn.expectAsked(1, "at first")
		if logged := p.logged.String(); !strings.Contains(logged, `level=ERROR msg="scheduled import failed" source=swapi`) || !strings.Contains(logged, "403") {
			t.Errorf("the log says %s", logged)
		}
		row, _ := tn.row()
		tn.answers(planets("Hoth"))
		tn.advance(row.DueAt)
		tn.settle()
		tn.expectAsked(1, "at the next time")
		if got, want := tn.runs(), "done failed"; got != want {
			t.Errorf("the runs are %s, want %s", got, want)
		}
	})
}

func TestNoOldSnapshotTakesThePlaceOfAnUpstreamThatIsAway(t *testing.T) {
	onBothEngines(t, func(tn *town) {
		const rule = "every: 1h, jitter: 0s"
		old := tn.start(rule)
		old.end()
		if _, err := os.Stat(old.project.Snapshot("swapi")); err != nil {
			t.Fatal(err)
		}
		tn.answers(planets("Hoth", "Naboo"))
		tn.advance(tn.time.get().Add(time.Hour))
		tn.start(rule).end()
		tn.answers(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) })
		tn.advance(tn.time.get().Add(time.Hour))
		again := tn.prepare(old.project)
		again.serve()
		tn.settle()
		if got, want := tn.runs(), "failed done done"; got != want {
			t.Errorf("the runs are %s, want %s; the log says %s", got, want, again.logged)
		}
	})
}

func TestAHeldImportWaitsForTheNextTime(t *testing.T) {
	onBothEngines(t, func(tn *town) {
		tn.answers(planets("Alderaan", "Bespin", "Coruscant", "Dagobah", "Endor", "Geonosis", "Hoth", "Kamino", "Mygeeto", "Naboo"))
		p := tn.start("every: 1h, jitter: 0s")
		row, _ := tn.row()
		tn.answers(planets("Hoth"))
		tn.advance(row.DueAt)
		tn.settle()
		if logged := p.logged.String(); !strings.Contains(logged, `level=WARN msg="scheduled import is held" source=swapi`) {
			t.Errorf("the log says %s", logged)
		}
		if got, want := tn.runs(), "held done"; got != want {
			t.Errorf("the runs are %s, want %s", got, want)
		}
		if next, _ := tn.row(); !next.DueAt.Equal(row.DueAt.Add(time.Hour)) {
			t.Errorf("due at %s", next.DueAt)
		}
	})
}

func TestTheClockOfTheMachineIsWaitedFor(t *testing.T) {
	c, began := wallClock{}, time.Now()
	if err := c.wait(t.Context(), c.now().Add(5*time.Millisecond)); err != nil || time.Since(began) < 5*time.Millisecond {
		t.Errorf("after %s: %v", time.Since(began), err)
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	for _, moment := range []time.Time{c.now().Add(-time.Hour), c.now().Add(time.Hour)} {
		if err := c.wait(ctx, moment); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	}
}
