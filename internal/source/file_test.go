package source

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// readFile is what a file gives at a path, a record a line, and its roots.
func readFile(t *testing.T, settings FileSettings, path string) (records, roots string, err error) {
	t.Helper()
	f, err := NewFile(settings)
	if err != nil {
		return "", "", err
	}
	a, err := f.Fetch(t.Context(), nil)
	if err != nil {
		return "", "", err
	}
	defer func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	}()
	if !a.Complete || !strings.HasPrefix(a.Fingerprint, "sha256:") {
		t.Errorf("the answer is not complete: %+v", a)
	}
	for _, root := range a.Roots() {
		roots += fmt.Sprintf("%q %s %d\n", root.Path, root.Name, root.Records)
	}
	var lines strings.Builder
	index := 0
	for record, err := range a.Records(path) {
		if err != nil {
			return lines.String(), roots, err
		}
		if record.Index != index {
			t.Errorf("record %d has the index %d", index, record.Index)
		}
		if record.Text != (settings.Format == CSV || FormatOf(settings.Path) == CSV) {
			t.Errorf("record %d: text is %t", index, record.Text)
		}
		index++
		var compact bytes.Buffer
		if err := json.Compact(&compact, record.Data); err != nil {
			t.Fatalf("record %s: %v", record.Data, err)
		}
		lines.WriteString(compact.String() + "\n")
	}
	return lines.String(), roots, nil
}

// inFolder writes a file and says how to read it.
func inFolder(t *testing.T, name, content string) FileSettings {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return FileSettings{Dir: dir, Path: name}
}

func TestFilesGiveTheirRecords(t *testing.T) {
	tests := []struct{ name, file, content, path, records, roots string }{
		{"a list in JSON", "items.json", `[{"a": 1.10}, {"a": null}]`, "", `{"a":1.10}|{"a":null}`, `"" items 2`},
		{"an empty list in JSON", "items.json", `[]`, "", ``, `"" items 0`},
		{"lists in an object", "data.json", `{"lists": [{"a": 1}], "total": 1, "items": [{"b": 1}, {"b": 2}]}`, "items", `{"b":1}|{"b":2}`, `"lists" lists 1|"items" items 2`},
		{"lists behind a wrapper", "data.json", `{"data": {"lists": [{"a": 1}], "next": null}}`, "data.lists", `{"a":1}`, `"data.lists" lists 1`},
		{"records by key", "data.json", `{"items": {"milk": {"q": 1}, "bread": {"q": 2}}}`, "items.*", `{"$key":"milk","q":1}|{"$key":"bread","q":2}`, `"items.*" items 2`},
		{"records by key in the whole file", "items.json", `{"milk": {"q": 1}, "rye \"bread\"": {"q": 2}}`, "*", `{"$key":"milk","q":1}|{"$key":"rye \"bread\"","q":2}`, `"*" items 2`},
		{"an empty record by key", "data.json", `{"items": {"milk": { } }}`, "items.*", `{"$key":"milk"}`, ``},
		{"two objects of records by key", "data.json", `{"lists": {"1": {"n": "a"}}, "items": {"1": {"n": "b"}, "2": {"n": "c"}}}`, "lists.*", `{"$key":"1","n":"a"}`, `"lists.*" lists 1|"items.*" items 2`},
		{"records by key that hold lists", "data.json", `{"lists": {"1": {"n": "a", "items": [{"i": 1}]}, "2": {"n": "b", "items": []}}}`, "lists.*.items", `{"i":1}`, `"lists.*" lists 2`},
		{"a list of texts is no root", "data.json", `{"words": ["a"], "lists": [{"a": 1}], "none": []}`, "lists", `{"a":1}`, `"lists" lists 1`},
		{"a byte order mark before JSON", "items.json", "\ufeff[{\"a\": 1}]", "", `{"a":1}`, `"" items 1`},
		{"lines", "items.ndjson", "{\"a\": 1}\n{\"a\": {\"b\": [1, 2]}}\n", "", `{"a":1}|{"a":{"b":[1,2]}}`, `"" items 2`},
		{"lines of Windows, empty ones, and none at the end", "items.jsonl", "{\"a\": 1}\r\n\r\n  \n{\"a\": 2}", "", `{"a":1}|{"a":2}`, `"" items 2`},
		{"no lines", "items.ndjson", "", "", ``, `"" items 0`},
		{"a table", "items.csv", "name,quantity\nMilk,2\nBread,\n", "", `{"name":"Milk","quantity":"2"}|{"name":"Bread","quantity":null}`, `"" items 2`},
		{"empty cells with quotes and without", "items.csv", "a,b,c\n,\"\",\n\"\",,\"\"\n", "", `{"a":null,"b":"","c":null}|{"a":"","b":null,"c":""}`, `"" items 2`},
		{"line breaks of Windows within quotes", "items.csv", "a,b\r\n\"1\r\n\r\n2\",\"\r\n\"\r\n", "", `{"a":"1\r\n\r\n2","b":"\r\n"}`, `"" items 1`},
		{"quoted cells", "items.csv", "name,note\n\"Screws, 4 mm\",\"two\nlines and a \"\"quote\"\"\"\n", "", `{"name":"Screws, 4 mm","note":"two\nlines and a \"quote\""}`, `"" items 1`},
		{"a byte order mark and lines of Windows", "items.csv", "\ufeffname,zip\r\nBerlin,01067\r\n", "", `{"name":"Berlin","zip":"01067"}`, `"" items 1`},
		{"semicolons", "items.csv", "name;price\nMilk;1,20\n", "", `{"name":"Milk","price":"1,20"}`, `"" items 1`},
		{"tabs", "items.tsv", "name\tnote\nMilk\ta, b; c\n", "", `{"name":"Milk","note":"a, b; c"}`, `"" items 1`},
		{"a delimiter within a quoted name", "items.csv", "\"a;b;c\",d\n1,2\n", "", `{"a;b;c":"1","d":"2"}`, `"" items 1`},
		{"names with white space", "items.csv", " name , unit price\nMilk, 1\n", "", `{"name":"Milk","unit price":" 1"}`, `"" items 1`},
		{"a table without rows", "items.csv", "name,quantity\n", "", ``, `"" items 0`},
		{"one column", "items.csv", "name\nMilk\n\nBread\n", "", `{"name":"Milk"}|{"name":"Bread"}`, `"" items 2`},
		{"a NUL and a control character in a cell", "items.csv", "name\na\x00b\x1f\n", "", `{"name":"a\u0000b\u001f"}`, `"" items 1`},
		{"a module", "data.ts", "export const items: { n: number }[] = [{ n: 1 }];\nexport const more = { a: { n: 2 } } as const;", "items", `{"n":1}`, `"items" items 1|"more.*" more 1`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			records, roots, err := readFile(t, inFolder(t, test.file, test.content), test.path)
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.TrimSuffix(strings.ReplaceAll(records, "\n", "|"), "|"); got != test.records {
				t.Errorf("records:\n got %s\nwant %s", got, test.records)
			}
			if got := strings.TrimSuffix(strings.ReplaceAll(roots, "\n", "|"), "|"); got != test.roots {
				t.Errorf("roots:\n got %s\nwant %s", got, test.roots)
			}
		})
	}
}

func TestFilesThatCannotBeReadSayWhere(t *testing.T) {
	tests := []struct{ name, file, content, path, want string }{
		{"broken JSON", "a.json", "[\n {\"a\": 1},\n {\"a\" 2}\n]", "", "a.json:3:7: expected ':' after a key"},
		{"an empty file", "a.json", " \n", "", "a.json is empty: expected JSON"},
		{"two values", "a.json", "[] []", "", "a.json:1:4: expected the end of the JSON"},
		{"a path that leads nowhere", "a.json", `{"lists": []}`, "list", `there is no "list" in the outermost value in a.json, but there is "lists": correct the path in @source`},
		{"a text for a record", "a.json", `{"lists": [{"a": 1}, "b"]}`, "lists", "lists[1] in a.json is a string, not an object"},
		{"null for a record", "a.json", `[{"a": 1}, null]`, "", "[1] in a.json is null: expected an object"},
		{"a number by key", "a.json", `{"items": {"milk": 1}}`, "items.*", "items.milk in a.json is a number, not an object"},
		{"a line that is a list", "a.ndjson", "{}\n[]\n", "", "a.ndjson:2: expected an object on the line, found a list"},
		{"a line that is broken", "a.ndjson", "{\"a\": 1}\n{\"a\": x}\n", "", "a.ndjson:2:7: expected a JSON value, found 'x'"},
		{"a line that ends early", "a.ndjson", "{\"a\": 1\n{\"a\": 2}\n", "", "a.ndjson:1: the object does not end on its line"},
		{"an object of several lines", "a.ndjson", "{}\n{\n\"a\": 1}\n", "", "a.ndjson:2: the object does not end on its line"},
		{"two objects on a line", "a.ndjson", "{} {}\n", "", "a.ndjson:1: expected the end of the line after the object"},
		{"text on a line", "a.ndjson", "{}\nhello\n", "", "a.ndjson:2: expected an object on the line, found"},
		{"a path in lines", "a.ndjson", "{}\n", "lists", `there is no "lists" in a.ndjson: its lines are the records`},
		{"a path in a table", "a.csv", "a\n", "lists", `there is no "lists" in a.csv: its rows are the records`},
		{"a row that is too short", "a.csv", "a,b\n1,2\n3\n", "", "a.csv:3: the row has 1 cells where the first row names 2 columns"},
		{"a row that is too long, behind one of two lines", "a.csv", "a,b\n\"1\n1\",2\n3,4,5\n", "", "a.csv:4: the row has 3 cells where the first row names 2 columns"},
		{"a quote within a cell", "a.csv", "a\n5\" nails\n", "", "a.csv:2:2: a quote stands inside of a cell"},
		{"a quoted cell without end", "a.csv", "a\n1\n\"2\n3\n", "", "a quoted cell (the row begins on line 3) does not end as it should"},
		{"an empty table", "a.csv", "", "", "a.csv is empty: expected a first row that names the columns"},
		{"a column without a name", "a.csv", "a,,c\n", "", "a.csv:1: column 2 has no name"},
		{"two columns of one name", "a.csv", "a,b, a\n", "", `a.csv:1: two columns are named "a": rename column 3`},
		{"a table in Latin-1", "a.csv", "a,b\nM\xfcnchen,1\n", "", "a.csv:2:1: the cell is not valid UTF-8: save the file as UTF-8"},
		{"a table in UTF-16", "a.csv", "\xff\xfea\x00", "", "a.csv is UTF-16: save it as UTF-8"},
		{"a module that throws", "a.ts", "throw new Error('no')", "", "a.ts:1:11: the module throws Error: no"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, _, err := readFile(t, inFolder(t, test.file, test.content), test.path)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want an error with %q", err, test.want)
			}
		})
	}
}

func TestSettingsOfFilesAreChecked(t *testing.T) {
	dir := t.TempDir()
	for _, test := range []struct {
		settings FileSettings
		want     string
	}{
		{FileSettings{}, "names no file: expected path or url"},
		{FileSettings{Path: "a.json", URL: "http://a/"}, "has path and url: remove one"},
		{FileSettings{Path: "a.xlsx"}, "the name of a.xlsx does not tell what it holds: set format to one of json, ndjson, csv, module"},
		{FileSettings{Path: "a.json", Format: "xml"}, `there is no format "xml"`},
		{FileSettings{URL: "ftp://a/b.csv"}, "is not an address"},
		{FileSettings{URL: "https://a/b.ts"}, "it must be a file of the project"},
		{FileSettings{Path: "a.csv", Delimiter: '"'}, "cannot be a delimiter"},
		{FileSettings{Dir: dir, Path: "missing.json"}, "there is no file " + dir + "/missing.json"},
		{FileSettings{Dir: filepath.Dir(dir), Path: filepath.Base(dir), Format: JSON}, "it is a folder: expected a file"},
	} {
		if _, _, err := readFile(t, test.settings, ""); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%+v: got %v, want an error with %q", test.settings, err, test.want)
		}
	}
	small := inFolder(t, "a.json", `[{"a": 1}]`)
	small.MaxBytes = 5
	if _, _, err := readFile(t, small, ""); err == nil || !strings.Contains(err.Error(), "it has 10 bytes, more than maxBytes allows (5)") {
		t.Errorf("a file beyond its bound: %v", err)
	}
}

func TestAFileIsAsOldAsItWasChanged(t *testing.T) {
	settings := inFolder(t, "a.json", `[]`)
	changed := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	if err := os.Chtimes(filepath.Join(settings.Dir, "a.json"), changed, changed); err != nil {
		t.Fatal(err)
	}
	f, err := NewFile(settings)
	if err != nil {
		t.Fatal(err)
	}
	var told Progress
	a, err := f.Fetch(t.Context(), func(p Progress) { told = p })
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close() //nolint:errcheck // a test's file
	if !a.FetchedAt.Equal(changed) || a.Bytes != 2 || a.Address != "a.json" || told.Bytes != 2 {
		t.Errorf("got %+v after %+v", a, told)
	}
	// The records are read from the file when they are asked for.
	if err := os.WriteFile(filepath.Join(settings.Dir, "a.json"), []byte(`[{"a": 1}]`), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, err := range a.Records("") {
		if err == nil || !strings.Contains(err.Error(), "a.json was changed while it was read") {
			t.Errorf("a changed file: %v", err)
		}
	}
}

func TestFilesAreFetched(t *testing.T) {
	attempts := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet || r.Header.Get("Content-Type") != "" || r.ContentLength > 0 {
			t.Errorf("asked with %s and the headers %v", r.Method, r.Header)
		}
		switch r.URL.Path {
		case "/moved.csv":
			http.Redirect(w, r, "/items.csv", http.StatusFound)
		case "/busy.csv":
			if attempts++; attempts == 1 {
				w.WriteHeader(http.StatusServiceUnavailable)
				return
			}
			fallthrough
		case "/items.csv":
			w.Header().Set("Last-Modified", "Fri, 02 Jan 2026 03:04:05 GMT")
			_, _ = io.WriteString(w, "name;quantity\nMilk;2\n")
		case "/packed.ndjson":
			w.Header().Set("Content-Encoding", "gzip")
			packed := gzip.NewWriter(w)
			_, _ = io.WriteString(packed, strings.Repeat("{\"name\":\"Milk\"}\n", 100))
			_ = packed.Close()
		case "/login.csv":
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			_, _ = io.WriteString(w, "<!doctype html><title>Log in</title>")
		case "/secret.json":
			if r.Header.Get("Authorization") != "Bearer word" {
				w.WriteHeader(http.StatusUnauthorized)
				return
			}
			_, _ = io.WriteString(w, `[{"name": "Milk"}]`)
		default:
			http.NotFound(w, r)
		}
	}))
	defer server.Close()
	for _, test := range []struct{ path, records, want string }{
		{"/items.csv", `{"name":"Milk","quantity":"2"}` + "\n", ""},
		{"/moved.csv", `{"name":"Milk","quantity":"2"}` + "\n", ""},
		{"/busy.csv", `{"name":"Milk","quantity":"2"}` + "\n", ""},
		{"/packed.ndjson", "", "the answer is larger than what is left of `maxBytes` (1000 bytes)"},
		{"/secret.json", `{"name":"Milk"}` + "\n", ""},
		{"/login.csv", "", "status 200 with an HTML page instead of a file"},
		{"/missing.json", "", "status 404 Not Found"},
	} {
		t.Run(test.path, func(t *testing.T) {
			f, err := NewFile(FileSettings{URL: server.URL + test.path, Token: "word", MaxBytes: 1000})
			if err != nil {
				t.Fatal(err)
			}
			a, err := f.Fetch(t.Context(), nil)
			if test.want != "" {
				if err == nil || !strings.Contains(err.Error(), test.want) {
					t.Errorf("got %v, want an error with %q", err, test.want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			var got strings.Builder
			for record, err := range a.Records("") {
				if err != nil {
					t.Fatal(err)
				}
				var compact bytes.Buffer
				if err := json.Compact(&compact, record.Data); err != nil {
					t.Fatal(err)
				}
				got.WriteString(compact.String() + "\n")
			}
			if got.String() != test.records {
				t.Errorf("got %s, want %s", got.String(), test.records)
			}
			if strings.HasSuffix(test.path, ".csv") && a.FetchedAt.Format(time.DateOnly) != "2026-01-02" {
				t.Errorf("it is of %s", a.FetchedAt)
			}
			if moved := len(a.Notices) == 1; moved != (test.path == "/moved.csv") {
				t.Errorf("notices: %v", a.Notices)
			}
			if err := a.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestMemoryDoesNotGrowWithAFile reads 200,000 records of each format.
func TestMemoryDoesNotGrowWithAFile(t *testing.T) {
	const count = 200_000
	for name, row := range map[string]func(i int) string{
		"items.csv":    func(i int) string { return fmt.Sprintf("%d,Item %d,\"a, b\"\n", i, i) },
		"items.ndjson": func(i int) string { return fmt.Sprintf("{\"id\":%d,\"name\":\"Item %d\"}\n", i, i) },
		"items.json":   func(i int) string { return fmt.Sprintf("{\"id\":%d,\"name\":\"Item %d\"},\n", i, i) },
	} {
		t.Run(name, func(t *testing.T) {
			settings := FileSettings{Dir: t.TempDir(), Path: name}
			var content strings.Builder
			content.WriteString(map[string]string{"items.csv": "id,name,note\n", "items.json": "["}[name])
			for i := range count {
				content.WriteString(row(i))
			}
			content.WriteString(map[string]string{"items.json": "{}]"}[name])
			if err := os.WriteFile(filepath.Join(settings.Dir, name), []byte(content.String()), 0o600); err != nil {
				t.Fatal(err)
			}
			content.Reset()
			f, err := NewFile(settings)
			if err != nil {
				t.Fatal(err)
			}
			before := heap()
			a, err := f.Fetch(t.Context(), nil)
			if err != nil {
				t.Fatal(err)
			}
			defer a.Close() //nolint:errcheck // a test's file
			read := 0
			for _, err := range a.Records("") {
				if err != nil {
					t.Fatal(err)
				}
				if read++; read == count/2 {
					if now := heap(); now > before+2<<20 {
						t.Errorf("%d bytes are held within the file of %d, %d before", now, a.Bytes, before)
					}
				}
			}
			if read < count {
				t.Errorf("read %d records", read)
			}
		})
	}
}

// TestARecordWithoutEndIsRefused holds that a quote which is missing does not
// bring the rest of a large file into memory.
func TestARecordWithoutEndIsRefused(t *testing.T) {
	for name, test := range map[string]struct {
		format content
		begin  string
		want   string
	}{
		"a line":     {&lines{name: "a.ndjson"}, "{}\n{\"a\": \"", "a record or a key at line 2 is larger than 64 MiB"},
		"a document": {&document{name: "a.json"}, "[{}, {\"a\": \"", "a record or a key at line 1 is larger than 64 MiB"},
		"a row":      {&table{name: "a.csv"}, "a\n1\n\"", "a row is larger than 64 MiB: a quote may be missing"},
	} {
		in := io.MultiReader(strings.NewReader(test.begin), io.LimitReader(sameByte('x'), 1<<30))
		var got error
		test.format.records(in, "", func(_ Record, err error) bool {
			got = err
			return true
		})
		if got == nil || !strings.Contains(got.Error(), test.want) {
			t.Errorf("%s: got %v, want an error with %q", name, got, test.want)
		}
	}
}

// sameByte is a reader of one byte again and again.
type sameByte byte

func (b sameByte) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(b)
	}
	return len(p), nil
}

// FuzzFiles holds that any content of any format gives an error or records that
// are JSON objects, the same whenever they are asked for.
func FuzzFiles(f *testing.F) {
	f.Add("csv", "a,b\n1,\"2\n\"\"\"\n")
	f.Add("csv", "\ufeffa;b\r\n;\r\n")
	f.Add("ndjson", "{\"a\":1}\n{}\n")
	f.Add("ndjson", "{\"a\":1} {}\n")
	f.Add("json", `{"a":{"b":[{"c":1}],"d":{"x":{"y":1},"z":{"y":2}}}}`)
	f.Add("json", `[{"a":1},null]`)
	f.Add("json", `{"*":[{"a":1}],"":[{"a":1}],"a.b":[{"a":1}]}`)
	f.Fuzz(func(t *testing.T, format, text string) {
		var read content = &document{name: "file"}
		switch format {
		case "csv":
			read = &table{name: "file"}
		case "ndjson":
			read = &lines{name: "file"}
		}
		roots, err := read.check(strings.NewReader(text))
		if err != nil {
			return
		}
		for _, root := range roots {
			count := 0
			read.records(strings.NewReader(text), root.Path, func(record Record, err error) bool {
				var object map[string]json.RawMessage
				if err == nil {
					err = json.Unmarshal(record.Data, &object)
				}
				if err != nil {
					t.Errorf("%q: %v", root.Path, err)
				}
				count++
				return true
			})
			if count != root.Records {
				t.Errorf("%q: %d records, said to be %d", root.Path, count, root.Records)
			}
		}
	})
}
