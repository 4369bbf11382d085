package importer

import (
	"context"
	"fmt"

	"github.com/larderhq/larder/internal/statement"
	"github.com/larderhq/larder/internal/store"
)

// Done is an import that another process has made.
type Done struct {
	Source  string `json:"source"`
	Run     int64  `json:"run"`     // the id in larder_run
	Fetched int    `json:"fetched"` // records of the source
}

// LastRun is the id of the latest import that the store knows, 0 for none: the
// point from which [DoneSince] tells what others have done.
func LastRun(ctx context.Context, engine store.Engine) (id int64, err error) {
	err = engine.Read(ctx, statement.LastRun(), func(scan store.Scan) error { return scan(&id) })
	if err != nil {
		return 0, fmt.Errorf("look for earlier imports: %w", err)
	}
	return id, nil
}

// DoneSince is the last import of the source that came to a good end after the
// run with the id; nil where none did.
func DoneSince(ctx context.Context, engine store.Engine, sourceName string, run int64) (*Done, error) {
	var done *Done
	err := engine.Read(ctx, statement.DoneSince(engine.Dialect(), sourceName, run), func(scan store.Scan) error {
		done = &Done{Source: sourceName}
		return scan(&done.Run, &done.Fetched)
	})
	if err != nil {
		return nil, fmt.Errorf("look for imports by others: %w", err)
	}
	return done, nil
}
