-- planet?select=name&order=population&limit=3
SELECT concat('{"name":', to_json(r."name")::text, '}'), concat('[', coalesce(r."population"::text, 'null'), ',', r."id"::text, ']')
  FROM "planet" AS r
  ORDER BY r."population", r."id" LIMIT $1;
-- with [4]

-- planet?select=name&order=population.desc&limit=3
SELECT concat('{"name":', to_json(r."name")::text, '}'), concat('[', coalesce(r."population"::text, 'null'), ',', r."id"::text, ']')
  FROM "planet" AS r
  ORDER BY r."population" DESC, r."id" DESC LIMIT $1;
-- with [4]

-- planet?select=name&order=population.desc.nullslast,name&limit=3&offset=6
SELECT concat('{"name":', to_json(r."name")::text, '}'), concat('[', coalesce(r."population"::text, 'null'), ',', to_json(r."name")::text, ',', r."id"::text, ']')
  FROM (SELECT r.* FROM "planet" AS r ORDER BY r."population" DESC NULLS LAST, r."name", r."id" LIMIT $1 OFFSET $2) AS r
  ORDER BY r."population" DESC NULLS LAST, r."name", r."id";
-- with [4 6]

-- planet?select=name&order=name.desc&limit=3
SELECT concat('{"name":', to_json(r."name")::text, '}'), concat('[', to_json(r."name")::text, ',', r."id"::text, ']')
  FROM "planet" AS r
  ORDER BY r."name" DESC, r."id" DESC LIMIT $1;
-- with [4]

-- planet?select=name&offset=6
SELECT concat('{"name":', to_json(r."name")::text, '}'), concat('[', r."id"::text, ']')
  FROM (SELECT r.* FROM "planet" AS r ORDER BY r."id" LIMIT $1 OFFSET $2) AS r
  ORDER BY r."id";
-- with [<nil> 6]

-- counted
SELECT concat('{"name":', to_json(r."name")::text, '}'), concat('[', r."id"::text, ']'), (SELECT count(*) FROM "planet" AS r WHERE (r."population" > $1))
  FROM "planet" AS r
  WHERE (r."population" > $2)
  ORDER BY r."id" LIMIT $3;
-- with [5 5 4]

-- the count alone
SELECT count(*)
  FROM "planet" AS r
  WHERE (r."population" > $1);
-- with [5]

-- select=name&limit=3 after [7]
SELECT concat('{"name":', to_json(r."name")::text, '}'), concat('[', r."id"::text, ']')
  FROM "planet" AS r
  WHERE r."id" > $1
  ORDER BY r."id" LIMIT $2;
-- with [7 4]

-- select=name&limit=3 before [7]
SELECT concat('{"name":', to_json(r."name")::text, '}'), concat('[', r."id"::text, ']')
  FROM "planet" AS r
  WHERE r."id" < $1
  ORDER BY r."id" DESC LIMIT $2;
-- with [7 4]

-- select=name&order=population&limit=3&name=neq.Hoth after [1000 7]
SELECT concat('{"name":', to_json(r."name")::text, '}'), concat('[', coalesce(r."population"::text, 'null'), ',', r."id"::text, ']')
  FROM (SELECT * FROM (SELECT r.* FROM "planet" AS r WHERE (r."name" <> $1) AND r."population" = $2 AND r."id" > $3 ORDER BY r."population", r."id" LIMIT $4) AS s
  UNION ALL SELECT * FROM (SELECT r.* FROM "planet" AS r WHERE (r."name" <> $5) AND r."population" > $6 ORDER BY r."population", r."id" LIMIT $7) AS s
  UNION ALL SELECT * FROM (SELECT r.* FROM "planet" AS r WHERE (r."name" <> $8) AND r."population" IS NULL ORDER BY r."population", r."id" LIMIT $9) AS s) AS r
  ORDER BY r."population", r."id" LIMIT $10;
-- with [Hoth 1000 7 4 Hoth 1000 4 Hoth 4 4]

-- select=name&order=population&limit=3 after [<nil> 7]
SELECT concat('{"name":', to_json(r."name")::text, '}'), concat('[', coalesce(r."population"::text, 'null'), ',', r."id"::text, ']')
  FROM "planet" AS r
  WHERE r."population" IS NULL AND r."id" > $1
  ORDER BY r."population", r."id" LIMIT $2;
-- with [7 4]

-- select=name&order=population&limit=3 before [1000 7]
SELECT concat('{"name":', to_json(r."name")::text, '}'), concat('[', coalesce(r."population"::text, 'null'), ',', r."id"::text, ']')
  FROM (SELECT * FROM (SELECT r.* FROM "planet" AS r WHERE r."population" = $1 AND r."id" < $2 ORDER BY r."population" DESC, r."id" DESC LIMIT $3) AS s
  UNION ALL SELECT * FROM (SELECT r.* FROM "planet" AS r WHERE r."population" < $4 ORDER BY r."population" DESC, r."id" DESC LIMIT $5) AS s) AS r
  ORDER BY r."population" DESC, r."id" DESC LIMIT $6;
-- with [1000 7 4 1000 4 4]

-- select=name&order=population.desc,name&limit=3 after [<nil> Hoth 7]
SELECT concat('{"name":', to_json(r."name")::text, '}'), concat('[', coalesce(r."population"::text, 'null'), ',', to_json(r."name")::text, ',', r."id"::text, ']')
  FROM (SELECT * FROM (SELECT r.* FROM "planet" AS r WHERE r."population" IS NULL AND r."name" = $1 AND r."id" > $2 ORDER BY r."population" DESC, r."name", r."id" LIMIT $3) AS s
  UNION ALL SELECT * FROM (SELECT r.* FROM "planet" AS r WHERE r."population" IS NULL AND r."name" > $4 ORDER BY r."population" DESC, r."name", r."id" LIMIT $5) AS s
  UNION ALL SELECT * FROM (SELECT r.* FROM "planet" AS r WHERE r."population" IS NOT NULL ORDER BY r."population" DESC, r."name", r."id" LIMIT $6) AS s) AS r
  ORDER BY r."population" DESC, r."name", r."id" LIMIT $7;
-- with [Hoth 7 4 Hoth 4 4 4]

