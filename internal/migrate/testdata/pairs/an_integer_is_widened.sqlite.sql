-- 0002_to for sqlite. Once a database has applied it, it must not change.

-- Planet.population: check min 0
ALTER TABLE "planet" DROP CONSTRAINT "planet_population_check";
ALTER TABLE "planet" ADD CONSTRAINT "planet_population_check" CHECK ("population" >= 0);
