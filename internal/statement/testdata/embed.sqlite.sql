-- shelf 7 with its items
SELECT concat('{"id":', r."id", ',"name":', json_quote(r."name"), ',"items":', (SELECT concat('[', string_agg(v."value", ','), ']') FROM (SELECT concat('{"id":', e1."id", ',"name":', json_quote(e1."name"), ',"quantity":', e1."quantity", ',"price":', ifnull(CASE WHEN e1."price" < 0 THEN '-' ELSE '' END || (abs(e1."price") / 100) || rtrim(rtrim(printf('.%02d', abs(e1."price") % 100), '0'), '.'), 'null'), ',"weight":', ifnull(CASE WHEN abs(e1."weight") < 1e17 AND e1."weight" = CAST(e1."weight" AS INTEGER) THEN CAST(e1."weight" AS INTEGER) ELSE replace(CASE CAST(printf('%!.16g', e1."weight") AS REAL) WHEN e1."weight" THEN printf('%!.16g', e1."weight") ELSE e1."weight" END, '.0e', 'e') END, 'null'), ',"time":', ifnull(CASE WHEN e1."time" < 0 THEN '"-PT' ELSE '"PT' END || (abs(e1."time") / 1000000) || rtrim(rtrim(printf('.%06d', abs(e1."time") % 1000000), '0'), '.') || 'S"', 'null'), ',"due":', ifnull('"' || rtrim(rtrim(substr(e1."due", 1, 26), '0'), '.') || 'Z"', 'null'), ',"position":', ifnull(e1."position", 'null'), ',"makerId":', ifnull(e1."maker_id", 'null'), ',"sellerId":', json_quote(e1."seller_id"), ',"tags":', (SELECT json_group_array("value") FROM (SELECT v."value" AS "value" FROM "item_tags" AS v WHERE v."item_id" = e1."id" ORDER BY v."position")), ',"shelfId":', ifnull(e1."shelf_id", 'null'), '}') AS "value" FROM "item" AS e1 WHERE e1."shelf_id" = r."id" ORDER BY e1."position" NULLS LAST, e1."id" LIMIT ?) AS v), '}')
  FROM "shelf" AS r
  WHERE r."id" = ?;
-- with [1000 7]

-- shelves 9, 7 with the sums of their items
SELECT concat('{"name":', json_quote(r."name"), ',"items":', (SELECT concat('[', string_agg(v."value", ','), ']') FROM (SELECT concat('{"sum":', ifnull(sum(e1."quantity"), 'null'), '}') AS "value" FROM "item" AS e1 WHERE e1."shelf_id" = r."id" LIMIT ?) AS v), '}')
  FROM json_each(?) AS e
  JOIN "shelf" AS r ON r."id" = e.value
  ORDER BY e.key;
-- with [1000 [9,7]]

-- items 9, 7, each a group
SELECT concat('{"count":', count(*), ',"name":', json_quote(r."name"), '}')
  FROM json_each(?) AS e
  JOIN "item" AS r ON r."id" = e.value GROUP BY r."id", e.key
  ORDER BY e.key;
-- with [[9,7]]

-- item 7, a group
SELECT concat('{"count":', count(*), ',"name":', json_quote(r."name"), '}')
  FROM "item" AS r
  WHERE r."id" = ? GROUP BY r."id";
-- with [7]

-- shelf?select=name,items(name,quantity)&limit=20
SELECT concat('{"name":', json_quote(r."name"), ',"items":', (SELECT concat('[', string_agg(v."value", ','), ']') FROM (SELECT concat('{"name":', json_quote(e1."name"), ',"quantity":', e1."quantity", '}') AS "value" FROM "item" AS e1 WHERE e1."shelf_id" = r."id" ORDER BY e1."position" NULLS LAST, e1."id" LIMIT ?) AS v), '}'), concat('[', r."id", ']')
  FROM "shelf" AS r
  ORDER BY r."id" LIMIT ?;
-- with [1000 21]

-- shelf?select=things:items(n:name)&things.quantity=gt.1&things.order=name.desc&things.limit=3&things.offset=2
SELECT concat(?, (SELECT concat('[', string_agg(v."value", ','), ']') FROM (SELECT concat(?, json_quote(e1."name"), '}') AS "value" FROM "item" AS e1 WHERE e1."shelf_id" = r."id" AND (e1."quantity" > ?) ORDER BY e1."name" DESC, e1."id" DESC LIMIT ? OFFSET ?) AS v), '}'), concat('[', r."id", ']')
  FROM "shelf" AS r
  ORDER BY r."id";
-- with [{"things": {"n": 1 3 2]

-- item?select=name,shelf(name)
SELECT concat('{"name":', json_quote(r."name"), ',"shelf":', coalesce((SELECT concat('{"name":', json_quote(e1."name"), '}') FROM "shelf" AS e1 WHERE e1."id" = r."shelf_id"), 'null'), '}'), concat('[', r."id", ']')
  FROM "item" AS r
  ORDER BY r."id";
-- with []

-- item?select=name,maker(name,country(name))&maker.name=eq.x
SELECT concat('{"name":', json_quote(r."name"), ',"maker":', coalesce((SELECT concat('{"name":', json_quote(e1."name"), ',"country":', coalesce((SELECT concat('{"name":', json_quote(e2."name"), '}') FROM "country" AS e2 WHERE e2."id" = e1."country_id"), 'null'), '}') FROM "maker" AS e1 WHERE e1."id" = r."maker_id" AND (e1."name" = ?)), 'null'), '}'), concat('[', r."id", ']')
  FROM "item" AS r
  ORDER BY r."id";
-- with [x]

-- item?select=name,...maker(maker:name,...country(country:name))
SELECT concat('{"name":', json_quote(r."name"), ',', coalesce((SELECT concat(?, json_quote(e1."name"), ',', coalesce((SELECT concat(?, json_quote(e2."name")) FROM "country" AS e2 WHERE e2."id" = e1."country_id"), concat(?, 'null'))) FROM "maker" AS e1 WHERE e1."id" = r."maker_id"), concat(?, 'null', ?, 'null')), '}'), concat('[', r."id", ']')
  FROM "item" AS r
  ORDER BY r."id";
-- with ["maker": "country": "country": "maker": ,"country":]

-- shelf?select=members(name),items(seller(name))
SELECT concat('{"members":', (SELECT concat('[', string_agg(v."value", ','), ']') FROM (SELECT concat('{"name":', json_quote(e1."name"), '}') AS "value" FROM "shelf_members" AS j1 JOIN "member" AS e1 ON e1."id" = j1."member_id" WHERE j1."shelf_id" = r."id" ORDER BY j1."position" LIMIT ?) AS v), ',"items":', (SELECT concat('[', string_agg(v."value", ','), ']') FROM (SELECT concat('{"seller":', coalesce((SELECT concat('{"name":', json_quote(e2."name"), '}') FROM "member" AS e2 WHERE e2."id" = e1."seller_id"), 'null'), '}') AS "value" FROM "item" AS e1 WHERE e1."shelf_id" = r."id" ORDER BY e1."position" NULLS LAST, e1."id" LIMIT ?) AS v), '}'), concat('[', r."id", ']')
  FROM "shelf" AS r
  ORDER BY r."id";
-- with [1000 1000]

-- member?select=shelves(name,items(name))
SELECT concat('{"shelves":', (SELECT concat('[', string_agg(v."value", ','), ']') FROM (SELECT concat('{"name":', json_quote(e1."name"), ',"items":', (SELECT concat('[', string_agg(v."value", ','), ']') FROM (SELECT concat('{"name":', json_quote(e2."name"), '}') AS "value" FROM "item" AS e2 WHERE e2."shelf_id" = e1."id" ORDER BY e2."position" NULLS LAST, e2."id" LIMIT ?) AS v), '}') AS "value" FROM "shelf_members" AS j1 JOIN "shelf" AS e1 ON e1."id" = j1."shelf_id" WHERE j1."member_id" = r."id" ORDER BY e1."id" LIMIT ?) AS v), '}'), concat('[', json_quote(r."id"), ']')
  FROM "member" AS r
  ORDER BY r."id";
-- with [1000 1000]

-- shelf?select=*,items!inner(*)&items.name=ilike.*milk*
SELECT concat('{"id":', r."id", ',"name":', json_quote(r."name"), ',"items":', (SELECT concat('[', string_agg(v."value", ','), ']') FROM (SELECT concat('{"id":', e1."id", ',"name":', json_quote(e1."name"), ',"quantity":', e1."quantity", ',"price":', ifnull(CASE WHEN e1."price" < 0 THEN '-' ELSE '' END || (abs(e1."price") / 100) || rtrim(rtrim(printf('.%02d', abs(e1."price") % 100), '0'), '.'), 'null'), ',"weight":', ifnull(CASE WHEN abs(e1."weight") < 1e17 AND e1."weight" = CAST(e1."weight" AS INTEGER) THEN CAST(e1."weight" AS INTEGER) ELSE replace(CASE CAST(printf('%!.16g', e1."weight") AS REAL) WHEN e1."weight" THEN printf('%!.16g', e1."weight") ELSE e1."weight" END, '.0e', 'e') END, 'null'), ',"time":', ifnull(CASE WHEN e1."time" < 0 THEN '"-PT' ELSE '"PT' END || (abs(e1."time") / 1000000) || rtrim(rtrim(printf('.%06d', abs(e1."time") % 1000000), '0'), '.') || 'S"', 'null'), ',"due":', ifnull('"' || rtrim(rtrim(substr(e1."due", 1, 26), '0'), '.') || 'Z"', 'null'), ',"position":', ifnull(e1."position", 'null'), ',"makerId":', ifnull(e1."maker_id", 'null'), ',"sellerId":', json_quote(e1."seller_id"), ',"tags":', (SELECT json_group_array("value") FROM (SELECT v."value" AS "value" FROM "item_tags" AS v WHERE v."item_id" = e1."id" ORDER BY v."position")), ',"shelfId":', ifnull(e1."shelf_id", 'null'), '}') AS "value" FROM "item" AS e1 WHERE e1."shelf_id" = r."id" AND (e1."name" GLOB ?) ORDER BY e1."position" NULLS LAST, e1."id" LIMIT ?) AS v), '}'), concat('[', r."id", ']')
  FROM "shelf" AS r
  WHERE (EXISTS (SELECT 1 FROM "item" AS e1 WHERE e1."shelf_id" = r."id" AND (e1."name" GLOB ?)))
  ORDER BY r."id";
-- with [*[mM][iI][lL][kK]* 1000 *[mM][iI][lL][kK]*]

-- member?select=name,shelves!inner(items!inner())&shelves.items.tags=cs.{cold}
SELECT concat('{"name":', json_quote(r."name"), ',"shelves":', (SELECT concat('[', string_agg(v."value", ','), ']') FROM (SELECT '{}' AS "value" FROM "shelf_members" AS j1 JOIN "shelf" AS e1 ON e1."id" = j1."shelf_id" WHERE j1."member_id" = r."id" AND (EXISTS (SELECT 1 FROM "item" AS e2 WHERE e2."shelf_id" = e1."id" AND (EXISTS (SELECT 1 FROM "item_tags" AS v WHERE v."item_id" = e2."id" AND v."value" = ?)))) ORDER BY e1."id" LIMIT ?) AS v), '}'), concat('[', json_quote(r."id"), ']')
  FROM "member" AS r
  WHERE (EXISTS (SELECT 1 FROM "shelf_members" AS j1 JOIN "shelf" AS e1 ON e1."id" = j1."shelf_id" WHERE j1."member_id" = r."id" AND (EXISTS (SELECT 1 FROM "item" AS e2 WHERE e2."shelf_id" = e1."id" AND (EXISTS (SELECT 1 FROM "item_tags" AS v WHERE v."item_id" = e2."id" AND v."value" = ?))))))
  ORDER BY r."id";
-- with [cold 1000 cold]

-- shelf?select=name,items()&items=is.null&items.or=(quantity.lt.1,price.is.null)
SELECT concat('{"name":', json_quote(r."name"), '}'), concat('[', r."id", ']')
  FROM "shelf" AS r
  WHERE (NOT EXISTS (SELECT 1 FROM "item" AS e1 WHERE e1."shelf_id" = r."id" AND ((e1."quantity" < ?) OR (e1."price" IS NULL))))
  ORDER BY r."id";
-- with [1]

-- item?order=maker(name).desc,name&limit=3&select=name
SELECT concat('{"name":', json_quote(r."name"), '}'), concat('[', json_quote((SELECT o."name" FROM "maker" AS o WHERE o."id" = r."maker_id")), ',', json_quote(r."name"), ',', r."id", ']')
  FROM "item" AS r
  ORDER BY (SELECT o."name" FROM "maker" AS o WHERE o."id" = r."maker_id") DESC NULLS FIRST, r."name", r."id" LIMIT ?;
-- with [4]

-- in an order through a relation, behind a position
SELECT concat('{"name":', json_quote(r."name"), '}'), concat('[', json_quote((SELECT o."name" FROM "maker" AS o WHERE o."id" = r."maker_id")), ',', r."id", ']')
  FROM (SELECT * FROM (SELECT r.* FROM "item" AS r WHERE (SELECT o."name" FROM "maker" AS o WHERE o."id" = r."maker_id") = ? AND r."id" > ? ORDER BY (SELECT o."name" FROM "maker" AS o WHERE o."id" = r."maker_id") NULLS LAST, r."id" LIMIT ?) AS s
  UNION ALL SELECT * FROM (SELECT r.* FROM "item" AS r WHERE (SELECT o."name" FROM "maker" AS o WHERE o."id" = r."maker_id") > ? ORDER BY (SELECT o."name" FROM "maker" AS o WHERE o."id" = r."maker_id") NULLS LAST, r."id" LIMIT ?) AS s
  UNION ALL SELECT * FROM (SELECT r.* FROM "item" AS r WHERE (SELECT o."name" FROM "maker" AS o WHERE o."id" = r."maker_id") IS NULL ORDER BY (SELECT o."name" FROM "maker" AS o WHERE o."id" = r."maker_id") NULLS LAST, r."id" LIMIT ?) AS s) AS r
  ORDER BY (SELECT o."name" FROM "maker" AS o WHERE o."id" = r."maker_id") NULLS LAST, r."id" LIMIT ?;
-- with [x 7 4 x 4 4 4]

-- item?select=position,count(),quantity.sum(),price.avg(),most:price.max(),w:weight.avg(),q:quantity.avg(),weight.min(),t:time.sum(),d:due.max(),n:price.count()&order=position.desc
SELECT concat('{"position":', ifnull(r."position", 'null'), ',"count":', count(*), ',"sum":', ifnull(sum(r."quantity"), 'null'), ',"avg":', ifnull(CASE WHEN abs((avg(r."price") / 100)) < 1e17 AND (avg(r."price") / 100) = CAST((avg(r."price") / 100) AS INTEGER) THEN CAST((avg(r."price") / 100) AS INTEGER) ELSE replace(CASE CAST(printf('%!.16g', (avg(r."price") / 100)) AS REAL) WHEN (avg(r."price") / 100) THEN printf('%!.16g', (avg(r."price") / 100)) ELSE (avg(r."price") / 100) END, '.0e', 'e') END, 'null'), ?, ifnull(CASE WHEN max(r."price") < 0 THEN '-' ELSE '' END || (abs(max(r."price")) / 100) || rtrim(rtrim(printf('.%02d', abs(max(r."price")) % 100), '0'), '.'), 'null'), ?, ifnull(CASE WHEN abs((avg(r."weight"))) < 1e17 AND (avg(r."weight")) = CAST((avg(r."weight")) AS INTEGER) THEN CAST((avg(r."weight")) AS INTEGER) ELSE replace(CASE CAST(printf('%!.16g', (avg(r."weight"))) AS REAL) WHEN (avg(r."weight")) THEN printf('%!.16g', (avg(r."weight"))) ELSE (avg(r."weight")) END, '.0e', 'e') END, 'null'), ?, ifnull(CASE WHEN abs((avg(r."quantity"))) < 1e17 AND (avg(r."quantity")) = CAST((avg(r."quantity")) AS INTEGER) THEN CAST((avg(r."quantity")) AS INTEGER) ELSE replace(CASE CAST(printf('%!.16g', (avg(r."quantity"))) AS REAL) WHEN (avg(r."quantity")) THEN printf('%!.16g', (avg(r."quantity"))) ELSE (avg(r."quantity")) END, '.0e', 'e') END, 'null'), ',"min":', ifnull(CASE WHEN abs(min(r."weight")) < 1e17 AND min(r."weight") = CAST(min(r."weight") AS INTEGER) THEN CAST(min(r."weight") AS INTEGER) ELSE replace(CASE CAST(printf('%!.16g', min(r."weight")) AS REAL) WHEN min(r."weight") THEN printf('%!.16g', min(r."weight")) ELSE min(r."weight") END, '.0e', 'e') END, 'null'), ?, ifnull(CASE WHEN sum(r."time") < 0 THEN '"-PT' ELSE '"PT' END || (abs(sum(r."time")) / 1000000) || rtrim(rtrim(printf('.%06d', abs(sum(r."time")) % 1000000), '0'), '.') || 'S"', 'null'), ?, ifnull('"' || rtrim(rtrim(substr(max(r."due"), 1, 26), '0'), '.') || 'Z"', 'null'), ?, count(r."price"), '}'), ''
  FROM "item" AS r GROUP BY r."position"
  ORDER BY r."position" DESC NULLS FIRST;
-- with [,"most": ,"w": ,"q": ,"t": ,"d": ,"n":]

-- shelf?select=items(position,price.sum(),due.min())
SELECT concat('{"items":', (SELECT concat('[', string_agg(v."value", ','), ']') FROM (SELECT concat('{"position":', ifnull(e1."position", 'null'), ',"sum":', ifnull(CASE WHEN sum(e1."price") < 0 THEN '-' ELSE '' END || (abs(sum(e1."price")) / 100) || rtrim(rtrim(printf('.%02d', abs(sum(e1."price")) % 100), '0'), '.'), 'null'), ',"min":', ifnull('"' || rtrim(rtrim(substr(min(e1."due"), 1, 26), '0'), '.') || 'Z"', 'null'), '}') AS "value" FROM "item" AS e1 WHERE e1."shelf_id" = r."id" GROUP BY e1."position" ORDER BY e1."position" NULLS LAST LIMIT ?) AS v), '}'), concat('[', r."id", ']')
  FROM "shelf" AS r
  ORDER BY r."id";
-- with [1000]

-- a page of groups, counted
SELECT concat('{"maker":', coalesce((SELECT concat('{"name":', json_quote(e1."name"), '}') FROM "maker" AS e1 WHERE e1."id" = r."maker_id"), 'null'), ',"count":', count(*), ',"sum":', ifnull(CASE WHEN sum(r."price") < 0 THEN '-' ELSE '' END || (abs(sum(r."price")) / 100) || rtrim(rtrim(printf('.%02d', abs(sum(r."price")) % 100), '0'), '.'), 'null'), '}'), '', (SELECT count(*) FROM (SELECT count(*) FROM "item" AS r GROUP BY r."maker_id") AS s)
  FROM "item" AS r GROUP BY r."maker_id"
  ORDER BY r."maker_id" NULLS LAST LIMIT ? OFFSET ?;
-- with [6 5]

-- the one group, counted
SELECT concat('{"sum":', ifnull(sum(r."quantity"), 'null'), '}'), '', (SELECT count(*) FROM (SELECT count(*) FROM "item" AS r) AS s)
  FROM "item" AS r;
-- with []

-- the items of shelf 7
SELECT concat('{"name":', json_quote(r."name"), '}'), concat('[', r."id", ']')
  FROM "item" AS r
  WHERE ((r."quantity" > ?) AND (r."shelf_id" = ?))
  ORDER BY r."id" LIMIT ?;
-- with [1 7 4]

-- the members of shelf 7
SELECT concat('{"name":', json_quote(r."name"), '}'), concat('[', json_quote(r."id"), ']')
  FROM "member" AS r
  WHERE (r."id" IN (SELECT j."member_id" FROM "shelf_members" AS j WHERE j."shelf_id" = ?))
  ORDER BY r."id";
-- with [7]

-- a change of items of shelves
UPDATE "item" AS r
  SET "quantity" = r."quantity" * ?
  WHERE (EXISTS (SELECT 1 FROM "shelf" AS e1 WHERE e1."id" = r."shelf_id" AND (e1."name" = ?)))
  RETURNING "id";
-- with [2 top]

-- a deletion of shelves without items
DELETE
  FROM "shelf" AS r
  WHERE (NOT EXISTS (SELECT 1 FROM "item" AS e1 WHERE e1."shelf_id" = r."id"))
  RETURNING "id";
-- with []

