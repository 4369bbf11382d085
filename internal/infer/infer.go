// Package infer derives models from a source: from a GraphQL query and the
// schema that the endpoint tells of itself, and from the records that it
// answers with. The schema gives names, types, nullability and descriptions;
// the records sharpen what it leaves open (a Float that only ever holds whole
// numbers, a list that is never null, the field that identifies a record) and
// stand in for it where introspection is off.
//
// Inference has four steps, a file each: shape.go turns the query into a tree
// of shapes, observe.go looks at every value, draft.go turns the tree into
// types, settle.go gives their relations both ends and their fields names that
// do not clash. What is guessed is said: as comments in the models and as
// notes for the person at the terminal.
//
// A data file ([Values]) goes the same way, but for its beginning: its shapes
// grow with what is seen (grow.go), fields that hold the keys of other records
// become relations (link.go), and the types that a TypeScript module declares
// (typescript.go, declared.go) are laid over the shapes (describe.go).
package infer

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"iter"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/larderhq/larder/internal/model"
	"github.com/larderhq/larder/internal/source"
)

// Request is what models are derived from.
type Request struct {
	Schema    *ast.Schema // of the endpoint, by [ParseIntrospection]; nil when it does not tell
	Query     string
	Operation string // the one to run, where the query document has several
	Source    string // the name that the source has in larder.yaml
	// Records streams the records at a response path; it may be called for
	// several paths, one after the other.
	Records func(path string) iter.Seq2[source.Record, error]

	// Of a file, for [Values]:
	Roots    []source.Root // where its records stand
	Declared *Declared     // what it says of its types; nil when it says nothing
}

// Result is what was derived.
type Result struct {
	Schema *model.Schema
	SDL    string   // the same as text, with comments
	Notes  []string // sentences about what was guessed
}

// GraphQL derives models from a query and its answer. It fails when the query
// does not fit the schema (the error has the line and column), when a record
// cannot be read, and when no record has anything that could be its key.
func GraphQL(request Request) (*Result, error) {
	document, operation, err := parseQuery(request.Schema, request.Query, request.Operation)
	if err != nil {
		return nil, err
	}
	shapes := shapes{schema: request.Schema, document: document}
	var query *ast.Definition
	if request.Schema != nil {
		query = request.Schema.Query
	}
	answer, err := shapes.of(query, operation.SelectionSet, 0)
	if err != nil {
		return nil, err
	}
	d := &drafts{source: request.Source}
	for _, field := range answer.members {
		if field.object == nil {
			d.note("%s is a single value, not a record: left out", field.name)
			continue
		}
		found, err := findRoots(field, request.Records)
		if err != nil {
			return nil, err
		}
		for _, root := range found {
			if err := d.root(root); err != nil {
				return nil, err
			}
		}
	}
	if len(d.types) == 0 {
		return nil, errors.New("read the query: it asks for no objects, so there is nothing to make models of")
	}
	return d.result()
}

// root is a stream of records of one shape.
type root struct {
	path   string // in the answer: "allPlanets.planets"
	name   string // the response name that the type is named after, without a schema
	record *shape
	count  int

	draft     *draft    // of a file: what becomes of the records
	linkedKey []*member // of a file: the relations that identify a record, where nothing else does
}

type recordStreams = func(path string) iter.Seq2[source.Record, error]

// findRoots finds the records behind a root field and looks at all of them.
func findRoots(field *member, records recordStreams) ([]*root, error) {
	if !field.typed {
		// Only the answer tells where its lists are.
		if err := field.recognise(records(field.name)); err != nil {
			return nil, err
		}
	}
	roots := []*root{{path: field.name, name: field.name, record: field.object}}
	if places := field.object.lists(); !field.isList() && len(places) > 0 {
		roots = nil
		for _, p := range places {
			roots = append(roots, &root{path: field.name + "." + p.path, name: p.name(field.name), record: p.list.object})
		}
	}
	for _, r := range roots {
		count, err := observeAll(r.record, records(r.path))
		if err != nil {
			return nil, err
		}
		r.count = count
	}
	return roots, nil
}

// enoughToRecognise is the number of records that are asked where lists are. A
// wrapper is one record, or one a page.
const enoughToRecognise = 100

// recognise sees which members of the first records are lists.
func (m *member) recognise(records iter.Seq2[source.Record, error]) error {
	count := 0
	for r, err := range records {
		if err != nil {
			return err
		}
		m.object.recognise(r.Data)
		if count++; count == enoughToRecognise {
			break
		}
	}
	return nil
}

func (s *shape) recognise(data []byte) {
	var values map[string]json.RawMessage
	if json.Unmarshal(data, &values) != nil {
		return // observing the record says what is wrong
	}
	for _, m := range s.members {
		value := bytes.TrimSpace(values[m.name])
		if m.object == nil || len(value) == 0 {
			continue
		}
		if value[0] == '[' {
			m.lists = 1
		} else {
			m.object.recognise(value)
		}
	}
}

func observeAll(record *shape, records iter.Seq2[source.Record, error]) (int, error) {
	count := 0
	for r, err := range records {
		if err != nil {
			return count, err
		}
		record.text = r.Text
		if err := record.observe(r.Data, 0); err != nil {
			return count, fmt.Errorf("record %d: %w", r.Index, err)
		}
		count++
	}
	return count, nil
}
