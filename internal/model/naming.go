package model

// This file holds every name that the store and the API derive from the
// models. Names are part of the contract with existing databases and clients:
// a change here is a migration for every user.
//
//	Type ShoppingList      table shopping_list, resource shopping-lists
//	field unitPrice        column unit_price, JSON unitPrice
//	to-one field list      column list_id, JSON listId
//	list field terrains    value table planet_terrains(planet_id, position, value)
//	unique                 planet_name_key
//	check                  planet_population_check
//	index                  planet_population_idx
//	foreign key            item_shopping_list_id_fkey

// Table is the type's table: "shopping_list".
func (t *Type) Table() string { return "" }

// Resource is the type's name in URLs: "shopping-lists".
func (t *Type) Resource() string { return "" }

// JSONName is the attribute's name in JSON: "unitPrice"; of a to-one field
// "listId" (of a to-one to a vocabulary the field's own name).
func (f *Field) JSONName() string { return "" }

// Column is the field's column in its owner's table: "unit_price", "list_id".
// Fields of the kinds ValueList, ToMany and ManyToMany have none.
func (f *Field) Column() string { return "" }

// ValueTable is the table of a ValueList's values, "planet_terrains", with the
// columns OwnerColumn, position and value, or the join table of a ManyToMany,
// with OwnerColumn, TargetColumn and position.
func (f *Field) ValueTable() string { return "" }

// OwnerColumn is the value or join table's foreign key to the owner: "planet_id".
func (f *Field) OwnerColumn() string { return "" }

// TargetColumn is the join table's foreign key to the target.
func (f *Field) TargetColumn() string { return "" }

// Attributes are the fields that are part of a record in API version v, in
// order: the id, then columns, lists, foreign keys and vocabulary words. The
// ends of relations that hold no column here (ToMany, ManyToMany to a type that
// is no vocabulary) are not: a record embeds them when asked.
func (t *Type) Attributes(v int) []*Field { return nil }

// Attribute is the one of Attributes(v) with the JSON name, or nil.
func (t *Type) Attribute(v int, jsonName string) *Field { return nil }

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
// value tables and the join tables it owns, in a stable order.
func (t *Type) Constraints() []Constraint { return nil }
