-- 0002_to for postgres. Once a database has applied it, it must not change.

-- add Planet.terrains: [String]! @json
ALTER TABLE "planet" ADD COLUMN "terrains" jsonb CONSTRAINT "planet_terrains_check" CHECK (jsonb_typeof("terrains") = 'array');

-- add Planet.years: [Int]! @json
ALTER TABLE "planet" ADD COLUMN "years" jsonb CONSTRAINT "planet_years_check" CHECK (jsonb_typeof("years") = 'array');

-- move the values of Planet.terrains from a value table to a JSON column
UPDATE "planet" AS t SET "terrains" = (
  SELECT coalesce(jsonb_agg(to_jsonb("value") ORDER BY m."position"), '[]') FROM (
    SELECT "planet_id" AS "owner", "position", "value" FROM "planet_terrains"
  ) AS m WHERE m."owner" = t."id"
);

-- move the values of Planet.years from a value table to a JSON column
UPDATE "planet" AS t SET "years" = (
  SELECT coalesce(jsonb_agg(to_jsonb("value") ORDER BY m."position"), '[]') FROM (
    SELECT "planet_id" AS "owner", "position", "value" FROM "planet_years"
  ) AS m WHERE m."owner" = t."id"
);

-- add Planet.terrains: [String]! @json
ALTER TABLE "planet" ALTER COLUMN "terrains" SET NOT NULL;

-- add Planet.years: [Int]! @json
ALTER TABLE "planet" ALTER COLUMN "years" SET NOT NULL;

-- drop the old table of Planet.terrains
DROP TABLE "planet_terrains";

-- drop the old table of Planet.years
DROP TABLE "planet_years";
