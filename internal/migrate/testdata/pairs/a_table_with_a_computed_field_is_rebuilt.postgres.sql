-- 0002_to for postgres. Once a database has applied it, it must not change.

-- Item.quantity: default 2
ALTER TABLE "item" ALTER COLUMN "quantity" SET DEFAULT 2;
