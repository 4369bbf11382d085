-- 0002_add_price for sqlite. Once a database has applied it, it must not change.

-- add Item.price: Decimal(18, 4)
ALTER TABLE "item" ADD COLUMN "price" INTEGER CONSTRAINT "item_price_check" CHECK ("price" BETWEEN -999999999999999999 AND 999999999999999999);

-- add index item_name_idx (name)
CREATE INDEX "item_name_idx" ON "item" ("name");

-- add index item_quantity_idx (quantity)
CREATE INDEX "item_quantity_idx" ON "item" ("quantity");

-- 0002_add_price for postgres. Once a database has applied it, it must not change.

-- add Item.price: Decimal(18, 4)
ALTER TABLE "item" ADD COLUMN "price" numeric(18,4);

-- 0003_add_price_item_name_idx for sqlite: nothing to do, 0002_add_price has made the index.

-- 0003_add_price_item_name_idx for postgres. Once a database has applied it, it must not change.
-- larder:no-transaction

-- add index item_name_idx (name)
CREATE INDEX CONCURRENTLY IF NOT EXISTS "item_name_idx" ON "item" ("name");

-- 0004_add_price_item_quantity_idx for sqlite: nothing to do, 0002_add_price has made the index.

-- 0004_add_price_item_quantity_idx for postgres. Once a database has applied it, it must not change.
-- larder:no-transaction

-- add index item_quantity_idx (quantity)
CREATE INDEX CONCURRENTLY IF NOT EXISTS "item_quantity_idx" ON "item" ("quantity");

