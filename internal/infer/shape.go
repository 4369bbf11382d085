package infer

import (
	"fmt"
	"slices"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/parser"
	"github.com/vektah/gqlparser/v2/validator/rules"
)

// shape is an object of the answer: what the query asks of it, what the schema
// says about it, and, once records were observed, what stood in it.
type shape struct {
	typeName    string // in the schema; "" where there is none
	description string
	hasID       bool // the schema's type has an id, asked for or not
	members     []*member
	objects     int // that were observed

	// What only open shapes have, of objects about which nothing is known; see grow.go.
	open        bool
	text        bool // values are texts that may stand for others
	known       map[string]*member
	widest      int    // members of one object, at most
	overflown   bool   // too many members for a record
	declaredMap bool   // the file says that the members are records by key
	entries     *shape // the records by key that the members are
	keyDiffers  bool   // the name of a record by key is not its id
}

// member is one response name of a shape.
type member struct {
	name        string // as in the answer
	field       string // as in the schema: another one where the query has an alias
	description string
	scalar      string          // the schema's type, "" where there is no schema
	words       *ast.Definition // the schema's enum
	typed       bool            // lists and nullability are known from the schema
	lists       int             // levels of lists around the value; without a schema, 1 where one was seen
	required    bool            // never null, says the schema
	itemNotNull bool
	object      *shape // of an object or a list of objects
	seen        observation

	open     bool  // of an open shape
	text     bool  // its values are cells of a table
	optional bool  // the file says that it may be absent, or null
	link     *root // whose keys its values are
}

func (s *shape) member(name string) *member {
	for _, m := range s.members {
		if m.name == name {
			return m
		}
	}
	return nil
}

// maxDepth bounds the nesting of a query, as fragments can make it exponential.
const maxDepth = 32

// parseQuery reads the query document, holds it against the schema when there
// is one, and returns the operation to run.
func parseQuery(schema *ast.Schema, text, operation string) (*ast.QueryDocument, *ast.OperationDefinition, error) {
	var document *ast.QueryDocument
	if schema == nil {
		parsed, err := parser.ParseQuery(&ast.Source{Name: "query", Input: text})
		if err != nil {
			return nil, nil, fmt.Errorf("read the query: %w", err)
		}
		document = parsed
	} else {
		checked, invalid := gqlparser.LoadQueryWithRules(schema, text, rules.NewDefaultRules())
		if len(invalid) > 0 {
			return nil, nil, queryError(invalid)
		}
		document = checked
	}
	if operation == "" && len(document.Operations) != 1 {
		names := []string{}
		for _, o := range document.Operations {
			names = append(names, o.Name)
		}
		return nil, nil, fmt.Errorf("read the query: expected one operation or the name of the one to run, found %d operations %q", len(document.Operations), names)
	}
	chosen := document.Operations.ForName(operation)
	switch {
	case chosen == nil:
		return nil, nil, fmt.Errorf("read the query: it has no operation named %q", operation)
	case chosen.Operation != ast.Query:
		return nil, nil, fmt.Errorf("read the query: expected a query, found a %s; larder only reads upstream", chosen.Operation)
	}
	return document, chosen, nil
}

// queryError reports the first of a query's faults with its place; the others
// are often consequences.
func queryError(list gqlerror.List) error {
	first := list[0]
	place := ""
	if len(first.Locations) > 0 {
		place = fmt.Sprintf(" at line %d, column %d", first.Locations[0].Line, first.Locations[0].Column)
	}
	return fmt.Errorf("the query does not fit the endpoint's schema%s: %s", place, first.Message)
}

// shapes turns selections into the shape of the object they select from.
type shapes struct {
	schema   *ast.Schema // nil without introspection
	document *ast.QueryDocument
}

// of is the shape of an object of the definition (nil when unknown) under the
// selections.
func (s shapes) of(definition *ast.Definition, selections ast.SelectionSet, depth int) (*shape, error) {
	result := &shape{}
	if definition != nil {
		result.typeName, result.description = definition.Name, definition.Description
		result.hasID = definition.Fields.ForName("id") != nil
	}
	return result, s.collect(result, selections, false, depth)
}

// collect adds what the selections ask for. Inside a fragment on one of
// several possible types a field may be missing from a record, so it is
// nullable whatever its type says.
func (s shapes) collect(into *shape, selections ast.SelectionSet, partial bool, depth int) error {
	if depth > maxDepth {
		return fmt.Errorf("read the query: it is nested more than %d deep", maxDepth)
	}
	for _, selection := range selections {
		var err error
		switch node := selection.(type) {
		case *ast.Field:
			err = s.add(into, node, partial || conditional(node.Directives), depth)
		case *ast.InlineFragment:
			some := partial || s.narrows(into, node.TypeCondition) || conditional(node.Directives)
			err = s.collect(into, node.SelectionSet, some, depth+1)
		case *ast.FragmentSpread:
			fragment := s.document.Fragments.ForName(node.Name)
			if fragment == nil {
				return fmt.Errorf("read the query: it has no fragment named %q", node.Name)
			}
			some := partial || s.narrows(into, fragment.TypeCondition) || conditional(node.Directives)
			err = s.collect(into, fragment.SelectionSet, some, depth+1)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// narrows reports whether a fragment's condition selects some of the objects
// only: there is a possible type of the object that the condition leaves out.
func (s shapes) narrows(of *shape, condition string) bool {
	if s.schema == nil || condition == "" || condition == of.typeName {
		return false
	}
	selected := s.schema.PossibleTypes[condition]
	for _, possible := range s.schema.PossibleTypes[of.typeName] {
		if !slices.Contains(selected, possible) {
			return true
		}
	}
	return false
}

// conditional reports whether a selection may be left out of the answer.
func conditional(directives ast.DirectiveList) bool {
	return directives.ForName("skip") != nil || directives.ForName("include") != nil
}

func (s shapes) add(into *shape, node *ast.Field, partial bool, depth int) error {
	if node.Name == "__typename" {
		return nil
	}
	added := &member{name: node.Alias, field: node.Name}
	var target *ast.Definition
	if s.schema != nil && node.Definition != nil {
		added.typed = true
		added.description = node.Definition.Description
		added.required, added.itemNotNull, added.lists = unwrap(node.Definition.Type)
		added.required = added.required && !partial
		target = s.schema.Types[node.Definition.Type.Name()]
		added.scalar = node.Definition.Type.Name()
		if target != nil && target.Kind == ast.Enum {
			added.words = target
		}
	}
	if len(node.SelectionSet) > 0 {
		var err error
		if added.object, err = s.of(target, node.SelectionSet, depth+1); err != nil {
			return err
		}
	}
	existing := into.member(node.Alias)
	if existing == nil {
		into.members = append(into.members, added)
		return nil
	}
	existing.required = existing.required || added.required
	if existing.object != nil && added.object != nil {
		return s.collect(existing.object, node.SelectionSet, partial, depth+1)
	}
	return nil
}

// unwrap takes a type reference apart.
func unwrap(t *ast.Type) (required, itemNotNull bool, lists int) {
	required = t.NonNull
	for ; t.Elem != nil; t = t.Elem {
		lists++
		itemNotNull = t.Elem.NonNull
	}
	return required, itemNotNull, lists
}

// bookkeeping are the members of a wrapper that tell about the list, not about
// an object (GraphQL Cursor Connections Specification, section 3).
var bookkeeping = []string{"pageInfo", "totalCount", "count", "cursor"}

// place is a list of objects behind wrapper objects.
type place struct {
	path string  // from the outermost wrapper: "planets", "repositories.edges.node"
	list *member // whose object the elements are
}

// lists finds the lists of objects behind a wrapper object: the nodes or
// edges.node of a connection, or lists beside nothing but bookkeeping, also
// behind further wrappers. There are none when s is an object in its own right.
func (s *shape) lists() []place {
	var found []place
	for _, m := range s.members {
		switch {
		case slices.Contains(bookkeeping, m.name):
		case m.object == nil:
			return nil
		case m.isList():
			found = append(found, m.elements())
		default:
			inner := m.object.lists()
			if inner == nil {
				return nil
			}
			for _, p := range inner {
				found = append(found, place{m.name + "." + p.path, p.list})
			}
		}
	}
	return s.withoutEdges(found)
}

// elements is the place of a list's objects, which are behind node when the
// list is the edges of a connection that tell nothing of their own.
func (m *member) elements() place {
	node := m.object.member("node")
	if m.name != "edges" || node == nil || node.object == nil {
		return place{m.name, m}
	}
	for _, other := range m.object.members {
		if other != node && !slices.Contains(bookkeeping, other.name) {
			return place{m.name, m}
		}
	}
	return place{"edges.node", node}
}

// withoutEdges leaves out the edges of a connection that is asked for its
// nodes as well, since both are the same objects.
func (s *shape) withoutEdges(found []place) []place {
	if s.member("edges") == nil || len(found) != 2 {
		return found
	}
	return slices.DeleteFunc(found, func(p place) bool { return p.path == "edges.node" })
}

// listBehind is the only list behind a wrapper; false when s is no such.
func (s *shape) listBehind() (place, bool) {
	found := s.lists()
	if len(found) != 1 {
		return place{}, false
	}
	return found[0], true
}

// isList reports whether the member holds a list, by the schema or, where
// there is none, by what was seen.
func (m *member) isList() bool {
	if m.typed {
		return m.lists > 0
	}
	return m.lists > 0 || m.seen.lists > 0
}
