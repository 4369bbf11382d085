-- 0002_to for postgres. Once a database has applied it, it must not change.

-- rename table planet to world
ALTER TABLE "planet" RENAME TO "world";
ALTER TABLE "world" RENAME CONSTRAINT "planet_pkey" TO "world_pkey";

-- rename table planet_terrains to world_terrains
ALTER TABLE "planet_terrains" RENAME TO "world_terrains";
ALTER TABLE "world_terrains" RENAME CONSTRAINT "planet_terrains_pkey" TO "world_terrains_pkey";

-- rename column moon.planet_id to world_id
ALTER TABLE "moon" RENAME COLUMN "planet_id" TO "world_id";

-- rename column world_terrains.planet_id to world_id
ALTER TABLE "world_terrains" RENAME COLUMN "planet_id" TO "world_id";

-- the check of World.name follows its column
ALTER TABLE "world" RENAME CONSTRAINT "planet_name_check" TO "world_name_check";

-- the check of World.population follows its column
ALTER TABLE "world" RENAME CONSTRAINT "planet_population_check" TO "world_population_check";

-- the foreign key of Moon.world follows its column
ALTER TABLE "moon" RENAME CONSTRAINT "moon_planet_id_fkey" TO "moon_world_id_fkey";

-- the foreign key of world_terrains.world_id follows its column
ALTER TABLE "world_terrains" RENAME CONSTRAINT "planet_terrains_planet_id_fkey" TO "world_terrains_world_id_fkey";

-- rename planet_name_key to world_name_key
ALTER TABLE "world" RENAME CONSTRAINT "planet_name_key" TO "world_name_key";

-- rename planet_population_idx to world_population_idx
ALTER INDEX "planet_population_idx" RENAME TO "world_population_idx";

-- rename planet_name_population_idx to world_name_population_idx
ALTER INDEX "planet_name_population_idx" RENAME TO "world_name_population_idx";

-- rename moon_planet_id_idx to moon_world_id_idx
ALTER INDEX "moon_planet_id_idx" RENAME TO "moon_world_id_idx";

-- rename planet_terrains_value_idx to world_terrains_value_idx
ALTER INDEX "planet_terrains_value_idx" RENAME TO "world_terrains_value_idx";
