-- 0002_to for postgres. Once a database has applied it, it must not change.

-- add Item.list: reference to list
ALTER TABLE "item" ADD COLUMN "list_id" bigint;

-- move the values of List.items from a join table to a foreign key of Item
UPDATE "item" AS t SET "list_id" = (
  SELECT m."owner" FROM (
    SELECT "list_id" AS "owner", "position", "item_id" AS "value" FROM "list_items"
  ) AS m WHERE m."value" = t."id" ORDER BY m."owner" LIMIT 1
);

-- drop the old table of List.items
DROP TABLE "list_items";

-- add Item.list: reference to list
ALTER TABLE "item" ADD CONSTRAINT "item_list_id_fkey" FOREIGN KEY ("list_id") REFERENCES "list" ("id") ON DELETE RESTRICT;

-- add index item_list_id_idx (list_id)
CREATE INDEX "item_list_id_idx" ON "item" ("list_id");
