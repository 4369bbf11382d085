package refresh

import (
	"context"
	"time"
)

// clock is the time by which schedules go.
type clock interface {
	// now is the time, as precise as the database keeps it.
	now() time.Time
	// wait returns nil at the moment, or an error when ctx ends before.
	wait(ctx context.Context, moment time.Time) error
}

// wallClock is the clock of the machine.
type wallClock struct{}

func (wallClock) now() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }

// wait looks at the clock at least once a minute, since a timer knows nothing of
// clocks that are set and machines that sleep.
func (c wallClock) wait(ctx context.Context, moment time.Time) error {
	for {
		left := moment.Sub(c.now())
		if left <= 0 {
			return ctx.Err()
		}
		timer := time.NewTimer(min(left, time.Minute))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		}
	}
}
