package statement

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/larderhq/larder/internal/model"
)

// writer puts the text of a statement and its arguments together, in the
// order of the placeholders.
type writer struct {
	dialect Dialect
	sql     strings.Builder
	args    []any
	record  string   // the record that is spoken of: "r", in an embed "e1" and so on
	depth   int      // embeds around the record
	builder *Builder // which keeps what is written often; nil: nothing is kept
}

func newWriter(d Dialect) *writer {
	w := &writer{dialect: d, record: "r"}
	w.sql.Grow(512)
	return w
}

// add writes SQL text, none of which may come from a request.
func (w *writer) add(parts ...string) {
	for _, part := range parts {
		w.sql.WriteString(part)
	}
}

// bind writes a placeholder and binds argument to it.
func (w *writer) bind(argument any) {
	w.args = append(w.args, argument)
	w.dialect.placeholder(&w.sql, len(w.args))
}

// bindValue writes a placeholder for a canonical value of the field (of its
// elements, if it is a list) in the form in which it is stored.
func (w *writer) bindValue(f *model.Field, value any) {
	s := storedAs(f)
	w.bind(w.dialect.encode(s, value))
	w.add(w.dialect.widen(s))
}

// bindAs is bindValue for a place from which PostgreSQL cannot tell the type.
func (w *writer) bindAs(f *model.Field, value any) {
	s := storedAs(f)
	w.bind(w.dialect.encode(s, value))
	w.add(w.dialect.castTo(s))
}

// statement ends the writing.
func (w *writer) statement() Statement {
	return Statement{SQL: w.sql.String(), Args: w.args}
}

// quote writes an identifier.
func quote(name string) string {
	return `"` + strings.ReplaceAll(name, `"`, `""`) + `"`
}

// literal writes a text constant. It is for names of the model only.
func literal(text string) string {
	return "'" + strings.ReplaceAll(text, "'", "''") + "'"
}

// column is the field's column of the record r.
func column(f *model.Field) string { return `r.` + quote(f.Column()) }

// column is the field's column of the record that is spoken of.
func (w *writer) column(f *model.Field) string {
	if f.Composite() {
		return w.compositeID(f.Owner)
	}
	return w.dialect.natural(f, w.record+"."+quote(f.Column()))
}

// stored says how one value lies in its column.
type stored struct {
	scalar   model.Scalar // Int64 for integer keys
	scale    int          // of a Decimal
	jsonList bool         // a list in one JSON column
	native   string       // model.Field.ColumnType
}

// storedAs is how a value of the field is stored, or of a list field an
// element. The key of another record is stored as that record's id, and what
// stands for a vocabulary's word is the word.
func storedAs(f *model.Field) stored {
	if f.Relation != nil {
		f = referenced(f)
	}
	if f.Scalar == model.ID && f.Owner != nil && f == f.Owner.ID {
		return stored{scalar: model.Int64}
	}
	return stored{scalar: f.Scalar, scale: f.Scale, jsonList: f.Kind == model.JSONColumn, native: f.ColumnType}
}

// referenced is the field of the target that a relation's value is: the word
// of a vocabulary, else the id.
func referenced(f *model.Field) *model.Field {
	if word := f.Relation.Target.Word(); word != nil {
		return word
	}
	return f.Relation.Target.ID
}

// jsonText writes a value as JSON. It cannot fail on what the package gives it:
// strings, numbers, booleans, nil, and slices of them.
func jsonText(value any) string {
	switch v := value.(type) {
	case int64:
		return strconv.FormatInt(v, 10)
	case nil:
		return "null"
	}
	text, err := json.Marshal(value)
	if err != nil {
		return "null"
	}
	return string(text)
}
