package statement

import (
	"fmt"
	"strings"

	"github.com/larderhq/larder/internal/model"
)

// width is how many columns a staging table has.
func (s *Staging) width() int { return 8 + len(s.fields) }

// Append appends the row's values in the order of [Staging.Columns], as they
// are bound to a statement or copied.
func (s *Staging) Append(args []any, row StagedRow) []any {
	args = append(args, row.Position, int64(row.Record), truth(row.Nested), row.Key, row.Base, row.NewID, row.Missing, row.Untold)
	for i, f := range s.fields {
		args = append(args, s.staged(f, row.Values[i]))
	}
	return args
}

// Table and Columns are the staging table, for copying rows into it.
func (s *Staging) Table() string { return "larder_stage_" + s.typ.Table() }

// Columns are those of [Staging.Table].
func (s *Staging) Columns() []string {
	columns := append(make([]string, 0, s.width()), "position", "record", "nested", "key", "base", "new_id", "missing", "untold")
	for i := range s.fields {
		columns = append(columns, fmt.Sprintf("value_%d", i))
	}
	return columns
}

// LoadRows is how many rows one Load takes at most: few enough to stay far
// below the engines' limits on bound values (32,766 and 65,535), and past the
// point where more make it no faster.
func (s *Staging) LoadRows() int { return max(1, min(100, 30_000/s.width())) }

// Load puts rows into the staging table, whose values Append has appended.
func (s *Staging) Load(args []any) Statement {
	rows := len(args) / s.width()
	if rows != s.LoadRows() {
		return Statement{SQL: "INSERT INTO " + s.stage() + " VALUES " + s.values(rows, s.width()), Args: args}
	}
	if s.load == "" {
		s.load = "INSERT INTO " + s.stage() + " VALUES " + s.values(rows, s.width())
	}
	return Statement{SQL: s.load, Args: args}
}

// staged is a value in the form of the staging table: as it is stored, a list
// as a JSON array of what its elements are stored as.
func (s *Staging) staged(f *model.Field, value any) any {
	list, isList := value.([]any)
	switch {
	case value == nil:
		return nil
	case f.Kind == model.ToOne:
		return value
	case f.Kind == model.ManyToMany:
		return jsonText(list)
	case f.Kind == model.JSONColumn:
		return string(f.AppendJSON(nil, value))
	case isList:
		elements := make([]any, len(list))
		for i, element := range list {
			if element != nil {
				elements[i] = s.dialect.element(storedAs(f), element)
			}
		}
		return jsonText(elements)
	}
	return s.dialect.encode(storedAs(f), value)
}

// IndexUnique lets the staging table be searched by key, when all its rows are
// there. It breaks where two rows have the same key.
func (s *Staging) IndexUnique() Statement { return s.index("UNIQUE ") }

// Index is IndexUnique for rows that may have the same key.
func (s *Staging) Index() Statement { return s.index("") }

func (s *Staging) index(unique string) Statement {
	return Statement{SQL: fmt.Sprintf(`CREATE %sINDEX %s ON %s ("key")`, unique, quote(s.Table()+"_key"), s.stage())}
}

// Loaded makes the staging table, which is complete, ready to be joined.
func (s *Staging) Loaded() []Statement { return s.dialect.analyse(s.stage() + ` ("position", "key")`) }

// values are the placeholders of as many rows.
func (s *Staging) values(rows, width int) string {
	a := s.arguments()
	var b strings.Builder
	for range rows {
		separator := ", ("
		if b.Len() == 0 {
			separator = "("
		}
		for range width {
			b.WriteString(separator)
			b.WriteString(a.bind(nil))
			separator = ", "
		}
		b.WriteByte(')')
	}
	return b.String()
}
