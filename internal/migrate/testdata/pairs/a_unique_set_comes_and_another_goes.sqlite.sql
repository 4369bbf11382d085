-- 0002_to for sqlite. Once a database has applied it, it must not change.

-- drop unique item_a_key (a)
DROP INDEX "item_a_key";

-- add unique item_b_c_key (b, c)
CREATE UNIQUE INDEX "item_b_c_key" ON "item" ("b", "c");
