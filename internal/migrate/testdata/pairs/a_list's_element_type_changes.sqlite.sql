-- 0002_to for sqlite. Once a database has applied it, it must not change.
-- larder:foreign-keys off

-- Rebuild table planet_years, for what SQLite cannot alter in place:
--   Planet.years: Int! becomes String!
-- larder:rebuild planet_years, dropping planet_years_value_check
CREATE TABLE "larder_new_planet_years" (
  "planet_id" INTEGER NOT NULL REFERENCES "planet" ("id") ON DELETE CASCADE,
  "position" INTEGER NOT NULL,
  "value" TEXT NOT NULL,
  PRIMARY KEY ("planet_id", "position")
) STRICT, WITHOUT ROWID;
INSERT INTO "larder_new_planet_years" ("planet_id", "position", "value")
SELECT "planet_id", "position", CAST("value" AS TEXT)
FROM "planet_years";
DROP TABLE "planet_years";
-- Legacy: triggers and views that name the table are left as they are.
PRAGMA legacy_alter_table = ON;
ALTER TABLE "larder_new_planet_years" RENAME TO "planet_years";
PRAGMA legacy_alter_table = OFF;
CREATE INDEX "planet_years_value_idx" ON "planet_years" ("value");
