package model

// This file answers what other packages ask of a parsed schema, from indexes
// that Parse builds once.

// view is the attributes of a type from one API version on.
type view struct {
	from   int
	fields []*Field
	byName map[string]*Field // by JSON name
}

// Type is the type that the models declare under the name, or nil.
func (s *Schema) Type(name string) *Type { return s.byName[name] }

// ByResource is the type that API version v serves under the resource's name
// ("shopping-lists"), or nil. Version 0 sees every type.
func (s *Schema) ByResource(v int, resource string) *Type {
	if t := s.byResource[resource]; t != nil && t.Served(v) {
		return t
	}
	return nil
}

// Versions are the API versions there are: from 1 to the latest that @since,
// @until or @renamed names.
func (s *Schema) Versions() []int {
	latest := 1
	for _, t := range s.Types {
		latest = max(latest, t.Since, t.Until, latestRename(t.Renames))
		for _, f := range t.Fields {
			latest = max(latest, f.Since, f.Until, latestRename(f.Renames))
		}
	}
	versions := make([]int, latest)
	for i := range versions {
		versions[i] = i + 1
	}
	return versions
}

// Field is the field that the models declare under the name, or nil. The id and
// implicit foreign keys are among them.
func (t *Type) Field(name string) *Field { return t.byName[name] }

// Word is the field of a vocabulary that holds its words, or nil for a type
// that is no vocabulary.
func (t *Type) Word() *Field {
	if !t.Vocabulary || len(t.Fields) == 0 {
		return nil
	}
	return t.Fields[0]
}

// Attributes are the fields that are part of a record in API version v, in
// order: the id, then columns, lists, foreign keys and vocabulary words as
// declared, then implicit foreign keys. The ends of relations that hold no
// column here (ToMany, ManyToMany to a type that is no vocabulary) are not: a
// record embeds them when asked. Version 0 sees the fields of every version.
// The slice is shared: do not change it.
func (t *Type) Attributes(v int) []*Field {
	if w := t.view(v); w != nil {
		return w.fields
	}
	return nil
}

// Attribute is the one of Attributes(v) with the JSON name, or nil.
func (t *Type) Attribute(v int, jsonName string) *Field {
	if w := t.view(v); w != nil {
		return w.byName[jsonName]
	}
	return nil
}

// IsAttribute reports whether the field is part of a record, in whichever version.
func (f *Field) IsAttribute() bool {
	switch f.Kind {
	case Column, ValueList, JSONColumn, ToOne:
		return true
	case ManyToMany:
		return f.Relation.Target.Vocabulary
	case ToMany:
	}
	return false
}

// view finds the newest view that is not newer than v. There are as many as
// the type's fields name versions, so few that searching beats hashing.
func (t *Type) view(v int) *view {
	if v == 0 && len(t.views) > 0 {
		return &t.views[0]
	}
	for i := len(t.views) - 1; i > 0; i-- {
		if v >= t.views[i].from {
			return &t.views[i]
		}
	}
	return nil
}

// index builds what the functions above look into.
func (s *Schema) index() {
	s.byName = make(map[string]*Type, len(s.Types))
	s.byResource = make(map[string]*Type, len(s.Types))
	latest := len(s.Versions())
	for _, t := range s.Types {
		s.byName[t.declaredName()] = t
		s.byResource[t.Resource()] = t
		t.byName = map[string]*Field{"id": t.ID}
		starts := make([]bool, latest+1)
		starts[1] = true
		for _, f := range t.Fields {
			t.byName[f.declaredName()] = f
			starts[f.Since], starts[f.Until] = true, true
			if f.Relation != nil {
				starts[f.Relation.Target.Since], starts[f.Relation.Target.Until] = true, true
			}
		}
		t.views = []view{t.viewFrom(0)}
		for v := 1; v <= latest; v++ {
			if starts[v] {
				t.views = append(t.views, t.viewFrom(v))
			}
		}
	}
}

func (t *Type) viewFrom(v int) view {
	w := view{from: v, byName: map[string]*Field{}}
	for _, f := range append([]*Field{t.ID}, t.Fields...) {
		if f.IsAttribute() && f.Served(v) {
			w.fields = append(w.fields, f)
			w.byName[f.JSONName()] = f
		}
	}
	return w
}
