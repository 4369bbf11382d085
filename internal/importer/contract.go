package importer

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/larderhq/larder/internal/source"
	"github.com/larderhq/larder/internal/statement"
	"github.com/larderhq/larder/internal/store"
)

// Contract returns what upstream said of its types when the source was last
// imported, nil where it has not said.
func Contract(ctx context.Context, engine store.Engine, sourceName string) (*source.Contract, error) {
	return findContract(ctx, engine.Read, engine.Dialect(), sourceName)
}

// findContract is Contract by a query of a transaction or of an engine.
func findContract(ctx context.Context, query func(context.Context, statement.Statement, func(store.Scan) error) error, dialect statement.Dialect, sourceName string) (*source.Contract, error) {
	var found *source.Contract
	err := query(ctx, statement.FindContract(dialect, sourceName), func(scan store.Scan) error {
		var text string
		if err := scan(&text); err != nil {
			return err
		}
		found = &source.Contract{}
		return json.Unmarshal([]byte(text), found)
	})
	if err != nil {
		return nil, fmt.Errorf("find the types that %s had last: %w", sourceName, err)
	}
	return found, nil
}

// drift notes in what upstream's types are no longer what they were.
func (r *run) drift(ctx context.Context) error {
	if r.options.Contract == nil {
		return nil
	}
	known, err := findContract(ctx, r.tx.Query, r.dialect(), r.plan.source)
	if err == nil && known != nil {
		r.report.Drift = known.Drift(r.options.Contract)
	}
	return err
}

// rememberContract keeps what upstream says of its types for the next import.
func (r *run) rememberContract(ctx context.Context) error {
	if r.options.Contract == nil {
		return nil
	}
	text, err := json.Marshal(r.options.Contract)
	if err != nil {
		return fmt.Errorf("keep the types of %s: %w", r.plan.source, err)
	}
	return r.exec(ctx, statement.RememberContract(r.dialect(), r.plan.source, r.report.Run, string(text)))
}
