-- 0002_to for postgres. Once a database has applied it, it must not change.

-- drop Item.net, computed as quantity * 2
ALTER TABLE "item" DROP COLUMN "net";

-- put the old column of Item.total aside
ALTER TABLE "item" RENAME COLUMN "total" TO "larder_old_total";

-- add Item.net: Int
ALTER TABLE "item" ADD COLUMN "net" integer;

-- drop Item.total
ALTER TABLE "item" DROP COLUMN "larder_old_total";

-- add Item.total: Int, computed as quantity * 10
ALTER TABLE "item" ADD COLUMN "total" integer GENERATED ALWAYS AS ("quantity"::numeric * 10) STORED;
