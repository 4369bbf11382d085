package introspect

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/larderhq/larder/internal/model"
)

// Result are models of a database that larder did not make.
type Result struct {
	Schema  *model.Schema
	SDL     string
	Notices []string // sentences on what the models cannot hold, and on guesses
}

// Models makes models of what was read, by which the database's records can be
// served. It fails when no table can be.
func (d *Database) Models() (*Result, error) {
	b := &builder{database: d, byTable: map[string]*draft{}, types: names{}, enums: map[string]*enumDraft{}, notices: slices.Clone(d.skipped)}
	for _, name := range reservedTypes {
		b.types[name] = true
	}
	for _, t := range d.Tables {
		b.identify(t)
	}
	for _, t := range b.drafts {
		b.fields(t)
	}
	for _, t := range b.drafts {
		b.lists(t)
	}
	for _, t := range b.drafts {
		b.constraints(t)
	}
	if len(b.drafts) == 0 {
		return nil, fmt.Errorf("the database has no table that can be served%s", because(b.notices))
	}
	sdl := b.print()
	schema, err := model.Parse("models.graphql", []byte(sdl))
	if err != nil {
		return nil, fmt.Errorf("make models of the database: %w", err)
	}
	return &Result{Schema: schema, SDL: schema.String(), Notices: b.notices}, nil
}

func because(notices []string) string {
	if len(notices) == 0 {
		return ": it has none at all"
	}
	return ": " + strings.Join(notices, "; ")
}

// builder makes drafts of types, and sentences.
type builder struct {
	database  *Database
	drafts    []*draft
	byTable   map[string]*draft
	types     names
	enums     map[string]*enumDraft // by PostgreSQL's name, or that of the field
	enumOrder []*enumDraft
	notices   []string
}

// draft is a type in the making.
type draft struct {
	table    *Table
	name     string
	words    []string
	id       string  // the scalar of the id; "": the key is composite
	idColumn *Column // nil: the key is composite
	readonly bool
	fields   []*field
	lists    []string // as SDL
	taken    names    // of fields
	sets     []string // directives on several fields
}

// field is a field of a column.
type field struct {
	column   *Column
	name     string
	shape    shape
	target   *draft // of a reference
	onDelete string
	unique   bool
	index    bool
	extra    string // directives: checks and a default
}

type enumDraft struct {
	name  string
	words []string
}

func (b *builder) notice(format string, args ...any) {
	b.notices = append(b.notices, fmt.Sprintf(format, args...))
}

// identify makes the draft of a table whose rows can be told apart.
func (b *builder) identify(t *Table) {
	what := "table"
	if t.View {
		what = "view"
	}
	if len(t.Key) == 0 {
		b.notice("the %s %s is left out: it has no key, and no column of it tells its rows apart", what, t.Name)
		return
	}
	d := &draft{table: t, words: typeWords(t.Name), readonly: t.View || t.guessed, taken: names{"id": true}}
	for _, name := range t.Key {
		if shape := b.shape(t, t.column(name)); shape.scalar == "" || shape.list {
			b.notice("the %s %s is left out: its key %s has the type %s", what, t.Name, name, t.column(name).Type)
			return
		}
	}
	if len(t.Key) == 1 {
		c := t.column(t.Key[0])
		if d.id = idScalar(c, b.shape(t, c)); d.id != "" {
			d.idColumn = c
		}
	}
	if d.idColumn == nil {
		d.readonly = true
	}
	d.name = b.types.take(pascal(d.words), "Record")
	b.drafts, b.byTable[t.Name] = append(b.drafts, d), d
	switch {
	case t.guessed:
		b.notice("the %s %s has no key; by its values %s tells its rows apart, so it is served for reading", what, t.Name, strings.Join(t.Key, " and "))
	case len(t.Key) > 1:
		b.notice("the %s %s has a key of several columns (%s): it is served for reading", what, t.Name, strings.Join(t.Key, ", "))
	case d.idColumn == nil:
		b.notice("the %s %s has the key %s, which is no number, text or UUID: it is served for reading", what, t.Name, t.Key[0])
	}
}

// idScalar is the scalar of an id in the column; "" where an id cannot be so.
func idScalar(c *Column, s shape) string {
	switch {
	case s.scalar == model.Int64 || s.scalar == model.Int:
		if c.Assigned {
			return string(model.ID)
		}
		return string(model.Int64)
	case s.scalar == model.UUID:
		return string(model.UUID)
	case s.scalar == model.String && !s.readonly && (s.native == "" || s.native == "varchar"):
		return string(model.String)
	}
	return ""
}

// fields drafts a field for each column.
func (b *builder) fields(d *draft) {
	references := map[string]Reference{}
	for _, r := range d.table.References {
		target := b.byTable[r.Table]
		switch {
		case len(r.Columns) > 1:
			b.notice("%s (%s) refers to %s by several columns: they are served as plain values", d.table.Name, strings.Join(r.Columns, ", "), r.Table)
		case target == nil || target.idColumn == nil || len(r.Target) != 1 || target.idColumn.Name != r.Target[0]:
			b.notice("%s.%s refers to %s, but not to its id: it is served as a plain value", d.table.Name, r.Columns[0], r.Table)
		case d.idColumn != nil && d.idColumn.Name == r.Columns[0]:
			b.notice("%s.%s is the key and refers to %s as well: it is served as the id alone", d.table.Name, r.Columns[0], r.Table)
		default:
			references[r.Columns[0]] = r
		}
	}
	for _, c := range d.table.Columns {
		if c == d.idColumn {
			continue
		}
		f := &field{column: c, shape: b.shape(d.table, c)}
		if r, isReference := references[c.Name]; isReference {
			f.target, f.onDelete = b.byTable[r.Table], r.OnDelete
			words := wordsOf(c.Name)
			if last := len(words) - 1; last > 0 && words[last] == "id" {
				words = words[:last]
			}
			f.name = d.taken.take(camel(words), "Ref", "Id")
		} else if f.shape.scalar == "" {
			b.notice("%s.%s is left out: %s", d.table.Name, c.Name, f.shape.why)
			continue
		}
		d.fields = append(d.fields, f)
	}
	for _, f := range d.fields { // behind the references, whose names others need
		if f.name == "" {
			f.name = d.taken.take(camel(wordsOf(f.column.Name)), "Column")
		}
		if f.shape.why != "" {
			b.notice("%s.%s: %s", d.table.Name, f.column.Name, f.shape.why)
		}
	}
}

// lists gives the targets of a type's references their other ends.
func (b *builder) lists(d *draft) {
	count := map[*draft]int{}
	for _, f := range d.fields {
		if f.target != nil {
			count[f.target]++
		}
	}
	for _, f := range d.fields {
		if f.target == nil {
			continue
		}
		name := camel(plural(d.words))
		if count[f.target] > 1 || f.target == d {
			name += "By" + strings.ToUpper(f.name[:1]) + f.name[1:]
		}
		name = f.target.taken.take(name, "List")
		f.target.lists = append(f.target.lists, fmt.Sprintf("%s: [%s!]! @ref(inverse: %q)", name, d.name, f.name))
	}
}

// constraints adds what the keys, indexes, checks and defaults of the table say.
func (b *builder) constraints(d *draft) {
	set := func(columns []string, single func(*field), directive string) {
		var fields []string
		for _, name := range columns {
			i := slices.IndexFunc(d.fields, func(f *field) bool { return f.column.Name == name })
			if i < 0 || d.fields[i].shape.list || d.fields[i].shape.scalar == model.JSON {
				return
			}
			if len(columns) == 1 {
				single(d.fields[i])
				return
			}
			fields = append(fields, strconv.Quote(d.fields[i].name))
		}
		if text := fmt.Sprintf(" @%s(fields: [%s])", directive, strings.Join(fields, ", ")); len(fields) > 1 && !slices.Contains(d.sets, text) {
			d.sets = append(d.sets, text)
		}
	}
	for _, columns := range d.table.Uniques {
		if !slices.Equal(columns, d.table.Key) {
			set(columns, func(f *field) { f.unique = true }, "unique")
		}
	}
	for _, columns := range d.table.Indexes {
		set(columns, func(f *field) { f.index = f.target == nil && !f.unique }, "index")
	}
	b.checks(d)
	for _, f := range d.fields {
		f.extra += b.byDefault(d, f)
	}
}

// checks turns the table's checks into those of fields.
func (b *builder) checks(d *draft) {
	all := map[string]*bounds{}
	isColumn := func(name string) bool { return d.table.column(d.table.spelt(name)) != nil }
	integer := func(name string) bool {
		scalar := b.shape(d.table, d.table.column(d.table.spelt(name))).scalar
		return scalar == model.Int || scalar == model.Int64
	}
	for _, check := range d.table.Checks {
		found := map[string]*bounds{}
		if !restrict(check.Expression, isColumn, integer, found) {
			b.notice("the check %s of %s stays with the database: models cannot say it", shorten(check.Name), d.table.Name)
			continue
		}
		for column, limits := range found {
			if column = d.table.spelt(column); all[column] == nil {
				all[column] = &bounds{}
			}
			all[column].add(limits)
		}
	}
	for _, f := range d.fields {
		limits := all[f.column.Name]
		if limits == nil {
			limits = &bounds{}
		}
		if length := f.column.Length; length > 0 && limits.maxLength == nil && f.shape.scalar == model.String && !f.shape.readonly {
			limits.maxLength = &length
		}
		b.restrict(d, f, limits)
	}
}

func (to *bounds) add(other *bounds) {
	if other.min != "" {
		to.min = other.min
	}
	if other.max != "" {
		to.max = other.max
	}
	if other.minLength != nil {
		to.minLength = other.minLength
	}
	if other.maxLength != nil {
		to.maxLength = other.maxLength
	}
	if other.words != nil {
		to.words = other.words
	}
}

// word is what a value of an enum may be.
var word = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]*$`)

// areWords reports whether texts can be the values of an enum.
func areWords(texts []string) bool {
	return len(texts) > 0 && !slices.ContainsFunc(texts, func(text string) bool {
		return !word.MatchString(text) || text == "true" || text == "false" || text == "null"
	})
}

// restrict says the bounds by directives of the field, or by an enum.
func (b *builder) restrict(d *draft, f *field, limits *bounds) {
	if f.target != nil || f.shape.list {
		return
	}
	if limits.words != nil && f.shape.scalar == model.String {
		if areWords(limits.words) && f.shape.native == "" {
			f.shape.scalar, f.shape.enum = model.EnumWord, b.enum(d.name+"."+f.column.Name, pascal(append(slices.Clone(d.words), wordsOf(f.column.Name)...)), limits.words)
			return
		}
		f.shape.pattern = oneOf(limits.words)
	}
	var parts []string
	if limits.min != "" {
		parts = append(parts, "min: "+limits.min)
	}
	if limits.max != "" {
		parts = append(parts, "max: "+limits.max)
	}
	if limits.minLength != nil {
		parts = append(parts, fmt.Sprintf("minLength: %d", *limits.minLength))
	}
	if limits.maxLength != nil {
		parts = append(parts, fmt.Sprintf("maxLength: %d", *limits.maxLength))
	}
	if f.shape.pattern != "" {
		parts = append(parts, "pattern: "+text(f.shape.pattern))
	}
	if directive := " @check(" + strings.Join(parts, ", ") + ")"; len(parts) > 0 && b.holds(f, directive) {
		f.extra += directive
	}
}

// oneOf is a pattern that the texts alone match.
func oneOf(texts []string) string {
	quoted := make([]string, len(texts))
	for i, text := range texts {
		quoted[i] = regexp.QuoteMeta(text)
	}
	return "^(?:" + strings.Join(quoted, "|") + ")$"
}

// enum is the name of the enum with the words.
func (b *builder) enum(key, name string, words []string) string {
	if b.enums[key] == nil {
		b.enums[key] = &enumDraft{b.types.take(name, "Word"), words}
		b.enumOrder = append(b.enumOrder, b.enums[key])
	}
	return b.enums[key].name
}

// byDefault is the directive for what the database fills in: its constant, or
// that it does.
func (b *builder) byDefault(d *draft, f *field) string {
	c := f.column
	switch {
	case c.Computed || c.Assigned:
		return " @generated"
	case c.Default == "" || d.table.View:
		return ""
	}
	value, isNull, ok := constant(c.Default)
	if isNull {
		return ""
	}
	if f.shape.scalar == model.Boolean {
		value = map[string]string{"0": "false", "1": "true"}[value] + strings.Trim(value, "01")
	}
	if directive := " @default(value: " + text(value) + ")"; ok && f.target == nil && b.holds(f, f.extra+directive) {
		return directive
	}
	return " @generated"
}

// holds reports whether models take the directives of the field.
func (b *builder) holds(f *field, directives string) bool {
	plain := "type T { f: " + f.sdlType() + directives + " }"
	if f.shape.enum != "" {
		for _, e := range b.enumOrder {
			if e.name == f.shape.enum {
				plain += e.sdl()
			}
		}
	}
	_, err := model.Parse("field", []byte(plain))
	return err == nil
}

func (e *enumDraft) sdl() string {
	return "\nenum " + e.name + " {\n  " + strings.Join(e.words, "\n  ") + "\n}\n"
}

func (f *field) sdlType() string {
	name := f.shape.name()
	if f.target != nil {
		name = f.target.name
	}
	if f.shape.list {
		name = "[" + name + "] @json"
	}
	if f.shape.scalar == model.Decimal && f.target == nil {
		return name + fmt.Sprintf(" @decimal(precision: %d, scale: %d)", f.shape.precision, f.shape.scale)
	}
	return name
}

// print writes the drafts as SDL.
func (b *builder) print() string {
	var sdl strings.Builder
	for _, d := range b.drafts {
		sdl.WriteString(d.sdl())
	}
	for _, e := range b.enumOrder {
		sdl.WriteString(e.sdl())
	}
	return sdl.String()
}

func (d *draft) sdl() string {
	var sdl strings.Builder
	sdl.WriteString(described("", d.table.Comment) + "type " + d.name)
	if model.TableOf(d.name) != d.table.Name {
		sdl.WriteString(" @table(name: " + text(d.table.Name) + ")")
	}
	if d.idColumn == nil {
		var key []string
		for _, name := range d.table.Key {
			for _, f := range d.fields {
				if f.column.Name == name {
					key = append(key, strconv.Quote(f.name))
				}
			}
		}
		sdl.WriteString(" @key(fields: [" + strings.Join(key, ", ") + "])")
	}
	if d.readonly {
		sdl.WriteString(" @readonly")
	}
	sdl.WriteString(strings.Join(d.sets, "") + " {\n")
	if c := d.idColumn; c != nil && (d.id != string(model.ID) || c.Name != "id" || c.Comment != "") {
		sdl.WriteString(described("  ", c.Comment) + "  id: " + d.id + "!")
		if c.Name != "id" {
			sdl.WriteString(" @column(name: " + text(c.Name) + ")")
		}
		if d.id == string(model.String) && (c.Default != "" || c.Computed) {
			sdl.WriteString(" @generated")
		}
		sdl.WriteByte('\n')
	}
	for _, f := range d.fields {
		sdl.WriteString(f.sdl(d))
	}
	for _, list := range d.lists {
		sdl.WriteString("  " + list + "\n")
	}
	sdl.WriteString("}\n\n")
	return sdl.String()
}

func (f *field) sdl(d *draft) string {
	name, directives, _ := strings.Cut(f.sdlType(), " ")
	required := f.column.NotNull && f.target != d // the first could refer to none
	if required {
		name += "!"
	}
	line := described("  ", f.column.Comment) + "  " + f.name + ": " + name
	if directives != "" {
		line += " " + directives
	}
	var stored []string
	if model.ColumnOf(f.name, f.target != nil) != f.column.Name {
		stored = append(stored, "name: "+text(f.column.Name))
	}
	if f.shape.native != "" && f.target == nil {
		stored = append(stored, "type: "+text(f.shape.native))
	}
	if len(stored) > 0 {
		line += " @column(" + strings.Join(stored, ", ") + ")"
	}
	for _, flag := range []struct {
		set  bool
		name string
	}{{f.unique, " @unique"}, {f.index, " @index"}, {(f.shape.readonly || f.column.Computed) && !d.readonly, " @readonly"}} {
		if flag.set {
			line += flag.name
		}
	}
	if f.target != nil && f.onDelete != "" && (f.onDelete != string(model.SetNull) || !required) {
		line += " @ref(onDelete: " + f.onDelete + ")"
	}
	return line + f.extra + "\n"
}

// described is a description on a line of its own.
func described(indent, description string) string {
	if description = strings.TrimSpace(strings.ToValidUTF8(description, "")); description == "" {
		return ""
	}
	return indent + text(description) + "\n"
}

// text is a string of GraphQL.
func text(value string) string {
	var out strings.Builder
	out.WriteByte('"')
	for _, r := range value {
		switch {
		case r == '"' || r == '\\':
			out.WriteRune('\\')
			out.WriteRune(r)
		case r < ' ':
			fmt.Fprintf(&out, `\u%04x`, r)
		default:
			out.WriteRune(r)
		}
	}
	return out.String() + `"`
}

func shorten(text string) string {
	const most = 60
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return text
}
