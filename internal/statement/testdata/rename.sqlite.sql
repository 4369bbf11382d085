-- recipe?select=name,labels,parts(words)&labels=cs.{hot}&order=name&limit=20
SELECT concat('{"name":', json_quote(r."title"), ',"labels":', (SELECT json_group_array("value") FROM (SELECT v."value" AS "value" FROM "recipe_tags" AS v WHERE v."recipe_id" = r."id" ORDER BY v."position")), ',"parts":', (SELECT concat('[', string_agg(v."value", ','), ']') FROM (SELECT concat('{"words":', json_quote(e1."text"), '}') AS "value" FROM "step" AS e1 WHERE e1."recipe_id" = r."id" ORDER BY e1."id" LIMIT ?) AS v), '}'), concat('[', json_quote(r."title"), ',', r."id", ']')
  FROM "recipe" AS r
  WHERE (EXISTS (SELECT 1 FROM "recipe_tags" AS v WHERE v."recipe_id" = r."id" AND v."value" = ?))
  ORDER BY r."title", r."id" LIMIT ?;
-- with [1000 hot 21]

-- recipe?select=name,parts!inner()&parts.words=like.*boil*&limit=20
SELECT concat('{"name":', json_quote(r."title"), '}'), concat('[', r."id", ']')
  FROM "recipe" AS r
  WHERE (EXISTS (SELECT 1 FROM "step" AS e1 WHERE e1."recipe_id" = r."id" AND (e1."text" GLOB ?)))
  ORDER BY r."id" LIMIT ?;
-- with [*boil* 21]

-- step?select=words,formulaId,formula(name)&formulaId=eq.7&order=formula(name)
SELECT concat('{"words":', json_quote(r."text"), ',"formulaId":', ifnull(r."recipe_id", 'null'), ',"formula":', coalesce((SELECT concat('{"name":', json_quote(e1."title"), '}') FROM "recipe" AS e1 WHERE e1."id" = r."recipe_id"), 'null'), '}'), concat('[', json_quote((SELECT o."title" FROM "recipe" AS o WHERE o."id" = r."recipe_id")), ',', r."id", ']')
  FROM "step" AS r
  WHERE (r."recipe_id" = ?)
  ORDER BY (SELECT o."title" FROM "recipe" AS o WHERE o."id" = r."recipe_id") NULLS LAST, r."id";
-- with [7]

-- insert a formula
INSERT INTO "recipe" ("title")
  VALUES (?)
  RETURNING "id";
-- with [Tea]

-- update a formula
UPDATE "recipe" AS r
  SET "title" = ?
  WHERE (r."id" = ?)
  RETURNING "id";
-- with [Tea 7]

