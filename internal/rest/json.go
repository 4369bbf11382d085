package rest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// node is one JSON value of a document: its text as it came and its parts.
// Numbers stay text, so that none is rounded.
type node struct {
	kind     nodeKind
	raw      []byte   // the value's text in the document, or compact text of its own
	members  []member // of an object, in order
	elements []node   // of an array
}

// member is a name and a value of an object.
type member struct {
	name  string
	value node
}

// nodeKind is the sort of a JSON value.
type nodeKind byte

const (
	nullNode nodeKind = iota
	boolNode
	numberNode
	stringNode
	arrayNode
	objectNode
)

// String is the kind as a sentence names it.
func (k nodeKind) String() string {
	return [...]string{"null", "a boolean", "a number", "a string", "an array", "an object"}[k]
}

// member returns the value of a member, or nil.
func (n *node) member(name string) *node {
	for i := range n.members {
		if n.members[i].name == name {
			return &n.members[i].value
		}
	}
	return nil
}

// text is the string that a string node holds.
func (n *node) text() string { return unquote(n.raw) }

// unquote decodes a JSON string that the parser has let pass.
func unquote(raw []byte) string {
	inner := raw[1 : len(raw)-1]
	if bytes.IndexByte(inner, '\\') < 0 {
		return string(inner)
	}
	var text string
	if json.Unmarshal(raw, &text) != nil {
		return string(inner)
	}
	return text
}

// syntaxError says what is wrong with a JSON document and where.
type syntaxError struct {
	message      string
	pointer      string // RFC 6901, of the value that was being read
	line, column int    // from 1; the column counts characters
	offset       int    // from 0, in bytes
	tooDeep      bool
	empty        bool // there is nothing but space
}

// Error is the sentence with its place.
func (e *syntaxError) Error() string {
	return fmt.Sprintf("line %d, column %d: %s", e.line, e.column, e.message)
}

// parser reads one JSON document (RFC 8259), strictly: UTF-8, no name twice in
// an object, no unpaired surrogate, no NUL character (no database keeps one),
// nothing behind the value.
type parser struct {
	data     []byte
	at       int
	depth    int
	maxDepth int
	path     []string // of the value that is being read, for errors
}

// parseJSON returns the document's value, whose nodes share data. The error is
// a *syntaxError.
func parseJSON(data []byte, maxDepth int) (node, error) {
	p := parser{data: data, maxDepth: maxDepth}
	if bytes.HasPrefix(data, []byte("\xef\xbb\xbf")) {
		return node{}, p.fail("the body begins with a byte order mark, which JSON does not have")
	}
	if !utf8.Valid(data) {
		for p.at < len(data) {
			r, size := utf8.DecodeRune(data[p.at:])
			if r == utf8.RuneError && size == 1 {
				break
			}
			p.at += size
		}
		return node{}, p.fail("byte 0x%02x is not valid UTF-8 here", data[p.at])
	}
	p.space()
	if p.at == len(data) {
		err := p.fail("the body is empty; expected a JSON value")
		err.empty = true
		return node{}, err
	}
	n, err := p.value()
	if err != nil {
		return node{}, err
	}
	p.space()
	if p.at < len(data) {
		return node{}, p.fail("expected the end of the body, came %s", p.here())
	}
	return n, nil
}

func (p *parser) fail(format string, args ...any) *syntaxError {
	before := p.data[:p.at]
	line := 1 + bytes.Count(before, []byte{'\n'})
	column := 1 + utf8.RuneCount(before[bytes.LastIndexByte(before, '\n')+1:])
	return &syntaxError{
		message: fmt.Sprintf(format, args...), pointer: pointer(p.path...),
		line: line, column: column, offset: p.at,
	}
}

// here names what stands at the current place, for errors.
func (p *parser) here() string {
	if p.at >= len(p.data) {
		return "the end of the body"
	}
	r, _ := utf8.DecodeRune(p.data[p.at:])
	return strconv.QuoteRune(r)
}

func (p *parser) space() {
	for p.at < len(p.data) {
		switch p.data[p.at] {
		case ' ', '\t', '\n', '\r':
			p.at++
		default:
			return
		}
	}
}

func (p *parser) value() (node, error) {
	if p.at >= len(p.data) {
		return node{}, p.fail("expected a value, came the end of the body")
	}
	start := p.at
	n := node{}
	var err error
	switch c := p.data[p.at]; {
	case c == '{':
		n.kind = objectNode
		n.members, err = p.object()
	case c == '[':
		n.kind = arrayNode
		n.elements, err = p.array()
	case c == '"':
		n.kind = stringNode
		err = p.str()
	case c == '-' || c >= '0' && c <= '9':
		n.kind = numberNode
		err = p.number()
	default:
		n.kind, err = p.word()
	}
	n.raw = p.data[start:p.at]
	return n, err
}

func (p *parser) word() (nodeKind, error) {
	for _, word := range [...]struct {
		text string
		kind nodeKind
	}{{"null", nullNode}, {"true", boolNode}, {"false", boolNode}} {
		if bytes.HasPrefix(p.data[p.at:], []byte(word.text)) {
			p.at += len(word.text)
			return word.kind, nil
		}
	}
	return nullNode, p.fail("expected a value, came %s", p.here())
}

func (p *parser) enter() error {
	if p.depth++; p.depth > p.maxDepth {
		err := p.fail("nested deeper than the %d levels allowed", p.maxDepth)
		err.tooDeep = true
		return err
	}
	p.at++
	p.space()
	return nil
}

func (p *parser) object() (members []member, err error) {
	if err := p.enter(); err != nil {
		return nil, err
	}
	if p.next() == '}' {
		return nil, p.leave('}')
	}
	var seen map[string]bool // of a large object; a scan is cheaper in a small one
	for {
		p.space()
		start := p.at
		if p.next() != '"' {
			return nil, p.fail("expected a member's name in double quotes, came %s", p.here())
		}
		if err := p.str(); err != nil {
			return nil, err
		}
		name := unquote(p.data[start:p.at])
		if twice(members, seen, name) {
			p.at = start
			return nil, p.fail("the name %q stands twice in one object", abbreviate(name))
		}
		p.space()
		if p.next() != ':' {
			return nil, p.fail("expected ':' behind the name %q, came %s", abbreviate(name), p.here())
		}
		p.at++
		p.space()
		p.path = append(p.path, name)
		n, err := p.value()
		if err != nil {
			return nil, err
		}
		p.path = p.path[:len(p.path)-1]
		members = append(members, member{name: name, value: n})
		seen = remember(members, seen)
		if !p.comma() {
			return members, p.leave('}')
		}
	}
}

// twice reports whether an object has a member of the name already.
func twice(members []member, seen map[string]bool, name string) bool {
	if seen != nil {
		return seen[name]
	}
	for i := range members {
		if members[i].name == name {
			return true
		}
	}
	return false
}

func remember(members []member, seen map[string]bool) map[string]bool {
	const scanned = 16
	switch {
	case len(members) < scanned:
		return nil
	case seen == nil:
		seen = make(map[string]bool, 2*scanned)
		for i := range members {
			seen[members[i].name] = true
		}
	default:
		seen[members[len(members)-1].name] = true
	}
	return seen
}

func (p *parser) array() (elements []node, err error) {
	if err := p.enter(); err != nil {
		return nil, err
	}
	if p.next() == ']' {
		return nil, p.leave(']')
	}
	for {
		p.space()
		p.path = append(p.path, strconv.Itoa(len(elements)))
		n, err := p.value()
		if err != nil {
			return nil, err
		}
		p.path = p.path[:len(p.path)-1]
		elements = append(elements, n)
		if !p.comma() {
			return elements, p.leave(']')
		}
	}
}

// next is the byte at the current place; 0 at the end.
func (p *parser) next() byte {
	if p.at < len(p.data) {
		return p.data[p.at]
	}
	return 0
}

// comma steps over a comma and reports whether there was one.
func (p *parser) comma() bool {
	p.space()
	if p.next() != ',' {
		return false
	}
	p.at++
	return true
}

func (p *parser) leave(closing byte) error {
	if p.next() != closing {
		return p.fail("expected ',' or %q, came %s", closing, p.here())
	}
	p.at++
	p.depth--
	return nil
}

// str steps over a string.
func (p *parser) str() error {
	start := p.at
	for p.at++; p.at < len(p.data); {
		switch c := p.data[p.at]; {
		case c == '"':
			p.at++
			return nil
		case c < ' ':
			return p.fail("the control character %s in a string must be escaped", p.here())
		case c == '\\':
			if err := p.escape(); err != nil {
				return err
			}
		default:
			p.at++
		}
	}
	p.at = start
	return p.fail("the string that begins here has no end")
}

// escape steps over an escape sequence (RFC 8259 section 7).
func (p *parser) escape() error {
	start := p.at
	p.at++
	c := p.next()
	if c != 'u' {
		if !bytes.ContainsRune([]byte(`"\/bfnrt`), rune(c)) {
			return p.fail("%s cannot be escaped in a string", p.here())
		}
		p.at++
		return nil
	}
	high, ok := p.hex()
	if ok && high != 0 && !utf16.IsSurrogate(high) {
		return nil
	}
	if ok && p.next() == '\\' {
		p.at++
		if low, ok := p.hex(); ok && utf16.DecodeRune(high, low) != utf8.RuneError {
			return nil
		}
	}
	p.at = start
	switch {
	case !ok:
		return p.fail("expected four hexadecimal digits behind \\u")
	case high == 0:
		return p.fail("the NUL character \\u0000 cannot be stored")
	}
	return p.fail("the surrogate \\u%04x has no partner", high)
}

// hex steps over "u" and four hexadecimal digits.
func (p *parser) hex() (rune, bool) {
	if p.next() != 'u' || p.at+5 > len(p.data) {
		return 0, false
	}
	code, err := strconv.ParseUint(string(p.data[p.at+1:p.at+5]), 16, 16)
	p.at += 5
	return rune(code), err == nil
}

// number steps over a number (RFC 8259 section 6).
func (p *parser) number() error {
	if p.next() == '-' {
		p.at++
	}
	zero := p.next() == '0'
	switch digits := p.digits(); {
	case digits == 0:
		return p.fail("expected a digit, came %s", p.here())
	case zero && digits > 1:
		p.at -= digits
		return p.fail("a number cannot begin with 0")
	}
	if p.next() == '.' {
		p.at++
		if p.digits() == 0 {
			return p.fail("expected a digit behind the decimal point, came %s", p.here())
		}
	}
	if c := p.next(); c == 'e' || c == 'E' {
		p.at++
		if c := p.next(); c == '+' || c == '-' {
			p.at++
		}
		if p.digits() == 0 {
			return p.fail("expected a digit in the exponent, came %s", p.here())
		}
	}
	return nil
}

// digits steps over digits and returns how many there were.
func (p *parser) digits() int {
	start := p.at
	for isDigit(p.next()) {
		p.at++
	}
	return p.at - start
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// pointer is the JSON Pointer (RFC 6901) made of the names.
func pointer(names ...string) string {
	if len(names) == 0 {
		return ""
	}
	var b strings.Builder
	for _, name := range names {
		b.WriteByte('/')
		b.WriteString(strings.ReplaceAll(strings.ReplaceAll(name, "~", "~0"), "/", "~1"))
	}
	return b.String()
}

// abbreviate shortens what a client sent, for a message.
func abbreviate(text string) string { return abbreviateTo(text, 60) }

func abbreviateTo(text string, most int) string {
	if len(text) <= most {
		return text
	}
	for !utf8.RuneStart(text[most]) {
		most--
	}
	return text[:most] + "…"
}
