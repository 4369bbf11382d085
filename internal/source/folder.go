package source

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// isFolder reports whether the path is one of a folder, whose files are read
// together.
func isFolder(name string) bool { return strings.HasSuffix(filepath.ToSlash(name), "/") }

// fetchFolder reads the JSON, NDJSON and CSV files of a folder. The path of the
// records in one begins with its name without the ending.
func (f *File) fetchFolder(ctx context.Context, progress func(Progress)) (_ *Answer, err error) {
	names, err := f.filesOf()
	if err != nil {
		return nil, err
	}
	all := &Answer{Address: f.Address(), Complete: true}
	parts := map[string]*Answer{}
	all.close = func() error {
		var failures []error
		for _, part := range parts {
			failures = append(failures, part.Close())
		}
		return errors.Join(failures...)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, all.Close())
		}
	}()
	sum := sha256.New()
	for _, name := range names {
		one := &File{settings: f.settings}
		one.settings.Path, one.settings.Format = path.Join(f.Address(), name), FormatOf(name)
		part, err := one.Fetch(ctx, func(now Progress) {
			progress(Progress{Bytes: all.Bytes + now.Bytes, Pages: all.Pages + 1})
		})
		if err != nil {
			return nil, err
		}
		root := rootName(name)
		if parts[root] != nil {
			return nil, errors.Join(fmt.Errorf("%s has two files called %s, whatever their endings: rename one", f.Address(), root), part.Close())
		}
		parts[root] = part
		for _, inside := range part.Roots() {
			all.roots = append(all.roots, Root{
				Path: strings.TrimSuffix(root+"."+inside.Path, "."), Name: inside.Name, Records: inside.Records,
			})
		}
		all.Bytes += part.Bytes
		all.Pages++
		if part.FetchedAt.After(all.FetchedAt) {
			all.FetchedAt = part.FetchedAt
		}
		fmt.Fprintln(sum, root, part.Fingerprint)
	}
	all.Fingerprint = "sha256:" + hex.EncodeToString(sum.Sum(nil))
	all.records = func(at string) iter.Seq2[Record, error] {
		root, inside, _ := strings.Cut(at, ".")
		if part := parts[root]; part != nil {
			return part.Records(inside)
		}
		return func(yield func(Record, error) bool) {
			yield(Record{}, fmt.Errorf("there is no file %q in %s: it has %s", root, f.Address(), strings.Join(names, ", ")))
		}
	}
	return all, nil
}

// filesOf are the names of the files in the folder that hold records.
func (f *File) filesOf() ([]string, error) {
	folder := f.settings.Path
	if !filepath.IsAbs(folder) {
		folder = filepath.Join(f.settings.Dir, filepath.FromSlash(folder))
	}
	entries, err := os.ReadDir(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("there is no folder %s: correct the source's path, which is found from the project's folder", folder)
	}
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", f.Address(), cmp.Or(errors.Unwrap(err), err))
	}
	var names []string
	for _, entry := range entries {
		holdsRecords := slices.Contains([]Format{JSON, NDJSON, CSV}, FormatOf(entry.Name()))
		if holdsRecords && !entry.IsDir() && !strings.HasPrefix(entry.Name(), ".") {
			names = append(names, entry.Name())
		}
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("the folder %s has no file whose name ends in .json, .ndjson or .csv", folder)
	}
	return names, nil
}
