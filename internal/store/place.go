package store

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/larderhq/larder/internal/model"
	"github.com/larderhq/larder/internal/query"
	"github.com/larderhq/larder/internal/statement"
)

// This file finds the one of many new records that broke a constraint. The
// database names the constraint and no more, and after the change was taken
// back it is searched for: first among the new records themselves, then by
// asking for each what the database has.

// mostSuspects bounds what is asked about a creation that failed.
const mostSuspects = 1000

// suspect is a new record of the type that the broken constraint is of.
type suspect struct {
	place  []Step
	values []any // of the constraint's fields
	inside bool  // one of the values is a new record, of which the database knows nothing
}

// newOwner is the value of a foreign key to a record that is new, too.
type newOwner string

// place fills in which of the creation's records a violation in err is of,
// where that can be told.
func (s *Store) place(ctx context.Context, c Creation, err error) error {
	var v *Violation
	if !errors.As(err, &v) || len(v.Fields) == 0 || c.Resolution != Refuse {
		return err
	}
	v.Fields = s.own(v.Fields)
	suspects := s.suspects(v.Fields, c)
	switch {
	case len(suspects) == 1:
		v.Place = suspects[0].place
	case v.Kind == NotNullViolation:
		v.Place = firstWithout(suspects)
	case v.Kind == UniqueViolation:
		if v.Place = firstRepeated(suspects); v.Place == nil {
			s.ask(ctx, v, suspects, s.isTaken)
		}
	case v.Kind == ForeignKeyViolation:
		s.ask(ctx, v, suspects, s.refersToNone)
	}
	return err
}

// own are the fields as the schema itself has them, whatever the API version
// that they were assigned in.
func (s *Store) own(fields []*model.Field) []*model.Field {
	owned := make([]*model.Field, len(fields))
	for i, f := range fields {
		owned[i] = s.schema.Own(f)
	}
	return owned
}

// ask fills in the place of the first suspect that is guilty by what the
// database has. If asking fails, the violation still says enough.
func (s *Store) ask(ctx context.Context, v *Violation, suspects []suspect, isGuilty func(context.Context, Tx, *Violation, suspect) (bool, error)) {
	_ = s.engine.Write(ctx, func(ctx context.Context, tx Tx) error {
		for _, suspect := range suspects[:min(len(suspects), mostSuspects)] {
			guilty, err := isGuilty(ctx, tx, v, suspect)
			if err != nil {
				return err
			}
			if guilty {
				v.Place = suspect.place
				return nil
			}
		}
		return nil
	})
}

// suspects are the creation's records that have the fields, in their order.
func (s *Store) suspects(fields []*model.Field, c Creation) []suspect {
	var found []suspect
	var search func(t *model.Type, relation *model.Field, owner []Step, records [][]statement.Assignment, nested [][]Nested)
	search = func(t *model.Type, relation *model.Field, owner []Step, records [][]statement.Assignment, nested [][]Nested) {
		for i, assignments := range records {
			place := append(slices.Clip(owner), Step{relation, i})
			if t.Table() == fields[0].Owner.Table() {
				found = append(found, s.suspect(fields, assignments, place))
			}
			if i < len(nested) {
				for _, n := range nested[i] {
					search(n.Relation.Relation.Target, n.Relation, place, n.Records, n.Nested)
				}
			}
		}
	}
	search(c.Query.Type, nil, nil, c.Parent.ofParent(c.Records), c.Nested)
	return found
}

// suspect is the record that the assignments make at the place.
func (s *Store) suspect(fields []*model.Field, assignments []statement.Assignment, place []Step) suspect {
	found := suspect{place: place, values: make([]any, len(fields))}
	last := place[len(place)-1]
	for i, f := range fields {
		if f.Default != nil {
			found.values[i] = f.Default.Value
		}
		at := slices.IndexFunc(assignments, func(a statement.Assignment) bool { return s.schema.Own(a.Field) == f })
		switch {
		case at >= 0:
			found.values[i] = assignments[at].Value
		case last.Relation == nil:
		case s.schema.Own(last.Relation).Relation.Inverse == f:
			found.values[i], found.inside = newOwner(fmt.Sprint(place[:len(place)-1], place[len(place)-1].Relation.Name)), true
		case query.Numbered(s.schema.Own(last.Relation)) == f:
			found.values[i] = int64(last.Index)
		}
	}
	return found
}

// firstRepeated is the place of the first suspect that has the values of an
// earlier one, or nil.
func firstRepeated(suspects []suspect) []Step {
	seen := map[string]bool{}
	for _, suspect := range suspects {
		if slices.Contains(suspect.values, nil) {
			continue // null is the same as nothing
		}
		key := fmt.Sprintf("%#v", suspect.values)
		if seen[key] {
			return suspect.place
		}
		seen[key] = true
	}
	return nil
}

// firstWithout is the place of the first suspect that has none of the values,
// or nil.
func firstWithout(suspects []suspect) []Step {
	for _, suspect := range suspects {
		if !slices.ContainsFunc(suspect.values, func(value any) bool { return value != nil }) {
			return suspect.place
		}
	}
	return nil
}

// isTaken reports whether another record has the suspect's values.
func (s *Store) isTaken(ctx context.Context, tx Tx, v *Violation, suspect suspect) (taken bool, err error) {
	if suspect.inside || slices.Contains(suspect.values, nil) {
		return false, nil
	}
	t := v.Fields[0].Owner
	err = tx.Query(ctx, s.statements.Find(t, v.Fields, suspect.values), func(scan Scan) error {
		taken = true
		_, err := scanID(scan, t)
		return err
	})
	return taken, err
}

// refersToNone reports whether the suspect refers to records that are not
// there; these references are what v is of, then.
func (s *Store) refersToNone(ctx context.Context, tx Tx, v *Violation, suspect suspect) (bool, error) {
	var references []statement.Assignment
	for i, f := range v.Fields {
		if _, isNew := suspect.values[i].(newOwner); !isNew {
			references = append(references, statement.Assignment{Field: f, Op: statement.Set, Value: suspect.values[i]})
		}
	}
	missing := s.missing(ctx, tx, references)
	if len(missing) > 0 {
		v.Fields = missing
	}
	return len(missing) > 0, nil
}
