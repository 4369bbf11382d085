package model

import (
	"fmt"
	"maps"
	"slices"
	"sync"
)

// This file holds what @renamed does. Its version gives the API versions below
// it the earlier name back: they have a schema of their own, which differs in
// names alone, so that whoever works on that schema cannot confuse them.

// past is the models as they were called below an API version.
type past struct {
	version int
	schema  func() *Schema
}

// In is the schema with the names that API version v has for types and fields:
// s itself, unless something was renamed since. Tables, columns and positions
// are those of s, and [Schema.Type] and [Type.Field] find what they find in s;
// but types and fields are other pointers, see [Schema.Own]. Version 0 has the
// names of s.
func (s *Schema) In(v int) *Schema {
	if v == 0 {
		return s
	}
	named := s
	for _, p := range s.pasts {
		if v < p.version {
			named = p.schema()
		}
	}
	return named
}

// Own is the field of s that f, a field of s or of any schema that In gives of
// the same models, is there.
func (s *Schema) Own(f *Field) *Field {
	if f.declared != nil {
		f = f.declared
	}
	if s.own != nil {
		return s.own[f]
	}
	return f
}

// declaredName is the name in the models.
func (t *Type) declaredName() string {
	if t.declared != nil {
		return t.declared.Name
	}
	return t.Name
}

func (f *Field) declaredName() string {
	if f.declared != nil {
		return f.declared.Name
	}
	return f.Name
}

// nameIn is the name that API version v has for what is now called name.
func nameIn(v int, name string, renames []Rename) string {
	next := 0 // the first rename after v
	for _, r := range renames {
		if r.Version > v && (next == 0 || r.Version < next) {
			next, name = r.Version, r.From
		}
	}
	return name
}

// latestRename is the latest version that a rename names, or 0.
func latestRename(renames []Rename) int {
	latest := 0
	for _, r := range renames {
		latest = max(latest, r.Version)
	}
	return latest
}

// addPasts gives the schema a past for each version in which a name changed.
func (s *Schema) addPasts() {
	versions := map[int]bool{}
	for _, t := range s.Types {
		for _, r := range t.Renames {
			versions[r.Version] = true
		}
		for _, f := range t.Fields {
			for _, r := range f.Renames {
				versions[r.Version] = true
			}
		}
	}
	delete(versions, 0)
	for _, v := range slices.Backward(slices.Sorted(maps.Keys(versions))) {
		s.pasts = append(s.pasts, past{v, sync.OnceValue(func() *Schema { return s.named(v - 1) })})
	}
}

// named copies the schema and names the copy as API version v does.
func (s *Schema) named(v int) *Schema {
	c := &Schema{Enums: s.Enums, Comments: s.Comments, EndComments: s.EndComments, own: map[*Field]*Field{}}
	types := make(map[*Type]*Type, len(s.Types))
	for _, t := range s.Types {
		copied := *t
		copied.declared, copied.Name = t, nameIn(v, t.Name, t.Renames)
		copied.names.resource = copied.deriveResource()
		types[t] = &copied
		c.Types = append(c.Types, &copied)
	}
	for _, t := range c.Types {
		t.ID = c.copyField(t, t.ID, v)
		fields := make([]*Field, len(t.Fields))
		for i, f := range t.Fields {
			fields[i] = c.copyField(t, f, v)
		}
		t.Fields = fields
	}
	for _, t := range c.Types {
		t.Key = c.ownAll(t.Key)
		t.Uniques, t.Indexes = slices.Clone(t.Uniques), slices.Clone(t.Indexes)
		for i := range t.Uniques {
			t.Uniques[i].Fields = c.ownAll(t.Uniques[i].Fields)
		}
		for i := range t.Indexes {
			t.Indexes[i].Fields = c.ownAll(t.Indexes[i].Fields)
		}
		for _, f := range t.Fields {
			c.relate(f, types)
		}
	}
	c.index()
	return c
}

func (s *Schema) copyField(owner *Type, f *Field, v int) *Field {
	copied := *f
	copied.declared, copied.Owner, copied.Name = f, owner, nameIn(v, f.Name, f.Renames)
	s.own[f] = &copied
	return &copied
}

func (s *Schema) ownAll(fields []*Field) []*Field {
	own := make([]*Field, len(fields))
	for i, f := range fields {
		own[i] = s.own[f]
	}
	return own
}

// relate leads a copied field to the copies of what it relates to, and names it
// in JSON.
func (s *Schema) relate(f *Field, types map[*Type]*Type) {
	if f.Relation != nil {
		relation := *f.Relation
		relation.Target = types[relation.Target]
		if relation.Inverse != nil {
			relation.Inverse = s.own[relation.Inverse]
		}
		f.Relation = &relation
		if f.Implicit {
			f.Name = relation.Target.ReferenceName()
		}
	}
	f.names.json = f.derive().json
}

func (p *parser) renamedType(t *Type, a application) {
	if !p.rename(&t.Renames, t.Name, a) {
		return
	}
	from, at := a.text("from"), a.where(p, "from")
	p.later = append(p.later, func() {
		for _, other := range p.schema.Types {
			if other != t && (other.Name == from || wasCalled(other.Renames, from)) {
				p.report(at, "", "%s cannot have been %s: %s is or was", t.Name, from, other.Name)
			}
		}
		if p.enums[from] != nil {
			p.report(at, "", "%s cannot have been %s: that is an enum", t.Name, from)
		}
	})
}

func (p *parser) renamedField(f *Field, a application) {
	if !p.rename(&f.Renames, f.Name, a) {
		return
	}
	from, at := a.text("from"), a.where(p, "from")
	p.later = append(p.later, func() {
		for _, other := range f.Owner.Fields {
			if other != f && (other.Name == from || wasCalled(other.Renames, from)) {
				p.report(at, "", "%s cannot have been %s: %s is or was", f.Name, from, other.Name)
			}
		}
	})
}

func wasCalled(renames []Rename, name string) bool {
	return slices.ContainsFunc(renames, func(r Rename) bool { return r.From == name })
}

// rename adds an earlier name of what is now called name.
func (p *parser) rename(renames *[]Rename, name string, a application) bool {
	r := Rename{From: a.text("from"), Position: a.at}
	at := a.where(p, "from")
	switch {
	case r.From == name:
		p.report(at, "remove @renamed", "%s is renamed from itself", name)
		return false
	case !isName(r.From):
		p.report(at, "write the name as it stood in the models", "expected an earlier name, got %q", shorten(r.From))
		return false
	case wasCalled(*renames, r.From):
		p.report(at, "remove one of them", "%s is renamed from %s twice", name, r.From)
		return false
	}
	if a.has("version") {
		r.Version = a.integer(p, "version", 2, maxVersion)
		for _, other := range *renames {
			if r.Version != 0 && other.Version == r.Version {
				p.report(a.where(p, "version"), "a version has one name for it",
					"%s is renamed from %s and from %s in version %d", name, other.From, r.From, r.Version)
				return false
			}
		}
	}
	*renames = append(*renames, r)
	return true
}

func isName(text string) bool {
	for i := range len(text) {
		if !isLetter(text[i]) && text[i] != '_' && (i == 0 || !isDigit(text[i])) {
			return false
		}
	}
	return text != ""
}

// pastNames finds names that clash in an earlier API version, and renames that
// none has seen.
func (p *parser) pastNames() {
	for _, t := range p.schema.Types {
		p.seenRenames(t.Name, t.Renames, t.Since)
		for _, f := range t.Fields {
			p.seenRenames(t.Name+"."+f.Name, f.Renames, max(t.Since, f.Since))
		}
	}
	if len(p.errors) > 0 {
		return
	}
	if p.schema.addPasts(); len(p.schema.pasts) > maxPasts {
		p.report(p.position(nil), "", "expected renames in at most %d API versions, got %d", maxPasts, len(p.schema.pasts))
		return
	}
	for _, past := range p.schema.pasts {
		p.namesBelow(past.version)
	}
}

// maxPasts bounds the schemas that [Schema.In] makes.
const maxPasts = 50

func (p *parser) seenRenames(name string, renames []Rename, since int) {
	for _, r := range renames {
		if r.Version != 0 && r.Version <= since {
			p.report(r.Position, "leave the version out: then the rename is for the migration alone",
				"no version has %s as %s: it comes with version %d", name, r.From, since)
		}
	}
}

// namesBelow holds the names that API versions right below one have against
// each other.
func (p *parser) namesBelow(version int) {
	named := p.schema.named(version - 1)
	when := fmt.Sprintf(" in version %d of the API", version-1)
	resources := map[string]string{}
	for _, t := range named.Types {
		if !p.claim(resources, t.Resource(), t.declaredName(), t.Position, "resource", when) {
			continue
		}
		attributes := map[string]string{"id": "id"}
		for _, f := range t.Fields {
			name := t.declaredName() + "." + f.declaredName()
			p.claim(attributes, f.JSONName(), name, f.Position, "JSON name", when)
			if f.JSONName() != f.Name {
				p.claim(attributes, f.Name, name, f.Position, "JSON name", when)
			}
		}
	}
}
