-- 0002_to for sqlite. Once a database has applied it, it must not change.
-- larder:foreign-keys off

-- drop index planet_terrains_value_idx (value)
DROP INDEX "planet_terrains_value_idx";

-- put the old table planet_terrains aside
ALTER TABLE "planet_terrains" RENAME TO "larder_old_planet_terrains";

-- add type Terrain
CREATE TABLE "terrain" (
  "id" INTEGER PRIMARY KEY AUTOINCREMENT,
  "word" TEXT NOT NULL
) STRICT;

-- add Planet.terrains
CREATE TABLE "planet_terrains" (
  "planet_id" INTEGER NOT NULL REFERENCES "planet" ("id") ON DELETE CASCADE,
  "position" INTEGER NOT NULL,
  "terrain_id" INTEGER NOT NULL REFERENCES "terrain" ("id") ON DELETE CASCADE,
  PRIMARY KEY ("planet_id", "position")
) STRICT, WITHOUT ROWID;

-- add unique terrain_word_key (word)
CREATE UNIQUE INDEX "terrain_word_key" ON "terrain" ("word");

-- add index planet_terrains_terrain_id_idx (terrain_id)
CREATE INDEX "planet_terrains_terrain_id_idx" ON "planet_terrains" ("terrain_id");

-- move the values of Planet.terrains from a value table to a join table
INSERT INTO "terrain" ("word")
SELECT "word" FROM (
  SELECT DISTINCT "value" AS "word" FROM (
    SELECT "planet_id" AS "owner", "position", "value" FROM "larder_old_planet_terrains"
  ) AS m WHERE m."value" IS NOT NULL
) AS n WHERE true
ON CONFLICT DO NOTHING;
INSERT INTO "planet_terrains" ("planet_id", "position", "terrain_id")
SELECT "owner", "position", (SELECT "id" FROM "terrain" AS v WHERE v."word" = "value") FROM (
  SELECT "planet_id" AS "owner", "position", "value" FROM "larder_old_planet_terrains"
) AS m;

-- drop the old table of Planet.terrains
DROP TABLE "larder_old_planet_terrains";
