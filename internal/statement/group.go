package statement

import (
	"github.com/larderhq/larder/internal/model"
	"github.com/larderhq/larder/internal/query"
)

// groups is List for a read with aggregates. Groups have no position.
func (b *Builder) groups(q query.Read) (Statement, error) {
	w := b.reader()
	w.add("SELECT ")
	if err := w.columns(b, q); err != nil {
		return Statement{}, err
	}
	w.add(", ''")
	if err := w.counted(q); err != nil {
		return Statement{}, err
	}
	w.add(" FROM ", quote(q.Type.Table()), " AS r")
	if err := w.where(q.Filter, nil); err != nil {
		return Statement{}, err
	}
	w.groupBy(q)
	w.orderBy(q.TotalOrder())
	w.limit(wanted(q))
	return w.statement(), nil
}

// groupBy writes what a read's groups agree in; without that, all records are
// one group.
func (w *writer) groupBy(q query.Read) {
	for i, f := range q.Groups() {
		if i == 0 {
			w.add(" GROUP BY ")
		} else {
			w.add(", ")
		}
		w.add(w.column(f))
	}
}

// aggregate is what becomes of a group's values, as JSON text. Of no values
// there is a count only.
func (w *writer) aggregate(c query.Column) string {
	number := stored{scalar: model.Int64}
	if c.Field == nil {
		return w.dialect.json(number, "count(*)", false)
	}
	s, column := storedAs(c.Field), w.column(c.Field)
	switch c.Aggregate {
	case query.CountOf:
		return w.dialect.json(number, "count("+column+")", false)
	case query.AvgOf:
		return w.dialect.json(stored{scalar: model.Float}, w.dialect.average(s, column), true)
	case query.SumOf:
		return w.dialect.json(s, w.dialect.sum(s, column), true)
	case query.MinOf, query.MaxOf:
	}
	return w.dialect.json(s, string(c.Aggregate)+"("+column+")", true)
}
