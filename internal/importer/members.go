package importer

import (
	"bytes"
	"encoding/json"
)

// membersOf splits a JSON object into its members without looking into their
// values; nil when it is no object. A source has read the text as JSON once,
// so that this, which every record passes, need not check it again; what is
// malformed nevertheless gives values that the model refuses.
func membersOf(object json.RawMessage) map[string]json.RawMessage {
	members := make(map[string]json.RawMessage, 8)
	if !eachMember(object, func(name string, value json.RawMessage) { members[name] = value }) {
		return nil
	}
	return members
}

// eachMember calls with the members of a JSON object in their order; false
// when it is no object.
func eachMember(object json.RawMessage, member func(name string, value json.RawMessage)) bool {
	text := bytes.TrimSpace(object)
	if len(text) < 2 || text[0] != '{' || text[len(text)-1] != '}' {
		return false
	}
	text = bytes.TrimLeft(text[1:len(text)-1], " \t\r\n")
	for len(text) > 0 {
		end := valueEnd(text, ':')
		name, ok := memberName(bytes.TrimSpace(text[:end]))
		if !ok || end == len(text) {
			return false
		}
		text = text[end+1:]
		end = valueEnd(text, ',')
		member(name, bytes.TrimSpace(text[:end]))
		text = text[min(end+1, len(text)):]
	}
	return true
}

// everyMember is the step of a path to all members of an object, and entryKey
// the field in which each of them has the name that it had there.
const (
	everyMember = "*"
	entryKey    = "$key"
)

// elementsAt are the objects to which the steps lead from a value: lists on the
// way are walked into. plural is false when the way leads to a single value,
// which is no list of anything.
func elementsAt(raw json.RawMessage, steps []string) (elements []json.RawMessage, plural bool) {
	elements = []json.RawMessage{}
	var list []json.RawMessage
	switch {
	case len(raw) == 0 || isNull(raw):
		return elements, true
	case raw[0] == '[' && json.Unmarshal(raw, &list) == nil:
		if len(steps) == 0 {
			return list, true
		}
		for _, element := range list {
			inner, _ := elementsAt(element, steps)
			elements = append(elements, inner...)
		}
		return elements, true
	case len(steps) == 0:
		return append(elements, raw), false
	case steps[0] == everyMember:
		isObject := eachMember(raw, func(name string, value json.RawMessage) {
			if len(steps) == 1 {
				value = withKey(name, value)
			}
			inner, _ := elementsAt(value, steps[1:])
			elements = append(elements, inner...)
		})
		return elements, isObject
	}
	return elementsAt(membersOf(raw)[steps[0]], steps[1:])
}

// withKey puts the name that an object has in the one around it into it.
func withKey(name string, object json.RawMessage) json.RawMessage {
	if len(object) < 2 || object[0] != '{' {
		return object
	}
	keyed := appendString(append(appendString([]byte{'{'}, entryKey), ':'), name)
	if rest := bytes.TrimSpace(object[1:]); rest[0] != '}' {
		return append(append(keyed, ','), rest...)
	}
	return append(keyed, '}')
}

// memberName decodes a JSON string.
func memberName(quoted []byte) (name string, ok bool) {
	if len(quoted) < 2 || quoted[0] != '"' {
		return "", false
	}
	if bytes.IndexByte(quoted, '\\') < 0 {
		return string(quoted[1 : len(quoted)-1]), true
	}
	err := json.Unmarshal(quoted, &name)
	return name, err == nil
}

// valueEnd is where the first of the separators stands that is in no string,
// array or object, or the text's length.
func valueEnd(text []byte, separator byte) int {
	depth := 0
	for i := 0; i < len(text); i++ {
		switch c := text[i]; c {
		case '"':
			i = stringEnd(text, i)
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		case separator:
			if depth == 0 {
				return i
			}
		}
	}
	return len(text)
}

// stringEnd is where the string that begins at start ends: at its closing
// quote.
func stringEnd(text []byte, start int) int {
	for i := start + 1; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			return i
		}
	}
	return len(text)
}
