package rest

import (
	"fmt"
	"strconv"

	"github.com/larderhq/larder/internal/model"
	"github.com/larderhq/larder/internal/query"
	"github.com/larderhq/larder/internal/statement"
	"github.com/larderhq/larder/internal/store"
)

// This file reads new records that stand in a new record of a body:
// {"name": "Party", "items": [{"name": "Chips"}]}.

// lister says by which record those of a body are listed.
type lister struct {
	relation *model.Field
	id       any // of the record; nil: it is new, too
}

// fills reports whether the store gives the field of a listed record its value.
func (l *lister) fills(field *model.Field) bool {
	return l != nil && (field == l.relation.Relation.Inverse || field == query.Numbered(l.relation))
}

// says reports whether the field is the one that says which record lists the
// one that is read. If the body says so too, it must say the same.
func (l *lister) says(in *reading, field *model.Field, value any, at string) bool {
	if l == nil || field != l.relation.Relation.Inverse {
		return false
	}
	switch {
	case l.id == nil:
		in.fault(field.JSONName(), at, "reference", codeValue, "is given by the record that this one stands in; leave it out")
	case value != l.id:
		in.fault(field.JSONName(), at, "reference", codeValue, fmt.Sprintf("is %v by the path; leave it out", l.id))
	}
	return true
}

// relation is the list of records with the name, or nil.
func (res *resource) relation(name string) *model.Field {
	for _, relation := range res.lists {
		if relation.Name == name {
			return relation
		}
	}
	return nil
}

// nesting reads what the records of a body list.
type nesting struct {
	room   int // for further nested records
	upsert bool
}

// of reads what one record of the body lists; in gathers what is wrong. level
// counts the records around the listed ones.
func (n *nesting) of(in *reading, object *node, only []*model.Field, at string, level int) []store.Nested {
	if only != nil {
		return nil // columns= names attributes, and nothing else is taken
	}
	var nested []store.Nested
	for i := range object.members {
		m := &object.members[i]
		relation := in.relation(m.name)
		if relation == nil {
			continue
		}
		place := at + pointer(m.name)
		settings := &in.server.settings
		switch {
		case m.value.kind != arrayNode:
			in.fault(m.name, place, "type", codeValue, "expected an array of objects, came "+m.value.kind.String())
			continue
		case relation.Relation.Target.ReadOnly:
			in.fault(m.name, place, "readonly", codeUnsupported, "is a list of records that can be read only")
			continue
		case n.upsert:
			in.fault(m.name, place, "readonly", codeUnsupported, "is a list of records, which an upsert does not write")
			continue
		case level > settings.Query.EmbedDepth:
			in.fault(m.name, place, "range", codeValue, fmt.Sprintf("records can stand in each other %d levels deep", settings.Query.EmbedDepth))
			continue
		case len(m.value.elements) > n.room:
			in.fault(m.name, place, "range", codeValue, fmt.Sprintf("at most %d records may be created within others at once", settings.BodyItems))
			continue
		}
		n.room -= len(m.value.elements)
		nested = append(nested, n.list(in, relation, m.value.elements, place, level))
	}
	return nested
}

// list reads the records of one list.
func (n *nesting) list(outer *reading, relation *model.Field, elements []node, at string, level int) store.Nested {
	in := reading{resource: outer.target(relation), listed: &lister{relation: relation}, faults: outer.faults}
	list := store.Nested{
		Relation: relation,
		Records:  make([][]statement.Assignment, 0, len(elements)),
		Nested:   make([][]store.Nested, 0, len(elements)),
	}
	for i := range elements {
		if len(in.faults) >= faultLimit {
			break
		}
		place := at + "/" + strconv.Itoa(i)
		in.record = fmt.Sprintf(" of %s %d%s", relation.Name, i, outer.record)
		if elements[i].kind != objectNode {
			in.fault("", place, "type", codeBody, "expected an object, came "+elements[i].kind.String())
			continue
		}
		list.Records = append(list.Records, in.create(&elements[i], nil, false, false, place))
		list.Nested = append(list.Nested, n.of(&in, &elements[i], nil, place, level+1))
	}
	outer.faults = in.faults
	return list
}
