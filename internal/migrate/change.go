package migrate

import (
	"fmt"
	"strings"

	"github.com/larderhq/larder/internal/model"
)

// Change is one difference between two schemas. The kinds are those of this
// file and no others; String tells a change in the words of the models.
type Change interface {
	fmt.Stringer
	change()
}

type (
	// createTable: a new type, list or many-to-many relation.
	createTable struct{ table *table }
	// dropTable: a type, list or many-to-many relation that is gone.
	dropTable struct {
		table *table // as it was
		name  string // by the time that it is dropped
		moved bool   // its rows live on elsewhere
	}
	// renameTable: a type or field under another name; aside when the old table
	// only makes way for a new one of its name.
	renameTable struct {
		from, to string
		table    *table // as it was
		aside    bool
	}
	// addColumn: a new field. A filled column gets its values from a moveValues.
	addColumn struct {
		column *column
		filled bool
	}
	// dropColumn: a field that is gone; moved when its values live on elsewhere.
	dropColumn struct {
		column *column
		name   string // of the column by the time that it is dropped
		table  string // of its table by then
		moved  bool
		// recomputed: its values were computed, and nobody misses them.
		recomputed bool
	}
	// renameColumn: a field under another name.
	renameColumn struct {
		from, to string
		table    string // by its new name
		column   *column
		aside    bool
	}
	// changeType: a field of another scalar, precision or scale.
	changeType struct{ from, to *column }
	// changeRequired: a field that may no longer be null, or may be now.
	changeRequired struct{ from, to *column }
	// changeDefault: another default, or none.
	changeDefault struct{ from, to *column }
	// changeCheck: other bounds, words or names of a check.
	changeCheck struct{ from, to *column }
	// changeReference: a foreign key with another action or name.
	changeReference struct {
		from, to   *column
		sameTarget bool // under whatever name
	}
	// addIndex: a new index or unique set.
	addIndex struct {
		index *index
		fresh bool // on a table that is new and empty
	}
	// dropIndex: an index or unique set that is gone.
	dropIndex struct{ index *index }
	// renameIndex: an index whose table or columns have other names.
	renameIndex struct{ from, to *index }
	// moveValues: a field that is kept in another place: a list and a JSON
	// column, one word and a vocabulary, a foreign key and a join table.
	moveValues struct{ from, to *model.Field }
	// changeDescription: another description of a type or field.
	changeDescription struct {
		table  *table
		column *column // nil: of the table
	}
)

func (createTable) change()       {}
func (dropTable) change()         {}
func (renameTable) change()       {}
func (addColumn) change()         {}
func (dropColumn) change()        {}
func (renameColumn) change()      {}
func (changeType) change()        {}
func (changeRequired) change()    {}
func (changeDefault) change()     {}
func (changeCheck) change()       {}
func (changeReference) change()   {}
func (addIndex) change()          {}
func (dropIndex) change()         {}
func (renameIndex) change()       {}
func (moveValues) change()        {}
func (changeDescription) change() {}

func (c createTable) String() string { return "add " + c.table.label() }

func (c dropTable) String() string {
	if c.moved {
		return "drop the old table of " + c.table.label()
	}
	return "drop " + c.table.label()
}

func (c renameTable) String() string {
	if c.aside {
		return fmt.Sprintf("put the old table %s aside", c.from)
	}
	return fmt.Sprintf("rename table %s to %s", c.from, c.to)
}

func (c addColumn) String() string {
	text := fmt.Sprintf("add %s: %s", c.column.label(), c.column.typeName())
	if c.column.computed != nil {
		text += ", computed as " + c.column.computed.String()
	}
	return text
}

func (c dropColumn) String() string {
	if c.moved {
		return fmt.Sprintf("drop the old column of %s", c.column.label())
	}
	if c.column.computed != nil {
		return fmt.Sprintf("drop %s, computed as %s", c.column.label(), c.column.computed)
	}
	return "drop " + c.column.label()
}

func (c renameColumn) String() string {
	if c.aside {
		return fmt.Sprintf("put the old column of %s aside", c.column.label())
	}
	return fmt.Sprintf("rename column %s.%s to %s", c.table, c.from, c.to)
}

func (c changeType) String() string {
	return fmt.Sprintf("%s: %s becomes %s", c.to.label(), c.from.typeName(), c.to.typeName())
}

func (c changeRequired) String() string {
	if c.to.required {
		return c.to.label() + " may no longer be null"
	}
	return c.to.label() + " may be null"
}

func (c changeDefault) String() string {
	if c.to.defaultValue == nil {
		return c.to.label() + " has no default any more"
	}
	return fmt.Sprintf("%s: default %s", c.to.label(), c.to.defaultValue.Text)
}

func (c changeCheck) String() string {
	if c.onlyName() {
		return "the check of " + c.to.label() + " follows its column"
	}
	return c.to.label() + ": " + c.to.checkText()
}

// onlyName reports whether the models set the same bounds as before: the name
// changed, or what the column's type adds.
func (c changeCheck) onlyName() bool { return c.from.checkText() == c.to.checkText() }

func (c changeReference) String() string {
	if c.to.reference == nil {
		return c.to.label() + " refers to nothing any more"
	}
	if c.onlyName() {
		return "the foreign key of " + c.to.label() + " follows its column"
	}
	return fmt.Sprintf("%s refers to %s, on delete %s",
		c.to.label(), c.to.reference.table, strings.ToLower(action(c.to.reference.onDelete)))
}

// onlyName reports whether the key is as it was but for its name.
func (c changeReference) onlyName() bool {
	return c.from.reference != nil && c.to.reference != nil && c.sameTarget && c.from.reference.onDelete == c.to.reference.onDelete
}

func (c addIndex) String() string    { return "add " + c.index.label() }
func (c dropIndex) String() string   { return "drop " + c.index.label() }
func (c renameIndex) String() string { return fmt.Sprintf("rename %s to %s", c.from.name, c.to.name) }

func (c moveValues) String() string {
	return fmt.Sprintf("move the values of %s from %s to %s", fieldLabel(c.to), place(c.from), place(c.to))
}

func (c changeDescription) String() string {
	if c.column != nil {
		return "describe " + c.column.label()
	}
	return "describe " + c.table.label()
}

// label names a table in the words of the models.
func (t *table) label() string {
	if t.field != nil {
		return fieldLabel(t.field)
	}
	return "type " + t.typ.Name
}

// label names a column in the words of the models.
func (c *column) label() string {
	if c.field == nil {
		return c.table + "." + c.name
	}
	return fieldLabel(c.field)
}

func (x *index) label() string {
	kind := "index"
	if x.unique {
		kind = "unique"
	}
	return fmt.Sprintf("%s %s (%s)", kind, x.name, strings.Join(x.columns, ", "))
}

func fieldLabel(f *model.Field) string { return f.Owner.Name + "." + f.Name }

// typeName is the column's type as models.graphql writes it.
func (c *column) typeName() string {
	name := string(c.scalar)
	switch {
	case c.reference != nil:
		name = "reference to " + c.reference.table
	case c.enum != nil:
		name = c.enum.Name
	case c.scalar == model.Decimal:
		name = fmt.Sprintf("Decimal(%d, %d)", c.precision, c.scale)
	}
	if c.list {
		name = "[" + name + "]"
	}
	if c.required {
		name += "!"
	}
	if c.list {
		name += " @json"
	}
	return name
}

// checkText tells what a column's check holds.
func (c *column) checkText() string {
	var parts []string
	if c.enum != nil {
		parts = append(parts, "one of "+words(c.enum))
	}
	if b := c.bounds; b != nil {
		for _, bound := range []struct{ name, value string }{{"min", b.Min}, {"max", b.Max}, {"pattern", b.Pattern}} {
			if bound.value != "" {
				parts = append(parts, bound.name+" "+bound.value)
			}
		}
		if b.MinLength != nil {
			parts = append(parts, fmt.Sprintf("minLength %d", *b.MinLength))
		}
		if b.MaxLength != nil {
			parts = append(parts, fmt.Sprintf("maxLength %d", *b.MaxLength))
		}
	}
	if len(parts) == 0 {
		return "no check but its type's"
	}
	return "check " + strings.Join(parts, ", ")
}

// place tells where a field's values are kept.
func place(f *model.Field) string {
	switch f.Kind {
	case model.Column:
		return "one column"
	case model.ValueList:
		return "a value table"
	case model.JSONColumn:
		return "a JSON column"
	case model.ToOne:
		return "a foreign key"
	case model.ToMany:
		return "a foreign key of " + f.Relation.Target.Name
	case model.ManyToMany:
	}
	return "a join table"
}
