package statement_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/larderhq/larder/internal/model"
	"github.com/larderhq/larder/internal/statement"
)

// TestProfilesAndNewKeysAsSQL shows what an import asks about the looks of an
// answer, and how origins get other keys.
func TestProfilesAndNewKeysAsSQL(t *testing.T) {
	schema, err := model.Parse("models.graphql", []byte("type Film {\n title: String! @unique\n genres: [String!]!\n extra: JSON\n sequel: Film\n}"))
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range []statement.Dialect{statement.SQLite(), statement.Postgres()} {
		path := filepath.Join("testdata", "rekey."+d.Name()+".sql")
		t.Run(path, func(t *testing.T) {
			var steps []request
			add := func(name string, statements ...statement.Statement) {
				for _, st := range statements {
					steps = append(steps, request{name, sure(func(*statement.Builder) statement.Statement { return st })})
				}
			}
			s := statement.NewStaging(d, schema.Type("Film"), "swapi")
			add("profile", s.Profile())
			add("kinds of JSON", s.Kinds(2))
			add("last profile", statement.LastProfile(d, "swapi"))
			k := statement.NewRekeying(d, "swapi")
			add("create", k.Create()...)
			add("unknown", k.Unknown("Film", "", 500))
			add("origins", k.Origins("Film", "", 500))
			add("load", k.Load("Film", [][2]string{{`["A"]`, "[1]"}}))
			add("find", k.Find("Film", []string{`["A"]`, `["B"]`}))
			add("load what is read", k.LoadRead(true, "Film", []statement.KeyedRow{{Position: 1, Key: `["A"]`}}))
			add("loaded", k.Loaded()...)
			add("ambiguous", k.Ambiguous("Film", 20))
			add("take what is read", k.TakeRead("Film"))
			add("repeated", k.Repeated("Film", 20))
			add("count", k.Count("Film"))
			add("first", k.First("Film", 20))
			add("set bases", k.SetBases("Film", [][2]string{{`["A"]`, "{}"}}))
			add("conflicts", k.Conflicts("Film", "sequel"))
			add("set conflict", k.SetConflict(1, "null", "[1]", "[2]"))
			add("apply", k.Apply()...)
			add("set profile", statement.SetProfile(d, "swapi", "{}"))
			add("drop", k.Drop()...)
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
