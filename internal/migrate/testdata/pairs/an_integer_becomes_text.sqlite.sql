-- 0002_to for sqlite. Once a database has applied it, it must not change.
-- larder:foreign-keys off

-- Rebuild table item, for what SQLite cannot alter in place:
--   Item.code: Int! becomes String!
-- larder:rebuild item, dropping item_code_check
CREATE TABLE "larder_new_item" (
  "id" INTEGER PRIMARY KEY AUTOINCREMENT,
  "code" TEXT NOT NULL
) STRICT;
INSERT INTO "larder_new_item" ("id", "code")
SELECT "id", CAST("code" AS TEXT)
FROM "item";
DELETE FROM sqlite_sequence WHERE name = 'larder_new_item';
INSERT INTO sqlite_sequence (name, seq) SELECT 'larder_new_item', seq FROM sqlite_sequence WHERE name = 'item';
DROP TABLE "item";
-- Legacy: triggers and views that name the table are left as they are.
PRAGMA legacy_alter_table = ON;
ALTER TABLE "larder_new_item" RENAME TO "item";
PRAGMA legacy_alter_table = OFF;
CREATE UNIQUE INDEX "item_code_key" ON "item" ("code");
