-- 0002_to for sqlite. Once a database has applied it, it must not change.

-- drop Item.total
ALTER TABLE "item" DROP CONSTRAINT "item_total_check";

-- drop Item.net, computed as quantity * 2
ALTER TABLE "item" DROP CONSTRAINT "item_net_check";
ALTER TABLE "item" DROP COLUMN "net";

-- put the old column of Item.total aside
ALTER TABLE "item" RENAME COLUMN "total" TO "larder_old_total";

-- add Item.net: Int
ALTER TABLE "item" ADD COLUMN "net" INTEGER CONSTRAINT "item_net_check" CHECK ("net" BETWEEN -2147483648 AND 2147483647);

-- drop Item.total
ALTER TABLE "item" DROP COLUMN "larder_old_total";

-- add Item.total: Int, computed as quantity * 10
ALTER TABLE "item" ADD COLUMN "total" INTEGER GENERATED ALWAYS AS ("quantity" * 10) VIRTUAL CONSTRAINT "item_total_check" CHECK ("total" BETWEEN -2147483648 AND 2147483647);
