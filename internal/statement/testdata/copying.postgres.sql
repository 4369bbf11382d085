-- rows of planet
SELECT r."id", r."name", r."population"
  FROM "planet" AS r
  ORDER BY r."id";
-- with []

-- rows of planet behind a key
SELECT r."id", r."name", r."population"
  FROM "planet" AS r
  WHERE (r."id") > ($1::bigint)
  ORDER BY r."id";
-- with [7]

-- insert into planet
INSERT INTO "planet" ("id", "name", "population")
  VALUES ($1, $2, $3), ($4, $5, $6);
-- with [7 <nil> <nil> 7 <nil> <nil>]

-- delete from planet
DELETE
  FROM "planet"
  WHERE ("id") IN (VALUES ($1::bigint), ($2::bigint));
-- with [7 7]

-- clear planet
DELETE
  FROM "planet";
-- with []

-- count planet
SELECT count(*)
  FROM "planet";
-- with []

-- counter of planet
SELECT coalesce(pg_sequence_last_value(pg_get_serial_sequence('"planet"', 'id')::regclass), 0);
-- with []

-- set the counter of planet
SELECT setval(pg_get_serial_sequence('"planet"', 'id')::regclass, 60);
-- with []

-- rows of thing
SELECT r."id", r."text", r."small"::bigint, r."float", r."price"::text, r."flag", r."token"::text, to_char(r."day", 'YYYY-MM-DD'), r."moment", r."span", r."data"::text, r."bytes", r."colour", r."labels"::text
  FROM "thing" AS r
  ORDER BY r."id";
-- with []

-- rows of thing behind a key
SELECT r."id", r."text", r."small"::bigint, r."float", r."price"::text, r."flag", r."token"::text, to_char(r."day", 'YYYY-MM-DD'), r."moment", r."span", r."data"::text, r."bytes", r."colour", r."labels"::text
  FROM "thing" AS r
  WHERE (r."id") > ($1::bigint)
  ORDER BY r."id";
-- with [7]

-- insert into thing
INSERT INTO "thing" ("id", "text", "small", "float", "price", "flag", "token", "day", "moment", "span", "data", "bytes", "colour", "labels")
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14), ($15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28);
-- with [7 <nil> <nil> <nil> <nil> <nil> <nil> <nil> <nil> <nil> <nil> <nil> <nil> <nil> 7 <nil> <nil> <nil> <nil> <nil> <nil> <nil> <nil> <nil> <nil> <nil> <nil> <nil>]

-- delete from thing
DELETE
  FROM "thing"
  WHERE ("id") IN (VALUES ($1::bigint), ($2::bigint));
-- with [7 7]

-- clear thing
DELETE
  FROM "thing";
-- with []

-- count thing
SELECT count(*)
  FROM "thing";
-- with []

-- rows of person
SELECT r."id"::text, r."name", r."home_id", r."kind_id"::text
  FROM "person" AS r
  ORDER BY r."id";
-- with []

-- rows of tag
SELECT r."id", r."word"
  FROM "tag" AS r
  ORDER BY r."id";
-- with []

-- rows of kind
SELECT r."id"::text, r."word"
  FROM "kind" AS r
  ORDER BY r."id";
-- with []

-- rows of planet_terrains
SELECT r."planet_id", r."position", r."value"
  FROM "planet_terrains" AS r
  ORDER BY r."planet_id", r."position";
-- with []

-- rows of planet_terrains behind a key
SELECT r."planet_id", r."position", r."value"
  FROM "planet_terrains" AS r
  WHERE (r."planet_id", r."position") > ($1::bigint, $2::bigint)
  ORDER BY r."planet_id", r."position";
-- with [7 7]

-- insert into planet_terrains
INSERT INTO "planet_terrains" ("planet_id", "position", "value")
  VALUES ($1, $2, $3), ($4, $5, $6);
-- with [7 7 <nil> 7 7 <nil>]

-- delete from planet_terrains
DELETE
  FROM "planet_terrains"
  WHERE ("planet_id", "position") IN (VALUES ($1::bigint, $2::bigint), ($3::bigint, $4::bigint));
-- with [7 7 7 7]

-- clear planet_terrains
DELETE
  FROM "planet_terrains";
-- with []

-- count planet_terrains
SELECT count(*)
  FROM "planet_terrains";
-- with []

-- rows of planet_climates
SELECT r."planet_id", r."position", r."value"
  FROM "planet_climates" AS r
  ORDER BY r."planet_id", r."position";
-- with []

-- rows of thing_prices
SELECT r."thing_id", r."position", r."value"::text
  FROM "thing_prices" AS r
  ORDER BY r."thing_id", r."position";
-- with []

-- rows of person_tags
SELECT r."person_id"::text, r."position", r."tag_id"
  FROM "person_tags" AS r
  ORDER BY r."person_id", r."position";
-- with []

-- rows of larder_origin
SELECT r."type", r."source", r."key", r."record_id", r."base"::text, r."run_id", r."detached"
  FROM "larder_origin" AS r
  ORDER BY r."type" COLLATE "C", r."source" COLLATE "C", r."key" COLLATE "C";
-- with []

-- rows of larder_conflict
SELECT r."id", r."source", r."type", r."key", r."field", r."record_id", r."base"::text, r."upstream"::text, r."local"::text, r."run_id", r."found_at", r."resolution", r."resolved_at"
  FROM "larder_conflict" AS r
  ORDER BY r."id";
-- with []

-- rows of larder_run
SELECT r."id", r."source", r."started_at", r."finished_at", r."status", r."address", r."bytes", r."fetched", r."created", r."updated", r."unchanged", r."gone", r."error", r."adopted", r."conflicts", r."removed", r."detached", r."deleted", r."held", r."asked", r."upstream_status", r."cause", r."profile"::text
  FROM "larder_run" AS r
  ORDER BY r."id";
-- with []

-- rows of larder_schedule
SELECT r."source", r."rule", r."planned_at", r."due_at", r."holder", r."held_until"
  FROM "larder_schedule" AS r
  ORDER BY r."source" COLLATE "C";
-- with []

-- rows of larder_contract
SELECT r."source", r."run_id", r."types"::text
  FROM "larder_contract" AS r
  ORDER BY r."source" COLLATE "C";
-- with []

-- rows of larder_upstream
SELECT r."source", r."run_id", r."asked", r."etag", r."last_modified", r."origins"
  FROM "larder_upstream" AS r
  ORDER BY r."source" COLLATE "C";
-- with []

-- rows of larder_idempotency
SELECT r."key", r."fingerprint", r."answer", r."created_at"
  FROM "larder_idempotency" AS r
  ORDER BY r."key" COLLATE "C";
-- with []

-- tables
SELECT c.relname::text
  FROM pg_class c
  WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p', 'f') AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
  ORDER BY c.relname::text COLLATE "C";
-- with []

-- removable
WITH copied AS (SELECT c.oid, c.oid::regclass::text AS name FROM pg_class c WHERE c.relnamespace = current_schema()::regnamespace AND c.relname IN (SELECT jsonb_array_elements_text($1::jsonb)))
SELECT remove, restore
  FROM (
SELECT 1 AS turn, c.name AS owner, t.tgname::text AS name, format('ALTER TABLE %s DISABLE TRIGGER %I', c.name, t.tgname) AS remove, format('ALTER TABLE %s ENABLE TRIGGER %I', c.name, t.tgname) AS restore FROM copied c JOIN pg_trigger t ON t.tgrelid = c.oid WHERE NOT t.tgisinternal AND t.tgenabled = 'O'
UNION ALL
SELECT CASE k.contype WHEN 'f' THEN 2 ELSE 3 END, c.name, k.conname::text, format('ALTER TABLE %s DROP CONSTRAINT %I', c.name, k.conname), format('ALTER TABLE %s ADD CONSTRAINT %I %s', c.name, k.conname, pg_get_constraintdef(k.oid)) FROM copied c JOIN pg_constraint k ON k.conrelid = c.oid WHERE k.contype IN ('f', 'u', 'x')
UNION ALL
SELECT 4, c.name, i.indexrelid::regclass::text, format('DROP INDEX %s', i.indexrelid::regclass), pg_get_indexdef(i.indexrelid) FROM copied c JOIN pg_index i ON i.indrelid = c.oid WHERE NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x'))
) AS objects
  ORDER BY turn, owner, name;
-- with [["planet","thing","person","tag","kind","planet_terrains","planet_climates","thing_prices","person_tags","larder_origin","larder_conflict","larder_run","larder_schedule","larder_contract","larder_upstream","larder_idempotency"]]

-- refresh
ANALYZE "planet";
-- with []

-- begin
BEGIN;
-- with []

-- make the state
CREATE TABLE IF NOT EXISTS "larder_copy" ("id" bigint NOT NULL PRIMARY KEY, "state" TEXT NOT NULL, "started_at" timestamptz NOT NULL, "finished_at" timestamptz);
-- with []

-- make the state
CREATE TABLE IF NOT EXISTS "larder_copy_table" ("name" TEXT NOT NULL PRIMARY KEY, "rows" bigint NOT NULL, "last" TEXT, "checksum" TEXT);
-- with []

-- make the state
CREATE TABLE IF NOT EXISTS "larder_copy_object" ("position" bigint NOT NULL PRIMARY KEY, "restore" TEXT NOT NULL);
-- with []

-- make the state
INSERT INTO "larder_copy" ("id", "state", "started_at")
  VALUES (1, $1, $2)
  ON CONFLICT ("id") DO NOTHING;
-- with [begun 2026-11-23 17:18:00 +0000 UTC]

-- state
SELECT "state"
  FROM "larder_copy";
-- with []

-- set the state
UPDATE "larder_copy"
  SET "state" = $1, "finished_at" = NULL;
-- with [loading]

-- set the state
UPDATE "larder_copy"
  SET "state" = $1, "finished_at" = $2;
-- with [done 2026-11-23 17:18:00 +0000 UTC]

-- progress
SELECT "name", "rows", "last", "checksum"
  FROM "larder_copy_table";
-- with []

-- set the progress
INSERT INTO "larder_copy_table" ("name", "rows", "last", "checksum")
  VALUES ($1, $2, $3, $4)
  ON CONFLICT ("name") DO UPDATE
  SET "rows" = excluded."rows", "last" = excluded."last", "checksum" = excluded."checksum";
-- with [planet 7 [7] <nil>]

-- keep an object
INSERT INTO "larder_copy_object" ("position", "restore")
  VALUES ($1, $2);
-- with [1 CREATE INDEX "planet_population_idx" ON "planet" ("population")]

-- objects
SELECT "position", "restore"
  FROM "larder_copy_object"
  ORDER BY "position" DESC;
-- with []

-- drop an object
DELETE
  FROM "larder_copy_object"
  WHERE "position" = $1;
-- with [1]

-- migrated
SELECT "version", "applied_at"
  FROM "larder_migration"
  ORDER BY "version";
-- with []

-- set migrated
UPDATE "larder_migration"
  SET "applied_at" = $1
  WHERE "version" = $2;
-- with [2026-11-23 17:18:00 +0000 UTC 1]

