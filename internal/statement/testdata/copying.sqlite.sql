-- rows of planet
SELECT r."id", r."name", r."population"
  FROM "planet" AS r
  ORDER BY r."id";
-- with []

-- rows of planet behind a key
SELECT r."id", r."name", r."population"
  FROM "planet" AS r
  WHERE (r."id") > (?)
  ORDER BY r."id";
-- with [7]

-- insert into planet
INSERT INTO "planet" ("id", "name", "population")
  VALUES (?, ?, ?), (?, ?, ?);
-- with [7 <nil> <nil> 7 <nil> <nil>]

-- delete from planet
DELETE
  FROM "planet"
  WHERE ("id") IN (VALUES (?), (?));
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
SELECT coalesce(max("seq"), 0)
  FROM "sqlite_sequence"
  WHERE "name" = ?;
-- with [planet]

-- set the counter of planet
DELETE
  FROM "sqlite_sequence"
  WHERE "name" = ?;
-- with [planet]

-- set the counter of planet
INSERT INTO "sqlite_sequence" ("name", "seq")
  VALUES (?, ?);
-- with [planet 60]

-- leave the counter of planet
DELETE
  FROM "sqlite_sequence"
  WHERE "name" = ?;
-- with [planet]

-- leave the counter of planet
INSERT INTO "sqlite_sequence" ("name", "seq")
  VALUES (?, ?);
-- with [planet 0]

-- rows of thing
SELECT r."id", r."text", r."small", r."float", r."price", r."flag", r."token", r."day", r."moment", r."span", r."data", r."bytes", r."colour", r."labels"
  FROM "thing" AS r
  ORDER BY r."id";
-- with []

-- rows of thing behind a key
SELECT r."id", r."text", r."small", r."float", r."price", r."flag", r."token", r."day", r."moment", r."span", r."data", r."bytes", r."colour", r."labels"
  FROM "thing" AS r
  WHERE (r."id") > (?)
  ORDER BY r."id";
-- with [7]

-- insert into thing
INSERT INTO "thing" ("id", "text", "small", "float", "price", "flag", "token", "day", "moment", "span", "data", "bytes", "colour", "labels")
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?), (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);
-- with [7 <nil> <nil> <nil> <nil> <nil> <nil> <nil> <nil> <nil> <nil> <nil> <nil> <nil> 7 <nil> <nil> <nil> <nil> <nil> <nil> <nil> <nil> <nil> <nil> <nil> <nil> <nil>]

-- delete from thing
DELETE
  FROM "thing"
  WHERE ("id") IN (VALUES (?), (?));
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
SELECT r."id", r."name", r."home_id", r."kind_id"
  FROM "person" AS r
  ORDER BY r."id";
-- with []

-- rows of tag
SELECT r."id", r."word"
  FROM "tag" AS r
  ORDER BY r."id";
-- with []

-- rows of kind
SELECT r."id", r."word"
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
  WHERE (r."planet_id", r."position") > (?, ?)
  ORDER BY r."planet_id", r."position";
-- with [7 7]

-- insert into planet_terrains
INSERT INTO "planet_terrains" ("planet_id", "position", "value")
  VALUES (?, ?, ?), (?, ?, ?);
-- with [7 7 <nil> 7 7 <nil>]

-- delete from planet_terrains
DELETE
  FROM "planet_terrains"
  WHERE ("planet_id", "position") IN (VALUES (?, ?), (?, ?));
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
SELECT r."thing_id", r."position", r."value"
  FROM "thing_prices" AS r
  ORDER BY r."thing_id", r."position";
-- with []

-- rows of person_tags
SELECT r."person_id", r."position", r."tag_id"
  FROM "person_tags" AS r
  ORDER BY r."person_id", r."position";
-- with []

-- rows of larder_origin
SELECT r."type", r."source", r."key", r."record_id", r."base", r."run_id", r."detached"
  FROM "larder_origin" AS r
  ORDER BY r."type", r."source", r."key";
-- with []

-- rows of larder_conflict
SELECT r."id", r."source", r."type", r."key", r."field", r."record_id", r."base", r."upstream", r."local", r."run_id", r."found_at", r."resolution", r."resolved_at"
  FROM "larder_conflict" AS r
  ORDER BY r."id";
-- with []

-- rows of larder_run
SELECT r."id", r."source", r."started_at", r."finished_at", r."status", r."address", r."bytes", r."fetched", r."created", r."updated", r."unchanged", r."gone", r."error", r."adopted", r."conflicts", r."removed", r."detached", r."deleted", r."held", r."asked", r."upstream_status", r."cause", r."profile"
  FROM "larder_run" AS r
  ORDER BY r."id";
-- with []

-- rows of larder_schedule
SELECT r."source", r."rule", r."planned_at", r."due_at", r."holder", r."held_until"
  FROM "larder_schedule" AS r
  ORDER BY r."source";
-- with []

-- rows of larder_contract
SELECT r."source", r."run_id", r."types"
  FROM "larder_contract" AS r
  ORDER BY r."source";
-- with []

-- rows of larder_upstream
SELECT r."source", r."run_id", r."asked", r."etag", r."last_modified", r."origins"
  FROM "larder_upstream" AS r
  ORDER BY r."source";
-- with []

-- rows of larder_idempotency
SELECT r."key", r."fingerprint", r."answer", r."created_at"
  FROM "larder_idempotency" AS r
  ORDER BY r."key";
-- with []

-- tables
SELECT "name"
  FROM "sqlite_schema"
  WHERE "type" = 'table' AND "name" NOT GLOB 'sqlite_*'
  ORDER BY "name";
-- with []

-- removable
SELECT 'DROP ' || upper("type") || ' "' || replace("name", '"', '""') || '"', "sql"
  FROM "sqlite_schema"
  WHERE "type" IN ('index', 'trigger') AND "sql" IS NOT NULL AND "tbl_name" IN (SELECT value FROM json_each(?))
  ORDER BY "type" DESC, "name";
-- with [["planet","thing","person","tag","kind","planet_terrains","planet_climates","thing_prices","person_tags","larder_origin","larder_conflict","larder_run","larder_schedule","larder_contract","larder_upstream","larder_idempotency"]]

-- unguarded
PRAGMA foreign_keys = OFF;
-- with []

-- broken
SELECT "table"
  FROM pragma_foreign_key_check;
-- with []

-- begin
BEGIN IMMEDIATE;
-- with []

-- make the state
CREATE TABLE IF NOT EXISTS "larder_copy" ("id" INTEGER NOT NULL PRIMARY KEY, "state" TEXT NOT NULL, "started_at" TEXT NOT NULL, "finished_at" TEXT);
-- with []

-- make the state
CREATE TABLE IF NOT EXISTS "larder_copy_table" ("name" TEXT NOT NULL PRIMARY KEY, "rows" INTEGER NOT NULL, "last" TEXT, "checksum" TEXT);
-- with []

-- make the state
CREATE TABLE IF NOT EXISTS "larder_copy_object" ("position" INTEGER NOT NULL PRIMARY KEY, "restore" TEXT NOT NULL);
-- with []

-- make the state
INSERT INTO "larder_copy" ("id", "state", "started_at")
  VALUES (1, ?, ?)
  ON CONFLICT ("id") DO NOTHING;
-- with [begun 2026-11-23T17:18:00.000000Z]

-- state
SELECT "state"
  FROM "larder_copy";
-- with []

-- set the state
UPDATE "larder_copy"
  SET "state" = ?, "finished_at" = NULL;
-- with [loading]

-- set the state
UPDATE "larder_copy"
  SET "state" = ?, "finished_at" = ?;
-- with [done 2026-11-23T17:18:00.000000Z]

-- progress
SELECT "name", "rows", "last", "checksum"
  FROM "larder_copy_table";
-- with []

-- set the progress
INSERT INTO "larder_copy_table" ("name", "rows", "last", "checksum")
  VALUES (?, ?, ?, ?)
  ON CONFLICT ("name") DO UPDATE
  SET "rows" = excluded."rows", "last" = excluded."last", "checksum" = excluded."checksum";
-- with [planet 7 [7] <nil>]

-- keep an object
INSERT INTO "larder_copy_object" ("position", "restore")
  VALUES (?, ?);
-- with [1 CREATE INDEX "planet_population_idx" ON "planet" ("population")]

-- objects
SELECT "position", "restore"
  FROM "larder_copy_object"
  ORDER BY "position" DESC;
-- with []

-- drop an object
DELETE
  FROM "larder_copy_object"
  WHERE "position" = ?;
-- with [1]

-- migrated
SELECT "version", "applied_at"
  FROM "larder_migration"
  ORDER BY "version";
-- with []

-- set migrated
UPDATE "larder_migration"
  SET "applied_at" = ?
  WHERE "version" = ?;
-- with [2026-11-23T17:18:00.000000Z 1]

