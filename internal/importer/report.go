package importer

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/larderhq/larder/internal/source"
)

// ReportedRows is how many rows of each kind a report lists; it counts all.
const ReportedRows = 20

// Report is what an import did or, of a dry run, would do. Its JSON form is
// part of the command line's contract.
type Report struct {
	Source    string    `json:"source"`
	DryRun    bool      `json:"dryRun"`
	Address   string    `json:"address"`
	FetchedAt time.Time `json:"fetchedAt"`
	Offline   bool      `json:"offline"` // from the project's snapshot
	// UpstreamUnchanged says that upstream has nothing new since the last import,
	// so that nothing was fetched or compared.
	UpstreamUnchanged bool     `json:"upstreamUnchanged,omitempty"`
	Notices           []string `json:"notices,omitempty"`
	// Drift is how upstream's types are no longer what they were, DriftUnknown why
	// that could not be seen.
	Drift        []source.Drift `json:"drift,omitempty"`
	DriftUnknown string         `json:"driftUnknown,omitempty"`
	// Plan is what a dry run found, or an import that was to do as planned.
	Plan    *Planned     `json:"plan,omitempty"`
	Run     int64        `json:"run,omitempty"` // the id in larder_run; 0 for a dry run
	Fetched int          `json:"fetched"`       // records of the source
	Seconds float64      `json:"seconds"`
	Types   []TypeReport `json:"types"` // one for each type that the source feeds
}

// TypeReport is what became of the rows of one type.
type TypeReport struct {
	Type      string `json:"type"`
	Resource  string `json:"resource"`
	Created   Rows   `json:"created"`
	Adopted   Rows   `json:"adopted"`   // were here without an origin; now have one
	Updated   Rows   `json:"updated"`   // some field was taken from upstream
	Unchanged int    `json:"unchanged"` // nothing was taken from upstream, conflicts included
	Conflicts Rows   `json:"conflicts"` // a field changed on both sides; the local value was kept
	Gone      Rows   `json:"gone"`      // no longer upstream; kept here, and told again each time
	Removed   Rows   `json:"removed"`   // no longer upstream; deleted here
	Detached  Rows   `json:"detached"`  // no longer upstream; kept here, and no longer of the source
	Deleted   Rows   `json:"deleted"`   // were deleted here; not created again
	Restored  Rows   `json:"restored"`  // were deleted here; created again, as someone asked
}

// Rows counts rows of one kind and shows the first [ReportedRows].
type Rows struct {
	Count int   `json:"count"`
	First []Row `json:"first,omitempty"`

	note func(Row) // keeps account of each row; nil where nobody does
}

// Row is one row of a report.
type Row struct {
	Key    json.RawMessage `json:"key"`
	ID     string          `json:"id,omitempty"`
	Values json.RawMessage `json:"values,omitempty"` // of a created or restored row: what upstream says
	Fields []FieldChange   `json:"fields,omitempty"` // of an updated or conflicting row
	Reason string          `json:"reason,omitempty"` // of a detached row: why it was not removed
}

// FieldChange is one field of an updated or conflicting row.
type FieldChange struct {
	Field    string          `json:"field"`
	Before   json.RawMessage `json:"before"`             // here, before the import
	After    json.RawMessage `json:"after"`              // here, after it
	Upstream json.RawMessage `json:"upstream,omitempty"` // of a conflict: what was not taken
}

func (r *Rows) add(row Row) {
	r.Count++
	r.show(row)
}

// show lists a row that is counted elsewhere.
func (r *Rows) show(row Row) {
	if len(r.First) < ReportedRows {
		r.First = append(r.First, row)
	}
	if r.note != nil {
		r.note(row)
	}
}

func newReport(sourceName string, answer *source.Answer, dryRun bool) Report {
	return Report{
		Source: sourceName, DryRun: dryRun, Address: answer.Address, FetchedAt: answer.FetchedAt,
		Offline: answer.Offline, Notices: append([]string(nil), answer.Notices...), Types: []TypeReport{},
	}
}

// Totals are a report's counts over all its types.
type Totals struct {
	Created, Adopted, Updated, Unchanged, Conflicts, Gone, Removed, Detached, Deleted, Restored int
}

// Totals adds up the report's types.
func (r Report) Totals() Totals {
	var t Totals
	for _, typ := range r.Types {
		t.Created += typ.Created.Count
		t.Adopted += typ.Adopted.Count
		t.Updated += typ.Updated.Count
		t.Unchanged += typ.Unchanged
		t.Conflicts += typ.Conflicts.Count
		t.Gone += typ.Gone.Count
		t.Removed += typ.Removed.Count
		t.Detached += typ.Detached.Count
		t.Deleted += typ.Deleted.Count
		t.Restored += typ.Restored.Count
	}
	return t
}

// created is how many records there are more than before.
func (t *TypeReport) created() int { return t.Created.Count + t.Restored.Count }

// Summary is the counts of one type in words: "60 unchanged" or "2 created,
// 1 updated, 57 unchanged".
func (t TypeReport) Summary() string {
	var parts []string
	for _, part := range []struct {
		count int
		word  string
	}{
		{t.Created.Count, "created"},
		{t.Restored.Count, "restored"},
		{t.Adopted.Count, "adopted"},
		{t.Updated.Count, "updated"},
		{t.Unchanged, "unchanged"},
		{t.Conflicts.Count, "in conflict"},
		{t.Removed.Count, "removed"},
		{t.Detached.Count, "detached"},
		{t.Gone.Count, "gone upstream"},
		{t.Deleted.Count, "deleted here"},
	} {
		if part.count > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", part.count, part.word))
		}
	}
	if len(parts) == 0 {
		return "nothing"
	}
	return strings.Join(parts, ", ")
}
