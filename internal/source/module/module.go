// Package module evaluates data modules: TypeScript or JavaScript files whose
// exports are records. [Evaluate] bundles a module with what it imports from
// its folder and runs it in an engine of its own, which has no network, no
// files and no process, under a bound of memory and of time. What comes out is
// JSON.
//
// The way has three steps, a file each: bundle.go makes one script of the
// module's files, run.go evaluates it, serialize.js, which is part of the
// engine's start, writes the exports and finds what JSON cannot carry.
package module

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// Limits bound an evaluation. A zero value means the default.
type Limits struct {
	Memory  int64         // of the engine, in bytes; default 64 MiB
	Time    time.Duration // of an evaluation, of which there are two; default 1 s
	Sources int64         // of the module's files together, in bytes; default 32 MiB
}

// The defaults of [Limits].
const (
	DefaultMemory  = 64 << 20
	DefaultTime    = time.Second
	DefaultSources = 32 << 20
)

func (l *Limits) fillIn() {
	if l.Memory == 0 {
		l.Memory = DefaultMemory
	}
	if l.Time == 0 {
		l.Time = DefaultTime
	}
	if l.Sources == 0 {
		l.Sources = DefaultSources
	}
}

// Data is what a module exports.
type Data struct {
	// JSON is one object with the exports that are data, which are lists and
	// objects, in the order of the module. Functions, types and single values
	// are left out. A Date is RFC 3339 text, a BigInt a whole number.
	JSON     []byte
	Notices  []string  // sentences for the person: the module is not always the same
	Files    []string  // that were read, from the folder, with slashes, sorted
	Modified time.Time // of the youngest of the files
}

// bundleTime bounds the bundling, whose work grows with the sources only.
const bundleTime = 5 * time.Second

// Evaluate evaluates the module at the path entry in the folder. The error is
// one sentence, with the file, the line and the column where they are known; of
// exports that JSON cannot carry it names every path.
func Evaluate(ctx context.Context, folder, entry string, limits Limits) (*Data, error) {
	limits.fillIn()
	bundled, err := bundle(ctx, folder, entry, limits)
	if err != nil {
		return nil, err
	}
	first, err := run(ctx, bundled, limits)
	if err != nil {
		return nil, err
	}
	data := &Data{JSON: first, Modified: bundled.modified, Files: bundled.files}
	if string(first) == "{}" {
		return nil, fmt.Errorf("%s exports no data: expected an export like `export const lists = [{ name: \"…\" }]`", entry)
	}
	// What depends on the time or on chance would change with every import.
	second, err := run(ctx, bundled, limits)
	if err != nil {
		return nil, fmt.Errorf("the second evaluation differs from the first: %w", err)
	}
	if !bytes.Equal(first, second) {
		path, before, after := difference(first, second)
		data.Notices = append(data.Notices, fmt.Sprintf("%s is not the same each time it is evaluated (%s was %s, then %s): "+
			"values from the clock or from chance change with every import", entry, path, before, after))
	}
	return data, nil
}

// open opens the folder so that nothing outside can be reached, and returns
// its real path.
func open(folder string) (*os.Root, string, error) {
	real, err := filepath.EvalSymlinks(folder)
	if err == nil {
		real, err = filepath.Abs(real)
	}
	if err != nil {
		return nil, "", fmt.Errorf("open the project's folder: %w", err)
	}
	root, err := os.OpenRoot(real)
	if err != nil {
		return nil, "", fmt.Errorf("open the project's folder: %w", err)
	}
	return root, real, nil
}

// enter checks the path of the module itself.
func enter(root *os.Root, entry string) (string, error) {
	inside := filepath.Clean(filepath.FromSlash(entry))
	if !filepath.IsLocal(inside) {
		return "", fmt.Errorf("%s is outside of the project's folder: a data module must be a file of the project", entry)
	}
	info, err := root.Stat(inside)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return "", fmt.Errorf("there is no file %s in %s: correct the source's path", entry, root.Name())
	case err != nil:
		return "", fmt.Errorf("read %s: %w", entry, err)
	case !info.Mode().IsRegular():
		return "", fmt.Errorf("%s is no file: expected a TypeScript or JavaScript module", entry)
	case !slices.Contains(extensions(), filepath.Ext(inside)):
		return "", fmt.Errorf("%s is no module: expected a file that ends in .ts, .tsx, .mts, .cts, .js, .mjs or .cjs", entry)
	}
	return inside, nil
}
