package importer

import (
	"context"
	"io"
	"slices"

	"github.com/larderhq/larder/internal/statement"
	"github.com/larderhq/larder/internal/store"
)

// A batch is sent when it has batchRows rows or batchBytes of what upstream
// said: enough that handing it over costs nothing, and little enough that the
// few batches on their way are no matter of memory.
const (
	batchRows  = 1000
	batchBytes = 1 << 20
)

// batch are rows of one table on their way from the reader into its staging
// table.
type batch struct {
	table   *table
	values  []any // of one row after the other, by statement.Staging.Append
	rows    int
	bytes   int
	fetched int // records read by then
}

// add puts the row into the table's batch and reports whether that is full.
func (t *table) add(row statement.StagedRow) (full bool) {
	if t.batch == nil {
		t.batch = &batch{table: t, values: make([]any, 0, t.size)}
	}
	b := t.batch
	b.values = t.staging.Append(b.values, row)
	b.rows++
	b.bytes += len(row.Base)
	t.size = max(t.size, len(b.values))
	return b.rows == batchRows || b.bytes >= batchBytes
}

// load has in read and check every record, in a goroutine of its own, while
// the rows it sends are put into the staging tables.
func (r *run) load(ctx context.Context, in *reader) error {
	reading, stop := context.WithCancel(ctx)
	batches, done := make(chan *batch, 1), make(chan error, 1)
	in.send = func(ctx context.Context, b *batch) error {
		select {
		case batches <- b:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	go func() {
		defer close(batches)
		done <- in.readAll(reading, r.answer)
	}()
	loading := r.stageAll(ctx, batches)
	stop()
	if err := <-done; loading == nil {
		return err
	}
	return loading
}

// stageAll puts the batches into their tables until there are no more: by
// copying where the transaction can.
func (r *run) stageAll(ctx context.Context, batches <-chan *batch) error {
	copier, copies := r.tx.(store.Copier)
	next := func() *batch {
		b := <-batches
		if b != nil {
			r.options.Progress(Progress{Phase: Reading, Done: b.fetched})
		}
		return b
	}
	for b := next(); b != nil; {
		if copies {
			var err error
			if b, err = copyBatches(ctx, copier, b, next); err != nil {
				return err
			}
			continue
		}
		for values := range slices.Chunk(b.values, b.table.staging.LoadRows()*b.width()) {
			if err := r.exec(ctx, b.table.staging.Load(values)); err != nil {
				return err
			}
		}
		b = next()
	}
	return ctx.Err()
}

// width is how many values a row has.
func (b *batch) width() int { return len(b.values) / b.rows }

// copyBatches copies the batch, and those that follow it as long as they are of
// the same table, in one go. It returns the one of another table, nil at the
// end.
func copyBatches(ctx context.Context, copier store.Copier, b *batch, next func() *batch) (*batch, error) {
	staging, at := b.table.staging, 0
	_, err := copier.Copy(ctx, staging.Table(), staging.Columns(), func() ([]any, error) {
		if at == len(b.values) {
			table := b.table
			if b, at = next(), 0; b == nil || b.table != table {
				return nil, io.EOF
			}
		}
		from := at
		at += b.width()
		return b.values[from:at], nil
	})
	return b, err
}
