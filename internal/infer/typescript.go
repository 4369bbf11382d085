package infer

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// This file reads as much of TypeScript as declarations of data take:
// interfaces, type aliases, enums, and the types that constants are said to
// have. It knows no more of the language than where its brackets, strings and
// comments end, and passes over what it does not know.

// The bounds of a file: what is longer is not read, and types nested deeper
// say nothing.
const (
	maxScript      = 1 << 20
	maxTypeNesting = 32
)

// token is a word, a string or a sign of a script.
type token struct {
	kind    byte   // 'a' a word or number, '"' a string, '.' a sign
	text    string // of a string, what it holds
	comment string // the documentation comment before it
}

// tokenize splits a script. What cannot be split ends it.
func tokenize(text string) []token {
	var tokens []token
	comment := ""
	for len(text) > 0 {
		r, size := utf8.DecodeRuneInString(text)
		switch {
		case unicode.IsSpace(r):
			text = text[size:]
			continue
		case strings.HasPrefix(text, "//"):
			_, text, _ = strings.Cut(text, "\n")
			continue
		case strings.HasPrefix(text, "/*"):
			inside, rest, _ := strings.Cut(text[2:], "*/")
			if body, found := strings.CutPrefix(inside, "*"); found {
				comment = documentation(body)
			}
			text = rest
			continue
		}
		t := token{comment: comment}
		comment = ""
		switch {
		case r == '"' || r == '\'':
			t.kind, t.text, text = quoted(text, size)
		case r == '`':
			t.kind, t.text = '.', "`"
			text = text[templateEnd(text):]
		case r == '/' && beginsValue(tokens):
			t.kind, t.text = '.', "/"
			text = text[patternEnd(text):]
		case isWord(r):
			end := strings.IndexFunc(text, func(r rune) bool { return !isWord(r) })
			if end < 0 {
				end = len(text)
			}
			t.kind, t.text, text = 'a', text[:end], text[end:]
		case strings.HasPrefix(text, "=>"):
			t.kind, t.text, text = '.', "=>", text[2:]
		default:
			t.kind, t.text, text = '.', text[:size], text[size:]
		}
		tokens = append(tokens, t)
	}
	return tokens
}

func isWord(r rune) bool { return r == '_' || r == '$' || unicode.IsLetter(r) || unicode.IsDigit(r) }

// quoted reads a string literal; escapes in it make it a text that equals no
// other, since no name or enum needs them.
func quoted(text string, quote int) (kind byte, inside, rest string) {
	for i := quote; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case text[0]:
			return '"', text[quote:i], text[i+1:]
		case '\n':
			return '.', "?", text[i:]
		}
	}
	return '.', "?", ""
}

// templateEnd is where the template literal ends that the text begins with.
func templateEnd(text string) int {
	for i := 1; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '`':
			return i + 1
		}
	}
	return len(text)
}

// patternEnd is where the regular expression ends that the text begins with.
func patternEnd(text string) int {
	class := false
	for i := 1; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\\':
			i++
		case c == '[' || c == ']':
			class = c == '['
		case c == '/' && !class, c == '\n':
			return i + 1
		}
	}
	return len(text)
}

// beginsValue reports whether a value may follow, so that a slash begins a
// regular expression and is no division.
func beginsValue(tokens []token) bool {
	if len(tokens) == 0 {
		return true
	}
	last := tokens[len(tokens)-1]
	return last.kind == '.' && !strings.Contains(")]}`?", last.text) || last.kind == 'a' && last.text == "return"
}

// documentation is what a comment says, without the stars in front of its lines
// and without its tags.
func documentation(comment string) string {
	var words []string
	for line := range strings.Lines(comment) {
		line = strings.TrimSpace(strings.TrimLeft(strings.TrimSpace(line), "*"))
		if strings.HasPrefix(line, "@") {
			break
		}
		words = append(words, strings.Fields(line)...)
	}
	text := strings.ToValidUTF8(strings.Join(words, " "), "")
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return -1
	}, text)
}

// tsType is a type as it is written.
type tsType struct {
	name     string     // of a named type: "Item", "Array", "null"
	of       []*tsType  // the arguments of a named type, the element of a list, the members of a union
	form     byte       // 'n' named, '[' a list, '|' a union, '"' a literal, '{' an object, '&' an intersection, '?' not known
	literal  string     // of a literal
	members  []tsMember // of an object
	optional bool       // of a union: null or undefined is one of its members
}

type tsMember struct {
	name, comment string
	optional      bool
	typ           *tsType
}

var unknownType = tsType{form: '?'}

// script is a position in a script's tokens.
type script struct {
	tokens []token
	at     int
	depth  int
}

func (s *script) peek() token {
	if s.at < len(s.tokens) {
		return s.tokens[s.at]
	}
	return token{}
}

func (s *script) next() token {
	t := s.peek()
	s.at++
	return t
}

// sign passes over the sign if it comes next.
func (s *script) sign(text string) bool {
	if t := s.peek(); t.kind == '.' && t.text == text {
		s.at++
		return true
	}
	return false
}

// word passes over the word if it comes next.
func (s *script) word(text string) bool {
	if t := s.peek(); t.kind == 'a' && t.text == text {
		s.at++
		return true
	}
	return false
}

func (s *script) more() bool { return s.at < len(s.tokens) }

// skip passes over one token, or over everything up to the bracket that closes
// the one that comes next.
func (s *script) skip() {
	depth := 0
	for s.more() {
		t := s.next()
		if t.kind == '.' {
			switch t.text {
			case "(", "[", "{":
				depth++
			case ")", "]", "}":
				depth--
			}
		}
		if depth <= 0 {
			return
		}
	}
}

// skipArguments passes over the parameters of a generic type.
func (s *script) skipArguments() {
	if t := s.peek(); t.kind != '.' || t.text != "<" {
		return
	}
	depth := 0
	for s.more() {
		switch t := s.peek(); {
		case t.kind == '.' && t.text == "<":
			depth++
			s.at++
		case t.kind == '.' && t.text == ">":
			depth--
			s.at++
		default:
			s.skip()
		}
		if depth == 0 {
			return
		}
	}
}

// readType reads a type: a union of intersections of what primary reads.
func (s *script) readType() *tsType {
	if s.depth++; s.depth > maxTypeNesting {
		s.depth--
		return &unknownType
	}
	defer func() { s.depth-- }()
	s.sign("|")
	union := &tsType{form: '|'}
	for {
		part := s.intersection()
		if part.form == 'n' && (part.name == "null" || part.name == "undefined") {
			union.optional = true
		} else {
			union.of = append(union.of, part)
		}
		if !s.sign("|") {
			break
		}
	}
	if len(union.of) == 1 && !union.optional {
		return union.of[0]
	}
	return union
}

func (s *script) intersection() *tsType {
	s.sign("&")
	first := s.postfix()
	if t := s.peek(); t.kind != '.' || t.text != "&" {
		return first
	}
	both := &tsType{form: '&', of: []*tsType{first}}
	for s.sign("&") {
		both.of = append(both.of, s.postfix())
	}
	return both
}

// postfix reads a type and the brackets behind it.
func (s *script) postfix() *tsType {
	t := s.primary()
	for s.peek().kind == '.' && s.peek().text == "[" {
		s.at++
		if s.sign("]") {
			t = &tsType{form: '[', of: []*tsType{t}}
			continue
		}
		s.at-- // the type of a member
		s.skip()
		t = &unknownType
	}
	return t
}

func (s *script) primary() *tsType {
	for s.word("readonly") {
	}
	switch t := s.peek(); {
	case t.kind == '"':
		s.at++
		return &tsType{form: '"', literal: t.text}
	case t.kind == 'a':
		return s.named()
	case t.text == "{":
		return s.object()
	case t.text == "(":
		return s.inParentheses()
	case t.text == "[":
		s.skip() // a tuple
	case t.text == "`" || t.text == "-":
		s.at++
	}
	return &unknownType
}

// inParentheses reads a type in parentheses, or passes over a function's.
func (s *script) inParentheses() *tsType {
	start := s.at
	s.skip()
	if end := s.at; !s.sign("=>") {
		inner := &script{tokens: s.tokens[:end-1], at: start + 1, depth: s.depth}
		return inner.readType()
	}
	s.readType()
	return &unknownType
}

// operators are words before a type that make another one of it.
var operators = map[string]bool{"keyof": true, "typeof": true, "unique": true, "infer": true, "asserts": true, "new": true, "abstract": true}

func (s *script) named() *tsType {
	name := s.next().text
	if operators[name] {
		s.postfix()
		return &unknownType
	}
	for s.sign(".") {
		name = s.next().text
	}
	t := &tsType{form: 'n', name: name}
	if s.sign("<") {
		for s.more() && !s.sign(">") {
			before := s.at
			t.of = append(t.of, s.readType())
			if s.sign(","); s.at == before {
				s.at++
			}
		}
	}
	return t
}

// object reads the members of an interface or an object type. Methods, index
// signatures and what is not understood are passed over.
func (s *script) object() *tsType {
	t := &tsType{form: '{'}
	s.sign("{")
	for s.more() && !s.sign("}") {
		if s.sign(";") || s.sign(",") {
			continue
		}
		comment := s.peek().comment
		if following := s.at + 1; s.peek().text == "readonly" && following < len(s.tokens) && s.tokens[following].kind != '.' {
			s.at++
		}
		if t := s.peek(); t.kind == '.' {
			if s.skip(); s.sign(":") { // an index signature
				s.readType()
			}
			continue
		}
		member := tsMember{name: s.next().text, comment: comment, optional: s.sign("?")}
		if !s.sign(":") {
			continue
		}
		member.typ = s.readType()
		t.members = append(t.members, member)
	}
	return t
}
