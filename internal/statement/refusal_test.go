package statement_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/larderhq/larder/internal/query"
	"github.com/larderhq/larder/internal/statement"
)

// Package query makes none of these; whoever builds one by hand is told.
func TestWhatSuitsNoFieldIsRefused(t *testing.T) {
	schema := goldenSchema(t)
	planet := schema.Type("Planet")
	name, terrains := planet.Field("name"), planet.Field("terrains")
	for what, filter := range map[string]*query.Filter{
		"a list compared by size":       {Op: query.Greater, Field: terrains, Values: []any{"a"}},
		"a list compared with any list": {Op: query.Equal, Quantifier: query.Any, Field: terrains, Values: []any{"a"}},
		"a list that is true":           {Op: query.Is, Field: terrains, Values: []any{"true"}},
		"a text that contains":          {Op: query.Contains, Field: name, Values: []any{"a"}},
		"a text that is a word":         {Op: query.Is, Field: name, Values: []any{"1 OR 1=1"}},
		"two values for one":            {Op: query.Equal, Field: name, Values: []any{"a", "b"}},
		"a pattern that is no text":     {Op: query.Like, Field: name, Values: []any{int64(1)}},
		"an embed that is equal":        {Op: query.Is, Embed: &query.Embed{Relation: schema.Type("Person").Field("home")}, Values: []any{"5"}},
		"an operator that is none":      {Op: "; DROP TABLE", Field: name, Values: []any{"a"}},
	} {
		t.Run(what, func(t *testing.T) {
			q := query.Read{Type: planet, Limit: -1, Filter: &query.Filter{Op: query.Or, Filters: []*query.Filter{filter}}}
			b := statement.NewBuilder(statement.SQLite())
			for _, build := range []func(query.Read) (statement.Statement, error){b.List, b.Count, b.IDs, b.DeleteWhere} {
				if st, err := build(q); err == nil {
					t.Errorf("became %s", st.SQL)
				}
			}
		})
	}
	for what, assignment := range map[string]statement.Assignment{
		"a text increased":             {Field: name, Op: statement.Inc, Value: "a"},
		"a text appended to":           {Field: name, Op: statement.Append, Value: []any{"a"}},
		"a duration times duration":    {Field: schema.Type("Thing").Field("span"), Op: statement.Mul, Value: int64(2)},
		"an operation that is none":    {Field: name, Op: "$rename", Value: "a"},
		"the lesser of two references": {Field: schema.Type("Person").Field("home"), Op: statement.Min, Value: int64(2)},
	} {
		t.Run(what, func(t *testing.T) {
			b := statement.NewBuilder(statement.SQLite())
			if st, err := b.Update(planet, int64(1), []statement.Assignment{assignment}); err == nil {
				t.Errorf("became %s", st.SQL)
			}
		})
	}
}

// SQLite bounds a pattern's bytes; the client is told before it does.
func TestAPatternTooLongForSQLiteIsTheClientsError(t *testing.T) {
	planet := goldenSchema(t).Type("Planet")
	q := parsed(t, planet, "name=ilike."+strings.Repeat("é", 10_000))
	_, err := statement.NewBuilder(statement.SQLite()).List(q)
	var invalid *query.Error
	if !errors.As(err, &invalid) || invalid.Code != query.CodeLimit {
		t.Errorf("got %v", err)
	}
	if _, err := statement.NewBuilder(statement.Postgres()).List(q); err != nil {
		t.Errorf("PostgreSQL has no such bound: %v", err)
	}
}

func TestAPatternInAnEmbedTooLongForSQLiteIsTheClientsError(t *testing.T) {
	shelf := shopSchema(t).Type("Shelf")
	b := statement.NewBuilder(statement.SQLite())
	for _, form := range []string{"items(name)", "items!inner(name)", "items(maker!inner(name))"} {
		parameter := "&items.name=ilike."
		if strings.Contains(form, "maker") {
			parameter = "&items.maker.name=ilike."
		}
		q := parsed(t, shelf, "select=id,"+form+parameter+strings.Repeat("é", 10_000))
		for name, build := range map[string]func() (statement.Statement, error){
			"list":  func() (statement.Statement, error) { return b.List(q) },
			"item":  func() (statement.Statement, error) { return b.Item(q, int64(7)) },
			"items": func() (statement.Statement, error) { return b.Items(q, []any{int64(7)}) },
		} {
			st, err := build()
			var invalid *query.Error
			if !errors.As(err, &invalid) || invalid.Code != query.CodeLimit {
				t.Errorf("%s of %s: got %v and %d bytes", name, form, err, len(st.SQL))
			}
		}
	}
}

// A query within its limits can say more values than SQLite binds, above all
// where an embed's filter is in the statement several times.
func TestMoreValuesThanAStatementTakesAreTheClientsError(t *testing.T) {
	member := shopSchema(t).Type("Member")
	const form = "select=shelves!inner(items!inner(maker!inner()))"
	values := func(conditions int) string {
		return form + strings.Repeat("&shelves.items.maker.id=in.("+strings.Repeat("1,", 600)+"1)", conditions)
	}
	b := statement.NewBuilder(statement.SQLite())
	st, err := b.List(parsed(t, member, values(5)))
	if err != nil || len(st.Args) < 3*5*1024 {
		t.Errorf("got %v and %d arguments", err, len(st.Args))
	}
	_, err = b.List(parsed(t, member, values(20)))
	var invalid *query.Error
	if !errors.As(err, &invalid) || invalid.Code != query.CodeLimit {
		t.Errorf("got %v", err)
	}
}

func TestAPositionThatIsNoneIsRefused(t *testing.T) {
	q := parsed(t, goldenSchema(t).Type("Planet"), "order=population")
	for _, text := range []string{"", "[", "[1]", "[1,2,3]", `["x",1]`, `[1,"x"]`} {
		if position, err := statement.DecodePosition(q, []byte(text)); err == nil {
			t.Errorf("%s became %v", text, position)
		}
	}
	position, err := statement.DecodePosition(q, []byte("[null,9007199254740993]"))
	if err != nil || position[0] != nil || position[1] != int64(9007199254740993) {
		t.Errorf("got %v, %v", position, err)
	}
}
