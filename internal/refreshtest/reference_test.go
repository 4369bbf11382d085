package refreshtest

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/larderhq/larder/internal/model"
)

// This file is a refresh as one would write it down: in memory, a record at a
// time, with no thought of speed. sequence_test.go holds larder against it.

// referenceModels has what a refresh treats differently: single values with and
// without a default, lists, a relation to a type with records of its own, nested
// records with a key and nested ones that are known by their place. Both
// sources feed all of them. The verbs are for policies of the types.
const referenceModels = `
type Star @source(name: "north", path: "stars", key: ["name"]%[1]s) @source(name: "south", path: "stars", key: ["name"]) {
  name: String! @unique
  mass: Int
}

type Planet @source(name: "north", path: "planets", key: ["name"]%[2]s) @source(name: "south", path: "planets", key: ["name"]) {
  name: String! @unique
  population: Int64
  climate: String @default(value: "mild")
  terrains: [String!]!
  star: Star @ref(onDelete: SET_NULL)
  moons: [Moon!]! @ref(onDelete: CASCADE)
  stations: [Station!]! @ref(onDelete: CASCADE)
}

type Moon @unique(fields: ["planet", "name"]) {
  name: String!
  size: Int
  craters: [String!]!
}

type Station {
  label: String!
  crew: Int
}`

// kinds are the types of referenceModels in an order in which each comes after
// those it points to, with the fields that an origin knows.
var kinds = []kind{
	{"Star", []string{"name", "mass"}, nil, ""},
	{"Planet", []string{"name", "population", "climate", "terrains", "star"}, map[string]string{"climate": `"mild"`}, "star"},
	{"Moon", []string{"name", "size", "craters", "planet"}, nil, "planet"},
	{"Station", []string{"label", "crew", "planet"}, nil, "planet"},
}

type kind struct {
	name     string
	fields   []string
	defaults map[string]string
	to       string // the field that points to another record
}

func kindOf(name string) kind {
	return kinds[slices.IndexFunc(kinds, func(k kind) bool { return k.name == name })]
}

// row is one object of an answer: its type, its key and what it tells, as JSON.
type row struct {
	kind, key string
	says      map[string]string
}

// held is a record here; a relation points to another one.
type held struct {
	kind, id string
	has      map[string]string
	to       *held
	gone     bool // deleted
}

type origin struct {
	source, kind, key string
	record            *held
	base              map[string]string
	detached          bool
}

type conflict struct {
	source, kind, key, field string
	record                   *held
	base, upstream, local    string // base "": unknown
	resolution               string // "": open
}

// reference is everything that a refresh knows.
type reference struct {
	records   []*held
	origins   []*origin
	conflicts []*conflict
}

// policies are what an import is told beside the answer.
type policies struct {
	conflict   map[string]model.OnConflict // by type
	removed    map[string]model.Removed
	priorities map[string]int
	restore    string   // the key of a planet; "": none
	reticent   []string // keys of the planets that are told without what is nested in them
}

// tally counts what became of the rows of one type.
type tally struct {
	Created, Adopted, Updated, Unchanged, Conflicts, Gone, Deleted, Removed, Detached, Restored int
}

// refused is why an import changes nothing.
type refused string

func (r refused) Error() string { return string(r) }

// refresh is an import of a source's rows, which come in the order of kinds.
func (r *reference) refresh(source string, rows []row, complete bool, p policies) (map[string]*tally, error) {
	report := map[string]*tally{}
	for _, k := range kinds {
		report[k.name] = &tally{}
	}
	var known []func() error // what is compared when every row has its record
	revived := map[*held]bool{}
	for _, told := range rows {
		o, t := r.origin(source, told.kind, told.key), report[told.kind]
		if o != nil {
			o.detached = false
		}
		owner := r.owner(source, told)
		adopted := r.alike(source, told, owner)
		switch {
		case o != nil && !o.record.gone:
			known = append(known, func() error { return r.merge(o, told, p, t, &t.Updated, &t.Unchanged) })
		case o != nil && (told.kind == "Planet" && p.restore == told.key || owner != nil && revived[owner]):
			if adopted != nil {
				return nil, refused("must be unique")
			}
			o.record.gone, o.base = false, maps.Clone(told.says)
			r.fill(o.record, source, told)
			revived[o.record] = true
			t.Restored++
		case o != nil, belongs(told) && (owner == nil || owner.gone):
			t.Deleted++
		case adopted != nil && r.of(adopted, source) == nil:
			o := &origin{source: source, kind: told.kind, key: told.key, record: adopted, base: map[string]string{}}
			r.origins = append(r.origins, o)
			known = append(known, func() error { return r.merge(o, told, p, t, &t.Adopted, &t.Adopted) })
		case adopted != nil:
			return nil, refused("must be unique")
		default:
			created := &held{kind: told.kind}
			r.fill(created, source, told)
			r.records = append(r.records, created)
			r.origins = append(r.origins, &origin{source: source, kind: told.kind, key: told.key, record: created, base: maps.Clone(told.says)})
			t.Created++
		}
	}
	if p.restore != "" && len(revived) == 0 {
		return nil, refused("nothing to restore")
	}
	for _, compare := range known {
		if err := compare(); err != nil {
			return nil, err
		}
	}
	if complete {
		r.remove(source, rows, p, report)
	}
	r.conflicts = slices.DeleteFunc(r.conflicts, func(c *conflict) bool { return c.source == source && c.record.gone })
	return report, nil
}

// fill gives a new record what is told and the defaults of the rest.
func (r *reference) fill(record *held, source string, told row) {
	record.has = map[string]string{}
	k := kindOf(told.kind)
	for _, field := range k.fields {
		value, says := told.says[field]
		if !says {
			value = nullable(k.defaults[field])
		}
		r.set(record, source, field, value)
	}
}

// set assigns a value as the source tells it.
func (r *reference) set(record *held, source, field, value string) {
	if field != kindOf(record.kind).to {
		record.has[field] = value
		return
	}
	record.to = nil
	target := map[string]string{"star": "Star", "planet": "Planet"}[field]
	if o := r.origin(source, target, value); o != nil && !o.record.gone {
		record.to = o.record
	}
}

// value is what a record has, as the source would tell it.
func (r *reference) value(record *held, source, field string) string {
	switch {
	case field != kindOf(record.kind).to:
		return record.has[field]
	case record.to == nil:
		return "null"
	}
	if o := r.of(record.to, source); o != nil {
		return o.key
	}
	return fmt.Sprintf(`{"id":%q}`, record.to.id)
}

func nullable(text string) string {
	if text == "" {
		return "null"
	}
	return text
}

func (r *reference) origin(source, kind, key string) *origin {
	for _, o := range r.origins {
		if o.source == source && o.kind == kind && o.key == key {
			return o
		}
	}
	return nil
}

// of is the record's origin in the source.
func (r *reference) of(record *held, source string) *origin {
	for _, o := range r.origins {
		if o.source == source && o.record == record {
			return o
		}
	}
	return nil
}

// belongs reports whether the row is nested in a planet.
func belongs(told row) bool { return told.kind == "Moon" || told.kind == "Station" }

// owner is the record in which a row is nested, nil where there is none.
func (r *reference) owner(source string, told row) *held {
	if !belongs(told) {
		return nil
	}
	if o := r.origin(source, "Planet", told.says["planet"]); o != nil {
		return o.record
	}
	return nil
}

// alike is the record here with the row's unique values.
func (r *reference) alike(source string, told row, owner *held) *held {
	for _, record := range r.records {
		if record.kind == told.kind && !record.gone && told.kind != "Station" && record.has["name"] == told.says["name"] &&
			(told.kind != "Moon" || record.to == owner) {
			return record
		}
	}
	return nil
}

// merge brings a record and its row together, field by field.
func (r *reference) merge(o *origin, told row, p policies, t *tally, changed, same *int) error {
	assigned, conflicts := false, false
	for _, field := range kindOf(o.kind).fields {
		upstream, says := told.says[field]
		base, known := o.base[field]
		if !says {
			continue
		}
		local := r.value(o.record, o.source, field)
		open := r.conflict(o, field)
		take := func(value string) {
			r.set(o.record, o.source, field, value)
			assigned = true
		}
		o.base[field] = upstream
		if known && upstream == base {
			continue
		}
		if r.outranked(o, field, p) || upstream == local {
			r.close(open)
			continue
		}
		if r.untouched(o, field, base, known, local, p) {
			take(upstream)
			r.close(open)
			continue
		}
		if union, suits := unite(base, upstream, local); known && suits && (field == "terrains" || field == "craters") {
			if union != local {
				take(union)
			}
			r.close(open)
			continue
		}
		if open != nil && open.resolution == "" {
			base = open.base
			if upstream == open.base {
				r.close(open)
				continue
			}
		}
		conflicts = true
		if open != nil {
			r.forget(open)
		}
		found := &conflict{source: o.source, kind: o.kind, key: o.key, field: field, record: o.record, base: base, upstream: upstream, local: local}
		r.conflicts = append(r.conflicts, found)
		switch p.conflict[o.kind] {
		case model.FailOnConflict:
			return refused(fmt.Sprintf("%s %s: %s", o.kind, o.key, field))
		case model.TakeUpstream:
			found.resolution = "upstream"
			take(upstream)
		case model.KeepLocal:
		}
	}
	if assigned {
		*changed++
	} else {
		*same++
	}
	if conflicts {
		t.Conflicts++
	}
	return nil
}

// outranked reports whether a source of more priority tells the field.
func (r *reference) outranked(o *origin, field string, p policies) bool {
	return slices.ContainsFunc(r.origins, func(other *origin) bool {
		_, tells := other.base[field]
		return other != o && other.record == o.record && tells && !other.detached && p.priorities[other.source] > p.priorities[o.source]
	})
}

// untouched reports whether the local value comes from no person.
func (r *reference) untouched(o *origin, field, base string, known bool, local string, p policies) bool {
	if known && local == base || !known && (local == "null" || local == kindOf(o.kind).defaults[field]) {
		return true
	}
	return slices.ContainsFunc(r.origins, func(other *origin) bool {
		theirs, tells := other.base[field]
		lower := p.priorities[other.source] < p.priorities[o.source] || known && p.priorities[other.source] == p.priorities[o.source]
		return other != o && other.record == o.record && !other.detached && tells && lower && theirs == r.value(o.record, other.source, field)
	})
}

func (r *reference) conflict(o *origin, field string) *conflict {
	for _, c := range r.conflicts {
		if c.source == o.source && c.kind == o.kind && c.key == o.key && c.field == field {
			return c
		}
	}
	return nil
}

// resolve decides a conflict.
func (r *reference) resolve(c *conflict, take model.OnConflict) error {
	choice := map[model.OnConflict]string{model.KeepLocal: "local", model.TakeUpstream: "upstream"}[take]
	if c.record.gone {
		return refused("the record is gone")
	}
	if c.resolution == choice {
		return nil
	}
	local := r.value(c.record, c.source, c.field)
	if take == model.TakeUpstream {
		if o := r.origin(c.source, "Star", c.upstream); c.field == "star" && c.upstream != "null" && (o == nil || o.record.gone) {
			return refused("the star is gone")
		}
		r.set(c.record, c.source, c.field, c.upstream)
	}
	c.resolution, c.local = choice, local
	return nil
}

func (r *reference) forget(c *conflict) {
	r.conflicts = slices.DeleteFunc(r.conflicts, func(other *conflict) bool { return other == c })
}

// close ends a conflict that is none any more, unless it was resolved.
func (r *reference) close(c *conflict) {
	if c != nil && c.resolution == "" {
		r.forget(c)
	}
}

// unite is the three-way merge of lists without repeated values.
func unite(baseText, upstreamText, localText string) (union string, suits bool) {
	base, upstream, local := elements(baseText), elements(upstreamText), elements(localText)
	for _, list := range [][]string{base, upstream, local} {
		if list == nil || len(slices.Compact(slices.Sorted(slices.Values(list)))) < len(list) {
			return "", false
		}
	}
	in := func(list []string) func(string) bool { return func(s string) bool { return slices.Contains(list, s) } }
	only := func(list []string, keep func(string) bool) (kept []string) {
		kept = []string{}
		for _, s := range list {
			if keep(s) {
				kept = append(kept, s)
			}
		}
		return kept
	}
	common := func(s string) bool { return in(base)(s) && in(upstream)(s) && in(local)(s) }
	start, added, guide := only(upstream, func(s string) bool { return !in(base)(s) || in(local)(s) }),
		only(local, func(s string) bool { return !in(base)(s) && !in(upstream)(s) }), local
	if !slices.Equal(only(base, common), only(local, common)) {
		start, added, guide = only(local, func(s string) bool { return !in(base)(s) || in(upstream)(s) }),
			only(upstream, func(s string) bool { return !in(base)(s) && !in(local)(s) }), upstream
	}
	for _, s := range added {
		at := 0
		for _, before := range guide[:slices.Index(guide, s)] {
			if i := slices.Index(start, before); i >= 0 {
				at = i + 1 // behind the nearest one that is there
			}
		}
		start = slices.Insert(start, at, s)
	}
	text, _ := json.Marshal(start) //nolint:errchkjson // strings
	return string(text), true
}

// elements are those of a JSON list of strings; nil when it is none.
func elements(text string) (list []string) {
	if json.Unmarshal([]byte(text), &list) != nil {
		return nil
	}
	return list
}

// remove sees to what the source no longer has.
func (r *reference) remove(source string, rows []row, p policies, report map[string]*tally) {
	doomed := map[*held]*origin{}
	detach := func(o *origin) {
		o.detached = true
		report[o.kind].Detached++
	}
	forgotten := map[*origin]bool{}
	for _, o := range r.origins {
		told := slices.ContainsFunc(rows, func(told row) bool { return told.kind == o.kind && told.key == o.key })
		if o.source != source || told || o.record.gone || o.detached || r.untold(o, source, p) {
			continue
		}
		switch p.removed[o.kind] {
		case model.RemovedKeep:
			report[o.kind].Gone++
		case model.RemovedDetach:
			detach(o)
		case model.RemovedDelete:
			switch {
			case slices.ContainsFunc(r.origins, func(other *origin) bool { return other != o && other.record == o.record && !other.detached }):
				forgotten[o] = true
			case r.edited(o):
				detach(o)
			default:
				doomed[o.record] = o
			}
		}
	}
	for again := true; again; {
		again = false
		for _, user := range r.records {
			if o := doomed[user.to]; o != nil && !user.gone && doomed[user] == nil {
				delete(doomed, user.to)
				detach(o)
				again = true
			}
		}
	}
	for record, o := range doomed {
		record.gone = true
		report[o.kind].Removed++
	}
	r.origins = slices.DeleteFunc(r.origins, func(o *origin) bool { return forgotten[o] || doomed[o.record] != nil })
}

// untold reports whether the record is nested in one of which the source did not
// say what it holds.
func (r *reference) untold(o *origin, source string, p policies) bool {
	if o.kind != "Moon" && o.kind != "Station" || o.record.to == nil {
		return false
	}
	owner := r.of(o.record.to, source)
	return owner != nil && slices.Contains(p.reticent, owner.key)
}

// edited reports whether a field of the record has a value that no source told.
func (r *reference) edited(o *origin) bool {
	for _, field := range kindOf(o.kind).fields {
		local := r.value(o.record, o.source, field)
		base, known := o.base[field]
		if known && local == base || !known && (local == "null" || local == "[]" || local == kindOf(o.kind).defaults[field]) {
			continue
		}
		if !slices.ContainsFunc(r.origins, func(other *origin) bool {
			text, tells := other.base[field]
			return other != o && other.record == o.record && tells && text == r.value(o.record, other.source, field)
		}) {
			return true
		}
	}
	return false
}

// drop deletes a record as the API does: what belongs to it goes too, and a
// planet's star becomes null.
func (r *reference) drop(record *held) {
	record.gone = true
	for _, other := range r.records {
		if other.to != record || other.gone {
			continue
		}
		if other.kind == "Planet" {
			other.to = nil
		} else {
			r.drop(other)
		}
	}
}

// clone is a copy that shares nothing with the original.
func (r *reference) clone() *reference {
	copies := map[*held]*held{nil: nil}
	for _, record := range r.records {
		duplicate := *record
		duplicate.has = maps.Clone(record.has)
		copies[record] = &duplicate
	}
	c := &reference{}
	for _, record := range r.records {
		copies[record].to = copies[record.to]
		c.records = append(c.records, copies[record])
	}
	for _, o := range r.origins {
		duplicate := *o
		duplicate.record, duplicate.base = copies[o.record], maps.Clone(o.base)
		c.origins = append(c.origins, &duplicate)
	}
	for _, found := range r.conflicts {
		duplicate := *found
		duplicate.record = copies[found.record]
		c.conflicts = append(c.conflicts, &duplicate)
	}
	return c
}

// text is all that the reference knows, a line each, sorted.
func (r *reference) text() string {
	var lines []string
	for _, record := range r.records {
		if record.gone {
			continue
		}
		line := record.kind + " " + record.id
		for _, field := range kindOf(record.kind).fields {
			value := record.has[field]
			if field == kindOf(record.kind).to {
				value = "null"
				if record.to != nil {
					value = record.to.id
				}
			}
			line += " " + field + "=" + value
		}
		lines = append(lines, line)
	}
	for _, o := range r.origins {
		line := fmt.Sprintf("origin %s %s %s of %s", o.source, o.kind, o.key, o.record.id)
		if o.record.gone { // a tombstone: nothing else of it matters
			lines = append(lines, line)
			continue
		}
		if o.detached {
			line += " detached"
		}
		for _, field := range kindOf(o.kind).fields {
			if value, known := o.base[field]; known {
				line += " " + field + "=" + value
			}
		}
		lines = append(lines, line)
	}
	for _, c := range r.conflicts {
		if local := r.value(c.record, c.source, c.field); !c.record.gone && c.resolution == "" && local != c.upstream {
			lines = append(lines, fmt.Sprintf("open %s %s %s.%s: %s, here %s", c.source, c.kind, c.key, c.field, c.upstream, local))
		}
		lines = append(lines, fmt.Sprintf("conflict %s %s %s.%s of %s: %s, %s, %s %s", c.source, c.kind, c.key, c.field, c.record.id, nullable(c.base), c.upstream, c.local, c.resolution))
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}
