-- 0002_to for postgres. Once a database has applied it, it must not change.

-- Planet.years: Int! becomes String!
ALTER TABLE "planet_years" ALTER COLUMN "value" TYPE text COLLATE "C" USING "value"::text;
