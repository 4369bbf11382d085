package importer

import (
	"bytes"
	"encoding/json"
)

// texts are values by field name, as canonical JSON text.
type texts map[string]json.RawMessage

// merged is the outcome of comparing one row three ways.
type merged struct {
	Base      texts    // what is now known of upstream: the old base overlaid with the new one
	Assigned  []string // fields to take from upstream
	Conflicts []string // fields that changed on both sides and keep the local value
}

// merge applies the rule of the design to the fields, in their order: a field
// that changed upstream only is taken, one that changed here only is kept, one
// that changed on both sides (to different values) is a conflict and is kept.
// A field that upstream does not tell this time keeps what is known of it. A
// field that upstream tells for the first time (added to the query, or to a
// record just adopted) has no base: it is taken where the local value is null
// or the model's default, which says that nobody has set it.
func merge(fields []string, base, upstream, local, defaults texts) merged {
	m := merged{Base: texts{}}
	for _, name := range fields {
		old, known := base[name]
		value, told := upstream[name]
		switch {
		case told:
			m.Base[name] = value
		case known:
			m.Base[name] = old
		}
		if !told || known && bytes.Equal(old, value) || bytes.Equal(local[name], value) {
			continue
		}
		untouched := known && bytes.Equal(local[name], old)
		unset := !known && (isNull(local[name]) || bytes.Equal(local[name], defaults[name]))
		if untouched || unset {
			m.Assigned = append(m.Assigned, name)
		} else {
			m.Conflicts = append(m.Conflicts, name)
		}
	}
	return m
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
