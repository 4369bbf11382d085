package importer

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

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

// HeldForDrift is the error of an import that waits for a person to look at what
// upstream's types have become.
func HeldForDrift(sourceName string, drift []source.Drift) *HeldError {
	held := &HeldError{Source: sourceName, Reason: "upstream's types are not what they were", Allow: AllowDrift}
	for _, d := range drift {
		held.Findings = append(held.Findings, Finding{
			Type: d.Type, Field: d.Field, Before: d.Before, Now: d.After, Message: strings.TrimPrefix(d.Change(), "is "),
		})
	}
	return held
}

// drift notes in what upstream's types are no longer what they were.
func (r *run) drift(ctx context.Context) error {
	if r.options.Contract == nil {
		return nil
	}
	known, err := findContract(ctx, r.tx.Query, r.dialect(), r.plan.source)
	if err != nil || known == nil {
		return err
	}
	r.report.Drift = known.Drift(r.options.Contract)
	if len(r.report.Drift) == 0 || !r.options.Freeze || slices.Contains(r.options.Allow, AllowDrift) {
		return nil
	}
	r.held = HeldForDrift(r.plan.source, r.report.Drift)
	if r.options.DryRun { // which goes on, to tell what would change
		return nil
	}
	return r.held
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
