package infer_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/larderhq/larder/internal/infer"
	"github.com/larderhq/larder/internal/source"
)

// TestGoldenOfFiles derives models for every folder of testdata/files, which
// has one data file.
func TestGoldenOfFiles(t *testing.T) {
	folders, err := filepath.Glob("testdata/files/*")
	if err != nil || len(folders) == 0 {
		t.Fatal("no cases", err)
	}
	for _, folder := range folders {
		t.Run(strings.ReplaceAll(filepath.Base(folder), "-", " "), func(t *testing.T) {
			got := ""
			if result, err := fromFile(t, folder); err != nil {
				got = "error: " + err.Error() + "\n"
			} else {
				got = result.SDL
				for _, note := range result.Notes {
					got += "\n## " + note
				}
				got = strings.TrimSuffix(got, "\n") + "\n"
			}
			golden := filepath.Join(folder, "want.graphql")
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if want := read(t, golden); got != want {
				t.Errorf("got:\n%s\nwant:\n%s", got, want)
			}
		})
	}
}

// fromFile derives models from the data file of a folder.
func fromFile(t *testing.T, folder string) (*infer.Result, error) {
	t.Helper()
	name := dataFile(t, folder)
	file, err := source.NewFile(source.FileSettings{Dir: folder, Path: name})
	if err != nil {
		t.Fatal(err)
	}
	answer, err := file.Fetch(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Close() //nolint:errcheck // it was only read
	request := infer.Request{Source: "data", Records: answer.Records, Roots: answer.Roots()}
	if source.FormatOf(name) == source.Module {
		request.Declared = infer.Declare([]string{name}, func(name string) ([]byte, error) { return fs.ReadFile(os.DirFS(folder), name) })
	}
	return infer.Values(request)
}

func dataFile(t *testing.T, folder string) string {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if strings.HasSuffix(entry.Name(), ".ts") && entry.Name() != "data.ts" {
			continue // one that it imports
		}
		if source.FormatOf(entry.Name()) != "" {
			return entry.Name()
		}
	}
	t.Fatal("no data file in", folder)
	return ""
}
