package introspect

import (
	"errors"
	"fmt"
	"strings"

	"github.com/larderhq/larder/internal/model"
	"github.com/larderhq/larder/internal/store"
)

// Check holds models against the database: every table and every column that
// they name must be there. The error has a sentence for each that is not.
func (d *Database) Check(schema *model.Schema) error {
	var errs []error
	for _, t := range schema.Types {
		table := d.table(t.Table())
		if table == nil {
			errs = append(errs, fmt.Errorf("type %s: the database has no table or view %s%s", t.Name, t.Table(), nearest(t.Table(), d.tableNames())))
			continue
		}
		fields := t.Fields
		if !t.ID.Composite() {
			fields = append([]*model.Field{t.ID}, fields...)
		}
		for _, f := range fields {
			switch {
			case f.Column() != "":
				if table.column(table.spelt(f.Column())) == nil {
					errs = append(errs, fmt.Errorf("%s.%s: the table %s has no column %s%s", t.Name, f.Name, table.Name, f.Column(), nearest(f.Column(), table.columnNames())))
				}
			case f.ValueTable() != "":
				if d.table(f.ValueTable()) == nil {
					errs = append(errs, fmt.Errorf("%s.%s: the database has no table %s", t.Name, f.Name, f.ValueTable()))
				}
			}
		}
	}
	return errors.Join(errs...)
}

// Constraints are the names that the database has for its constraints.
func (d *Database) Constraints() []store.Constraint {
	var all []store.Constraint
	for _, t := range d.Tables {
		all = append(all, t.Constraints...)
	}
	return all
}

func (d *Database) tableNames() []string {
	names := make([]string, len(d.Tables))
	for i, t := range d.Tables {
		names[i] = t.Name
	}
	return names
}

func (t *Table) columnNames() []string {
	names := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		names[i] = c.Name
	}
	return names
}

// nearest is the hint at what was probably meant, or "".
func nearest(name string, candidates []string) string {
	if near := model.Nearest(strings.ToLower(name), candidates); near != "" {
		return fmt.Sprintf("; did you mean %s?", near)
	}
	return ""
}
