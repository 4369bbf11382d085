package source

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"strings"

	"github.com/agnivade/levenshtein"
)

// spool is an answer's JSON in a file: the `data` object of each page.
type spool struct {
	file  *os.File
	place string // "https://… (status 200)", for messages
	pages []page
	// paged tells, for each connection that was paged, how many of the pages
	// are its own. What lies outside of a connection is read from the first
	// page, for the others repeat it.
	paged map[string]int
	// partial lets a null stand where a record was expected (partial: allow).
	partial bool
	// isFile tells a file of its owner's from an answer, which has its records
	// below "data".
	isFile bool
}

// page is one `data` object: where it stands in the file, and at which of its
// paths upstream reported errors.
type page struct {
	offset, length int64
	failed         [][]any
}

// open reads the page from its start.
func (p *spool) open(i int) *scanner {
	return newScanner(io.NewSectionReader(p.file, p.pages[i].offset, p.pages[i].length))
}

// remove closes the file and deletes it.
func (p *spool) remove() error {
	return errors.Join(p.file.Close(), os.Remove(p.file.Name()))
}

// pagesFor is how many pages hold records of the path.
func (p *spool) pagesFor(path string) int {
	for connection, pages := range p.paged {
		if strings.HasPrefix(path, connection+".") {
			return pages
		}
	}
	return 1
}

// errStop ends a walk whose consumer wants no more.
var errStop = errors.New("stop")

// records streams the objects at the path, page after page.
func (p *spool) records(path string) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		var names []string
		if path != "" {
			names = strings.Split(path, ".")
		}
		w := walker{spool: p, yield: yield}
		for i := range p.pagesFor(path) {
			w.scanner, w.page = p.open(i), p.pages[i]
			if err := w.walk(names); errors.Is(err, errStop) {
				return
			} else if err != nil {
				yield(Record{}, fmt.Errorf("read records at %q: %w", path, w.explain(err)))
				return
			}
		}
	}
}

// walker follows a path through one page after the other.
type walker struct {
	*scanner
	spool *spool
	page  page
	yield func(Record, error) bool
	index int     // of the next record
	trail []any   // where the walk stands: keys and indexes
	key   *string // of the record, where it is a member of an object
}

func (w *walker) walk(rest []string) error {
	switch c := w.kind(); {
	case c == '[':
		return w.array(func(i int) error { return w.step(i, rest) })
	case c == '{' && len(rest) == 0:
		return w.record()
	case c == '{' && rest[0] == everyMember && w.spool.isFile:
		return w.members(rest[1:])
	case c == '{':
		return w.member(rest)
	case c == 'n':
		return w.null(rest)
	default:
		return fmt.Errorf("%s in %s is %s, not an object: records are objects, "+
			"so let the path end at one or select fields there", w.here(), w.text(), kindName(c))
	}
}

// step walks on behind one key or index.
func (w *walker) step(to any, rest []string) error {
	w.trail = append(w.trail, to)
	if err := w.walk(rest); err != nil {
		return err
	}
	w.trail = w.trail[:len(w.trail)-1]
	return nil
}

// everyMember is the step of a path to all members of an object, and keyField
// the field in which each has the name that it had there.
const (
	everyMember = "*"
	keyField    = "$key"
)

// members walks on behind every key of an object.
func (w *walker) members(rest []string) error {
	return w.object(func(key []byte) error {
		name := string(key)
		if len(rest) == 0 && w.kind() == '{' {
			w.key = &name
			defer func() { w.key = nil }()
		}
		return w.step(name, rest)
	})
}

func (w *walker) record() error {
	data, err := w.raw()
	if err != nil {
		return err
	}
	if w.key != nil {
		if data, err = withKey(*w.key, data); err != nil {
			return err
		}
	}
	record := Record{Index: w.index, Data: data, Failed: below(w.page.failed, w.trail)}
	w.index++
	if !w.yield(record, nil) {
		return errStop
	}
	return nil
}

// withKey puts the name that a record has in the object around it into the
// record.
func withKey(key string, record json.RawMessage) (json.RawMessage, error) {
	name, err := json.Marshal(key)
	if err != nil {
		return nil, fmt.Errorf("write the key %q: %w", key, err)
	}
	data := append(append([]byte(`{"`+keyField+`":`), name...), ',')
	members := bytes.TrimLeft(record[1:], " \t\r\n")
	if members[0] == '}' {
		data = data[:len(data)-1]
	}
	return append(data, members...), nil
}

// member walks on behind the key that comes next in the path.
func (w *walker) member(rest []string) error {
	found := false
	var others []string
	err := w.object(func(key []byte) error {
		if string(key) == rest[0] {
			found = true
			return w.step(rest[0], rest[1:])
		}
		if !found && len(others) < 100 {
			others = append(others, string(key))
		}
		return w.skip()
	})
	if err != nil || found {
		return err
	}
	correct := "correct the path or the query"
	if w.spool.isFile {
		correct = "correct the path in @source"
	}
	return fmt.Errorf("there is no %q in %s in %s, %s: %s", rest[0], w.here(), w.text(), offer(rest[0], others), correct)
}

// null is a record, or a step on the way to one, for which upstream has
// nothing. It is only passed over where the project allows partial answers.
func (w *walker) null(rest []string) error {
	if w.spool.partial {
		return w.skip()
	}
	if w.spool.isFile {
		return fmt.Errorf("%s in %s is null: expected an object, since every element is a record", w.here(), w.text())
	}
	wanted := "an object"
	if len(rest) > 0 {
		wanted = fmt.Sprintf("an object with %q", rest[0])
	}
	return fmt.Errorf("%s in %s is null, not %s: upstream gave no value there; "+
		"repair it there, or set `partial: allow` to import the rest", w.here(), w.text(), wanted)
}

// here names where the walk stands: "data.allPlanets.planets[3]", in a file
// "lists[3]".
func (w *walker) here() string {
	if !w.spool.isFile {
		return pathText(w.trail)
	}
	if len(w.trail) == 0 {
		return "the outermost value"
	}
	return strings.TrimPrefix(strings.TrimPrefix(pathText(w.trail), "data"), ".")
}

// text names what is read.
func (w *walker) text() string {
	if w.spool.isFile {
		return w.spool.place
	}
	return "the answer of " + w.spool.place
}

// explain adds the place to an error in the text, which has none of its own.
func (w *walker) explain(err error) error {
	var syntax *syntaxError
	if errors.As(err, &syntax) && !w.spool.isFile {
		return fmt.Errorf("the kept answer of %s: %w", w.spool.place, err)
	}
	return err
}

func pathText(path []any) string {
	var text strings.Builder
	text.WriteString("data")
	for _, step := range path {
		if i, ok := step.(int); ok {
			fmt.Fprintf(&text, "[%d]", i)
		} else {
			fmt.Fprintf(&text, ".%v", step)
		}
	}
	return text.String()
}

// below are the ends of those paths that begin with start.
func below(paths [][]any, start []any) [][]any {
	var ends [][]any
	for _, path := range paths {
		if len(path) < len(start) {
			continue
		}
		same := true
		for i := range start {
			same = same && path[i] == start[i]
		}
		if same {
			ends = append(ends, path[len(start):])
		}
	}
	return ends
}

func kindName(c byte) string {
	switch c {
	case '{':
		return "an object"
	case '[':
		return "a list"
	case '"':
		return "a string"
	case 't', 'f':
		return "a boolean"
	case 'n':
		return "null"
	case 0:
		return "nothing"
	default:
		return "a number"
	}
}

// offer names the word that was probably meant, or all there are.
func offer(wrong string, words []string) string {
	if len(words) == 0 {
		return "which is empty"
	}
	best, distance := "", len(wrong)/2+1
	for _, word := range words {
		if d := levenshtein.ComputeDistance(wrong, word); d < distance {
			best, distance = word, d
		}
	}
	if best != "" {
		return fmt.Sprintf("but there is %q", best)
	}
	return "only " + strings.Join(words[:min(len(words), 10)], ", ")
}
