package cli

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/larderhq/larder/internal/infer"
	"github.com/larderhq/larder/internal/project"
	"github.com/larderhq/larder/internal/source"
)

// dataFile is the file that a project is made from.
type dataFile struct {
	base    string // the folder from which path is found, and from outside of which a module imports nothing
	path    string // with slashes; "" for an address
	inPlace bool   // the file lies in the project's folder
}

// isAddress reports whether --file names a place on the network.
func (f *newFlags) isAddress() bool {
	return strings.HasPrefix(f.file, "http://") || strings.HasPrefix(f.file, "https://") || strings.HasPrefix(f.file, "${")
}

// locate finds out how the project in dir will find the file: where it is when
// that is in the project's folder, else by a copy with the path that it has in
// the working folder, since a project reads no files from outside.
func (f *newFlags) locate(dir string) (dataFile, error) {
	if f.isAddress() {
		return dataFile{}, nil
	}
	file, err := filepath.Abs(f.file)
	if err != nil {
		return dataFile{}, fmt.Errorf("find %s: %w", f.file, err)
	}
	if info, err := os.Stat(file); errors.Is(err, os.ErrNotExist) {
		return dataFile{}, fmt.Errorf("there is no file %s", f.file)
	} else if err == nil && info.IsDir() {
		return dataFile{}, fmt.Errorf("%s is a folder: expected a file", f.file)
	}
	home, err := filepath.Abs(dir)
	if err != nil {
		return dataFile{}, fmt.Errorf("find %s: %w", dir, err)
	}
	here, err := os.Getwd()
	if err != nil {
		return dataFile{}, fmt.Errorf("find the working folder: %w", err)
	}
	for _, base := range []string{home, here, filepath.Dir(file)} {
		if inside, err := filepath.Rel(base, file); err == nil && filepath.IsLocal(inside) {
			return dataFile{base: base, path: filepath.ToSlash(inside), inPlace: base == home}, nil
		}
	}
	return dataFile{}, fmt.Errorf("find %s: it has no path from its own folder", f.file)
}

// deriveFile reads the file and derives the models from its records.
func (p *program) deriveFile(ctx context.Context, dir string, f *newFlags) (*made, error) {
	data, err := f.locate(dir)
	if err != nil {
		return nil, err
	}
	settings := source.FileSettings{Dir: data.base, Path: data.path, Format: source.Format(f.format)}
	if f.delimiter != "" {
		if settings.Delimiter, err = project.Delimiter(f.delimiter); err != nil {
			return nil, fmt.Errorf("--delimiter: %w", err)
		}
	}
	if data.path == "" {
		asked, err := f.settings(p.environ)
		if err != nil {
			return nil, err
		}
		settings.URL, settings.Headers, settings.Token, settings.UserAgent = asked.URL, asked.Headers, asked.Token, asked.UserAgent
	}
	file, err := source.NewFile(settings)
	if err != nil {
		return nil, err
	}
	bars := p.out.newProgress(f.source)
	defer bars.done()
	answer, err := file.Fetch(ctx, bars.fetched)
	if err != nil {
		return nil, err
	}
	m := &made{answer: answer, draft: project.Draft{InPlace: data.inPlace, Sources: []project.DraftSource{{
		Name: f.source, Path: data.path, Format: f.format, Delimiter: f.delimiter, Headers: f.headerMap(), Token: f.token,
	}}}}
	if data.path == "" {
		m.draft.Sources[0].URL = f.file
	}
	request := infer.Request{Source: f.source, Records: answer.Records, Roots: answer.Roots()}
	files := []string{data.path}
	if len(answer.Files) > 0 {
		request.Declared = data.declared(answer.Files)
		files = append(files, append(answer.Files, request.Declared.Files...)...)
		files = append(files, data.settings()...)
	}
	if m.result, err = infer.Values(request); err != nil {
		return m, err
	}
	m.draft.Models = m.result.SDL
	if !data.inPlace && data.path != "" {
		m.draft.Copies = map[string]string{}
		for _, name := range files {
			m.draft.Copies[name] = filepath.Join(data.base, filepath.FromSlash(name))
		}
	}
	return m, nil
}

// declared is what the files of a module say of its types. Imports of nothing
// but types are not among the files that an evaluation reads.
func (d dataFile) declared(files []string) *infer.Declared {
	root, err := os.OpenRoot(d.base)
	if err != nil {
		return infer.Declare(nil, nil)
	}
	defer root.Close() //nolint:errcheck // it was only read
	entryFirst := append([]string{d.path}, slices.DeleteFunc(slices.Clone(files), func(name string) bool { return name == d.path })...)
	return infer.Declare(entryFirst, func(name string) ([]byte, error) { return root.ReadFile(filepath.FromSlash(name)) })
}

// settings are the compiler's settings files that count for the module, which
// may say where its imports lead.
func (d dataFile) settings() []string {
	var found []string
	for folder := path.Dir(d.path); ; folder = path.Dir(folder) {
		name := path.Join(folder, "tsconfig.json")
		if _, err := os.Stat(filepath.Join(d.base, filepath.FromSlash(name))); err == nil {
			found = append(found, name)
		}
		if folder == "." {
			return found
		}
	}
}

// fileSourceName makes a source's name from a file's, "data" where that is
// no name.
func fileSourceName(file string) string {
	if parsed, err := url.Parse(file); err == nil && parsed.Host != "" {
		file = parsed.Path
	}
	name, _, _ := strings.Cut(path.Base(filepath.ToSlash(file)), ".")
	name = strings.ToLower(strings.Map(func(r rune) rune {
		if r == '_' || r == ' ' {
			return '-'
		}
		return r
	}, name))
	if nameLabel.MatchString(name) {
		return name
	}
	return "data"
}
