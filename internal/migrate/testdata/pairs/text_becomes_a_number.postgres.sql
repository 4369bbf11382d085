-- 0002_to for postgres. Once a database has applied it, it must not change.

-- Item.size: String becomes Int64
ALTER TABLE "item" ALTER COLUMN "size" TYPE bigint USING (CASE WHEN "size" ~ '^(0|-?[1-9][0-9]*)$' THEN "size" ELSE 'not an integer: ' || "size" END)::bigint;

-- Item.weight: String becomes Decimal(18, 4)
ALTER TABLE "item" ALTER COLUMN "weight" TYPE numeric(18,4) USING CASE WHEN ("weight")::numeric = round(("weight")::numeric, 4) THEN ("weight")::numeric ELSE ('not a decimal of scale 4: ' || ("weight")::numeric)::numeric END;
