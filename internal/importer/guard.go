package importer

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/larderhq/larder/internal/model"
	"github.com/larderhq/larder/internal/source"
	"github.com/larderhq/larder/internal/statement"
	"github.com/larderhq/larder/internal/store"
)

// Collapse are the bounds beyond which an import is held, since upstream has
// probably lost something. Few records make no collapse: what changes by no more
// than fewRecords (manyRecords where there are more than before) is let through,
// unless nothing is left.
type Collapse struct {
	Shrink float64 // the part of a type's records that may be gone, from 0 to 1
	Growth float64 // how many records may be new, as a part of those there were
	Nulls  float64 // by how much the part of nulls of a field may grow, from 0 to 1
}

const (
	fewRecords  = 5
	manyRecords = 100
)

// profile is what an answer looks like, to compare the next one with. It is kept
// in the record of its run.
type profile struct {
	Keys  map[string][]string     `json:"keys"` // see plan.keys
	Types map[string]*typeProfile `json:"types"`
}

// typeProfile is the profile of the rows of one type.
type typeProfile struct {
	Rows  int                       `json:"rows"`
	Nulls map[string]int            `json:"nulls,omitempty"` // by field, those that upstream told: nulls and empty lists
	Kinds map[string]map[string]int `json:"kinds,omitempty"` // by field of any JSON, how many values of each kind
}

// inspect notes what the staged rows look like, and for what the import is to be
// held.
func (r *run) inspect(ctx context.Context) error {
	r.profile.Types = map[string]*typeProfile{}
	for _, t := range r.plan.tables {
		of, err := r.profileOf(ctx, t)
		if err != nil {
			return err
		}
		r.profile.Types[t.typ.Name] = of
	}
	bounds := r.options.Collapse
	if bounds == nil || r.last == nil || slices.Contains(r.options.Allow, AllowCollapse) {
		return nil
	}
	var findings []Finding
	for _, t := range r.plan.tables {
		if before := r.last.Types[t.typ.Name]; before != nil {
			findings = append(findings, bounds.compare(t, before, r.profile.Types[t.typ.Name], r.answer.Complete, len(r.answer.Failed) == 0)...)
		}
	}
	if len(findings) > 0 {
		r.held = &HeldError{
			Source: r.plan.source, Reason: "upstream is suspiciously unlike the last time", Allow: AllowCollapse, Findings: findings,
		}
	}
	return nil
}

// profileOf is the profile of the type's staged rows.
func (r *run) profileOf(ctx context.Context, t *table) (*typeProfile, error) {
	of := &typeProfile{Nulls: map[string]int{}}
	err := r.tx.Query(ctx, t.staging.Profile(), func(scan store.Scan) error {
		nulls := make([]int, len(t.fields))
		into := []any{&of.Rows}
		for i := range nulls {
			into = append(into, &nulls[i])
		}
		if err := scan(into...); err != nil {
			return err
		}
		for i, f := range t.fields {
			if t.told[i] {
				of.Nulls[f.Name] = nulls[i]
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for i, f := range t.fields {
		if f.Kind != model.Column || f.Scalar != model.JSON {
			continue
		}
		kinds := map[string]int{}
		err := r.tx.Query(ctx, t.staging.Kinds(i), func(scan store.Scan) error {
			var kind string
			var rows int
			err := scan(&kind, &rows)
			kinds[kind] = rows
			return err
		})
		if err != nil {
			return nil, err
		}
		if of.Kinds == nil {
			of.Kinds = map[string]map[string]int{}
		}
		of.Kinds[f.Name] = kinds
	}
	return of, nil
}

// compare finds what is suspicious of a type's rows. Only a complete answer
// tells what is gone, and only one without failed places what is null.
func (c *Collapse) compare(t *table, before, now *typeProfile, complete, sound bool) []Finding {
	name := t.typ.Name
	findings := c.compareRows(name, before.Rows, now.Rows, complete)
	for _, f := range t.fields {
		then, known := before.Nulls[f.Name]
		nulls, told := now.Nulls[f.Name]
		if sound && known && told {
			findings = append(findings, c.compareNulls(name, f, then, before.Rows, nulls, now.Rows)...)
		}
		findings = append(findings, compareKinds(name, f.Name, before.Kinds[f.Name], now.Kinds[f.Name])...)
	}
	return findings
}

func (c *Collapse) compareRows(name string, before, now int, complete bool) []Finding {
	lost, more := before-now, now-before
	finding := Finding{Type: name, Before: records(before), Now: records(now)}
	switch {
	case complete && now == 0 && before > 0:
		finding.Message = fmt.Sprintf("no record is left of %s", records(before))
	case complete && lost > fewRecords && float64(lost) > c.Shrink*float64(before):
		finding.Message = fmt.Sprintf("%s of %s are left, %s fewer, where maxShrink is %s",
			records(now), grouped(before), percent(lost, before), percentage(c.Shrink))
	case more > manyRecords && float64(more) > c.Growth*float64(before):
		finding.Message = fmt.Sprintf("%s after %s, %s more, where maxGrowth is %s",
			records(now), grouped(before), percent(more, before), percentage(c.Growth))
	default:
		return nil
	}
	return []Finding{finding}
}

func (c *Collapse) compareNulls(name string, f *model.Field, before, beforeRows, now, nowRows int) []Finding {
	what := "null"
	if f.IsList() {
		what = "empty"
	}
	finding := Finding{
		Type: name, Field: f.Name,
		Before: fmt.Sprintf("%s in %s of %s", what, grouped(before), grouped(beforeRows)),
		Now:    fmt.Sprintf("%s in %s of %s", what, grouped(now), grouped(nowRows)),
	}
	grown := part(now, nowRows) - part(before, beforeRows)
	switch {
	case now == nowRows && nowRows >= 2 && before < beforeRows:
		finding.Message = fmt.Sprintf("%s in all %s, after %s of %s", what, records(now), grouped(before), grouped(beforeRows))
	case now-before > fewRecords && grown > c.Nulls:
		finding.Message = fmt.Sprintf("%s in %s of %s records, after %s of %s, %s of the records more, where maxNulls is %s",
			what, grouped(now), grouped(nowRows), grouped(before), grouped(beforeRows), percentage(grown), percentage(c.Nulls))
	default:
		return nil
	}
	return []Finding{finding}
}

// compareKinds finds values that have become of another kind altogether.
func compareKinds(name, field string, before, now map[string]int) []Finding {
	if len(before) == 0 || len(now) == 0 {
		return nil
	}
	for kind := range now {
		if before[kind] > 0 {
			return nil
		}
	}
	was, is := kindList(before), kindList(now)
	return []Finding{{Type: name, Field: field, Before: was, Now: is, Message: fmt.Sprintf("each value is of the kind %s, after %s", is, was)}}
}

func kindList(kinds map[string]int) string {
	return strings.Join(slices.Sorted(maps.Keys(kinds)), " or ")
}

// hold stops an import that is to be held. A dry run goes on, to tell what would
// change.
func (r *run) hold(context.Context) error {
	if r.held == nil {
		return nil
	}
	for _, t := range r.types {
		r.held.Rows += t.Created.Count + t.Adopted.Count + t.Updated.Count
	}
	for _, t := range r.plan.tables {
		r.held.Rows += t.leaving
	}
	if r.options.DryRun {
		return nil
	}
	return r.held
}

func (r *run) heldOrNil() error {
	if r.held == nil {
		return nil
	}
	return r.held
}

// text is the profile as it is kept: none of an answer whose nulls are not all
// upstream's.
func (p *profile) text(answer *source.Answer) (string, error) {
	if len(answer.Failed) > 0 {
		return "", nil
	}
	text, err := json.Marshal(p)
	return string(text), err
}

// findLast reads what the last import that was done looked like, if there was
// one, and refuses keys that are others now.
func (r *run) findLast(ctx context.Context) (err error) {
	if r.last, err = lastProfile(ctx, r.tx, r.dialect(), r.plan.source); err != nil {
		return err
	}
	return r.checkKeys()
}

func lastProfile(ctx context.Context, tx store.Tx, dialect statement.Dialect, sourceName string) (last *profile, err error) {
	err = tx.Query(ctx, statement.LastProfile(dialect, sourceName), func(scan store.Scan) error {
		var text []byte
		if err := scan(&text); err != nil {
			return err
		}
		last = &profile{}
		return json.Unmarshal(text, last)
	})
	if err != nil {
		return nil, fmt.Errorf("read what the last import of %s looked like: %w", sourceName, err)
	}
	return last, nil
}

func part(n, of int) float64 {
	if of == 0 {
		return 0
	}
	return float64(n) / float64(of)
}

func percent(n, of int) string { return percentage(part(n, of)) }

// percentage is a part of one as people say it, with a decimal where it is small.
func percentage(p float64) string {
	if p < 0.1 {
		return strings.TrimSuffix(fmt.Sprintf("%.1f", p*100), ".0") + "%"
	}
	return fmt.Sprintf("%.0f%%", p*100)
}

func records(n int) string {
	if n == 1 {
		return "1 record"
	}
	return grouped(n) + " records"
}

// grouped is a number with its digits in groups: 100,000.
func grouped(n int) string {
	digits := fmt.Sprint(n)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}
