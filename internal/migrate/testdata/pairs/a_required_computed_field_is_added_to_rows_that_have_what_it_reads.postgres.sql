-- 0002_to for postgres. Once a database has applied it, it must not change.

-- add Item.pairs: Int64!, computed as -(quantity + 1) * 2
ALTER TABLE "item" ADD COLUMN "pairs" bigint NOT NULL GENERATED ALWAYS AS ((-("quantity"::numeric + 1)) * 2) STORED;
