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
}

// Parse reads the raw query of a URL (without the "?") as a request for
// records of t in an API version; see docs/query.md for the grammar. Repeated
// filters are joined by and. Names that the version does not serve, hidden
// ones among them, are unknown. The error is an *Error.
func Parse(t *model.Type, version int, rawQuery string, limits Limits) (Request, error) {
	return parse(t, nil, version, rawQuery, limits)
}

// ParseRelated is [Parse] for the records that relation, a ToMany or ManyToMany
// field, lists: unless the query says otherwise they are in the relation's
// [DefaultOrder]. Of which record they are is for [RelatedTo] to say.
func ParseRelated(relation *model.Field, version int, rawQuery string, limits Limits) (Request, error) {
	return parse(relation.Relation.Target, relation, version, rawQuery, limits)
}

// parse reads a query of t's records, or of those that relation lists.
func parse(t *model.Type, relation *model.Field, version int, rawQuery string, limits Limits) (Request, error) {
	limits = limits.WithDefaults()
	if len(rawQuery) > limits.QueryBytes {
		return Request{}, exceeded("query", "QueryBytes", "bytes in the query", limits.QueryBytes)
	}
	parameters, err := split(rawQuery)
	if err != nil {
		return Request{}, err
	}
	request := Request{Read: Read{Type: t, Version: version, Limit: -1}}
	p := parser{
		shared: &shared{version: version, limits: limits, request: &request, listed: relation},
		t:      t, read: &request.Read, seen: map[string]bool{},
	}
	// What is selected first: other parameters may speak of its embeds.
	for _, selecting := range []bool{true, false} {
		for _, given := range parameters {
			if (given.name == "select") != selecting {
				continue
			}
			if err := p.parameter(given.name, given.value); err != nil {
				return Request{}, err
			}
		}
	}
	if err := p.finish(); err != nil {
		return Request{}, err
	}
	return request, nil
}

// Versions are the values of the version parameter that are no filter, for they
// have no operator: they name a version of the API, which a router needs before
// it can call [Parse].
func Versions(rawQuery string) (versions []string) {
	if !strings.Contains(rawQuery, "version") && !strings.Contains(rawQuery, "%") {
		return nil
	}
	for piece := range strings.SplitSeq(rawQuery, "&") {
		name, value, err := decode(piece)
		if err == nil && name == "version" && !strings.Contains(value, ".") {
			versions = append(versions, value)
		}
	}
	return versions
}

// shared is what the parsers of one query have in common.
type shared struct {
	version       int
	limits        Limits
	request       *Request
	listed        *model.Field // the relation that lists the records; nil: the type's own collection
	nodes         int          // filters so far, for Limits.FilterNodes
	embedCount    int          // embeds so far, for Limits.Embeds
	after, before string       // cursors as they came: they can be read when the order is known
}

// parser gathers one read of a query, parameter by parameter: the request's
// own or that of an embed, whose parameters begin with its name and a dot.
type parser struct {
	*shared
	t       *model.Type
	read    *Read
	outer   *embedded // the embed that the read is of; nil for the request's own
	filters []*Filter
	seen    map[string]bool // parameters that may be given once
	embeds  []*embedded
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
	case "order", "limit", "offset":
		return p.page(name, value)
	}
	if inner, rest := p.scope(name); inner != nil {
		return inner.parser.parameter(rest, value)
	}
	if p.outer != nil {
		return p.filter(name, value)
	}
	switch name {
	case "select", "columns", "on_conflict", "_after", "_before", "_all":
		if err := p.once(name); err != nil {
			return err
		}
	case "version":
		if isDigits(value) {
			return nil // see [Versions]
		}
	}
	var err error
	switch name {
	case "select":
		p.read.Columns, err = p.selection(value)
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

// page takes a parameter that orders or limits the read.
func (p *parser) page(name, value string) error {
	if err := p.once(name); err != nil {
		return err
	}
	if p.outer != nil && p.outer.embed.Relation.Kind == model.ToOne {
		return &Error{
			Parameter: clipName(p.full(name)), Code: CodeParse,
			Message: fmt.Sprintf("%s is one record: it has no %s", clipName(p.outer.name), name),
		}
	}
	var err error
	switch name {
	case "order":
		p.read.Order, err = p.order(value)
	case "limit":
		p.read.Limit, err = p.limit(value)
	case "offset":
		p.read.Offset, err = natural(p.full(name), value)
	}
	return err
}

// once refuses a parameter that was given before.
func (p *parser) once(name string) error {
	if p.seen[name] {
		return &Error{
			Parameter: clipName(p.full(name)), Code: CodeParse, Message: clipName(p.full(name)) + " is given twice",
			Hint: "give it once, with its values separated by commas",
		}
	}
	p.seen[name] = true
	return nil
}

// full is a parameter's whole name, with those of the embeds that it is of.
func (p *parser) full(name string) string {
	for outer := p.outer; outer != nil; outer = outer.outer {
		name = outer.name + "." + name
	}
	return name
}

// finish joins the filters, those of the embeds before the read's own, and
// reads the cursors.
func (p *parser) finish() error {
	for _, inner := range p.embeds {
		if err := inner.parser.finish(); err != nil {
			return err
		}
		if inner.required {
			p.filters = append(p.filters, &Filter{Op: Is, Embed: inner.embed, Values: []any{"not_null"}})
		}
	}
	switch len(p.filters) {
	case 0:
	case 1:
		p.read.Filter = p.filters[0]
	default:
		p.read.Filter = &Filter{Op: And, Filters: p.filters}
	}
	listed := p.listed
	if p.outer != nil {
		listed = p.outer.embed.Relation
	}
	if p.read.Grouped() {
		if err := p.grouping(); err != nil {
			return err
		}
	} else if listed != nil && len(p.read.Order) == 0 {
		p.read.Order = DefaultOrder(listed, p.version)
	}
	if p.outer != nil {
		return nil
	}
	return p.cursors()
}

// cursors reads _after and _before.
func (p *parser) cursors() error {
	read, parameter := p.read, "_after"
	if p.seen["_before"] {
		parameter = "_before"
	}
	var err error
	switch {
	case p.seen["_after"] && p.seen["_before"]:
		return &Error{
			Parameter: "_before", Code: CodeParse, Message: "_after and _before exclude each other",
			Hint: "follow one of the links of an answer",
		}
	case !p.seen[parameter]:
		return nil
	case read.Grouped():
		return &Error{
			Parameter: parameter, Code: CodeParse, Message: "a cursor does not go with aggregates",
			Hint: "use limit and offset",
		}
	case parameter == "_after":
		read.After, err = decodeCursor(*read, parameter, p.after)
	default:
		read.Before, err = decodeCursor(*read, parameter, p.before)
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
	most := p.limits.MaxLimit
	if p.outer != nil {
		most = p.limits.EmbedRows
	}
	rows, err := natural(p.full("limit"), value)
	return min(rows, most), err
}

// natural reads a whole number that is not negative.
func natural(parameter, value string) (int, error) {
	number, err := strconv.Atoi(value)
	parameter = clipName(parameter)
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

// parameter is a decoded parameter.
type parameter struct{ name, value string }

// split takes a raw query apart.
func split(rawQuery string) ([]parameter, error) {
	if rawQuery == "" {
		return nil, nil
	}
	parameters := make([]parameter, 0, strings.Count(rawQuery, "&")+1)
	for piece := range strings.SplitSeq(rawQuery, "&") {
		if piece == "" {
			continue
		}
		name, value, err := decode(piece)
		if err != nil {
			return nil, err
		}
		parameters = append(parameters, parameter{name, value})
	}
	return parameters, nil
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
