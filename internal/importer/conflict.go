package importer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/larderhq/larder/internal/model"
	"github.com/larderhq/larder/internal/query"
	"github.com/larderhq/larder/internal/statement"
	"github.com/larderhq/larder/internal/store"
)

// ErrNoConflict says that there is no conflict with an id, or none any more.
var ErrNoConflict = errors.New("no such conflict")

// Conflict is a field that upstream and a person changed to different values. A
// relation's values are keys of the source. The values of a @hidden field are
// not told.
type Conflict struct {
	ID       int64           `json:"id"`
	Source   string          `json:"source"`
	Type     string          `json:"type"`
	Key      json.RawMessage `json:"key"`
	RecordID string          `json:"recordId"`
	Field    string          `json:"field"`
	Base     json.RawMessage `json:"base,omitempty"`     // the value that both were made from; nil: not known
	Upstream json.RawMessage `json:"upstream,omitempty"` // when the conflict was found
	Local    json.RawMessage `json:"local,omitempty"`    // as it is now
	// Overwritten is the value that stood here before upstream's was taken.
	Overwritten json.RawMessage `json:"overwritten,omitempty"`
	Run         int64           `json:"run"` // the import that found it
	FoundAt     time.Time       `json:"foundAt"`
	// Open: nobody has resolved it, and the value here is not upstream's.
	Open       bool       `json:"open"`
	Resolution string     `json:"resolution,omitempty"` // local or upstream; "" until it is resolved
	ResolvedAt *time.Time `json:"resolvedAt,omitempty"`
}

// ConflictFilter says which conflicts are wanted; what is not set leaves none
// out.
type ConflictFilter struct {
	Source, Type   string
	Open, Resolved bool  // only those that are open, or only those that are not
	After          int64 // only those behind the one with the id
	Limit          int   // at most so many; 0 is all
}

// Conflicts returns the conflicts of the filter in the order of their ids.
func Conflicts(ctx context.Context, engine store.Engine, schema *model.Schema, filter ConflictFilter) ([]Conflict, error) {
	const page = 500
	wanted := statement.ConflictFilter{Source: filter.Source, Type: filter.Type, Unresolved: filter.Open, After: filter.After}
	conflicts := []Conflict{}
	for {
		read := page
		if filter.Limit > 0 {
			read = min(page, filter.Limit-len(conflicts))
		}
		found, err := readConflicts(ctx, engine, schema, wanted, read)
		if err != nil {
			return nil, fmt.Errorf("list conflicts: %w", err)
		}
		for _, c := range found {
			wanted.After = c.ID
			if filter.Open && !c.Open || filter.Resolved && c.Open {
				continue
			}
			conflicts = append(conflicts, c.told(schema))
		}
		if len(found) < read || len(conflicts) == filter.Limit {
			return conflicts, nil
		}
	}
}

// FindConflict returns the conflict with the id, or ErrNoConflict.
func FindConflict(ctx context.Context, engine store.Engine, schema *model.Schema, id int64) (*Conflict, error) {
	c, err := findConflict(ctx, engine, schema, id)
	if err != nil {
		return nil, err
	}
	told := c.told(schema)
	return &told, nil
}

func findConflict(ctx context.Context, engine store.Engine, schema *model.Schema, id int64) (Conflict, error) {
	found, err := readConflicts(ctx, engine, schema, statement.ConflictFilter{ID: id}, 1)
	if err != nil {
		return Conflict{}, fmt.Errorf("find conflict %d: %w", id, err)
	}
	if len(found) == 0 {
		return Conflict{}, fmt.Errorf("%w: %d", ErrNoConflict, id)
	}
	return found[0], nil
}

func readConflicts(ctx context.Context, engine store.Engine, schema *model.Schema, filter statement.ConflictFilter, limit int) ([]Conflict, error) {
	var conflicts []Conflict
	err := engine.Read(ctx, statement.Conflicts(engine.Dialect(), schema, filter, limit), func(scan store.Scan) error {
		var record, here []byte
		if err := scan(&record, &here); err != nil {
			return err
		}
		var c Conflict
		if err := json.Unmarshal(record, &c); err != nil {
			return err
		}
		c.complete(fieldOf(schema, c), slices.Clone(here))
		conflicts = append(conflicts, c)
		return nil
	})
	return conflicts, err
}

// fieldOf is the field of which a conflict is, which the models have.
func fieldOf(schema *model.Schema, c Conflict) *model.Field {
	return schema.Type(c.Type).Field(c.Field)
}

// complete makes a conflict of the row as it was read, whose local value is that
// of the moment it was found, and of the value here.
func (c *Conflict) complete(f *model.Field, here json.RawMessage) {
	for _, value := range []*json.RawMessage{&c.Base, &c.Upstream, &c.Local, &here} {
		*value = canonical(f, *value)
	}
	if c.Resolution == resolutionOf(model.TakeUpstream) {
		c.Overwritten = c.Local
	}
	c.Local = here
	c.Open = c.Resolution == "" && string(here) != string(c.Upstream)
}

// told is the conflict without the values of a field that never leaves the
// server.
func (c Conflict) told(schema *model.Schema) Conflict {
	if fieldOf(schema, c).Hidden {
		c.Base, c.Upstream, c.Local, c.Overwritten = nil, nil, nil, nil
	}
	return c
}

// resolutionOf is what larder_conflict says of a conflict that was decided.
func resolutionOf(take model.OnConflict) string { return strings.ToLower(string(take)) }

// errFoundAnew says that an import has looked at a conflict since it was read.
var errFoundAnew = errors.New("the conflict was found anew")

// Resolve decides a conflict: to keep what is here, or to take upstream's value,
// which is an ordinary change of the record with the errors of one
// ([*store.Violation], [*model.ValueError], [*GoneError]). It stays resolved
// until upstream changes the field again, and can be decided otherwise until
// then; what is decided already is left as it is. The error is ErrNoConflict
// where the conflict, or its record, is gone.
func Resolve(ctx context.Context, records *store.Store, engine store.Engine, schema *model.Schema, id int64, take model.OnConflict) (Conflict, error) {
	if take != model.KeepLocal && take != model.TakeUpstream {
		return Conflict{}, fmt.Errorf("resolve conflict %d: expected %s or %s, got %q", id, resolutionOf(model.KeepLocal), resolutionOf(model.TakeUpstream), take)
	}
	for {
		c, err := findConflict(ctx, engine, schema, id)
		if err != nil {
			return Conflict{}, err
		}
		if c.Resolution == resolutionOf(take) {
			return c.told(schema), nil
		}
		if take == model.TakeUpstream {
			err = takeUpstream(ctx, records, engine, schema, c)
		} else {
			err = engine.Write(ctx, func(ctx context.Context, tx store.Tx) error {
				return c.resolve(ctx, tx, engine.Dialect(), take)
			})
		}
		if errors.Is(err, store.ErrNotFound) {
			err = ErrNoConflict
		}
		if err != nil && !errors.Is(err, errFoundAnew) {
			return Conflict{}, fmt.Errorf("resolve conflict %d: %w", id, err)
		}
	}
}

// resolve notes the decision, unless an import was quicker.
func (c Conflict) resolve(ctx context.Context, tx store.Tx, dialect statement.Dialect, take model.OnConflict) error {
	affected, err := tx.Exec(ctx, statement.ResolveConflict(dialect, c.ID, c.Run, resolutionOf(take), string(c.Local), time.Now()))
	if err == nil && affected == 0 {
		err = errFoundAnew
	}
	return err
}

// takeUpstream assigns upstream's value to the record and notes it, in one
// transaction.
func takeUpstream(ctx context.Context, records *store.Store, engine store.Engine, schema *model.Schema, c Conflict) error {
	f := fieldOf(schema, c)
	id, err := f.Owner.ID.AcceptText(c.RecordID)
	if err != nil {
		return err
	}
	value, err := assignable(ctx, engine, c, f)
	if err != nil {
		return err
	}
	_, err = records.Modify(ctx, query.Read{Type: f.Owner, Limit: -1}, id, func([]byte) (store.Change, error) {
		return store.Change{
			Kind:        store.Update,
			Assignments: []statement.Assignment{{Field: f, Op: statement.Set, Value: value}},
			Then: func(ctx context.Context, tx store.Tx) error {
				return c.resolve(ctx, tx, engine.Dialect(), model.TakeUpstream)
			},
		}, nil
	})
	return err
}

// assignable is upstream's value of a conflict as it is assigned to the field: a
// relation's keys are the records that they mean here.
func assignable(ctx context.Context, engine store.Engine, c Conflict, f *model.Field) (any, error) {
	if f.Relation == nil || isNull(c.Upstream) {
		return f.AcceptJSON(c.Upstream)
	}
	keys := []json.RawMessage{c.Upstream}
	if f.Kind == model.ManyToMany {
		if err := json.Unmarshal(c.Upstream, &keys); err != nil {
			return nil, err
		}
	}
	if len(keys) == 0 {
		return []any{}, nil
	}
	texts := make([]string, len(keys))
	for i, key := range keys {
		texts[i] = string(key)
	}
	meant := f.Relation.Target.Word()
	if meant == nil {
		meant = f.Relation.Target.ID
	}
	here := map[string]any{}
	err := engine.Read(ctx, statement.KeyedRecords(engine.Dialect(), f, c.Source, texts), func(scan store.Scan) error {
		var key string
		var value []byte
		err := scan(&key, &value)
		if err == nil {
			here[key], err = meant.AcceptJSON(value)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	list := make([]any, len(texts))
	for i, key := range texts {
		value, there := here[key]
		if !there {
			return nil, &GoneError{Field: f, Key: keys[i]}
		}
		list[i] = value
	}
	if f.Kind == model.ManyToMany {
		return list, nil
	}
	return list[0], nil
}

// GoneError says that upstream's value of a conflict is a record that is not
// here.
type GoneError struct {
	Field *model.Field    // the relation
	Key   json.RawMessage // of the record
}

// Error names the record and says what to do.
func (e *GoneError) Error() string {
	return fmt.Sprintf("%s: upstream says the %s with the key %s, which was deleted here: restore it with larder import --restore, or keep the value here",
		e.Field.Name, e.Field.Relation.Target.Name, e.Key)
}

// reportedConflicts is how many conflicts a [ConflictError] spells out.
const reportedConflicts = 20

// FieldConflict is one field that changed on both sides. The values of a @hidden
// field are not told.
type FieldConflict struct {
	Type     string          `json:"type"`
	Key      json.RawMessage `json:"key"`
	Field    string          `json:"field"`
	Base     json.RawMessage `json:"base,omitempty"` // what it was; nil: not known
	Upstream json.RawMessage `json:"upstream,omitempty"`
	Local    json.RawMessage `json:"local,omitempty"`
}

// ConflictError says that fields changed on both sides whose source or type
// fails the import then; nothing was imported.
type ConflictError struct {
	Count     int             // of all conflicts
	Conflicts []FieldConflict // the first of them
}

// Error lists the conflicts, one a line, and says what to do.
func (e *ConflictError) Error() string {
	conflicts := "1 conflict"
	if e.Count > 1 {
		conflicts = fmt.Sprintf("%d conflicts", e.Count)
	}
	lines := []string{fmt.Sprintf("nothing was imported, for %s (onConflict: fail):", conflicts)}
	for _, c := range e.Conflicts {
		if c.Upstream == nil {
			lines = append(lines, fmt.Sprintf("  %s %s, %s: three values that are not told, since the field is @hidden", c.Type, c.Key, c.Field))
			continue
		}
		was := "was not known"
		if c.Base != nil {
			was = "was " + excerpt(c.Base)
		}
		lines = append(lines, fmt.Sprintf("  %s %s, %s: %s, upstream says %s, here it is %s", c.Type, c.Key, c.Field, was, excerpt(c.Upstream), excerpt(c.Local)))
	}
	if more := e.Count - len(e.Conflicts); more > 0 {
		lines = append(lines, fmt.Sprintf("  and %d more", more))
	}
	return strings.Join(append(lines, "give each field here one of the other two values, or set onConflict to local or upstream"), "\n")
}

func (e *ConflictError) add(c FieldConflict) {
	e.Count++
	if len(e.Conflicts) < reportedConflicts {
		e.Conflicts = append(e.Conflicts, c)
	}
}

// orNil is e as an error when it holds a conflict.
func (e *ConflictError) orNil() error {
	if e.Count == 0 {
		return nil
	}
	return e
}
