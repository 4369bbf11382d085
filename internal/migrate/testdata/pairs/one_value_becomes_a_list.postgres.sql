-- 0002_to for postgres. Once a database has applied it, it must not change.

-- add Planet.climate
CREATE TABLE "planet_climate" (
  "planet_id" bigint NOT NULL,
  "position" bigint NOT NULL,
  "value" text COLLATE "C" NOT NULL,
  CONSTRAINT "planet_climate_pkey" PRIMARY KEY ("planet_id", "position")
);

-- add index planet_climate_value_idx (value)
CREATE INDEX "planet_climate_value_idx" ON "planet_climate" ("value");

-- move the values of Planet.climate from one column to a value table
INSERT INTO "planet_climate" ("planet_id", "position", "value")
SELECT "owner", "position", "value" FROM (
  SELECT "id" AS "owner", 0 AS "position", "climate" AS "value" FROM "planet" WHERE "climate" IS NOT NULL
) AS m;

-- drop the old column of Planet.climate
ALTER TABLE "planet" DROP COLUMN "climate";

-- add Planet.climate
ALTER TABLE "planet_climate" ADD CONSTRAINT "planet_climate_planet_id_fkey" FOREIGN KEY ("planet_id") REFERENCES "planet" ("id") ON DELETE CASCADE;
