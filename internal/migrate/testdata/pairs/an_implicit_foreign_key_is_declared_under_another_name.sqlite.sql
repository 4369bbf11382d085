-- 0002_to for sqlite. Once a database has applied it, it must not change.

-- rename item_list_id_idx to item_home_id_idx
DROP INDEX "item_list_id_idx";

-- rename column item.list_id to home_id
ALTER TABLE "item" RENAME COLUMN "list_id" TO "home_id";

-- rename item_list_id_idx to item_home_id_idx
CREATE INDEX "item_home_id_idx" ON "item" ("home_id");
