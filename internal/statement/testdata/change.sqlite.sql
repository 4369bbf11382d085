-- insert one planet
INSERT INTO "planet" ("name", "population")
  VALUES (?, ?)
  RETURNING "id";
-- with [Hoth <nil>]

-- insert two planets with ids
INSERT INTO "planet" ("id", "name", "population")
  VALUES (?, ?, ?), (?, ?, ?)
  RETURNING "id";
-- with [1 Hoth <nil> 2 Naboo 5]

-- insert a planet unless its name is taken
INSERT INTO "planet" ("name", "population")
  VALUES (?, ?)
  ON CONFLICT ("name") DO NOTHING
  RETURNING "id";
-- with [Hoth <nil>]

-- find the planet that took the name
SELECT r."id"
  FROM "planet" AS r
  WHERE r."name" = ?;
-- with [Hoth]

-- insert a person
INSERT INTO "person" ("id", "name", "home_id", "kind_id")
  VALUES (?, ?, ?, (SELECT w."id" FROM "kind" AS w WHERE w."word" = ?))
  RETURNING "id";
-- with [0192d3f4-0000-7000-8000-000000000001 Leia 2 princess]

-- update planet name $set population $mul
UPDATE "planet" AS r
  SET "name" = ?, "population" = r."population" * ?
  WHERE r."id" = ?;
-- with [Hoth 2 7]

-- update planet population $inc
UPDATE "planet" AS r
  SET "population" = r."population" + ?
  WHERE r."id" = ?;
-- with [1 7]

-- update planet population $max
UPDATE "planet" AS r
  SET "population" = CASE WHEN r."population" >= ? THEN r."population" ELSE ? END
  WHERE r."id" = ?;
-- with [10 10 7]

-- update thing price $mul
UPDATE "thing" AS r
  SET "price" = (r."price" * ? + CASE WHEN r."price" * ? < 0 THEN ? ELSE ? END) / ?
  WHERE r."id" = ?;
-- with [15 15 -5 5 10 7]

-- update thing price $inc float $mul span $inc
UPDATE "thing" AS r
  SET "price" = r."price" + ?, "float" = r."float" * ?, "span" = r."span" + ?
  WHERE r."id" = ?;
-- with [25 0.5 1000000 7]

-- update thing moment $min
UPDATE "thing" AS r
  SET "moment" = CASE WHEN r."moment" <= ? THEN r."moment" ELSE ? END
  WHERE r."id" = ?;
-- with [2026-11-23T17:18:00.000000Z 2026-11-23T17:18:00.000000Z 7]

-- update thing labels $set
UPDATE "thing" AS r
  SET "labels" = ?
  WHERE r."id" = ?;
-- with [["a"] 7]

-- update thing labels $append
UPDATE "thing" AS r
  SET "labels" = CASE WHEN ifnull(json(r."labels"), '[]') = '[]' THEN ? ELSE substr(json(r."labels"), 1, length(json(r."labels")) - 1) || ',' || substr(?, 2) END
  WHERE r."id" = ?;
-- with [["a"] ["a"] 7]

-- update thing labels $remove
UPDATE "thing" AS r
  SET "labels" = CASE WHEN r."labels" IS NOT NULL THEN (SELECT json_group_array(CASE v.type WHEN 'true' THEN json('true') WHEN 'false' THEN json('false') WHEN 'array' THEN json(v.value) WHEN 'object' THEN json(v.value) ELSE v.value END) FROM json_each(r."labels") AS v WHERE NOT EXISTS (SELECT 1 FROM json_each(?) AS e WHERE e.value IS v.value AND e.type = v.type)) END
  WHERE r."id" = ?;
-- with [["a"] 7]

-- update planets by filter
UPDATE "planet" AS r
  SET "population" = r."population" * ?
  WHERE (r."population" < ?)
  RETURNING "id";
-- with [2 5]

-- out of range
SELECT 1
  FROM "planet" AS r
  WHERE (r."population" < ?) AND NOT ((r."population" * ?) BETWEEN ? AND ?) LIMIT 1;
-- with [5 2 -9223372036854775808 9223372036854775807]

-- the ids of planets by filter
SELECT r."id"
  FROM "planet" AS r
  WHERE (r."population" < ?)
  ORDER BY r."id";
-- with [5]

-- delete planets by filter
DELETE
  FROM "planet" AS r
  WHERE (r."population" < ?)
  RETURNING "id";
-- with [5]

-- delete one planet
DELETE
  FROM "planet"
  WHERE "id" = ?;
-- with [7]

-- write lists
INSERT INTO "planet_terrains" ("planet_id", "position", "value")
  VALUES (?, ?, ?), (?, ?, ?);
-- with [7 0 desert 7 1 ice]

-- write long lists
INSERT INTO "planet_terrains" ("planet_id", "position", "value") SELECT e.value ->> 0, e.value ->> 1, e.value ->> 2
  FROM json_each(?) AS e;
-- with [[[7,0,"ice"],[7,1,"ice"],[7,2,"ice"],[7,3,"ice"],[7,4,"ice"],[7,5,"ice"],[7,6,"ice"],[7,7,"ice"],[7,8,"ice"]]]

-- write a vocabulary's long list
INSERT INTO "person_tags" ("person_id", "position", "tag_id") SELECT e.value ->> 0, e.value ->> 1, (SELECT w."id" FROM "tag" AS w WHERE w."word" = e.value ->> 2)
  FROM json_each(?) AS e;
-- with [[["0192d3f4-0000-7000-8000-000000000001",0,"brave"],["0192d3f4-0000-7000-8000-000000000001",1,"brave"],["0192d3f4-0000-7000-8000-000000000001",2,"brave"],["0192d3f4-0000-7000-8000-000000000001",3,"brave"],["0192d3f4-0000-7000-8000-000000000001",4,"brave"],["0192d3f4-0000-7000-8000-000000000001",5,"brave"],["0192d3f4-0000-7000-8000-000000000001",6,"brave"],["0192d3f4-0000-7000-8000-000000000001",7,"brave"],["0192d3f4-0000-7000-8000-000000000001",8,"brave"]]]

-- write a vocabulary's list
INSERT INTO "person_tags" ("person_id", "position", "tag_id")
  VALUES (?, ?, (SELECT w."id" FROM "tag" AS w WHERE w."word" = ?));
-- with [0192d3f4-0000-7000-8000-000000000001 0 brave]

-- write long lists
INSERT INTO "planet_terrains" ("planet_id", "position", "value") SELECT e.value ->> 0, e.value ->> 1, e.value ->> 2
  FROM json_each(?) AS e;
-- with [[[7,0,"a"],[7,1,"b"],[7,2,"c"],[7,3,"d"],[7,4,"e"],[9,0,"a"],[9,1,"b"],[9,2,"c"],[9,3,"d"]]]

-- write a vocabulary's long list
INSERT INTO "person_tags" ("person_id", "position", "tag_id") SELECT e.value ->> 0, e.value ->> 1, (SELECT w."id" FROM "tag" AS w WHERE w."word" = e.value ->> 2)
  FROM json_each(?) AS e;
-- with [[["0192d3f4-0000-7000-8000-000000000001",0,"a"],["0192d3f4-0000-7000-8000-000000000001",1,"b"],["0192d3f4-0000-7000-8000-000000000001",2,"c"],["0192d3f4-0000-7000-8000-000000000001",3,"d"],["0192d3f4-0000-7000-8000-000000000001",4,"e"],["0192d3f4-0000-7000-8000-000000000001",5,"f"],["0192d3f4-0000-7000-8000-000000000001",6,"g"],["0192d3f4-0000-7000-8000-000000000001",7,"h"],["0192d3f4-0000-7000-8000-000000000001",8,"i"]]]

-- clear lists
DELETE
  FROM "planet_terrains"
  WHERE "planet_id" IN (SELECT e.value FROM json_each(?) AS e);
-- with [[7,9]]

-- append to lists
INSERT INTO "planet_terrains" ("planet_id", "position", "value") SELECT o.value, (SELECT coalesce(max(v."position") + 1, 0) FROM "planet_terrains" AS v WHERE v."planet_id" = o.value) + e.key, e.value
  FROM json_each(?) AS o CROSS
  JOIN json_each(?) AS e;
-- with [[7,9] ["desert","ice"]]

-- append to a vocabulary's list
INSERT INTO "person_tags" ("person_id", "position", "tag_id") SELECT o.value, (SELECT coalesce(max(v."position") + 1, 0) FROM "person_tags" AS v WHERE v."person_id" = o.value) + e.key, (SELECT w."id" FROM "tag" AS w WHERE w."word" = e.value)
  FROM json_each(?) AS o CROSS
  JOIN json_each(?) AS e;
-- with [["0192d3f4-0000-7000-8000-000000000001"] ["brave"]]

-- link new records
INSERT INTO "person_tags" ("person_id", "position", "tag_id") SELECT e.value ->> 0, (SELECT coalesce(max(v."position") + 1, 0) FROM "person_tags" AS v WHERE v."person_id" = e.value ->> 2) + e.value ->> 3, e.value ->> 1
  FROM json_each(?) AS e;
-- with [[["0192d3f4-0000-7000-8000-000000000001",3,"0192d3f4-0000-7000-8000-000000000001",0],["0192d3f4-0000-7000-8000-000000000001",4,"0192d3f4-0000-7000-8000-000000000001",1]]]

-- add words
INSERT INTO "tag" ("word") SELECT e.value ->> 0
  FROM json_each(?) AS e
  WHERE TRUE
  ON CONFLICT ("word") DO NOTHING;
-- with [[["brave"]]]

-- add words with ids
INSERT INTO "kind" ("word", "id") SELECT e.value ->> 0, e.value ->> 1
  FROM json_each(?) AS e
  WHERE TRUE
  ON CONFLICT ("word") DO NOTHING;
-- with [[["pilot","0192d3f4-0000-7000-8000-000000000001"]]]

-- a record referred to
SELECT 1
  FROM "planet" AS r
  WHERE r."id" = ?;
-- with [7]

-- claim a key
INSERT INTO "larder_idempotency" ("key", "fingerprint", "created_at")
  VALUES (?, ?, ?)
  ON CONFLICT ("key") DO NOTHING;
-- with [key print 2026-11-23T17:18:00.000000Z]

-- the kept answer
SELECT "fingerprint", "answer"
  FROM "larder_idempotency"
  WHERE "key" = ?;
-- with [key]

-- keep an answer
UPDATE "larder_idempotency"
  SET "answer" = ?
  WHERE "key" = ?;
-- with [[123 125] key]

-- drop a key
DELETE
  FROM "larder_idempotency"
  WHERE "key" IN (SELECT "key" FROM "larder_idempotency" WHERE "created_at" < ? ORDER BY "created_at" LIMIT 100) OR "key" = ? AND "created_at" < ?;
-- with [2026-11-23T17:18:00.000000Z key 2026-11-23T17:18:00.000000Z]

-- remove from lists
DELETE
  FROM "planet_terrains"
  WHERE "planet_id" IN (SELECT e.value FROM json_each(?) AS e) AND "value" IN (SELECT e.value FROM json_each(?) AS e);
-- with [[7] ["desert","ice"]]

-- move the rest away
UPDATE "planet_terrains"
  SET "position" = "position" + 1000000000
  WHERE "planet_id" IN (SELECT e.value FROM json_each(?) AS e);
-- with [[7]]

-- and back without gaps
UPDATE "planet_terrains" AS v
  SET "position" = (SELECT count(*) FROM "planet_terrains" AS b WHERE b."planet_id" = v."planet_id" AND b."position" < v."position")
  WHERE "planet_id" IN (SELECT e.value FROM json_each(?) AS e);
-- with [[7]]

