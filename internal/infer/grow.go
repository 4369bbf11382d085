package infer

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// This file makes shapes of objects about which nothing is known beforehand.
// Such a shape is open: it grows with what it sees and is closed in the end.

// maxMembers bounds the members of an open shape. Objects with more different
// names are no records with fields, but at best records by key.
const maxMembers = 400

// entryKey is where a record that was a member of an object has its name there.
const entryKey = "$key"

// everyMember is the step of a path to all members of an object.
const everyMember = "*"

func newShape() *shape { return &shape{open: true, known: map[string]*member{}} }

// split reads one object.
func split(data []byte) (map[string]json.RawMessage, error) {
	var values map[string]json.RawMessage
	if err := json.Unmarshal(data, &values); err != nil {
		return nil, fmt.Errorf("read a record: %w", err)
	}
	return values, nil
}

// grow adds members for the names in the object that are new.
func (s *shape) grow(data []byte, values map[string]json.RawMessage) error {
	s.widest = max(s.widest, len(values))
	unknown := 0
	for name := range values {
		if s.known[name] == nil {
			unknown++
		}
	}
	if unknown == 0 || s.overflown {
		return nil
	}
	return eachMember(data, func(name string, _ json.RawMessage) error {
		if s.known[name] != nil {
			return nil
		}
		if len(s.members) >= maxMembers {
			s.overflown = true
			return nil
		}
		m := &member{name: name, field: strings.TrimPrefix(name, "$"), open: true, text: s.text}
		if s.text && strings.EqualFold(name, "id") {
			m.field = "id" // as the head of a column
		}
		m.seen.total, m.seen.missing = s.objects, s.objects
		s.known[name] = m
		s.members = append(s.members, m)
		return nil
	})
}

// eachMember calls with the members of an object in their order.
func eachMember(data []byte, call func(name string, value json.RawMessage) error) error {
	decoder := json.NewDecoder(bytes.NewReader(data))
	if _, err := decoder.Token(); err != nil {
		return fmt.Errorf("read a record: %w", err)
	}
	for decoder.More() {
		name, err := decoder.Token()
		if err != nil {
			return fmt.Errorf("read a record: %w", err)
		}
		var value json.RawMessage
		if err := decoder.Decode(&value); err != nil {
			return fmt.Errorf("read a record: %w", err)
		}
		if err := call(name.(string), value); err != nil {
			return err
		}
	}
	return nil
}

// observeEntries looks at an object whose members are records.
func (s *shape) observeEntries(data []byte, parent uint64) error {
	return eachMember(data, func(name string, value json.RawMessage) error {
		if value[0] != '{' {
			s.overflown = true // one that is none after all
			return nil
		}
		key, err := json.Marshal(name)
		if err != nil {
			return fmt.Errorf("read the key %q: %w", name, err)
		}
		entry := append(append([]byte(`{"`+entryKey+`":`), key...), ',')
		if rest := bytes.TrimSpace(value[1:]); rest[0] == '}' {
			entry[len(entry)-1] = '}'
		} else {
			entry = append(entry, rest...)
		}
		return s.entries.observe(entry, parent)
	})
}

// manyMembers is from how many members on an open shape is held for records by
// key already while it grows, if it can be.
const manyMembers = 64

// gather turns a shape whose members are all alike into one of records by key.
func (s *shape) gather() {
	entries := newShape()
	key := &member{name: entryKey, field: "key", open: true}
	entries.known[entryKey] = key
	entries.members = []*member{key}
	for _, m := range s.members {
		key.seen.total += m.object.objects
		key.seen.strings += m.object.objects
		entries.merge(m.object)
	}
	// The names count within the object around them, as the same one may well
	// stand in another object for something else.
	key.seen.repeatedDiffering = true
	s.entries, s.members, s.known = entries, nil, nil
}

// areEntries reports whether the members of the shape are records by key, not
// fields: they are objects that are alike, and there are more of them than one
// object has, or their names are no words. Declared says that they are.
func (s *shape) areEntries() bool {
	if len(s.members) == 0 || s.entries != nil {
		return false
	}
	alike, coded := true, true
	for _, m := range s.members {
		if m.object == nil || m.seen.objects != m.seen.values() || m.seen.nulls > 0 || m.object.entries != nil {
			return false
		}
		alike = alike && m.object.isLike(s.members[0].object)
		coded = coded && strings.ContainsAny(m.name, "0123456789-:/")
	}
	switch {
	case s.declaredMap:
		return true
	case len(s.members) < 2 || !alike:
		return false
	}
	return coded || len(s.members) >= 3 && len(s.members) > s.widest
}

// isLike reports whether two shapes have a member of a plain value in common
// and at least half of the members of the one that has fewer.
func (s *shape) isLike(other *shape) bool {
	common, plain := 0, false
	for _, m := range s.members {
		if same := other.known[m.name]; same != nil {
			common++
			plain = plain || m.object == nil && same.object == nil
		}
	}
	return plain && 2*common >= min(len(s.members), len(other.members))
}

// close decides what the members of an open shape are, now that all was seen.
func (s *shape) close() error {
	if s.areEntries() {
		s.gather()
	}
	if s.overflown {
		return fmt.Errorf("its objects have more than %d different members, as in an object that maps keys to values: expected a list of records", maxMembers)
	}
	if s.entries != nil {
		return s.entries.close()
	}
	if s.known[entryKey] != nil && !s.keyDiffers && s.known["id"] != nil {
		s.members = s.members[1:] // it repeats the id
	}
	for _, m := range s.members {
		if m.object != nil && !m.holdsObjects() {
			m.object = nil
		}
		if m.object != nil && m.object.close() != nil {
			m.object = nil // nothing that could be fields: JSON
		}
		if m.object != nil && m.object.entries != nil && m.seen.lists > 0 {
			m.object = nil // a list of objects whose members are records by key
		}
		m.seen.fromText()
	}
	if len(s.members) == 0 {
		return errors.New("its objects are empty")
	}
	for _, m := range s.members {
		s.fold(m)
	}
	return nil
}

// fold makes one shape of a tree's records and those that are nested in them:
// the elements of a list like children that have such a list themselves.
func (s *shape) fold(m *member) {
	inner := m.object
	if inner == nil || inner.entries != nil || !m.isList() || !inner.isLike(s) {
		return
	}
	below := inner.known[m.name]
	if below == nil || !below.isList() || below.object != nil && below.object != inner {
		return
	}
	m.object, below.object = nil, nil
	s.merge(inner)
	m.object = s
}

// holdsObjects reports whether the member is an object or a list of objects
// everywhere, but for null.
func (m *member) holdsObjects() bool {
	values, elements := m.seen.values(), m.seen.elements
	switch {
	case m.seen.objects == values:
		return true
	case m.seen.lists < values || elements == nil:
		return false
	}
	return elements.objects == elements.total
}

// merge adds what another open shape has seen.
func (s *shape) merge(other *shape) {
	for _, m := range other.members {
		mine := s.known[m.name]
		if mine == nil {
			mine = &member{name: m.name, field: m.field, open: true, text: m.text}
			mine.seen.total, mine.seen.missing = s.objects, s.objects
			s.known[m.name] = mine
			s.members = append(s.members, mine)
		}
		mine.merge(m)
	}
	s.objects += other.objects
	s.widest = max(s.widest, other.widest)
	s.overflown = s.overflown || other.overflown
	s.keyDiffers = s.keyDiffers || other.keyDiffers
	for _, m := range s.members {
		if missing := s.objects - m.seen.total; missing > 0 && m.name != entryKey {
			m.seen.total += missing
			m.seen.missing += missing
		}
	}
}

func (m *member) merge(other *member) {
	m.seen.merge(&other.seen)
	if other.object == nil {
		return
	}
	if m.object == nil {
		m.object = newShape()
	}
	m.object.merge(other.object)
}

func (o *observation) merge(other *observation) {
	o.objects += other.objects
	o.lists += other.lists
	o.missing += other.missing
	o.nulls += other.nulls
	o.strings += other.strings
	o.booleans += other.booleans
	o.integers += other.integers
	o.fractions += other.fractions
	o.dates += other.dates
	o.dateTimes += other.dateTimes
	o.uuids += other.uuids
	o.total += other.total
	o.whole, o.decimals = max(o.whole, other.whole), max(o.decimals, other.decimals)
	o.beyondInt = o.beyondInt || other.beyondInt
	o.beyondDouble = o.beyondDouble || other.beyondDouble
	o.beyondInt64 = o.beyondInt64 || other.beyondInt64
	o.repeated = o.repeated || other.repeated
	o.repeatedUnderOne = o.repeatedUnderOne || other.repeatedUnderOne
	o.repeatedDiffering = o.repeatedDiffering || other.repeatedDiffering
	// Whose values are not kept may well repeat.
	o.repeated = o.repeated || o.values() > 0 && (o.keys == nil) != (other.keys == nil)
	for value, at := range other.keys {
		o.sight(value, at)
	}
	for value := range other.references {
		o.refer(value)
	}
	for word := range other.words {
		o.word(word)
	}
	if other.elements != nil {
		if o.elements == nil {
			o.elements = &observation{}
		}
		o.elements.merge(other.elements)
	}
}

// cellNumber is a number as a cell of a table has it. Zeros in front, as in a
// postcode, make a text; an exponent only makes a number behind a point.
var cellNumber = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+([eE][+-]?[0-9]{1,3})?)?$`)

// cell counts a text that may stand for a value of another type.
func (o *observation) cell(value []byte) {
	o.string(value)
	if o.cells == nil {
		o.cells = &observation{}
	}
	switch text := value[1 : len(value)-1]; {
	case string(text) == "true" || string(text) == "false":
		o.cells.booleans++
	case cellNumber.Match(text):
		o.cells.number(text)
		o.cells.exponents = o.cells.exponents || bytes.ContainsAny(text, "eE")
	default:
		o.cells.strings++
	}
}

// fromText takes cells for what they stand for when all of them do.
func (o *observation) fromText() {
	if o.cells == nil || o.cells.strings > 0 || o.cells.booleans > 0 && o.cells.booleans < o.strings {
		return
	}
	o.strings, o.booleans, o.integers, o.fractions = 0, o.cells.booleans, o.cells.integers, o.cells.fractions
	o.whole, o.decimals = o.cells.whole, o.cells.decimals
	o.beyondInt, o.beyondDouble, o.beyondInt64 = o.cells.beyondInt, o.cells.beyondDouble, o.cells.beyondInt64
	// Written digits are exact, unless they have an exponent.
	fits := o.decimals <= decimalScale && o.whole <= decimalDigits-decimalScale
	o.exact = o.fractions > 0 && !o.cells.exponents && fits
}
