package importer

import (
	"fmt"
	"slices"
	"strings"

	"github.com/larderhq/larder/internal/model"
)

// keys are the fields by which the source's rows are found again: those of each
// type that its @source has a key for by the type's name; else, by "Type.field",
// those of the objects nested in a relation, none where they are known by their
// place.
func (p *plan) keys() map[string][]string {
	keys := map[string][]string{}
	for _, t := range p.tables {
		if key := p.sourceKey(t.typ); key != nil {
			keys[t.typ.Name] = key
		}
		for _, f := range t.typ.Fields {
			if f.Relation == nil || f.Relation.Target.Vocabulary || p.sourceKey(f.Relation.Target) != nil {
				continue
			}
			keys[t.typ.Name+"."+f.Name] = p.nestedKey(f)
		}
	}
	for _, root := range p.roots {
		keys[root.table.typ.Name] = root.key
	}
	return keys
}

// changedKeys are the keys that differ from those of the last import, in the
// order of their names. A field that was renamed is what it was.
func (p *plan) changedKeys(last map[string][]string) []KeyChange {
	var changes []KeyChange
	for of, now := range p.keys() {
		before, known := last[of]
		if known && !slices.EqualFunc(before, now, func(old, name string) bool { return old == name || p.wasCalled(of, name, old) }) {
			changes = append(changes, KeyChange{of, before, now})
		}
	}
	slices.SortFunc(changes, func(a, b KeyChange) int { return strings.Compare(a.Of, b.Of) })
	return changes
}

// wasCalled reports whether a field of the type whose key it is was called old
// once.
func (p *plan) wasCalled(of, name, old string) bool {
	typeName, relation, nested := strings.Cut(of, ".")
	for _, t := range p.tables {
		if t.typ.Name != typeName {
			continue
		}
		typ := t.typ
		if nested {
			typ = typ.Field(relation).Relation.Target
		}
		f := typ.Field(name)
		return f != nil && slices.ContainsFunc(f.Renames, func(r model.Rename) bool { return r.From == old })
	}
	return false
}

// checkKeys refuses keys by which none of the records would be found again.
func (r *run) checkKeys() error {
	r.profile.Keys = r.plan.keys()
	if r.last == nil {
		return nil
	}
	for _, change := range r.plan.changedKeys(r.last.Keys) {
		return fmt.Errorf("the key of %s was %s at the last import and is %s now, by which no record would be found again: "+
			"give the records their new keys with larder rekey %s, which keeps their ids and edits, or put the key back",
			change.Of, keyName(change.Before), keyName(change.Now), r.plan.source)
	}
	return nil
}

// keyName is a key as the models write it.
func keyName(fields []string) string {
	if len(fields) == 0 {
		return "the place in its owner"
	}
	quoted := make([]string, len(fields))
	for i, field := range fields {
		quoted[i] = fmt.Sprintf("%q", field)
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}
