-- 0002_to for sqlite. Once a database has applied it, it must not change.
-- larder:foreign-keys off

-- Rebuild table item, for what SQLite cannot alter in place:
--   Item.size: String becomes Int64
--   Item.weight: String becomes Decimal(18, 4)
-- larder:rebuild item
CREATE TABLE "larder_new_item" (
  "id" INTEGER PRIMARY KEY AUTOINCREMENT,
  "size" INTEGER,
  "weight" INTEGER CONSTRAINT "item_weight_check" CHECK ("weight" BETWEEN -999999999999999999 AND 999999999999999999)
) STRICT;
INSERT INTO "larder_new_item" ("id", "size", "weight")
SELECT "id", CASE WHEN CAST(CAST("size" AS INTEGER) AS TEXT) = "size" THEN CAST("size" AS INTEGER) ELSE 'not an integer: ' || "size" END, CASE WHEN "weight" GLOB '*[^0-9.-]*' OR "weight" GLOB '?*-*' OR "weight" GLOB '*.*.*' OR "weight" NOT GLOB '*[0-9]*' OR (instr("weight", '.') > 0 AND length("weight") - instr("weight", '.') > 4) THEN 'not a decimal of scale 4: ' || "weight" WHEN instr("weight", '.') = 0 THEN CAST("weight" || '0000' AS INTEGER) ELSE CAST(replace("weight", '.', '') || substr('0000', 1, 4 - (length("weight") - instr("weight", '.'))) AS INTEGER) END
FROM "item";
DELETE FROM sqlite_sequence WHERE name = 'larder_new_item';
INSERT INTO sqlite_sequence (name, seq) SELECT 'larder_new_item', seq FROM sqlite_sequence WHERE name = 'item';
DROP TABLE "item";
-- Legacy: triggers and views that name the table are left as they are.
PRAGMA legacy_alter_table = ON;
ALTER TABLE "larder_new_item" RENAME TO "item";
PRAGMA legacy_alter_table = OFF;
