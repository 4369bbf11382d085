package statement

import (
	"fmt"

	"github.com/larderhq/larder/internal/model"
	"github.com/larderhq/larder/internal/query"
)

// where writes the WHERE of a filter and a stretch, or nothing.
func (w *writer) where(f *query.Filter, s stretch) error {
	before := " WHERE "
	if f != nil {
		w.add(before)
		before = " AND "
		if err := w.filter(f); err != nil {
			return err
		}
	}
	for _, b := range s {
		w.add(before)
		before = " AND "
		w.bound(b)
	}
	return nil
}

// maxArguments is how many arguments a statement may have before one more
// condition. SQLite takes 32,766 (SQLITE_MAX_VARIABLE_NUMBER), PostgreSQL
// 65,535; a condition has some 2,000 at most.
const maxArguments = 30_000

// filter writes a condition that can stand beside AND.
func (w *writer) filter(f *query.Filter) error {
	if len(w.args) > maxArguments {
		return &query.Error{
			Code: query.CodeLimit, Message: "too many values in the query",
			Details: fmt.Sprintf("with those of embeds, which count twice and more, there are more than %d", maxArguments),
			Hint:    "look for fewer at once",
		}
	}
	if f.Not {
		w.add("NOT ")
	}
	w.add("(")
	defer w.add(")")
	switch {
	case f.Op == query.And, f.Op == query.Or:
		return w.connective(f)
	case f.Embed != nil:
		return w.presence(f)
	case f.Op == query.MemberOf:
		w.memberOf(f)
		return nil
	case f.Field.IsList():
		return w.listComparison(f)
	}
	if f.Quantifier == query.One {
		return w.comparison(f, f.Values)
	}
	return w.quantified(f)
}

// connective writes the conditions of an and or an or.
func (w *writer) connective(f *query.Filter) error {
	between, none := " AND ", "TRUE"
	if f.Op == query.Or {
		between, none = " OR ", "FALSE"
	}
	if len(f.Filters) == 0 {
		w.add(none)
	}
	for i, inner := range f.Filters {
		if i > 0 {
			w.add(between)
		}
		if err := w.filter(inner); err != nil {
			return err
		}
	}
	return nil
}

// quantified writes a comparison with any or all of the values.
func (w *writer) quantified(f *query.Filter) error {
	between, none := " AND ", "TRUE"
	if f.Quantifier == query.Any {
		between, none = " OR ", "FALSE"
	}
	if len(f.Values) == 0 {
		w.add(none)
	}
	for i := range f.Values {
		if i > 0 {
			w.add(between)
		}
		if err := w.comparison(f, f.Values[i:i+1]); err != nil {
			return err
		}
	}
	return nil
}

// comparisons are the operators that SQL has.
var comparisons = map[query.Operator]string{
	query.Equal:        " = ",
	query.NotEqual:     " <> ",
	query.Greater:      " > ",
	query.GreaterEqual: " >= ",
	query.Less:         " < ",
	query.LessEqual:    " <= ",
	query.IsDistinct:   " IS DISTINCT FROM ",
}

// comparison writes the comparison of a field that has one value.
func (w *writer) comparison(f *query.Filter, values []any) error {
	expression := w.column(f.Field)
	if isVocabularyWord(f.Field) {
		expression = "(" + w.word(f.Field) + ")"
	}
	switch f.Op { //nolint:exhaustive // the plain ones are in the table below
	case query.Is:
		return w.is(expression, values)
	case query.In:
		w.in(f.Field, expression, values)
		return nil
	case query.Like, query.ILike:
		if pattern, ok := first(values).(string); ok {
			if storedAs(f.Field).native != "" {
				expression += w.dialect.castTo(stored{scalar: model.String})
			}
			return w.dialect.like(w, expression, pattern, f.Op == query.ILike)
		}
	}
	operator, known := comparisons[f.Op]
	if !known || len(values) != 1 {
		return unsuited(f)
	}
	w.add(expression, operator)
	w.bindValue(f.Field, values[0])
	return nil
}

func first(values []any) any {
	if len(values) == 0 {
		return nil
	}
	return values[0]
}

// unsuited is the error of a filter that package query would not have made.
func unsuited(f *query.Filter) error {
	return fmt.Errorf("filter %s by %s of %d values: no such comparison", f.Field.Name, f.Op, len(f.Values))
}

// is writes the operator for what has no equal.
func (w *writer) is(expression string, values []any) error {
	switch first(values) {
	case "null", "unknown":
		w.add(expression, " IS NULL")
	case "not_null":
		w.add(expression, " IS NOT NULL")
	case "true":
		w.add(expression, " IS TRUE")
	case "false":
		w.add(expression, " IS FALSE")
	default:
		return fmt.Errorf("filter by is: unknown word %v", values)
	}
	return nil
}

// presence writes whether the record has any of an embed's records.
func (w *writer) presence(f *query.Filter) error {
	switch first(f.Values) {
	case "null":
		w.add("NOT EXISTS")
	case "not_null":
		w.add("EXISTS")
	default:
		return fmt.Errorf("filter by %s: no such comparison of %s", f.Op, f.Embed.Relation.Name)
	}
	w.add(" (SELECT 1")
	outer := w.enter()
	defer w.leave(outer)
	defer w.add(")")
	return w.related(f.Embed, outer)
}

// memberOf writes that the record is in another's list of many to many.
func (w *writer) memberOf(f *query.Filter) {
	link := f.Field
	w.add(w.record, ".", quote(link.Relation.Target.ID.Column()), " IN (SELECT j.", quote(link.TargetColumn()), " FROM ", quote(link.ValueTable()),
		" AS j WHERE j.", quote(link.OwnerColumn()), " = ")
	w.bindValue(link.Owner.ID, first(f.Values))
	w.add(")")
}

// in writes the membership in a list of values; nothing is in the empty one.
// The last value is repeated up to a power of two, so that lists of all
// lengths make few different statements.
func (w *writer) in(f *model.Field, expression string, values []any) {
	if len(values) == 0 {
		w.add("FALSE")
		return
	}
	w.add(expression, " IN (")
	size := 1
	for size < len(values) {
		size *= 2
	}
	for i := range size {
		if i > 0 {
			w.add(", ")
		}
		w.bindValue(f, values[min(i, len(values)-1)])
	}
	w.add(")")
}

// listComparison writes the comparison of a list with values as a set, or with
// eq and neq as a whole.
func (w *writer) listComparison(f *query.Filter) error {
	if f.Quantifier != query.One {
		return unsuited(f)
	}
	if f.Field.Kind == model.JSONColumn && f.Op != query.Is {
		w.add("CASE WHEN ", w.column(f.Field), " IS NOT NULL THEN ")
		defer w.add(" END")
	}
	switch f.Op { //nolint:exhaustive // the others are for single values
	case query.Is:
		return w.listIs(f)
	case query.Contains:
		return w.contains(f)
	case query.Overlaps:
		w.exists(f.Field, "EXISTS")
		w.element(f.Field, f.Values)
		w.add(")")
	case query.Contained:
		w.exists(f.Field, "NOT EXISTS")
		w.add("(")
		w.element(f.Field, f.Values)
		w.add(") IS NOT TRUE)")
	case query.Equal:
		w.wholeList(f)
	case query.NotEqual:
		w.add("NOT (")
		w.wholeList(f)
		w.add(")")
	default:
		return unsuited(f)
	}
	return nil
}

// listIs: a list whose elements are rows is never null.
func (w *writer) listIs(f *query.Filter) error {
	switch word := first(f.Values); {
	case f.Field.Kind == model.JSONColumn:
		return w.is(w.column(f.Field), f.Values)
	case word == "null":
		w.add("FALSE")
	case word == "not_null":
		w.add("TRUE")
	default:
		return unsuited(f)
	}
	return nil
}

// contains writes that every value is an element.
func (w *writer) contains(f *query.Filter) error {
	if len(f.Values) == 0 {
		w.add("TRUE")
	}
	for i := range f.Values {
		if i > 0 {
			w.add(" AND ")
		}
		w.exists(f.Field, "EXISTS")
		w.element(f.Field, f.Values[i:i+1])
		w.add(")")
	}
	return nil
}

// exists begins a subquery over the elements of r's list, up to the condition
// on the element.
func (w *writer) exists(f *model.Field, how string) {
	w.add(how, " (SELECT 1 FROM ", w.elements(f))
	if f.Kind == model.JSONColumn {
		w.add(" WHERE ")
		return
	}
	w.add(" AND ")
}

// elements is the FROM of r's list, with its WHERE where it has one.
func (w *writer) elements(f *model.Field) string {
	if f.Kind == model.JSONColumn {
		return w.dialect.jsonMembers(w.column(f), "v")
	}
	return w.elementsOf(f)
}

// element writes the condition that an element is one of the values.
func (w *writer) element(f *model.Field, values []any) {
	if f.Kind != model.JSONColumn {
		if len(values) == 1 {
			w.add(elementValue(f), " = ")
			w.bindValue(f, values[0])
			return
		}
		w.in(f, elementValue(f), values)
		return
	}
	if len(values) == 0 {
		w.add("FALSE")
	}
	for i, value := range values {
		if i > 0 {
			w.add(" OR ")
		}
		w.add("v.value = ")
		w.dialect.bindMember(w, f, value)
	}
}

// wholeList writes that the list has exactly the values, in their order: so
// many elements, and none that is not the value at its place. Places are
// counted, since positions may have gaps.
func (w *writer) wholeList(f *query.Filter) {
	field := f.Field
	place := "v.key"
	w.add("(SELECT count(*) FROM ", w.elements(field), ") = ")
	w.bind(int64(len(f.Values)))
	w.add(w.dialect.castTo(stored{scalar: model.Int64}))
	if len(f.Values) == 0 {
		return
	}
	if field.Kind != model.JSONColumn {
		place = "(SELECT count(*) FROM " + quote(field.ValueTable()) + " AS b WHERE b." + quote(field.OwnerColumn()) +
			" = v." + quote(field.OwnerColumn()) + " AND b." + quote("position") + " < v." + quote("position") + ")"
	}
	w.add(" AND ")
	w.exists(field, "NOT EXISTS")
	w.add("CASE ", place)
	for i := range f.Values {
		w.add(" WHEN ")
		w.bind(int64(i))
		w.add(w.dialect.castTo(stored{scalar: model.Int64}), " THEN ")
		w.element(field, f.Values[i:i+1])
	}
	w.add(" END IS NOT TRUE)")
}
