-- 0002_to for sqlite. Once a database has applied it, it must not change.

-- add Item.pairs: Int64!, computed as -(quantity + 1) * 2
ALTER TABLE "item" ADD COLUMN "pairs" INTEGER NOT NULL GENERATED ALWAYS AS ((-("quantity" + 1)) * 2) VIRTUAL CONSTRAINT "item_pairs_check" CHECK (typeof((-("quantity" + 1)) * 2) <> 'real');
