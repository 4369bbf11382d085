-- 0002_to for postgres. Once a database has applied it, it must not change.

-- Planet.climate: check one of 'ARID', 'WET'
ALTER TABLE "planet" ADD CONSTRAINT "planet_climate_check" CHECK ("climate" IN ('ARID', 'WET'));
