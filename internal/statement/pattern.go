package statement

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/larderhq/larder/internal/query"
)

// A pattern of LIKE has % for any text and _ for any character; a backslash
// takes the next character as it is. Without regard to case a letter stands
// for its upper and lower case in Unicode, on every engine and in every locale.

// maxPattern is SQLite's bound on a pattern's bytes (SQLITE_MAX_LIKE_PATTERN_LENGTH).
const maxPattern = 50_000

func patternTooLong(pattern string) error {
	return &query.Error{
		Code: query.CodeLimit, Message: "the pattern is too long",
		Details: fmt.Sprintf("it has %d bytes", len(pattern)), Hint: "look for a shorter text",
	}
}

// globPattern turns a pattern of LIKE into one of GLOB.
func globPattern(pattern string, ignoreCase bool) string {
	return rewrite(pattern, "*", "?", func(r rune) string {
		all := string(r)
		if ignoreCase {
			all = cases(r)
		}
		if len(all) > utf8.RuneLen(r) || strings.ContainsRune("*?[", r) {
			return "[" + all + "]"
		}
		return all
	})
}

// regularPattern turns a pattern of LIKE that does not regard case into a
// regular expression of PostgreSQL for the whole text.
func regularPattern(pattern string) string {
	return "^" + rewrite(pattern, ".*", ".", func(r rune) string {
		if all := cases(r); len(all) > utf8.RuneLen(r) {
			return "[" + all + "]"
		}
		return regexp.QuoteMeta(string(r))
	}) + "$"
}

// rewrite writes a pattern of LIKE in another language.
func rewrite(pattern, anyText, anyRune string, character func(rune) string) string {
	var out strings.Builder
	escaped := false
	for _, r := range pattern {
		switch {
		case escaped:
			out.WriteString(character(r))
			escaped = false
		case r == '\\':
			escaped = true
		case r == '%':
			out.WriteString(anyText)
		case r == '_':
			out.WriteString(anyRune)
		default:
			out.WriteString(character(r))
		}
	}
	return out.String()
}

// cases are a character and its other cases.
func cases(r rune) string {
	all := string(r)
	for other := unicode.SimpleFold(r); other != r; other = unicode.SimpleFold(other) {
		ascii := r < utf8.RuneSelf && other >= utf8.RuneSelf // the Kelvin sign is no K
		if unicode.ToLower(other) == unicode.ToLower(r) && !ascii {
			all += string(other)
		}
	}
	return all
}

// hasForeignCases reports whether a pattern has a letter beyond ASCII that
// comes in several cases.
func hasForeignCases(pattern string) bool {
	return strings.ContainsFunc(pattern, func(r rune) bool {
		return r >= utf8.RuneSelf && len(cases(r)) > utf8.RuneLen(r)
	})
}
