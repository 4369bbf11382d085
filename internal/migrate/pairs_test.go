package migrate

import "strings"

// pair is two schemas, one after the other, with rows for the first that both
// can hold and what the second then shows.
type pair struct {
	name     string // a sentence
	from, to string
	rows     string // statements on the first schema's tables, for both engines
	want     map[string]string
}

// pairs are migrated on both engines, empty and filled; their SQL is kept in
// testdata/pairs.
var pairs = []pair{
	{
		name: "a first type is created",
		to:   `type Planet { name: String! @unique @check(minLength: 1, maxLength: 200) population: Int64 @check(min: 0) @index terrains: [String!]! }`,
	},
	{
		name: "a type is dropped with its lists and what refers to it",
		from: `type Planet { name: String! terrains: [String!]! } type Moon { name: String! planet: Planet }`,
		to:   `type Moon { name: String! }`,
		rows: `INSERT INTO planet (id, name) VALUES (1, 'Endor'); INSERT INTO planet_terrains VALUES (1, 0, 'forests'); INSERT INTO moon (id, name, planet_id) VALUES (7, 'Forest Moon', 1)`,
		want: map[string]string{`SELECT id || name FROM moon`: "7Forest Moon"},
	},
	{
		name: "types that refer to each other are dropped together",
		from: `type A { b: B } type B { a: A } type C { name: String }`,
		to:   `type C { name: String }`,
		rows: `INSERT INTO a (id) VALUES (1); INSERT INTO b (id, a_id) VALUES (1, 1); UPDATE a SET b_id = 1`,
	},
	{
		name: "a type is renamed and everything named after it follows",
		from: `type Planet @index(fields: ["name", "population"]) { name: String! @unique @check(minLength: 1) population: Int64 @check(min: 0) @index terrains: [String!]! moons: [Moon!]! } type Moon { name: String! }`,
		to:   `type World @renamed(from: "Planet") @index(fields: ["name", "population"]) { name: String! @unique @check(minLength: 1) population: Int64 @check(min: 0) @index terrains: [String!]! moons: [Moon!]! } type Moon { name: String! }`,
		rows: `INSERT INTO planet (id, name, population) VALUES (1, 'Endor', 30000000); INSERT INTO planet_terrains VALUES (1, 0, 'forests'); INSERT INTO moon (id, name, planet_id) VALUES (7, 'Forest Moon', 1)`,
		want: map[string]string{
			`SELECT name || population FROM world`:              "Endor30000000",
			`SELECT world_id || value FROM world_terrains`:      "1forests",
			`SELECT m.name || m.world_id FROM moon AS m`:        "Forest Moon1",
			`SELECT CAST(count(*) AS text) FROM world_terrains`: "1",
		},
	},
	{
		name: "a field is renamed with its index and check",
		from: `type Planet { name: String! @unique @check(minLength: 1) terrains: [String!]! }`,
		to:   `type Planet { title: String! @unique @check(minLength: 1) @renamed(from: "name") grounds: [String!]! @renamed(from: "terrains") }`,
		rows: `INSERT INTO planet (id, name) VALUES (1, 'Endor'); INSERT INTO planet_terrains VALUES (1, 0, 'forests')`,
		want: map[string]string{`SELECT title FROM planet`: "Endor", `SELECT value FROM planet_grounds`: "forests"},
	},
	{
		name: "an optional field is added",
		from: `type Item { name: String! }`,
		to:   `type Item { name: String! price: Decimal @check(min: 0) }`,
		rows: `INSERT INTO item (id, name) VALUES (1, 'Milk')`,
		want: map[string]string{`SELECT coalesce(CAST(price AS text), 'null') FROM item`: "null"},
	},
	{
		name: "a required field with a default is added",
		from: `type Item { name: String! }`,
		to:   `type Item { name: String! bought: Boolean! @default(value: "false") quantity: Int! @default(value: "1") @check(min: 0) }`,
		rows: `INSERT INTO item (id, name) VALUES (1, 'Milk')`,
		want: map[string]string{`SELECT CAST(quantity AS text) FROM item WHERE NOT CAST(bought AS boolean)`: "1"},
	},
	{
		name: "a field is dropped with its check, index and unique set",
		from: `type Item @unique(fields: ["name", "note"]) { name: String! note: String @check(maxLength: 10) @index }`,
		to:   `type Item { name: String! }`,
		rows: `INSERT INTO item (id, name, note) VALUES (1, 'Milk', 'fresh')`,
		want: map[string]string{`SELECT name FROM item`: "Milk"},
	},
	{
		name: "a field becomes required",
		from: `type Item { name: String }`,
		to:   `type Item { name: String! }`,
		rows: `INSERT INTO item (id, name) VALUES (1, 'Milk')`,
		want: map[string]string{`SELECT name FROM item`: "Milk"},
	},
	{
		name: "a field becomes optional",
		from: `type Item { name: String! }`,
		to:   `type Item { name: String }`,
		rows: `INSERT INTO item (id, name) VALUES (1, 'Milk')`,
		want: map[string]string{`SELECT name FROM item`: "Milk"},
	},
	{
		name: "an integer is widened",
		from: `type Planet { population: Int @check(min: 0) @index }`,
		to:   `type Planet { population: Int64 @check(min: 0) @index }`,
		rows: `INSERT INTO planet (id, population) VALUES (1, 2147483647)`,
		want: map[string]string{`SELECT CAST(population AS text) FROM planet`: "2147483647"},
	},
	{
		name: "an integer is narrowed",
		from: `type Planet { diameter: Int64 }`,
		to:   `type Planet { diameter: Int }`,
		rows: `INSERT INTO planet (id, diameter) VALUES (1, 12500)`,
		want: map[string]string{`SELECT CAST(diameter AS text) FROM planet`: "12500"},
	},
	{
		name: "an integer becomes text",
		from: `type Item { code: Int! @unique }`,
		to:   `type Item { code: String! @unique }`,
		rows: `INSERT INTO item (id, code) VALUES (1, 42)`,
		want: map[string]string{`SELECT code FROM item WHERE code = '42'`: "42"},
	},
	{
		name: "text becomes a number",
		from: `type Item { size: String weight: String }`,
		to:   `type Item { size: Int64 weight: Decimal }`,
		rows: `INSERT INTO item (id, size, weight) VALUES (1, '42', '-1.25')`,
		want: map[string]string{`SELECT CAST(size AS text) FROM item WHERE size = 42`: "42"},
	},
	{
		name: "a float becomes an integer",
		from: `type Planet { population: Float }`,
		to:   `type Planet { population: Int64 @check(min: 0) }`,
		rows: `INSERT INTO planet (id, population) VALUES (1, 1000000000000), (2, NULL)`,
		want: map[string]string{`SELECT CAST(population AS text) FROM planet WHERE id = 1`: "1000000000000"},
	},
	{
		name: "a decimal gets more digits after the point",
		from: `type Item { price: Decimal @decimal(precision: 10, scale: 2) @default(value: "0.5") @check(min: 0.25) }`,
		to:   `type Item { price: Decimal @decimal(precision: 12, scale: 4) @default(value: "0.5") @check(min: 0.25) }`,
	},
	{
		name: "a decimal without default gets fewer digits after the point",
		from: `type Item { price: Decimal @decimal(precision: 10, scale: 4) }`,
		to:   `type Item { price: Decimal @decimal(precision: 10, scale: 2) }`,
	},
	{
		name: "a default comes, changes and goes",
		from: `type Item { a: String b: Int @default(value: "1") c: Boolean! @default(value: "true") }`,
		to:   `type Item { a: String @default(value: "it's") b: Int @default(value: "2") c: Boolean! }`,
		rows: `INSERT INTO item (id, a, b) VALUES (1, 'x', 5)`,
		want: map[string]string{`SELECT a || b FROM item`: "x5"},
	},
	{
		name: "a check comes, changes and goes",
		from: `type Item { a: Int b: Int @check(min: 0) c: String @check(maxLength: 5) d: String @check(pattern: "^[a-z]+$") }`,
		to:   `type Item { a: Int @check(max: 10) b: Int @check(min: 1) c: String d: String @check(pattern: "^[a-z0-9]+$") }`,
		rows: `INSERT INTO item (id, a, b, c, d) VALUES (1, 10, 1, 'abc', 'abc')`,
		want: map[string]string{`SELECT c || a || b || d FROM item`: "abc101abc"},
	},
	{
		name: "bounds of dates, times and durations come and change",
		from: `type Booking { day: Date @check(min: "2020-01-01") at: DateTime length: Duration @check(max: "PT8H") days: [Date!]! }`,
		to:   `type Booking { day: Date @check(min: "2021-01-01") at: DateTime @check(min: "2020-01-01T00:00:00Z") length: Duration @check(min: "PT1H", max: "PT8H") days: [Date!]! @check(max: "2030-01-01") }`,
		rows: `INSERT INTO booking (id, day, length) VALUES (1, '2022-02-02', 7200000000); INSERT INTO booking_days VALUES (1, 0, '2029-12-31')`,
		want: map[string]string{`SELECT CAST(length AS text) FROM booking`: "7200000000"},
	},
	{
		name: "a unique set comes and another goes",
		from: `type Item { a: String @unique b: String c: String }`,
		to:   `type Item @unique(fields: ["b", "c"]) { a: String b: String c: String }`,
		rows: `INSERT INTO item (id, a, b, c) VALUES (1, 'a', 'b', 'c'), (2, 'b', 'b', 'd')`,
	},
	{
		name: "an index comes and another goes",
		from: `type Item { a: String @index b: String }`,
		to:   `type Item { a: String b: String @index }`,
	},
	{
		name: "a list goes into a JSON column",
		from: `type Planet { terrains: [String!]! years: [Int]! }`,
		to:   `type Planet { terrains: [String!]! @json years: [Int]! @json }`,
		rows: `INSERT INTO planet (id) VALUES (1), (2); INSERT INTO planet_terrains VALUES (1, 0, 'a "dry" desert'), (1, 1, 'sea'); INSERT INTO planet_years VALUES (1, 0, 7), (1, 1, NULL)`,
		want: map[string]string{
			`SELECT replace(CAST(terrains AS text), ' ', '') FROM planet WHERE id = 1`: `["a\"dry\"desert","sea"]`,
			`SELECT replace(CAST(years AS text), ' ', '') FROM planet WHERE id = 1`:    `[7,null]`,
			`SELECT CAST(terrains AS text) FROM planet WHERE id = 2`:                   `[]`,
		},
	},
	{
		name: "a JSON column goes into a list",
		from: `type Planet { terrains: [String!]! @json sizes: [Float!]! @json }`,
		to:   `type Planet { terrains: [String!]! sizes: [Float!]! }`,
		rows: `INSERT INTO planet (id, terrains, sizes) VALUES (1, '["sea", "a \"dry\" desert"]', '[1.5, 2]'), (2, '[]', '[]')`,
		want: map[string]string{
			`SELECT value FROM planet_terrains WHERE position = 1`:                   `a "dry" desert`,
			`SELECT CAST(value AS text) FROM planet_sizes WHERE position = 0`:        "1.5",
			`SELECT CAST(count(*) AS text) FROM planet_terrains WHERE planet_id = 2`: "0",
		},
	},
	{
		name: "one value becomes a list",
		from: `type Planet { climate: String }`,
		to:   `type Planet { climate: [String!]! }`,
		rows: `INSERT INTO planet (id, climate) VALUES (1, 'arid'), (2, NULL)`,
		want: map[string]string{`SELECT planet_id || value FROM planet_climate`: "1arid"},
	},
	{
		name: "one value becomes a list in the JSON column of its name",
		from: `type Planet { climate: String }`,
		to:   `type Planet { climate: [String!]! @json }`,
		rows: `INSERT INTO planet (id, climate) VALUES (1, 'arid'), (2, NULL)`,
		want: map[string]string{
			`SELECT CAST(climate AS text) FROM planet WHERE id = 1`: `["arid"]`,
			`SELECT CAST(climate AS text) FROM planet WHERE id = 2`: `[]`,
		},
	},
	{
		name: "a list becomes one value",
		from: `type Planet { climate: [String!]! }`,
		to:   `type Planet { climate: String }`,
		rows: `INSERT INTO planet (id) VALUES (1), (2); INSERT INTO planet_climate VALUES (1, 0, 'arid')`,
		want: map[string]string{`SELECT climate FROM planet WHERE id = 1`: "arid"},
	},
	{
		name: "a list becomes words of a vocabulary",
		from: `type Planet { terrains: [String!]! }`,
		to:   `type Terrain @vocabulary { word: String! @unique } type Planet { terrains: [Terrain!]! }`,
		rows: `INSERT INTO planet (id) VALUES (1), (2); INSERT INTO planet_terrains VALUES (1, 0, 'sea'), (1, 1, 'desert'), (2, 0, 'sea')`,
		want: map[string]string{
			`SELECT CAST(count(*) AS text) FROM terrain`: "2",
			`SELECT t.word FROM planet_terrains AS p JOIN terrain AS t ON t.id = p.terrain_id WHERE p.planet_id = 1 AND p.position = 1`: "desert",
		},
	},
	{
		name: "words of a vocabulary become a list",
		from: `type Terrain @vocabulary { word: String! @unique } type Planet { terrains: [Terrain!]! }`,
		to:   `type Planet { terrains: [String!]! }`,
		rows: `INSERT INTO terrain (id, word) VALUES (3, 'sea'), (4, 'desert'); INSERT INTO planet (id) VALUES (1); INSERT INTO planet_terrains VALUES (1, 0, 4), (1, 1, 3)`,
		want: map[string]string{`SELECT value FROM planet_terrains WHERE position = 0`: "desert"},
	},
	{
		name: "one word becomes a vocabulary's",
		from: `type Planet { climate: String! }`,
		to:   `type Climate @vocabulary { id: UUID! word: String! @unique } type Planet { climate: Climate! }`,
		rows: `INSERT INTO planet (id, climate) VALUES (1, 'arid'), (2, 'arid')`,
		want: map[string]string{
			`SELECT CAST(count(*) AS text) FROM climate`:                                             "1",
			`SELECT c.word FROM planet AS p JOIN climate AS c ON c.id = p.climate_id WHERE p.id = 2`: "arid",
		},
	},
	{
		name: "a relation to one becomes to many of many",
		from: `type Film { title: String } type Planet { film: Film }`,
		to:   `type Film { title: String planets: [Planet!]! } type Planet { films: [Film!]! @renamed(from: "film") } `,
		rows: `INSERT INTO film (id, title) VALUES (4, 'A New Hope'); INSERT INTO planet (id, film_id) VALUES (1, 4), (2, 4), (3, NULL)`,
		want: map[string]string{`SELECT CAST(count(*) AS text) FROM film_planets WHERE film_id = 4`: "2"},
	},
	{
		name: "one to many becomes many to many",
		from: `type List { items: [Item!]! } type Item { name: String }`,
		to:   `type List { items: [Item!]! } type Item { name: String lists: [List!]! }`,
		rows: `INSERT INTO list (id) VALUES (1); INSERT INTO item (id, name, list_id) VALUES (5, 'Milk', 1), (6, 'Bread', 1), (7, 'Tea', NULL)`,
		want: map[string]string{
			`SELECT item_id || '' FROM list_items WHERE list_id = 1 AND position = 1`: "6",
			`SELECT CAST(count(*) AS text) FROM list_items`:                           "2",
		},
	},
	{
		name: "many to many becomes one to many",
		from: `type List { items: [Item!]! } type Item { name: String lists: [List!]! }`,
		to:   `type List { items: [Item!]! } type Item { name: String }`,
		rows: `INSERT INTO list (id) VALUES (1); INSERT INTO item (id, name) VALUES (5, 'Milk'), (6, 'Bread'); INSERT INTO list_items VALUES (1, 0, 6)`,
		want: map[string]string{`SELECT list_id || name FROM item WHERE list_id IS NOT NULL`: "1Bread"},
	},
	{
		name: "an implicit foreign key is declared under another name",
		from: `type List { items: [Item!]! } type Item { name: String }`,
		to:   `type List { items: [Item!]! @ref(inverse: "home") } type Item { name: String home: List }`,
		rows: `INSERT INTO list (id) VALUES (1); INSERT INTO item (id, name, list_id) VALUES (5, 'Milk', 1)`,
		want: map[string]string{`SELECT home_id || name FROM item`: "1Milk"},
	},
	{
		name: "what happens on delete changes",
		from: `type List { items: [Item!]! } type Item { name: String! @unique tags: [String!]! }`,
		to:   `type List { items: [Item!]! @ref(onDelete: CASCADE) } type Item { name: String! @unique tags: [String!]! }`,
		rows: `INSERT INTO list (id) VALUES (1); INSERT INTO item (id, name, list_id) VALUES (5, 'Milk', 1); INSERT INTO item_tags VALUES (5, 0, 'cold')`,
		want: map[string]string{`SELECT list_id || name FROM item`: "1Milk", `SELECT value FROM item_tags`: "cold"},
	},
	{
		name: "an enum gains and loses words",
		from: `enum Climate { ARID WET } type Planet { climate: Climate! @default(value: "ARID") all: [Climate!]! }`,
		to:   `enum Climate { ARID FROZEN } type Planet { climate: Climate! @default(value: "ARID") all: [Climate!]! }`,
		rows: `INSERT INTO planet (id, climate) VALUES (1, 'ARID'); INSERT INTO planet_all VALUES (1, 0, 'ARID')`,
		want: map[string]string{`SELECT climate FROM planet`: "ARID"},
	},
	{
		name: "text becomes an enum",
		from: `type Planet { climate: String }`,
		to:   `enum Climate { ARID WET } type Planet { climate: Climate }`,
		rows: `INSERT INTO planet (id, climate) VALUES (1, 'WET')`,
		want: map[string]string{`SELECT climate FROM planet`: "WET"},
	},
	{
		name: "a list's element type changes",
		from: `type Planet { years: [Int!]! }`,
		to:   `type Planet { years: [String!]! }`,
		rows: `INSERT INTO planet (id) VALUES (1); INSERT INTO planet_years VALUES (1, 0, 1977)`,
		want: map[string]string{`SELECT value FROM planet_years`: "1977"},
	},
	{
		name: "a date becomes a moment, a moment and a duration text",
		from: `type Film { released: Date seen: DateTime length: Duration }`,
		to:   `type Film { released: DateTime seen: String length: String }`,
	},
	{
		name: "a description comes and changes",
		from: `type Film { "Old" title: String }`,
		to:   `"A film." type Film { "What it's called." title: String }`,
	},
	{
		name: "a foreign key turns to another type",
		from: `type Item { owner: A } type A { name: String } type B { name: String }`,
		to:   `type Item { owner: B } type A { name: String } type B { name: String }`,
		rows: `INSERT INTO a (id) VALUES (1); INSERT INTO item (id, owner_id) VALUES (1, 1)`,
		want: map[string]string{`SELECT coalesce(CAST(owner_id AS text), 'null') FROM item`: "null"},
	},
	{
		name: "a type with computed fields is created",
		to: `type Item { quantity: Int! price: Decimal rebate: Decimal! @decimal(precision: 4, scale: 3) ` +
			`total: Decimal @computed(as: "quantity * price") pairs: Int! @computed(as: "quantity * 2 + 1") net: Decimal @decimal(scale: 2) @computed(as: "quantity * coalesce(price, 0) * (1 - rebate)") }`,
	},
	{
		name: "a computed field is added together with a field that it reads",
		from: `type Item { name: String! quantity: Int! @default(value: "1") @check(min: 0) }`,
		to:   `type Item { name: String! quantity: Int! @default(value: "1") @check(min: 0) price: Decimal @check(min: 0) "Of all pieces." total: Decimal @computed(as: "quantity * price") @index }`,
		rows: `INSERT INTO item (id, name, quantity) VALUES (1, 'Milk', 2)`,
		want: map[string]string{`SELECT coalesce(CAST(total AS text), 'null') FROM item`: "null"},
	},
	{
		name: "a required computed field is added to rows that have what it reads",
		from: `type Item { quantity: Int! }`,
		to:   `type Item { quantity: Int! pairs: Int64! @computed(as: "-(quantity + 1) * 2") }`,
		rows: `INSERT INTO item (id, quantity) VALUES (1, 2)`,
		want: map[string]string{`SELECT CAST(pairs AS text) FROM item`: "-6"},
	},
	{
		name: "an expression changes and keeps its index",
		from: `type Item { quantity: Int! gift: Int! total: Int @computed(as: "quantity * 10") @index }`,
		to:   `type Item { quantity: Int! gift: Int! total: Int @computed(as: "(quantity + gift) * 10") @index }`,
		rows: `INSERT INTO item (id, quantity, gift) VALUES (1, 2, 3)`,
		want: map[string]string{`SELECT CAST(total AS text) FROM item`: "50"},
	},
	{
		name: "what a computed field reads is renamed, and the field, and the type",
		from: `type Item { quantity: Int! price: Decimal total: Decimal @computed(as: "quantity * price - 1") @index }`,
		to:   `type Line @renamed(from: "Item") { quantity: Int! cost: Decimal @renamed(from: "price") sum: Decimal @computed(as: "quantity * cost - 1") @index @renamed(from: "total") }`,
		rows: `INSERT INTO item (id, quantity) VALUES (1, 2)`,
		want: map[string]string{`SELECT coalesce(CAST(sum AS text), 'null') FROM line`: "null"},
	},
	{
		name: "what a computed field reads changes its type and its default",
		from: `type Item { quantity: Int! price: Decimal total: Decimal @computed(as: "quantity * price") }`,
		to:   `type Item { quantity: Int64! @default(value: "3") price: Decimal! @decimal(scale: 2) @default(value: "0") total: Decimal! @computed(as: "quantity * price") @index }`,
		rows: `INSERT INTO item (id, quantity, price) VALUES (1, 2, 0)`,
		want: map[string]string{`SELECT CAST(total * 1 AS integer) || '' FROM item`: "0"},
	},
	{
		name: "a computed field goes together with what it read",
		from: `type Item { name: String! quantity: Int! total: Int! @computed(as: "quantity * 10") @index }`,
		to:   `type Item { name: String! }`,
		rows: `INSERT INTO item (id, name, quantity) VALUES (1, 'Milk', 2)`,
		want: map[string]string{`SELECT name FROM item`: "Milk"},
	},
	{
		name: "a table with a computed field is rebuilt",
		from: `type Item { quantity: Int! @default(value: "1") total: Int! @computed(as: "quantity * 10") @index }`,
		to:   `type Item { quantity: Int! @default(value: "2") total: Int! @computed(as: "quantity * 10") @index }`,
		rows: `INSERT INTO item (id, quantity) VALUES (1, 2)`,
		want: map[string]string{`SELECT CAST(total AS text) FROM item`: "20"},
	},
	{
		name: "a field is computed from now on, and another no longer",
		from: `type Item { quantity: Int! total: Int net: Int @computed(as: "quantity * 2") }`,
		to:   `type Item { quantity: Int! total: Int @computed(as: "quantity * 10") net: Int }`,
		rows: `INSERT INTO item (id, quantity, total) VALUES (1, 2, 7)`,
		want: map[string]string{`SELECT total || ' ' || coalesce(CAST(net AS text), 'null') FROM item`: "20 null"},
	},
}

// file is the pair's name as a file's.
func (p pair) file() string { return strings.ReplaceAll(p.name, " ", "_") }
