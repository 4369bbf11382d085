-- shelf 7 with its items
SELECT concat('{"id":', r."id"::text, ',"name":', to_json(r."name")::text, ',"items":', (SELECT concat('[', string_agg(v."value", ','), ']') FROM (SELECT concat('{"id":', e1."id"::text, ',"name":', to_json(e1."name")::text, ',"quantity":', e1."quantity"::text, ',"price":', coalesce(trim_scale(e1."price")::text, 'null'), ',"weight":', coalesce(CASE WHEN abs(e1."weight") < 1e17 AND e1."weight" = trunc(e1."weight") THEN e1."weight"::bigint::text ELSE e1."weight"::text END, 'null'), ',"time":', coalesce(CASE WHEN e1."time" < 0 THEN '"-PT' ELSE '"PT' END || trim_scale(abs(e1."time") / 1000000.0)::text || 'S"', 'null'), ',"due":', coalesce('"' || rtrim(rtrim(to_char(e1."due" AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'), '0'), '.') || 'Z"', 'null'), ',"position":', coalesce(e1."position"::text, 'null'), ',"makerId":', coalesce(e1."maker_id"::text, 'null'), ',"sellerId":', coalesce(to_json(e1."seller_id")::text, 'null'), ',"tags":', array_to_json(ARRAY(SELECT v."value" AS "value" FROM "item_tags" AS v WHERE v."item_id" = e1."id" ORDER BY v."position"))::text, ',"shelfId":', coalesce(e1."shelf_id"::text, 'null'), '}') AS "value" FROM "item" AS e1 WHERE e1."shelf_id" = r."id" ORDER BY e1."position", e1."id" LIMIT 1000) AS v), '}')
  FROM "shelf" AS r
  WHERE r."id" = $1::bigint;
-- with [7]

-- shelves 9, 7 with the sums of their items
SELECT concat('{"name":', to_json(r."name")::text, ',"items":', (SELECT concat('[', string_agg(v."value", ','), ']') FROM (SELECT concat('{"sum":', coalesce(sum(e1."quantity")::text, 'null'), '}') AS "value" FROM "item" AS e1 WHERE e1."shelf_id" = r."id" LIMIT 1000) AS v), '}')
  FROM (SELECT value, key - 1 AS key FROM jsonb_array_elements($1::jsonb) WITH ORDINALITY AS m(value, key)) AS e
  JOIN "shelf" AS r ON r."id" = (e.value #>> '{}')::bigint
  ORDER BY e.key;
-- with [[9,7]]

-- items 9, 7, each a group
SELECT concat('{"count":', count(*)::text, ',"name":', to_json(r."name")::text, '}')
  FROM (SELECT value, key - 1 AS key FROM jsonb_array_elements($1::jsonb) WITH ORDINALITY AS m(value, key)) AS e
  JOIN "item" AS r ON r."id" = (e.value #>> '{}')::bigint GROUP BY r."id", e.key
  ORDER BY e.key;
-- with [[9,7]]

-- item 7, a group
SELECT concat('{"count":', count(*)::text, ',"name":', to_json(r."name")::text, '}')
  FROM "item" AS r
  WHERE r."id" = $1::bigint GROUP BY r."id";
-- with [7]

-- shelf?select=name,items(name,quantity)&limit=20
SELECT concat('{"name":', to_json(r."name")::text, ',"items":', (SELECT concat('[', string_agg(v."value", ','), ']') FROM (SELECT concat('{"name":', to_json(e1."name")::text, ',"quantity":', e1."quantity"::text, '}') AS "value" FROM "item" AS e1 WHERE e1."shelf_id" = r."id" ORDER BY e1."position", e1."id" LIMIT 1000) AS v), '}'), concat('[', r."id"::text, ']')
  FROM "shelf" AS r
  ORDER BY r."id" LIMIT 21;
-- with []

-- shelf?select=things:items(n:name)&things.quantity=gt.1&things.order=name.desc&things.limit=3&things.offset=2
SELECT concat($1::text, (SELECT concat('[', string_agg(v."value", ','), ']') FROM (SELECT concat($2::text, to_json(e1."name")::text, '}') AS "value" FROM "item" AS e1 WHERE e1."shelf_id" = r."id" AND (e1."quantity" > $3) ORDER BY e1."name" DESC, e1."id" DESC LIMIT 3 OFFSET $4) AS v), '}'), concat('[', r."id"::text, ']')
  FROM "shelf" AS r
  ORDER BY r."id";
-- with [{"things": {"n": 1 2]

-- item?select=name,shelf(name)
SELECT concat('{"name":', to_json(r."name")::text, ',"shelf":', coalesce((SELECT concat('{"name":', to_json(e1."name")::text, '}') FROM "shelf" AS e1 WHERE e1."id" = r."shelf_id"), 'null'), '}'), concat('[', r."id"::text, ']')
  FROM "item" AS r
  ORDER BY r."id";
-- with []

-- item?select=name,maker(name,country(name))&maker.name=eq.x
SELECT concat('{"name":', to_json(r."name")::text, ',"maker":', coalesce((SELECT concat('{"name":', to_json(e1."name")::text, ',"country":', coalesce((SELECT concat('{"name":', to_json(e2."name")::text, '}') FROM "country" AS e2 WHERE e2."id" = e1."country_id"), 'null'), '}') FROM "maker" AS e1 WHERE e1."id" = r."maker_id" AND (e1."name" = $1)), 'null'), '}'), concat('[', r."id"::text, ']')
  FROM "item" AS r
  ORDER BY r."id";
-- with [x]

-- item?select=name,...maker(maker:name,...country(country:name))
SELECT concat('{"name":', to_json(r."name")::text, ',', coalesce((SELECT concat($1::text, to_json(e1."name")::text, ',', coalesce((SELECT concat($2::text, to_json(e2."name")::text) FROM "country" AS e2 WHERE e2."id" = e1."country_id"), concat($3::text, 'null'))) FROM "maker" AS e1 WHERE e1."id" = r."maker_id"), concat($4::text, 'null', $5::text, 'null')), '}'), concat('[', r."id"::text, ']')
  FROM "item" AS r
  ORDER BY r."id";
-- with ["maker": "country": "country": "maker": ,"country":]

-- shelf?select=members(name),items(seller(name))
SELECT concat('{"members":', (SELECT concat('[', string_agg(v."value", ','), ']') FROM (SELECT concat('{"name":', to_json(e1."name")::text, '}') AS "value" FROM "shelf_members" AS j1 JOIN "member" AS e1 ON e1."id" = j1."member_id" WHERE j1."shelf_id" = r."id" ORDER BY j1."position" LIMIT 1000) AS v), ',"items":', (SELECT concat('[', string_agg(v."value", ','), ']') FROM (SELECT concat('{"seller":', coalesce((SELECT concat('{"name":', to_json(e2."name")::text, '}') FROM "member" AS e2 WHERE e2."id" = e1."seller_id"), 'null'), '}') AS "value" FROM "item" AS e1 WHERE e1."shelf_id" = r."id" ORDER BY e1."position", e1."id" LIMIT 1000) AS v), '}'), concat('[', r."id"::text, ']')
  FROM "shelf" AS r
  ORDER BY r."id";
-- with []

-- member?select=shelves(name,items(name))
SELECT concat('{"shelves":', (SELECT concat('[', string_agg(v."value", ','), ']') FROM (SELECT concat('{"name":', to_json(e1."name")::text, ',"items":', (SELECT concat('[', string_agg(v."value", ','), ']') FROM (SELECT concat('{"name":', to_json(e2."name")::text, '}') AS "value" FROM "item" AS e2 WHERE e2."shelf_id" = e1."id" ORDER BY e2."position", e2."id" LIMIT 1000) AS v), '}') AS "value" FROM "shelf_members" AS j1 JOIN "shelf" AS e1 ON e1."id" = j1."shelf_id" WHERE j1."member_id" = r."id" ORDER BY e1."id" LIMIT 1000) AS v), '}'), concat('[', to_json(r."id")::text, ']')
  FROM "member" AS r
  ORDER BY r."id";
-- with []

-- shelf?select=*,items!inner(*)&items.name=ilike.*milk*
SELECT concat('{"id":', r."id"::text, ',"name":', to_json(r."name")::text, ',"items":', (SELECT concat('[', string_agg(v."value", ','), ']') FROM (SELECT concat('{"id":', e1."id"::text, ',"name":', to_json(e1."name")::text, ',"quantity":', e1."quantity"::text, ',"price":', coalesce(trim_scale(e1."price")::text, 'null'), ',"weight":', coalesce(CASE WHEN abs(e1."weight") < 1e17 AND e1."weight" = trunc(e1."weight") THEN e1."weight"::bigint::text ELSE e1."weight"::text END, 'null'), ',"time":', coalesce(CASE WHEN e1."time" < 0 THEN '"-PT' ELSE '"PT' END || trim_scale(abs(e1."time") / 1000000.0)::text || 'S"', 'null'), ',"due":', coalesce('"' || rtrim(rtrim(to_char(e1."due" AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'), '0'), '.') || 'Z"', 'null'), ',"position":', coalesce(e1."position"::text, 'null'), ',"makerId":', coalesce(e1."maker_id"::text, 'null'), ',"sellerId":', coalesce(to_json(e1."seller_id")::text, 'null'), ',"tags":', array_to_json(ARRAY(SELECT v."value" AS "value" FROM "item_tags" AS v WHERE v."item_id" = e1."id" ORDER BY v."position"))::text, ',"shelfId":', coalesce(e1."shelf_id"::text, 'null'), '}') AS "value" FROM "item" AS e1 WHERE e1."shelf_id" = r."id" AND (e1."name" ILIKE $1) ORDER BY e1."position", e1."id" LIMIT 1000) AS v), '}'), concat('[', r."id"::text, ']')
  FROM "shelf" AS r
  WHERE (EXISTS (SELECT 1 FROM "item" AS e1 WHERE e1."shelf_id" = r."id" AND (e1."name" ILIKE $2)))
  ORDER BY r."id";
-- with [%milk% %milk%]

-- member?select=name,shelves!inner(items!inner())&shelves.items.tags=cs.{cold}
SELECT concat('{"name":', to_json(r."name")::text, ',"shelves":', (SELECT concat('[', string_agg(v."value", ','), ']') FROM (SELECT '{}' AS "value" FROM "shelf_members" AS j1 JOIN "shelf" AS e1 ON e1."id" = j1."shelf_id" WHERE j1."member_id" = r."id" AND (EXISTS (SELECT 1 FROM "item" AS e2 WHERE e2."shelf_id" = e1."id" AND (EXISTS (SELECT 1 FROM "item_tags" AS v WHERE v."item_id" = e2."id" AND v."value" = $1)))) ORDER BY e1."id" LIMIT 1000) AS v), '}'), concat('[', to_json(r."id")::text, ']')
  FROM "member" AS r
  WHERE (EXISTS (SELECT 1 FROM "shelf_members" AS j1 JOIN "shelf" AS e1 ON e1."id" = j1."shelf_id" WHERE j1."member_id" = r."id" AND (EXISTS (SELECT 1 FROM "item" AS e2 WHERE e2."shelf_id" = e1."id" AND (EXISTS (SELECT 1 FROM "item_tags" AS v WHERE v."item_id" = e2."id" AND v."value" = $2))))))
  ORDER BY r."id";
-- with [cold cold]

-- shelf?select=name,items()&items=is.null&items.or=(quantity.lt.1,price.is.null)
SELECT concat('{"name":', to_json(r."name")::text, '}'), concat('[', r."id"::text, ']')
  FROM "shelf" AS r
  WHERE (NOT EXISTS (SELECT 1 FROM "item" AS e1 WHERE e1."shelf_id" = r."id" AND ((e1."quantity" < $1) OR (e1."price" IS NULL))))
  ORDER BY r."id";
-- with [1]

-- item?order=maker(name).desc,name&limit=3&select=name
SELECT concat('{"name":', to_json(r."name")::text, '}'), concat('[', coalesce(to_json((SELECT o."name" FROM "maker" AS o WHERE o."id" = r."maker_id"))::text, 'null'), ',', to_json(r."name")::text, ',', r."id"::text, ']')
  FROM "item" AS r
  ORDER BY (SELECT o."name" FROM "maker" AS o WHERE o."id" = r."maker_id") DESC, r."name", r."id" LIMIT 4;
-- with []

-- in an order through a relation, behind a position
SELECT concat('{"name":', to_json(r."name")::text, '}'), concat('[', coalesce(to_json((SELECT o."name" FROM "maker" AS o WHERE o."id" = r."maker_id"))::text, 'null'), ',', r."id"::text, ']')
  FROM (SELECT * FROM (SELECT r.* FROM "item" AS r WHERE (SELECT o."name" FROM "maker" AS o WHERE o."id" = r."maker_id") = $1 AND r."id" > $2::bigint ORDER BY (SELECT o."name" FROM "maker" AS o WHERE o."id" = r."maker_id"), r."id" LIMIT 4) AS s
  UNION ALL SELECT * FROM (SELECT r.* FROM "item" AS r WHERE (SELECT o."name" FROM "maker" AS o WHERE o."id" = r."maker_id") > $3 ORDER BY (SELECT o."name" FROM "maker" AS o WHERE o."id" = r."maker_id"), r."id" LIMIT 4) AS s
  UNION ALL SELECT * FROM (SELECT r.* FROM "item" AS r WHERE (SELECT o."name" FROM "maker" AS o WHERE o."id" = r."maker_id") IS NULL ORDER BY (SELECT o."name" FROM "maker" AS o WHERE o."id" = r."maker_id"), r."id" LIMIT 4) AS s) AS r
  ORDER BY (SELECT o."name" FROM "maker" AS o WHERE o."id" = r."maker_id"), r."id" LIMIT 4;
-- with [x 7 x]

-- item?select=position,count(),quantity.sum(),price.avg(),most:price.max(),w:weight.avg(),q:quantity.avg(),weight.min(),t:time.sum(),d:due.max(),n:price.count()&order=position.desc
SELECT concat('{"position":', coalesce(r."position"::text, 'null'), ',"count":', count(*)::text, ',"sum":', coalesce(sum(r."quantity")::text, 'null'), ',"avg":', coalesce(CASE WHEN abs(((sum(r."price") * 100)::double precision / count(r."price") / 100)) < 1e17 AND ((sum(r."price") * 100)::double precision / count(r."price") / 100) = trunc(((sum(r."price") * 100)::double precision / count(r."price") / 100)) THEN ((sum(r."price") * 100)::double precision / count(r."price") / 100)::bigint::text ELSE ((sum(r."price") * 100)::double precision / count(r."price") / 100)::text END, 'null'), $1::text, coalesce(trim_scale(max(r."price"))::text, 'null'), $2::text, coalesce(CASE WHEN abs((sum(r."weight")::double precision / count(r."weight"))) < 1e17 AND (sum(r."weight")::double precision / count(r."weight")) = trunc((sum(r."weight")::double precision / count(r."weight"))) THEN (sum(r."weight")::double precision / count(r."weight"))::bigint::text ELSE (sum(r."weight")::double precision / count(r."weight"))::text END, 'null'), $3::text, coalesce(CASE WHEN abs((sum(r."quantity")::double precision / count(r."quantity"))) < 1e17 AND (sum(r."quantity")::double precision / count(r."quantity")) = trunc((sum(r."quantity")::double precision / count(r."quantity"))) THEN (sum(r."quantity")::double precision / count(r."quantity"))::bigint::text ELSE (sum(r."quantity")::double precision / count(r."quantity"))::text END, 'null'), ',"min":', coalesce(CASE WHEN abs(min(r."weight")) < 1e17 AND min(r."weight") = trunc(min(r."weight")) THEN min(r."weight")::bigint::text ELSE min(r."weight")::text END, 'null'), $4::text, coalesce(CASE WHEN sum(r."time")::bigint < 0 THEN '"-PT' ELSE '"PT' END || trim_scale(abs(sum(r."time")::bigint) / 1000000.0)::text || 'S"', 'null'), $5::text, coalesce('"' || rtrim(rtrim(to_char(max(r."due") AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'), '0'), '.') || 'Z"', 'null'), $6::text, count(r."price")::text, '}'), ''
  FROM "item" AS r GROUP BY r."position"
  ORDER BY r."position" DESC;
-- with [,"most": ,"w": ,"q": ,"t": ,"d": ,"n":]

-- shelf?select=items(position,price.sum(),due.min())
SELECT concat('{"items":', (SELECT concat('[', string_agg(v."value", ','), ']') FROM (SELECT concat('{"position":', coalesce(e1."position"::text, 'null'), ',"sum":', coalesce(trim_scale(((sum(e1."price") * 100)::bigint * 0.01))::text, 'null'), ',"min":', coalesce('"' || rtrim(rtrim(to_char(min(e1."due") AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'), '0'), '.') || 'Z"', 'null'), '}') AS "value" FROM "item" AS e1 WHERE e1."shelf_id" = r."id" GROUP BY e1."position" ORDER BY e1."position" LIMIT 1000) AS v), '}'), concat('[', r."id"::text, ']')
  FROM "shelf" AS r
  ORDER BY r."id";
-- with []

-- a page of groups, counted
SELECT concat('{"maker":', coalesce((SELECT concat('{"name":', to_json(e1."name")::text, '}') FROM "maker" AS e1 WHERE e1."id" = r."maker_id"), 'null'), ',"count":', count(*)::text, ',"sum":', coalesce(trim_scale(((sum(r."price") * 100)::bigint * 0.01))::text, 'null'), '}'), '', (SELECT count(*) FROM (SELECT count(*) FROM "item" AS r GROUP BY r."maker_id") AS s)
  FROM "item" AS r GROUP BY r."maker_id"
  ORDER BY r."maker_id" LIMIT 6 OFFSET $1;
-- with [5]

-- the one group, counted
SELECT concat('{"sum":', coalesce(sum(r."quantity")::text, 'null'), '}'), '', (SELECT count(*) FROM (SELECT count(*) FROM "item" AS r) AS s)
  FROM "item" AS r;
-- with []

-- the items of shelf 7
SELECT concat('{"name":', to_json(r."name")::text, '}'), concat('[', r."id"::text, ']')
  FROM "item" AS r
  WHERE ((r."quantity" > $1) AND (r."shelf_id" = $2::bigint))
  ORDER BY r."id" LIMIT 4;
-- with [1 7]

-- the members of shelf 7
SELECT concat('{"name":', to_json(r."name")::text, '}'), concat('[', to_json(r."id")::text, ']')
  FROM "member" AS r
  WHERE (r."id" IN (SELECT j."member_id" FROM "shelf_members" AS j WHERE j."shelf_id" = $1::bigint))
  ORDER BY r."id";
-- with [7]

-- a change of items of shelves
UPDATE "item" AS r
  SET "quantity" = r."quantity" * $1::bigint
  WHERE r."id" IN (SELECT r."id" FROM "item" AS r WHERE (EXISTS (SELECT 1 FROM "shelf" AS e1 WHERE e1."id" = r."shelf_id" AND (e1."name" = $2))) ORDER BY r."id" FOR UPDATE)
  RETURNING "id";
-- with [2 top]

-- a deletion of shelves without items
DELETE
  FROM "shelf" AS r
  WHERE r."id" IN (SELECT r."id" FROM "shelf" AS r WHERE (NOT EXISTS (SELECT 1 FROM "item" AS e1 WHERE e1."shelf_id" = r."id")) ORDER BY r."id" FOR UPDATE)
  RETURNING "id";
-- with []

