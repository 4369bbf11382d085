package importer

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/larderhq/larder/internal/model"
	"github.com/larderhq/larder/internal/statement"
	"github.com/larderhq/larder/internal/store"
)

// duplicatePage is how many repeated keys are looked at a time.
const duplicatePage = 100

// duplicate is one of several staged rows with the same key.
type duplicate struct {
	key      string
	record   int
	nested   bool
	position int64
	base     string
	newID    string
	untold   string
}

// unite makes one row of the rows that share a key: the same object met at
// several places of the answer, told with other fields here and there. Two
// records of the source with one key, or two that contradict each other, are
// problems.
func (r *run) unite(ctx context.Context, t *table, in *reader) error {
	after := ""
	for {
		var page []duplicate
		err := r.tx.Query(ctx, t.staging.Duplicates(after, duplicatePage), func(scan store.Scan) error {
			var d duplicate
			var nested int64
			if err := scan(&d.key, &d.record, &nested, &d.position, &d.base, &d.newID, &d.untold); err != nil {
				return err
			}
			d.nested = nested != 0
			page = append(page, d)
			return nil
		})
		if err != nil || len(page) == 0 {
			return err
		}
		for start := 0; start < len(page); {
			end := start + 1
			for end < len(page) && page[end].key == page[start].key {
				end++
			}
			if err := r.uniteRows(ctx, t, in, page[start:end]); err != nil {
				return err
			}
			start = end
		}
		after = page[len(page)-1].key
	}
}

// uniteRows replaces rows of one key by one.
func (r *run) uniteRows(ctx context.Context, t *table, in *reader, rows []duplicate) error {
	var records []string
	united, newID, untold := texts{}, "", strings.Split(rows[0].untold, ",")
	for _, row := range rows {
		untold = slices.DeleteFunc(untold, func(name string) bool { return !strings.Contains(row.untold, ","+name+",") })
		if !row.nested {
			records = append(records, fmt.Sprint(row.record))
		}
		var values texts
		if err := json.Unmarshal([]byte(row.base), &values); err != nil {
			return fmt.Errorf("compare the rows of %s %s: %w", t.typ.Name, row.key, err)
		}
		newID = cmp.Or(newID, row.newID)
		for name, text := range values {
			if known, ok := united[name]; ok && !bytes.Equal(known, text) {
				in.invalid.add(Problem{
					Record: row.record, Path: t.typ.Name, Key: row.key, Field: name,
					Message: fmt.Sprintf("%s here, but record %d says %s of the same key", excerpt(text), rows[0].record, excerpt(known)),
				})
				return nil
			}
			united[name] = text
		}
	}
	if len(records) > 1 {
		in.invalid.add(Problem{
			Record: rows[0].record, Path: t.typ.Name, Key: rows[0].key,
			Message: "the records " + strings.Join(records, ", ") + " have the same key: it must tell them apart",
		})
		return nil
	}
	row, err := t.restage(rows[0], united)
	if err != nil {
		return err
	}
	for _, name := range untold {
		t.untell(&row, t.typ.Field(name))
	}
	if row.NewID = newID; newID == "" && r.plan.keepIDs {
		lack(&row, t.typ.ID)
	}
	return r.exec(ctx, t.staging.Remove(row.Key), t.staging.Load(t.staging.Append(nil, row)))
}

// restage makes the row that tells what all rows of its key tell together.
func (t *table) restage(first duplicate, base texts) (statement.StagedRow, error) {
	row := statement.StagedRow{
		Position: first.position, Record: first.record, Nested: first.nested, Key: first.key,
		Base: string(base.object(t.names)), Values: make([]any, len(t.fields)),
	}
	var err error
	for i, f := range t.fields {
		text, told := base[f.Name]
		switch {
		case !told:
			leaveOut(&row, i, f)
		case isNull(text):
		case f.Kind == model.ToOne:
			row.Values[i] = string(text)
		case f.Kind == model.ManyToMany:
			var keys []json.RawMessage
			err = json.Unmarshal(text, &keys)
			list := make([]any, len(keys))
			for n, key := range keys {
				list[n] = string(key)
			}
			row.Values[i] = list
		default:
			row.Values[i], err = f.AcceptJSON(text)
		}
		if err != nil {
			return row, fmt.Errorf("unite the rows of %s %s: %w", t.typ.Name, first.key, err)
		}
	}
	return row, nil
}
