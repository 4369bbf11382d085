-- insert one planet
INSERT INTO "planet" ("name", "population")
  VALUES ($1, $2::bigint)
  RETURNING "id";
-- with [Hoth <nil>]

-- insert two planets with ids
INSERT INTO "planet" ("id", "name", "population")
  VALUES ($1::bigint, $2, $3::bigint), ($4::bigint, $5, $6::bigint)
  RETURNING "id";
-- with [1 Hoth <nil> 2 Naboo 5]

-- insert a planet unless its name is taken
INSERT INTO "planet" ("name", "population")
  VALUES ($1, $2::bigint)
  ON CONFLICT ("name") DO NOTHING
  RETURNING "id";
-- with [Hoth <nil>]

-- find the planet that took the name
SELECT r."id"
  FROM "planet" AS r
  WHERE r."name" = $1 FOR UPDATE;
-- with [Hoth]

-- insert a person
INSERT INTO "person" ("id", "name", "home_id", "kind_id")
  VALUES ($1, $2, $3::bigint, (SELECT w."id" FROM "kind" AS w WHERE w."word" = $4))
  RETURNING "id";
-- with [0192d3f4-0000-7000-8000-000000000001 Leia 2 princess]

-- update planet name $set population $mul
UPDATE "planet" AS r
  SET "name" = $1, "population" = r."population" * $2::bigint
  WHERE r."id" = $3::bigint;
-- with [Hoth 2 7]

-- update planet population $inc
UPDATE "planet" AS r
  SET "population" = r."population" + $1::bigint
  WHERE r."id" = $2::bigint;
-- with [1 7]

-- update planet population $max
UPDATE "planet" AS r
  SET "population" = CASE WHEN r."population" >= $1::bigint THEN r."population" ELSE $2::bigint END
  WHERE r."id" = $3::bigint;
-- with [10 10 7]

-- update thing price $mul
UPDATE "thing" AS r
  SET "price" = r."price" * $1::numeric
  WHERE r."id" = $2::bigint;
-- with [1.5 7]

-- update thing price $inc float $mul span $inc
UPDATE "thing" AS r
  SET "price" = r."price" + $1::numeric, "float" = r."float" * $2::double precision, "span" = r."span" + $3::bigint
  WHERE r."id" = $4::bigint;
-- with [0.25 0.5 1000000 7]

-- update thing moment $min
UPDATE "thing" AS r
  SET "moment" = CASE WHEN r."moment" <= $1::timestamptz THEN r."moment" ELSE $2::timestamptz END
  WHERE r."id" = $3::bigint;
-- with [2026-11-23 17:18:00 +0000 UTC 2026-11-23 17:18:00 +0000 UTC 7]

-- update thing labels $set
UPDATE "thing" AS r
  SET "labels" = $1
  WHERE r."id" = $2::bigint;
-- with [["a"] 7]

-- update thing labels $append
UPDATE "thing" AS r
  SET "labels" = coalesce(r."labels", '[]'::jsonb) || $1::jsonb
  WHERE r."id" = $2::bigint;
-- with [["a"] 7]

-- update thing labels $remove
UPDATE "thing" AS r
  SET "labels" = CASE WHEN r."labels" IS NOT NULL THEN (SELECT coalesce(jsonb_agg(v.value ORDER BY v.key), '[]'::jsonb) FROM (SELECT value, key - 1 AS key FROM jsonb_array_elements(r."labels") WITH ORDINALITY AS m(value, key)) AS v WHERE NOT EXISTS (SELECT 1 FROM (SELECT value, key - 1 AS key FROM jsonb_array_elements($1::jsonb) WITH ORDINALITY AS m(value, key)) AS e WHERE e.value = v.value)) END
  WHERE r."id" = $2::bigint;
-- with [["a"] 7]

-- update planets by filter
UPDATE "planet" AS r
  SET "population" = r."population" * $1::bigint
  WHERE r."id" IN (SELECT r."id" FROM "planet" AS r WHERE (r."population" < $2::bigint) ORDER BY r."id" FOR UPDATE)
  RETURNING "id";
-- with [2 5]

-- out of range
;
-- with []

-- the ids of planets by filter
SELECT r."id"
  FROM "planet" AS r
  WHERE (r."population" < $1::bigint)
  ORDER BY r."id" FOR UPDATE;
-- with [5]

-- delete planets by filter
DELETE
  FROM "planet" AS r
  WHERE r."id" IN (SELECT r."id" FROM "planet" AS r WHERE (r."population" < $1::bigint) ORDER BY r."id" FOR UPDATE)
  RETURNING "id";
-- with [5]

-- delete one planet
DELETE
  FROM "planet"
  WHERE "id" = $1::bigint;
-- with [7]

-- write lists
INSERT INTO "planet_terrains" ("planet_id", "position", "value")
  VALUES ($1::bigint, $2, $3), ($4::bigint, $5, $6);
-- with [7 0 desert 7 1 ice]

-- write long lists
INSERT INTO "planet_terrains" ("planet_id", "position", "value") SELECT (e.value ->> 0)::bigint, (e.value ->> 1)::bigint, (e.value ->> 2)::text
  FROM (SELECT value, key - 1 AS key FROM jsonb_array_elements($1::jsonb) WITH ORDINALITY AS m(value, key)) AS e;
-- with [[[7,0,"ice"],[7,1,"ice"],[7,2,"ice"],[7,3,"ice"],[7,4,"ice"],[7,5,"ice"],[7,6,"ice"],[7,7,"ice"],[7,8,"ice"]]]

-- write a vocabulary's long list
INSERT INTO "person_tags" ("person_id", "position", "tag_id") SELECT (e.value ->> 0)::uuid, (e.value ->> 1)::bigint, (SELECT w."id" FROM "tag" AS w WHERE w."word" = (e.value ->> 2)::text)
  FROM (SELECT value, key - 1 AS key FROM jsonb_array_elements($1::jsonb) WITH ORDINALITY AS m(value, key)) AS e;
-- with [[["0192d3f4-0000-7000-8000-000000000001",0,"brave"],["0192d3f4-0000-7000-8000-000000000001",1,"brave"],["0192d3f4-0000-7000-8000-000000000001",2,"brave"],["0192d3f4-0000-7000-8000-000000000001",3,"brave"],["0192d3f4-0000-7000-8000-000000000001",4,"brave"],["0192d3f4-0000-7000-8000-000000000001",5,"brave"],["0192d3f4-0000-7000-8000-000000000001",6,"brave"],["0192d3f4-0000-7000-8000-000000000001",7,"brave"],["0192d3f4-0000-7000-8000-000000000001",8,"brave"]]]

-- write a vocabulary's list
INSERT INTO "person_tags" ("person_id", "position", "tag_id")
  VALUES ($1, $2, (SELECT w."id" FROM "tag" AS w WHERE w."word" = $3::text));
-- with [0192d3f4-0000-7000-8000-000000000001 0 brave]

-- write long lists
INSERT INTO "planet_terrains" ("planet_id", "position", "value") SELECT (e.value ->> 0)::bigint, (e.value ->> 1)::bigint, (e.value ->> 2)::text
  FROM (SELECT value, key - 1 AS key FROM jsonb_array_elements($1::jsonb) WITH ORDINALITY AS m(value, key)) AS e;
-- with [[[7,0,"a"],[7,1,"b"],[7,2,"c"],[7,3,"d"],[7,4,"e"],[9,0,"a"],[9,1,"b"],[9,2,"c"],[9,3,"d"]]]

-- write a vocabulary's long list
INSERT INTO "person_tags" ("person_id", "position", "tag_id") SELECT (e.value ->> 0)::uuid, (e.value ->> 1)::bigint, (SELECT w."id" FROM "tag" AS w WHERE w."word" = (e.value ->> 2)::text)
  FROM (SELECT value, key - 1 AS key FROM jsonb_array_elements($1::jsonb) WITH ORDINALITY AS m(value, key)) AS e;
-- with [[["0192d3f4-0000-7000-8000-000000000001",0,"a"],["0192d3f4-0000-7000-8000-000000000001",1,"b"],["0192d3f4-0000-7000-8000-000000000001",2,"c"],["0192d3f4-0000-7000-8000-000000000001",3,"d"],["0192d3f4-0000-7000-8000-000000000001",4,"e"],["0192d3f4-0000-7000-8000-000000000001",5,"f"],["0192d3f4-0000-7000-8000-000000000001",6,"g"],["0192d3f4-0000-7000-8000-000000000001",7,"h"],["0192d3f4-0000-7000-8000-000000000001",8,"i"]]]

-- clear lists
DELETE
  FROM "planet_terrains"
  WHERE "planet_id" IN (SELECT (e.value #>> '{}')::bigint FROM (SELECT value, key - 1 AS key FROM jsonb_array_elements($1::jsonb) WITH ORDINALITY AS m(value, key)) AS e);
-- with [[7,9]]

-- append to lists
INSERT INTO "planet_terrains" ("planet_id", "position", "value") SELECT (o.value #>> '{}')::bigint, (SELECT coalesce(max(v."position") + 1, 0) FROM "planet_terrains" AS v WHERE v."planet_id" = (o.value #>> '{}')::bigint) + e.key, (e.value #>> '{}')::text
  FROM (SELECT value, key - 1 AS key FROM jsonb_array_elements($1::jsonb) WITH ORDINALITY AS m(value, key)) AS o CROSS
  JOIN (SELECT value, key - 1 AS key FROM jsonb_array_elements($2::jsonb) WITH ORDINALITY AS m(value, key)) AS e;
-- with [[7,9] ["desert","ice"]]

-- append to a vocabulary's list
INSERT INTO "person_tags" ("person_id", "position", "tag_id") SELECT (o.value #>> '{}')::uuid, (SELECT coalesce(max(v."position") + 1, 0) FROM "person_tags" AS v WHERE v."person_id" = (o.value #>> '{}')::uuid) + e.key, (SELECT w."id" FROM "tag" AS w WHERE w."word" = (e.value #>> '{}')::text)
  FROM (SELECT value, key - 1 AS key FROM jsonb_array_elements($1::jsonb) WITH ORDINALITY AS m(value, key)) AS o CROSS
  JOIN (SELECT value, key - 1 AS key FROM jsonb_array_elements($2::jsonb) WITH ORDINALITY AS m(value, key)) AS e;
-- with [["0192d3f4-0000-7000-8000-000000000001"] ["brave"]]

-- link new records
INSERT INTO "person_tags" ("person_id", "position", "tag_id") SELECT (e.value ->> 0)::uuid, (SELECT coalesce(max(v."position") + 1, 0) FROM "person_tags" AS v WHERE v."person_id" = (e.value ->> 2)::uuid) + (e.value ->> 3)::bigint, (e.value ->> 1)::bigint
  FROM (SELECT value, key - 1 AS key FROM jsonb_array_elements($1::jsonb) WITH ORDINALITY AS m(value, key)) AS e;
-- with [[["0192d3f4-0000-7000-8000-000000000001",3,"0192d3f4-0000-7000-8000-000000000001",0],["0192d3f4-0000-7000-8000-000000000001",4,"0192d3f4-0000-7000-8000-000000000001",1]]]

-- add words
INSERT INTO "tag" ("word") SELECT (e.value ->> 0)::text
  FROM (SELECT value, key - 1 AS key FROM jsonb_array_elements($1::jsonb) WITH ORDINALITY AS m(value, key)) AS e
  WHERE TRUE
  ON CONFLICT ("word") DO NOTHING;
-- with [[["brave"]]]

-- add words with ids
INSERT INTO "kind" ("word", "id") SELECT (e.value ->> 0)::text, (e.value ->> 1)::uuid
  FROM (SELECT value, key - 1 AS key FROM jsonb_array_elements($1::jsonb) WITH ORDINALITY AS m(value, key)) AS e
  WHERE TRUE
  ON CONFLICT ("word") DO NOTHING;
-- with [[["pilot","0192d3f4-0000-7000-8000-000000000001"]]]

-- a record referred to
SELECT 1
  FROM "planet" AS r
  WHERE r."id" = $1::bigint;
-- with [7]

-- claim a key
INSERT INTO "larder_idempotency" ("key", "fingerprint", "created_at")
  VALUES ($1, $2, $3)
  ON CONFLICT ("key") DO NOTHING;
-- with [key print 2026-11-23 17:18:00 +0000 UTC]

-- the kept answer
SELECT "fingerprint", "answer"
  FROM "larder_idempotency"
  WHERE "key" = $1;
-- with [key]

-- keep an answer
UPDATE "larder_idempotency"
  SET "answer" = $1
  WHERE "key" = $2;
-- with [[123 125] key]

-- drop a key
DELETE
  FROM "larder_idempotency"
  WHERE "key" IN (SELECT "key" FROM "larder_idempotency" WHERE "created_at" < $1 ORDER BY "created_at" LIMIT 100) OR "key" = $2 AND "created_at" < $3;
-- with [2026-11-23 17:18:00 +0000 UTC key 2026-11-23 17:18:00 +0000 UTC]

-- remove from lists
DELETE
  FROM "planet_terrains"
  WHERE "planet_id" IN (SELECT (e.value #>> '{}')::bigint FROM (SELECT value, key - 1 AS key FROM jsonb_array_elements($1::jsonb) WITH ORDINALITY AS m(value, key)) AS e) AND "value" IN (SELECT (e.value #>> '{}')::text FROM (SELECT value, key - 1 AS key FROM jsonb_array_elements($2::jsonb) WITH ORDINALITY AS m(value, key)) AS e);
-- with [[7] ["desert","ice"]]

-- move the rest away
UPDATE "planet_terrains"
  SET "position" = "position" + 1000000000
  WHERE "planet_id" IN (SELECT (e.value #>> '{}')::bigint FROM (SELECT value, key - 1 AS key FROM jsonb_array_elements($1::jsonb) WITH ORDINALITY AS m(value, key)) AS e);
-- with [[7]]

-- and back without gaps
UPDATE "planet_terrains" AS v
  SET "position" = (SELECT count(*) FROM "planet_terrains" AS b WHERE b."planet_id" = v."planet_id" AND b."position" < v."position")
  WHERE "planet_id" IN (SELECT (e.value #>> '{}')::bigint FROM (SELECT value, key - 1 AS key FROM jsonb_array_elements($1::jsonb) WITH ORDINALITY AS m(value, key)) AS e);
-- with [[7]]

