package openapi

import (
	"fmt"
	"slices"

	"github.com/larderhq/larder/internal/model"
	"github.com/larderhq/larder/internal/query"
)

// list is the path item of the records of target that a relation of owner's
// records lists.
func (w *writer) list(owner names, relation *model.Field, target names) object {
	name := owner.one + capital(relation.Name)
	of := fmt.Sprintf("the %s of one %s", target.plural, owner.singular)
	id := []any{w.idParameter(owner.kind)}
	parametersOfList := slices.Concat(id, listParameters(target))
	get := w.operation(target, "list"+name, "List "+of, "As the list of all "+target.plural+", of which it is a part. "+onlyOne)
	head := w.operation(target, "count"+name, "Count "+of, countHow)
	reads := object{
		{"get", append(get, listAnswers(target, parametersOfList, "400", "404", "406", "412", "416", "503")...)},
		{"head", append(head, countAnswers(parametersOfList)...)},
	}
	if target.kind.ReadOnly {
		return reads
	}
	post := w.operation(target, "create"+name, "Add to "+of, "One new record, or an array of them: all or none.")
	return append(reads, object{
		{"post", append(post, creation(target, w.listedName(relation),
			slices.Concat(id, parameters("select", "columns", "Prefer.create", "Idempotency-Key")),
			"400", "404", "406", "409", "413", "415", "422", "503")...)},
	}...)
}

// listedName is the name of the schema of the new records that a relation
// lists.
func (w *writer) listedName(relation *model.Field) string {
	name, known := w.listed[relation]
	if !known {
		name = w.free("New" + relation.Owner.Name + capital(relation.Name))
		w.listed[relation] = name
	}
	return name
}

// withLists adds the lists of t's records to the parts of a new one's schema.
func (w *writer) withLists(t *model.Type, parts object) object {
	properties, _ := parts[0].value.(object)
	for _, relation := range query.Lists(t, w.version) {
		if relation.Relation.Target.ReadOnly {
			continue
		}
		schema := arrayOf(ref("schemas", w.listedName(relation)))
		schema = schema.with("description", fmt.Sprintf("New records of the type %s, made with this one.", relation.Relation.Target.Name))
		properties = append(properties, member{relation.Name, schema})
	}
	parts[0].value = properties
	return parts
}

// describeLists adds the schemas of the new records that t's records list:
// what says by which record they are listed, and where in the list, may be
// left out.
func (w *writer) describeLists(t *model.Type) {
	for _, relation := range query.Lists(t, w.version) {
		target := relation.Relation.Target
		if target.ReadOnly {
			continue
		}
		schema := object{{"type", "object"}, {"description", fmt.Sprintf("A new %s in the %s of a %s, which it does not need to name.", target.Name, relation.Name, t.Name)}}
		parts := w.writable(newOf(names{kind: target, attributes: target.Attributes(w.version)}))
		if last := len(parts) - 1; parts[last].name == "required" {
			given := []*model.Field{relation.Relation.Inverse, query.Numbered(relation)}
			required := slices.DeleteFunc(slices.Clone(parts[last].value.([]string)), func(name string) bool {
				return slices.ContainsFunc(given, func(field *model.Field) bool { return field != nil && field.JSONName() == name })
			})
			if parts[last].value = required; len(required) == 0 {
				parts = parts[:last]
			}
		}
		schema = append(schema, w.withLists(target, parts)...)
		w.schemas = append(w.schemas, member{w.listedName(relation), append(schema, member{"additionalProperties", false})})
	}
}
