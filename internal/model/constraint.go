package model

import "slices"

// Constraint is one named constraint or index of a table.
type Constraint struct {
	Name     string // at most 63 bytes, PostgreSQL's limit; a longer one is cut and ends in a hash
	Kind     ConstraintKind
	Table    string
	Columns  []string
	Fields   []*Field // the model's fields behind Columns
	Target   *Type    // ForeignKeyConstraint: the referenced type
	OnDelete OnDelete
}

// ConstraintKind is the sort of a Constraint.
type ConstraintKind int

// The kinds of constraints.
const (
	UniqueConstraint ConstraintKind = iota
	CheckConstraint
	ForeignKeyConstraint
	PlainIndex
)

// Constraints are the named constraints and indexes of the type's table, its
// value tables and the join tables it owns, in a stable order. Every foreign
// key column has an index, declared or not, unless a unique constraint or
// another index begins with it. A check is listed for each field that declares
// one, is computed, or whose type is a set of words or of JSON forms (enums, Boolean, JSON);
// an engine whose column type says as much leaves it out.
func (t *Type) Constraints() []Constraint {
	var all []Constraint
	for _, f := range t.Fields {
		all = append(all, f.columnConstraints()...)
	}
	for _, unique := range t.Uniques {
		all = append(all, t.composite(UniqueConstraint, "key", unique.Fields))
	}
	for _, index := range t.Indexes {
		all = append(all, t.composite(PlainIndex, "idx", index.Fields))
	}
	for _, f := range t.Fields {
		if f.Kind == ToOne && !leads(all, f.Column()) {
			all = append(all, f.constraint(PlainIndex, "idx"))
		}
	}
	for _, f := range t.Fields {
		switch {
		case f.Kind == ValueList:
			all = append(all, f.valueConstraints()...)
		case f.Kind == ManyToMany && f.Relation.Owning:
			all = append(all, f.joinConstraints()...)
		}
	}
	return all
}

// leads reports whether a key or an index among all begins with the column.
func leads(all []Constraint, column string) bool {
	return slices.ContainsFunc(all, func(c Constraint) bool {
		return (c.Kind == UniqueConstraint || c.Kind == PlainIndex) && c.Columns[0] == column
	})
}

// columnConstraints are those of the field's own column, which it may not have.
func (f *Field) columnConstraints() []Constraint {
	if f.Column() == "" {
		return nil
	}
	var all []Constraint
	if f.Unique {
		all = append(all, f.constraint(UniqueConstraint, "key"))
	}
	if f.checked() {
		all = append(all, f.constraint(CheckConstraint, "check"))
	}
	if f.Kind == ToOne {
		key := f.constraint(ForeignKeyConstraint, "fkey")
		key.Target, key.OnDelete = f.Relation.Target, f.Relation.OnDelete
		all = append(all, key)
	}
	if f.Index {
		all = append(all, f.constraint(PlainIndex, "idx"))
	}
	return all
}

// checked reports whether the field's values are under a check.
func (f *Field) checked() bool {
	switch f.Scalar {
	case EnumWord, Boolean, JSON:
		return true
	default:
		return f.Check != nil || f.Kind == JSONColumn || f.Computed != nil
	}
}

func (f *Field) constraint(kind ConstraintKind, suffix string) Constraint {
	return f.Owner.composite(kind, suffix, []*Field{f})
}

// composite is a constraint over columns of the type's own table.
func (t *Type) composite(kind ConstraintKind, suffix string, fields []*Field) Constraint {
	parts := []string{t.Table()}
	var columns []string
	for _, f := range fields {
		columns = append(columns, f.Column())
	}
	parts = append(append(parts, columns...), suffix)
	return Constraint{Name: identifier(parts...), Kind: kind, Table: t.Table(), Columns: columns, Fields: fields}
}

// valueConstraints are those of the field's value table.
func (f *Field) valueConstraints() []Constraint {
	all := []Constraint{f.tableConstraint(ForeignKeyConstraint, f.OwnerColumn(), "fkey", f.Owner)}
	if f.checked() {
		all = append(all, f.tableConstraint(CheckConstraint, "value", "check", nil))
	}
	if f.Scalar == JSON { // engines have no order of JSON values
		return all
	}
	return append(all, f.tableConstraint(PlainIndex, "value", "idx", nil))
}

// joinConstraints are those of the join table that the field owns.
func (f *Field) joinConstraints() []Constraint {
	return []Constraint{
		f.tableConstraint(ForeignKeyConstraint, f.OwnerColumn(), "fkey", f.Owner),
		f.tableConstraint(ForeignKeyConstraint, f.TargetColumn(), "fkey", f.Relation.Target),
		f.tableConstraint(PlainIndex, f.TargetColumn(), "idx", nil),
	}
}

// tableConstraint is a constraint of one column of the field's value or join table.
func (f *Field) tableConstraint(kind ConstraintKind, column, suffix string, target *Type) Constraint {
	c := Constraint{
		Name: identifier(f.ValueTable(), column, suffix), Kind: kind,
		Table: f.ValueTable(), Columns: []string{column}, Fields: []*Field{f}, Target: target,
	}
	if kind == ForeignKeyConstraint {
		c.OnDelete = Cascade
	}
	return c
}
