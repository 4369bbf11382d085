-- 0002_to for sqlite. Once a database has applied it, it must not change.
-- larder:foreign-keys off

-- Rebuild table item, for what SQLite cannot alter in place:
--   Item.price: Decimal(10, 2) becomes Decimal(12, 4)
-- larder:rebuild item
CREATE TABLE "larder_new_item" (
  "id" INTEGER PRIMARY KEY AUTOINCREMENT,
  "price" INTEGER DEFAULT 5000 CONSTRAINT "item_price_check" CHECK ("price" BETWEEN 2500 AND 999999999999)
) STRICT;
INSERT INTO "larder_new_item" ("id", "price")
SELECT "id", "price" * 100
FROM "item";
DELETE FROM sqlite_sequence WHERE name = 'larder_new_item';
INSERT INTO sqlite_sequence (name, seq) SELECT 'larder_new_item', seq FROM sqlite_sequence WHERE name = 'item';
DROP TABLE "item";
-- Legacy: triggers and views that name the table are left as they are.
PRAGMA legacy_alter_table = ON;
ALTER TABLE "larder_new_item" RENAME TO "item";
PRAGMA legacy_alter_table = OFF;
