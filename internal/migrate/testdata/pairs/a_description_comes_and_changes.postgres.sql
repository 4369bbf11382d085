-- 0002_to for postgres. Once a database has applied it, it must not change.

-- describe type Film
COMMENT ON TABLE "film" IS 'A film.';

-- describe Film.title
COMMENT ON COLUMN "film"."title" IS 'What it''s called.';
