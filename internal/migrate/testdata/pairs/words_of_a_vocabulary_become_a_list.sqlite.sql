-- 0002_to for sqlite. Once a database has applied it, it must not change.
-- larder:foreign-keys off

-- drop index planet_terrains_terrain_id_idx (terrain_id)
DROP INDEX "planet_terrains_terrain_id_idx";

-- put the old table planet_terrains aside
ALTER TABLE "planet_terrains" RENAME TO "larder_old_planet_terrains";

-- add Planet.terrains
CREATE TABLE "planet_terrains" (
  "planet_id" INTEGER NOT NULL REFERENCES "planet" ("id") ON DELETE CASCADE,
  "position" INTEGER NOT NULL,
  "value" TEXT NOT NULL,
  PRIMARY KEY ("planet_id", "position")
) STRICT, WITHOUT ROWID;

-- add index planet_terrains_value_idx (value)
CREATE INDEX "planet_terrains_value_idx" ON "planet_terrains" ("value");

-- move the values of Planet.terrains from a join table to a value table
INSERT INTO "planet_terrains" ("planet_id", "position", "value")
SELECT "owner", "position", "value" FROM (
  SELECT m."owner", m."position", v."word" AS "value" FROM (
    SELECT "planet_id" AS "owner", "position", "terrain_id" AS "value" FROM "larder_old_planet_terrains"
  ) AS m JOIN "terrain" AS v ON v."id" = m."value"
) AS m;

-- drop the old table of Planet.terrains
DROP TABLE "larder_old_planet_terrains";

-- drop type Terrain
DROP TABLE "terrain";
