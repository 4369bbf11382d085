package infer

import (
	"slices"

	"github.com/gobuffalo/flect"

	"github.com/larderhq/larder/internal/model"
)

// settle gives every list its other end, unties circles of required relations
// and resolves clashes of names.
func (d *drafts) settle() {
	for _, t := range d.types {
		for _, f := range slices.Clone(t.fields) {
			if f.list && f.target != nil && !f.back {
				d.otherEnd(t, f)
			}
		}
	}
	for _, t := range d.types {
		d.untie(t, nil)
	}
	for _, t := range d.types {
		d.rename(t)
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
	if candidates == 0 && !f.shared && f.target != t {
		return
	}
	back := &draftField{name: flect.Singularize(f.name) + "Of", sdlType: t.name, target: t, back: true}
	if f.shared {
		back.list, back.required, back.sdlType = true, true, "["+t.name+"!]"
	}
	if plural := lowerFirst(flect.Pluralize(t.name)); f.shared && candidates == 0 && f.target != t {
		back.name = plural
	}
	f.inverse, back.inverse = back, f
	f.target.fields = append(f.target.fields, back)
}

// referenceName is what the models call the implicit foreign key to t.
func referenceName(t *draft) string { return (&model.Type{Name: t.name}).ReferenceName() }

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
// and the API. Relations keep theirs; values get "upstream" in front.
func (d *drafts) rename(t *draft) {
	taken := map[string]bool{"id": true}
	for _, column := range systemColumns {
		taken[column] = true
	}
	for _, f := range t.fields {
		if f.target != nil {
			f.claim(taken)
		}
	}
	for _, other := range d.types {
		for _, list := range other.fields {
			if list.target == t && list.list && list.inverse == nil {
				(&draftField{name: referenceName(other), target: other}).claim(taken)
			}
		}
	}
	for _, f := range t.fields {
		if f.target == nil {
			f.claim(taken)
		}
	}
}

// systemColumns are PostgreSQL's own, in every table.
var systemColumns = []string{"tableoid", "xmin", "cmin", "xmax", "cmax", "ctid"}

// claim takes the field's names, choosing another one where they are taken.
func (f *draftField) claim(taken map[string]bool) {
	if f.isTaken(taken) {
		f.name = "upstream" + upperFirst(f.name)
	}
	for f.isTaken(taken) {
		f.name += "2"
	}
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
