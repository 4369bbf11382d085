package query

import (
	"slices"

	"github.com/larderhq/larder/internal/model"
)

// Embed is a relation whose records stand in the record that they belong to:
// of a to-one relation an object or null, of the others an array.
type Embed struct {
	Relation *model.Field // ToOne, ToMany or ManyToMany
	Spread   bool         // of a to-one: the columns stand among the record's own
	// Read is what is wanted of the other records, its type the relation's
	// target. Without columns (an empty slice, not nil) there is nothing of
	// them in the answer: the embed is only there to be filtered by.
	Read Read
}

// Hidden reports whether the answer has no member for the embed.
func (e *Embed) Hidden() bool { return e.Read.Columns != nil && len(e.Read.Columns) == 0 }

// Aggregate makes one value of the records of a group.
type Aggregate string

// The aggregates, by their names in the grammar, which are also the names of
// the members that they become.
const (
	CountOf Aggregate = "count" // of a field: of its values that are not null
	SumOf   Aggregate = "sum"
	AvgOf   Aggregate = "avg"
	MinOf   Aggregate = "min"
	MaxOf   Aggregate = "max"
)

// aggregates are the aggregates in the order of the documentation.
var aggregates = []Aggregate{CountOf, SumOf, AvgOf, MinOf, MaxOf}

// suits reports whether the aggregate can be made of the field's values.
func (a Aggregate) suits(field *model.Field) bool {
	isNumber := false
	switch field.Scalar { //nolint:exhaustive // the others are none
	case model.Int, model.Int64, model.Float, model.Decimal:
		isNumber = field.Kind == model.Column
	}
	switch a {
	case CountOf:
		return isScalar(field)
	case SumOf:
		return isNumber || field.Kind == model.Column && field.Scalar == model.Duration
	case AvgOf:
		return isNumber
	case MinOf, MaxOf:
		return field.Kind == model.Column && IsSortable(field) && field.Scalar != model.Boolean && field.Scalar != model.UUID
	}
	return false
}

// Grouped reports whether r asks for aggregates: then its rows are groups of
// records that agree in all other columns.
func (r Read) Grouped() bool {
	return slices.ContainsFunc(r.Columns, func(c Column) bool { return c.Aggregate != "" })
}

// Groups are the fields that a grouped read's records are grouped by, in the
// order of its columns: attributes, and of an embedded record the to-one field.
func (r Read) Groups() []*model.Field {
	var fields []*model.Field
	for _, column := range r.Columns {
		field := column.Field
		if column.Embed != nil && !column.Embed.Hidden() {
			field = column.Embed.Relation
		}
		if column.Aggregate == "" && field != nil && !slices.Contains(fields, field) {
			fields = append(fields, field)
		}
	}
	return fields
}

// groupOrder is the order as asked, then by whatever else makes the groups.
func (r Read) groupOrder() []Order {
	order := slices.Clone(r.Order)
	for _, field := range r.Groups() {
		if !slices.ContainsFunc(order, func(term Order) bool { return term.Field == field }) {
			order = append(order, Order{Field: field})
		}
	}
	return order
}

// Restrict narrows r to the records for which filter holds too.
func (r *Read) Restrict(filter *Filter) {
	if r.Filter != nil {
		filter = &Filter{Op: And, Filters: []*Filter{r.Filter, filter}}
	}
	r.Filter = filter
}

// RelatedTo is the filter of the records that relation, a ToMany or ManyToMany
// field, lists in the record with the id. It suits a Read of the relation's
// target.
func RelatedTo(relation *model.Field, id any) *Filter {
	if relation.Kind == model.ManyToMany {
		return &Filter{Op: MemberOf, Field: relation, Values: []any{id}}
	}
	return &Filter{Op: Equal, Field: relation.Relation.Inverse, Values: []any{id}}
}

// DefaultOrder is the order of a relation's records where none is asked for:
// by the field position, if they have one that the version serves. The id
// follows, see [Read.TotalOrder].
func DefaultOrder(relation *model.Field, version int) []Order {
	position := relation.Relation.Target.Field("position")
	if relation.Kind != model.ToMany || position == nil || !position.Served(version) || !position.IsAttribute() || !IsSortable(position) {
		return nil
	}
	return []Order{{Field: position}}
}

// Numbered is the field that holds the place of a record, from 0, among those
// that relation lists: a whole number called position. nil when there is none.
func Numbered(relation *model.Field) *model.Field {
	position := relation.Relation.Target.Field("position")
	if relation.Kind == model.ToMany && position != nil && position.Kind == model.Column &&
		(position.Scalar == model.Int || position.Scalar == model.Int64) {
		return position
	}
	return nil
}

// Lists are the [Relations] of t to many records, each of which has a path
// below a record's own, under its PathName. Of two with the same PathName the
// first has it.
func Lists(t *model.Type, v int) []*model.Field {
	var lists []*model.Field
	for _, field := range Relations(t, v) {
		sameName := func(other *model.Field) bool { return other.PathName() == field.PathName() }
		if field.Kind != model.ToOne && !slices.ContainsFunc(lists, sameName) {
			lists = append(lists, field)
		}
	}
	return lists
}

// Relations are the fields of t by which API version v can embed other
// records, in the order of the model. A vocabulary's words are attributes, and
// not among them.
func Relations(t *model.Type, v int) []*model.Field {
	var fields []*model.Field
	for _, field := range t.Fields {
		if field.Relation != nil && !field.Relation.Target.Vocabulary && field.Served(v) && field.Relation.Target.Served(v) {
			fields = append(fields, field)
		}
	}
	return fields
}
