package statement

import (
	"strings"
	"sync"

	"github.com/larderhq/larder/internal/model"
	"github.com/larderhq/larder/internal/query"
)

// Builder writes the statements of one engine. It keeps what is the same for
// every record of a type and is safe for concurrent use.
type Builder struct {
	dialect Dialect
	shapes  sync.Map // of shapeKey to *shape
}

// NewBuilder returns a builder of statements for the dialect's engine.
func NewBuilder(d Dialect) *Builder { return &Builder{dialect: d} }

// shapeKey says for which type and version a shape is.
type shapeKey struct {
	t       *model.Type
	version int
}

// shape is the text that all statements on a type in one version share.
type shape struct {
	table  string         // quoted
	row    string         // the record as JSON, every attribute
	item   string         // a whole statement: the record with an id
	idJSON string         // the position in the order of the id alone
	stored []*model.Field // the fields that have a column, but for the id
}

func (b *Builder) shape(t *model.Type, version int) *shape {
	key := shapeKey{t, version}
	if known, ok := b.shapes.Load(key); ok {
		return known.(*shape)
	}
	s := &shape{table: quote(t.Table()), stored: Columns(t)}
	w := newWriter(b.dialect)
	w.row(served(t, version))
	s.row = w.sql.String()
	w = newWriter(b.dialect)
	w.add("SELECT ", s.row, " FROM ", s.table, " AS r WHERE r.", quote("id"), " = ")
	w.bind(nil)
	s.item = w.sql.String()
	s.idJSON = "concat('[', " + w.value(t.ID) + ", ']')"
	known, _ := b.shapes.LoadOrStore(key, s)
	return known.(*shape)
}

// served are the attributes of a version as columns of an answer.
func served(t *model.Type, version int) []query.Column {
	fields := t.Attributes(version)
	columns := make([]query.Column, len(fields))
	for i, f := range fields {
		columns[i] = query.Column{Field: f, Name: f.JSONName()}
	}
	return columns
}

// Columns are the fields of t that have a column of their own, but for the id,
// in the order in which Insert takes their values.
func Columns(t *model.Type) []*model.Field {
	var fields []*model.Field
	for _, f := range t.Fields {
		if f.Column() != "" {
			fields = append(fields, f)
		}
	}
	return fields
}

// maxConcat is how many arguments concat gets at most: PostgreSQL takes 100.
const maxConcat = 90

// row writes a record as the text of a JSON object.
func (w *writer) row(columns []query.Column) {
	if len(columns) == 0 {
		w.add("'{}'")
		return
	}
	arguments := 0
	w.add("concat(")
	for i, c := range columns {
		if arguments >= maxConcat {
			w.add(") || concat(")
			arguments = 0
		} else if i > 0 {
			w.add(", ")
		}
		arguments += 2
		w.name(c, i == 0)
		w.add(", ", w.value(c.Field))
	}
	w.add(", '}')")
}

// name writes an attribute's name and what stands before it. A name that the
// request chose is bound.
func (w *writer) name(c query.Column, first bool) {
	before := ","
	if first {
		before = "{"
	}
	text := before + jsonText(c.Name) + ":"
	if c.Name == c.Field.JSONName() {
		w.add(literal(text))
		return
	}
	w.bind(text)
	w.add(w.dialect.castTo(stored{scalar: model.String}))
}

// value is the field of r as JSON text.
func (w *writer) value(f *model.Field) string {
	s := storedAs(f)
	switch {
	case f.Kind == model.ValueList, f.Kind == model.ManyToMany:
		return w.dialect.jsonArray(s, quote("value"), listValues(f))
	case isVocabularyWord(f):
		return w.dialect.json(s, "("+word(f)+")", !f.Required)
	default:
		return w.dialect.json(s, column(f), !f.Required && f != f.Owner.ID)
	}
}

// isVocabularyWord reports whether the field refers to a word of a vocabulary.
func isVocabularyWord(f *model.Field) bool {
	return f.Kind == model.ToOne && f.Relation.Target.Vocabulary
}

// word is the query for the word that the field of r refers to.
func word(f *model.Field) string {
	target := f.Relation.Target
	return "SELECT w." + quote(target.Word().Column()) + " FROM " + quote(target.Table()) +
		" AS w WHERE w." + quote("id") + " = " + column(f)
}

// listValues is the query for the elements of r's list, in order, as value.
func listValues(f *model.Field) string {
	return "SELECT " + elementValue(f) + " AS " + quote("value") + " FROM " + elementsOf(f) +
		" ORDER BY v." + quote("position")
}

// elementValue is an element of a list whose elements are rows of their own.
func elementValue(f *model.Field) string {
	if f.Kind == model.ManyToMany {
		return "w." + quote(referenced(f).Column())
	}
	return "v." + quote("value")
}

// elementsOf is the FROM and WHERE of the elements of r's list.
func elementsOf(f *model.Field) string {
	from := quote(f.ValueTable()) + " AS v"
	if f.Kind == model.ManyToMany {
		from += " JOIN " + quote(f.Relation.Target.Table()) + " AS w ON w." + quote("id") + " = v." + quote(f.TargetColumn())
	}
	return from + " WHERE v." + quote(f.OwnerColumn()) + " = r." + quote("id")
}

// Item is the statement that reads the record with the id, as one row with one
// column, its JSON object; no row when there is none.
func (b *Builder) Item(q query.Read, id any) Statement {
	if q.Columns == nil {
		return Statement{SQL: b.shape(q.Type, q.Version).item, Args: []any{id}}
	}
	w := newWriter(b.dialect)
	w.add("SELECT ")
	w.row(q.Columns)
	w.add(" FROM ", quote(q.Type.Table()), " AS r WHERE r.", quote("id"), " = ")
	w.bind(id)
	return w.statement()
}

// ItemForUpdate is Item for a record that the same transaction is to change.
func (b *Builder) ItemForUpdate(q query.Read, id any) Statement {
	s := b.Item(q, id)
	if lock := b.dialect.forUpdate(); lock != "" {
		s.SQL = strings.Join([]string{s.SQL, lock}, "")
	}
	return s
}

// Items is the statement that reads the records with the ids, each as one row
// with its JSON object, in the order of ids. An id that no record has is left
// out.
func (b *Builder) Items(q query.Read, ids []any) Statement {
	w := newWriter(b.dialect)
	w.add("SELECT ")
	w.columns(b, q)
	w.add(" FROM ")
	w.dialect.members(w, jsonText(ids), "e")
	id := w.dialect.fromElement(storedAs(q.Type.ID), w.dialect.memberOf("e"))
	w.add(" JOIN ", quote(q.Type.Table()), " AS r ON r.", quote("id"), " = ", id, " ORDER BY e.key")
	return w.statement()
}

// columns writes the JSON object of what q wants of a record.
func (w *writer) columns(b *Builder, q query.Read) {
	if q.Columns == nil {
		w.add(b.shape(q.Type, q.Version).row)
		return
	}
	w.row(q.Columns)
}
