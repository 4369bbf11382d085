package statement_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/larderhq/larder/internal/model"
	"github.com/larderhq/larder/internal/statement"
)

const stagingSDL = `
type Film {
  title: String! @unique
  released: Date
  grossed: Decimal
  director: Person
  cast: [Person!]! @ref(inverse: "films")
  genres: [String!]!
}

type Person {
  id: UUID!
  name: String! @unique
  films: [Film!]! @ref(inverse: "cast")
  scenes: [Scene!]! @ref(onDelete: CASCADE)
}

type Scene @unique(fields: ["number", "person"]) {
  number: Int!
  person: Person!
}
`

// stagingSteps are the statements of an import of one type, in the order in
// which they run.
func stagingSteps(d statement.Dialect, schema *model.Schema, kind *model.Type) []request {
	s := statement.NewStaging(d, kind, "swapi")
	values := make([]any, len(s.Fields()))
	assigned := make([]int, len(s.Fields()))
	for i := range s.Fields() {
		assigned[i] = i
	}
	steps := []request{}
	add := func(name string, statements ...statement.Statement) {
		for _, st := range statements {
			steps = append(steps, request{kind.Table() + ": " + name, sure(func(*statement.Builder) statement.Statement { return st })})
		}
	}
	add("create", s.Create()...)
	add("load", s.Load(s.Append(nil, statement.StagedRow{Position: 1, Key: `["A"]`, Base: "{}", Values: values})))
	add("loaded", s.Loaded()...)
	add("index unique", s.IndexUnique())
	add("index", s.Index())
	add("repeats", s.Repeats())
	add("duplicates", s.Duplicates("", 10))
	add("remove", s.Remove(`["A"]`))
	add("match", s.Match())
	if orphans, ok := s.Orphans(); ok {
		add("orphans", orphans)
	}
	add("number", s.Number())
	add("fresh", s.Fresh())
	add("match new", s.MatchNew())
	add("matched", s.Matched()...)
	add("counts", s.Counts())
	add("first", s.First(statement.StagedNew, 20))
	add("incomplete", s.Incomplete(20))
	add("restore", s.Restore([]string{`["A"]`}))
	if owned, ok := s.RestoreOwned(); ok {
		add("restore owned", owned)
	}
	add("deletion", s.Deletion(`["A"]`))
	add("create gone", s.CreateGone(statement.FateRemoved)...)
	var references []statement.Reference
	for _, other := range schema.Types {
		for _, f := range other.Fields {
			if f.Relation == nil || f.Relation.Target != kind {
				continue
			}
			add("untell "+f.Owner.Name+"."+f.Name, s.Untell(f))
			if f.Kind == model.ToOne || f.Relation.Owning {
				references = append(references, statement.Reference{Field: f, Fed: true})
			}
		}
	}
	add("fates", s.Fates())
	add("lock gone", s.LockGone()...)
	add("candidates", s.Candidates(0, 500))
	add("edited", s.Edited([]int64{1, 2}))
	for round := 1; round <= 2; round++ {
		if used, ok := s.Used(references, round); ok {
			add(fmt.Sprintf("used, round %d", round), used)
		}
	}
	add("index rounds", s.IndexRounds())
	add("unused", s.Unused())
	add("loosen", s.Loosen()...)
	add("delete gone", s.DeleteGone()...)
	add("leave", s.Leave(1)...)
	add("attach", s.Attach())
	add("first gone", s.FirstGone(20, statement.FateEdited, statement.FateUsed))
	add("drop gone", s.DropGone())
	add("lock differing", s.LockDiffering()...)
	add("differing", s.Differing(0, 500))
	add("load changes", s.LoadChanges([]statement.StagedChange{{Position: 1, Base: "{}", Assigned: []int{0, 2}}}))
	for i, f := range s.Fields() {
		if f.Kind == model.ValueList {
			add("replace", s.Replace(i, []statement.StagedList{{Position: 1, Elements: []any{"a"}}}))
		}
	}
	add("conflicts", s.Conflicts([]statement.FoundConflict{{Key: `["A"]`, Field: "title", RecordID: "1", Upstream: `"B"`, Local: `"C"`}}, 1, moment))
	add("close conflicts", s.CloseConflicts([]int64{1, 2}))
	add("stale conflicts", s.StaleConflicts())
	add("insert", s.Insert()...)
	add("late", s.Late()...)
	add("update", s.Update(assigned)...)
	add("adopt", s.Adopt(1))
	add("origins", s.Origins(1))
	add("origins of new", s.OriginsOfNew(1))
	add("written", s.Written()...)
	add("clashes", s.Clashes(20)...)
	add("drop", s.Drop()...)
	return steps
}

func TestAnImportBecomesTheSQLInTheGoldenFiles(t *testing.T) {
	schema, err := model.Parse("models.graphql", []byte(stagingSDL))
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range []statement.Dialect{statement.SQLite(), statement.Postgres()} {
		path := filepath.Join("testdata", "staging."+d.Name()+".sql")
		t.Run(path, func(t *testing.T) {
			var steps []request
			for _, kind := range schema.Types {
				steps = append(steps, stagingSteps(d, schema, kind)...)
			}
			run := statement.ImportRun{Source: "swapi", Address: "https://example.com", Started: moment, Finished: moment, Status: "done"}
			add := func(name string, st statement.Statement) {
				steps = append(steps, request{name, sure(func(*statement.Builder) statement.Statement { return st })})
			}
			add("begin a run", statement.BeginRun(d, run))
			add("resume a run", statement.ResumeRun(d, 1, "waiting", "running", moment))
			add("close runs", statement.CloseRuns(d, "swapi", "running", moment, run))
			add("end a run", statement.EndRun(d, 1, run))
			add("forget runs", statement.ForgetRuns(d, "swapi", 100))
			add("read runs", statement.Runs(d, "swapi", 9, 0, 100))
			add("read a run", statement.Runs(d, "", 0, 1, 1))
			for _, own := range []struct {
				name string
				st   statement.Statement
			}{
				{"list conflicts", statement.Conflicts(d, schema, statement.ConflictFilter{ID: 1, Source: "swapi", Type: "Film", Unresolved: true, After: 7}, 20)},
				{"resolve conflict", statement.ResolveConflict(d, 1, 2, "local", "7", moment)},
				{"keyed records", statement.KeyedRecords(d, schema.Type("Film").Field("director"), "swapi", []string{`["A"]`})},
			} {
				steps = append(steps, request{own.name, sure(func(*statement.Builder) statement.Statement { return own.st })})
			}
			got := rendered(t, steps, d)
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

func TestABatchStaysBelowTheEnginesBoundOnArguments(t *testing.T) {
	for _, fields := range []int{1, 10, 400} {
		sdl := "type Wide {\n"
		for i := range fields {
			sdl += fmt.Sprintf("  f%d: Int\n", i)
		}
		schema, err := model.Parse("models.graphql", []byte(sdl+"}"))
		if err != nil {
			t.Fatal(err)
		}
		s := statement.NewStaging(statement.SQLite(), schema.Types[0], "swapi")
		var values []any
		for range s.LoadRows() {
			values = s.Append(values, statement.StagedRow{Values: make([]any, fields)})
		}
		if n := len(s.Load(values).Args); n == 0 || n > 32_766 {
			t.Errorf("%d fields: a batch has %d arguments", fields, n)
		}
	}
}
