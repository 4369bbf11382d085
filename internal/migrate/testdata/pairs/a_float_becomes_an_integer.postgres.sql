-- 0002_to for postgres. Once a database has applied it, it must not change.

-- Planet.population: Float becomes Int64
ALTER TABLE "planet" ALTER COLUMN "population" TYPE bigint USING trim_scale("population"::text::numeric)::text::bigint;

-- Planet.population: check min 0
ALTER TABLE "planet" ADD CONSTRAINT "planet_population_check" CHECK ("population" >= 0);
