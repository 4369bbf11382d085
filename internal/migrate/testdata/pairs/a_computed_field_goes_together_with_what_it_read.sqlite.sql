-- 0002_to for sqlite. Once a database has applied it, it must not change.

-- drop index item_total_idx (total)
DROP INDEX "item_total_idx";

-- drop Item.quantity
ALTER TABLE "item" DROP CONSTRAINT "item_quantity_check";

-- drop Item.total, computed as quantity * 10
ALTER TABLE "item" DROP CONSTRAINT "item_total_check";
ALTER TABLE "item" DROP COLUMN "total";

-- drop Item.quantity
ALTER TABLE "item" DROP COLUMN "quantity";
