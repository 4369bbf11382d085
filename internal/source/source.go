// Package source reads records from outside. A [Source] fetches a whole
// answer, checks it and keeps it in a file; [Answer.Records] then streams the
// records of one path in constant memory, as often as it is asked.
package source

import (
	"context"
	"encoding/json"
	"iter"
	"time"
)

// Source is a declared place that records come from.
type Source interface {
	// Fetch reads everything the source has and validates its form. Nothing
	// is kept of a fetch that fails. progress may be nil.
	Fetch(ctx context.Context, progress func(Progress)) (*Answer, error)
}

// Progress is how far a fetch has come.
type Progress struct {
	Bytes int64 // received so far, decompressed
	Pages int
}

// Record is one object of a source as it came.
type Record struct {
	Index int             // from 0, in the order of the source
	Data  json.RawMessage // one JSON object, numbers as written upstream
	// Failed holds the paths inside Data at which upstream reported an error
	// (partial: allow): what stands there is null for want of an answer, and a
	// known value must not be overwritten with it.
	Failed [][]any
	// Text says that the values are texts that stand for values of any type, as
	// the cells of a CSV file do: JSON strings to be read by
	// [model.Field.AcceptText].
	Text bool
}

// Root is a place in a file at which records stand.
type Root struct {
	Path    string // for [Answer.Records]: "", "lists", "data.lists", "items.*"
	Name    string // what its records are called there: "lists", "items"; of the path "", the file's name
	Records int
}

// Answer is what a fetch brought: opened files and facts about them.
type Answer struct {
	Address   string    // asked at; for reports
	FetchedAt time.Time // when upstream said this: for a snapshot, its date
	Bytes     int64
	Pages     int
	Status    int      // of the last HTTP answer; 0 where there was none
	Offline   bool     // it comes from the project's snapshot
	Complete  bool     // provably everything: no errors, no cap met, the last page seen, as many records as upstream says
	Notices   []string // sentences for the person: a redirect followed, a fallback taken
	// Failed holds the response paths at which upstream reported an error
	// (partial: allow); a known value there must not be overwritten. Indexes
	// count within a page; Record.Failed has them by record.
	Failed [][]any
	Files  []string // of a data module: what was read for it, from the project's folder, with slashes
	// Fingerprint tells what was asked (query, operation, variables), so that
	// a snapshot is never taken for the answer to another question.
	Fingerprint string
	// Validators are what upstream tells by, the next time, whether it has
	// anything new; none of an answer that is not complete or of several pages.
	Validators Validators

	roots   []Root
	records func(path string) iter.Seq2[Record, error]
	close   func() error
	spool   *spool // the pages themselves, for a snapshot
}

// Records streams the objects at a response path ("allPlanets.planets"); lists
// on the way are walked into. An error ends the stream.
func (a *Answer) Records(path string) iter.Seq2[Record, error] { return a.records(path) }

// Roots lists the places at which a file has records, in its order; nil for an
// endpoint, whose query names them. A path that ends in "*" is of an object
// whose members are the records: the name of each is in its field "$key".
func (a *Answer) Roots() []Root { return a.roots }

// Close removes what the fetch kept.
func (a *Answer) Close() error { return a.close() }
