-- 0002_to for postgres. Once a database has applied it, it must not change.

-- Item.name may no longer be null
ALTER TABLE "item" ALTER COLUMN "name" SET NOT NULL;
