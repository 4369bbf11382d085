package openapi

import (
	"fmt"
	"slices"
	"strings"

	"github.com/larderhq/larder/internal/model"
	"github.com/larderhq/larder/internal/query"
)

// reserved are the names that are parameters before they are attributes.
var reserved = []string{"select", "order", "limit", "offset", "columns", "on_conflict", "and", "or"}

// meanings say what the operators do, in the words of a filter's description.
var meanings = map[query.Operator]string{
	query.Equal:        "equal",
	query.NotEqual:     "not equal",
	query.Greater:      "greater",
	query.GreaterEqual: "greater or equal",
	query.Less:         "less",
	query.LessEqual:    "less or equal",
	query.Like:         "like a pattern in which `*` stands for any text",
	query.ILike:        "the same whatever the case",
	query.In:           "one of `(a,b,c)`",
	query.Is:           "`null` or `not_null`",
	query.IsDistinct:   "not equal, with null a value like others",
	query.Contains:     "contains all of `{a,b}`",
	query.Contained:    "contains nothing but `{a,b}`",
	query.Overlaps:     "contains one of `{a,b}`",
}

// filterParameter is the parameter that filters by a field, or nil for one
// that only trees can filter by.
func filterParameter(field *model.Field) object {
	name := field.JSONName()
	if slices.Contains(reserved, name) {
		return nil
	}
	var operators []string
	for _, operator := range query.Operators(field) {
		meaning := meanings[operator]
		if operator == query.Is && field.Scalar == model.Boolean && !field.IsList() {
			meaning = "`null`, `not_null`, `true`, `false` or `unknown`"
		}
		operators = append(operators, fmt.Sprintf("`%s.` %s", operator, meaning))
	}
	return object{
		{"name", name},
		{"in", "query"},
		{"description", fmt.Sprintf("Filters by `%s`, with an operator before the value: %s. `not.` before the operator negates it.", name, strings.Join(operators, ", "))},
		{"schema", object{{"type", "string"}, {"pattern", filterPattern(field)}}},
	}
}

// filterPattern is the form of a filter's value: what comes behind the
// operator is for the server to say.
func filterPattern(field *model.Field) string {
	var operators []string
	for _, operator := range query.Operators(field) {
		operators = append(operators, string(operator))
	}
	return `^(not\.)?(` + strings.Join(operators, "|") + `)(\((any|all)\))?\.`
}

// textParameter is a parameter that is a text.
func textParameter(name, in, description string) object {
	return object{
		{"name", name},
		{"in", in},
		{"description", description},
		{"schema", object{{"type", "string"}}},
	}
}

// sharedParameters are the components of the parameters that are the same for
// all types.
func sharedParameters(info Info) object {
	const tree = "A tree of conditions in parentheses, %s. Conditions are `attribute.operator.value`; trees are `and(…)`, `or(…)`, each also behind `not.`: `(population.lt.1000,and(name.eq.Hoth,not.id.eq.4))`"
	whole := func(name, description string, bounds ...member) object {
		return object{
			{"name", name},
			{"in", "query"},
			{"description", description},
			{"schema", append(object{{"type", "integer"}, {"minimum", 0}}, bounds...)},
		}
	}
	return object{
		{"select", textParameter("select", "query", "The attributes that the answer holds, in that order: `id,name`. `alias:attribute` gives another name, `*` means all. The answer's records then have these members only. A relation with columns in parentheses embeds related records, `relation(*)`, and parameters that begin with its name shape them: `relation.order=name`, `relation.limit=3`, `relation.name=eq.value`; `relation!inner(*)` leaves out the records that have none. `count()` and, behind an attribute, `.sum()`, `.avg()`, `.min()`, `.max()` and `.count()` make one value of the records that agree in the other columns.")},
		{"order", textParameter("order", "query", "The order of the records: `name.desc.nullslast,id`. Unless said, ascending, and nulls greater than every value.")},
		{"limit", whole("limit", fmt.Sprintf("Rows of the page; at most %s.", number(info.MaxLimit)), member{"maximum", info.MaxLimit}, member{"default", info.PageSize})},
		{"offset", whole("offset", "Rows to skip. The links of an answer lead through a long list faster.")},
		{"and", textParameter("and", "query", fmt.Sprintf(tree, "all of which must hold"))},
		{"or", textParameter("or", "query", fmt.Sprintf(tree, "one of which must hold"))},
		{"not.and", textParameter("not.and", "query", fmt.Sprintf(tree, "not all of which may hold"))},
		{"not.or", textParameter("not.or", "query", fmt.Sprintf(tree, "none of which may hold"))},
		{"after", textParameter("_after", "query", "A cursor: the page behind it. Comes with `rel=\"next\"` of `Link`.")},
		{"before", textParameter("_before", "query", "A cursor: the page before it. Comes with `rel=\"prev\"` of `Link`.")},
		{"all", object{
			{"name", "_all"},
			{"in", "query"},
			{"description", "`true` says that every record is meant. Without this and without a filter nothing is changed."},
			{"schema", object{{"type", "boolean"}}},
		}},
		{"columns", textParameter("columns", "query", "The attributes to take from the body, separated by commas; the rest of the body is ignored.")},
		{"on_conflict", textParameter("on_conflict", "query", "The attributes, unique together, by which an upsert finds the record that exists. Without it, the id.")},
		{"Range", textParameter("Range", "header", "The rows of the page, the last one included: `0-24`. In place of `limit` and `offset`.")},
		{"Prefer.read", textParameter("Prefer", "header", "`count=exact` asks for the total in `Content-Range` (`count=planned` and `count=estimated` may be quicker); `handling=strict` refuses preferences that are not understood.")},
		{"Prefer.create", textParameter("Prefer", "header", "`return=minimal`, `headers-only` or `representation` (an array); `resolution=merge-duplicates` or `ignore-duplicates` makes it an upsert; `missing=default` or `null` fills what `columns` names and the body lacks; `handling=strict` refuses preferences that are not understood.")},
		{"Prefer.change", textParameter("Prefer", "header", "`return=minimal` answers without the record, `return=representation` with it; `handling=strict` refuses preferences that are not understood.")},
		{"Prefer.many", textParameter("Prefer", "header", "`return=representation` answers with the records; `count=exact` with their number in `Content-Range`; `max-affected=10` refuses the change of more; `handling=strict` refuses preferences that are not understood.")},
		{"If-Match", textParameter("If-Match", "header", "The `ETag` of the record as it was read: the change is made only if the record is still the same (else 412).")},
		{"If-None-Match.read", textParameter("If-None-Match", "header", "The `ETag` of what is known already: answered by 304 if nothing has changed.")},
		{"If-None-Match.write", textParameter("If-None-Match", "header", "`*`: the record is made only if there is none (else 412).")},
		{"Idempotency-Key", textParameter("Idempotency-Key", "header", "A text that is new for every create: a repetition of the request with the same key is answered as the first was, and creates nothing.")},
	}
}

// idParameter is the path's id of a type's records.
func (w *writer) idParameter(t *model.Type) object {
	return object{
		{"name", "id"},
		{"in", "path"},
		{"required", true},
		{"description", "The id of a " + t.Name + "."},
		{"schema", w.scalar(t.ID)},
	}
}

// itemParameters are the id and references to shared parameters.
func (w *writer) itemParameters(n names, shared ...string) []any {
	return append([]any{w.idParameter(n.kind)}, parameters(shared...)...)
}

// parameters are references to shared parameters.
func parameters(names ...string) []any {
	refs := make([]any, len(names))
	for i, name := range names {
		refs[i] = ref("parameters", name)
	}
	return refs
}
