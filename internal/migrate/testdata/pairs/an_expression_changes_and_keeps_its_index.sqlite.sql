-- 0002_to for sqlite. Once a database has applied it, it must not change.

-- drop index item_total_idx (total)
DROP INDEX "item_total_idx";

-- drop Item.total, computed as quantity * 10
ALTER TABLE "item" DROP CONSTRAINT "item_total_check";
ALTER TABLE "item" DROP COLUMN "total";

-- add Item.total: Int, computed as (quantity + gift) * 10
ALTER TABLE "item" ADD COLUMN "total" INTEGER GENERATED ALWAYS AS (("quantity" + "gift") * 10) VIRTUAL CONSTRAINT "item_total_check" CHECK (typeof(("quantity" + "gift") * 10) <> 'real' AND "total" BETWEEN -2147483648 AND 2147483647);

-- add index item_total_idx (total)
CREATE INDEX "item_total_idx" ON "item" ("total");
