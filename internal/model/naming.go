package model

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/gobuffalo/flect"
)

// This file holds every name that the store and the API derive from the
// models. Names are part of the contract with existing databases and clients:
// a change here is a migration for every user.
//
//	Type ShoppingList      table shopping_list, resource shopping-lists
//	field unitPrice        column unit_price, JSON unitPrice
//	to-one field list      column list_id, JSON listId
//	list field terrains    value table planet_terrains(planet_id, position, value)
//	unique                 planet_name_key
//	check                  planet_population_check
//	index                  planet_population_idx
//	foreign key            item_shopping_list_id_fkey
//
// Parse computes all of them once; the functions only hand them out.

// maxIdentifier is the number of bytes that PostgreSQL keeps of a name.
const maxIdentifier = 63

// typeNames are the names of a type, computed by Parse.
type typeNames struct {
	table, resource string
}

// fieldNames are the names of a field, computed by Parse.
type fieldNames struct {
	json, column                          string
	valueTable, ownerColumn, targetColumn string
}

// Table is the type's table: "shopping_list".
func (t *Type) Table() string { return t.names.table }

// Resource is the type's name in URLs: "shopping-lists".
func (t *Type) Resource() string { return t.names.resource }

// Noun is the type's name in words: "shopping list".
func (t *Type) Noun() string { return strings.ReplaceAll(strings.Trim(snake(t.Name), "_"), "_", " ") }

// ReferenceName is the name of the implicit to-one field that the type's lists
// put into the types they list: "shoppingList".
func (t *Type) ReferenceName() string { return camel(t.Name) }

// JSONName is the attribute's name in JSON: "unitPrice"; of a to-one field
// "listId" (of a to-one to a vocabulary the field's own name). A field that is
// declared with underscores keeps to them: "shopping_list" gives
// "shopping_list_id".
func (f *Field) JSONName() string { return f.names.json }

// PathName is the name of a list of records in URLs, below the record's own:
// "items", "openOrders" as "open-orders".
func (f *Field) PathName() string { return strings.ReplaceAll(snake(f.Name), "_", "-") }

// Column is the field's column in its owner's table: "unit_price", "list_id".
// Fields of the kinds ValueList, ToMany and ManyToMany have none.
func (f *Field) Column() string { return f.names.column }

// ValueTable is the table of a ValueList's values, "planet_terrains", with the
// columns OwnerColumn, position and value, or the join table of a ManyToMany,
// with OwnerColumn, TargetColumn and position.
func (f *Field) ValueTable() string { return f.names.valueTable }

// OwnerColumn is the value or join table's foreign key to the owner: "planet_id".
func (f *Field) OwnerColumn() string { return f.names.ownerColumn }

// TargetColumn is the join table's foreign key to the target.
func (f *Field) TargetColumn() string { return f.names.targetColumn }

// CheckName is what the field's check constraint is called, on every engine
// and whether or not it has one: "planet_population_check"; of a list
// "planet_terrains_value_check", in the value table.
func (f *Field) CheckName() string {
	if f.Kind == ValueList {
		return identifier(f.ValueTable(), "value", "check")
	}
	return identifier(f.Owner.Table(), f.Column(), "check")
}

// nameAll computes the names of every type and field. Join tables are named
// by their owning side, so types come first.
func (s *Schema) nameAll() {
	for _, t := range s.Types {
		table := snake(t.Name)
		if t.TableName != "" {
			table = t.TableName
		}
		t.names = typeNames{table: table, resource: t.deriveResource()}
	}
	for _, t := range s.Types {
		t.ID.names = fieldNames{json: "id", column: "id"}
		if t.ID.ColumnName != "" {
			t.ID.names.column = t.ID.ColumnName
		}
		for _, f := range t.Fields {
			f.names = f.derive()
		}
	}
}

// deriveResource is the type's name as a plural in kebab-case.
func (t *Type) deriveResource() string {
	words := strings.Split(strings.Trim(snake(t.Name), "_"), "_")
	last := len(words) - 1
	words[last] = flect.Pluralize(words[last])
	return strings.Join(words, "-")
}

// derive computes the field's names from its kind.
func (f *Field) derive() fieldNames {
	names := fieldNames{json: f.Name}
	switch f.Kind {
	case Column, JSONColumn:
		names.column = snake(f.Name)
	case ToOne:
		names.column = snake(f.Name) + "_id"
		switch {
		case f.Relation.Target.Vocabulary:
		case strings.Contains(f.Name, "_"):
			names.json += "_id"
		default:
			names.json += "Id"
		}
	case ValueList:
		names.valueTable = identifier(f.Owner.Table(), snake(f.Name))
		names.ownerColumn = f.Owner.Table() + "_id"
	case ManyToMany:
		if f.Relation.Owning {
			names.valueTable = identifier(f.Owner.Table(), snake(f.Name))
			names.ownerColumn, names.targetColumn = f.joinColumns()
			break
		}
		other := f.Relation.Inverse
		names.valueTable = identifier(other.Owner.Table(), snake(other.Name))
		names.targetColumn, names.ownerColumn = other.joinColumns()
	case ToMany:
	}
	if f.ColumnName != "" {
		names.column = f.ColumnName
	}
	return names
}

// joinColumns are the columns of the join table that the field owns. A type
// joined with itself has one column named after the field: friends, friend_id.
func (f *Field) joinColumns() (owner, target string) {
	owner, target = f.Owner.Table()+"_id", f.Relation.Target.Table()+"_id"
	if owner == target {
		target = flect.Singularize(snake(f.Name)) + "_id"
	}
	if owner == target {
		target = "target_id"
	}
	return owner, target
}

// identifier joins the parts of a name by underscores and keeps it within what
// PostgreSQL keeps: a longer one is cut and ends in a hash of the whole.
func identifier(parts ...string) string {
	name := strings.Join(parts, "_")
	if len(name) <= maxIdentifier {
		return name
	}
	sum := sha256.Sum256([]byte(name))
	hash := hex.EncodeToString(sum[:4])
	return name[:maxIdentifier-len(hash)-1] + "_" + hash
}

// snake turns a declared name into snake_case. An acronym is one word
// (sourceID, source_id; HTTPServer, http_server; itemIDs, item_ids) and digits
// belong to the word before them (utf8Name, utf8_name).
func snake(name string) string {
	var out strings.Builder
	for i := 0; i < len(name); i++ {
		if i > 0 && startsWord(name, i) {
			out.WriteByte('_')
		}
		out.WriteByte(lower(name[i]))
	}
	return out.String()
}

// startsWord reports whether a new word begins at name[i], i > 0.
func startsWord(name string, i int) bool {
	if !isUpper(name[i]) || name[i-1] == '_' {
		return false
	}
	if !isUpper(name[i-1]) {
		return true
	}
	// Within a run of capitals only the last can begin a word, and only when
	// small letters follow that are more than the plural of an acronym.
	if i+1 == len(name) || !isLower(name[i+1]) {
		return false
	}
	pluralOfAcronym := name[i+1] == 's' && (i+2 == len(name) || isUpper(name[i+2]) || name[i+2] == '_')
	return !pluralOfAcronym
}

// camel turns a type's name into a field's: ShoppingList, shoppingList;
// HTTPServer, httpServer; URL, url.
func camel(name string) string {
	end := 1
	for end < len(name) && isUpper(name[end]) && !startsWord(name, end) {
		end++
	}
	return strings.ToLower(name[:end]) + name[end:]
}

func isUpper(b byte) bool { return 'A' <= b && b <= 'Z' }
func isLower(b byte) bool { return 'a' <= b && b <= 'z' }

func lower(b byte) byte {
	if isUpper(b) {
		return b + ('a' - 'A')
	}
	return b
}
