-- 0002_to for sqlite. Once a database has applied it, it must not change.

-- drop index item_list_id_idx (list_id)
DROP INDEX "item_list_id_idx";

-- add List.items
CREATE TABLE "list_items" (
  "list_id" INTEGER NOT NULL REFERENCES "list" ("id") ON DELETE CASCADE,
  "position" INTEGER NOT NULL,
  "item_id" INTEGER NOT NULL REFERENCES "item" ("id") ON DELETE CASCADE,
  PRIMARY KEY ("list_id", "position")
) STRICT, WITHOUT ROWID;

-- add index list_items_item_id_idx (item_id)
CREATE INDEX "list_items_item_id_idx" ON "list_items" ("item_id");

-- move the values of List.items from a foreign key of Item to a join table
INSERT INTO "list_items" ("list_id", "position", "item_id")
SELECT "owner", "position", "value" FROM (
  SELECT "list_id" AS "owner", row_number() OVER (PARTITION BY "list_id" ORDER BY "id") - 1 AS "position", "id" AS "value" FROM "item" WHERE "list_id" IS NOT NULL
) AS m;

-- drop the old column of Item.list
ALTER TABLE "item" DROP COLUMN "list_id";
