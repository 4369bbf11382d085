package store

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/larderhq/larder/internal/query"
	"github.com/larderhq/larder/internal/statement"
)

// Snapshotter is an [Engine] that can hold one state of the database still for
// several reads.
type Snapshotter interface {
	// Snapshot runs work. What it reads by read, which does what [Engine.Read]
	// does, is the database as it was at the first read, whatever others commit
	// meanwhile. One connection is held until Snapshot returns, so that a read
	// must have ended before the next begins.
	Snapshot(ctx context.Context, work func(ctx context.Context, read ReadFunc) error) error
}

// ReadFunc runs a statement as [Engine.Read] does.
type ReadFunc func(ctx context.Context, st statement.Statement, each func(scan Scan) error) error

// View is one state of the records of a store.
type View struct {
	read       ReadFunc
	statements *statement.Builder
}

// View calls work with the records as they are now, and as they stay for it
// however long it takes. On an engine that is no [Snapshotter] only what one
// read brings is of one state.
func (s *Store) View(ctx context.Context, work func(ctx context.Context, view *View) error) error {
	engine, ok := s.engine.(Snapshotter)
	if !ok {
		return work(ctx, &View{s.engine.Read, s.statements})
	}
	return engine.Snapshot(ctx, func(ctx context.Context, read ReadFunc) error {
		return work(ctx, &View{read, s.statements})
	})
}

// Each calls row with every record that q asks for, in q's order, as a JSON
// object that is only valid during the call. The records are streamed from one
// statement. Row's error ends the reading and is returned, wrapped.
func (v *View) Each(ctx context.Context, q query.Read, row func(object []byte) error) error {
	q.Count = query.NoCount
	st, err := v.statements.List(q)
	if err != nil {
		return fmt.Errorf("read %s: %w", q.Type.Resource(), err)
	}
	var object, position sql.RawBytes
	rows := 0
	err = v.read(ctx, st, func(scan Scan) error {
		rows++
		if q.Limit >= 0 && rows > q.Limit {
			return nil // it only says that it is there
		}
		if err := scan(&object, &position); err != nil {
			return err
		}
		return row(object)
	})
	if err != nil {
		return fmt.Errorf("read %s: %w", q.Type.Resource(), err)
	}
	return nil
}

// Count is the number of records that q's filter matches.
func (v *View) Count(ctx context.Context, q query.Read) (total int64, err error) {
	st, err := v.statements.Count(q)
	if err == nil {
		err = v.read(ctx, st, func(scan Scan) error { return scan(&total) })
	}
	if err != nil {
		return 0, fmt.Errorf("count %s: %w", q.Type.Resource(), err)
	}
	return total, nil
}
