package store

import (
	"errors"
	"fmt"

	"github.com/larderhq/larder/internal/model"
)

// What a caller may want to tell apart. Everything else is an internal error.
var (
	// ErrNotFound: no record has the id.
	ErrNotFound = errors.New("no such record")
	// ErrTooMany: a change would have affected more records than allowed.
	ErrTooMany = errors.New("more records affected than allowed")
	// ErrKeyReused: an idempotency key came back with another request.
	ErrKeyReused = errors.New("idempotency key used before with another request")
	// ErrUnavailable: the database cannot be reached or does not answer in time.
	ErrUnavailable = errors.New("database unavailable")
	// ErrForbidden: the user that larder is for the database lacks a privilege.
	ErrForbidden = errors.New("the user of the database lacks a privilege")
	// ErrFull: the disk or the quota of the database is full.
	ErrFull = errors.New("no space left for the database")
	// ErrUncertain: the connection was lost while a change was being committed,
	// and whether it was made could not be found out. It is an ErrUnavailable
	// that must not be answered by making the change again.
	ErrUncertain = fmt.Errorf("%w: whether the change was made is not known", ErrUnavailable)
)

// UndefinedError is a statement's table or column that the database does not
// have: it was migrated, or restored, to other models than these.
type UndefinedError struct {
	Err error // of the driver
}

// Error is the driver's text.
func (e *UndefinedError) Error() string { return e.Err.Error() }

// Unwrap returns the driver's error.
func (e *UndefinedError) Unwrap() error { return e.Err }

// ViolationKind is the sort of constraint that a change broke.
type ViolationKind string

// The kinds of violations.
const (
	UniqueViolation     ViolationKind = "unique"
	ForeignKeyViolation ViolationKind = "foreign key"
	CheckViolation      ViolationKind = "check"
	NotNullViolation    ViolationKind = "not null"
	RangeViolation      ViolationKind = "range" // arithmetic left the field's range
)

// Violation is a constraint of the model that a change broke. An engine fills
// Kind and what its database says (Constraint, or Table and Columns); Store
// fills Fields from the model.
type Violation struct {
	Kind       ViolationKind
	Constraint string // its name, where the database says it
	Table      string
	Columns    []string
	Fields     []*model.Field
	Place      []Step // of the new record that has Fields; nil: not a new one, or not known
	Err        error  // of the driver
}

// Step is one step to a record of a [Creation]: the first one leads to one of
// its Records, a further one to a record of Nested.
type Step struct {
	Relation *model.Field // of Nested; nil in the first step
	Index    int
}

// Error names the constraint, for logs.
func (v *Violation) Error() string {
	return fmt.Sprintf("%s violation of %s%s%v", v.Kind, v.Constraint, v.Table, v.Columns)
}

// Unwrap returns the driver's error.
func (v *Violation) Unwrap() error { return v.Err }
