-- 0002_to for sqlite. Once a database has applied it, it must not change.

-- drop index item_a_idx (a)
DROP INDEX "item_a_idx";

-- add index item_b_idx (b)
CREATE INDEX "item_b_idx" ON "item" ("b");
