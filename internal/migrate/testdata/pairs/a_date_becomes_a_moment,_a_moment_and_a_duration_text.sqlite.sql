-- 0002_to for sqlite. Once a database has applied it, it must not change.
-- larder:foreign-keys off

-- Rebuild table film, for what SQLite cannot alter in place:
--   Film.released: Date becomes DateTime
--   Film.seen: DateTime becomes String
--   Film.length: Duration becomes String
-- larder:rebuild film, dropping film_seen_check
CREATE TABLE "larder_new_film" (
  "id" INTEGER PRIMARY KEY AUTOINCREMENT,
  "released" TEXT CONSTRAINT "film_released_check" CHECK ("released" GLOB '????-??-??T??:??:??.??????Z'),
  "seen" TEXT,
  "length" TEXT
) STRICT;
INSERT INTO "larder_new_film" ("id", "released", "seen", "length")
SELECT "id", "released" || 'T00:00:00.000000Z', rtrim(rtrim(substr("seen", 1, 26), '0'), '.') || 'Z', CASE WHEN "length" < 0 THEN '-' ELSE '' END || 'PT' || rtrim(rtrim(CASE WHEN abs("length") < 0 THEN '-' ELSE '' END || (abs(abs("length")) / 1000000) || '.' || substr('000000' || (abs(abs("length")) % 1000000), -6), '0'), '.') || 'S'
FROM "film";
DELETE FROM sqlite_sequence WHERE name = 'larder_new_film';
INSERT INTO sqlite_sequence (name, seq) SELECT 'larder_new_film', seq FROM sqlite_sequence WHERE name = 'film';
DROP TABLE "film";
-- Legacy: triggers and views that name the table are left as they are.
PRAGMA legacy_alter_table = ON;
ALTER TABLE "larder_new_film" RENAME TO "film";
PRAGMA legacy_alter_table = OFF;
