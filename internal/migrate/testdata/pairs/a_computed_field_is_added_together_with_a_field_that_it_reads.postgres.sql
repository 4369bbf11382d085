-- 0002_to for postgres. Once a database has applied it, it must not change.

-- add Item.price: Decimal(18, 4)
ALTER TABLE "item" ADD COLUMN "price" numeric(18,4) CONSTRAINT "item_price_check" CHECK ("price" >= 0);

-- add Item.total: Decimal(18, 4), computed as quantity * price
ALTER TABLE "item" ADD COLUMN "total" numeric(18,4) GENERATED ALWAYS AS ("quantity" * "price") STORED;

-- add index item_total_idx (total)
CREATE INDEX "item_total_idx" ON "item" ("total");

-- describe Item.total
COMMENT ON COLUMN "item"."total" IS 'Of all pieces.';
