package store

import (
	"context"
	"fmt"

	"github.com/larderhq/larder/internal/query"
	"github.com/larderhq/larder/internal/statement"
)

// UpdateMany assigns to every record that q's filter matches, in one
// statement. More than max affected (0: no bound) is ErrTooMany and changes
// nothing. The result is in the order of the ids.
func (s *Store) UpdateMany(ctx context.Context, q query.Read, assignments []statement.Assignment, max int, withBody bool) (Result, error) {
	var result Result
	err := s.engine.Write(ctx, func(ctx context.Context, tx Tx) error {
		result = Result{}
		if err := s.prepare(ctx, tx, q, assignments); err != nil {
			return err
		}
		columns := inColumns(assignments)
		st, err := s.statements.IDs(q)
		if len(columns) > 0 {
			st, err = s.statements.UpdateWhere(q, columns)
		}
		if err != nil {
			return err
		}
		if result.IDs, err = affected(ctx, tx, q, st, max); err != nil {
			return s.explain(ctx, tx, err, assignments)
		}
		if err := s.assignLists(ctx, tx, result.IDs, assignments); err != nil {
			return err
		}
		if withBody {
			result.Body, err = s.items(ctx, tx, q, result.IDs)
		}
		return err
	})
	if err != nil {
		return Result{}, fmt.Errorf("change %s: %w", q.Type.Resource(), err)
	}
	return result, nil
}

// DeleteMany deletes every record that q's filter matches, in one statement;
// max as in UpdateMany.
func (s *Store) DeleteMany(ctx context.Context, q query.Read, max int, withBody bool) (Result, error) {
	var result Result
	err := s.engine.Write(ctx, func(ctx context.Context, tx Tx) error {
		result = Result{}
		if withBody {
			if err := s.beforeDeletion(ctx, tx, q, max, &result); err != nil {
				return err
			}
		}
		st, err := s.statements.DeleteWhere(q)
		if err != nil {
			return err
		}
		result.IDs, err = affected(ctx, tx, q, st, max)
		return deletion(err)
	})
	if err != nil {
		return Result{}, fmt.Errorf("delete %s: %w", q.Type.Resource(), err)
	}
	return result, nil
}

// beforeDeletion reads what is going to be deleted.
func (s *Store) beforeDeletion(ctx context.Context, tx Tx, q query.Read, max int, result *Result) error {
	st, err := s.statements.IDs(q)
	if err != nil {
		return err
	}
	ids, err := affected(ctx, tx, q, st, max)
	if err != nil {
		return err
	}
	result.Body, err = s.items(ctx, tx, q, ids)
	return err
}

// affected runs a statement that gives the ids of records, of which there may
// be max, and returns them in order.
func affected(ctx context.Context, tx Tx, q query.Read, st statement.Statement, max int) ([]any, error) {
	var ids []any
	err := tx.Query(ctx, st, func(scan Scan) error {
		id, err := scanID(scan, q.Type)
		if err != nil {
			return err
		}
		if ids = append(ids, id); max > 0 && len(ids) > max {
			return ErrTooMany
		}
		return nil
	})
	sortIDs(ids)
	return ids, err
}
