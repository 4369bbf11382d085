-- 0002_to for sqlite. Once a database has applied it, it must not change.
-- larder:foreign-keys off

-- drop type A
DROP TABLE "a";

-- drop type B
DROP TABLE "b";
