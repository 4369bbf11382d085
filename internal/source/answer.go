package source

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
)

// envelope is what a GraphQL answer says besides its records.
type envelope struct {
	offset, length int64 // of the value of "data" in the text
	data           byte  // its kind; 0 when there is none
	errors         []upstreamError
	keys           []string             // of the answer
	facts          map[*connection]fact // what the connections say
	inner          int                  // connections inside of lists that have more
	holes          int                  // nulls where the query selects an object
}

// fact is what a connection says of itself.
type fact struct {
	known  bool // it says whether there is more
	more   bool
	cursor string
	tally  tally
}

// upstreamError is one entry of "errors" (GraphQL specification, section 7.1.2).
type upstreamError struct {
	Message   string `json:"message"`
	Type      string `json:"type"` // GitHub's
	Path      []any  `json:"path"`
	Locations []struct {
		Line   int `json:"line"`
		Column int `json:"column"`
	} `json:"locations"`
	Extensions struct {
		Code any `json:"code"`
	} `json:"extensions"`
}

// maxErrors bounds how many errors of an answer are kept.
const maxErrors = 1000

// readEnvelope reads a whole answer, checks its form and notes what it says;
// root tells where its connections are.
func readEnvelope(s *scanner, root *node) (*envelope, error) {
	e := &envelope{facts: map[*connection]fact{}}
	if c := s.kind(); c != '{' && c != 0 {
		return nil, fmt.Errorf("the answer is %s, not an object with data", kindName(c))
	}
	err := s.object(func(key []byte) error {
		if len(e.keys) < 20 {
			e.keys = append(e.keys, string(key))
		}
		switch string(key) {
		case "data":
			return e.readData(s, root)
		case "errors":
			return e.readErrors(s)
		default:
			return s.skip()
		}
	})
	if err != nil {
		return nil, err
	}
	return e, s.end()
}

func (e *envelope) readData(s *scanner, root *node) error {
	e.data = s.kind()
	e.offset = s.offset()
	err := e.descend(s, root, false)
	e.length = s.offset() - e.offset
	return err
}

// descend reads a value and looks at the pageInfo of the connections in it.
func (e *envelope) descend(s *scanner, at *node, inList bool) error {
	switch c := s.kind(); {
	case at == nil || len(at.children) == 0:
		return s.skip()
	case c == '[':
		return s.array(func(int) error { return e.descend(s, at, true) })
	case c == 'n':
		e.holes++
		return s.skip()
	case c != '{':
		return s.skip()
	}
	if at.connection != nil {
		return e.readConnection(s, at, inList)
	}
	return s.object(func(key []byte) error { return e.descend(s, at.children[string(key)], inList) })
}

// readConnection reads an object that says whether there is more of it.
func (e *envelope) readConnection(s *scanner, at *node, inList bool) error {
	c := at.connection
	var said fact
	err := s.object(func(key []byte) error {
		name := string(key)
		switch child := at.children[name]; {
		case name == c.pageInfo:
			return said.readPageInfo(s, c)
		case name == c.total:
			raw, err := s.raw()
			said.tally.say(string(raw))
			return err
		case s.kind() == '[' && child != nil && len(child.children) > 0:
			said.tally.count(name, 0)
			return s.array(func(int) error {
				said.tally.count(name, 1)
				return e.descend(s, child, true)
			})
		default:
			return e.descend(s, child, inList)
		}
	})
	if !inList {
		e.facts[c] = said
		return err
	}
	c.inside = true
	if said.more || c.pageInfo != "" && !said.known || c.total != "" && (said.tally.lists() || c.part) && !said.tally.proven() {
		e.inner++
	}
	return err
}

func (f *fact) readPageInfo(s *scanner, c *connection) error {
	raw, err := s.raw()
	if err != nil {
		return err
	}
	var members map[string]any
	if err := json.Unmarshal(raw, &members); err != nil {
		return fmt.Errorf("the pageInfo of %s is not an object", c.path)
	}
	f.more, f.known = members[c.hasNext].(bool)
	f.cursor, _ = members[c.end].(string)
	return nil
}

func (e *envelope) readErrors(s *scanner) error {
	if c := s.kind(); c != '[' {
		if c == 'n' {
			return s.skip()
		}
		raw, err := s.raw()
		e.errors = append(e.errors, decodeError(raw))
		return err
	}
	return s.array(func(i int) error {
		raw, err := s.raw()
		if i < maxErrors {
			e.errors = append(e.errors, decodeError(raw))
		}
		return err
	})
}

// decodeError takes an error as far as it keeps to the specification, and as
// text where it does not.
func decodeError(raw json.RawMessage) upstreamError {
	var e upstreamError
	if err := json.Unmarshal(raw, &e); err != nil || e.Message == "" {
		e.Message = short(string(raw))
	}
	for i, step := range e.Path {
		if number, ok := step.(float64); ok && number == math.Trunc(number) {
			e.Path[i] = int(number)
		}
	}
	return e
}

// String is the error in one line, with its place in the answer and the query.
func (e upstreamError) String() string {
	text := short(e.Message)
	var places []string
	if len(e.Path) > 0 {
		places = append(places, "at "+pathText(e.Path))
	}
	if len(e.Locations) > 0 {
		places = append(places, fmt.Sprintf("query line %d, column %d", e.Locations[0].Line, e.Locations[0].Column))
	}
	if len(places) == 0 {
		return text
	}
	return fmt.Sprintf("%s (%s)", text, strings.Join(places, ", "))
}

// throttled reports whether upstream means "later", which some say with status
// 200 and a code.
func (e upstreamError) throttled() bool {
	code, _ := e.Extensions.Code.(string)
	busy := []string{"RATE_LIMITED", "RATE_LIMIT", "THROTTLED"}
	return slices.Contains(busy, code) || slices.Contains(busy, e.Type)
}

// errorList is the first errors in one line.
func errorList(list []upstreamError) string {
	const shown = 3
	var texts []string
	for _, e := range list[:min(len(list), shown)] {
		texts = append(texts, e.String())
	}
	if more := len(list) - shown; more > 0 {
		texts = append(texts, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(texts, "; ")
}

// paths are the places in the answer at which upstream failed.
func (e *envelope) paths() [][]any {
	var paths [][]any
	for _, entry := range e.errors {
		if len(entry.Path) > 0 {
			paths = append(paths, entry.Path)
		}
	}
	return paths
}

// short is foreign text in one printable line of at most 300 characters.
func short(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	text = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, text)
	if runes := []rune(text); len(runes) > 300 {
		return string(runes[:300]) + "…"
	}
	return text
}

// refusedError says that upstream understood the request and will not answer
// the query.
type refusedError struct{ err error }

func (e *refusedError) Error() string { return e.err.Error() }
func (e *refusedError) Unwrap() error { return e.err }

// IsRefused reports whether err says that upstream understood a request and
// will not answer its query: the query does not fit the schema, or the asker has
// no right to it.
func IsRefused(err error) bool {
	var refused *refusedError
	return errors.As(err, &refused)
}

// judge says what is wrong with a well-formed answer, nil when it can be taken.
func (e *envelope) judge(partial bool) error {
	switch {
	case len(e.errors) > 0 && slices.ContainsFunc(e.errors, upstreamError.throttled):
		return &transient{err: fmt.Errorf("upstream limits the rate: %s", errorList(e.errors))}
	case len(e.errors) > 0 && e.data != '{':
		return &refusedError{fmt.Errorf("upstream refuses the query: %s", errorList(e.errors))}
	case len(e.errors) > 0 && !partial:
		return fmt.Errorf("upstream reports errors beside the data: %s; set `partial: allow` to import the rest",
			errorList(e.errors))
	case e.data == 0:
		keys := "it is empty"
		if len(e.keys) > 0 {
			keys = "it has " + strings.Join(e.keys, ", ")
		}
		return fmt.Errorf("the answer has neither data nor errors (%s): is this a GraphQL endpoint?", keys)
	case e.data == 'n':
		return errors.New("the answer's data is null and no error says why: upstream failed; ask its operator")
	case e.data != '{':
		return fmt.Errorf("the answer's data is %s, not an object: is this a GraphQL endpoint?", kindName(e.data))
	}
	return nil
}
