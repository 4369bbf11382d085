-- 0002_to for sqlite. Once a database has applied it, it must not change.

-- the check of Planet.diameter follows its column
ALTER TABLE "planet" ADD CONSTRAINT "planet_diameter_check" CHECK ("diameter" BETWEEN -2147483648 AND 2147483647);
