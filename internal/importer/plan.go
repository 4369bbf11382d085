package importer

import (
	"fmt"
	"slices"
	"strings"

	"github.com/larderhq/larder/internal/model"
	"github.com/larderhq/larder/internal/statement"
)

// plan is what an import of one source works on, found from the models alone.
type plan struct {
	source  string
	roots   []root
	tables  []*table // every type that the source can reach, the ones pointed to first
	byType  map[*model.Type]*table
	keepIDs bool
	former  map[string][]string // the keys of an earlier import (see keys), by which to read; nil: those of the models
}

// root is a type whose records stand at a path of the source.
type root struct {
	table *table
	path  string
	key   []string
}

// table is one type in an import.
type table struct {
	typ      *model.Type
	staging  *statement.Staging
	fields   []*model.Field // of staging
	names    []string       // theirs
	defaults texts
	position *model.Field // an Int field called position, which numbers the elements of a nested list

	told       []bool                // of each field: some row has a value for it, null included
	next       int64                 // position of the next staged row
	nested     bool                  // some row is nested in another one's record
	batch      *batch                // nil while it is empty
	size       int                   // of a batch's values
	removed    model.Removed         // what is done with records that are gone upstream
	references []statement.Reference // the fields of any type that refer to this one's records
	untold     map[*model.Field]bool // relations that some row does not tell
	unclear    bool                  // some record is known by such a relation only
	searched   bool                  // there is a table of gone records
	candidates int                   // records that may go
	leaving    int                   // records that no longer follow the source, whatever becomes of them
	edited     map[string][]string   // of the first candidates that were changed here: fields by key

	// referred: some row of another type names one of this type by its key alone.
	referred bool
}

// newPlan finds the types that the source feeds, directly or nested in their
// records, and puts them in an order in which each comes after the ones it
// points to.
func newPlan(dialect statement.Dialect, schema *model.Schema, sourceName string, keepIDs bool) (*plan, error) {
	p := &plan{source: sourceName, byType: map[*model.Type]*table{}, keepIDs: keepIDs}
	for _, t := range schema.Types {
		for _, s := range t.Sources {
			if s.Name != sourceName || nested(schema, s) {
				continue
			}
			if err := p.visit(dialect, t, nil); err != nil {
				return nil, err
			}
			p.roots = append(p.roots, root{table: p.byType[t], path: s.Path, key: s.Key})
		}
	}
	if len(p.roots) == 0 {
		return nil, fmt.Errorf("no type in the models has @source(name: %q): nothing to import", sourceName)
	}
	return p, nil
}

// nested reports whether the binding's path lies below another's of the same
// source: its records are read with the ones that they are nested in, and the
// binding only tells their key.
func nested(schema *model.Schema, binding model.Source) bool {
	for _, t := range schema.Types {
		for _, other := range t.Sources {
			if other.Name == binding.Name && other.Path != binding.Path && (other.Path == "" || strings.HasPrefix(binding.Path, other.Path+".")) {
				return true
			}
		}
	}
	return false
}

// visit adds the type's table after those of the types that it points to. A
// circle of types is broken at a field that may be null; above are the types
// that wait for this one.
func (p *plan) visit(dialect statement.Dialect, t *model.Type, above []*model.Type) error {
	if p.byType[t] != nil {
		return nil
	}
	created := &table{typ: t, staging: statement.NewStaging(dialect, t, p.source), defaults: texts{}, untold: map[*model.Field]bool{}, next: 1}
	if p.keepIDs {
		created.staging.KeepIDs()
	}
	p.byType[t] = created
	above = append(above, t)
	for _, f := range t.Fields {
		if f.Kind != model.ToOne || f.Relation.Target == t {
			continue
		}
		if slices.Contains(above, f.Relation.Target) {
			if f.Required {
				return fmt.Errorf("%s.%s is required, and %s cannot be without %s either: make one of the two fields optional, so that records can be created one after the other",
					t.Name, f.Name, f.Relation.Target.Name, t.Name)
			}
			created.staging.InsertLate(f)
			continue
		}
		if err := p.visit(dialect, f.Relation.Target, above); err != nil {
			return err
		}
	}
	created.describe()
	p.tables = append(p.tables, created)
	for _, f := range t.Fields {
		if f.Kind == model.ToMany || f.Kind == model.ManyToMany {
			if err := p.visit(dialect, f.Relation.Target, nil); err != nil {
				return err
			}
		}
	}
	return nil
}

func (t *table) describe() {
	t.fields = t.staging.Fields()
	t.told = make([]bool, len(t.fields))
	for _, f := range t.fields {
		t.names = append(t.names, f.Name)
		if f.Default != nil {
			t.defaults[f.Name] = f.AppendJSON(nil, f.Default.Value)
		}
	}
	if f := t.typ.Field("position"); f != nil && f.Kind == model.Column && (f.Scalar == model.Int || f.Scalar == model.Int64) {
		t.position = f
	}
}

// nestedKey is the naturalKey of the objects nested in the relation.
func (p *plan) nestedKey(f *model.Field) []string {
	if key, ok := p.former[f.Relation.Target.Name]; ok {
		return key
	}
	if key, ok := p.former[f.Owner.Name+"."+f.Name]; ok {
		return key
	}
	if f.Kind == model.ToMany {
		return p.naturalKey(f.Relation.Target, f.Relation.Inverse)
	}
	return p.naturalKey(f.Relation.Target, nil)
}

// naturalKey is the set of fields that identify a row of the type in the
// source: the key of its @source, else its first unique set that is never
// null; nil when there is none. Beside the type's own fields the set may name
// inverse, the field that points to the row in which this one is nested.
func (p *plan) naturalKey(t *model.Type, inverse *model.Field) []string {
	if key := p.sourceKey(t); key != nil {
		return key
	}
	usable := func(f *model.Field) bool {
		switch f.Kind {
		case model.Column:
			return f.Required && f.Default == nil
		case model.ToOne:
			return f == inverse || f.Required && p.sourceKey(f.Relation.Target) != nil
		case model.JSONColumn, model.ValueList, model.ToMany, model.ManyToMany:
		}
		return false
	}
	for _, f := range t.Fields {
		if f.Unique && usable(f) && f != inverse {
			return []string{f.Name}
		}
	}
	for _, unique := range t.Uniques {
		var names []string
		for _, f := range unique.Fields {
			if usable(f) {
				names = append(names, f.Name)
			}
		}
		if len(names) == len(unique.Fields) {
			return names
		}
	}
	return nil
}

// sourceKey is the key that the type's @source names, nil when it has none in
// this source.
func (p *plan) sourceKey(t *model.Type) []string {
	if p.former != nil {
		return p.former[t.Name]
	}
	for _, s := range t.Sources {
		if s.Name == p.source {
			return s.Key
		}
	}
	return nil
}

// failedPaths are the places of an answer at which upstream reported an error,
// without the list indexes: a null at one of them, or above one, is no value.
type failedPaths map[string]bool

func newFailedPaths(paths [][]any) failedPaths {
	failed := failedPaths{}
	for _, path := range paths {
		at := ""
		for _, step := range path {
			if name, ok := step.(string); ok {
				at = join(at, name)
				failed[at] = true
			}
		}
	}
	return failed
}

func join(path, name string) string {
	return strings.TrimPrefix(path+"."+name, ".")
}
