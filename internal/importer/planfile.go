package importer

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"slices"
	"strings"
)

// Planned is what an import of a source would do, in short: what a dry run
// found, for another import to do that and nothing else (see [Options.Plan]).
type Planned struct {
	Answer  string        `json:"answer"`  // a hash of the records that upstream told
	Changes string        `json:"changes"` // a hash of every row that changes, with its values, in order
	Types   []PlannedType `json:"types"`
}

// PlannedType is how many rows of a type there are of each kind, by the names
// that [TypeReport] has for them in JSON.
type PlannedType struct {
	Type   string         `json:"type"`
	Counts map[string]int `json:"counts"`
}

// Change is one row that an import changes, or says something of.
type Change struct {
	Source string `json:"source"`
	Type   string `json:"type"`
	Change string `json:"change"` // created, updated…, as TypeReport names them in JSON
	Row
}

// MovedError says that an import would not do what was planned, since something
// has changed meanwhile, upstream or here; nothing was imported.
type MovedError struct {
	Source      string
	Differences []string // half sentences: "Planet: 1 updated in the plan, 2 now"
}

// Error names the source and the differences, one a line.
func (e *MovedError) Error() string {
	return fmt.Sprintf("nothing was imported of %s, since it would not be what was planned:\n  %s\n  make a new plan, and look it over",
		e.Source, strings.Join(e.Differences, "\n  "))
}

// ledger keeps account of what an import does while it finds it out, in constant
// memory. A nil one keeps none.
type ledger struct {
	source          string
	answer, changes hash.Hash
	listed          func(Change) error // may be nil
	failed          error              // of listed
}

// newLedger returns the account of a run with the options, nil where nobody wants
// to know.
func newLedger(source string, options Options) *ledger {
	if !options.DryRun && options.Plan == nil {
		return nil
	}
	l := &ledger{source: source, answer: sha256.New(), changes: sha256.New()}
	if options.Listing != nil {
		l.listed = options.Listing()
	}
	return l
}

// kind is one of the kinds of rows that a report counts.
type kind struct {
	name string // in JSON
	rows *Rows  // nil of the unchanged ones, of which there is only a number
	only *int
}

func (k kind) count() int {
	if k.rows == nil {
		return *k.only
	}
	return k.rows.Count
}

// kinds are the kinds of rows in the order of the report.
func (t *TypeReport) kinds() []kind {
	return []kind{
		{name: "created", rows: &t.Created},
		{name: "adopted", rows: &t.Adopted},
		{name: "updated", rows: &t.Updated},
		{name: "unchanged", only: &t.Unchanged},
		{name: "conflicts", rows: &t.Conflicts},
		{name: "gone", rows: &t.Gone},
		{name: "removed", rows: &t.Removed},
		{name: "detached", rows: &t.Detached},
		{name: "deleted", rows: &t.Deleted},
		{name: "restored", rows: &t.Restored},
	}
}

// follow has the ledger take in the rows that are added to the reports.
func (l *ledger) follow(types []TypeReport, tables []*table) {
	if l == nil {
		return
	}
	for i := range types {
		for _, k := range types[i].kinds() {
			if k.rows != nil {
				k.rows.note = func(row Row) { l.add(tables[i], k.name, row) }
			}
		}
	}
}

// limit is how many rows of a kind are read for a report that shows the first
// [ReportedRows]: all of them where account is kept.
func (l *ledger) limit() int {
	if l == nil {
		return ReportedRows
	}
	const all = 1 << 31
	return all
}

// read notes a record of upstream.
func (l *ledger) read(path string, data []byte) {
	if l != nil {
		fmt.Fprintf(l.answer, "%s\n%d\n", path, len(data))
		l.answer.Write(data)
	}
}

// add notes a row that changes.
func (l *ledger) add(t *table, kind string, row Row) {
	if l == nil || l.failed != nil {
		return
	}
	change := Change{Source: l.source, Type: t.typ.Name, Change: kind, Row: row}
	text, err := json.Marshal(change)
	if err != nil {
		l.failed = fmt.Errorf("list %s %s: %w", t.typ.Name, row.Key, err)
		return
	}
	l.changes.Write(text)
	if l.listed != nil {
		l.failed = l.listed(change)
	}
}

// close adds the counts of the types to what was noted, which is then whole, and
// holds it against the plan, which may be nil.
func (l *ledger) close(types []TypeReport, plan *Planned) (*Planned, error) {
	if l == nil || l.failed != nil {
		return nil, l.failure()
	}
	now := &Planned{Answer: digest(l.answer), Changes: digest(l.changes), Types: []PlannedType{}}
	for i := range types {
		counts := map[string]int{}
		for _, kind := range types[i].kinds() {
			if count := kind.count(); count > 0 {
				counts[kind.name] = count
			}
			if kind.rows != nil {
				kind.rows.note = nil
			}
		}
		now.Types = append(now.Types, PlannedType{Type: types[i].Type, Counts: counts})
	}
	if plan == nil {
		return now, nil
	}
	if differences := plan.differences(now); len(differences) > 0 {
		return now, &MovedError{Source: l.source, Differences: differences}
	}
	return now, nil
}

// settle holds what was done against the plan, and keeps what the next import
// has to know of upstream's types.
func (r *run) settle(ctx context.Context) (err error) {
	if r.report.Plan, err = r.ledger.close(r.report.Types, r.options.Plan); err != nil {
		return err
	}
	return r.rememberContract(ctx)
}

func (l *ledger) failure() error {
	if l == nil {
		return nil
	}
	return l.failed
}

func digest(of hash.Hash) string { return "sha256:" + hex.EncodeToString(of.Sum(nil)) }

// differences are what the plan says otherwise than what was found now.
func (p *Planned) differences(now *Planned) []string {
	var differences []string
	if p.Answer != now.Answer {
		differences = append(differences, "upstream no longer says what it said")
	}
	var names []string
	for _, t := range append(slices.Clone(p.Types), now.Types...) {
		if !slices.Contains(names, t.Type) {
			names = append(names, t.Type)
		}
	}
	same := true
	for _, name := range names {
		for _, kind := range (&TypeReport{}).kinds() {
			then, today := p.count(name, kind.name), now.count(name, kind.name)
			if then != today {
				same = false
				differences = append(differences, fmt.Sprintf("%s: %d %s in the plan, %d now", name, then, kind.name, today))
			}
		}
	}
	if same && p.Changes != now.Changes {
		differences = append(differences, "as many records would change, but not the same ones, or not to the same values")
	}
	return differences
}

func (p *Planned) count(typeName, kind string) int {
	for _, t := range p.Types {
		if t.Type == typeName {
			return t.Counts[kind]
		}
	}
	return 0
}
