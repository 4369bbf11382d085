package migrate

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// carrier brings over a SQLite migration what its file cannot know of: the
// triggers, indexes and collations that people gave the tables. Before a table
// is rebuilt it notes them; when all statements have run it puts back what is
// gone, and checks that every reference, view and trigger still holds.
type carrier struct {
	*runner
	file  string
	noted []attachment
}

// attachment is a trigger or an index of a table.
type attachment struct{ name, table, sql string }

// before looks at a statement that is about to run and returns its text,
// which of a rebuilt table's definition gets the collations of the old one.
func (c *carrier) before(ctx context.Context, st sqlStatement) (string, error) {
	if c.engine != SQLite {
		return st.text, nil
	}
	table, dropping := rebuildOf(st.comments)
	if table == "" {
		return st.text, nil
	}
	old, err := c.texts(ctx, "SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = "+text(table), 1)
	if err != nil {
		return "", err
	}
	if len(old) == 0 {
		return "", fmt.Errorf("expected a table %s to rebuild, found none", table)
	}
	attached, err := c.texts(ctx, "SELECT name, tbl_name, sql FROM sqlite_schema WHERE type IN ('trigger', 'index') AND sql IS NOT NULL AND tbl_name = "+text(table), 3)
	if err != nil {
		return "", err
	}
	for _, a := range attached {
		c.noted = append(c.noted, attachment{a[0], a[1], a[2]})
	}
	return carryOver(parseTable(old[0][0]), st.text, table, dropping)
}

// rebuildOf reads the mark above a rebuild: the table and what it means to drop.
func rebuildOf(comments string) (table string, dropping []string) {
	for line := range strings.Lines(comments) {
		if rest, ok := strings.CutPrefix(strings.TrimSpace(line), rebuildMark); ok {
			name, names, _ := strings.Cut(rest, ", dropping ")
			return name, strings.Fields(names)
		}
	}
	return "", nil
}

// carryOver gives the new definition of a table the collations of the old one,
// and refuses one that would lose a column or a constraint that the file does
// not mean to drop.
func carryOver(old tableText, definition, table string, dropping []string) (string, error) {
	fresh := parseTable(definition)
	lost := func(what string) error {
		return fmt.Errorf("the rebuild would lose %s of table %s, which the models do not know; "+
			"write it into this CREATE TABLE (a column also into the INSERT below it) and run larder migrate hash, or drop it in a migration before this one", what, table)
	}
	for _, part := range old.parts {
		kept := slices.ContainsFunc(fresh.parts, func(p tablePart) bool { return p.column != "" && p.column == part.column })
		if part.column != "" && !kept && !slices.Contains(dropping, part.column) {
			return "", lost("column " + part.column)
		}
		for _, check := range part.checks {
			if !slices.Contains(dropping, check) && !slices.ContainsFunc(fresh.parts, func(p tablePart) bool { return slices.Contains(p.checks, check) }) {
				return "", lost("the constraint " + check)
			}
		}
		if part.column == "" && len(part.checks) == 0 && !slices.ContainsFunc(fresh.parts, func(p tablePart) bool { return p.words == part.words }) {
			return "", lost("the constraint " + part.words)
		}
	}
	for _, part := range slices.Backward(fresh.parts) {
		at := slices.IndexFunc(old.parts, func(p tablePart) bool { return p.column == part.column })
		if part.column == "" || at < 0 || part.collation != "" || old.parts[at].collation == "" {
			continue
		}
		definition = definition[:part.end] + " COLLATE " + old.parts[at].collation + definition[part.end:]
	}
	return definition, nil
}

// finish puts back what rebuilds took along and checks the outcome.
func (c *carrier) finish(ctx context.Context) error {
	if c.engine != SQLite {
		return nil
	}
	for _, a := range c.noted {
		found, err := c.texts(ctx, fmt.Sprintf("SELECT name FROM sqlite_schema WHERE name = %s OR (type = 'table' AND name = %s)", text(a.name), text(a.table)), 1)
		if err != nil {
			return fmt.Errorf("%s: %w", c.file, err)
		}
		tableThere := slices.ContainsFunc(found, func(row []string) bool { return row[0] == a.table })
		if there := slices.ContainsFunc(found, func(row []string) bool { return row[0] == a.name }); there || !tableThere {
			continue
		}
		if err := c.exec(ctx, a.sql); err != nil {
			return fmt.Errorf("%s: %s no longer fits table %s after its rebuild: %w; drop it or make it anew in this migration", c.file, a.name, a.table, err)
		}
	}
	if err := c.checkReferences(ctx); err != nil {
		return err
	}
	return c.checkViews(ctx)
}

// checkReferences does what foreign keys would have done.
func (c *carrier) checkReferences(ctx context.Context) error {
	const shown = 5
	rows, err := c.texts(ctx, fmt.Sprintf(`SELECT "table" || ' row ' || coalesce(rowid, '?') || ' refers to a missing row of ' || "parent" FROM pragma_foreign_key_check LIMIT %d`, shown), 1)
	if err != nil {
		return fmt.Errorf("%s: %w", c.file, err)
	}
	if len(rows) == 0 {
		return nil
	}
	messages := make([]string, len(rows))
	for i, row := range rows {
		messages[i] = row[0]
	}
	return fmt.Errorf("%s: after this migration %s; nothing of it was kept", c.file, strings.Join(messages, ", "))
}

// checkViews compiles every view and every trigger, which SQLite itself would
// only do when they are next used.
func (c *carrier) checkViews(ctx context.Context) error {
	views, err := c.texts(ctx, "SELECT name FROM sqlite_schema WHERE type = 'view'", 1)
	if err != nil {
		return fmt.Errorf("%s: %w", c.file, err)
	}
	for _, view := range views {
		if err := c.compile(ctx, "SELECT * FROM "+quote(view[0])); err != nil {
			return fmt.Errorf("%s: view %s no longer works after this migration: %w; drop it or make it anew in this file", c.file, view[0], err)
		}
	}
	tables, err := c.texts(ctx, "SELECT DISTINCT t.tbl_name FROM sqlite_schema AS t WHERE t.type = 'trigger'", 1)
	if err != nil {
		return fmt.Errorf("%s: %w", c.file, err)
	}
	for _, table := range tables {
		if err := c.compileTriggers(ctx, table[0]); err != nil {
			return fmt.Errorf("%s: a trigger of %s no longer works after this migration: %w; drop it or make it anew in this file", c.file, table[0], err)
		}
	}
	return nil
}

func (c *carrier) compileTriggers(ctx context.Context, table string) error {
	columns, err := c.texts(ctx, "SELECT name FROM pragma_table_info("+text(table)+")", 1)
	if err != nil {
		return err
	}
	sets := make([]string, len(columns))
	for i, column := range columns {
		sets[i] = quote(column[0]) + " = " + quote(column[0])
	}
	for _, sql := range []string{"DELETE FROM " + quote(table), "INSERT INTO " + quote(table) + " DEFAULT VALUES", "UPDATE " + quote(table) + " SET " + strings.Join(sets, ", ")} {
		if err := c.compile(ctx, sql); err != nil && !strings.Contains(err.Error(), "cannot modify") {
			return err
		}
	}
	return nil
}

// compile lets SQLite read a statement without running it.
func (c *carrier) compile(ctx context.Context, sql string) error {
	return c.exec(ctx, "EXPLAIN "+sql)
}

// tableText is a CREATE TABLE taken apart.
type tableText struct{ parts []tablePart }

// tablePart is a column or a table constraint of a definition.
type tablePart struct {
	column    string   // "" for a table constraint
	collation string   // as written
	checks    []string // names of its checks, or the text of one without a name
	words     string   // all of it, with single spaces
	end       int      // where it ends in the definition
}

// parseTable takes a definition apart that SQLite has accepted, or that larder
// wrote.
func parseTable(definition string) tableText {
	var out tableText
	var tokens []string
	depth := 0
	last := 0
	flush := func() {
		if len(tokens) > 0 {
			part := readPart(tokens)
			part.end = last
			out.parts = append(out.parts, part)
		}
		tokens = nil
	}
	s := &scanner{sql: definition, dialect: SQLite}
	for s.at < len(definition) {
		t, err := s.next()
		if err != nil {
			break
		}
		text := definition[t.start:t.end]
		switch {
		case t.kind == space:
			continue
		case text == "(":
			depth++
			if depth == 1 {
				continue
			}
		case text == ")":
			depth--
			if depth == 0 {
				flush()
				return out
			}
		case text == "," && depth == 1:
			flush()
			continue
		}
		if depth > 0 {
			tokens = append(tokens, text)
			last = t.end
		}
	}
	return out
}

// readPart reads one column or table constraint.
func readPart(tokens []string) tablePart {
	part := tablePart{words: strings.Join(tokens, " ")}
	switch strings.ToUpper(tokens[0]) {
	case "CONSTRAINT", "PRIMARY", "UNIQUE", "CHECK", "FOREIGN":
	default:
		part.column = bare(tokens[0])
	}
	depth, name := 0, ""
	for i, t := range tokens {
		switch strings.ToUpper(t) {
		case "(":
			depth++
		case ")":
			depth--
		case "CONSTRAINT":
			if depth == 0 && i+1 < len(tokens) {
				name = bare(tokens[i+1])
			}
		case "COLLATE":
			if depth == 0 && i+1 < len(tokens) {
				part.collation = tokens[i+1]
			}
		case "CHECK":
			if depth > 0 {
				continue
			}
			if name == "" {
				name = strings.Join(tokens[i:], " ")
			}
			part.checks = append(part.checks, name)
			name = ""
		}
	}
	return part
}

// bare is an identifier without its quotes.
func bare(name string) string {
	if len(name) < 2 {
		return name
	}
	switch name[0] {
	case '"', '`':
		quote := name[:1]
		return strings.ReplaceAll(name[1:len(name)-1], quote+quote, quote)
	case '[':
		return name[1 : len(name)-1]
	}
	return name
}
