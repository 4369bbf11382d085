-- 0002_to for sqlite. Once a database has applied it, it must not change.

-- the check of Planet.title follows its column
ALTER TABLE "planet" DROP CONSTRAINT "planet_name_check";

-- rename planet_name_key to planet_title_key
DROP INDEX "planet_name_key";

-- rename planet_terrains_value_idx to planet_grounds_value_idx
DROP INDEX "planet_terrains_value_idx";

-- rename table planet_terrains to planet_grounds
ALTER TABLE "planet_terrains" RENAME TO "planet_grounds";

-- rename column planet.name to title
ALTER TABLE "planet" RENAME COLUMN "name" TO "title";

-- the check of Planet.title follows its column
ALTER TABLE "planet" ADD CONSTRAINT "planet_title_check" CHECK (length("title") >= 1);

-- rename planet_name_key to planet_title_key
CREATE UNIQUE INDEX "planet_title_key" ON "planet" ("title");

-- rename planet_terrains_value_idx to planet_grounds_value_idx
CREATE INDEX "planet_grounds_value_idx" ON "planet_grounds" ("value");
