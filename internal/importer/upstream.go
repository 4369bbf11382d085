package importer

import (
	"context"
	"fmt"
	"time"

	"github.com/larderhq/larder/internal/source"
	"github.com/larderhq/larder/internal/statement"
	"github.com/larderhq/larder/internal/store"
)

// Known returns the validators of the answer that the last import of the source
// took in, none where they prove nothing: after another import, and where asked
// (a hash of everything that decides what an import makes of an answer) is not
// what it was.
func Known(ctx context.Context, engine store.Engine, sourceName, asked string) (known source.Validators, err error) {
	err = engine.Read(ctx, statement.FindUpstream(engine.Dialect(), sourceName, asked), func(scan store.Scan) error {
		return scan(&known.ETag, &known.LastModified)
	})
	if err != nil {
		return source.Validators{}, fmt.Errorf("find what %s said last: %w", sourceName, err)
	}
	return known, nil
}

// Remember keeps the validators of the answer that a run of [Run] took in, for
// [Known].
func Remember(ctx context.Context, engine store.Engine, sourceName, asked string, run int64, validators source.Validators) error {
	if !validators.Given() {
		return nil // those of an earlier run prove nothing any more
	}
	row := statement.Upstream{Source: sourceName, Run: run, Asked: asked, ETag: validators.ETag, LastModified: validators.LastModified}
	err := engine.Write(ctx, func(ctx context.Context, tx store.Tx) error {
		_, err := tx.Exec(ctx, statement.RememberUpstream(engine.Dialect(), row))
		return err
	})
	if err != nil {
		return fmt.Errorf("keep what %s said: %w", sourceName, err)
	}
	return nil
}

// Unchanged is the run of an import whose upstream has nothing new: nothing is
// compared, and a dry run leaves no row in larder_run.
func Unchanged(ctx context.Context, engine store.Engine, sourceName, address string, dryRun bool) (Report, error) {
	now := time.Now()
	report := Report{Source: sourceName, DryRun: dryRun, Address: address, FetchedAt: now.UTC(), UpstreamUnchanged: true, Types: []TypeReport{}}
	if dryRun {
		return report, nil
	}
	row := statement.ImportRun{Source: sourceName, Address: address, Started: now, Finished: now, Status: "unchanged"}
	err := engine.Write(ctx, func(ctx context.Context, tx store.Tx) error {
		return tx.Query(ctx, statement.StartRun(engine.Dialect(), row), func(scan store.Scan) error { return scan(&report.Run) })
	})
	if err != nil {
		return report, fmt.Errorf("record the import of %s: %w", sourceName, err)
	}
	return report, nil
}
