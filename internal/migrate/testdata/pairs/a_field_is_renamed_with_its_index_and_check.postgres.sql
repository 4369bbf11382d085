-- 0002_to for postgres. Once a database has applied it, it must not change.

-- rename table planet_terrains to planet_grounds
ALTER TABLE "planet_terrains" RENAME TO "planet_grounds";
ALTER TABLE "planet_grounds" RENAME CONSTRAINT "planet_terrains_pkey" TO "planet_grounds_pkey";

-- rename column planet.name to title
ALTER TABLE "planet" RENAME COLUMN "name" TO "title";

-- the check of Planet.title follows its column
ALTER TABLE "planet" RENAME CONSTRAINT "planet_name_check" TO "planet_title_check";

-- the foreign key of planet_grounds.planet_id follows its column
ALTER TABLE "planet_grounds" RENAME CONSTRAINT "planet_terrains_planet_id_fkey" TO "planet_grounds_planet_id_fkey";

-- rename planet_name_key to planet_title_key
ALTER TABLE "planet" RENAME CONSTRAINT "planet_name_key" TO "planet_title_key";

-- rename planet_terrains_value_idx to planet_grounds_value_idx
ALTER INDEX "planet_terrains_value_idx" RENAME TO "planet_grounds_value_idx";
