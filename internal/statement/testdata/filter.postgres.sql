-- planet?select=name&population=gte.1000000
SELECT concat('{"name":', to_json(r."name")::text, '}'), concat('[', r."id"::text, ']')
  FROM "planet" AS r
  WHERE (r."population" >= $1::bigint)
  ORDER BY r."id";
-- with [1000000]

-- planet?select=name&population=not.lt.5
SELECT concat('{"name":', to_json(r."name")::text, '}'), concat('[', r."id"::text, ']')
  FROM "planet" AS r
  WHERE NOT (r."population" < $1::bigint)
  ORDER BY r."id";
-- with [5]

-- planet?select=name&population=in.(1,2,3)
SELECT concat('{"name":', to_json(r."name")::text, '}'), concat('[', r."id"::text, ']')
  FROM "planet" AS r
  WHERE (r."population" IN ($1::bigint, $2::bigint, $3::bigint, $4::bigint))
  ORDER BY r."id";
-- with [1 2 3 3]

-- planet?select=name&population=in.()
SELECT concat('{"name":', to_json(r."name")::text, '}'), concat('[', r."id"::text, ']')
  FROM "planet" AS r
  WHERE (FALSE)
  ORDER BY r."id";
-- with []

-- planet?select=name&population=is.null
SELECT concat('{"name":', to_json(r."name")::text, '}'), concat('[', r."id"::text, ']')
  FROM "planet" AS r
  WHERE (r."population" IS NULL)
  ORDER BY r."id";
-- with []

-- planet?select=name&population=isdistinct.7
SELECT concat('{"name":', to_json(r."name")::text, '}'), concat('[', r."id"::text, ']')
  FROM "planet" AS r
  WHERE (r."population" IS DISTINCT FROM $1::bigint)
  ORDER BY r."id";
-- with [7]

-- planet?select=name&population=gt(any).{1,2}
SELECT concat('{"name":', to_json(r."name")::text, '}'), concat('[', r."id"::text, ']')
  FROM "planet" AS r
  WHERE (r."population" > $1::bigint OR r."population" > $2::bigint)
  ORDER BY r."id";
-- with [1 2]

-- planet?select=name&name=like(all).{A*,*n}
SELECT concat('{"name":', to_json(r."name")::text, '}'), concat('[', r."id"::text, ']')
  FROM "planet" AS r
  WHERE (r."name" LIKE $1 AND r."name" LIKE $2)
  ORDER BY r."id";
-- with [A% %n]

-- planet?select=name&name=like.T_t*
SELECT concat('{"name":', to_json(r."name")::text, '}'), concat('[', r."id"::text, ']')
  FROM "planet" AS r
  WHERE (r."name" LIKE $1)
  ORDER BY r."id";
-- with [T_t%]

-- planet?select=name&name=ilike.*oo*
SELECT concat('{"name":', to_json(r."name")::text, '}'), concat('[', r."id"::text, ']')
  FROM "planet" AS r
  WHERE (r."name" ILIKE $1)
  ORDER BY r."id";
-- with [%oo%]

-- planet?select=name&or=(name.eq.Hoth,and(population.gt.1,not.population.neq.2))
SELECT concat('{"name":', to_json(r."name")::text, '}'), concat('[', r."id"::text, ']')
  FROM "planet" AS r
  WHERE ((r."name" = $1) OR ((r."population" > $2::bigint) AND NOT (r."population" <> $3::bigint)))
  ORDER BY r."id";
-- with [Hoth 1 2]

-- planet?select=name&terrains=cs.{desert,ocean}
SELECT concat('{"name":', to_json(r."name")::text, '}'), concat('[', r."id"::text, ']')
  FROM "planet" AS r
  WHERE (EXISTS (SELECT 1 FROM "planet_terrains" AS v WHERE v."planet_id" = r."id" AND v."value" = $1) AND EXISTS (SELECT 1 FROM "planet_terrains" AS v WHERE v."planet_id" = r."id" AND v."value" = $2))
  ORDER BY r."id";
-- with [desert ocean]

-- planet?select=name&terrains=cd.{desert}
SELECT concat('{"name":', to_json(r."name")::text, '}'), concat('[', r."id"::text, ']')
  FROM "planet" AS r
  WHERE (NOT EXISTS (SELECT 1 FROM "planet_terrains" AS v WHERE v."planet_id" = r."id" AND (v."value" = $1) IS NOT TRUE))
  ORDER BY r."id";
-- with [desert]

-- planet?select=name&terrains=ov.{desert,ocean,ice}
SELECT concat('{"name":', to_json(r."name")::text, '}'), concat('[', r."id"::text, ']')
  FROM "planet" AS r
  WHERE (EXISTS (SELECT 1 FROM "planet_terrains" AS v WHERE v."planet_id" = r."id" AND v."value" IN ($1, $2, $3, $4)))
  ORDER BY r."id";
-- with [desert ocean ice ice]

-- planet?select=name&terrains=eq.{desert,ocean}
SELECT concat('{"name":', to_json(r."name")::text, '}'), concat('[', r."id"::text, ']')
  FROM "planet" AS r
  WHERE ((SELECT count(*) FROM "planet_terrains" AS v WHERE v."planet_id" = r."id") = $1::bigint AND NOT EXISTS (SELECT 1 FROM "planet_terrains" AS v WHERE v."planet_id" = r."id" AND CASE (SELECT count(*) FROM "planet_terrains" AS b WHERE b."planet_id" = v."planet_id" AND b."position" < v."position") WHEN $2::bigint THEN v."value" = $3 WHEN $4::bigint THEN v."value" = $5 END IS NOT TRUE))
  ORDER BY r."id";
-- with [2 0 desert 1 ocean]

-- planet?select=name&terrains=eq.{}
SELECT concat('{"name":', to_json(r."name")::text, '}'), concat('[', r."id"::text, ']')
  FROM "planet" AS r
  WHERE ((SELECT count(*) FROM "planet_terrains" AS v WHERE v."planet_id" = r."id") = $1::bigint)
  ORDER BY r."id";
-- with [0]

-- planet?select=name&terrains=is.null
SELECT concat('{"name":', to_json(r."name")::text, '}'), concat('[', r."id"::text, ']')
  FROM "planet" AS r
  WHERE (FALSE)
  ORDER BY r."id";
-- with []

-- thing?select=id&price=gt.1.5
SELECT concat('{"id":', r."id"::text, '}'), concat('[', r."id"::text, ']')
  FROM "thing" AS r
  WHERE (r."price" > $1)
  ORDER BY r."id";
-- with [1.5]

-- thing?select=id&flag=is.true
SELECT concat('{"id":', r."id"::text, '}'), concat('[', r."id"::text, ']')
  FROM "thing" AS r
  WHERE (r."flag" IS TRUE)
  ORDER BY r."id";
-- with []

-- thing?select=id&moment=gte.2026-11-23T17:18:00Z
SELECT concat('{"id":', r."id"::text, '}'), concat('[', r."id"::text, ']')
  FROM "thing" AS r
  WHERE (r."moment" >= $1)
  ORDER BY r."id";
-- with [2026-11-23 17:18:00 +0000 UTC]

-- thing?select=id&span=lt.PT1H
SELECT concat('{"id":', r."id"::text, '}'), concat('[', r."id"::text, ']')
  FROM "thing" AS r
  WHERE (r."span" < $1)
  ORDER BY r."id";
-- with [3600000000]

-- thing?select=id&bytes=eq.AAEC
SELECT concat('{"id":', r."id"::text, '}'), concat('[', r."id"::text, ']')
  FROM "thing" AS r
  WHERE (r."bytes" = $1)
  ORDER BY r."id";
-- with [[0 1 2]]

-- thing?select=id&colour=eq.RED
SELECT concat('{"id":', r."id"::text, '}'), concat('[', r."id"::text, ']')
  FROM "thing" AS r
  WHERE (r."colour" = $1)
  ORDER BY r."id";
-- with [RED]

-- thing?select=id&labels=cs.{a,b}
SELECT concat('{"id":', r."id"::text, '}'), concat('[', r."id"::text, ']')
  FROM "thing" AS r
  WHERE (CASE WHEN r."labels" IS NOT NULL THEN EXISTS (SELECT 1 FROM (SELECT value, key - 1 AS key FROM jsonb_array_elements(r."labels") WITH ORDINALITY AS m(value, key)) AS v WHERE v.value = $1::jsonb) AND EXISTS (SELECT 1 FROM (SELECT value, key - 1 AS key FROM jsonb_array_elements(r."labels") WITH ORDINALITY AS m(value, key)) AS v WHERE v.value = $2::jsonb) END)
  ORDER BY r."id";
-- with ["a" "b"]

-- thing?select=id&labels=cd.{a}
SELECT concat('{"id":', r."id"::text, '}'), concat('[', r."id"::text, ']')
  FROM "thing" AS r
  WHERE (CASE WHEN r."labels" IS NOT NULL THEN NOT EXISTS (SELECT 1 FROM (SELECT value, key - 1 AS key FROM jsonb_array_elements(r."labels") WITH ORDINALITY AS m(value, key)) AS v WHERE (v.value = $1::jsonb) IS NOT TRUE) END)
  ORDER BY r."id";
-- with ["a"]

-- thing?select=id&labels=ov.{a}
SELECT concat('{"id":', r."id"::text, '}'), concat('[', r."id"::text, ']')
  FROM "thing" AS r
  WHERE (CASE WHEN r."labels" IS NOT NULL THEN EXISTS (SELECT 1 FROM (SELECT value, key - 1 AS key FROM jsonb_array_elements(r."labels") WITH ORDINALITY AS m(value, key)) AS v WHERE v.value = $1::jsonb) END)
  ORDER BY r."id";
-- with ["a"]

-- thing?select=id&labels=eq.{a,b}
SELECT concat('{"id":', r."id"::text, '}'), concat('[', r."id"::text, ']')
  FROM "thing" AS r
  WHERE (CASE WHEN r."labels" IS NOT NULL THEN (SELECT count(*) FROM (SELECT value, key - 1 AS key FROM jsonb_array_elements(r."labels") WITH ORDINALITY AS m(value, key)) AS v) = $1::bigint AND NOT EXISTS (SELECT 1 FROM (SELECT value, key - 1 AS key FROM jsonb_array_elements(r."labels") WITH ORDINALITY AS m(value, key)) AS v WHERE CASE v.key WHEN $2::bigint THEN v.value = $3::jsonb WHEN $4::bigint THEN v.value = $5::jsonb END IS NOT TRUE) END)
  ORDER BY r."id";
-- with [2 0 "a" 1 "b"]

-- thing?select=id&prices=cs.{1.5}
SELECT concat('{"id":', r."id"::text, '}'), concat('[', r."id"::text, ']')
  FROM "thing" AS r
  WHERE (EXISTS (SELECT 1 FROM "thing_prices" AS v WHERE v."thing_id" = r."id" AND v."value" = $1))
  ORDER BY r."id";
-- with [1.5]

-- person?select=name&homeId=eq.7
SELECT concat('{"name":', to_json(r."name")::text, '}'), concat('[', to_json(r."id")::text, ']')
  FROM "person" AS r
  WHERE (r."home_id" = $1::bigint)
  ORDER BY r."id";
-- with [7]

-- person?select=name&kind=eq.pilot
SELECT concat('{"name":', to_json(r."name")::text, '}'), concat('[', to_json(r."id")::text, ']')
  FROM "person" AS r
  WHERE ((SELECT w."word" FROM "kind" AS w WHERE w."id" = r."kind_id") = $1)
  ORDER BY r."id";
-- with [pilot]

-- person?select=name&tags=cs.{brave}
SELECT concat('{"name":', to_json(r."name")::text, '}'), concat('[', to_json(r."id")::text, ']')
  FROM "person" AS r
  WHERE (EXISTS (SELECT 1 FROM "person_tags" AS v JOIN "tag" AS w ON w."id" = v."tag_id" WHERE v."person_id" = r."id" AND w."word" = $1))
  ORDER BY r."id";
-- with [brave]

