package migrate

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/larderhq/larder/internal/store"
)

// lintPair returns the findings on the way between two schemas, for rows.
func lintPair(t *testing.T, engine store.Engine, from, to, rows string) []string {
	t.Helper()
	path := t.TempDir()
	diffTo(t, path, "from", from)
	up(t, engine, path)
	run(t, engine, rows)
	diffTo(t, path, "to", to)
	dir, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	findings, err := Lint(t.Context(), engine, dir)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, f := range findings {
		if f.Severity != Locking {
			out = append(out, fmt.Sprintf("%s %d %s", f.Severity, f.Rows, strings.Join(f.Examples, ", ")))
		}
	}
	return out
}

// lints are what rows make of a change.
var lints = []struct {
	name, from, to, rows string
	want                 []string
}{
	{"a dropped field with values", `type A { x: Int y: Int }`, `type A { x: Int }`, "INSERT INTO a (id, y) VALUES (1, 5), (2, NULL)", []string{"destructive 1 id 1"}},
	{"a dropped list with values", `type A { x: Int y: [Int!]! }`, `type A { x: Int }`, "INSERT INTO a (id) VALUES (7); INSERT INTO a_y VALUES (7, 0, 5)", []string{"destructive 1 a_id 7 position 0"}},
	{"a dropped type without rows", `type A { x: Int } type B { x: Int }`, `type B { x: Int }`, "", []string{"destructive 0 "}},
	{"required, where one is null", `type A { x: Int }`, `type A { x: Int! }`, "INSERT INTO a (id, x) VALUES (1, NULL), (2, 2)", []string{"breaking 1 id 1"}},
	{"required, where none is null", `type A { x: Int }`, `type A { x: Int! }`, "INSERT INTO a (id, x) VALUES (2, 2)", nil},
	{"a required field without default on rows", `type A { x: Int }`, `type A { x: Int y: Int! }`, "INSERT INTO a (id) VALUES (1), (2)", []string{"breaking 2 id 1, id 2"}},
	{"unique over duplicates", `type A { x: String }`, `type A { x: String @unique }`, "INSERT INTO a (x) VALUES ('tea'), ('tea'), ('milk'), (NULL), (NULL)", []string{"breaking 1 x tea: 2 rows"}},
	{"a unique set over a renamed field", `type A { x: String y: Int }`, `type A @unique(fields: ["z", "y"]) { z: String @renamed(from: "x") y: Int }`, "INSERT INTO a (x, y) VALUES ('tea', 1), ('tea', 1)", []string{"breaking 1 x tea, y 1: 2 rows"}},
	{"a check that a row breaks", `type A { x: Int }`, `type A { x: Int @check(min: 3) }`, "INSERT INTO a (id, x) VALUES (1, 2), (2, 3), (3, NULL)", []string{"breaking 1 id 1: 2"}},
	{"a check that is looser", `type A { x: Int @check(min: 3) }`, `type A { x: Int @check(min: 1) }`, "INSERT INTO a (id, x) VALUES (2, 3)", nil},
	{"an enum's word that is used", `enum E { P Q } type A { x: E }`, `enum E { P } type A { x: E }`, "INSERT INTO a (id, x) VALUES (1, 'P'), (2, 'Q')", []string{"breaking 1 id 2: Q"}},
	{"an integer that is too large", `type A { x: Int64 }`, `type A { x: Int }`, "INSERT INTO a (id, x) VALUES (1, 3000000000)", []string{"breaking 1 id 1: 3000000000"}},
	{"text that is no number", `type A { x: String }`, `type A { x: Int }`, "INSERT INTO a (id, x) VALUES (1, '12'), (2, 'dozen'), (3, '12 or so')", []string{"breaking 2 id 2: dozen, id 3: 12 or so"}},
	{"decimals with too many digits", `type A { x: Decimal @decimal(precision: 9, scale: 0) y: String }`, `type A { x: Decimal @decimal(precision: 9, scale: 0) y: Decimal @decimal(precision: 9, scale: 2) }`, "INSERT INTO a (id, y) VALUES (1, '1.25'), (2, '1.255')", []string{"breaking 1 id 2: 1.255"}},
}

func TestLintNamesTheRowsThatAChangeBreaksOrLoses(t *testing.T) {
	for _, c := range lints {
		t.Run(c.name, func(t *testing.T) {
			if got := lintPair(t, newSQLite(t), c.from, c.to, c.rows); !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestLintNamesTheRowsOnPostgres(t *testing.T) {
	server := postgresServer(t)
	for _, c := range lints {
		t.Run(c.name, func(t *testing.T) {
			got := lintPair(t, server.open(t), c.from, c.to, c.rows)
			if len(got) != len(c.want) {
				t.Fatalf("got %q, want %q", got, c.want)
			}
			for i := range got {
				// What a cast refuses PostgreSQL names one value at a time.
				if got[i] != c.want[i] && !strings.HasPrefix(got[i], "breaking 1 ERROR: ") {
					t.Errorf("got %q, want %q", got[i], c.want[i])
				}
			}
		})
	}
}

func TestWhatLintFindsIsWhatFails(t *testing.T) {
	for _, c := range lints {
		t.Run(c.name, func(t *testing.T) {
			engine, path := newSQLite(t), t.TempDir()
			diffTo(t, path, "from", c.from)
			up(t, engine, path)
			run(t, engine, c.rows)
			diffTo(t, path, "to", c.to)
			breaks := len(c.want) > 0 && strings.HasPrefix(c.want[0], "breaking")
			if _, err := tryUp(t, engine, path); (err != nil) != breaks {
				t.Errorf("lint says breaks: %t, but applying gave %v", breaks, err)
			}
		})
	}
}

func TestLintReadsHandWrittenFiles(t *testing.T) {
	path := t.TempDir()
	diffTo(t, path, "init", `type A { x: Int }`)
	dir, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	m, err := dir.Empty("clean up")
	if err != nil {
		t.Fatal(err)
	}
	write(t, path, m.File(SQLite), "UPDATE a SET x = 1;\nDELETE FROM a;\nDROP TABLE b;\nALTER TABLE a\n DROP COLUMN x;\nDELETE FROM a WHERE x = 1;\nCOMMIT;\n")
	if dir, err = Open(path); err != nil {
		t.Fatal(err)
	}
	findings, err := Lint(t.Context(), nil, dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range findings {
		got = append(got, fmt.Sprintf("%d %s", f.Line, f.Severity))
	}
	if want := []string{"2 destructive", "3 destructive", "4 destructive", "7 breaking"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestLintNamesLongLocksOnPostgres(t *testing.T) {
	path := t.TempDir()
	diffTo(t, path, "init", `type A { x: Int y: Int }`)
	diffTo(t, path, "index", `type A { x: Int @index y: Int64 } type B { x: Int @index }`)
	dir, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	findings, err := Lint(t.Context(), nil, dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(findings) != 2 || findings[0].Severity != Locking || findings[1].Severity != Locking || findings[0].Engine != Postgres {
		t.Errorf("got %v, want the rewrite and the index of the table that has rows", findings)
	}
}

func TestAPlanIsHeldAgainstRows(t *testing.T) {
	engine, path := newSQLite(t), t.TempDir()
	diffTo(t, path, "init", `type A { x: Int y: Int }`)
	up(t, engine, path)
	run(t, engine, "INSERT INTO a (id, x) VALUES (1, NULL)")
	dir, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	plan, err := dir.Plan(parse(t, `type A { x: Int! y: Int! }`))
	if err != nil {
		t.Fatal(err)
	}
	if err := plan.Check(t.Context(), engine); err != nil {
		t.Fatal(err)
	}
	if len(plan.Findings) != 2 || plan.Findings[0].String() != "breaking: A.x may no longer be null (rows: 1, first: id 1); fill the rows that are null in a migration before it" {
		t.Errorf("got %v", plan.Findings)
	}
	if err := plan.Held(); err != nil {
		t.Errorf("got %v, want it not held: it loses nothing", err)
	}
	sql, err := plan.SQL(SQLite)
	if err != nil || !strings.Contains(sql, `ALTER TABLE "a" ALTER COLUMN "x" SET NOT NULL;`) {
		t.Errorf("got %s, %v", sql, err)
	}
	if _, err := plan.SQL("oracle"); err == nil {
		t.Error("there is SQL for a dialect that there is not")
	}
}
