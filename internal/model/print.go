package model

import (
	"fmt"
	"strconv"
	"strings"
)

// String is the schema in canonical form: parsed again it gives the same
// schema, printed again the same text. Implicit foreign keys and an id that no
// one stated are left out.
func (s *Schema) String() string {
	w := &printer{}
	if len(s.Comments) > 0 {
		w.comments("", s.Comments)
		w.line("")
	}
	declarations := 0
	separate := func() {
		if declarations++; declarations > 1 {
			w.line("")
		}
	}
	for _, t := range s.Types {
		separate()
		w.printType(t)
	}
	for _, e := range s.Enums {
		separate()
		w.printEnum(e)
	}
	if len(s.EndComments) > 0 {
		w.line("")
		w.comments("", s.EndComments)
	}
	return w.String()
}

type printer struct{ strings.Builder }

func (w *printer) line(text string) {
	w.WriteString(text)
	w.WriteByte('\n')
}

func (w *printer) comments(indent string, lines []string) {
	for _, line := range lines {
		w.line(strings.TrimRight(indent+"# "+line, " "))
	}
}

func (w *printer) printType(t *Type) {
	w.comments("", t.Comments)
	w.description("", t.Description)
	w.line("type " + t.Name + t.directives() + " {")
	if t.idIsStated() {
		w.comments("  ", t.ID.Comments)
		w.description("  ", t.ID.Description)
		w.line(fmt.Sprintf("  id: %s!%s%s", t.ID.Scalar, t.ID.externalField(), remark(t.ID.Remark)))
	}
	for _, f := range t.Fields {
		if f.Implicit {
			continue
		}
		w.comments("  ", f.Comments)
		w.description("  ", f.Description)
		w.line("  " + f.Name + ": " + f.declaredType() + f.directives() + remark(f.Remark))
	}
	w.comments("  ", t.EndComments)
	w.line("}")
}

func (t *Type) idIsStated() bool {
	id := t.ID
	return id.Scalar != ID && !id.Composite() || id.ColumnName != "" || id.Position.Line > 0 || id.Description != "" || id.Remark != "" || len(id.Comments) > 0
}

func (w *printer) printEnum(e *Enum) {
	w.comments("", e.Comments)
	w.description("", e.Description)
	w.line("enum " + e.Name + " {")
	for _, value := range e.Values {
		w.comments("  ", value.Comments)
		w.description("  ", value.Description)
		w.line("  " + value.Name + remark(value.Remark))
	}
	w.comments("  ", e.EndComments)
	w.line("}")
}

func remark(text string) string {
	if text == "" {
		return ""
	}
	return "  # " + text
}

// declaredType is the field's type as in the models: "[String!]!".
func (f *Field) declaredType() string {
	name, bang := f.typeName(), ""
	if f.Required {
		bang = "!"
	}
	if !f.IsList() {
		return name + bang
	}
	if f.ItemRequired {
		name += "!"
	}
	return "[" + name + "]" + bang
}

// directives of a type, each behind a blank, in a fixed order.
func (t *Type) directives() string {
	var out strings.Builder
	out.WriteString(t.externalType())
	for _, source := range t.Sources {
		path := ""
		if source.Path != "" {
			path = ", path: " + quote(source.Path)
		}
		fmt.Fprintf(&out, " @source(name: %s%s, key: %s", quote(source.Name), path, quoteList(source.Key))
		if source.OnConflict != "" {
			out.WriteString(", onConflict: " + string(source.OnConflict))
		}
		if source.Removed != "" {
			out.WriteString(", removed: " + string(source.Removed))
		}
		out.WriteString(")")
	}
	if t.Vocabulary {
		out.WriteString(" @vocabulary")
	}
	for _, unique := range t.Uniques {
		fmt.Fprintf(&out, " @unique(fields: %s)", quoteList(namesOf(unique.Fields)))
	}
	for _, index := range t.Indexes {
		fmt.Fprintf(&out, " @index(fields: %s)", quoteList(namesOf(index.Fields)))
	}
	out.WriteString(history(t.Renames, t.Since, t.Until))
	return out.String()
}

func namesOf(fields []*Field) []string {
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.Name
	}
	return names
}

// directives of a field, each behind a blank, in a fixed order.
func (f *Field) directives() string {
	var out strings.Builder
	flag := func(set bool, name string) {
		if set {
			out.WriteString(" @" + name)
		}
	}
	if f.Scalar == Decimal && (f.Precision != defaultPrecision || f.Scale != defaultScale) {
		fmt.Fprintf(&out, " @decimal(precision: %d, scale: %d)", f.Precision, f.Scale)
	}
	out.WriteString(f.externalField())
	flag(f.Kind == JSONColumn, "json")
	flag(f.Unique && !f.Owner.Vocabulary, "unique")
	if f.Default != nil {
		fmt.Fprintf(&out, " @default(value: %s)", quote(f.Default.Text))
	}
	out.WriteString(f.checkDirective())
	flag(f.Index, "index")
	out.WriteString(f.refDirective())
	if f.From != "" {
		fmt.Fprintf(&out, " @from(path: %s)", quote(f.From))
	}
	if f.Computed != nil {
		fmt.Fprintf(&out, " @computed(as: %s)", quote(f.Computed.String()))
	}
	flag(f.Hidden, "hidden")
	flag(f.ReadOnly && f.Computed == nil, "readonly")
	out.WriteString(history(f.Renames, f.Since, f.Until))
	return out.String()
}

func (f *Field) checkDirective() string {
	if f.Check == nil {
		return ""
	}
	var parts []string
	bound := func(name, value string) {
		if value == "" {
			return
		}
		if f.quotesBounds() {
			value = quote(value)
		}
		parts = append(parts, name+": "+value)
	}
	length := func(name string, value *int) {
		if value != nil {
			parts = append(parts, name+": "+strconv.Itoa(*value))
		}
	}
	bound("min", f.Check.Min)
	bound("max", f.Check.Max)
	length("minLength", f.Check.MinLength)
	length("maxLength", f.Check.MaxLength)
	if f.Check.Pattern != "" {
		parts = append(parts, "pattern: "+quote(f.Check.Pattern))
	}
	return " @check(" + strings.Join(parts, ", ") + ")"
}

// refDirective states what does not follow from the rest: an action other than
// the default, on the declared foreign key or else on the list, and an inverse
// that was stated.
func (f *Field) refDirective() string {
	r := f.Relation
	if r == nil {
		return ""
	}
	var parts []string
	onKey := f.Kind == ToOne || f.Kind == ToMany && r.Inverse != nil && r.Inverse.Implicit
	if onKey && r.OnDelete != Restrict && r.OnDelete != "" {
		parts = append(parts, "onDelete: "+string(r.OnDelete))
	}
	if r.stated {
		inverse := f
		if r.Inverse != nil {
			inverse = r.Inverse
		}
		parts = append(parts, "inverse: "+quote(inverse.Name))
	}
	if len(parts) == 0 {
		return ""
	}
	return " @ref(" + strings.Join(parts, ", ") + ")"
}

// history is the directives that types and fields share.
func history(renames []Rename, since, until int) string {
	text := ""
	for _, r := range renames {
		text += " @renamed(from: " + quote(r.From)
		if r.Version != 0 {
			text += fmt.Sprintf(", version: %d", r.Version)
		}
		text += ")"
	}
	if since != 0 {
		text += fmt.Sprintf(" @since(version: %d)", since)
	}
	if until != 0 {
		text += fmt.Sprintf(" @until(version: %d)", until)
	}
	return text
}

// description writes a description above a declaration: on one line, or as a
// block where it has several lines that a block keeps as they are.
func (w *printer) description(indent, text string) {
	switch {
	case text == "":
	case !keepsInBlock(text):
		w.line(indent + quote(text))
	default:
		w.line(indent + `"""`)
		for line := range strings.SplitSeq(text, "\n") {
			if line != "" {
				line = indent + line
			}
			w.line(line)
		}
		w.line(indent + `"""`)
	}
}

// keepsInBlock reports whether a block string's rules about indentation and
// blank lines (GraphQL specification, BlockStringValue) leave the text alone.
func keepsInBlock(text string) bool {
	lines := strings.Split(text, "\n")
	if len(lines) < 2 || strings.Contains(text, `"""`) {
		return false
	}
	flush := false // a line that begins at the margin, which keeps the others' indentation
	for i, line := range lines {
		blank := strings.TrimLeft(line, " \t") == ""
		if blank && (line != "" || i == 0 || i == len(lines)-1) {
			return false
		}
		if strings.ContainsFunc(line, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }) {
			return false
		}
		flush = flush || !blank && line[0] != ' ' && line[0] != '\t'
	}
	return flush
}

// quote writes a string literal of GraphQL.
func quote(text string) string {
	var out strings.Builder
	out.WriteByte('"')
	for _, r := range text {
		switch {
		case r == '"' || r == '\\':
			out.WriteByte('\\')
			out.WriteRune(r)
		case r == '\n':
			out.WriteString(`\n`)
		case r == '\t':
			out.WriteString(`\t`)
		case r < ' ' || r == 0x7f:
			fmt.Fprintf(&out, `\u%04x`, r)
		default:
			out.WriteRune(r)
		}
	}
	out.WriteByte('"')
	return out.String()
}

func quoteList(words []string) string {
	quoted := make([]string, len(words))
	for i, word := range words {
		quoted[i] = quote(word)
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}
