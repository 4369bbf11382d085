package migrate

import (
	"encoding/base64"
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"time"

	"github.com/larderhq/larder/internal/model"
)

// sqlite writes SQL for SQLite 3.53 and later.
type sqlite struct{}

func (sqlite) name() string { return SQLite }

func (sqlite) columnType(c *column) string {
	if c.list {
		return "TEXT"
	}
	switch c.scalar {
	case model.Int, model.Int64, model.Decimal, model.Boolean, model.Duration:
		return "INTEGER"
	case model.Float:
		return "REAL"
	case model.String, model.ID, model.EnumWord, model.UUID, model.Date, model.DateTime, model.JSON, model.Bytes:
	}
	return "TEXT"
}

// check writes what STRICT does not hold by itself. A condition on null is
// null, which a check lets pass, so that none of them speaks of null.
func (s sqlite) check(c *column) string {
	name := quote(c.name)
	if c.computed != nil {
		return s.fits(c)
	}
	if c.list {
		return fmt.Sprintf("json_valid(%s) AND json_type(%s) = 'array'", name, name)
	}
	switch c.scalar {
	case model.Boolean:
		return name + " IN (0, 1)"
	case model.EnumWord:
		return name + " IN (" + words(c.enum) + ")"
	case model.JSON:
		return fmt.Sprintf("json_valid(%s)", name)
	case model.UUID:
		if c.reference != nil {
			return "" // what it refers to is checked
		}
		return fmt.Sprintf("length(%s) = 36", name)
	case model.Date:
		return both(fmt.Sprintf("date(%s) IS %s", name, name), moments(s, c))
	case model.DateTime:
		return both(name+" GLOB '????-??-??T??:??:??.??????Z'", moments(s, c))
	case model.Duration:
		return moments(s, c)
	case model.Bytes:
		return fmt.Sprintf("length(%s) %% 4 = 0", name)
	case model.String, model.ID:
		return lengths(c, "length")
	case model.Int, model.Float, model.Decimal:
		return s.between(c)
	case model.Int64:
		if c.bounds != nil {
			return s.between(c)
		}
	}
	return ""
}

// between writes the bounds of a number: those of its type where SQLite's own
// are wider, and those that the model sets within them.
func (sqlite) between(c *column) string {
	var low, high *big.Rat
	switch c.scalar { //nolint:exhaustive // only the numbers that are narrower than their column
	case model.Int:
		low, high = rat("-2147483648"), rat("2147483647")
	case model.Decimal:
		most := strings.Repeat("9", c.precision)
		low, high = rat("-"+most), rat(most)
	case model.Float:
		low, high = rat("-1.7976931348623157e308"), rat("1.7976931348623157e308")
	}
	scale := rat("1")
	if c.scalar == model.Decimal {
		scale = rat("1e" + strconv.Itoa(c.scale))
	}
	if c.bounds != nil && c.bounds.Min != "" {
		low = tighter(low, new(big.Rat).Mul(rat(c.bounds.Min), scale), 1)
	}
	if c.bounds != nil && c.bounds.Max != "" {
		high = tighter(high, new(big.Rat).Mul(rat(c.bounds.Max), scale), -1)
	}
	return within(quote(c.name), boundText(c.scalar, low, true), boundText(c.scalar, high, false))
}

// within writes that a value is between two bounds, each of them "" for none.
func within(value, low, high string) string {
	switch {
	case low != "" && high != "":
		return fmt.Sprintf("%s BETWEEN %s AND %s", value, low, high)
	case low != "":
		return fmt.Sprintf("%s >= %s", value, low)
	case high != "":
		return fmt.Sprintf("%s <= %s", value, high)
	}
	return ""
}

// both joins two conditions, each of them "" for none.
func both(a, b string) string {
	if a != "" && b != "" {
		return a + " AND " + b
	}
	return a + b
}

// moments writes the bounds of a date, time or duration, which the model has
// checked to be one.
func moments(d dialect, c *column) string {
	if c.bounds == nil {
		return ""
	}
	bound := func(text string) string {
		if text == "" {
			return ""
		}
		value, err := c.field.AcceptText(text)
		if err != nil {
			return ""
		}
		return d.literal(c, value)
	}
	return within(quote(c.name), bound(c.bounds.Min), bound(c.bounds.Max))
}

// tighter is the greater of two bounds for sign 1, the lesser for -1.
func tighter(a, b *big.Rat, sign int) *big.Rat {
	if a == nil || b.Cmp(a)*sign > 0 {
		return b
	}
	return a
}

// boundText writes a bound, "" for none; of a column that holds integers the
// nearest integer inside it.
func boundText(scalar model.Scalar, r *big.Rat, up bool) string {
	if r == nil {
		return ""
	}
	if scalar == model.Float {
		f, _ := r.Float64()
		return strconv.FormatFloat(f, 'g', -1, 64)
	}
	quotient, remainder := new(big.Int).DivMod(r.Num(), r.Denom(), new(big.Int))
	if up && remainder.Sign() != 0 {
		quotient.Add(quotient, big.NewInt(1))
	}
	return quotient.String()
}

// rat reads a decimal literal, which the model has checked already.
func rat(literal string) *big.Rat {
	r, ok := new(big.Rat).SetString(literal)
	if !ok {
		return new(big.Rat)
	}
	return r
}

// lengths writes the bounds of a text's length, counted by the function.
func lengths(c *column, function string) string {
	if c.bounds == nil {
		return ""
	}
	count := func(n *int) string {
		if n == nil {
			return ""
		}
		return strconv.Itoa(*n)
	}
	return within(fmt.Sprintf("%s(%s)", function, quote(c.name)), count(c.bounds.MinLength), count(c.bounds.MaxLength))
}

// words writes the words of an enum as string constants.
func words(e *model.Enum) string {
	list := make([]string, len(e.Values))
	for i, v := range e.Values {
		list[i] = text(v.Name)
	}
	return strings.Join(list, ", ")
}

// literal writes a value as SQLite stores it: see docs/migrations.md.
func (sqlite) literal(c *column, value any) string {
	switch v := value.(type) {
	case nil:
		return "NULL"
	case bool:
		if v {
			return "1"
		}
		return "0"
	case int64:
		return strconv.FormatInt(v, 10)
	case float64:
		return floatText(v)
	case model.DecimalValue:
		return strconv.FormatInt(unscaled(v, c.scale), 10)
	case time.Time:
		return text(v.UTC().Format("2006-01-02T15:04:05.000000Z"))
	case time.Duration:
		return strconv.FormatInt(v.Microseconds(), 10)
	case []byte:
		return text(base64.StdEncoding.EncodeToString(v))
	}
	return text(fmt.Sprint(value))
}

// floatText writes a float so that SQL reads it as one.
func floatText(v float64) string {
	s := strconv.FormatFloat(v, 'g', -1, 64)
	if !strings.ContainsAny(s, ".e") {
		s += ".0"
	}
	return s
}

// unscaled is the integer that stands for a decimal in a column of the scale.
func unscaled(v model.DecimalValue, scale int) int64 {
	n := v.Unscaled
	for s := v.Scale; s < scale; s++ {
		n *= 10
	}
	for s := v.Scale; s > scale; s-- {
		n /= 10
	}
	return n
}

// createTable puts every check beside its column, where DROP COLUMN takes it
// along. Foreign keys have no name, since SQLite never says one, so that
// renaming a type rebuilds nothing.
func (s sqlite) createTable(t *table) []string {
	return []string{commentLines(t) + s.tableDefinition(t, t.name)}
}

// tableDefinition is CREATE TABLE under a name that a rebuild chooses.
func (s sqlite) tableDefinition(t *table, name string) string {
	var lines []string
	for _, c := range t.columns {
		lines = append(lines, "  "+s.columnDefinition(c))
	}
	options := "STRICT"
	if t.field != nil {
		lines = append(lines, "  PRIMARY KEY ("+quoteAll(t.key)+")")
		options = "STRICT, WITHOUT ROWID"
	}
	return fmt.Sprintf("CREATE TABLE %s (\n%s\n) %s", quote(name), strings.Join(lines, ",\n"), options)
}

// columnDefinition is one column as CREATE TABLE and ADD COLUMN take it.
func (s sqlite) columnDefinition(c *column) string {
	parts := []string{quote(c.name), s.columnType(c)}
	if c.primary {
		parts = append(parts, "PRIMARY KEY")
	}
	if c.identity {
		parts = append(parts, "AUTOINCREMENT")
	}
	if c.required && !c.identity {
		parts = append(parts, "NOT NULL")
	}
	if value := s.defaultValue(c); value != "" {
		parts = append(parts, "DEFAULT", value)
	}
	if c.computed != nil {
		parts = append(parts, computes(s, c))
	}
	if condition := s.check(c); condition != "" {
		parts = append(parts, "CONSTRAINT", quote(checkName(c)), "CHECK", "("+condition+")")
	}
	if c.reference != nil {
		parts = append(parts, references(c.reference))
	}
	return strings.Join(parts, " ")
}

// defaultValue is the column's default as SQL, "" for none.
func (s sqlite) defaultValue(c *column) string { return defaultText(s, c) }

// defaultText is the column's default in a dialect, "" for none.
func defaultText(d dialect, c *column) string {
	if c.defaultValue == nil {
		return ""
	}
	if c.list {
		return text(c.defaultValue.Text)
	}
	return d.literal(c, c.defaultValue.Value)
}

// checkName is what the model calls the column's check.
func checkName(c *column) string {
	if c.checkName != "" {
		return c.checkName
	}
	return c.table + "_" + c.name + "_check"
}

func references(r *reference) string {
	return fmt.Sprintf("REFERENCES %s (%s) ON DELETE %s", quote(r.table), quote("id"), action(r.onDelete))
}

// action writes a referential action. Restrict is immediate on both engines.
func action(onDelete model.OnDelete) string {
	switch onDelete {
	case model.Cascade:
		return "CASCADE"
	case model.SetNull:
		return "SET NULL"
	case model.Restrict:
	}
	return "RESTRICT"
}

func (sqlite) createIndex(x *index) string {
	unique := ""
	if x.unique {
		unique = "UNIQUE "
	}
	return fmt.Sprintf("CREATE %sINDEX %s ON %s (%s)", unique, quote(x.name), quote(x.table), quoteAll(x.columns))
}

func (sqlite) afterTables(*table) []string { return nil }

// commentLines are the descriptions of a table as SQL comments. They stand
// above the statement: SQLite keeps what is inside it, and edits it.
func commentLines(t *table) string {
	var out strings.Builder
	if t.description != "" {
		fmt.Fprintf(&out, "-- %s: %s\n", t.name, oneLine(t.description))
	}
	for _, c := range t.columns {
		if c.description != "" {
			fmt.Fprintf(&out, "--   %s: %s\n", c.name, oneLine(c.description))
		}
	}
	return out.String()
}

// oneLine folds a description into one line.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
