package migrate

import "fmt"

// steps uses ALTERs throughout.
func (p postgres) steps(d *difference) []step {
	var all []step
	for _, c := range d.changes {
		out := &steps{title: c.String()}
		p.change(out, d, c)
		all = append(all, out.all...)
	}
	return inOrder(all)
}

func (p postgres) change(out *steps, d *difference, c Change) {
	switch c := c.(type) {
	case createTable:
		out.add(create, p.createTable(c.table)...)
		out.add(constrain, p.afterTables(c.table)...)
	case dropTable:
		p.dropTable(out, d, c)
	case renameTable:
		out.add(rename,
			fmt.Sprintf("ALTER TABLE %s RENAME TO %s", quote(c.from), quote(c.to)),
			renameConstraint(c.to, keyName(c.from), keyName(c.to)))
	case addColumn:
		p.addColumn(out, c)
	case dropColumn:
		if c.column.computed != nil {
			out.add(release, dropComputed(c.column, false)...)
			return
		}
		p.freeNames(out, c)
		out.add(drop, fmt.Sprintf("ALTER TABLE %s DROP COLUMN %s", quote(c.table), quote(c.name)))
	case renameColumn:
		out.add(rename, renameColumnText(c))
	case changeType:
		p.changeType(out, c)
	case changeRequired:
		out.add(alter, setRequired(c.to))
	case changeDefault:
		if !changesType(c.from, c.to) {
			out.add(alter, p.setDefault(c.to))
		}
	case changeCheck:
		p.changeCheck(out, c)
	case changeReference:
		p.changeReference(out, c)
	case addIndex:
		out.add(c.phase(), p.createIndex(c.index))
	case dropIndex:
		out.add(release, p.dropIndex(c.index))
	case renameIndex:
		p.renameIndex(out, c)
	case moveValues:
		out.add(move, mover{p, d}.statements(c)...)
	case changeDescription:
		if c.column == nil {
			out.add(describe, commentOnTable(c.table))
		} else {
			out.add(describe, commentOn(c.column))
		}
	}
}

// dropTable drops the foreign keys between tables that go together, so that
// their order does not matter.
func (p postgres) dropTable(out *steps, d *difference, c dropTable) {
	for _, column := range c.table.columns {
		if r := column.reference; r != nil && !d.survives(d.from.byName[r.table]) {
			out.add(release, dropConstraint(c.table.name, r.name))
		}
	}
	out.add(drop, "DROP TABLE "+quote(c.name))
}

// freeNames drops the constraints of a column that is put aside, whose names
// its successor takes.
func (p postgres) freeNames(out *steps, c dropColumn) {
	if c.name == c.column.name {
		return
	}
	if p.check(c.column) != "" {
		out.add(release, dropConstraint(c.column.table, checkName(c.column)))
	}
	if c.column.reference != nil {
		out.add(release, dropConstraint(c.column.table, c.column.reference.name))
	}
}

func (p postgres) addColumn(out *steps, c addColumn) {
	if c.column.computed != nil {
		out.add(constrain, addColumnText(c.column.table, p.columnDefinition(c.column)))
		return
	}
	late := c.column.required && c.filled
	definition := *c.column
	definition.required = definition.required && !late
	out.add(add, addColumnText(c.column.table, p.columnDefinition(&definition)))
	if late {
		out.add(alter, setRequired(c.column))
	}
	if c.column.reference != nil {
		out.add(constrain, addForeignKey(c.column))
	}
}

// changeType converts the values; a default of the old type would not follow.
func (p postgres) changeType(out *steps, c changeType) {
	name := quote(c.to.name)
	value := p.convert(name, c.from, c.to)
	if p.columnType(c.from) == p.columnType(c.to) && value == name {
		return
	}
	column := fmt.Sprintf("ALTER TABLE %s ALTER COLUMN %s", quote(c.to.table), name)
	if c.from.defaultValue != nil {
		out.add(alter, column+" DROP DEFAULT")
	}
	change := fmt.Sprintf("%s TYPE %s", column, p.storageType(c.to))
	if value != name {
		change += " USING " + value
	}
	out.add(alter, change)
	if c.to.defaultValue != nil {
		out.add(alter, p.setDefault(c.to))
	}
}

func (p postgres) setDefault(c *column) string {
	value := defaultText(p, c)
	if value == "" {
		return fmt.Sprintf("ALTER TABLE %s ALTER COLUMN %s DROP DEFAULT", quote(c.table), quote(c.name))
	}
	return fmt.Sprintf("ALTER TABLE %s ALTER COLUMN %s SET DEFAULT %s", quote(c.table), quote(c.name), value)
}

func (p postgres) changeCheck(out *steps, c changeCheck) {
	old, condition := p.check(renamed(c.from, c.to)), p.check(c.to)
	switch {
	case old == condition && old != "" && checkName(c.from) != checkName(c.to):
		out.add(alter, renameConstraint(c.to.table, checkName(c.from), checkName(c.to)))
		return
	case old == condition:
		return
	}
	if old != "" {
		out.add(release, dropConstraint(c.from.table, checkName(c.from)))
	}
	if condition != "" {
		out.add(alter, addCheck(c.to, condition))
	}
}

// changeReference renames a foreign key where only its name is another.
func (p postgres) changeReference(out *steps, c changeReference) {
	from, to := c.from.reference, c.to.reference
	if c.onlyName() {
		out.add(alter, renameConstraint(c.to.table, from.name, to.name))
		return
	}
	if from != nil {
		out.add(release, dropConstraint(c.from.table, from.name))
	}
	if to != nil {
		out.add(constrain, addForeignKey(c.to))
	}
}

func (postgres) dropIndex(x *index) string {
	if x.unique {
		return dropConstraint(x.table, x.name)
	}
	return "DROP INDEX " + quote(x.name)
}

func (postgres) renameIndex(out *steps, c renameIndex) {
	if c.to.unique {
		out.add(alter, renameConstraint(c.to.table, c.from.name, c.to.name))
		return
	}
	out.add(alter, fmt.Sprintf("ALTER INDEX %s RENAME TO %s", quote(c.from.name), quote(c.to.name)))
}

func renameConstraint(table, from, to string) string {
	return fmt.Sprintf("ALTER TABLE %s RENAME CONSTRAINT %s TO %s", quote(table), quote(from), quote(to))
}

func commentOnTable(t *table) string {
	description := "NULL"
	if t.description != "" {
		description = text(t.description)
	}
	return fmt.Sprintf("COMMENT ON TABLE %s IS %s", quote(t.name), description)
}
