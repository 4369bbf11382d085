package source

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/vektah/gqlparser/v2/ast"
)

// Contract is what an endpoint says of the types that a query selects from, as
// it is remembered from one import to the next.
type Contract struct {
	Query string `json:"query"` // the type that queries begin at
	// Types are the types of the fields, written as in SDL ("[String!]!"), by type
	// and field: all fields that need no arguments, but of Query the selected ones.
	Types map[string]map[string]string `json:"types"`

	selected map[string]map[string]bool // which fields the query selects
}

// DriftKind is how a field is no longer what it was.
type DriftKind string

// The kinds of drift.
const (
	DriftGone     DriftKind = "gone"
	DriftType     DriftKind = "type"
	DriftNullable DriftKind = "nullable" // it may be null now
	DriftNonNull  DriftKind = "nonNull"  // it is never null any more
	DriftNew      DriftKind = "new"      // a field beside those that the query selects
)

// Drift is one field that an endpoint has otherwise than it had.
type Drift struct {
	Kind   DriftKind `json:"kind"`
	Type   string    `json:"type"` // that has the field
	Field  string    `json:"field"`
	Before string    `json:"before,omitempty"` // the field's type; "" when it is new
	After  string    `json:"after,omitempty"`  // "" when it is gone
}

// String is the drift as a sentence without its end.
func (d Drift) String() string { return d.Type + "." + d.Field + " " + d.Change() }

// Change is what has become of the field: "is gone (it was Float)".
func (d Drift) Change() string {
	switch d.Kind {
	case DriftGone:
		return fmt.Sprintf("is gone (it was %s)", d.Before)
	case DriftNew:
		return "is new: " + d.After
	case DriftNullable:
		return fmt.Sprintf("may be null now: it was %s and is %s", d.Before, d.After)
	case DriftNonNull:
		return fmt.Sprintf("is never null any more: it was %s and is %s", d.Before, d.After)
	case DriftType:
	}
	return fmt.Sprintf("has another type: it was %s and is %s", d.Before, d.After)
}

// Drift compares what was remembered with what [AskContract] was told now: the
// fields that the query selects, and new ones beside them. A type or a field
// that the query did not select from before is none. The list is sorted.
func (c *Contract) Drift(now *Contract) []Drift {
	drift := []Drift{}
	for _, name := range slices.Sorted(maps.Keys(now.selected)) {
		before, known := c.Types[name]
		if name == now.Query {
			before, known = c.Types[c.Query]
		}
		if !known {
			continue
		}
		after := now.Types[name]
		for _, field := range slices.Sorted(maps.Keys(now.selected[name])) {
			if was, is := before[field], after[field]; was != "" && was != is {
				drift = append(drift, Drift{kindOfDrift(was, is), name, field, was, is})
			}
		}
		if name == now.Query {
			continue
		}
		for _, field := range slices.Sorted(maps.Keys(after)) {
			if before[field] == "" && !now.selected[name][field] {
				drift = append(drift, Drift{DriftNew, name, field, "", after[field]})
			}
		}
	}
	return drift
}

func kindOfDrift(was, is string) DriftKind {
	switch {
	case is == "":
		return DriftGone
	case strings.ReplaceAll(was, "!", "") != strings.ReplaceAll(is, "!", ""):
		return DriftType
	case looser(was, is):
		return DriftNullable
	case looser(is, was):
		return DriftNonNull
	}
	return DriftType // tighter in one place, looser in another
}

// looser reports whether every "!" of b stands in a too, which is the same type
// otherwise.
func looser(a, b string) bool {
	for b != "" {
		switch {
		case a != "" && a[0] == b[0]:
			a, b = a[1:], b[1:]
		case a != "" && a[0] == '!':
			a = a[1:]
		default:
			return false
		}
	}
	return true
}

// The words of a contract's question: the fields of a type, whose own types are
// wrapped five times at most.
const contractFragment = `
fragment Promised on __Type { name fields(includeDeprecated: true) { name args { type { kind } defaultValue } type { ...Wrapped } } }
fragment Wrapped on __Type { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name } } } } } }`

// The bounds of asking for a contract, which an import waits for: the types of a
// query, and the time of a request.
const (
	maxContractTypes = 1000
	contractTimeout  = 15 * time.Second
)

// AskContract asks the endpoint of the settings for the types that their query
// selects from: in one request where those are known ones, else in one more for
// each level of the query that is new. known may be nil. The request is made
// once, without a retry.
func AskContract(ctx context.Context, settings GraphQLSettings, known *Contract) (*Contract, error) {
	asked, err := parseQuestion(settings.Query, settings.Operation)
	if err != nil {
		return nil, err
	}
	now := &contractReader{
		settings: settings, question: asked, told: map[string]map[string]string{},
		contract: &Contract{Types: map[string]map[string]string{}, selected: map[string]map[string]bool{}},
		named:    tokens(settings.Query),
	}
	now.settings.Operation, now.settings.Variables, now.settings.Known = "", nil, Validators{}
	now.settings.Spool, now.settings.Retries = "", -1
	now.settings.Timeout = min(cmp.Or(settings.Timeout, contractTimeout), contractTimeout)
	now.settings.Partial = true // a type that is gone is null
	var wanted []string
	if known != nil {
		for _, name := range slices.Sorted(maps.Keys(known.Types)) {
			if name != known.Query {
				wanted = append(wanted, name)
			}
		}
	}
	for first := true; first || len(wanted) > 0; first = false {
		if len(now.told)+len(wanted) > maxContractTypes {
			return nil, fmt.Errorf("the query selects from more than %d types", maxContractTypes)
		}
		if err := now.ask(ctx, wanted); err != nil {
			return nil, fmt.Errorf("ask for the types of the query: %w", err)
		}
		clear(now.contract.selected)
		wanted = now.missing(asked.operation.SelectionSet, now.contract.Query, nil)
	}
	for name, fields := range now.contract.selected {
		now.contract.Types[name] = maps.Clone(now.told[name])
		if name == now.contract.Query {
			maps.DeleteFunc(now.contract.Types[name], func(field, _ string) bool { return !fields[field] })
		}
	}
	return now.contract, nil
}

// contractReader asks for a contract.
type contractReader struct {
	settings GraphQLSettings
	question *question
	contract *Contract
	told     map[string]map[string]string // by type and field; empty for a type that there is not
	named    []string                     // the words of the query
}

// promisedType is a type as the endpoint tells it.
type promisedType struct {
	Name   string
	Fields []struct {
		Name string
		Args []struct {
			Type         wrappedType
			DefaultValue *string
		}
		Type wrappedType
	}
}

type wrappedType struct {
	Kind, Name string
	OfType     *wrappedType
}

// String is the type as SDL writes it.
func (t *wrappedType) String() string {
	switch {
	case t == nil:
		return ""
	case t.Kind == "NON_NULL":
		return t.OfType.String() + "!"
	case t.Kind == "LIST":
		return "[" + t.OfType.String() + "]"
	}
	return t.Name
}

// ask asks for the types with the names and, the first time, for the one that
// queries begin at.
func (r *contractReader) ask(ctx context.Context, names []string) error {
	var text strings.Builder
	text.WriteString("query Contract {")
	if r.contract.Query == "" {
		text.WriteString(" __schema { queryType { ...Promised } }")
	}
	for i, name := range names {
		fmt.Fprintf(&text, " t%d: __type(name: %q) { ...Promised }", i, name)
	}
	text.WriteString(" }" + contractFragment)
	r.settings.Query = text.String()
	endpoint, err := newEndpoint(r.settings)
	if err != nil {
		return err
	}
	answer, err := endpoint.Fetch(ctx, nil)
	if err != nil {
		return err
	}
	defer answer.Close() //nolint:errcheck // a temporary file
	if r.contract.Query == "" {
		root, err := promised(answer, "__schema.queryType")
		if err != nil {
			return err
		}
		if root.Name == "" {
			return fmt.Errorf("the answer of %s has no schema", answer.Address)
		}
		r.contract.Query = root.Name
		r.keep(root.Name, root)
	}
	for i, name := range names {
		found, err := promised(answer, fmt.Sprintf("t%d", i))
		if err != nil {
			return err
		}
		r.keep(name, found)
	}
	return nil
}

// promised is the type at a place of the answer, an empty one where it is null.
func promised(answer *Answer, path string) (found promisedType, err error) {
	for record, failed := range answer.Records(path) {
		if failed != nil {
			return found, failed
		}
		if err := json.Unmarshal(record.Data, &found); err != nil {
			return found, fmt.Errorf("%s: %w", path, err)
		}
	}
	return found, nil
}

// keep notes the fields of a type, without those that need arguments, unless the
// query gives them.
func (r *contractReader) keep(name string, t promisedType) {
	fields := map[string]string{}
	for _, f := range t.Fields {
		needs := false
		for _, argument := range f.Args {
			needs = needs || argument.Type.Kind == "NON_NULL" && argument.DefaultValue == nil
		}
		if !needs || slices.Contains(r.named, f.Name) {
			fields[f.Name] = f.Type.String()
		}
	}
	r.told[name] = fields
}

// missing notes what is selected and returns the types on the way that have not
// been asked for.
func (r *contractReader) missing(set ast.SelectionSet, typeName string, names []string) []string {
	fields, told := r.told[typeName]
	if !told {
		if slices.Contains(names, typeName) {
			return names
		}
		return append(names, typeName)
	}
	for _, selection := range set {
		switch s := selection.(type) {
		case *ast.Field:
			if strings.HasPrefix(s.Name, "__") {
				continue
			}
			if r.contract.selected[typeName] == nil {
				r.contract.selected[typeName] = map[string]bool{}
			}
			r.contract.selected[typeName][s.Name] = true
			if inner := strings.Trim(fields[s.Name], "[]!"); inner != "" && len(s.SelectionSet) > 0 {
				names = r.missing(s.SelectionSet, inner, names)
			}
		case *ast.InlineFragment:
			names = r.missing(s.SelectionSet, cmp.Or(s.TypeCondition, typeName), names)
		case *ast.FragmentSpread:
			if f := r.question.document.Fragments.ForName(s.Name); f != nil {
				names = r.missing(f.SelectionSet, f.TypeCondition, names)
			}
		}
	}
	return names
}
