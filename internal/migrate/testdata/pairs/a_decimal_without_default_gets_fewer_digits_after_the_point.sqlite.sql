-- 0002_to for sqlite. Once a database has applied it, it must not change.

-- Item.price: Decimal(10, 4) becomes Decimal(10, 2)
UPDATE "item" SET "price" = CASE WHEN "price" % 100 = 0 THEN "price" / 100 ELSE 'not exact: ' || "price" END WHERE "price" IS NOT NULL;
