package module_test

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/larderhq/larder/internal/source/module"
)

var update = flag.Bool("update", false, "write what is wanted of the modules anew")

// TestModules evaluates each of testdata/modules/*.txtar: the files of a
// project's folder and what is wanted of data.ts (or of the file that .entry
// names): want.json, want.error or want.notice.
func TestModules(t *testing.T) {
	archives, err := filepath.Glob("testdata/modules/*.txtar")
	if err != nil || len(archives) < 40 {
		t.Fatalf("found %d modules (%v): this test looks in the wrong place", len(archives), err)
	}
	for _, file := range archives {
		name := strings.ReplaceAll(strings.TrimSuffix(filepath.Base(file), ".txtar"), "-", " ")
		t.Run(name, func(t *testing.T) { testModule(t, file) })
	}
}

func testModule(t *testing.T, file string) {
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	folder, entry := filepath.Join(t.TempDir(), "project"), "data.ts"
	// What is outside must not be found, although it is there.
	write(t, filepath.Dir(folder), "secret.json", `{"secret": true}`)
	write(t, filepath.Dir(folder), "outside.js", `export default "secret"`)
	want, inputs := map[string]string{}, []txtar.File{}
	for _, f := range archive.Files {
		switch {
		case strings.HasPrefix(f.Name, "want."):
			want[f.Name] = string(f.Data)
			continue
		case f.Name == ".entry":
			entry = strings.TrimSpace(string(f.Data))
		default:
			write(t, folder, f.Name, string(f.Data))
		}
		inputs = append(inputs, f)
	}
	limits := module.Limits{Time: 10 * time.Second, Memory: 16 << 20}
	if strings.Contains(want["want.error"], "does not end within") {
		limits.Time = 400 * time.Millisecond
	}
	started := time.Now()
	data, err := module.Evaluate(t.Context(), folder, entry, limits)
	if took := time.Since(started); took > 30*time.Second {
		t.Errorf("the evaluation took %s", took)
	}
	got := map[string]string{}
	if err != nil {
		got["want.error"] = err.Error() + "\n"
		if strings.Contains(err.Error(), "secret\"") || strings.Contains(err.Error(), "root:") {
			t.Errorf("the error shows what is outside of the folder: %v", err)
		}
	} else if len(data.Notices) == 0 {
		got["want.json"] = string(data.JSON) + "\n"
	} else {
		got["want.notice"] = chance.ReplaceAllString(strings.Join(data.Notices, "\n"), "($1 …)") + "\n"
	}
	if *update {
		for _, kind := range []string{"want.json", "want.error", "want.notice"} {
			if text, is := got[kind]; is {
				inputs = append(inputs, txtar.File{Name: kind, Data: []byte(text)})
			}
		}
		if err := os.WriteFile(file, txtar.Format(&txtar.Archive{Comment: archive.Comment, Files: inputs}), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	for _, kind := range []string{"want.json", "want.error", "want.notice"} {
		if got[kind] != want[kind] {
			t.Errorf("%s:\n got %s\nwant %s", kind, got[kind], want[kind])
		}
	}
}

// chance is the part of a notice that differs every time.
var chance = regexp.MustCompile(`\((items\S*) was [^)]*\)`)

func write(t *testing.T, folder, name, text string) {
	t.Helper()
	path := filepath.Join(folder, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
