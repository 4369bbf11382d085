-- 0002_to for postgres. Once a database has applied it, it must not change.

-- Item.a: default it's
ALTER TABLE "item" ALTER COLUMN "a" SET DEFAULT 'it''s';

-- Item.b: default 2
ALTER TABLE "item" ALTER COLUMN "b" SET DEFAULT 2;

-- Item.c has no default any more
ALTER TABLE "item" ALTER COLUMN "c" DROP DEFAULT;
