package statement

import "strings"

// Rekeying builds the statements by which the origins of a source get other
// keys. A temporary table holds the new key of each, a second one what two reads
// of the source, by the former keys and by the new ones, say of the same rows.
type Rekeying struct {
	dialect stagingDialect
	source  string
}

// NewRekeying returns the statements for the named source.
func NewRekeying(d Dialect, source string) *Rekeying {
	return &Rekeying{dialect: stagingOf(d), source: source}
}

// Create makes the temporary tables.
func (k *Rekeying) Create() []Statement {
	key := k.dialect.keyType()
	return []Statement{
		{SQL: `CREATE TEMPORARY TABLE "larder_rekey" ("type" text NOT NULL, "before" ` + key + ` NOT NULL, "now" ` + key + ` NOT NULL, PRIMARY KEY ("type", "before"))`},
		{SQL: `CREATE TEMPORARY TABLE "larder_rekey_read" ("former" bigint NOT NULL, "type" text NOT NULL, "position" bigint NOT NULL, "key" ` + key + ` NOT NULL, PRIMARY KEY ("former", "type", "position"))`},
	}
}

// Loaded makes the temporary tables, of which much is new, ready to be joined.
func (k *Rekeying) Loaded() []Statement {
	return append(k.dialect.analyse(`"larder_rekey"`), k.dialect.analyse(`"larder_rekey_read"`)...)
}

// Drop removes the temporary tables.
func (k *Rekeying) Drop() []Statement {
	return []Statement{{SQL: `DROP TABLE "larder_rekey"`}, {SQL: `DROP TABLE "larder_rekey_read"`}}
}

// Unknown selects a page of the type's origins that have no new key yet, after
// the key, as (key, base).
func (k *Rekeying) Unknown(typ, after string, limit int) Statement {
	a := k.arguments()
	return a.statement(`SELECT o."key", o."base" FROM "larder_origin" o WHERE %s AND o."key" > %s `+
		`AND NOT EXISTS (SELECT 1 FROM "larder_rekey" m WHERE m."type" = o."type" AND m."before" = o."key") ORDER BY o."key" LIMIT %s`,
		k.ofType(a, typ), a.bind(after), a.bind(int64(limit)))
}

// Origins selects a page of the type's origins, after the key, as (key, base).
func (k *Rekeying) Origins(typ, after string, limit int) Statement {
	a := k.arguments()
	return a.statement(`SELECT o."key", o."base" FROM "larder_origin" o WHERE %s AND o."key" > %s ORDER BY o."key" LIMIT %s`,
		k.ofType(a, typ), a.bind(after), a.bind(int64(limit)))
}

// Load notes new keys of a type's origins: pairs of the key before and now.
func (k *Rekeying) Load(typ string, pairs [][2]string) Statement {
	a := k.arguments()
	rows := make([]string, len(pairs))
	for i, pair := range pairs {
		rows[i] = "(" + a.bind(typ) + ", " + a.bind(pair[0]) + ", " + a.bind(pair[1]) + ")"
	}
	return a.statement(`INSERT INTO "larder_rekey" VALUES %s`, strings.Join(rows, ", "))
}

// Find selects (key before, key now) of the type's origins with the keys.
func (k *Rekeying) Find(typ string, keys []string) Statement {
	a := k.arguments()
	return a.statement(`SELECT "before", "now" FROM "larder_rekey" WHERE "type" = %s AND "before" IN (%s)`, a.bind(typ), a.bindAll(keys))
}

// KeyedRow is a row of the source and its key.
type KeyedRow struct {
	Position int64 // among the rows of its type
	Key      string
}

// LoadRead notes the keys of rows of the type, by the former keys or by the new
// ones.
func (k *Rekeying) LoadRead(former bool, typ string, read []KeyedRow) Statement {
	a := k.arguments()
	rows := make([]string, len(read))
	for i, row := range read {
		rows[i] = "(" + a.bind(truth(former)) + ", " + a.bind(typ) + ", " + a.bind(row.Position) + ", " + a.bind(row.Key) + ")"
	}
	return a.statement(`INSERT INTO "larder_rekey_read" VALUES %s`, strings.Join(rows, ", "))
}

// both are the rows of the two reads of a type.
const both = `"larder_rekey_read" f JOIN "larder_rekey_read" n ON n."former" = 0 AND n."type" = f."type" AND n."position" = f."position" WHERE f."former" = 1 AND f."type" = `

// Ambiguous selects the first rows of the type that one key told before and
// several tell now, as (key before, two keys now).
func (k *Rekeying) Ambiguous(typ string, limit int) Statement {
	a := k.arguments()
	return a.statement(`SELECT f."key", min(n."key"), max(n."key") FROM `+both+`%s GROUP BY f."key" HAVING min(n."key") <> max(n."key") ORDER BY f."key" LIMIT %s`,
		a.bind(typ), a.bind(int64(limit)))
}

// TakeRead notes the new keys that the two reads tell for origins of the type
// that have none yet. It does not look for those in the table that it fills:
// what PostgreSQL plans for an empty one takes half an hour for 100,000 rows.
func (k *Rekeying) TakeRead(typ string) Statement {
	a := k.arguments()
	name := a.bind(typ)
	return a.statement(`INSERT INTO "larder_rekey" SELECT o."type", o."key", x."now" FROM (SELECT f."key" AS "before", min(n."key") AS "now" FROM `+both+`%s GROUP BY f."key") x `+
		`JOIN "larder_origin" o ON o."key" = x."before" AND o."type" = %s AND o."source" = %s `+
		`WHERE 1 = 1 ON CONFLICT ("type", "before") DO NOTHING`, name, name, a.bind(k.source))
}

// Repeated selects the first new keys of the type that several origins would
// have, as (key, two of their keys now).
func (k *Rekeying) Repeated(typ string, limit int) Statement {
	a := k.arguments()
	return a.statement(`SELECT x."now", min(x."before"), max(x."before") FROM (SELECT coalesce(m."now", o."key") AS "now", o."key" AS "before" FROM "larder_origin" o `+
		`LEFT JOIN "larder_rekey" m ON m."type" = o."type" AND m."before" = o."key" WHERE %s) x GROUP BY x."now" HAVING count(*) > 1 ORDER BY x."now" LIMIT %s`,
		k.ofType(a, typ), a.bind(int64(limit)))
}

// Count selects (how many of the type's origins get new keys, how many keep the
// ones that they have).
func (k *Rekeying) Count(typ string) Statement {
	a := k.arguments()
	return a.statement(`SELECT count(m."now"), count(*) - count(m."now") FROM "larder_origin" o `+
		`LEFT JOIN "larder_rekey" m ON m."type" = o."type" AND m."before" = o."key" WHERE %s`, k.ofType(a, typ))
}

// First selects the type's first new keys as (key before, key now).
func (k *Rekeying) First(typ string, limit int) Statement {
	a := k.arguments()
	return a.statement(`SELECT "before", "now" FROM "larder_rekey" WHERE "type" = %s ORDER BY "before" LIMIT %s`, a.bind(typ), a.bind(int64(limit)))
}

// rekeyed stands before a new key until no origin has its former one: no key
// begins like it, as each is a JSON array. Apply takes its 6 letters off again.
const rekeyed = "rekey:"

// Apply gives the origins, and the conflicts of their records, their new keys.
// They go by way of keys that nothing has, since two may exchange theirs.
func (k *Rekeying) Apply() []Statement {
	var statements []Statement
	for _, table := range []string{`"larder_origin"`, `"larder_conflict"`} {
		give, strip := k.arguments(), k.arguments()
		statements = append(statements,
			give.statement(`UPDATE %[1]s SET "key" = '`+rekeyed+`' || m."now" FROM "larder_rekey" m WHERE %[1]s."source" = %[2]s AND %[1]s."type" = m."type" AND %[1]s."key" = m."before"`,
				table, give.bind(k.source)),
			strip.statement(`UPDATE %s SET "key" = substr("key", 7) WHERE "source" = %s AND "key" LIKE '`+rekeyed+`%%'`, table, strip.bind(k.source)))
	}
	return statements
}

// SetBases gives origins of the type new bases: pairs of key and base.
func (k *Rekeying) SetBases(typ string, pairs [][2]string) Statement {
	a := k.arguments()
	rows := make([]string, len(pairs))
	for i, pair := range pairs {
		rows[i] = "(" + a.bind(pair[0]) + ", " + a.bind(pair[1]) + ")"
	}
	return a.statement(`UPDATE "larder_origin" SET "base" = CAST(v."column2" AS %s) FROM (VALUES %s) v WHERE "type" = %s AND "source" = %s AND "key" = v."column1"`,
		k.dialect.jsonType(), strings.Join(rows, ", "), a.bind(typ), a.bind(k.source))
}

// Conflicts selects the conflicts of a field of the type as (id, base or "null",
// upstream, local).
func (k *Rekeying) Conflicts(typ, field string) Statement {
	a := k.arguments()
	return a.statement(`SELECT "id", CAST(coalesce("base", 'null') AS text), CAST("upstream" AS text), CAST("local" AS text) FROM "larder_conflict" WHERE "type" = %s AND "source" = %s AND "field" = %s`,
		a.bind(typ), a.bind(k.source), a.bind(field))
}

// SetConflict gives a conflict other values; a base of "null" is none.
func (k *Rekeying) SetConflict(id int64, base, upstream, local string) Statement {
	a := k.arguments()
	if base == "null" {
		base = ""
	}
	return a.statement(`UPDATE "larder_conflict" SET "base" = %s, "upstream" = %s, "local" = %s WHERE "id" = %s`,
		a.bind(nullText(base)), a.bind(upstream), a.bind(local), a.bind(id))
}

// SetProfile replaces the profile that LastProfile selects.
func SetProfile(d Dialect, source, profile string) Statement {
	a := &arguments{dialect: stagingOf(d)}
	return a.statement(`UPDATE "larder_run" SET "profile" = %s WHERE "id" = (SELECT max(l."id") FROM "larder_run" l WHERE l."source" = %s AND l."status" = 'done' AND l."profile" IS NOT NULL)`,
		a.bind(profile), a.bind(source))
}

// ofType is the condition that the origin o is one of the type and the source.
func (k *Rekeying) ofType(a *arguments, typ string) string {
	return `o."type" = ` + a.bind(typ) + ` AND o."source" = ` + a.bind(k.source)
}

// bindAll returns the placeholders of texts, between commas.
func (a *arguments) bindAll(texts []string) string {
	placeholders := make([]string, len(texts))
	for i, text := range texts {
		placeholders[i] = a.bind(text)
	}
	return strings.Join(placeholders, ", ")
}

func (k *Rekeying) arguments() *arguments { return &arguments{dialect: k.dialect} }
