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
	text := bytes.TrimSpace(object)
	if len(text) < 2 || text[0] != '{' || text[len(text)-1] != '}' {
		return nil
	}
	members := make(map[string]json.RawMessage, 8)
	text = bytes.TrimLeft(text[1:len(text)-1], " \t\r\n")
	for len(text) > 0 {
		end := valueEnd(text, ':')
		name, ok := memberName(bytes.TrimSpace(text[:end]))
		if !ok || end == len(text) {
			return nil
		}
		text = text[end+1:]
		end = valueEnd(text, ',')
		members[name] = bytes.TrimSpace(text[:end])
		text = text[min(end+1, len(text)):]
	}
	return members
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
