-- 0002_to for postgres. Once a database has applied it, it must not change.

-- rename table item to line
ALTER TABLE "item" RENAME TO "line";
ALTER TABLE "line" RENAME CONSTRAINT "item_pkey" TO "line_pkey";

-- rename column line.price to cost
ALTER TABLE "line" RENAME COLUMN "price" TO "cost";

-- rename column line.total to sum
ALTER TABLE "line" RENAME COLUMN "total" TO "sum";

-- rename item_total_idx to line_sum_idx
ALTER INDEX "item_total_idx" RENAME TO "line_sum_idx";
