-- What has grown for twenty years: prefixes, blanks, reserved words, loose types.
CREATE TABLE tbl_customers (
  "Customer No" TEXT PRIMARY KEY,
  "full name" VARCHAR(80) NOT NULL,
  "order" INT,
  "e-mail" TEXT UNIQUE,
  active BOOLEAN NOT NULL DEFAULT 1,
  birthday DATE,
  "Größe" REAL,
  notes
) WITHOUT ROWID;
CREATE TABLE "order" (
  id INTEGER PRIMARY KEY,
  customerNo TEXT NOT NULL REFERENCES tbl_customers ("Customer No"),
  "group" TEXT CHECK ("group" IN ('retail', 'trade')),
  grade TEXT NOT NULL DEFAULT 'A+' CHECK (grade IN ('A+', 'A', 'B')),
  placed TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP,
  quantity INTEGER NOT NULL DEFAULT 1 CHECK (quantity >= 1 AND quantity <= 100),
  price REAL NOT NULL CHECK (price >= 0),
  total REAL GENERATED ALWAYS AS (quantity * price) STORED,
  payload JSON,
  seen INTEGER,
  picture BLOB,
  CHECK (seen IS NULL OR seen <> quantity)
);
CREATE UNIQUE INDEX order_open ON "order" (customerNo) WHERE seen IS NULL;
CREATE TABLE "select" ("from" INT PRIMARY KEY, "quote""d" TEXT);
CREATE TABLE log (at TEXT, message TEXT);
CREATE TABLE codes (code TEXT NOT NULL UNIQUE, meaning TEXT);
CREATE VIRTUAL TABLE search USING fts5(body);
CREATE VIEW "Open orders" AS SELECT id AS "Order id", "group" FROM "order" WHERE seen IS NULL;
CREATE TABLE larder_run (id INTEGER PRIMARY KEY);
INSERT INTO tbl_customers VALUES ('C-1', 'Ada', 1, 'ada@example.org', 1, '1815-12-10', 1.65, 'first'), ('C-2', 'Bob', NULL, NULL, 0, NULL, NULL, 7);
INSERT INTO "order" (id, customerNo, "group", quantity, price, payload, seen) VALUES (1, 'C-1', 'retail', 2, 1.5, '{"a":1}', NULL), (7, 'C-2', 'trade', 1, 10, NULL, 1700000000);
INSERT INTO log VALUES ('2026-01-01', 'same'), ('2026-01-01', 'same');
INSERT INTO codes VALUES ('x', 'first'), ('y', NULL);
INSERT INTO "select" VALUES (5, 'five');
