package infer

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/gobuffalo/flect"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/larderhq/larder/internal/model"
)

// drafts are the types as they are being derived.
type drafts struct {
	source string
	types  []*draft
	byName map[string]*draft
	enums  []*ast.Definition
	notes  []string
}

// draft is one type on its way to SDL.
type draft struct {
	name, description string
	comments          []string
	directives        []string
	fields            []*draftField
}

// draftField is one field of a draft.
type draftField struct {
	name, description string
	sdlType           string // without the "!" that says required
	required          bool
	directives        []string
	remark            string
	back              bool // made by the list at the other end of the relation
}

func (d *drafts) note(format string, arguments ...any) {
	d.notes = append(d.notes, fmt.Sprintf(format, arguments...))
}

// root adds the types of a root's records.
func (d *drafts) root(r *root) error {
	t := d.open(typeName(r.record, r.name), r.record.description)
	key := r.record.key(false)
	if key == nil {
		return fmt.Errorf("no field of the %d records at %s identifies them: expected one that is never null and always different "+
			"(looked for %s); add such a field to the query", r.count, r.path, strings.Join(keyNames, ", "))
	}
	d.identify(t, r.record, r.path, key, r.count)
	d.fill(t, r.record, r.path, key)
	return nil
}

// open returns the draft with the name, making it at its first use: the same
// type may be asked for in several places.
func (d *drafts) open(name, description string) *draft {
	if t := d.byName[name]; t != nil {
		return t
	}
	t := &draft{name: name, description: description}
	d.types = append(d.types, t)
	d.byName[name] = t
	return t
}

// identify binds the type to its place in the source and says how the key was
// found.
func (d *drafts) identify(t *draft, s *shape, path string, key *member, count int) {
	t.bind(d.source, path, key.name)
	why := fmt.Sprintf("never null and different in all %d records", count)
	switch {
	case key.name == "id":
		t.comment("The key is upstream's id, which larder keeps beside each record.")
		return
	case count == 0:
		why = "there were no records to look at"
	}
	t.comment(fmt.Sprintf("The key, %s, is a guess: %s.", key.name, why))
	d.note("%s: the key is %s, a guess (%s)", t.name, key.name, why)
	if s.hasID && s.member("id") == nil {
		t.comment("Upstream has an id as well: ask for it in the query to make it the key.")
		d.note("%s: upstream has an id as well; ask for it in the query to make it the key", t.name)
	}
}

// bind says that records of the type stand at a path of the source.
func (t *draft) bind(source, path, key string) {
	t.directives = append(t.directives, fmt.Sprintf("@source(name: %q, path: %q, key: [%q])", source, path, key))
}

// unique makes fields a key together.
func (t *draft) unique(owner, field string) {
	directive := fmt.Sprintf("@unique(fields: [%q, %q])", owner, field)
	if !slices.Contains(t.directives, directive) {
		t.directives = append(t.directives, directive)
	}
}

func (t *draft) comment(text string) {
	if !slices.Contains(t.comments, text) {
		t.comments = append(t.comments, text)
	}
}

// key is the member that identifies the objects of a shape: by its name and
// because it is never null and, unless the objects are shared by several
// parents, never repeated. nil when there is none.
func (s *shape) key(shared bool) *member {
	for _, name := range keyNames {
		m := s.member(name)
		if m == nil || m.object != nil || m.isList() {
			continue
		}
		unseen := m.seen.total == 0
		if unseen && (name == "id" || m.required) || m.seen.always() && (!m.seen.repeated || shared) {
			return m
		}
	}
	if s.count() > 0 {
		return nil
	}
	// Nothing was seen: a name is the likeliest key.
	for _, name := range keyNames {
		if m := s.member(name); m != nil && m.object == nil && !m.isList() {
			return m
		}
	}
	return nil
}

// fill adds a field for every member of the shape. key is the member that
// identifies the shape's objects everywhere, nil when there is none.
func (d *drafts) fill(t *draft, s *shape, path string, key *member) {
	first := len(t.fields) == 0
	given := map[string]bool{}
	for _, m := range s.members {
		d.add(t, m, addition{path: path, given: given, key: m == key})
	}
	for _, f := range t.fields {
		// A place that does not ask for a field leaves it null.
		f.required = f.required && (first || given[f.name] || f.back)
	}
}

// addition says where a member stands.
type addition struct {
	path   string // of the record, in the answer
	within string // of the member's object, in the record: "" or "homeworld"
	prefix string // of the field's name, for a flattened object
	given  map[string]bool
	key    bool
	null   bool // an object around it may be null
}

func (d *drafts) add(t *draft, m *member, at addition) {
	inRecord := join(at.within, m.name)
	switch {
	case m.object == nil:
		if m.name == "id" && at.key {
			return // larder's own id is another thing: upstream's is kept with the origin
		}
		d.put(t, d.value(t, m, at, inRecord), at.given)
	case m.isList():
		d.children(t, m, m.name, inRecord, at)
	default:
		if path, list := m.object.unwrapList(); list != nil {
			name := list.name
			if name == "node" || name == "nodes" {
				name = flect.Pluralize(strings.TrimSuffix(m.name, "Connection"))
			}
			d.children(t, list, name, inRecord+"."+path, at)
			return
		}
		d.single(t, m, inRecord, at)
	}
}

// put adds a field, or widens the one that another place has given already.
func (d *drafts) put(t *draft, f *draftField, given map[string]bool) {
	given[f.name] = true
	for _, existing := range t.fields {
		if existing.name == f.name {
			existing.required = existing.required && f.required
			return
		}
	}
	t.fields = append(t.fields, f)
}

// children adds a list of objects: a relation to many.
func (d *drafts) children(t *draft, list *member, name, inRecord string, at addition) {
	child := d.open(typeName(list.object, name), list.object.description)
	path := at.path + "." + inRecord
	field := &draftField{name: fieldName(at.prefix, name), sdlType: "[" + child.name + "!]", required: true}
	field.directives = from(field.name, inRecord)
	d.put(t, field, at.given)

	key := list.object.key(true)
	if key != nil && key.seen.repeatedUnderOne {
		key = nil // it does not even tell the children of one parent apart: their position does
	}
	shared := key != nil && key.seen.repeated && !key.seen.repeatedDiffering
	if shared {
		// The same object under several parents is one record that they share.
		d.note("%s.%s: the same %s stands under several records, so both sides have a list", t.name, field.name, child.name)
		back := &draftField{name: lowerFirst(flect.Pluralize(t.name)), sdlType: "[" + t.name + "!]", required: true, back: true}
		d.put(child, back, map[string]bool{})
		field.directives = append(field.directives, fmt.Sprintf("@ref(inverse: %q)", back.name))
	} else {
		field.directives = append(field.directives, "@ref(onDelete: CASCADE)")
	}
	switch {
	case key == nil:
	case key.name == "id" && !key.seen.repeatedDiffering:
		child.bind(d.source, path, key.name)
	case !shared:
		// Different from its siblings: the key counts within the parent.
		child.unique(lowerFirst(t.name), fieldNameOf(key))
		key = nil
	}
	d.fill(child, list.object, path, key)
}

// single adds a nested object: a relation to one when the object has an id of
// its own, else its members as fields of the record around it.
func (d *drafts) single(t *draft, m *member, inRecord string, at addition) {
	if key := m.object.key(true); key != nil && key.name == "id" && !key.seen.repeatedDiffering {
		target := d.open(typeName(m.object, m.name), m.object.description)
		path := at.path + "." + inRecord
		target.bind(d.source, path, key.name)
		field := &draftField{name: fieldName(at.prefix, m.name), sdlType: target.name, description: m.description}
		field.required = !at.null && m.never()
		field.directives = from(field.name, inRecord)
		d.put(t, field, at.given)
		d.fill(target, m.object, path, key)
		return
	}
	for _, inner := range m.object.members {
		d.add(t, inner, addition{
			path: at.path, within: inRecord, given: at.given,
			prefix: fieldName(at.prefix, m.name), null: at.null || !m.never(),
		})
	}
}

// never reports that the member is never null: because the schema says so or,
// where there is none, because it never was.
func (m *member) never() bool {
	if m.typed {
		return m.required
	}
	return m.seen.always()
}

// value is the field of a scalar, an enum or a list of them.
func (d *drafts) value(t *draft, m *member, at addition, inRecord string) *draftField {
	f := &draftField{name: fieldName(at.prefix, fieldNameOf(m)), description: m.description}
	place := t.name + "." + f.name
	f.directives = from(f.name, inRecord)
	seen, list := &m.seen, m.isList()
	if list {
		if seen.elements == nil {
			seen = &observation{}
		} else {
			seen = seen.elements
		}
	}
	f.required = !at.null && (m.never() || at.key)
	switch {
	case m.lists > 1 || seen.lists > 0:
		f.sdlType = string(model.JSON)
		f.remark = "lists in lists"
		return f
	case m.words != nil:
		f.sdlType = m.words.Name
		if !slices.Contains(d.enums, m.words) {
			d.enums = append(d.enums, m.words)
		}
	default:
		scalar, remark := scalarOf(m.scalar, seen)
		f.sdlType, f.remark = string(scalar), remark
		if remark != "" {
			d.note("%s: %s", place, remark)
		}
	}
	if list {
		f.sdlType = "[" + f.sdlType + "!]"
		// A value table cannot tell a null from an empty list, nor hold a null.
		f.required = m.seen.nulls+m.seen.missing == 0 && !at.null
		if !f.required || seen.nulls > 0 {
			f.directives = append(f.directives, "@json")
		}
		if seen.nulls > 0 {
			f.sdlType = strings.Replace(f.sdlType, "!]", "]", 1)
		}
		return f
	}
	if at.key && at.prefix == "" {
		f.directives = append(f.directives, "@unique")
	}
	if m.seen.nulls > 0 {
		f.remark = strings.TrimPrefix(fmt.Sprintf("%s; null in %d of %d records", f.remark, m.seen.nulls, m.seen.total), "; ")
	}
	return f
}

// result prints the drafts and reads them as a schema, which holds them
// against every rule that a person's models must keep.
func (d *drafts) result() (*Result, error) {
	var sdl strings.Builder
	for i, t := range d.types {
		if i > 0 {
			sdl.WriteByte('\n')
		}
		t.print(&sdl)
	}
	for _, e := range d.enums {
		fmt.Fprintf(&sdl, "\n%senum %s {\n", describe("", e.Description), e.Name)
		for _, word := range e.EnumValues {
			fmt.Fprintf(&sdl, "%s  %s\n", describe("  ", word.Description), word.Name)
		}
		sdl.WriteString("}\n")
	}
	schema, err := model.Parse("models.graphql", []byte(sdl.String()))
	if err != nil {
		return nil, fmt.Errorf("derive models: %w", err)
	}
	return &Result{Schema: schema, SDL: schema.String(), Notes: d.notes}, nil
}

func (t *draft) print(sdl *strings.Builder) {
	for _, comment := range t.comments {
		fmt.Fprintf(sdl, "# %s\n", comment)
	}
	fmt.Fprintf(sdl, "%stype %s", describe("", t.description), t.name)
	for _, directive := range t.directives {
		sdl.WriteString(" " + directive)
	}
	sdl.WriteString(" {\n")
	for _, f := range t.fields {
		fmt.Fprintf(sdl, "%s  %s: %s", describe("  ", f.description), f.name, f.sdlType)
		if f.required {
			sdl.WriteByte('!')
		}
		for _, directive := range f.directives {
			sdl.WriteString(" " + directive)
		}
		if f.remark != "" {
			sdl.WriteString(" # " + f.remark)
		}
		sdl.WriteByte('\n')
	}
	sdl.WriteString("}\n")
}

// describe is a description as SDL, on a line of its own.
func describe(indent, text string) string {
	if text == "" {
		return ""
	}
	var quoted strings.Builder
	encoder := json.NewEncoder(&quoted) // a JSON string is a GraphQL string
	encoder.SetEscapeHTML(false)
	if encoder.Encode(text) != nil {
		return ""
	}
	return indent + quoted.String()
}

// from says where a value stands, when its field has another name.
func from(name, inRecord string) []string {
	if name == inRecord {
		return nil
	}
	return []string{fmt.Sprintf("@from(path: %q)", inRecord)}
}

func join(outer, inner string) string {
	if outer == "" {
		return inner
	}
	return outer + "." + inner
}

// typeName is the schema's name of a shape or, without a schema, one made of
// the name that it has in the answer.
func typeName(s *shape, responseName string) string {
	name := s.typeName
	if name == "" {
		name = strings.TrimSuffix(strings.TrimPrefix(responseName, "all"), "Connection")
		name = upperFirst(flect.Singularize(name))
	}
	name = strings.TrimLeft(name, "_")
	if name == "" || slices.Contains(reserved, name) {
		name += "Record"
	}
	return name
}

// reserved are names that models cannot have: they are scalars or GraphQL's own.
var reserved = []string{
	"String", "Int", "Int64", "Float", "Decimal", "Boolean", "ID", "UUID", "Date", "DateTime", "Duration", "JSON", "Bytes",
	"Query", "Mutation", "Subscription",
}

// fieldNameOf is the field that a member becomes where nothing is flattened.
func fieldNameOf(m *member) string {
	if m.name == "id" {
		return "sourceId" // id is larder's own
	}
	return strings.TrimLeft(m.name, "_")
}

// fieldName joins a prefix and a response name in camel case: homeworld, name →
// homeworldName.
func fieldName(prefix, name string) string {
	name = strings.TrimLeft(name, "_")
	if prefix == "" {
		return name
	}
	return prefix + upperFirst(name)
}

func upperFirst(text string) string {
	for i, r := range text {
		return string(unicode.ToUpper(r)) + text[i+len(string(r)):]
	}
	return text
}

func lowerFirst(text string) string {
	for i, r := range text {
		return string(unicode.ToLower(r)) + text[i+len(string(r)):]
	}
	return text
}
