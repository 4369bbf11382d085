package importer

import (
	"bytes"
	"encoding/json"

	"github.com/larderhq/larder/internal/model"
	"github.com/larderhq/larder/internal/statement"
)

// texts are values by field name, as canonical JSON text.
type texts map[string]json.RawMessage

// differing is a record of which upstream tells something else than the last
// time, or that was here before the source.
type differing struct {
	position              int64
	state                 statement.State
	key, id               string
	upstream, base, local texts
	others                []other
	open                  map[string]openConflict // by field
}

// other is what another source says of the same record.
type other struct {
	Source string `json:"source"`
	Base   texts  `json:"base"` // its values as last seen
	// Here are the relations of the record here, as keys of that source: records
	// have keys of their own in each source.
	Here     texts `json:"here"`
	priority int
}

// openConflict is one that nobody has resolved, nor upstream by going back.
type openConflict struct {
	ID    int64           `json:"id"`
	Field string          `json:"field"`
	Base  json.RawMessage `json:"base"` // the value before the two that differ; nil: not known
}

// merged is the outcome of comparing one record three ways.
type merged struct {
	Base      texts    // what is now known of upstream: the old base overlaid with the new one
	Assigned  texts    // the values that fields are to have: upstream's, or a list united from both sides
	Conflicts []string // fields that changed on both sides
	Closed    []int64  // open conflicts that are none any more
}

// merge applies the rule of docs/imports.md to the fields, in their order. The
// record is of a source with the priority.
func merge(fields []*model.Field, defaults texts, row *differing, priority int) merged {
	m := merged{Base: texts{}, Assigned: texts{}}
	for _, f := range fields {
		name := f.Name
		base, known := row.base[name]
		upstream, told := row.upstream[name]
		if !told { // what is known of it stays
			if known {
				m.Base[name] = base
			}
			continue
		}
		m.Base[name] = upstream
		if known && bytes.Equal(base, upstream) {
			continue
		}
		local, conflict := row.local[name], row.open[name]
		list, united := row.united(f)
		switch {
		case row.yields(name, priority), bytes.Equal(local, upstream):
		case row.untouched(f, defaults[name], priority):
			m.Assigned[name] = upstream
		case united:
			if !bytes.Equal(list, local) {
				m.Assigned[name] = list
			}
		case conflict.ID != 0 && bytes.Equal(conflict.Base, upstream): // upstream went back
		default:
			m.Conflicts = append(m.Conflicts, name)
			continue
		}
		if conflict.ID != 0 {
			m.Closed = append(m.Closed, conflict.ID)
		}
	}
	return m
}

// yields reports whether a source of higher priority tells the field.
func (row *differing) yields(field string, priority int) bool {
	for _, o := range row.others {
		if _, told := o.Base[field]; told && o.priority > priority {
			return true
		}
	}
	return false
}

// untouched reports whether the value here came from a source and not from a
// person: it is what this one or another said the last time. A field without a
// base (added to the query, or of a record just adopted) is untouched where it
// is null or has the model's default, too.
func (row *differing) untouched(f *model.Field, initial json.RawMessage, priority int) bool {
	local := row.local[f.Name]
	base, known := row.base[f.Name]
	switch {
	case known && bytes.Equal(local, base):
		return true
	case !known && (isNull(local) || bytes.Equal(local, initial)):
		return true
	}
	for _, o := range row.others {
		said, told := o.Base[f.Name]
		here := local
		if f.Relation != nil {
			here = o.Here[f.Name]
		}
		if told && bytes.Equal(said, here) && (o.priority < priority || known && o.priority == priority) {
			return true
		}
	}
	return false
}

// united is a list of values that has what was done to it on both sides; ok is
// false of what is no such list.
func (row *differing) united(f *model.Field) (list json.RawMessage, ok bool) {
	if f.Kind != model.ValueList {
		return nil, false
	}
	return mergeLists(row.base[f.Name], row.upstream[f.Name], row.local[f.Name])
}

// mergeLists unites what both sides did to a list, as sets of values with an
// order: what either removed is gone, what either added is there. Where the
// elements of all three stand here as they stood in the base, the order is
// upstream's, and an element added here stands behind the one that it follows
// here; else it is the order here, and an element added upstream stands behind
// the one that it follows there. ok is false where one is null, not known, or has
// a value twice and so is no set.
func mergeLists(base, upstream, local json.RawMessage) (list json.RawMessage, ok bool) {
	b, isSet := newOrderedSet(base)
	u, isSetToo := newOrderedSet(upstream)
	l, isSetAsWell := newOrderedSet(local)
	if !isSet || !isSetToo || !isSetAsWell {
		return nil, false
	}
	first, second := u, l
	if !sameOrder(b, l, u) {
		first, second = l, u
	}
	// Of the one list stays what the other side has not removed; in what the
	// other side has added goes.
	var elements []string
	for _, element := range first.elements {
		if second.has(element) || !b.has(element) {
			elements = append(elements, element)
		}
	}
	return joined(insertAdded(elements, second, func(element string) bool { return !b.has(element) && !first.has(element) })), true
}

// insertAdded puts the elements of from that were added behind the last one
// before them that is in the list, at its front where none is.
func insertAdded(elements []string, from orderedSet, added func(string) bool) []string {
	in := make(map[string]bool, len(elements))
	for _, element := range elements {
		in[element] = true
	}
	following := map[string][]string{} // the added elements behind each that is in the list; "" is the front
	anchor := ""
	for _, element := range from.elements {
		switch {
		case in[element]:
			anchor = element
		case added(element):
			following[anchor] = append(following[anchor], element)
		}
	}
	list := append(make([]string, 0, len(elements)+len(from.elements)), following[""]...)
	for _, element := range elements {
		list = append(append(list, element), following[element]...)
	}
	return list
}

// sameOrder reports whether the elements of all three lists stand in the first
// as they stand in the second.
func sameOrder(first, second, third orderedSet) bool {
	next := -1
	for _, element := range first.elements {
		place, there := second.places[element]
		if !there || !third.has(element) {
			continue
		}
		if place < next {
			return false
		}
		next = place
	}
	return true
}

// orderedSet is a JSON array of different values, each as its text.
type orderedSet struct {
	elements []string
	places   map[string]int
}

func newOrderedSet(array json.RawMessage) (set orderedSet, ok bool) {
	var elements []json.RawMessage
	if isNull(array) || json.Unmarshal(array, &elements) != nil {
		return set, false
	}
	set.places = make(map[string]int, len(elements))
	for i, element := range elements {
		set.elements = append(set.elements, string(element))
		set.places[string(element)] = i
	}
	return set, len(set.places) == len(elements)
}

func (s orderedSet) has(element string) bool {
	_, there := s.places[element]
	return there
}

// joined is the JSON array of the elements.
func joined(elements []string) json.RawMessage {
	array := []byte{'['}
	for i, element := range elements {
		if i > 0 {
			array = append(array, ',')
		}
		array = append(array, element...)
	}
	return append(array, ']')
}

func isNull(text json.RawMessage) bool {
	return len(text) == 0 || string(text) == "null"
}

// object writes the texts as one JSON object, its members in the order of
// fields.
func (t texts) object(fields []string) []byte {
	dst := []byte{'{'}
	for _, name := range fields {
		text, ok := t[name]
		if !ok {
			continue
		}
		if len(dst) > 1 {
			dst = append(dst, ',')
		}
		dst = appendString(dst, name)
		dst = append(dst, ':')
		dst = append(dst, text...)
	}
	return append(dst, '}')
}
