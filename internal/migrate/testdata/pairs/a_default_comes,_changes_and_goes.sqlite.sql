-- 0002_to for sqlite. Once a database has applied it, it must not change.
-- larder:foreign-keys off

-- Rebuild table item, for what SQLite cannot alter in place:
--   Item.a: default it's
--   Item.b: default 2
--   Item.c has no default any more
-- larder:rebuild item
CREATE TABLE "larder_new_item" (
  "id" INTEGER PRIMARY KEY AUTOINCREMENT,
  "a" TEXT DEFAULT 'it''s',
  "b" INTEGER DEFAULT 2 CONSTRAINT "item_b_check" CHECK ("b" BETWEEN -2147483648 AND 2147483647),
  "c" INTEGER NOT NULL CONSTRAINT "item_c_check" CHECK ("c" IN (0, 1))
) STRICT;
INSERT INTO "larder_new_item" ("id", "a", "b", "c")
SELECT "id", "a", "b", "c"
FROM "item";
DELETE FROM sqlite_sequence WHERE name = 'larder_new_item';
INSERT INTO sqlite_sequence (name, seq) SELECT 'larder_new_item', seq FROM sqlite_sequence WHERE name = 'item';
DROP TABLE "item";
-- Legacy: triggers and views that name the table are left as they are.
PRAGMA legacy_alter_table = ON;
ALTER TABLE "larder_new_item" RENAME TO "item";
PRAGMA legacy_alter_table = OFF;
