package query

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

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
// an *Error that lists them. tx=rollback is always an error: ignoring it would
// keep what the client means to lose.
func ParsePreferences(values []string) (Preferences, error) {
	preferences := Preferences{MaxAffected: -1}
	var strange []string
	seen := map[string]bool{}
	for _, header := range values {
		for preference := range strings.SplitSeq(header, ",") {
			preference, _, _ = strings.Cut(preference, ";") // parameters have no meaning here
			name, value, _ := strings.Cut(strings.TrimSpace(preference), "=")
			name = strings.ToLower(strings.TrimSpace(name))
			value = strings.Trim(strings.TrimSpace(value), `"`)
			switch {
			case name == "" || seen[name]:
			case name == "tx" && value == "rollback":
				return preferences, unsupported("Prefer", "tx=rollback")
			case preferences.take(name, value):
				seen[name] = true
			default:
				strange = append(strange, clipName(strings.TrimSpace(preference)))
			}
		}
	}
	if preferences.Handling == Strict && len(strange) > 0 {
		return preferences, &Error{
			Parameter: "Prefer", Code: CodePreference,
			Message: "invalid preferences given with handling=strict",
			Details: "invalid preferences: " + listed(strange),
		}
	}
	return preferences, nil
}

// take sets one preference and reports whether it was understood.
func (p *Preferences) take(name, value string) bool {
	switch name {
	case "resolution":
		return choose(&p.Resolution, value, MergeDuplicates, IgnoreDuplicates)
	case "missing":
		return choose(&p.Missing, value, MissingDefault, MissingNull)
	case "return":
		return choose(&p.Return, value, ReturnMinimal, ReturnHeadersOnly, ReturnRepresentation)
	case "count":
		p.Count = countNamed(value)
		return p.Count != NoCount
	case "tx":
		return choose(&p.Transaction, value, "commit")
	case "handling":
		return choose(&p.Handling, value, Lenient, Strict)
	case "max-affected":
		number, err := strconv.Atoi(value)
		if err != nil || !isDigits(value) {
			return false
		}
		p.MaxAffected = number
		return true
	}
	return false
}

// choose sets target to the word when that is one of the choices.
func choose[Value ~string](target *Value, word string, choices ...Value) bool {
	if !slices.Contains(choices, Value(word)) {
		return false
	}
	*target = Value(word)
	return true
}

// listed joins what was not understood, at most two of them in full.
func listed(strange []string) string {
	const shown = 2
	if len(strange) <= shown {
		return strings.Join(strange, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(strange[:shown], ", "), len(strange)-shown)
}

// String is the word that count= has for c, "" for NoCount.
func (c Count) String() string {
	switch c {
	case ExactCount:
		return "exact"
	case PlannedCount:
		return "planned"
	case EstimatedCount:
		return "estimated"
	case NoCount:
	}
	return ""
}

// countNamed is the count of a word, NoCount of any other.
func countNamed(word string) Count {
	for _, count := range []Count{ExactCount, PlannedCount, EstimatedCount} {
		if word == count.String() {
			return count
		}
	}
	return NoCount
}

// Applied is the value of Preference-Applied: what was given and understood,
// in PostgREST's order; "" when nothing was.
func (p Preferences) Applied() string {
	var applied []string
	for _, preference := range []struct{ name, value string }{
		{"resolution", string(p.Resolution)},
		{"missing", string(p.Missing)},
		{"return", string(p.Return)},
		{"count", p.Count.String()},
		{"tx", p.Transaction},
		{"handling", string(p.Handling)},
	} {
		if preference.value != "" {
			applied = append(applied, preference.name+"="+preference.value)
		}
	}
	if p.MaxAffected >= 0 {
		applied = append(applied, "max-affected="+strconv.Itoa(p.MaxAffected))
	}
	return strings.Join(applied, ", ")
}

// ParseRange reads a Range header: "0-24" or "items=0-24", the last row
// included, "10-" without an end. The limit is -1 when there is no end. A unit
// other than items is ignored, as RFC 9110 section 14.2 says: 0 and -1. The
// error is an *Error.
func ParseRange(header string) (offset, limit int, err error) {
	header = strings.TrimSpace(header)
	if unit, rest, found := strings.Cut(header, "="); found {
		if !strings.EqualFold(strings.TrimSpace(unit), "items") {
			return 0, -1, nil
		}
		header = rest
	}
	first, last, found := strings.Cut(strings.TrimSpace(header), "-")
	if header == "" {
		return 0, -1, nil
	}
	malformed := &Error{
		Parameter: "Range", Code: CodeParse, Message: "cannot read the Range header",
		Details: "expected the first and the last row, as 0-24, found " + clip(header),
	}
	if !found || !isDigits(first) || last != "" && !isDigits(last) {
		return 0, -1, malformed
	}
	if offset, err = strconv.Atoi(first); err != nil {
		return 0, -1, malformed
	}
	if last == "" {
		return offset, -1, nil
	}
	end, err := strconv.Atoi(last)
	switch {
	case err != nil || end == int(^uint(0)>>1):
		return 0, -1, malformed
	case end < offset:
		return 0, -1, &Error{
			Parameter: "Range", Code: CodeRange, Message: "requested range not satisfiable",
			Details: "the last row comes before the first",
		}
	}
	return offset, end - offset + 1, nil
}
