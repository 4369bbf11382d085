-- 0002_to for sqlite. Once a database has applied it, it must not change.
-- larder:foreign-keys off

-- Rebuild table item, for what SQLite cannot alter in place:
--   add Item.total: Decimal(18, 4)!, computed as quantity * price
--   Item.quantity: Int! becomes Int64!
--   Item.quantity: default 3
--   Item.price: Decimal(18, 4) becomes Decimal(18, 2)!
--   Item.price: default 0
--   Item.price may no longer be null
--   drop Item.total, computed as quantity * price
-- larder:rebuild item, dropping item_quantity_check total
CREATE TABLE "larder_new_item" (
  "id" INTEGER PRIMARY KEY AUTOINCREMENT,
  "quantity" INTEGER NOT NULL DEFAULT 3,
  "price" INTEGER NOT NULL DEFAULT 0 CONSTRAINT "item_price_check" CHECK ("price" BETWEEN -999999999999999999 AND 999999999999999999),
  "total" INTEGER NOT NULL GENERATED ALWAYS AS (("quantity" * "price") * 100) VIRTUAL CONSTRAINT "item_total_check" CHECK ("total" BETWEEN -999999999999999999 AND 999999999999999999)
) STRICT;
INSERT INTO "larder_new_item" ("id", "quantity", "price")
SELECT "id", "quantity", CASE WHEN "price" % 100 = 0 THEN "price" / 100 ELSE 'not exact: ' || "price" END
FROM "item";
DELETE FROM sqlite_sequence WHERE name = 'larder_new_item';
INSERT INTO sqlite_sequence (name, seq) SELECT 'larder_new_item', seq FROM sqlite_sequence WHERE name = 'item';
DROP TABLE "item";
-- Legacy: triggers and views that name the table are left as they are.
PRAGMA legacy_alter_table = ON;
ALTER TABLE "larder_new_item" RENAME TO "item";
PRAGMA legacy_alter_table = OFF;

-- add index item_total_idx (total)
CREATE INDEX "item_total_idx" ON "item" ("total");
