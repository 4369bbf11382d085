package importer

import (
	"fmt"
	"strings"
)

// The names by which a held import is let through, see [Options.Allow].
const (
	AllowCollapse = "collapse"
	AllowDrift    = "drift"
)

// HeldError says that an import waits for a person's decision; nothing was
// imported.
type HeldError struct {
	Source   string    `json:"source"`
	Reason   string    `json:"reason"` // half a sentence: "upstream is suspiciously unlike the last time"
	Allow    string    `json:"allow"`  // the name that lets it through, see [Options.Allow]
	Findings []Finding `json:"findings"`
	Rows     int       `json:"rows"` // that would have changed, as far as that is known
}

// Finding is one thing for which an import is held.
type Finding struct {
	Type    string `json:"type"`
	Field   string `json:"field,omitempty"`
	Before  string `json:"before"` // at the last import
	Now     string `json:"now"`
	Message string `json:"message"` // what is wrong with it, for people
}

// String is the finding as one line.
func (f Finding) String() string {
	if f.Field == "" {
		return f.Type + ": " + f.Message
	}
	return f.Type + "." + f.Field + ": " + f.Message
}

// Command is the command line that lets the import through.
func (e *HeldError) Command() string {
	return fmt.Sprintf("larder import %s --allow %s", e.Source, e.Allow)
}

// Error lists the findings, one a line, and the command that lets the import
// through.
func (e *HeldError) Error() string {
	lines := []string{"nothing was imported, since " + e.Reason + ":"}
	for _, f := range e.Findings {
		lines = append(lines, "  "+f.String())
	}
	return strings.Join(append(lines, "  if that is right, let it through with "+e.Command()), "\n")
}
