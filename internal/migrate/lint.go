package migrate

import (
	"fmt"
	"math/big"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/larderhq/larder/internal/model"
)

// Severity is how much a finding matters.
type Severity string

// The severities.
const (
	// Destructive: values are gone afterwards.
	Destructive Severity = "destructive"
	// Breaking: the migration fails, and changes nothing, if there are rows
	// that do not fit.
	Breaking Severity = "breaking"
	// Locking: others wait while it runs, for long where the table is large.
	Locking Severity = "locking"
)

// Finding is something to think about before a migration is applied.
type Finding struct {
	Severity Severity
	File     string // of the migration, with its path; "" in a plan
	Line     int    // in a hand-written file; else 0
	Engine   string // the only dialect that it concerns; "" for both
	Message  string
	Action   string

	// Rows is how many rows are concerned, -1 when no database was asked.
	Rows     int64
	Examples []string // the first of them

	change Change
}

// String is one line for people.
func (f Finding) String() string {
	text := f.File
	if f.Line > 0 {
		text += fmt.Sprintf(":%d", f.Line)
	}
	if text != "" {
		text += ": "
	}
	text += fmt.Sprintf("%s: %s", f.Severity, f.Message)
	if f.Rows >= 0 {
		text += fmt.Sprintf(" (rows: %d", f.Rows)
		if len(f.Examples) > 0 {
			text += ", first: " + strings.Join(f.Examples, ", ")
		}
		text += ")"
	}
	if f.Action != "" {
		text += "; " + f.Action
	}
	return text
}

// lintChange is what a change alone tells.
func lintChange(c Change) []Finding {
	found := func(s Severity, engine, message, action string) Finding {
		return Finding{Severity: s, Engine: engine, Message: message, Action: action, Rows: -1, change: c}
	}
	switch c := c.(type) {
	case dropTable:
		if !c.moved {
			return []Finding{found(Destructive, "", c.String()+" drops table "+c.table.name+" and all of its rows", renameHint)}
		}
	case dropColumn:
		if !c.moved && !c.recomputed {
			return []Finding{found(Destructive, "", c.String()+" drops column "+c.column.table+"."+c.column.name+" and all of its values", renameHint)}
		}
	case addColumn:
		if c.column.required && !c.filled && c.column.defaultValue == nil && c.column.computed == nil {
			return []Finding{found(Breaking, "", c.column.label()+" is required and has no default, so a table with rows refuses it",
				"give it a @default, or add it without \"!\", fill it, and require it in the next migration")}
		}
	case changeType:
		return lintType(c, found)
	case changeRequired:
		if c.to.required {
			return []Finding{found(Breaking, "", c.String(), "fill the rows that are null in a migration before it")}
		}
	case changeCheck:
		if !loosens(c) {
			return []Finding{found(Breaking, "", c.String(), "change the rows that break it in a migration before it")}
		}
	case addIndex:
		return lintIndex(c, found)
	case moveValues:
		if single(c.to) && !single(c.from) {
			return []Finding{found(Destructive, "", c.String()+" keeps the first value of each only", "move the others in a migration before it")}
		}
	case createTable, renameTable, renameColumn, changeDefault, changeReference, dropIndex, renameIndex, changeDescription:
	}
	return nil
}

const renameHint = "if it only has another name now, say so with @renamed(from:)"

// single reports whether a field's place holds one value a record; of a
// to-many relation, one owner a record.
func single(f *model.Field) bool {
	return f.Kind == model.Column || f.Kind == model.ToOne || f.Kind == model.ToMany
}

func lintType(c changeType, found func(Severity, string, string, string) Finding) []Finding {
	var findings []Finding
	if !widens(c.from, c.to) {
		findings = append(findings, found(Breaking, "", c.String()+", which holds less", "change the values that do not fit in a migration before it"))
	}
	p := postgres{}
	if name := quote(c.to.name); p.columnType(c.from) != p.columnType(c.to) || p.convert(name, c.from, c.to) != name {
		findings = append(findings, found(Locking, Postgres, c.String()+": table "+c.to.table+" is rewritten, nobody reads or writes it meanwhile", "apply it in a quiet hour"))
	}
	return findings
}

// widens reports whether every value of one column fits the other.
func widens(from, to *column) bool {
	if from.scalar == model.Decimal && to.scalar == model.Decimal {
		return to.scale >= from.scale && to.precision-to.scale >= from.precision-from.scale
	}
	switch to.scalar {
	case from.scalar, model.JSON, model.String:
		return true
	case model.Int64:
		return from.scalar == model.Int || from.scalar == model.Boolean
	case model.Int:
		return from.scalar == model.Boolean
	case model.Float:
		return from.scalar == model.Int
	case model.Decimal:
		return from.scalar == model.Int && to.precision-to.scale >= 10
	case model.ID:
		return from.scalar == model.String || from.scalar == model.UUID || from.scalar == model.EnumWord
	case model.DateTime:
		return from.scalar == model.Date
	case model.Boolean, model.UUID, model.Date, model.Duration, model.Bytes, model.EnumWord:
	}
	return false
}

func lintIndex(c addIndex, found func(Severity, string, string, string) Finding) []Finding {
	if c.fresh {
		return nil
	}
	findings := []Finding{found(Locking, Postgres, c.String()+" builds an index of table "+c.index.table+", whose writers wait meanwhile",
		c.withoutLock())}
	if c.index.unique {
		findings = append(findings, found(Breaking, "", c.String()+": rows that have the same values refuse it", "make them differ in a migration before it"))
	}
	return findings
}

// manyRows is from where on the lock of an index that is built hurts: for fewer
// it is held for some tenths of a second.
const manyRows = 100_000

// withoutLock tells how the index can be built without the lock.
func (c addIndex) withoutLock() string {
	if c.index.unique {
		return "on a large table build it beforehand, by a migration of your own with CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS, and write ADD CONSTRAINT … UNIQUE USING INDEX here"
	}
	return "on a large table write the migration with --concurrently"
}

// loosens reports whether a check lets through everything that it did before.
func loosens(c changeCheck) bool {
	if c.from.enum != nil || c.to.enum != nil {
		return loosensWords(c.from.enum, c.to.enum)
	}
	if changesType(c.from, c.to) || c.to.bounds == nil {
		return true // what changes with the type is told with the type
	}
	from, to := c.from.bounds, c.to.bounds
	if from == nil {
		from = &model.Check{}
	}
	low := to.Min == "" || to.Min == from.Min || (from.Min != "" && compareBounds(to.Min, from.Min) < 0)
	high := to.Max == "" || to.Max == from.Max || (from.Max != "" && compareBounds(to.Max, from.Max) > 0)
	short := to.MinLength == nil || (from.MinLength != nil && *to.MinLength <= *from.MinLength)
	long := to.MaxLength == nil || (from.MaxLength != nil && *to.MaxLength >= *from.MaxLength)
	return low && high && short && long && (to.Pattern == "" || to.Pattern == from.Pattern)
}

// compareBounds compares two numbers; of other bounds it knows nothing and
// gives 0.
func compareBounds(a, b string) int {
	x, ok := new(big.Rat).SetString(a)
	y, ok2 := new(big.Rat).SetString(b)
	if !ok || !ok2 {
		return 0
	}
	return x.Cmp(y)
}

func loosensWords(from, to *model.Enum) bool {
	if to == nil {
		return true
	}
	if from == nil {
		return false
	}
	left := map[string]bool{}
	for _, v := range to.Values {
		left[v.Name] = true
	}
	for _, v := range from.Values {
		if !left[v.Name] {
			return false
		}
	}
	return true
}

// written are the statements of a hand-written file that lose data.
var written = []struct {
	pattern *regexp.Regexp
	message string
}{
	{regexp.MustCompile(`(?is)^DROP\s+TABLE\b`), "drops a table and all of its rows"},
	{regexp.MustCompile(`(?is)^ALTER\s+TABLE\b.*\bDROP\s+COLUMN\b`), "drops a column and all of its values"},
	{regexp.MustCompile(`(?is)^TRUNCATE\b`), "empties a table"},
}

// deletesAll is a DELETE without any condition.
var deletesAll = regexp.MustCompile(`(?is)^DELETE\s+FROM\s+\S+\s*$`)

// lintFile reads a hand-written file.
func (d *Dir) lintFile(m Migration, engine string) ([]Finding, error) {
	file := filepath.Join(d.path, m.File(engine))
	statements, err := split(m.sql[engine], engine)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	var findings []Finding
	report := func(st sqlStatement, severity Severity, message, action string) {
		findings = append(findings, Finding{Severity: severity, File: file, Line: st.line, Engine: engine, Message: message, Action: action, Rows: -1})
	}
	for _, st := range statements {
		for _, w := range written {
			if w.pattern.MatchString(st.text) {
				report(st, Destructive, w.message, "make sure that nothing needs it")
			}
		}
		if deletesAll.MatchString(st.text) {
			report(st, Destructive, "deletes every row of a table", "make sure that nothing needs them")
		}
	}
	if st, err := refuse(statements, engine); err != nil {
		report(st, Breaking, err.Error(), "")
	}
	return findings, nil
}
