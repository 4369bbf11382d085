-- planet?select=name&order=population&limit=3
SELECT concat('{"name":', to_json(r."name")::text, '}'), concat('[', coalesce(r."population"::text, 'null'), ',', r."id"::text, ']')
  FROM "planet" AS r
  ORDER BY r."population", r."id" LIMIT 4;
-- with []

-- planet?select=name&order=population.desc&limit=3
SELECT concat('{"name":', to_json(r."name")::text, '}'), concat('[', coalesce(r."population"::text, 'null'), ',', r."id"::text, ']')
  FROM "planet" AS r
  ORDER BY r."population" DESC, r."id" DESC LIMIT 4;
-- with []

-- planet?select=name&order=population.desc.nullslast,name&limit=3&offset=6
SELECT concat('{"name":', to_json(r."name")::text, '}'), concat('[', coalesce(r."population"::text, 'null'), ',', to_json(r."name")::text, ',', r."id"::text, ']')
  FROM (SELECT r.* FROM "planet" AS r ORDER BY r."population" DESC NULLS LAST, r."name", r."id" LIMIT 4 OFFSET $1) AS r
  ORDER BY r."population" DESC NULLS LAST, r."name", r."id";
-- with [6]

-- planet?select=name&order=name.desc&limit=3
SELECT concat('{"name":', to_json(r."name")::text, '}'), concat('[', to_json(r."name")::text, ',', r."id"::text, ']')
  FROM "planet" AS r
  ORDER BY r."name" DESC, r."id" DESC LIMIT 4;
-- with []

-- planet?select=name&offset=6
SELECT concat('{"name":', to_json(r."name")::text, '}'), concat('[', r."id"::text, ']')
  FROM (SELECT r.* FROM "planet" AS r ORDER BY r."id" OFFSET $1) AS r
  ORDER BY r."id";
-- with [6]

-- counted
SELECT concat('{"name":', to_json(r."name")::text, '}'), concat('[', r."id"::text, ']'), (SELECT count(*) FROM "planet" AS r WHERE (r."population" > $1::bigint))
  FROM "planet" AS r
  WHERE (r."population" > $2::bigint)
  ORDER BY r."id" LIMIT 4;
-- with [5 5]

-- the count alone
SELECT count(*)
  FROM "planet" AS r
  WHERE (r."population" > $1::bigint);
-- with [5]

-- select=name&limit=3 after [7]
SELECT concat('{"name":', to_json(r."name")::text, '}'), concat('[', r."id"::text, ']')
  FROM "planet" AS r
  WHERE r."id" > $1::bigint
  ORDER BY r."id" LIMIT 4;
-- with [7]

-- select=name&limit=3 before [7]
SELECT concat('{"name":', to_json(r."name")::text, '}'), concat('[', r."id"::text, ']')
  FROM "planet" AS r
  WHERE r."id" < $1::bigint
  ORDER BY r."id" DESC LIMIT 4;
-- with [7]

-- select=name&order=population&limit=3&name=neq.Hoth after [1000 7]
SELECT concat('{"name":', to_json(r."name")::text, '}'), concat('[', coalesce(r."population"::text, 'null'), ',', r."id"::text, ']')
  FROM (SELECT * FROM (SELECT r.* FROM "planet" AS r WHERE (r."name" <> $1) AND r."population" = $2::bigint AND r."id" > $3::bigint ORDER BY r."population", r."id" LIMIT 4) AS s
  UNION ALL SELECT * FROM (SELECT r.* FROM "planet" AS r WHERE (r."name" <> $4) AND r."population" > $5::bigint ORDER BY r."population", r."id" LIMIT 4) AS s
  UNION ALL SELECT * FROM (SELECT r.* FROM "planet" AS r WHERE (r."name" <> $6) AND r."population" IS NULL ORDER BY r."population", r."id" LIMIT 4) AS s) AS r
  ORDER BY r."population", r."id" LIMIT 4;
-- with [Hoth 1000 7 Hoth 1000 Hoth]

-- select=name&order=population&limit=3 after [<nil> 7]
SELECT concat('{"name":', to_json(r."name")::text, '}'), concat('[', coalesce(r."population"::text, 'null'), ',', r."id"::text, ']')
  FROM "planet" AS r
  WHERE r."population" IS NULL AND r."id" > $1::bigint
  ORDER BY r."population", r."id" LIMIT 4;
-- with [7]

-- select=name&order=population&limit=3 before [1000 7]
SELECT concat('{"name":', to_json(r."name")::text, '}'), concat('[', coalesce(r."population"::text, 'null'), ',', r."id"::text, ']')
  FROM (SELECT * FROM (SELECT r.* FROM "planet" AS r WHERE r."population" = $1::bigint AND r."id" < $2::bigint ORDER BY r."population" DESC, r."id" DESC LIMIT 4) AS s
  UNION ALL SELECT * FROM (SELECT r.* FROM "planet" AS r WHERE r."population" < $3::bigint ORDER BY r."population" DESC, r."id" DESC LIMIT 4) AS s) AS r
  ORDER BY r."population" DESC, r."id" DESC LIMIT 4;
-- with [1000 7 1000]

-- select=name&order=population.desc,name&limit=3 after [<nil> Hoth 7]
SELECT concat('{"name":', to_json(r."name")::text, '}'), concat('[', coalesce(r."population"::text, 'null'), ',', to_json(r."name")::text, ',', r."id"::text, ']')
  FROM (SELECT * FROM (SELECT r.* FROM "planet" AS r WHERE r."population" IS NULL AND r."name" = $1 AND r."id" > $2::bigint ORDER BY r."population" DESC, r."name", r."id" LIMIT 4) AS s
  UNION ALL SELECT * FROM (SELECT r.* FROM "planet" AS r WHERE r."population" IS NULL AND r."name" > $3 ORDER BY r."population" DESC, r."name", r."id" LIMIT 4) AS s
  UNION ALL SELECT * FROM (SELECT r.* FROM "planet" AS r WHERE r."population" IS NOT NULL ORDER BY r."population" DESC, r."name", r."id" LIMIT 4) AS s) AS r
  ORDER BY r."population" DESC, r."name", r."id" LIMIT 4;
-- with [Hoth 7 Hoth]

