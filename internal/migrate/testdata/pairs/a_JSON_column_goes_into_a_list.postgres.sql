-- 0002_to for postgres. Once a database has applied it, it must not change.

-- add Planet.terrains
CREATE TABLE "planet_terrains" (
  "planet_id" bigint NOT NULL,
  "position" bigint NOT NULL,
  "value" text COLLATE "C" NOT NULL,
  CONSTRAINT "planet_terrains_pkey" PRIMARY KEY ("planet_id", "position")
);

-- add Planet.sizes
CREATE TABLE "planet_sizes" (
  "planet_id" bigint NOT NULL,
  "position" bigint NOT NULL,
  "value" double precision NOT NULL,
  CONSTRAINT "planet_sizes_pkey" PRIMARY KEY ("planet_id", "position")
);

-- add index planet_terrains_value_idx (value)
CREATE INDEX "planet_terrains_value_idx" ON "planet_terrains" ("value");

-- add index planet_sizes_value_idx (value)
CREATE INDEX "planet_sizes_value_idx" ON "planet_sizes" ("value");

-- move the values of Planet.terrains from a JSON column to a value table
INSERT INTO "planet_terrains" ("planet_id", "position", "value")
SELECT "owner", "position", ("value" #>> '{}') FROM (
  SELECT t."id" AS "owner", e.at - 1 AS "position", nullif(e.element, 'null') AS "value" FROM "planet" AS t, jsonb_array_elements(t."terrains") WITH ORDINALITY AS e(element, at)
) AS m;

-- move the values of Planet.sizes from a JSON column to a value table
INSERT INTO "planet_sizes" ("planet_id", "position", "value")
SELECT "owner", "position", (("value" #>> '{}'))::double precision FROM (
  SELECT t."id" AS "owner", e.at - 1 AS "position", nullif(e.element, 'null') AS "value" FROM "planet" AS t, jsonb_array_elements(t."sizes") WITH ORDINALITY AS e(element, at)
) AS m;

-- drop the old column of Planet.terrains
ALTER TABLE "planet" DROP COLUMN "terrains";

-- drop the old column of Planet.sizes
ALTER TABLE "planet" DROP COLUMN "sizes";

-- add Planet.terrains
ALTER TABLE "planet_terrains" ADD CONSTRAINT "planet_terrains_planet_id_fkey" FOREIGN KEY ("planet_id") REFERENCES "planet" ("id") ON DELETE CASCADE;

-- add Planet.sizes
ALTER TABLE "planet_sizes" ADD CONSTRAINT "planet_sizes_planet_id_fkey" FOREIGN KEY ("planet_id") REFERENCES "planet" ("id") ON DELETE CASCADE;
