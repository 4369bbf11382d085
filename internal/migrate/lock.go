package migrate

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"
)

// On PostgreSQL everyone who wants a table queues up behind a statement that
// waits for its lock, readers too. So no migration waits longer than
// lockTimeout: it takes itself back, lets the others through and begins again.
const (
	lockTimeout  = time.Second
	lockAttempts = 30
	longestPause = 5 * time.Second
)

// The conditions in which a transaction that is repeated may succeed:
// https://www.postgresql.org/docs/15/errcodes-appendix.html
const (
	lockNotAvailable = "55P03"
	deadlockDetected = "40P01"
)

// patiently runs a transaction, again if others hold what it has to lock.
func patiently(ctx context.Context, transaction func() error) error {
	for attempt := 1; ; attempt++ {
		err := transaction()
		if !lockedOut(err) {
			return err
		}
		if attempt == lockAttempts {
			return fmt.Errorf("%w; others held what it has to lock in each of %d attempts: end their long transactions (pg_stat_activity names them) or try again later",
				err, lockAttempts)
		}
		pause := min(time.Duration(attempt)*lockTimeout/4, longestPause)
		select {
		case <-time.After(pause/2 + rand.N(pause/2+1)): //nolint:gosec // only keeps processes apart
		case <-ctx.Done():
			return errors.Join(err, ctx.Err())
		}
	}
}

func lockedOut(err error) bool {
	var failure interface{ SQLState() string }
	return errors.As(err, &failure) && (failure.SQLState() == lockNotAvailable || failure.SQLState() == deadlockDetected)
}
