-- 0002_to for postgres. Once a database has applied it, it must not change.

-- put the old column of Planet.climate aside
ALTER TABLE "planet" RENAME COLUMN "climate" TO "larder_old_climate";

-- add Planet.climate: [String]! @json
ALTER TABLE "planet" ADD COLUMN "climate" jsonb CONSTRAINT "planet_climate_check" CHECK (jsonb_typeof("climate") = 'array');

-- move the values of Planet.climate from one column to a JSON column
UPDATE "planet" AS t SET "climate" = (
  SELECT coalesce(jsonb_agg(to_jsonb("value") ORDER BY m."position"), '[]') FROM (
    SELECT "id" AS "owner", 0 AS "position", "larder_old_climate" AS "value" FROM "planet" WHERE "larder_old_climate" IS NOT NULL
  ) AS m WHERE m."owner" = t."id"
);

-- add Planet.climate: [String]! @json
ALTER TABLE "planet" ALTER COLUMN "climate" SET NOT NULL;

-- drop the old column of Planet.climate
ALTER TABLE "planet" DROP COLUMN "larder_old_climate";
