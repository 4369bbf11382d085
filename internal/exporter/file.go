package exporter

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// unnamed is a file on its way to its name.
type unnamed struct {
	*os.File
	path string
}

// create has write fill new files, which get their names when it has written
// all of them; else nothing is left of them. They can be read by their owner
// alone, as the database can.
func create(paths []string, overwrite bool, write func([]io.Writer) error) (err error) {
	files, writers := make([]unnamed, 0, len(paths)), make([]io.Writer, 0, len(paths))
	defer func() {
		if err != nil {
			for _, file := range files {
				_ = file.Close()           // it may be closed already
				_ = os.Remove(file.Name()) // the failure that led here counts
			}
		}
	}()
	for _, path := range paths {
		if err := free(path, overwrite); err != nil {
			return err
		}
		file, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*.part")
		if err != nil {
			return fmt.Errorf("write %s: %w", path, reason(err))
		}
		files, writers = append(files, unnamed{file, path}), append(writers, file)
	}
	if err := write(writers); err != nil {
		return err
	}
	for _, file := range files {
		if err := errors.Join(file.Sync(), file.Close()); err != nil {
			return fmt.Errorf("write %s: %w", file.path, reason(err))
		}
	}
	for _, file := range files {
		if err := free(file.path, overwrite); err != nil {
			return err
		}
		if err := os.Rename(file.Name(), file.path); err != nil {
			return fmt.Errorf("write %s: %w", file.path, reason(err))
		}
	}
	return nil
}

// free checks that a file may be written at the path.
func free(path string, overwrite bool) error {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("write %s: %w", path, reason(err))
	case info.IsDir():
		return fmt.Errorf("write %s: it is a folder: expected a file", path)
	case !overwrite:
		return fmt.Errorf("there is a file %s already: name another, or replace it with --force", path)
	}
	return nil
}

// inFolder makes the folder where there is none, for work to write into it; it
// is gone again when work fails.
func inFolder(folder string, work func() error) error {
	err := os.Mkdir(folder, 0o750)
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("make the folder %s: %w", folder, reason(err))
	}
	made := err == nil
	if err = work(); err != nil && made {
		_ = os.Remove(folder) // the failure that led here counts
	}
	return err
}

// reason is the cause without the path, which the sentence names already.
func reason(err error) error {
	if detail := (*fs.PathError)(nil); errors.As(err, &detail) {
		return detail.Err
	}
	if detail := (*os.LinkError)(nil); errors.As(err, &detail) {
		return detail.Err
	}
	return err
}
