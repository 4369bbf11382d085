package statement_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/larderhq/larder/internal/model"
	"github.com/larderhq/larder/internal/query"
	"github.com/larderhq/larder/internal/statement"
)

// moment is a time for statements.
var moment = time.Date(2026, 11, 23, 17, 18, 0, 0, time.UTC)

var update = flag.Bool("update", false, "write the golden files anew")

// request is a request of the golden files: what it is called and what it
// becomes.
type request struct {
	name  string
	build func(b *statement.Builder) (statement.Statement, error)
}

// sure is a build that cannot fail.
func sure(build func(b *statement.Builder) statement.Statement) func(*statement.Builder) (statement.Statement, error) {
	return func(b *statement.Builder) (statement.Statement, error) { return build(b), nil }
}

// listed is the list that a URL's query asks for.
func listed(t testing.TB, kind *model.Type, raw string) request {
	q := parsed(t, kind, raw)
	return request{kind.Table() + "?" + raw, func(b *statement.Builder) (statement.Statement, error) { return b.List(q) }}
}

func parsed(t testing.TB, kind *model.Type, raw string) query.Read {
	t.Helper()
	r, err := query.Parse(kind, 1, raw, query.Limits{})
	if err != nil {
		t.Fatalf("%s: %v", raw, err)
	}
	return r.Read
}

func TestRequestsBecomeTheSQLInTheGoldenFiles(t *testing.T) {
	for file, requests := range goldenRequests(t) {
		for _, d := range []statement.Dialect{statement.SQLite(), statement.Postgres()} {
			path := filepath.Join("testdata", file+"."+d.Name()+".sql")
			t.Run(path, func(t *testing.T) {
				got := rendered(t, requests, d)
				if *update {
					if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
						t.Fatal(err)
					}
				}
				want, err := os.ReadFile(path)
				if err != nil {
					t.Fatal(err)
				}
				if got != string(want) {
					t.Errorf("the SQL has changed; look at it and run with -update\n%s", firstDifference(got, string(want)))
				}
			})
		}
	}
}

// rendered writes the statements of the requests, with line breaks for people.
func rendered(t *testing.T, requests []request, d statement.Dialect) string {
	var text strings.Builder
	for _, r := range requests {
		st, err := r.build(statement.NewBuilder(d))
		if err != nil {
			t.Fatalf("%s: %v", r.name, err)
		}
		again, err := r.build(statement.NewBuilder(d))
		if err != nil || again.SQL != st.SQL {
			t.Errorf("%s becomes another text the second time (%v):\n%s\n%s", r.name, err, st.SQL, again.SQL)
		}
		fmt.Fprintf(&text, "-- %s\n%s;\n-- with %v\n\n", r.name, broken(st.SQL), st.Args)
	}
	return text.String()
}

// broken breaks a statement into lines before its clauses.
func broken(sql string) string {
	var text strings.Builder
	depth := 0
	for i := range len(sql) {
		switch sql[i] {
		case '(':
			depth++
		case ')':
			depth--
		case ' ':
			if rest := sql[i+1:]; depth == 0 && startsClause(rest) || strings.HasPrefix(rest, "UNION ALL") {
				text.WriteString("\n ")
			}
		}
		text.WriteByte(sql[i])
	}
	return text.String()
}

func startsClause(text string) bool {
	for _, word := range []string{"FROM ", "JOIN ", "WHERE ", "ORDER BY ", "SET ", "VALUES ", "ON CONFLICT ", "RETURNING "} {
		if strings.HasPrefix(text, word) {
			return true
		}
	}
	return false
}

func firstDifference(got, want string) string {
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range g {
		if i >= len(w) || g[i] != w[i] {
			return fmt.Sprintf("line %d\ngot  %s\nwant %s", i+1, g[i], strings.Join(w[min(i, len(w)):min(i+1, len(w))], ""))
		}
	}
	return "lines are missing at the end"
}

const goldenSDL = `
type Planet {
  name: String! @unique @check(minLength: 1, maxLength: 200)
  population: Int64 @check(min: 0) @index
  terrains: [String!]!
  climates: [String!]!
}

enum Colour { RED GREEN BLUE }

type Thing {
  text: String
  small: Int
  float: Float
  price: Decimal @decimal(precision: 10, scale: 2)
  flag: Boolean
  token: UUID
  day: Date
  moment: DateTime
  span: Duration
  data: JSON
  bytes: Bytes
  colour: Colour
  prices: [Decimal!]!
  labels: [String!] @json
}

type Person {
  id: UUID!
  name: String!
  home: Planet
  kind: Kind
  tags: [Tag!]!
}

type Tag @vocabulary { word: String! @unique }

type Kind @vocabulary { id: UUID! word: String! @unique }
`

func goldenSchema(t testing.TB) *model.Schema {
	t.Helper()
	schema, err := model.Parse("models.graphql", []byte(goldenSDL))
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// goldenRequests are the requests of each pair of golden files.
func goldenRequests(t testing.TB) map[string][]request {
	schema := goldenSchema(t)
	return map[string][]request{
		"embed":  embedRequests(t),
		"read":   readRequests(t, schema),
		"filter": filterRequests(t, schema),
		"page":   pageRequests(t, schema),
		"change": changeRequests(t, schema),
		"rename": renameRequests(t),
	}
}

// renamedSchema is of models in which everything was renamed since version 1.
func renamedSchema(t testing.TB) *model.Schema {
	t.Helper()
	schema, err := model.Parse("models.graphql", []byte(`
type Recipe @renamed(from: "Formula", version: 2) {
  title: String! @unique @renamed(from: "name", version: 2)
  tags: [String!]! @renamed(from: "labels", version: 2)
  steps: [Step!]! @renamed(from: "parts", version: 2)
}
type Step @renamed(from: "Part", version: 2) {
  text: String! @renamed(from: "words", version: 2)
  recipe: Recipe @renamed(from: "formula", version: 2)
}`))
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// renameRequests are those of version 1: its names are in the URL and in the
// JSON, the tables and columns have the names of today.
func renameRequests(t testing.TB) []request {
	past := renamedSchema(t).In(1)
	formula, part := past.Type("Recipe"), past.Type("Step")
	change := statement.Assignment{Field: formula.Attribute(1, "name"), Op: statement.Set, Value: "Tea"}
	return []request{
		listed(t, formula, "select=name,labels,parts(words)&labels=cs.{hot}&order=name&limit=20"),
		listed(t, formula, "select=name,parts!inner()&parts.words=like.*boil*&limit=20"),
		listed(t, part, "select=words,formulaId,formula(name)&formulaId=eq.7&order=formula(name)"),
		{"insert a formula", sure(func(b *statement.Builder) statement.Statement {
			return b.Insert(formula, [][]any{{"Tea"}}, false, nil)
		})},
		{"update a formula", func(b *statement.Builder) (statement.Statement, error) {
			return b.UpdateWhere(statement.ByID(formula, int64(7)), []statement.Assignment{change})
		}},
	}
}

func readRequests(t testing.TB, schema *model.Schema) []request {
	planet, thing, person := schema.Type("Planet"), schema.Type("Thing"), schema.Type("Person")
	item := func(kind *model.Type, raw string, id any) request {
		q := parsed(t, kind, raw)
		return request{kind.Table() + " " + fmt.Sprint(id) + " " + raw, func(b *statement.Builder) (statement.Statement, error) { return b.Item(q, id) }}
	}
	return []request{
		item(planet, "", int64(7)),
		item(planet, "select=id,label:name", int64(7)),
		item(thing, "", int64(7)),
		item(person, "", "0192d3f4-0000-7000-8000-000000000001"),
		{"planet 7, locked", sure(func(b *statement.Builder) statement.Statement {
			lock, _ := b.Lock(planet, int64(7))
			return lock
		})},
		{"planets 9, 7", func(b *statement.Builder) (statement.Statement, error) {
			return b.Items(parsed(t, planet, ""), []any{int64(9), int64(7)})
		}},
		listed(t, planet, "limit=20"),
		listed(t, planet, ""),
	}
}

func filterRequests(t testing.TB, schema *model.Schema) []request {
	planet, thing, person := schema.Type("Planet"), schema.Type("Thing"), schema.Type("Person")
	var requests []request
	for _, raw := range []string{
		"population=gte.1000000", "population=not.lt.5", "population=in.(1,2,3)", "population=in.()",
		"population=is.null", "population=isdistinct.7", "population=gt(any).{1,2}", "name=like(all).{A*,*n}",
		"name=like.T_t*", "name=ilike.*oo*", "or=(name.eq.Hoth,and(population.gt.1,not.population.neq.2))",
		"terrains=cs.{desert,ocean}", "terrains=cd.{desert}", "terrains=ov.{desert,ocean,ice}", "terrains=eq.{desert,ocean}", "terrains=eq.{}", "terrains=is.null",
	} {
		requests = append(requests, listed(t, planet, "select=name&"+raw))
	}
	for _, raw := range []string{
		"price=gt.1.5", "flag=is.true", "moment=gte.2026-11-23T17:18:00Z", "span=lt.PT1H", "bytes=eq.AAEC", "colour=eq.RED",
		"labels=cs.{a,b}", "labels=cd.{a}", "labels=ov.{a}", "labels=eq.{a,b}", "prices=cs.{1.5}",
	} {
		requests = append(requests, listed(t, thing, "select=id&"+raw))
	}
	for _, raw := range []string{"homeId=eq.7", "kind=eq.pilot", "tags=cs.{brave}"} {
		requests = append(requests, listed(t, person, "select=name&"+raw))
	}
	return requests
}

func pageRequests(t testing.TB, schema *model.Schema) []request {
	planet := schema.Type("Planet")
	after := func(raw string, position ...any) request {
		q := parsed(t, planet, raw)
		q.After = position
		return request{fmt.Sprint(raw, " after ", position), func(b *statement.Builder) (statement.Statement, error) { return b.List(q) }}
	}
	before := func(raw string, position ...any) request {
		q := parsed(t, planet, raw)
		q.Before = position
		return request{fmt.Sprint(raw, " before ", position), func(b *statement.Builder) (statement.Statement, error) { return b.List(q) }}
	}
	counted := parsed(t, planet, "select=name&population=gt.5&limit=3")
	counted.Count = query.ExactCount
	return []request{
		listed(t, planet, "select=name&order=population&limit=3"),
		listed(t, planet, "select=name&order=population.desc&limit=3"),
		listed(t, planet, "select=name&order=population.desc.nullslast,name&limit=3&offset=6"),
		listed(t, planet, "select=name&order=name.desc&limit=3"),
		listed(t, planet, "select=name&offset=6"),
		{"counted", func(b *statement.Builder) (statement.Statement, error) { return b.List(counted) }},
		{"the count alone", func(b *statement.Builder) (statement.Statement, error) { return b.Count(counted) }},
		after("select=name&limit=3", int64(7)),
		before("select=name&limit=3", int64(7)),
		after("select=name&order=population&limit=3&name=neq.Hoth", int64(1000), int64(7)),
		after("select=name&order=population&limit=3", nil, int64(7)),
		before("select=name&order=population&limit=3", int64(1000), int64(7)),
		after("select=name&order=population.desc,name&limit=3", nil, "Hoth", int64(7)),
	}
}

func changeRequests(t testing.TB, schema *model.Schema) []request {
	planet, thing, person := schema.Type("Planet"), schema.Type("Thing"), schema.Type("Person")
	set := func(kind *model.Type, name string, op statement.Operation, raw string) statement.Assignment {
		f := kind.Field(name)
		value, err := f.AcceptJSON([]byte(raw))
		if err != nil {
			t.Fatal(err)
		}
		return statement.Assignment{Field: f, Op: op, Value: value}
	}
	update := func(kind *model.Type, assignments ...statement.Assignment) request {
		name := "update " + kind.Table()
		for _, a := range assignments {
			name += " " + a.Field.Name + " " + string(a.Op)
		}
		return request{name, func(b *statement.Builder) (statement.Statement, error) { return b.Update(kind, int64(7), assignments) }}
	}
	where := parsed(t, planet, "population=lt.5")
	double := set(planet, "population", statement.Mul, "2")
	terrains := set(planet, "terrains", statement.Append, `["desert","ice"]`)
	tags := set(person, "tags", statement.Append, `["brave"]`)
	owner := "0192d3f4-0000-7000-8000-000000000001"
	requests := []request{
		{"insert one planet", sure(func(b *statement.Builder) statement.Statement {
			return b.Insert(planet, [][]any{{"Hoth", nil}}, false, nil)
		})},
		{"insert two planets with ids", sure(func(b *statement.Builder) statement.Statement {
			return b.Insert(planet, [][]any{{int64(1), "Hoth", nil}, {int64(2), "Naboo", int64(5)}}, true, nil)
		})},
		{"insert a planet unless its name is taken", sure(func(b *statement.Builder) statement.Statement {
			return b.Insert(planet, [][]any{{"Hoth", nil}}, false, []*model.Field{planet.Field("name")})
		})},
		{"find the planet that took the name", sure(func(b *statement.Builder) statement.Statement {
			return b.Find(planet, []*model.Field{planet.Field("name")}, []any{"Hoth"})
		})},
		{"insert a person", sure(func(b *statement.Builder) statement.Statement {
			return b.Insert(person, [][]any{{owner, "Leia", int64(2), "princess"}}, true, nil)
		})},
		update(planet, set(planet, "name", statement.Set, `"Hoth"`), double),
		update(planet, set(planet, "population", statement.Inc, "1")),
		update(planet, set(planet, "population", statement.Max, "10")),
		update(thing, set(thing, "price", statement.Mul, "1.5")),
		update(thing, set(thing, "price", statement.Inc, "0.25"), set(thing, "float", statement.Mul, "0.5"), set(thing, "span", statement.Inc, `"PT1S"`)),
		update(thing, set(thing, "moment", statement.Min, `"2026-11-23T17:18:00Z"`)),
		update(thing, set(thing, "labels", statement.Set, `["a"]`)),
		update(thing, set(thing, "labels", statement.Append, `["a"]`)),
		update(thing, set(thing, "labels", statement.Remove, `["a"]`)),
		{"update planets by filter", func(b *statement.Builder) (statement.Statement, error) {
			return b.UpdateWhere(where, []statement.Assignment{double})
		}},
		{"out of range", func(b *statement.Builder) (statement.Statement, error) {
			st, _, err := b.OutOfRange(where, double)
			return st, err
		}},
		{"the ids of planets by filter", func(b *statement.Builder) (statement.Statement, error) { return b.IDs(where) }},
		{"delete planets by filter", func(b *statement.Builder) (statement.Statement, error) { return b.DeleteWhere(where) }},
		{"delete one planet", sure(func(b *statement.Builder) statement.Statement { return b.Delete(planet, int64(7)) })},
		{"write lists", sure(func(b *statement.Builder) statement.Statement {
			return b.WriteList(planet.Field("terrains"), []statement.ListRow{{Owner: int64(7), Elements: []any{"desert", "ice"}}})
		})},
		{"write long lists", sure(func(b *statement.Builder) statement.Statement {
			return b.WriteList(planet.Field("terrains"), []statement.ListRow{{Owner: int64(7), Elements: slices.Repeat([]any{"ice"}, 9)}})
		})},
		{"write a vocabulary's long list", sure(func(b *statement.Builder) statement.Statement {
			return b.WriteList(person.Field("tags"), []statement.ListRow{{Owner: owner, Elements: slices.Repeat([]any{"brave"}, 9)}})
		})},
		{"write a vocabulary's list", sure(func(b *statement.Builder) statement.Statement {
			return b.WriteList(person.Field("tags"), []statement.ListRow{{Owner: owner, Elements: []any{"brave"}}})
		})},
		{"write long lists", sure(func(b *statement.Builder) statement.Statement {
			return b.WriteList(planet.Field("terrains"), []statement.ListRow{
				{Owner: int64(7), Elements: []any{"a", "b", "c", "d", "e"}}, {Owner: int64(9), Elements: []any{"a", "b", "c", "d"}},
			})
		})},
		{"write a vocabulary's long list", sure(func(b *statement.Builder) statement.Statement {
			return b.WriteList(person.Field("tags"), []statement.ListRow{{Owner: owner, Elements: []any{"a", "b", "c", "d", "e", "f", "g", "h", "i"}}})
		})},
		{"clear lists", sure(func(b *statement.Builder) statement.Statement {
			return b.ClearList(planet.Field("terrains"), []any{int64(7), int64(9)})
		})},
		{"append to lists", sure(func(b *statement.Builder) statement.Statement {
			return b.AppendToList(terrains, []any{int64(7), int64(9)})
		})},
		{"append to a vocabulary's list", sure(func(b *statement.Builder) statement.Statement {
			return b.AppendToList(tags, []any{owner})
		})},
		{"link new records", sure(func(b *statement.Builder) statement.Statement {
			return b.Link(person.Field("tags"), []any{owner, owner}, []any{int64(3), int64(4)})
		})},
		{"add words", func(b *statement.Builder) (statement.Statement, error) {
			return b.AddWords(schema.Type("Tag"), []any{"brave"}, nil)
		}},
		{"add words with ids", func(b *statement.Builder) (statement.Statement, error) {
			return b.AddWords(schema.Type("Kind"), []any{"pilot"}, func() (any, error) { return owner, nil })
		}},
		{"a record referred to", sure(func(b *statement.Builder) statement.Statement { return b.Missing(planet, int64(7)) })},
		{"claim a key", sure(func(b *statement.Builder) statement.Statement { return b.ClaimKey("key", "print", moment) })},
		{"the kept answer", sure(func(b *statement.Builder) statement.Statement { return b.KeptAnswer("key") })},
		{"keep an answer", sure(func(b *statement.Builder) statement.Statement { return b.KeepAnswer("key", []byte("{}")) })},
		{"drop a key", sure(func(b *statement.Builder) statement.Statement { return b.DropKey("key", moment) })},
	}
	for i, step := range []string{"remove from lists", "move the rest away", "and back without gaps"} {
		requests = append(requests, request{step, sure(func(b *statement.Builder) statement.Statement {
			return b.RemoveFromList(terrains, []any{int64(7)})[i]
		})})
	}
	return requests
}
