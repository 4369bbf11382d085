-- 0002_to for sqlite. Once a database has applied it, it must not change.

-- add Planet.climate
CREATE TABLE "planet_climate" (
  "planet_id" INTEGER NOT NULL REFERENCES "planet" ("id") ON DELETE CASCADE,
  "position" INTEGER NOT NULL,
  "value" TEXT NOT NULL,
  PRIMARY KEY ("planet_id", "position")
) STRICT, WITHOUT ROWID;

-- add index planet_climate_value_idx (value)
CREATE INDEX "planet_climate_value_idx" ON "planet_climate" ("value");

-- move the values of Planet.climate from one column to a value table
INSERT INTO "planet_climate" ("planet_id", "position", "value")
SELECT "owner", "position", "value" FROM (
  SELECT "id" AS "owner", 0 AS "position", "climate" AS "value" FROM "planet" WHERE "climate" IS NOT NULL
) AS m;

-- drop the old column of Planet.climate
ALTER TABLE "planet" DROP COLUMN "climate";
