package infer

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/gobuffalo/flect"
	"golang.org/x/text/unicode/norm"

	"github.com/larderhq/larder/internal/model"
)

// result prints the drafts and reads them as a schema, which holds them
// against every rule that a person's models must keep.
func (d *drafts) result() (*Result, error) {
	d.settle()
	var sdl strings.Builder
	for i, t := range d.types {
		if i > 0 {
			sdl.WriteByte('\n')
		}
		t.print(&sdl, d.source)
	}
	for _, e := range d.enums {
		fmt.Fprintf(&sdl, "\n%senum %s {\n", describe("", e.Description), e.Name)
		for _, word := range e.EnumValues {
			fmt.Fprintf(&sdl, "%s  %s\n", describe("  ", word.Description), word.Name)
		}
		sdl.WriteString("}\n")
	}
	schema, err := model.Parse("models.graphql", []byte(sdl.String()))
	if err != nil {
		return nil, fmt.Errorf("derive models: %w", err)
	}
	return &Result{Schema: schema, SDL: schema.String(), Notes: d.notes}, nil
}

func (t *draft) print(sdl *strings.Builder, source string) {
	for _, comment := range t.comments {
		fmt.Fprintf(sdl, "# %s\n", comment)
	}
	fmt.Fprintf(sdl, "%stype %s", describe("", t.description), t.name)
	for _, s := range t.sources {
		keys := []string{"id"}
		for i, key := range s.keys {
			keys = append(keys[:i], key.name)
		}
		path := ""
		if s.path != "" {
			path = fmt.Sprintf(" path: %q,", s.path)
		}
		fmt.Fprintf(sdl, " @source(name: %q,%s key: [\"%s\"])", source, path, strings.Join(keys, `", "`))
	}
	for _, u := range t.uniques {
		fmt.Fprintf(sdl, " @unique(fields: [%q, %q])", u.list.otherEndName(), u.key.name)
	}
	sdl.WriteString(" {\n")
	for _, f := range t.fields {
		f.print(sdl)
	}
	sdl.WriteString("}\n")
}

// otherEndName is the field that the elements of a list have for its owner.
func (f *draftField) otherEndName() string {
	if f.inverse != nil {
		return f.inverse.name
	}
	return referenceName(f.owner)
}

func (f *draftField) print(sdl *strings.Builder) {
	fmt.Fprintf(sdl, "%s  %s: %s", describe("  ", f.description), f.name, f.sdlType)
	if f.required {
		sdl.WriteByte('!')
	}
	sdl.WriteString(f.digits)
	if f.json {
		sdl.WriteString(" @json")
	}
	if f.unique {
		sdl.WriteString(" @unique")
	}
	if f.target != nil && f.list && !f.back {
		sdl.WriteString(f.reference())
	}
	if f.path != "" && f.path != f.name {
		fmt.Fprintf(sdl, " @from(path: %q)", f.path)
	}
	if f.remark != "" {
		sdl.WriteString(" # " + f.remark)
	}
	sdl.WriteByte('\n')
}

// reference says that the elements of a list go with its owner when they are
// nothing but parts of it, and which field is the other end where that was made.
func (f *draftField) reference() string {
	var arguments []string
	switch {
	case f.shared:
	case f.linked && f.inverse.required:
		arguments = append(arguments, "onDelete: CASCADE")
	case f.target.independent:
		arguments = append(arguments, "onDelete: SET_NULL")
	default:
		arguments = append(arguments, "onDelete: CASCADE")
	}
	if f.inverse != nil && !f.isPlain() {
		arguments = append(arguments, fmt.Sprintf("inverse: %q", f.inverse.name))
	}
	return " @ref(" + strings.Join(arguments, ", ") + ")"
}

// describe is a description as SDL, on a line of its own.
func describe(indent, text string) string {
	if text == "" {
		return ""
	}
	var quoted strings.Builder
	encoder := json.NewEncoder(&quoted) // a JSON string is a GraphQL string
	encoder.SetEscapeHTML(false)
	if encoder.Encode(text) != nil {
		return ""
	}
	return indent + quoted.String()
}

func join(outer, inner string) string {
	if outer == "" {
		return inner
	}
	return outer + "." + inner
}

// generic are response names that say nothing about what they hold.
var generic = []string{"edges", "node", "nodes", "data", "items", "results", "list", "records", "rows", "values"}

// name is what the list at the place is called: the last name on the way from
// outer that says something.
func (p place) name(outer string) string {
	steps := strings.Split(outer+"."+p.path, ".")
	for i := len(steps) - 1; i > 0; i-- {
		if !slices.Contains(generic, steps[i]) {
			return steps[i]
		}
	}
	return flect.Pluralize(strings.TrimSuffix(outer, "Connection"))
}

// typeName is the schema's name of a shape or, without a schema, one made of
// the name that it has in the answer.
func typeName(s *shape, responseName string) string {
	name := s.typeName
	if name == "" {
		name = strings.TrimSuffix(identifier(responseName), "Connection")
		if after, found := strings.CutPrefix(name, "all"); found && after != lowerFirst(after) {
			name = after // allPlanets, but not allocations
		}
		name = upperFirst(flect.Singularize(name))
	}
	name = strings.TrimLeft(identifier(name), "_0123456789")
	if name == "" || slices.Contains(reserved, name) {
		name += "Record"
	}
	return name
}

// reserved are names that models cannot have: they are scalars or GraphQL's own.
var reserved = []string{
	string(model.String), string(model.Int), string(model.Int64), string(model.Float), string(model.Decimal), string(model.Boolean),
	string(model.ID), string(model.UUID), string(model.Date), string(model.DateTime), string(model.Duration), string(model.JSON), string(model.Bytes),
	"Query", "Mutation", "Subscription",
}

// fieldNameOf is the field that a member becomes where nothing is flattened.
func fieldNameOf(m *member) string {
	if m.name == "id" {
		return "sourceId" // id is larder's own
	}
	if m.name == entryKey {
		return m.field
	}
	if m.text {
		return heading(m.name)
	}
	return m.name
}

// fieldName joins a prefix and a response name in camel case: homeworld, name →
// homeworldName.
func fieldName(prefix, name string) string {
	name = strings.TrimLeft(identifier(name), "_")
	switch {
	case name == "" || '0' <= name[0] && name[0] <= '9':
		name = "field" + name
	case name == "id" && prefix == "":
		name = "sourceId"
	}
	if prefix == "" {
		return name
	}
	return prefix + upperFirst(name)
}

// identifier makes a name of one that a file may have for a field: letters
// without accents, and words in camel case: unit price → unitPrice.
func identifier(name string) string {
	var out strings.Builder
	next := false // the next letter begins a word
	for _, r := range norm.NFD.String(strings.ReplaceAll(name, "ß", "ss")) {
		switch {
		case r == '_' || r < unicode.MaxASCII && (unicode.IsLetter(r) || unicode.IsDigit(r)):
			if next && out.Len() > 0 {
				r = unicode.ToUpper(r)
			}
			out.WriteRune(r)
			next = false
		case !unicode.Is(unicode.Mn, r):
			next = true
		}
	}
	if strings.Contains(name, " ") { // the words of a title, not of an identifier
		return lowerFirst(out.String())
	}
	return out.String()
}

// heading is the name of a column in a table, which often begins with a capital,
// as a field is written.
func heading(name string) string {
	if strings.ToUpper(name) == name {
		return strings.ToLower(name)
	}
	return lowerFirst(name)
}

// addressable reports whether a path can name the member: points divide its
// steps, and it is written in the models.
func addressable(name string) bool {
	unprintable := func(r rune) bool { return !unicode.IsPrint(r) }
	return name != "" && name != everyMember && !strings.ContainsAny(name, ".[]") && !strings.ContainsFunc(name, unprintable)
}

// fold is a name without what spellings differ in.
func fold(name string) string { return strings.ToLower(strings.ReplaceAll(name, "_", "")) }

func upperFirst(text string) string {
	first, size := utf8.DecodeRuneInString(text)
	if size == 0 {
		return text
	}
	return string(unicode.ToUpper(first)) + text[size:]
}

func lowerFirst(text string) string {
	first, size := utf8.DecodeRuneInString(text)
	if size == 0 {
		return text
	}
	return string(unicode.ToLower(first)) + text[size:]
}
