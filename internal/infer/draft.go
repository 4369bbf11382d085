package infer

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gobuffalo/flect"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/larderhq/larder/internal/model"
)

// drafts are the types as they are being derived.
type drafts struct {
	source string
	values bool // derived from the records of a file
	types  []*draft
	enums  []*ast.Definition
	notes  []string
}

// draft is one type on its way to SDL.
type draft struct {
	name, description string
	asked             string // without a schema: the names that its objects were asked for
	comments          []string
	sources           []binding
	uniques           []childKey
	fields            []*draftField
	upstreamID        *draftField // left out, since the origin keeps it
	places            int         // in the answer at which its objects stand
	independent       bool        // its records are more than parts of those that list them
}

// binding says that records of the type stand at a path of the source.
type binding struct {
	path string
	keys []*draftField // without any: upstream's id, which has no field
}

// childKey is a field that tells the elements of one list apart.
type childKey struct{ list, key *draftField }

// draftField is one field of a draft.
type draftField struct {
	name, description string
	path              string // in the source's record; "" for a field that nothing stands behind
	sdlType           string // without the "!" that says required
	required          bool
	unique, json      bool
	digits            string // @decimal with a blank before it, or ""
	remark            string
	places            int // of its type's that ask for it

	owner   *draft      // of a list of objects
	target  *draft      // of a relation
	list    bool        // to many
	shared  bool        // a list whose elements stand under other records as well
	inverse *draftField // the other end, where it must be named
	back    bool        // made as the other end of a list
	blank   bool        // no value was seen that could tell what it is
	linked  bool        // found between two roots: the relation itself, or the list at its other end
}

func (d *drafts) note(format string, arguments ...any) {
	text := fmt.Sprintf(format, arguments...)
	if !slices.Contains(d.notes, text) {
		d.notes = append(d.notes, text)
	}
}

// root adds the types of a root's records.
func (d *drafts) root(r *root) error {
	t := d.open(r.record, r.name, "")
	key := r.record.key(false)
	if key == nil && r.linkedKey == nil {
		return fmt.Errorf("no field of the %d records at %s identifies them%s: expected one that is never null and always different "+
			"(such as %s); add such a field to the %s", r.count, r.where(), r.record.noKeys(), strings.Join(keyNames, ", "), d.origin())
	}
	t.independent = true
	place := len(t.sources)
	t.sources = append(t.sources, binding{path: r.path})
	if key != nil {
		d.identify(t, r, key)
	}
	placed := d.fill(t, r.record, r.path, key)
	if key == nil {
		for _, m := range r.linkedKey {
			t.sources[place].keys = append(t.sources[place].keys, placed[m])
		}
		d.identifyByLinks(t, r, t.sources[place].keys)
	} else if field := placed[key]; field != nil {
		t.sources[place].keys = []*draftField{field}
	}
	return nil
}

// where is the place of the records, for a message.
func (r *root) where() string {
	if r.path == "" {
		return r.name
	}
	return r.path
}

// origin is what records come from, for a message.
func (d *drafts) origin() string {
	if d.values {
		return "file"
	}
	return "query"
}

// open returns the draft of a shape, making it at its first use: the same type
// may be asked for in several places. Without a schema the name is a guess, so
// objects that are asked for other things under the same name are another
// type, named after the one around them as well.
func (d *drafts) open(s *shape, responseName, around string) *draft {
	asked := ""
	if s.typeName == "" {
		names := make([]string, len(s.members))
		for i, m := range s.members {
			names[i] = m.name
		}
		if s.open {
			slices.Sort(names) // their order is that of the first object that has them
		}
		asked = strings.Join(names, " ")
	}
	name := typeName(s, responseName)
	if t := d.named(name); t != nil && t.asked != asked && around != "" {
		name = around + name
	}
	for t := d.named(name); t != nil || d.isEnum(name); t = d.named(name) {
		if t != nil && t.name == name && t.asked == asked {
			return t
		}
		name += "Record"
	}
	t := &draft{name: name, description: s.description, asked: asked}
	d.types = append(d.types, t)
	return t
}

// named is the draft whose table or resource the name would take, or nil.
func (d *drafts) named(name string) *draft {
	for _, t := range d.types {
		if fold(t.name) == fold(name) || fold(flect.Pluralize(t.name)) == fold(flect.Pluralize(name)) {
			return t
		}
	}
	return nil
}

// enum is the enum of the words, made at its first use. Where its name is
// taken it gets another one.
func (d *drafts) enum(words *ast.Definition) *ast.Definition {
	for _, known := range d.enums {
		same := func(a, b *ast.EnumValueDefinition) bool { return a.Name == b.Name }
		if known == words || known.Name == words.Name && slices.EqualFunc(known.EnumValues, words.EnumValues, same) {
			return known
		}
	}
	for d.isEnum(words.Name) || d.named(words.Name) != nil || slices.Contains(reserved, words.Name) {
		words.Name += "Word"
	}
	d.enums = append(d.enums, words)
	return words
}

func (d *drafts) isEnum(name string) bool {
	return slices.ContainsFunc(d.enums, func(e *ast.Definition) bool { return e.Name == name })
}

// identify says how the key of a root's records was found.
func (d *drafts) identify(t *draft, r *root, key *member) {
	if key.isID() {
		t.comment("The key is upstream's id, which larder keeps beside each record.")
		return
	}
	if key.name == entryKey {
		t.comment("The key is the name that each record has in the object around it.")
		return
	}
	why := fmt.Sprintf("never null and different in all %d records", r.count)
	switch r.count {
	case 0:
		why = "there were no records to look at"
	case 1:
		why = "there was only one record to look at"
	}
	t.comment(fmt.Sprintf("The key, %s, is a guess: %s.", key.name, why))
	d.note("%s: the key is %s, a guess (%s)", t.name, key.name, why)
	if r.record.hasID {
		t.comment("Upstream has an id as well: ask for it in the query to make it the key.")
		d.note("%s: upstream has an id as well; ask for it in the query to make it the key", t.name)
	}
}

// identifyByLinks says which relations are the key of a root's records.
func (d *drafts) identifyByLinks(t *draft, r *root, keys []*draftField) {
	names := make([]string, len(keys))
	for i, f := range keys {
		names[i] = f.name
	}
	key := strings.Join(names, " and ")
	t.comment(fmt.Sprintf("The key, %s, is a guess: no two of the %d records have the same.", key, r.count))
	d.note("%s: the key is %s, a guess (no two of the %d records have the same)", t.name, key, r.count)
}

func (t *draft) comment(text string) {
	if !slices.Contains(t.comments, text) {
		t.comments = append(t.comments, text)
	}
}

// key is the member that identifies the objects of a shape: by its name and
// because it is never null and, unless the objects are shared by several
// parents, never repeated. For want of such a name any text will do that
// identifies the records of a root. nil when there is none.
func (s *shape) key(shared bool) *member {
	candidates := slices.Clone(s.members)
	slices.SortStableFunc(candidates, func(a, b *member) int { return a.rank() - b.rank() })
	for _, m := range candidates {
		named := m.rank() < len(keyNames)
		if m.object != nil || m.isList() || m.link != nil || !named && (shared || m.seen.strings != m.seen.values() || m.isTime()) {
			continue
		}
		unseen := m.seen.total == 0
		if unseen && named && (m.isID() || m.required) || m.seen.always() && (shared || !m.seen.repeated) && m.scalarKey() {
			return m
		}
	}
	// Where nothing was seen, a name is the likeliest key.
	for _, m := range candidates {
		if s.objects == 0 && m.rank() < len(keyNames) && m.object == nil && !m.isList() {
			return m
		}
	}
	return nil
}

// noKeys says of the likeliest members of the shape why they are no key, in
// brackets behind a blank.
func (s *shape) noKeys() string {
	const told = 3
	candidates := slices.Clone(s.members)
	slices.SortStableFunc(candidates, func(a, b *member) int { return a.rank() - b.rank() })
	var reasons []string
	for _, m := range candidates {
		switch {
		case m.object != nil || m.isList():
			continue
		case !m.seen.always():
			reasons = append(reasons, m.name+" is missing or null in some")
		case !m.scalarKey():
			reasons = append(reasons, m.name+" is neither text nor whole number everywhere")
		case m.seen.repeated:
			reasons = append(reasons, m.name+" has a value twice")
		default:
			reasons = append(reasons, m.name+" always differs, which under that name may be chance: if it is the key, call it id")
		}
	}
	if reasons == nil {
		return ""
	}
	return " (" + strings.Join(reasons[:min(told, len(reasons))], "; ") + ")"
}

// scalarKey reports whether all values are texts or whole numbers.
func (m *member) scalarKey() bool { return m.seen.strings+m.seen.integers == m.seen.values() }

// isTime reports whether all values are dates or times, which differ by chance.
func (m *member) isTime() bool {
	return m.seen.values() > 0 && m.seen.dates+m.seen.dateTimes == m.seen.values()
}

// fill adds a field for every member of the shape and returns those of plain
// values. key is the member that identifies the shape's objects everywhere,
// nil when there is none.
func (d *drafts) fill(t *draft, s *shape, path string, key *member) map[*member]*draftField {
	t.places++
	at := addition{shape: s, path: path, key: key, given: map[*draftField]bool{}, placed: map[*member]*draftField{}}
	for _, m := range s.members {
		d.add(t, m, at)
	}
	for f := range at.given {
		f.places++
	}
	return at.placed
}

// addition says where a member stands, and keeps account of what was added.
type addition struct {
	shape  *shape // that the member is of, or that the object is in that it is of
	path   string // of the record, in the answer
	within string // of the member's object, in the record: "" or "homeworld"
	prefix string // of the field's name, for a flattened object
	key    *member
	null   bool // an object around it may be null
	given  map[*draftField]bool
	placed map[*member]*draftField
}

func (d *drafts) add(t *draft, m *member, at addition) {
	inRecord := join(at.within, m.name)
	switch {
	case !addressable(m.name):
		d.note("%s.%q: left out, since no path can lead to a field of that name", t.name, m.name)
	case m.link != nil:
		d.refer(t, m, inRecord, at)
	case m.object == nil:
		if m.name == "id" && m == at.key {
			// Larder's own id is another thing: upstream's is kept with the origin.
			t.upstreamID = d.value(t, m, at, inRecord)
			return
		}
		at.placed[m] = d.put(t, d.value(t, m, at, inRecord), at)
	case m.isList():
		list := m.elements()
		d.children(t, m, list.list, m.name, join(at.within, list.path), at)
	case m.object.entries != nil:
		d.children(t, m, &member{name: m.name, object: m.object.entries, lists: 1}, m.name, inRecord+"."+everyMember, at)
	default:
		if list, ok := m.object.listBehind(); ok {
			d.children(t, m, list.list, list.name(m.name), inRecord+"."+list.path, at)
			return
		}
		d.single(t, m, inRecord, at)
	}
}

// put adds a field, or widens the one that another place gave it already.
func (d *drafts) put(t *draft, f *draftField, at addition) *draftField {
	for i, existing := range t.fields {
		if existing.path != f.path || (existing.target == nil) == (f.target == nil) || !existing.blank && !f.blank {
			continue
		}
		// A list of objects, in one place always empty.
		if existing.blank {
			f.required, f.places = existing.required && f.required, existing.places
			t.fields[i] = f
		}
		at.given[t.fields[i]] = true
		return t.fields[i]
	}
	for _, existing := range t.fields {
		if existing.name == f.name && existing.path == f.path && existing.target == f.target && existing.list == f.list {
			existing.required = existing.required && f.required
			existing.shared = existing.shared || f.shared
			d.widen(t, existing, f)
			at.given[existing] = true
			return existing
		}
	}
	at.given[f] = true
	t.fields = append(t.fields, f)
	return f
}

// widen makes the type of an existing field hold what another place has seen.
func (d *drafts) widen(t *draft, existing, f *draftField) {
	existing.json = existing.json || f.json
	if existing.sdlType == f.sdlType {
		return
	}
	was := existing.sdlType
	numbers := []string{string(model.Int), string(model.Int64), string(model.Float)}
	wider := max(slices.Index(numbers, was), slices.Index(numbers, f.sdlType))
	switch {
	case slices.Contains(numbers, was) && slices.Contains(numbers, f.sdlType):
		existing.sdlType = numbers[wider]
	case strings.TrimRight(was, "!]") == strings.TrimRight(f.sdlType, "!]"): // lists, of which one has nulls
		existing.sdlType = strings.Replace(was, "!]", "]", 1)
	default:
		existing.sdlType, existing.json = string(model.JSON), false
		d.note("%s.%s: %s in one place and %s in another, kept as JSON", t.name, existing.name, was, f.sdlType)
	}
}

// children adds a list of objects, a relation to many. m is the member that
// the query names, list the one whose objects are the elements.
func (d *drafts) children(t *draft, m, list *member, name, inRecord string, at addition) {
	child := t
	if list.object != at.shape { // else the records of a tree
		child = d.open(list.object, name, t.name)
	}
	path := join(at.path, inRecord)
	field := d.put(t, &draftField{
		name: fieldName(at.prefix, name), path: inRecord, description: m.description,
		sdlType: "[" + child.name + "!]", required: true, owner: t, target: child, list: true,
	}, at)

	if list.object == at.shape {
		d.place(child)
		return
	}
	key := list.object.key(true)
	if key != nil && key.seen.repeatedUnderOne {
		key = nil // it does not even tell the children of one parent apart: their position does
	}
	everywhere := key != nil && !key.seen.repeatedDiffering
	field.shared = field.shared || everywhere && key.seen.repeated
	if field.shared {
		// The same object under several parents is one record that they share.
		d.note("%s.%s: the same %s stands under several records, so both sides have a list", t.name, field.name, child.name)
	}
	switch {
	case key == nil:
		placed := d.fill(child, list.object, path, nil)
		if link := list.object.linkWithin(); link != nil {
			child.uniqueWithin(field, placed[link])
		}
	case key.isID() && everywhere:
		child.bind(path, d.fill(child, list.object, path, key)[key])
	case field.shared:
		d.fill(child, list.object, path, key)
	default:
		// Different from its siblings: the key counts within the parent.
		child.uniqueWithin(field, d.fill(child, list.object, path, nil)[key])
	}
	if !field.shared {
		d.place(child)
	}
}

// bind says that objects of the type, nested in others, stand at a path.
func (t *draft) bind(path string, key *draftField) {
	var keys []*draftField
	if key != nil {
		keys = []*draftField{key}
	}
	bound := func(b binding) bool { return b.path == path && slices.Equal(b.keys, keys) }
	if !slices.ContainsFunc(t.sources, bound) {
		t.sources = append(t.sources, binding{path, keys})
	}
}

func (t *draft) uniqueWithin(list, key *draftField) {
	if !slices.Contains(t.uniques, childKey{list, key}) {
		t.uniques = append(t.uniques, childKey{list, key})
	}
}

// single adds a nested object: a relation to one when the object has an id of
// its own, else its members as fields of the record around it.
func (d *drafts) single(t *draft, m *member, inRecord string, at addition) {
	if key := m.object.key(true); key != nil && key.isID() && !key.seen.repeatedDiffering {
		target := d.open(m.object, m.name, t.name)
		path := join(at.path, inRecord)
		d.put(t, &draftField{
			name: fieldName(at.prefix, m.name), path: inRecord, description: m.description,
			sdlType: target.name, required: !at.null && m.never(), target: target,
		}, at)
		target.bind(path, d.fill(target, m.object, path, key)[key])
		return
	}
	at.within, at.prefix, at.null = inRecord, fieldName(at.prefix, m.name), at.null || !m.never()
	for _, inner := range m.object.members {
		d.add(t, inner, at)
	}
}

// never reports that the member is never null: because the schema says so or,
// where there is none, because it never was.
func (m *member) never() bool {
	if m.typed {
		return m.required
	}
	return m.seen.always() && !m.optional
}

// value is the field of a scalar, an enum or a list of them.
func (d *drafts) value(t *draft, m *member, at addition, inRecord string) *draftField {
	isKey := m == at.key
	f := &draftField{name: fieldName(at.prefix, fieldNameOf(m)), path: inRecord, description: m.description}
	seen, list := &m.seen, m.isList()
	if list {
		seen = &observation{}
		if m.seen.elements != nil {
			seen = m.seen.elements
		}
	}
	f.required = !at.null && m.never() || isKey
	f.blank = !m.typed && seen.values() == 0
	switch {
	case list && !m.typed && m.seen.lists < m.seen.values():
		f.sdlType, f.remark = string(model.JSON), "lists and other values, kept as they are"
		return f
	case m.lists > 1 || list && seen.lists > 0:
		f.sdlType = string(model.JSON)
		f.remark = "lists in lists"
		return f
	case m.words != nil:
		f.sdlType = d.enum(m.words).Name
	default:
		scalar, remark := scalarOf(m.scalar, seen)
		f.sdlType, f.remark, f.digits = string(scalar), remark, digits(scalar, seen)
		if remark != "" {
			d.note("%s.%s: %s", t.name, f.name, remark)
		}
	}
	if list {
		f.listOf(m, seen, at.null)
		return f
	}
	f.unique = isKey && f.sdlType != string(model.JSON)
	if m.seen.nulls > 0 {
		f.remark = strings.TrimPrefix(fmt.Sprintf("%s; null in %d of %d records", f.remark, m.seen.nulls, m.seen.total), "; ")
	}
	return f
}

// listOf makes the field a list of what its type says. A table of values can
// neither be null nor tell that it was: such a list is kept as JSON.
func (f *draftField) listOf(m *member, elements *observation, null bool) {
	f.required = m.seen.nulls+m.seen.missing == 0 && !null && !m.optional
	f.json = !f.required || elements.nulls > 0
	if elements.nulls > 0 {
		f.sdlType = "[" + f.sdlType + "]"
	} else {
		f.sdlType = "[" + f.sdlType + "!]"
	}
}
