package store

import (
	"context"
	"errors"
	"strings"

	"github.com/larderhq/larder/internal/model"
	"github.com/larderhq/larder/internal/statement"
)

// constraints finds the fields behind what a database says of a violation.
type constraints struct {
	byName    map[string][]*model.Field
	byColumns map[string][]*model.Field // by "table(column,column)"
}

func constraintsOf(schema *model.Schema) constraints {
	c := constraints{byName: map[string][]*model.Field{}, byColumns: map[string][]*model.Field{}}
	for _, t := range schema.Types {
		c.byName[t.Table()+"_pkey"] = []*model.Field{t.ID}
		c.byColumns[columnsKey(t.Table(), []string{t.ID.Column()})] = []*model.Field{t.ID}
		for _, f := range t.Fields {
			if f.Column() != "" {
				c.byColumns[columnsKey(t.Table(), []string{f.Column()})] = []*model.Field{f}
			}
		}
		for _, constraint := range t.Constraints() {
			c.byName[constraint.Name] = constraint.Fields
			c.byColumns[columnsKey(constraint.Table, constraint.Columns)] = constraint.Fields
		}
	}
	return c
}

func columnsKey(table string, columns []string) string {
	return table + "(" + strings.Join(columns, ",") + ")"
}

// name fills in which fields a violation in err is of, where the database said
// enough to tell.
func (c constraints) name(err error) error {
	var v *Violation
	if !errors.As(err, &v) || v.Fields != nil {
		return err
	}
	if fields, known := c.byName[v.Constraint]; known {
		v.Fields = fields
		return err
	}
	if fields, known := c.byColumns[columnsKey(v.Table, v.Columns)]; known {
		v.Fields = fields
		return err
	}
	for _, column := range v.Columns {
		v.Fields = append(v.Fields, c.byColumns[columnsKey(v.Table, []string{column})]...)
	}
	return err
}

// deletion is the violation of a deletion: other records refer to what was to
// go, and that is all there is to say of a record of this type.
func deletion(err error) error {
	var v *Violation
	if errors.As(err, &v) {
		v.Fields = nil
	}
	return err
}

// explain is name for a change by assignments. It also finds the fields where
// the database does not say them: PostgreSQL does not for a result out of
// range, SQLite not for a record that is referred to and missing.
func (s *Store) explain(ctx context.Context, tx Tx, err error, assignments []statement.Assignment) error {
	var v *Violation
	if err = s.constraints.name(err); !errors.As(err, &v) || v.Fields != nil {
		return err
	}
	switch v.Kind {
	case RangeViolation:
		for _, a := range assignments {
			if a.Op == statement.Inc || a.Op == statement.Mul {
				v.Fields = append(v.Fields, a.Field)
			}
		}
	case ForeignKeyViolation:
		v.Fields = s.missing(ctx, tx, assignments)
	case UniqueViolation, CheckViolation, NotNullViolation:
	}
	return err
}

// missing are the assigned fields that refer to records which are not there.
func (s *Store) missing(ctx context.Context, tx Tx, assignments []statement.Assignment) (fields []*model.Field) {
	for _, a := range assignments {
		if a.Field.Kind != model.ToOne || a.Field.Relation.Target.Vocabulary || a.Value == nil {
			continue
		}
		found := false
		err := tx.Query(ctx, s.statements.Missing(a.Field.Relation.Target, a.Value), func(scan Scan) error {
			found = true
			var one int64
			return scan(&one)
		})
		if err == nil && !found { // if looking fails, the violation still says enough
			fields = append(fields, a.Field)
		}
	}
	return fields
}
