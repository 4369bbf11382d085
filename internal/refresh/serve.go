package refresh

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/larderhq/larder/internal/importer"
	"github.com/larderhq/larder/internal/rest"
)

var _ rest.Imports = (*Refresher)(nil)

// Serve keeps the schedules of the project's sources until ctx ends. Then it
// begins no import any more and gives those that run, also the ones that were
// asked for, the grace period to finish: nil when all of them did, an error
// when they had to be cut off.
func (r *Refresher) Serve(ctx context.Context) error {
	var schedules sync.WaitGroup
	for _, name := range r.project.SourceNames() {
		if r.schedule(name).Given() && !r.project.Settings.External {
			schedules.Go(func() { r.keepSchedule(ctx, name) })
		}
	}
	<-ctx.Done()
	r.mutex.Lock() // with which enter adds to what is waited for
	r.stop()
	r.mutex.Unlock()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		schedules.Wait()
		r.running.Wait()
	}()
	grace := time.NewTimer(r.project.Settings.Grace)
	defer grace.Stop()
	select {
	case <-ended:
		r.abandon()
		return nil
	case <-grace.C:
	}
	r.abandon()
	<-ended
	return fmt.Errorf("an import still ran after the grace period of %s and was cut off", r.project.Settings.Grace)
}

// SourceNames implements [rest.Imports].
func (r *Refresher) SourceNames() []string { return r.project.SourceNames() }

// Source implements [rest.Imports].
func (r *Refresher) Source(ctx context.Context, name string) (rest.ImportSource, error) {
	settings := r.project.Settings.Sources[name]
	listed := rest.ImportSource{Name: name, Kind: settings.Kind, Schedule: settings.Schedule.String()}
	if settings.Schedule.Given() {
		row, err := r.scheduled(ctx, name)
		if err != nil {
			return listed, err
		}
		if row != nil && row.Rule == listed.Schedule {
			listed.Due = row.DueAt
		}
	}
	return listed, r.remember(ctx, &listed)
}

// Start implements [rest.Imports]: the import waits for its turn and runs in a
// goroutine that [Refresher.Serve] waits for.
func (r *Refresher) Start(ctx context.Context, name string, request rest.ImportRequest) (int64, error) {
	if r.project.Settings.Sources[name] == nil {
		return 0, fmt.Errorf("there is no source %q", name)
	}
	begin := importer.Beginning{Source: name, Cause: importer.CauseRequest, Asked: r.project.Fingerprint(name), Waits: true, At: r.clock.now(), Keep: r.project.Settings.KeepRuns}
	run, err := r.enter(ctx, begin)
	if err != nil {
		return 0, err
	}
	go r.importRequested(run, request)
	return run.id, nil
}

// importRequested does what a request has asked for.
func (r *Refresher) importRequested(run *underway, request rest.ImportRequest) {
	defer r.leave(run)
	began := false
	err := r.engine.InTurn(r.waiting, func(context.Context) error {
		began = true
		ctx := r.working
		outcome, err := r.Import(ctx, run.source, Options{
			Cause: importer.CauseRequest, Live: true, Fresh: request.Fresh, Allow: request.Allow,
			Restore: request.Restore, RestoreType: request.RestoreType, run: run,
		})
		if err == nil {
			r.logOutcome(ctx, "requested import done", outcome)
		}
		return err
	})
	if err != nil && !began {
		err = errors.Join(err, importer.Fail(r.working, r.engine, run.id, "", err))
	}
	if err != nil {
		r.logger.Error("requested import failed", slog.String("source", run.source), slog.Int64("run", run.id), slog.Any("reason", err))
	}
}

// Watch implements [rest.Imports].
func (r *Refresher) Watch(id int64) (events <-chan importer.Progress, stop func(), ok bool) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	for _, run := range r.underway {
		if run.id == id {
			events, stop = run.watch()
			return events, stop, true
		}
	}
	return nil, nil, false
}

// enter begins an import of the source, of which there is one at a time in this
// process. It is to be left.
func (r *Refresher) enter(ctx context.Context, begin importer.Beginning) (*underway, error) {
	r.entering.Lock()
	defer r.entering.Unlock()
	if err := r.reserve(begin.Source); err != nil {
		return nil, err
	}
	id, err := importer.Begin(ctx, r.engine, begin)
	if err != nil {
		r.running.Done()
		return nil, err
	}
	run := &underway{id: id, source: begin.Source, watchers: map[chan importer.Progress]bool{}}
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.underway[begin.Source] = run
	return run, nil
}

// reserve has Serve wait for an import of the source, if there may be one.
func (r *Refresher) reserve(name string) error {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if other := r.underway[name]; other != nil {
		return &rest.RunningError{Source: name, Run: other.id}
	}
	if r.waiting.Err() != nil {
		return rest.ErrStopping
	}
	r.running.Add(1)
	return nil
}

// leave ends what enter began, when its end is recorded.
func (r *Refresher) leave(run *underway) {
	r.mutex.Lock()
	delete(r.underway, run.source)
	r.mutex.Unlock()
	run.end()
	r.running.Done()
}

// underway is an import that waits for its turn or runs.
type underway struct {
	id     int64 // of its record
	source string

	mutex    sync.Mutex
	last     importer.Progress
	watchers map[chan importer.Progress]bool
	ended    bool
}

// watch returns a channel of what the import tells from now on, beginning with
// what it told last; it is closed when the import ends, or by stop.
func (u *underway) watch() (events <-chan importer.Progress, stop func()) {
	u.mutex.Lock()
	defer u.mutex.Unlock()
	channel := make(chan importer.Progress, 16)
	if u.last.Phase != "" {
		channel <- u.last
	}
	if u.ended {
		close(channel)
		return channel, func() {}
	}
	u.watchers[channel] = true
	return channel, func() {
		u.mutex.Lock()
		defer u.mutex.Unlock()
		if u.watchers[channel] {
			delete(u.watchers, channel)
			close(channel)
		}
	}
}

// tell tells all who watch, but for those who have not read what they were told.
func (u *underway) tell(now importer.Progress) {
	u.mutex.Lock()
	defer u.mutex.Unlock()
	u.last = now
	for channel := range u.watchers {
		select {
		case channel <- now:
		default:
		}
	}
}

// telling is tell together with another function, which may be nil.
func (u *underway) telling(other func(importer.Progress)) func(importer.Progress) {
	return func(now importer.Progress) {
		if other != nil {
			other(now)
		}
		u.tell(now)
	}
}

// end closes what the import tells.
func (u *underway) end() {
	u.mutex.Lock()
	defer u.mutex.Unlock()
	u.ended = true
	for channel := range u.watchers {
		delete(u.watchers, channel)
		close(channel)
	}
}
