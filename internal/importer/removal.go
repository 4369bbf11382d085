package importer

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/larderhq/larder/internal/model"
	"github.com/larderhq/larder/internal/statement"
	"github.com/larderhq/larder/internal/store"
)

// settleRemoval finds out for each table what is done with its records that
// are gone upstream, and which fields refer to them. The policy of a type's
// @source comes before the source's. A type without one, whose records the
// source tells as parts of others, follows the most careful policy of those:
// what is left of a record that stays should be all of it.
func (p *plan) settleRemoval(schema *model.Schema, policy model.Removed) {
	if policy == "" {
		policy = model.RemovedDelete
	}
	for _, t := range p.tables {
		t.removed = policy
		for _, s := range t.typ.Sources {
			if s.Name == p.source && s.Removed != "" {
				t.removed = s.Removed
			}
		}
	}
	careful := []model.Removed{model.RemovedDelete, model.RemovedDetach, model.RemovedKeep}
	for again := true; again; {
		again = false
		for _, owner := range p.tables {
			for _, f := range owner.typ.Fields {
				t := p.nests(f)
				if t == nil || p.sourceKey(t.typ) != nil || slices.Index(careful, t.removed) >= slices.Index(careful, owner.removed) {
					continue
				}
				t.removed, again = owner.removed, true
			}
		}
	}
	for _, typ := range schema.Types {
		for _, f := range typ.Fields {
			if f.Relation == nil || f.Computed != nil || f.Kind != model.ToOne && (f.Kind != model.ManyToMany || !f.Relation.Owning) {
				continue
			}
			if t := p.byType[f.Relation.Target]; t != nil {
				t.references = append(t.references, statement.Reference{Field: f, Fed: p.byType[typ] != nil})
			}
		}
	}
}

// nests is the table of the records that the source may tell in the field, nil
// where it tells none there.
func (p *plan) nests(f *model.Field) *table {
	switch {
	case f.Relation == nil || f.Computed != nil:
		return nil
	case f.Kind == model.ToOne && f.Relation.Inverse != nil && f.Relation.Inverse.Kind == model.ToMany: // it is told the other way round
		return nil
	case f.Kind == model.ManyToMany && !f.Relation.Owning:
		return nil
	}
	return p.byType[f.Relation.Target]
}

// isRoot reports whether the source has a list of all records of the type.
func (p *plan) isRoot(t *table) bool {
	return slices.ContainsFunc(p.roots, func(r root) bool { return r.table == t })
}

// gone finds the records that the source no longer has, and which of them were
// changed here. Only a complete answer can tell.
func (r *run) gone(ctx context.Context) error {
	if r.first || !r.answer.Complete || len(r.answer.Failed) > 0 {
		return nil
	}
	fates := map[model.Removed]statement.Fate{
		model.RemovedDelete: statement.FateRemoved, model.RemovedDetach: statement.FateDetached, model.RemovedKeep: statement.FateKept,
	}
	for _, t := range r.plan.tables {
		if err := r.exec(ctx, t.staging.CreateGone(fates[t.removed])...); err != nil {
			return err
		}
		t.searched = true
	}
	if err := r.untell(ctx); err != nil {
		return err
	}
	for _, t := range r.plan.tables {
		fates, err := r.fates(ctx, t)
		if err != nil {
			return err
		}
		t.candidates = fates[statement.FateRemoved]
		t.leaving = t.candidates + fates[statement.FateDetached] + fates[statement.FateShared]
		if t.candidates > 0 {
			if err := r.exec(ctx, t.staging.LockGone()...); err != nil {
				return err
			}
			if err := r.edited(ctx, t); err != nil {
				return err
			}
		}
		if kept := fates[statement.FateKept]; kept > 0 {
			i := slices.Index(r.plan.tables, t)
			if err := r.listGone(ctx, t, &r.types[i].Gone, kept, statement.FateKept); err != nil {
				return err
			}
		}
	}
	return nil
}

// untell takes the records out of which the source only did not tell: a list
// that was left out, or null, says nothing of its elements. Of a type with a
// list of all its records, that list says it.
func (r *run) untell(ctx context.Context) error {
	for again := true; again; {
		again = false
		for _, owner := range r.plan.tables {
			for _, f := range owner.typ.Fields {
				t := r.plan.nests(f)
				if t == nil || r.plan.isRoot(t) || !owner.untold[f] && !owner.unclear {
					continue
				}
				affected, err := r.tx.Exec(ctx, t.staging.Untell(f))
				if err != nil {
					return err
				}
				if affected > 0 {
					t.unclear, again = true, true
				}
			}
		}
	}
	return nil
}

// fates counts the table's gone records by what becomes of them.
func (r *run) fates(ctx context.Context, t *table) (map[statement.Fate]int, error) {
	fates := map[statement.Fate]int{}
	err := r.tx.Query(ctx, t.staging.Fates(), func(scan store.Scan) error {
		var fate, records int
		if err := scan(&fate, &records); err != nil {
			return err
		}
		fates[statement.Fate(fate)] = records
		return nil
	})
	return fates, err
}

// edited finds out, page by page, which of the records that may go were changed
// here.
func (r *run) edited(ctx context.Context, t *table) error {
	t.edited = map[string][]string{}
	for after, done := int64(0), 0; ; {
		var positions []int64
		read := 0
		err := r.tx.Query(ctx, t.staging.Candidates(after, mergePage), func(scan store.Scan) error {
			var key string
			var row differing
			var base, local, others []byte
			if err := scan(&after, &key, &base, &local, &others); err != nil {
				return err
			}
			read++
			for _, side := range []struct {
				text   []byte
				values any
			}{{base, &row.base}, {local, &row.local}, {others, &row.others}} {
				if err := json.Unmarshal(side.text, side.values); err != nil {
					return fmt.Errorf("look for changes of %s %s: %w", t.typ.Name, key, err)
				}
			}
			t.normalise(row.base, row.local)
			for _, o := range row.others {
				t.normalise(o.Base, o.Here)
			}
			changed := t.changed(&row)
			if len(changed) == 0 {
				return nil
			}
			positions = append(positions, after)
			if len(t.edited) < ReportedRows {
				t.edited[key] = changed
			}
			return nil
		})
		if err != nil || read == 0 {
			return err
		}
		if len(positions) > 0 {
			if err := r.exec(ctx, t.staging.Edited(positions)); err != nil {
				return err
			}
		}
		done += read
		r.options.Progress(Progress{Phase: Comparing, Done: done})
	}
}

// changed are the names of the fields whose value here is one that no source
// has told. A field that the source knows nothing of was changed where it is
// neither empty nor the default: someone has given the item a price.
func (t *table) changed(row *differing) []string {
	var names []string
	for _, f := range t.fields {
		local := row.local[f.Name]
		base, known := row.base[f.Name]
		if !known {
			base = t.defaults[f.Name]
		}
		empty := !known && (isNull(local) || string(local) == "[]")
		if empty || bytes.Equal(base, local) {
			continue
		}
		if !slices.ContainsFunc(row.others, func(o other) bool { return o.says(f, local) }) {
			names = append(names, f.Name)
		}
	}
	return names
}

// says reports whether the other source told the value that the field has here.
func (o other) says(f *model.Field, local json.RawMessage) bool {
	said, told := o.Base[f.Name]
	if f.Relation != nil {
		local = o.Here[f.Name]
	}
	return told && bytes.Equal(said, local)
}

// removeFirst removes what nothing refers to even before the import's changes.
// They cannot refer to it either, since the source no longer has it; so its
// unique values are free for what the source has instead.
func (r *run) removeFirst(ctx context.Context) error {
	if !r.candidates() {
		return nil
	}
	if err := r.removeUnused(ctx); err != nil {
		return err
	}
	for _, t := range r.plan.tables {
		if t.candidates > 0 {
			left, err := r.tx.Exec(ctx, t.staging.Unused())
			if err != nil {
				return err
			}
			t.candidates = int(left)
		}
	}
	return nil
}

// remove removes what nothing refers to after the import's changes, detaches
// what stays, and reports both.
func (r *run) remove(ctx context.Context) error {
	if err := r.removeUnused(ctx); err != nil {
		return err
	}
	for i, t := range r.plan.tables {
		if !r.first {
			if err := r.exec(ctx, t.staging.Attach()); err != nil {
				return err
			}
		}
		if t.leaving == 0 {
			continue
		}
		if err := r.exec(ctx, t.staging.Leave(r.options.Run)...); err != nil {
			return err
		}
		fates, err := r.fates(ctx, t)
		if err != nil {
			return err
		}
		report := &r.types[i]
		if err := r.listGone(ctx, t, &report.Removed, fates[statement.FateDone], statement.FateDone); err != nil {
			return err
		}
		detached := fates[statement.FateEdited] + fates[statement.FateUsed] + fates[statement.FateDetached]
		if err := r.listGone(ctx, t, &report.Detached, detached, statement.FateEdited, statement.FateUsed, statement.FateDetached); err != nil {
			return err
		}
	}
	return nil
}

// candidates reports whether any record may go.
func (r *run) candidates() bool {
	return slices.ContainsFunc(r.plan.tables, func(t *table) bool { return t.candidates > 0 })
}

// removeUnused deletes the records to which none refers that stays, those that
// point to others before those they point to.
func (r *run) removeUnused(ctx context.Context) error {
	const manyRounds = 5
	for round, found := 1, int64(1); found > 0; round++ {
		found = 0
		for _, t := range r.plan.tables {
			used, ok := t.staging.Used(t.references, round)
			if t.candidates == 0 || !ok {
				continue
			}
			if round == manyRounds {
				if err := r.exec(ctx, t.staging.IndexRounds()); err != nil {
					return err
				}
			}
			affected, err := r.tx.Exec(ctx, used)
			if err != nil {
				return err
			}
			found += affected
		}
	}
	for _, t := range r.plan.tables {
		if t.candidates > 0 {
			if err := r.exec(ctx, t.staging.Loosen()...); err != nil {
				return fmt.Errorf("remove %s: %w", t.typ.Name, err)
			}
		}
	}
	for _, t := range slices.Backward(r.plan.tables) {
		if t.candidates > 0 {
			if err := r.exec(ctx, t.staging.DeleteGone()...); err != nil {
				return fmt.Errorf("remove %s: %w", t.typ.Name, err)
			}
		}
	}
	return nil
}

// listGone shows the count records with one of the fates, the first of them with
// why they stay.
func (r *run) listGone(ctx context.Context, t *table, rows *Rows, count int, fates ...statement.Fate) error {
	if rows.Count = count; count == 0 {
		return nil
	}
	return r.tx.Query(ctx, t.staging.FirstGone(r.ledger.limit(), fates...), func(scan store.Scan) error {
		var key, id string
		var fate int
		if err := scan(&key, &id, &fate); err != nil {
			return err
		}
		row := Row{Key: json.RawMessage(key), ID: id}
		switch statement.Fate(fate) {
		case statement.FateEdited:
			row.Reason = "changed here"
			if changed := t.edited[key]; len(changed) > 0 { // of the first ones
				row.Reason += ": " + strings.Join(changed, ", ")
			}
		case statement.FateUsed:
			row.Reason = "used here"
		case statement.FateRemoved, statement.FateDetached, statement.FateKept, statement.FateShared, statement.FateUntold, statement.FateDone:
		}
		rows.show(row)
		return nil
	})
}

// restore has the deleted records created again that the options name, with
// what belonged to them. One may belong to another one of them, in any order.
func (r *run) restore(ctx context.Context) error {
	missing := slices.Compact(slices.Sorted(slices.Values(r.options.Restore)))
	for len(missing) > 0 {
		var left []string
		for _, text := range missing {
			restored, err := r.restoreKey(ctx, text)
			if err != nil {
				return fmt.Errorf("restore %s: %w", text, err)
			}
			if !restored {
				left = append(left, text)
			}
		}
		if len(left) == len(missing) {
			return fmt.Errorf("restore %s: %w", left[0], r.notRestored(ctx, left[0]))
		}
		missing = left
	}
	if len(r.options.Restore) == 0 {
		return nil
	}
	return r.untilDone(ctx, (*statement.Staging).RestoreOwned)
}

// untilDone runs a statement of every table that has it until none changes
// anything any more.
func (r *run) untilDone(ctx context.Context, of func(*statement.Staging) (statement.Statement, bool)) error {
	for again := true; again; {
		again = false
		for _, t := range r.plan.tables {
			s, ok := of(t.staging)
			if !ok {
				continue
			}
			affected, err := r.tx.Exec(ctx, s)
			if err != nil {
				return err
			}
			again = again || affected > 0
		}
	}
	return nil
}

// restoreKey finds the one deleted record with the key, if it can be without one
// that is deleted.
func (r *run) restoreKey(ctx context.Context, text string) (restored bool, err error) {
	var found []string
	for _, t := range r.plan.tables {
		if r.options.RestoreType != "" && t.typ.Name != r.options.RestoreType {
			continue
		}
		affected, err := r.tx.Exec(ctx, t.staging.Restore(keysOf(text)))
		if err != nil {
			return false, err
		}
		for range affected {
			found = append(found, t.typ.Name)
		}
	}
	if len(found) > 1 {
		return false, fmt.Errorf("several deleted records have the key (%s): say which with --type, or give the key as a JSON array", strings.Join(found, ", "))
	}
	return len(found) == 1, nil
}

// notRestored is the error that says why no record with the key can be restored.
func (r *run) notRestored(ctx context.Context, text string) error {
	reason := fmt.Errorf("no record of the source has the key: an import lists what was deleted here; a key of several values is a JSON array of them")
	known := r.options.RestoreType == ""
	for _, t := range r.plan.tables {
		if r.options.RestoreType != "" && t.typ.Name != r.options.RestoreType {
			continue
		}
		known = true
		for _, key := range keysOf(text) {
			var told, deleted, remembered int
			err := r.tx.Query(ctx, t.staging.Deletion(key), func(scan store.Scan) error { return scan(&told, &deleted, &remembered) })
			switch {
			case err != nil:
				return err
			case deleted > 0:
				return fmt.Errorf("what this %s belongs to was deleted here, too: restore that, and it comes with it", t.typ.Name)
			case told > 0:
				return fmt.Errorf("this %s was not deleted here", t.typ.Name)
			case remembered > 0:
				reason = fmt.Errorf("the source no longer has this %s, so there is nothing to create it from", t.typ.Name)
			}
		}
	}
	if !known {
		return fmt.Errorf("the source feeds no type %s", r.options.RestoreType)
	}
	return reason
}

// keysOf are the keys that a text may stand for, as a person writes it: a JSON
// array is the key itself, anything else its only value, which may be a number.
func keysOf(text string) []string {
	text = strings.ToValidUTF8(text, "\uFFFD")
	var key []json.RawMessage
	if json.Unmarshal([]byte(text), &key) == nil && key != nil {
		var compact bytes.Buffer
		if json.Compact(&compact, []byte(text)) == nil {
			return []string{compact.String(), string(append(appendString([]byte{'['}, text), ']'))}
		}
	}
	keys := []string{string(append(appendString([]byte{'['}, text), ']'))}
	if number := json.Number(""); json.Unmarshal([]byte(text), &number) == nil || text == "true" || text == "false" {
		keys = append(keys, "["+strings.TrimSpace(text)+"]")
	}
	return keys
}
