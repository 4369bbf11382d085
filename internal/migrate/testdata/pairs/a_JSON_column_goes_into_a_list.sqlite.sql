-- 0002_to for sqlite. Once a database has applied it, it must not change.

-- drop the old column of Planet.terrains
ALTER TABLE "planet" DROP CONSTRAINT "planet_terrains_check";

-- drop the old column of Planet.sizes
ALTER TABLE "planet" DROP CONSTRAINT "planet_sizes_check";

-- add Planet.terrains
CREATE TABLE "planet_terrains" (
  "planet_id" INTEGER NOT NULL REFERENCES "planet" ("id") ON DELETE CASCADE,
  "position" INTEGER NOT NULL,
  "value" TEXT NOT NULL,
  PRIMARY KEY ("planet_id", "position")
) STRICT, WITHOUT ROWID;

-- add Planet.sizes
CREATE TABLE "planet_sizes" (
  "planet_id" INTEGER NOT NULL REFERENCES "planet" ("id") ON DELETE CASCADE,
  "position" INTEGER NOT NULL,
  "value" REAL NOT NULL CONSTRAINT "planet_sizes_value_check" CHECK ("value" BETWEEN -1.7976931348623157e+308 AND 1.7976931348623157e+308),
  PRIMARY KEY ("planet_id", "position")
) STRICT, WITHOUT ROWID;

-- add index planet_terrains_value_idx (value)
CREATE INDEX "planet_terrains_value_idx" ON "planet_terrains" ("value");

-- add index planet_sizes_value_idx (value)
CREATE INDEX "planet_sizes_value_idx" ON "planet_sizes" ("value");

-- move the values of Planet.terrains from a JSON column to a value table
INSERT INTO "planet_terrains" ("planet_id", "position", "value")
SELECT "owner", "position", CASE json_type("value") WHEN 'text' THEN "value" ->> '$' ELSE "value" END FROM (
  SELECT t."id" AS "owner", e.key AS "position", CASE e.type WHEN 'null' THEN NULL ELSE t."terrains" -> e.fullkey END AS "value" FROM "planet" AS t, json_each(t."terrains") AS e
) AS m;

-- move the values of Planet.sizes from a JSON column to a value table
INSERT INTO "planet_sizes" ("planet_id", "position", "value")
SELECT "owner", "position", CASE WHEN NOT json_valid(CASE json_type("value") WHEN 'text' THEN "value" ->> '$' ELSE "value" END) THEN 'not a number: ' || CASE json_type("value") WHEN 'text' THEN "value" ->> '$' ELSE "value" END WHEN json_type(CASE json_type("value") WHEN 'text' THEN "value" ->> '$' ELSE "value" END) IN ('integer', 'real') THEN CAST(CASE json_type("value") WHEN 'text' THEN "value" ->> '$' ELSE "value" END AS REAL) ELSE 'not a number: ' || CASE json_type("value") WHEN 'text' THEN "value" ->> '$' ELSE "value" END END FROM (
  SELECT t."id" AS "owner", e.key AS "position", CASE e.type WHEN 'null' THEN NULL ELSE t."sizes" -> e.fullkey END AS "value" FROM "planet" AS t, json_each(t."sizes") AS e
) AS m;

-- drop the old column of Planet.terrains
ALTER TABLE "planet" DROP COLUMN "terrains";

-- drop the old column of Planet.sizes
ALTER TABLE "planet" DROP COLUMN "sizes";
