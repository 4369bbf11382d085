package source

import (
	"errors"
	"fmt"
	"io"
	"strings"
)

// document is a JSON file: a list of records, or an object that holds such
// lists.
type document struct{ name string }

func (d *document) check(in io.Reader) ([]Root, error) {
	s := newScanner(in)
	if s.kind() == 0 && s.failed == nil {
		return nil, fmt.Errorf("%s is empty: expected JSON", d.name)
	}
	seen, err := survey(s, nil, 0)
	if err == nil {
		err = s.end()
	}
	if err != nil {
		return nil, located(d.name, err)
	}
	roots := seen.roots
	for i := range roots {
		if roots[i].Name == "" || roots[i].Name == everyMember {
			roots[i].Name = rootName(d.name)
		}
	}
	return roots, nil
}

func (d *document) records(in io.Reader, path string, yield func(Record, error) bool) {
	var names []string
	if path != "" {
		names = strings.Split(path, ".")
	}
	w := walker{scanner: newScanner(in), spool: &spool{place: d.name, isFile: true}, yield: yield}
	if err := w.walk(names); err != nil && !errors.Is(err, errStop) {
		yield(Record{}, located(d.name, err))
	}
}

// located puts the file's name before the place of a broken text.
func located(name string, err error) error {
	var syntax *syntaxError
	if errors.As(err, &syntax) {
		return fmt.Errorf("%s:%d:%d: %s", name, syntax.Line, syntax.Column, syntax.Message)
	}
	return err
}

// summary is what a value is made of.
type summary struct {
	kind   byte
	roots  []Root
	common []string // of an object: its members that are neither objects nor lists of them
}

// The bounds of looking for records: objects nested deeper hold no roots, and
// an object of more members is no folder of roots.
const (
	rootDepth  = 4
	rootsOfOne = 1000
)

// survey reads a value and finds the records in it: a list of objects, the
// members of an object that holds such lists, and objects whose members are
// all alike, which are records by key. A name that a path cannot say is none.
func survey(s *scanner, path []string, depth int) (summary, error) {
	seen := summary{kind: s.kind()}
	switch {
	case seen.kind == '[':
		count, records := 0, true
		err := s.array(func(int) error {
			records = records && s.kind() == '{'
			count++
			return s.skip()
		})
		if records && (count > 0 || depth == 0) {
			seen.roots = []Root{{Path: strings.Join(path, "."), Name: last(path), Records: count}}
		}
		return seen, err
	case seen.kind == '{' && depth < rootDepth:
		return surveyObject(s, path, depth)
	}
	return seen, s.skip()
}

func surveyObject(s *scanner, path []string, depth int) (summary, error) {
	seen := summary{kind: '{'}
	count, objects := 0, 0
	var shared []string
	err := s.object(func(key []byte) error {
		name := string(key)
		inner, err := survey(s, append(path[:len(path):len(path)], name), depth+1)
		if err != nil {
			return err
		}
		count++
		switch {
		case inner.kind == '{':
			if objects++; objects == 1 {
				shared = inner.common
			} else {
				shared = both(shared, inner.common)
			}
		case len(inner.roots) == 0 && len(seen.common) < rootsOfOne:
			seen.common = append(seen.common, name)
		}
		if len(seen.roots) < rootsOfOne && name != "" && name != everyMember && !strings.Contains(name, ".") {
			seen.roots = append(seen.roots, inner.roots...)
		}
		return nil
	})
	// A single object in an object is a wrapper where there are lists in it.
	if objects == count && len(shared) > 0 && (count > 1 || len(seen.roots) == 0) {
		steps := append(path[:len(path):len(path)], everyMember)
		seen.roots = []Root{{Path: strings.Join(steps, "."), Name: last(path), Records: count}}
	}
	return seen, err
}

// both are the words that stand in both lists.
func both(a, b []string) []string {
	inB := make(map[string]bool, len(b))
	for _, word := range b {
		inB[word] = true
	}
	var words []string
	for _, word := range a {
		if inB[word] {
			words = append(words, word)
		}
	}
	return words
}

func last(path []string) string {
	if len(path) == 0 {
		return ""
	}
	return path[len(path)-1]
}
