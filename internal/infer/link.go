package infer

import (
	"math"
	"slices"
	"strings"

	"github.com/gobuffalo/flect"

	"github.com/larderhq/larder/internal/model"
)

// This file finds the relations between the flat lists of a file: a field like
// listId whose every value is the key of a record in another list.

// maxReferences bounds the different values that are kept of a field that may
// refer to keys. More of them than that are taken for plain values.
const maxReferences = 1 << 20

// maxWords bounds the different texts that are kept of a field that may be an
// enum.
const maxWords = 100

// sample keeps what closing the shape asks of plain values: to which keys they
// may refer, and which words there are.
func (o *observation) sample(m *member, value []byte) {
	text := value[0] == '"'
	if (text || value[0] == '-' || '0' <= value[0] && value[0] <= '9') && m.referenceName() != "" {
		o.refer(hash(0, value))
	}
	if text {
		o.word(string(value[1 : len(value)-1]))
	}
}

func (o *observation) refer(value uint64) {
	if o.references == nil {
		o.references = map[uint64]struct{}{}
	}
	if len(o.references) <= maxReferences {
		o.references[value] = struct{}{}
	}
}

func (o *observation) word(text string) {
	if o.words == nil {
		o.words = map[string]struct{}{}
	}
	if len(o.words) <= maxWords {
		o.words[text] = struct{}{}
	}
}

// referenceName is what the member refers to, by its name: list of listId and
// list_id. It is empty when the name says nothing of the kind.
func (m *member) referenceName() string {
	for _, ending := range []string{"Id", "ID", "_id", "Key"} {
		if name, found := strings.CutSuffix(m.name, ending); found && name != "" && name != "_" {
			return strings.TrimRight(name, "_")
		}
	}
	return ""
}

// link finds the members whose values are keys of a root.
func (d *drafts) link(roots []*root) {
	for _, r := range roots {
		d.linkShape(r.record, r, roots)
	}
}

func (d *drafts) linkShape(s *shape, of *root, roots []*root) {
	if s.entries != nil {
		s = s.entries
	}
	for _, m := range s.members {
		if m.object != nil {
			if m.object != s { // of a tree
				d.linkShape(m.object, of, roots)
			}
			continue
		}
		if m.isList() || m.seen.values() == 0 || len(m.seen.references) == 0 || len(m.seen.references) > maxReferences {
			continue
		}
		if m.link = m.target(of, roots); m.link != nil {
			d.note("%s in the records of %s holds keys of %s, so it became a relation", m.name, of.name, m.link.name)
		}
	}
}

// target is the root whose keys the member's values are: the one that the
// member is named after or, since texts are not keys of something by chance,
// the only one. A parent is sought in the member's own root.
func (m *member) target(of *root, roots []*root) *root {
	name := m.referenceName()
	var fitting []*root
	for _, r := range roots {
		if key := r.record.key(false); key != nil && key != m && key.holds(m.seen.references) {
			fitting = append(fitting, r)
		}
	}
	for _, r := range fitting {
		if strings.EqualFold(r.draft.name, fold(name)) || strings.EqualFold(flect.Singularize(r.name), fold(name)) {
			return r
		}
	}
	ends := func(r *root) bool { return strings.HasSuffix(r.draft.name, upperFirst(name)) }
	if i := slices.IndexFunc(fitting, ends); i >= 0 {
		return fitting[i]
	}
	if fold(name) == "parent" && slices.Contains(fitting, of) {
		return of
	}
	if len(fitting) == 1 && m.seen.strings == m.seen.values() && len(m.seen.references) > 1 {
		return fitting[0]
	}
	return nil
}

// holds reports whether all of the values are values of the key.
func (m *member) holds(values map[uint64]struct{}) bool {
	for value := range values {
		if _, ok := m.seen.keys[value]; !ok {
			return false
		}
	}
	return true
}

// refer adds a relation to the records of another root.
func (d *drafts) refer(t *draft, m *member, inRecord string, at addition) {
	f := d.put(t, &draftField{
		name: fieldName(at.prefix, m.referenceName()), path: inRecord, description: m.description,
		sdlType: m.link.draft.name, required: !at.null && m.never(), target: m.link.draft, linked: true,
	}, at)
	at.placed[m] = f
}

// linkWithin is the relation that tells the elements of a list apart, nil when
// there is none.
func (s *shape) linkWithin() *member {
	for _, m := range s.members {
		if m.link != nil && m.seen.always() && !m.seen.repeatedUnderOne {
			return m
		}
	}
	return nil
}

// listsOfLinks gives each relation that was found its other end: the list of
// the records that refer to one.
func (d *drafts) listsOfLinks() {
	for _, t := range d.types {
		for _, f := range slices.Clone(t.fields) {
			if !f.linked || f.list || f.inverse != nil {
				continue
			}
			owner := f.target
			list := &draftField{
				name: lowerFirst(flect.Pluralize(t.name)), sdlType: "[" + t.name + "!]", required: true,
				places: owner.places, owner: owner, target: t, list: true, linked: true, inverse: f,
			}
			if owner == t && fold(f.name) == "parent" {
				list.name = "children"
			}
			for owner.has(list.name) {
				list.name += "By" + upperFirst(f.name)
			}
			f.inverse = list
			owner.fields = append(owner.fields, list)
		}
	}
}

// has reports whether something in the draft or in its source has the name.
func (t *draft) has(name string) bool {
	return slices.ContainsFunc(t.fields, func(f *draftField) bool {
		outermost, _, _ := strings.Cut(f.path, ".")
		return fold(f.name) == fold(name) || outermost == name
	})
}

// isPlain reports whether the two ends of a relation are the only relation
// between their types, so that the models need not say which belong together.
func (f *draftField) isPlain() bool {
	if f.owner == f.target || !f.linked {
		return false
	}
	between := 0
	for _, t := range []*draft{f.owner, f.target} {
		for _, other := range t.fields {
			if other.target == f.owner || other.target == f.target {
				between++
			}
		}
	}
	return between == 2
}

// place adds the field that keeps the order of a list's elements, which no
// value of theirs tells.
func (d *drafts) place(child *draft) {
	if d.values && !child.has("position") {
		child.fields = append(child.fields, &draftField{
			name: "position", sdlType: string(model.Int), remark: "the place in its list, from 0", places: math.MaxInt,
		})
	}
}
