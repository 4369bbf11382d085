package migrate

import (
	"fmt"
	"slices"

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
	name     string
	renames  []model.Rename
	position model.Position
}

// match pairs two schemas. Only @renamed(from:) makes a rename; what merely
// looks alike is dropped and added, and lint says so.
func match(from, to *model.Schema) (*matching, error) {
	m := &matching{types: map[*model.Type]*model.Type{}, fields: map[*model.Field]*model.Field{}}
	olds, news := make([]declaration, len(from.Types)), make([]declaration, len(to.Types))
	for i, t := range from.Types {
		olds[i] = declaration{t.Name, t.Renames, t.Position}
	}
	for i, t := range to.Types {
		news[i] = declaration{t.Name, t.Renames, t.Position}
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
		olds[i] = declaration{f.Name, f.Renames, f.Position}
	}
	for i, f := range to.Fields {
		news[i] = declaration{f.Name, f.Renames, f.Position}
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
// the old one.
func matchDeclarations(kind, owner string, olds, news []declaration) (map[int]int, error) {
	at := make(map[string]int, len(olds))
	var names []string
	for i, old := range olds {
		at[old.name] = i
		names = append(names, old.name)
	}
	pairs := map[int]int{}
	claimed := map[int]string{}
	renamedFrom := map[int]string{}
	for i, d := range news {
		if len(olds) == 0 {
			break // a first migration: whatever was renamed was so elsewhere
		}
		from, err := d.source(kind, owner, olds, at, names)
		if err != nil {
			return nil, err
		}
		if from == "" {
			continue
		}
		source := at[from]
		if other, twice := claimed[source]; twice {
			return nil, &model.Error{
				Position: d.position,
				Message:  fmt.Sprintf("%s%s and %s%s are both renamed from %s", owner, other, owner, d.name, from),
			}
		}
		pairs[i], claimed[source], renamedFrom[i] = source, d.name, from
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
				Message:    fmt.Sprintf("%s%s is renamed from %s, but there is a %s %s%s already", owner, d.name, renamedFrom[i], kind, owner, d.name),
				Suggestion: fmt.Sprintf("drop the old %s in a migration of its own first", d.name),
			}
		case !renamed && !away:
			pairs[i] = same
		}
	}
	return pairs, nil
}

// source is the name under which the last migration knew d, if that was another.
// A @renamed that stays in the models after its migration means nothing more:
// the old declaration carries it too. Of several, the latest that was known
// counts, since a database may have missed migrations between them. One with a
// version that was known under no earlier name, but is there, is for the API
// alone.
func (d *declaration) source(kind, owner string, olds []declaration, at map[string]int, names []string) (string, error) {
	var done []model.Rename
	same, exists := at[d.name]
	if exists {
		done = olds[same].renames
	}
	var latest, unknown *model.Rename
	for i := range d.renames {
		r := &d.renames[i]
		isDone := slices.ContainsFunc(done, func(other model.Rename) bool { return other.From == r.From })
		_, known := at[r.From]
		switch {
		case isDone:
		case !known && (!exists || r.Version == 0):
			unknown = r
		case known && (latest == nil || r.Version > latest.Version):
			latest = r
		}
	}
	switch {
	case latest != nil:
		return latest.From, nil
	case unknown != nil:
		return "", unknownSource(kind, owner, d, unknown.From, names)
	}
	return "", nil
}

func unknownSource(kind, owner string, d *declaration, from string, names []string) error {
	suggestion := "take the @renamed away if the rename is done or was never needed"
	if near := model.Nearest(from, names); near != "" {
		suggestion = fmt.Sprintf("did you mean %s?", near)
	}
	return &model.Error{
		Position:   d.position,
		Message:    fmt.Sprintf("%s%s is renamed from %s, but the last migration knows no %s of that name", owner, d.name, from, kind),
		Suggestion: suggestion,
	}
}
