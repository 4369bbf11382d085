package migrate

import (
	"slices"
	"strings"
)

// step is one statement of a migration.
type step struct {
	phase phase
	title string // the change that it belongs to
	sql   string // one statement without its semicolon, comments above it
}

// phase orders the steps of a migration: a name is free before it is taken, a
// value is read before its column goes, and a constraint comes when the rows
// are as it wants them.
type phase int

const (
	release   phase = iota // drop indexes and constraints that go or change
	rename                 // tables, then columns
	create                 // tables
	add                    // columns, nullable where they are yet to be filled
	move                   // values from old places to new ones
	alter                  // types, checks, defaults, nullability; rebuilds
	drop                   // columns, then tables
	constrain              // indexes, unique sets, foreign keys
	describe               // descriptions
)

// steps collects statements under the title of a change.
type steps struct {
	title string
	all   []step
}

func (s *steps) add(p phase, statements ...string) {
	for _, sql := range statements {
		if sql != "" {
			s.all = append(s.all, step{p, s.title, sql})
		}
	}
}

// phase is that of the index: one of a new table comes with it, so that the
// values that are moved there find each other.
func (c addIndex) phase() phase {
	if c.fresh {
		return create
	}
	return constrain
}

// inOrder sorts steps by phase and keeps their order within one.
func inOrder(all []step) []step {
	slices.SortStableFunc(all, func(a, b step) int { return int(a.phase) - int(b.phase) })
	return all
}

// script writes steps as a file that people read: every change is told above
// its statements.
func script(all []step) string {
	var out strings.Builder
	title := ""
	for _, s := range all {
		if s.title != title {
			title = s.title
			for line := range strings.Lines(title) {
				out.WriteString("\n-- " + strings.TrimRight(line, "\n"))
			}
			out.WriteString("\n")
		}
		out.WriteString(s.sql + ";\n")
	}
	return strings.TrimPrefix(out.String(), "\n")
}
