-- Names that need quotes, on PostgreSQL.
CREATE TABLE "tblOrder" (
  "Order ID" integer PRIMARY KEY,
  "select" varchar(10) NOT NULL CHECK ("select" IN ('retail', 'trade')),
  "Kunde ""Nr""" integer REFERENCES "tblOrder" ("Order ID"),
  "total (net)" numeric(10,2) NOT NULL CHECK (0 < "total (net)"),
  "createdAt" timestamp with time zone NOT NULL,
  code text CHECK (char_length(code) > 2),
  ip inet,
  kind text CHECK (kind = 'a' OR kind = 'b')
);
CREATE TABLE "user" (id text PRIMARY KEY, "order" integer, CONSTRAINT "order unique" UNIQUE ("order"));
CREATE TABLE line (order_id integer NOT NULL, line_no integer NOT NULL, text text, PRIMARY KEY (order_id, line_no));
CREATE TABLE part (order_id integer, line_no integer, id integer PRIMARY KEY, FOREIGN KEY (order_id, line_no) REFERENCES line);
CREATE TABLE nothing (a integer, b integer);
INSERT INTO "tblOrder" VALUES (3, 'retail', NULL, 12.50, '2026-11-23T17:18:00Z', 'abc', '10.0.0.1', 'a');
INSERT INTO "user" VALUES ('ada', 1);
INSERT INTO nothing VALUES (1, 1), (1, 1);
