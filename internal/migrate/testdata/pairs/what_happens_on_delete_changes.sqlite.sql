-- 0002_to for sqlite. Once a database has applied it, it must not change.
-- larder:foreign-keys off

-- Rebuild table item, for what SQLite cannot alter in place:
--   Item.list refers to list, on delete cascade
-- larder:rebuild item
CREATE TABLE "larder_new_item" (
  "id" INTEGER PRIMARY KEY AUTOINCREMENT,
  "name" TEXT NOT NULL,
  "list_id" INTEGER REFERENCES "list" ("id") ON DELETE CASCADE
) STRICT;
INSERT INTO "larder_new_item" ("id", "name", "list_id")
SELECT "id", "name", "list_id"
FROM "item";
DELETE FROM sqlite_sequence WHERE name = 'larder_new_item';
INSERT INTO sqlite_sequence (name, seq) SELECT 'larder_new_item', seq FROM sqlite_sequence WHERE name = 'item';
DROP TABLE "item";
-- Legacy: triggers and views that name the table are left as they are.
PRAGMA legacy_alter_table = ON;
ALTER TABLE "larder_new_item" RENAME TO "item";
PRAGMA legacy_alter_table = OFF;
CREATE UNIQUE INDEX "item_name_key" ON "item" ("name");
CREATE INDEX "item_list_id_idx" ON "item" ("list_id");
