package store

import (
	"context"
	"errors"
	"slices"
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

// add makes the constraints known under the names that the database has for
// them: within their table and, where no two tables share one, by themselves.
func (c constraints) add(known []Constraint) {
	shared := map[string]bool{}
	for _, constraint := range known {
		var fields []*model.Field
		for _, column := range constraint.Columns {
			fields = append(fields, c.byColumns[columnsKey(constraint.Table, []string{column})]...)
		}
		c.byName[nameKey(constraint.Table, constraint.Name)] = fields
		if shared[constraint.Name] {
			fields = nil
		}
		shared[constraint.Name] = true
		c.byName[constraint.Name] = fields
	}
}

func nameKey(table, name string) string { return table + "\x00" + name }

func columnsKey(table string, columns []string) string {
	return table + "(" + strings.Join(columns, ",") + ")"
}

// name fills in which fields a violation in err is of, where the database said
// enough to tell. What breaks the check of a computed field is a result out of
// the range of its type.
func (c constraints) name(err error) error {
	var v *Violation
	if !errors.As(err, &v) || v.Fields != nil {
		return err
	}
	v.Fields = c.fields(v)
	if v.Kind == CheckViolation && len(v.Fields) == 1 && v.Fields[0].Computed != nil {
		v.Kind = RangeViolation
	}
	return err
}

// fields are those behind what the database says of a violation.
func (c constraints) fields(v *Violation) []*model.Field {
	if fields, known := c.byName[nameKey(v.Table, v.Constraint)]; known {
		return fields
	}
	if fields, known := c.byName[v.Constraint]; known {
		return fields
	}
	if fields, known := c.byColumns[columnsKey(v.Table, v.Columns)]; known {
		return fields
	}
	var fields []*model.Field
	for _, column := range v.Columns {
		fields = append(fields, c.byColumns[columnsKey(v.Table, []string{column})]...)
	}
	return fields
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
		if v.Fields == nil { // each value by itself was accepted
			v.Fields = computedFrom(assignments)
		}
	case ForeignKeyViolation:
		v.Fields = s.missing(ctx, tx, assignments)
	case UniqueViolation, CheckViolation, NotNullViolation:
	}
	return err
}

// computedFrom are the computed fields that read what is assigned.
func computedFrom(assignments []statement.Assignment) []*model.Field {
	var fields []*model.Field
	for _, a := range assignments {
		for _, f := range a.Field.Owner.Fields {
			reads := f.Computed != nil && slices.ContainsFunc(f.Computed.Reads(), func(read *model.Field) bool { return read.Column() == a.Field.Column() })
			if reads && !slices.Contains(fields, f) {
				fields = append(fields, f)
			}
		}
	}
	return fields
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
