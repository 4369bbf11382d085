-- 0002_to for sqlite. Once a database has applied it, it must not change.

-- add Item.price: Decimal(18, 4)
ALTER TABLE "item" ADD COLUMN "price" INTEGER CONSTRAINT "item_price_check" CHECK ("price" BETWEEN 0 AND 999999999999999999);

-- add Item.total: Decimal(18, 4), computed as quantity * price
ALTER TABLE "item" ADD COLUMN "total" INTEGER GENERATED ALWAYS AS ("quantity" * "price") VIRTUAL CONSTRAINT "item_total_check" CHECK ("total" BETWEEN -999999999999999999 AND 999999999999999999);

-- add index item_total_idx (total)
CREATE INDEX "item_total_idx" ON "item" ("total");
