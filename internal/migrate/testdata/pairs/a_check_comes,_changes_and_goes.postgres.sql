-- 0002_to for postgres. Once a database has applied it, it must not change.

-- Item.b: check min 1
ALTER TABLE "item" DROP CONSTRAINT "item_b_check";

-- Item.c: no check but its type's
ALTER TABLE "item" DROP CONSTRAINT "item_c_check";

-- Item.d: check pattern ^[a-z0-9]+$
ALTER TABLE "item" DROP CONSTRAINT "item_d_check";

-- Item.a: check max 10
ALTER TABLE "item" ADD CONSTRAINT "item_a_check" CHECK ("a" <= 10);

-- Item.b: check min 1
ALTER TABLE "item" ADD CONSTRAINT "item_b_check" CHECK ("b" >= 1);

-- Item.d: check pattern ^[a-z0-9]+$
ALTER TABLE "item" ADD CONSTRAINT "item_d_check" CHECK ("d" ~ '^[a-z0-9]+$');
