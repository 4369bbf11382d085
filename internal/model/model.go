// Package model says what a project's data is: types, fields, relations,
// constraints and the API versions in which they are seen. A [Schema] is read
// from models.graphql by [Parse] and written back by [Schema.String]; all
// other packages work on it and none of them looks at SDL. The package knows
// no SQL text, no HTTP and no engine; it does name the tables, columns and
// constraints, because those names are a promise that migrations, statements
// and error messages share.
package model

// Position is a place in a models file; Line and Column count from 1.
type Position struct {
	File         string
	Line, Column int
}

// Schema is everything that one models.graphql declares.
type Schema struct {
	Types []*Type // in the order of declaration
	Enums []*Enum

	Comments    []string // "#" lines at the top that a blank line parts from the first declaration
	EndComments []string // "#" lines after the last declaration

	// Built by Parse.
	byName, byResource map[string]*Type
	pasts              []past            // the newest first
	own                map[*Field]*Field // of a schema that In gives: the models' fields to its own
}

// Enum is a closed set of words. It is stored as text under a check.
type Enum struct {
	Name        string
	Description string
	Comments    []string
	EndComments []string // the "#" lines before its closing brace
	Values      []EnumValue
	Position    Position
}

// EnumValue is one word of an [Enum].
type EnumValue struct {
	Name        string
	Description string
	Comments    []string
	Remark      string
	Position    Position
}

// Type is one model: a table in the store, a resource of the API.
type Type struct {
	Name        string // as declared: "ShoppingList"
	Description string
	Comments    []string // the "#" lines above it, without the sign
	EndComments []string // the "#" lines before its closing brace
	Position    Position

	// ID is the surrogate key, stated or not: Scalar is ID (a 64-bit integer
	// that the store assigns) or UUID (a version 7 UUID that larder assigns);
	// in a database of another's also String or Int64, which a new record must
	// bring, or the String that Key makes.
	ID *Field
	// Fields are the declared fields in order, without ID, followed by the
	// implicit foreign keys that other types' to-many fields put here.
	Fields []*Field

	Sources    []Source // @source, where records come from; nil for a type that only the API fills
	Uniques    []Unique // @unique(fields:) of the type; a field's own @unique is Field.Unique
	Indexes    []Index  // @index(fields:) of the type; a field's own @index is Field.Index
	TableName  string   // @table(name:); "": as the type's name says
	Key        []*Field // @key(fields:): what identifies a record that has no id of its own; see [Field.Composite]
	ReadOnly   bool     // @readonly: a view, or a table that the API does not write
	Vocabulary bool     // @vocabulary: a table of distinct words, read and written elsewhere as the word
	Renames    []Rename // @renamed, as declared
	Since      int      // first API version that has it; 0: all
	Until      int      // first API version that no longer has it; 0: none

	// Built by Parse.
	names    typeNames
	byName   map[string]*Field
	declared *Type  // the models' own, of a type that Schema.In gives; else nil
	views    []view // for version 0, then by the version they begin with
}

// Rename is an earlier name of a type or a field.
type Rename struct {
	From     string
	Version  int // API versions below it go on with the earlier name; 0: none does
	Position Position
}

// Source binds a root type to a declared source.
type Source struct {
	Name string   // a key of larder.yaml's sources
	Path string   // response path to the records: "allPlanets.planets", "films.edges.node"
	Key  []string // fields that identify a record upstream
	// OnConflict and Removed are "" where larder.yaml says it for the source.
	OnConflict OnConflict
	Removed    Removed
	Position   Position
}

// OnConflict is what an import does with a field that changed upstream and
// here, to different values.
type OnConflict string

// What an import does with a conflict.
const (
	KeepLocal      OnConflict = "LOCAL"    // the value here stays
	TakeUpstream   OnConflict = "UPSTREAM" // upstream's value is taken
	FailOnConflict OnConflict = "FAIL"     // nothing is imported
)

// Removed is what an import does with a record that is gone upstream.
type Removed string

// What an import does with a record that is gone upstream.
const (
	RemovedDelete Removed = "DELETE" // it goes, unless it was changed or is used here: then it is detached
	RemovedDetach Removed = "DETACH" // it stays and no longer follows the source
	RemovedKeep   Removed = "KEEP"   // it stays and is listed
)

// Unique is a set of fields whose values together occur once.
type Unique struct {
	Fields   []*Field
	Position Position
}

// Index is an ordered index over fields.
type Index struct {
	Fields   []*Field
	Position Position
}

// Kind says how a field is stored.
type Kind int

// The kinds of fields.
const (
	Column     Kind = iota // a scalar or an enum: one column
	ValueList              // a list of scalars: rows of a value table (owner id, position, value)
	JSONColumn             // a list of scalars under @json: one JSON column
	ToOne                  // a foreign key column in this table
	ToMany                 // the foreign key is in the target's table
	ManyToMany             // rows of a join table
)

// Scalar names the type of a value.
type Scalar string

// The scalars. See docs/models.md for their ranges and JSON forms.
const (
	String   Scalar = "String"
	Int      Scalar = "Int"      // 32-bit
	Int64    Scalar = "Int64"    // a JSON number, exact
	Float    Scalar = "Float"    // IEEE 754 double
	Decimal  Scalar = "Decimal"  // exact, at most 18 digits; see Field.Precision and Field.Scale
	Boolean  Scalar = "Boolean"  //
	ID       Scalar = "ID"       // an opaque string, but for Type.ID
	UUID     Scalar = "UUID"     // RFC 9562, lower case
	Date     Scalar = "Date"     // RFC 3339 full-date
	DateTime Scalar = "DateTime" // RFC 3339, served in UTC, microseconds kept
	Duration Scalar = "Duration" // ISO 8601 duration of days to seconds, microseconds kept
	JSON     Scalar = "JSON"     // any JSON value
	Bytes    Scalar = "Bytes"    // base64 (RFC 4648 section 4) in JSON
	EnumWord Scalar = "Enum"     // a word of Field.Enum
)

// Field is one field of a type.
type Field struct {
	Name        string // as declared: "listId", "items"
	Description string
	Comments    []string // the "#" lines above it, without the sign
	Remark      string   // the "#" comment behind it on its line
	Position    Position
	Owner       *Type
	Kind        Kind

	Scalar    Scalar    // of the value, or of a list's elements; "" for a relation
	Enum      *Enum     // when Scalar is EnumWord
	Relation  *Relation // for ToOne, ToMany and ManyToMany
	Precision int       // Decimal: digits in all, 1 to 18; default 18
	Scale     int       // Decimal: digits after the point, 0 to Precision; default 4

	Required     bool // "!" on the field: never null. A required list may be empty
	ItemRequired bool // "!" on a list's elements

	Unique   bool
	Index    bool
	Hidden   bool // never leaves the server, cannot be filtered, sorted or written through the API
	ReadOnly bool // served, not written through the API
	Check    *Check
	Default  *Default
	From     string // @from(path:): where in the source record the value stands; "" means under Name

	ColumnName string // @column(name:); "": as the field's name says
	// ColumnType is @column(type:): the column's type as PostgreSQL calls it
	// (pg_type.typname, with [] behind that of an array's elements) where it is
	// not the one that larder gives such a field.
	ColumnType string
	Generated  bool // @generated: the database has a value where a create gives none
	// Computed is @computed(as:): the database computes the value from other
	// fields. Such a field is ReadOnly and Generated by itself.
	Computed *Expression

	Renames []Rename
	Since   int // as in Type
	Until   int

	// Implicit marks a foreign key that no one declared: the other side's
	// to-many field made it.
	Implicit bool

	// Built by Parse.
	names    fieldNames
	bounds   bounds
	declared *Field // as in Type
}

// Relation joins a field to another type.
type Relation struct {
	Target *Type
	// Inverse is the field of Target at the other end: for ToMany the ToOne
	// field (maybe implicit) that holds the foreign key, for ToOne the ToMany
	// field if one was declared, for ManyToMany the other list (nil when only
	// this side declares it).
	Inverse  *Field
	OnDelete OnDelete // what the foreign key does when the referenced row goes
	// Owning is true for the side of a ManyToMany that names the join table.
	Owning bool

	stated bool // the models say which field is the inverse
}

// OnDelete is a foreign key's referential action.
type OnDelete string

// The referential actions. Restrict is the default.
const (
	Restrict OnDelete = "RESTRICT"
	Cascade  OnDelete = "CASCADE"
	SetNull  OnDelete = "SET_NULL"
)

// Check is what @check demands of a value. Bounds are decimal literals as
// written, so that no precision is lost; nil and "" mean no bound.
type Check struct {
	Min, Max             string
	MinLength, MaxLength *int // in Unicode code points
	Pattern              string
}

// Default is the value of a field that a create leaves out.
type Default struct {
	Text  string // as written in @default(value:)
	Value any    // the canonical value; see [Field.AcceptJSON]
}

// Served reports whether API version v shows the field. It does not show a
// reference to what it has no resource for; words of a vocabulary need none.
func (f *Field) Served(v int) bool {
	return !f.Hidden && inVersion(f.Since, f.Until, v) &&
		(f.Relation == nil || f.Relation.Target.Vocabulary || f.Relation.Target.Served(v))
}

// Served reports whether API version v has the type as a resource.
func (t *Type) Served(v int) bool { return inVersion(t.Since, t.Until, v) }

// inVersion: a version of 0 is "no version", which sees everything.
func inVersion(since, until, v int) bool {
	return v == 0 || (v >= since && (until == 0 || v < until))
}
