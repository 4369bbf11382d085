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

// Modify reads the record with the id, asks decide and does what it says, in
// one transaction in which nobody else changes the record. Update and Delete
// of a record that is not there are ErrNotFound; a broken constraint is a
// *Violation.
func (s *Store) Modify(ctx context.Context, q query.Read, id any, decide Decide) (Written, error) {
	var written Written
	var decideErr error
	work := func(ctx context.Context, tx Tx) error {
		written = Written{ID: id}
		current, err := s.lockedItem(ctx, tx, q, id)
		if err != nil {
			return err
		}
		change, err := decide(current)
		if decideErr = err; err != nil {
			return err
		}
		written.Kind = change.Kind
		if err := s.apply(ctx, tx, q, id, current != nil, change); err != nil {
			return err
		}
		if change.Then != nil {
			if err := change.Then(ctx, tx); err != nil {
				return err
			}
		}
		if change.Kind == Keep && q.Columns == nil {
			written.Body = current
			return nil
		}
		written.Body, err = s.item(ctx, tx, q, id)
		return err
	}
	err := s.engine.Write(ctx, work)
	for ctx.Err() == nil && written.Kind == Insert && isTaken(err, q.Type) {
		err = s.engine.Write(ctx, work) // somebody else made it meanwhile
	}
	switch {
	case decideErr != nil:
		return Written{}, decideErr
	case err != nil:
		return Written{}, fmt.Errorf("change %s %v: %w", q.Type.Resource(), id, err)
	}
	return written, nil
}

// lockedItem reads the record with the id, every attribute of it, so that
// nobody else changes it before the transaction ends; nil when there is none.
func (s *Store) lockedItem(ctx context.Context, tx Tx, q query.Read, id any) ([]byte, error) {
	if lock, needed := s.statements.Lock(q.Type, id); needed {
		if _, err := tx.Exec(ctx, lock); err != nil {
			return nil, err
		}
	}
	return s.item(ctx, tx, query.Read{Type: q.Type, Version: q.Version, Limit: -1}, id)
}

// isTaken reports whether err says that another record of the type has the id.
func isTaken(err error, t *model.Type) bool {
	var v *Violation
	return errors.As(err, &v) && v.Kind == UniqueViolation && len(v.Fields) == 1 && v.Fields[0] == t.ID
}

// apply does a change of one record, which exists or not.
func (s *Store) apply(ctx context.Context, tx Tx, q query.Read, id any, exists bool, change Change) error {
	t := q.Type
	if !exists && change.Kind != Insert {
		return ErrNotFound
	}
	switch change.Kind {
	case Keep:
	case Insert:
		withID := append([]statement.Assignment{{Field: t.ID, Op: statement.Set, Value: id}}, change.Assignments...)
		records, err := s.newRecords(q, nil, [][]statement.Assignment{withID})
		if err != nil {
			return err
		}
		_, err = s.insert(ctx, tx, t, records)
		return err
	case Update:
		return s.assign(ctx, tx, statement.ByID(t, id), []any{id}, change.Assignments)
	case Delete:
		_, err := tx.Exec(ctx, s.statements.Delete(t, id))
		return deletion(err)
	}
	return nil
}

// assign makes the assignments to one record, which q selects and which has
// the id.
func (s *Store) assign(ctx context.Context, tx Tx, q query.Read, ids []any, assignments []statement.Assignment) error {
	if err := s.prepare(ctx, tx, q, assignments); err != nil {
		return err
	}
	if columns := inColumns(assignments); len(columns) > 0 {
		st, err := s.statements.Update(q.Type, ids[0], columns)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, st); err != nil {
			return s.explain(ctx, tx, err, assignments)
		}
	}
	return s.assignLists(ctx, tx, ids, assignments)
}

// inColumns are the assignments to columns of the record's own table.
func inColumns(assignments []statement.Assignment) []statement.Assignment {
	var columns []statement.Assignment
	for _, a := range assignments {
		if a.InColumn() {
			columns = append(columns, a)
		}
	}
	return columns
}

// prepare refuses what no database would: a required list set to null, and
// arithmetic that leaves a field's range where the engine would let it. It
// adds the words that vocabularies do not have yet.
func (s *Store) prepare(ctx context.Context, tx Tx, q query.Read, assignments []statement.Assignment) error {
	for _, a := range assignments {
		if a.Value == nil && a.Op == statement.Set && a.Field.Required && !a.InColumn() {
			return required([]*model.Field{a.Field})
		}
		st, needed, err := s.statements.OutOfRange(q, a)
		if err != nil {
			return err
		}
		if !needed {
			continue
		}
		outside := false
		err = tx.Query(ctx, st, func(scan Scan) error {
			outside = true
			var one int64
			return scan(&one)
		})
		if err != nil {
			return s.constraints.name(err)
		}
		if outside {
			return &Violation{
				Kind: RangeViolation, Table: q.Type.Table(), Columns: []string{a.Field.Column()}, Fields: []*model.Field{a.Field},
				Err: fmt.Errorf("%s of %s leaves the range of %s", a.Op, a.Field.Name, a.Field.Scalar),
			}
		}
	}
	return s.addWords(ctx, tx, assignments)
}

// required is the violation of fields that must have a value.
func required(fields []*model.Field) error {
	v := &Violation{Kind: NotNullViolation, Table: fields[0].Owner.Table(), Fields: fields, Err: errors.New("a value is required")}
	for _, f := range fields {
		v.Columns = append(v.Columns, f.Name)
	}
	return v
}

// addWords adds the words that assignments write to their vocabularies.
func (s *Store) addWords(ctx context.Context, tx Tx, assignments []statement.Assignment) error {
	var vocabularies []*model.Type
	words := map[*model.Type][]any{}
	for _, a := range assignments {
		if a.Field.Relation == nil || !a.Field.Relation.Target.Vocabulary || a.Op == statement.Remove {
			continue
		}
		target := a.Field.Relation.Target
		list, isList := a.Value.([]any)
		if !isList {
			list = []any{a.Value}
		}
		for _, word := range list {
			if word == nil {
				continue
			}
			if words[target] == nil {
				vocabularies = append(vocabularies, target)
			}
			words[target] = append(words[target], word)
		}
	}
	for _, vocabulary := range vocabularies {
		st, err := s.statements.AddWords(vocabulary, words[vocabulary], newUUID)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, st); err != nil {
			return s.constraints.name(err)
		}
	}
	return nil
}

// assignLists makes the assignments to lists whose elements are rows, in each
// of the records with the ids.
func (s *Store) assignLists(ctx context.Context, tx Tx, ids []any, assignments []statement.Assignment) error {
	for _, a := range assignments {
		if a.InColumn() || len(ids) == 0 {
			continue
		}
		if err := s.assignList(ctx, tx, ids, a); err != nil {
			return s.constraints.name(err)
		}
	}
	return nil
}

func (s *Store) assignList(ctx context.Context, tx Tx, ids []any, a statement.Assignment) error {
	elements, _ := a.Value.([]any)
	switch {
	case a.Op == statement.Append && len(elements) > 0:
		_, err := tx.Exec(ctx, s.statements.AppendToList(a, ids))
		return err
	case a.Op == statement.Remove && len(elements) > 0:
		for _, st := range s.statements.RemoveFromList(a, ids) {
			if affected, err := tx.Exec(ctx, st); err != nil || affected == 0 {
				return err
			}
		}
	case a.Op == statement.Set:
		if _, err := tx.Exec(ctx, s.statements.ClearList(a.Field, ids)); err != nil {
			return err
		}
		rows := make([]statement.ListRow, len(ids))
		for i, id := range ids {
			rows[i] = statement.ListRow{Owner: id, Elements: elements}
		}
		return s.writeList(ctx, tx, a.Field, rows)
	case a.Op == statement.Append, a.Op == statement.Remove:
	default:
		return fmt.Errorf("assign to %s: %s does not suit a list", a.Field.Name, a.Op)
	}
	return nil
}

// writeList writes lists that have no elements yet.
func (s *Store) writeList(ctx context.Context, tx Tx, f *model.Field, rows []statement.ListRow) error {
	if !slices.ContainsFunc(rows, func(row statement.ListRow) bool { return len(row.Elements) > 0 }) {
		return nil
	}
	_, err := tx.Exec(ctx, s.statements.WriteList(f, rows))
	return s.constraints.name(err)
}
