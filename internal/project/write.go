package project

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
)

// Draft is a project to be written.
type Draft struct {
	Sources []DraftSource
	Models  string // the text of models.graphql
}

// DraftSource is a source of a [Draft]. Texts may hold references, and secrets
// must be references.
type DraftSource struct {
	Name      string
	Path      string // of a file, from the project's folder: the source is a file
	Format    string // of a file whose name does not tell it
	URL       string // of an endpoint, or of a file that has a Format or no Query
	Query     string
	Operation string
	Variables map[string]any // JSON values
	Headers   map[string]string
	Token     string
	Notes     []string // written above the source as comments
}

// longQuery is from how many lines on a query has a file of its own.
const longQuery = 40

// gitignore keeps the database out of version control.
const gitignore = `# The database and what SQLite keeps beside it.
larder.db
larder.db-*
`

// Write makes the project folder dir with larder.yaml, the models, long queries
// in files of their own and a .gitignore. It refuses a folder that holds
// anything, and removes what it wrote when something fails.
func Write(dir string, draft Draft) (err error) {
	if err := checkEmpty(dir); err != nil {
		return err
	}
	files := map[string]string{ModelsFile: draft.Models, ".gitignore": gitignore}
	settings, err := draft.settings(files)
	if err != nil {
		return err
	}
	files[SettingsFile] = settings
	written := []string{}
	defer func() {
		if err != nil {
			for _, name := range slices.Backward(written) {
				_ = os.Remove(name) // what cannot be removed is seen in the folder
			}
		}
	}()
	for _, folder := range []string{dir, filepath.Join(dir, "queries")} {
		if folder != dir && !slices.ContainsFunc(draft.Sources, DraftSource.long) {
			continue
		}
		if _, missing := os.Stat(folder); errors.Is(missing, fs.ErrNotExist) {
			written = append(written, folder)
		}
		if err := os.MkdirAll(folder, 0o750); err != nil {
			return fmt.Errorf("make the project: %w", err)
		}
	}
	for name, text := range files {
		path := filepath.Join(dir, name)
		written = append(written, path)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil { //nolint:gosec // project files go under version control
			return fmt.Errorf("make the project: %w", err)
		}
	}
	return nil
}

// checkEmpty refuses a folder that holds anything but version control.
func checkEmpty(dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("make the project: %w", err)
	}
	for _, entry := range entries {
		if entry.Name() != ".git" {
			return fmt.Errorf("%s is not empty (it holds %s): name a folder that does not exist yet", dir, entry.Name())
		}
	}
	return nil
}

// settings is the text of larder.yaml; long queries are added to files.
func (d Draft) settings(files map[string]string) (string, error) {
	var text strings.Builder
	text.WriteString("# Settings of this project. Every one of them is described in larder's docs/configuration.md;\n" +
		"# an environment variable (LARDER_LISTEN) or a flag (--listen) stands over what is written here.\n\n" +
		"# listen: 127.0.0.1:8080   # where the API is served\n" +
		"# database: larder.db      # a SQLite file, or a postgres:// URL\n\n" +
		"sources:\n")
	for i, s := range d.Sources {
		if i > 0 {
			text.WriteString("\n")
		}
		written, err := s.settings()
		if err != nil {
			return "", err
		}
		text.WriteString(written)
		if s.long() {
			files[filepath.Join("queries", s.Name+".graphql")] = strings.TrimSpace(s.Query) + "\n"
		}
	}
	return text.String(), nil
}

func (s DraftSource) isFile() bool { return s.Path != "" || s.Query == "" }

func (s DraftSource) long() bool { return strings.Count(strings.TrimSpace(s.Query), "\n") >= longQuery }

// settings is the source's part of larder.yaml.
func (s DraftSource) settings() (string, error) {
	if !sourceName.MatchString(s.Name) {
		return "", fmt.Errorf("%q cannot be a source's name: expected letters, digits, - and _, a letter first", s.Name)
	}
	if err := s.checkSecrets(); err != nil {
		return "", err
	}
	var text strings.Builder
	for _, note := range s.Notes {
		fmt.Fprintf(&text, "  # %s\n", strings.Join(strings.Fields(note), " "))
	}
	kind := kindGraphQL
	if s.isFile() {
		kind = kindFile
	}
	fmt.Fprintf(&text, "  %s:\n    kind: %s\n", s.Name, kind)
	members := []struct {
		key   string
		value any
		given bool
	}{
		{"path", s.Path, s.Path != ""},
		{"url", s.URL, s.Path == ""},
		{"format", s.Format, s.Format != ""},
		{"token", s.Token, s.Token != ""},
		{"headers", s.Headers, len(s.Headers) > 0},
		{"operation", s.Operation, s.Operation != ""},
		{"variables", s.Variables, len(s.Variables) > 0},
		{"queryFile", "queries/" + s.Name + ".graphql", s.long()},
	}
	for _, member := range members {
		if !member.given {
			continue
		}
		encoded, err := yaml.MarshalWithOptions(map[string]any{member.key: member.value}, yaml.Indent(2))
		if err != nil {
			return "", fmt.Errorf("write %s of the source %s: %w", member.key, s.Name, err)
		}
		text.WriteString(indent(string(encoded), "    "))
	}
	if !s.long() && !s.isFile() {
		text.WriteString("    query: |\n" + indent(strings.TrimSpace(s.Query)+"\n", "      "))
	}
	return text.String(), nil
}

// checkSecrets refuses secrets that would be readable in larder.yaml.
func (s DraftSource) checkSecrets() error {
	l := &loader{}
	for name, value := range s.Headers {
		if _, err := l.secret(given{value: value, file: true}, confidentialHeader(name)); err != nil {
			return fmt.Errorf("header %s: %w", name, err)
		}
	}
	if _, err := l.secret(given{value: s.Token, file: true}, true); err != nil {
		return fmt.Errorf("token: %w", err)
	}
	if _, err := l.address(given{value: s.URL, file: true}); err != nil {
		return fmt.Errorf("url: %w", err)
	}
	return nil
}

// indent puts a margin before each line that is not empty.
func indent(text, margin string) string {
	var out strings.Builder
	for line := range strings.Lines(text) {
		if strings.TrimSpace(line) != "" {
			out.WriteString(margin)
		}
		out.WriteString(line)
	}
	return out.String()
}
