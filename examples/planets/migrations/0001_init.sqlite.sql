-- 0001_init for sqlite. Once a database has applied it, it must not change.

-- add type Planet
-- planet: A large mass, planet or planetoid in the Star Wars Universe, at the time of 0 ABY.
CREATE TABLE "planet" (
  "id" INTEGER PRIMARY KEY AUTOINCREMENT,
  "name" TEXT NOT NULL CONSTRAINT "planet_name_check" CHECK (length("name") BETWEEN 1 AND 200),
  "population" INTEGER CONSTRAINT "planet_population_check" CHECK ("population" >= 0)
) STRICT;

-- add Planet.terrains
CREATE TABLE "planet_terrains" (
  "planet_id" INTEGER NOT NULL REFERENCES "planet" ("id") ON DELETE CASCADE,
  "position" INTEGER NOT NULL,
  "value" TEXT NOT NULL,
  PRIMARY KEY ("planet_id", "position")
) STRICT, WITHOUT ROWID;

-- add Planet.climates
CREATE TABLE "planet_climates" (
  "planet_id" INTEGER NOT NULL REFERENCES "planet" ("id") ON DELETE CASCADE,
  "position" INTEGER NOT NULL,
  "value" TEXT NOT NULL,
  PRIMARY KEY ("planet_id", "position")
) STRICT, WITHOUT ROWID;

-- add unique planet_name_key (name)
CREATE UNIQUE INDEX "planet_name_key" ON "planet" ("name");

-- add index planet_population_idx (population)
CREATE INDEX "planet_population_idx" ON "planet" ("population");

-- add index planet_terrains_value_idx (value)
CREATE INDEX "planet_terrains_value_idx" ON "planet_terrains" ("value");

-- add index planet_climates_value_idx (value)
CREATE INDEX "planet_climates_value_idx" ON "planet_climates" ("value");
