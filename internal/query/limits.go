package query

import "fmt"

// Limits bounds what a query may ask. A field that is zero has its default.
type Limits struct {
	QueryBytes    int // of the raw query; default 65,536
	FilterNodes   int // comparisons and connectives together; default 200
	Depth         int // of connectives within each other; default 10
	InValues      int // in one list or array literal; default 1,000
	OrderTerms    int // default 16
	SelectColumns int // default 200
	MaxLimit      int // of limit=, rows of a page; default 1,000
}

// DefaultLimits are the limits that [Parse] puts in place of zeros.
var defaultLimits = Limits{
	QueryBytes:    64 << 10,
	FilterNodes:   200,
	Depth:         10,
	InValues:      1000,
	OrderTerms:    16,
	SelectColumns: 200,
	MaxLimit:      1000,
}

// WithDefaults returns l with every zero replaced by its default.
func (l Limits) WithDefaults() Limits {
	for _, pair := range []struct{ field, standard *int }{
		{&l.QueryBytes, &defaultLimits.QueryBytes},
		{&l.FilterNodes, &defaultLimits.FilterNodes},
		{&l.Depth, &defaultLimits.Depth},
		{&l.InValues, &defaultLimits.InValues},
		{&l.OrderTerms, &defaultLimits.OrderTerms},
		{&l.SelectColumns, &defaultLimits.SelectColumns},
		{&l.MaxLimit, &defaultLimits.MaxLimit},
	} {
		if *pair.field == 0 {
			*pair.field = *pair.standard
		}
	}
	return l
}

// exceeded is the error of a limit that was passed.
func exceeded(parameter, limit, what string, most int) *Error {
	return &Error{
		Parameter: parameter, Code: CodeLimit, Limit: limit,
		Message: fmt.Sprintf("too many %s", what),
		Details: fmt.Sprintf("at most %d are allowed", most),
	}
}
