-- 0002_to for postgres. Once a database has applied it, it must not change.

-- drop index item_owner_id_idx (owner_id)
DROP INDEX "item_owner_id_idx";

-- drop Item.owner
ALTER TABLE "item" DROP CONSTRAINT "item_owner_id_fkey";

-- put the old column of Item.owner aside
ALTER TABLE "item" RENAME COLUMN "owner_id" TO "larder_old_owner_id";

-- add Item.owner: reference to b
ALTER TABLE "item" ADD COLUMN "owner_id" bigint;

-- drop Item.owner
ALTER TABLE "item" DROP COLUMN "larder_old_owner_id";

-- add Item.owner: reference to b
ALTER TABLE "item" ADD CONSTRAINT "item_owner_id_fkey" FOREIGN KEY ("owner_id") REFERENCES "b" ("id") ON DELETE RESTRICT;

-- add index item_owner_id_idx (owner_id)
CREATE INDEX "item_owner_id_idx" ON "item" ("owner_id");
