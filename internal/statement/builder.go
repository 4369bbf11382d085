package statement

import (
	"sync"

	"github.com/larderhq/larder/internal/model"
	"github.com/larderhq/larder/internal/query"
)

// Builder writes the statements of one engine. It keeps what is the same for
// every record of a type and is safe for concurrent use.
type Builder struct {
	dialect Dialect
	shapes  sync.Map // of shapeKey to *shape
	members sync.Map // of memberKey to string
	rows    sync.Map // of rowKey to string
}

// NewBuilder returns a builder of statements for the dialect's engine.
func NewBuilder(d Dialect) *Builder { return &Builder{dialect: d} }

// reader returns a writer of a statement that reads records.
func (b *Builder) reader() *writer {
	w := newWriter(b.dialect)
	w.builder = b
	return w
}

// shapeKey says for which type and version a shape is.
type shapeKey struct {
	t       *model.Type
	version int
}

// shape is the text that all statements on a type in one version share.
type shape struct {
	table  string         // quoted
	row    string         // the record as JSON, every attribute
	item   string         // a whole statement: the record with an id; "" where that is several columns
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
	w.attributes(t, version)
	s.row = w.sql.String()
	w = newWriter(b.dialect)
	if !t.ID.Composite() {
		w.add("SELECT ", s.row, " FROM ", s.table, " AS r WHERE ")
		w.hasID(t, nil)
		s.item = w.sql.String()
	}
	if !t.ID.Composite() {
		s.idJSON = "concat('[', " + w.value(t.ID) + ", ']')"
	}
	known, _ := b.shapes.LoadOrStore(key, s)
	return known.(*shape)
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

// attributes writes every attribute of a version as the text of a JSON object.
func (w *writer) attributes(t *model.Type, version int) {
	for i, f := range t.Attributes(version) {
		w.separate(i)
		w.add(w.attribute(f, opening(i, "{")))
	}
	w.add(", '}')") // there is always an id
}

// object writes columns as the text of the members of a JSON object, between
// its braces or none.
func (w *writer) object(columns []query.Column, open, closing string) error {
	n := 0
	for _, c := range columns {
		if c.Embed != nil && len(c.Names()) == 0 {
			continue
		}
		w.separate(n)
		if err := w.member(c, opening(n, open)); err != nil {
			return err
		}
		n++
	}
	if n == 0 {
		w.add(literal(open + closing))
		return nil
	}
	if closing != "" {
		w.add(", ", literal(closing))
	}
	w.add(")")
	return nil
}

// separate writes what stands before the n-th pair of concat's arguments.
func (w *writer) separate(n int) {
	switch {
	case n == 0:
		w.add("concat(")
	case n%(maxConcat/2) == 0:
		w.add(") || concat(")
	default:
		w.add(", ")
	}
}

// opening is what stands before the n-th member of an object.
func opening(n int, open string) string {
	if n == 0 {
		return open
	}
	return ","
}

// member writes a column's name and value, as two arguments of concat.
func (w *writer) member(c query.Column, before string) error {
	switch {
	case c.Embed != nil:
		return w.embed(c, before)
	case c.Aggregate != "":
		w.name(c, before)
		w.add(", ", w.aggregate(c))
	case c.Name == c.Field.JSONName():
		w.add(w.attribute(c.Field, before))
	default:
		w.name(c, before)
		w.add(", ", w.value(c.Field))
	}
	return nil
}

// memberKey says for which attribute of which record a member's text is, and
// what stands before it.
type memberKey struct {
	field          *model.Field
	record, before string
}

// attribute is an attribute under its own name, as two arguments of concat. A
// writer that reads finds it written already.
func (w *writer) attribute(f *model.Field, before string) string {
	key := memberKey{f, w.record, before}
	if w.builder != nil {
		if known, ok := w.builder.members.Load(key); ok {
			return known.(string)
		}
	}
	text := literal(before+jsonText(f.JSONName())+":") + ", " + w.value(f)
	if w.builder != nil {
		w.builder.members.Store(key, text)
	}
	return text
}

// name writes a member's name and what stands before it. A name that the
// request chose is bound.
func (w *writer) name(c query.Column, before string) {
	text := before + jsonText(c.Name) + ":"
	if c.Name == modelName(c) {
		w.add(literal(text))
		return
	}
	w.bind(text)
	w.add(w.dialect.castTo(stored{scalar: model.String}))
}

// modelName is what a column is called unless the request says otherwise.
func modelName(c query.Column) string {
	switch {
	case c.Aggregate != "":
		return string(c.Aggregate)
	case c.Embed != nil:
		return c.Embed.Relation.Name
	default:
		return c.Field.JSONName()
	}
}

// value is the field of the record as JSON text.
func (w *writer) value(f *model.Field) string {
	s := storedAs(f)
	switch {
	case f.Kind == model.ValueList, f.Kind == model.ManyToMany:
		return w.dialect.jsonArray(s, quote("value"), w.listValues(f))
	case isVocabularyWord(f):
		return w.dialect.json(s, "("+w.word(f)+")", !f.Required)
	default:
		return w.dialect.json(s, w.column(f), !f.Required && f != f.Owner.ID)
	}
}

// isVocabularyWord reports whether the field refers to a word of a vocabulary.
func isVocabularyWord(f *model.Field) bool {
	return f.Kind == model.ToOne && f.Relation.Target.Vocabulary
}

// word is the query for the word that the field of the record refers to.
func (w *writer) word(f *model.Field) string {
	target := f.Relation.Target
	return "SELECT w." + quote(target.Word().Column()) + " FROM " + quote(target.Table()) +
		" AS w WHERE w." + quote(target.ID.Column()) + " = " + w.column(f)
}

// listValues is the query for the elements of the record's list, in order, as
// value.
func (w *writer) listValues(f *model.Field) string {
	return "SELECT " + elementValue(f) + " AS " + quote("value") + " FROM " + w.elementsOf(f) +
		" ORDER BY v." + quote("position")
}

// elementValue is an element of a list whose elements are rows of their own.
func elementValue(f *model.Field) string {
	if f.Kind == model.ManyToMany {
		return "w." + quote(referenced(f).Column())
	}
	return "v." + quote("value")
}

// elementsOf is the FROM and WHERE of the elements of the record's list.
func (w *writer) elementsOf(f *model.Field) string {
	from := quote(f.ValueTable()) + " AS v"
	if f.Kind == model.ManyToMany {
		from += " JOIN " + quote(f.Relation.Target.Table()) + " AS w ON w." + quote(f.Relation.Target.ID.Column()) + " = v." + quote(f.TargetColumn())
	}
	return from + " WHERE v." + quote(f.OwnerColumn()) + " = " + w.record + "." + quote(f.Owner.ID.Column())
}

// Item is the statement that reads the record with the id, as one row with one
// column, its JSON object; no row when there is none.
func (b *Builder) Item(q query.Read, id any) (Statement, error) {
	if item := b.shape(q.Type, q.Version).item; q.Columns == nil && item != "" {
		return Statement{SQL: item, Args: []any{id}}, nil
	}
	w := b.reader()
	w.add("SELECT ")
	if err := w.columns(b, q); err != nil {
		return Statement{}, err
	}
	w.add(" FROM ", quote(q.Type.Table()), " AS r WHERE ")
	w.hasID(q.Type, id)
	if q.Grouped() { // a group of one record, or none
		w.add(" GROUP BY ", w.column(q.Type.ID))
	}
	return w.statement(), nil
}

// Lock is the statement that keeps others from changing the record with the id
// until the transaction ends. It is not needed where nobody else can, anyway.
// The record is to be read by another statement after it: PostgreSQL's FOR
// UPDATE waits for other changes and then gives the record as they left it,
// but its lists as they were when the statement began
// (https://www.postgresql.org/docs/current/transaction-iso.html#XACT-READ-COMMITTED).
func (b *Builder) Lock(t *model.Type, id any) (s Statement, needed bool) {
	lock := b.dialect.forUpdate()
	if lock == "" {
		return Statement{}, false
	}
	w := newWriter(b.dialect)
	w.add("SELECT FROM ", quote(t.Table()), " AS r WHERE ")
	w.hasID(t, id)
	w.add(lock)
	return w.statement(), true
}

// Items is the statement that reads the records with the ids, each as one row
// with its JSON object, in the order of ids. An id that no record has is left
// out.
func (b *Builder) Items(q query.Read, ids []any) (Statement, error) {
	w := b.reader()
	w.add("SELECT ")
	if err := w.columns(b, q); err != nil {
		return Statement{}, err
	}
	w.add(" FROM ")
	w.dialect.members(w, jsonText(ids), "e")
	id := w.dialect.fromElement(storedAs(q.Type.ID), w.dialect.memberOf("e"))
	w.add(" JOIN ", quote(q.Type.Table()), " AS r ON ", w.column(q.Type.ID), " = ", id)
	if q.Grouped() { // each record is a group
		w.add(" GROUP BY ", w.column(q.Type.ID), ", e.key")
	}
	w.add(" ORDER BY e.key")
	return w.statement(), nil
}

// columns writes the JSON object of what q wants of a record.
func (w *writer) columns(b *Builder, q query.Read) error {
	if q.Columns == nil {
		w.add(b.shape(q.Type, q.Version).row)
		return nil
	}
	return w.object(q.Columns, "{", "}")
}
