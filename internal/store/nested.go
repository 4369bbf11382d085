package store

import (
	"context"
	"slices"

	"github.com/larderhq/larder/internal/model"
	"github.com/larderhq/larder/internal/query"
	"github.com/larderhq/larder/internal/statement"
)

// children are new records that a new record lists.
type children struct {
	relation *model.Field
	records  []newRecord
}

// ofParent puts the parent into the assignments of the records that it is to
// list.
func (p *Parent) ofParent(all [][]statement.Assignment) [][]statement.Assignment {
	if p == nil || p.Relation.Kind != model.ToMany {
		return all
	}
	owned := make([][]statement.Assignment, len(all))
	for i, assignments := range all {
		owned[i] = append(slices.Clone(assignments), statement.Assignment{Field: p.Relation.Relation.Inverse, Op: statement.Set, Value: p.ID})
	}
	return owned
}

// relation is the relation that lists the parent's records; nil without one.
func (p *Parent) relation() *model.Field {
	if p == nil {
		return nil
	}
	return p.Relation
}

// nest completes the records by those that they list.
func (s *Store) nest(version int, records []newRecord, nested [][]Nested) error {
	for i := range min(len(records), len(nested)) {
		for _, n := range nested[i] {
			q := query.Read{Type: n.Relation.Relation.Target, Version: version}
			listed, err := s.newRecords(q, n.Relation, n.Records)
			if err == nil {
				err = s.nest(version, listed, n.Nested)
			}
			if err != nil {
				return err
			}
			records[i].children = append(records[i].children, children{n.Relation, listed})
		}
	}
	return nil
}

// insertUnder makes the records that the parent is to list, behind those that
// it lists already.
func (s *Store) insertUnder(ctx context.Context, tx Tx, p *Parent, records []newRecord) ([]any, error) {
	var next int64
	if position := query.Numbered(p.Relation); position != nil {
		err := tx.Query(ctx, s.statements.NextPlace(p.Relation, position, p.ID), func(scan Scan) error { return scan(&next) })
		if err != nil {
			return nil, err
		}
	}
	owners := make([]any, len(records))
	for i := range owners {
		owners[i] = p.ID
	}
	return s.insertListed(ctx, tx, p.Relation, owners, next, records)
}

// insertChildren makes what the new records with the ids list, relation by
// relation.
func (s *Store) insertChildren(ctx context.Context, tx Tx, records []newRecord, ids []any) error {
	var relations []*model.Field
	owners, listed := map[*model.Field][]any{}, map[*model.Field][]newRecord{}
	for i, record := range records {
		for _, c := range record.children {
			if !slices.Contains(relations, c.relation) {
				relations = append(relations, c.relation)
			}
			owners[c.relation] = append(owners[c.relation], slices.Repeat(ids[i:i+1], len(c.records))...)
			listed[c.relation] = append(listed[c.relation], c.records...)
		}
	}
	for _, relation := range relations {
		if _, err := s.insertListed(ctx, tx, relation, owners[relation], 0, listed[relation]); err != nil {
			return err
		}
	}
	return nil
}

// insertListed makes records that the relation lists in owners, each in the
// one at its own index. Those without a place are numbered from next on.
func (s *Store) insertListed(ctx context.Context, tx Tx, relation *model.Field, owners []any, next int64, records []newRecord) ([]any, error) {
	t := relation.Relation.Target
	columns := statement.Columns(t)
	if relation.Kind == model.ToMany {
		key := slices.Index(columns, relation.Relation.Inverse)
		position := slices.Index(columns, query.Numbered(relation))
		for i := range records {
			records[i].values[key] = owners[i]
			if records[i].unplaced {
				records[i].values[position] = next + records[i].place
			}
		}
		return s.insert(ctx, tx, t, records)
	}
	ids, err := s.insert(ctx, tx, t, records)
	if err != nil || len(ids) == 0 {
		return nil, err
	}
	_, err = tx.Exec(ctx, s.statements.Link(relation, owners, ids))
	return ids, s.explain(ctx, tx, err, nil)
}
