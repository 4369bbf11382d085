-- 0002_to for sqlite. Once a database has applied it, it must not change.
-- larder:foreign-keys off

-- drop index moon_planet_id_idx (planet_id)
DROP INDEX "moon_planet_id_idx";

-- drop Moon.planet
ALTER TABLE "moon" DROP COLUMN "planet_id";

-- drop Planet.terrains
DROP TABLE "planet_terrains";

-- drop type Planet
DROP TABLE "planet";
