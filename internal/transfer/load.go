package transfer

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"slices"

	"github.com/larderhq/larder/internal/statement"
	"github.com/larderhq/larder/internal/store"
)

// statementRows is how many rows a statement writes or deletes. An engine keeps
// the one for so many prepared.
const statementRows = 50

// load adds the rows of the source to the target's table, from behind the key
// that an earlier copy has reached.
func (c *copier) load(ctx context.Context, read store.ReadFunc, t *statement.Table, report *TableReport) error {
	total, err := c.count(ctx, read, c.from, t)
	if err != nil {
		return err
	}
	done := c.progress[t.Name]
	rows := open(ctx, read, t, c.from.statements.Rows(t, done.last))
	defer rows.stop()
	for {
		chunk, err := rows.nextChunk()
		if err != nil {
			return err
		}
		if chunk == nil {
			break
		}
		c.tell(Progress{Phase: Copying, Table: t.Name, Done: done.rows, Total: total})
		done.rows += int64(len(chunk))
		done.last = chunk[len(chunk)-1].values[:t.Key]
		err = c.transaction(ctx, func() error {
			if err := c.insert(ctx, t, chunk); err != nil {
				return err
			}
			return c.run(ctx, c.to.statements.SetProgress(t.Name, done.rows, string(rowText(done.last)), nil))
		})
		if err != nil {
			return err
		}
		report.Copied += int64(len(chunk))
	}
	c.progress[t.Name] = done
	c.tell(Progress{Phase: Copying, Table: t.Name, Done: done.rows, Total: done.rows, Last: true})
	return nil
}

// insert adds rows to the target, by the engine's way to load many where it
// has one.
func (c *copier) insert(ctx context.Context, t *statement.Table, rows []row) error {
	if bulk, ok := c.conn.(store.Copier); ok && len(rows) > statementRows {
		encoded := make([]any, len(t.Columns))
		_, err := bulk.Copy(ctx, t.Name, t.Names(), func() ([]any, error) {
			if len(rows) == 0 {
				return nil, io.EOF
			}
			copy(encoded, rows[0].values)
			c.to.statements.Encode(t, encoded)
			rows = rows[1:]
			return encoded, nil
		})
		return err
	}
	for some := range slices.Chunk(rows, statementRows) {
		values := make([][]any, len(some))
		for i, r := range some {
			values[i] = r.values
		}
		if err := c.run(ctx, c.to.statements.Insert(t, values)); err != nil {
			return err
		}
	}
	return nil
}

// verifyPasses is how often a table is compared at most: what the first pass
// corrects the second one finds in order.
const verifyPasses = 2

// verify compares every row of the table in both databases and makes the target
// equal to the source, as seen by a comparison that finds no difference.
func (c *copier) verify(ctx context.Context, read store.ReadFunc, t *statement.Table, report *TableReport) error {
	for range verifyPasses {
		found, err := c.compare(ctx, read, t)
		if err != nil {
			return err
		}
		if found.differing == 0 {
			report.Rows, report.Checksum = found.rows, found.checksum
			var last any
			if found.last != nil {
				last = string(rowText(found.last))
			}
			c.tell(Progress{Phase: Verifying, Table: t.Name, Done: found.rows, Total: found.rows, Last: true})
			return c.within(ctx, c.to.statements.SetProgress(t.Name, found.rows, last, found.checksum))
		}
		report.Corrected += found.differing
	}
	return fmt.Errorf("rows still differ after they were copied again: something else writes to the target, or it changes what is written")
}

// comparison is what was found in one pass over a table.
type comparison struct {
	rows      int64 // of the source
	last      []any // key of the source's last row
	checksum  string
	differing int64
}

// compare reads the table in both databases side by side and corrects what
// differs in the target.
func (c *copier) compare(ctx context.Context, read store.ReadFunc, t *statement.Table) (comparison, error) {
	source := open(ctx, read, t, c.from.statements.Rows(t, nil))
	defer source.stop()
	target := open(ctx, c.to.engine.Read, t, c.to.statements.Rows(t, nil))
	defer target.stop()

	var found comparison
	sum := newSum()
	correcting := correction{copier: c, table: t}
	theirs, more, err := source.next()
	if err != nil {
		return found, err
	}
	ours, had, err := target.next()
	for err == nil && (more || had) {
		order := 0
		switch {
		case !more:
			order = 1
		case !had:
			order = -1
		default:
			order = compareKeys(theirs.values[:t.Key], ours.values[:t.Key])
		}
		if err = correcting.add(ctx, order, theirs, ours); err != nil {
			break
		}
		if order <= 0 {
			sum.add(theirs)
			found.last = theirs.values[:t.Key]
			if sum.rows%chunkRows == 0 {
				c.tell(Progress{Phase: Verifying, Table: t.Name, Done: sum.rows, Total: c.progress[t.Name].rows})
			}
			theirs, more, err = source.next()
		}
		if order >= 0 && err == nil {
			ours, had, err = target.next()
		}
	}
	if err == nil {
		err = correcting.flush(ctx)
	}
	found.rows, found.checksum, found.differing = sum.rows, sum.String(), correcting.corrected
	return found, err
}

// correction gathers how the target's table differs.
type correction struct {
	copier    *copier
	table     *statement.Table
	surplus   [][]any // keys
	missing   []row
	corrected int64
}

// add looks at two rows of which the order says whether the source has a row
// that the target has not (-1), the other way round (1), or both have one with
// the same key.
func (r *correction) add(ctx context.Context, order int, theirs, ours row) error {
	if order == 0 && bytes.Equal(theirs.text, ours.text) {
		return nil
	}
	r.corrected++
	if order >= 0 {
		r.surplus = append(r.surplus, ours.values[:r.table.Key])
	}
	if order <= 0 {
		r.missing = append(r.missing, theirs)
	}
	if max(len(r.surplus), len(r.missing)) < chunkRows {
		return nil
	}
	return r.flush(ctx)
}

// flush makes the target as the source is in what was gathered.
func (r *correction) flush(ctx context.Context) error {
	if len(r.surplus)+len(r.missing) == 0 {
		return nil
	}
	c := r.copier
	err := c.transaction(ctx, func() error {
		for keys := range slices.Chunk(r.surplus, statementRows) {
			if err := c.run(ctx, c.to.statements.Delete(r.table, keys)); err != nil {
				return err
			}
		}
		return c.insert(ctx, r.table, r.missing)
	})
	r.surplus, r.missing = nil, nil
	return err
}

// sum is the checksum of a table, see [TableReport].
type sum struct {
	hash hash.Hash
	rows int64
}

func newSum() *sum { return &sum{hash: sha256.New()} }

func (s *sum) add(r row) {
	s.rows++
	s.hash.Write(r.text)
	s.hash.Write([]byte{'\n'})
}

// String is the checksum in hexadecimal digits.
func (s *sum) String() string { return hex.EncodeToString(s.hash.Sum(nil)) }

// checksum is the checksum of a table.
func (c *copier) checksum(ctx context.Context, read store.ReadFunc, of side, t *statement.Table) (string, error) {
	rows := open(ctx, read, t, of.statements.Rows(t, nil))
	defer rows.stop()
	s := newSum()
	r, ok, err := rows.next()
	for ; ok && err == nil; r, ok, err = rows.next() {
		s.add(r)
	}
	return s.String(), err
}
