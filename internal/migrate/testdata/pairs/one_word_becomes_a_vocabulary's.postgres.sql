-- 0002_to for postgres. Once a database has applied it, it must not change.

-- add type Climate
CREATE TABLE "climate" (
  "id" uuid,
  "word" text COLLATE "C" NOT NULL,
  CONSTRAINT "climate_pkey" PRIMARY KEY ("id")
);

-- add unique climate_word_key (word)
ALTER TABLE "climate" ADD CONSTRAINT "climate_word_key" UNIQUE ("word");

-- add Planet.climate: reference to climate!
ALTER TABLE "planet" ADD COLUMN "climate_id" uuid;

-- move the values of Planet.climate from one column to a foreign key
INSERT INTO "climate" ("id", "word")
SELECT gen_random_uuid(), "word" FROM (
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

-- add Planet.climate: reference to climate!
ALTER TABLE "planet" ADD CONSTRAINT "planet_climate_id_fkey" FOREIGN KEY ("climate_id") REFERENCES "climate" ("id") ON DELETE RESTRICT;

-- add index planet_climate_id_idx (climate_id)
CREATE INDEX "planet_climate_id_idx" ON "planet" ("climate_id");
