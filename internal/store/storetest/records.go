package storetest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/larderhq/larder/internal/model"
	"github.com/larderhq/larder/internal/query"
	"github.com/larderhq/larder/internal/statement"
	"github.com/larderhq/larder/internal/store"
)

// Records holds a store on the engine to what [store.Store] promises.
func Records(t *testing.T, create Create) {
	t.Run("items", func(t *testing.T) { testItems(t, create) })
	t.Run("creation", func(t *testing.T) { testCreate(t, create) })
	t.Run("nested records", func(t *testing.T) { testNested(t, create) })
	t.Run("upsert", func(t *testing.T) { testUpsert(t, create) })
	t.Run("idempotency", func(t *testing.T) { testIdempotency(t, create) })
	t.Run("change", func(t *testing.T) { testModify(t, create) })
	t.Run("operators", func(t *testing.T) { testOperators(t, create) })
	t.Run("violations", func(t *testing.T) { testRecordViolations(t, create) })
	t.Run("changes of many", func(t *testing.T) { testMany(t, create) })
	t.Run("changes at the same time", func(t *testing.T) { testTogether(t, create) })
	t.Run("embeds", func(t *testing.T) { testEmbeds(t, create) })
	t.Run("JSON values", func(t *testing.T) { testJSON(t, create) })
	t.Run("random pages", func(t *testing.T) { testRandom(t, create) })
}

// recordsSDL has a field of every kind and scalar.
const recordsSDL = `
type Planet {
  name: String! @unique @check(minLength: 1, maxLength: 200)
  population: Int64 @check(min: 0) @index
  terrains: [String!]!
  climates: [String!]!
  diameter: Int @since(version: 2)
}

enum Colour { RED GREEN BLUE }

type Thing {
  text: String
  small: Int
  large: Int64
  float: Float
  price: Decimal @decimal(precision: 10, scale: 2) @check(min: 0)
  rate: Decimal @decimal(precision: 18, scale: 6)
  whole: Decimal @decimal(precision: 18, scale: 0)
  flag: Boolean
  token: UUID
  day: Date
  moment: DateTime
  span: Duration
  data: JSON
  bytes: Bytes
  colour: Colour
  secret: String @hidden
  count: Int! @default(value: "1")
  numbers: [Int64!]!
  amounts: [Decimal!]!
  moments: [DateTime!]!
  flags: [Boolean!]!
  blobs: [Bytes!]!
  labels: [String!] @json
  ratios: [Float!] @json
}

type Document { value: JSON, values: [JSON!]! @json, ratios: [Float!]! @json }

type Person {
  id: UUID!
  name: String! @unique
  home: Planet
  notes: [Note!]! @ref(onDelete: CASCADE)
  tags: [Tag!]!
  kind: Kind
}

type Note { text: String! }

type Basket { name: String! @unique, lines: [Line!]! @ref(onDelete: CASCADE) }

type Line @unique(fields: ["basket", "number"]) {
  basket: Basket!
  number: Int
  code: String @unique
  words: [String!]!
  planet: Planet
  position: Int
  parts: [Part!]! @ref(onDelete: CASCADE)
}

type Part { name: String!, position: Int }

type Sample {
  text: String
  number: Int64 @index
  required: Int64! @index
  amount: Decimal @decimal(precision: 10, scale: 2)
  flag: Boolean
  float: Float
  moment: DateTime
  words: [String!]!
  labels: [String!] @json
  prices: [Decimal!] @decimal(precision: 10, scale: 2) @json
  times: [DateTime!] @json
  answers: [Boolean!] @json
}

type Tag @vocabulary { word: String! @unique }

type Kind @vocabulary { id: UUID! word: String! @unique }
`

// pantry is a store with the records of recordsSDL.
type pantry struct {
	*store.Store
	schema *model.Schema
	engine store.Engine
}

func newPantry(t *testing.T, create Create) *pantry {
	t.Helper()
	sdl := recordsSDL + "\ntype Wide {"
	for i := range 200 { // more than a function of SQL takes arguments
		sdl += fmt.Sprintf("\n  a%d: Int", i)
	}
	schema, err := model.Parse("models.graphql", []byte(sdl+"\n}"))
	if err != nil {
		t.Fatal(err)
	}
	engine := opened(t, create(t, schema))
	return &pantry{Store: store.New(engine, schema), schema: schema, engine: engine}
}

// read is a read of every attribute of the type, as version 1 sees it.
func (p *pantry) read(typeName string) query.Read {
	return query.Read{Type: p.schema.Type(typeName), Version: 1, Limit: -1}
}

// assignments reads a JSON object as a PATCH body has it.
func (p *pantry) assignments(t *testing.T, typeName, object string) []statement.Assignment {
	t.Helper()
	typ := p.schema.Type(typeName)
	decoder := json.NewDecoder(strings.NewReader(object))
	must(t, skip(decoder))
	var assignments []statement.Assignment
	for decoder.More() {
		name, err := decoder.Token()
		must(t, err)
		var raw json.RawMessage
		must(t, decoder.Decode(&raw))
		f := typ.Attribute(0, fmt.Sprint(name))
		if f == nil {
			t.Fatalf("%s has no attribute %v", typeName, name)
		}
		op := statement.Set
		if strings.HasPrefix(string(raw), `{"$`) {
			var operation map[statement.Operation]json.RawMessage
			must(t, json.Unmarshal(raw, &operation))
			for name, operand := range operation {
				op, raw = name, operand
			}
		}
		value, err := f.AcceptJSON(raw)
		var invalid *model.ValueError
		if errors.As(err, &invalid) && invalid.Code != "type" { // checks are the database's here
			value, err = p.unchecked(f, raw)
		}
		must(t, err)
		assignments = append(assignments, statement.Assignment{Field: f, Op: op, Value: value})
	}
	return assignments
}

// unchecked reads a value that the model's checks refuse.
func (p *pantry) unchecked(f *model.Field, raw json.RawMessage) (any, error) {
	if string(raw) == "null" {
		return nil, nil
	}
	free := *f
	free.Check = nil
	if value, err := free.AcceptJSON(raw); err == nil {
		return value, nil
	}
	var text string
	if json.Unmarshal(raw, &text) != nil {
		text = string(raw)
	}
	return free.AcceptText(text)
}

func skip(decoder *json.Decoder) error {
	_, err := decoder.Token()
	return err
}

// create makes records and returns the answer's body.
func (p *pantry) create(t *testing.T, typeName string, objects ...string) (store.Result, error) {
	t.Helper()
	c := store.Creation{Query: p.read(typeName), WithBody: true}
	for _, object := range objects {
		c.Records = append(c.Records, p.assignments(t, typeName, object))
	}
	return p.Create(t.Context(), c)
}

// made is create that must succeed.
func (p *pantry) made(t *testing.T, typeName string, objects ...string) store.Result {
	t.Helper()
	result, err := p.create(t, typeName, objects...)
	must(t, err)
	return result
}

// patch changes a record.
func (p *pantry) patch(t *testing.T, typeName string, id any, object string) (string, error) {
	t.Helper()
	assignments := p.assignments(t, typeName, object)
	written, err := p.Modify(t.Context(), p.read(typeName), id, func([]byte) (store.Change, error) {
		return store.Change{Kind: store.Update, Assignments: assignments}, nil
	})
	return string(written.Body), err
}

// item is a record as it is.
func (p *pantry) item(t *testing.T, typeName string, id any) string {
	t.Helper()
	body, err := p.Item(t.Context(), p.read(typeName), id)
	must(t, err)
	return string(body)
}

// query reads a URL's query.
func (p *pantry) query(t *testing.T, typeName, raw string) query.Read {
	t.Helper()
	request, err := query.Parse(p.schema.Type(typeName), 1, raw, query.Limits{})
	if err != nil {
		t.Fatalf("%s: %v", raw, err)
	}
	return request.Read
}

// thing is a JSON object with the member and the lists that a Thing must have.
func thing(member string) string {
	object := "{" + member
	for _, list := range []string{"numbers", "amounts", "moments", "flags", "blobs"} {
		if !strings.HasPrefix(member, `"`+list) {
			object += `,"` + list + `":[]`
		}
	}
	return strings.Replace(object, "{,", "{", 1) + "}"
}

// jsonOf writes a value as JSON.
func jsonOf(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// member is the member of a JSON object that has the same name as the one
// given, as compact text with its name.
func member(t *testing.T, object, like string) string {
	t.Helper()
	var members map[string]json.RawMessage
	must(t, json.Unmarshal([]byte(object), &members))
	name, _, _ := strings.Cut(like, ":")
	var compact bytes.Buffer
	must(t, json.Compact(&compact, members[strings.Trim(name, `"`)]))
	return name + ":" + compact.String()
}

// has reports whether a JSON object has the member.
func has(t *testing.T, object, name string) bool {
	t.Helper()
	var members map[string]json.RawMessage
	must(t, json.Unmarshal([]byte(object), &members))
	_, found := members[name]
	return found
}

// age puts an idempotency key back in time, by taking it anew in the past.
func (p *pantry) age(t *testing.T, key string, by time.Duration) {
	t.Helper()
	b := statement.NewBuilder(p.engine.Dialect())
	must(t, p.engine.Write(t.Context(), func(ctx context.Context, tx store.Tx) error {
		now := time.Now()
		for _, st := range []statement.Statement{b.DropKey(key, now.Add(time.Second)), b.ClaimKey(key, "old", now.Add(-by))} {
			if _, err := tx.Exec(ctx, st); err != nil {
				return err
			}
		}
		return nil
	}))
}
