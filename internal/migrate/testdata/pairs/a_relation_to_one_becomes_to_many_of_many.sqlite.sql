-- 0002_to for sqlite. Once a database has applied it, it must not change.

-- drop index planet_film_id_idx (film_id)
DROP INDEX "planet_film_id_idx";

-- add Film.planets
CREATE TABLE "film_planets" (
  "film_id" INTEGER NOT NULL REFERENCES "film" ("id") ON DELETE CASCADE,
  "position" INTEGER NOT NULL,
  "planet_id" INTEGER NOT NULL REFERENCES "planet" ("id") ON DELETE CASCADE,
  PRIMARY KEY ("film_id", "position")
) STRICT, WITHOUT ROWID;

-- add index film_planets_planet_id_idx (planet_id)
CREATE INDEX "film_planets_planet_id_idx" ON "film_planets" ("planet_id");

-- move the values of Planet.films from a foreign key to a join table
INSERT INTO "film_planets" ("film_id", "position", "planet_id")
SELECT m."value", row_number() OVER (PARTITION BY m."value" ORDER BY m."owner") - 1, m."owner" FROM (
  SELECT "id" AS "owner", 0 AS "position", "film_id" AS "value" FROM "planet" WHERE "film_id" IS NOT NULL
) AS m;

-- drop the old column of Planet.film
ALTER TABLE "planet" DROP COLUMN "film_id";
