package statement

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/larderhq/larder/internal/model"
)

// StagedRow is what upstream says of one row of a type, on its way into a
// staging table.
type StagedRow struct {
	Position int64  // in the order of the source, from 1; unique among the rows of the type
	Record   int    // index of the source's record that the row is, or is nested in
	Nested   bool   // the row is nested in another one's record
	Key      string // the JSON array of its key values
	Base     string // the JSON object of its values, canonical, by field name
	NewID    string // the id that it has when it is new; "" for the next one, which no type with UUIDs has
	Missing  string // names of the required fields that upstream does not tell, for people; "" when none
	Untold   string // names of the relations that upstream does not tell, each between commas (",a,b,"); "" when none
	// Values are canonical and in the order of [Staging.Fields]. A to-one
	// field's value is the key (as Key) of its target, a many-to-many's the
	// list of such keys.
	Values []any
}

// StagedChange says which fields of a staged row are to be assigned to its
// record and what its base is from now on.
type StagedChange struct {
	Position int64
	Base     string
	Assigned []int // indexes into Staging.Fields
}

// State is what a staged row is found to be when it is compared with the store.
type State int

// The states.
const (
	StagedNew       State = iota // nothing here is like it
	StagedUnchanged              // upstream says what it said the last time
	StagedChanged                // upstream says something else
	StagedAdopted                // there is a record with its unique values, which has no origin yet
	StagedDeleted                // its record, or the one it cannot be without, was deleted here
	StagedRestored               // its record was deleted here and is to be created again, as someone has asked
)

// Staging builds the statements by which an import compares the records of
// one source and type with the store and makes them equal. A temporary table
// holds what upstream says, a second one (match) which record each row is, a
// third (change) what a person's edits leave to assign. Every statement works
// on all rows at once.
type Staging struct {
	dialect stagingDialect
	source  string
	typ     *model.Type
	fields  []*model.Field
	late    map[*model.Field]bool
	keepIDs bool
	load    string // the SQL of as many rows as Load takes
}

// NewStaging returns the statements for records of typ from the named source.
func NewStaging(dialect Dialect, typ *model.Type, source string) *Staging {
	return &Staging{dialect: stagingOf(dialect), source: source, typ: typ, fields: stagedFields(typ), late: map[*model.Field]bool{}}
}

// stagedFields are the fields that the type's table, value tables and join
// tables store.
func stagedFields(typ *model.Type) []*model.Field {
	var fields []*model.Field
	for _, f := range typ.Fields {
		if f.Computed != nil {
			continue
		}
		switch f.Kind {
		case model.Column, model.JSONColumn, model.ValueList, model.ToOne:
			fields = append(fields, f)
		case model.ManyToMany:
			if f.Relation.Owning {
				fields = append(fields, f)
			}
		case model.ToMany:
		}
	}
	return fields
}

// Dialect is the dialect of the statements.
func (s *Staging) Dialect() Dialect { return s.dialect }

// Fields are the fields that a staged row has a value for: those that the
// type's table, value tables and join tables store.
func (s *Staging) Fields() []*model.Field { return s.fields }

// InsertLate has Insert leave the to-one field null, for Late to set it when
// its targets are there too.
func (s *Staging) InsertLate(f *model.Field) { s.late[f] = true }

// KeepIDs has every new row take its NewID, whatever ids the type has.
func (s *Staging) KeepIDs() { s.keepIDs = true }

// Create makes the temporary tables. They vanish with the transaction, or by
// Drop at its end.
func (s *Staging) Create() []Statement {
	stage := make([]string, 0, s.width())
	stage = append(stage, `"position" integer PRIMARY KEY`, `"record" bigint NOT NULL`, `"nested" bigint NOT NULL`,
		`"key" `+s.dialect.keyType()+` NOT NULL`, `"base" `+s.dialect.jsonType()+` NOT NULL`, `"new_id" text NOT NULL`, `"missing" text NOT NULL`, `"untold" text NOT NULL`)
	for i, f := range s.fields {
		stage = append(stage, s.column(i)+" "+s.dialect.stagedType(f))
	}
	return []Statement{
		{SQL: fmt.Sprintf(`CREATE TEMPORARY TABLE %s (%s)`, s.stage(), strings.Join(stage, ", "))},
		{SQL: fmt.Sprintf(`CREATE TEMPORARY TABLE %s ("position" integer PRIMARY KEY, "id" %s, "state" bigint NOT NULL)`,
			s.match(), s.dialect.idType(s.typ))},
		{SQL: fmt.Sprintf(`CREATE TEMPORARY TABLE %s ("position" integer PRIMARY KEY, "base" %s NOT NULL, "assigned" text NOT NULL)`,
			s.change(), s.dialect.jsonType())},
	}
}

// Drop removes the temporary tables.
func (s *Staging) Drop() []Statement {
	return []Statement{
		{SQL: "DROP TABLE " + s.change()}, {SQL: "DROP TABLE " + s.match()}, {SQL: "DROP TABLE " + s.stage()},
	}
}

// Repeats removes the nested rows that say what an earlier row of their key
// says already.
func (s *Staging) Repeats() Statement {
	return Statement{SQL: fmt.Sprintf(`DELETE FROM %[1]s WHERE "nested" = 1 AND EXISTS (SELECT 1 FROM %[1]s e `+
		`WHERE e."key" = %[1]s."key" AND e."base" = %[1]s."base" AND e."position" < %[1]s."position")`, s.stage())}
}

// Duplicates selects the rows whose key others have too, as (key, record,
// nested, position, base, new id, untold), those of one key together and in
// their order, after the given key.
func (s *Staging) Duplicates(after string, limit int) Statement {
	a := s.arguments()
	return a.statement(`SELECT "key", "record", "nested", "position", "base", "new_id", "untold" FROM %[1]s WHERE "key" IN `+
		`(SELECT "key" FROM %[1]s WHERE "key" > %[2]s GROUP BY "key" HAVING count(*) > 1 ORDER BY "key" LIMIT %[3]s) ORDER BY "key", "position"`,
		s.stage(), a.bind(after), a.bind(int64(limit)))
}

// Remove deletes the staged rows of a key.
func (s *Staging) Remove(key string) Statement {
	a := s.arguments()
	return a.statement(`DELETE FROM %s WHERE "key" = %s`, s.stage(), a.bind(key))
}

// Dangling selects the first rows whose relation names a key that no row of
// its type has, as (record, key, the key named); ok is false when the field is
// no relation that a row has a value for. All types are staged and indexed.
func (s *Staging) Dangling(f *model.Field, limit int) (dangling Statement, ok bool) {
	i := slices.Index(s.fields, f)
	if i < 0 || f.Kind != model.ToOne && f.Kind != model.ManyToMany {
		return Statement{}, false
	}
	from, named := "", "s."+s.column(i)
	if f.Kind == model.ManyToMany {
		var elements string
		elements, _, named = s.dialect.elements(stored{scalar: model.String}, named)
		from = " CROSS JOIN " + elements
	}
	a := s.arguments()
	target := &Staging{dialect: s.dialect, typ: f.Relation.Target}
	return a.statement(`SELECT s."record", s."key", %[1]s FROM %[2]s s%[3]s WHERE %[1]s IS NOT NULL `+
		`AND NOT EXISTS (SELECT 1 FROM %[4]s t WHERE t."key" = %[1]s) ORDER BY s."position" LIMIT %[5]s`,
		named, s.stage(), from, target.stage(), a.bind(int64(limit))), true
}

// Match finds out which record each staged row is. The types that this one
// points to are matched before.
func (s *Staging) Match() Statement {
	a := s.arguments()
	typ, src := a.bind(s.typ.Name), a.bind(s.source)
	origin := fmt.Sprintf(`o."type" = %s AND o."source" = %s AND o."key" = s."key"`, typ, src)
	adopted := s.adopted(typ, src)
	return a.statement(`INSERT INTO %[1]s SELECT x."position", x."id", CASE `+
		`WHEN NOT x."known" THEN CASE WHEN x."id" IS NULL THEN %[2]d ELSE %[3]d END `+
		`WHEN t."id" IS NULL THEN %[4]d WHEN x."same" THEN %[5]d ELSE %[6]d END `+
		`FROM (SELECT s."position", o."key" IS NOT NULL AS "known", o."base" = s."base" AS "same", `+
		`CASE WHEN o."key" IS NOT NULL THEN %[7]s ELSE %[8]s END AS "id" `+
		`FROM %[9]s s LEFT JOIN "larder_origin" o ON %[10]s) x LEFT JOIN %[11]s t ON t."id" = x."id" ORDER BY x."position"`,
		s.match(), StagedNew, StagedAdopted, StagedDeleted, StagedUnchanged, StagedChanged,
		s.castID(`o."record_id"`), adopted, s.stage(), origin, s.table())
}

// adopted is the id of the record that has the unique values of the staged
// row s and no origin in the source, or NULL; typ and source are placeholders.
func (s *Staging) adopted(typ, source string) string {
	var found []string
	for _, fields := range s.uniques() {
		var same []string
		for _, i := range fields {
			value := "s." + s.column(i)
			if s.fields[i].Kind == model.ToOne {
				value = s.foreignID(i)
			}
			same = append(same, "a."+quote(s.fields[i].Column())+" = "+value)
		}
		found = append(found, fmt.Sprintf(`(SELECT a."id" FROM %s a WHERE %s AND NOT EXISTS (SELECT 1 FROM "larder_origin" p `+
			`WHERE p."type" = %s AND p."source" = %s AND p."record_id" = CAST(a."id" AS text)))`,
			s.table(), strings.Join(same, " AND "), typ, source))
	}
	if len(found) == 0 {
		return "NULL"
	}
	if len(found) == 1 {
		return found[0]
	}
	return "coalesce(" + strings.Join(found, ", ") + ")"
}

// uniques are the unique sets of the type, as indexes into its fields.
func (s *Staging) uniques() [][]int {
	var sets [][]int
	for i, f := range s.fields {
		if f.Unique && f.Column() != "" {
			sets = append(sets, []int{i})
		}
	}
	for _, unique := range s.typ.Uniques {
		var set []int
		for _, f := range unique.Fields {
			for i := range s.fields {
				if s.fields[i] == f && f.Column() != "" {
					set = append(set, i)
				}
			}
		}
		if len(set) == len(unique.Fields) {
			sets = append(sets, set)
		}
	}
	return sets
}

// Orphans marks the new rows that cannot be without a record that was deleted
// here. It is nothing (ok is false) for a type that needs no other. The types
// that this one points to are matched.
func (s *Staging) Orphans() (orphans Statement, ok bool) {
	lost := s.lost()
	if lost == "" {
		return Statement{}, false
	}
	return Statement{SQL: fmt.Sprintf(`UPDATE %[1]s SET "state" = %[2]d WHERE "state" = %[3]d AND EXISTS `+
		`(SELECT 1 FROM %[4]s s WHERE s."position" = %[1]s."position" AND (%[5]s))`,
		s.match(), StagedDeleted, StagedNew, s.stage(), lost)}, true
}

// lost is true of a staged row s that belongs to a record which was deleted
// here; "" for a type that belongs to no other.
func (s *Staging) lost() string {
	var lost []string
	for i, f := range s.fields {
		if s.holds(f) {
			lost = append(lost, fmt.Sprintf(`(s.%s IS NOT NULL AND NOT %s)`, s.column(i), s.target(i, fmt.Sprintf(`fm."state" <> %d`, StagedDeleted))))
		}
	}
	return strings.Join(lost, " OR ")
}

// target is true where the record that the to-one field i of the staged row s
// points to meets the condition on its match fm.
func (s *Staging) target(i int, condition string) string {
	target := &Staging{dialect: s.dialect, typ: s.fields[i].Relation.Target}
	return fmt.Sprintf(`EXISTS (SELECT 1 FROM %s fs JOIN %s fm ON fm."position" = fs."position" WHERE fs."key" = s.%s AND %s)`,
		target.stage(), target.match(), s.column(i), condition)
}

// holds reports whether a row belongs to the one that its field points to.
func (s *Staging) holds(f *model.Field) bool { return f.Kind == model.ToOne && belongs(f) }

// isNew is the condition on the match of a row whose record is to be created.
var isNew = fmt.Sprintf(`"state" IN (%d, %d)`, StagedNew, StagedRestored)

// belongs reports whether a record without the one that the to-one field points
// to makes no sense: it may not be null, it goes when the other goes, or only
// the other's list of such records tells of it.
func belongs(f *model.Field) bool {
	return f.Required || f.Implicit || f.Relation.OnDelete == model.Cascade
}

// Number gives the new rows their ids, in the order of the source.
func (s *Staging) Number() Statement {
	if s.bringsIDs() {
		return Statement{SQL: fmt.Sprintf(`UPDATE %[1]s SET "id" = %[2]s FROM %[3]s s WHERE s."position" = %[1]s."position" AND %[1]s."state" = %[4]d`,
			s.match(), s.castID(`s."new_id"`), s.stage(), StagedNew)}
	}
	return Statement{SQL: fmt.Sprintf(`UPDATE %[1]s SET "id" = n."id" FROM (%[2]s) n WHERE n."position" = %[1]s."position"`,
		s.match(), s.dialect.newIDs(s.typ, fmt.Sprintf(`%s WHERE "state" = %d`, s.match(), StagedNew)))}
}

// bringsIDs reports whether a new row has its id already.
func (s *Staging) bringsIDs() bool { return s.typ.ID.Scalar == model.UUID || s.keepIDs }

// Counts selects (state, number of rows).
func (s *Staging) Counts() Statement {
	return Statement{SQL: fmt.Sprintf(`SELECT "state", count(*) FROM %s GROUP BY "state"`, s.match())}
}

// First selects the first rows in a state as (key, id as text, base).
func (s *Staging) First(state State, limit int) Statement {
	a := s.arguments()
	return a.statement(`SELECT s."key", CAST(m."id" AS text), s."base" FROM %s m JOIN %s s ON s."position" = m."position" `+
		`WHERE m."state" = %d ORDER BY m."position" LIMIT %s`, s.match(), s.stage(), state, a.bind(int64(limit)))
}

// Incomplete selects the first new rows that lack a required value, as
// (record, key, names of the fields).
func (s *Staging) Incomplete(limit int) Statement {
	a := s.arguments()
	return a.statement(`SELECT s."record", s."key", s."missing" FROM %s m JOIN %s s ON s."position" = m."position" `+
		`WHERE m.%s AND s."missing" <> '' ORDER BY m."position" LIMIT %s`, s.match(), s.stage(), isNew, a.bind(int64(limit)))
}

// LockDiffering keeps the records of the rows that need merging from being
// changed meanwhile, where others can. A statement that locked and read at once
// could miss a change of their lists, see [Builder.Lock].
func (s *Staging) LockDiffering() []Statement {
	return s.lock(s.match(), fmt.Sprintf(`o."state" IN (%d, %d)`, StagedChanged, StagedAdopted))
}

// lock keeps the records from being changed whose ids the other table has, in
// the rows o that the condition selects.
func (s *Staging) lock(other, condition string) []Statement {
	lock := s.dialect.forUpdate()
	if lock == "" {
		return nil
	}
	return []Statement{{SQL: fmt.Sprintf(`SELECT count(*) FROM (SELECT FROM %s r JOIN %s o ON o."id" = r."id" WHERE %s ORDER BY r."id"%s OF r) l`,
		s.table(), other, condition, lock)}}
}

// Differing selects a page of the rows that need merging, changed and adopted
// ones, after the position: (position, state, key, id as text, base, base of
// the origin or "{}", local values as a JSON object by field name, JSON array
// of what other sources say of the record, JSON array of its open conflicts).
func (s *Staging) Differing(after int64, limit int) Statement {
	a := s.arguments()
	typ, source := a.bind(s.typ.Name), a.bind(s.source)
	members := make([]member, 0, len(s.fields))
	for _, f := range s.fields {
		members = append(members, member{name: f.Name, value: s.local(a, f, source)})
	}
	return a.statement(`SELECT m."position", m."state", s."key", CAST(m."id" AS text), s."base", coalesce(o."base", '{}'), %[1]s, %[2]s, %[3]s `+
		`FROM %[4]s m JOIN %[5]s s ON s."position" = m."position" JOIN %[6]s r ON r."id" = m."id" `+
		`LEFT JOIN "larder_origin" o ON o."type" = %[7]s AND o."source" = %[8]s AND o."key" = s."key" `+
		`WHERE m."state" IN (%[9]d, %[10]d) AND m."position" > %[11]s ORDER BY m."position" LIMIT %[12]s`,
		object(members...), s.others(a, typ, `p."source" <> `+source+` AND p."detached" IS NULL`), s.open(typ, source), s.match(), s.stage(), s.table(), typ, source,
		StagedChanged, StagedAdopted, a.bind(after), a.bind(int64(limit)))
}

// local is the JSON text of the record r's field, in the form of a base: as
// it is served, but a relation as the key that its target has in the source, an
// expression.
func (s *Staging) local(a *arguments, f *model.Field, source string) string {
	switch f.Kind {
	case model.ToOne:
		return s.originKey(a, f.Relation.Target, column(f), source)
	case model.ManyToMany:
		return fmt.Sprintf(`(SELECT '[' || coalesce(string_agg(%s, ',' ORDER BY j."position"), '') || ']' FROM %s j WHERE j.%s = r."id")`,
			s.originKey(a, f.Relation.Target, "j."+quote(f.TargetColumn()), source), quote(f.ValueTable()), quote(f.OwnerColumn()))
	case model.ValueList:
		return s.dialect.jsonArray(storedAs(f), `"value"`, fmt.Sprintf(`SELECT "value" FROM %s WHERE %s = r."id" ORDER BY "position"`,
			quote(f.ValueTable()), quote(f.OwnerColumn())))
	case model.Column, model.JSONColumn, model.ToMany:
	}
	return s.dialect.json(storedAs(f), column(f), true)
}

// originKey is the key, as JSON text, by which the source knows the record of
// the type with the id; of a record that it does not know an object with the
// id, which equals no key; of no record null.
func (s *Staging) originKey(a *arguments, target *model.Type, id, source string) string {
	return fmt.Sprintf(`CASE WHEN %[1]s IS NULL THEN 'null' ELSE coalesce((SELECT k."key" FROM "larder_origin" k WHERE k."type" = %[2]s `+
		`AND k."source" = %[3]s AND k."record_id" = CAST(%[1]s AS text) ORDER BY k."key" LIMIT 1), '{"id":"' || CAST(%[1]s AS text) || '"}') END`,
		id, a.bind(target.Name), source)
}

// LoadChanges puts the outcome of merging into the change table.
func (s *Staging) LoadChanges(changes []StagedChange) Statement {
	args := make([]any, 0, 3*len(changes))
	for _, c := range changes {
		assigned := make([]byte, 0, 32)
		for _, i := range c.Assigned {
			assigned = append(strconv.AppendInt(append(assigned, ','), int64(i), 10), ',')
		}
		args = append(args, c.Position, c.Base, string(assigned))
	}
	return Statement{SQL: "INSERT INTO " + s.change() + " VALUES " + s.values(len(changes), 3), Args: args}
}

// Insert creates the new records, with their lists.
func (s *Staging) Insert() []Statement {
	columns, values := []string{`"id"`}, []string{`m."id"`}
	var lists []Statement
	for i, f := range s.fields {
		switch f.Kind {
		case model.ValueList:
			lists = append(lists, s.insertValues(i, "m."+isNew, ""))
		case model.ToOne:
			if !s.late[f] {
				columns, values = append(columns, quote(f.Column())), append(values, s.foreignID(i))
			}
		case model.Column, model.JSONColumn:
			columns, values = append(columns, quote(f.Column())), append(values, "s."+s.column(i))
		case model.ToMany, model.ManyToMany:
		}
	}
	insert := Statement{SQL: fmt.Sprintf(`INSERT INTO %s (%s) SELECT %s FROM %s m JOIN %s s ON s."position" = m."position" WHERE m.%s ORDER BY m."position"`,
		s.table(), strings.Join(columns, ", "), strings.Join(values, ", "), s.match(), s.stage(), isNew)}
	statements := append([]Statement{insert}, lists...)
	if behind, needed := s.dialect.afterIdentity(s.typ.Table(), s.typ.ID.Column()); needed && s.keepIDs && s.typ.ID.Scalar != model.UUID {
		statements = append(statements, Statement{SQL: behind})
	}
	return statements
}

// insertValues fills the value table of field i from the staged rows s that
// the condition on the match m (and what join adds) selects.
func (s *Staging) insertValues(i int, condition, join string) Statement {
	f := s.fields[i]
	elements, position, value := s.dialect.elements(storedAs(f), "s."+s.column(i))
	return Statement{SQL: fmt.Sprintf(`INSERT INTO %s (%s, "position", "value") SELECT m."id", %s, %s FROM %s m JOIN %s s ON s."position" = m."position"%s CROSS JOIN %s WHERE %s`,
		quote(f.ValueTable()), quote(f.OwnerColumn()), position, value, s.match(), s.stage(), join, elements, condition)}
}

// insertLinks fills the join table of field i, as insertValues does.
func (s *Staging) insertLinks(i int, condition, join string) Statement {
	f := s.fields[i]
	elements, position, value := s.dialect.elements(stored{scalar: model.String}, "s."+s.column(i))
	target := &Staging{dialect: s.dialect, typ: f.Relation.Target}
	// A target that was deleted here leaves a hole, so positions are counted anew.
	return Statement{SQL: fmt.Sprintf(`INSERT INTO %[1]s (%[2]s, "position", %[3]s) SELECT m."id", row_number() OVER (PARTITION BY m."id" ORDER BY %[4]s) - 1, fm."id" `+
		`FROM %[5]s m JOIN %[6]s s ON s."position" = m."position"%[7]s CROSS JOIN %[8]s JOIN %[9]s fs ON fs."key" = %[10]s `+
		`JOIN %[11]s fm ON fm."position" = fs."position" AND fm."state" <> %[12]d WHERE %[13]s`,
		quote(f.ValueTable()), quote(f.OwnerColumn()), quote(f.TargetColumn()), position,
		s.match(), s.stage(), join, elements, target.stage(), value, target.match(), StagedDeleted, condition)}
}

// Late sets the to-one fields that Insert left out and fills the join tables
// of the new records, when the records of every type are there.
func (s *Staging) Late() []Statement {
	var statements []Statement
	for i, f := range s.fields {
		switch {
		case f.Kind == model.ManyToMany:
			statements = append(statements, s.insertLinks(i, "m."+isNew, ""))
		case s.late[f]:
			statements = append(statements, Statement{SQL: fmt.Sprintf(`UPDATE %[1]s SET %[2]s = %[3]s FROM %[4]s m, %[5]s s `+
				`WHERE m."id" = %[1]s."id" AND s."position" = m."position" AND m.%[6]s`,
				s.table(), quote(f.Column()), s.foreignID(i), s.match(), s.stage(), isNew)})
		}
	}
	return statements
}

// Update assigns to the records what the change table says, when the records
// of every type are there. Assigned are the indexes of the fields that any
// change names.
func (s *Staging) Update(assigned []int) []Statement {
	var sets []string
	var lists []Statement
	join := " JOIN " + s.change() + ` c ON c."position" = m."position"`
	for _, i := range assigned {
		f := s.fields[i]
		names := fmt.Sprintf(`c."assigned" LIKE '%%,%d,%%'`, i)
		value := "s." + s.column(i)
		switch f.Kind {
		case model.ValueList, model.ManyToMany:
			lists = append(lists, Statement{SQL: fmt.Sprintf(`DELETE FROM %s WHERE %s IN (SELECT m."id" FROM %s m%s WHERE %s)`,
				quote(f.ValueTable()), quote(f.OwnerColumn()), s.match(), join, names)})
			if f.Kind == model.ValueList {
				lists = append(lists, s.insertValues(i, names, join))
			} else {
				lists = append(lists, s.insertLinks(i, names, join))
			}
			continue
		case model.ToOne:
			value = s.foreignID(i)
			if f.Required { // it stays where it is when its new target was deleted here
				value = fmt.Sprintf("coalesce(%s, %s.%s)", value, s.table(), quote(f.Column()))
			}
		case model.Column, model.JSONColumn, model.ToMany:
		}
		sets = append(sets, fmt.Sprintf(`%s = CASE WHEN %s THEN %s ELSE %s.%[1]s END`, quote(f.Column()), names, value, s.table()))
	}
	if len(sets) == 0 {
		return lists
	}
	update := Statement{SQL: fmt.Sprintf(`UPDATE %[1]s SET %[2]s FROM %[3]s c, %[4]s m, %[5]s s WHERE c."assigned" <> '' `+
		`AND m."position" = c."position" AND s."position" = c."position" AND %[1]s."id" = m."id"`,
		s.table(), strings.Join(sets, ", "), s.change(), s.match(), s.stage())}
	return append([]Statement{update}, lists...)
}

// Adopt gives the adopted records origins, of which Origins tells what upstream
// said: a relation to such a record is compared by its key.
func (s *Staging) Adopt(run int64) Statement {
	a := s.arguments()
	return a.statement(`INSERT INTO "larder_origin" ("type", "source", "key", "record_id", "base", "run_id") `+
		`SELECT %s, %s, s."key", CAST(m."id" AS text), '{}', %s FROM %s m JOIN %s s ON s."position" = m."position" WHERE m."state" = %d`,
		"CAST("+a.bind(s.typ.Name)+" AS text)", "CAST("+a.bind(s.source)+" AS text)", "CAST("+a.bind(run)+" AS bigint)", s.match(), s.stage(), StagedAdopted)
}

// Origins remembers where the new, changed and adopted records come from and
// what upstream said of them in the run.
func (s *Staging) Origins(run int64) Statement {
	a := s.arguments()
	return a.statement(`INSERT INTO "larder_origin" ("type", "source", "key", "record_id", "base", "run_id") `+
		`SELECT %[1]s, %[2]s, s."key", CAST(m."id" AS text), coalesce(c."base", s."base"), %[3]s FROM %[4]s m `+
		`JOIN %[5]s s ON s."position" = m."position" LEFT JOIN %[6]s c ON c."position" = m."position" `+
		`WHERE m."state" IN (%[7]d, %[8]d, %[9]d, %[10]d) ORDER BY s."key" `+
		`ON CONFLICT ("type", "source", "key") DO UPDATE SET "base" = excluded."base", "run_id" = excluded."run_id"`,
		"CAST("+a.bind(s.typ.Name)+" AS text)", "CAST("+a.bind(s.source)+" AS text)", "CAST("+a.bind(run)+" AS bigint)", s.match(), s.stage(), s.change(), StagedNew, StagedChanged, StagedAdopted, StagedRestored)
}

// Clashes selects, for each unique set of the type (and the id, if it is kept),
// the staged rows that share its values with another row that is to be written
// or with a record that is not theirs: (names of the fields, record, key, key of the other row
// or "", id of the other record as text or "").
func (s *Staging) Clashes(limit int) []Statement {
	var statements []Statement
	if s.keepIDs {
		a := s.arguments()
		statements = append(statements, a.statement(`SELECT 'id', s."record", s."key", '', CAST(t."id" AS text) FROM %s m `+
			`JOIN %s s ON s."position" = m."position" JOIN %s t ON t."id" = m."id" WHERE m.%s ORDER BY s."position" LIMIT %s`,
			s.match(), s.stage(), s.table(), isNew, a.bind(int64(limit))))
	}
	for _, set := range s.uniques() {
		var names, rows, records []string
		for _, i := range set {
			f, value, other := s.fields[i], "s."+s.column(i), "e."+s.column(i)
			names = append(names, f.Name)
			rows = append(rows, value+" = "+other)
			if f.Kind == model.ToOne {
				value = s.foreignID(i)
			}
			records = append(records, "t."+quote(f.Column())+" = "+value)
		}
		named := literal(strings.Join(names, ", "))
		from := fmt.Sprintf(`FROM %s m JOIN %s s ON s."position" = m."position"`, s.match(), s.stage())
		written := fmt.Sprintf(`"state" IN (%d, %d, %d)`, StagedNew, StagedChanged, StagedRestored)
		rowClash := s.arguments()
		recordClash := s.arguments()
		statements = append(statements,
			rowClash.statement(`SELECT %s, s."record", s."key", e."key", '' %s JOIN %s e ON %s AND e."position" < s."position" `+
				`JOIN %s n ON n."position" = e."position" AND n.%s WHERE m.%s ORDER BY s."position" LIMIT %s`,
				named, from, s.stage(), strings.Join(rows, " AND "), s.match(), written, written, rowClash.bind(int64(limit))),
			recordClash.statement(`SELECT %s, s."record", s."key", '', CAST(t."id" AS text) %s JOIN %s t ON %s AND t."id" <> m."id" WHERE m.%s ORDER BY s."position" LIMIT %s`,
				named, from, s.table(), strings.Join(records, " AND "), written, recordClash.bind(int64(limit))))
	}
	return statements
}

// foreignID is the id of the record that the to-one field i of the staged row
// s points to, by the key of its target; NULL when it points to nothing or to
// a record that was deleted here.
func (s *Staging) foreignID(i int) string {
	target := &Staging{dialect: s.dialect, typ: s.fields[i].Relation.Target}
	return fmt.Sprintf(`(SELECT fm."id" FROM %s fs JOIN %s fm ON fm."position" = fs."position" WHERE fs."key" = s.%s AND fm."state" <> %d)`,
		target.stage(), target.match(), s.column(i), StagedDeleted)
}

// castID turns a text column into an id of the type.
func (s *Staging) castID(text string) string {
	return fmt.Sprintf("CAST(%s AS %s)", text, s.dialect.idType(s.typ))
}

func (s *Staging) table() string  { return quote(s.typ.Table()) }
func (s *Staging) stage() string  { return quote(s.Table()) }
func (s *Staging) match() string  { return quote("larder_match_" + s.typ.Table()) }
func (s *Staging) change() string { return quote("larder_change_" + s.typ.Table()) }

// column is the staging table's column of field i; by number, since a list
// has no column name of its own.
func (s *Staging) column(i int) string { return fmt.Sprintf(`"value_%d"`, i) }

func (s *Staging) arguments() *arguments { return &arguments{dialect: s.dialect} }

// arguments are what is bound to a statement that names some of it more than
// once.
type arguments struct {
	dialect stagingDialect
	args    []any
}

// bind returns the placeholder of an argument.
func (a *arguments) bind(argument any) string {
	a.args = append(a.args, argument)
	return a.dialect.numbered(len(a.args))
}

func (a *arguments) statement(format string, parts ...any) Statement {
	return Statement{SQL: fmt.Sprintf(format, parts...), Args: a.args}
}

func truth(b bool) int64 {
	if b {
		return 1
	}
	return 0
}
