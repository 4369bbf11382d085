-- planet?select=name&order=population&limit=3
SELECT concat('{"name":', json_quote(r."name"), '}'), concat('[', ifnull(r."population", 'null'), ',', r."id", ']')
  FROM "planet" AS r
  ORDER BY r."population" NULLS LAST, r."id" LIMIT ?;
-- with [4]

-- planet?select=name&order=population.desc&limit=3
SELECT concat('{"name":', json_quote(r."name"), '}'), concat('[', ifnull(r."population", 'null'), ',', r."id", ']')
  FROM "planet" AS r
  ORDER BY r."population" DESC NULLS FIRST, r."id" DESC LIMIT ?;
-- with [4]

-- planet?select=name&order=population.desc.nullslast,name&limit=3&offset=6
SELECT concat('{"name":', json_quote(r."name"), '}'), concat('[', ifnull(r."population", 'null'), ',', json_quote(r."name"), ',', r."id", ']')
  FROM (SELECT r.* FROM "planet" AS r ORDER BY r."population" DESC, r."name", r."id" LIMIT ? OFFSET ?) AS r
  ORDER BY r."population" DESC, r."name", r."id";
-- with [4 6]

-- planet?select=name&order=name.desc&limit=3
SELECT concat('{"name":', json_quote(r."name"), '}'), concat('[', json_quote(r."name"), ',', r."id", ']')
  FROM "planet" AS r
  ORDER BY r."name" DESC, r."id" DESC LIMIT ?;
-- with [4]

-- planet?select=name&offset=6
SELECT concat('{"name":', json_quote(r."name"), '}'), concat('[', r."id", ']')
  FROM (SELECT r.* FROM "planet" AS r ORDER BY r."id" LIMIT ? OFFSET ?) AS r
  ORDER BY r."id";
-- with [-1 6]

-- counted
SELECT concat('{"name":', json_quote(r."name"), '}'), concat('[', r."id", ']'), (SELECT count(*) FROM "planet" AS r WHERE (r."population" > ?))
  FROM "planet" AS r
  WHERE (r."population" > ?)
  ORDER BY r."id" LIMIT ?;
-- with [5 5 4]

-- the count alone
SELECT count(*)
  FROM "planet" AS r
  WHERE (r."population" > ?);
-- with [5]

-- select=name&limit=3 after [7]
SELECT concat('{"name":', json_quote(r."name"), '}'), concat('[', r."id", ']')
  FROM "planet" AS r
  WHERE r."id" > ?
  ORDER BY r."id" LIMIT ?;
-- with [7 4]

-- select=name&limit=3 before [7]
SELECT concat('{"name":', json_quote(r."name"), '}'), concat('[', r."id", ']')
  FROM "planet" AS r
  WHERE r."id" < ?
  ORDER BY r."id" DESC LIMIT ?;
-- with [7 4]

-- select=name&order=population&limit=3&name=neq.Hoth after [1000 7]
SELECT concat('{"name":', json_quote(r."name"), '}'), concat('[', ifnull(r."population", 'null'), ',', r."id", ']')
  FROM (SELECT * FROM (SELECT r.* FROM "planet" AS r WHERE (r."name" <> ?) AND r."population" = ? AND r."id" > ? ORDER BY r."population" NULLS LAST, r."id" LIMIT ?) AS s
  UNION ALL SELECT * FROM (SELECT r.* FROM "planet" AS r WHERE (r."name" <> ?) AND r."population" > ? ORDER BY r."population" NULLS LAST, r."id" LIMIT ?) AS s
  UNION ALL SELECT * FROM (SELECT r.* FROM "planet" AS r WHERE (r."name" <> ?) AND r."population" IS NULL ORDER BY r."population" NULLS LAST, r."id" LIMIT ?) AS s) AS r
  ORDER BY r."population" NULLS LAST, r."id" LIMIT ?;
-- with [Hoth 1000 7 4 Hoth 1000 4 Hoth 4 4]

-- select=name&order=population&limit=3 after [<nil> 7]
SELECT concat('{"name":', json_quote(r."name"), '}'), concat('[', ifnull(r."population", 'null'), ',', r."id", ']')
  FROM "planet" AS r
  WHERE r."population" IS NULL AND r."id" > ?
  ORDER BY r."population" NULLS LAST, r."id" LIMIT ?;
-- with [7 4]

-- select=name&order=population&limit=3 before [1000 7]
SELECT concat('{"name":', json_quote(r."name"), '}'), concat('[', ifnull(r."population", 'null'), ',', r."id", ']')
  FROM (SELECT * FROM (SELECT r.* FROM "planet" AS r WHERE r."population" = ? AND r."id" < ? ORDER BY r."population" DESC NULLS FIRST, r."id" DESC LIMIT ?) AS s
  UNION ALL SELECT * FROM (SELECT r.* FROM "planet" AS r WHERE r."population" < ? ORDER BY r."population" DESC NULLS FIRST, r."id" DESC LIMIT ?) AS s) AS r
  ORDER BY r."population" DESC NULLS FIRST, r."id" DESC LIMIT ?;
-- with [1000 7 4 1000 4 4]

-- select=name&order=population.desc,name&limit=3 after [<nil> Hoth 7]
SELECT concat('{"name":', json_quote(r."name"), '}'), concat('[', ifnull(r."population", 'null'), ',', json_quote(r."name"), ',', r."id", ']')
  FROM (SELECT * FROM (SELECT r.* FROM "planet" AS r WHERE r."population" IS NULL AND r."name" = ? AND r."id" > ? ORDER BY r."population" DESC NULLS FIRST, r."name", r."id" LIMIT ?) AS s
  UNION ALL SELECT * FROM (SELECT r.* FROM "planet" AS r WHERE r."population" IS NULL AND r."name" > ? ORDER BY r."population" DESC NULLS FIRST, r."name", r."id" LIMIT ?) AS s
  UNION ALL SELECT * FROM (SELECT r.* FROM "planet" AS r WHERE r."population" IS NOT NULL ORDER BY r."population" DESC NULLS FIRST, r."name", r."id" LIMIT ?) AS s) AS r
  ORDER BY r."population" DESC NULLS FIRST, r."name", r."id" LIMIT ?;
-- with [Hoth 7 4 Hoth 4 4 4]

