-- 0002_to for sqlite. Once a database has applied it, it must not change.
-- larder:foreign-keys off

-- Rebuild table item, for what SQLite cannot alter in place:
--   Item.quantity: default 2
-- larder:rebuild item
CREATE TABLE "larder_new_item" (
  "id" INTEGER PRIMARY KEY AUTOINCREMENT,
  "quantity" INTEGER NOT NULL DEFAULT 2 CONSTRAINT "item_quantity_check" CHECK ("quantity" BETWEEN -2147483648 AND 2147483647),
  "total" INTEGER NOT NULL GENERATED ALWAYS AS ("quantity" * 10) VIRTUAL CONSTRAINT "item_total_check" CHECK ("total" BETWEEN -2147483648 AND 2147483647)
) STRICT;
INSERT INTO "larder_new_item" ("id", "quantity")
SELECT "id", "quantity"
FROM "item";
DELETE FROM sqlite_sequence WHERE name = 'larder_new_item';
INSERT INTO sqlite_sequence (name, seq) SELECT 'larder_new_item', seq FROM sqlite_sequence WHERE name = 'item';
DROP TABLE "item";
-- Legacy: triggers and views that name the table are left as they are.
PRAGMA legacy_alter_table = ON;
ALTER TABLE "larder_new_item" RENAME TO "item";
PRAGMA legacy_alter_table = OFF;
CREATE INDEX "item_total_idx" ON "item" ("total");
