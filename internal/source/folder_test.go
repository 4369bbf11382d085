package source

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// folderWith writes files into a folder and says how to read it.
func folderWith(t *testing.T, files map[string]string) FileSettings {
	t.Helper()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "data"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, "data", name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return FileSettings{Dir: dir, Path: "data/"}
}

func TestTheFilesOfAFolderAreReadTogether(t *testing.T) {
	file, err := NewFile(folderWith(t, map[string]string{
		"shops.csv": "name\nCorner\n", "lists.ndjson": `{"items":[{"n":1},{"n":2}]}`, "more.json": `{"a":[{"m":1}],"b":[{"m":2}]}`,
		"README.md": "# Data", ".shops.csv.1.part": "na", "none.ndjson": "",
	}))
	if err != nil {
		t.Fatal(err)
	}
	answer, err := file.Fetch(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Close() //nolint:errcheck // it was only read
	var roots []string
	for _, root := range answer.Roots() {
		roots = append(roots, root.Path+" "+root.Name)
	}
	if got, want := strings.Join(roots, "|"), "lists lists|more.a a|more.b b|none none|shops shops"; got != want {
		t.Errorf("roots %s, want %s", got, want)
	}
	for path, want := range map[string]string{
		"shops": `true {"name":"Corner"}`, "lists": `false {"items":[{"n":1},{"n":2}]}`, "more.b": `false {"m":2}`, "none": "",
	} {
		got := ""
		for record, err := range answer.Records(path) {
			if err != nil {
				t.Fatal(err)
			}
			got += map[bool]string{true: "true ", false: "false "}[record.Text] + string(record.Data)
		}
		if got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
	if answer.Bytes != 68 || !answer.Complete || answer.Pages != 4 {
		t.Errorf("bytes %d, pages %d, complete %t", answer.Bytes, answer.Pages, answer.Complete)
	}
}

func TestAFolderThatCannotBeReadSaysWhy(t *testing.T) {
	withFormat := folderWith(t, nil)
	withFormat.Format = CSV
	for _, test := range []struct {
		settings FileSettings
		want     string
	}{
		{withFormat, "remove format"},
		{folderWith(t, map[string]string{"README.md": ""}), "has no file whose name ends in .json, .ndjson or .csv"},
		{folderWith(t, map[string]string{"a.csv": "x\n", "a.json": "[]"}), "two files called a, whatever their endings"},
		{folderWith(t, map[string]string{"a.csv": "x\n", "b.json": "["}), "data/b.json:1:2"},
		{folderWith(t, map[string]string{"a.csv": "x\n"}), `there is no file "lists" in data/: it has a.csv`},
		{FileSettings{Dir: t.TempDir(), Path: "data/"}, "there is no folder"},
		{FileSettings{Dir: folderWith(t, map[string]string{"a.csv": "x\n"}).Dir, Path: "data/a.csv/"}, "not a directory"},
	} {
		if _, _, err := readFile(t, test.settings, "lists"); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%+v: got %v, want an error with %q", test.settings, err, test.want)
		}
	}
}
