package model

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/vektah/gqlparser/v2/ast"
)

// This file holds what each directive does to the type or field it stands on.

// maxVersion bounds API versions, since every one up to the latest is served.
const maxVersion = 1000

func (p *parser) version(a application) int { return a.integer(p, "version", 1, maxVersion) }

func (p *parser) source(t *Type, a application) {
	source := Source{Name: a.text("name"), Key: a.words("key"), Position: a.at}
	if a.has("path") {
		source.Path = a.text("path")
		p.path(source.Path, a.where(p, "path"))
	}
	if a.has("onConflict") {
		source.OnConflict = OnConflict(a.text("onConflict"))
	}
	if a.has("removed") {
		source.Removed = Removed(a.text("removed"))
	}
	if source.Name == "" {
		p.report(a.where(p, "name"), "name a source of larder.yaml", "@source has an empty name")
	}
	if len(source.Key) == 0 {
		p.report(a.where(p, "key"), "name the fields that identify a record upstream", "@source has an empty key")
	}
	for _, other := range t.Sources {
		if other.Name == source.Name && other.Path == source.Path {
			p.report(a.at, "remove one of them", "%s comes from %s twice", t.Name, source.Name)
		}
	}
	t.Sources = append(t.Sources, source)
	p.later = append(p.later, func() { p.sourceKey(t, source, a.where(p, "key")) })
}

// sourceKey demands fields that every record has. The upstream's own id needs
// no field: it is remembered with the origin.
func (p *parser) sourceKey(t *Type, source Source, at Position) {
	fields, _ := p.lookup(t, source.Key, at, "source")
	for _, f := range fields {
		switch {
		case f == t.ID:
		case f.Kind != Column && f.Kind != ToOne || f.Scalar == JSON:
			p.report(at, "choose fields with a single value", "@source: %s cannot be part of a key: it has no single value", f.Name)
		case !f.Required:
			p.report(at, fmt.Sprintf("write a ! behind its type, if upstream always has a %s", f.Name),
				"@source: %s cannot be part of a key: it may be null", f.Name)
		}
	}
}

// path checks a response path: names joined by points, or nothing.
func (p *parser) path(path string, at Position) {
	if path == "" {
		return
	}
	for name := range strings.SplitSeq(path, ".") {
		if name == "" || strings.ContainsAny(name, "\t\r\n[]") {
			p.report(at, `write names joined by points, such as "allPlanets.planets"`, "expected a path, got %q", shorten(path))
			return
		}
	}
}

func (p *parser) uniqueSet(t *Type, a application) {
	p.later = append(p.later, func() {
		if fields, ok := p.fieldSet(t, a, "unique"); ok {
			t.Uniques = append(t.Uniques, Unique{Fields: fields, Position: a.at})
		}
	})
}

func (p *parser) indexSet(t *Type, a application) {
	p.later = append(p.later, func() {
		if fields, ok := p.fieldSet(t, a, "index"); ok {
			t.Indexes = append(t.Indexes, Index{Fields: fields, Position: a.at})
		}
	})
}

// fieldSet resolves the fields of a unique set or an index.
func (p *parser) fieldSet(t *Type, a application, directive string) ([]*Field, bool) {
	names := a.words("fields")
	if len(names) == 0 {
		p.report(a.where(p, "fields"), "name the fields", "@%s has no fields", directive)
		return nil, false
	}
	fields, ok := p.lookup(t, names, a.where(p, "fields"), directive)
	for _, f := range fields {
		if f == t.ID {
			p.report(a.where(p, "fields"), "leave it out", "@%s: the id is unique by itself", directive)
			ok = false
		} else if !p.comparable(f, a.where(p, "fields"), directive) {
			ok = false
		}
	}
	return fields, ok
}

// comparable reports whether keys and indexes can hold the field, or says why not.
func (p *parser) comparable(f *Field, at Position, directive string) bool {
	switch {
	case f.Kind == ValueList:
		p.report(at, "remove it: the values of a list have an index already", "@%s: %s is a list", directive, f.Name)
	case f.Kind == JSONColumn, f.Scalar == JSON:
		p.report(at, "remove it", "@%s: %s holds JSON, which has no order", directive, f.Name)
	case f.Kind == ToMany, f.Kind == ManyToMany:
		p.report(at, "put it on the other end of the relation", "@%s: %s is a list of records", directive, f.Name)
	default:
		return true
	}
	return false
}

func (p *parser) uniqueField(f *Field, a application) {
	f.Unique = p.comparable(f, a.at, "unique")
}

func (p *parser) indexField(f *Field, a application) {
	f.Index = p.comparable(f, a.at, "index")
}

func (p *parser) reference(f *Field, a application) {
	if f.Relation == nil {
		p.report(a.at, "remove it", "@ref: %s is no relation", f.Name)
		return
	}
	if a.has("onDelete") {
		f.Relation.OnDelete = OnDelete(a.text("onDelete"))
	}
	if !a.has("inverse") {
		return
	}
	at := a.where(p, "inverse")
	if f.Kind != ToMany {
		p.report(at, "put it on the list at the other end", "@ref: inverse belongs on a list of records")
		return
	}
	name, target := a.text("inverse"), f.Relation.Target
	p.inverses = append(p.inverses, func() {
		other := target.declaredField(name)
		switch {
		case p.broken[brokenField{target, name}]:
		case other == nil:
			p.report(at, p.didYouMean(name, target.fieldNames()), "@ref: %s has no field %s", target.Name, name)
		case other.Relation == nil || other.Relation.Target != f.Owner:
			p.report(at, "", "@ref: %s.%s is no relation to %s", target.Name, name, f.Owner.Name)
		case f.Relation.Inverse != nil && f.Relation.Inverse != other || other.Relation.Inverse != nil && other.Relation.Inverse != f:
			p.report(at, "a relation has two ends", "@ref: %s.%s is the other end of another field already", target.Name, name)
		case other == f:
			f.Kind, f.Relation.Owning, f.Relation.stated = ManyToMany, true, true
		default:
			f.Relation.stated = true
			p.pair(f, other)
		}
	})
}

func (p *parser) jsonColumn(f *Field, a application) {
	if f.Kind != JSONColumn {
		p.report(a.at, "remove it, or use the scalar JSON", "@json keeps a list of scalars in one column, and %s is none", f.Name)
	}
}

func (p *parser) decimal(f *Field, a application) {
	if f.Scalar != Decimal {
		p.report(a.at, "remove it", "@decimal: %s is no Decimal", f.Name)
		return
	}
	if a.has("precision") {
		f.Precision = a.integer(p, "precision", 1, defaultPrecision)
	}
	if a.has("scale") {
		f.Scale = a.integer(p, "scale", 0, defaultPrecision)
	} else {
		f.Scale = min(f.Scale, f.Precision)
	}
	if f.Scale > f.Precision {
		p.report(a.at, "precision counts all digits, scale those after the point",
			"@decimal: expected a scale of at most the precision %d, got %d", f.Precision, f.Scale)
	}
}

func (p *parser) from(f *Field, a application) {
	f.From = a.text("path")
	if f.From == "" {
		p.report(a.where(p, "path"), "remove it, or say where in the source record the value stands", "@from has an empty path")
	}
	p.path(f.From, a.where(p, "path"))
}

func (p *parser) check(f *Field, a application) {
	f.Check = &Check{}
	numeric := slices.Contains([]Scalar{Int, Int64, Float, Decimal, Date, DateTime, Duration}, f.Scalar)
	textual := f.Scalar == String || f.Scalar == ID
	for _, name := range []string{"min", "max"} {
		if a.has(name) && !numeric {
			p.report(a.where(p, name), alternative(textual, name), "@check: %s does not suit %s", name, f.typeName())
		}
	}
	for _, name := range []string{"minLength", "maxLength", "pattern"} {
		if a.has(name) && !textual {
			p.report(a.where(p, name), "it suits String and ID", "@check: %s does not suit %s", name, f.typeName())
		}
	}
	if numeric {
		p.checkBounds(f, a)
	}
	if textual {
		p.checkText(f, a)
	}
}

func alternative(textual bool, name string) string {
	if textual {
		return "did you mean " + name + "Length?"
	}
	return "it suits numbers, dates and durations"
}

// typeName names the field's type for a person.
func (f *Field) typeName() string {
	switch {
	case f.Relation != nil:
		return f.Relation.Target.Name
	case f.Enum != nil:
		return f.Enum.Name
	default:
		return string(f.Scalar)
	}
}

func (p *parser) checkBounds(f *Field, a application) {
	bound := func(name string) (text string, value any) {
		if !a.has(name) {
			return "", nil
		}
		value, problem := f.scan(a.text(name))
		literal := a.values[name].Value
		isText := literal.Kind == ast.StringValue || literal.Kind == ast.BlockValue
		switch {
		case f.quotesBounds() != isText:
			p.report(a.where(p, name), "", "@check: expected %s for %s, got %s", f.expectedScalar(), name, literal)
		case problem != nil:
			p.report(a.where(p, name), "", "@check: %s: %s", name, problem.message)
		}
		return a.text(name), value
	}
	f.Check.Min, f.bounds.min = bound("min")
	f.Check.Max, f.bounds.max = bound("max")
	if f.bounds.min != nil && f.bounds.max != nil && compare(f.bounds.min, f.bounds.max) > 0 {
		p.report(a.at, "swap them", "@check: min %s is above max %s", f.Check.Min, f.Check.Max)
	}
}

// quotesBounds reports whether the field's bounds are strings in the models.
func (f *Field) quotesBounds() bool {
	return f.Scalar == Date || f.Scalar == DateTime || f.Scalar == Duration
}

func (p *parser) checkText(f *Field, a application) {
	const longest = 1 << 30 // PostgreSQL's text ends there
	for name, target := range map[string]**int{"minLength": &f.Check.MinLength, "maxLength": &f.Check.MaxLength} {
		if a.has(name) {
			length := a.integer(p, name, 0, longest)
			*target = &length
		}
	}
	least, most := f.Check.MinLength, f.Check.MaxLength
	if least != nil && most != nil && *least > *most {
		p.report(a.at, "swap them", "@check: minLength %d is above maxLength %d", *least, *most)
	}
	if !a.has("pattern") {
		return
	}
	f.Check.Pattern = a.text("pattern")
	pattern, err := regexp.Compile(f.Check.Pattern)
	switch {
	case f.Check.Pattern == "":
		p.report(a.where(p, "pattern"), "remove it", "@check: the pattern is empty")
	case utf8.RuneCountInString(f.Check.Pattern) > maxPattern:
		p.report(a.where(p, "pattern"), "", "@check: expected a pattern of at most %d characters", maxPattern)
	case err != nil:
		p.report(a.where(p, "pattern"), "see https://github.com/google/re2/wiki/Syntax", "@check: the pattern is no RE2 expression: %v", err)
	default:
		f.bounds.pattern = pattern
	}
}

const maxPattern = 1000

func (p *parser) defaultValue(f *Field, a application) {
	at := a.where(p, "value")
	if f.Relation != nil || f.IsList() {
		p.report(a.at, "remove it", "@default: %s is no single value", f.Name)
		return
	}
	f.Default = &Default{Text: a.text("value")}
	value, problem := f.scan(f.Default.Text)
	if problem == nil {
		problem = f.check(value)
	}
	if problem != nil {
		p.report(at, "", "@default does not suit %s.%s: %s", f.Owner.Name, f.Name, problem.message)
		return
	}
	f.Default.Value = value
}
