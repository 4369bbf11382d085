package migrate

import (
	"database/sql"
	"testing"

	_ "modernc.org/sqlite"
)

func TestSQLiteAcceptsWhatCreateWrites(t *testing.T) {
	schema := parse(t, everything)
	db, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	db.SetMaxOpenConns(1)
	for _, statement := range append(Builtin(SQLite), Create(SQLite, schema)...) {
		if _, err := db.Exec(statement); err != nil {
			t.Fatalf("%s\n%v", statement, err)
		}
	}
	var tables int
	if err := db.QueryRow(`SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'`).Scan(&tables); err != nil {
		t.Fatal(err)
	}
	if want := len(layoutOf(schema).tables) + len(builtinTables); tables != want {
		t.Errorf("got %d tables, want %d", tables, want)
	}
}

// everything has a field of every kind and scalar.
const everything = `
enum Climate { ARID TEMPERATE }

"A large mass, planet or planetoid."
type Planet @index(fields: ["population", "diameter"]) {
  "The name that people use."
  name: String! @unique @check(minLength: 1, maxLength: 200, pattern: "^[A-Z]")
  population: Int64 @check(min: 0) @index
  diameter: Int @check(min: 1, max: 1000000)
  gravity: Float @check(min: 0)
  price: Decimal @decimal(precision: 10, scale: 2) @check(min: 0.5) @default(value: "1.25")
  inhabited: Boolean! @default(value: "true")
  climate: Climate! @default(value: "ARID")
  code: ID @unique
  uuid: UUID
  born: Date
  seen: DateTime @default(value: "2026-01-02T03:04:05Z")
  day: Duration
  facts: JSON
  picture: Bytes
  terrains: [String!]!
  tags: [String!]! @json
  years: [Int]!
  films: [Film!]!
  star: Star
  moons: [Moon!]! @ref(onDelete: CASCADE)
}

type Film @unique(fields: ["title", "episode"]) {
  id: UUID!
  title: String!
  episode: Int!
  planets: [Planet!]!
}

type Star { name: String! }

type Moon { name: String! }

type Genre @vocabulary { word: String! @unique }

type Show { genres: [Genre!]!, main: Genre, friends: [Show!]! }
`
