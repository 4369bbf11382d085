package rest

import (
	"context"
	"fmt"
	"time"

	"github.com/larderhq/larder/internal/importer"
)

// Imports is the management of a project's imports, which the server offers
// under /api/_imports. Its methods are safe for concurrent use.
type Imports interface {
	// Sources are the project's sources in the order of their names, without a
	// word to any of them.
	Sources(ctx context.Context) ([]ImportSource, error)
	// Start begins an import of the source, which goes on when ctx has ended, and
	// returns the id of its run, which is recorded already. The error is a
	// [RunningError] while another import of the source goes on.
	Start(ctx context.Context, source string, request ImportRequest) (run int64, err error)
	// Watch tells how far a run of this process is: events are dropped where the
	// receiver is slow, and the channel is closed when the run has ended and its
	// end is recorded. Who watches calls stop when done. ok is false of any other
	// run.
	Watch(run int64) (events <-chan importer.Progress, stop func(), ok bool)
}

// ImportSource is a source as the API shows it.
type ImportSource struct {
	Name     string
	Kind     string    // "graphql", "json", …, as larder.yaml has it
	Schedule string    // in words: "every 1h0m0s", "30 4 * * * Europe/Berlin"; "" for none
	Due      time.Time // the next import by the schedule; zero: none
}

// ImportRequest is what a request for an import may say.
type ImportRequest struct {
	Fresh   bool     // fetch everything, also what upstream says has not changed
	Allow   []string // what would hold the import: "collapse", "drift"
	Restore []string // keys of records to create again that were deleted here
}

// RunningError says that an import of the source goes on already.
type RunningError struct {
	Source string
	Run    int64 // its id
}

// Error names the source and the run.
func (e *RunningError) Error() string {
	return fmt.Sprintf("an import of %s goes on already: run %d", e.Source, e.Run)
}
