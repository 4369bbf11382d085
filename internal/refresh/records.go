package refresh

import (
	"context"

	"github.com/larderhq/larder/internal/importer"
	"github.com/larderhq/larder/internal/model"
	"github.com/larderhq/larder/internal/rest"
	"github.com/larderhq/larder/internal/store"
)

// remember adds to a source what the database knows of it.
func (r *Refresher) remember(ctx context.Context, source *rest.ImportSource) error {
	last, err := r.Runs(ctx, importer.RunFilter{Source: source.Name, Limit: 1})
	if err != nil {
		return err
	}
	if len(last) > 0 {
		source.LastRun = &last[0]
	}
	open, err := r.Conflicts(ctx, importer.ConflictFilter{Source: source.Name, Open: true, Limit: rest.CountedConflicts})
	source.OpenConflicts = len(open)
	return err
}

// Runs implements [rest.Imports].
func (r *Refresher) Runs(ctx context.Context, filter importer.RunFilter) ([]importer.RunRecord, error) {
	return importer.Runs(ctx, r.engine, filter)
}

// Run implements [rest.Imports].
func (r *Refresher) Run(ctx context.Context, id int64) (*importer.RunRecord, error) {
	return importer.FindRun(ctx, r.engine, id)
}

// Conflicts implements [rest.Imports].
func (r *Refresher) Conflicts(ctx context.Context, filter importer.ConflictFilter) ([]importer.Conflict, error) {
	return importer.Conflicts(ctx, r.engine, r.project.Schema, filter)
}

// Conflict implements [rest.Imports].
func (r *Refresher) Conflict(ctx context.Context, id int64) (*importer.Conflict, error) {
	return importer.FindConflict(ctx, r.engine, r.project.Schema, id)
}

// Resolve implements [rest.Imports].
func (r *Refresher) Resolve(ctx context.Context, records *store.Store, id int64, take model.OnConflict) (importer.Conflict, error) {
	return importer.Resolve(ctx, records, r.engine, r.project.Schema, id, take)
}
