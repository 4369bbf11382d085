package statement

import (
	"fmt"

	"github.com/larderhq/larder/internal/model"
	"github.com/larderhq/larder/internal/query"
)

// Insert is the statement that makes records of t, as one row with the id for
// each record made, in the order of rows. A row has the canonical values of
// [Columns]; withID puts the id before them. Where conflict names a unique set
// or the id, a row that repeats it is left out instead of failing. The columns
// that have [Generated] in the first row, and so in all, are left to the database.
func (b *Builder) Insert(t *model.Type, rows [][]any, withID bool, conflict []*model.Field) Statement {
	s := b.shape(t, 0)
	all := s.stored
	if withID {
		all = append([]*model.Field{t.ID}, all...)
	}
	fields := given(all, rows[0])
	w := newWriter(b.dialect)
	w.add("INSERT INTO ", s.table)
	if len(fields) == 0 {
		w.add(" DEFAULT VALUES")
	} else {
		w.add(" (")
		w.columnList(fields)
		w.add(") VALUES ")
		for i, row := range rows {
			if i > 0 {
				w.add(", ")
			}
			w.valueRow(all, row)
		}
	}
	if len(conflict) > 0 {
		w.add(" ON CONFLICT (")
		w.columnList(conflict)
		w.add(") DO NOTHING")
	}
	w.add(" RETURNING ", quote(t.ID.Column()))
	return w.statement()
}

// columnList writes the fields' columns.
func (w *writer) columnList(fields []*model.Field) {
	for i, f := range fields {
		if i > 0 {
			w.add(", ")
		}
		w.add(quote(f.Column()))
	}
}

// valueRow writes the values of one row of an insert.
func (w *writer) valueRow(fields []*model.Field, row []any) {
	before := "("
	for i, f := range fields {
		if row[i] == (Generated{}) {
			continue
		}
		w.add(before)
		w.newValue(f, row[i])
		before = ", "
	}
	w.add(")")
}

// newValue writes the value that the field's column is to have.
func (w *writer) newValue(f *model.Field, value any) {
	if !isVocabularyWord(f) {
		w.bindColumn(f, value)
		return
	}
	target := f.Relation.Target
	w.add("(SELECT w.", quote(target.ID.Column()), " FROM ", quote(target.Table()), " AS w WHERE w.", quote(target.Word().Column()), " = ")
	w.bindValue(f, value)
	w.add(")")
}

// bindColumn is bindValue, of a whole list where the field is one in one
// column.
func (w *writer) bindColumn(f *model.Field, value any) {
	if list, ok := value.([]any); ok && f.Kind == model.JSONColumn {
		open, closing := w.dialect.list(f)
		w.add(open)
		w.bind(string(f.AppendJSON(nil, list)))
		w.add(closing)
		return
	}
	w.bindValue(f, value)
}

// Find is the statement that finds the record whose fields have the values, as
// one row with its id, and holds it for the transaction.
func (b *Builder) Find(t *model.Type, fields []*model.Field, values []any) Statement {
	w := newWriter(b.dialect)
	w.add("SELECT r.", quote(t.ID.Column()), " FROM ", quote(t.Table()), " AS r WHERE ")
	for i, f := range fields {
		if i > 0 {
			w.add(" AND ")
		}
		w.add(column(f), " = ")
		w.newValue(f, values[i])
	}
	w.add(w.dialect.forUpdate())
	return w.statement()
}

// AfterExplicitIDs is the statement that keeps the ids that the store assigns
// clear of those that a client chose, which only PostgreSQL needs: ok tells.
func (b *Builder) AfterExplicitIDs(t *model.Type) (st Statement, ok bool) {
	if t.ID.Scalar != model.ID {
		return Statement{}, false
	}
	sql, ok := b.dialect.afterIdentity(t.Table(), t.ID.Column())
	return Statement{SQL: sql}, ok
}

// InColumn reports whether an assignment changes a column of the record's own
// table; the others change the rows of a list.
func (a Assignment) InColumn() bool {
	return a.Field.Kind != model.ValueList && a.Field.Kind != model.ManyToMany
}

// Update is the statement that makes the assignments to the record with the
// id. All of them are to columns, and there is at least one.
func (b *Builder) Update(t *model.Type, id any, assignments []Assignment) (Statement, error) {
	w := newWriter(b.dialect)
	if err := w.update(t, assignments); err != nil {
		return Statement{}, err
	}
	w.add(" WHERE ")
	w.hasID(t, id)
	return w.statement(), nil
}

// UpdateWhere is Update for every record that q selects, as one row with the
// id for each.
func (b *Builder) UpdateWhere(q query.Read, assignments []Assignment) (Statement, error) {
	w := newWriter(b.dialect)
	if err := w.update(q.Type, assignments); err != nil {
		return Statement{}, err
	}
	if err := w.held(q); err != nil {
		return Statement{}, err
	}
	w.add(" RETURNING ", quote(q.Type.ID.Column()))
	return w.statement(), nil
}

func (w *writer) update(t *model.Type, assignments []Assignment) error {
	w.add("UPDATE ", quote(t.Table()), " AS r SET ")
	for i, a := range assignments {
		if i > 0 {
			w.add(", ")
		}
		w.add(quote(a.Field.Column()), " = ")
		if err := w.assign(a); err != nil {
			return err
		}
	}
	return nil
}

// assign writes the new value of a column.
func (w *writer) assign(a Assignment) error {
	open, closing := w.dialect.list(a.Field)
	switch current := w.column(a.Field); {
	case a.Op == Set:
		w.newValue(a.Field, a.Value)
	case isArithmetic(a):
		w.dialect.arithmetic(w, a, current)
	case a.Op == Min && a.Field.Kind == model.Column:
		w.extreme(a, current, " <= ")
	case a.Op == Max && a.Field.Kind == model.Column:
		w.extreme(a, current, " >= ")
	case (a.Op == Append || a.Op == Remove) && a.Field.Kind == model.JSONColumn && len(elements(a)) == 0:
		w.add(column(a.Field))
	case a.Op == Append && a.Field.Kind == model.JSONColumn:
		w.add(open)
		w.dialect.jsonAppend(w, current, elementsJSON(a))
		w.add(closing)
	case a.Op == Remove && a.Field.Kind == model.JSONColumn:
		if open != "" { // which makes null an array of nothing
			open, closing = "CASE WHEN "+current+" IS NOT NULL THEN "+open, closing+" END"
		}
		w.add(open)
		w.dialect.jsonRemove(w, current, elementsJSON(a))
		w.add(closing)
	default:
		return fmt.Errorf("assign to %s: %s does not suit it", a.Field.Name, a.Op)
	}
	return nil
}

// isArithmetic reports whether an assignment computes, with a field that can
// be computed with. Nothing is a duration times a duration.
func isArithmetic(a Assignment) bool {
	if a.Op != Inc && a.Op != Mul || a.Field.Kind != model.Column || a.Field == a.Field.Owner.ID {
		return false
	}
	switch a.Field.Scalar {
	case model.Int, model.Int64, model.Float, model.Decimal:
		return true
	case model.Duration:
		return a.Op == Inc
	default:
		return false
	}
}

// extreme writes the value, or the current one where that stands to it so.
func (w *writer) extreme(a Assignment, current, relation string) {
	w.add("CASE WHEN ", current, relation)
	w.bindAs(a.Field, a.Value)
	w.add(" THEN ", current, " ELSE ")
	w.bindAs(a.Field, a.Value)
	w.add(" END")
}

// elementsJSON is the list of an assignment in the form in which a list in one
// column is stored.
func elementsJSON(a Assignment) string { return string(a.Field.AppendJSON(nil, elements(a))) }

// elements are the elements of a list assignment; null is the empty list.
func elements(a Assignment) []any {
	list, _ := a.Value.([]any)
	if list == nil {
		list = []any{}
	}
	return list
}

// OutOfRange is the statement that looks, among the records that q selects,
// for one in which the arithmetic assignment leaves the range of its field: a
// row says that there is one. It is to run before the update, in the same
// transaction. ok is false where the engine itself refuses such an update.
func (b *Builder) OutOfRange(q query.Read, a Assignment) (st Statement, ok bool, err error) {
	if !isArithmetic(a) {
		return Statement{}, false, nil
	}
	w := newWriter(b.dialect)
	w.add("SELECT 1 FROM ", quote(q.Type.Table()), " AS r")
	if err := w.selected(q); err != nil {
		return Statement{}, false, err
	}
	if q.Filter == nil && !limited(q) {
		w.add(" WHERE NOT (")
	} else {
		w.add(" AND NOT (")
	}
	if !w.dialect.inRange(w, a, column(a.Field)) {
		return Statement{}, false, nil
	}
	w.add(") LIMIT 1")
	return w.statement(), true, nil
}

// DeleteWhere is the statement that deletes every record that q selects, as
// one row with the id for each.
func (b *Builder) DeleteWhere(q query.Read) (Statement, error) {
	w := newWriter(b.dialect)
	w.add("DELETE FROM ", quote(q.Type.Table()), " AS r")
	if err := w.held(q); err != nil {
		return Statement{}, err
	}
	w.add(" RETURNING ", quote(q.Type.ID.Column()))
	return w.statement(), nil
}

// Delete is the statement that deletes the record with the id.
func (b *Builder) Delete(t *model.Type, id any) Statement {
	w := newWriter(b.dialect)
	w.add("DELETE FROM ", quote(t.Table()), " WHERE ", quote(t.ID.Column()), " = ")
	w.bindValue(t.ID, id)
	return w.statement()
}

// IDs is the statement that finds the records that q selects, in the order of
// their ids, as one row with the id for each, and holds them for the
// transaction.
func (b *Builder) IDs(q query.Read) (Statement, error) {
	w := newWriter(b.dialect)
	err := w.ids(q)
	return w.statement(), err
}

func (w *writer) ids(q query.Read) error {
	id := quote(q.Type.ID.Column())
	w.add("SELECT r.", id, " FROM ", quote(q.Type.Table()), " AS r")
	if err := w.selected(q); err != nil {
		return err
	}
	w.add(" ORDER BY r.", id, w.dialect.forUpdate())
	return nil
}

// held writes the WHERE of a statement that changes what it selects. Where
// several may change the same records at a time, it locks them in the order of
// their ids first, so that no two wait for each other.
func (w *writer) held(q query.Read) error {
	if w.dialect.forUpdate() == "" {
		return w.selected(q)
	}
	w.add(" WHERE r.", quote(q.Type.ID.Column()), " IN (")
	err := w.ids(q)
	w.add(")")
	return err
}

func limited(q query.Read) bool { return q.Limit >= 0 || q.Offset > 0 }

// selected writes the WHERE of a change of many records: the filter, and where
// q has a limit or an offset the ids of that part of its order.
func (w *writer) selected(q query.Read) error {
	if !limited(q) {
		return w.where(q.Filter, nil)
	}
	id := quote(q.Type.ID.Column())
	w.add(" WHERE r.", id, " IN (SELECT r.", id, " FROM ", quote(q.Type.Table()), " AS r")
	if err := w.where(q.Filter, nil); err != nil {
		return err
	}
	w.orderBy(q.TotalOrder())
	w.limit(int64(q.Limit), int64(q.Offset))
	w.add(")")
	return nil
}

// ByID is the read of the record with the id alone, for statements that select
// by a filter.
func ByID(t *model.Type, id any) query.Read {
	return query.Read{
		Type: t, Limit: -1,
		Filter: &query.Filter{Op: query.Equal, Field: t.ID, Values: []any{id}},
	}
}

// Missing is the statement that looks for the record with the id that a to-one
// field refers to: no row says that there is none.
func (b *Builder) Missing(target *model.Type, id any) Statement {
	w := newWriter(b.dialect)
	w.add("SELECT 1 FROM ", quote(target.Table()), " AS r WHERE ")
	w.hasID(target, id)
	return w.statement()
}
