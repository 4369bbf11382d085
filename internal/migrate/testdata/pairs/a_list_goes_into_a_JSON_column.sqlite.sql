-- 0002_to for sqlite. Once a database has applied it, it must not change.
-- larder:foreign-keys off

-- add Planet.terrains: [String]! @json
ALTER TABLE "planet" ADD COLUMN "terrains" TEXT CONSTRAINT "planet_terrains_check" CHECK (json_valid("terrains") AND json_type("terrains") = 'array');

-- add Planet.years: [Int]! @json
ALTER TABLE "planet" ADD COLUMN "years" TEXT CONSTRAINT "planet_years_check" CHECK (json_valid("years") AND json_type("years") = 'array');

-- move the values of Planet.terrains from a value table to a JSON column
UPDATE "planet" AS t SET "terrains" = (
  SELECT json_group_array(json(CASE WHEN "value" IS NOT NULL THEN json_quote("value") END) ORDER BY m."position") FROM (
    SELECT "planet_id" AS "owner", "position", "value" FROM "planet_terrains"
  ) AS m WHERE m."owner" = t."id"
);

-- move the values of Planet.years from a value table to a JSON column
UPDATE "planet" AS t SET "years" = (
  SELECT json_group_array(json(CAST("value" AS TEXT)) ORDER BY m."position") FROM (
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
