package query

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/larderhq/larder/internal/model"
)

// Request is everything that the query of a URL says. Which of it a route
// heeds is the route's matter.
type Request struct {
	Read Read

	Columns    []*model.Field // columns=: the attributes that a write takes from its body; nil: not given
	OnConflict []*model.Field // on_conflict=: the unique set that an upsert goes by; nil: not given
	All        bool           // _all=true: the change of every record is meant
	Version    string         // version=: the bare number, already known to the router; "" when not given
}

// Parse reads the raw query of a URL (without the "?") as a request for
// records of t in an API version; see docs/query.md for the grammar. Repeated
// filters are joined by and. Names that the version does not serve, hidden
// ones among them, are unknown. The error is an *Error.
func Parse(t *model.Type, version int, rawQuery string, limits Limits) (Request, error) {
	limits = limits.WithDefaults()
	if len(rawQuery) > limits.QueryBytes {
		return Request{}, exceeded("query", "QueryBytes", "bytes in the query", limits.QueryBytes)
	}
	p := parser{
		t: t, version: version, limits: limits,
		request: Request{Read: Read{Type: t, Version: version, Limit: -1}},
		seen:    map[string]bool{},
	}
	for piece := range strings.SplitSeq(rawQuery, "&") {
		if piece == "" {
			continue
		}
		name, value, err := decode(piece)
		if err != nil {
			return Request{}, err
		}
		if err := p.parameter(name, value); err != nil {
			return Request{}, err
		}
	}
	if err := p.finish(); err != nil {
		return Request{}, err
	}
	return p.request, nil
}

// Version returns the value of the version parameter when it is a bare number,
// else "": a router needs it before it can call [Parse].
func Version(rawQuery string) string {
	for piece := range strings.SplitSeq(rawQuery, "&") {
		if value, found := strings.CutPrefix(piece, "version="); found && isDigits(value) {
			return value
		}
	}
	return ""
}

// parser gathers the request of one query, parameter by parameter.
type parser struct {
	t       *model.Type
	version int
	limits  Limits

	request       Request
	filters       []*Filter
	nodes         int             // filters so far, for Limits.FilterNodes
	seen          map[string]bool // parameters that may be given once
	after, before string          // cursors as they came: they can be read when the order is known
}

// ownParameters are the names that are no filter, for suggestions.
var ownParameters = []string{
	"select", "order", "limit", "offset", "and", "or", "columns", "on_conflict",
	"version", "_after", "_before", "_all",
}

// parameter takes one decoded parameter.
func (p *parser) parameter(name, value string) error {
	switch name {
	case "and", "or", "not.and", "not.or":
		return p.tree(name, value)
	case "select", "order", "limit", "offset", "columns", "on_conflict", "_after", "_before", "_all":
		if p.seen[name] {
			return &Error{
				Parameter: name, Code: CodeParse, Message: name + " is given twice",
				Hint: "give it once, with its values separated by commas",
			}
		}
		p.seen[name] = true
	case "version":
		if isDigits(value) {
			p.request.Version = value
			return nil
		}
	}
	var err error
	switch name {
	case "select":
		p.request.Read.Columns, err = p.selection(value)
	case "order":
		p.request.Read.Order, err = p.order(value)
	case "limit":
		p.request.Read.Limit, err = p.limit(value)
	case "offset":
		p.request.Read.Offset, err = natural(name, value)
	case "columns":
		p.request.Columns, err = p.names(name, value)
	case "on_conflict":
		p.request.OnConflict, err = p.names(name, value)
	case "_after":
		p.after = value
	case "_before":
		p.before = value
	case "_all":
		p.request.All, err = truth(name, value)
	default:
		err = p.filter(name, value)
	}
	return err
}

// finish joins the filters and reads the cursors.
func (p *parser) finish() error {
	read := &p.request.Read
	switch len(p.filters) {
	case 0:
	case 1:
		read.Filter = p.filters[0]
	default:
		read.Filter = &Filter{Op: And, Filters: p.filters}
	}
	var err error
	switch {
	case p.seen["_after"] && p.seen["_before"]:
		return &Error{
			Parameter: "_before", Code: CodeParse, Message: "_after and _before exclude each other",
			Hint: "follow one of the links of an answer",
		}
	case p.seen["_after"]:
		read.After, err = decodeCursor(*read, "_after", p.after)
	case p.seen["_before"]:
		read.Before, err = decodeCursor(*read, "_before", p.before)
	default:
		return nil
	}
	if err == nil && read.Offset > 0 {
		err = &Error{
			Parameter: "offset", Code: CodeParse, Message: "offset and a cursor exclude each other",
			Hint: "leave offset out: the cursor says where the page begins",
		}
	}
	return err
}

// limit reads limit=. PostgREST answers a negative one with 416.
func (p *parser) limit(value string) (int, error) {
	rows, err := natural("limit", value)
	return min(rows, p.limits.MaxLimit), err
}

// natural reads a whole number that is not negative.
func natural(parameter, value string) (int, error) {
	number, err := strconv.Atoi(value)
	switch {
	case err != nil:
		return 0, &Error{
			Parameter: parameter, Code: CodeParse, Message: "invalid " + parameter,
			Details: "expected a whole number from 0, found " + clip(value),
		}
	case number < 0:
		return 0, &Error{
			Parameter: parameter, Code: CodeRange, Message: "invalid " + parameter,
			Details: parameter + " must be at least 0",
		}
	}
	return number, nil
}

// truth reads true or false.
func truth(parameter, value string) (bool, error) {
	if value != "true" && value != "false" {
		return false, &Error{
			Parameter: parameter, Code: CodeParse, Message: "invalid " + parameter,
			Details: "expected true or false, found " + clip(value),
		}
	}
	return value == "true", nil
}

// decode splits a raw parameter at its "=" and decodes both sides, "+" as a
// space (application/x-www-form-urlencoded).
func decode(piece string) (name, value string, err error) {
	rawName, rawValue, _ := strings.Cut(piece, "=")
	for _, side := range []struct {
		raw     string
		decoded *string
	}{{rawName, &name}, {rawValue, &value}} {
		text, err := url.QueryUnescape(side.raw)
		if err == nil {
			err = validText(text)
		}
		if err != nil {
			return "", "", &Error{
				Parameter: clipName(rawName), Code: CodeParse,
				Message: "cannot decode the parameter " + clip(rawName),
				Details: err.Error(),
			}
		}
		*side.decoded = text
	}
	return name, value, nil
}

// validText refuses what no database text can hold.
func validText(text string) error {
	if !utf8.ValidString(text) {
		return fmt.Errorf("it is not valid UTF-8")
	}
	if strings.IndexByte(text, 0) >= 0 {
		return fmt.Errorf("it contains a NUL character")
	}
	return nil
}

// isDigits reports whether text is one or more decimal digits.
func isDigits(text string) bool {
	return text != "" && strings.Trim(text, "0123456789") == ""
}
