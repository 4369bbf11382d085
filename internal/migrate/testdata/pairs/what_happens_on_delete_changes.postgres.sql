-- 0002_to for postgres. Once a database has applied it, it must not change.

-- Item.list refers to list, on delete cascade
ALTER TABLE "item" DROP CONSTRAINT "item_list_id_fkey";
ALTER TABLE "item" ADD CONSTRAINT "item_list_id_fkey" FOREIGN KEY ("list_id") REFERENCES "list" ("id") ON DELETE CASCADE;
