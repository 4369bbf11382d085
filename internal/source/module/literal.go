package module

import (
	"bytes"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// decode reads the exports of a script that is made of nothing but constants,
// as data mostly is, in a fraction of the time that the engine takes for them.
// It is false for a script in which there is anything else, however harmless,
// and for what JSON cannot carry: then the engine has the say. What it returns
// is to the byte what the engine would.
//
// A script is the bundler's own functions, then statements of five forms:
//
//	var lists_exports = {};
//	__export(lists_exports, { name: () => variable, … });
//	var variable = constant;
//	var Unit = ((Unit2) => { Unit2["piece"] = "piece"; … return Unit2; })(Unit || {});
//	return __toCommonJS(lists_exports);
func decode(s *script, limits Limits) (text []byte, ok bool) {
	rest, ok := strings.CutPrefix(s.code, s.preamble)
	if !ok || s.preamble == "" || !utf8.ValidString(rest) {
		return nil, false
	}
	r := &literalReader{text: rest, most: int(limits.Memory), variables: map[string]*constant{}}
	for !r.failed && !r.accept("return __toCommonJS(") {
		r.statement()
	}
	name := r.word()
	r.expect(");")
	r.expect("})();")
	r.space()
	if r.failed || r.at < len(r.text) || name != r.exports {
		return nil, false
	}
	return r.write(s.exported), !r.failed
}

// constant is the value of an expression.
type constant struct {
	text   []byte // as JSON; nil for undefined
	isData bool   // a list or an object
	depth  int    // of lists and objects in each other
}

// deepestConstant bounds the nesting, in which the engine has its own limit.
const deepestConstant = 90

// literalReader reads a script. It fails at the first thing that it does not
// know; from then on every method does nothing that matters.
type literalReader struct {
	text   string
	at     int
	most   int // bytes of JSON
	made   int
	failed bool

	variables map[string]*constant
	exports   string      // the variable of the module's exports
	exported  [][2]string // their names, and the variables
}

// fail is for the caller to return its result with.
func (r *literalReader) fail() { r.failed = true }

// space passes over white space and comments.
func (r *literalReader) space() {
	for r.at < len(r.text) {
		switch c := r.text[r.at]; {
		case c == ' ' || c == '\n' || c == '\t' || c == '\r':
			r.at++
		case strings.HasPrefix(r.text[r.at:], "//"):
			r.skipTo("\n", r.at)
		case strings.HasPrefix(r.text[r.at:], "/*"):
			r.skipTo("*/", r.at+2)
		default:
			return
		}
	}
}

func (r *literalReader) skipTo(end string, from int) {
	if n := strings.Index(r.text[from:], end); n >= 0 {
		r.at = from + n + len(end)
		return
	}
	r.at = len(r.text)
	r.fail()
}

// accept passes over the text if it comes next.
func (r *literalReader) accept(text string) bool {
	r.space()
	if r.failed || !strings.HasPrefix(r.text[r.at:], text) {
		return false
	}
	r.at += len(text)
	return true
}

func (r *literalReader) expect(text string) {
	if !r.accept(text) {
		r.fail()
	}
}

// word reads a name, "" when none comes next. Names with other letters than
// those of ASCII are left to the engine.
func (r *literalReader) word() string {
	r.space()
	start := r.at
	for r.at < len(r.text) {
		c := r.text[r.at]
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c == '$' || c >= '0' && c <= '9' && r.at > start {
			r.at++
			continue
		}
		break
	}
	return r.text[start:r.at]
}

func (r *literalReader) statement() {
	if r.accept("__export(") {
		r.exportStatement()
		return
	}
	r.expect("var ")
	name := r.word()
	r.expect("=")
	var value *constant
	if r.accept("((") {
		value = r.enum(name)
	} else {
		value = r.value()
	}
	r.expect(";")
	if _, twice := r.variables[name]; twice || name == "" {
		r.fail()
	}
	r.variables[name] = value
}

func (r *literalReader) exportStatement() {
	r.exports = r.word()
	if r.exported != nil || r.variables[r.exports] == nil {
		r.fail() // the exports of several modules, as objects
	}
	r.expect(",")
	r.expect("{")
	for !r.failed && !r.accept("}") {
		name := r.word()
		r.expect(":")
		r.expect("() =>")
		r.exported = append(r.exported, [2]string{name, r.word()})
		if !r.accept(",") {
			r.expect("}")
			break
		}
	}
	r.expect(");")
}

// enum reads what the bundler makes of an enum, behind its "((".
func (r *literalReader) enum(variable string) *constant {
	name := r.word()
	r.expect(") => {")
	object := objectText{reader: r, text: []byte{'{'}}
	for !r.failed && !r.accept("return ") {
		r.expect(name + "[") // of an enum of numbers, which has names both ways, a second one follows, which is no key
		key := r.key()
		r.expect("] =")
		object.set(key, r.value())
		r.expect(";")
	}
	r.expect(name)
	r.expect(";")
	r.expect("})(" + variable + " || {})")
	return object.end()
}

// value reads a constant.
func (r *literalReader) value() *constant {
	r.space()
	if r.failed || r.at == len(r.text) {
		r.fail()
		return &constant{}
	}
	switch c := r.text[r.at]; {
	case c == '"' || c == '\'' || c == '`':
		return r.keep(r.appendText(nil))
	case c == '{':
		return r.object()
	case c == '[':
		return r.list()
	case c == '-' || c == '.' || c >= '0' && c <= '9':
		return r.keep(r.number())
	}
	if r.accept("(") { // around a comment
		value := r.value()
		r.expect(")")
		return value
	}
	switch name := r.word(); name {
	case "true", "false", "null":
		return r.keep([]byte(name))
	case "void":
		r.expect("0")
		return &constant{}
	default:
		return r.variable(name)
	}
}

// variable is what a variable holds.
func (r *literalReader) variable(name string) *constant {
	known := r.variables[name]
	if known == nil || known.text == nil || name == r.exports {
		r.fail()
		return &constant{}
	}
	r.keep(known.text)
	return known
}

// keep counts what is made, so that lists that hold each other many times end.
func (r *literalReader) keep(text []byte) *constant {
	if r.made += len(text); r.made > r.most {
		r.fail()
	}
	return &constant{text: text}
}

func (r *literalReader) list() *constant {
	r.expect("[")
	list := constant{text: []byte{'['}, isData: true}
	for !r.failed && !r.accept("]") {
		element := r.value()
		if element.text == nil || element.depth >= deepestConstant {
			r.fail()
			break
		}
		if len(list.text) > 1 {
			list.text = append(list.text, ',')
		}
		list.text = append(list.text, element.text...)
		list.depth = max(list.depth, element.depth+1)
		if !r.accept(",") {
			r.expect("]")
			break
		}
	}
	list.text = append(list.text, ']')
	return &list
}

func (r *literalReader) object() *constant {
	r.expect("{")
	object := objectText{reader: r, text: []byte{'{'}}
	for !r.failed && !r.accept("}") {
		key := r.key()
		if r.accept(":") {
			object.set(key, r.value())
		} else { // { milk } is { milk: milk }
			object.set(key, r.variable(string(bytes.Trim(key, `"`))))
		}
		if !r.accept(",") {
			r.expect("}")
			break
		}
	}
	return object.end()
}

// key reads the name of a property and returns it as JSON.
func (r *literalReader) key() []byte {
	r.space()
	if r.at < len(r.text) && (r.text[r.at] == '"' || r.text[r.at] == '\'') {
		return r.appendText(nil)
	}
	start := r.at
	if name := r.word(); name != "" {
		return strconv.AppendQuote(nil, name)
	}
	for r.at < len(r.text) && r.text[r.at] >= '0' && r.text[r.at] <= '9' {
		r.at++
	}
	if r.at == start {
		r.fail()
	}
	return strconv.AppendQuote(nil, r.text[start:r.at])
}

// objectText is an object that is being read.
type objectText struct {
	reader *literalReader
	text   []byte
	depth  int
	keys   [][]byte
	seen   map[string]bool // the keys, once they are many
	named  bool            // a key is no number
	next   uint64          // the least number that may follow
}

// manyMembers is from how many keys on a map is faster than looking at each.
const manyMembers = 24

// set adds a property. JavaScript puts numbers first and keeps the place of a
// key that comes again; where that makes a difference the engine has the say.
func (o *objectText) set(key []byte, value *constant) {
	if o.reader.failed || o.has(key) || string(key) == `"__proto__"` || value.depth >= deepestConstant {
		o.reader.fail()
		return
	}
	switch number, is := arrayIndex(key[1 : len(key)-1]); {
	case !is:
		o.named = true
	case o.named || number < o.next:
		o.reader.fail()
	default:
		o.next = number + 1
	}
	if value.text == nil {
		return
	}
	if len(o.text) > 1 {
		o.text = append(o.text, ',')
	}
	o.text = append(append(append(o.text, key...), ':'), value.text...)
	o.depth = max(o.depth, value.depth)
}

// arrayIndex is the number that a key is in its shortest form.
func arrayIndex(key []byte) (number uint64, is bool) {
	number, err := strconv.ParseUint(string(key), 10, 32)
	return number, err == nil && strconv.FormatUint(number, 10) == string(key)
}

func (o *objectText) has(key []byte) bool {
	if o.seen == nil && len(o.keys) == manyMembers {
		o.seen = map[string]bool{}
		for _, k := range o.keys {
			o.seen[string(k)] = true
		}
	}
	if o.seen != nil {
		before := o.seen[string(key)]
		o.seen[string(key)] = true
		return before
	}
	before := slices.ContainsFunc(o.keys, func(k []byte) bool { return bytes.Equal(k, key) })
	o.keys = append(o.keys, key)
	return before
}

func (o *objectText) end() *constant {
	return &constant{text: append(o.text, '}'), isData: true, depth: o.depth + 1}
}

var (
	decimal = regexp.MustCompile(`^-?(0|[1-9][0-9]*)$`)
	float   = regexp.MustCompile(`^-?([0-9]+\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]+)?$`)
)

// number reads a number and returns it as JavaScript writes it (ECMA-262,
// Number::toString), a BigInt with all of its digits.
func (r *literalReader) number() []byte {
	start := r.at
	for r.at < len(r.text) {
		c := r.text[r.at]
		sign := (c == '-' || c == '+') && (r.at == start || r.text[r.at-1] == 'e')
		if !sign && c != '.' && (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && c != '_' {
			break
		}
		r.at++
	}
	text := r.text[start:r.at]
	const exact = 15 // digits that every number keeps
	if len(text) <= exact && decimal.MatchString(text) && text != "-0" {
		return []byte(text)
	}
	if whole, big := strings.CutSuffix(text, "n"); big && decimal.MatchString(whole) && whole != "-0" {
		return []byte(whole)
	}
	value, err := strconv.ParseFloat(text, 64)
	if err != nil || !float.MatchString(text) || len(text) > 1 && text[0] == '0' && text[1] >= '0' && text[1] <= '9' {
		r.fail() // Infinity is none that JSON can carry
		return nil
	}
	if value == 0 {
		return []byte("0")
	}
	if size := math.Abs(value); size >= 1e-6 && size < 1e21 {
		return strconv.AppendFloat(nil, value, 'f', -1, 64)
	}
	written := strconv.FormatFloat(value, 'e', -1, 64)
	return []byte(strings.Replace(strings.Replace(written, "e-0", "e-", 1), "e+0", "e+", 1))
}

// appendText reads a text in any quotes and appends it as JSON.stringify
// writes it.
func (r *literalReader) appendText(dst []byte) []byte {
	quote := r.text[r.at]
	r.at++
	end := strings.IndexByte(r.text[r.at:], quote)
	if end < 0 {
		r.fail()
		return dst
	}
	if plain := r.text[r.at : r.at+end]; quote == '"' && isPlain(plain) {
		r.at += end + 1
		return append(append(append(dst, '"'), plain...), '"')
	}
	dst = append(dst, '"')
	for r.at < len(r.text) {
		c := r.text[r.at]
		switch {
		case c == quote:
			r.at++
			return append(dst, '"')
		case c == '\\':
			dst = r.appendEscape(dst)
		case c == '\r', c == '\n' && quote != '`', strings.HasPrefix(r.text[r.at:], "${") && quote == '`':
			r.fail()
			return dst
		case c < ' ' || c == '"':
			dst = appendJSON(dst, rune(c))
			r.at++
		default:
			dst = append(dst, c)
			r.at++
		}
		if r.failed {
			return dst
		}
	}
	r.fail()
	return dst
}

// isPlain reports whether a text stands in JSON as it is.
func isPlain(text string) bool {
	for i := range len(text) {
		if c := text[i]; c < ' ' || c == '\\' || c == '"' {
			return false
		}
	}
	return true
}

// escapes are the letters that stand behind a backslash for another character.
var escapes = map[byte]rune{'n': '\n', 'r': '\r', 't': '\t', 'b': '\b', 'f': '\f', 'v': '\v', '\\': '\\', '\'': '\'', '"': '"', '`': '`', '$': '$'}

// appendEscape reads a backslash with what belongs to it.
func (r *literalReader) appendEscape(dst []byte) []byte {
	rest := r.text[r.at+1:]
	if rest == "" {
		r.fail()
		return dst
	}
	if c, known := escapes[rest[0]]; known || rest[0] == '0' && !strings.ContainsAny(rest[1:min(2, len(rest))], "0123456789") {
		r.at += 2
		return appendJSON(dst, c)
	}
	c := r.codeUnit()
	if utf16.IsSurrogate(c) {
		if r.failed || !strings.HasPrefix(r.text[r.at:], `\u`) {
			r.fail() // half of a character
			return dst
		}
		if c = utf16.DecodeRune(c, r.codeUnit()); c == utf8.RuneError {
			r.fail()
			return dst
		}
	}
	return appendJSON(dst, c)
}

// codeUnit reads \xff, \uffff or \u{fffff}.
func (r *literalReader) codeUnit() rune {
	rest, digits := r.text[r.at+1:], 0
	switch {
	case strings.HasPrefix(rest, "x"):
		digits = 2
	case strings.HasPrefix(rest, "u{"):
		digits = strings.IndexByte(rest, '}') - 2
		r.at++
		rest = rest[1:]
	case strings.HasPrefix(rest, "u"):
		digits = 4
	}
	if digits <= 0 || len(rest) < digits+1 {
		r.fail()
		return 0
	}
	value, err := strconv.ParseUint(rest[1:1+digits], 16, 21)
	if err != nil || value > utf8.MaxRune {
		r.fail()
	}
	r.at += 2 + digits
	if strings.HasPrefix(r.text[r.at:], "}") && r.text[r.at-digits-1] == '{' {
		r.at++
	}
	return rune(value) //nolint:gosec // of at most 21 bits
}

// appendJSON appends a character, or a byte of one, of a JSON text.
func appendJSON(dst []byte, c rune) []byte {
	switch {
	case c == '"' || c == '\\':
		return append(dst, '\\', byte(c))
	case c == '\n':
		return append(dst, '\\', 'n')
	case c == '\r':
		return append(dst, '\\', 'r')
	case c == '\t':
		return append(dst, '\\', 't')
	case c == '\b':
		return append(dst, '\\', 'b')
	case c == '\f':
		return append(dst, '\\', 'f')
	case c < ' ':
		const digits = "0123456789abcdef"
		return append(dst, '\\', 'u', '0', '0', digits[c>>4], digits[c&15])
	}
	return utf8.AppendRune(dst, c)
}

// write writes the exports that are data, the ones of order first.
func (r *literalReader) write(order []string) []byte {
	text := []byte{'{'}
	done := map[string]bool{}
	add := func(name string) {
		at := slices.IndexFunc(r.exported, func(e [2]string) bool { return e[0] == name })
		if at < 0 || done[name] {
			return
		}
		done[name] = true
		value := r.variables[r.exported[at][1]]
		if value == nil {
			r.fail() // of a variable that nothing is assigned to
			return
		}
		again := func(e [2]string) bool { return e[0] != "default" && r.variables[e[1]] == value }
		if !value.isData || name == "default" && slices.ContainsFunc(r.exported, again) {
			return
		}
		if len(text) > 1 {
			text = append(text, ',')
		}
		text = append(append(strconv.AppendQuote(text, name), ':'), value.text...)
		r.keep(value.text)
	}
	for _, name := range order {
		add(name)
	}
	for _, e := range r.exported {
		add(e[0])
	}
	return append(text, '}')
}
