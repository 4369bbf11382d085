-- 0002_to for sqlite. Once a database has applied it, it must not change.

-- the check of World.name follows its column
ALTER TABLE "planet" DROP CONSTRAINT "planet_name_check";

-- the check of World.population follows its column
ALTER TABLE "planet" DROP CONSTRAINT "planet_population_check";

-- rename planet_name_key to world_name_key
DROP INDEX "planet_name_key";

-- rename planet_population_idx to world_population_idx
DROP INDEX "planet_population_idx";

-- rename planet_name_population_idx to world_name_population_idx
DROP INDEX "planet_name_population_idx";

-- rename moon_planet_id_idx to moon_world_id_idx
DROP INDEX "moon_planet_id_idx";

-- rename planet_terrains_value_idx to world_terrains_value_idx
DROP INDEX "planet_terrains_value_idx";

-- rename table planet to world
ALTER TABLE "planet" RENAME TO "world";

-- rename table planet_terrains to world_terrains
ALTER TABLE "planet_terrains" RENAME TO "world_terrains";

-- rename column moon.planet_id to world_id
ALTER TABLE "moon" RENAME COLUMN "planet_id" TO "world_id";

-- rename column world_terrains.planet_id to world_id
ALTER TABLE "world_terrains" RENAME COLUMN "planet_id" TO "world_id";

-- the check of World.name follows its column
ALTER TABLE "world" ADD CONSTRAINT "world_name_check" CHECK (length("name") >= 1);

-- the check of World.population follows its column
ALTER TABLE "world" ADD CONSTRAINT "world_population_check" CHECK ("population" >= 0);

-- rename planet_name_key to world_name_key
CREATE UNIQUE INDEX "world_name_key" ON "world" ("name");

-- rename planet_population_idx to world_population_idx
CREATE INDEX "world_population_idx" ON "world" ("population");

-- rename planet_name_population_idx to world_name_population_idx
CREATE INDEX "world_name_population_idx" ON "world" ("name", "population");

-- rename moon_planet_id_idx to moon_world_id_idx
CREATE INDEX "moon_world_id_idx" ON "moon" ("world_id");

-- rename planet_terrains_value_idx to world_terrains_value_idx
CREATE INDEX "world_terrains_value_idx" ON "world_terrains" ("value");
