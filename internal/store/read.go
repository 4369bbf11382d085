package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"

	"github.com/larderhq/larder/internal/query"
	"github.com/larderhq/larder/internal/statement"
)

// List returns the page that q asks for, by one statement. (A count that no
// row could carry, because the page is empty behind an offset or a cursor,
// takes a second one.)
func (s *Store) List(ctx context.Context, q query.Read) (Page, error) {
	st, err := s.statements.List(q)
	if err != nil {
		return Page{}, fmt.Errorf("list %s: %w", q.Type.Resource(), err)
	}
	var reading pageReading
	err = s.read(ctx, st, func() func(Scan) error {
		reading = pageReading{limit: q.Limit, counted: q.Count != query.NoCount, total: -1}
		return reading.each()
	})
	if err != nil {
		return Page{}, fmt.Errorf("list %s: %w", q.Type.Resource(), err)
	}
	page, err := reading.page(q)
	if err != nil {
		return Page{}, fmt.Errorf("list %s: %w", q.Type.Resource(), err)
	}
	if reading.counted && page.Total < 0 {
		if page.Total, err = s.count(ctx, q); err != nil {
			return Page{}, fmt.Errorf("count %s: %w", q.Type.Resource(), err)
		}
	}
	return page, nil
}

// count counts what q's filter matches when the page itself is empty.
func (s *Store) count(ctx context.Context, q query.Read) (total int64, err error) {
	if q.Offset == 0 && q.After == nil && q.Before == nil {
		return 0, nil
	}
	st, err := s.statements.Count(q)
	if err != nil {
		return 0, err
	}
	err = s.read(ctx, st, func() func(Scan) error {
		return func(scan Scan) error { return scan(&total) }
	})
	return total, err
}

// pageReading gathers the rows of a page.
type pageReading struct {
	limit   int
	counted bool

	body        []byte // the rows, separated by commas, behind a "["
	ends        []int  // where each row ends in body
	more        bool
	total       int64
	first, last []byte // positions
}

// each takes one row after the other. The row beyond the limit only says that
// it is there.
func (p *pageReading) each() func(Scan) error {
	var row, position sql.RawBytes
	destinations := []any{&row, &position}
	if p.counted {
		destinations = append(destinations, &p.total)
	}
	p.body = append(make([]byte, 0, 4096), '[')
	return func(scan Scan) error {
		if err := scan(destinations...); err != nil {
			return err
		}
		if p.limit >= 0 && len(p.ends) == p.limit {
			p.more = true
			return nil
		}
		if len(p.ends) == 0 {
			p.first = append(p.first, position...)
		} else {
			p.body = append(p.body, ',')
		}
		p.last = append(p.last[:0], position...)
		p.body = append(p.body, row...)
		p.ends = append(p.ends, len(p.body))
		return nil
	}
}

// page is what was read. What was read backwards is turned round.
func (p *pageReading) page(q query.Read) (Page, error) {
	if q.Before != nil {
		p.body = turned(p.body, p.ends)
		p.first, p.last = p.last, p.first
	}
	page := Page{Body: append(p.body, ']'), Rows: len(p.ends), Total: p.total, More: p.more}
	if page.Rows == 0 || q.Grouped() {
		return page, nil
	}
	var err error
	if page.First, err = statement.DecodePosition(q, p.first); err == nil {
		page.Last, err = statement.DecodePosition(q, p.last)
	}
	return page, err
}

// turned is body with its rows in the reverse order.
func turned(body []byte, ends []int) []byte {
	other := append(make([]byte, 0, len(body)+1), '[')
	for i, end := range slices.Backward(ends) {
		start := 1
		if i > 0 {
			start = ends[i-1] + 1 // behind the comma
		}
		other = append(other, body[start:end]...)
		if i > 0 {
			other = append(other, ',')
		}
	}
	return other
}

// Item returns the record with the id as a JSON object with q's columns, by
// one statement. ErrNotFound when there is none.
func (s *Store) Item(ctx context.Context, q query.Read, id any) ([]byte, error) {
	var body []byte
	st, err := s.statements.Item(q, id)
	if err == nil {
		err = s.read(ctx, st, func() func(Scan) error {
			return func(scan Scan) error { return scan(&body) }
		})
	}
	if err != nil {
		return nil, fmt.Errorf("read %s %v: %w", q.Type.Resource(), id, err)
	}
	if body == nil {
		return nil, ErrNotFound
	}
	return body, nil
}

// item is Item inside a change; nil when there is none.
func (s *Store) item(ctx context.Context, tx Tx, q query.Read, id any) (body []byte, err error) {
	st, err := s.statements.Item(q, id)
	if err != nil {
		return nil, err
	}
	err = tx.Query(ctx, st, func(scan Scan) error { return scan(&body) })
	return body, err
}

// items reads the records with the ids, in their order, as a JSON array.
func (s *Store) items(ctx context.Context, tx Tx, q query.Read, ids []any) ([]byte, error) {
	body := []byte{'['}
	if len(ids) > 0 {
		st, err := s.statements.Items(q, ids)
		if err != nil {
			return nil, err
		}
		var row sql.RawBytes
		err = tx.Query(ctx, st, func(scan Scan) error {
			if err := scan(&row); err != nil {
				return err
			}
			if len(body) > 1 {
				body = append(body, ',')
			}
			body = append(body, row...)
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return append(body, ']'), nil
}
