-- planet 7 
SELECT concat('{"id":', r."id"::text, ',"name":', to_json(r."name")::text, ',"population":', coalesce(r."population"::text, 'null'), ',"terrains":', array_to_json(ARRAY(SELECT v."value" AS "value" FROM "planet_terrains" AS v WHERE v."planet_id" = r."id" ORDER BY v."position"))::text, ',"climates":', array_to_json(ARRAY(SELECT v."value" AS "value" FROM "planet_climates" AS v WHERE v."planet_id" = r."id" ORDER BY v."position"))::text, '}')
  FROM "planet" AS r
  WHERE r."id" = $1::bigint;
-- with [7]

-- planet 7 select=id,label:name
SELECT concat('{"id":', r."id"::text, $1::text, to_json(r."name")::text, '}')
  FROM "planet" AS r
  WHERE r."id" = $2::bigint;
-- with [,"label": 7]

-- thing 7 
SELECT concat('{"id":', r."id"::text, ',"text":', coalesce(to_json(r."text")::text, 'null'), ',"small":', coalesce(r."small"::text, 'null'), ',"float":', coalesce(CASE WHEN abs(r."float") < 1e17 AND r."float" = trunc(r."float") THEN r."float"::bigint::text ELSE r."float"::text END, 'null'), ',"price":', coalesce(trim_scale(r."price")::text, 'null'), ',"flag":', coalesce(r."flag"::text, 'null'), ',"token":', coalesce(to_json(r."token")::text, 'null'), ',"day":', coalesce(to_json(r."day")::text, 'null'), ',"moment":', coalesce('"' || rtrim(rtrim(to_char(r."moment" AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'), '0'), '.') || 'Z"', 'null'), ',"span":', coalesce(CASE WHEN r."span" < 0 THEN '"-PT' ELSE '"PT' END || trim_scale(abs(r."span") / 1000000.0)::text || 'S"', 'null'), ',"data":', coalesce(CASE WHEN strpos(r."data"::text, '-0e987') = 0 THEN replace(json_strip_nulls(replace(r."data"::text, 'null', '-0e987')::json)::text, '-0e987', 'null') ELSE regexp_replace(r."data"::text, '("(?:[^"\\]|\\.)*")|\s', '\1', 'g') END, 'null'), ',"bytes":', coalesce('"' || replace(encode(r."bytes", 'base64'), chr(10), '') || '"', 'null'), ',"colour":', coalesce(to_json(r."colour")::text, 'null'), ',"prices":', (SELECT '[' || coalesce(string_agg(coalesce(trim_scale("value")::text, 'null'), ','), '') || ']' FROM (SELECT v."value" AS "value" FROM "thing_prices" AS v WHERE v."thing_id" = r."id" ORDER BY v."position") AS v), ',"labels":', coalesce(CASE WHEN strpos(r."labels"::text, '-0e987') = 0 THEN replace(json_strip_nulls(replace(r."labels"::text, 'null', '-0e987')::json)::text, '-0e987', 'null') ELSE regexp_replace(r."labels"::text, '("(?:[^"\\]|\\.)*")|\s', '\1', 'g') END, 'null'), '}')
  FROM "thing" AS r
  WHERE r."id" = $1::bigint;
-- with [7]

-- person 0192d3f4-0000-7000-8000-000000000001 
SELECT concat('{"id":', to_json(r."id")::text, ',"name":', to_json(r."name")::text, ',"homeId":', coalesce(r."home_id"::text, 'null'), ',"kind":', coalesce(to_json((SELECT w."word" FROM "kind" AS w WHERE w."id" = r."kind_id"))::text, 'null'), ',"tags":', array_to_json(ARRAY(SELECT w."word" AS "value" FROM "person_tags" AS v JOIN "tag" AS w ON w."id" = v."tag_id" WHERE v."person_id" = r."id" ORDER BY v."position"))::text, '}')
  FROM "person" AS r
  WHERE r."id" = $1;
-- with [0192d3f4-0000-7000-8000-000000000001]

-- planet 7, locked
SELECT
  FROM "planet" AS r
  WHERE r."id" = $1::bigint FOR UPDATE;
-- with [7]

-- planets 9, 7
SELECT concat('{"id":', r."id"::text, ',"name":', to_json(r."name")::text, ',"population":', coalesce(r."population"::text, 'null'), ',"terrains":', array_to_json(ARRAY(SELECT v."value" AS "value" FROM "planet_terrains" AS v WHERE v."planet_id" = r."id" ORDER BY v."position"))::text, ',"climates":', array_to_json(ARRAY(SELECT v."value" AS "value" FROM "planet_climates" AS v WHERE v."planet_id" = r."id" ORDER BY v."position"))::text, '}')
  FROM (SELECT value, key - 1 AS key FROM jsonb_array_elements($1::jsonb) WITH ORDINALITY AS m(value, key)) AS e
  JOIN "planet" AS r ON r."id" = (e.value #>> '{}')::bigint
  ORDER BY e.key;
-- with [[9,7]]

-- planet?limit=20
SELECT concat('{"id":', r."id"::text, ',"name":', to_json(r."name")::text, ',"population":', coalesce(r."population"::text, 'null'), ',"terrains":', array_to_json(ARRAY(SELECT v."value" AS "value" FROM "planet_terrains" AS v WHERE v."planet_id" = r."id" ORDER BY v."position"))::text, ',"climates":', array_to_json(ARRAY(SELECT v."value" AS "value" FROM "planet_climates" AS v WHERE v."planet_id" = r."id" ORDER BY v."position"))::text, '}'), concat('[', r."id"::text, ']')
  FROM "planet" AS r
  ORDER BY r."id" LIMIT 21;
-- with []

-- planet?
SELECT concat('{"id":', r."id"::text, ',"name":', to_json(r."name")::text, ',"population":', coalesce(r."population"::text, 'null'), ',"terrains":', array_to_json(ARRAY(SELECT v."value" AS "value" FROM "planet_terrains" AS v WHERE v."planet_id" = r."id" ORDER BY v."position"))::text, ',"climates":', array_to_json(ARRAY(SELECT v."value" AS "value" FROM "planet_climates" AS v WHERE v."planet_id" = r."id" ORDER BY v."position"))::text, '}'), concat('[', r."id"::text, ']')
  FROM "planet" AS r
  ORDER BY r."id";
-- with []

