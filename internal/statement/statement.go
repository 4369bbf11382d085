// Package statement turns a model and a query, or a model and a change, into
// one SQL statement and its arguments. All SQL text that a request causes is
// written here and nowhere else. Identifiers come from the model only; what a
// request said becomes an argument, never text. (The one exception is how many
// rows a page has on PostgreSQL, a number.)
//
// A [Builder] writes the statements of one engine, for which its [Dialect]
// knows everything that the engines differ in. The same request always becomes
// the same text, so that an engine can keep it prepared.
//
// In every statement the record that is spoken of is called r, one that is
// embedded in it e1 (in that one e2, and so on), its row of a join table j1, an
// element of a list v and a vocabulary's record w. testdata shows what each
// sort of request becomes on each engine.
package statement

import "github.com/larderhq/larder/internal/model"

// Statement is SQL text and what is bound to its placeholders, ready for the
// engine whose [Dialect] built it.
type Statement struct {
	SQL  string
	Args []any
}

// Assignment changes one field of a record.
type Assignment struct {
	Field *model.Field
	Op    Operation
	Value any // canonical, see model.Field.AcceptJSON; for a list field []any; nil is null
}

// Operation is how an Assignment changes a field, computed in the database so
// that concurrent changes add up.
type Operation string

// The operations and the name each has in a PATCH body. $inc and $mul leave a
// null as it is; $min and $max take it as beyond the value.
const (
	Set    Operation = "$set"
	Inc    Operation = "$inc"
	Mul    Operation = "$mul"
	Min    Operation = "$min"
	Max    Operation = "$max"
	Append Operation = "$append" // of a list: the elements at its end
	Remove Operation = "$remove" // of a list: every occurrence of the elements
)
