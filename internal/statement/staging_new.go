package statement

import "fmt"

// A first import has nothing to compare with: every staged row is new. These
// statements take the place of Match, Number and Origins then.

// Fresh selects 1 where neither the type's table has a record nor the source an
// origin of the type, else 0.
func (s *Staging) Fresh() Statement {
	a := s.arguments()
	return a.statement(`SELECT CASE WHEN EXISTS (SELECT 1 FROM %s) OR EXISTS (SELECT 1 FROM "larder_origin" o WHERE o."type" = %s AND o."source" = %s) THEN 0 ELSE 1 END`,
		s.table(), a.bind(s.typ.Name), a.bind(s.source))
}

// MatchNew finds every staged row new and gives it its id, in the order of the
// source.
func (s *Staging) MatchNew() Statement {
	ids := s.dialect.newIDs(s.typ, s.stage())
	if s.bringsIDs() {
		ids = fmt.Sprintf(`SELECT "position", %s AS "id" FROM %s`, s.castID(`"new_id"`), s.stage())
	}
	return Statement{SQL: fmt.Sprintf(`INSERT INTO %s SELECT n."position", n."id", %d FROM (%s) n`, s.match(), StagedNew, ids)}
}

// OriginsOfNew is Origins where every row is new.
func (s *Staging) OriginsOfNew(run int64) Statement {
	a := s.arguments()
	return a.statement(`INSERT INTO "larder_origin" ("type", "source", "key", "record_id", "base", "run_id") `+
		`SELECT %[1]s, %[2]s, s."key", CAST(m."id" AS text), s."base", %[3]s FROM %[4]s m JOIN %[5]s s ON s."position" = m."position"`,
		"CAST("+a.bind(s.typ.Name)+" AS text)", "CAST("+a.bind(s.source)+" AS text)", "CAST("+a.bind(run)+" AS bigint)", s.match(), s.stage())
}

// Matched makes the match table ready to be joined, when it is complete.
func (s *Staging) Matched() []Statement { return s.dialect.analyse(s.match()) }

// Written tells the planner of the engine what the tables hold, after an import
// has changed much of them.
func (s *Staging) Written() []Statement {
	statements := s.dialect.analyse(s.table())
	for _, f := range s.fields {
		if table := f.ValueTable(); table != "" {
			statements = append(statements, s.dialect.analyse(quote(table))...)
		}
	}
	return append(statements, s.dialect.analyse(`"larder_origin"`)...)
}
