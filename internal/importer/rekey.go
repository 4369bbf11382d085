package importer

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/larderhq/larder/internal/model"
	"github.com/larderhq/larder/internal/source"
	"github.com/larderhq/larder/internal/statement"
	"github.com/larderhq/larder/internal/store"
)

// rekeyPage is how many origins get their keys at a time.
const rekeyPage = 500

// RekeyReport is what a change of keys did or, of a dry run, would do.
type RekeyReport struct {
	Source string        `json:"source"`
	DryRun bool          `json:"dryRun"`
	Keys   []KeyChange   `json:"keys"`  // those that are others; none where there is nothing to do
	Types  []RekeyedType `json:"types"` // whose records get new keys
}

// KeyChange is a key that differs from the one of the last import.
type KeyChange struct {
	Of     string   `json:"of"`     // a type, or "Type.field" for the objects nested in a relation
	Before []string `json:"before"` // fields; none for the place in the owner
	Now    []string `json:"now"`
}

// String is the change as people read it.
func (c KeyChange) String() string {
	return fmt.Sprintf("%s: %s → %s", c.Of, keyName(c.Before), keyName(c.Now))
}

// RekeyedType counts the origins of a type.
type RekeyedType struct {
	Type     string       `json:"type"`
	Resource string       `json:"resource"`
	Rekeyed  int          `json:"rekeyed"`
	First    []RekeyedRow `json:"first,omitempty"`
	// Kept have the key that they had: the source no longer has them, and what is
	// remembered of them does not tell the new one.
	Kept int `json:"kept"`
}

// RekeyedRow is one record's key, before and now.
type RekeyedRow struct {
	Before json.RawMessage `json:"before"`
	Now    json.RawMessage `json:"now"`
}

// ErrUnknownKeys says that what is remembered of the records does not tell all
// of their new keys: the source has to be read.
var ErrUnknownKeys = errors.New("the new keys are not all remembered: they have to be read from the source")

// Rekey gives the records of the source the keys that schema says, where they
// have others since the last import: their ids, and what was changed here, stay.
// A new key comes from what upstream said of the record the last time; where
// that does not tell it, from answer, whose records are found by their former
// keys. Without an answer (nil) the error is [ErrUnknownKeys] then. Two records
// with one new key, or a record without, change nothing; the error is an
// [InvalidError] that names them. Of options, DryRun counts.
func Rekey(ctx context.Context, engine store.Engine, schema *model.Schema, sourceName string, answer *source.Answer, options Options) (RekeyReport, error) {
	var report RekeyReport
	err := engine.Write(store.Large(ctx), func(ctx context.Context, tx store.Tx) error {
		report = RekeyReport{Source: sourceName, DryRun: options.DryRun, Keys: []KeyChange{}, Types: []RekeyedType{}}
		plan, err := newPlan(engine.Dialect(), schema, sourceName, false)
		if err != nil {
			return err
		}
		k := &rekeying{
			plan: plan, tx: tx, dialect: engine.Dialect(), schema: schema, answer: answer, report: &report,
			statements: statement.NewRekeying(engine.Dialect(), sourceName), affected: map[*model.Type]bool{},
		}
		if err := k.do(ctx); err != nil {
			return err
		}
		if options.DryRun {
			return errDryRun
		}
		return nil
	})
	if invalid := (*InvalidError)(nil); errors.As(err, &invalid) {
		invalid.undone = "changed"
		err = invalid
	}
	if err != nil && !errors.Is(err, errDryRun) {
		return report, fmt.Errorf("rekey %s: %w", sourceName, err)
	}
	return report, nil
}

// rekeying is one Rekey inside its transaction.
type rekeying struct {
	plan       *plan
	tx         store.Tx
	dialect    statement.Dialect
	schema     *model.Schema
	answer     *source.Answer
	report     *RekeyReport
	statements *statement.Rekeying
	last       *profile
	affected   map[*model.Type]bool // types whose records get new keys
}

func (k *rekeying) do(ctx context.Context) (err error) {
	if k.last, err = lastProfile(ctx, k.tx, k.dialect, k.plan.source); err != nil {
		return err
	}
	if k.last == nil {
		return errors.New("no import of it has noted its keys yet, so that nothing is to be rekeyed: import it")
	}
	if k.report.Keys = append(k.report.Keys, k.plan.changedKeys(k.last.Keys)...); len(k.report.Keys) == 0 {
		return nil
	}
	k.spread()
	if err := k.exec(ctx, slices.Concat(statement.PrepareImport(k.dialect), statement.LockImports(k.dialect), k.statements.Create())...); err != nil {
		return err
	}
	for _, step := range []func(context.Context) error{k.find, k.check, k.tell, k.rewrite} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	k.last.Keys = k.plan.keys()
	profile, err := json.Marshal(k.last)
	if err != nil {
		return err
	}
	return k.exec(ctx, slices.Concat(k.statements.Apply(), []statement.Statement{statement.SetProfile(k.dialect, k.plan.source, string(profile))}, k.statements.Drop())...)
}

// spread finds the types whose records get new keys: by a key that changed, or
// since their own holds one that does.
func (k *rekeying) spread() {
	for more := true; more; {
		more = false
		for _, t := range k.plan.tables {
			if !k.affected[t.typ] && k.changes(t.typ) {
				k.affected[t.typ], more = true, true
			}
		}
	}
}

func (k *rekeying) changes(t *model.Type) bool {
	changed := func(of string) bool {
		return slices.ContainsFunc(k.report.Keys, func(c KeyChange) bool { return c.Of == of })
	}
	holds := func(key []string) bool {
		return slices.ContainsFunc(key, func(name string) bool {
			f := t.Field(name)
			return f != nil && f.Kind == model.ToOne && k.affected[f.Relation.Target]
		})
	}
	if key := k.plan.sourceKey(t); key != nil {
		return changed(t.Name) || holds(key)
	}
	return slices.ContainsFunc(k.plan.nestings(t), func(f *model.Field) bool {
		key := k.plan.nestedKey(f)
		return changed(f.Owner.Name+"."+f.Name) || key == nil && k.affected[f.Owner] || holds(key)
	})
}

// nestings are the relations that hold objects of the type.
func (p *plan) nestings(t *model.Type) []*model.Field {
	var nestings []*model.Field
	for _, owner := range p.tables {
		for _, f := range owner.typ.Fields {
			if f.Relation != nil && f.Relation.Target == t && (f.Kind != model.ToOne || !f.Implicit) {
				nestings = append(nestings, f)
			}
		}
	}
	return nestings
}

// find notes the new key of every origin: from what is remembered, then from the
// source.
func (k *rekeying) find(ctx context.Context) error {
	unknown, err := k.remember(ctx)
	if err != nil || unknown == 0 {
		return err
	}
	if k.answer == nil {
		return ErrUnknownKeys
	}
	if err := k.read(ctx); err != nil {
		return err
	}
	if unknown, err = k.remember(ctx); err != nil || unknown == 0 || k.answer.Complete {
		return err
	}
	return fmt.Errorf("the answer of %s is not complete, and the new keys of %d records are not in it: read all of the source", k.answer.Address, unknown)
}

// remember notes the new keys that the origins tell, as often as one leads to
// others that hold it, and returns how many are left.
func (k *rekeying) remember(ctx context.Context) (left int, err error) {
	for {
		known := 0
		left = 0
		for _, t := range k.plan.tables {
			if !k.affected[t.typ] {
				continue
			}
			of := k.keyOf(t)
			err := k.pages(ctx, t, func(after string) statement.Statement { return k.statements.Unknown(t.typ.Name, after, rekeyPage) },
				func(page []origin) error {
					found, err := k.newKeys(ctx, t, of, page)
					known, left = known+len(found), left+len(page)-len(found)
					return errors.Join(err, k.note(ctx, t, found))
				})
			if err != nil {
				return 0, err
			}
		}
		if known == 0 {
			return left, nil
		}
		if err := k.exec(ctx, k.statements.Loaded()...); err != nil || left == 0 {
			return left, err
		}
	}
}

// origin is a key and what upstream said of its record the last time.
type origin struct {
	key  string
	base texts
}

// pages has work look at all origins that page selects.
func (k *rekeying) pages(ctx context.Context, t *table, page func(after string) statement.Statement, work func([]origin) error) error {
	after := ""
	for {
		var origins []origin
		err := k.tx.Query(ctx, page(after), func(scan store.Scan) error {
			var o origin
			var base []byte
			if err := scan(&o.key, &base); err != nil {
				return err
			}
			err := json.Unmarshal(base, &o.base)
			t.normalise(o.base)
			origins, after = append(origins, o), o.key
			return err
		})
		if err != nil || len(origins) == 0 {
			return err
		}
		if err := work(origins); err != nil {
			return err
		}
	}
}

// keyDefinition is how the rows of a type are known.
type keyDefinition struct {
	known       bool // it is the same wherever the rows are
	fields      []string
	before      []string // the former ones, where they were the same everywhere
	wasKnown    bool
	owners      []*model.Type // in which rows without fields of their own are
	wasPosition bool
}

// keyOf is the type's key, if it does not depend on where a row is nested.
func (k *rekeying) keyOf(t *table) keyDefinition {
	if key := k.plan.sourceKey(t.typ); key != nil {
		before, was := k.last.Keys[t.typ.Name]
		return keyDefinition{known: true, fields: key, before: before, wasKnown: was}
	}
	var d keyDefinition
	for i, f := range k.plan.nestings(t.typ) {
		key := k.plan.nestedKey(f)
		before, was := k.last.Keys[f.Owner.Name+"."+f.Name]
		if i == 0 {
			d.known, d.fields, d.before, d.wasKnown = true, key, before, was
		}
		d.known = d.known && slices.Equal(key, d.fields)
		d.wasKnown = d.wasKnown && was && slices.Equal(before, d.before)
		d.owners = append(d.owners, f.Owner)
	}
	d.wasPosition = d.wasKnown && len(d.before) == 0
	return d
}

// newKeys are the pairs of keys, before and now, of those origins of the page
// whose new ones can be told.
func (k *rekeying) newKeys(ctx context.Context, t *table, of keyDefinition, page []origin) ([][2]string, error) {
	if !of.known || len(of.fields) == 0 && !of.wasPosition {
		return nil, nil
	}
	held := newHeldKeys(k)
	var found [][2]string
	for pass := range 2 { // first to learn which keys are held, then to replace them
		for _, o := range page {
			var key []byte
			var ok bool
			if len(of.fields) == 0 {
				key, ok = held.placed(of.owners, o.key)
			} else {
				key, ok = held.composed(t.typ, of, o)
			}
			if ok && pass == 1 {
				found = append(found, [2]string{o.key, string(key)})
			}
		}
		if err := held.load(ctx); err != nil {
			return nil, err
		}
	}
	return found, nil
}

// placed is the key of a row that is known by its place, with its owner's new
// key.
func (h *heldKeys) placed(owners []*model.Type, key string) ([]byte, bool) {
	var parts []json.RawMessage
	if json.Unmarshal([]byte(key), &parts) != nil || len(parts) < 2 {
		return nil, false
	}
	for _, owner := range owners {
		if now, ok := h.now(owner, parts[0]); ok {
			parts[0] = now
			return array(parts), true
		}
	}
	return nil, false
}

// composed is the key that the values of a row make.
func (h *heldKeys) composed(t *model.Type, of keyDefinition, o origin) ([]byte, bool) {
	parts := make([]json.RawMessage, len(of.fields))
	for i, name := range of.fields {
		text, ok := remembered(t, name, of, o)
		if !ok {
			return nil, false
		}
		if f := t.Field(name); f != nil && f.Kind == model.ToOne {
			if text, ok = h.now(f.Relation.Target, text); !ok {
				return nil, false
			}
		}
		parts[i] = text
	}
	return array(parts), true
}

// remembered is the value of a key field as it was told the last time: as one
// of the record, under the name it had then, or as part of the former key.
func remembered(t *model.Type, name string, of keyDefinition, o origin) (json.RawMessage, bool) {
	names := []string{name}
	if f := t.Field(name); f != nil {
		for _, rename := range f.Renames {
			names = append(names, rename.From)
		}
	}
	for _, name := range names {
		if text, told := o.base[name]; told {
			return compact(text), !isNull(text)
		}
	}
	if part := slices.Index(of.before, name); of.wasKnown && part >= 0 {
		var parts []json.RawMessage
		if json.Unmarshal([]byte(o.key), &parts) == nil && len(parts) == len(of.before) {
			return parts[part], true
		}
	}
	return nil, false
}

// array is a JSON array of the values.
func array(values []json.RawMessage) []byte {
	return append(append([]byte{'['}, bytes.Join(rawBytes(values), []byte{','})...), ']')
}

func rawBytes(values []json.RawMessage) [][]byte {
	list := make([][]byte, len(values))
	for i, value := range values {
		list[i] = value
	}
	return list
}

// note keeps the pairs of keys.
func (k *rekeying) note(ctx context.Context, t *table, found [][2]string) error {
	for pairs := range slices.Chunk(found, 100) {
		if err := k.exec(ctx, k.statements.Load(t.typ.Name, pairs)); err != nil {
			return err
		}
	}
	return nil
}

// heldKeys finds the new keys of records that other records hold the keys of:
// those asked for once are there when they were loaded.
type heldKeys struct {
	*rekeying
	asked map[*model.Type]map[string]bool
	found map[*model.Type]map[string]string
}

func newHeldKeys(k *rekeying) *heldKeys {
	return &heldKeys{rekeying: k, asked: map[*model.Type]map[string]bool{}, found: map[*model.Type]map[string]string{}}
}

// now is the key that a record of the type has now; ok is false where it is not
// known (yet).
func (h *heldKeys) now(t *model.Type, before json.RawMessage) (now json.RawMessage, ok bool) {
	if !h.affected[t] || isNull(before) {
		return before, true
	}
	if h.asked[t] == nil {
		h.asked[t] = map[string]bool{}
	}
	h.asked[t][string(before)] = true
	text, ok := h.found[t][string(before)]
	return json.RawMessage(text), ok
}

// load finds what was asked for.
func (h *heldKeys) load(ctx context.Context) error {
	for t, asked := range h.asked {
		keys := make([]string, 0, len(asked))
		for key := range asked {
			keys = append(keys, key)
		}
		if h.found[t] == nil {
			h.found[t] = map[string]string{}
		}
		for some := range slices.Chunk(keys, rekeyPage) {
			err := h.tx.Query(ctx, h.statements.Find(t.Name, some), func(scan store.Scan) error {
				var before, now string
				err := scan(&before, &now)
				h.found[t][before] = now
				return err
			})
			if err != nil {
				return err
			}
		}
	}
	clear(h.asked)
	return nil
}

// read has the source tell the new keys of its rows beside their former ones.
func (k *rekeying) read(ctx context.Context) error {
	if err := k.readBy(ctx, k.last.Keys); err != nil {
		return fmt.Errorf("find the records by their former keys: %w", err)
	}
	if err := k.readBy(ctx, nil); err != nil {
		return err
	}
	if err := k.exec(ctx, k.statements.Loaded()...); err != nil {
		return err
	}
	var invalid InvalidError
	for _, t := range k.plan.tables {
		if !k.affected[t.typ] {
			continue
		}
		err := k.tx.Query(ctx, k.statements.Ambiguous(t.typ.Name, reportedProblems), func(scan store.Scan) error {
			var before, one, other string
			err := scan(&before, &one, &other)
			invalid.add(Problem{Record: -1, Path: t.typ.Name, Key: before, Message: fmt.Sprintf("the source has several records with this former key, as %s and %s", one, other)})
			return err
		})
		if err == nil {
			err = k.exec(ctx, k.statements.TakeRead(t.typ.Name))
		}
		if err != nil {
			return err
		}
	}
	if err := k.exec(ctx, k.statements.Loaded()...); err != nil {
		return err
	}
	return invalid.orNil()
}

// readBy notes the rows of the source with their keys by the former definition,
// or by that of the models (nil).
func (k *rekeying) readBy(ctx context.Context, former map[string][]string) error {
	plan, err := newPlan(k.dialect, k.schema, k.plan.source, false)
	if err != nil {
		return err
	}
	plan.former = former
	for i, root := range plan.roots {
		if key := former[root.table.typ.Name]; key != nil {
			plan.roots[i].key = key
		}
	}
	in := &reader{plan: plan, failed: newFailedPaths(k.answer.Failed)}
	in.send = func(ctx context.Context, b *batch) error {
		columns := b.table.staging.Columns()
		position, key := slices.Index(columns, "position"), slices.Index(columns, "key")
		var rows []statement.KeyedRow
		for values := range slices.Chunk(b.values, b.width()) {
			rows = append(rows, statement.KeyedRow{Position: values[position].(int64), Key: values[key].(string)})
		}
		for some := range slices.Chunk(rows, 100) {
			if err := k.exec(ctx, k.statements.LoadRead(former != nil, b.table.typ.Name, some)); err != nil {
				return err
			}
		}
		return nil
	}
	if err := in.readAll(ctx, k.answer); err != nil {
		return err
	}
	return in.invalid.orNil()
}

// check refuses two records with one key.
func (k *rekeying) check(ctx context.Context) error {
	var invalid InvalidError
	for _, t := range k.plan.tables {
		if !k.affected[t.typ] {
			continue
		}
		err := k.tx.Query(ctx, k.statements.Repeated(t.typ.Name, reportedProblems), func(scan store.Scan) error {
			var now, one, other string
			err := scan(&now, &one, &other)
			invalid.add(Problem{Record: -1, Path: t.typ.Name, Key: now, Message: fmt.Sprintf("the records %s and %s have this key: it must tell them apart", one, other)})
			return err
		})
		if err != nil {
			return err
		}
	}
	return invalid.orNil()
}

// tell counts the new keys and lists the first.
func (k *rekeying) tell(ctx context.Context) error {
	for _, t := range k.plan.tables {
		if !k.affected[t.typ] {
			continue
		}
		told := RekeyedType{Type: t.typ.Name, Resource: t.typ.Resource()}
		if err := k.tx.Query(ctx, k.statements.Count(t.typ.Name), func(scan store.Scan) error { return scan(&told.Rekeyed, &told.Kept) }); err != nil {
			return err
		}
		err := k.tx.Query(ctx, k.statements.First(t.typ.Name, ReportedRows), func(scan store.Scan) error {
			var before, now string
			err := scan(&before, &now)
			told.First = append(told.First, RekeyedRow{json.RawMessage(before), json.RawMessage(now)})
			return err
		})
		if err != nil {
			return err
		}
		k.report.Types = append(k.report.Types, told)
	}
	return nil
}

// rewrite puts the new keys into what is remembered of the records that point to
// others by them.
func (k *rekeying) rewrite(ctx context.Context) error {
	for _, t := range k.plan.tables {
		var pointing []*model.Field
		for _, f := range t.fields {
			if f.Relation != nil && k.affected[f.Relation.Target] {
				pointing = append(pointing, f)
			}
		}
		if len(pointing) == 0 {
			continue
		}
		err := k.pages(ctx, t, func(after string) statement.Statement { return k.statements.Origins(t.typ.Name, after, rekeyPage) },
			func(page []origin) error { return k.rewriteBases(ctx, t, pointing, page) })
		if err != nil {
			return err
		}
		for _, f := range pointing {
			if err := k.rewriteConflicts(ctx, f); err != nil {
				return err
			}
		}
	}
	return nil
}

func (k *rekeying) rewriteBases(ctx context.Context, t *table, pointing []*model.Field, page []origin) error {
	held := newHeldKeys(k)
	for range 2 { // as in newKeys
		for _, o := range page {
			for _, f := range pointing {
				if text, told := o.base[f.Name]; told {
					o.base[f.Name] = held.relation(f, text)
				}
			}
		}
		if err := held.load(ctx); err != nil {
			return err
		}
	}
	for some := range slices.Chunk(page, 100) {
		pairs := make([][2]string, len(some))
		for i, o := range some {
			pairs[i] = [2]string{o.key, string(o.base.object(t.names))}
		}
		if err := k.exec(ctx, k.statements.SetBases(t.typ.Name, pairs)); err != nil {
			return err
		}
	}
	return nil
}

// relation is the value of a relation with the new keys of what it points to.
func (h *heldKeys) relation(f *model.Field, text json.RawMessage) json.RawMessage {
	if f.Kind == model.ToOne {
		if now, ok := h.now(f.Relation.Target, text); ok {
			return now
		}
		return text
	}
	var keys []json.RawMessage
	if json.Unmarshal(text, &keys) != nil {
		return text
	}
	for i, key := range keys {
		if now, ok := h.now(f.Relation.Target, key); ok {
			keys[i] = now
		}
	}
	return array(keys)
}

func (k *rekeying) rewriteConflicts(ctx context.Context, f *model.Field) error {
	type conflict struct {
		id    int64
		sides [3]json.RawMessage // base, upstream, local
	}
	var conflicts []conflict
	err := k.tx.Query(ctx, k.statements.Conflicts(f.Owner.Name, f.Name), func(scan store.Scan) error {
		var c conflict
		var sides [3]string
		err := scan(&c.id, &sides[0], &sides[1], &sides[2])
		for i, side := range sides {
			c.sides[i] = json.RawMessage(side)
		}
		conflicts = append(conflicts, c)
		return err
	})
	if err != nil {
		return err
	}
	held := newHeldKeys(k)
	for range 2 { // as in newKeys
		for i := range conflicts {
			for side, text := range conflicts[i].sides {
				conflicts[i].sides[side] = held.relation(f, compact(text))
			}
		}
		if err := held.load(ctx); err != nil {
			return err
		}
	}
	for _, c := range conflicts {
		if err := k.exec(ctx, k.statements.SetConflict(c.id, string(c.sides[0]), string(c.sides[1]), string(c.sides[2]))); err != nil {
			return err
		}
	}
	return nil
}

// compact is JSON without the blanks that a database writes.
func compact(text json.RawMessage) json.RawMessage {
	var short bytes.Buffer
	if json.Compact(&short, text) != nil {
		return text
	}
	return short.Bytes()
}

func (k *rekeying) exec(ctx context.Context, statements ...statement.Statement) error {
	for _, s := range statements {
		if _, err := k.tx.Exec(ctx, s); err != nil {
			return err
		}
	}
	return nil
}
