package infer

import (
	"slices"
	"strings"

	"github.com/gobuffalo/flect"
)

// This file lays what a module declares over the shapes of its values.

// typeOf is the type of the records at a root, nil when nothing says it. A
// root that is exported under another name is called by its own.
func (d *Declared) typeOf(r *root) *tsType {
	steps := strings.Split(r.path, ".")
	name := steps[0]
	if own, ok := d.exports[name]; ok {
		if r.name == name {
			r.name = own
		}
		name = own
	}
	t := d.constants[name]
	for _, step := range steps[1:] {
		if t == nil {
			return nil
		}
		if step == everyMember {
			t, _ = d.element(t)
			continue
		}
		m := d.member(t, step)
		if m == nil {
			return nil
		}
		t = m.typ
	}
	if t == nil {
		return nil
	}
	element, isMap := d.element(t)
	if isMap {
		return t
	}
	return element
}

// markMaps notes which objects map keys to records. It comes before the shapes
// are closed, as they would be taken for fields otherwise.
func (d *Declared) markMaps(r *root) {
	if d != nil {
		d.mark(r.record, d.typeOf(r), 0)
	}
}

func (d *Declared) mark(s *shape, t *tsType, depth int) {
	if t == nil || depth > maxTypeNesting || s.entries != nil {
		return
	}
	for _, m := range s.members {
		declared := d.member(t, m.name)
		if declared == nil || m.object == nil {
			continue
		}
		element, isMap := d.element(declared.typ)
		m.object.declaredMap = isMap
		if isMap {
			for _, entry := range m.object.members {
				if entry.object != nil {
					d.mark(entry.object, element, depth+2)
				}
			}
			continue
		}
		d.mark(m.object, element, depth+1)
	}
}

// describe gives the shapes of a root the names, the comments, the enums and
// the nullability that are declared for them.
func (d *Declared) describe(r *root) {
	if d == nil {
		return
	}
	t := d.typeOf(r)
	if t == nil {
		t = d.fitting(r.record, r.name)
	}
	d.describeShape(r.record, t, 0)
}

// fitting is the declared type that objects without one have by their name and
// their members, or by their members alone when only one does; nil when none
// does.
func (d *Declared) fitting(s *shape, name string) *tsType {
	wanted := typeName(&shape{}, name)
	var found []string
	for declared := range d.types {
		if d.fits(s, &tsType{form: 'n', name: declared}) {
			found = append(found, declared)
		}
	}
	switch {
	case slices.Contains(found, wanted):
		return &tsType{form: 'n', name: wanted}
	case len(found) == 1 && len(s.members) > 1:
		return &tsType{form: 'n', name: found[0]}
	}
	return nil
}

// fits reports whether the objects have all that the type demands and nothing
// that it does not know.
func (d *Declared) fits(s *shape, t *tsType) bool {
	members := d.members(t)
	if len(members) == 0 {
		return false
	}
	known := map[string]bool{}
	for _, m := range members {
		known[m.name] = true
		_, _, optional := d.resolve(m.typ)
		if !m.optional && !optional && s.member(m.name) == nil {
			return false
		}
	}
	return !slices.ContainsFunc(s.members, func(m *member) bool { return m.name != entryKey && !known[m.name] })
}

func (d *Declared) describeShape(s *shape, t *tsType, depth int) {
	if s.entries != nil {
		s = s.entries
	}
	if t == nil || depth > maxTypeNesting {
		t = &unknownType
	}
	if _, from, _ := d.resolve(t); from != nil && from.words == nil {
		s.typeName, s.description = from.name, from.comment
	}
	d.order(s, t)
	for _, m := range s.members {
		declared := d.member(t, m.name)
		if declared == nil {
			if m.object != nil && m.object != s && depth <= maxTypeNesting {
				d.describeShape(m.object, d.fitting(m.object, m.name), depth+1)
			}
			continue
		}
		_, _, optional := d.resolve(declared.typ)
		m.optional, m.description = declared.optional || optional, declared.comment
		element, _ := d.element(declared.typ)
		if m.object != nil {
			if m.object != s { // of a tree
				d.describeShape(m.object, element, depth+1)
			}
			continue
		}
		d.describeWords(s, m, element)
	}
}

// order puts the members into the order in which they are declared; those that
// are not come behind.
func (d *Declared) order(s *shape, t *tsType) {
	places := map[string]int{entryKey: -1}
	all := d.members(t)
	for i, m := range all {
		places[m.name] = i
	}
	place := func(m *member) int {
		if i, ok := places[m.name]; ok {
			return i
		}
		return len(all)
	}
	slices.SortStableFunc(s.members, func(a, b *member) int { return place(a) - place(b) })
}

// describeWords makes the member an enum when its type allows only some words
// and it has no others.
func (d *Declared) describeWords(s *shape, m *member, t *tsType) {
	words, from := d.words(t)
	seen := &m.seen
	if m.isList() && seen.elements != nil {
		seen = seen.elements
	}
	if len(words) == 0 || seen.strings == 0 || seen.strings != seen.values() {
		return
	}
	for word := range seen.words {
		if !slices.ContainsFunc(words, func(w tsMember) bool { return w.name == word }) {
			return
		}
	}
	name, comment := s.typeName+upperFirst(identifier(flect.Singularize(m.name))), ""
	if from != nil {
		name, comment = from.name, from.comment
	}
	m.words = enum(name, comment, words)
}
