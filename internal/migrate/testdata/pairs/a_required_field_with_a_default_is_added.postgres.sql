-- 0002_to for postgres. Once a database has applied it, it must not change.

-- add Item.bought: Boolean!
ALTER TABLE "item" ADD COLUMN "bought" boolean NOT NULL DEFAULT false;

-- add Item.quantity: Int!
ALTER TABLE "item" ADD COLUMN "quantity" integer NOT NULL DEFAULT 1 CONSTRAINT "item_quantity_check" CHECK ("quantity" >= 0);
