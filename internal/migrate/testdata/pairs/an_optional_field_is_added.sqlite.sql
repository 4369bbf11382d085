-- 0002_to for sqlite. Once a database has applied it, it must not change.

-- add Item.price: Decimal(18, 4)
ALTER TABLE "item" ADD COLUMN "price" INTEGER CONSTRAINT "item_price_check" CHECK ("price" BETWEEN 0 AND 999999999999999999);
