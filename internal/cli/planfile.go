package cli

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"github.com/larderhq/larder/internal/importer"
	"github.com/larderhq/larder/internal/migrate"
	"github.com/larderhq/larder/internal/project"
)

// planFile is what plan --out writes and import --plan does, and nothing else.
type planFile struct {
	Larder     string          `json:"larder"` // the release that made it
	Made       time.Time       `json:"made"`
	Migrations string          `json:"migrations"` // a hash of their files
	Sources    []plannedSource `json:"sources"`
}

// plannedSource is what an import of one source would do.
type plannedSource struct {
	Source string `json:"source"`
	Asked  string `json:"asked"` // a hash of the models and of the source's settings
	importer.Planned
}

// newPlanFile is the plan of a project, without its sources.
func newPlanFile(dir *migrate.Dir) *planFile {
	return &planFile{Larder: release(), Made: time.Now().UTC(), Migrations: fingerprint(dir), Sources: []plannedSource{}}
}

// fingerprint is a hash of the migrations' files.
func fingerprint(dir *migrate.Dir) string {
	sum := sha256.New()
	for _, m := range dir.Migrations() {
		for _, dialect := range []string{migrate.SQLite, migrate.Postgres} {
			fmt.Fprintf(sum, "%s %d\n%s", m.File(dialect), len(m.SQL(dialect)), m.SQL(dialect))
		}
	}
	return "sha256:" + hex.EncodeToString(sum.Sum(nil))
}

// add notes what a dry run found.
func (f *planFile) add(loaded *project.Project, report importer.Report) {
	if f != nil && report.Plan != nil {
		f.Sources = append(f.Sources, plannedSource{report.Source, loaded.Fingerprint(report.Source), *report.Plan})
	}
}

// write writes the plan to a file.
func (f *planFile) write(name string) error {
	text, err := json.MarshalIndent(f, "", "  ")
	if err == nil {
		err = os.WriteFile(name, append(text, '\n'), 0o600)
	}
	if err != nil {
		return fmt.Errorf("write the plan: %w", err)
	}
	return nil
}

// readPlan reads a plan from a file and refuses one whose models, settings or
// migrations are no longer the project's.
func readPlan(name string, loaded *project.Project, dir *migrate.Dir) (*planFile, error) {
	text, err := os.ReadFile(name) //nolint:gosec // the person names the file
	if err != nil {
		return nil, fmt.Errorf("read the plan: %w", err)
	}
	f := &planFile{}
	if err := json.Unmarshal(text, f); err != nil {
		return nil, fmt.Errorf("read the plan %s: expected what larder plan --out writes: %w", name, err)
	}
	if len(f.Sources) == 0 {
		return nil, fmt.Errorf("the plan %s has no sources: make one with larder plan --out %s", name, name)
	}
	for _, s := range f.Sources {
		var differences []string
		switch {
		case !slices.Contains(loaded.SourceNames(), s.Source):
			differences = append(differences, "the project has no such source any more")
		case loaded.Fingerprint(s.Source) != s.Asked:
			differences = append(differences, fmt.Sprintf("%s, or the settings of the source in %s, have changed", project.ModelsFile, project.SettingsFile))
		}
		if f.Migrations != fingerprint(dir) {
			differences = append(differences, "the migrations have changed")
		}
		if len(differences) > 0 {
			return nil, &importer.MovedError{Source: s.Source, Differences: differences}
		}
	}
	return f, nil
}

// choose are the sources of the plan that a command line names: all where it
// names none.
func (f *planFile) choose(names []string) ([]string, error) {
	var planned []string
	for _, s := range f.Sources {
		planned = append(planned, s.Source)
	}
	for _, name := range names {
		if !slices.Contains(planned, name) {
			return nil, fmt.Errorf("the plan has no source %q: it has %s", name, quoted(planned))
		}
	}
	if len(names) == 0 {
		return planned, nil
	}
	return names, nil
}

// of is what is planned for a source, nil without a plan.
func (f *planFile) of(name string) *importer.Planned {
	if f == nil {
		return nil
	}
	i := slices.IndexFunc(f.Sources, func(s plannedSource) bool { return s.Source == name })
	return &f.Sources[i].Planned
}

// changeList keeps the rows that a dry run finds in a temporary file, until it is
// known to have come to its end.
type changeList struct {
	file   *os.File
	writer *bufio.Writer
}

func newChangeList() (*changeList, error) {
	file, err := os.CreateTemp("", "larder-changes-*")
	if err != nil {
		return nil, fmt.Errorf("make a place for the list of changes: %w", err)
	}
	return &changeList{file: file, writer: bufio.NewWriter(file)}, nil
}

// listing is [importer.Options.Listing], nil of no list.
func (l *changeList) listing() func() func(importer.Change) error {
	if l == nil {
		return nil
	}
	return l.begin
}

// begin forgets what the list has, and returns what adds to it.
func (l *changeList) begin() func(importer.Change) error {
	_, seeking := l.file.Seek(0, io.SeekStart)
	failed := errors.Join(seeking, l.file.Truncate(0))
	l.writer.Reset(l.file)
	return func(change importer.Change) error {
		if failed != nil {
			return failed
		}
		_, err := l.writer.WriteString(eventText("change", change) + "\n")
		return err
	}
}

// say copies the list, if there is one, to out.
func (l *changeList) say(out io.Writer) error {
	if l == nil {
		return nil
	}
	err := l.writer.Flush()
	if err == nil {
		_, err = l.file.Seek(0, io.SeekStart)
	}
	if err == nil {
		_, err = io.Copy(out, l.file)
	}
	if err != nil {
		return fmt.Errorf("list the changes: %w", err)
	}
	return nil
}

func (l *changeList) close() error {
	return errors.Join(l.file.Close(), os.Remove(l.file.Name()))
}

// rehearseAll is a dry run of every source that notes what it finds in a plan.
func (p *program) rehearseAll(ctx context.Context, loaded *project.Project, dir *migrate.Dir, options importOptions, out string) error {
	if out != "" {
		options.found = newPlanFile(dir)
	}
	if err := p.rehearse(ctx, loaded, loaded.SourceNames(), options); err != nil || out == "" {
		return err
	}
	if err := options.found.write(out); err != nil {
		return err
	}
	p.out.event("planned", struct {
		File string `json:"file"`
	}{out})
	p.out.step(good, "wrote", "%s: larder import --plan %s does just this, or nothing", out, out)
	return nil
}
