-- 0002_to for postgres. Once a database has applied it, it must not change.

-- drop index item_total_idx (total)
DROP INDEX "item_total_idx";

-- drop Item.total, computed as quantity * 10
ALTER TABLE "item" DROP COLUMN "total";

-- drop Item.quantity
ALTER TABLE "item" DROP COLUMN "quantity";
