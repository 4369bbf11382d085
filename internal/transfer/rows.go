package transfer

import (
	"cmp"
	"context"
	"strings"

	"github.com/larderhq/larder/internal/statement"
	"github.com/larderhq/larder/internal/store"
)

// A chunk has at most so many rows and, but for its last row, bytes of their
// text. It bounds what a copy holds in memory and is what it writes at a time.
const (
	chunkRows  = 2000
	chunkBytes = 1 << 20
)

// row is one row of a table.
type row struct {
	values []any  // canonical; the key first
	text   []byte // the same as a JSON array
}

// stream reads the rows of a table, in the order of their keys, on a goroutine
// of its own. Whoever starts one stops it.
type stream struct {
	cancel context.CancelFunc
	chunks chan []row
	err    error // once chunks is closed

	chunk []row // what next has not given yet
}

// open starts to read what st, a statement of statement.Copying.Rows, selects.
func open(ctx context.Context, read store.ReadFunc, t *statement.Table, st statement.Statement) *stream {
	ctx, cancel := context.WithCancel(ctx)
	s := &stream{cancel: cancel, chunks: make(chan []row, 1)}
	go func() {
		defer close(s.chunks)
		s.err = s.read(ctx, read, t, st)
	}()
	return s
}

func (s *stream) read(ctx context.Context, read store.ReadFunc, t *statement.Table, st statement.Statement) error {
	var chunk []row
	size := 0
	send := func() error {
		select {
		case s.chunks <- chunk:
			chunk, size = make([]row, 0, chunkRows), 0
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	scanned := make([]any, len(t.Columns))
	destinations := make([]any, len(scanned))
	for i := range scanned {
		destinations[i] = &scanned[i]
	}
	err := read(ctx, st, func(scan store.Scan) error {
		if err := scan(destinations...); err != nil {
			return err
		}
		r, err := newRow(t, scanned)
		if err != nil {
			return err
		}
		chunk = append(chunk, r)
		size += len(r.text)
		if len(chunk) == chunkRows || size >= chunkBytes {
			return send()
		}
		return nil
	})
	if err == nil && len(chunk) > 0 {
		err = send()
	}
	return err
}

// newRow reads a row as an engine gave it.
func newRow(t *statement.Table, scanned []any) (row, error) {
	r := row{values: make([]any, len(scanned))}
	for i, value := range scanned {
		var err error
		if r.values[i], err = t.Value(i, value); err != nil {
			return row{}, err
		}
	}
	r.text = rowText(r.values)
	return r, nil
}

// nextChunk returns the next rows, nil at the end.
func (s *stream) nextChunk() ([]row, error) {
	chunk, ok := <-s.chunks
	if !ok {
		return nil, s.err
	}
	return chunk, nil
}

// next returns the next row, false at the end.
func (s *stream) next() (row, bool, error) {
	if len(s.chunk) == 0 {
		var err error
		if s.chunk, err = s.nextChunk(); s.chunk == nil {
			return row{}, false, err
		}
	}
	r := s.chunk[0]
	s.chunk = s.chunk[1:]
	return r, true, nil
}

// stop ends the reading, if it has not ended, and waits for that.
func (s *stream) stop() {
	s.cancel()
	for range s.chunks {
		continue
	}
}

// compareKeys orders two keys of one table as the databases do: numbers by
// size, texts by their bytes.
func compareKeys(a, b []any) int {
	for i := range a {
		order := 0
		switch x := a[i].(type) {
		case int64:
			if y, ok := b[i].(int64); ok {
				order = cmp.Compare(x, y)
			}
		case string:
			if y, ok := b[i].(string); ok {
				order = strings.Compare(x, y)
			}
		}
		if order != 0 {
			return order
		}
	}
	return 0
}
