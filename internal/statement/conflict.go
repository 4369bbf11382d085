package statement

import (
	"fmt"
	"strings"
	"time"

	"github.com/larderhq/larder/internal/model"
)

// These statements are on larder_conflict, which has a row for each field that
// upstream and a person changed to different values. Values are JSON text there,
// a relation the key of its target.

// FoundConflict is a conflict that an import has come upon.
type FoundConflict struct {
	Key, Field, RecordID string
	Base                 string // "" where it is not known
	Upstream, Local      string
	Resolution           string // of one that is resolved already; "" leaves it open
}

// Conflicts writes conflicts that the run found at the moment. Of one that was
// open before, the base stays: what both values were made from.
func (s *Staging) Conflicts(found []FoundConflict, run int64, at time.Time) Statement {
	const columns = 12
	moment := s.dialect.encode(stored{scalar: model.DateTime}, at)
	args := make([]any, 0, columns*len(found))
	for _, c := range found {
		resolvedAt := moment
		if c.Resolution == "" {
			resolvedAt = nil
		}
		args = append(args, s.source, s.typ.Name, c.Key, c.Field, c.RecordID, nullText(c.Base), c.Upstream, c.Local, run,
			moment, nullText(c.Resolution), resolvedAt)
	}
	return Statement{Args: args, SQL: `INSERT INTO "larder_conflict" ("source", "type", "key", "field", "record_id", "base", "upstream", "local", "run_id", "found_at", "resolution", "resolved_at") ` +
		`VALUES ` + s.values(len(found), columns) + ` ON CONFLICT ("type", "source", "key", "field") DO UPDATE SET ` +
		`"base" = CASE WHEN "larder_conflict"."resolution" IS NULL THEN "larder_conflict"."base" ELSE excluded."base" END, ` +
		`"record_id" = excluded."record_id", "upstream" = excluded."upstream", "local" = excluded."local", "run_id" = excluded."run_id", ` +
		`"found_at" = excluded."found_at", "resolution" = excluded."resolution", "resolved_at" = excluded."resolved_at"`}
}

// CloseConflicts deletes the conflicts with the ids, which are none any more.
func (s *Staging) CloseConflicts(ids []int64) Statement {
	a := s.arguments()
	list := make([]string, len(ids))
	for i, id := range ids {
		list[i] = a.bind(id)
	}
	return a.statement(`DELETE FROM "larder_conflict" WHERE "id" IN (%s)`, strings.Join(list, ", "))
}

// StaleConflicts deletes the conflicts of records and fields that are no longer
// here.
func (s *Staging) StaleConflicts() Statement {
	a := s.arguments()
	typ, source := a.bind(s.typ.Name), a.bind(s.source)
	names := make([]string, len(s.fields))
	for i, f := range s.fields {
		names[i] = a.bind(f.Name)
	}
	return a.statement(`DELETE FROM "larder_conflict" WHERE "type" = %s AND "source" = %s AND ("field" NOT IN (%s) `+
		`OR NOT EXISTS (SELECT 1 FROM %s t WHERE t."id" = %s))`,
		typ, source, strings.Join(names, ", "), s.table(), s.castID(`"larder_conflict"."record_id"`))
}

// StagedList is a list that a staged row's field is to have instead of upstream's.
type StagedList struct {
	Position int64
	Elements []any // canonical
}

// Replace puts the lists in the place of what upstream says of a ValueList
// field, by its index in Fields.
func (s *Staging) Replace(field int, lists []StagedList) Statement {
	a := s.arguments()
	rows := make([]string, len(lists))
	for i, list := range lists {
		rows[i] = fmt.Sprintf("(CAST(%s AS bigint), CAST(%s AS %s))", a.bind(list.Position), a.bind(s.staged(s.fields[field], list.Elements)), s.dialect.jsonType())
	}
	return a.statement(`UPDATE %[1]s SET %[2]s = v.column2 FROM (VALUES %[3]s) v WHERE v.column1 = %[1]s."position"`,
		s.stage(), s.column(field), strings.Join(rows, ", "))
}

// open is the JSON array of the open conflicts of the staged row s.
func (s *Staging) open(typ, source string) string {
	return fmt.Sprintf(`(SELECT '[' || coalesce(string_agg(%s, ','), '') || ']' FROM "larder_conflict" c `+
		`WHERE c."type" = %s AND c."source" = %s AND c."key" = s."key" AND c."resolution" IS NULL)`,
		object(
			member{name: "id", value: `CAST(c."id" AS text)`},
			member{name: "field", value: s.dialect.json(stored{scalar: model.String}, `c."field"`, false)},
			member{name: "base", value: `CAST(c."base" AS text)`, optional: true},
		), typ, source)
}

// others is the JSON array of what the origins p of the record r say that meet
// the condition: source, base and, as that source's keys, the relations here.
func (s *Staging) others(a *arguments, typ, condition string) string {
	var relations []member
	for _, f := range s.fields {
		if f.Relation != nil {
			relations = append(relations, member{name: f.Name, value: s.local(a, f, `p."source"`)})
		}
	}
	return fmt.Sprintf(`(SELECT '[' || coalesce(string_agg(%s, ','), '') || ']' FROM "larder_origin" p `+
		`WHERE p."type" = %s AND p."record_id" = CAST(r."id" AS text) AND %s)`,
		object(
			member{name: "source", value: s.dialect.json(stored{scalar: model.String}, `p."source"`, false)},
			member{name: "base", value: `CAST(p."base" AS text)`},
			member{name: "here", value: object(relations...)},
		), typ, condition)
}

// member is a member of a JSON object: its value is an expression of JSON text.
type member struct {
	name, value string
	optional    bool // left out where the value is no text but NULL
}

// object is an expression of the JSON text of an object; only those behind its
// first member may be optional.
func object(members ...member) string {
	var sql strings.Builder
	sql.WriteString("'{'")
	for i, m := range members {
		label := jsonText(m.name) + ":"
		if i > 0 {
			label = "," + label
		}
		part := literal(label) + " || " + m.value
		if m.optional {
			part = "coalesce(" + part + ", '')"
		}
		sql.WriteString(" || " + part)
	}
	sql.WriteString(" || '}'")
	return sql.String()
}

// ConflictFilter says which conflicts are wanted; what is not set leaves none
// out.
type ConflictFilter struct {
	ID           int64
	Source, Type string
	Unresolved   bool
	After        int64 // an id
}

// Conflicts selects at most limit conflicts of the filter, by their ids, as
// (JSON object, JSON text of the value here). A conflict of a record or a field
// that is no longer here is none.
func Conflicts(d Dialect, schema *model.Schema, filter ConflictFilter, limit int) Statement {
	a := &arguments{dialect: stagingOf(d)}
	conditions := []string{`c."id" > ` + a.bind(filter.After)}
	if filter.ID != 0 {
		conditions = append(conditions, `c."id" = `+a.bind(filter.ID))
	}
	if filter.Source != "" {
		conditions = append(conditions, `c."source" = `+a.bind(filter.Source))
	}
	if filter.Type != "" {
		conditions = append(conditions, `c."type" = `+a.bind(filter.Type))
	}
	if filter.Unresolved {
		conditions = append(conditions, `c."resolution" IS NULL`)
	}
	text := func(column string) string { return d.json(stored{scalar: model.String}, "c."+quote(column), false) }
	moment := func(column string) string { return d.json(stored{scalar: model.DateTime}, "c."+quote(column), false) }
	record := object(
		member{name: "id", value: `CAST(c."id" AS text)`},
		member{name: "source", value: text("source")},
		member{name: "type", value: text("type")},
		member{name: "key", value: `c."key"`},
		member{name: "recordId", value: text("record_id")},
		member{name: "field", value: text("field")},
		member{name: "base", value: `CAST(c."base" AS text)`, optional: true},
		member{name: "upstream", value: `CAST(c."upstream" AS text)`},
		member{name: "local", value: `CAST(c."local" AS text)`},
		member{name: "run", value: `CAST(c."run_id" AS text)`},
		member{name: "foundAt", value: moment("found_at")},
		member{name: "resolution", value: `CASE WHEN c."resolution" IS NOT NULL THEN ` + text("resolution") + " END", optional: true},
		member{name: "resolvedAt", value: `CASE WHEN c."resolved_at" IS NOT NULL THEN ` + moment("resolved_at") + " END", optional: true},
	)
	return a.statement(`SELECT x."record", x."here" FROM (SELECT c."id", %s AS "record", %s AS "here" FROM "larder_conflict" c WHERE %s) x `+
		`WHERE x."here" IS NOT NULL ORDER BY x."id" LIMIT %s`,
		record, here(a, schema), strings.Join(conditions, " AND "), a.bind(int64(limit)))
}

// here is the value that the record and field of the conflict c have, NULL
// where there is none.
func here(a *arguments, schema *model.Schema) string {
	var types strings.Builder
	for _, t := range schema.Types {
		s := &Staging{dialect: a.dialect, typ: t}
		var fields strings.Builder
		for _, f := range stagedFields(t) {
			fmt.Fprintf(&fields, " WHEN %s THEN %s", literal(f.Name), s.local(a, f, `c."source"`))
		}
		if fields.Len() > 0 {
			fmt.Fprintf(&types, ` WHEN %s THEN (SELECT CASE c."field"%s END FROM %s r WHERE r."id" = %s)`,
				literal(t.Name), &fields, s.table(), s.castID(`c."record_id"`))
		}
	}
	if types.Len() == 0 {
		return "NULL"
	}
	return `CASE c."type"` + types.String() + " END"
}

// ResolveConflict notes what was decided of the conflict with the id, as it was
// found in the run, and the value that stood here then: no affected row says
// that an import has found it anew since, or found that it is none.
func ResolveConflict(d Dialect, id, run int64, resolution, local string, at time.Time) Statement {
	a := &arguments{dialect: stagingOf(d)}
	return a.statement(`UPDATE "larder_conflict" SET "resolution" = %s, "local" = CAST(%s AS %s), "resolved_at" = %s WHERE "id" = %s AND "run_id" = %s`,
		a.bind(resolution), a.bind(local), a.dialect.jsonType(), a.bind(d.encode(stored{scalar: model.DateTime}, at)), a.bind(id), a.bind(run))
}

// KeyedRecords selects, of the records that a relation leads to, those here that
// the source knows by one of the keys, as (key, JSON text of what the relation
// is assigned: the id, or the word of a vocabulary).
func KeyedRecords(d Dialect, f *model.Field, source string, keys []string) Statement {
	a := &arguments{dialect: stagingOf(d)}
	target := f.Relation.Target
	s := &Staging{dialect: a.dialect, typ: target}
	value := d.json(storedAs(f), "t."+quote(referenced(f).Column()), false)
	placeholders := make([]string, len(keys))
	for i, key := range keys {
		placeholders[i] = a.bind(key)
	}
	return a.statement(`SELECT o."key", %s FROM "larder_origin" o JOIN %s t ON t."id" = %s WHERE o."type" = %s AND o."source" = %s AND o."key" IN (%s)`,
		value, s.table(), s.castID(`o."record_id"`), a.bind(target.Name), a.bind(source), strings.Join(placeholders, ", "))
}
