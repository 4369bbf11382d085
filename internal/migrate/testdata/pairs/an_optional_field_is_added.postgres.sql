-- 0002_to for postgres. Once a database has applied it, it must not change.

-- add Item.price: Decimal(18, 4)
ALTER TABLE "item" ADD COLUMN "price" numeric(18,4) CONSTRAINT "item_price_check" CHECK ("price" >= 0);
