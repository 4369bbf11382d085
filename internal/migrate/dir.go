package migrate

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/larderhq/larder/internal/model"
)

// checksumFile lists every migration file, as sha256sum prints it: in the
// folder, sha256sum -c checksums.txt says OK.
const checksumFile = "checksums.txt"

// modelSuffix is that of the models as they are after a migration.
const modelSuffix = ".graphql"

// Dir is a folder of migrations that has been read and found whole.
type Dir struct {
	path       string
	migrations []Migration
}

// Migration is one numbered step, with a file for each engine.
type Migration struct {
	Version int    // from 1, without gaps
	Name    string // add_price

	sql       map[string]string // by dialect
	checksums map[string]string // by dialect
	models    []byte            // the models after it; nil where it changes none
}

// String is the stem of the migration's files: 0002_add_price.
func (m Migration) String() string { return fmt.Sprintf("%04d_%s", m.Version, m.Name) }

// File is the name of the migration's file for a dialect.
func (m Migration) File(dialectName string) string { return m.String() + "." + dialectName + ".sql" }

// SQL is the text of the migration's file for a dialect.
func (m Migration) SQL(dialectName string) string { return m.sql[dialectName] }

// FileError says what is wrong with a file of a migrations folder.
type FileError struct {
	File    string // with its path
	Message string // what was expected and what came
	Action  string // what to do
}

// Error is the file, what is wrong, and what to do.
func (e *FileError) Error() string { return e.File + ": " + e.Message + "; " + e.Action }

// fileName is what a migration's files are called.
var fileName = regexp.MustCompile(`^([0-9]{4,9})_([a-z0-9_]+)\.(sqlite\.sql|postgres\.sql|graphql)$`)

// Open reads the migrations folder at path; one that does not exist is empty.
// It fails with a *FileError when a number is missing or taken twice, when a
// migration lacks the file of an engine, or when a file is not as checksums.txt
// says. Files that are neither SQL nor GraphQL are none of its business.
func Open(path string) (*Dir, error) {
	d, sums, err := read(path)
	if err != nil {
		return nil, err
	}
	if err := d.verify(sums); err != nil {
		return nil, err
	}
	return d, nil
}

// Path is the folder.
func (d *Dir) Path() string { return d.path }

// Migrations are all migrations in order.
func (d *Dir) Migrations() []Migration { return slices.Clone(d.migrations) }

// Models are the models as they are after the last migration, nil before the
// first.
func (d *Dir) Models() (*model.Schema, error) { return d.modelsBefore(len(d.migrations) + 1) }

// modelsBefore are the models that a migration starts from.
func (d *Dir) modelsBefore(version int) (*model.Schema, error) {
	for _, m := range slices.Backward(d.migrations[:version-1]) {
		if m.models != nil {
			return model.Parse(filepath.Join(d.path, m.String()+modelSuffix), m.models)
		}
	}
	return nil, nil
}

// read reads the folder and the checksums of its files, by name.
func read(path string) (*Dir, map[string]string, error) {
	d := &Dir{path: path}
	sums := map[string]string{}
	entries, err := os.ReadDir(path)
	if errors.Is(err, fs.ErrNotExist) {
		return d, sums, nil
	}
	if err != nil {
		return nil, nil, fmt.Errorf("read the migrations: %w", err)
	}
	for _, entry := range entries {
		name := entry.Name()
		if entry.IsDir() || (!strings.HasSuffix(name, ".sql") && !strings.HasSuffix(name, modelSuffix)) {
			continue
		}
		content, err := os.ReadFile(filepath.Join(path, name)) //nolint:gosec // a file of the project's folder
		if err != nil {
			return nil, nil, fmt.Errorf("read the migrations: %w", err)
		}
		sum := sha256.Sum256(content)
		sums[name] = hex.EncodeToString(sum[:])
		if err := d.add(name, content, sums[name]); err != nil {
			return nil, nil, err
		}
	}
	return d, sums, d.complete()
}

// add takes a file into its migration; files come in the order of their names.
func (d *Dir) add(name string, content []byte, sum string) error {
	parts := fileName.FindStringSubmatch(name)
	if parts == nil {
		return d.fault(name, "expected a name like 0002_add_price.sqlite.sql", "rename it or take it out of the folder")
	}
	version, err := strconv.Atoi(parts[1])
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	at := slices.IndexFunc(d.migrations, func(m Migration) bool { return m.Version == version })
	if at < 0 {
		d.migrations = append(d.migrations, Migration{Version: version, Name: parts[2], sql: map[string]string{}, checksums: map[string]string{}})
		at = len(d.migrations) - 1
	}
	m := &d.migrations[at]
	if m.Name != parts[2] {
		return d.fault(name, fmt.Sprintf("the number %04d is taken by %s", version, *m), "give one of them the next free number")
	}
	if parts[3] == strings.TrimPrefix(modelSuffix, ".") {
		m.models = content
		return nil
	}
	engine := strings.TrimSuffix(parts[3], ".sql")
	m.sql[engine], m.checksums[engine] = string(content), sum
	return nil
}

// complete checks that the numbers have no gap and every engine has its file.
func (d *Dir) complete() error {
	slices.SortFunc(d.migrations, func(a, b Migration) int { return a.Version - b.Version })
	for i, m := range d.migrations {
		if m.Version != i+1 {
			return d.fault(m.String(), fmt.Sprintf("expected number %04d next, found %04d", i+1, m.Version),
				"restore the missing migration or, before it is applied anywhere, renumber this one")
		}
		for _, e := range dialects() {
			if _, ok := m.sql[e.name()]; !ok {
				return d.fault(m.File(e.name()), "the file is missing",
					"write it (a comment is enough where there is nothing to do on this engine), then run larder migrate hash")
			}
		}
	}
	return nil
}

// verify holds the files against checksums.txt.
func (d *Dir) verify(sums map[string]string) error {
	listed, err := d.listed()
	if err != nil {
		return err
	}
	for _, name := range sorted(sums) {
		switch want, ok := listed[name]; {
		case !ok:
			return d.fault(name, "the file is not listed in "+checksumFile, "if it belongs here, run larder migrate hash")
		case want != sums[name]:
			return d.fault(name, "the file is not as it was when it was listed in "+checksumFile,
				"restore it or, if no database has applied it, accept the change with larder migrate hash")
		}
	}
	for _, name := range sorted(listed) {
		if _, ok := sums[name]; !ok {
			return d.fault(name, "the file is listed in "+checksumFile+" but missing", "restore it")
		}
	}
	return nil
}

// listed reads checksums.txt.
func (d *Dir) listed() (map[string]string, error) {
	content, err := os.ReadFile(filepath.Join(d.path, checksumFile))
	if errors.Is(err, fs.ErrNotExist) {
		return map[string]string{}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the checksums: %w", err)
	}
	listed := map[string]string{}
	line := 0
	for text := range strings.Lines(string(content)) {
		line++
		sum, name, ok := strings.Cut(strings.TrimRight(text, "\r\n"), "  ")
		if !ok || len(sum) != hex.EncodedLen(sha256.Size) {
			return nil, d.fault(fmt.Sprintf("%s:%d", checksumFile, line), "expected a SHA-256 sum, two spaces and a file's name",
				"restore the file or write it again with larder migrate hash")
		}
		listed[name] = sum
	}
	return listed, nil
}

func (d *Dir) fault(file, message, action string) error {
	return &FileError{File: filepath.Join(d.path, file), Message: message, Action: action}
}

// sorted are the keys of a map in order.
func sorted[V any](m map[string]V) []string {
	var keys []string
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}
