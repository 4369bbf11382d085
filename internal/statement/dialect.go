package statement

import (
	"strings"

	"github.com/larderhq/larder/internal/model"
)

// Dialect writes SQL for one engine. Every difference between SQLite and
// PostgreSQL is in a Dialect and in nothing else.
type Dialect interface {
	// Name is "sqlite" or "postgres".
	Name() string

	// placeholder writes the placeholder of the n-th argument, from 1.
	placeholder(sql *strings.Builder, n int)
	// encode is a canonical value in the form in which it is stored.
	encode(s stored, value any) any
	// element is a canonical value as a member of a JSON array argument, from
	// which fromElement reads it: nil, bool, int64, float64 or string.
	element(s stored, value any) any
	// fromElement is a text expression taken out of such an array, as stored.
	fromElement(s stored, expression string) string
	// widen is what a placeholder needs that is compared with a column, so that
	// a value which the column could not hold is no error.
	widen(s stored) string
	// natural is a column as larder would have it where it has another type.
	natural(f *model.Field, expression string) string
	// list is what stands around a list in JSON that a column is to hold.
	list(f *model.Field) (before, behind string)
	// castTo is what tells a placeholder's type where nothing else does.
	castTo(s stored) string
	// json is a stored value as JSON text, null being 'null'.
	json(s stored, expression string, nullable bool) string
	// jsonArray is the JSON array of a subquery's column, in its order.
	jsonArray(s stored, column, subquery string) string
	// sum is the sum of a column of numbers; beyond 64 bits it fails.
	sum(s stored, column string) string
	// average is the mean of a column of numbers, as a double, in parentheses.
	average(s stored, column string) string
	// order is what follows an expression that is sorted.
	order(descending, nullsFirst, nullable bool) string
	// limit writes how many rows are read, -1 being all.
	limit(w *writer, rows int64)
	// forUpdate locks the rows that a statement reads.
	forUpdate() string

	// like compares a text with a pattern of % and _, a backslash taking the
	// next character as it is.
	like(w *writer, expression, pattern string, ignoreCase bool) error
	// members is a FROM item that has a row for each member of the JSON array
	// that is the next argument, with the columns key (from 0) and value.
	members(w *writer, array, alias string)
	// member is the n-th member, as text, of a value of members that is itself
	// an array.
	member(alias string, n int) string
	// memberOf is the value of members, as text.
	memberOf(alias string) string
	// jsonMembers is a FROM item of the members of a list in one JSON column.
	jsonMembers(expression, alias string) string
	// bindMember binds what a value of jsonMembers is compared with.
	bindMember(w *writer, f *model.Field, value any)
	// jsonAppend and jsonRemove are the new value of a list in one JSON column.
	jsonAppend(w *writer, expression, array string)
	jsonRemove(w *writer, expression, array string)

	// arithmetic writes current+value or current*value.
	arithmetic(w *writer, a Assignment, current string)
	// inRange writes the condition that the result of an arithmetic assignment
	// fits its column, or reports that the engine itself refuses what does not.
	inRange(w *writer, a Assignment, current string) bool
	// afterIdentity sets the counter of a table's ids behind the ids in it.
	afterIdentity(table, id string) (sql string, needed bool)
}

// isText reports whether a scalar's canonical value, its column and its JSON
// form are all the same text.
func isText(scalar model.Scalar) bool {
	switch scalar {
	case model.String, model.ID, model.EnumWord, model.UUID, model.Date:
		return true
	default:
		return false
	}
}
