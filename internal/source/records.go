package source

import "iter"

// NewAnswer is a complete answer whose records come from elsewhere than an
// endpoint. Records yields those at a response path, in the same order
// whenever it is asked; release removes what the answer holds and may be nil.
func NewAnswer(records func(path string) iter.Seq2[Record, error], release func() error) *Answer {
	if release == nil {
		release = func() error { return nil }
	}
	return &Answer{Complete: true, records: records, close: release}
}
