package store

import (
	"context"

	"github.com/larderhq/larder/internal/model"
	"github.com/larderhq/larder/internal/query"
	"github.com/larderhq/larder/internal/statement"
)

// Store reads and changes the records of a schema on an engine. It is safe
// for concurrent use.
type Store struct {
	engine      Engine
	schema      *model.Schema
	statements  *statement.Builder
	constraints constraints
}

// New returns a store of schema's records on engine, whose tables exist
// already (package migrate makes them). The caller closes engine.
func New(engine Engine, schema *model.Schema) *Store {
	return &Store{
		engine: engine, schema: schema,
		statements:  statement.NewBuilder(engine.Dialect()),
		constraints: constraintsOf(schema),
	}
}

// Constraint is a constraint as a database calls it that larder did not make.
type Constraint struct {
	Name    string
	Table   string
	Columns []string
}

// NewExternal is [New] for tables that larder did not make, whose constraints
// have names that do not follow from the models.
func NewExternal(engine Engine, schema *model.Schema, known []Constraint) *Store {
	s := New(engine, schema)
	s.constraints.add(known)
	return s
}

// Page is the answer to a [query.Read].
type Page struct {
	Body        []byte // a JSON array of the rows
	Rows        int
	Total       int64 // of all rows that match; -1 unless it was asked for
	First, Last []any // keyset positions of the first and last row, for Read.Before and Read.After; nil when empty
	More        bool  // there is a row beyond this page, in the direction read
}

// Decide is called inside the transaction with the record as it is (the JSON
// object that Item gives, every column served) or nil when there is none, and
// says what to do. Its error ends the transaction and is returned as it is.
type Decide func(current []byte) (Change, error)

// Change is what to do with one record.
type Change struct {
	Kind        ChangeKind
	Assignments []statement.Assignment
	// Then is what else is to be done in the same transaction, after the change;
	// nil: nothing. Its error ends the transaction.
	Then func(ctx context.Context, tx Tx) error
}

// ChangeKind is the verb of a Change.
type ChangeKind int

// The kinds of changes.
const (
	Keep   ChangeKind = iota // nothing
	Insert                   // a new record with the id; fields not assigned get their defaults
	Update                   // the assigned fields only
	Delete
)

// Written is what became of one record.
type Written struct {
	ID   any
	Kind ChangeKind
	Body []byte // the record as it is now, with q's columns; nil after Delete
}

// Resolution says what a create does with a record that exists already.
type Resolution int

// The resolutions (PostgREST's Prefer: resolution=…).
const (
	Refuse Resolution = iota
	Merge             // assign the given fields to the existing record
	Ignore            // leave it as it is
)

// Creation asks for new records.
type Creation struct {
	Query       query.Read // type, version and the columns of the answer
	Records     [][]statement.Assignment
	Resolution  Resolution
	OnConflict  []*model.Field // the unique set that says "exists already"; nil: the id
	Idempotency *Idempotency
	WithBody    bool // fill Result.Body

	// Parent is the record that lists the new ones; nil: none. Neither it nor
	// Nested goes with a resolution other than Refuse.
	Parent *Parent
	// Nested are, for each of Records, the new records that it lists; nil: none
	// lists any.
	Nested [][]Nested
}

// Parent is a record that lists others.
type Parent struct {
	Relation *model.Field // ToMany or ManyToMany
	ID       any
}

// Nested are new records that a new record lists, in their order. Which record
// that is their foreign key says without an assignment, and where [query.Numbered]
// names a field that they do not assign, it gets their place.
type Nested struct {
	Relation *model.Field // ToMany or ManyToMany
	Records  [][]statement.Assignment
	Nested   [][]Nested // as in Creation
}

// Idempotency makes a creation happen once however often it is asked within
// [IdempotencyPeriod] (draft-ietf-httpapi-idempotency-key-header).
type Idempotency struct {
	Key         string
	Fingerprint string // of the request; the same key with another is ErrKeyReused
	// Answer turns the result into what is stored and replayed.
	Answer func(Result) []byte
}

// Result is what became of many records.
type Result struct {
	IDs      []any  // affected records in the order of the request; ignored ones are left out
	Created  int    // how many of them are new
	Body     []byte // JSON array of the records (before their deletion), in the same order
	Replayed []byte // an earlier Idempotency.Answer; all else is empty then
}
