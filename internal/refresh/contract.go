package refresh

import (
	"context"
	"fmt"
	"strings"

	"github.com/larderhq/larder/internal/importer"
	"github.com/larderhq/larder/internal/project"
	"github.com/larderhq/larder/internal/source"
)

// Drift asks the named source's upstream for the types that its query selects
// from, and tells in what they are not what they were at the last import. now is
// nil, and there is no drift, where it is a file or does not tell; untold is why.
func (r *Refresher) Drift(ctx context.Context, name string) (drift []source.Drift, now *source.Contract, untold string) {
	known, err := importer.Contract(ctx, r.engine, name)
	if err == nil {
		now, err = r.project.Contract(ctx, name, project.Opening{UserAgent: r.userAgent}, known)
	}
	if err != nil {
		return nil, nil, err.Error()
	}
	if known != nil && now != nil {
		drift = known.Drift(now)
	}
	return drift, now, ""
}

// explain adds to the error of a fetch what has changed in upstream's types
// since the last import, which may be why it refuses the query.
func (r *Refresher) explain(ctx context.Context, name string, cause error) error {
	if !source.IsRefused(cause) {
		return cause
	}
	drift, _, _ := r.Drift(ctx, name)
	var told []string
	for _, d := range drift {
		if d.Kind != source.DriftNew {
			told = append(told, d.String())
		}
	}
	if len(told) == 0 {
		return cause
	}
	return fmt.Errorf("%w; since the last import %s: change the query, and the models with it", cause, strings.Join(told, ", "))
}
