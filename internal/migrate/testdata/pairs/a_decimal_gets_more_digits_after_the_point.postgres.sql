-- 0002_to for postgres. Once a database has applied it, it must not change.

-- Item.price: Decimal(10, 2) becomes Decimal(12, 4)
ALTER TABLE "item" ALTER COLUMN "price" DROP DEFAULT;
ALTER TABLE "item" ALTER COLUMN "price" TYPE numeric(12,4);
ALTER TABLE "item" ALTER COLUMN "price" SET DEFAULT 0.5;
