package migrate

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/larderhq/larder/internal/model"
	"github.com/larderhq/larder/internal/modeltest"
	"github.com/larderhq/larder/internal/store"
)

// samples are values of each scalar in its JSON form.
var samples = modeltest.Samples()

// textOf are the scalars whose JSON forms become others as text: "1" is what
// the number 1 is as a String.
func textOf(raw string) string {
	var s string
	if json.Unmarshal([]byte(raw), &s) == nil {
		return s
	}
	return raw
}

// shape is a field in one schema.
type shape struct {
	name   string // "" where it is not there
	scalar string
	kind   model.Kind
	extra  string // directives
}

func (s shape) sdl() string {
	base, directives, _ := strings.Cut(s.scalar, " ")
	switch s.kind {
	case model.ValueList:
		base = "[" + base + "!]!"
	case model.JSONColumn:
		base = "[" + base + "!]! @json"
	default:
	}
	return fmt.Sprintf("%s: %s %s %s", s.name, base, directives, s.extra)
}

// column is the column that holds one value of the shape, as Parse has it.
func (s shape) column(t testing.TB) *column {
	schema := parse(t, modeltest.Words+" type Oracle { "+shape{name: "value", scalar: s.scalar}.sdl()+" }")
	return fieldColumn(schema.Type("Oracle").Field("value"))
}

// shared are the samples that two shapes can hold, as the canonical value of
// each: the same text or, where one is JSON, the same JSON value.
func shared(t testing.TB, a, b *column, raws []string) (values [][2]any) {
	for _, raw := range raws {
		read := func(c *column) (any, error) {
			if a.scalar == model.JSON || b.scalar == model.JSON {
				return c.field.AcceptJSON([]byte(raw))
			}
			if c.scalar == model.Int || c.scalar == model.Int64 {
				if strings.ContainsAny(textOf(raw), ".eE") {
					return nil, fmt.Errorf("%s is no integer", raw)
				}
			}
			return c.field.AcceptText(textOf(raw))
		}
		first, err := read(a)
		second, err2 := read(b)
		if err == nil && err2 == nil && first != nil && second != nil && exactly(first, second) && exactly(second, first) {
			values = append(values, [2]any{first, second})
		}
	}
	return values
}

// exactly reports whether a float, if the first is one, is the number that the
// other is.
func exactly(first, second any) bool {
	float, ok := first.(float64)
	if !ok {
		return true
	}
	switch n := second.(type) {
	case int64:
		return strconv.FormatFloat(float, 'f', -1, 64) == strconv.FormatInt(n, 10)
	case model.DecimalValue:
		return strconv.FormatFloat(float, 'f', -1, 64) == n.String()
	}
	return true
}

// row is a record: for each field its values as the first and as the second
// schema has them.
type row [][][2]any

func TestAnyChangeKeepsEveryValueThatBothSchemasHold(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) {
		rapid.Check(t, func(r *rapid.T) { keepsValues(t, r, newSQLite(t)) })
	})
	t.Run("postgres", func(t *testing.T) {
		server := postgresServer(t)
		rapid.Check(t, func(r *rapid.T) { keepsValues(t, r, server.open(t)) })
	})
}

func keepsValues(t *testing.T, r *rapid.T, engine store.Engine) {
	defer func() { // there are many of them; the test's end is late
		if err := engine.Close(); err != nil {
			t.Error(err)
		}
	}()
	scalars := sorted(samples)
	kind := rapid.SampledFrom([]model.Kind{model.Column, model.ValueList, model.JSONColumn})
	extra := rapid.SampledFrom([]string{"", "", "@index", "@since(version: 2)"})
	var from, to []shape
	var held [][][2]any
	for i := range rapid.IntRange(1, 4).Draw(r, "fields") {
		name := fmt.Sprintf("f%d", i)
		a := shape{name: name, scalar: rapid.SampledFrom(scalars).Draw(r, "scalar"), kind: kind.Draw(r, "kind")}
		b := a
		if rapid.Bool().Draw(r, "another scalar") {
			b.scalar = rapid.SampledFrom(scalars).Draw(r, "new scalar")
		}
		if rapid.Bool().Draw(r, "another kind") {
			b.kind = kind.Draw(r, "new kind")
		}
		if b.kind == model.Column {
			b.extra = extra.Draw(r, "directive")
			if strings.HasPrefix(b.scalar, "JSON") {
				b.extra = ""
			}
		}
		if rapid.Bool().Draw(r, "renamed") {
			b.name, b.extra = name+"New", b.extra+` @renamed(from: "`+name+`")`
		}
		values := shared(t, a.column(t), b.column(t), append(append([]string{}, samples[a.scalar]...), samples[b.scalar]...))
		from, to, held = append(from, a), append(to, b), append(held, values)
	}
	var rows []row
	for range rapid.IntRange(0, 3).Draw(r, "rows") {
		var record row
		for i := range from {
			most := 3
			if from[i].kind == model.Column || to[i].kind == model.Column {
				most = 1
			}
			var list [][2]any
			if len(held[i]) > 0 {
				list = rapid.SliceOfN(rapid.SampledFrom(held[i]), 0, most).Draw(r, "values")
			}
			record = append(record, list)
		}
		rows = append(rows, record)
	}
	_, computed := drawOpposite(r, from)
	before := schemaText(from, computed)
	opposite, computed := drawOpposite(r, to)
	after := schemaText(to, computed)
	path := t.TempDir()
	diffTo(t, path, "from", before)
	up(t, engine, path)
	for id, record := range rows {
		run(t, engine, insertText(t, engine, from, record, id+1))
	}
	sql := ""
	if m := diffTo(t, path, "to", after); m != nil {
		sql = m.SQL(engine.Dialect().Name())
	}
	if _, err := tryUp(t, engine, path); err != nil {
		r.Fatalf("%s\n%s\n%v\n%s", before, after, err, sql)
	}
	for id, record := range rows {
		for i, s := range to {
			query, want := heldText(t, engine, s, record[i], id+1)
			if got := ask(t, engine, query); len(got) != 1 || got[0] != want {
				r.Fatalf("%s\n%s\n%s\ngot %q, want %q\n%s", before, after, query, got, want, sql)
			}
		}
		if opposite != "" {
			query := fmt.Sprintf("SELECT CAST(count(*) AS text) FROM thing WHERE id = %d AND opposite IS NOT DISTINCT FROM -(%s)", id+1, columnName(opposite))
			if got := ask(t, engine, query); len(got) != 1 || got[0] != "1" {
				r.Fatalf("%s\n%s\n%s\ngot %q\n%s", before, after, query, got, sql)
			}
		}
	}
}

// drawOpposite declares a field that is computed from one of the others, if
// any can be computed with, or none.
func drawOpposite(r *rapid.T, fields []shape) (of, declaration string) {
	for _, f := range fields {
		scalar, _, _ := strings.Cut(f.scalar, " ")
		if f.kind == model.Column && slices.Contains([]string{"Int", "Int64", "Decimal"}, scalar) && rapid.Bool().Draw(r, "computed from "+f.name) {
			since := ""
			if strings.Contains(f.extra, "@since") {
				since = "@since(version: 2)"
			}
			return f.name, fmt.Sprintf(`opposite: %s @computed(as: "-%s") %s`, f.scalar, f.name, since)
		}
	}
	return "", ""
}

func schemaText(fields []shape, lines ...string) string {
	for _, f := range fields {
		lines = append(lines, "  "+f.sdl())
	}
	return modeltest.Words + "\ntype Thing {\n" + strings.Join(lines, "\n") + "\n}"
}

// insertText fills a record of the first schema.
func insertText(t testing.TB, engine store.Engine, fields []shape, record row, id int) string {
	e := dialectOf(engine.Dialect().Name())
	names, values, lists := []string{"id"}, []string{fmt.Sprint(id)}, ""
	for i, f := range fields {
		c := f.column(t)
		switch f.kind {
		case model.ValueList:
			for position, v := range record[i] {
				lists += fmt.Sprintf(";\nINSERT INTO thing_%s VALUES (%d, %d, %s)", f.name, id, position, e.literal(c, v[0]))
			}
		case model.JSONColumn:
			names, values = append(names, f.name), append(values, arrayLiteral(e, c, record[i], 0))
		default:
			names = append(names, f.name)
			if len(record[i]) == 0 {
				values = append(values, "NULL")
			} else {
				values = append(values, e.literal(c, record[i][0][0]))
			}
		}
	}
	return fmt.Sprintf("INSERT INTO thing (%s) VALUES (%s)%s", strings.Join(names, ", "), strings.Join(values, ", "), lists)
}

// arrayLiteral writes values as a JSON column holds them.
func arrayLiteral(e dialect, c *column, values [][2]any, side int) string {
	var elements []string
	for _, v := range values {
		element := e.toJSON("("+cast(e, c, v[side])+")", c)
		if e.name() == SQLite {
			element = "json(" + element + ")"
		}
		elements = append(elements, element)
	}
	if e.name() == SQLite {
		return "json_array(" + strings.Join(elements, ", ") + ")"
	}
	return "jsonb_build_array(" + strings.Join(elements, ", ") + ")"
}

// cast writes a value as the column would give it.
func cast(e dialect, c *column, value any) string {
	if e.name() == Postgres {
		return fmt.Sprintf("CAST(%s AS %s)", e.literal(c, value), e.columnType(c))
	}
	return e.literal(c, value)
}

// columnName is the column of a field.
func columnName(field string) string { return strings.ReplaceAll(field, "New", "_new") }

// heldText asks whether a record of the second schema holds the values.
func heldText(t testing.TB, engine store.Engine, s shape, values [][2]any, id int) (query, want string) {
	e := dialectOf(engine.Dialect().Name())
	c := s.column(t)
	name := columnName(s.name)
	switch s.kind {
	case model.ValueList:
		conditions := []string{"false"}
		for position, v := range values {
			conditions = append(conditions, fmt.Sprintf("(position = %d AND value = %s)", position, cast(e, c, v[1])))
		}
		return fmt.Sprintf("SELECT CAST(count(*) AS text) FROM thing_%s WHERE thing_id = %d AND (%s)", name, id, strings.Join(conditions, " OR ")), fmt.Sprint(len(values))
	case model.JSONColumn:
		return fmt.Sprintf("SELECT CAST(count(*) AS text) FROM thing WHERE id = %d AND %s = %s", id, name, arrayLiteral(e, c, values, 1)), "1"
	default:
	}
	value := "NULL"
	if len(values) > 0 {
		value = cast(e, c, values[0][1])
	}
	return fmt.Sprintf("SELECT CAST(count(*) AS text) FROM thing WHERE id = %d AND %s IS NOT DISTINCT FROM %s", id, name, value), "1"
}
