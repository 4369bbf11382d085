-- 0002_to for sqlite. Once a database has applied it, it must not change.

-- Booking.day: check min 2021-01-01
ALTER TABLE "booking" DROP CONSTRAINT "booking_day_check";

-- Booking.at: check min 2020-01-01T00:00:00Z
ALTER TABLE "booking" DROP CONSTRAINT "booking_at_check";

-- Booking.length: check min PT1H, max PT8H
ALTER TABLE "booking" DROP CONSTRAINT "booking_length_check";

-- Booking.days: check max 2030-01-01
ALTER TABLE "booking_days" DROP CONSTRAINT "booking_days_value_check";

-- Booking.day: check min 2021-01-01
ALTER TABLE "booking" ADD CONSTRAINT "booking_day_check" CHECK (date("day") IS "day" AND "day" >= '2021-01-01');

-- Booking.at: check min 2020-01-01T00:00:00Z
ALTER TABLE "booking" ADD CONSTRAINT "booking_at_check" CHECK ("at" GLOB '????-??-??T??:??:??.??????Z' AND "at" >= '2020-01-01T00:00:00.000000Z');

-- Booking.length: check min PT1H, max PT8H
ALTER TABLE "booking" ADD CONSTRAINT "booking_length_check" CHECK ("length" BETWEEN 3600000000 AND 28800000000);

-- Booking.days: check max 2030-01-01
ALTER TABLE "booking_days" ADD CONSTRAINT "booking_days_value_check" CHECK (date("value") IS "value" AND "value" <= '2030-01-01');
