-- 0002_to for sqlite. Once a database has applied it, it must not change.

-- the check of Planet.population follows its column
ALTER TABLE "planet" DROP CONSTRAINT "planet_population_check";
ALTER TABLE "planet" ADD CONSTRAINT "planet_population_check" CHECK ("population" >= 0);
