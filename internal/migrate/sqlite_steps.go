package migrate

import (
	"fmt"
	"strings"
)

// Lines that the runner reads in SQLite files; see docs/migrations.md.
const (
	// foreignKeysOff stands at the head of a file that drops or rebuilds
	// tables: dropping one under foreign keys would delete what refers to it.
	foreignKeysOff = "-- larder:foreign-keys off"
	// rebuildMark stands above the first statement of a rebuild, before the
	// table's name.
	rebuildMark = "-- larder:rebuild "
)

// rebuilt is the name of a table while it is rebuilt.
func rebuilt(table string) string { return "larder_new_" + table }

// steps uses SQLite's ALTERs where they do the job and rebuilds a table where
// they do not, once for all of its changes.
func (s sqlite) steps(d *difference) []step {
	rebuilds := s.rebuilds(d)
	var all []step
	for _, c := range d.changes {
		out := &steps{title: c.String()}
		if t := absorbed(c, rebuilds); t == "" {
			s.change(out, d, c, rebuilds)
		}
		all = append(all, out.all...)
	}
	for _, t := range d.to.tables {
		if changes := rebuilds[t.name]; changes != nil {
			all = append(all, s.rebuild(d, t, changes)...)
		}
	}
	return inOrder(all)
}

// rebuilds are the tables to rebuild, by their new names, and what changes in
// each of them.
func (s sqlite) rebuilds(d *difference) map[string][]Change {
	rebuilds := map[string][]Change{}
	for _, t := range d.to.tables {
		for _, to := range t.columns {
			if from := d.columns[to]; from != nil && s.needsRebuild(d, from, to) {
				rebuilds[t.name] = []Change{}
			}
		}
	}
	for _, c := range d.changes {
		if t := absorbed(c, rebuilds); t != "" {
			rebuilds[t] = append(rebuilds[t], c)
		}
	}
	return rebuilds
}

// needsRebuild reports what SQLite has no ALTER for: another storage type,
// default or foreign key.
func (s sqlite) needsRebuild(d *difference, from, to *column) bool {
	if s.columnType(from) != s.columnType(to) || s.defaultValue(from) != s.defaultValue(to) {
		return true
	}
	if from.reference == nil || to.reference == nil {
		return from.reference != to.reference
	}
	return from.reference.onDelete != to.reference.onDelete || !d.sameTarget(from, to)
}

// absorbed is the table whose rebuild makes the change, or "".
func absorbed(c Change, rebuilds map[string][]Change) string {
	table := ""
	switch c := c.(type) {
	case addColumn:
		if !c.filled {
			table = c.column.table
		}
	case dropColumn:
		table = c.table
	case changeType:
		table = c.to.table
	case changeRequired:
		table = c.to.table
	case changeDefault:
		table = c.to.table
	case changeCheck:
		table = c.to.table
	case changeReference:
		table = c.to.table
	case createTable, dropTable, renameTable, renameColumn, addIndex, dropIndex, renameIndex, moveValues, changeDescription:
	}
	if rebuilds[table] == nil {
		return ""
	}
	return table
}

// change writes a change that needs no rebuild.
func (s sqlite) change(out *steps, d *difference, c Change, rebuilds map[string][]Change) {
	switch c := c.(type) {
	case createTable:
		out.add(create, s.createTable(c.table)...)
	case dropTable:
		out.add(drop, "DROP TABLE "+quote(c.name))
	case renameTable:
		out.add(rename, fmt.Sprintf("ALTER TABLE %s RENAME TO %s", quote(c.from), quote(c.to)))
	case addColumn:
		s.addColumn(out, c)
	case dropColumn:
		if c.column.computed != nil {
			out.add(release, dropComputed(c.column, s.check(c.column) != "")...)
			return
		}
		if s.check(c.column) != "" {
			out.add(release, dropConstraint(c.column.table, checkName(c.column)))
		}
		out.add(drop, fmt.Sprintf("ALTER TABLE %s DROP COLUMN %s", quote(c.table), quote(c.name)))
	case renameColumn:
		out.add(rename, renameColumnText(c))
	case changeType:
		s.changeType(out, c)
	case changeRequired:
		out.add(alter, setRequired(c.to))
	case changeCheck:
		s.changeCheck(out, c)
	case addIndex:
		out.add(c.phase(), s.createIndex(c.index))
	case dropIndex:
		out.add(release, "DROP INDEX "+quote(c.index.name))
	case renameIndex:
		out.add(release, "DROP INDEX "+quote(c.from.name))
		if rebuilds[c.to.table] == nil {
			out.add(constrain, s.createIndex(c.to))
		}
	case moveValues:
		out.add(move, mover{s, d}.statements(c)...)
	case changeDefault, changeReference:
		// A rebuild makes them; what is left is a foreign key's name and a
		// default that is written another way, neither of which SQLite has.
	case changeDescription:
		// SQLite has no comments on tables; the file tells the change.
	}
}

func (s sqlite) addColumn(out *steps, c addColumn) {
	if c.column.computed != nil {
		out.add(constrain, addColumnText(c.column.table, s.columnDefinition(c.column)))
		return
	}
	late := c.column.required && (c.filled || c.column.defaultValue == nil)
	definition := *c.column
	definition.required = definition.required && !late
	out.add(add, addColumnText(c.column.table, s.columnDefinition(&definition)))
	if late {
		out.add(alter, setRequired(c.column))
	}
}

// changeType converts values that keep their storage type.
func (s sqlite) changeType(out *steps, c changeType) {
	name := quote(c.to.name)
	value := s.convert(name, c.from, c.to)
	if value != name {
		out.add(alter, fmt.Sprintf("UPDATE %s SET %s = %s WHERE %s IS NOT NULL", quote(c.to.table), name, value, name))
	}
}

func (s sqlite) changeCheck(out *steps, c changeCheck) {
	old, condition := s.check(renamed(c.from, c.to)), s.check(c.to)
	if old == condition && (old == "" || checkName(c.from) == checkName(c.to)) {
		return
	}
	if old != "" {
		out.add(release, dropConstraint(c.from.table, checkName(c.from)))
	}
	if condition != "" {
		out.add(alter, addCheck(c.to, condition))
	}
}

func addColumnText(table, definition string) string {
	return fmt.Sprintf("ALTER TABLE %s ADD COLUMN %s", quote(table), definition)
}

func renameColumnText(c renameColumn) string {
	return fmt.Sprintf("ALTER TABLE %s RENAME COLUMN %s TO %s", quote(c.table), quote(c.from), quote(c.to))
}

func setRequired(c *column) string {
	verb := "DROP"
	if c.required {
		verb = "SET"
	}
	return fmt.Sprintf("ALTER TABLE %s ALTER COLUMN %s %s NOT NULL", quote(c.table), quote(c.name), verb)
}

func dropConstraint(table, name string) string {
	return fmt.Sprintf("ALTER TABLE %s DROP CONSTRAINT %s", quote(table), quote(name))
}

func addCheck(c *column, condition string) string {
	return fmt.Sprintf("ALTER TABLE %s ADD CONSTRAINT %s CHECK (%s)", quote(c.table), quote(checkName(c)), condition)
}

// rebuild makes the new table, copies the rows, and puts it in the old one's
// place. Rows that refer to it keep referring to its name; the counter of its
// ids goes on where it was; triggers and indexes that others made are put back
// by the runner.
func (s sqlite) rebuild(d *difference, t *table, changes []Change) []step {
	out := &steps{title: fmt.Sprintf("Rebuild table %s, for what SQLite cannot alter in place:", t.name)}
	for _, c := range changes {
		if follows(c) {
			continue
		}
		out.title += "\n  " + c.String()
	}
	now, old := quote(rebuilt(t.name)), quote(t.name)
	out.add(alter, rebuildMark+t.name+s.dropped(d, t)+"\n"+s.tableDefinition(t, rebuilt(t.name)), s.copyRows(d, t))
	if t.columns[0].identity {
		out.add(alter,
			fmt.Sprintf("DELETE FROM sqlite_sequence WHERE name = %s", text(rebuilt(t.name))),
			fmt.Sprintf("INSERT INTO sqlite_sequence (name, seq) SELECT %s, seq FROM sqlite_sequence WHERE name = %s", text(rebuilt(t.name)), text(t.name)))
	}
	out.add(alter,
		"DROP TABLE "+old,
		"-- Legacy: triggers and views that name the table are left as they are.\nPRAGMA legacy_alter_table = ON",
		fmt.Sprintf("ALTER TABLE %s RENAME TO %s", now, old),
		"PRAGMA legacy_alter_table = OFF")
	kept := d.indexPairs()
	for _, x := range t.indexes {
		if kept[x] != nil {
			out.add(alter, s.createIndex(x))
		}
	}
	return out.all
}

// follows reports whether a change says nothing that another does not.
func follows(c Change) bool {
	switch c := c.(type) {
	case changeCheck:
		return c.onlyName()
	case changeReference:
		return c.onlyName()
	}
	return false
}

// dropped names the columns and checks that a rebuild means to leave out; the
// runner refuses to lose any other.
func (s sqlite) dropped(d *difference, t *table) string {
	kept, names := map[string]bool{}, []string{}
	for _, c := range t.columns {
		kept[checkName(c)] = s.check(c) != ""
	}
	for _, c := range d.tables[t].columns {
		if !d.columnSurvives(c) {
			names = append(names, d.columnNow[c])
		}
		if s.check(c) != "" && !kept[checkName(c)] {
			names = append(names, checkName(c))
		}
	}
	if len(names) == 0 {
		return ""
	}
	return ", dropping " + strings.Join(names, " ")
}

// copyRows copies what the new table keeps of the old one; other columns get
// their defaults.
func (s sqlite) copyRows(d *difference, t *table) string {
	var names, values []string
	for _, c := range t.columns {
		name := quote(c.name)
		switch from := d.columns[c]; {
		case c.computed != nil:
		case from != nil:
			names, values = append(names, name), append(values, s.convert(name, from, c))
		case filledByMove(d, c):
			names, values = append(names, name), append(values, name)
		}
	}
	return fmt.Sprintf("INSERT INTO %s (%s)\nSELECT %s\nFROM %s",
		quote(rebuilt(t.name)), strings.Join(names, ", "), strings.Join(values, ", "), quote(t.name))
}

// filledByMove reports whether the column was added beforehand, to be filled.
func filledByMove(d *difference, c *column) bool {
	for _, change := range d.changes {
		if added, ok := change.(addColumn); ok && added.column == c {
			return added.filled
		}
	}
	return false
}
