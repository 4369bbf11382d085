-- 0001_init for sqlite. Once a database has applied it, it must not change.

-- add type ShoppingList
-- shopping_list: A list of things to buy.
CREATE TABLE "shopping_list" (
  "id" INTEGER PRIMARY KEY AUTOINCREMENT,
  "name" TEXT NOT NULL CONSTRAINT "shopping_list_name_check" CHECK (length("name") BETWEEN 1 AND 200),
  "created_at" TEXT NOT NULL CONSTRAINT "shopping_list_created_at_check" CHECK ("created_at" GLOB '????-??-??T??:??:??.??????Z'),
  "note" TEXT
) STRICT;

-- add type Item
-- item: Something to buy, on one list.
--   number: Counts within the list: the module's id, by which an item is known again.
--   position: Where the item stands in its list, from 0.
CREATE TABLE "item" (
  "id" INTEGER PRIMARY KEY AUTOINCREMENT,
  "number" INTEGER NOT NULL CONSTRAINT "item_number_check" CHECK ("number" BETWEEN 1 AND 2147483647),
  "position" INTEGER NOT NULL DEFAULT 0 CONSTRAINT "item_position_check" CHECK ("position" BETWEEN -2147483648 AND 2147483647),
  "name" TEXT NOT NULL CONSTRAINT "item_name_check" CHECK (length("name") BETWEEN 1 AND 200),
  "quantity" INTEGER NOT NULL DEFAULT 1 CONSTRAINT "item_quantity_check" CHECK ("quantity" BETWEEN 0 AND 2147483647),
  "unit" TEXT NOT NULL DEFAULT 'piece' CONSTRAINT "item_unit_check" CHECK ("unit" IN ('piece', 'gram', 'litre', 'pack')),
  "done" INTEGER NOT NULL DEFAULT 0 CONSTRAINT "item_done_check" CHECK ("done" IN (0, 1)),
  "shopping_list_id" INTEGER REFERENCES "shopping_list" ("id") ON DELETE CASCADE
) STRICT;

-- add unique shopping_list_name_key (name)
CREATE UNIQUE INDEX "shopping_list_name_key" ON "shopping_list" ("name");

-- add unique item_shopping_list_id_number_key (shopping_list_id, number)
CREATE UNIQUE INDEX "item_shopping_list_id_number_key" ON "item" ("shopping_list_id", "number");
