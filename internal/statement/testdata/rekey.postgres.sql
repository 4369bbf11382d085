-- profile
SELECT count(*), count(*) - count("value_0"), count(*) - count(NULLIF("value_1", '[]')), count(*) - count("value_2"), count(*) - count("value_3")
  FROM "larder_stage_film";
-- with []

-- kinds of JSON
SELECT k."kind", count(*)
  FROM (SELECT jsonb_typeof("value_2") AS "kind" FROM "larder_stage_film") k
  WHERE k."kind" IS NOT NULL AND k."kind" <> 'null' GROUP BY k."kind";
-- with []

-- last profile
SELECT "profile"
  FROM "larder_run"
  WHERE "source" = $1 AND "status" = 'done' AND "profile" IS NOT NULL
  ORDER BY "id" DESC LIMIT 1;
-- with [swapi]

-- create
CREATE TEMPORARY TABLE "larder_rekey" ("type" text NOT NULL, "before" text COLLATE "C" NOT NULL, "now" text COLLATE "C" NOT NULL, PRIMARY KEY ("type", "before"));
-- with []

-- create
CREATE TEMPORARY TABLE "larder_rekey_read" ("former" bigint NOT NULL, "type" text NOT NULL, "position" bigint NOT NULL, "key" text COLLATE "C" NOT NULL, PRIMARY KEY ("former", "type", "position"));
-- with []

-- unknown
SELECT o."key", o."base"
  FROM "larder_origin" o
  WHERE o."type" = $1 AND o."source" = $2 AND o."key" > $3 AND NOT EXISTS (SELECT 1 FROM "larder_rekey" m WHERE m."type" = o."type" AND m."before" = o."key")
  ORDER BY o."key" LIMIT $4;
-- with [Film swapi  500]

-- origins
SELECT o."key", o."base"
  FROM "larder_origin" o
  WHERE o."type" = $1 AND o."source" = $2 AND o."key" > $3
  ORDER BY o."key" LIMIT $4;
-- with [Film swapi  500]

-- load
INSERT INTO "larder_rekey"
  VALUES ($1, $2, $3);
-- with [Film ["A"] [1]]

-- find
SELECT "before", "now"
  FROM "larder_rekey"
  WHERE "type" = $1 AND "before" IN ($2, $3);
-- with [Film ["A"] ["B"]]

-- load what is read
INSERT INTO "larder_rekey_read"
  VALUES ($1, $2, $3, $4);
-- with [1 Film 1 ["A"]]

-- loaded
ANALYZE "larder_rekey";
-- with []

-- loaded
ANALYZE "larder_rekey_read";
-- with []

-- ambiguous
SELECT f."key", min(n."key"), max(n."key")
  FROM "larder_rekey_read" f
  JOIN "larder_rekey_read" n ON n."former" = 0 AND n."type" = f."type" AND n."position" = f."position"
  WHERE f."former" = 1 AND f."type" = $1 GROUP BY f."key" HAVING min(n."key") <> max(n."key")
  ORDER BY f."key" LIMIT $2;
-- with [Film 20]

-- take what is read
INSERT INTO "larder_rekey" SELECT o."type", o."key", x."now"
  FROM (SELECT f."key" AS "before", min(n."key") AS "now" FROM "larder_rekey_read" f JOIN "larder_rekey_read" n ON n."former" = 0 AND n."type" = f."type" AND n."position" = f."position" WHERE f."former" = 1 AND f."type" = $1 GROUP BY f."key") x
  JOIN "larder_origin" o ON o."key" = x."before" AND o."type" = $1 AND o."source" = $2
  WHERE 1 = 1
  ON CONFLICT ("type", "before") DO NOTHING;
-- with [Film swapi]

-- repeated
SELECT x."now", min(x."before"), max(x."before")
  FROM (SELECT coalesce(m."now", o."key") AS "now", o."key" AS "before" FROM "larder_origin" o LEFT JOIN "larder_rekey" m ON m."type" = o."type" AND m."before" = o."key" WHERE o."type" = $1 AND o."source" = $2) x GROUP BY x."now" HAVING count(*) > 1
  ORDER BY x."now" LIMIT $3;
-- with [Film swapi 20]

-- count
SELECT count(m."now"), count(*) - count(m."now")
  FROM "larder_origin" o LEFT
  JOIN "larder_rekey" m ON m."type" = o."type" AND m."before" = o."key"
  WHERE o."type" = $1 AND o."source" = $2;
-- with [Film swapi]

-- first
SELECT "before", "now"
  FROM "larder_rekey"
  WHERE "type" = $1
  ORDER BY "before" LIMIT $2;
-- with [Film 20]

-- set bases
UPDATE "larder_origin"
  SET "base" = CAST(v."column2" AS jsonb)
  FROM (VALUES ($1, $2)) v
  WHERE "type" = $3 AND "source" = $4 AND "key" = v."column1";
-- with [["A"] {} Film swapi]

-- conflicts
SELECT "id", CAST(coalesce("base", 'null') AS text), CAST("upstream" AS text), CAST("local" AS text)
  FROM "larder_conflict"
  WHERE "type" = $1 AND "source" = $2 AND "field" = $3;
-- with [Film swapi sequel]

-- set conflict
UPDATE "larder_conflict"
  SET "base" = $1, "upstream" = $2, "local" = $3
  WHERE "id" = $4;
-- with [<nil> [1] [2] 1]

-- apply
UPDATE "larder_origin"
  SET "key" = 'rekey:' || m."now"
  FROM "larder_rekey" m
  WHERE "larder_origin"."source" = $1 AND "larder_origin"."type" = m."type" AND "larder_origin"."key" = m."before";
-- with [swapi]

-- apply
UPDATE "larder_origin"
  SET "key" = substr("key", 7)
  WHERE "source" = $1 AND "key" LIKE 'rekey:%';
-- with [swapi]

-- apply
UPDATE "larder_conflict"
  SET "key" = 'rekey:' || m."now"
  FROM "larder_rekey" m
  WHERE "larder_conflict"."source" = $1 AND "larder_conflict"."type" = m."type" AND "larder_conflict"."key" = m."before";
-- with [swapi]

-- apply
UPDATE "larder_conflict"
  SET "key" = substr("key", 7)
  WHERE "source" = $1 AND "key" LIKE 'rekey:%';
-- with [swapi]

-- set profile
UPDATE "larder_run"
  SET "profile" = $1
  WHERE "id" = (SELECT max(l."id") FROM "larder_run" l WHERE l."source" = $2 AND l."status" = 'done' AND l."profile" IS NOT NULL);
-- with [{} swapi]

-- drop
DROP TABLE "larder_rekey";
-- with []

-- drop
DROP TABLE "larder_rekey_read";
-- with []

