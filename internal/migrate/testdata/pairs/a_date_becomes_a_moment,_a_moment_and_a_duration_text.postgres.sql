-- 0002_to for postgres. Once a database has applied it, it must not change.

-- Film.released: Date becomes DateTime
ALTER TABLE "film" ALTER COLUMN "released" TYPE timestamptz USING "released"::timestamp AT TIME ZONE 'UTC';

-- Film.seen: DateTime becomes String
ALTER TABLE "film" ALTER COLUMN "seen" TYPE text COLLATE "C" USING rtrim(rtrim(to_char("seen" AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'), '0'), '.') || 'Z';

-- Film.length: Duration becomes String
ALTER TABLE "film" ALTER COLUMN "length" TYPE text COLLATE "C" USING CASE WHEN "length" < 0 THEN '-' ELSE '' END || 'PT' || trim_scale(abs("length") / 1000000.0) || 'S';
