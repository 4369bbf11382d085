-- 0002_to for postgres. Once a database has applied it, it must not change.

-- drop index moon_planet_id_idx (planet_id)
DROP INDEX "moon_planet_id_idx";

-- drop Planet.terrains
ALTER TABLE "planet_terrains" DROP CONSTRAINT "planet_terrains_planet_id_fkey";

-- drop Moon.planet
ALTER TABLE "moon" DROP COLUMN "planet_id";

-- drop Planet.terrains
DROP TABLE "planet_terrains";

-- drop type Planet
DROP TABLE "planet";
