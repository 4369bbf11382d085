-- 0002_to for sqlite. Once a database has applied it, it must not change.

-- add type Climate
CREATE TABLE "climate" (
  "id" TEXT PRIMARY KEY NOT NULL CONSTRAINT "climate_id_check" CHECK (length("id") = 36),
  "word" TEXT NOT NULL
) STRICT;

-- add unique climate_word_key (word)
CREATE UNIQUE INDEX "climate_word_key" ON "climate" ("word");

-- add Planet.climate: reference to climate!
ALTER TABLE "planet" ADD COLUMN "climate_id" TEXT REFERENCES "climate" ("id") ON DELETE RESTRICT;

-- move the values of Planet.climate from one column to a foreign key
INSERT INTO "climate" ("id", "word")
SELECT lower(printf('%s-%s-4%s-%s%s-%s', hex(randomblob(4)), hex(randomblob(2)), substr(hex(randomblob(2)), 2), substr('89ab', 1 + (random() & 3), 1), substr(hex(randomblob(2)), 2), hex(randomblob(6)))), "word" FROM (
  SELECT DISTINCT "value" AS "word" FROM (
    SELECT "id" AS "owner", 0 AS "position", "climate" AS "value" FROM "planet" WHERE "climate" IS NOT NULL
  ) AS m WHERE m."value" IS NOT NULL
) AS n WHERE true
ON CONFLICT DO NOTHING;
UPDATE "planet" AS t SET "climate_id" = (
  SELECT (SELECT "id" FROM "climate" AS v WHERE v."word" = "value") FROM (
    SELECT "id" AS "owner", 0 AS "position", "climate" AS "value" FROM "planet" WHERE "climate" IS NOT NULL
  ) AS m WHERE m."owner" = t."id" ORDER BY m."position" LIMIT 1
) WHERE t."id" IN (SELECT "owner" FROM (
  SELECT "id" AS "owner", 0 AS "position", "climate" AS "value" FROM "planet" WHERE "climate" IS NOT NULL
) AS m);

-- add Planet.climate: reference to climate!
ALTER TABLE "planet" ALTER COLUMN "climate_id" SET NOT NULL;

-- drop the old column of Planet.climate
ALTER TABLE "planet" DROP COLUMN "climate";

-- add index planet_climate_id_idx (climate_id)
CREATE INDEX "planet_climate_id_idx" ON "planet" ("climate_id");
