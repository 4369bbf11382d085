package statement

import (
	"github.com/larderhq/larder/internal/model"
)

// ListRow is what one record's list is to hold.
type ListRow struct {
	Owner    any   // the record's id
	Elements []any // canonical
}

// WriteList is the statement that writes the elements of a list field for
// records that have none yet. A vocabulary's words are there already, see
// [Builder.AddWords].
func (b *Builder) WriteList(f *model.Field, rows []ListRow) Statement {
	size := 0
	for _, row := range rows {
		size += len(row.Elements)
	}
	if size > 0 && size <= shortList {
		return b.writeShortList(f, rows)
	}
	s := storedAs(f)
	tuples := make([]any, 0, size)
	for _, row := range rows {
		for position, element := range row.Elements {
			tuples = append(tuples, []any{row.Owner, int64(position), b.dialect.element(s, element)})
		}
	}
	w := newWriter(b.dialect)
	w.insertList(f)
	owner := w.dialect.fromElement(storedAs(f.Owner.ID), w.dialect.member("e", 0))
	position := w.dialect.fromElement(stored{scalar: model.Int64}, w.dialect.member("e", 1))
	w.add("SELECT ", owner, ", ", position, ", ", w.listValue(f, w.dialect.member("e", 2)), " FROM ")
	w.dialect.members(w, jsonText(tuples), "e")
	return w.statement()
}

// shortList is how many elements are bound one by one, of which the engine has
// half the work of a JSON array that it must take apart. There are as many
// different statements for a list.
const shortList = 8

func (b *Builder) writeShortList(f *model.Field, rows []ListRow) Statement {
	w := newWriter(b.dialect)
	w.insertList(f)
	w.add("VALUES ")
	separator := "("
	for _, row := range rows {
		for position, element := range row.Elements {
			w.add(separator)
			w.bindValue(f.Owner.ID, row.Owner)
			w.add(", ")
			w.bind(int64(position))
			w.add(", ")
			w.newElement(f, element)
			separator = "), ("
		}
	}
	w.add(")")
	return w.statement()
}

// newElement writes an element as the list's table holds it.
func (w *writer) newElement(f *model.Field, element any) {
	if f.Kind != model.ManyToMany {
		w.bindValue(f, element)
		return
	}
	w.add("(SELECT w.", quote(f.Relation.Target.ID.Column()), " FROM ", quote(f.Relation.Target.Table()), " AS w WHERE w.", quote(referenced(f).Column()), " = ")
	w.bindAs(f, element)
	w.add(")")
}

// insertList begins an insert into the list's table.
func (w *writer) insertList(f *model.Field) {
	w.add("INSERT INTO ", quote(f.ValueTable()), " (", quote(f.OwnerColumn()), ", ", quote("position"), ", ", quote(listColumn(f)), ") ")
}

// listColumn is the column of the list's table that holds an element.
func listColumn(f *model.Field) string {
	if f.Kind == model.ManyToMany {
		return f.TargetColumn()
	}
	return "value"
}

// listValue is an element out of a JSON array as the list's table holds it:
// of a vocabulary's word its id.
func (w *writer) listValue(f *model.Field, expression string) string {
	value := w.dialect.fromElement(storedAs(f), expression)
	if f.Kind != model.ManyToMany {
		return value
	}
	target := f.Relation.Target
	return "(SELECT w." + quote(target.ID.Column()) + " FROM " + quote(target.Table()) + " AS w WHERE w." +
		quote(referenced(f).Column()) + " = " + value + ")"
}

// ClearList is the statement that removes all elements of a list field of the
// records with the ids.
func (b *Builder) ClearList(f *model.Field, owners []any) Statement {
	w := newWriter(b.dialect)
	w.add("DELETE FROM ", quote(f.ValueTable()), " WHERE ")
	w.ownedBy(f, owners)
	return w.statement()
}

// ownedBy writes the condition that a row of the list's table belongs to one
// of the records.
func (w *writer) ownedBy(f *model.Field, owners []any) {
	w.add(quote(f.OwnerColumn()), " IN (SELECT ", w.dialect.fromElement(storedAs(f.Owner.ID), w.dialect.memberOf("e")), " FROM ")
	w.dialect.members(w, jsonText(owners), "e")
	w.add(")")
}

// AppendToList is the statement that puts the elements behind the last one of
// a list field, in each of the records with the ids.
func (b *Builder) AppendToList(a Assignment, owners []any) Statement {
	f := a.Field
	w := newWriter(b.dialect)
	owner := w.dialect.fromElement(storedAs(f.Owner.ID), w.dialect.memberOf("o"))
	w.insertList(f)
	w.add("SELECT ", owner, ", (SELECT coalesce(max(v.", quote("position"), ") + 1, 0) FROM ", quote(f.ValueTable()),
		" AS v WHERE v.", quote(f.OwnerColumn()), " = ", owner, ") + e.key, ", w.listValue(f, w.dialect.memberOf("e")), " FROM ")
	w.dialect.members(w, jsonText(owners), "o")
	w.add(" CROSS JOIN ")
	w.dialect.members(w, b.elementsArgument(a), "e")
	return w.statement()
}

// elementsArgument is a list assignment's elements as the argument of members.
func (b *Builder) elementsArgument(a Assignment) string {
	s := storedAs(a.Field)
	list := elements(a)
	encoded := make([]any, len(list))
	for i, element := range list {
		encoded[i] = b.dialect.element(s, element)
	}
	return jsonText(encoded)
}

// RemoveFromList are the statements, to run one after the other, that remove
// every occurrence of the elements from a list field of the records with the
// ids and close the gaps. In the second step all positions move out of the
// way, so that none is taken twice while they move back.
func (b *Builder) RemoveFromList(a Assignment, owners []any) []Statement {
	f := a.Field
	remove := newWriter(b.dialect)
	remove.add("DELETE FROM ", quote(f.ValueTable()), " WHERE ")
	remove.ownedBy(f, owners)
	remove.add(" AND ", quote(listColumn(f)), " IN (SELECT ", remove.listValue(f, b.dialect.memberOf("e")), " FROM ")
	b.dialect.members(remove, b.elementsArgument(a), "e")
	remove.add(")")

	position := quote("position")
	away := newWriter(b.dialect)
	away.add("UPDATE ", quote(f.ValueTable()), " SET ", position, " = ", position, " + 1000000000 WHERE ")
	away.ownedBy(f, owners)

	back := newWriter(b.dialect)
	back.add("UPDATE ", quote(f.ValueTable()), " AS v SET ", position, " = (SELECT count(*) FROM ", quote(f.ValueTable()),
		" AS b WHERE b.", quote(f.OwnerColumn()), " = v.", quote(f.OwnerColumn()), " AND b.", position, " < v.", position, ") WHERE ")
	back.ownedBy(f, owners)
	return []Statement{remove.statement(), away.statement(), back.statement()}
}

// Link is the statement that puts each of the targets, new records that a
// ManyToMany field is to list, behind what the owner at the same index lists.
func (b *Builder) Link(f *model.Field, owners, targets []any) Statement {
	lists, list := owners, f.OwnerColumn() // the records whose list has an order, and their column
	if !f.Relation.Owning {
		lists, list = targets, f.TargetColumn()
	}
	next := map[any]int64{}
	tuples := make([]any, len(owners))
	for i := range owners {
		tuples[i] = []any{owners[i], targets[i], lists[i], next[lists[i]]}
		next[lists[i]]++
	}
	w := newWriter(b.dialect)
	id := func(t *model.Type, i int) string {
		return w.dialect.fromElement(storedAs(t.ID), w.dialect.member("e", i))
	}
	listType := f.Owner
	if !f.Relation.Owning {
		listType = f.Relation.Target
	}
	w.insertList(f)
	w.add("SELECT ", id(f.Owner, 0), ", (SELECT coalesce(max(v.", quote("position"), ") + 1, 0) FROM ", quote(f.ValueTable()),
		" AS v WHERE v.", quote(list), " = ", id(listType, 2), ") + ", w.dialect.fromElement(stored{scalar: model.Int64}, w.dialect.member("e", 3)),
		", ", id(f.Relation.Target, 1), " FROM ")
	w.dialect.members(w, jsonText(tuples), "e")
	return w.statement()
}

// NextPlace is the statement that finds the place behind the records that a
// ToMany field lists in the record with the id, by their field position.
func (b *Builder) NextPlace(f, position *model.Field, id any) Statement {
	w := newWriter(b.dialect)
	w.add("SELECT coalesce(max(r.", quote(position.Column()), ") + 1, 0) FROM ", quote(f.Relation.Target.Table()), " AS r WHERE r.", quote(f.Relation.Inverse.Column()), " = ")
	w.bind(id)
	return w.statement()
}

// AddWords is the statement that adds to a vocabulary those of the words that
// it does not have. newID makes the id of a word where the store assigns none.
func (b *Builder) AddWords(vocabulary *model.Type, words []any, newID func() (any, error)) (Statement, error) {
	word := vocabulary.Word()
	s := storedAs(word)
	tuples := make([]any, len(words))
	for i, value := range words {
		tuple := []any{b.dialect.element(s, value)}
		if vocabulary.ID.Scalar == model.UUID {
			id, err := newID()
			if err != nil {
				return Statement{}, err
			}
			tuple = append(tuple, id)
		}
		tuples[i] = tuple
	}
	w := newWriter(b.dialect)
	w.add("INSERT INTO ", quote(vocabulary.Table()), " (", quote(word.Column()))
	if vocabulary.ID.Scalar == model.UUID {
		w.add(", ", quote(vocabulary.ID.Column()))
	}
	w.add(") SELECT ", w.dialect.fromElement(s, w.dialect.member("e", 0)))
	if vocabulary.ID.Scalar == model.UUID {
		w.add(", ", w.dialect.fromElement(storedAs(vocabulary.ID), w.dialect.member("e", 1)))
	}
	w.add(" FROM ")
	w.dialect.members(w, jsonText(tuples), "e")
	w.add(" WHERE TRUE ON CONFLICT (", quote(word.Column()), ") DO NOTHING")
	return w.statement(), nil
}
