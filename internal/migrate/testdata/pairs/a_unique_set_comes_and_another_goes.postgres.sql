-- 0002_to for postgres. Once a database has applied it, it must not change.

-- drop unique item_a_key (a)
ALTER TABLE "item" DROP CONSTRAINT "item_a_key";

-- add unique item_b_c_key (b, c)
ALTER TABLE "item" ADD CONSTRAINT "item_b_c_key" UNIQUE ("b", "c");
