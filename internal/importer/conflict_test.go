package importer_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/larderhq/larder/internal/importer"
	"github.com/larderhq/larder/internal/model"
	"github.com/larderhq/larder/internal/postgrestest"
	"github.com/larderhq/larder/internal/store"
)

// opener makes an empty database of models.
type opener func(t *testing.T, models string) *world

// withDatabases runs the test on each engine, with databases of its own.
func withDatabases(t *testing.T, test func(t *testing.T, open opener)) {
	t.Helper()
	t.Run("SQLite", func(t *testing.T) {
		test(t, func(t *testing.T, models string) *world { return newWorld(t, models) })
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		database := postgrestest.Database(t)
		test(t, func(t *testing.T, models string) *world {
			return openPostgresWorld(t, postgrestest.Schema(t, database), models)
		})
	})
}

// from imports the lists that a source has at the paths.
func (w *world) from(source string, options importer.Options, lists map[string]string) (importer.Report, error) {
	return importer.Run(w.t.Context(), w.engine, w.schema, source, answer(w.t, lists), options)
}

// conflicts are all conflicts, a line each: id, field, base, upstream and local
// value, and what was decided.
func (w *world) conflicts(t *testing.T) string {
	t.Helper()
	found, err := importer.Conflicts(t.Context(), w.engine, w.schema, importer.ConflictFilter{})
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, c := range found {
		state := "equal"
		switch {
		case c.Open:
			state = "open"
		case c.Resolution != "":
			state = c.Resolution
		}
		base := "?"
		if c.Base != nil {
			base = string(c.Base)
		}
		lines = append(lines, fmt.Sprintf("%s: %s > %s | %s %s", c.Field, base, c.Upstream, c.Local, state))
	}
	return strings.Join(lines, "\n")
}

const starModels = `
type Star @source(name: "swapi", path: "stars", key: ["name"]) {
  name: String! @unique
  size: Int @default(value: "1")
  note: String
  tags: [String!]!
}`

const starRow = `name, coalesce(CAST(size AS text), 'null'), coalesce(note, 'null'), (SELECT string_agg(value, ',' ORDER BY position) FROM star_tags WHERE star_id = id)) FROM star ORDER BY id`

// retag is SQL that gives the star the tags.
func retag(words string) []string {
	statements := []string{`DELETE FROM star_tags`}
	for i, word := range strings.Fields(words) {
		statements = append(statements, fmt.Sprintf(`INSERT INTO star_tags (star_id, position, value) SELECT id, %d, '%s' FROM star`, i, word))
	}
	return statements
}

func TestAFieldIsDecidedByItsThreeValues(t *testing.T) {
	type step struct {
		here      []string // SQL, before the import
		upstream  string   // the star, but for its name
		star      string   // what it is then, but for its name
		conflicts string
	}
	tests := map[string][]step{
		"changed upstream": {
			{nil, `"size":2,"note":"a"`, "2|a", ""},
			{nil, `"size":3,"note":"a"`, "3|a", ""},
		},
		"changed here": {
			{nil, `"size":2,"note":"a"`, "2|a", ""},
			{[]string{`UPDATE star SET size = 7`}, `"size":2,"note":"b"`, "7|b", ""},
		},
		"changed to the same on both sides": {
			{nil, `"size":2,"note":"a"`, "2|a", ""},
			{[]string{`UPDATE star SET size = 7`}, `"size":7,"note":"a"`, "7|a", ""},
			{nil, `"size":8,"note":"a"`, "8|a", ""},
		},
		"changed on both sides, then upstream again": {
			{nil, `"size":2`, "2|null", ""},
			{[]string{`UPDATE star SET size = 7`}, `"size":3`, "7|null", "size: 2 > 3 | 7 open"},
			{nil, `"size":3`, "7|null", "size: 2 > 3 | 7 open"},
			{[]string{`UPDATE star SET size = 6`}, `"size":4`, "6|null", "size: 2 > 4 | 6 open"},
		},
		"upstream goes back": {
			{nil, `"size":2`, "2|null", ""},
			{[]string{`UPDATE star SET size = 7`}, `"size":3`, "7|null", "size: 2 > 3 | 7 open"},
			{nil, `"size":2`, "7|null", ""},
			{nil, `"size":4`, "7|null", "size: 2 > 4 | 7 open"},
		},
		"upstream comes to what is here": {
			{nil, `"size":2`, "2|null", ""},
			{[]string{`UPDATE star SET size = 7`}, `"size":3`, "7|null", "size: 2 > 3 | 7 open"},
			{nil, `"size":7`, "7|null", ""},
		},
		"what is here comes to upstream's": {
			{nil, `"size":2`, "2|null", ""},
			{[]string{`UPDATE star SET size = 7`}, `"size":3`, "7|null", "size: 2 > 3 | 7 open"},
			{[]string{`UPDATE star SET size = 3`}, `"size":3`, "3|null", "size: 2 > 3 | 3 equal"},
			{nil, `"size":4`, "4|null", ""},
		},
		"to null on either side": {
			{nil, `"size":2,"note":"a"`, "2|a", ""},
			{[]string{`UPDATE star SET size = NULL`}, `"size":3,"note":null`, "null|null", "size: 2 > 3 | null open"},
			{[]string{`UPDATE star SET note = 'b'`}, `"size":3,"note":"c"`, "null|b", "size: 2 > 3 | null open\nnote: null > \"c\" | \"b\" open"},
		},
		"told for the first time": {
			{nil, ``, "1|null", ""},
			{nil, `"size":2,"note":"a"`, "2|a", ""},
		},
		"told for the first time after someone has said it": {
			{nil, ``, "1|null", ""},
			{[]string{`UPDATE star SET size = 7, note = 'b'`}, `"size":2,"note":"a"`, "7|b", "size: ? > 2 | 7 open\nnote: ? > \"a\" | \"b\" open"},
		},
		"not told any more": {
			{nil, `"size":2`, "2|null", ""},
			{[]string{`UPDATE star SET size = 7`}, ``, "7|null", ""},
			{nil, `"size":2`, "7|null", ""},
		},
		"lists of both sides": {
			{nil, `"size":2,"tags":["a","b","c"]`, "2|null|a,b,c", ""},
			{retag("a x c"), `"size":2,"tags":["a","b","c","d"]`, "2|null|a,x,c,d", ""},
			{nil, `"size":2,"tags":["d","a"]`, "2|null|d,a,x", ""},
			{retag("d"), `"size":2,"tags":["d","a","e"]`, "2|null|d,e", ""},
		},
		"lists with a value twice": {
			{nil, `"size":2,"tags":["a","a"]`, "2|null|a,a", ""},
			{retag("b"), `"size":2,"tags":["c","a"]`, "2|null|b", `tags: ["a","a"] > ["c","a"] | ["b"] open`},
			{nil, `"size":2,"tags":["c","d"]`, "2|null|b,d", ""},
		},
		"a list of a record that was here before": {
			{append([]string{`INSERT INTO star (name) VALUES ('Sol')`}, retag("b")...), `"size":2,"tags":["a"]`, "2|null|b", `tags: ? > ["a"] | ["b"] open`},
		},
	}
	withDatabases(t, func(t *testing.T, open opener) {
		for name, steps := range tests {
			t.Run(name, func(t *testing.T) {
				w := open(t, starModels)
				for i, s := range steps {
					for _, sql := range s.here {
						w.exec(sql)
					}
					if s.upstream != "" {
						s.upstream = "," + s.upstream
					}
					if !strings.Contains(s.upstream, "tags") {
						s.upstream += `,"tags":[]`
					}
					if _, err := w.from("swapi", importer.Options{}, map[string]string{"stars": `[{"name":"Sol"` + s.upstream + `}]`}); err != nil {
						t.Fatal(err)
					}
					if got := w.rows(starRow); got != "Sol|"+s.star {
						t.Errorf("import %d: %s, want %s", i+1, got, s.star)
					}
					if got := w.conflicts(t); got != s.conflicts {
						t.Errorf("import %d: conflicts %s, want %s", i+1, got, s.conflicts)
					}
				}
			})
		}
	})
}

func TestConflictsAreDecidedAsIsSet(t *testing.T) {
	first, then := map[string]string{"stars": `[{"name":"Sol","size":2,"tags":[]}]`}, map[string]string{"stars": `[{"name":"Sol","size":3,"tags":[]}]`}
	tests := map[string]struct {
		models          string
		setting         model.OnConflict
		star, conflicts string
		summary         string
	}{
		"by nothing":                  {starModels, "", "Sol|7|null", "size: 2 > 3 | 7 open", "1 unchanged, 1 in conflict"},
		"by the source: local":        {starModels, model.KeepLocal, "Sol|7|null", "size: 2 > 3 | 7 open", "1 unchanged, 1 in conflict"},
		"by the source: upstream":     {starModels, model.TakeUpstream, "Sol|3|null", "size: 2 > 3 | 3 upstream", "1 updated, 1 in conflict"},
		"by the source: fail":         {starModels, model.FailOnConflict, "Sol|7|null", "", ""},
		"by the type before a source": {strings.Replace(starModels, `key: ["name"]`, `key: ["name"], onConflict: UPSTREAM`, 1), model.FailOnConflict, "Sol|3|null", "size: 2 > 3 | 3 upstream", "1 updated, 1 in conflict"},
		"by the type: fail":           {strings.Replace(starModels, `key: ["name"]`, `key: ["name"], onConflict: FAIL`, 1), "", "Sol|7|null", "", ""},
	}
	withDatabases(t, func(t *testing.T, open opener) {
		for name, test := range tests {
			t.Run(name, func(t *testing.T) {
				w := open(t, test.models)
				if _, err := w.from("swapi", importer.Options{OnConflict: test.setting}, first); err != nil {
					t.Fatal(err)
				}
				w.exec(`UPDATE star SET size = 7`)
				report, err := w.from("swapi", importer.Options{OnConflict: test.setting}, then)
				if test.summary == "" {
					const want = `nothing was imported, for 1 conflict (onConflict: fail):
  Star ["Sol"], size: was 2, upstream says 3, here it is 7
give each field here one of the other two values, or set onConflict to local or upstream`
					if conflict := (*importer.ConflictError)(nil); !errors.As(err, &conflict) || !strings.HasSuffix(err.Error(), want) {
						t.Errorf("error %v", err)
					}
					w.expect(t, `base) FROM larder_origin WHERE CAST(base AS text) LIKE '%2%'`, w.rows(`base) FROM larder_origin`))
				} else if err != nil || report.Types[0].Summary() != test.summary {
					t.Errorf("error %v, %s, want %s", err, report.Types[0].Summary(), test.summary)
				}
				w.expect(t, starRow, test.star)
				if got := w.conflicts(t); got != test.conflicts {
					t.Errorf("conflicts %s, want %s", got, test.conflicts)
				}
			})
		}
	})
}

// The error of an import is kept with its run, which the API serves.
func TestAConflictThatFailsTellsNoHiddenValues(t *testing.T) {
	hidden := strings.Replace(starModels, "size: Int", "size: Int @hidden", 1)
	withDatabases(t, func(t *testing.T, open opener) {
		w := open(t, hidden)
		options := importer.Options{OnConflict: model.FailOnConflict}
		var err error
		for _, size := range []string{"2", "3141"} {
			_, err = w.from("swapi", options, map[string]string{"stars": `[{"name":"Sol","size":` + size + `,"tags":[]}]`})
			w.exec(`UPDATE star SET size = 2718`)
		}
		if err == nil || !strings.Contains(err.Error(), `Star ["Sol"], size: `) || strings.Contains(err.Error(), "3141") || strings.Contains(err.Error(), "2718") {
			t.Errorf("got %v", err)
		}
	})
}

func TestAConflictDecidedForUpstreamIsListedWithWhatItOverwrote(t *testing.T) {
	withDatabases(t, func(t *testing.T, open opener) {
		w := open(t, starModels)
		options := importer.Options{OnConflict: model.TakeUpstream}
		for _, size := range []string{"2", "3"} {
			report, err := w.from("swapi", options, map[string]string{"stars": `[{"name":"Sol","size":` + size + `,"tags":[]}]`})
			if err != nil {
				t.Fatal(err)
			}
			if size == "3" {
				listed := report.Types[0].Conflicts.First[0].Fields[0]
				if string(listed.Before) != "7" || string(listed.After) != "3" || string(listed.Upstream) != "3" {
					t.Errorf("listed %s → %s, upstream %s", listed.Before, listed.After, listed.Upstream)
				}
			}
			w.exec(`UPDATE star SET size = 7 WHERE size = 2`)
		}
		found, err := importer.Conflicts(t.Context(), w.engine, w.schema, importer.ConflictFilter{Resolved: true})
		if err != nil || len(found) != 1 || string(found[0].Overwritten) != "7" || found[0].ResolvedAt == nil || found[0].RecordID != "1" || string(found[0].Key) != `["Sol"]` {
			t.Errorf("%+v, %v", found, err)
		}
	})
}

func TestADryRunLeavesNoConflicts(t *testing.T) {
	withDatabases(t, func(t *testing.T, open opener) {
		w := open(t, starModels)
		for i, size := range []string{"2", "3"} {
			report, err := w.from("swapi", importer.Options{DryRun: i > 0}, map[string]string{"stars": `[{"name":"Sol","size":` + size + `,"tags":[]}]`})
			if err != nil || report.Types[0].Conflicts.Count != i {
				t.Errorf("%v, %+v", err, report)
			}
			w.exec(`UPDATE star SET size = 7`)
		}
		w.expect(t, `count(*)) FROM larder_conflict`, "0")
	})
}

func TestConflictsOfWhatIsNoLongerHereAreForgotten(t *testing.T) {
	withDatabases(t, func(t *testing.T, open opener) {
		w := open(t, starModels)
		stars := func(size int) {
			t.Helper()
			list := fmt.Sprintf(`[{"name":"Sol","size":%[1]d,"tags":[]},{"name":"Vega","size":%[1]d,"tags":[]}]`, size)
			if _, err := w.from("swapi", importer.Options{}, map[string]string{"stars": list}); err != nil {
				t.Fatal(err)
			}
		}
		stars(2)
		w.exec(`UPDATE star SET size = 7`)
		stars(3)
		w.expect(t, `count(*)) FROM larder_conflict`, "2")
		w.exec(`DELETE FROM star_tags`)
		w.exec(`DELETE FROM star WHERE name = 'Sol'`)
		if got := w.conflicts(t); got != "size: 2 > 3 | 7 open" {
			t.Errorf("conflicts %s", got)
		}
		w.exec(`UPDATE larder_conflict SET field = 'former' WHERE record_id = '2'`)
		if got := w.conflicts(t); got != "" {
			t.Errorf("conflicts of nothing: %s", got)
		}
		stars(3)
		w.expect(t, `count(*)) FROM larder_conflict`, "0")
	})
}

func TestConflictsAreListedByWhatIsAsked(t *testing.T) {
	withDatabases(t, func(t *testing.T, open opener) {
		w := open(t, starModels)
		var list []string
		for i := range 7 {
			list = append(list, fmt.Sprintf(`{"name":"S%d","size":2,"tags":[]}`, i))
		}
		stars := "[" + strings.Join(list, ",") + "]"
		if _, err := w.from("swapi", importer.Options{}, map[string]string{"stars": stars}); err != nil {
			t.Fatal(err)
		}
		w.exec(`UPDATE star SET size = 7`)
		if _, err := w.from("swapi", importer.Options{}, map[string]string{"stars": strings.ReplaceAll(stars, `"size":2`, `"size":3`)}); err != nil {
			t.Fatal(err)
		}
		w.exec(`UPDATE star SET size = 3 WHERE name IN ('S1', 'S2')`) // upstream's value
		for want, filter := range map[string]importer.ConflictFilter{
			"S0 S3 S4 S5 S6": {Open: true},
			"S0 S3":          {Open: true, Limit: 2},
			"S4 S5 S6":       {Open: true, After: 4, Source: "swapi", Type: "Star"},
			"S1 S2":          {Resolved: true},
			"S1":             {Resolved: true, Limit: 1},
			"S5 S6":          {After: 5},
			"":               {Source: "other"},
		} {
			found, err := importer.Conflicts(t.Context(), w.engine, w.schema, filter)
			var keys []string
			for _, c := range found {
				keys = append(keys, strings.Trim(string(c.Key), `[]"`))
			}
			if got := strings.Join(keys, " "); err != nil || got != want {
				t.Errorf("%+v: %s, %v, want %s", filter, got, err, want)
			}
		}
		if _, err := importer.Conflicts(t.Context(), w.engine, w.schema, importer.ConflictFilter{Type: "Planet"}); err != nil {
			t.Error(err)
		}
	})
}

func TestAHiddenFieldsValuesAreNotTold(t *testing.T) {
	withDatabases(t, func(t *testing.T, open opener) {
		w := open(t, strings.Replace(starModels, "size: Int", "size: Int @hidden", 1))
		for _, size := range []string{"2", "3"} {
			if _, err := w.from("swapi", importer.Options{}, map[string]string{"stars": `[{"name":"Sol","size":` + size + `,"tags":[]}]`}); err != nil {
				t.Fatal(err)
			}
			w.exec(`UPDATE star SET size = 7`)
		}
		c, err := importer.FindConflict(t.Context(), w.engine, w.schema, 1)
		if err != nil || c.Base != nil || c.Upstream != nil || c.Local != nil || c.Field != "size" || !c.Open {
			t.Errorf("%+v, %v", c, err)
		}
		if _, err := w.resolve(1, model.TakeUpstream); err != nil {
			t.Error(err)
		}
		w.expect(t, starRow, "Sol|3|null")
	})
}

func (w *world) resolve(id int64, take model.OnConflict) (importer.Conflict, error) {
	return importer.Resolve(w.t.Context(), store.New(w.engine, w.schema), w.engine, w.schema, id, take)
}

func TestAResolvedConflictStaysSoUntilUpstreamChangesAgain(t *testing.T) {
	withDatabases(t, func(t *testing.T, open opener) {
		w := open(t, starModels)
		upstream := func(size string) {
			t.Helper()
			if _, err := w.from("swapi", importer.Options{}, map[string]string{"stars": `[{"name":"Sol","size":` + size + `,"tags":[]}]`}); err != nil {
				t.Fatal(err)
			}
		}
		expect := func(conflicts, star string) {
			t.Helper()
			if got := w.conflicts(t); got != conflicts {
				t.Errorf("conflicts %s, want %s", got, conflicts)
			}
			w.expect(t, starRow, star)
		}
		upstream("2")
		w.exec(`UPDATE star SET size = 7`)
		upstream("3")
		expect("size: 2 > 3 | 7 open", "Sol|7|null")
		if c, err := w.resolve(1, model.KeepLocal); err != nil || c.Open || c.Resolution != "local" || c.ResolvedAt == nil {
			t.Errorf("%+v, %v", c, err)
		}
		upstream("3")
		expect("size: 2 > 3 | 7 local", "Sol|7|null")
		upstream("4")
		expect("size: 3 > 4 | 7 open", "Sol|7|null")
		c, err := w.resolve(1, model.TakeUpstream)
		if err != nil || c.Open || c.Resolution != "upstream" || string(c.Overwritten) != "7" || string(c.Local) != "4" {
			t.Errorf("%+v, %v", c, err)
		}
		again, err := w.resolve(1, model.TakeUpstream)
		if err != nil || !again.ResolvedAt.Equal(*c.ResolvedAt) || string(again.Overwritten) != "7" {
			t.Errorf("twice: %+v, %v", again, err)
		}
		expect("size: 3 > 4 | 4 upstream", "Sol|4|null")
		upstream("5") // nobody has changed it since
		w.expect(t, starRow, "Sol|5|null")
	})
}

func TestAConflictCanBeDecidedOtherwise(t *testing.T) {
	withDatabases(t, func(t *testing.T, open opener) {
		w := open(t, starModels)
		for _, size := range []string{"2", "3"} {
			if _, err := w.from("swapi", importer.Options{}, map[string]string{"stars": `[{"name":"Sol","size":` + size + `,"tags":[]}]`}); err != nil {
				t.Fatal(err)
			}
			w.exec(`UPDATE star SET size = 7`)
		}
		for _, take := range []model.OnConflict{model.KeepLocal, model.TakeUpstream, model.KeepLocal} {
			if c, err := w.resolve(1, take); err != nil || !strings.EqualFold(c.Resolution, string(take)) {
				t.Errorf("%+v, %v", c, err)
			}
		}
		w.expect(t, starRow, "Sol|3|null") // what is here stays
		if _, err := w.resolve(2, model.KeepLocal); !errors.Is(err, importer.ErrNoConflict) {
			t.Errorf("none: %v", err)
		}
		if _, err := w.resolve(1, model.FailOnConflict); err == nil || !strings.Contains(err.Error(), `expected local or upstream, got "FAIL"`) {
			t.Errorf("fail: %v", err)
		}
		w.exec(`DELETE FROM star`)
		for _, take := range []model.OnConflict{model.KeepLocal, model.TakeUpstream} {
			if _, err := w.resolve(1, take); !errors.Is(err, importer.ErrNoConflict) {
				t.Errorf("of a record that is gone: %v", err)
			}
		}
	})
}

func TestAResolutionThatBreaksAConstraintIsNone(t *testing.T) {
	const models = `
type Star @source(name: "swapi", path: "stars", key: ["id"]) {
  name: String! @unique
}`
	withDatabases(t, func(t *testing.T, open opener) {
		w := open(t, models)
		for _, name := range []string{"Sol", "Sun"} {
			if _, err := w.from("swapi", importer.Options{}, map[string]string{"stars": `[{"id":"s","name":"` + name + `"}]`}); err != nil {
				t.Fatal(err)
			}
			w.exec(`UPDATE star SET name = 'Sonne' WHERE id = 1`)
		}
		w.exec(`INSERT INTO star (name) VALUES ('Sun')`)
		_, err := w.resolve(1, model.TakeUpstream)
		if violation := (*store.Violation)(nil); !errors.As(err, &violation) || violation.Kind != store.UniqueViolation {
			t.Errorf("error %v", err)
		}
		if got := w.conflicts(t); got != `name: "Sol" > "Sun" | "Sonne" open` {
			t.Errorf("conflicts %s", got)
		}
		w.expect(t, `name) FROM star ORDER BY id`, "Sonne\nSun")
	})
}

func TestValuesOfEverySortAreResolved(t *testing.T) {
	const models = `
type Film @source(name: "swapi", path: "films", key: ["title"]) {
  title: String! @unique
  released: Date
  gross: Decimal
  seen: DateTime
  notes: [String!] @json
  genres: [String!]!
  director: Person
  cast: [Person!]! @ref(inverse: "films")
  mood: Mood
}

type Person @source(name: "swapi", path: "people", key: ["id"]) {
  id: UUID!
  name: String!
  films: [Film!]! @ref(inverse: "cast")
}

type Mood @vocabulary { word: String! @unique }`
	people := `[{"id":1,"name":"Luke"},{"id":2,"name":"Leia"},{"id":3,"name":"Han"}]`
	first := `[{"title":"A","released":"1977-05-25","gross":1.5,"seen":"2026-01-01T00:00:00Z","notes":["x"],"genres":["g","g"],"director":1,"cast":[1,2],"mood":"calm"}]`
	then := `[{"title":"A","released":"1977-05-26","gross":2.25,"seen":"2026-01-01T01:00:00.5Z","notes":["y"],"genres":["h","h"],"director":2,"cast":[3,1],"mood":"wild"}]`
	withDatabases(t, func(t *testing.T, open opener) {
		w := open(t, models)
		lists := map[string]string{"people": people, "films": first}
		if _, err := w.from("swapi", importer.Options{}, lists); err != nil {
			t.Fatal(err)
		}
		w.exec(`UPDATE film SET released = NULL, gross = NULL, seen = NULL, notes = NULL, director_id = NULL, mood_id = NULL`)
		w.exec(`DELETE FROM film_genres`)
		w.exec(`DELETE FROM film_cast`)
		lists["films"] = then
		if _, err := w.from("swapi", importer.Options{}, lists); err != nil {
			t.Fatal(err)
		}
		found, err := importer.Conflicts(t.Context(), w.engine, w.schema, importer.ConflictFilter{Open: true})
		if err != nil || len(found) != 8 {
			t.Fatalf("%s, %v", w.conflicts(t), err)
		}
		w.exec(`DELETE FROM person WHERE name = 'Leia'`)
		for _, c := range found {
			resolved, err := w.resolve(c.ID, model.TakeUpstream)
			if c.Field == "director" {
				if gone := (*importer.GoneError)(nil); !errors.As(err, &gone) || !strings.Contains(err.Error(), "upstream says the Person with the key [2], which was deleted here") {
					t.Errorf("director: %+v, %v", resolved, err)
				}
				continue
			}
			if err != nil || resolved.Open || string(resolved.Local) != string(resolved.Upstream) {
				t.Errorf("%s: %+v, %v", c.Field, resolved, err)
			}
		}
		w.expect(t, `f.gross, m.word, (SELECT string_agg(p.name, ',' ORDER BY c.position) FROM film_cast c JOIN person p ON p.id = c.person_id), (SELECT string_agg(value, ',' ORDER BY position) FROM film_genres)) FROM film f JOIN mood m ON m.id = f.mood_id`,
			w.rows(`f.gross, 'wild', 'Han,Luke', 'h,h') FROM film f`))
		report, err := w.from("swapi", importer.Options{}, lists)
		if err != nil || report.Totals().Updated != 0 || report.Totals().Conflicts != 0 {
			t.Errorf("again: %+v, %v", report.Totals(), err)
		}
	})
}

const twoSources = `
type Star @source(name: "near", path: "stars", key: ["name"]) @source(name: "far", path: "stars", key: ["name"]) {
  name: String! @unique
  size: Int
  note: String
  planet: Planet
  tags: [String!]!
}

type Planet @source(name: "near", path: "planets", key: ["name"]) @source(name: "far", path: "planets", key: ["id"]) {
  name: String! @unique
}`

func TestSourcesOfTheSameRecordKeepOutOfEachOthersWay(t *testing.T) {
	type step struct {
		source   string
		upstream string
		here     string // SQL, before the import
		star     string
	}
	tests := map[string]struct {
		priorities map[string]int
		steps      []step
	}{
		"of one priority: what the other said is no edit of a person": {nil, []step{
			{"near", `"size":1`, "", "1|null"},
			{"far", `"size":1,"note":"f"`, "", "1|f"},
			{"far", `"size":2,"note":"f"`, "", "2|f"},
			{"near", `"size":3`, "", "3|f"},
			{"far", `"size":4,"note":"g"`, `UPDATE star SET size = 9`, "9|g"},
		}},
		"of one priority: at first sight the one that was there stays": {nil, []step{
			{"near", `"size":1`, "", "1|null"},
			{"far", `"size":2`, "", "1|null"},
		}},
		"the higher takes over": {map[string]int{"near": 1}, []step{
			{"far", `"size":1,"note":"f"`, "", "1|f"},
			{"near", `"size":2`, "", "2|f"},
			{"far", `"size":3,"note":"g"`, "", "2|g"},
			{"near", `"size":4`, "", "4|g"},
		}},
		"the lower fills in what the higher does not tell": {map[string]int{"far": -1}, []step{
			{"near", `"size":1`, "", "1|null"},
			{"far", `"size":2,"note":"f"`, "", "1|f"},
			{"far", `"size":3,"note":"g"`, `UPDATE star SET size = 9`, "9|g"},
		}},
		"relations are compared as each source knows them": {nil, []step{
			{"near", `"size":1,"planet":"Arrakis"`, "", "1|null|Arrakis"},
			{"far", `"size":1,"planet":10`, "", "1|null|Arrakis"},
			{"near", `"size":1,"planet":"Bespin"`, "", "1|null|Bespin"},
			{"far", `"size":1,"planet":30`, "", "1|null|Coruscant"},
		}},
	}
	withDatabases(t, func(t *testing.T, open opener) {
		for name, test := range tests {
			t.Run(name, func(t *testing.T) {
				w := open(t, twoSources)
				planets := map[string]string{
					"near": `[{"name":"Arrakis"},{"name":"Bespin"},{"name":"Coruscant"}]`,
					"far":  `[{"id":10,"name":"Arrakis"},{"id":20,"name":"Bespin"},{"id":30,"name":"Coruscant"}]`,
				}
				for i, s := range test.steps {
					if s.here != "" {
						w.exec(s.here)
					}
					lists := map[string]string{"stars": `[{"name":"Sol","tags":[],` + s.upstream + `}]`, "planets": planets[s.source]}
					if _, err := w.from(s.source, importer.Options{Priorities: test.priorities}, lists); err != nil {
						t.Fatal(err)
					}
					star := `coalesce(CAST(s.size AS text), 'null'), coalesce(s.note, 'null'), p.name) FROM star s LEFT JOIN planet p ON p.id = s.planet_id`
					if got := w.rows(star); got != s.star {
						t.Errorf("import %d, from %s: %s, want %s; conflicts %s", i+1, s.source, got, s.star, w.conflicts(t))
					}
				}
			})
		}
	})
}

func TestConflictsInRecordsWithinRecordsAreTheirs(t *testing.T) {
	const models = `
type ShoppingList @source(name: "swapi", path: "lists", key: ["id"]) {
  name: String!
  items: [Item!]! @ref(onDelete: CASCADE)
}

type Item @unique(fields: ["shoppingList", "name"]) {
  name: String!
  quantity: Int!
}`
	withDatabases(t, func(t *testing.T, open opener) {
		w := open(t, models)
		for _, quantity := range []string{"1", "2"} {
			list := `[{"id":1,"name":"Week","items":[{"name":"Milk","quantity":` + quantity + `},{"name":"Bread","quantity":1}]}]`
			if _, err := w.from("swapi", importer.Options{}, map[string]string{"lists": list}); err != nil {
				t.Fatal(err)
			}
			w.exec(`UPDATE item SET quantity = 9`)
		}
		found, err := importer.Conflicts(t.Context(), w.engine, w.schema, importer.ConflictFilter{Type: "Item"})
		if err != nil || len(found) != 1 || !strings.Contains(string(found[0].Key), "Milk") || w.conflicts(t) != "quantity: 1 > 2 | 9 open" {
			t.Errorf("%+v, %v", found, err)
		}
	})
}
