-- 0002_to for postgres. Once a database has applied it, it must not change.

-- rename column item.list_id to home_id
ALTER TABLE "item" RENAME COLUMN "list_id" TO "home_id";

-- the foreign key of Item.home follows its column
ALTER TABLE "item" RENAME CONSTRAINT "item_list_id_fkey" TO "item_home_id_fkey";

-- rename item_list_id_idx to item_home_id_idx
ALTER INDEX "item_list_id_idx" RENAME TO "item_home_id_idx";
