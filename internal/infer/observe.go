package infer

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"math/big"
	"regexp"
	"strings"
	"time"
)

// observation is what stood at one place over all records. Every value is
// looked at; what is kept does not grow with the records, but for a hash of
// each value of a field that may be a key.
type observation struct {
	objects, lists          int // values that were an object, a list
	missing, nulls          int
	strings, booleans       int
	integers, fractions     int
	beyondInt               bool // a whole number of more than 32 bits
	beyondDouble            bool // a whole number of 2^53 or more, which a double may blur
	beyondInt64             bool
	whole, decimals         int // digits before and after the point, at most
	dates, dateTimes, uuids int // of the strings
	elements                *observation
	total                   int // values in all, missing ones included

	keys              map[uint64]sighting // of a key candidate: the hashes of its values
	repeated          bool                // a value stood in two objects
	repeatedUnderOne  bool                // … of one parent
	repeatedDiffering bool                // … with different content

	// What only open shapes keep.
	cells      *observation        // what texts would be that stand for other values
	exponents  bool                // of cells: a number was written with one
	exact      bool                // fractions whose digits are all written
	references map[uint64]struct{} // hashes of the values of a field that may refer to keys; only one more than maxReferences where there are more
	words      map[string]struct{} // texts; only one more than maxWords where there are more
}

// sighting is where the value of a key candidate stood, as hashes.
type sighting struct {
	parent  uint64 // of the object that holds the one with the key; 0 for a root
	content uint64 // of the object with the key
}

// keyNames are the names of fields that identify a record, best first.
var keyNames = []string{"id", "uuid", "key", "slug", "code", "name", "title"}

// observe looks at one object. parent identifies the object it is nested in;
// 0 for a root.
func (s *shape) observe(data []byte, parent uint64) error {
	if s.entries != nil {
		return s.observeEntries(data, parent)
	}
	values, err := split(data)
	if err != nil {
		return err
	}
	if s.open {
		if err := s.grow(data, values); err != nil {
			return err
		}
		s.keyDiffers = s.keyDiffers || !bytes.Equal(bytes.Trim(values["id"], `"`), bytes.Trim(values[entryKey], `"`))
	}
	s.objects++
	here := sighting{parent, hash(0, data)}
	within := hash(parent, identity(values, data))
	for _, m := range s.members {
		value, ok := values[m.name]
		m.seen.total++
		if !ok {
			m.seen.missing++
			continue
		}
		if m.text && len(value) == len(`""`) {
			value = []byte("null") // an empty cell
		}
		m.candidate(value, here)
		if err := m.observe(value, &m.seen, within); err != nil {
			return err
		}
	}
	if s.open && len(s.members) > manyMembers && s.areEntries() {
		s.gather()
	}
	return nil
}

// hash tells texts apart: of a billion, two have the same hash with a
// probability of one in forty.
func hash(within uint64, text []byte) uint64 {
	h := fnv.New64a()
	_, _ = h.Write(binary.BigEndian.AppendUint64(nil, within)) // a hash never fails
	_, _ = h.Write(text)
	return h.Sum64()
}

// identity is a text that tells an object from its siblings: its best key
// candidate or, failing that, everything in it.
func identity(values map[string]json.RawMessage, data []byte) []byte {
	for _, name := range keyNames {
		if value, ok := values[name]; ok && string(value) != "null" {
			return append([]byte(name), value...)
		}
	}
	return data
}

// observe counts one value under o, which is m.seen or, inside a list, its
// elements. parent identifies the object that it stands in.
func (m *member) observe(value []byte, o *observation, parent uint64) error {
	value = bytes.TrimSpace(value)
	switch value[0] {
	case '{':
		o.objects++
		if m.object == nil && m.open {
			m.object = newShape()
		}
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
		if m.text {
			o.cell(value)
		} else {
			o.string(value)
		}
	default:
		o.number(value)
	}
	if m.open {
		o.sample(m, value)
	}
	return nil
}

// candidate keeps the value of a field that may be a key.
func (m *member) candidate(value []byte, at sighting) {
	text := bytes.TrimSpace(value)
	mayBeKey := len(text) > 0 && (text[0] == '"' || text[0] == '-' || '0' <= text[0] && text[0] <= '9')
	isRoot := at.parent == 0
	if !mayBeKey || m.object != nil {
		return
	}
	// A repeated value ends the hopes of a root. Below, it may be one record
	// that several parents share, which only a field with a key's name can say;
	// of a file, references tell elements apart as well.
	named := m.rank() < len(keyNames) || m.open && m.referenceName() != ""
	if isRoot && m.seen.repeated || !isRoot && !named {
		return
	}
	m.seen.sight(hash(0, text), at)
	if isRoot && m.seen.repeated {
		m.seen.keys = nil
	}
}

// sight notes that a value of a key candidate stands somewhere.
func (o *observation) sight(value uint64, at sighting) {
	if before, ok := o.keys[value]; ok {
		o.repeated = true
		o.repeatedUnderOne = o.repeatedUnderOne || before.parent == at.parent
		o.repeatedDiffering = o.repeatedDiffering || before.content != at.content
	}
	if o.keys == nil {
		o.keys = map[uint64]sighting{}
	}
	o.keys[value] = at
}

// rank is how likely the member's name is that of a key: the place in keyNames
// of its name upstream or in the answer, then names that end in id, then others.
func (m *member) rank() int {
	for rank, name := range keyNames {
		if m.field == name || m.name == name {
			return rank
		}
	}
	for _, ending := range []string{"Id", "ID", "_id"} {
		if strings.HasSuffix(m.field, ending) {
			return len(keyNames)
		}
	}
	return len(keyNames) + 1
}

// isID reports whether the member is what upstream calls the object's id.
func (m *member) isID() bool { return m.field == "id" || m.name == "id" }

var uuidForm = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)

// uuidLength and shortestDate are how long the texts of the two are, at least.
const uuidLength, shortestDate = 36, len(time.DateOnly)

func (o *observation) string(value []byte) {
	o.strings++
	inside := value[1 : len(value)-1]
	if len(inside) < shortestDate {
		return
	}
	text := string(inside)
	if bytes.IndexByte(inside, '\\') >= 0 && json.Unmarshal(value, &text) != nil {
		return
	}
	if text != "" && '0' <= text[0] && text[0] <= '9' {
		if day, err := time.Parse(time.DateOnly, text); err == nil && day.Year() > 0 {
			o.dates++
		}
		if isDateTime(text) {
			o.dateTimes++
		}
	}
	if len(text) == uuidLength && uuidForm.MatchString(text) {
		o.uuids++
	}
}

// isDateTime reports whether the text is RFC 3339 to the letter: time.Parse
// alone would also take a comma and an hour of one digit.
func isDateTime(text string) bool {
	at, err := time.Parse(time.RFC3339Nano, text)
	return err == nil && text[13] == ':' && !strings.Contains(text, ",") && at.UTC().Year() > 0
}

// maxExponent bounds the decimal exponent that is worked out exactly: 1e999999
// is a short text and a very long integer.
const maxExponent = 400

// shortNumber is how many digits a number of at most 31 bits has for certain.
const shortNumber = 9

func (o *observation) number(value []byte) {
	if digits := bytes.TrimLeft(value, "-"); len(digits) <= shortNumber && !bytes.ContainsAny(digits, ".eE") {
		o.integers++
		o.whole = max(o.whole, len(digits)) // a number has no zeros in front
		return
	}
	if i := bytes.IndexAny(value, "eE"); i >= 0 && len(bytes.TrimLeft(value[i+1:], "+-0")) > 3 {
		o.fractions++
		o.whole = maxExponent
		return
	}
	exact, ok := new(big.Rat).SetString(string(value))
	if ok {
		decimals, _ := exact.FloatPrec()
		o.decimals = max(o.decimals, decimals)
		o.whole = max(o.whole, len(new(big.Int).Quo(exact.Num(), exact.Denom()).String()))
	}
	if !ok || !exact.IsInt() || exact.Num().BitLen() > 4*maxExponent {
		o.fractions++
		return
	}
	o.integers++
	o.beyondInt = o.beyondInt || exact.Num().BitLen() > 31
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
