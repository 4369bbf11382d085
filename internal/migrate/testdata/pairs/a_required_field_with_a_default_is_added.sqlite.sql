-- 0002_to for sqlite. Once a database has applied it, it must not change.

-- add Item.bought: Boolean!
ALTER TABLE "item" ADD COLUMN "bought" INTEGER NOT NULL DEFAULT 0 CONSTRAINT "item_bought_check" CHECK ("bought" IN (0, 1));

-- add Item.quantity: Int!
ALTER TABLE "item" ADD COLUMN "quantity" INTEGER NOT NULL DEFAULT 1 CONSTRAINT "item_quantity_check" CHECK ("quantity" BETWEEN 0 AND 2147483647);
