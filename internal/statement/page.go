package statement

import (
	"math"

	"github.com/larderhq/larder/internal/query"
)

// List is the statement that reads a page. Each row has the record as a JSON
// object and the record's position in the order, a JSON array for
// [DecodePosition]; and in a third column, if q asks for a count, the number
// of all records that match. Of a limited page there is one row more than
// asked for when something follows it. A page before a position comes in
// reverse.
func (b *Builder) List(q query.Read) (Statement, error) {
	if q.Grouped() {
		return b.groups(q)
	}
	order := q.TotalOrder()
	position := q.After
	if q.Before != nil {
		position, order = q.Before, reversed(order)
	}
	w := b.reader()
	w.add("SELECT ")
	if err := w.columns(b, q); err != nil {
		return Statement{}, err
	}
	w.add(", ")
	w.position(b, q, order)
	if err := w.counted(q); err != nil {
		return Statement{}, err
	}
	w.add(" FROM ")
	stretches := beyond(order, position)
	if err := w.source(q, order, stretches); err != nil {
		return Statement{}, err
	}
	return w.statement(), nil
}

// Count is the statement that counts the records that q's filter matches, as
// one row with one column.
func (b *Builder) Count(q query.Read) (Statement, error) {
	w := b.reader()
	err := w.count(q)
	return w.statement(), err
}

func (w *writer) count(q query.Read) error {
	w.add("SELECT count(*) FROM ")
	if q.Grouped() {
		w.add("(SELECT count(*) FROM ")
	}
	w.add(quote(q.Type.Table()), " AS r")
	if err := w.where(q.Filter, nil); err != nil {
		return err
	}
	if q.Grouped() {
		w.groupBy(q)
		w.add(") AS s")
	}
	return nil
}

// counted writes the count as a further column, if q asks for one.
func (w *writer) counted(q query.Read) error {
	if q.Count == query.NoCount {
		return nil
	}
	w.add(", (")
	defer w.add(")")
	return w.count(q)
}

// position writes where r stands in the order.
func (w *writer) position(b *Builder, q query.Read, order []query.Order) {
	if len(order) == 1 && order[0].Field == q.Type.ID {
		w.add(b.shape(q.Type, q.Version).idJSON)
		return
	}
	w.add("concat('['")
	for i, term := range order {
		if i > 0 {
			w.add(", ','")
		}
		w.add(", ", w.dialect.json(storedAs(term.Field), w.term(term), term.Nullable()))
	}
	w.add(", ']')")
}

// source writes what a page is read from. The rows beyond a position are
// several stretches of the order, each of which an index can find, so that a
// page costs the same however deep it is. The rows of a page are chosen in a
// subquery where the database would else write JSON for rows that it skips.
func (w *writer) source(q query.Read, order []query.Order, stretches []stretch) error {
	limit, offset := wanted(q)
	if len(stretches) == 1 && offset == 0 {
		return w.stretch(q, order, stretches[0], limit, 0)
	}
	w.add("(")
	if len(stretches) == 1 {
		w.add("SELECT r.* FROM ")
		if err := w.stretch(q, order, stretches[0], limit, offset); err != nil {
			return err
		}
		w.add(") AS r")
		w.orderBy(order)
		return nil
	}
	for i, s := range stretches {
		if i > 0 {
			w.add(" UNION ALL ")
		}
		w.add("SELECT * FROM (SELECT r.* FROM ")
		if err := w.stretch(q, order, s, limit, 0); err != nil {
			return err
		}
		w.add(") AS s")
	}
	w.add(") AS r")
	w.orderBy(order)
	w.limit(limit, 0)
	return nil
}

// wanted is how many rows a page reads, -1 for all, and how many it skips. One
// more than asked for tells whether more follows. A position takes the place
// of an offset.
func wanted(q query.Read) (limit, offset int64) {
	limit = -1
	if q.Limit >= 0 && q.Limit < math.MaxInt {
		limit = int64(q.Limit) + 1
	}
	if q.After == nil && q.Before == nil {
		offset = int64(q.Offset)
	}
	return limit, offset
}

// stretch writes the table and the condition, the order and the limit of one
// stretch.
func (w *writer) stretch(q query.Read, order []query.Order, s stretch, limit, offset int64) error {
	w.add(quote(q.Type.Table()), " AS r")
	if err := w.where(q.Filter, s); err != nil {
		return err
	}
	w.orderBy(order)
	w.limit(limit, offset)
	return nil
}

func (w *writer) orderBy(order []query.Order) {
	for i, term := range order {
		if i == 0 {
			w.add(" ORDER BY ")
		} else {
			w.add(", ")
		}
		w.add(w.term(term), w.dialect.order(term.Descending, term.NullsFirst, term.Nullable()))
	}
}

// term is what a term of an order sorts by: a column of the record, or of the
// one that a to-one field leads to.
func (w *writer) term(o query.Order) string {
	if o.Through == nil {
		return w.column(o.Field)
	}
	return "(SELECT " + w.dialect.natural(o.Field, "o."+quote(o.Field.Column())) + " FROM " + quote(o.Field.Owner.Table()) +
		" AS o WHERE o." + quote(o.Field.Owner.ID.Column()) + " = " + w.column(o.Through) + ")"
}

// limit writes how many rows are read, -1 being all, and how many are skipped.
func (w *writer) limit(limit, offset int64) {
	if limit >= 0 || offset > 0 {
		w.dialect.limit(w, limit)
	}
	if offset > 0 {
		w.add(" OFFSET ")
		w.bind(offset)
	}
}

// reversed is the order read from its end.
func reversed(order []query.Order) []query.Order {
	other := make([]query.Order, len(order))
	for i, term := range order {
		other[i] = term
		other[i].Descending, other[i].NullsFirst = !term.Descending, !term.NullsFirst
	}
	return other
}

// stretch is a contiguous part of an order: rows that agree in the first terms
// and are beyond a value, or null, in the next. It is a conjunction.
type stretch []bound

// bound is a condition on one term of an order.
type bound struct {
	term     query.Order
	relation relation
	value    any
}

// relation is how a term stands to a bound.
type relation int

const (
	same    relation = iota // equal, or null like the value
	beyondV                 // behind the value, in the term's direction
	isNull
	notNull
)

// beyond cuts what follows position in the order into stretches, in their
// order. Without a position that is everything.
func beyond(order []query.Order, position []any) []stretch {
	if len(position) != len(order) {
		return []stretch{nil}
	}
	var stretches []stretch
	for i := len(order) - 1; i >= 0; i-- {
		var agreed stretch
		for j := range i {
			agreed = append(agreed, bound{order[j], same, position[j]})
		}
		term := order[i]
		add := func(r relation) {
			stretches = append(stretches, append(agreed[:len(agreed):len(agreed)], bound{term, r, position[i]}))
		}
		switch {
		case position[i] == nil && term.NullsFirst:
			add(notNull)
		case position[i] == nil:
		default:
			add(beyondV)
			if term.Nullable() && !term.NullsFirst {
				add(isNull)
			}
		}
	}
	return stretches
}

// bound writes one condition of a stretch.
func (w *writer) bound(b bound) {
	w.add(w.term(b.term))
	switch {
	case b.relation == notNull:
		w.add(" IS NOT NULL")
		return
	case b.relation == isNull, b.value == nil:
		w.add(" IS NULL")
		return
	case b.relation == same:
		w.add(" = ")
	case b.term.Descending:
		w.add(" < ")
	default:
		w.add(" > ")
	}
	w.bindValue(b.term.Field, b.value)
}
