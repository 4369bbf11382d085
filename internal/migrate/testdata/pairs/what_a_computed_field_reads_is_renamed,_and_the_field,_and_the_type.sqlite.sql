-- 0002_to for sqlite. Once a database has applied it, it must not change.

-- the check of Line.quantity follows its column
ALTER TABLE "item" DROP CONSTRAINT "item_quantity_check";

-- the check of Line.cost follows its column
ALTER TABLE "item" DROP CONSTRAINT "item_price_check";

-- the check of Line.sum follows its column
ALTER TABLE "item" DROP CONSTRAINT "item_total_check";

-- rename item_total_idx to line_sum_idx
DROP INDEX "item_total_idx";

-- rename table item to line
ALTER TABLE "item" RENAME TO "line";

-- rename column line.price to cost
ALTER TABLE "line" RENAME COLUMN "price" TO "cost";

-- rename column line.total to sum
ALTER TABLE "line" RENAME COLUMN "total" TO "sum";

-- the check of Line.quantity follows its column
ALTER TABLE "line" ADD CONSTRAINT "line_quantity_check" CHECK ("quantity" BETWEEN -2147483648 AND 2147483647);

-- the check of Line.cost follows its column
ALTER TABLE "line" ADD CONSTRAINT "line_cost_check" CHECK ("cost" BETWEEN -999999999999999999 AND 999999999999999999);

-- the check of Line.sum follows its column
ALTER TABLE "line" ADD CONSTRAINT "line_sum_check" CHECK (typeof(("quantity" * "cost") - 10000) <> 'real' AND "sum" BETWEEN -999999999999999999 AND 999999999999999999);

-- rename item_total_idx to line_sum_idx
CREATE INDEX "line_sum_idx" ON "line" ("sum");
