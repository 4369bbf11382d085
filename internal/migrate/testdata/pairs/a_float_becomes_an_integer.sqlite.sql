-- 0002_to for sqlite. Once a database has applied it, it must not change.
-- larder:foreign-keys off

-- Rebuild table planet, for what SQLite cannot alter in place:
--   Planet.population: Float becomes Int64
--   Planet.population: check min 0
-- larder:rebuild planet
CREATE TABLE "larder_new_planet" (
  "id" INTEGER PRIMARY KEY AUTOINCREMENT,
  "population" INTEGER CONSTRAINT "planet_population_check" CHECK ("population" >= 0)
) STRICT;
INSERT INTO "larder_new_planet" ("id", "population")
SELECT "id", CASE WHEN CAST("population" AS INTEGER) = "population" THEN CAST("population" AS INTEGER) ELSE 'not an integer: ' || "population" END
FROM "planet";
DELETE FROM sqlite_sequence WHERE name = 'larder_new_planet';
INSERT INTO sqlite_sequence (name, seq) SELECT 'larder_new_planet', seq FROM sqlite_sequence WHERE name = 'planet';
DROP TABLE "planet";
-- Legacy: triggers and views that name the table are left as they are.
PRAGMA legacy_alter_table = ON;
ALTER TABLE "larder_new_planet" RENAME TO "planet";
PRAGMA legacy_alter_table = OFF;
