package statement

import (
	"strconv"

	"github.com/larderhq/larder/internal/model"
	"github.com/larderhq/larder/internal/query"
)

// embed writes an embed as two arguments of concat: its name, and the JSON of
// what a subquery finds of the related records. A spread has no name of its
// own.
func (w *writer) embed(c query.Column, before string) error {
	e := c.Embed
	if e.Spread {
		w.add(literal(before))
	} else {
		w.name(c, before)
	}
	w.add(", ")
	if e.Relation.Kind == model.ToOne {
		return w.embedOne(e)
	}
	return w.embedMany(e)
}

// embedOne writes the related record, or null; of a spread its members, or as
// many nulls.
func (w *writer) embedOne(e *query.Embed) error {
	open, closing := "{", "}"
	if e.Spread {
		open, closing = "", ""
	}
	w.add("coalesce((SELECT ")
	outer := w.enter()
	if err := w.embedded(e, open, closing); err != nil {
		return err
	}
	if err := w.related(e, outer); err != nil {
		return err
	}
	if e.Read.Grouped() {
		w.groupBy(e.Read)
	}
	w.leave(outer)
	w.add("), ")
	if e.Spread {
		w.nulls(e.Read.Columns)
	} else {
		w.add("'null'")
	}
	w.add(")")
	return nil
}

// nulls writes the members of a spread whose record is not there.
func (w *writer) nulls(columns []query.Column) {
	n := 0
	var write func(columns []query.Column)
	write = func(columns []query.Column) {
		for _, c := range columns {
			switch {
			case c.Embed != nil && c.Embed.Spread:
				write(c.Embed.Read.Columns)
				continue
			case c.Embed != nil && c.Embed.Hidden():
				continue
			}
			w.separate(n)
			w.name(c, opening(n, ""))
			w.add(", 'null'")
			n++
		}
	}
	write(columns)
	w.add(")")
}

// embedMany writes the related records as an array.
func (w *writer) embedMany(e *query.Embed) error {
	w.add("(SELECT concat('[', string_agg(v.", quote("value"), ", ','), ']') FROM (SELECT ")
	outer := w.enter()
	if err := w.embedded(e, "{", "}"); err != nil {
		return err
	}
	w.add(" AS ", quote("value"))
	if err := w.related(e, outer); err != nil {
		return err
	}
	q := e.Read
	switch {
	case q.Grouped():
		w.groupBy(q)
		w.orderBy(q.TotalOrder())
	case len(q.Order) == 0 && e.Relation.Kind == model.ManyToMany && e.Relation.Relation.Owning:
		w.add(" ORDER BY ", w.link(), ".", quote("position")) // the list's own order
	default:
		w.orderBy(q.TotalOrder())
	}
	w.limit(int64(q.Limit), int64(q.Offset))
	w.leave(outer)
	w.add(") AS v)")
	return nil
}

// embedded writes what an embed wants of the record that is spoken of.
func (w *writer) embedded(e *query.Embed, open, closing string) error {
	if e.Read.Columns == nil {
		w.add(w.wholeRow(e.Read.Type, e.Read.Version))
		return nil
	}
	return w.object(e.Read.Columns, open, closing)
}

// rowKey says for which type, version and name of the record a row is.
type rowKey struct {
	t       *model.Type
	version int
	record  string
}

// wholeRow is the record with every attribute of a version as JSON. A writer
// that reads finds it written already.
func (w *writer) wholeRow(t *model.Type, version int) string {
	key := rowKey{t, version, w.record}
	if w.builder != nil {
		if known, ok := w.builder.rows.Load(key); ok {
			return known.(string)
		}
	}
	inner := newWriter(w.dialect)
	inner.record = w.record
	inner.attributes(t, version)
	text := inner.sql.String()
	if w.builder != nil {
		w.builder.rows.Store(key, text)
	}
	return text
}

// enter makes an embedded record the one that is spoken of, until leave is
// given the record that it returns, the one around it.
func (w *writer) enter() (outer string) {
	outer = w.record
	w.depth++
	w.record = "e" + strconv.Itoa(w.depth)
	return outer
}

func (w *writer) leave(outer string) {
	w.depth--
	w.record = outer
}

// link is what the row of a join table that leads to the record is called.
func (w *writer) link() string { return "j" + strconv.Itoa(w.depth) }

// related writes the FROM and WHERE of an embed's records: those that the
// record called outer relates to and the embed's filter lets pass.
func (w *writer) related(e *query.Embed, outer string) error {
	relation, inner := e.Relation, w.record
	target, id := quote(relation.Relation.Target.Table()), quote(relation.Relation.Target.ID.Column())
	owner := quote(relation.Owner.ID.Column())
	switch relation.Kind { //nolint:exhaustive // no other is a relation
	case model.ToOne:
		w.add(" FROM ", target, " AS ", inner, " WHERE ", inner, ".", id, " = ", outer, ".", quote(relation.Column()))
	case model.ToMany:
		w.add(" FROM ", target, " AS ", inner, " WHERE ", w.column(relation.Relation.Inverse), " = ", outer, ".", owner)
	case model.ManyToMany:
		link := w.link()
		w.add(" FROM ", quote(relation.ValueTable()), " AS ", link, " JOIN ", target, " AS ", inner, " ON ", inner, ".", id, " = ",
			link, ".", quote(relation.TargetColumn()), " WHERE ", link, ".", quote(relation.OwnerColumn()), " = ", outer, ".", owner)
	}
	if e.Read.Filter == nil {
		return nil
	}
	w.add(" AND ")
	return w.filter(e.Read.Filter)
}
