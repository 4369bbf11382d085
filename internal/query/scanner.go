package query

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// scanner walks over the decoded value of one parameter.
type scanner struct {
	parameter string
	text      string
	at        int // byte offset of what comes next
}

// rest is what has not been read yet.
func (s *scanner) rest() string { return s.text[s.at:] }

// done reports whether everything has been read.
func (s *scanner) done() bool { return s.at == len(s.text) }

// take reads token when it comes next.
func (s *scanner) take(token string) bool {
	if !strings.HasPrefix(s.rest(), token) {
		return false
	}
	s.at += len(token)
	return true
}

// spaces reads blanks and tabs, which may stand around delimiters.
func (s *scanner) spaces() {
	s.at = len(s.text) - len(strings.TrimLeft(s.rest(), " \t"))
}

// takeSpaced reads token with the spaces around it.
func (s *scanner) takeSpaced(token string) bool {
	start := s.at
	s.spaces()
	if !s.take(token) {
		s.at = start
		return false
	}
	s.spaces()
	return true
}

// until reads up to the first of the delimiters, or to the end.
func (s *scanner) until(delimiters string) string {
	rest := s.rest()
	end := strings.IndexAny(rest, delimiters)
	if end < 0 {
		end = len(rest)
	}
	s.at += end
	return rest[:end]
}

// quoted reads a text in double quotes, in which a backslash stands before a
// quote or a backslash. It reads nothing and returns false when what comes
// next is not one, or when something other than a delimiter follows it:
// PostgREST takes that for a bare text, quotes included.
func (s *scanner) quoted(delimiters string) (string, bool) {
	rest := s.rest()
	if !strings.HasPrefix(rest, `"`) {
		return "", false
	}
	var text strings.Builder
	for i := 1; i < len(rest); i++ {
		switch {
		case rest[i] == '\\' && i+1 < len(rest):
			i++
			text.WriteByte(rest[i])
		case rest[i] == '"':
			if i+1 < len(rest) && !strings.ContainsRune(delimiters, rune(rest[i+1])) {
				return "", false
			}
			s.at += i + 1
			return text.String(), true
		default:
			text.WriteByte(rest[i])
		}
	}
	return "", false
}

// name reads the name of an attribute or an alias, quoted or bare. A bare one
// may hold letters, digits, "_", "$", blanks inside, and "-" where no JSON
// path ("->") begins.
func (s *scanner) name() (string, error) {
	s.spaces()
	if name, ok := s.quoted(".,:()-! \t"); ok && name != "" {
		return name, nil
	}
	rest, end := s.rest(), 0
	for end < len(rest) {
		char, size := utf8.DecodeRuneInString(rest[end:])
		dash := char == '-' && !strings.HasPrefix(rest[end:], "->")
		if !dash && !unicode.IsLetter(char) && !unicode.IsDigit(char) && !strings.ContainsRune("_$ ", char) {
			break
		}
		end += size
	}
	name := strings.TrimRight(rest[:end], " ")
	if name == "" {
		return "", s.expected("a name")
	}
	s.at += end
	return name, nil
}

// expected is the error of something else standing where what should.
func (s *scanner) expected(what string) *Error {
	found := "the end"
	if !s.done() {
		found = clip(s.rest())
	}
	return &Error{
		Parameter: clipName(s.parameter), Code: CodeParse,
		Message: fmt.Sprintf("cannot read the parameter %s", clip(s.parameter)),
		Details: fmt.Sprintf("expected %s at character %d, found %s", what, utf8.RuneCountInString(s.text[:s.at])+1, found),
	}
}
