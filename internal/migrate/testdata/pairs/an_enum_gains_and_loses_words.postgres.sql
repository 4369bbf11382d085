-- 0002_to for postgres. Once a database has applied it, it must not change.

-- Planet.climate: check one of 'ARID', 'FROZEN'
ALTER TABLE "planet" DROP CONSTRAINT "planet_climate_check";

-- Planet.all: check one of 'ARID', 'FROZEN'
ALTER TABLE "planet_all" DROP CONSTRAINT "planet_all_value_check";

-- Planet.climate: check one of 'ARID', 'FROZEN'
ALTER TABLE "planet" ADD CONSTRAINT "planet_climate_check" CHECK ("climate" IN ('ARID', 'FROZEN'));

-- Planet.all: check one of 'ARID', 'FROZEN'
ALTER TABLE "planet_all" ADD CONSTRAINT "planet_all_value_check" CHECK ("value" IN ('ARID', 'FROZEN'));
