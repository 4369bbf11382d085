package statement

import (
	"fmt"
	"strings"

	"github.com/larderhq/larder/internal/model"
)

// Fate is what becomes of a record that its source no longer has.
type Fate int

// The fates.
const (
	FateRemoved  Fate = iota // it goes, unless it turns out to be changed or used here
	FateEdited               // it was changed here: detached
	FateUsed                 // a record that stays refers to it: detached
	FateDetached             // detached, as the policy says
	FateKept                 // left as it is, as the policy says
	FateShared               // another source has it, too: only this one's origin goes
	FateUntold               // the source did not tell the relation by which it was known: left as it is
	FateDone                 // removed already
)

// Reference is a field by which records use those of another type: a to-one
// one, or the end of a many-to-many that owns the list.
type Reference struct {
	Field *model.Field
	Fed   bool // the source feeds the field's type too, so that some of its records may go
}

// CreateGone makes a third temporary table, of the records that the source fed
// once and no longer has, each with the fate but those that another source
// has; a detached record is none of them. The type is staged and matched.
func (s *Staging) CreateGone(fate Fate) []Statement {
	a := s.arguments()
	typ, src := a.bind(s.typ.Name), a.bind(s.source)
	found := fmt.Sprintf("%d", fate)
	if fate == FateRemoved {
		found = fmt.Sprintf(`CASE WHEN EXISTS (SELECT 1 FROM "larder_origin" p WHERE p."type" = %[1]s AND p."record_id" = o."record_id" `+
			`AND p."detached" IS NULL AND (p."source" <> %[2]s OR EXISTS (SELECT 1 FROM %[3]s e WHERE e."key" = p."key"))) THEN %[4]d ELSE %[5]d END`,
			typ, src, s.stage(), FateShared, fate)
	}
	statements := []Statement{
		{SQL: fmt.Sprintf(`CREATE TEMPORARY TABLE %s ("position" integer PRIMARY KEY, "key" %s NOT NULL, "id" %s NOT NULL, "fate" bigint NOT NULL, "round" bigint NOT NULL)`,
			s.gone(), s.dialect.keyType(), s.dialect.idType(s.typ))},
		a.statement(`INSERT INTO %s SELECT row_number() OVER (ORDER BY t."id", o."key"), o."key", t."id", %s, 0 FROM "larder_origin" o JOIN %s t ON t."id" = %s `+
			`WHERE o."type" = %s AND o."source" = %s AND o."detached" IS NULL AND NOT EXISTS (SELECT 1 FROM %s s WHERE s."key" = o."key")`,
			s.gone(), found, s.table(), s.castID(`o."record_id"`), typ, src, s.stage()),
		{SQL: fmt.Sprintf(`CREATE INDEX %s ON %s ("id")`, quote("larder_gone_id_"+s.typ.Table()), s.gone())},
	}
	return append(statements, s.dialect.analyse(s.gone())...)
}

// DropGone removes the table of CreateGone.
func (s *Staging) DropGone() Statement { return Statement{SQL: "DROP TABLE " + s.gone()} }

// Untell takes the records out that are known by a relation of a staged row
// which the source left out this time, or by one of a record that is itself
// taken out: nothing was said about them. The field is one, of a type that the
// source feeds, that leads to this type.
func (s *Staging) Untell(f *model.Field) Statement {
	owner := &Staging{dialect: s.dialect, typ: f.Owner}
	known, from, to := s.table(), "", `"id"`
	switch f.Kind {
	case model.ToMany:
		from = quote(f.Relation.Inverse.Column())
	case model.ManyToMany:
		known, from, to = quote(f.ValueTable()), quote(f.OwnerColumn()), quote(f.TargetColumn())
	case model.ToOne:
		known, from, to = owner.table(), `"id"`, quote(f.Column())
	case model.Column, model.JSONColumn, model.ValueList:
	}
	a := s.arguments()
	owners := fmt.Sprintf(`SELECT m."id" FROM %s s JOIN %s m ON m."position" = s."position" WHERE s."untold" LIKE %s `+
		`UNION ALL SELECT x."id" FROM %s x WHERE x."fate" = %d`, owner.stage(), owner.match(), a.bind("%,"+f.Name+",%"), owner.gone(), FateUntold)
	return a.statement(`UPDATE %[1]s SET "fate" = %[2]d WHERE "fate" <> %[2]d AND "id" IN (SELECT r.%[3]s FROM %[4]s r WHERE r.%[5]s IN (%[6]s))`,
		s.gone(), FateUntold, to, known, from, owners)
}

// LockGone is LockDiffering for the records that may go.
func (s *Staging) LockGone() []Statement {
	return s.lock(s.gone(), fmt.Sprintf(`o."fate" = %d`, FateRemoved))
}

// Candidates selects a page of the records that may go, after the position, to
// be looked at for changes: (position, key, base, local values as a JSON object
// by field name, JSON array of what the record's other origins say).
func (s *Staging) Candidates(after int64, limit int) Statement {
	a := s.arguments()
	typ, source := a.bind(s.typ.Name), a.bind(s.source)
	members := make([]member, 0, len(s.fields))
	for _, f := range s.fields {
		members = append(members, member{name: f.Name, value: s.local(a, f, source)})
	}
	return a.statement(`SELECT g."position", g."key", o."base", %[1]s, %[2]s `+
		`FROM %[3]s g JOIN %[4]s r ON r."id" = g."id" JOIN "larder_origin" o ON o."type" = %[5]s AND o."source" = %[6]s AND o."key" = g."key" `+
		`WHERE g."fate" = %[7]d AND g."position" > %[8]s ORDER BY g."position" LIMIT %[9]s`,
		object(members...), s.others(a, typ, `NOT (p."source" = o."source" AND p."key" = o."key")`), s.gone(), s.table(), typ, source,
		FateRemoved, a.bind(after), a.bind(int64(limit)))
}

// Edited notes which of the records that may go were changed here.
func (s *Staging) Edited(positions []int64) Statement {
	a := s.arguments()
	list := make([]string, len(positions))
	for i, position := range positions {
		list[i] = a.bind(position)
	}
	return a.statement(`UPDATE %s SET "fate" = %d WHERE "position" IN (%s)`, s.gone(), FateEdited, strings.Join(list, ", "))
}

// Used finds those among the records that may go to which a record refers that
// stays. The first round, 1, looks at every reference; each further one, which
// is nothing (ok is false) where no record that may go refers to this type, at
// those of the records that the round before has found. Who changes nothing
// any more, in any type, is done.
func (s *Staging) Used(references []Reference, round int) (used Statement, ok bool) {
	var uses []string
	for _, ref := range references {
		user := &Staging{dialect: s.dialect, typ: ref.Field.Owner}
		table, id, target := user.table(), `"id"`, quote(ref.Field.Column())
		if ref.Field.Kind == model.ManyToMany {
			table, id, target = quote(ref.Field.ValueTable()), quote(ref.Field.OwnerColumn()), quote(ref.Field.TargetColumn())
		}
		switch {
		case round == 1:
			use := fmt.Sprintf(`SELECT 1 FROM %s r WHERE r.%s = %s."id"`, table, target, s.gone())
			if ref.Fed {
				use += fmt.Sprintf(` AND NOT EXISTS (SELECT 1 FROM %s x WHERE x."id" = r.%s AND x."fate" = %d)`, user.gone(), id, FateRemoved)
			}
			uses = append(uses, "EXISTS ("+use+")")
		case ref.Fed:
			uses = append(uses, fmt.Sprintf(`"id" IN (SELECT r.%s FROM %s x JOIN %s r ON r.%s = x."id" WHERE x."round" = %d)`,
				target, user.gone(), table, id, round-1))
		}
	}
	if len(uses) == 0 {
		return Statement{}, false
	}
	return Statement{SQL: fmt.Sprintf(`UPDATE %s SET "fate" = %d, "round" = %d WHERE "fate" = %d AND (%s)`,
		s.gone(), FateUsed, round, FateRemoved, strings.Join(uses, " OR "))}, true
}

// IndexRounds lets the records be found by round, where there are many.
func (s *Staging) IndexRounds() Statement {
	return Statement{SQL: fmt.Sprintf(`CREATE INDEX IF NOT EXISTS %s ON %s ("round")`, quote("larder_gone_round_"+s.typ.Table()), s.gone())}
}

// Unused takes back what Used has found, since much may have changed.
func (s *Staging) Unused() Statement {
	return Statement{SQL: fmt.Sprintf(`UPDATE %s SET "fate" = %d, "round" = 0 WHERE "fate" = %d`, s.gone(), FateRemoved, FateUsed)}
}

// Loosen lets go of the records that this one's type refers to in a circle, so
// that the ones that go can go in any order. Such a field may be null: no record
// could be the first one otherwise.
func (s *Staging) Loosen() []Statement {
	var statements []Statement
	for _, f := range s.fields {
		if f.Kind != model.ToOne || !s.late[f] && f.Relation.Target != s.typ {
			continue
		}
		statements = append(statements, Statement{SQL: fmt.Sprintf(`UPDATE %s SET %s = NULL WHERE "id" IN (%s)`,
			s.table(), quote(f.Column()), s.going(`"id"`))})
	}
	return statements
}

// DeleteGone deletes the records that go, with their lists, and every origin of
// theirs: one that another source's import has detached would be a tombstone
// of a record that nobody deleted.
func (s *Staging) DeleteGone() []Statement {
	a := s.arguments()
	return []Statement{
		{SQL: fmt.Sprintf(`DELETE FROM %s WHERE "id" IN (%s)`, s.table(), s.going(`"id"`))},
		a.statement(`DELETE FROM "larder_origin" WHERE "type" = %s AND "record_id" IN (%s)`, a.bind(s.typ.Name), s.going(`CAST("id" AS text)`)),
		{SQL: fmt.Sprintf(`UPDATE %s SET "fate" = %d WHERE "fate" = %d`, s.gone(), FateDone, FateRemoved)},
	}
}

// going selects the column of the records that go.
func (s *Staging) going(column string) string {
	return fmt.Sprintf(`SELECT %s FROM %s WHERE "fate" = %d`, column, s.gone(), FateRemoved)
}

// Leave makes the origins follow their records' fates: one of a record that
// another source has goes, and one of a record that stays here is detached by
// the run.
func (s *Staging) Leave(run int64) []Statement {
	forget, detach := s.arguments(), s.arguments()
	return []Statement{
		forget.statement(`DELETE FROM "larder_origin" WHERE "type" = %s AND "source" = %s AND "key" IN (SELECT "key" FROM %s WHERE "fate" = %d)`,
			forget.bind(s.typ.Name), forget.bind(s.source), s.gone(), FateShared),
		detach.statement(`UPDATE "larder_origin" SET "detached" = %s WHERE "type" = %s AND "source" = %s AND "key" IN (SELECT "key" FROM %s WHERE "fate" IN (%d, %d, %d))`,
			detach.bind(run), detach.bind(s.typ.Name), detach.bind(s.source), s.gone(), FateEdited, FateUsed, FateDetached),
	}
}

// Attach has the detached records follow the source again that it tells again.
func (s *Staging) Attach() Statement {
	a := s.arguments()
	return a.statement(`UPDATE "larder_origin" SET "detached" = NULL WHERE "type" = %s AND "source" = %s AND "detached" IS NOT NULL `+
		`AND EXISTS (SELECT 1 FROM %s s WHERE s."key" = "larder_origin"."key")`, a.bind(s.typ.Name), a.bind(s.source), s.stage())
}

// Fates selects (fate, number of records).
func (s *Staging) Fates() Statement {
	return Statement{SQL: fmt.Sprintf(`SELECT "fate", count(*) FROM %s GROUP BY "fate"`, s.gone())}
}

// FirstGone selects the first records with one of the fates as (key, id as
// text, fate).
func (s *Staging) FirstGone(limit int, fates ...Fate) Statement {
	a := s.arguments()
	list := make([]string, len(fates))
	for i, fate := range fates {
		list[i] = fmt.Sprint(int(fate))
	}
	return a.statement(`SELECT g."key", CAST(g."id" AS text), g."fate" FROM %s g WHERE g."fate" IN (%s) ORDER BY g."position" LIMIT %s`,
		s.gone(), strings.Join(list, ", "), a.bind(int64(limit)))
}

// Restore finds the rows with one of the keys whose record was deleted here,
// and what they belong to was not, to be created again with their old ids.
func (s *Staging) Restore(keys []string) Statement {
	a := s.arguments()
	list := make([]string, len(keys))
	for i, key := range keys {
		list[i] = a.bind(key)
	}
	return s.restore(a, fmt.Sprintf(`s."key" IN (%s)`, strings.Join(list, ", ")))
}

// RestoreOwned finds the rows that belong to ones that are restored: those
// nested in them, and those whose records went with theirs. It is nothing (ok is
// false) for a type that belongs to no other.
func (s *Staging) RestoreOwned() (owned Statement, ok bool) {
	var belonging []string
	for i, f := range s.fields {
		if !s.holds(f) {
			continue
		}
		belongs := s.target(i, fmt.Sprintf(`fm."state" = %d`, StagedRestored))
		if f.Relation.OnDelete != model.Cascade { // one that is not nested was deleted by itself
			belongs = `s."nested" = 1 AND ` + belongs
		}
		belonging = append(belonging, belongs)
	}
	if len(belonging) == 0 {
		return Statement{}, false
	}
	return s.restore(s.arguments(), "("+strings.Join(belonging, " OR ")+")"), true
}

func (s *Staging) restore(a *arguments, condition string) Statement {
	if lost := s.lost(); lost != "" {
		condition += " AND NOT (" + lost + ")"
	}
	return a.statement(`UPDATE %[1]s SET "state" = %[2]d WHERE "state" = %[3]d AND "id" IS NOT NULL AND EXISTS `+
		`(SELECT 1 FROM %[4]s s WHERE s."position" = %[1]s."position" AND %[5]s)`,
		s.match(), StagedRestored, StagedDeleted, s.stage(), condition)
}

// Deletion selects what is known of the key: 1 if the source has it, 1 if its
// record was deleted here, 1 if it has an origin.
func (s *Staging) Deletion(key string) Statement {
	a := s.arguments()
	k := a.bind(key)
	return a.statement(`SELECT (SELECT count(*) FROM %[1]s s WHERE s."key" = %[2]s), `+
		`(SELECT count(*) FROM %[1]s s JOIN %[3]s m ON m."position" = s."position" WHERE s."key" = %[2]s AND m."state" = %[4]d), `+
		`(SELECT count(*) FROM "larder_origin" o WHERE o."type" = %[5]s AND o."source" = %[6]s AND o."key" = %[2]s)`,
		s.stage(), k, s.match(), StagedDeleted, a.bind(s.typ.Name), a.bind(s.source))
}

func (s *Staging) gone() string { return quote("larder_gone_" + s.typ.Table()) }
