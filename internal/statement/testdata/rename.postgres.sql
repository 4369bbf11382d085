-- recipe?select=name,labels,parts(words)&labels=cs.{hot}&order=name&limit=20
SELECT concat('{"name":', to_json(r."title")::text, ',"labels":', array_to_json(ARRAY(SELECT v."value" AS "value" FROM "recipe_tags" AS v WHERE v."recipe_id" = r."id" ORDER BY v."position"))::text, ',"parts":', (SELECT concat('[', string_agg(v."value", ','), ']') FROM (SELECT concat('{"words":', to_json(e1."text")::text, '}') AS "value" FROM "step" AS e1 WHERE e1."recipe_id" = r."id" ORDER BY e1."id" LIMIT 1000) AS v), '}'), concat('[', to_json(r."title")::text, ',', r."id"::text, ']')
  FROM "recipe" AS r
  WHERE (EXISTS (SELECT 1 FROM "recipe_tags" AS v WHERE v."recipe_id" = r."id" AND v."value" = $1))
  ORDER BY r."title", r."id" LIMIT 21;
-- with [hot]

-- recipe?select=name,parts!inner()&parts.words=like.*boil*&limit=20
SELECT concat('{"name":', to_json(r."title")::text, '}'), concat('[', r."id"::text, ']')
  FROM "recipe" AS r
  WHERE (EXISTS (SELECT 1 FROM "step" AS e1 WHERE e1."recipe_id" = r."id" AND (e1."text" LIKE $1)))
  ORDER BY r."id" LIMIT 21;
-- with [%boil%]

-- step?select=words,formulaId,formula(name)&formulaId=eq.7&order=formula(name)
SELECT concat('{"words":', to_json(r."text")::text, ',"formulaId":', coalesce(r."recipe_id"::text, 'null'), ',"formula":', coalesce((SELECT concat('{"name":', to_json(e1."title")::text, '}') FROM "recipe" AS e1 WHERE e1."id" = r."recipe_id"), 'null'), '}'), concat('[', coalesce(to_json((SELECT o."title" FROM "recipe" AS o WHERE o."id" = r."recipe_id"))::text, 'null'), ',', r."id"::text, ']')
  FROM "step" AS r
  WHERE (r."recipe_id" = $1::bigint)
  ORDER BY (SELECT o."title" FROM "recipe" AS o WHERE o."id" = r."recipe_id"), r."id";
-- with [7]

-- insert a formula
INSERT INTO "recipe" ("title")
  VALUES ($1)
  RETURNING "id";
-- with [Tea]

-- update a formula
UPDATE "recipe" AS r
  SET "title" = $1
  WHERE r."id" IN (SELECT r."id" FROM "recipe" AS r WHERE (r."id" = $2::bigint) ORDER BY r."id" FOR UPDATE)
  RETURNING "id";
-- with [Tea 7]

