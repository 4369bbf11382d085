-- 0002_to for postgres. Once a database has applied it, it must not change.

-- drop Item.total, computed as quantity * price
ALTER TABLE "item" DROP COLUMN "total";

-- Item.quantity: Int! becomes Int64!
ALTER TABLE "item" ALTER COLUMN "quantity" TYPE bigint USING "quantity"::bigint;
ALTER TABLE "item" ALTER COLUMN "quantity" SET DEFAULT 3;

-- Item.price: Decimal(18, 4) becomes Decimal(18, 2)!
ALTER TABLE "item" ALTER COLUMN "price" TYPE numeric(18,2) USING CASE WHEN "price" = round("price", 2) THEN "price" ELSE ('not a decimal of scale 2: ' || "price")::numeric END;
ALTER TABLE "item" ALTER COLUMN "price" SET DEFAULT 0;

-- Item.price may no longer be null
ALTER TABLE "item" ALTER COLUMN "price" SET NOT NULL;

-- add Item.total: Decimal(18, 4)!, computed as quantity * price
ALTER TABLE "item" ADD COLUMN "total" numeric(18,4) NOT NULL GENERATED ALWAYS AS ("quantity" * "price") STORED;

-- add index item_total_idx (total)
CREATE INDEX "item_total_idx" ON "item" ("total");
