-- 0002_to for postgres. Once a database has applied it, it must not change.

-- drop index item_note_idx (note)
DROP INDEX "item_note_idx";

-- drop unique item_name_note_key (name, note)
ALTER TABLE "item" DROP CONSTRAINT "item_name_note_key";

-- drop Item.note
ALTER TABLE "item" DROP COLUMN "note";
