package infer

import (
	"path"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// Declared is what a TypeScript module says of the data in it.
type Declared struct {
	Files []string // that were read, the modules first that were asked for

	types     map[string]*declaration
	constants map[string]*tsType // by name, where a type is said
	exports   map[string]string  // names under which others are exported, the default one among them
}

// declaration is an interface, a type alias or an enum.
type declaration struct {
	name, comment string
	typ           *tsType
	extends       []string
	words         []tsMember // of an enum whose values are texts
}

// maxScripts bounds the files that declarations are read from.
const maxScripts = 200

// Declare reads the declarations in modules and in what they import by
// relative paths. Names of files have slashes; read gives the text of one, with
// an error where there is none. What cannot be read or understood says nothing:
// declarations are a help, the values decide.
func Declare(modules []string, read func(name string) ([]byte, error)) *Declared {
	d := &Declared{types: map[string]*declaration{}, constants: map[string]*tsType{}, exports: map[string]string{}}
	queue := slices.Clone(modules)
	for i := 0; i < len(queue) && i < maxScripts; i++ {
		name := queue[i]
		text, err := read(name)
		if err != nil || slices.Contains(d.Files, name) {
			continue
		}
		d.Files = append(d.Files, name)
		if len(text) > maxScript || path.Ext(name) == ".json" {
			continue
		}
		s := &script{tokens: tokenize(string(text))}
		for _, imported := range d.declarations(s, i == 0) {
			if found := locate(path.Join(path.Dir(name), imported), read); found != "" {
				queue = append(queue, found)
			}
		}
	}
	return d
}

// locate is the file that an import without an ending means, "" when there is
// none.
func locate(name string, read func(string) ([]byte, error)) string {
	candidates := []string{name}
	if base, found := strings.CutSuffix(name, ".js"); found {
		candidates = append(candidates, base+".ts", base+".tsx")
	}
	for _, ending := range []string{".ts", ".tsx", ".mts", ".d.ts", ".js", ".mjs", ".json", "/index.ts", "/index.js"} {
		candidates = append(candidates, name+ending)
	}
	for _, candidate := range candidates {
		if _, err := read(candidate); err == nil {
			return candidate
		}
	}
	return ""
}

// declarations reads the outermost statements of a script and returns the
// relative paths that it imports. What the entry exports is noted.
func (d *Declared) declarations(s *script, entry bool) (imports []string) {
	for s.more() {
		before, comment := s.at, s.peek().comment
		exported := s.word("export")
		isDefault := exported && s.word("default")
		s.word("declare")
		if s.word("const") && s.peek().text != "enum" {
			s.at-- // a constant
		}
		switch t := s.peek(); {
		case t.kind == '.' && t.text == "{" && exported && !isDefault:
			d.exportList(s, entry)
			imports = appendRelative(imports, s)
		case t.kind != 'a' || isDefault && !slices.Contains([]string{"interface", "enum"}, t.text):
			if isDefault && entry {
				d.defaultExport(s)
			}
			s.skip()
		case t.text == "interface":
			d.readInterface(s, comment)
		case t.text == "type" && s.declaresAlias():
			d.readAlias(s, comment)
		case t.text == "enum":
			d.readEnum(s, comment)
		case t.text == "const" || t.text == "let" || t.text == "var":
			d.readConstant(s)
		case t.text == "import":
			imports = appendRelative(imports, s)
		default:
			s.skip()
		}
		if s.at == before {
			s.at++
		}
	}
	return imports
}

// appendRelative reads an import, or what follows a list of exports, up to the
// path it names.
func appendRelative(imports []string, s *script) []string {
	s.word("import")
	for i := 0; s.more() && i < 1000; i++ {
		switch t := s.peek(); {
		case t.kind == '"':
			s.at++
			if strings.HasPrefix(t.text, ".") {
				imports = append(imports, t.text)
			}
			return imports
		case t.text == ";" || t.text == "=" || t.text == "export" || t.text == "import":
			return imports
		}
		s.skip()
	}
	return imports
}

// exportList reads `{ lists as shoppingLists }`.
func (d *Declared) exportList(s *script, entry bool) {
	s.sign("{")
	for s.more() && !s.sign("}") {
		name := s.next().text
		if s.word("as") && entry {
			d.exports[s.next().text] = name
		}
	}
}

// defaultExport notes the constant that is exported as default, or the type
// that the exported value is said to have.
func (d *Declared) defaultExport(s *script) {
	if t := s.peek(); t.kind == 'a' && s.at+1 < len(s.tokens) {
		d.exports["default"] = t.text
	}
	start := s.at
	if t := s.satisfies(); t != nil {
		d.constants["default"] = t
		delete(d.exports, "default")
	}
	s.at = start
}

func (s *script) declaresAlias() bool {
	return s.at+2 < len(s.tokens) && s.tokens[s.at+1].kind == 'a' && slices.Contains([]string{"=", "<"}, s.tokens[s.at+2].text)
}

// add keeps a declaration; the first one of a name counts, for the modules
// that were asked for come first.
func (d *Declared) add(declared *declaration) {
	if d.types[declared.name] == nil {
		d.types[declared.name] = declared
	}
}

func (d *Declared) readInterface(s *script, comment string) {
	s.at++
	declared := &declaration{name: s.next().text, comment: comment}
	s.skipArguments()
	if s.word("extends") {
		for s.more() && s.peek().text != "{" {
			if t := s.next(); t.kind == 'a' {
				declared.extends = append(declared.extends, t.text)
			}
			s.skipArguments()
		}
	}
	if s.peek().text == "{" {
		declared.typ = s.object()
		d.add(declared)
	}
}

func (d *Declared) readAlias(s *script, comment string) {
	s.at++
	declared := &declaration{name: s.next().text, comment: comment}
	s.skipArguments()
	if s.sign("=") {
		declared.typ = s.readType()
		d.add(declared)
	}
}

func (d *Declared) readEnum(s *script, comment string) {
	s.at++
	declared := &declaration{name: s.next().text, comment: comment, typ: &unknownType}
	texts := true
	s.sign("{")
	for s.more() && !s.sign("}") {
		word := tsMember{comment: s.peek().comment}
		s.at++ // the name, which is not what the values are
		if s.sign("=") && s.peek().kind == '"' {
			word.name = s.next().text
		} else {
			texts = false
		}
		declared.words = append(declared.words, word)
		for s.more() && s.peek().text != "," && s.peek().text != "}" {
			s.skip()
		}
		s.sign(",")
	}
	if !texts {
		declared.words = nil
	}
	d.add(declared)
}

// readConstant reads the type that a constant is said to have, before its
// value or behind it.
func (d *Declared) readConstant(s *script) {
	s.at++
	name := s.next()
	if name.kind != 'a' {
		return
	}
	if s.sign(":") {
		d.constants[name.text] = s.readType()
	}
	if t := s.satisfies(); t != nil && d.constants[name.text] == nil {
		d.constants[name.text] = t
	}
}

// beginnings are the words that begin a statement, which ends the one before
// where no semicolon does.
var beginnings = []string{"export", "const", "let", "var", "interface", "type", "enum", "import", "function", "class", "declare"}

// satisfies passes over the rest of a statement and returns the type that its
// value is said to satisfy, nil when it says none.
func (s *script) satisfies() *tsType {
	for s.more() {
		t := s.peek()
		switch {
		case t.kind == '.' && t.text == ";":
			return nil
		case t.kind == 'a' && t.text == "satisfies":
			s.at++
			return s.readType()
		case t.kind == 'a' && t.text == "as":
			s.at++
			if !s.word("const") {
				return s.readType()
			}
			continue
		case t.kind == 'a' && slices.Contains(beginnings, t.text):
			return nil
		}
		s.skip()
	}
	return nil
}

// wrappers are generic types whose values have the form of their first argument.
var wrappers = []string{"Readonly", "Required", "NonNullable", "Omit", "Pick", "Promise"}

// resolve follows names to what they stand for. name and comment are those of
// the last declaration on the way; optional is set where null is allowed.
func (d *Declared) resolve(t *tsType) (resolved *tsType, from *declaration, optional bool) {
	for range maxTypeNesting {
		switch {
		case t == nil:
			return &unknownType, from, optional
		case t.form == '|' && len(t.of) == 1:
			optional = true
			t = t.of[0]
			continue
		case t.form == '|':
			return t, from, optional || t.optional
		case t.form != 'n':
			return t, from, optional
		case slices.Contains(wrappers, t.name) && len(t.of) > 0:
			t = t.of[0]
			continue
		}
		declared := d.types[t.name]
		if declared == nil {
			return t, from, optional
		}
		from, t = declared, declared.typ
	}
	return &unknownType, nil, optional
}

// element is the type of a list's elements, or of the members of an object
// that maps keys to them.
func (d *Declared) element(t *tsType) (element *tsType, isMap bool) {
	resolved, _, _ := d.resolve(t)
	switch {
	case resolved.form == '[':
		return resolved.of[0], false
	case resolved.form == 'n' && (resolved.name == "Array" || resolved.name == "ReadonlyArray") && len(resolved.of) == 1:
		return resolved.of[0], false
	case resolved.form == 'n' && resolved.name == "Record" && len(resolved.of) == 2:
		return resolved.of[1], true
	}
	return t, false
}

// members are those of an object type, behind those of what it extends.
func (d *Declared) members(t *tsType) []tsMember { return d.collect(t, map[*declaration]bool{}, 0) }

// collect reads each declaration once, since they may stand in a circle.
func (d *Declared) collect(t *tsType, read map[*declaration]bool, depth int) []tsMember {
	if depth > maxTypeNesting {
		return nil
	}
	if t != nil && t.form == 'n' && t.name == "Partial" && len(t.of) == 1 {
		all := d.collect(t.of[0], read, depth+1)
		for i := range all {
			all[i].optional = true
		}
		return all
	}
	resolved, from, _ := d.resolve(t)
	if from != nil && read[from] {
		return nil
	}
	read[from] = from != nil
	var all []tsMember
	if from != nil {
		for _, name := range from.extends {
			all = append(all, d.collect(&tsType{form: 'n', name: name}, read, depth+1)...)
		}
	}
	if resolved.form == '&' {
		for _, part := range resolved.of {
			all = append(all, d.collect(part, read, depth+1)...)
		}
	}
	return append(all, resolved.members...)
}

// member is the member of an object type, nil when it says nothing of it.
func (d *Declared) member(t *tsType, name string) *tsMember {
	for _, m := range slices.Backward(d.members(t)) { // what extends another type may say more of its members
		if m.name == name {
			return &m
		}
	}
	return nil
}

// words are the texts that a type allows, nil when it allows others or when
// they are no names of an enum.
func (d *Declared) words(t *tsType) (words []tsMember, from *declaration) {
	resolved, from, _ := d.resolve(t)
	switch {
	case from != nil && len(from.words) > 0:
		words = from.words
	case resolved.form == '|':
		for _, part := range resolved.of {
			if part.form != '"' {
				return nil, nil
			}
			words = append(words, tsMember{name: part.literal})
		}
	}
	seen := map[string]bool{}
	for _, word := range words {
		if !isEnumWord(word.name) || seen[word.name] {
			return nil, nil
		}
		seen[word.name] = true
	}
	return words, from
}

// isEnumWord reports whether the text is a name in the schema language
// (GraphQL specification, section 2.1.9) that an enum may have.
func isEnumWord(text string) bool {
	for i, r := range text {
		if r != '_' && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (i == 0 || r < '0' || r > '9') {
			return false
		}
	}
	return text != "" && !strings.HasPrefix(text, "__") && !slices.Contains([]string{"true", "false", "null"}, text)
}

// enum is the definition of the words that a member of a shape may have.
func enum(name, comment string, words []tsMember) *ast.Definition {
	definition := &ast.Definition{Kind: ast.Enum, Name: name, Description: comment}
	for _, word := range words {
		definition.EnumValues = append(definition.EnumValues, &ast.EnumValueDefinition{Name: word.name, Description: word.comment})
	}
	return definition
}
