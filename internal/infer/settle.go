package infer

import (
	"slices"
	"strings"

	"github.com/gobuffalo/flect"

	"github.com/larderhq/larder/internal/model"
)

// settle gives every list its other end and every type a value, unties circles
// of required relations and resolves clashes of names.
func (d *drafts) settle() {
	references := map[*draft]int{}
	for _, t := range d.types {
		for _, f := range t.fields {
			if f.places < t.places { // one that does not ask for it leaves it null
				f.required = false
				f.json = f.json || f.target == nil && strings.HasPrefix(f.sdlType, "[")
			}
			if f.target != nil && (!f.linked || !f.list) {
				references[f.target]++
				f.target.independent = f.target.independent || references[f.target] > 1 || !f.list || f.shared
			}
		}
	}
	for _, t := range d.types {
		t.rename(true, map[string]bool{"id": true})
	}
	for _, t := range d.types {
		for _, f := range slices.Clone(t.fields) {
			if f.list && f.target != nil && !f.back && !f.linked {
				d.otherEnd(t, f)
			}
		}
	}
	for _, t := range d.types {
		t.keepSomething()
		d.untie(t, nil)
	}
	for _, t := range d.types {
		taken := d.relationNames(t, nil)
		for _, column := range systemColumns {
			taken[column] = true
		}
		t.rename(false, taken)
	}
}

// otherEnd decides what stands at the other end of a list: the implicit
// foreign key of the models, when nothing else could be meant, else a field
// that is named.
func (d *drafts) otherEnd(t *draft, f *draftField) {
	candidates := 0 // fields that could be taken for the other end, or want the same one
	for _, other := range t.fields {
		if other != f && other.target == f.target && other.list {
			candidates++
		}
	}
	for _, other := range f.target.fields {
		if other == f || other.target != t {
			continue
		}
		if !other.list && !f.shared && other.name == referenceName(t) && other.inverse == nil {
			f.inverse, other.inverse = other, f // item.shoppingList is the list that the item is on
			return
		}
		candidates++
	}
	taken := d.relationNames(f.target, f)
	implicit := &draftField{name: referenceName(t), target: t}
	if candidates == 0 && !f.shared && f.target != t && !implicit.isTaken(taken) {
		return
	}
	back := &draftField{name: flect.Singularize(f.name) + "Of", sdlType: t.name, target: t, back: true}
	if d.values && f.target == t && f.name == "children" {
		back.name = "parent"
	}
	if f.shared {
		back.list, back.required, back.sdlType = true, true, "["+t.name+"!]"
	}
	if f.shared && candidates == 0 && f.target != t {
		back.name = lowerFirst(flect.Pluralize(t.name))
	}
	for back.isTaken(taken) {
		back.name += "2"
	}
	f.inverse, back.inverse = back, f
	f.target.fields = append(f.target.fields, back)
}

// relationNames are the names that relations take in a type: its own and the
// implicit ones that lists put there, except for one list.
func (d *drafts) relationNames(t *draft, except *draftField) map[string]bool {
	taken := map[string]bool{"id": true}
	for _, f := range t.fields {
		if f.target != nil {
			f.take(taken)
		}
	}
	for _, other := range d.types {
		for _, list := range other.fields {
			if list.target == t && list.list && !list.back && list.inverse == nil && list != except {
				(&draftField{name: referenceName(other), target: other}).take(taken)
			}
		}
	}
	return taken
}

// referenceName is what the models call the implicit foreign key to t.
func referenceName(t *draft) string { return (&model.Type{Name: t.name}).ReferenceName() }

// keepSomething gives a type that was asked for nothing but ids a field for
// them, so that its records say something.
func (t *draft) keepSomething() {
	hasValue := slices.ContainsFunc(t.fields, func(f *draftField) bool { return f.target == nil })
	if !hasValue && t.upstreamID != nil {
		t.fields = slices.Insert(t.fields, 0, t.upstreamID)
	}
}

// untie makes a relation optional that would close a circle of required ones:
// no record of it could be the first.
func (d *drafts) untie(t *draft, above []*draft) {
	above = append(above, t)
	for _, f := range t.fields {
		if f.target == nil || f.list || !f.required {
			continue
		}
		if slices.Contains(above, f.target) {
			f.required = false
			d.note("%s.%s: required upstream, but optional here, or no record could be the first", t.name, f.name)
			continue
		}
		d.untie(f.target, above)
	}
}

// rename resolves clashes between the names that fields get in the database
// and the API: those that are taken get "upstream" in front. First come the
// relations, then, when these have their other ends, the values.
func (t *draft) rename(relations bool, taken map[string]bool) {
	for _, f := range t.fields {
		if (f.target != nil) != relations {
			continue
		}
		if f.isTaken(taken) {
			f.name = "upstream" + upperFirst(f.name)
		}
		for f.isTaken(taken) {
			f.name += "2"
		}
		f.take(taken)
	}
}

// systemColumns are PostgreSQL's own, in every table.
var systemColumns = []string{"tableoid", "xmin", "cmin", "xmax", "cmax", "ctid"}

// take marks the field's names as taken.
func (f *draftField) take(taken map[string]bool) {
	for _, name := range f.names() {
		taken[name] = true
	}
}

func (f *draftField) isTaken(taken map[string]bool) bool {
	return slices.ContainsFunc(f.names(), func(name string) bool { return taken[name] })
}

// names are what the field is called in the database and the API, as far as
// they can clash.
func (f *draftField) names() []string {
	if f.target == nil || f.list {
		return []string{fold(f.name)}
	}
	return []string{fold(f.name), fold(f.name) + "id"}
}
