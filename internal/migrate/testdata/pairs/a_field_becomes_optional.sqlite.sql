-- 0002_to for sqlite. Once a database has applied it, it must not change.

-- Item.name may be null
ALTER TABLE "item" ALTER COLUMN "name" DROP NOT NULL;
