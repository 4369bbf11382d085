package project

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
)

// Draft is a project to be written.
type Draft struct {
	// Database is that of a project without sources, whose tables larder does
	// not own; a password in it must be a reference.
	Database string
	Sources  []DraftSource
	Models   string // the text of models.graphql
	// Copies are further files of the project, by their path in it with slashes:
	// where each is copied from.
	Copies map[string]string
	// InPlace makes the project in a folder that holds its files already. None
	// of them is changed, but for what is added to its .gitignore.
	InPlace bool
}

// DraftSource is a source of a [Draft]. Texts may hold references, and secrets
// must be references.
type DraftSource struct {
	Name      string
	Path      string // of a file, from the project's folder: the source is a file
	Format    string // of a file whose name does not tell it
	Delimiter string // of CSV; "" where it is found
	URL       string // of an endpoint, or of a file that has a Format or no Query
	Query     string
	Operation string
	Variables map[string]any // JSON values; a json.Number is written as it is
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
# Reads of sources that are under way.
.larder/
`

// Write makes the project folder dir with larder.yaml, the models, long queries
// in files of their own, the copies and a .gitignore. It refuses a folder that
// holds anything (in place: a project), and removes what it wrote when
// something fails.
func Write(dir string, draft Draft) (err error) {
	check := checkEmpty
	if draft.InPlace {
		check = checkNoProject
	}
	if err := check(dir); err != nil {
		return err
	}
	files := map[string]string{ModelsFile: draft.Models}
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
	write := func(name string, content func(path string) error) error {
		path := filepath.Join(dir, filepath.FromSlash(name))
		made, err := makeFolder(filepath.Dir(path))
		written = append(append(written, made...), path)
		if err == nil {
			err = content(path)
		}
		if err != nil {
			return fmt.Errorf("make the project: %w", err)
		}
		return nil
	}
	for name, text := range files {
		err := write(name, func(path string) error {
			return os.WriteFile(path, []byte(text), 0o644) //nolint:gosec // project files go under version control
		})
		if err != nil {
			return err
		}
	}
	for name, from := range draft.Copies {
		if err := write(name, func(path string) error { return copyFile(path, from) }); err != nil {
			return err
		}
	}
	return ignoreDatabase(filepath.Join(dir, ".gitignore"))
}

// makeFolder makes a folder and returns those that were not there.
func makeFolder(folder string) (made []string, err error) {
	for at := folder; ; at = filepath.Dir(at) {
		if _, missing := os.Stat(at); !errors.Is(missing, fs.ErrNotExist) {
			break
		}
		made = append(made, at)
	}
	slices.Reverse(made)
	return made, os.MkdirAll(folder, 0o750)
}

func copyFile(to, from string) error {
	in, err := os.Open(from) //nolint:gosec // the person names the file
	if err != nil {
		return err
	}
	defer in.Close()                                                      //nolint:errcheck // it was only read
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644) //nolint:gosec // project files go under version control
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}

// ignoreDatabase keeps the database out of version control, in addition to
// what the folder keeps out already.
func ignoreDatabase(file string) error {
	before, err := os.ReadFile(file) //nolint:gosec // it is the project's
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("make the project: %w", err)
	}
	if slices.Contains(strings.Split(string(before), "\n"), "larder.db") {
		return nil
	}
	text := string(before)
	if text != "" {
		text = strings.TrimRight(text, "\n") + "\n\n"
	}
	if err := os.WriteFile(file, []byte(text+gitignore), 0o644); err != nil { //nolint:gosec // as above
		return fmt.Errorf("make the project: %w", err)
	}
	return nil
}

// checkNoProject refuses a folder that holds a project, or a part of one.
func checkNoProject(dir string) error {
	for _, name := range []string{SettingsFile, ModelsFile, "migrations", "queries"} {
		if _, err := os.Stat(filepath.Join(dir, name)); !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("%s holds %s: it is a project already; name a folder that is none", dir, name)
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
		"# listen: 127.0.0.1:8080   # where the API is served\n")
	if d.Database != "" {
		return d.external(&text)
	}
	text.WriteString("# database: larder.db      # a SQLite file, or a postgres:// URL\n\n" +
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

// external ends the text of larder.yaml for a database that larder does not own.
func (d Draft) external(text *strings.Builder) (string, error) {
	if _, err := (&loader{}).address(given{value: d.Database, file: true}); err != nil {
		return "", fmt.Errorf("database: %w", err)
	}
	database, err := yaml.Marshal(map[string]string{"database": d.Database})
	if err != nil {
		return "", fmt.Errorf("write the database's address: %w", err)
	}
	text.WriteString(string(database) + "migrations: external       # the tables are not larder's: it changes records, and nothing else\n")
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
		{"delimiter", s.Delimiter, s.Delimiter != ""},
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
		encoded, err := yaml.MarshalWithOptions(map[string]any{member.key: member.value}, yaml.Indent(2),
			yaml.CustomMarshaler(func(number json.Number) ([]byte, error) { return []byte(number), nil }))
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
