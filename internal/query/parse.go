package query

import (
	"errors"

	"github.com/larderhq/larder/internal/model"
)

// Request is everything that the query of a URL says. Which of it a route
// heeds is the route's matter.
type Request struct {
	Read Read

	Columns    []*model.Field // columns=: the attributes that a write takes from its body; nil: not given
	OnConflict []*model.Field // on_conflict=: the unique set that an upsert goes by; nil: not given
	All        bool           // _all=true: the change of every record is meant
	Version    string         // version=: the bare number, already known to the router; "" when not given
}

// Parse reads the raw query of a URL (without the "?") as a request for
// records of t in an API version; see docs/query.md for the grammar. Repeated
// filters are joined by and. Names that the version does not serve, hidden
// ones among them, are unknown. The error is an *Error.
func Parse(t *model.Type, version int, rawQuery string, limits Limits) (Request, error) {
	return Request{}, errors.New("being built")
}

// Version returns the value of the version parameter when it is a bare number,
// else "": a router needs it before it can call [Parse].
func Version(rawQuery string) string { return "" }
