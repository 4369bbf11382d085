-- 0002_to for postgres. Once a database has applied it, it must not change.

-- Item.price: Decimal(10, 4) becomes Decimal(10, 2)
ALTER TABLE "item" ALTER COLUMN "price" TYPE numeric(10,2) USING CASE WHEN "price" = round("price", 2) THEN "price" ELSE ('not a decimal of scale 2: ' || "price")::numeric END;
