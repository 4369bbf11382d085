package migrate

import (
	"fmt"

	"github.com/larderhq/larder/internal/model"
)

// matching says which type and field of the old schema each one of the new
// schema was.
type matching struct {
	types  map[*model.Type]*model.Type   // new → old
	fields map[*model.Field]*model.Field // new → old
}

// declaration is a type or a field as far as renaming is concerned.
type declaration struct {
	name, renamedFrom string
	position          model.Position
}

// match pairs two schemas. Only @renamed(from:) makes a rename; what merely
// looks alike is dropped and added, and lint says so.
func match(from, to *model.Schema) (*matching, error) {
	m := &matching{types: map[*model.Type]*model.Type{}, fields: map[*model.Field]*model.Field{}}
	olds, news := make([]declaration, len(from.Types)), make([]declaration, len(to.Types))
	for i, t := range from.Types {
		olds[i] = declaration{t.Name, t.RenamedFrom, t.Position}
	}
	for i, t := range to.Types {
		news[i] = declaration{t.Name, t.RenamedFrom, t.Position}
	}
	pairs, err := matchDeclarations("type", "", olds, news)
	if err != nil {
		return nil, err
	}
	for newAt, oldAt := range pairs {
		m.types[to.Types[newAt]] = from.Types[oldAt]
	}
	for _, t := range to.Types {
		if old := m.types[t]; old != nil {
			if err := m.matchFields(old, t); err != nil {
				return nil, err
			}
		}
	}
	m.matchImplicit()
	return m, nil
}

// matchFields pairs the fields of a type that was there before.
func (m *matching) matchFields(from, to *model.Type) error {
	if from.ID.Scalar != to.ID.Scalar {
		return &model.Error{
			Position:   to.ID.Position,
			Message:    fmt.Sprintf("the id of %s cannot change from %s to %s: it is what other records and clients hold", to.Name, from.ID.Scalar, to.ID.Scalar),
			Suggestion: "declare a new type with the new id, copy the records by a hand-written migration, then drop the old type",
		}
	}
	m.fields[to.ID] = from.ID
	olds, news := make([]declaration, len(from.Fields)), make([]declaration, len(to.Fields))
	for i, f := range from.Fields {
		olds[i] = declaration{f.Name, f.RenamedFrom, f.Position}
	}
	for i, f := range to.Fields {
		news[i] = declaration{f.Name, f.RenamedFrom, f.Position}
	}
	pairs, err := matchDeclarations("field", to.Name+".", olds, news)
	if err != nil {
		return err
	}
	for newAt, oldAt := range pairs {
		m.fields[to.Fields[newAt]] = from.Fields[oldAt]
	}
	return nil
}

// matchImplicit pairs foreign keys that follow from a to-many field on the
// other side: their names change with the other type's, and declaring one
// gives it the declared name.
func (m *matching) matchImplicit() {
	taken := map[*model.Field]bool{}
	for _, old := range m.fields {
		taken[old] = true
	}
	matched := make(map[*model.Field]*model.Field)
	for to, from := range m.fields {
		if to.Kind != model.ToMany || from.Kind != model.ToMany {
			continue
		}
		newKey, oldKey := to.Relation.Inverse, from.Relation.Inverse
		if m.types[to.Relation.Target] == from.Relation.Target && m.fields[newKey] == nil && !taken[oldKey] {
			matched[newKey] = oldKey
		}
	}
	for newKey, oldKey := range matched {
		m.fields[newKey] = oldKey
	}
}

// matchDeclarations gives for each new declaration that existed the index of
// the old one. A @renamed that stays in the models after its migration means
// nothing more: the old declaration carries it too.
func matchDeclarations(kind, owner string, olds, news []declaration) (map[int]int, error) {
	at := make(map[string]int, len(olds))
	var names []string
	for i, old := range olds {
		at[old.name] = i
		names = append(names, old.name)
	}
	pairs := map[int]int{}
	claimed := map[int]string{}
	for i, d := range news {
		same, exists := at[d.name]
		if d.renamedFrom == "" || (exists && olds[same].renamedFrom == d.renamedFrom) {
			continue
		}
		source, known := at[d.renamedFrom]
		if len(olds) == 0 {
			continue // a first migration: whatever was renamed was so elsewhere
		}
		if !known {
			return nil, unknownSource(kind, owner, d, names)
		}
		if other, twice := claimed[source]; twice {
			return nil, &model.Error{
				Position: d.position,
				Message:  fmt.Sprintf("%s%s and %s%s are both renamed from %s", owner, other, owner, d.name, d.renamedFrom),
			}
		}
		pairs[i], claimed[source] = source, d.name
	}
	for i, d := range news {
		same, exists := at[d.name]
		if !exists {
			continue
		}
		_, renamed := pairs[i]
		_, away := claimed[same]
		switch {
		case renamed && !away:
			return nil, &model.Error{
				Position:   d.position,
				Message:    fmt.Sprintf("%s%s is renamed from %s, but there is a %s %s%s already", owner, d.name, d.renamedFrom, kind, owner, d.name),
				Suggestion: fmt.Sprintf("drop the old %s in a migration of its own first", d.name),
			}
		case !renamed && !away:
			pairs[i] = same
		}
	}
	return pairs, nil
}

func unknownSource(kind, owner string, d declaration, names []string) error {
	suggestion := "take the @renamed away if the rename is done or was never needed"
	if near := model.Nearest(d.renamedFrom, names); near != "" {
		suggestion = fmt.Sprintf("did you mean %s?", near)
	}
	return &model.Error{
		Position:   d.position,
		Message:    fmt.Sprintf("%s%s is renamed from %s, but the last migration knows no %s of that name", owner, d.name, d.renamedFrom, kind),
		Suggestion: suggestion,
	}
}
