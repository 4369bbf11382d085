package source

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"unicode/utf8"
)

// maxDepth bounds the nesting of JSON. A GraphQL answer is as deep as its
// query; the bound keeps a hostile answer from exhausting the stack.
const maxDepth = 200

// scanner reads one JSON text (RFC 8259) as a stream, in the memory of one
// buffer and of the keys of the objects that are open. It is strict: a key that
// occurs twice in an object, invalid UTF-8 and anything behind the value are
// errors, because each of them would make what is read depend on the reader.
type scanner struct {
	in     io.Reader
	buf    []byte
	at     int   // next byte in buf
	base   int64 // offset of buf[0] in the text
	ended  bool  // in has no more
	failed error // what in reported, but for io.EOF

	line      int   // from 1
	lineStart int64 // offset of the line's first byte

	depth int

	mark int    // start in buf of what is being kept; -1: nothing is
	kept []byte // what was kept before buf

	names []byte // the keys of all open objects, one behind the other
	ends  []int  // where each of them ends in names
}

// syntaxError says where a JSON text is broken.
type syntaxError struct {
	Offset       int64
	Line, Column int // from 1; Column counts bytes
	Message      string
	Truncated    bool // the text ended early
}

func (e *syntaxError) Error() string {
	return fmt.Sprintf("%s at line %d, column %d", e.Message, e.Line, e.Column)
}

func newScanner(in io.Reader) *scanner {
	s := &scanner{in: in, buf: make([]byte, 0, 64<<10), line: 1, mark: -1}
	if s.need(3) && bytes.HasPrefix(s.buf, []byte("\xef\xbb\xbf")) {
		s.at = 3 // a byte order mark, which a reader may ignore (RFC 8259 section 8.1)
		s.lineStart = 3
	}
	return s
}

// need makes n bytes available from at, where the text has as many.
func (s *scanner) need(n int) bool {
	for len(s.buf)-s.at < n && !s.ended {
		s.fill()
	}
	return len(s.buf)-s.at >= n
}

// maxRecord bounds what is kept of a text at a time, in bytes: one record.
const maxRecord = 64 << 20

func (s *scanner) fill() {
	if len(s.kept) > maxRecord || len(s.names) > maxRecord {
		s.ended, s.failed = true, fmt.Errorf("a record or a key at line %d is larger than %d MiB", s.line, maxRecord>>20)
		return
	}
	if s.mark >= 0 {
		s.kept = append(s.kept, s.buf[s.mark:s.at]...)
		s.mark = 0
	}
	rest := copy(s.buf[:cap(s.buf)], s.buf[s.at:])
	s.base += int64(s.at)
	s.at = 0
	n, err := s.in.Read(s.buf[rest:cap(s.buf)])
	s.buf = s.buf[:rest+n]
	if err != nil {
		s.ended = true
		if !errors.Is(err, io.EOF) {
			s.failed = err
		}
	}
}

// offset is where the next byte stands in the text.
func (s *scanner) offset() int64 { return s.base + int64(s.at) }

func (s *scanner) broken(format string, args ...any) error {
	if s.failed != nil {
		return s.failed
	}
	return &syntaxError{
		Offset: s.offset(), Line: s.line, Column: int(s.offset()-s.lineStart) + 1,
		Message: fmt.Sprintf(format, args...), Truncated: s.ended && s.at >= len(s.buf),
	}
}

func (s *scanner) unexpected(wanted string) error {
	if s.at >= len(s.buf) {
		return s.broken("the JSON ends early: expected %s", wanted)
	}
	return s.broken("expected %s, found %q", wanted, rune(s.buf[s.at]))
}

// kind skips white space and returns the first byte of the next token, 0 at
// the end of the text.
func (s *scanner) kind() byte {
	for {
		for s.at < len(s.buf) {
			switch c := s.buf[s.at]; c {
			case ' ', '\t', '\r':
			case '\n':
				s.line++
				s.lineStart = s.offset() + 1
			default:
				return c
			}
			s.at++
		}
		if !s.need(1) {
			return 0
		}
	}
}

// end checks that nothing follows the value.
func (s *scanner) end() error {
	if s.kind() != 0 || s.at < len(s.buf) { // a NUL in the text is no end
		return s.unexpected("the end of the JSON")
	}
	return s.failed
}

func (s *scanner) down(wanted byte) error {
	if s.kind() != wanted {
		return s.unexpected(strconv.QuoteRune(rune(wanted)))
	}
	if s.depth++; s.depth > maxDepth {
		return s.broken("JSON nested deeper than %d levels", maxDepth)
	}
	s.at++
	return nil
}

// object reads an object and calls member for each key; member must read the
// value. The key is only valid during the call.
func (s *scanner) object(member func(key []byte) error) error {
	if err := s.down('{'); err != nil {
		return err
	}
	keys := keySet{scanner: s, names: len(s.names), ends: len(s.ends)}
	if s.kind() == '}' {
		s.at++
		s.depth--
		return nil
	}
	for {
		key, err := keys.next()
		if err != nil {
			return err
		}
		if s.kind() != ':' {
			return s.unexpected("':' after a key")
		}
		s.at++
		if err := member(key); err != nil {
			return err
		}
		switch s.kind() {
		case ',':
			s.at++
		case '}':
			s.at++
			s.depth--
			keys.close()
			return nil
		default:
			return s.unexpected("',' or '}'")
		}
	}
}

// array reads a list and calls element for each index; element must read the
// value.
func (s *scanner) array(element func(i int) error) error {
	if err := s.down('['); err != nil {
		return err
	}
	if s.kind() == ']' {
		s.at++
		s.depth--
		return nil
	}
	for i := 0; ; i++ {
		if err := element(i); err != nil {
			return err
		}
		switch s.kind() {
		case ',':
			s.at++
		case ']':
			s.at++
			s.depth--
			return nil
		default:
			return s.unexpected("',' or ']'")
		}
	}
}

// keySet holds the keys of one open object, to find the second of two.
type keySet struct {
	scanner     *scanner
	names, ends int // where the object's keys begin in the scanner's
	seen        map[string]bool
}

// manyKeys is from how many keys on a map is faster than looking at each.
const manyKeys = 24

func (k *keySet) next() ([]byte, error) {
	s := k.scanner
	start := len(s.names)
	if s.kind() != '"' {
		return nil, s.unexpected("a key in double quotes")
	}
	if err := s.text(true); err != nil {
		return nil, err
	}
	key := s.names[start:]
	if k.has(key) {
		return nil, s.broken("the key %q occurs twice in one object", key)
	}
	s.ends = append(s.ends, len(s.names))
	return key, nil
}

func (k *keySet) has(key []byte) bool {
	s := k.scanner
	if len(s.ends)-k.ends < manyKeys {
		start := k.names
		for _, end := range s.ends[k.ends:] {
			if bytes.Equal(s.names[start:end], key) {
				return true
			}
			start = end
		}
		return false
	}
	if k.seen == nil {
		k.seen = make(map[string]bool, 2*manyKeys)
		start := k.names
		for _, end := range s.ends[k.ends:] {
			k.seen[string(s.names[start:end])] = true
			start = end
		}
	}
	if k.seen[string(key)] {
		return true
	}
	k.seen[string(key)] = true
	return false
}

func (k *keySet) close() {
	k.scanner.names = k.scanner.names[:k.names]
	k.scanner.ends = k.scanner.ends[:k.ends]
}

// skip reads any value and checks its form.
func (s *scanner) skip() error {
	switch c := s.kind(); {
	case c == '{':
		return s.object(func([]byte) error { return s.skip() })
	case c == '[':
		return s.array(func(int) error { return s.skip() })
	case c == '"':
		return s.text(false)
	case c == '-' || c >= '0' && c <= '9':
		return s.number()
	case c == 't':
		return s.literal("true")
	case c == 'f':
		return s.literal("false")
	case c == 'n':
		return s.literal("null")
	default:
		return s.unexpected("a JSON value")
	}
}

// raw reads any value and returns its text in memory of its own.
func (s *scanner) raw() (json.RawMessage, error) {
	s.kind()
	s.mark, s.kept = s.at, s.kept[:0]
	err := s.skip()
	text := make(json.RawMessage, 0, len(s.kept)+s.at-s.mark)
	text = append(append(text, s.kept...), s.buf[s.mark:s.at]...)
	s.mark = -1
	return text, err
}

func (s *scanner) literal(word string) error {
	if !s.need(len(word)) || string(s.buf[s.at:s.at+len(word)]) != word {
		s.at = min(s.at+len(word), len(s.buf))
		return s.broken("expected %s", word)
	}
	s.at += len(word)
	return nil
}

// number reads a number (RFC 8259 section 6).
func (s *scanner) number() error {
	if s.byteIs('-') {
		s.at++
	}
	if s.byteIs('0') {
		s.at++
	} else if err := s.digits(); err != nil {
		return err
	}
	if s.byteIs('.') {
		s.at++
		if err := s.digits(); err != nil {
			return err
		}
	}
	if s.byteIs('e') || s.byteIs('E') {
		s.at++
		if s.byteIs('+') || s.byteIs('-') {
			s.at++
		}
		return s.digits()
	}
	return nil
}

func (s *scanner) byteIs(c byte) bool { return s.need(1) && s.buf[s.at] == c }

func (s *scanner) digits() error {
	count := 0
	for s.need(1) && s.buf[s.at] >= '0' && s.buf[s.at] <= '9' {
		s.at++
		count++
	}
	if count == 0 {
		return s.unexpected("a digit")
	}
	return nil
}

// text reads a string; with keep, its decoded bytes are appended to names.
func (s *scanner) text(keep bool) error {
	s.at++
	for {
		start := s.at
		for s.at < len(s.buf) && plain[s.buf[s.at]] {
			s.at++
		}
		if keep {
			s.names = append(s.names, s.buf[start:s.at]...)
		}
		if s.at == len(s.buf) {
			if !s.need(1) {
				return s.broken("the JSON ends inside a string")
			}
			continue
		}
		switch c := s.buf[s.at]; {
		case c == '"':
			s.at++
			return nil
		case c == '\\':
			if err := s.escape(keep); err != nil {
				return err
			}
		case c < ' ':
			return s.broken("a control character (0x%02x) stands unescaped in a string", c)
		default:
			if err := s.wide(keep); err != nil {
				return err
			}
		}
	}
}

// plain tells the bytes that stand for themselves in a string.
var plain = func() (set [256]bool) {
	for c := ' '; c < utf8.RuneSelf; c++ {
		set[c] = c != '"' && c != '\\'
	}
	return set
}()

// wide reads one character beyond ASCII.
func (s *scanner) wide(keep bool) error {
	s.need(utf8.UTFMax)
	r, size := utf8.DecodeRune(s.buf[s.at:])
	if r == utf8.RuneError && size <= 1 {
		return s.broken("a string is not valid UTF-8 (byte 0x%02x)", s.buf[s.at])
	}
	if keep {
		s.names = append(s.names, s.buf[s.at:s.at+size]...)
	}
	s.at += size
	return nil
}

func (s *scanner) escape(keep bool) error {
	if !s.need(2) {
		s.at = len(s.buf)
		return s.broken("the JSON ends inside a string")
	}
	size := 2
	switch c := s.buf[s.at+1]; c {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
	case 'u':
		size = 6
		if !s.need(size) {
			s.at = len(s.buf)
			return s.broken("the JSON ends inside a string")
		}
		if _, err := strconv.ParseUint(string(s.buf[s.at+2:s.at+6]), 16, 16); err != nil {
			return s.broken("expected four hexadecimal digits after \\u, found %q", s.buf[s.at+2:s.at+6])
		}
		// The second half of a surrogate pair belongs to the first.
		if s.need(12) && utf16Pair(s.buf[s.at:s.at+12]) {
			size = 12
		}
	default:
		return s.broken("\\%c is no escape of JSON", c)
	}
	if keep {
		var decoded string
		if err := json.Unmarshal(append(append([]byte{'"'}, s.buf[s.at:s.at+size]...), '"'), &decoded); err != nil {
			return s.broken("%v", err)
		}
		s.names = append(s.names, decoded...)
	}
	s.at += size
	return nil
}

// utf16Pair reports whether text is two \u escapes that make one character.
func utf16Pair(text []byte) bool {
	first, err := strconv.ParseUint(string(text[2:6]), 16, 16)
	if err != nil || first < 0xd800 || first > 0xdbff || text[6] != '\\' || text[7] != 'u' {
		return false
	}
	second, err := strconv.ParseUint(string(text[8:12]), 16, 16)
	return err == nil && second >= 0xdc00 && second <= 0xdfff
}
