package introspect

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// This file reads the few forms of SQL expressions that models can say, too:
// bounds, lengths, sets of words and constants. Whatever else an expression is,
// the database goes on holding it.

type tokenKind int

const (
	nameToken tokenKind = iota
	textToken
	numberToken
	signToken
)

type token struct {
	kind       tokenKind
	text       string // of a name and a text without its quotes
	start, end int    // in the expression
	quoted     bool
}

// is reports whether the token is the sign or the keyword.
func (t token) is(word string) bool {
	return t.kind == signToken && t.text == word || t.kind == nameToken && !t.quoted && strings.EqualFold(t.text, word)
}

var (
	numberForm = regexp.MustCompile(`^[0-9]*\.?[0-9]+(?:[eE][+-]?[0-9]+)?`)
	nameForm   = regexp.MustCompile(`^[\p{L}_][\p{L}\p{N}_$]*`)
	signForm   = regexp.MustCompile(`^(?:::|<=|>=|<>|!=|==|\|\||.)`)
)

// scan cuts SQL into tokens, without comments.
func scan(sql string) []token {
	var tokens []token
	for at := 0; at < len(sql); {
		rest := sql[at:]
		next := token{kind: signToken, start: at}
		length := 0
		switch {
		case strings.ContainsRune(" \t\r\n\f", rune(rest[0])):
			at++
			continue
		case strings.HasPrefix(rest, "--"):
			line, _, _ := strings.Cut(rest, "\n")
			at += len(line)
			continue
		case strings.HasPrefix(rest, "/*"):
			comment, _, _ := strings.Cut(rest[2:], "*/")
			at = min(len(sql), at+len(comment)+4)
			continue
		case rest[0] == '[' && subscript(tokens, at):
			next.text, length = "[", 1
		case strings.ContainsRune("'\"`[", rune(rest[0])):
			next.kind, next.quoted = nameToken, true
			if rest[0] == '\'' {
				next.kind = textToken
			}
			next.text, length = unquote(rest)
		case numberForm.MatchString(rest):
			next.kind, next.text = numberToken, numberForm.FindString(rest)
			length = len(next.text)
		case nameForm.MatchString(rest):
			next.kind, next.text = nameToken, nameForm.FindString(rest)
			length = len(next.text)
		default:
			next.text = signForm.FindString(rest)
			length = max(1, len(next.text))
		}
		at += length
		next.end = at
		tokens = append(tokens, next)
	}
	return tokens
}

// subscript reports whether a bracket behind the tokens is PostgreSQL's, of an
// array, and not the quote of a name.
func subscript(tokens []token, at int) bool {
	if len(tokens) == 0 {
		return false
	}
	last := tokens[len(tokens)-1]
	return last.is("array") || last.kind == nameToken && last.end == at
}

// unquote is the text at the beginning of sql without its quotes, and how many
// bytes it takes with them.
func unquote(sql string) (text string, length int) {
	closing := sql[0]
	if closing == '[' {
		closing = ']'
	}
	var out strings.Builder
	for i := 1; i < len(sql); i++ {
		if sql[i] != closing {
			out.WriteByte(sql[i])
			continue
		}
		if closing == ']' || i+1 == len(sql) || sql[i+1] != closing {
			return out.String(), i + 1
		}
		out.WriteByte(closing)
		i++
	}
	return out.String(), len(sql)
}

// behind is the index behind the parenthesis that closes the one at open, or -1.
func behind(tokens []token, open int) int {
	depth := 0
	for i := open; i < len(tokens); i++ {
		switch {
		case tokens[i].is("("):
			depth++
		case tokens[i].is(")"):
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
	return -1
}

// checksIn are the checks of a CREATE TABLE, each under the name that SQLite
// calls it in an error: its own, or the expression.
func checksIn(create string) []Check {
	var checks []Check
	tokens := scan(create)
	for i := 0; i+1 < len(tokens); i++ {
		if !tokens[i].is("check") || !tokens[i+1].is("(") {
			continue
		}
		end := behind(tokens, i+1)
		if end < 0 {
			break
		}
		expression := strings.TrimSpace(create[tokens[i+1].end:tokens[end-1].start])
		name := expression
		if strings.ContainsAny(name[:min(1, len(name))], "'\"`[") {
			name, _ = unquote(name) // as SQLite does, which takes it for a quoted name
		}
		if i >= 2 && tokens[i-2].is("constraint") {
			name = tokens[i-1].text
		}
		checks = append(checks, Check{Name: name, Expression: expression})
		i = end - 1
	}
	return checks
}

// keywords are those that may stand before or behind a value.
var keywords = []string{"and", "or", "not", "in", "between", "is", "like"}

// plain are the tokens without casts, which PostgreSQL writes everywhere, and
// without parentheses around all of them or around one constant or name. Of
// more tokens than models can say anything about it makes none.
func plain(tokens []token) []token {
	const most = 500
	if len(tokens) > most {
		return nil
	}
	var out []token
	for i := 0; i < len(tokens); i++ {
		if !tokens[i].is("::") {
			out = append(out, tokens[i])
			continue
		}
		for i+1 < len(tokens) && tokens[i+1].kind == nameToken && !slices.ContainsFunc(keywords, tokens[i+1].is) { // "character varying"
			i++
		}
		if i+1 < len(tokens) && tokens[i+1].is("(") {
			end := behind(tokens, i+1)
			if end < 0 {
				return out
			}
			i = end - 1
		}
		for i+2 < len(tokens) && tokens[i+1].is("[") && tokens[i+2].is("]") {
			i += 2
		}
	}
	for changed := true; changed; {
		changed = false
		for i := 0; i+2 < len(out); i++ {
			called := i > 0 && out[i-1].kind == nameToken && (out[i-1].is("in") || !slices.ContainsFunc(keywords, out[i-1].is))
			if out[i].is("(") && out[i+2].is(")") && !called {
				out = append(append(append([]token{}, out[:i]...), out[i+1]), out[i+3:]...)
				changed = true
			}
		}
	}
	for len(out) > 1 && out[0].is("(") && behind(out, 0) == len(out) {
		out = out[1 : len(out)-1]
	}
	return out
}

// constant is the value of an expression that is one, as text; ok is false for
// any other, and isNull tells null.
func constant(expression string) (text string, isNull, ok bool) {
	tokens := plain(scan(expression))
	sign := ""
	if len(tokens) == 2 && (tokens[0].is("-") || tokens[0].is("+")) && tokens[1].kind == numberToken {
		sign = strings.TrimPrefix(tokens[0].text, "+")
		tokens = tokens[1:]
	}
	if len(tokens) != 1 {
		return "", false, false
	}
	switch t := tokens[0]; {
	case t.kind == textToken:
		return t.text, false, true
	case t.kind == numberToken:
		return sign + t.text, false, true
	case t.is("true"), t.is("false"):
		return strings.ToLower(t.text), false, true
	case t.is("null"):
		return "", true, true
	}
	return "", false, false
}

// bounds are what checks say of one column.
type bounds struct {
	min, max             string
	minLength, maxLength *int
	words                []string // the only values
}

// restrict reads a check into the bounds of the columns that it is of, by their
// names. It is false when the check says anything else.
func restrict(expression string, isColumn func(name string) bool, integer func(name string) bool, of map[string]*bounds) bool {
	conditions, ok := conjunction(plain(scan(expression)))
	if !ok {
		return false
	}
	type change func()
	var changes []change
	get := func(column string) *bounds {
		if of[column] == nil {
			of[column] = &bounds{}
		}
		return of[column]
	}
	for _, tokens := range conditions {
		c, ok := readCondition(plain(tokens), isColumn)
		if !ok || c.strict && !c.length && !integer(c.column) {
			return false
		}
		changes = append(changes, func() { c.apply(get(c.column)) })
	}
	for _, change := range changes {
		change()
	}
	return true
}

// conjunction cuts tokens at the ANDs that are not a BETWEEN's. "x IS NULL OR"
// before a condition says nothing, since a check lets null pass.
func conjunction(tokens []token) (conditions [][]token, ok bool) {
	for len(tokens) > 4 && tokens[1].is("is") && tokens[2].is("null") && tokens[3].is("or") {
		tokens = plain(tokens[4:])
	}
	depth, start, between := 0, 0, false
	for i, t := range tokens {
		switch {
		case t.is("("):
			depth++
		case t.is(")"):
			depth--
		case depth > 0:
		case t.is("or"):
			return nil, false
		case t.is("between"):
			between = true
		case t.is("and") && between:
			between = false
		case t.is("and"):
			conditions = append(conditions, tokens[start:i])
			start = i + 1
		}
	}
	return append(conditions, tokens[start:]), true
}

// condition is one comparison of a column.
type condition struct {
	column    string
	length    bool // of the text's length
	low, high string
	strict    bool // low or high is beyond the bound by one
	words     []string
}

func (c condition) apply(b *bounds) {
	if c.words != nil {
		b.words = c.words
	}
	for _, end := range []struct {
		value  string
		number *string
		length **int
	}{{c.low, &b.min, &b.minLength}, {c.high, &b.max, &b.maxLength}} {
		if end.value == "" {
			continue
		}
		if !c.length {
			*end.number = end.value
			continue
		}
		if n, err := strconv.Atoi(end.value); err == nil && n >= 0 {
			*end.length = &n
		}
	}
}

var lengths = []string{"length", "char_length", "character_length"}

// subject is the column at the beginning, itself or its length, and what
// follows.
func subject(tokens []token, isColumn func(string) bool) (c condition, rest []token, ok bool) {
	if len(tokens) > 4 && slices.ContainsFunc(lengths, tokens[0].is) && tokens[1].is("(") && tokens[3].is(")") {
		c.length = true
		tokens = append([]token{tokens[2]}, tokens[4:]...)
	}
	if len(tokens) < 2 || tokens[0].kind != nameToken || !isColumn(tokens[0].text) {
		return c, nil, false
	}
	c.column = tokens[0].text
	return c, tokens[1:], true
}

func readCondition(tokens []token, isColumn func(string) bool) (condition, bool) {
	c, rest, ok := subject(tokens, isColumn)
	if !ok { // 0 < x
		mirrored := map[string]string{"<": ">", "<=": ">=", ">": "<", ">=": "<="}
		for i, t := range tokens {
			if sign, found := mirrored[t.text]; found && t.kind == signToken && i > 0 {
				turned := append(append([]token{}, tokens[i+1:]...), token{kind: signToken, text: sign})
				if c, rest, ok = subject(append(turned, tokens[:i]...), isColumn); ok {
					return c.compare(rest)
				}
			}
		}
		return c, false
	}
	switch {
	case len(rest) > 3 && rest[0].is("between"):
		at := slices.IndexFunc(rest, func(t token) bool { return t.is("and") })
		if at < 0 {
			return c, false
		}
		low, ok := number(rest[1:at])
		high, also := number(rest[at+1:])
		c.low, c.high = low, high
		return c, ok && also
	case rest[0].is("in") && len(rest) > 2 && rest[1].is("("):
		return c.among(rest[2 : len(rest)-1])
	case len(rest) > 6 && rest[0].is("=") && rest[1].is("any") && rest[2].is("("):
		list := plain(rest[3 : len(rest)-1])
		if len(list) > 3 && list[0].is("array") && list[1].is("[") {
			return c.among(list[2 : len(list)-1])
		}
		return c, false
	}
	return c.compare(rest)
}

// compare reads what follows the column: a sign and a number.
func (c condition) compare(rest []token) (condition, bool) {
	if (rest[0].is("<>") || rest[0].is("!=")) && len(rest) == 2 && rest[1].kind == textToken && rest[1].text == "" && !c.length {
		c.length, c.low = true, "1"
		return c, true
	}
	value, ok := number(rest[1:])
	if !ok {
		return c, false
	}
	switch rest[0].text {
	case ">=":
		c.low = value
	case "<=":
		c.high = value
	case ">":
		c.strict = true
		c.low, ok = beside(value, 1)
	case "<":
		c.strict = true
		c.high, ok = beside(value, -1)
	default:
		return c, false
	}
	return c, ok
}

func beside(value string, step int64) (string, bool) {
	n, err := strconv.ParseInt(value, 10, 64)
	return strconv.FormatInt(n+step, 10), err == nil
}

func number(tokens []token) (string, bool) {
	tokens = plain(tokens)
	switch {
	case len(tokens) == 1 && tokens[0].kind == numberToken:
		return tokens[0].text, true
	case len(tokens) == 2 && tokens[0].is("-") && tokens[1].kind == numberToken:
		return "-" + tokens[1].text, true
	}
	return "", false
}

// among reads texts with commas between them.
func (c condition) among(tokens []token) (condition, bool) {
	for i, t := range plain(tokens) {
		switch {
		case i%2 == 0 && t.kind == textToken:
			c.words = append(c.words, t.text)
		case i%2 == 1 && t.is(","):
		default:
			return c, false
		}
	}
	return c, len(c.words) > 0 && !c.length
}
