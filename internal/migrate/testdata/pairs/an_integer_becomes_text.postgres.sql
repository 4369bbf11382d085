-- 0002_to for postgres. Once a database has applied it, it must not change.

-- Item.code: Int! becomes String!
ALTER TABLE "item" ALTER COLUMN "code" TYPE text COLLATE "C" USING "code"::text;
