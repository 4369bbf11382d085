package statement_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/larderhq/larder/internal/model"
	"github.com/larderhq/larder/internal/query"
	"github.com/larderhq/larder/internal/statement"
)

// token is a quoted identifier, a text constant, a word, a number, or one
// other character.
var token = regexp.MustCompile(`"(?:[^"]|"")*"|'(?:[^']|'')*'|[A-Za-z_][A-Za-z_0-9]*|[0-9]+(?:e[0-9]+)?|\$[0-9]+|\S`)

// limit is how many rows a page has, the one thing of a request that may be in
// its SQL.
var limit = regexp.MustCompile(` LIMIT [0-9]+`)

// FuzzNothingOfARequestIsInItsSQL takes the SQL of any query that parses apart
// and finds in it nothing but names of the model and the package's own words:
// those that the golden requests consist of.
func FuzzNothingOfARequestIsInItsSQL(f *testing.F) {
	schema, shop := goldenSchema(f), shopSchema(f)
	known := knownTokens(f, schema, shop)
	kinds := []*model.Type{
		schema.Type("Planet"), schema.Type("Thing"), schema.Type("Person"),
		shop.Type("Shelf"), shop.Type("Item"), shop.Type("Member"),
	}
	for _, raw := range []string{
		`select="x'); DROP TABLE planet; --":name&name=eq.'; DROP TABLE planet; --`,
		`name=like.%22%27*&order=population.desc.nullslast,name&limit=7&offset=31337`,
		`or=(name.ilike."*'--*",terrains.cs.{"'); DELETE"},population.in.(4711,815))`,
		`terrains=cd.{zebra}&climates=ov.{"'a'"}&terrains=eq.{quagga,okapi}`,
		`price=gt.47.11&labels=cs.{"';"}&moment=lt.2001-02-03T04:05:06Z&colour=eq.RED&flag=is.true`,
		`select="x'":home!inner("--":name,'":count()),...home("y;":name)&"x'".name=eq.'z'&"x'".limit=17`,
		`select="a'":population.avg(),name,count()&order=name&limit=31337&offset=4711`,
		`select=name,"x'":items!inner(*,maker("--":name,country!inner()),price.sum())&"x'".order=maker(name).desc&"x'".maker.name=in.(4711,"'")`,
		`select=name,"x'":items!inner(*,maker("--":name,country!inner()))&"x'".order=maker(name).desc&"x'".maker.name=in.(4711,"'")&"x'".offset=31337`,
		`select=quantity,...shelf("$1":name),...seller("?":name),price.sum()&order=quantity.desc`,
		`select=shelves(members(shelves!inner(members(shelves("'":name)))))&shelves.members.limit=31337&shelves=not.is.null`,
		`order=home(name).desc,name&select=q:price.sum(),moment.max()`,
		`kind=eq.'x'&tags=cs.{"\"y"}&homeId=in.(31337)&select="a\"b":name,"$1":id,"?":kind`,
	} {
		for i := range kinds {
			f.Add(uint8(i), raw) //nolint:gosec // six of them
		}
	}
	f.Fuzz(func(t *testing.T, kind uint8, raw string) {
		r, err := query.Parse(kinds[int(kind)%len(kinds)], 1, raw, query.Limits{})
		if err != nil {
			return
		}
		q := r.Read
		q.Count = query.ExactCount
		for _, d := range []statement.Dialect{statement.SQLite(), statement.Postgres()} {
			b := statement.NewBuilder(d)
			list, err := b.List(q)
			if err != nil {
				return // a pattern too long
			}
			deletion, err := b.DeleteWhere(q)
			if err != nil {
				t.Fatal(err)
			}
			for _, sql := range []string{list.SQL, deletion.SQL} {
				for _, found := range token.FindAllString(limit.ReplaceAllString(sql, " LIMIT"), -1) {
					if !known[found] && found[0] != '$' {
						t.Fatalf("%s is not of the model, in\n%s", found, sql)
					}
				}
			}
			if d.Name() == "sqlite" && strings.Count(list.SQL, "?") != len(list.Args) {
				t.Errorf("%d placeholders, %d arguments", strings.Count(list.SQL, "?"), len(list.Args))
			}
		}
	})
}

// knownTokens are those of the golden requests and of requests that use every
// operator on every field.
func knownTokens(t testing.TB, golden, shop *model.Schema) map[string]bool {
	known := map[string]bool{}
	add := func(st statement.Statement, err error) {
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range token.FindAllString(st.SQL, -1) {
			known[found] = true
		}
	}
	for _, d := range []statement.Dialect{statement.SQLite(), statement.Postgres()} {
		b := statement.NewBuilder(d)
		for _, requests := range goldenRequests(t) {
			for _, r := range requests {
				add(r.build(b))
			}
		}
		deepest := parsed(t, shop.Type("Member"), "select=shelves(members(shelves(members(shelves(name)))))")
		add(b.List(deepest))
		for _, kind := range slices.Concat(golden.Types, shop.Types) {
			for _, field := range kind.Attributes(1) {
				q := query.Read{Type: kind, Version: 1, Limit: 1, Offset: 1, Columns: []query.Column{{Field: field, Name: field.JSONName()}}}
				add(b.List(q))
				q.Columns = append([]query.Column{{Field: kind.ID, Name: "id"}}, q.Columns...)
				add(b.List(q))
				for _, aggregate := range []query.Aggregate{query.CountOf, query.SumOf, query.AvgOf, query.MinOf, query.MaxOf} {
					raw := "select=" + field.JSONName() + "." + string(aggregate) + "()"
					if r, err := query.Parse(kind, 1, raw, query.Limits{}); err == nil {
						add(b.List(r.Read))
					}
				}
			}
		}
	}
	return known
}
