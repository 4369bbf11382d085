package infer

import (
	"bytes"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"math/big"
	"regexp"
	"slices"
	"time"
)

// observation is what stood at one place over all records. Every value is
// looked at; what is kept does not grow with the records, but for the values
// of key candidates.
type observation struct {
	objects, lists          int // values that were an object, a list
	missing, nulls          int
	strings, booleans       int
	integers, fractions     int
	beyondDouble            bool // an integral number of 2^53 or more, which a double may blur
	beyondInt64             bool
	dates, dateTimes, uuids int // of the strings
	elements                *observation
	total                   int // values in all, missing ones included

	keys              map[string]sighting // of a key candidate: its values
	repeated          bool                // a value stood in two objects
	repeatedUnderOne  bool                // … of one parent
	repeatedDiffering bool                // … with different content
}

// sighting is where the value of a key candidate stood.
type sighting struct {
	parent  string
	content uint64 // hash of the object around it
}

// keyNames are the names of fields that identify a record, best first.
var keyNames = []string{"id", "uuid", "key", "slug", "code", "name", "title"}

// observe looks at one object. parent identifies the object it is nested in;
// "" for a root.
func (s *shape) observe(data []byte, parent string) error {
	var values map[string]json.RawMessage
	if err := json.Unmarshal(data, &values); err != nil {
		return fmt.Errorf("read a record: %w", err)
	}
	content := contentHash(data)
	for _, m := range s.members {
		value, ok := values[m.name]
		m.seen.total++
		if !ok {
			m.seen.missing++
			continue
		}
		m.candidate(value, sighting{parent, content})
		if err := m.observe(value, &m.seen, parent+"/"+identity(values)); err != nil {
			return err
		}
	}
	return nil
}

func contentHash(data []byte) uint64 {
	h := fnv.New64a()
	_, _ = h.Write(data) // a hash never fails
	return h.Sum64()
}

// identity is a text that tells an object from its siblings, from its best key
// candidate or, failing that, everything in it.
func identity(values map[string]json.RawMessage) string {
	for _, name := range keyNames {
		if value, ok := values[name]; ok && string(value) != "null" {
			return name + string(value)
		}
	}
	text, err := json.Marshal(values)
	if err != nil {
		return ""
	}
	return string(text)
}

// observe counts one value under o, which is m.seen or, inside a list, its
// elements. parent identifies the object that it stands in.
func (m *member) observe(value []byte, o *observation, parent string) error {
	value = bytes.TrimSpace(value)
	switch value[0] {
	case '{':
		o.objects++
		if m.object != nil {
			return m.object.observe(value, parent)
		}
	case '[':
		o.lists++
		var elements []json.RawMessage
		if err := json.Unmarshal(value, &elements); err != nil {
			return fmt.Errorf("read a list: %w", err)
		}
		if o.elements == nil {
			o.elements = &observation{}
		}
		for _, element := range elements {
			o.elements.total++
			if err := m.observe(element, o.elements, parent); err != nil {
				return err
			}
		}
	case 'n':
		o.nulls++
	case 't', 'f':
		o.booleans++
	case '"':
		o.string(value)
	default:
		o.number(value)
	}
	return nil
}

// candidate keeps the value of a field that may be a key.
func (m *member) candidate(value []byte, at sighting) {
	scalar := len(value) > 0 && value[0] != 'n' && value[0] != '{' && value[0] != '['
	if !scalar || !slices.Contains(keyNames, m.name) {
		return
	}
	if m.seen.keys == nil {
		m.seen.keys = map[string]sighting{}
	}
	if before, ok := m.seen.keys[string(value)]; ok {
		m.seen.repeated = true
		m.seen.repeatedUnderOne = m.seen.repeatedUnderOne || before.parent == at.parent
		m.seen.repeatedDiffering = m.seen.repeatedDiffering || before.content != at.content
	}
	m.seen.keys[string(value)] = at
}

var uuidForm = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)

func (o *observation) string(value []byte) {
	o.strings++
	var text string
	if json.Unmarshal(value, &text) != nil {
		return
	}
	if _, err := time.Parse(time.DateOnly, text); err == nil {
		o.dates++
	}
	if _, err := time.Parse(time.RFC3339Nano, text); err == nil {
		o.dateTimes++
	}
	if uuidForm.MatchString(text) {
		o.uuids++
	}
}

// maxExponent bounds the decimal exponent that is worked out exactly: 1e999999
// is a short text and a very long integer.
const maxExponent = 400

func (o *observation) number(value []byte) {
	if i := bytes.IndexAny(value, "eE"); i >= 0 && len(bytes.TrimLeft(value[i+1:], "+-0")) > 3 {
		o.fractions++
		return
	}
	exact, ok := new(big.Rat).SetString(string(value))
	if !ok || !exact.IsInt() || exact.Num().BitLen() > 4*maxExponent {
		o.fractions++
		return
	}
	o.integers++
	o.beyondDouble = o.beyondDouble || exact.Num().BitLen() > 53
	o.beyondInt64 = o.beyondInt64 || !exact.Num().IsInt64()
}

// values is the number of values that were neither null nor missing.
func (o *observation) values() int {
	return o.objects + o.lists + o.strings + o.booleans + o.integers + o.fractions
}

// never null or missing, in at least one record.
func (o *observation) always() bool {
	return o.values() > 0 && o.nulls == 0 && o.missing == 0
}
