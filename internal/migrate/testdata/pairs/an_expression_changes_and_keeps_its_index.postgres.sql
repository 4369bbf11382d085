-- 0002_to for postgres. Once a database has applied it, it must not change.

-- drop index item_total_idx (total)
DROP INDEX "item_total_idx";

-- drop Item.total, computed as quantity * 10
ALTER TABLE "item" DROP COLUMN "total";

-- add Item.total: Int, computed as (quantity + gift) * 10
ALTER TABLE "item" ADD COLUMN "total" integer GENERATED ALWAYS AS (("quantity"::numeric + "gift") * 10) STORED;

-- add index item_total_idx (total)
CREATE INDEX "item_total_idx" ON "item" ("total");
