package importer

import (
	"context"
	"fmt"
	"net/http"
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

// Unchanged is the run of an import whose upstream, at the address, has nothing
// new: nothing is compared. Of options it looks at DryRun and the record's.
func Unchanged(ctx context.Context, engine store.Engine, sourceName, address string, options Options) (report Report, err error) {
	now := time.Now()
	report = Report{Source: sourceName, DryRun: options.DryRun, Address: address, FetchedAt: now.UTC(), UpstreamUnchanged: true, Types: []TypeReport{}}
	if options.DryRun {
		return report, nil
	}
	if report.Run = options.Run; report.Run == 0 {
		if report.Run, err = Begin(ctx, engine, options.beginning(sourceName)); err != nil {
			return report, err
		}
	}
	return report, endRun(ctx, engine, report.Run, statement.ImportRun{
		Status: string(RunUnchanged), Finished: now, Address: address, UpstreamStatus: http.StatusNotModified,
	})
}
