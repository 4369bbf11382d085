-- 0002_to for postgres. Once a database has applied it, it must not change.

-- Planet.diameter: Int64 becomes Int
ALTER TABLE "planet" ALTER COLUMN "diameter" TYPE integer USING "diameter"::integer;
