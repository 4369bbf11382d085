package model

import (
	"fmt"
	"sort"
	"strings"

	"github.com/agnivade/levenshtein"
)

// Error is one thing that is wrong with a models file.
type Error struct {
	Position   Position
	Message    string // what was expected and what came
	Suggestion string // what to do; "" where nothing sensible can be said
}

// Error is "models.graphql:3:9: message; suggestion".
func (e *Error) Error() string {
	text := fmt.Sprintf("%s:%d:%d: %s", e.Position.File, e.Position.Line, e.Position.Column, e.Message)
	if e.Suggestion != "" {
		text += "; " + e.Suggestion
	}
	return text
}

// Errors are all that is wrong with a models file, in the order of position.
type Errors []*Error

// Error has one line an error.
func (e Errors) Error() string {
	lines := make([]string, len(e))
	for i, one := range e {
		lines[i] = one.Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap gives the errors to errors.Is and errors.As.
func (e Errors) Unwrap() []error {
	all := make([]error, len(e))
	for i, one := range e {
		all[i] = one
	}
	return all
}

// sorted orders the errors by position and drops those said twice.
func (e Errors) sorted() Errors {
	sort.SliceStable(e, func(i, j int) bool {
		a, b := e[i].Position, e[j].Position
		if a.Line != b.Line {
			return a.Line < b.Line
		}
		return a.Column < b.Column
	})
	kept := e[:0]
	for i, one := range e {
		if i > 0 && *one == *e[i-1] {
			continue
		}
		kept = append(kept, one)
	}
	return kept
}

// Nearest is the candidate that name was most likely meant to be, or "" when
// none is near: a third of the letters may differ, of short names one.
func Nearest(name string, candidates []string) string {
	const longest, most = 64, 1000 // longer names and lists are not worth the time
	if name == "" || len(name) > longest || len(candidates) > most {
		return ""
	}
	best, bestDistance := "", max(1, len(name)/3)+1
	if len(name) < 3 {
		bestDistance = 1 // only the same letters in another case
	}
	for _, candidate := range candidates {
		if len(candidate) > longest {
			continue
		}
		distance := levenshtein.ComputeDistance(strings.ToLower(name), strings.ToLower(candidate))
		if distance < bestDistance {
			best, bestDistance = candidate, distance
		}
	}
	return best
}

// didYouMean is a suggestion that names the nearest candidate or, where none
// is near and they are few, all of them.
func didYouMean(name string, candidates []string) string {
	if near := Nearest(name, candidates); near != "" {
		return fmt.Sprintf("did you mean %s?", near)
	}
	if len(candidates) == 0 || len(candidates) > 20 {
		return ""
	}
	return "there are " + strings.Join(candidates, ", ")
}
