-- planet 7 
SELECT concat('{"id":', r."id", ',"name":', json_quote(r."name"), ',"population":', ifnull(r."population", 'null'), ',"terrains":', (SELECT json_group_array("value") FROM (SELECT v."value" AS "value" FROM "planet_terrains" AS v WHERE v."planet_id" = r."id" ORDER BY v."position")), ',"climates":', (SELECT json_group_array("value") FROM (SELECT v."value" AS "value" FROM "planet_climates" AS v WHERE v."planet_id" = r."id" ORDER BY v."position")), '}')
  FROM "planet" AS r
  WHERE r."id" = ?;
-- with [7]

-- planet 7 select=id,label:name
SELECT concat('{"id":', r."id", ?, json_quote(r."name"), '}')
  FROM "planet" AS r
  WHERE r."id" = ?;
-- with [,"label": 7]

-- thing 7 
SELECT concat('{"id":', r."id", ',"text":', json_quote(r."text"), ',"small":', ifnull(r."small", 'null'), ',"float":', ifnull(CASE WHEN abs(r."float") < 1e17 AND r."float" = CAST(r."float" AS INTEGER) THEN CAST(r."float" AS INTEGER) ELSE replace(CASE CAST(printf('%!.16g', r."float") AS REAL) WHEN r."float" THEN printf('%!.16g', r."float") ELSE r."float" END, '.0e', 'e') END, 'null'), ',"price":', ifnull(CASE WHEN r."price" < 0 THEN '-' ELSE '' END || (abs(r."price") / 100) || rtrim(rtrim(printf('.%02d', abs(r."price") % 100), '0'), '.'), 'null'), ',"flag":', ifnull(CASE r."flag" WHEN 1 THEN 'true' WHEN 0 THEN 'false' END, 'null'), ',"token":', json_quote(r."token"), ',"day":', json_quote(r."day"), ',"moment":', ifnull('"' || rtrim(rtrim(substr(r."moment", 1, 26), '0'), '.') || 'Z"', 'null'), ',"span":', ifnull(CASE WHEN r."span" < 0 THEN '"-PT' ELSE '"PT' END || (abs(r."span") / 1000000) || rtrim(rtrim(printf('.%06d', abs(r."span") % 1000000), '0'), '.') || 'S"', 'null'), ',"data":', ifnull(r."data", 'null'), ',"bytes":', json_quote(r."bytes"), ',"colour":', json_quote(r."colour"), ',"prices":', (SELECT '[' || ifnull(group_concat(ifnull(CASE WHEN "value" < 0 THEN '-' ELSE '' END || (abs("value") / 10000) || rtrim(rtrim(printf('.%04d', abs("value") % 10000), '0'), '.'), 'null')), '') || ']' FROM (SELECT v."value" AS "value" FROM "thing_prices" AS v WHERE v."thing_id" = r."id" ORDER BY v."position")), ',"labels":', ifnull(r."labels", 'null'), '}')
  FROM "thing" AS r
  WHERE r."id" = ?;
-- with [7]

-- person 0192d3f4-0000-7000-8000-000000000001 
SELECT concat('{"id":', json_quote(r."id"), ',"name":', json_quote(r."name"), ',"homeId":', ifnull(r."home_id", 'null'), ',"kind":', json_quote((SELECT w."word" FROM "kind" AS w WHERE w."id" = r."kind_id")), ',"tags":', (SELECT json_group_array("value") FROM (SELECT w."word" AS "value" FROM "person_tags" AS v JOIN "tag" AS w ON w."id" = v."tag_id" WHERE v."person_id" = r."id" ORDER BY v."position")), '}')
  FROM "person" AS r
  WHERE r."id" = ?;
-- with [0192d3f4-0000-7000-8000-000000000001]

-- planet 7, locked
;
-- with []

-- planets 9, 7
SELECT concat('{"id":', r."id", ',"name":', json_quote(r."name"), ',"population":', ifnull(r."population", 'null'), ',"terrains":', (SELECT json_group_array("value") FROM (SELECT v."value" AS "value" FROM "planet_terrains" AS v WHERE v."planet_id" = r."id" ORDER BY v."position")), ',"climates":', (SELECT json_group_array("value") FROM (SELECT v."value" AS "value" FROM "planet_climates" AS v WHERE v."planet_id" = r."id" ORDER BY v."position")), '}')
  FROM json_each(?) AS e
  JOIN "planet" AS r ON r."id" = e.value
  ORDER BY e.key;
-- with [[9,7]]

-- planet?limit=20
SELECT concat('{"id":', r."id", ',"name":', json_quote(r."name"), ',"population":', ifnull(r."population", 'null'), ',"terrains":', (SELECT json_group_array("value") FROM (SELECT v."value" AS "value" FROM "planet_terrains" AS v WHERE v."planet_id" = r."id" ORDER BY v."position")), ',"climates":', (SELECT json_group_array("value") FROM (SELECT v."value" AS "value" FROM "planet_climates" AS v WHERE v."planet_id" = r."id" ORDER BY v."position")), '}'), concat('[', r."id", ']')
  FROM "planet" AS r
  ORDER BY r."id" LIMIT ?;
-- with [21]

-- planet?
SELECT concat('{"id":', r."id", ',"name":', json_quote(r."name"), ',"population":', ifnull(r."population", 'null'), ',"terrains":', (SELECT json_group_array("value") FROM (SELECT v."value" AS "value" FROM "planet_terrains" AS v WHERE v."planet_id" = r."id" ORDER BY v."position")), ',"climates":', (SELECT json_group_array("value") FROM (SELECT v."value" AS "value" FROM "planet_climates" AS v WHERE v."planet_id" = r."id" ORDER BY v."position")), '}'), concat('[', r."id", ']')
  FROM "planet" AS r
  ORDER BY r."id";
-- with []

