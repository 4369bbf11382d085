-- 0001_to for sqlite. Once a database has applied it, it must not change.

-- add type Item
CREATE TABLE "item" (
  "id" INTEGER PRIMARY KEY AUTOINCREMENT,
  "quantity" INTEGER NOT NULL CONSTRAINT "item_quantity_check" CHECK ("quantity" BETWEEN -2147483648 AND 2147483647),
  "price" INTEGER CONSTRAINT "item_price_check" CHECK ("price" BETWEEN -999999999999999999 AND 999999999999999999),
  "rebate" INTEGER NOT NULL CONSTRAINT "item_rebate_check" CHECK ("rebate" BETWEEN -9999 AND 9999),
  "total" INTEGER GENERATED ALWAYS AS ("quantity" * "price") VIRTUAL CONSTRAINT "item_total_check" CHECK ("total" BETWEEN -999999999999999999 AND 999999999999999999),
  "pairs" INTEGER NOT NULL GENERATED ALWAYS AS (("quantity" * 2) + 1) VIRTUAL CONSTRAINT "item_pairs_check" CHECK (typeof(("quantity" * 2) + 1) <> 'real' AND "pairs" BETWEEN -2147483648 AND 2147483647),
  "net" INTEGER GENERATED ALWAYS AS (((("quantity" * (coalesce("price", 0))) * (1000 - "rebate")) + CASE WHEN (("quantity" * (coalesce("price", 0))) * (1000 - "rebate")) < 0 THEN -50000 ELSE 50000 END) / 100000) VIRTUAL CONSTRAINT "item_net_check" CHECK (typeof(((("quantity" * (coalesce("price", 0))) * (1000 - "rebate")) + CASE WHEN (("quantity" * (coalesce("price", 0))) * (1000 - "rebate")) < 0 THEN -50000 ELSE 50000 END) / 100000) <> 'real' AND "net" BETWEEN -999999999999999999 AND 999999999999999999)
) STRICT;
