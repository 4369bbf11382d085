package importer

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"github.com/larderhq/larder/internal/model"
	"github.com/larderhq/larder/internal/source"
	"github.com/larderhq/larder/internal/statement"
)

// reader turns the records of an answer into rows of the plan's tables.
type reader struct {
	plan    *plan
	failed  failedPaths
	invalid InvalidError
	ledger  *ledger                                   // nil where nobody wants to know
	fetched int                                       // records read
	send    func(ctx context.Context, b *batch) error // to be staged
}

// place is where in the answer a row stands.
type place struct {
	record int    // index of the source's record
	path   string // response path of the object
	nested bool
	text   bool // the record's values are texts that stand for others: cells of a table
}

// owner is the row in which another one is nested.
type owner struct {
	inverse *model.Field // the field of the nested row that points to the owner; nil when the owner points to it
	key     string       // the owner's
	field   string       // the owner's field that holds the nested row
	index   int          // in that field's list
}

// readAll sends the rows of every record, in batches.
func (r *reader) readAll(ctx context.Context, answer *source.Answer) error {
	for _, from := range r.plan.roots {
		for record, err := range answer.Records(from.path) {
			if err != nil {
				return fmt.Errorf("read %s: %w", from.path, err)
			}
			r.ledger.read(from.path, record.Data)
			at := place{record: record.Index, path: from.path, text: record.Text}
			if _, err := r.row(ctx, from.table, at, from.key, nil, record.Data); err != nil {
				return err
			}
			r.fetched++
		}
	}
	for _, t := range r.plan.tables {
		if err := r.flush(ctx, t); err != nil {
			return err
		}
	}
	return nil
}

// flush sends the table's batch. After the first problem, rows are only
// checked.
func (r *reader) flush(ctx context.Context, t *table) error {
	b := t.batch
	t.batch = nil
	if b == nil || r.invalid.Count > 0 {
		return ctx.Err()
	}
	b.fetched = r.fetched
	return r.send(ctx, b)
}

// row stages the object as a row of the table, and the rows nested in it. It
// returns the row's key, "" when the object is invalid, which is noted.
func (r *reader) row(ctx context.Context, t *table, at place, keyFields []string, within *owner, object json.RawMessage) (string, error) {
	members := membersOf(object)
	if members == nil {
		r.problem(at, "", "", "expected an object, got "+excerpt(object))
		return "", nil
	}
	before := r.invalid.Count
	row := statement.StagedRow{Record: at.record, Nested: at.nested, Values: make([]any, len(t.fields))}
	base := make(texts, len(t.fields))
	for i, f := range t.fields {
		switch f.Kind {
		case model.Column, model.JSONColumn, model.ValueList:
			r.value(t, at, within, members, i, &row, base)
		case model.ToOne:
			if within != nil && f == within.inverse {
				row.Values[i], base[f.Name] = within.key, json.RawMessage(within.key)
			}
		case model.ToMany, model.ManyToMany:
		}
	}
	key, err := r.key(ctx, t, at, keyFields, within, members, &row, base)
	if err != nil || r.invalid.Count > before {
		if err == nil {
			r.nameProblems(before, key)
		}
		return "", err
	}
	row.Key = key
	if err := r.relations(ctx, t, at, members, &row, base); err != nil || r.invalid.Count > before {
		return "", err
	}
	if row.NewID, err = r.newID(t, at, key, members, &row); err != nil || r.invalid.Count > before {
		return "", err
	}
	row.Base = string(base.object(t.names))
	for i, name := range t.names {
		if !t.told[i] {
			_, t.told[i] = base[name]
		}
	}
	t.nested = t.nested || at.nested
	row.Position = t.next
	t.next++
	if t.add(row) {
		return key, r.flush(ctx, t)
	}
	return key, nil
}

// value accepts the value of a field that holds no relation. A value that
// upstream does not tell has no place in the base; a row that is created gets
// the default instead.
func (r *reader) value(t *table, at place, within *owner, members map[string]json.RawMessage, i int, row *statement.StagedRow, base texts) {
	f := t.fields[i]
	raw, told := lookup(members, f)
	if told && isNull(raw) && r.failed[join(at.path, where(f))] {
		told = false
	}
	if !told && f == t.position && within != nil {
		raw, told = fmt.Appendf(nil, "%d", within.index), true
	}
	if !told {
		leaveOut(row, i, f)
		return
	}
	value, err := at.accept(f, raw)
	if err != nil {
		r.problem(at, "", f.Name, messageOf(err))
		return
	}
	row.Values[i], base[f.Name] = value, f.AppendJSON(nil, value)
}

// accept is the canonical value of a field. Of the cells of a table, an empty
// one is null, but for a text that must be there; empty quotes are a value where
// the field has an empty one, and null elsewhere; lists and JSON are JSON.
func (p place) accept(f *model.Field, raw json.RawMessage) (any, error) {
	var text string
	mayBeEmpty := f.Scalar == model.String || f.Scalar == model.ID || f.Scalar == model.Bytes
	switch {
	case !p.text:
		return f.AcceptJSON(raw)
	case isNull(raw) && f.Required && f.Scalar == model.String && !f.IsList():
		text = ""
	case isNull(raw) || json.Unmarshal(raw, &text) != nil:
		return f.AcceptJSON(raw)
	case text == "" && (f.IsList() || !mayBeEmpty):
		return f.AcceptJSON(json.RawMessage("null"))
	case f.IsList(), f.Scalar == model.JSON && json.Valid([]byte(text)):
		return f.AcceptJSON(json.RawMessage(text))
	case f.Scalar == model.JSON:
		return f.AcceptJSON(raw)
	}
	value, err := f.AcceptText(text)
	if err == nil {
		err = f.CheckValue(value)
	}
	return value, err
}

// messageOf is what is wrong with a value, without the field's name.
func messageOf(err error) string {
	if invalid := (*model.ValueError)(nil); errors.As(err, &invalid) {
		return invalid.Message
	}
	return err.Error()
}

// leaveOut gives a new record the default of a field that upstream does not
// tell, or notes that it cannot be created without.
func leaveOut(row *statement.StagedRow, i int, f *model.Field) {
	switch {
	case f.Default != nil:
		row.Values[i] = f.Default.Value
	case f.Required:
		lack(row, f)
	}
}

// untell notes that upstream does not tell the relation.
func (t *table) untell(row *statement.StagedRow, f *model.Field) {
	t.untold[f] = true
	if row.Untold == "" {
		row.Untold = ","
	}
	row.Untold += f.Name + ","
}

// lack notes that a new record cannot be created without the field.
func lack(row *statement.StagedRow, f *model.Field) {
	row.Missing = strings.TrimPrefix(row.Missing+", "+f.Name, ", ")
}

// newID is the id that the row has if it is new: the record's own where such
// are kept, a fresh one for a type whose ids larder makes, else "".
func (r *reader) newID(t *table, at place, key string, members map[string]json.RawMessage, row *statement.StagedRow) (string, error) {
	if !r.plan.keepIDs {
		return freshID(t.typ)
	}
	id := t.typ.ID
	raw := members[id.Name]
	if isNull(raw) {
		lack(row, id)
		return "", nil
	}
	value, err := at.accept(id, raw)
	if err == nil {
		err = id.CheckValue(value)
	}
	if err != nil {
		r.problem(at, key, id.Name, messageOf(err))
		return "", nil
	}
	return fmt.Sprint(value), nil
}

// freshID is a new id for a type whose ids larder makes, else "".
func freshID(t *model.Type) (string, error) {
	if t.ID.Scalar != model.UUID {
		return "", nil
	}
	id, err := uuid.NewV7()
	if err != nil {
		return "", fmt.Errorf("make an id: %w", err)
	}
	return id.String(), nil
}

// relations stages what is nested in the row and notes the keys of the rows
// that it points to.
func (r *reader) relations(ctx context.Context, t *table, at place, members map[string]json.RawMessage, row *statement.StagedRow, base texts) error {
	for i, f := range t.fields {
		var err error
		switch f.Kind {
		case model.ToOne:
			err = r.toOne(ctx, t, at, members, row.Key, i, row, base)
		case model.ManyToMany:
			err = r.manyToMany(ctx, t, at, members, row.Key, i, row, base)
		case model.Column, model.JSONColumn, model.ValueList, model.ToMany:
		}
		if err != nil {
			return err
		}
	}
	for _, f := range t.typ.Fields {
		if f.Kind == model.ToMany {
			if err := r.toMany(ctx, t, at, members, f, row); err != nil {
				return err
			}
		}
	}
	return nil
}

// toOne stages the object that the to-one field i holds. ownerKey is "" while
// the owner's key is being made, which may need this field.
func (r *reader) toOne(ctx context.Context, t *table, at place, members map[string]json.RawMessage, ownerKey string, i int, row *statement.StagedRow, base texts) error {
	f := t.fields[i]
	raw, told := lookup(members, f)
	if at.text && string(raw) == `""` {
		raw = json.RawMessage("null") // an empty cell
	}
	if _, done := base[f.Name]; done || !told {
		if !done {
			leaveOut(row, i, f)
			t.untell(row, f)
		}
		return nil
	}
	if isNull(raw) {
		switch {
		case r.failed[join(at.path, where(f))]:
		case f.Required:
			r.problem(at, ownerKey, f.Name, "expected an object, got null")
		default:
			base[f.Name] = json.RawMessage("null")
		}
		return nil
	}
	target := r.plan.byType[f.Relation.Target]
	inside := at.below(f)
	var key string
	var err error
	switch c := bytes.TrimSpace(raw)[0]; {
	case f.Relation.Target.Vocabulary:
		key, err = r.word(ctx, target, inside, raw)
	case c != '{' && c != '[':
		key = r.reference(at, ownerKey, f, raw)
		target.referred = target.referred || key != ""
	default:
		fields := r.plan.nestedKey(f)
		if fields == nil && ownerKey == "" {
			return fmt.Errorf("%s has no key in the source %s: add @source(name: …, path: …, key: […]) to it or make a field of it @unique", f.Relation.Target.Name, r.plan.source)
		}
		key, err = r.row(ctx, target, inside, fields, &owner{key: ownerKey, field: f.Name}, raw)
	}
	if key != "" {
		row.Values[i], base[f.Name] = key, json.RawMessage(key)
	}
	return err
}

// below is the place of what is nested in the field.
func (p place) below(f *model.Field) place {
	return place{record: p.record, path: join(p.path, where(f)), nested: true, text: p.text}
}

// reference is the key of the record that a field names by its key alone, ""
// when it is none, which is noted. Whether the source has the record is only
// known when everything was read.
func (r *reader) reference(at place, ownerKey string, f *model.Field, raw json.RawMessage) string {
	target := f.Relation.Target
	fields := r.plan.sourceKey(target)
	if len(fields) != 1 {
		r.problem(at, ownerKey, f.Name, fmt.Sprintf("expected an object, got %s: %s is not known by a single value in the source", excerpt(raw), target.Name))
		return ""
	}
	text := bytes.TrimSpace(raw)
	if field := target.Field(fields[0]); field != nil && field != target.ID {
		value, err := at.accept(field, raw)
		if err != nil {
			r.problem(at, ownerKey, f.Name, messageOf(err))
			return ""
		}
		text = field.AppendJSON(nil, value)
	} else if text[0] == '"' {
		var decoded string
		if json.Unmarshal(text, &decoded) != nil {
			r.problem(at, ownerKey, f.Name, "the key is no string: "+excerpt(text))
			return ""
		}
		text = appendString(nil, decoded)
	} else if at.text { // in a list, which is JSON; the key itself is a cell
		text = appendString(nil, string(text))
	}
	return "[" + string(text) + "]"
}

// manyToMany stages the objects in the list and notes their keys.
func (r *reader) manyToMany(ctx context.Context, t *table, at place, members map[string]json.RawMessage, ownerKey string, i int, row *statement.StagedRow, base texts) error {
	f := t.fields[i]
	elements, told := r.list(at, members, ownerKey, f)
	if !told {
		t.untell(row, f)
		return nil
	}
	target := r.plan.byType[f.Relation.Target]
	inside := at.below(f)
	fields := r.plan.nestedKey(f)
	if fields == nil && !f.Relation.Target.Vocabulary {
		return fmt.Errorf("%s has no key in the source %s, so that one of them in two lists cannot be told from two: add @source(name: …, path: …, key: […]) to it or make a field of it @unique",
			f.Relation.Target.Name, r.plan.source)
	}
	keys, text := make([]any, 0, len(elements)), []byte{'['}
	for _, element := range elements {
		var key string
		var err error
		switch c := bytes.TrimSpace(element)[0]; {
		case f.Relation.Target.Vocabulary:
			key, err = r.word(ctx, target, inside, element)
		case c != '{' && c != '[' && !isNull(element):
			key = r.reference(at, ownerKey, f, element)
			target.referred = target.referred || key != ""
		default:
			key, err = r.row(ctx, target, inside, fields, nil, element)
		}
		if err != nil || key == "" {
			return err
		}
		if len(keys) > 0 {
			text = append(text, ',')
		}
		keys, text = append(keys, key), append(text, key...)
	}
	row.Values[i], base[f.Name] = keys, append(text, ']')
	return nil
}

// toMany stages the objects in the list, each pointing back to its owner.
func (r *reader) toMany(ctx context.Context, t *table, at place, members map[string]json.RawMessage, f *model.Field, row *statement.StagedRow) error {
	elements, told := r.list(at, members, row.Key, f)
	if !told {
		t.untell(row, f)
		return nil
	}
	target, inverse := r.plan.byType[f.Relation.Target], f.Relation.Inverse
	inside := at.below(f)
	fields := r.plan.nestedKey(f)
	for i, element := range elements {
		within := &owner{inverse: inverse, key: row.Key, field: f.Name, index: i}
		if _, err := r.row(ctx, target, inside, fields, within, element); err != nil {
			return err
		}
	}
	return nil
}

// list is the elements of a relation's list; told is false when upstream says
// nothing of it, for which null counts too.
func (r *reader) list(at place, members map[string]json.RawMessage, ownerKey string, f *model.Field) (elements []json.RawMessage, told bool) {
	name, rest, deeper := strings.Cut(where(f), ".")
	raw, told := members[name]
	var cell string
	if at.text && json.Unmarshal(raw, &cell) == nil && json.Valid([]byte(cell)) {
		raw = json.RawMessage(cell)
	}
	if !told || isNull(raw) {
		return nil, false
	}
	var steps []string
	if deeper {
		steps = strings.Split(rest, ".")
	}
	elements, plural := elementsAt(raw, steps)
	if !plural {
		r.problem(at, ownerKey, f.Name, "expected a list, got "+excerpt(raw))
		return nil, false
	}
	return elements, true
}

// word stages a word of a vocabulary.
func (r *reader) word(ctx context.Context, t *table, at place, raw json.RawMessage) (string, error) {
	name := t.typ.Word().Name
	object := append(appendString([]byte{'{'}, name), ':')
	return r.row(ctx, t, at, []string{name}, nil, append(append(object, raw...), '}'))
}

// key makes the row's key: a JSON array of the values of its key fields, of
// the owner's key and the place in it for a row that has none.
func (r *reader) key(ctx context.Context, t *table, at place, fields []string, within *owner, members map[string]json.RawMessage, row *statement.StagedRow, base texts) (string, error) {
	if fields == nil {
		key := append(append([]byte{'['}, within.key...), ',')
		key = appendString(key, within.field)
		if within.inverse != nil {
			key = fmt.Appendf(key, ",%d", within.index)
		}
		return string(append(key, ']')), nil
	}
	key := []byte{'['}
	for n, name := range fields {
		text, err := r.keyPart(ctx, t, at, name, members, row, base)
		if err != nil || text == nil {
			return "", err
		}
		if n > 0 {
			key = append(key, ',')
		}
		key = append(key, text...)
	}
	return string(append(key, ']')), nil
}

const missingKey = "the key is missing: expected a value in every record"

// keyPart is the canonical value of one key field, nil when there is none,
// which is noted. The field is one of the model's or, as an upstream id that
// the model does not keep, a member of the record.
func (r *reader) keyPart(ctx context.Context, t *table, at place, name string, members map[string]json.RawMessage, row *statement.StagedRow, base texts) (json.RawMessage, error) {
	for i, f := range t.fields {
		if f.Name != name {
			continue
		}
		if _, done := base[name]; f.Kind == model.ToOne && !done {
			if err := r.toOne(ctx, t, at, members, "", i, row, base); err != nil {
				return nil, err
			}
		}
		text, told := base[name]
		if _, here := lookup(members, f); told && isNull(text) || !told && !here {
			r.problem(at, "", name, missingKey)
		}
		if !told || isNull(text) { // of a value that is here, the problem is noted
			return nil, nil
		}
		return text, nil
	}
	text, fault := keyMember(members[name])
	if fault != "" {
		r.problem(at, "", name, fault)
	}
	return text, nil
}

// keyMember is a member of a record as part of a key, or what is wrong with it.
func keyMember(raw json.RawMessage) (text json.RawMessage, fault string) {
	raw = bytes.TrimSpace(raw)
	switch {
	case isNull(raw):
		return nil, missingKey
	case raw[0] == '{' || raw[0] == '[':
		return nil, "the key must be a string or a number, got " + excerpt(raw)
	case raw[0] == '"':
		decoded, ok := memberName(raw)
		if !ok {
			return nil, "the key is no string: " + excerpt(raw)
		}
		return appendString(nil, decoded), ""
	}
	return raw, ""
}

// problem notes what is wrong with a record.
func (r *reader) problem(at place, key, field, message string) {
	r.invalid.add(Problem{Record: at.record, Path: at.path, Key: key, Field: field, Message: message})
}

// nameProblems gives the problems since the count the key that became known
// after them.
func (r *reader) nameProblems(since int, key string) {
	for i := since; i < len(r.invalid.Problems); i++ {
		if r.invalid.Problems[i].Key == "" {
			r.invalid.Problems[i].Key = key
		}
	}
}

// where is the place of a field's value in the record.
func where(f *model.Field) string {
	if f.From != "" {
		return f.From
	}
	return f.Name
}

// lookup finds the raw value of the field in the record; told is false when
// the record does not have it. Null on the way is null. A relation may also
// have the name that it has in the API: listId for list.
func lookup(members map[string]json.RawMessage, f *model.Field) (raw json.RawMessage, told bool) {
	path := where(f)
	if f.Kind == model.ToOne && f.From == "" && members[path] == nil {
		path = f.JSONName()
	}
	for {
		name, rest, deeper := strings.Cut(path, ".")
		raw, told = members[name]
		if !told || !deeper || isNull(raw) {
			return raw, told
		}
		members, path = membersOf(raw), rest
	}
}

// excerpt is the beginning of a raw value, for an error message.
func excerpt(raw json.RawMessage) string {
	const most = 60
	text := strings.TrimSpace(string(raw))
	if len(text) > most {
		return strings.ToValidUTF8(text[:most], "") + "…"
	}
	return text
}
