package migrate

import (
	"fmt"
	"strings"

	"github.com/larderhq/larder/internal/model"
)

// moves are the fields whose values go to another place. Every field is a set
// of (owner, position, value) wherever it is kept, so that a move is one query
// over the old place and one statement that fills the new.
func (d *difference) moves(m *matching) []moveValues {
	var moves []moveValues
	filled := map[*model.Field]bool{}
	for _, t := range d.to.schema.Types {
		if m.types[t] == nil {
			continue
		}
		for _, f := range t.Fields {
			old := m.fields[f]
			if old == nil || old.Computed != nil || f.Computed != nil || d.stays(m, old, f) || !movable(m, old, f) || filled[sink(f)] {
				continue
			}
			filled[sink(f)] = true
			moves = append(moves, moveValues{old, f})
		}
	}
	return moves
}

// stays reports whether a field is where it was.
func (d *difference) stays(m *matching, from, to *model.Field) bool {
	from, to = sink(from), sink(to)
	if from.Kind != to.Kind {
		return false
	}
	switch to.Kind {
	case model.Column, model.JSONColumn, model.ToOne:
		return m.fields[to] == from && sameColumn(m, from, to)
	case model.ValueList, model.ManyToMany:
		return d.tables[d.to.byName[to.ValueTable()]] == d.from.byName[from.ValueTable()]
	case model.ToMany:
	}
	return false
}

// sink is the field whose column or table holds a field's values: its own or,
// of the far end of a relation, the inverse.
func sink(f *model.Field) *model.Field {
	if f.Relation == nil || f.Relation.Inverse == nil {
		return f
	}
	if f.Kind == model.ToMany || (f.Kind == model.ManyToMany && !f.Relation.Owning) {
		return f.Relation.Inverse
	}
	return f
}

// movable reports whether the values of one field mean something in another:
// scalars in scalars, words of a vocabulary in scalars and back, and records
// of a type in another relation to it.
func movable(m *matching, from, to *model.Field) bool {
	switch {
	case from.Relation == nil && to.Relation == nil:
		return true
	case from.Relation == nil:
		return to.Relation.Target.Vocabulary
	case to.Relation == nil:
		return from.Relation.Target.Vocabulary
	}
	return m.types[to.Relation.Target] == from.Relation.Target
}

// mover writes a move for one dialect.
type mover struct {
	dialect
	*difference
}

// statements fills the new place of a field from its old one.
func (w mover) statements(move moveValues) []string {
	var statements []string
	source, value := w.source(move.from), `"value"`
	element, wanted := readElement(move.from), writtenElement(move.to)
	switch {
	case move.from.Relation == nil && move.to.Relation != nil:
		word := fieldColumn(move.to.Relation.Target.Word())
		vocabulary := move.to.Relation.Target.Table()
		value = w.convert(value, element, word)
		statements = append(statements, w.learn(move.to.Relation.Target, value, source))
		value = fmt.Sprintf(`(SELECT "id" FROM %s AS v WHERE v.%s = %s)`, quote(vocabulary), quote(word.name), value)
	case move.from.Relation != nil && move.to.Relation == nil:
		old := move.from.Relation.Target
		word := w.from.byName[old.Table()].column(old.Word().Column())
		source = fmt.Sprintf("SELECT m.\"owner\", m.\"position\", v.%s AS \"value\" FROM (\n%s\n) AS m JOIN %s AS v ON v.\"id\" = m.\"value\"",
			quote(w.columnNow[word]), indent(source), quote(w.tableNow[w.from.byName[old.Table()]]))
		value = w.convert(value, word, wanted)
	case move.to.Kind == model.JSONColumn && !sameForm(element, wanted):
		source = fmt.Sprintf("SELECT \"owner\", \"position\", %s AS \"value\" FROM (\n%s\n) AS c", w.convert(value, element, wanted), indent(source))
	case move.from.Relation == nil:
		value = w.convert(value, element, wanted)
	}
	return append(statements, w.fill(move, source, value))
}

// learn puts words that a vocabulary does not have into it.
func (w mover) learn(vocabulary *model.Type, word, source string) string {
	columns, values := quote(vocabulary.Word().Column()), `"word"`
	if vocabulary.ID.Scalar == model.UUID {
		columns, values = `"id", `+columns, w.newUUID()+", "+values
	}
	return fmt.Sprintf("INSERT INTO %s (%s)\nSELECT %s FROM (\n  SELECT DISTINCT %s AS \"word\" FROM (\n%s\n  ) AS m WHERE m.\"value\" IS NOT NULL\n) AS n WHERE true\nON CONFLICT DO NOTHING",
		quote(vocabulary.Table()), columns, values, word, indent(indent(source)))
}

// readElement is a column that holds what source gives as value: the elements
// of a JSON column are JSON.
func readElement(f *model.Field) *column {
	c := writtenElement(f)
	if f.Kind == model.JSONColumn {
		c.scalar, c.enum = model.JSON, nil
	}
	return c
}

// writtenElement is a column that holds one value of a field.
func writtenElement(f *model.Field) *column {
	if f.Relation != nil {
		return keyColumn("value", f.Relation.Target)
	}
	c := fieldColumn(f)
	c.name, c.list = "value", false
	return c
}

// source is the query for the owners, positions and values of an old field.
func (w mover) source(f *model.Field) string {
	own := quote(w.tableNow[w.from.byName[f.Owner.Table()]])
	switch f.Kind {
	case model.Column, model.ToOne:
		name := quote(w.nameOf(f))
		return fmt.Sprintf(`SELECT "id" AS "owner", 0 AS "position", %s AS "value" FROM %s WHERE %s IS NOT NULL`, name, own, name)
	case model.JSONColumn:
		return w.elements(own, quote(w.nameOf(f)))
	case model.ValueList:
		t := w.from.byName[f.ValueTable()]
		return fmt.Sprintf(`SELECT %s AS "owner", "position", "value" FROM %s`, quote(w.columnNow[t.columns[0]]), quote(w.tableNow[t]))
	case model.ToMany:
		key := f.Relation.Inverse
		name := quote(w.nameOf(key))
		target := quote(w.tableNow[w.from.byName[key.Owner.Table()]])
		return fmt.Sprintf(`SELECT %s AS "owner", row_number() OVER (PARTITION BY %s ORDER BY "id") - 1 AS "position", "id" AS "value" FROM %s WHERE %s IS NOT NULL`,
			name, name, target, name)
	case model.ManyToMany:
	}
	t := w.from.byName[f.ValueTable()]
	owner, target := quote(w.columnNow[t.column(f.OwnerColumn())]), quote(w.columnNow[t.column(f.TargetColumn())])
	if f.Relation.Owning {
		return fmt.Sprintf(`SELECT %s AS "owner", "position", %s AS "value" FROM %s`, owner, target, quote(w.tableNow[t]))
	}
	return fmt.Sprintf(`SELECT %s AS "owner", row_number() OVER (PARTITION BY %s ORDER BY %s, "position") - 1 AS "position", %s AS "value" FROM %s`,
		owner, owner, target, target, quote(w.tableNow[t]))
}

// nameOf is what the old field's column is called by the time of the move.
func (w mover) nameOf(f *model.Field) string {
	return w.columnNow[w.from.byName[f.Owner.Table()].column(f.Column())]
}

// fill puts the values of a source into the new place.
func (w mover) fill(move moveValues, source, value string) string {
	to := move.to
	own := quote(to.Owner.Table())
	switch to.Kind {
	case model.Column, model.ToOne:
		return fmt.Sprintf("UPDATE %s AS t SET %s = (\n  SELECT %s FROM (\n%s\n  ) AS m WHERE m.\"owner\" = t.\"id\" ORDER BY m.\"position\" LIMIT 1\n)%s",
			own, quote(to.Column()), value, indent(indent(source)), w.within(move, source))
	case model.JSONColumn:
		return fmt.Sprintf("UPDATE %s AS t SET %s = (\n  SELECT %s FROM (\n%s\n  ) AS m WHERE m.\"owner\" = t.\"id\"\n)%s",
			own, quote(to.Column()), w.array(w.fitting(move, value)), indent(indent(source)), w.within(move, source))
	case model.ToMany:
		key := to.Relation.Inverse
		return fmt.Sprintf("UPDATE %s AS t SET %s = (\n  SELECT m.\"owner\" FROM (\n%s\n  ) AS m WHERE m.\"value\" = t.\"id\" ORDER BY m.\"owner\" LIMIT 1\n)",
			quote(key.Owner.Table()), quote(key.Column()), indent(indent(source)))
	case model.ValueList:
		return fmt.Sprintf("INSERT INTO %s (%s, \"position\", \"value\")\nSELECT \"owner\", \"position\", %s FROM (\n%s\n) AS m",
			quote(to.ValueTable()), quote(to.OwnerColumn()), value, indent(source))
	case model.ManyToMany:
	}
	if to.Relation.Owning {
		return fmt.Sprintf("INSERT INTO %s (%s, \"position\", %s)\nSELECT \"owner\", \"position\", %s FROM (\n%s\n) AS m",
			quote(to.ValueTable()), quote(to.OwnerColumn()), quote(to.TargetColumn()), value, indent(source))
	}
	// The far end fills the join table of its inverse, whose owners are the values.
	return fmt.Sprintf("INSERT INTO %s (%s, \"position\", %s)\nSELECT m.\"value\", row_number() OVER (PARTITION BY m.\"value\" ORDER BY m.\"owner\") - 1, m.\"owner\" FROM (\n%s\n) AS m",
		quote(to.ValueTable()), quote(to.TargetColumn()), quote(to.OwnerColumn()), indent(source))
}

// fitting is a value as an element of a JSON column, whose elements no
// constraint of the database checks.
func (w mover) fitting(move moveValues, value string) string {
	element := writtenElement(move.to)
	json := w.toJSON(value, element)
	var conditions []string
	if condition := w.misfit(element); condition != "" {
		conditions = append(conditions, condition)
	}
	if condition := w.check(element); condition != "" {
		conditions = append(conditions, "NOT ("+condition+")")
	}
	if len(conditions) == 0 || sameForm(readElement(move.from), element) {
		return json
	}
	return fmt.Sprintf("CASE WHEN %s THEN %s ELSE %s END", strings.Join(conditions, " OR "), w.malformed("'does not fit: ' || "+value), json)
}

// within leaves alone the rows that a column's default or null is right for: a
// null is not an empty list.
func (w mover) within(move moveValues, source string) string {
	from, to := move.from, move.to
	switch {
	case from.Kind == model.JSONColumn && to.Kind == model.JSONColumn,
		from.Kind == model.Column && to.Kind == model.JSONColumn && !to.Required:
		return fmt.Sprintf(" WHERE t.%s IS NOT NULL", quote(w.nameOf(from)))
	case to.Kind == model.JSONColumn:
		return ""
	}
	return fmt.Sprintf(" WHERE t.\"id\" IN (SELECT \"owner\" FROM (\n%s\n) AS m)", indent(source))
}

// indent moves every line two columns in.
func indent(s string) string { return "  " + strings.ReplaceAll(s, "\n", "\n  ") }
