package exporter

import (
	"context"
	"fmt"
	"math"
	"strings"

	"github.com/larderhq/larder/internal/model"
	"github.com/larderhq/larder/internal/query"
	"github.com/larderhq/larder/internal/store"
)

// Table is what is written of the records of a type.
type Table struct {
	Read query.Read // its columns are never nil

	nested map[*model.Type]*model.Field // of the records in it: by which list they stand there
}

// Name is the name of the table's file, or of its list in a document: the
// type's resource.
func (t Table) Name() string { return t.Read.Type.Resource() }

// Selection says what is written.
type Selection struct {
	Types []*model.Type // in their order; nil: every type
	// Version is the API version whose shape the records have, as far as they
	// are attributes; 0: the fields of all versions.
	Version int
	Hidden  bool // also what the API never serves; with version 0 only
	// Nested has the records of a list stand in the record that they belong to:
	// that is required, listed by nothing else, or goes with it. What belongs
	// to none has a table of its own.
	Nested bool
	// Query is in the grammar of the API: select, filters, order, limit and
	// offset, of one type. "": everything.
	Query string
}

// Tables are what the selection takes of the schema, which is the one that
// [model.Schema.In] gives for its version. The error is the person's.
func Tables(schema *model.Schema, s Selection) ([]Table, error) {
	if s.Hidden && s.Version != 0 {
		return nil, fmt.Errorf("no version of the API has hidden fields: leave the version out")
	}
	types := s.Types
	if types == nil {
		types = schema.Types
	}
	if s.Query != "" {
		return s.queried(types)
	}
	parents := map[*model.Type]*model.Field{}
	if s.Nested {
		parents = s.parents(schema)
	}
	tables := make([]Table, 0, len(types))
	for _, vocabularies := range []bool{true, false} { // words before what is written with them
		for _, t := range types {
			if t.Vocabulary != vocabularies || !t.Served(s.Version) {
				continue
			}
			table := Table{Read: query.Read{Type: t, Version: s.Version, Limit: -1}, nested: map[*model.Type]*model.Field{}}
			if inside := parents[t]; inside != nil && s.Types == nil {
				key := inside.Relation.Inverse
				if key.Required {
					continue // each record stands in another
				}
				table.Read.Filter = &query.Filter{Op: query.Is, Field: key, Values: []any{"null"}}
			}
			table.Read.Columns = s.columns(t, nil, parents, table.nested)
			tables = append(tables, table)
		}
	}
	return tables, nil
}

// queried is the table of a query.
func (s Selection) queried(types []*model.Type) ([]Table, error) {
	if len(types) != 1 {
		return nil, fmt.Errorf("a query is of one resource: name it")
	}
	if s.Nested {
		return nil, fmt.Errorf("a query says itself what is nested: select=*,items(*)")
	}
	t := types[0]
	request, err := query.Parse(t, s.Version, strings.TrimPrefix(s.Query, "?"), query.Limits{
		InValues: math.MaxInt32, MaxLimit: math.MaxInt32, FilterNodes: math.MaxInt32, QueryBytes: math.MaxInt32,
	})
	if err != nil {
		return nil, fmt.Errorf("the query: %w", err)
	}
	read := request.Read
	if read.Before != nil {
		return nil, fmt.Errorf("the query: _before goes backwards: use filters, order, limit and offset")
	}
	if read.Columns == nil {
		read.Columns = s.columns(t, nil, nil, nil)
	}
	return []Table{{Read: read}}, nil
}

// parents finds the list in which the records of a type stand: the first one
// of a type that they belong to and that does not stand in them itself.
func (s Selection) parents(schema *model.Schema) map[*model.Type]*model.Field {
	parents := map[*model.Type]*model.Field{}
	within := func(t, other *model.Type) bool {
		for t != other {
			list := parents[t]
			if list == nil {
				return false
			}
			t = list.Owner
		}
		return true
	}
	for _, t := range schema.Types {
		for _, f := range t.Fields {
			if f.Kind != model.ToMany || !s.written(f) || !f.Relation.Target.Served(s.Version) {
				continue
			}
			target, key := f.Relation.Target, f.Relation.Inverse
			belongs := key.Required || key.Implicit || key.Relation.OnDelete == model.Cascade
			if belongs && parents[target] == nil && !within(t, target) {
				parents[target] = f
			}
		}
	}
	return parents
}

// written reports whether the field is wanted.
func (s Selection) written(f *model.Field) bool { return s.Hidden || f.Served(s.Version) }

// columns are the columns of a record, without the key of the record in which
// it stands, and with the records that stand in it, which are noted.
func (s Selection) columns(t *model.Type, key *model.Field, parents, nested map[*model.Type]*model.Field) []query.Column {
	columns := []query.Column{{Field: t.ID, Name: t.ID.JSONName()}}
	for _, f := range t.Fields {
		owned := f.Kind == model.ManyToMany && f.Relation.Owning && f.Relation.Target.Served(s.Version)
		switch {
		case f == key || !s.written(f):
		case f.IsAttribute() || owned:
			columns = append(columns, query.Column{Field: f, Name: f.JSONName()})
		case f.Kind == model.ToMany && parents[f.Relation.Target] == f:
			target := f.Relation.Target
			nested[target] = f
			columns = append(columns, query.Column{Name: f.Name, Embed: &query.Embed{Relation: f, Read: query.Read{
				Type: target, Version: s.Version, Limit: -1, Order: query.DefaultOrder(f, s.Version),
				Columns: s.columns(target, f.Relation.Inverse, parents, nested),
			}}})
		}
	}
	return columns
}

// count is how many records the table has.
func (t Table) count(ctx context.Context, view *store.View) (int, error) {
	total, err := view.Count(ctx, t.Read)
	if t.Read.Limit >= 0 {
		total = min(max(0, total-int64(t.Read.Offset)), int64(t.Read.Limit))
	}
	return int(total), err
}

// Models are the models, in SDL, by which the named source reads back what an
// export of the tables wrote: to a folder or as a document of several (rooted
// is true: the path of each begins with its name), or one alone. Types that no
// table holds have no source.
func Models(schema *model.Schema, name string, tables []Table, rooted bool) (string, error) {
	copied, err := model.Parse("models.graphql", []byte(schema.String()))
	if err != nil {
		return "", fmt.Errorf("copy the models: %w", err)
	}
	for _, t := range copied.Types {
		t.Sources = nil
		for _, f := range t.Fields {
			f.From = ""
		}
	}
	bind := func(t *model.Type, path string) {
		key := "id"
		if word := t.Word(); word != nil {
			key = word.Name
		}
		to := copied.Type(t.Name)
		to.Sources = append(to.Sources, model.Source{Name: name, Path: path, Key: []string{key}})
	}
	for _, table := range tables {
		path := ""
		if rooted {
			path = table.Name()
		}
		bind(table.Read.Type, path)
		table.bindNested(table.Read.Type, path, bind)
	}
	return copied.String(), nil
}

// bindNested binds the types whose records stand in those of t.
func (t Table) bindNested(owner *model.Type, path string, bind func(t *model.Type, path string)) {
	for _, f := range owner.Fields {
		if f.Kind == model.ToMany && t.nested[f.Relation.Target] == f {
			inside := strings.TrimPrefix(path+"."+f.Name, ".")
			bind(f.Relation.Target, inside)
			t.bindNested(f.Relation.Target, inside, bind)
		}
	}
}
