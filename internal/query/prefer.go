package query

import "errors"

// Preferences are the preferences of RFC 7240 that larder knows, PostgREST's.
// A zero field was not given.
type Preferences struct {
	Resolution  Resolution
	Missing     Missing
	Return      Return
	Count       Count
	Transaction string // tx: "commit" or ""
	Handling    Handling
	MaxAffected int // max-affected=n; -1: not given
}

// Resolution is what an upsert does with a record that exists already.
type Resolution string

// The resolutions.
const (
	MergeDuplicates  Resolution = "merge-duplicates"
	IgnoreDuplicates Resolution = "ignore-duplicates"
)

// Missing is what an attribute gets that columns= names and the body lacks.
type Missing string

// The treatments of missing attributes.
const (
	MissingDefault Missing = "default"
	MissingNull    Missing = "null"
)

// Return is what a write answers.
type Return string

// The answers.
const (
	ReturnMinimal        Return = "minimal"
	ReturnHeadersOnly    Return = "headers-only"
	ReturnRepresentation Return = "representation"
)

// Handling is what becomes of preferences that are not understood.
type Handling string

// The handlings.
const (
	Lenient Handling = "lenient"
	Strict  Handling = "strict"
)

// ParsePreferences reads the values of a request's Prefer headers. Of a
// preference given more than once the first counts (RFC 7240 section 2).
// Preferences not understood are ignored, but under handling=strict they are
// an *Error that lists them.
func ParsePreferences(values []string) (Preferences, error) {
	return Preferences{MaxAffected: -1}, errors.New("being built")
}

// Applied is the value of Preference-Applied: what was given and understood,
// in PostgREST's order; "" when nothing was.
func (p Preferences) Applied() string { return "" }

// ParseRange reads a Range header: "0-24" or "items=0-24", the last row
// included, "10-" without an end. The limit is -1 when there is no end. A unit
// other than items is ignored, as RFC 9110 section 14.2 says: 0 and -1. The
// error is an *Error.
func ParseRange(header string) (offset, limit int, err error) {
	return 0, -1, errors.New("being built")
}
