package migrate

import (
	"slices"

	"github.com/larderhq/larder/internal/model"
)

// difference is how one layout becomes another: which table and column each
// one was, and the changes, in the order in which they are to be told.
type difference struct {
	from, to *layout
	tables   map[*table]*table   // new → old
	columns  map[*column]*column // new → old
	changes  []Change

	// What old tables and columns are called once everything is renamed; moves
	// read them under these names.
	tableNow  map[*table]string
	columnNow map[*column]string
}

// Compare returns the changes that take the schema from, nil for an empty
// database, to another. Renames are those that @renamed(from:) states. The
// error is a *model.Error for what no migration can do.
func Compare(from, to *model.Schema) ([]Change, error) {
	d, err := compare(from, to)
	if err != nil {
		return nil, err
	}
	return d.changes, nil
}

func compare(from, to *model.Schema) (*difference, error) {
	d := &difference{
		from: layoutOf(from), to: layoutOf(to),
		tables: map[*table]*table{}, columns: map[*column]*column{},
		tableNow: map[*table]string{}, columnNow: map[*column]string{},
	}
	m, err := match(d.from.schema, d.to.schema)
	if err != nil {
		return nil, err
	}
	d.pair(m)
	moves := d.moves(m)
	d.nameOld()
	d.dropIndexes()
	d.rename()
	d.create()
	d.addColumns(moves)
	for _, move := range moves {
		d.changes = append(d.changes, move)
	}
	d.alterColumns()
	d.drop(m, moves)
	d.addIndexes()
	d.describe()
	return d, nil
}

// pair finds the old table and column of each new one.
func (d *difference) pair(m *matching) {
	for _, to := range d.to.tables {
		from := d.oldTable(m, to)
		if from == nil {
			continue
		}
		d.tables[to] = from
		for i, c := range to.columns {
			switch {
			case to.field != nil:
				d.columns[c] = from.columns[i] // owner, position, value or target
			case m.fields[c.field] != nil && sameColumn(m, m.fields[c.field], c.field) && sameComputed(m, m.fields[c.field], c.field):
				d.columns[c] = from.column(m.fields[c.field].Column())
			}
		}
	}
}

// oldTable is what a new table was, or nil.
func (d *difference) oldTable(m *matching, to *table) *table {
	if to.field == nil {
		if old := m.types[to.typ]; old != nil {
			return d.from.byName[old.Table()]
		}
		return nil
	}
	old := m.fields[to.field]
	if old == nil || old.Kind != to.field.Kind {
		return nil
	}
	if old.Kind == model.ManyToMany && (!old.Relation.Owning || m.types[to.field.Relation.Target] != old.Relation.Target) {
		return nil
	}
	return d.from.byName[old.ValueTable()]
}

// sameColumn reports whether two fields keep their values in one column, if
// perhaps of another type.
func sameColumn(m *matching, from, to *model.Field) bool {
	switch to.Kind {
	case model.Column:
		return from.Kind == model.Column
	case model.JSONColumn:
		return from.Kind == model.JSONColumn && from.Scalar == to.Scalar && from.Scale == to.Scale
	case model.ToOne:
		return from.Kind == model.ToOne && m.types[to.Relation.Target] == from.Relation.Target
	case model.ValueList, model.ToMany, model.ManyToMany:
	}
	return false
}

// nameOld settles what every old table and column is called after the renames:
// its new name or, where it goes and something new takes its name, one aside.
func (d *difference) nameOld() {
	stay := map[*table]*table{}
	for to, from := range d.tables {
		stay[from] = to
		d.tableNow[from] = to.name
	}
	newColumn := map[*column]*column{}
	for to, from := range d.columns {
		newColumn[from] = to
	}
	for _, from := range d.from.tables {
		to := stay[from]
		if to == nil {
			d.tableNow[from] = aside(from.name, d.to.byName[from.name] != nil)
		}
		for _, c := range from.columns {
			switch kept := newColumn[c]; {
			case kept != nil:
				d.columnNow[c] = kept.name
			case c.computed != nil:
				d.columnNow[c] = c.name // it goes before any rename
			default:
				d.columnNow[c] = aside(c.name, to != nil && to.column(c.name) != nil)
			}
		}
	}
}

// aside is the name of something old that makes way.
func aside(name string, needed bool) string {
	if !needed {
		return name
	}
	name = "larder_old_" + name
	return name[:min(len(name), 63)]
}

// rename tells the renames: first what makes way for others. Two names never
// change places, because the models refuse @renamed(from:) a name that is
// taken.
func (d *difference) rename() {
	for _, asides := range []bool{true, false} {
		for _, t := range d.from.tables {
			if isAside := !d.survives(t); t.name != d.tableNow[t] && isAside == asides {
				d.changes = append(d.changes, renameTable{t.name, d.tableNow[t], t, isAside})
			}
		}
	}
	for _, t := range d.from.tables {
		for _, asides := range []bool{true, false} {
			for _, c := range t.columns {
				if isAside := d.survives(t) && !d.columnSurvives(c); c.name != d.columnNow[c] && isAside == asides {
					d.changes = append(d.changes, renameColumn{c.name, d.columnNow[c], d.tableNow[t], c, isAside})
				}
			}
		}
	}
}

func (d *difference) survives(old *table) bool {
	for _, from := range d.tables {
		if from == old {
			return true
		}
	}
	return false
}

func (d *difference) columnSurvives(old *column) bool {
	for _, from := range d.columns {
		if from == old {
			return true
		}
	}
	return false
}

func (d *difference) create() {
	for _, t := range d.to.tables {
		if d.tables[t] == nil {
			d.changes = append(d.changes, createTable{t})
		}
	}
}

// addColumns adds the columns that a table did not have.
func (d *difference) addColumns(moves []moveValues) {
	for _, t := range d.to.tables {
		if d.tables[t] == nil {
			continue
		}
		for _, c := range t.columns {
			if d.columns[c] == nil {
				filled := slices.ContainsFunc(moves, func(m moveValues) bool { return sink(m.to) == c.field })
				d.changes = append(d.changes, addColumn{c, filled})
			}
		}
	}
}

// alterColumns tells what becomes of the columns that stay.
func (d *difference) alterColumns() {
	for _, t := range d.to.tables {
		for _, to := range t.columns {
			from := d.columns[to]
			if from == nil {
				continue
			}
			if changesType(from, to) {
				d.changes = append(d.changes, changeType{from, to})
			}
			if d.changesCheck(from, to) {
				d.changes = append(d.changes, changeCheck{from, to})
			}
			if changesDefault(from, to) {
				d.changes = append(d.changes, changeDefault{from, to})
			}
			if from.required != to.required {
				d.changes = append(d.changes, changeRequired{from, to})
			}
			if d.changesReference(from, to) {
				d.changes = append(d.changes, changeReference{from, to, d.sameTarget(from, to)})
			}
		}
	}
}

func changesType(from, to *column) bool {
	return from.scalar != to.scalar || from.precision != to.precision || from.scale != to.scale
}

// changesCheck compares the conditions as both engines write them, of the old
// column under its new name.
func (d *difference) changesCheck(from, to *column) bool {
	if to.computed != nil { // what is paired is computed alike
		return checkName(from) != checkName(to)
	}
	for _, e := range dialects() {
		if old := e.check(renamed(from, to)); old != e.check(to) || (old != "" && checkName(from) != checkName(to)) {
			return true
		}
	}
	return false
}

// renamed is the old column under the new one's name.
func renamed(from, to *column) *column {
	copied := *from
	copied.name = to.name
	return &copied
}

func changesDefault(from, to *column) bool {
	if from.defaultValue == nil || to.defaultValue == nil {
		return from.defaultValue != to.defaultValue
	}
	return from.defaultValue.Text != to.defaultValue.Text
}

// changesReference compares foreign keys, of which the target's new name is
// no change but the constraint's own is.
func (d *difference) changesReference(from, to *column) bool {
	if from.reference == nil || to.reference == nil {
		return from.reference != to.reference
	}
	return from.reference.name != to.reference.name || from.reference.onDelete != to.reference.onDelete || !d.sameTarget(from, to)
}

// sameTarget reports whether two foreign keys refer to one table.
func (d *difference) sameTarget(from, to *column) bool {
	return from.reference != nil && to.reference != nil && d.tableNow[d.from.byName[from.reference.table]] == to.reference.table
}

// drop tells what goes: columns first, since they may refer to tables that go,
// then list and join tables, then the tables that they refer to.
func (d *difference) drop(m *matching, moves []moveValues) {
	moved := func(f *model.Field) bool {
		return f != nil && slices.ContainsFunc(moves, func(m moveValues) bool { return m.from == f || sink(m.from) == f })
	}
	for _, t := range d.from.tables {
		if !d.survives(t) {
			continue
		}
		for _, c := range t.columns {
			if !d.columnSurvives(c) {
				d.changes = append(d.changes, dropColumn{c, d.columnNow[c], d.tableNow[t], moved(c.field), d.keepsNothing(m, c)})
			}
		}
	}
	for _, lists := range []bool{true, false} {
		for _, t := range d.from.tables {
			if !d.survives(t) && (t.field != nil) == lists {
				d.changes = append(d.changes, dropTable{t, d.tableNow[t], moved(t.field)})
			}
		}
	}
}

// keepsNothing reports whether a column that goes was computed, and its field
// is not to keep values of its own from now on.
func (d *difference) keepsNothing(m *matching, old *column) bool {
	if old.computed == nil {
		return false
	}
	for to, from := range m.fields {
		if from == old.field && to.Computed == nil {
			return false
		}
	}
	return true
}

// indexPairs finds the old index of each new one: the same columns, as unique.
func (d *difference) indexPairs() map[*index]*index {
	pairs := map[*index]*index{}
	taken := map[*index]bool{}
	for _, t := range d.to.tables {
		from := d.tables[t]
		if from == nil {
			continue
		}
		for _, x := range t.indexes {
			for _, old := range from.indexes {
				if !taken[old] && old.unique == x.unique && d.sameColumns(from, old, x) {
					pairs[x], taken[old] = old, true
					break
				}
			}
		}
	}
	return pairs
}

func (d *difference) sameColumns(from *table, old, x *index) bool {
	now := make([]string, len(old.columns))
	for i, name := range old.columns {
		c := from.column(name)
		if !d.columnSurvives(c) {
			return false
		}
		now[i] = d.columnNow[c]
	}
	return slices.Equal(now, x.columns)
}

// dropIndexes drops the indexes that go, also those of a table that is put
// aside, whose names are wanted.
func (d *difference) dropIndexes() {
	kept := map[*index]bool{}
	for _, old := range d.indexPairs() {
		kept[old] = true
	}
	for _, t := range d.from.tables {
		if !d.survives(t) && d.tableNow[t] == t.name {
			continue // they go with their table
		}
		for _, x := range t.indexes {
			if !kept[x] {
				d.changes = append(d.changes, dropIndex{x})
			}
		}
	}
}

// addIndexes adds the indexes that are new and gives the others their names.
func (d *difference) addIndexes() {
	pairs := d.indexPairs()
	for _, t := range d.to.tables {
		for _, x := range t.indexes {
			switch old := pairs[x]; {
			case old == nil:
				d.changes = append(d.changes, addIndex{x, d.tables[t] == nil})
			case old.name != x.name:
				d.changes = append(d.changes, renameIndex{old, x})
			}
		}
	}
}

// describe tells descriptions that changed on what stays.
func (d *difference) describe() {
	for _, t := range d.to.tables {
		from := d.tables[t]
		if from == nil {
			continue
		}
		if from.description != t.description {
			d.changes = append(d.changes, changeDescription{table: t})
		}
		for _, c := range t.columns {
			old := d.columns[c]
			if (old == nil && c.description != "") || (old != nil && old.description != c.description) {
				d.changes = append(d.changes, changeDescription{t, c})
			}
		}
	}
}
