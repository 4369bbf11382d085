package importer

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/larderhq/larder/internal/model"
	"github.com/larderhq/larder/internal/statement"
	"github.com/larderhq/larder/internal/store"
)

// mergePage is how many differing rows are merged at a time.
const mergePage = 500

// mergeAll decides, page by page, what the differing rows take from upstream.
func (r *run) mergeAll(ctx context.Context, t *table, report *TypeReport) error {
	r.assigned[t] = map[int]int{}
	if err := r.exec(ctx, t.staging.LockDiffering()...); err != nil {
		return err
	}
	after, done := int64(0), 0
	for {
		page, err := r.page(ctx, t, after)
		if err != nil || len(page) == 0 {
			return err
		}
		decided := outcome{lists: map[int][]statement.StagedList{}}
		for i := range page {
			after = page[i].position
			if err := r.mergeRow(t, &page[i], report, &decided); err != nil {
				return err
			}
		}
		if err := r.note(ctx, t, decided); err != nil {
			return err
		}
		done += len(page)
		r.options.Progress(Progress{Phase: Comparing, Done: done})
	}
}

// page reads the next differing rows.
func (r *run) page(ctx context.Context, t *table, after int64) ([]differing, error) {
	var page []differing
	err := r.tx.Query(ctx, t.staging.Differing(after, mergePage), func(scan store.Scan) error {
		var row differing
		var state int
		var upstream, base, local, others, open []byte
		if err := scan(&row.position, &state, &row.key, &row.id, &upstream, &base, &local, &others, &open); err != nil {
			return err
		}
		row.state = statement.State(state)
		var conflicts []openConflict
		for _, side := range []struct {
			text   []byte
			values any
		}{{upstream, &row.upstream}, {base, &row.base}, {local, &row.local}, {others, &row.others}, {open, &conflicts}} {
			if err := json.Unmarshal(side.text, side.values); err != nil {
				return fmt.Errorf("compare %s %s: %w", t.typ.Name, row.key, err)
			}
		}
		t.normalise(row.upstream, row.base, row.local)
		for i := range row.others {
			o := &row.others[i]
			o.priority = r.options.Priorities[o.Source]
			t.normalise(o.Base, o.Here)
		}
		row.open = make(map[string]openConflict, len(conflicts))
		for _, c := range conflicts {
			if f := t.typ.Field(c.Field); f != nil {
				c.Base = canonical(f, c.Base)
			}
			row.open[c.Field] = c
		}
		page = append(page, row)
		return nil
	})
	return page, err
}

// normalise brings values by field to their canonical texts.
func (t *table) normalise(sides ...texts) {
	for _, values := range sides {
		for _, f := range t.fields {
			if raw, ok := values[f.Name]; ok {
				values[f.Name] = canonical(f, raw)
			}
		}
	}
}

// canonical is a value's canonical text, which the database may have written
// otherwise (1e3 for 1000.0). A value that the model no longer accepts, since
// the field has changed, stays as it is and equals nothing.
func canonical(f *model.Field, raw json.RawMessage) json.RawMessage {
	switch {
	case isNull(raw):
	case f.Relation != nil: // keys, as they are but for the space between
		var compact bytes.Buffer
		if json.Compact(&compact, raw) == nil {
			return compact.Bytes()
		}
	default:
		if value, err := f.AcceptJSON(raw); err == nil {
			return f.AppendJSON(nil, value)
		}
	}
	return raw
}

// outcome is what was decided of a page of rows.
type outcome struct {
	changes []statement.StagedChange
	lists   map[int][]statement.StagedList // by the index of their field
	found   []statement.FoundConflict
	closed  []int64
}

// mergeRow merges one differing row and adds the outcome to what is decided.
func (r *run) mergeRow(t *table, row *differing, report *TypeReport, decided *outcome) error {
	m := merge(t.fields, t.defaults, row, r.options.Priorities[r.plan.source])
	decided.closed = append(decided.closed, m.Closed...)
	if len(m.Conflicts) > 0 {
		report.Conflicts.add(r.decideConflicts(t, row, &m, decided))
	}
	change := statement.StagedChange{Position: row.position, Base: string(m.Base.object(t.names))}
	listed := Row{Key: json.RawMessage(row.key), ID: row.id}
	for i, f := range t.fields {
		value, assigned := m.Assigned[f.Name]
		if !assigned {
			continue
		}
		change.Assigned = append(change.Assigned, i)
		r.assigned[t][i]++
		listed.Fields = append(listed.Fields, FieldChange{Field: f.Name, Before: nullable(row.local[f.Name]), After: value})
		if !bytes.Equal(value, row.upstream[f.Name]) {
			united, err := f.AcceptJSON(value)
			if err != nil {
				return fmt.Errorf("unite the lists of %s %s: %w", t.typ.Name, row.key, err)
			}
			decided.lists[i] = append(decided.lists[i], statement.StagedList{Position: row.position, Elements: united.([]any)}) //nolint:errcheck // of a list
		}
	}
	decided.changes = append(decided.changes, change)
	switch {
	case row.state == statement.StagedAdopted:
		report.Adopted.add(listed)
	case len(m.Assigned) > 0:
		report.Updated.add(listed)
	default:
		report.Unchanged++
	}
	return nil
}

// decideConflicts does with the conflicts of a row what is set for them, and
// returns them as they are listed.
func (r *run) decideConflicts(t *table, row *differing, m *merged, decided *outcome) Row {
	listed := Row{Key: json.RawMessage(row.key), ID: row.id}
	policy := r.onConflict(t)
	for _, field := range m.Conflicts {
		base, upstream, local := row.base[field], row.upstream[field], nullable(row.local[field])
		after, resolution := local, ""
		switch policy {
		case model.TakeUpstream:
			m.Assigned[field], after, resolution = upstream, upstream, resolutionOf(policy)
		case model.FailOnConflict:
			conflict := FieldConflict{Type: t.typ.Name, Key: listed.Key, Field: field, Base: base, Upstream: upstream, Local: local}
			if t.typ.Field(field).Hidden { // the error is kept with the run, which the API serves
				conflict.Base, conflict.Upstream, conflict.Local = nil, nil, nil
			}
			r.refused.add(conflict)
		case model.KeepLocal:
		}
		listed.Fields = append(listed.Fields, FieldChange{Field: field, Before: local, After: after, Upstream: upstream})
		decided.found = append(decided.found, statement.FoundConflict{
			Key: row.key, Field: field, RecordID: row.id,
			Base: string(base), Upstream: string(upstream), Local: string(local), Resolution: resolution,
		})
	}
	return listed
}

// onConflict is what is done with a conflict of the table's records.
func (r *run) onConflict(t *table) model.OnConflict {
	for _, s := range t.typ.Sources {
		if s.Name == r.plan.source && s.OnConflict != "" {
			return s.OnConflict
		}
	}
	return cmp.Or(r.options.OnConflict, model.KeepLocal)
}

func nullable(text json.RawMessage) json.RawMessage {
	if len(text) == 0 {
		return json.RawMessage("null")
	}
	return text
}

// note puts what was decided of a page where it is written from.
func (r *run) note(ctx context.Context, t *table, decided outcome) error {
	const rows = 100 // of a statement
	for changes := range slices.Chunk(decided.changes, rows) {
		if err := r.exec(ctx, t.staging.LoadChanges(changes)); err != nil {
			return err
		}
	}
	for field := range t.fields {
		for lists := range slices.Chunk(decided.lists[field], rows) {
			if err := r.exec(ctx, t.staging.Replace(field, lists)); err != nil {
				return err
			}
		}
	}
	for found := range slices.Chunk(decided.found, rows) {
		if err := r.exec(ctx, t.staging.Conflicts(found, r.report.Run, r.options.Now())); err != nil {
			return err
		}
	}
	for closed := range slices.Chunk(decided.closed, rows) {
		if err := r.exec(ctx, t.staging.CloseConflicts(closed)); err != nil {
			return err
		}
	}
	return nil
}

// forgetConflicts deletes the conflicts of what is no longer here.
func (r *run) forgetConflicts(ctx context.Context) error {
	for _, t := range r.plan.tables {
		if err := r.exec(ctx, t.staging.StaleConflicts()); err != nil {
			return err
		}
	}
	return nil
}
