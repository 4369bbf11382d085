package migrate

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestSplitEndsStatementsWhereTheEngineDoes(t *testing.T) {
	for _, c := range []struct {
		name, dialect, sql string
		want               []string
	}{
		{"two statements", SQLite, "SELECT 1; SELECT 2", []string{"1:SELECT 1", "1:SELECT 2"}},
		{"nothing but comments", SQLite, "-- a;\n/* b; */\n", nil},
		{"empty statements are none", SQLite, ";;\n;", nil},
		{"a comment at the end without a line end", SQLite, "SELECT 1; -- done", []string{"1:SELECT 1"}},
		{"the line is the statement's, not its comment's", SQLite, "-- a\n\n/* b\n */ SELECT 1;\nSELECT 2;", []string{"4:SELECT 1", "5:SELECT 2"}},
		{"a semicolon in a string", SQLite, "SELECT ';', 'it''s;'; SELECT 2", []string{"1:SELECT ';', 'it''s;'", "1:SELECT 2"}},
		{"a semicolon in names", SQLite, "SELECT \"a;\"\"b\", `c;`, [d;]; SELECT 2", []string{"1:SELECT \"a;\"\"b\", `c;`, [d;]", "1:SELECT 2"}},
		{"a backslash escapes nothing", SQLite, `SELECT '\'; SELECT 2`, []string{`1:SELECT '\'`, "1:SELECT 2"}},
		{"a quote in a comment", SQLite, "SELECT 1 -- it's\n; SELECT 2", []string{"1:SELECT 1 -- it's", "2:SELECT 2"}},
		{"a comment does not nest", SQLite, "/* /* */ SELECT 1; SELECT 2", []string{"1:SELECT 1", "1:SELECT 2"}},
		{
			"a trigger", SQLite, "CREATE TRIGGER t AFTER INSERT ON a BEGIN\n UPDATE b SET c = CASE WHEN 1 THEN 2 END;\n DELETE FROM d;\nEND;\nSELECT 2",
			[]string{"1:CREATE TRIGGER t AFTER INSERT ON a BEGIN\n UPDATE b SET c = CASE WHEN 1 THEN 2 END;\n DELETE FROM d;\nEND", "5:SELECT 2"},
		},
		{
			"a temporary trigger if it does not exist", SQLite, "create temp trigger if not exists t after insert on a begin select 1; end; select 2",
			[]string{"1:create temp trigger if not exists t after insert on a begin select 1; end", "1:select 2"},
		},
		{"a table called trigger", SQLite, "CREATE TABLE \"trigger\" (x); SELECT 2", []string{"1:CREATE TABLE \"trigger\" (x)", "1:SELECT 2"}},
		{"a transaction's end", SQLite, "BEGIN; SELECT 1; END; SELECT 2", []string{"1:BEGIN", "1:SELECT 1", "1:END", "1:SELECT 2"}},
		{"a dollar quote", Postgres, "DO $$ BEGIN; END $$; SELECT 2", []string{"1:DO $$ BEGIN; END $$", "1:SELECT 2"}},
		{"a dollar quote with a tag in another", Postgres, "DO $a$ $$;$$ $b$; $a$; SELECT 2", []string{"1:DO $a$ $$;$$ $b$; $a$", "1:SELECT 2"}},
		{"a parameter is no quote", Postgres, "SELECT $1; SELECT $2", []string{"1:SELECT $1", "1:SELECT $2"}},
		{"an escape string", Postgres, `SELECT E'\';', '\'; SELECT 2`, []string{`1:SELECT E'\';', '\'`, "1:SELECT 2"}},
		{"a comment nests", Postgres, "/* /* ; */ ; */ SELECT 1; SELECT 2", []string{"1:SELECT 1", "1:SELECT 2"}},
		{"an array index", Postgres, "SELECT a[1]; SELECT ']'", []string{"1:SELECT a[1]", "1:SELECT ']'"}},
		{
			"a function with an SQL body", Postgres, "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END; SELECT 3",
			[]string{"1:CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END", "1:SELECT 3"},
		},
		{"a column called e", Postgres, "SELECT name'x'; SELECT 2", []string{"1:SELECT name'x'", "1:SELECT 2"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := split(c.sql, c.dialect)
			if err != nil {
				t.Fatal(err)
			}
			var lines []string
			for _, st := range got {
				lines = append(lines, fmt.Sprintf("%d:%s", st.line, st.text))
			}
			if fmt.Sprintf("%q", lines) != fmt.Sprintf("%q", c.want) {
				t.Errorf("got  %q\nwant %q", lines, c.want)
			}
		})
	}
}

func TestSplitSaysWhereWhatIsNeverClosedBegins(t *testing.T) {
	for _, c := range []struct{ dialect, sql, want string }{
		{SQLite, "SELECT 1;\nSELECT 'a", "line 2: expected '"},
		{SQLite, "SELECT \"a", "line 1: expected \""},
		{SQLite, "\n\nSELECT [a", "line 3: expected ]"},
		{SQLite, "/* a", "line 1: expected */"},
		{Postgres, "DO $a$ BEGIN", "line 1: expected $a$"},
	} {
		if _, err := split(c.sql, c.dialect); err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%q: got %v, want %s", c.sql, err, c.want)
		}
	}
}

// FuzzSplit holds that splitting loses and invents nothing.
func FuzzSplit(f *testing.F) {
	for _, seed := range []string{
		"SELECT ';'; -- x\nSELECT 2", "CREATE TRIGGER t BEGIN SELECT 1; END; SELECT 2", "DO $$;$$; SELECT E'\\';'",
		"/* /* */ */;", "[a;]`b;`\"c;\"", "CREATE FUNCTION f() BEGIN ATOMIC SELECT CASE 1 END; END;",
	} {
		f.Add(seed, true)
		f.Add(seed, false)
	}
	f.Fuzz(func(t *testing.T, sql string, postgres bool) {
		dialect := SQLite
		if postgres {
			dialect = Postgres
		}
		statements, err := split(sql, dialect)
		if err != nil {
			return
		}
		at, lines := 0, 0
		for _, st := range statements {
			found := strings.Index(sql[at:], st.text)
			if found < 0 {
				t.Fatalf("%q is not in the rest %q", st.text, sql[at:])
			}
			at += found + len(st.text)
			if st.line < lines || st.line > 1+strings.Count(sql, "\n") {
				t.Fatalf("line %d after line %d", st.line, lines)
			}
			lines = st.line
			again, err := split(st.text, dialect)
			if err != nil || len(again) != 1 || again[0].text != st.text {
				t.Fatalf("%q splits again into %+v, %v", st.text, again, err)
			}
		}
	})
}

// FuzzParseTable holds that of every definition that SQLite accepts the same
// columns are read as SQLite reads.
func FuzzParseTable(f *testing.F) {
	for _, body := range []string{
		`"a" TEXT, b INTEGER DEFAULT (1 + 2) CHECK (b > 0), CHECK (a <> ',')`,
		`[a;] TEXT COLLATE NOCASE CONSTRAINT "c" CHECK (length("a;") < 3), PRIMARY KEY ("a;")`,
		"`x y` INT /* , */ NOT NULL, -- ,\n z UNIQUE REFERENCES t (a) ON DELETE SET NULL, CONSTRAINT u UNIQUE (z)",
		`"check" TEXT, "constraint" TEXT, FOREIGN KEY ("check") REFERENCES t`,
	} {
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body string) {
		definition := "CREATE TABLE t (" + body + ")"
		if statements, err := split(definition, SQLite); err != nil || len(statements) != 1 || !utf8.ValidString(body) {
			return
		}
		db, err := sql.Open("sqlite", ":memory:")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = db.Close() }()
		db.SetMaxOpenConns(1)
		if _, err := db.Exec(definition); err != nil {
			return
		}
		var want string
		if err := db.QueryRow("SELECT coalesce(json_group_array(name), '[]') FROM pragma_table_xinfo('t')").Scan(&want); err != nil {
			t.Fatal(err)
		}
		var wanted, got []string
		if err := json.Unmarshal([]byte(want), &wanted); err != nil {
			return
		}
		for _, part := range parseTable(definition).parts {
			if part.column != "" {
				got = append(got, part.column)
			}
		}
		if slices.Contains(wanted, "") {
			return // SQLite allows it; a rebuild would refuse to lose it
		}
		if len(wanted) > 0 && !slices.Equal(got, wanted) {
			t.Errorf("%s\ngot %q, want %q", definition, got, wanted)
		}
	})
}
