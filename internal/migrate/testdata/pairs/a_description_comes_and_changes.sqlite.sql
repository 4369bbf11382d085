-- 0002_to for sqlite. Once a database has applied it, it must not change.

