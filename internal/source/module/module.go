// Package module evaluates data modules: TypeScript or JavaScript files whose
// exports are records. [Evaluate] bundles a module with what it imports from
// its folder and runs it in an engine of its own, which has no network, no
// files and no process, under a bound of memory and of time. What comes out is
// JSON.
//
// All of it happens in a child: a process that the program starts of itself and
// that nothing outlives (process.go starts it and reads what it says, child.go
// is its side). In the child the way has three steps, a file each: bundle.go
// makes one script of the module's files; literal.go reads one that holds
// nothing but constants, and run.go evaluates any other in the engine.
// serialize.js, which is part of the engine's start, writes the exports and
// finds what JSON cannot carry.
package module

import (
	"bytes"
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
	Time    time.Duration // of the processors, to run the module, and again to read its exports; default 1 s
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
	JSON     []byte    `json:"-"` // a child sends it apart
	Notices  []string  // sentences for the person: the module is not always the same
	Files    []string  // that were read, from the folder, with slashes, sorted
	Modified time.Time // of the youngest of the files
}

// evaluate does the work of [Evaluate] in a process of its own. It calls step
// before each step, with the most time that it may take.
func evaluate(folder, entry string, limits Limits, step func(string, time.Duration)) (*Data, error) {
	step(bundling, bundleTime)
	bundled, err := bundle(folder, entry, limits)
	if err != nil {
		return nil, err
	}
	data := &Data{Modified: bundled.modified, Files: bundled.files}
	chance, isConstant := false, false
	if data.JSON, isConstant = decode(bundled, limits); !isConstant {
		if data.JSON, chance, err = run(bundled, limits, step); err != nil {
			return nil, err
		}
	}
	if string(data.JSON) == "{}" {
		return nil, fmt.Errorf("%s exports no data: expected an export like `export const lists = [{ name: \"…\" }]`", entry)
	}
	if !chance {
		return data, nil
	}
	second, _, err := run(bundled, limits, step)
	if err != nil {
		return nil, fmt.Errorf("the second evaluation differs from the first: %w", err)
	}
	// What depends on the time or on chance would change with every import.
	if !bytes.Equal(data.JSON, second) {
		path, before, after := difference(data.JSON, second)
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
