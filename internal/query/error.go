package query

import (
	"fmt"
	"strconv"
	"unicode/utf8"

	"github.com/larderhq/larder/internal/model"
)

// The codes of an [Error]: PostgREST's where it has one, else the SQLSTATE
// that PostgreSQL would answer.
const (
	CodeParse         = "PGRST100" // the grammar was not kept
	CodeRange         = "PGRST103" // a limit, an offset or a range that cannot be
	CodeNotEmbedded   = "PGRST108" // a parameter of an embed that select does not have
	CodeOrderThrough  = "PGRST118" // an order by what is no to-one relation
	CodeSpread        = "PGRST119" // a spread of what is no to-one relation
	CodeEmbedTest     = "PGRST120" // an embed compared with anything but null
	CodePreference    = "PGRST122" // a preference not understood under handling=strict
	CodeUnsupported   = "PGRST127" // PostgREST's grammar, but not served here
	CodeNoRelation    = "PGRST200" // no such relation
	CodeUnknownColumn = "PGRST204" // no such attribute
	CodeValue         = "22P02"    // the value is not of the field's type
	CodePattern       = "22025"    // a pattern of like that ends in its escape character
	CodeOperator      = "42883"    // the operator does not suit the field
	CodeLimit         = "54000"    // more of something than the server takes
)

// Error says what is wrong with a query, a preference, a range or a cursor. It
// repeats at most about 100 bytes of what came.
type Error struct {
	Parameter string // the parameter or header at fault: "population", "select", "Prefer"
	Code      string // one of the codes above
	Limit     string // with CodeLimit: the field of Limits that was passed, as "InValues"
	Message   string // what is wrong
	Details   string // where, and what was expected, or ""
	Hint      string // what to do instead, or ""
}

// Error is the message with its details and hint.
func (e *Error) Error() string {
	text := e.Message
	if e.Details != "" {
		text += ": " + e.Details
	}
	if e.Hint != "" {
		text += " (" + e.Hint + ")"
	}
	return text
}

// exceeded is the error of a limit that was passed.
func exceeded(parameter, limit, what string, most int) *Error {
	return &Error{
		Parameter: clipName(parameter), Code: CodeLimit, Limit: limit,
		Message: "too many " + what,
		Details: fmt.Sprintf("at most %d are allowed (%s)", most, limit),
	}
}

// unsupported is the error of a part of PostgREST's grammar that larder knows
// but does not serve. It depends on the form of the request only, so that it
// tells nothing about names.
func unsupported(parameter, feature string) *Error {
	return &Error{
		Parameter: clipName(parameter), Code: CodeUnsupported,
		Message: "this feature is not supported: " + feature,
	}
}

// clip quotes what came for an error message, at most 48 bytes of it.
func clip(text string) string { return strconv.Quote(clipName(text)) }

// clipName cuts text that came to at most 48 bytes.
func clipName(text string) string {
	const most = 48
	if len(text) <= most {
		return text
	}
	end := most - len("…")
	for !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + "…"
}

// suggest is the hint that names the candidate nearest to name, or "" when
// none is near.
func suggest(name string, candidates []string) string {
	if nearest := model.Nearest(name, candidates); nearest != "" {
		return fmt.Sprintf("did you mean %q?", nearest)
	}
	return ""
}
