// Package query says what a request asks of a collection, as values: which
// attributes, which rows, in which order, which page. [Parse] reads the URL
// grammar, which is PostgREST's (docs/query.md); everything that it returns is
// resolved against the model, so that a name that reaches a statement is one
// that the model holds and a value is already of its field's type. The package
// knows no SQL and no HTTP server.
package query

import "github.com/larderhq/larder/internal/model"

// Read is a request for rows of one type, as one API version sees it.
type Read struct {
	Type    *model.Type
	Version int

	Columns []Column // what to return, in order; nil: every attribute served
	Filter  *Filter  // nil: all rows
	Order   []Order  // as asked; a statement adds the id, so that the order is total
	Limit   int      // rows at most; -1: none asked
	Offset  int
	After   []any // keyset position: a canonical value for each term of TotalOrder; nil: from the start
	Before  []any // the same, for the page that ends before it
	Count   Count // whether the total is wanted
}

// Column is one member of the answer's records: an attribute, an aggregate, or
// the records that an attribute of the model relates to.
type Column struct {
	Field     *model.Field // nil for an embed and for the number of records
	Name      string       // the JSON name: the field's own, or the alias
	Aggregate Aggregate    // what is made of Field, or of the records, in each group; "" for the attribute itself
	Embed     *Embed       // nil for all else
}

// Names are the names of the members of the answer that c becomes: mostly one,
// of a spread embed as many as it has columns, of a hidden one none.
func (c Column) Names() []string {
	switch {
	case c.Embed == nil, !c.Embed.Spread && !c.Embed.Hidden():
		return []string{c.Name}
	case !c.Embed.Spread:
		return nil
	}
	var names []string
	for _, inner := range c.Embed.Read.Columns {
		names = append(names, inner.Names()...)
	}
	return names
}

// Order is one term of an order.
type Order struct {
	Field      *model.Field
	Through    *model.Field // the to-one field at whose end Field stands; nil: Field is the record's own
	Descending bool
	NullsFirst bool // resolved: PostgreSQL's default where nothing was said
}

// Nullable reports whether the term can be null.
func (o Order) Nullable() bool {
	return o.Through != nil && !o.Through.Required || !o.Field.Required && o.Field != o.Field.Owner.ID
}

// Count is how a total is counted.
type Count int

// The counts of PostgREST's Prefer: count=….
const (
	NoCount Count = iota
	ExactCount
	PlannedCount
	EstimatedCount
)

// Filter is a tree of conditions. A node is a conjunction or disjunction of
// Filters (Op is And or Or), a comparison of Field with Values, or a test for
// the records of an Embed.
type Filter struct {
	Op      Operator
	Not     bool
	Filters []*Filter // for And and Or
	Embed   *Embed    // for Is: whether the record has any of the embed's records

	Field      *model.Field
	Quantifier Quantifier // for the operators that take any or all: Values holds each alternative
	Values     []any      // canonical values of the field; for Is the word; for Like the pattern with % and _
}

// Operator is a comparison or a connective.
type Operator string

// The operators. A list field takes Contains, Contained, Overlaps, Is and
// (of the whole list) Equal and NotEqual.
const (
	And          Operator = "and"
	Or           Operator = "or"
	Equal        Operator = "eq"
	NotEqual     Operator = "neq"
	Greater      Operator = "gt"
	GreaterEqual Operator = "gte"
	Less         Operator = "lt"
	LessEqual    Operator = "lte"
	Like         Operator = "like"
	ILike        Operator = "ilike"
	In           Operator = "in"
	Is           Operator = "is" // null, not_null, true, false, unknown
	IsDistinct   Operator = "isdistinct"
	Contains     Operator = "cs"
	Contained    Operator = "cd"
	Overlaps     Operator = "ov"
)

// MemberOf is no part of the grammar: it holds for the records that Field, a
// ManyToMany of another type, lists in the record with the id in Values. See
// [RelatedTo].
const MemberOf Operator = "member of"

// Quantifier is PostgREST's modifier of an operator: eq(any).{1,2}.
type Quantifier string

// The quantifiers.
const (
	One Quantifier = ""
	Any Quantifier = "any"
	All Quantifier = "all"
)

// TotalOrder is r's order with the id as its last term, unless the id is in
// it already; what follows the id can change nothing and is left out. The id
// goes in the direction of the term before it, because that is how an index on
// that term is read backwards. In place of an id that is made of several fields
// there are these. The positions in After and Before have one
// value for each of its terms. Groups have no id: they are in the order of
// what they are grouped by.
func (r Read) TotalOrder() []Order {
	if r.Grouped() {
		return r.groupOrder()
	}
	order := make([]Order, 0, len(r.Order)+1)
	for _, term := range r.Order {
		order = append(order, term)
		if term.Field == r.Type.ID && term.Through == nil {
			return order
		}
	}
	descending := len(order) > 0 && order[len(order)-1].Descending
	if len(r.Type.Key) == 0 {
		return append(order, Order{Field: r.Type.ID, Descending: descending})
	}
	for _, field := range r.Type.Key {
		order = append(order, Order{Field: field, Descending: descending})
	}
	return order
}
