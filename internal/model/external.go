package model

import (
	"encoding/json"
	"slices"
	"strings"
)

// This file holds what the models say of a database that larder did not make:
// names that do not follow from the declarations, keys of several columns, and
// values that the database gives by itself.

// smallint is PostgreSQL's name for whole numbers of 16 bits, which are an Int
// like those of 32.
const smallint = "int2"

// External is the first declaration that only a database can satisfy that
// larder did not make, as it stands in the models ("@table"), and where; "" when
// there is none.
func (s *Schema) External() (declaration string, at Position) {
	for _, t := range s.Types {
		switch {
		case t.TableName != "":
			return "@table", t.Position
		case t.ReadOnly:
			return "@readonly on a type", t.Position
		case t.ID.Scalar != ID && t.ID.Scalar != UUID:
			return "id: " + string(t.ID.Scalar) + "!", t.ID.Position
		}
		for _, f := range append([]*Field{t.ID}, t.Fields...) {
			switch {
			case f.ColumnName != "" || f.ColumnType != "":
				return "@column", f.Position
			case f.Generated && f.Computed == nil:
				return "@generated", f.Position
			}
		}
	}
	return "", Position{}
}

// Composite reports whether the field is the id of a type with @key, which no
// column holds: the values of the key's fields in JSON with commas between
// them, "7,3".
func (f *Field) Composite() bool { return f.Owner != nil && f.Owner.ID == f && len(f.Owner.Key) > 0 }

// KeyValues are the canonical values of the fields of Key that an id of a type
// with @key stands for. ok is false when the text is no such id.
func (t *Type) KeyValues(id string) (values []any, ok bool) {
	var parts []json.RawMessage
	if err := json.Unmarshal([]byte("["+id+"]"), &parts); err != nil || len(parts) != len(t.Key) {
		return nil, false
	}
	for i, f := range t.Key {
		value, err := f.AcceptJSON(parts[i])
		if err != nil {
			return nil, false
		}
		values = append(values, value)
	}
	return values, true
}

// scanComposite reads the id of a type with @key.
func (f *Field) scanComposite(text string) (any, *fault) {
	if _, ok := f.Owner.KeyValues(text); ok {
		return text, nil
	}
	return nil, faultf("type", "expected the values of %s with commas between them, got %q", strings.Join(namesOf(f.Owner.Key), " and "), shorten(text))
}

// ChosenID reports whether a new record of the type must bring its id, because
// neither the store nor larder assigns one.
func (t *Type) ChosenID() bool {
	return t.ID.Scalar != ID && t.ID.Scalar != UUID && !t.ID.Generated && len(t.Key) == 0
}

func (p *parser) tableName(t *Type, a application) {
	t.TableName = p.storedName(a, "name")
}

func (p *parser) column(f *Field, a application) {
	if f.Kind != Column && f.Kind != ToOne && f.Kind != JSONColumn {
		p.report(a.at, "remove it", "@column: %s has no column of its own", f.Name)
		return
	}
	if a.has("name") {
		f.ColumnName = p.storedName(a, "name")
	}
	if a.has("type") {
		f.ColumnType = p.storedName(a, "type")
	}
}

// storedName is a name as the database has it.
func (p *parser) storedName(a application, argument string) string {
	name := a.text(argument)
	if name == "" || len(name) > maxIdentifier || strings.ContainsRune(name, 0) {
		p.report(a.where(p, argument), "", "expected a name of 1 to %d bytes, got %q", maxIdentifier, shorten(name))
	}
	return name
}

func (p *parser) generated(f *Field, a application) {
	if f.Kind != Column && f.Kind != ToOne && f.Kind != JSONColumn || f.Default != nil {
		p.report(a.at, "remove it", "@generated: %s is no column, or has a @default", f.Name)
		return
	}
	f.Generated = true
}

// key reads @key: what identifies a record in place of an id.
func (p *parser) key(t *Type, a application) {
	if t.ID.Position.Line > 0 {
		p.report(a.at, "remove the field id", "@key: %s has an id", t.Name)
		return
	}
	t.ID.Scalar = String
	p.later = append(p.later, func() {
		names := a.words("fields")
		fields, ok := p.lookup(t, names, a.where(p, "fields"), "key")
		if len(names) == 0 {
			p.report(a.where(p, "fields"), "name the fields", "@key has no fields")
		}
		for _, f := range fields {
			scalar := f.judge().Scalar
			if f.Kind != Column && f.Kind != ToOne || !f.Required || slices.Contains([]Scalar{Float, JSON, Bytes}, scalar) {
				p.report(a.where(p, "fields"), "name fields with a single value that is never null", "@key: %s cannot be part of a key", f.Name)
				ok = false
			}
		}
		if !t.ReadOnly {
			p.report(a.at, "write @readonly", "@key: records of %s can be read only", t.Name)
		}
		if ok && len(fields) > 0 {
			t.Key = fields
		}
	})
}

// references refuses relations to types that have no key of one value.
func (p *parser) references(f *Field) {
	if f.Kind == ToOne && len(f.Relation.Target.Key) > 0 {
		p.report(f.Position, "", "%s.%s: nothing can refer to %s, which has a key of several fields", f.Owner.Name, f.Name, f.Relation.Target.Name)
	}
}

// externalType are the directives of a type that only such a database has.
func (t *Type) externalType() string {
	text := ""
	if t.TableName != "" {
		text += " @table(name: " + quote(t.TableName) + ")"
	}
	if len(t.Key) > 0 {
		text += " @key(fields: " + quoteList(namesOf(t.Key)) + ")"
	}
	if t.ReadOnly {
		text += " @readonly"
	}
	return text
}

// externalField are the directives of a field that only such a database has.
func (f *Field) externalField() string {
	var parts []string
	if f.ColumnName != "" {
		parts = append(parts, "name: "+quote(f.ColumnName))
	}
	if f.ColumnType != "" {
		parts = append(parts, "type: "+quote(f.ColumnType))
	}
	text := ""
	if len(parts) > 0 {
		text = " @column(" + strings.Join(parts, ", ") + ")"
	}
	if f.Generated && f.Computed == nil {
		text += " @generated"
	}
	return text
}

// TableOf is the table of a type with the name, where it has no @table.
func TableOf(typeName string) string { return snake(typeName) }

// ColumnOf is the column of a field with the name, or of a reference, where it
// has no @column.
func ColumnOf(fieldName string, reference bool) string {
	if reference {
		return snake(fieldName) + "_id"
	}
	return snake(fieldName)
}
