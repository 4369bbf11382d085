package infer

import (
	"errors"
	"fmt"
	"slices"
)

// Values derives models from the records of a file, which has no schema: every
// object that the request's roots lead to is looked at, and a type has what any
// of its records has, in the order in which it was first seen. A field that
// holds the keys of another root is a relation to it. What the file declares
// of its types (see [Declare]) names them, and says what may be absent though
// it never was.
//
// It fails when a record cannot be read, when there are none at all, and when
// records have nothing that could be their key.
func Values(request Request) (*Result, error) {
	d := &drafts{source: request.Source, values: true}
	var roots []*root
	for _, from := range request.Roots {
		r := &root{path: from.Path, name: from.Name, record: newShape()}
		count, err := observeAll(r.record, request.Records(r.path))
		if err != nil {
			return nil, err
		}
		if r.count = count; count == 0 {
			d.note("%s has no records to look at: left out", from.Name)
			continue
		}
		roots = append(roots, r)
	}
	if len(roots) == 0 {
		return nil, errors.New("there are no records to derive models from: expected a list of objects, or an object that holds such lists")
	}
	for _, r := range roots {
		request.Declared.markMaps(r)
		if err := r.record.close(); err != nil {
			return nil, fmt.Errorf("read the records of %s: %w", r.name, err)
		}
	}
	for i, r := range roots {
		request.Declared.describe(r)
		r.callBy(request.Source)
		r.separate(roots[:i])
		r.draft = d.open(r.record, r.name, "")
	}
	d.link(roots)
	for _, r := range roots {
		if r.record.key(false) == nil {
			if err := r.findLinkedKey(request.Records); err != nil {
				return nil, err
			}
		}
		if err := d.root(r); err != nil {
			return nil, err
		}
	}
	d.listsOfLinks()
	return d.result()
}

// nameless are names of exports and files that say nothing of what they hold.
var nameless = []string{"default", "data", "index", "main", "results", "values", "export"}

// callBy names the records after their source where their own name says
// nothing.
func (r *root) callBy(source string) {
	if !slices.Contains(nameless, r.name) {
		return
	}
	if r.name = source; slices.Contains(nameless, r.name) {
		r.name = "records"
	}
}

// separate gives the records a type of their own where the declared one is
// that of an earlier root which has the same keys: they are other records.
func (r *root) separate(earlier []*root) {
	key := r.record.key(false)
	for _, other := range earlier {
		if key == nil || r.record.typeName == "" || other.record.typeName != r.record.typeName {
			continue
		}
		theirs := other.record.key(false)
		for value := range key.seen.keys {
			if _, repeated := theirs.seen.keys[value]; repeated {
				r.record.typeName = ""
				return
			}
		}
	}
}

// findLinkedKey takes for the key of records that have none the relations that
// they consist of, when no two records relate the same: what a join table is.
func (r *root) findLinkedKey(records recordStreams) error {
	var links []*member
	for _, m := range r.record.members {
		if m.link != nil && m.seen.always() {
			links = append(links, m)
		}
	}
	if len(links) < 2 {
		return nil
	}
	seen := map[uint64]bool{}
	for record, err := range records(r.path) {
		if err != nil {
			return err
		}
		values, err := split(record.Data)
		if err != nil {
			return err
		}
		combined := uint64(0)
		for _, m := range links {
			combined = hash(combined, values[m.name])
		}
		if seen[combined] {
			return nil
		}
		seen[combined] = true
	}
	r.linkedKey = links
	return nil
}
