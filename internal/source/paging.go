package source

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/formatter"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/parser"
)

// question is a parsed query and what must be known of it to page it: where it
// selects Relay connections (https://relay.dev/graphql/connections.htm).
type question struct {
	document  *ast.QueryDocument
	operation *ast.OperationDefinition
	root      *node
	// connections that select pageInfo{hasNextPage}, in the order of the query
	connections []*connection
	// unproven are paths at which the query takes part of a list and does not
	// ask whether there is more.
	unproven []string
	// rewritten says that a cursor was put into the document itself.
	rewritten bool
}

// node is a place in the answer, by response key.
type node struct {
	children   map[string]*node
	connection *connection
}

func (n *node) child(key string) *node {
	if n.children == nil {
		n.children = map[string]*node{}
	}
	if n.children[key] == nil {
		n.children[key] = &node{}
	}
	return n.children[key]
}

// connection is one place where the query asks whether there is more, by
// pageInfo { hasNextPage } or by totalCount alone, which has no pageInfo.
type connection struct {
	path     string // response keys, joined by dots
	field    *ast.Field
	pageInfo string // response keys of the page's facts
	hasNext  string
	end      string // "" when the query does not select endCursor
	total    string // "" when the query does not select totalCount
	part     bool   // the query looks like one for a part of a longer list
	variable string // holds the cursor; "" when the cursor is written into the query
	forward  bool   // pages forward, so that it can be followed

	more   bool            // the last page said that there is more
	cursor string          // the last page's endCursor
	passed map[string]bool // the cursors that were asked behind
	pages  int             // that hold its records
	closed bool            // nothing more is taken from it
	inside bool            // it stands in elements of a list, each with records of its own
	tally  tally           // of its pages
}

// parseQuestion reads the query and picks its operation. Errors name the line.
func parseQuestion(query, operation string) (*question, error) {
	if strings.TrimSpace(query) == "" {
		return nil, errors.New("the source has no query")
	}
	document, err := parser.ParseQuery(&ast.Source{Name: "query", Input: query})
	if err != nil {
		return nil, queryError(err)
	}
	q := &question{document: document, root: &node{}}
	if q.operation, err = pickOperation(document, operation); err != nil {
		return nil, err
	}
	r := reader{question: q, seen: map[*ast.Field]bool{}}
	if err := r.selections(q.operation.SelectionSet, nil, q.root, nil); err != nil {
		return nil, err
	}
	for _, c := range q.connections {
		c.variable = q.cursorVariable(c.field)
	}
	return q, nil
}

func queryError(err error) error {
	var syntax *gqlerror.Error
	if errors.As(err, &syntax) && len(syntax.Locations) > 0 {
		return fmt.Errorf("the query is no valid GraphQL at line %d, column %d: %s",
			syntax.Locations[0].Line, syntax.Locations[0].Column, syntax.Message)
	}
	return fmt.Errorf("the query is no valid GraphQL: %w", err)
}

func pickOperation(document *ast.QueryDocument, name string) (*ast.OperationDefinition, error) {
	var names []string
	for _, operation := range document.Operations {
		names = append(names, operation.Name)
	}
	var operation *ast.OperationDefinition
	switch {
	case len(names) == 0:
		return nil, errors.New("the query has no operation, only fragments: write `query { … }`")
	case name != "":
		if operation = document.Operations.ForName(name); operation == nil || operation.Name != name {
			return nil, fmt.Errorf("the query has no operation %q, %s", name, offer(name, names))
		}
	case len(names) > 1:
		return nil, fmt.Errorf("the query has %d operations (%s): say which one by `operation`",
			len(names), strings.Join(names, ", "))
	default:
		operation = document.Operations[0]
	}
	if operation.Operation != ast.Query {
		return nil, fmt.Errorf("the query's operation is a %s: a source only reads, so write a query", operation.Operation)
	}
	return operation, nil
}

// reader walks a query and notes its connections.
type reader struct {
	*question
	seen map[*ast.Field]bool
}

// selections reads a selection set that stands at the path; open names the
// fragments that the walk is inside of.
func (r *reader) selections(set ast.SelectionSet, path []string, at *node, open []string) error {
	for _, selection := range set {
		switch s := selection.(type) {
		case *ast.Field:
			if err := r.readField(s, append(slices.Clone(path), s.Alias), at.child(s.Alias), open); err != nil {
				return err
			}
		case *ast.InlineFragment:
			if err := r.selections(s.SelectionSet, path, at, open); err != nil {
				return err
			}
		case *ast.FragmentSpread:
			fragment := r.document.Fragments.ForName(s.Name)
			if fragment == nil {
				return fmt.Errorf("the query uses a fragment %q that it does not define", s.Name)
			}
			if slices.Contains(open, s.Name) {
				return fmt.Errorf("the query's fragment %q contains itself", s.Name)
			}
			if err := r.selections(fragment.SelectionSet, path, at, append(slices.Clone(open), s.Name)); err != nil {
				return err
			}
		}
	}
	return nil
}

func (r *reader) readField(field *ast.Field, path []string, at *node, open []string) error {
	fields := r.flatten(field.SelectionSet, open)
	if at.connection == nil {
		if c := r.connection(field, fields, open); c != nil {
			c.path, c.part = strings.Join(path, "."), takesPart(field, fields)
			at.connection = c
			r.connections = append(r.connections, c)
		}
	}
	if at.connection == nil && takesPart(field, fields) {
		r.unproven = append(r.unproven, strings.Join(path, "."))
	}
	r.seen[field] = true
	return r.selections(field.SelectionSet, path, at, open)
}

// connection is what the field selects of a connection, nil when it does not
// ask whether there is more.
func (r *reader) connection(field *ast.Field, fields []*ast.Field, open []string) *connection {
	c := &connection{field: field, passed: map[string]bool{}}
	if total := byName(fields, "totalCount"); total != nil {
		c.total = total.Alias
	}
	if info := byName(fields, "pageInfo"); info != nil {
		facts := r.flatten(info.SelectionSet, open)
		if next := byName(facts, "hasNextPage"); next != nil {
			c.pageInfo, c.hasNext = info.Alias, next.Alias
		}
		if end := byName(facts, "endCursor"); end != nil && c.pageInfo != "" {
			c.end = end.Alias
		}
	}
	if c.total == "" && c.pageInfo == "" {
		return nil
	}
	// A field that a fragment puts at two places cannot hold two cursors.
	backward := field.Arguments.ForName("last") != nil || field.Arguments.ForName("before") != nil
	c.forward = c.pageInfo != "" && !backward && !r.seen[field]
	return c
}

// followable reports whether the query can be asked for the next page.
func (c *connection) followable() bool { return c.forward && c.end != "" }

// pages reports whether the query may have more than one page.
func (q *question) pages() bool { return slices.ContainsFunc(q.connections, (*connection).followable) }

// takesPart reports whether a field looks like one page of a longer list.
func takesPart(field *ast.Field, selected []*ast.Field) bool {
	for _, argument := range field.Arguments {
		switch argument.Name {
		case "first", "last", "limit", "take", "pageSize", "perPage":
			return true
		}
	}
	return byName(selected, "edges") != nil
}

// flatten is a selection set with its fragments opened, one level deep.
func (r *reader) flatten(set ast.SelectionSet, open []string) []*ast.Field {
	var fields []*ast.Field
	for _, selection := range set {
		switch s := selection.(type) {
		case *ast.Field:
			fields = append(fields, s)
		case *ast.InlineFragment:
			fields = append(fields, r.flatten(s.SelectionSet, open)...)
		case *ast.FragmentSpread:
			fragment := r.document.Fragments.ForName(s.Name)
			if fragment != nil && !slices.Contains(open, s.Name) {
				fields = append(fields, r.flatten(fragment.SelectionSet, append(slices.Clone(open), s.Name))...)
			}
		}
	}
	return fields
}

func byName(fields []*ast.Field, name string) *ast.Field {
	for _, field := range fields {
		if field.Name == name {
			return field
		}
	}
	return nil
}

// cursorVariable is the variable that is the field's `after` argument and
// nothing else, or "".
func (q *question) cursorVariable(field *ast.Field) string {
	after := field.Arguments.ForName("after")
	if after == nil || after.Value.Kind != ast.Variable {
		return ""
	}
	if q.uses(after.Value.Raw) != 1 {
		return ""
	}
	return after.Value.Raw
}

// uses counts where the query uses a variable.
func (q *question) uses(variable string) int {
	uses := usesIn(q.operation.SelectionSet, variable)
	for _, fragment := range q.document.Fragments {
		uses += usesIn(fragment.SelectionSet, variable)
	}
	return uses
}

func usesIn(set ast.SelectionSet, variable string) int {
	uses := 0
	for _, selection := range set {
		switch s := selection.(type) {
		case *ast.Field:
			uses += usesInArguments(s.Arguments, variable) + usesInDirectives(s.Directives, variable) +
				usesIn(s.SelectionSet, variable)
		case *ast.InlineFragment:
			uses += usesInDirectives(s.Directives, variable) + usesIn(s.SelectionSet, variable)
		case *ast.FragmentSpread:
			uses += usesInDirectives(s.Directives, variable)
		}
	}
	return uses
}

func usesInDirectives(directives ast.DirectiveList, variable string) int {
	uses := 0
	for _, directive := range directives {
		uses += usesInArguments(directive.Arguments, variable)
	}
	return uses
}

func usesInArguments(arguments ast.ArgumentList, variable string) int {
	uses := 0
	for _, argument := range arguments {
		uses += usesInValue(argument.Value, variable)
	}
	return uses
}

func usesInValue(value *ast.Value, variable string) int {
	if value.Kind == ast.Variable && value.Raw == variable {
		return 1
	}
	uses := 0
	for _, child := range value.Children {
		uses += usesInValue(child.Value, variable)
	}
	return uses
}

// turn sets a connection's cursor for the next page: in its variable where it
// has one, else in the query itself, where a string suits every type of cursor.
func (q *question) turn(c *connection, cursor string, variables map[string]any) {
	if c.variable != "" {
		variables[c.variable] = cursor
		return
	}
	q.rewritten = true
	value := &ast.Value{Kind: ast.StringValue, Raw: cursor}
	if after := c.field.Arguments.ForName("after"); after != nil {
		old := after.Value
		after.Value = value
		// A variable that nothing uses any more is an error to the server.
		if old.Kind == ast.Variable && q.uses(old.Raw) == 0 {
			q.operation.VariableDefinitions = slices.DeleteFunc(q.operation.VariableDefinitions,
				func(d *ast.VariableDefinition) bool { return d.Variable == old.Raw })
			delete(variables, old.Raw)
		}
		return
	}
	c.field.Arguments = append(c.field.Arguments, &ast.Argument{Name: "after", Value: value})
}

// text is the document as larder has rewritten it.
func (q *question) text() string {
	var text strings.Builder
	formatter.NewFormatter(&text, formatter.WithIndent("  ")).FormatQueryDocument(q.document)
	return text.String()
}
