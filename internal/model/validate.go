package model

import (
	"fmt"
	"slices"
	"strings"
)

// validate checks what can only be seen when every type has its fields, ends
// and names.
func (p *parser) validate() {
	p.tableNames()
	for _, t := range p.schema.Types {
		p.versions(t)
		p.fieldNames(t)
		p.keysComputed(t)
		if t.Vocabulary {
			p.vocabulary(t)
		}
		for _, f := range t.Fields {
			p.references(f)
			if f.Kind == ToOne && f.Required && f.Relation.Target == t {
				p.report(f.Position, "remove the !", "%s.%s: the first %s could refer to none", t.Name, f.Name, t.Name)
			}
		}
	}
	if len(p.errors) == 0 {
		p.constraintNames()
	}
	if len(p.errors) == 0 {
		p.pastNames()
	}
}

// tableNames finds types and lists that want the same table or resource.
func (p *parser) tableNames() {
	tables, resources := map[string]string{}, map[string]string{}
	for _, t := range p.schema.Types {
		table := t.Table()
		for _, prefix := range []string{"larder_", "sqlite_", "pg_"} {
			if strings.HasPrefix(table, prefix) {
				p.report(t.Position, "choose another name", "%s would have the table %s: names in %s… are taken", t.Name, table, prefix)
			}
		}
		if t.TableName == "" && len(table) > maxIdentifier-len("_id") {
			p.report(t.Position, "choose a shorter name", "the table name %s is longer than %d bytes", table, maxIdentifier-len("_id"))
		}
		if p.claim(tables, table, t.Name, t.Position, "table", "") {
			p.claim(resources, t.Resource(), t.Name, t.Position, "resource", "")
		}
	}
	for _, t := range p.schema.Types {
		for _, f := range t.Fields {
			if f.Kind == ValueList || f.Kind == ManyToMany && f.Relation.Owning {
				p.claim(tables, f.ValueTable(), t.Name+"."+f.Name, f.Position, "table", "")
			}
		}
	}
}

// claim gives a name to an owner, or reports who has it, and when if not always.
func (p *parser) claim(taken map[string]string, name, owner string, at Position, what, when string) bool {
	if other, clash := taken[name]; clash {
		p.report(at, "rename one of them", "%s and %s would have the same %s %s%s", other, owner, what, name, when)
		return false
	}
	taken[name] = owner
	return true
}

func (p *parser) versions(t *Type) {
	if t.Until != 0 && t.Since >= t.Until {
		p.report(t.Position, "@until names the first version without it",
			"no version has %s: it comes with version %d and goes with version %d", t.Name, t.Since, t.Until)
	}
	for _, f := range t.Fields {
		since, until := max(f.Since, t.Since), f.Until
		if until == 0 || t.Until != 0 && t.Until < until {
			until = t.Until
		}
		if !f.Implicit && (f.Since != 0 || f.Until != 0) && until != 0 && since >= until {
			p.report(f.Position, "@until names the first version without it",
				"no version has %s.%s: it comes with version %d and goes with version %d", t.Name, f.Name, since, until)
		}
	}
}

// fieldNames finds fields that want the same column or JSON name.
func (p *parser) fieldNames(t *Type) {
	systemColumns := []string{"tableoid", "xmin", "cmin", "xmax", "cmax", "ctid"} // PostgreSQL's own
	columns, attributes := map[string]string{}, map[string]string{"id": "id"}
	if !t.ID.Composite() {
		columns[t.ID.Column()] = "id"
	}
	declared := slices.ContainsFunc(t.Fields, func(f *Field) bool { return !f.Implicit })
	if !declared && !t.idIsStated() && !p.hasBroken(t) {
		p.report(t.Position, fmt.Sprintf("write type %s { name: String! }", t.Name), "%s has no fields", t.Name)
	}
	for _, f := range t.Fields {
		name := t.Name + "." + f.Name
		if column := f.Column(); column != "" {
			if !p.claim(columns, column, name, f.Position, "column", "") {
				continue
			}
			if len(column) > maxIdentifier {
				p.report(f.Position, "choose a shorter name", "%s: the column name %s is longer than %d bytes", name, column, maxIdentifier)
			}
			if slices.Contains(systemColumns, column) {
				p.report(f.Position, "choose another name", "%s: PostgreSQL has a column %s in every table", name, column)
			}
		}
		p.claim(attributes, f.JSONName(), name, f.Position, "JSON name", "")
		if f.JSONName() != f.Name {
			p.claim(attributes, f.Name, name, f.Position, "JSON name", "")
		}
	}
}

func (p *parser) hasBroken(t *Type) bool {
	for field := range p.broken {
		if field.owner == t {
			return true
		}
	}
	return false
}

// vocabulary demands one word and nothing else, since the word stands for the
// record everywhere.
func (p *parser) vocabulary(t *Type) {
	if len(t.Fields) != 1 || t.Fields[0].Kind != Column || t.Fields[0].Scalar != String || !t.Fields[0].Required {
		p.report(t.Position, "write { word: String! }", "the vocabulary %s needs exactly one field, of type String!", t.Name)
		return
	}
	word := t.Fields[0]
	if word.Hidden || word.Since != 0 || word.Until != 0 || word.Default != nil {
		p.report(word.Position, "remove the directive", "%s.%s: the word of a vocabulary is always there", t.Name, word.Name)
	}
	word.Unique = true
}

// constraintNames finds two constraints or indexes that want the same name,
// which is one name space with the tables.
func (p *parser) constraintNames() {
	taken := map[string]string{}
	for _, t := range p.schema.Types {
		taken[t.Table()] = "the table of " + t.Name
	}
	for _, t := range p.schema.Types {
		for _, c := range t.Constraints() {
			names := make([]string, len(c.Fields))
			for i, f := range c.Fields {
				names[i] = f.Name
			}
			owner := t.Name + "." + strings.Join(names, ",")
			at := t.Position
			if len(c.Fields) == 1 {
				at = c.Fields[0].Position
			}
			if taken[c.Name] == owner {
				p.report(at, "remove one of them", "%s has the same key or index twice", owner)
				continue
			}
			p.claim(taken, c.Name, owner, at, "constraint name", "")
		}
	}
}
