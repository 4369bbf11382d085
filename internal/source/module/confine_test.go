package module_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/larderhq/larder/internal/source/module"
)

func TestLinksDoNotLeadOutOfTheFolder(t *testing.T) {
	outside := t.TempDir()
	write(t, outside, "secret.ts", `export const secret = "found";`)
	folder := t.TempDir()
	write(t, folder, "inside.ts", `export const secret = "mine";`)
	link(t, filepath.Join(outside, "secret.ts"), filepath.Join(folder, "file.ts"))
	link(t, outside, filepath.Join(folder, "folder"))
	link(t, "inside.ts", filepath.Join(folder, "within.ts"))
	for path, want := range map[string]string{
		"./file":          "it leads out of the project's folder",
		"./folder/secret": "it leads out of the project's folder",
		"./within":        "",
	} {
		write(t, folder, "data.ts", `import { secret } from "`+path+`"; export const items = [{ secret }];`)
		data, err := module.Evaluate(t.Context(), folder, "data.ts", module.Limits{})
		switch {
		case want == "" && (err != nil || string(data.JSON) != `{"items":[{"secret":"mine"}]}`):
			t.Errorf("%s within the folder: %v", path, err)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
			t.Errorf("%s out of the folder: got %v, want an error with %q", path, err, want)
		}
	}
}

func TestAModuleMustBeAFileOfTheFolder(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "project")
	write(t, folder, "notes.txt", "no module")
	write(t, folder, "lists/data.ts", "export const lists = [{}];")
	write(t, filepath.Dir(folder), "data.ts", "export const lists = [{}];")
	link(t, filepath.Join(filepath.Dir(folder), "data.ts"), filepath.Join(folder, "linked.ts"))
	for entry, want := range map[string]string{
		"../data.ts":    "../data.ts is outside of the project's folder",
		"/etc/passwd":   "/etc/passwd is outside of the project's folder",
		"missing.ts":    "there is no file missing.ts",
		"lists":         "lists is no file",
		"notes.txt":     "notes.txt is no module",
		"linked.ts":     "read linked.ts: ",
		"lists/data.ts": "",
	} {
		_, err := module.Evaluate(t.Context(), folder, entry, module.Limits{})
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: got %v, want %q", entry, err, want)
		}
	}
}

func TestFilesOfAModuleAreBoundedAndTold(t *testing.T) {
	folder := t.TempDir()
	write(t, folder, "app/data.ts", `import { unit } from "./units"; export const items = [{ unit }];`)
	write(t, folder, "app/units.ts", `export const unit = "piece";`)
	youngest := time.Now().Add(time.Hour).Truncate(time.Second)
	if err := os.Chtimes(filepath.Join(folder, "app/units.ts"), youngest, youngest); err != nil {
		t.Fatal(err)
	}
	data, err := module.Evaluate(t.Context(), folder, "app/data.ts", module.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(data.Files, " "); got != "app/data.ts app/units.ts" {
		t.Errorf("files: %s", got)
	}
	if !data.Modified.Equal(youngest) {
		t.Errorf("modified: got %s, want %s", data.Modified, youngest)
	}
	_, err = module.Evaluate(t.Context(), folder, "app/data.ts", module.Limits{Sources: 80})
	if err == nil || !strings.Contains(err.Error(), "the module's files have more than") {
		t.Errorf("files of more than 80 bytes: %v", err)
	}
}

func TestAnEvaluationEndsWithItsContext(t *testing.T) {
	folder := t.TempDir()
	write(t, folder, "data.ts", "for (;;) {}\nexport const items = [{}];")
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	started := time.Now()
	_, err := module.Evaluate(ctx, folder, "data.ts", module.Limits{Time: time.Minute})
	if err == nil || !strings.Contains(err.Error(), "deadline exceeded") {
		t.Errorf("got %v, want that the context ended", err)
	}
	if took := time.Since(started); took > 20*time.Second {
		t.Errorf("it took %s to end", took)
	}
}

func link(t *testing.T, target, name string) {
	t.Helper()
	if err := os.Symlink(target, name); err != nil {
		t.Fatal(err)
	}
}

// TestNestingWithoutEndIsRefused holds that no text ends more than the child: a
// stack without end is no error that Go can recover from.
func TestNestingWithoutEndIsRefused(t *testing.T) {
	folder := t.TempDir()
	for _, step := range []string{"[", "(", "{a:", "-", "!\n", "x=>", "typeof ", "a?b:", "`${", "a=", "new "} {
		write(t, folder, "data.ts", "export const items = "+strings.Repeat(step, 500_000)+"1;")
		_, err := module.Evaluate(t.Context(), folder, "data.ts", module.Limits{})
		if err == nil || !strings.Contains(err.Error(), "data.ts, or a file that it imports, is nested too deeply to be read as a module") {
			t.Errorf("%q half a million times: got %.200v", step, err)
		}
	}
	write(t, folder, "data.ts", `import deep from "./deep.json"; export const items = deep;`)
	write(t, folder, "deep.json", strings.Repeat("[", 500_000))
	_, err := module.Evaluate(t.Context(), folder, "data.ts", module.Limits{})
	if err == nil || !strings.Contains(err.Error(), "data.ts, or a file that it imports, is nested too deeply") {
		t.Errorf("JSON: got %.200v", err)
	}
	// Brackets in texts and long data are no nesting.
	write(t, folder, "data.ts", "export const items = ["+strings.Repeat(`{ text: "sad :( but (sic) :)", data: "aGVsbG8+d29y/bGQ=" },`, 6_000)+"];")
	if _, err := module.Evaluate(t.Context(), folder, "data.ts", module.Limits{Time: time.Minute}); err != nil {
		t.Errorf("texts with brackets: %v", err)
	}
}
