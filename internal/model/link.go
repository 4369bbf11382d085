package model

import (
	"fmt"
	"strings"
)

// link gives every relation its other end.
func (p *parser) link() {
	for _, state := range p.inverses {
		state()
	}
	declared := map[*Type][]*Field{}
	for _, t := range p.schema.Types {
		declared[t] = t.Fields // without the implicit ones that follow
	}
	for _, t := range p.schema.Types {
		for _, f := range declared[t] {
			if f.Kind == ToMany && f.Relation.Inverse == nil {
				p.linkList(f, declared)
			}
		}
	}
	for _, t := range p.schema.Types {
		for _, f := range t.Fields {
			if f.Relation != nil {
				p.settleAction(f)
			}
		}
	}
}

// linkList finds the other end of a list of records.
func (p *parser) linkList(f *Field, declared map[*Type][]*Field) {
	owner, target := f.Owner, f.Relation.Target
	if target.Vocabulary {
		f.Kind, f.Relation.Owning = ManyToMany, true
		return
	}
	candidates := openEnds(declared[target], owner, f)
	switch len(candidates) {
	case 0:
		if rivals := openLists(declared[owner], target, f); len(rivals) > 0 {
			p.ambiguous(f, fmt.Sprintf("%s and %s would both need a field %s in %s", f.Name, rivals[0].Name, owner.ReferenceName(), target.Name))
			return
		}
		if owner == target {
			f.Kind, f.Relation.Owning = ManyToMany, true
			return
		}
		p.implicit(f)
	case 1:
		other := candidates[0]
		rivals := openLists(declared[owner], target, f)
		if other.Kind == ToMany && owner != target {
			rivals = openEnds(declared[owner], target, other)
		}
		for _, rival := range rivals {
			if rival != f && rival != other {
				p.ambiguous(f, fmt.Sprintf("%s.%s could be the other end of %s or of %s", target.Name, other.Name, f.Name, rival.Name))
				return
			}
		}
		p.pair(f, other)
	default:
		names := make([]string, len(candidates))
		for i, candidate := range candidates {
			names[i] = target.Name + "." + candidate.Name
		}
		p.ambiguous(f, fmt.Sprintf("the other end of %s could be %s", f.Name, strings.Join(names, " or ")))
	}
}

// openEnds are the fields among them that relate to the type and have no other
// end yet, except the field itself.
func openEnds(fields []*Field, to *Type, except *Field) []*Field {
	var open []*Field
	for _, f := range fields {
		if f != except && f.Relation != nil && f.Relation.Target == to && f.Relation.Inverse == nil && !f.Relation.stated {
			open = append(open, f)
		}
	}
	return open
}

func openLists(fields []*Field, to *Type, except *Field) []*Field {
	var lists []*Field
	for _, f := range openEnds(fields, to, except) {
		if f.Kind == ToMany {
			lists = append(lists, f)
		}
	}
	return lists
}

func (p *parser) ambiguous(f *Field, message string) {
	p.report(f.Position, `say which by @ref(inverse: "…") on the list`, "%s.%s: %s", f.Owner.Name, f.Name, message)
}

// pair makes a list and another field the two ends of one relation.
func (p *parser) pair(f, other *Field) {
	f.Relation.Inverse, other.Relation.Inverse = other, f
	if other.Kind != ToMany {
		return
	}
	f.Kind, other.Kind = ManyToMany, ManyToMany
	f.Relation.Owning = true
}

// implicit puts the foreign key of a list into its target.
func (p *parser) implicit(f *Field) {
	owner, target := f.Owner, f.Relation.Target
	name := owner.ReferenceName()
	if existing := target.declaredField(name); existing != nil || p.broken[brokenField{target, name}] {
		p.report(f.Position, fmt.Sprintf("rename it, or declare the other end of %s in %s yourself", f.Name, target.Name),
			"%s.%s puts a field %s into %s, which has one already", owner.Name, f.Name, name, target.Name)
		return
	}
	key := &Field{
		Name: name, Owner: target, Position: f.Position, Kind: ToOne, Implicit: true,
		Hidden: f.Hidden, Since: f.Since, Until: f.Until,
		Relation: &Relation{Target: owner, Inverse: f, OnDelete: f.Relation.OnDelete},
	}
	f.Relation.Inverse = key
	target.Fields = append(target.Fields, key)
}

// settleAction makes both ends of a relation say the same about deletion.
func (p *parser) settleAction(f *Field) {
	r := f.Relation
	if f.Kind == ManyToMany {
		if r.OnDelete != "" && r.OnDelete != Cascade {
			p.report(f.Position, "remove @ref: a deleted record leaves such lists by itself",
				"%s.%s: a list on both sides knows no %s", f.Owner.Name, f.Name, r.OnDelete)
		}
		r.OnDelete = Cascade
		return
	}
	if inverse := r.Inverse; inverse != nil {
		other := inverse.Relation
		if f.Kind == ToMany && r.OnDelete != "" && other.OnDelete != "" && r.OnDelete != other.OnDelete {
			p.report(f.Position, "say it on one end", "%s.%s and %s.%s do not agree what a deletion does",
				f.Owner.Name, f.Name, inverse.Owner.Name, inverse.Name)
		}
		if r.OnDelete == "" {
			r.OnDelete = other.OnDelete
		}
		if other.OnDelete == "" {
			other.OnDelete = r.OnDelete
		}
	}
	if r.OnDelete == "" {
		r.OnDelete = Restrict
	}
	if f.Kind == ToOne && f.Required && r.OnDelete == SetNull {
		p.report(f.Position, "remove the !, or choose CASCADE or RESTRICT", "%s.%s is required and cannot become null", f.Owner.Name, f.Name)
	}
}
