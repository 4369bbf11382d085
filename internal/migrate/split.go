package migrate

import (
	"fmt"
	"strings"
)

// sqlStatement is one statement of a file.
type sqlStatement struct {
	text     string // without its semicolon
	comments string // what stands above it
	line     int    // where the statement itself begins, from 1
}

// tokenKind is the sort of a token, as far as splitting needs to know.
type tokenKind int

const (
	space   tokenKind = iota // also comments
	word                     // a bare word or number
	quoted                   // a quoted identifier
	literal                  // a string
	sign                     // any other character
)

type token struct {
	kind       tokenKind
	start, end int
}

// scanner reads the tokens of SQL text in one dialect.
type scanner struct {
	sql     string
	dialect string
	at      int
}

// split cuts a file into its statements. It follows each engine's lexical
// rules (https://sqlite.org/lang.html, PostgreSQL manual section 4.1): a
// semicolon in a string, a name, a comment, a trigger's body or a function's
// ends nothing.
func split(sql, dialectName string) ([]sqlStatement, error) {
	s := &scanner{sql: sql, dialect: dialectName}
	var all []sqlStatement
	for {
		statement, err := s.statement()
		if err != nil {
			return nil, err
		}
		if statement == nil {
			return all, nil
		}
		if statement.text != "" {
			all = append(all, *statement)
		}
	}
}

// statement reads up to the next semicolon that ends one; nil at the end.
func (s *scanner) statement() (*sqlStatement, error) {
	start, begin := s.at, -1
	var body block
	for s.at < len(s.sql) {
		t, err := s.next()
		if err != nil {
			return nil, err
		}
		if t.kind == space {
			continue
		}
		text := s.sql[t.start:t.end]
		if text == ";" && body.closed() {
			if begin < 0 {
				begin = t.start
			}
			return s.cut(start, begin, t.start), nil
		}
		if begin < 0 {
			begin = t.start
		}
		body.see(t.kind, text, s.dialect)
	}
	if begin < 0 {
		return nil, nil
	}
	return s.cut(start, begin, len(s.sql)), nil
}

func (s *scanner) cut(start, begin, end int) *sqlStatement {
	return &sqlStatement{
		text:     strings.TrimSpace(s.sql[begin:end]),
		comments: s.sql[start:begin],
		line:     1 + strings.Count(s.sql[:begin], "\n"),
	}
}

// block tells whether a semicolon stands inside the body of a trigger (SQLite:
// up to "; END") or of a function (PostgreSQL: BEGIN ATOMIC … END, in which
// CASE … END nests).
type block struct {
	words    []string // the first few of the statement
	trigger  bool
	ended    bool // the trigger's END was the last token
	depth    int  // of BEGIN ATOMIC and CASE
	previous string
}

func (b *block) closed() bool {
	if b.trigger {
		return b.ended
	}
	return b.depth == 0
}

func (b *block) see(kind tokenKind, text, dialectName string) {
	name := ""
	if kind == word {
		name = strings.ToUpper(text)
	}
	if len(b.words) < 4 {
		b.words = append(b.words, name)
		b.trigger = b.trigger || (dialectName == SQLite && b.words[0] == "CREATE" && name == "TRIGGER")
	}
	b.ended = b.trigger && name == "END" && b.previous == ";"
	switch {
	case dialectName != Postgres || b.words[0] != "CREATE":
	case name == "ATOMIC" && b.previous == "BEGIN", name == "CASE" && b.depth > 0:
		b.depth++
	case name == "END" && b.depth > 0:
		b.depth--
	}
	b.previous = name
	if kind == sign {
		b.previous = text
	}
}

// next reads one token.
func (s *scanner) next() (token, error) {
	start := s.at
	c := s.sql[start]
	rest := s.sql[start:]
	switch {
	case strings.HasPrefix(rest, "--"):
		s.at += lineLength(rest)
		return token{space, start, s.at}, nil
	case strings.HasPrefix(rest, "/*"):
		return s.comment(start)
	case c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v':
		s.at++
		return token{space, start, s.at}, nil
	case c == '\'':
		return s.until(literal, start, '\'', false)
	case (c == 'E' || c == 'e') && s.dialect == Postgres && strings.HasPrefix(rest[1:], "'"):
		s.at++
		return s.until(literal, start, '\'', true)
	case c == '"':
		return s.until(quoted, start, '"', false)
	case c == '`' && s.dialect == SQLite:
		return s.until(quoted, start, '`', false)
	case c == '[' && s.dialect == SQLite:
		return s.bracket(start)
	case c == '$' && s.dialect == Postgres:
		return s.dollar(start)
	case wordByte(c):
		for s.at < len(s.sql) && (wordByte(s.sql[s.at]) || s.sql[s.at] == '$') {
			s.at++
		}
		return token{word, start, s.at}, nil
	}
	s.at++
	return token{sign, start, s.at}, nil
}

func wordByte(c byte) bool {
	return c == '_' || c >= 0x80 || ('0' <= c && c <= '9') || ('a' <= c && c <= 'z') || ('A' <= c && c <= 'Z')
}

// lineLength is the length of a text's first line without its end.
func lineLength(text string) int {
	if end := strings.IndexByte(text, '\n'); end >= 0 {
		return end
	}
	return len(text)
}

// until reads to the closing quote; doubled it stands for itself.
func (s *scanner) until(kind tokenKind, start int, quote byte, backslashes bool) (token, error) {
	for s.at++; s.at < len(s.sql); s.at++ {
		switch c := s.sql[s.at]; {
		case c == '\\' && backslashes:
			s.at++
		case c == quote && s.at+1 < len(s.sql) && s.sql[s.at+1] == quote:
			s.at++
		case c == quote:
			s.at++
			return token{kind, start, s.at}, nil
		}
	}
	return s.open(start, string(quote))
}

func (s *scanner) bracket(start int) (token, error) {
	end := strings.IndexByte(s.sql[start:], ']')
	if end < 0 {
		return s.open(start, "]")
	}
	s.at = start + end + 1
	return token{quoted, start, s.at}, nil
}

// comment reads a /* comment */, which nests in PostgreSQL and may stay open
// at the end of the file in SQLite.
func (s *scanner) comment(start int) (token, error) {
	depth := 0
	for s.at < len(s.sql) {
		switch rest := s.sql[s.at:]; {
		case strings.HasPrefix(rest, "/*") && (depth == 0 || s.dialect == Postgres):
			depth++
			s.at += 2
		case strings.HasPrefix(rest, "*/"):
			depth--
			s.at += 2
			if depth == 0 {
				return token{space, start, s.at}, nil
			}
		default:
			s.at++
		}
	}
	return s.open(start, "*/")
}

// dollar reads a $tag$ string $tag$, or a lone dollar sign.
func (s *scanner) dollar(start int) (token, error) {
	end := start + 1
	for end < len(s.sql) && wordByte(s.sql[end]) {
		end++
	}
	startsWithDigit := end > start+1 && '0' <= s.sql[start+1] && s.sql[start+1] <= '9'
	if end == len(s.sql) || s.sql[end] != '$' || startsWithDigit {
		s.at++
		return token{sign, start, s.at}, nil
	}
	tag := s.sql[start : end+1]
	length := strings.Index(s.sql[end+1:], tag)
	if length < 0 {
		return s.open(start, tag)
	}
	s.at = end + 1 + length + len(tag)
	return token{literal, start, s.at}, nil
}

// open is the error of something that is never closed.
func (s *scanner) open(start int, closing string) (token, error) {
	line := 1 + strings.Count(s.sql[:start], "\n")
	return token{}, &lineError{line, fmt.Sprintf("expected %s before the end of the file, to close what begins here", closing)}
}

// lineError is an error at a line of a file.
type lineError struct {
	line    int
	message string
}

func (e *lineError) Error() string { return fmt.Sprintf("line %d: %s", e.line, e.message) }
