package migrate

import (
	"github.com/larderhq/larder/internal/model"
)

// layout is a schema as tables, the same for every engine: what a dialect
// turns into SQL and what two schemas are compared by.
type layout struct {
	schema *model.Schema
	tables []*table
	byName map[string]*table
}

// table is one table: a type's own, a list's values or a join of two types.
type table struct {
	name        string
	typ         *model.Type
	field       *model.Field // whose list it holds; nil for a type's own table
	description string
	columns     []*column
	key         []string // the primary key's columns
	indexes     []*index
}

// column is one column of a table.
type column struct {
	table       string
	name        string
	field       *model.Field // nil for what is larder's own: positions, keys of value tables
	description string

	scalar           model.Scalar // what it stores; integer keys are Int64
	enum             *model.Enum
	precision, scale int
	list             bool // a JSON array of the scalar

	required     bool
	identity     bool // an integer key that the engine counts up
	primary      bool // alone the primary key
	checkName    string
	bounds       *model.Check
	defaultValue *model.Default
	computed     *model.Expression // nil for what records bring
	reference    *reference
}

// reference is a foreign key of one column to the id of another table.
type reference struct {
	name     string // of the constraint, where the engine names them
	table    string
	onDelete model.OnDelete
}

// index is an index or, when unique, what holds a set of columns unique.
type index struct {
	name    string
	table   string
	columns []string
	unique  bool
}

// column finds a column by name, or nil.
func (t *table) column(name string) *column {
	for _, c := range t.columns {
		if c.name == name {
			return c
		}
	}
	return nil
}

// layoutOf lays out a schema; nil has no tables.
func layoutOf(schema *model.Schema) *layout {
	l := &layout{schema: schema, byName: map[string]*table{}}
	if schema == nil {
		l.schema = &model.Schema{}
		return l
	}
	for _, t := range schema.Types {
		l.add(typeTable(t))
	}
	for _, t := range schema.Types {
		for _, f := range t.Fields {
			switch {
			case f.Kind == model.ValueList:
				l.add(valueTable(f))
			case f.Kind == model.ManyToMany && f.Relation.Owning:
				l.add(joinTable(f))
			}
		}
	}
	for _, t := range schema.Types {
		for _, c := range t.Constraints() {
			l.constrain(c)
		}
	}
	return l
}

func (l *layout) add(t *table) {
	for _, c := range t.columns {
		c.table = t.name
	}
	l.tables = append(l.tables, t)
	l.byName[t.name] = t
}

// constrain puts what has a name of its own where it belongs. Checks are not
// among it: they follow from the column, since an engine whose column types
// say less needs more of them.
func (l *layout) constrain(c model.Constraint) {
	t := l.byName[c.Table]
	switch c.Kind {
	case model.UniqueConstraint, model.PlainIndex:
		unique := c.Kind == model.UniqueConstraint
		t.indexes = append(t.indexes, &index{name: c.Name, table: c.Table, columns: c.Columns, unique: unique})
	case model.ForeignKeyConstraint:
		t.column(c.Columns[0]).reference = &reference{name: c.Name, table: c.Target.Table(), onDelete: c.OnDelete}
	case model.CheckConstraint:
	}
}

// typeTable is the table of a type's records.
func typeTable(t *model.Type) *table {
	id := keyColumn(t.ID.Column(), t)
	id.field, id.required, id.primary = t.ID, true, true
	id.identity = id.scalar == model.Int64
	id.checkName, id.description = t.ID.CheckName(), t.ID.Description
	out := &table{
		name: t.Table(), typ: t, description: t.Description,
		columns: []*column{id}, key: []string{id.name},
	}
	for _, f := range t.Fields {
		switch f.Kind {
		case model.Column, model.JSONColumn:
			out.columns = append(out.columns, fieldColumn(f))
		case model.ToOne:
			c := keyColumn(f.Column(), f.Relation.Target)
			c.field, c.required, c.description = f, f.Required, f.Description
			c.checkName = f.CheckName()
			out.columns = append(out.columns, c)
		case model.ValueList, model.ToMany, model.ManyToMany:
		}
	}
	return out
}

// valueTable is the table of a list's values.
func valueTable(f *model.Field) *table {
	value := fieldColumn(f)
	value.name, value.required, value.defaultValue = "value", f.ItemRequired, nil
	value.list, value.description = false, ""
	return &table{
		name: f.ValueTable(), typ: f.Owner, field: f, description: f.Description,
		columns: []*column{ownerColumn(f), positionColumn(), value},
		key:     []string{f.OwnerColumn(), "position"},
	}
}

// joinTable is the table between two types.
func joinTable(f *model.Field) *table {
	target := keyColumn(f.TargetColumn(), f.Relation.Target)
	target.required = true
	return &table{
		name: f.ValueTable(), typ: f.Owner, field: f, description: f.Description,
		columns: []*column{ownerColumn(f), positionColumn(), target},
		key:     []string{f.OwnerColumn(), "position"},
	}
}

func ownerColumn(f *model.Field) *column {
	c := keyColumn(f.OwnerColumn(), f.Owner)
	c.required = true
	return c
}

func positionColumn() *column {
	return &column{name: "position", scalar: model.Int64, required: true}
}

// keyColumn is a column that holds ids of the type.
func keyColumn(name string, t *model.Type) *column {
	scalar := model.Int64
	if t.ID.Scalar == model.UUID {
		scalar = model.UUID
	}
	return &column{name: name, scalar: scalar}
}

// fieldColumn is the column of a scalar, an enum or a list under @json.
func fieldColumn(f *model.Field) *column {
	return &column{
		name: f.Column(), field: f, description: f.Description,
		scalar: f.Scalar, enum: f.Enum, precision: f.Precision, scale: f.Scale,
		list:     f.Kind == model.JSONColumn,
		required: f.Required, checkName: f.CheckName(), bounds: f.Check, defaultValue: f.Default,
		computed: f.Computed,
	}
}
