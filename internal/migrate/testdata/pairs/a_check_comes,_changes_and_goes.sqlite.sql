-- 0002_to for sqlite. Once a database has applied it, it must not change.

-- Item.a: check max 10
ALTER TABLE "item" DROP CONSTRAINT "item_a_check";

-- Item.b: check min 1
ALTER TABLE "item" DROP CONSTRAINT "item_b_check";

-- Item.c: no check but its type's
ALTER TABLE "item" DROP CONSTRAINT "item_c_check";

-- Item.a: check max 10
ALTER TABLE "item" ADD CONSTRAINT "item_a_check" CHECK ("a" BETWEEN -2147483648 AND 10);

-- Item.b: check min 1
ALTER TABLE "item" ADD CONSTRAINT "item_b_check" CHECK ("b" BETWEEN 1 AND 2147483647);
