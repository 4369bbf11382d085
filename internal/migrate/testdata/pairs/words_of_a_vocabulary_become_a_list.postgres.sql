-- 0002_to for postgres. Once a database has applied it, it must not change.

-- drop index planet_terrains_terrain_id_idx (terrain_id)
DROP INDEX "planet_terrains_terrain_id_idx";

-- drop the old table of Planet.terrains
ALTER TABLE "planet_terrains" DROP CONSTRAINT "planet_terrains_terrain_id_fkey";

-- put the old table planet_terrains aside
ALTER TABLE "planet_terrains" RENAME TO "larder_old_planet_terrains";
ALTER TABLE "larder_old_planet_terrains" RENAME CONSTRAINT "planet_terrains_pkey" TO "larder_old_planet_terrains_pkey";

-- add Planet.terrains
CREATE TABLE "planet_terrains" (
  "planet_id" bigint NOT NULL,
  "position" bigint NOT NULL,
  "value" text COLLATE "C" NOT NULL,
  CONSTRAINT "planet_terrains_pkey" PRIMARY KEY ("planet_id", "position")
);

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

-- add Planet.terrains
ALTER TABLE "planet_terrains" ADD CONSTRAINT "planet_terrains_planet_id_fkey" FOREIGN KEY ("planet_id") REFERENCES "planet" ("id") ON DELETE CASCADE;
