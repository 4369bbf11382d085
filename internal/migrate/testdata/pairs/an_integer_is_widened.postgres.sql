-- 0002_to for postgres. Once a database has applied it, it must not change.

-- Planet.population: Int becomes Int64
ALTER TABLE "planet" ALTER COLUMN "population" TYPE bigint USING "population"::bigint;
