-- film: create
CREATE TEMPORARY TABLE "larder_stage_film" ("position" integer PRIMARY KEY, "record" bigint NOT NULL, "nested" bigint NOT NULL, "key" text COLLATE "C" NOT NULL, "base" jsonb NOT NULL, "new_id" text NOT NULL, "missing" text NOT NULL, "untold" text NOT NULL, "value_0" text, "value_1" date, "value_2" numeric, "value_3" text, "value_4" jsonb, "value_5" jsonb);
-- with []

-- film: create
CREATE TEMPORARY TABLE "larder_match_film" ("position" integer PRIMARY KEY, "id" bigint, "state" bigint NOT NULL);
-- with []

-- film: create
CREATE TEMPORARY TABLE "larder_change_film" ("position" integer PRIMARY KEY, "base" jsonb NOT NULL, "assigned" text NOT NULL);
-- with []

-- film: load
INSERT INTO "larder_stage_film"
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14);
-- with [1 0 0 ["A"] {}    <nil> <nil> <nil> <nil> <nil> <nil>]

-- film: loaded
ANALYZE "larder_stage_film" ("position", "key");
-- with []

-- film: index unique
CREATE UNIQUE INDEX "larder_stage_film_key" ON "larder_stage_film" ("key");
-- with []

-- film: index
CREATE INDEX "larder_stage_film_key" ON "larder_stage_film" ("key");
-- with []

-- film: repeats
DELETE
  FROM "larder_stage_film"
  WHERE "nested" = 1 AND EXISTS (SELECT 1 FROM "larder_stage_film" e WHERE e."key" = "larder_stage_film"."key" AND e."base" = "larder_stage_film"."base" AND e."position" < "larder_stage_film"."position");
-- with []

-- film: duplicates
SELECT "key", "record", "nested", "position", "base", "new_id", "untold"
  FROM "larder_stage_film"
  WHERE "key" IN (SELECT "key" FROM "larder_stage_film" WHERE "key" > $1 GROUP BY "key" HAVING count(*) > 1 ORDER BY "key" LIMIT $2)
  ORDER BY "key", "position";
-- with [ 10]

-- film: remove
DELETE
  FROM "larder_stage_film"
  WHERE "key" = $1;
-- with [["A"]]

-- film: match
INSERT INTO "larder_match_film" SELECT x."position", x."id", CASE WHEN NOT x."known" THEN CASE WHEN x."id" IS NULL THEN 0 ELSE 3 END WHEN t."id" IS NULL THEN 4 WHEN x."same" THEN 1 ELSE 2 END
  FROM (SELECT s."position", o."key" IS NOT NULL AS "known", o."base" = s."base" AS "same", CASE WHEN o."key" IS NOT NULL THEN CAST(o."record_id" AS bigint) ELSE (SELECT a."id" FROM "film" a WHERE a."title" = s."value_0" AND NOT EXISTS (SELECT 1 FROM "larder_origin" p WHERE p."type" = $1 AND p."source" = $2 AND p."record_id" = CAST(a."id" AS text))) END AS "id" FROM "larder_stage_film" s LEFT JOIN "larder_origin" o ON o."type" = $1 AND o."source" = $2 AND o."key" = s."key") x LEFT
  JOIN "film" t ON t."id" = x."id"
  ORDER BY x."position";
-- with [Film swapi]

-- film: number
UPDATE "larder_match_film"
  SET "id" = n."id"
  FROM (SELECT p."position", nextval((SELECT pg_get_serial_sequence('"film"', 'id')::regclass)) AS "id" FROM (SELECT "position" FROM "larder_match_film" WHERE "state" = 0 ORDER BY "position") p) n
  WHERE n."position" = "larder_match_film"."position";
-- with []

-- film: fresh
SELECT CASE WHEN EXISTS (SELECT 1 FROM "film") OR EXISTS (SELECT 1 FROM "larder_origin" o WHERE o."type" = $1 AND o."source" = $2) THEN 0 ELSE 1 END;
-- with [Film swapi]

-- film: match new
INSERT INTO "larder_match_film" SELECT n."position", n."id", 0
  FROM (SELECT p."position", nextval((SELECT pg_get_serial_sequence('"film"', 'id')::regclass)) AS "id" FROM (SELECT "position" FROM "larder_stage_film" ORDER BY "position") p) n;
-- with []

-- film: matched
ANALYZE "larder_match_film";
-- with []

-- film: counts
SELECT "state", count(*)
  FROM "larder_match_film" GROUP BY "state";
-- with []

-- film: first
SELECT s."key", CAST(m."id" AS text), s."base"
  FROM "larder_match_film" m
  JOIN "larder_stage_film" s ON s."position" = m."position"
  WHERE m."state" = 0
  ORDER BY m."position" LIMIT $1;
-- with [20]

-- film: incomplete
SELECT s."record", s."key", s."missing"
  FROM "larder_match_film" m
  JOIN "larder_stage_film" s ON s."position" = m."position"
  WHERE m."state" IN (0, 5) AND s."missing" <> ''
  ORDER BY m."position" LIMIT $1;
-- with [20]

-- film: restore
UPDATE "larder_match_film"
  SET "state" = 5
  WHERE "state" = 4 AND "id" IS NOT NULL AND EXISTS (SELECT 1 FROM "larder_stage_film" s WHERE s."position" = "larder_match_film"."position" AND s."key" IN ($1));
-- with [["A"]]

-- film: deletion
SELECT (SELECT count(*) FROM "larder_stage_film" s WHERE s."key" = $1), (SELECT count(*) FROM "larder_stage_film" s JOIN "larder_match_film" m ON m."position" = s."position" WHERE s."key" = $1 AND m."state" = 4), (SELECT count(*) FROM "larder_origin" o WHERE o."type" = $2 AND o."source" = $3 AND o."key" = $1);
-- with [["A"] Film swapi]

-- film: create gone
CREATE TEMPORARY TABLE "larder_gone_film" ("position" integer PRIMARY KEY, "key" text COLLATE "C" NOT NULL, "id" bigint NOT NULL, "fate" bigint NOT NULL, "round" bigint NOT NULL);
-- with []

-- film: create gone
INSERT INTO "larder_gone_film" SELECT row_number() OVER (ORDER BY t."id", o."key"), o."key", t."id", CASE WHEN EXISTS (SELECT 1 FROM "larder_origin" p WHERE p."type" = $1 AND p."record_id" = o."record_id" AND p."detached" IS NULL AND (p."source" <> $2 OR EXISTS (SELECT 1 FROM "larder_stage_film" e WHERE e."key" = p."key"))) THEN 5 ELSE 0 END, 0
  FROM "larder_origin" o
  JOIN "film" t ON t."id" = CAST(o."record_id" AS bigint)
  WHERE o."type" = $1 AND o."source" = $2 AND o."detached" IS NULL AND NOT EXISTS (SELECT 1 FROM "larder_stage_film" s WHERE s."key" = o."key");
-- with [Film swapi]

-- film: create gone
CREATE INDEX "larder_gone_id_film" ON "larder_gone_film" ("id");
-- with []

-- film: create gone
ANALYZE "larder_gone_film";
-- with []

-- film: untell Person.films
UPDATE "larder_gone_film"
  SET "fate" = 6
  WHERE "fate" <> 6 AND "id" IN (SELECT r."film_id" FROM "film_cast" r WHERE r."person_id" IN (SELECT m."id" FROM "larder_stage_person" s JOIN "larder_match_person" m ON m."position" = s."position" WHERE s."untold" LIKE $1
  UNION ALL SELECT x."id" FROM "larder_gone_person" x WHERE x."fate" = 6));
-- with [%,films,%]

-- film: fates
SELECT "fate", count(*)
  FROM "larder_gone_film" GROUP BY "fate";
-- with []

-- film: lock gone
SELECT count(*)
  FROM (SELECT FROM "film" r JOIN "larder_gone_film" o ON o."id" = r."id" WHERE o."fate" = 0 ORDER BY r."id" FOR UPDATE OF r) l;
-- with []

-- film: candidates
SELECT g."position", g."key", o."base", '{' || '"title":' || coalesce(to_json(r."title")::text, 'null') || ',"released":' || coalesce(to_json(r."released")::text, 'null') || ',"grossed":' || coalesce(trim_scale(r."grossed")::text, 'null') || ',"director":' || CASE WHEN r."director_id" IS NULL THEN 'null' ELSE coalesce((SELECT k."key" FROM "larder_origin" k WHERE k."type" = $3 AND k."source" = $2 AND k."record_id" = CAST(r."director_id" AS text) ORDER BY k."key" LIMIT 1), '{"id":"' || CAST(r."director_id" AS text) || '"}') END || ',"cast":' || (SELECT '[' || coalesce(string_agg(CASE WHEN j."person_id" IS NULL THEN 'null' ELSE coalesce((SELECT k."key" FROM "larder_origin" k WHERE k."type" = $4 AND k."source" = $2 AND k."record_id" = CAST(j."person_id" AS text) ORDER BY k."key" LIMIT 1), '{"id":"' || CAST(j."person_id" AS text) || '"}') END, ',' ORDER BY j."position"), '') || ']' FROM "film_cast" j WHERE j."film_id" = r."id") || ',"genres":' || array_to_json(ARRAY(SELECT "value" FROM "film_genres" WHERE "film_id" = r."id" ORDER BY "position"))::text || '}', (SELECT '[' || coalesce(string_agg('{' || '"source":' || to_json(p."source")::text || ',"base":' || CAST(p."base" AS text) || ',"here":' || '{' || '"director":' || CASE WHEN r."director_id" IS NULL THEN 'null' ELSE coalesce((SELECT k."key" FROM "larder_origin" k WHERE k."type" = $5 AND k."source" = p."source" AND k."record_id" = CAST(r."director_id" AS text) ORDER BY k."key" LIMIT 1), '{"id":"' || CAST(r."director_id" AS text) || '"}') END || ',"cast":' || (SELECT '[' || coalesce(string_agg(CASE WHEN j."person_id" IS NULL THEN 'null' ELSE coalesce((SELECT k."key" FROM "larder_origin" k WHERE k."type" = $6 AND k."source" = p."source" AND k."record_id" = CAST(j."person_id" AS text) ORDER BY k."key" LIMIT 1), '{"id":"' || CAST(j."person_id" AS text) || '"}') END, ',' ORDER BY j."position"), '') || ']' FROM "film_cast" j WHERE j."film_id" = r."id") || '}' || '}', ','), '') || ']' FROM "larder_origin" p WHERE p."type" = $1 AND p."record_id" = CAST(r."id" AS text) AND NOT (p."source" = o."source" AND p."key" = o."key"))
  FROM "larder_gone_film" g
  JOIN "film" r ON r."id" = g."id"
  JOIN "larder_origin" o ON o."type" = $1 AND o."source" = $2 AND o."key" = g."key"
  WHERE g."fate" = 0 AND g."position" > $7
  ORDER BY g."position" LIMIT $8;
-- with [Film swapi Person Person Person Person 0 500]

-- film: edited
UPDATE "larder_gone_film"
  SET "fate" = 1
  WHERE "position" IN ($1, $2);
-- with [1 2]

-- film: index rounds
CREATE INDEX IF NOT EXISTS "larder_gone_round_film" ON "larder_gone_film" ("round");
-- with []

-- film: unused
UPDATE "larder_gone_film"
  SET "fate" = 0, "round" = 0
  WHERE "fate" = 2;
-- with []

-- film: delete gone
DELETE
  FROM "film"
  WHERE "id" IN (SELECT "id" FROM "larder_gone_film" WHERE "fate" = 0);
-- with []

-- film: delete gone
DELETE
  FROM "larder_origin"
  WHERE "type" = $1 AND "record_id" IN (SELECT CAST("id" AS text) FROM "larder_gone_film" WHERE "fate" = 0);
-- with [Film]

-- film: delete gone
UPDATE "larder_gone_film"
  SET "fate" = 7
  WHERE "fate" = 0;
-- with []

-- film: leave
DELETE
  FROM "larder_origin"
  WHERE "type" = $1 AND "source" = $2 AND "key" IN (SELECT "key" FROM "larder_gone_film" WHERE "fate" = 5);
-- with [Film swapi]

-- film: leave
UPDATE "larder_origin"
  SET "detached" = $1
  WHERE "type" = $2 AND "source" = $3 AND "key" IN (SELECT "key" FROM "larder_gone_film" WHERE "fate" IN (1, 2, 3));
-- with [1 Film swapi]

-- film: attach
UPDATE "larder_origin"
  SET "detached" = NULL
  WHERE "type" = $1 AND "source" = $2 AND "detached" IS NOT NULL AND EXISTS (SELECT 1 FROM "larder_stage_film" s WHERE s."key" = "larder_origin"."key");
-- with [Film swapi]

-- film: first gone
SELECT g."key", CAST(g."id" AS text), g."fate"
  FROM "larder_gone_film" g
  WHERE g."fate" IN (1, 2)
  ORDER BY g."position" LIMIT $1;
-- with [20]

-- film: drop gone
DROP TABLE "larder_gone_film";
-- with []

-- film: lock differing
SELECT count(*)
  FROM (SELECT FROM "film" r JOIN "larder_match_film" o ON o."id" = r."id" WHERE o."state" IN (2, 3) ORDER BY r."id" FOR UPDATE OF r) l;
-- with []

-- film: differing
SELECT m."position", m."state", s."key", CAST(m."id" AS text), s."base", coalesce(o."base", '{}'), '{' || '"title":' || coalesce(to_json(r."title")::text, 'null') || ',"released":' || coalesce(to_json(r."released")::text, 'null') || ',"grossed":' || coalesce(trim_scale(r."grossed")::text, 'null') || ',"director":' || CASE WHEN r."director_id" IS NULL THEN 'null' ELSE coalesce((SELECT k."key" FROM "larder_origin" k WHERE k."type" = $3 AND k."source" = $2 AND k."record_id" = CAST(r."director_id" AS text) ORDER BY k."key" LIMIT 1), '{"id":"' || CAST(r."director_id" AS text) || '"}') END || ',"cast":' || (SELECT '[' || coalesce(string_agg(CASE WHEN j."person_id" IS NULL THEN 'null' ELSE coalesce((SELECT k."key" FROM "larder_origin" k WHERE k."type" = $4 AND k."source" = $2 AND k."record_id" = CAST(j."person_id" AS text) ORDER BY k."key" LIMIT 1), '{"id":"' || CAST(j."person_id" AS text) || '"}') END, ',' ORDER BY j."position"), '') || ']' FROM "film_cast" j WHERE j."film_id" = r."id") || ',"genres":' || array_to_json(ARRAY(SELECT "value" FROM "film_genres" WHERE "film_id" = r."id" ORDER BY "position"))::text || '}', (SELECT '[' || coalesce(string_agg('{' || '"source":' || to_json(p."source")::text || ',"base":' || CAST(p."base" AS text) || ',"here":' || '{' || '"director":' || CASE WHEN r."director_id" IS NULL THEN 'null' ELSE coalesce((SELECT k."key" FROM "larder_origin" k WHERE k."type" = $5 AND k."source" = p."source" AND k."record_id" = CAST(r."director_id" AS text) ORDER BY k."key" LIMIT 1), '{"id":"' || CAST(r."director_id" AS text) || '"}') END || ',"cast":' || (SELECT '[' || coalesce(string_agg(CASE WHEN j."person_id" IS NULL THEN 'null' ELSE coalesce((SELECT k."key" FROM "larder_origin" k WHERE k."type" = $6 AND k."source" = p."source" AND k."record_id" = CAST(j."person_id" AS text) ORDER BY k."key" LIMIT 1), '{"id":"' || CAST(j."person_id" AS text) || '"}') END, ',' ORDER BY j."position"), '') || ']' FROM "film_cast" j WHERE j."film_id" = r."id") || '}' || '}', ','), '') || ']' FROM "larder_origin" p WHERE p."type" = $1 AND p."record_id" = CAST(r."id" AS text) AND p."source" <> $2 AND p."detached" IS NULL), (SELECT '[' || coalesce(string_agg('{' || '"id":' || CAST(c."id" AS text) || ',"field":' || to_json(c."field")::text || coalesce(',"base":' || CAST(c."base" AS text), '') || '}', ','), '') || ']' FROM "larder_conflict" c WHERE c."type" = $1 AND c."source" = $2 AND c."key" = s."key" AND c."resolution" IS NULL)
  FROM "larder_match_film" m
  JOIN "larder_stage_film" s ON s."position" = m."position"
  JOIN "film" r ON r."id" = m."id" LEFT
  JOIN "larder_origin" o ON o."type" = $1 AND o."source" = $2 AND o."key" = s."key"
  WHERE m."state" IN (2, 3) AND m."position" > $7
  ORDER BY m."position" LIMIT $8;
-- with [Film swapi Person Person Person Person 0 500]

-- film: load changes
INSERT INTO "larder_change_film"
  VALUES ($1, $2, $3);
-- with [1 {} ,0,,2,]

-- film: replace
UPDATE "larder_stage_film"
  SET "value_5" = v.column2
  FROM (VALUES (CAST($1 AS bigint), CAST($2 AS jsonb))) v
  WHERE v.column1 = "larder_stage_film"."position";
-- with [1 ["a"]]

-- film: conflicts
INSERT INTO "larder_conflict" ("source", "type", "key", "field", "record_id", "base", "upstream", "local", "run_id", "found_at", "resolution", "resolved_at")
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
  ON CONFLICT ("type", "source", "key", "field") DO UPDATE
  SET "base" = CASE WHEN "larder_conflict"."resolution" IS NULL THEN "larder_conflict"."base" ELSE excluded."base" END, "record_id" = excluded."record_id", "upstream" = excluded."upstream", "local" = excluded."local", "run_id" = excluded."run_id", "found_at" = excluded."found_at", "resolution" = excluded."resolution", "resolved_at" = excluded."resolved_at";
-- with [swapi Film ["A"] title 1 <nil> "B" "C" 1 2026-11-23 17:18:00 +0000 UTC <nil> <nil>]

-- film: close conflicts
DELETE
  FROM "larder_conflict"
  WHERE "id" IN ($1, $2);
-- with [1 2]

-- film: stale conflicts
DELETE
  FROM "larder_conflict"
  WHERE "type" = $1 AND "source" = $2 AND ("field" NOT IN ($3, $4, $5, $6, $7, $8) OR NOT EXISTS (SELECT 1 FROM "film" t WHERE t."id" = CAST("larder_conflict"."record_id" AS bigint)));
-- with [Film swapi title released grossed director cast genres]

-- film: insert
INSERT INTO "film" ("id", "title", "released", "grossed", "director_id") SELECT m."id", s."value_0", s."value_1", s."value_2", (SELECT fm."id" FROM "larder_stage_person" fs JOIN "larder_match_person" fm ON fm."position" = fs."position" WHERE fs."key" = s."value_3" AND fm."state" <> 4)
  FROM "larder_match_film" m
  JOIN "larder_stage_film" s ON s."position" = m."position"
  WHERE m."state" IN (0, 5)
  ORDER BY m."position";
-- with []

-- film: insert
INSERT INTO "film_genres" ("film_id", "position", "value") SELECT m."id", e."key" - 1, (e."value")::text
  FROM "larder_match_film" m
  JOIN "larder_stage_film" s ON s."position" = m."position" CROSS
  JOIN jsonb_array_elements_text(s."value_5") WITH ORDINALITY AS e("value", "key")
  WHERE m."state" IN (0, 5);
-- with []

-- film: late
INSERT INTO "film_cast" ("film_id", "position", "person_id") SELECT m."id", row_number() OVER (PARTITION BY m."id" ORDER BY e."key" - 1) - 1, fm."id"
  FROM "larder_match_film" m
  JOIN "larder_stage_film" s ON s."position" = m."position" CROSS
  JOIN jsonb_array_elements_text(s."value_4") WITH ORDINALITY AS e("value", "key")
  JOIN "larder_stage_person" fs ON fs."key" = (e."value")::text
  JOIN "larder_match_person" fm ON fm."position" = fs."position" AND fm."state" <> 4
  WHERE m."state" IN (0, 5);
-- with []

-- film: update
UPDATE "film"
  SET "title" = CASE WHEN c."assigned" LIKE '%,0,%' THEN s."value_0" ELSE "film"."title" END, "released" = CASE WHEN c."assigned" LIKE '%,1,%' THEN s."value_1" ELSE "film"."released" END, "grossed" = CASE WHEN c."assigned" LIKE '%,2,%' THEN s."value_2" ELSE "film"."grossed" END, "director_id" = CASE WHEN c."assigned" LIKE '%,3,%' THEN (SELECT fm."id" FROM "larder_stage_person" fs JOIN "larder_match_person" fm ON fm."position" = fs."position" WHERE fs."key" = s."value_3" AND fm."state" <> 4) ELSE "film"."director_id" END
  FROM "larder_change_film" c, "larder_match_film" m, "larder_stage_film" s
  WHERE c."assigned" <> '' AND m."position" = c."position" AND s."position" = c."position" AND "film"."id" = m."id";
-- with []

-- film: update
DELETE
  FROM "film_cast"
  WHERE "film_id" IN (SELECT m."id" FROM "larder_match_film" m JOIN "larder_change_film" c ON c."position" = m."position" WHERE c."assigned" LIKE '%,4,%');
-- with []

-- film: update
INSERT INTO "film_cast" ("film_id", "position", "person_id") SELECT m."id", row_number() OVER (PARTITION BY m."id" ORDER BY e."key" - 1) - 1, fm."id"
  FROM "larder_match_film" m
  JOIN "larder_stage_film" s ON s."position" = m."position"
  JOIN "larder_change_film" c ON c."position" = m."position" CROSS
  JOIN jsonb_array_elements_text(s."value_4") WITH ORDINALITY AS e("value", "key")
  JOIN "larder_stage_person" fs ON fs."key" = (e."value")::text
  JOIN "larder_match_person" fm ON fm."position" = fs."position" AND fm."state" <> 4
  WHERE c."assigned" LIKE '%,4,%';
-- with []

-- film: update
DELETE
  FROM "film_genres"
  WHERE "film_id" IN (SELECT m."id" FROM "larder_match_film" m JOIN "larder_change_film" c ON c."position" = m."position" WHERE c."assigned" LIKE '%,5,%');
-- with []

-- film: update
INSERT INTO "film_genres" ("film_id", "position", "value") SELECT m."id", e."key" - 1, (e."value")::text
  FROM "larder_match_film" m
  JOIN "larder_stage_film" s ON s."position" = m."position"
  JOIN "larder_change_film" c ON c."position" = m."position" CROSS
  JOIN jsonb_array_elements_text(s."value_5") WITH ORDINALITY AS e("value", "key")
  WHERE c."assigned" LIKE '%,5,%';
-- with []

-- film: adopt
INSERT INTO "larder_origin" ("type", "source", "key", "record_id", "base", "run_id") SELECT CAST($1 AS text), CAST($2 AS text), s."key", CAST(m."id" AS text), '{}', CAST($3 AS bigint)
  FROM "larder_match_film" m
  JOIN "larder_stage_film" s ON s."position" = m."position"
  WHERE m."state" = 3;
-- with [Film swapi 1]

-- film: origins
INSERT INTO "larder_origin" ("type", "source", "key", "record_id", "base", "run_id") SELECT CAST($1 AS text), CAST($2 AS text), s."key", CAST(m."id" AS text), coalesce(c."base", s."base"), CAST($3 AS bigint)
  FROM "larder_match_film" m
  JOIN "larder_stage_film" s ON s."position" = m."position" LEFT
  JOIN "larder_change_film" c ON c."position" = m."position"
  WHERE m."state" IN (0, 2, 3, 5)
  ORDER BY s."key"
  ON CONFLICT ("type", "source", "key") DO UPDATE
  SET "base" = excluded."base", "run_id" = excluded."run_id";
-- with [Film swapi 1]

-- film: origins of new
INSERT INTO "larder_origin" ("type", "source", "key", "record_id", "base", "run_id") SELECT CAST($1 AS text), CAST($2 AS text), s."key", CAST(m."id" AS text), s."base", CAST($3 AS bigint)
  FROM "larder_match_film" m
  JOIN "larder_stage_film" s ON s."position" = m."position";
-- with [Film swapi 1]

-- film: written
ANALYZE "film";
-- with []

-- film: written
ANALYZE "film_cast";
-- with []

-- film: written
ANALYZE "film_genres";
-- with []

-- film: written
ANALYZE "larder_origin";
-- with []

-- film: clashes
SELECT 'title', s."record", s."key", e."key", ''
  FROM "larder_match_film" m
  JOIN "larder_stage_film" s ON s."position" = m."position"
  JOIN "larder_stage_film" e ON s."value_0" = e."value_0" AND e."position" < s."position"
  JOIN "larder_match_film" n ON n."position" = e."position" AND n."state" IN (0, 2, 5)
  WHERE m."state" IN (0, 2, 5)
  ORDER BY s."position" LIMIT $1;
-- with [20]

-- film: clashes
SELECT 'title', s."record", s."key", '', CAST(t."id" AS text)
  FROM "larder_match_film" m
  JOIN "larder_stage_film" s ON s."position" = m."position"
  JOIN "film" t ON t."title" = s."value_0" AND t."id" <> m."id"
  WHERE m."state" IN (0, 2, 5)
  ORDER BY s."position" LIMIT $1;
-- with [20]

-- film: drop
DROP TABLE "larder_change_film";
-- with []

-- film: drop
DROP TABLE "larder_match_film";
-- with []

-- film: drop
DROP TABLE "larder_stage_film";
-- with []

-- person: create
CREATE TEMPORARY TABLE "larder_stage_person" ("position" integer PRIMARY KEY, "record" bigint NOT NULL, "nested" bigint NOT NULL, "key" text COLLATE "C" NOT NULL, "base" jsonb NOT NULL, "new_id" text NOT NULL, "missing" text NOT NULL, "untold" text NOT NULL, "value_0" text);
-- with []

-- person: create
CREATE TEMPORARY TABLE "larder_match_person" ("position" integer PRIMARY KEY, "id" uuid, "state" bigint NOT NULL);
-- with []

-- person: create
CREATE TEMPORARY TABLE "larder_change_person" ("position" integer PRIMARY KEY, "base" jsonb NOT NULL, "assigned" text NOT NULL);
-- with []

-- person: load
INSERT INTO "larder_stage_person"
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9);
-- with [1 0 0 ["A"] {}    <nil>]

-- person: loaded
ANALYZE "larder_stage_person" ("position", "key");
-- with []

-- person: index unique
CREATE UNIQUE INDEX "larder_stage_person_key" ON "larder_stage_person" ("key");
-- with []

-- person: index
CREATE INDEX "larder_stage_person_key" ON "larder_stage_person" ("key");
-- with []

-- person: repeats
DELETE
  FROM "larder_stage_person"
  WHERE "nested" = 1 AND EXISTS (SELECT 1 FROM "larder_stage_person" e WHERE e."key" = "larder_stage_person"."key" AND e."base" = "larder_stage_person"."base" AND e."position" < "larder_stage_person"."position");
-- with []

-- person: duplicates
SELECT "key", "record", "nested", "position", "base", "new_id", "untold"
  FROM "larder_stage_person"
  WHERE "key" IN (SELECT "key" FROM "larder_stage_person" WHERE "key" > $1 GROUP BY "key" HAVING count(*) > 1 ORDER BY "key" LIMIT $2)
  ORDER BY "key", "position";
-- with [ 10]

-- person: remove
DELETE
  FROM "larder_stage_person"
  WHERE "key" = $1;
-- with [["A"]]

-- person: match
INSERT INTO "larder_match_person" SELECT x."position", x."id", CASE WHEN NOT x."known" THEN CASE WHEN x."id" IS NULL THEN 0 ELSE 3 END WHEN t."id" IS NULL THEN 4 WHEN x."same" THEN 1 ELSE 2 END
  FROM (SELECT s."position", o."key" IS NOT NULL AS "known", o."base" = s."base" AS "same", CASE WHEN o."key" IS NOT NULL THEN CAST(o."record_id" AS uuid) ELSE (SELECT a."id" FROM "person" a WHERE a."name" = s."value_0" AND NOT EXISTS (SELECT 1 FROM "larder_origin" p WHERE p."type" = $1 AND p."source" = $2 AND p."record_id" = CAST(a."id" AS text))) END AS "id" FROM "larder_stage_person" s LEFT JOIN "larder_origin" o ON o."type" = $1 AND o."source" = $2 AND o."key" = s."key") x LEFT
  JOIN "person" t ON t."id" = x."id"
  ORDER BY x."position";
-- with [Person swapi]

-- person: number
UPDATE "larder_match_person"
  SET "id" = CAST(s."new_id" AS uuid)
  FROM "larder_stage_person" s
  WHERE s."position" = "larder_match_person"."position" AND "larder_match_person"."state" = 0;
-- with []

-- person: fresh
SELECT CASE WHEN EXISTS (SELECT 1 FROM "person") OR EXISTS (SELECT 1 FROM "larder_origin" o WHERE o."type" = $1 AND o."source" = $2) THEN 0 ELSE 1 END;
-- with [Person swapi]

-- person: match new
INSERT INTO "larder_match_person" SELECT n."position", n."id", 0
  FROM (SELECT "position", CAST("new_id" AS uuid) AS "id" FROM "larder_stage_person") n;
-- with []

-- person: matched
ANALYZE "larder_match_person";
-- with []

-- person: counts
SELECT "state", count(*)
  FROM "larder_match_person" GROUP BY "state";
-- with []

-- person: first
SELECT s."key", CAST(m."id" AS text), s."base"
  FROM "larder_match_person" m
  JOIN "larder_stage_person" s ON s."position" = m."position"
  WHERE m."state" = 0
  ORDER BY m."position" LIMIT $1;
-- with [20]

-- person: incomplete
SELECT s."record", s."key", s."missing"
  FROM "larder_match_person" m
  JOIN "larder_stage_person" s ON s."position" = m."position"
  WHERE m."state" IN (0, 5) AND s."missing" <> ''
  ORDER BY m."position" LIMIT $1;
-- with [20]

-- person: restore
UPDATE "larder_match_person"
  SET "state" = 5
  WHERE "state" = 4 AND "id" IS NOT NULL AND EXISTS (SELECT 1 FROM "larder_stage_person" s WHERE s."position" = "larder_match_person"."position" AND s."key" IN ($1));
-- with [["A"]]

-- person: deletion
SELECT (SELECT count(*) FROM "larder_stage_person" s WHERE s."key" = $1), (SELECT count(*) FROM "larder_stage_person" s JOIN "larder_match_person" m ON m."position" = s."position" WHERE s."key" = $1 AND m."state" = 4), (SELECT count(*) FROM "larder_origin" o WHERE o."type" = $2 AND o."source" = $3 AND o."key" = $1);
-- with [["A"] Person swapi]

-- person: create gone
CREATE TEMPORARY TABLE "larder_gone_person" ("position" integer PRIMARY KEY, "key" text COLLATE "C" NOT NULL, "id" uuid NOT NULL, "fate" bigint NOT NULL, "round" bigint NOT NULL);
-- with []

-- person: create gone
INSERT INTO "larder_gone_person" SELECT row_number() OVER (ORDER BY t."id", o."key"), o."key", t."id", CASE WHEN EXISTS (SELECT 1 FROM "larder_origin" p WHERE p."type" = $1 AND p."record_id" = o."record_id" AND p."detached" IS NULL AND (p."source" <> $2 OR EXISTS (SELECT 1 FROM "larder_stage_person" e WHERE e."key" = p."key"))) THEN 5 ELSE 0 END, 0
  FROM "larder_origin" o
  JOIN "person" t ON t."id" = CAST(o."record_id" AS uuid)
  WHERE o."type" = $1 AND o."source" = $2 AND o."detached" IS NULL AND NOT EXISTS (SELECT 1 FROM "larder_stage_person" s WHERE s."key" = o."key");
-- with [Person swapi]

-- person: create gone
CREATE INDEX "larder_gone_id_person" ON "larder_gone_person" ("id");
-- with []

-- person: create gone
ANALYZE "larder_gone_person";
-- with []

-- person: untell Film.director
UPDATE "larder_gone_person"
  SET "fate" = 6
  WHERE "fate" <> 6 AND "id" IN (SELECT r."director_id" FROM "film" r WHERE r."id" IN (SELECT m."id" FROM "larder_stage_film" s JOIN "larder_match_film" m ON m."position" = s."position" WHERE s."untold" LIKE $1
  UNION ALL SELECT x."id" FROM "larder_gone_film" x WHERE x."fate" = 6));
-- with [%,director,%]

-- person: untell Film.cast
UPDATE "larder_gone_person"
  SET "fate" = 6
  WHERE "fate" <> 6 AND "id" IN (SELECT r."person_id" FROM "film_cast" r WHERE r."film_id" IN (SELECT m."id" FROM "larder_stage_film" s JOIN "larder_match_film" m ON m."position" = s."position" WHERE s."untold" LIKE $1
  UNION ALL SELECT x."id" FROM "larder_gone_film" x WHERE x."fate" = 6));
-- with [%,cast,%]

-- person: untell Scene.person
UPDATE "larder_gone_person"
  SET "fate" = 6
  WHERE "fate" <> 6 AND "id" IN (SELECT r."person_id" FROM "scene" r WHERE r."id" IN (SELECT m."id" FROM "larder_stage_scene" s JOIN "larder_match_scene" m ON m."position" = s."position" WHERE s."untold" LIKE $1
  UNION ALL SELECT x."id" FROM "larder_gone_scene" x WHERE x."fate" = 6));
-- with [%,person,%]

-- person: fates
SELECT "fate", count(*)
  FROM "larder_gone_person" GROUP BY "fate";
-- with []

-- person: lock gone
SELECT count(*)
  FROM (SELECT FROM "person" r JOIN "larder_gone_person" o ON o."id" = r."id" WHERE o."fate" = 0 ORDER BY r."id" FOR UPDATE OF r) l;
-- with []

-- person: candidates
SELECT g."position", g."key", o."base", '{' || '"name":' || coalesce(to_json(r."name")::text, 'null') || '}', (SELECT '[' || coalesce(string_agg('{' || '"source":' || to_json(p."source")::text || ',"base":' || CAST(p."base" AS text) || ',"here":' || '{' || '}' || '}', ','), '') || ']' FROM "larder_origin" p WHERE p."type" = $1 AND p."record_id" = CAST(r."id" AS text) AND NOT (p."source" = o."source" AND p."key" = o."key"))
  FROM "larder_gone_person" g
  JOIN "person" r ON r."id" = g."id"
  JOIN "larder_origin" o ON o."type" = $1 AND o."source" = $2 AND o."key" = g."key"
  WHERE g."fate" = 0 AND g."position" > $3
  ORDER BY g."position" LIMIT $4;
-- with [Person swapi 0 500]

-- person: edited
UPDATE "larder_gone_person"
  SET "fate" = 1
  WHERE "position" IN ($1, $2);
-- with [1 2]

-- person: used, round 1
UPDATE "larder_gone_person"
  SET "fate" = 2, "round" = 1
  WHERE "fate" = 0 AND (EXISTS (SELECT 1 FROM "film" r WHERE r."director_id" = "larder_gone_person"."id" AND NOT EXISTS (SELECT 1 FROM "larder_gone_film" x WHERE x."id" = r."id" AND x."fate" = 0)) OR EXISTS (SELECT 1 FROM "film_cast" r WHERE r."person_id" = "larder_gone_person"."id" AND NOT EXISTS (SELECT 1 FROM "larder_gone_film" x WHERE x."id" = r."film_id" AND x."fate" = 0)) OR EXISTS (SELECT 1 FROM "scene" r WHERE r."person_id" = "larder_gone_person"."id" AND NOT EXISTS (SELECT 1 FROM "larder_gone_scene" x WHERE x."id" = r."id" AND x."fate" = 0)));
-- with []

-- person: used, round 2
UPDATE "larder_gone_person"
  SET "fate" = 2, "round" = 2
  WHERE "fate" = 0 AND ("id" IN (SELECT r."director_id" FROM "larder_gone_film" x JOIN "film" r ON r."id" = x."id" WHERE x."round" = 1) OR "id" IN (SELECT r."person_id" FROM "larder_gone_film" x JOIN "film_cast" r ON r."film_id" = x."id" WHERE x."round" = 1) OR "id" IN (SELECT r."person_id" FROM "larder_gone_scene" x JOIN "scene" r ON r."id" = x."id" WHERE x."round" = 1));
-- with []

-- person: index rounds
CREATE INDEX IF NOT EXISTS "larder_gone_round_person" ON "larder_gone_person" ("round");
-- with []

-- person: unused
UPDATE "larder_gone_person"
  SET "fate" = 0, "round" = 0
  WHERE "fate" = 2;
-- with []

-- person: delete gone
DELETE
  FROM "person"
  WHERE "id" IN (SELECT "id" FROM "larder_gone_person" WHERE "fate" = 0);
-- with []

-- person: delete gone
DELETE
  FROM "larder_origin"
  WHERE "type" = $1 AND "record_id" IN (SELECT CAST("id" AS text) FROM "larder_gone_person" WHERE "fate" = 0);
-- with [Person]

-- person: delete gone
UPDATE "larder_gone_person"
  SET "fate" = 7
  WHERE "fate" = 0;
-- with []

-- person: leave
DELETE
  FROM "larder_origin"
  WHERE "type" = $1 AND "source" = $2 AND "key" IN (SELECT "key" FROM "larder_gone_person" WHERE "fate" = 5);
-- with [Person swapi]

-- person: leave
UPDATE "larder_origin"
  SET "detached" = $1
  WHERE "type" = $2 AND "source" = $3 AND "key" IN (SELECT "key" FROM "larder_gone_person" WHERE "fate" IN (1, 2, 3));
-- with [1 Person swapi]

-- person: attach
UPDATE "larder_origin"
  SET "detached" = NULL
  WHERE "type" = $1 AND "source" = $2 AND "detached" IS NOT NULL AND EXISTS (SELECT 1 FROM "larder_stage_person" s WHERE s."key" = "larder_origin"."key");
-- with [Person swapi]

-- person: first gone
SELECT g."key", CAST(g."id" AS text), g."fate"
  FROM "larder_gone_person" g
  WHERE g."fate" IN (1, 2)
  ORDER BY g."position" LIMIT $1;
-- with [20]

-- person: drop gone
DROP TABLE "larder_gone_person";
-- with []

-- person: lock differing
SELECT count(*)
  FROM (SELECT FROM "person" r JOIN "larder_match_person" o ON o."id" = r."id" WHERE o."state" IN (2, 3) ORDER BY r."id" FOR UPDATE OF r) l;
-- with []

-- person: differing
SELECT m."position", m."state", s."key", CAST(m."id" AS text), s."base", coalesce(o."base", '{}'), '{' || '"name":' || coalesce(to_json(r."name")::text, 'null') || '}', (SELECT '[' || coalesce(string_agg('{' || '"source":' || to_json(p."source")::text || ',"base":' || CAST(p."base" AS text) || ',"here":' || '{' || '}' || '}', ','), '') || ']' FROM "larder_origin" p WHERE p."type" = $1 AND p."record_id" = CAST(r."id" AS text) AND p."source" <> $2 AND p."detached" IS NULL), (SELECT '[' || coalesce(string_agg('{' || '"id":' || CAST(c."id" AS text) || ',"field":' || to_json(c."field")::text || coalesce(',"base":' || CAST(c."base" AS text), '') || '}', ','), '') || ']' FROM "larder_conflict" c WHERE c."type" = $1 AND c."source" = $2 AND c."key" = s."key" AND c."resolution" IS NULL)
  FROM "larder_match_person" m
  JOIN "larder_stage_person" s ON s."position" = m."position"
  JOIN "person" r ON r."id" = m."id" LEFT
  JOIN "larder_origin" o ON o."type" = $1 AND o."source" = $2 AND o."key" = s."key"
  WHERE m."state" IN (2, 3) AND m."position" > $3
  ORDER BY m."position" LIMIT $4;
-- with [Person swapi 0 500]

-- person: load changes
INSERT INTO "larder_change_person"
  VALUES ($1, $2, $3);
-- with [1 {} ,0,,2,]

-- person: conflicts
INSERT INTO "larder_conflict" ("source", "type", "key", "field", "record_id", "base", "upstream", "local", "run_id", "found_at", "resolution", "resolved_at")
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
  ON CONFLICT ("type", "source", "key", "field") DO UPDATE
  SET "base" = CASE WHEN "larder_conflict"."resolution" IS NULL THEN "larder_conflict"."base" ELSE excluded."base" END, "record_id" = excluded."record_id", "upstream" = excluded."upstream", "local" = excluded."local", "run_id" = excluded."run_id", "found_at" = excluded."found_at", "resolution" = excluded."resolution", "resolved_at" = excluded."resolved_at";
-- with [swapi Person ["A"] title 1 <nil> "B" "C" 1 2026-11-23 17:18:00 +0000 UTC <nil> <nil>]

-- person: close conflicts
DELETE
  FROM "larder_conflict"
  WHERE "id" IN ($1, $2);
-- with [1 2]

-- person: stale conflicts
DELETE
  FROM "larder_conflict"
  WHERE "type" = $1 AND "source" = $2 AND ("field" NOT IN ($3) OR NOT EXISTS (SELECT 1 FROM "person" t WHERE t."id" = CAST("larder_conflict"."record_id" AS uuid)));
-- with [Person swapi name]

-- person: insert
INSERT INTO "person" ("id", "name") SELECT m."id", s."value_0"
  FROM "larder_match_person" m
  JOIN "larder_stage_person" s ON s."position" = m."position"
  WHERE m."state" IN (0, 5)
  ORDER BY m."position";
-- with []

-- person: update
UPDATE "person"
  SET "name" = CASE WHEN c."assigned" LIKE '%,0,%' THEN s."value_0" ELSE "person"."name" END
  FROM "larder_change_person" c, "larder_match_person" m, "larder_stage_person" s
  WHERE c."assigned" <> '' AND m."position" = c."position" AND s."position" = c."position" AND "person"."id" = m."id";
-- with []

-- person: adopt
INSERT INTO "larder_origin" ("type", "source", "key", "record_id", "base", "run_id") SELECT CAST($1 AS text), CAST($2 AS text), s."key", CAST(m."id" AS text), '{}', CAST($3 AS bigint)
  FROM "larder_match_person" m
  JOIN "larder_stage_person" s ON s."position" = m."position"
  WHERE m."state" = 3;
-- with [Person swapi 1]

-- person: origins
INSERT INTO "larder_origin" ("type", "source", "key", "record_id", "base", "run_id") SELECT CAST($1 AS text), CAST($2 AS text), s."key", CAST(m."id" AS text), coalesce(c."base", s."base"), CAST($3 AS bigint)
  FROM "larder_match_person" m
  JOIN "larder_stage_person" s ON s."position" = m."position" LEFT
  JOIN "larder_change_person" c ON c."position" = m."position"
  WHERE m."state" IN (0, 2, 3, 5)
  ORDER BY s."key"
  ON CONFLICT ("type", "source", "key") DO UPDATE
  SET "base" = excluded."base", "run_id" = excluded."run_id";
-- with [Person swapi 1]

-- person: origins of new
INSERT INTO "larder_origin" ("type", "source", "key", "record_id", "base", "run_id") SELECT CAST($1 AS text), CAST($2 AS text), s."key", CAST(m."id" AS text), s."base", CAST($3 AS bigint)
  FROM "larder_match_person" m
  JOIN "larder_stage_person" s ON s."position" = m."position";
-- with [Person swapi 1]

-- person: written
ANALYZE "person";
-- with []

-- person: written
ANALYZE "larder_origin";
-- with []

-- person: clashes
SELECT 'name', s."record", s."key", e."key", ''
  FROM "larder_match_person" m
  JOIN "larder_stage_person" s ON s."position" = m."position"
  JOIN "larder_stage_person" e ON s."value_0" = e."value_0" AND e."position" < s."position"
  JOIN "larder_match_person" n ON n."position" = e."position" AND n."state" IN (0, 2, 5)
  WHERE m."state" IN (0, 2, 5)
  ORDER BY s."position" LIMIT $1;
-- with [20]

-- person: clashes
SELECT 'name', s."record", s."key", '', CAST(t."id" AS text)
  FROM "larder_match_person" m
  JOIN "larder_stage_person" s ON s."position" = m."position"
  JOIN "person" t ON t."name" = s."value_0" AND t."id" <> m."id"
  WHERE m."state" IN (0, 2, 5)
  ORDER BY s."position" LIMIT $1;
-- with [20]

-- person: drop
DROP TABLE "larder_change_person";
-- with []

-- person: drop
DROP TABLE "larder_match_person";
-- with []

-- person: drop
DROP TABLE "larder_stage_person";
-- with []

-- scene: create
CREATE TEMPORARY TABLE "larder_stage_scene" ("position" integer PRIMARY KEY, "record" bigint NOT NULL, "nested" bigint NOT NULL, "key" text COLLATE "C" NOT NULL, "base" jsonb NOT NULL, "new_id" text NOT NULL, "missing" text NOT NULL, "untold" text NOT NULL, "value_0" bigint, "value_1" text);
-- with []

-- scene: create
CREATE TEMPORARY TABLE "larder_match_scene" ("position" integer PRIMARY KEY, "id" bigint, "state" bigint NOT NULL);
-- with []

-- scene: create
CREATE TEMPORARY TABLE "larder_change_scene" ("position" integer PRIMARY KEY, "base" jsonb NOT NULL, "assigned" text NOT NULL);
-- with []

-- scene: load
INSERT INTO "larder_stage_scene"
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10);
-- with [1 0 0 ["A"] {}    <nil> <nil>]

-- scene: loaded
ANALYZE "larder_stage_scene" ("position", "key");
-- with []

-- scene: index unique
CREATE UNIQUE INDEX "larder_stage_scene_key" ON "larder_stage_scene" ("key");
-- with []

-- scene: index
CREATE INDEX "larder_stage_scene_key" ON "larder_stage_scene" ("key");
-- with []

-- scene: repeats
DELETE
  FROM "larder_stage_scene"
  WHERE "nested" = 1 AND EXISTS (SELECT 1 FROM "larder_stage_scene" e WHERE e."key" = "larder_stage_scene"."key" AND e."base" = "larder_stage_scene"."base" AND e."position" < "larder_stage_scene"."position");
-- with []

-- scene: duplicates
SELECT "key", "record", "nested", "position", "base", "new_id", "untold"
  FROM "larder_stage_scene"
  WHERE "key" IN (SELECT "key" FROM "larder_stage_scene" WHERE "key" > $1 GROUP BY "key" HAVING count(*) > 1 ORDER BY "key" LIMIT $2)
  ORDER BY "key", "position";
-- with [ 10]

-- scene: remove
DELETE
  FROM "larder_stage_scene"
  WHERE "key" = $1;
-- with [["A"]]

-- scene: match
INSERT INTO "larder_match_scene" SELECT x."position", x."id", CASE WHEN NOT x."known" THEN CASE WHEN x."id" IS NULL THEN 0 ELSE 3 END WHEN t."id" IS NULL THEN 4 WHEN x."same" THEN 1 ELSE 2 END
  FROM (SELECT s."position", o."key" IS NOT NULL AS "known", o."base" = s."base" AS "same", CASE WHEN o."key" IS NOT NULL THEN CAST(o."record_id" AS bigint) ELSE (SELECT a."id" FROM "scene" a WHERE a."number" = s."value_0" AND a."person_id" = (SELECT fm."id" FROM "larder_stage_person" fs JOIN "larder_match_person" fm ON fm."position" = fs."position" WHERE fs."key" = s."value_1" AND fm."state" <> 4) AND NOT EXISTS (SELECT 1 FROM "larder_origin" p WHERE p."type" = $1 AND p."source" = $2 AND p."record_id" = CAST(a."id" AS text))) END AS "id" FROM "larder_stage_scene" s LEFT JOIN "larder_origin" o ON o."type" = $1 AND o."source" = $2 AND o."key" = s."key") x LEFT
  JOIN "scene" t ON t."id" = x."id"
  ORDER BY x."position";
-- with [Scene swapi]

-- scene: orphans
UPDATE "larder_match_scene"
  SET "state" = 4
  WHERE "state" = 0 AND EXISTS (SELECT 1 FROM "larder_stage_scene" s WHERE s."position" = "larder_match_scene"."position" AND ((s."value_1" IS NOT NULL AND NOT EXISTS (SELECT 1 FROM "larder_stage_person" fs JOIN "larder_match_person" fm ON fm."position" = fs."position" WHERE fs."key" = s."value_1" AND fm."state" <> 4))));
-- with []

-- scene: number
UPDATE "larder_match_scene"
  SET "id" = n."id"
  FROM (SELECT p."position", nextval((SELECT pg_get_serial_sequence('"scene"', 'id')::regclass)) AS "id" FROM (SELECT "position" FROM "larder_match_scene" WHERE "state" = 0 ORDER BY "position") p) n
  WHERE n."position" = "larder_match_scene"."position";
-- with []

-- scene: fresh
SELECT CASE WHEN EXISTS (SELECT 1 FROM "scene") OR EXISTS (SELECT 1 FROM "larder_origin" o WHERE o."type" = $1 AND o."source" = $2) THEN 0 ELSE 1 END;
-- with [Scene swapi]

-- scene: match new
INSERT INTO "larder_match_scene" SELECT n."position", n."id", 0
  FROM (SELECT p."position", nextval((SELECT pg_get_serial_sequence('"scene"', 'id')::regclass)) AS "id" FROM (SELECT "position" FROM "larder_stage_scene" ORDER BY "position") p) n;
-- with []

-- scene: matched
ANALYZE "larder_match_scene";
-- with []

-- scene: counts
SELECT "state", count(*)
  FROM "larder_match_scene" GROUP BY "state";
-- with []

-- scene: first
SELECT s."key", CAST(m."id" AS text), s."base"
  FROM "larder_match_scene" m
  JOIN "larder_stage_scene" s ON s."position" = m."position"
  WHERE m."state" = 0
  ORDER BY m."position" LIMIT $1;
-- with [20]

-- scene: incomplete
SELECT s."record", s."key", s."missing"
  FROM "larder_match_scene" m
  JOIN "larder_stage_scene" s ON s."position" = m."position"
  WHERE m."state" IN (0, 5) AND s."missing" <> ''
  ORDER BY m."position" LIMIT $1;
-- with [20]

-- scene: restore
UPDATE "larder_match_scene"
  SET "state" = 5
  WHERE "state" = 4 AND "id" IS NOT NULL AND EXISTS (SELECT 1 FROM "larder_stage_scene" s WHERE s."position" = "larder_match_scene"."position" AND s."key" IN ($1) AND NOT ((s."value_1" IS NOT NULL AND NOT EXISTS (SELECT 1 FROM "larder_stage_person" fs JOIN "larder_match_person" fm ON fm."position" = fs."position" WHERE fs."key" = s."value_1" AND fm."state" <> 4))));
-- with [["A"]]

-- scene: restore owned
UPDATE "larder_match_scene"
  SET "state" = 5
  WHERE "state" = 4 AND "id" IS NOT NULL AND EXISTS (SELECT 1 FROM "larder_stage_scene" s WHERE s."position" = "larder_match_scene"."position" AND (EXISTS (SELECT 1 FROM "larder_stage_person" fs JOIN "larder_match_person" fm ON fm."position" = fs."position" WHERE fs."key" = s."value_1" AND fm."state" = 5)) AND NOT ((s."value_1" IS NOT NULL AND NOT EXISTS (SELECT 1 FROM "larder_stage_person" fs JOIN "larder_match_person" fm ON fm."position" = fs."position" WHERE fs."key" = s."value_1" AND fm."state" <> 4))));
-- with []

-- scene: deletion
SELECT (SELECT count(*) FROM "larder_stage_scene" s WHERE s."key" = $1), (SELECT count(*) FROM "larder_stage_scene" s JOIN "larder_match_scene" m ON m."position" = s."position" WHERE s."key" = $1 AND m."state" = 4), (SELECT count(*) FROM "larder_origin" o WHERE o."type" = $2 AND o."source" = $3 AND o."key" = $1);
-- with [["A"] Scene swapi]

-- scene: create gone
CREATE TEMPORARY TABLE "larder_gone_scene" ("position" integer PRIMARY KEY, "key" text COLLATE "C" NOT NULL, "id" bigint NOT NULL, "fate" bigint NOT NULL, "round" bigint NOT NULL);
-- with []

-- scene: create gone
INSERT INTO "larder_gone_scene" SELECT row_number() OVER (ORDER BY t."id", o."key"), o."key", t."id", CASE WHEN EXISTS (SELECT 1 FROM "larder_origin" p WHERE p."type" = $1 AND p."record_id" = o."record_id" AND p."detached" IS NULL AND (p."source" <> $2 OR EXISTS (SELECT 1 FROM "larder_stage_scene" e WHERE e."key" = p."key"))) THEN 5 ELSE 0 END, 0
  FROM "larder_origin" o
  JOIN "scene" t ON t."id" = CAST(o."record_id" AS bigint)
  WHERE o."type" = $1 AND o."source" = $2 AND o."detached" IS NULL AND NOT EXISTS (SELECT 1 FROM "larder_stage_scene" s WHERE s."key" = o."key");
-- with [Scene swapi]

-- scene: create gone
CREATE INDEX "larder_gone_id_scene" ON "larder_gone_scene" ("id");
-- with []

-- scene: create gone
ANALYZE "larder_gone_scene";
-- with []

-- scene: untell Person.scenes
UPDATE "larder_gone_scene"
  SET "fate" = 6
  WHERE "fate" <> 6 AND "id" IN (SELECT r."id" FROM "scene" r WHERE r."person_id" IN (SELECT m."id" FROM "larder_stage_person" s JOIN "larder_match_person" m ON m."position" = s."position" WHERE s."untold" LIKE $1
  UNION ALL SELECT x."id" FROM "larder_gone_person" x WHERE x."fate" = 6));
-- with [%,scenes,%]

-- scene: fates
SELECT "fate", count(*)
  FROM "larder_gone_scene" GROUP BY "fate";
-- with []

-- scene: lock gone
SELECT count(*)
  FROM (SELECT FROM "scene" r JOIN "larder_gone_scene" o ON o."id" = r."id" WHERE o."fate" = 0 ORDER BY r."id" FOR UPDATE OF r) l;
-- with []

-- scene: candidates
SELECT g."position", g."key", o."base", '{' || '"number":' || coalesce(r."number"::text, 'null') || ',"person":' || CASE WHEN r."person_id" IS NULL THEN 'null' ELSE coalesce((SELECT k."key" FROM "larder_origin" k WHERE k."type" = $3 AND k."source" = $2 AND k."record_id" = CAST(r."person_id" AS text) ORDER BY k."key" LIMIT 1), '{"id":"' || CAST(r."person_id" AS text) || '"}') END || '}', (SELECT '[' || coalesce(string_agg('{' || '"source":' || to_json(p."source")::text || ',"base":' || CAST(p."base" AS text) || ',"here":' || '{' || '"person":' || CASE WHEN r."person_id" IS NULL THEN 'null' ELSE coalesce((SELECT k."key" FROM "larder_origin" k WHERE k."type" = $4 AND k."source" = p."source" AND k."record_id" = CAST(r."person_id" AS text) ORDER BY k."key" LIMIT 1), '{"id":"' || CAST(r."person_id" AS text) || '"}') END || '}' || '}', ','), '') || ']' FROM "larder_origin" p WHERE p."type" = $1 AND p."record_id" = CAST(r."id" AS text) AND NOT (p."source" = o."source" AND p."key" = o."key"))
  FROM "larder_gone_scene" g
  JOIN "scene" r ON r."id" = g."id"
  JOIN "larder_origin" o ON o."type" = $1 AND o."source" = $2 AND o."key" = g."key"
  WHERE g."fate" = 0 AND g."position" > $5
  ORDER BY g."position" LIMIT $6;
-- with [Scene swapi Person Person 0 500]

-- scene: edited
UPDATE "larder_gone_scene"
  SET "fate" = 1
  WHERE "position" IN ($1, $2);
-- with [1 2]

-- scene: index rounds
CREATE INDEX IF NOT EXISTS "larder_gone_round_scene" ON "larder_gone_scene" ("round");
-- with []

-- scene: unused
UPDATE "larder_gone_scene"
  SET "fate" = 0, "round" = 0
  WHERE "fate" = 2;
-- with []

-- scene: delete gone
DELETE
  FROM "scene"
  WHERE "id" IN (SELECT "id" FROM "larder_gone_scene" WHERE "fate" = 0);
-- with []

-- scene: delete gone
DELETE
  FROM "larder_origin"
  WHERE "type" = $1 AND "record_id" IN (SELECT CAST("id" AS text) FROM "larder_gone_scene" WHERE "fate" = 0);
-- with [Scene]

-- scene: delete gone
UPDATE "larder_gone_scene"
  SET "fate" = 7
  WHERE "fate" = 0;
-- with []

-- scene: leave
DELETE
  FROM "larder_origin"
  WHERE "type" = $1 AND "source" = $2 AND "key" IN (SELECT "key" FROM "larder_gone_scene" WHERE "fate" = 5);
-- with [Scene swapi]

-- scene: leave
UPDATE "larder_origin"
  SET "detached" = $1
  WHERE "type" = $2 AND "source" = $3 AND "key" IN (SELECT "key" FROM "larder_gone_scene" WHERE "fate" IN (1, 2, 3));
-- with [1 Scene swapi]

-- scene: attach
UPDATE "larder_origin"
  SET "detached" = NULL
  WHERE "type" = $1 AND "source" = $2 AND "detached" IS NOT NULL AND EXISTS (SELECT 1 FROM "larder_stage_scene" s WHERE s."key" = "larder_origin"."key");
-- with [Scene swapi]

-- scene: first gone
SELECT g."key", CAST(g."id" AS text), g."fate"
  FROM "larder_gone_scene" g
  WHERE g."fate" IN (1, 2)
  ORDER BY g."position" LIMIT $1;
-- with [20]

-- scene: drop gone
DROP TABLE "larder_gone_scene";
-- with []

-- scene: lock differing
SELECT count(*)
  FROM (SELECT FROM "scene" r JOIN "larder_match_scene" o ON o."id" = r."id" WHERE o."state" IN (2, 3) ORDER BY r."id" FOR UPDATE OF r) l;
-- with []

-- scene: differing
SELECT m."position", m."state", s."key", CAST(m."id" AS text), s."base", coalesce(o."base", '{}'), '{' || '"number":' || coalesce(r."number"::text, 'null') || ',"person":' || CASE WHEN r."person_id" IS NULL THEN 'null' ELSE coalesce((SELECT k."key" FROM "larder_origin" k WHERE k."type" = $3 AND k."source" = $2 AND k."record_id" = CAST(r."person_id" AS text) ORDER BY k."key" LIMIT 1), '{"id":"' || CAST(r."person_id" AS text) || '"}') END || '}', (SELECT '[' || coalesce(string_agg('{' || '"source":' || to_json(p."source")::text || ',"base":' || CAST(p."base" AS text) || ',"here":' || '{' || '"person":' || CASE WHEN r."person_id" IS NULL THEN 'null' ELSE coalesce((SELECT k."key" FROM "larder_origin" k WHERE k."type" = $4 AND k."source" = p."source" AND k."record_id" = CAST(r."person_id" AS text) ORDER BY k."key" LIMIT 1), '{"id":"' || CAST(r."person_id" AS text) || '"}') END || '}' || '}', ','), '') || ']' FROM "larder_origin" p WHERE p."type" = $1 AND p."record_id" = CAST(r."id" AS text) AND p."source" <> $2 AND p."detached" IS NULL), (SELECT '[' || coalesce(string_agg('{' || '"id":' || CAST(c."id" AS text) || ',"field":' || to_json(c."field")::text || coalesce(',"base":' || CAST(c."base" AS text), '') || '}', ','), '') || ']' FROM "larder_conflict" c WHERE c."type" = $1 AND c."source" = $2 AND c."key" = s."key" AND c."resolution" IS NULL)
  FROM "larder_match_scene" m
  JOIN "larder_stage_scene" s ON s."position" = m."position"
  JOIN "scene" r ON r."id" = m."id" LEFT
  JOIN "larder_origin" o ON o."type" = $1 AND o."source" = $2 AND o."key" = s."key"
  WHERE m."state" IN (2, 3) AND m."position" > $5
  ORDER BY m."position" LIMIT $6;
-- with [Scene swapi Person Person 0 500]

-- scene: load changes
INSERT INTO "larder_change_scene"
  VALUES ($1, $2, $3);
-- with [1 {} ,0,,2,]

-- scene: conflicts
INSERT INTO "larder_conflict" ("source", "type", "key", "field", "record_id", "base", "upstream", "local", "run_id", "found_at", "resolution", "resolved_at")
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
  ON CONFLICT ("type", "source", "key", "field") DO UPDATE
  SET "base" = CASE WHEN "larder_conflict"."resolution" IS NULL THEN "larder_conflict"."base" ELSE excluded."base" END, "record_id" = excluded."record_id", "upstream" = excluded."upstream", "local" = excluded."local", "run_id" = excluded."run_id", "found_at" = excluded."found_at", "resolution" = excluded."resolution", "resolved_at" = excluded."resolved_at";
-- with [swapi Scene ["A"] title 1 <nil> "B" "C" 1 2026-11-23 17:18:00 +0000 UTC <nil> <nil>]

-- scene: close conflicts
DELETE
  FROM "larder_conflict"
  WHERE "id" IN ($1, $2);
-- with [1 2]

-- scene: stale conflicts
DELETE
  FROM "larder_conflict"
  WHERE "type" = $1 AND "source" = $2 AND ("field" NOT IN ($3, $4) OR NOT EXISTS (SELECT 1 FROM "scene" t WHERE t."id" = CAST("larder_conflict"."record_id" AS bigint)));
-- with [Scene swapi number person]

-- scene: insert
INSERT INTO "scene" ("id", "number", "person_id") SELECT m."id", s."value_0", (SELECT fm."id" FROM "larder_stage_person" fs JOIN "larder_match_person" fm ON fm."position" = fs."position" WHERE fs."key" = s."value_1" AND fm."state" <> 4)
  FROM "larder_match_scene" m
  JOIN "larder_stage_scene" s ON s."position" = m."position"
  WHERE m."state" IN (0, 5)
  ORDER BY m."position";
-- with []

-- scene: update
UPDATE "scene"
  SET "number" = CASE WHEN c."assigned" LIKE '%,0,%' THEN s."value_0" ELSE "scene"."number" END, "person_id" = CASE WHEN c."assigned" LIKE '%,1,%' THEN coalesce((SELECT fm."id" FROM "larder_stage_person" fs JOIN "larder_match_person" fm ON fm."position" = fs."position" WHERE fs."key" = s."value_1" AND fm."state" <> 4), "scene"."person_id") ELSE "scene"."person_id" END
  FROM "larder_change_scene" c, "larder_match_scene" m, "larder_stage_scene" s
  WHERE c."assigned" <> '' AND m."position" = c."position" AND s."position" = c."position" AND "scene"."id" = m."id";
-- with []

-- scene: adopt
INSERT INTO "larder_origin" ("type", "source", "key", "record_id", "base", "run_id") SELECT CAST($1 AS text), CAST($2 AS text), s."key", CAST(m."id" AS text), '{}', CAST($3 AS bigint)
  FROM "larder_match_scene" m
  JOIN "larder_stage_scene" s ON s."position" = m."position"
  WHERE m."state" = 3;
-- with [Scene swapi 1]

-- scene: origins
INSERT INTO "larder_origin" ("type", "source", "key", "record_id", "base", "run_id") SELECT CAST($1 AS text), CAST($2 AS text), s."key", CAST(m."id" AS text), coalesce(c."base", s."base"), CAST($3 AS bigint)
  FROM "larder_match_scene" m
  JOIN "larder_stage_scene" s ON s."position" = m."position" LEFT
  JOIN "larder_change_scene" c ON c."position" = m."position"
  WHERE m."state" IN (0, 2, 3, 5)
  ORDER BY s."key"
  ON CONFLICT ("type", "source", "key") DO UPDATE
  SET "base" = excluded."base", "run_id" = excluded."run_id";
-- with [Scene swapi 1]

-- scene: origins of new
INSERT INTO "larder_origin" ("type", "source", "key", "record_id", "base", "run_id") SELECT CAST($1 AS text), CAST($2 AS text), s."key", CAST(m."id" AS text), s."base", CAST($3 AS bigint)
  FROM "larder_match_scene" m
  JOIN "larder_stage_scene" s ON s."position" = m."position";
-- with [Scene swapi 1]

-- scene: written
ANALYZE "scene";
-- with []

-- scene: written
ANALYZE "larder_origin";
-- with []

-- scene: clashes
SELECT 'number, person', s."record", s."key", e."key", ''
  FROM "larder_match_scene" m
  JOIN "larder_stage_scene" s ON s."position" = m."position"
  JOIN "larder_stage_scene" e ON s."value_0" = e."value_0" AND s."value_1" = e."value_1" AND e."position" < s."position"
  JOIN "larder_match_scene" n ON n."position" = e."position" AND n."state" IN (0, 2, 5)
  WHERE m."state" IN (0, 2, 5)
  ORDER BY s."position" LIMIT $1;
-- with [20]

-- scene: clashes
SELECT 'number, person', s."record", s."key", '', CAST(t."id" AS text)
  FROM "larder_match_scene" m
  JOIN "larder_stage_scene" s ON s."position" = m."position"
  JOIN "scene" t ON t."number" = s."value_0" AND t."person_id" = (SELECT fm."id" FROM "larder_stage_person" fs JOIN "larder_match_person" fm ON fm."position" = fs."position" WHERE fs."key" = s."value_1" AND fm."state" <> 4) AND t."id" <> m."id"
  WHERE m."state" IN (0, 2, 5)
  ORDER BY s."position" LIMIT $1;
-- with [20]

-- scene: drop
DROP TABLE "larder_change_scene";
-- with []

-- scene: drop
DROP TABLE "larder_match_scene";
-- with []

-- scene: drop
DROP TABLE "larder_stage_scene";
-- with []

-- begin a run
INSERT INTO "larder_run" ("source", "status", "started_at", "cause", "asked")
  VALUES ($1, $2, $3, $4, $5)
  RETURNING "id";
-- with [swapi done 2026-11-23 17:18:00 +0000 UTC <nil> <nil>]

-- resume a run
UPDATE "larder_run"
  SET "status" = $1, "started_at" = $2
  WHERE "id" = $3 AND "status" = $4;
-- with [running 2026-11-23 17:18:00 +0000 UTC 1 waiting]

-- close runs
UPDATE "larder_run"
  SET "status" = $1, "finished_at" = $2, "error" = $3
  WHERE "source" = $4 AND "status" = $5 AND "started_at" < $6;
-- with [done 2026-11-23 17:18:00 +0000 UTC  swapi running 2026-11-23 17:18:00 +0000 UTC]

-- end a run
UPDATE "larder_run"
  SET "finished_at" = $1, "status" = $2, "address" = $3, "upstream_status" = $4, "bytes" = $5, "fetched" = $6, "created" = $7, "adopted" = $8, "updated" = $9, "unchanged" = $10, "conflicts" = $11, "gone" = $12, "removed" = $13, "detached" = $14, "deleted" = $15, "held" = $16, "error" = $17, "profile" = $18
  WHERE "id" = $19;
-- with [2026-11-23 17:18:00 +0000 UTC done https://example.com <nil> 0 0 0 0 0 0 0 0 0 0 0 0 <nil> <nil> 1]

-- forget runs
DELETE
  FROM "larder_run"
  WHERE "source" = $1 AND "finished_at" IS NOT NULL AND "id" < (SELECT min(k."id") FROM (SELECT "id" FROM "larder_run" WHERE "source" = $1 ORDER BY "id" DESC LIMIT $2) k) AND "id" <> coalesce((SELECT max(l."id") FROM "larder_run" l WHERE l."source" = $1 AND l."status" = 'done'), 0) AND "id" <> coalesce((SELECT max(p."id") FROM "larder_run" p WHERE p."source" = $1 AND p."status" = 'done' AND p."profile" IS NOT NULL), 0);
-- with [swapi 100]

-- read runs
SELECT '{' || '"id":' || coalesce(r."id"::text, 'null') || ',' || '"source":' || coalesce(to_json(r."source")::text, 'null') || ',' || '"status":' || coalesce(to_json(r."status")::text, 'null') || ',' || '"cause":' || coalesce(to_json(r."cause")::text, 'null') || ',' || '"asked":' || coalesce(to_json(r."asked")::text, 'null') || ',' || '"startedAt":' || coalesce('"' || rtrim(rtrim(to_char(r."started_at" AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'), '0'), '.') || 'Z"', 'null') || ',' || '"finishedAt":' || coalesce('"' || rtrim(rtrim(to_char(r."finished_at" AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'), '0'), '.') || 'Z"', 'null') || ',' || '"address":' || coalesce(to_json(r."address")::text, 'null') || ',' || '"upstreamStatus":' || coalesce(r."upstream_status"::text, 'null') || ',' || '"bytes":' || coalesce(r."bytes"::text, 'null') || ',' || '"fetched":' || coalesce(r."fetched"::text, 'null') || ',' || '"created":' || coalesce(r."created"::text, 'null') || ',' || '"adopted":' || coalesce(r."adopted"::text, 'null') || ',' || '"updated":' || coalesce(r."updated"::text, 'null') || ',' || '"unchanged":' || coalesce(r."unchanged"::text, 'null') || ',' || '"conflicts":' || coalesce(r."conflicts"::text, 'null') || ',' || '"gone":' || coalesce(r."gone"::text, 'null') || ',' || '"removed":' || coalesce(r."removed"::text, 'null') || ',' || '"detached":' || coalesce(r."detached"::text, 'null') || ',' || '"deleted":' || coalesce(r."deleted"::text, 'null') || ',' || '"held":' || coalesce(r."held"::text, 'null') || ',' || '"error":' || coalesce(to_json(r."error")::text, 'null') || '}'
  FROM "larder_run" r
  WHERE 1 = 1 AND r."source" = $1 AND r."id" < $2
  ORDER BY r."id" DESC LIMIT $3;
-- with [swapi 9 100]

-- read a run
SELECT '{' || '"id":' || coalesce(r."id"::text, 'null') || ',' || '"source":' || coalesce(to_json(r."source")::text, 'null') || ',' || '"status":' || coalesce(to_json(r."status")::text, 'null') || ',' || '"cause":' || coalesce(to_json(r."cause")::text, 'null') || ',' || '"asked":' || coalesce(to_json(r."asked")::text, 'null') || ',' || '"startedAt":' || coalesce('"' || rtrim(rtrim(to_char(r."started_at" AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'), '0'), '.') || 'Z"', 'null') || ',' || '"finishedAt":' || coalesce('"' || rtrim(rtrim(to_char(r."finished_at" AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'), '0'), '.') || 'Z"', 'null') || ',' || '"address":' || coalesce(to_json(r."address")::text, 'null') || ',' || '"upstreamStatus":' || coalesce(r."upstream_status"::text, 'null') || ',' || '"bytes":' || coalesce(r."bytes"::text, 'null') || ',' || '"fetched":' || coalesce(r."fetched"::text, 'null') || ',' || '"created":' || coalesce(r."created"::text, 'null') || ',' || '"adopted":' || coalesce(r."adopted"::text, 'null') || ',' || '"updated":' || coalesce(r."updated"::text, 'null') || ',' || '"unchanged":' || coalesce(r."unchanged"::text, 'null') || ',' || '"conflicts":' || coalesce(r."conflicts"::text, 'null') || ',' || '"gone":' || coalesce(r."gone"::text, 'null') || ',' || '"removed":' || coalesce(r."removed"::text, 'null') || ',' || '"detached":' || coalesce(r."detached"::text, 'null') || ',' || '"deleted":' || coalesce(r."deleted"::text, 'null') || ',' || '"held":' || coalesce(r."held"::text, 'null') || ',' || '"error":' || coalesce(to_json(r."error")::text, 'null') || '}'
  FROM "larder_run" r
  WHERE 1 = 1 AND r."id" = $1
  ORDER BY r."id" DESC LIMIT $2;
-- with [1 1]

-- list conflicts
SELECT x."record", x."here"
  FROM (SELECT c."id", '{' || '"id":' || CAST(c."id" AS text) || ',"source":' || to_json(c."source")::text || ',"type":' || to_json(c."type")::text || ',"key":' || c."key" || ',"recordId":' || to_json(c."record_id")::text || ',"field":' || to_json(c."field")::text || coalesce(',"base":' || CAST(c."base" AS text), '') || ',"upstream":' || CAST(c."upstream" AS text) || ',"local":' || CAST(c."local" AS text) || ',"run":' || CAST(c."run_id" AS text) || ',"foundAt":' || '"' || rtrim(rtrim(to_char(c."found_at" AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'), '0'), '.') || 'Z"' || coalesce(',"resolution":' || CASE WHEN c."resolution" IS NOT NULL THEN to_json(c."resolution")::text END, '') || coalesce(',"resolvedAt":' || CASE WHEN c."resolved_at" IS NOT NULL THEN '"' || rtrim(rtrim(to_char(c."resolved_at" AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'), '0'), '.') || 'Z"' END, '') || '}' AS "record", CASE c."type" WHEN 'Film' THEN (SELECT CASE c."field" WHEN 'title' THEN coalesce(to_json(r."title")::text, 'null') WHEN 'released' THEN coalesce(to_json(r."released")::text, 'null') WHEN 'grossed' THEN coalesce(trim_scale(r."grossed")::text, 'null') WHEN 'director' THEN CASE WHEN r."director_id" IS NULL THEN 'null' ELSE coalesce((SELECT k."key" FROM "larder_origin" k WHERE k."type" = $5 AND k."source" = c."source" AND k."record_id" = CAST(r."director_id" AS text) ORDER BY k."key" LIMIT 1), '{"id":"' || CAST(r."director_id" AS text) || '"}') END WHEN 'cast' THEN (SELECT '[' || coalesce(string_agg(CASE WHEN j."person_id" IS NULL THEN 'null' ELSE coalesce((SELECT k."key" FROM "larder_origin" k WHERE k."type" = $6 AND k."source" = c."source" AND k."record_id" = CAST(j."person_id" AS text) ORDER BY k."key" LIMIT 1), '{"id":"' || CAST(j."person_id" AS text) || '"}') END, ',' ORDER BY j."position"), '') || ']' FROM "film_cast" j WHERE j."film_id" = r."id") WHEN 'genres' THEN array_to_json(ARRAY(SELECT "value" FROM "film_genres" WHERE "film_id" = r."id" ORDER BY "position"))::text END FROM "film" r WHERE r."id" = CAST(c."record_id" AS bigint)) WHEN 'Person' THEN (SELECT CASE c."field" WHEN 'name' THEN coalesce(to_json(r."name")::text, 'null') END FROM "person" r WHERE r."id" = CAST(c."record_id" AS uuid)) WHEN 'Scene' THEN (SELECT CASE c."field" WHEN 'number' THEN coalesce(r."number"::text, 'null') WHEN 'person' THEN CASE WHEN r."person_id" IS NULL THEN 'null' ELSE coalesce((SELECT k."key" FROM "larder_origin" k WHERE k."type" = $7 AND k."source" = c."source" AND k."record_id" = CAST(r."person_id" AS text) ORDER BY k."key" LIMIT 1), '{"id":"' || CAST(r."person_id" AS text) || '"}') END END FROM "scene" r WHERE r."id" = CAST(c."record_id" AS bigint)) END AS "here" FROM "larder_conflict" c WHERE c."id" > $1 AND c."id" = $2 AND c."source" = $3 AND c."type" = $4 AND c."resolution" IS NULL) x
  WHERE x."here" IS NOT NULL
  ORDER BY x."id" LIMIT $8;
-- with [7 1 swapi Film Person Person Person 20]

-- resolve conflict
UPDATE "larder_conflict"
  SET "resolution" = $1, "local" = CAST($2 AS jsonb), "resolved_at" = $3
  WHERE "id" = $4 AND "run_id" = $5;
-- with [local 7 2026-11-23 17:18:00 +0000 UTC 1 2]

-- keyed records
SELECT o."key", to_json(t."id")::text
  FROM "larder_origin" o
  JOIN "person" t ON t."id" = CAST(o."record_id" AS uuid)
  WHERE o."type" = $2 AND o."source" = $3 AND o."key" IN ($1);
-- with [["A"] Person swapi]

