package infer

import (
	"fmt"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/larderhq/larder/internal/model"
	"github.com/larderhq/larder/internal/source"
)

// Following is what models and a query are to follow.
type Following struct {
	Schema    *model.Schema // of Models
	Models    string        // models.graphql
	Query     string
	Operation string // the one to run, where the query document has several
	Source    string // the name that the source has in larder.yaml
	Drift     []source.Drift
	Contract  *source.Contract // upstream's types as they are now
}

// Followed is how they follow.
type Followed struct {
	Models string
	Query  string
	Steps  []string       // what changes in them, for people; none where nothing does
	Held   []source.Drift // what cannot be followed without the loss of data, or by a guess
}

// Follow changes the models and the query, as texts and with everything that
// people wrote in them, so that they suit what upstream's types have become: a
// new field of scalars is asked for and kept, a field that may be null now may
// be here, and whole numbers that may be fractions, or larger, can be. What is
// stricter than before, or holds no records, needs nothing.
func Follow(f Following) (*Followed, error) {
	document, operation, err := parseQuery(nil, f.Query, f.Operation)
	if err != nil {
		return nil, err
	}
	w := &follower{
		Following: f, document: document, sets: map[string][]selected{},
		models: newSource("models.graphql", f.Models), query: newSource("query", f.Query),
	}
	w.walk(operation.SelectionSet, 0, f.Contract.Query, "")
	for _, drift := range f.Drift {
		if !w.follow(drift) {
			w.held = append(w.held, drift)
		}
	}
	followed := &Followed{Models: w.models.text(), Query: w.query.text(), Steps: w.steps, Held: w.held}
	if _, err := model.Parse("models.graphql", []byte(followed.Models)); err != nil {
		return nil, fmt.Errorf("the models cannot follow upstream by themselves: %w", err)
	}
	return followed, nil
}

// selected is a selection set on an object type, and where its records go.
type selected struct {
	at     int // place of its first sign in the query
	names  []string
	typ    *model.Type
	prefix string // of the object in the record: "homeworld" where its fields are the record's
}

type follower struct {
	Following
	document *ast.QueryDocument
	sets     map[string][]selected // by upstream's type, those whose fields the models keep
	models   *edited
	query    *edited
	steps    []string
	held     []source.Drift
}

// walk notes the selection sets on each type, with where they stand in the
// answer.
func (w *follower) walk(set ast.SelectionSet, at int, typeName, path string) {
	var names []string
	for _, selection := range set {
		switch s := selection.(type) {
		case *ast.Field:
			names = append(names, s.Alias)
			if inner := strings.Trim(w.Contract.Types[typeName][s.Name], "[]!"); len(s.SelectionSet) > 0 {
				w.walk(s.SelectionSet, s.Position.Start, inner, join(path, s.Alias))
			}
		case *ast.InlineFragment:
			on := s.TypeCondition
			if on == "" {
				on = typeName
			}
			w.walk(s.SelectionSet, s.Position.Start, on, path)
		case *ast.FragmentSpread:
			if fragment := w.document.Fragments.ForName(s.Name); fragment != nil {
				w.walk(fragment.SelectionSet, fragment.Position.Start, fragment.TypeCondition, path)
			}
		}
	}
	if typ, prefix, ok := w.place(path); ok {
		w.sets[typeName] = append(w.sets[typeName], selected{at: at, names: names, typ: typ, prefix: prefix})
	}
}

// place is the model type whose records, or a part of them, stand at the path of
// the answer.
func (w *follower) place(path string) (typ *model.Type, prefix string, ok bool) {
	for _, t := range w.Schema.Types {
		for _, s := range t.Sources {
			if s.Name != w.Source || s.Path != path && !strings.HasPrefix(path, s.Path+".") {
				continue
			}
			if typ, prefix, ok = within(t, strings.TrimPrefix(strings.TrimPrefix(path, s.Path), ".")); ok {
				return typ, prefix, true
			}
		}
	}
	return nil, "", false
}

// within is place for a path in the records of the type.
func within(t *model.Type, path string) (*model.Type, string, bool) {
	if path == "" {
		return t, "", true
	}
	for _, f := range t.Fields {
		where := pathOf(f)
		switch {
		case f.Relation != nil && (where == path || strings.HasPrefix(path, where+".")):
			return within(f.Relation.Target, strings.TrimPrefix(strings.TrimPrefix(path, where), "."))
		case f.Relation == nil && strings.HasPrefix(where, path+"."):
			return t, path, true
		}
	}
	return nil, "", false
}

// pathOf is where a field's value stands in the record.
func pathOf(f *model.Field) string {
	if f.From != "" {
		return f.From
	}
	return f.Name
}

// follow changes the texts for one drift, and reports false where it cannot.
func (w *follower) follow(drift source.Drift) bool {
	switch drift.Kind {
	case source.DriftNew:
		return w.add(drift)
	case source.DriftNullable:
		_, ok := w.each(drift, loosened)
		return ok
	case source.DriftType:
		found, ok := w.each(drift, func(f *model.Field) (to string, ok bool) {
			if to, ok = widened(f, drift.Before, drift.After); !ok || strings.HasSuffix(drift.After, "!") {
				return to, ok
			}
			_, ok = loosened(f)
			return strings.TrimSuffix(to, "!"), ok
		})
		return found && ok
	case source.DriftNonNull:
		return true
	case source.DriftGone:
	}
	return false
}

// add asks for a new field and gives it a place in the models. One that is no
// scalar is left to a person, which loses nothing.
func (w *follower) add(drift source.Drift) bool {
	sdlType, ok := sdlTypeOf(drift.After)
	if !ok {
		return true
	}
	asked := map[int]bool{} // selection sets, by their place: a fragment may stand for several
	for i, set := range w.sets[drift.Type] {
		same := func(other selected) bool { return other.typ == set.typ && other.prefix == set.prefix }
		if slices.ContainsFunc(w.sets[drift.Type][:i], same) {
			continue // of the same records
		}
		from := join(set.prefix, drift.Field)
		name := ""
		for step := range strings.SplitSeq(from, ".") {
			name = fieldName(name, step)
		}
		if set.typ.Field(name) != nil || slices.Contains(set.names, drift.Field) {
			return false // the name is taken
		}
		line := name + ": " + sdlType
		if from != name {
			line += fmt.Sprintf(" @from(path: %q)", from)
		}
		w.models.insert(w.models.endOfType(set.typ.Name), line)
		if !asked[set.at] {
			w.query.insert(w.query.endOfBlock(set.at), drift.Field)
			asked[set.at] = true
		}
		w.step("%s.%s: %s is new in the models, and asked for in the query", set.typ.Name, name, sdlType)
	}
	return true
}

// each gives the model fields that hold an upstream field the type that change
// returns; ok is false where change refuses one.
func (w *follower) each(drift source.Drift, change func(*model.Field) (to string, ok bool)) (found, ok bool) {
	for _, set := range w.sets[drift.Type] {
		for _, f := range set.typ.Fields {
			if pathOf(f) != join(set.prefix, drift.Field) || f.Computed != nil {
				continue
			}
			found = true
			to, ok := change(f)
			if !ok {
				return true, false
			}
			if was := typeText(f); to != was {
				start, end := w.models.typeOf(set.typ.Name, f.Name)
				w.models.replace(start, end, to)
				w.step("%s.%s: %s instead of %s in the models", set.typ.Name, f.Name, to, was)
			}
		}
	}
	return found, true
}

// loosened is the field's type where it may be null; ok is false where it must
// not: a key, and a list, whose values have a table of their own.
func loosened(f *model.Field) (to string, ok bool) {
	if !f.Required || f.Kind == model.ToMany || f.Kind == model.ManyToMany { // which null says nothing of
		return typeText(f), true
	}
	isKey := slices.ContainsFunc(f.Owner.Sources, func(s model.Source) bool { return slices.Contains(s.Key, f.Name) })
	return strings.TrimSuffix(typeText(f), "!"), !isKey && !f.IsList()
}

// step notes a change, once.
func (w *follower) step(format string, args ...any) {
	if text := fmt.Sprintf(format, args...); !slices.Contains(w.steps, text) {
		w.steps = append(w.steps, text)
	}
}

// sdlTypeOf is the type of a new field of the models; ok is false where the
// values of an upstream type have no place in a column. The records here have no
// value yet, so that only a list of its own table is required: it is empty.
func sdlTypeOf(upstream string) (sdlType string, ok bool) {
	named, isScalar := scalarNamed(strings.Trim(upstream, "[]!"))
	depth := strings.Count(upstream, "[")
	switch {
	case !isScalar || depth > 1 || depth == 1 && named == model.JSON:
		return "", false
	case depth == 0:
		return string(named), true
	case strings.HasSuffix(upstream, "!]!"):
		return "[" + string(named) + "!]!", true
	case strings.HasSuffix(strings.TrimSuffix(upstream, "!"), "!]"):
		return "[" + string(named) + "!] @json", true
	}
	return "[" + string(named) + "] @json", true
}

// scalarNamed is the scalar that an upstream type of the name stands for.
func scalarNamed(name string) (model.Scalar, bool) {
	switch name {
	case "String", "Boolean", "ID", "Int", "Float":
		return model.Scalar(name), true
	}
	named, ok := custom[name]
	return named, ok
}

// widened is the type of the field when upstream's type is another: the field's own where it holds all the values, or one that holds
// those here too; ok is false where there is none.
func widened(f *model.Field, before, after string) (to string, ok bool) {
	was, wasScalar := scalarNamed(strings.Trim(before, "[]!"))
	is, isScalar := scalarNamed(strings.Trim(after, "[]!"))
	if !wasScalar || !isScalar || strings.Count(before, "[") != strings.Count(after, "[") || f.Kind != model.Column {
		return "", false
	}
	texts := []model.Scalar{model.String, model.ID}
	numbers := []model.Scalar{model.Int, model.Int64, model.Float}
	switch {
	case f.Scalar == is, slices.Contains(texts, was) && slices.Contains(texts, is) && slices.Contains(texts, f.Scalar):
		return typeText(f), true
	case f.Scalar == model.Int && was == model.Int && slices.Contains(numbers[1:], is):
		return strings.Replace(typeText(f), string(model.Int), string(is), 1), true
	}
	return "", false
}

// typeText is the field's type as the models say it.
func typeText(f *model.Field) string {
	name := string(f.Scalar)
	switch {
	case f.Relation != nil:
		name = f.Relation.Target.Name
	case f.Enum != nil:
		name = f.Enum.Name
	}
	if f.IsList() {
		if f.ItemRequired {
			name += "!"
		}
		name = "[" + name + "]"
	}
	if f.Required {
		name += "!"
	}
	return name
}
