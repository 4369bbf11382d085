package refresh

import (
	"context"

	"github.com/larderhq/larder/internal/importer"
)

// Runs implements [rest.Imports].
func (r *Refresher) Runs(ctx context.Context, filter importer.RunFilter) ([]importer.RunRecord, error) {
	return importer.Runs(ctx, r.engine, filter)
}

// Run implements [rest.Imports].
func (r *Refresher) Run(ctx context.Context, id int64) (*importer.RunRecord, error) {
	return importer.FindRun(ctx, r.engine, id)
}
