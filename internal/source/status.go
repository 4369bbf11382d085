package source

import "errors"

// answeredError is the failure of a fetch that upstream answered in some way.
type answeredError struct {
	status int
	err    error
}

func (e *answeredError) Error() string { return e.err.Error() }
func (e *answeredError) Unwrap() error { return e.err }

// StatusOf returns the HTTP status of upstream's last answer before a Fetch
// failed with err; 0 where there was none.
func StatusOf(err error) int {
	if answered := (*answeredError)(nil); errors.As(err, &answered) {
		return answered.status
	}
	return 0
}
