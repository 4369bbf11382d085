package store

import (
	"context"
	"errors"

	"github.com/larderhq/larder/internal/model"
	"github.com/larderhq/larder/internal/query"
	"github.com/larderhq/larder/internal/statement"
)

// Store reads and changes the records of a schema on an engine. It is safe
// for concurrent use.
type Store struct {
	engine Engine
	schema *model.Schema
}

// New returns a store of schema's records on engine, whose tables exist
// already (package migrate makes them). The caller closes engine.
func New(engine Engine, schema *model.Schema) *Store {
	return &Store{engine: engine, schema: schema}
}

// Page is the answer to a [query.Read].
type Page struct {
	Body        []byte // a JSON array of the rows
	Rows        int
	Total       int64 // of all rows that match; -1 unless it was asked for
	First, Last []any // keyset positions of the first and last row, for Read.Before and Read.After; nil when empty
	More        bool  // there is a row beyond this page, in the direction read
}

// List returns the page that q asks for, by one statement.
func (s *Store) List(ctx context.Context, q query.Read) (Page, error) {
	return Page{}, errors.New("being built")
}

// Item returns the record with the id as a JSON object with q's columns, by
// one statement. ErrNotFound when there is none.
func (s *Store) Item(ctx context.Context, q query.Read, id any) ([]byte, error) {
	return nil, errors.New("being built")
}

// Decide is called inside the transaction with the record as it is (the JSON
// object that Item gives, every column served) or nil when there is none, and
// says what to do. Its error ends the transaction and is returned as it is.
type Decide func(current []byte) (Change, error)

// Change is what to do with one record.
type Change struct {
	Kind        ChangeKind
	Assignments []statement.Assignment
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

// Modify reads the record with the id, asks decide and does what it says, in
// one transaction in which nobody else changes the record.
func (s *Store) Modify(ctx context.Context, q query.Read, id any, decide Decide) (Written, error) {
	return Written{}, errors.New("being built")
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
}

// Idempotency makes a creation happen once however often it is asked
// (draft-ietf-httpapi-idempotency-key-header).
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

// Create makes the records, all or none.
func (s *Store) Create(ctx context.Context, c Creation) (Result, error) {
	return Result{}, errors.New("being built")
}

// UpdateMany assigns to every record that q's filter matches, in one
// statement. More than max affected (0: no bound) is ErrTooMany and changes
// nothing.
func (s *Store) UpdateMany(ctx context.Context, q query.Read, assignments []statement.Assignment, max int, withBody bool) (Result, error) {
	return Result{}, errors.New("being built")
}

// DeleteMany deletes every record that q's filter matches, in one statement;
// max as in UpdateMany.
func (s *Store) DeleteMany(ctx context.Context, q query.Read, max int, withBody bool) (Result, error) {
	return Result{}, errors.New("being built")
}
