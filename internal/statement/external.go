package statement

import (
	"strings"

	"github.com/larderhq/larder/internal/model"
)

// This file writes what only a database has that larder did not make: keys of
// several columns, and PostgreSQL's types beside those that larder gives.

// Generated in a row of [Builder.Insert] leaves the column to the database.
// All rows of one insert leave the same.
type Generated struct{}

// given are the fields that a row has a value of.
func given(fields []*model.Field, row []any) []*model.Field {
	kept := make([]*model.Field, 0, len(fields))
	for i, f := range fields {
		if row[i] != (Generated{}) {
			kept = append(kept, f)
		}
	}
	return kept
}

// hasID writes the condition that the record r has the id. A key of
// several columns is compared column by column, so that its index serves.
func (w *writer) hasID(t *model.Type, id any) {
	if !t.ID.Composite() {
		w.add("r.", quote(t.ID.Column()), " = ")
		w.bindValue(t.ID, id)
		return
	}
	text, _ := id.(string)
	values, ok := t.KeyValues(text)
	if !ok {
		w.add("FALSE")
		return
	}
	for i, f := range t.Key {
		if i > 0 {
			w.add(" AND ")
		}
		w.add("r.", quote(f.Column()), " = ")
		w.bindValue(f, values[i])
	}
}

// compositeID is the id of a record that has a key of several columns: their
// values in JSON with commas between them.
func (w *writer) compositeID(t *model.Type) string {
	parts := make([]string, len(t.Key))
	for i, f := range t.Key {
		parts[i] = w.value(f)
	}
	return "concat(" + strings.Join(parts, ", ',', ") + ")"
}

// natural is a column as larder would have it.
func (d postgres) natural(f *model.Field, expression string) string {
	switch {
	case f.ColumnType == "":
		return expression
	case strings.HasSuffix(f.ColumnType, "[]") && f.Kind == model.JSONColumn:
		return "to_jsonb(" + expression + ")"
	case f.Scalar == model.JSON && f.Relation == nil:
		return expression + "::jsonb"
	case f.Scalar == model.String:
		return expression + "::text"
	}
	return expression
}

// widen compares ids, which may be of fewer bits in the database than in the
// models, as larder's own integers.
func (d postgres) widen(s stored) string {
	if s.scalar == model.Int64 || s.scalar == model.Int && s.native != "" {
		return "::bigint"
	}
	return ""
}

// list makes a list in JSON the array that its column holds.
func (d postgres) list(f *model.Field) (before, behind string) {
	element, isArray := strings.CutSuffix(f.ColumnType, "[]")
	if !isArray || f.Kind != model.JSONColumn {
		return "", ""
	}
	return "(SELECT coalesce(array_agg(m ORDER BY n), '{}')::" + quote(element) + "[] FROM jsonb_array_elements_text(", ") WITH ORDINALITY AS a(m, n))"
}
