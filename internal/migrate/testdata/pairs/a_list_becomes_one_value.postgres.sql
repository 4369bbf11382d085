-- 0002_to for postgres. Once a database has applied it, it must not change.

-- add Planet.climate: String
ALTER TABLE "planet" ADD COLUMN "climate" text COLLATE "C";

-- move the values of Planet.climate from a value table to one column
UPDATE "planet" AS t SET "climate" = (
  SELECT "value" FROM (
    SELECT "planet_id" AS "owner", "position", "value" FROM "planet_climate"
  ) AS m WHERE m."owner" = t."id" ORDER BY m."position" LIMIT 1
) WHERE t."id" IN (SELECT "owner" FROM (
  SELECT "planet_id" AS "owner", "position", "value" FROM "planet_climate"
) AS m);

-- drop the old table of Planet.climate
DROP TABLE "planet_climate";
