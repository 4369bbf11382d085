-- 0002_to for postgres. Once a database has applied it, it must not change.

-- drop type A
ALTER TABLE "a" DROP CONSTRAINT "a_b_id_fkey";

-- drop type B
ALTER TABLE "b" DROP CONSTRAINT "b_a_id_fkey";

-- drop type A
DROP TABLE "a";

-- drop type B
DROP TABLE "b";
