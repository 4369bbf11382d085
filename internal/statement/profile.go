package statement

import (
	"fmt"
	"strings"

	"github.com/larderhq/larder/internal/model"
)

// Profile selects how many rows are staged and, for each of [Staging.Fields], in
// how many of them it is null or an empty list.
func (s *Staging) Profile() Statement {
	columns := []string{"count(*)"}
	for i, f := range s.fields {
		value := s.column(i)
		if f.IsList() || f.Kind == model.ManyToMany {
			value = "NULLIF(" + value + ", '[]')"
		}
		columns = append(columns, "count(*) - count("+value+")")
	}
	return Statement{SQL: "SELECT " + strings.Join(columns, ", ") + " FROM " + s.stage()}
}

// Kinds selects (kind, number of rows) of the values of field i, whose scalar is
// JSON: object, array, string, number or boolean.
func (s *Staging) Kinds(i int) Statement {
	return Statement{SQL: fmt.Sprintf(`SELECT k."kind", count(*) FROM (SELECT %s AS "kind" FROM %s) k WHERE k."kind" IS NOT NULL AND k."kind" <> 'null' GROUP BY k."kind"`,
		s.dialect.kind(s.column(i)), s.stage())}
}

// LastProfile selects the profile of the source's last run that was done and has
// one.
func LastProfile(d Dialect, source string) Statement {
	a := &arguments{dialect: stagingOf(d)}
	return a.statement(`SELECT "profile" FROM "larder_run" WHERE "source" = %s AND "status" = 'done' AND "profile" IS NOT NULL ORDER BY "id" DESC LIMIT 1`,
		a.bind(source))
}
