package importer

import (
	"cmp"
	"fmt"
	"strings"
)

// reportedProblems is how many problems an [InvalidError] spells out.
const reportedProblems = 20

// Problem is one thing wrong with one record.
type Problem struct {
	Record  int    `json:"record"` // its index in the source, from 0; -1 when the problem is not one record's
	Path    string `json:"path"`   // where in the response: "allPlanets.planets"
	Key     string `json:"key,omitempty"`
	Field   string `json:"field,omitempty"` // as the model names it
	Message string `json:"message"`
}

// String is the problem as one line.
func (p Problem) String() string {
	var b strings.Builder
	b.WriteString(p.Path)
	if p.Record >= 0 {
		fmt.Fprintf(&b, " record %d", p.Record)
	}
	if p.Key != "" {
		fmt.Fprintf(&b, " %s", p.Key)
	}
	if p.Field != "" {
		fmt.Fprintf(&b, ", %s", p.Field)
	}
	return strings.TrimSpace(b.String()) + ": " + p.Message
}

// InvalidError says that records of a source do not suit the model; nothing
// was imported, or done in place of that.
type InvalidError struct {
	Count    int       // of all problems
	Problems []Problem // the first of them

	undone string // what was not done, "imported" unless it is set
}

// Error lists the problems, one a line.
func (e *InvalidError) Error() string {
	lines := make([]string, 0, len(e.Problems)+2)
	undone := cmp.Or(e.undone, "imported")
	if e.Count == 1 {
		return "nothing was " + undone + ", for " + e.Problems[0].String()
	}
	lines = append(lines, fmt.Sprintf("nothing was %s, for %d problems:", undone, e.Count))
	for _, p := range e.Problems {
		lines = append(lines, "  "+p.String())
	}
	if more := e.Count - len(e.Problems); more > 0 {
		lines = append(lines, fmt.Sprintf("  and %d more", more))
	}
	return strings.Join(lines, "\n")
}

func (e *InvalidError) add(p Problem) {
	e.Count++
	if len(e.Problems) < reportedProblems {
		e.Problems = append(e.Problems, p)
	}
}

// orNil is e as an error when it holds a problem.
func (e *InvalidError) orNil() error {
	if e.Count == 0 {
		return nil
	}
	return e
}
