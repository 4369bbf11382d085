package rest

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
)

// mergePatch returns what patch makes of target (nil: nothing there), as RFC
// 7396 section 2 says. It shares nodes with both.
func mergePatch(target, patch *node) node {
	if patch.kind != objectNode {
		return *patch
	}
	result := node{kind: objectNode}
	if target != nil && target.kind == objectNode {
		for _, m := range target.members {
			switch change := patch.member(m.name); {
			case change == nil:
				result.members = append(result.members, m)
			case change.kind != nullNode:
				result.members = append(result.members, member{name: m.name, value: mergePatch(&m.value, change)})
			}
		}
	} else {
		target = nil
	}
	for i := range patch.members {
		m := &patch.members[i]
		if m.value.kind == nullNode || target != nil && target.member(m.name) != nil {
			continue
		}
		result.members = append(result.members, member{name: m.name, value: mergePatch(nil, &m.value)})
	}
	return result
}

// render writes a node as JSON. The raw text of objects and arrays is not
// looked at, because a patch changes only their parts.
func (n *node) render() []byte {
	var b bytes.Buffer
	n.renderTo(&b)
	return b.Bytes()
}

func (n *node) renderTo(b *bytes.Buffer) {
	switch n.kind {
	case objectNode:
		b.WriteByte('{')
		for i := range n.members {
			if i > 0 {
				b.WriteByte(',')
			}
			writeString(b, n.members[i].name)
			b.WriteByte(':')
			n.members[i].value.renderTo(b)
		}
		b.WriteByte('}')
	case arrayNode:
		b.WriteByte('[')
		for i := range n.elements {
			if i > 0 {
				b.WriteByte(',')
			}
			n.elements[i].renderTo(b)
		}
		b.WriteByte(']')
	case nullNode, boolNode, numberNode, stringNode:
		b.Write(n.raw)
	}
}

func writeString(b *bytes.Buffer, text string) {
	encoder := json.NewEncoder(b)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(text) // a string into memory cannot fail
	b.Truncate(b.Len() - 1)  // the line end that Encode adds
}

// clone copies a node so that changes of the one are not seen in the other.
func (n *node) clone() node {
	result := node{kind: n.kind, raw: n.raw}
	for i := range n.members {
		result.members = append(result.members, member{name: n.members[i].name, value: n.members[i].value.clone()})
	}
	for i := range n.elements {
		result.elements = append(result.elements, n.elements[i].clone())
	}
	return result
}

// equalNodes compares as RFC 6902 section 4.6 says: numbers by value and
// exactly, strings by their characters, objects whatever their order.
func equalNodes(a, b *node) bool {
	if a.kind != b.kind {
		return false
	}
	switch a.kind {
	case nullNode:
		return true
	case boolNode:
		return bytes.Equal(a.raw, b.raw)
	case numberNode:
		return bytes.Equal(a.raw, b.raw) || canonicalNumber(a.raw) == canonicalNumber(b.raw)
	case stringNode:
		return bytes.Equal(a.raw, b.raw) || a.text() == b.text()
	case arrayNode:
		if len(a.elements) != len(b.elements) {
			return false
		}
		for i := range a.elements {
			if !equalNodes(&a.elements[i], &b.elements[i]) {
				return false
			}
		}
	case objectNode:
		if len(a.members) != len(b.members) {
			return false
		}
		for i := range a.members {
			other := b.member(a.members[i].name)
			if other == nil || !equalNodes(&a.members[i].value, other) {
				return false
			}
		}
	}
	return true
}

// canonicalNumber writes a JSON number in the one form that all numbers of its
// value share: sign, digits without outer zeros, exponent of the last digit.
func canonicalNumber(raw []byte) string {
	text := strings.ToLower(string(raw))
	sign := ""
	if strings.HasPrefix(text, "-") {
		sign, text = "-", text[1:]
	}
	mantissa, exponentText, _ := strings.Cut(text, "e")
	whole, fraction, _ := strings.Cut(mantissa, ".")
	digits := strings.TrimLeft(whole+fraction, "0")
	if digits == "" {
		return "0"
	}
	exponent := 0
	if exponentText != "" {
		var err error
		if exponent, err = strconv.Atoi(exponentText); err != nil {
			return text // beyond any number that is stored: equal to itself only
		}
	}
	exponent -= len(fraction)
	trimmed := strings.TrimRight(digits, "0")
	exponent += len(digits) - len(trimmed)
	return sign + trimmed + "e" + strconv.Itoa(exponent)
}
