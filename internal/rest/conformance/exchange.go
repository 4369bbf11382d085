package conformance

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
)

// document is a Markdown file with HTTP exchanges in fenced blocks. It keeps
// every line, so that it can be written back with what a server really said.
type document struct {
	path  string
	lines []string
	cases []*exchange
}

// exchange is one request and the answer that is expected to it: two fenced
// blocks that follow each other.
type exchange struct {
	name string // of the headings above it
	line int    // of the request's fence, from 1

	method, target string
	header         []field
	body           string

	answerFrom, answerTo int // lines of the answer between the fences
	status               string
	expected             []field
	expectedBody         string
}

// field is one header line. In an expected answer a value of "*" stands for
// any, and "-" says that the header must be absent.
type field struct{ name, value string }

const fence = "```http"

// read parses a Markdown file.
func read(path string) (*document, error) {
	data, err := os.ReadFile(path) //nolint:gosec // a test's own file
	if err != nil {
		return nil, err
	}
	d := &document{path: path, lines: strings.Split(string(data), "\n")}
	headings := []string{}
	var request *exchange
	for i := 0; i < len(d.lines); i++ {
		line := d.lines[i]
		if depth := len(line) - len(strings.TrimLeft(line, "#")); depth > 0 && strings.HasPrefix(line[depth:], " ") {
			headings = append(headings[:min(depth-1, len(headings))], strings.TrimSpace(line[depth:]))
		}
		if line != fence {
			continue
		}
		end := i + 1
		for end < len(d.lines) && d.lines[end] != "```" {
			end++
		}
		block := d.lines[i+1 : end]
		if request == nil {
			name := strings.Join(headings[min(1, len(headings)):], ", ")
			if request, err = readRequest(block); err != nil {
				return nil, fmt.Errorf("%s:%d: %w", path, i+1, err)
			}
			request.name, request.line = name, i+1
		} else {
			request.readAnswer(block)
			request.answerFrom, request.answerTo = i+1, end
			d.cases = append(d.cases, request)
			request = nil
		}
		i = end
	}
	if request != nil {
		return nil, fmt.Errorf("%s:%d: the request has no answer", path, request.line)
	}
	return d, nil
}

func readRequest(block []string) (*exchange, error) {
	if len(block) == 0 {
		return nil, fmt.Errorf("an empty request")
	}
	method, target, found := strings.Cut(block[0], " ")
	if !found {
		return nil, fmt.Errorf("expected METHOD /path, found %q", block[0])
	}
	e := &exchange{method: method, target: target}
	e.header, e.body = readMessage(block[1:])
	return e, nil
}

func (e *exchange) readAnswer(block []string) {
	if len(block) == 0 {
		return
	}
	e.status = block[0]
	e.expected, e.expectedBody = readMessage(block[1:])
}

func readMessage(lines []string) (header []field, body string) {
	for i, line := range lines {
		if line == "" {
			return header, strings.Join(lines[i+1:], "\n")
		}
		name, value, _ := strings.Cut(line, ":")
		header = append(header, field{strings.TrimSpace(name), strings.TrimSpace(value)})
	}
	return header, ""
}

// answer is what a server said.
type answer struct {
	status   int
	header   http.Header
	body     []byte
	response *http.Response // with its request; its body has been read
}

// differences says how an answer differs from the expected one; "" when it
// does not.
func (e *exchange) differences(got answer) string {
	var b strings.Builder
	if code, _, _ := strings.Cut(e.status, " "); code != strconv.Itoa(got.status) {
		fmt.Fprintf(&b, "status: expected %s, got %d\n", e.status, got.status)
	}
	for _, want := range e.expected {
		value := strings.Join(got.header.Values(want.name), ", ")
		_, present := got.header[http.CanonicalHeaderKey(want.name)]
		switch {
		case want.value == "*" && present, want.value == "-" && !present:
		case !present || want.value != value:
			fmt.Fprintf(&b, "header %s: expected %s, got %s\n", want.name, want.value, value)
		}
	}
	if want := compact(e.expectedBody); want != compact(string(got.body)) {
		fmt.Fprintf(&b, "body: expected\n\t%s\ngot\n\t%s\n", want, got.body)
	}
	return b.String()
}

// compact takes the insignificant space out of JSON.
func compact(body string) string {
	var b bytes.Buffer
	if json.Compact(&b, []byte(body)) != nil {
		return strings.TrimSpace(body)
	}
	return b.String()
}

// shown are the headers that an answer gets when it is first written down.
func shown() []string {
	return []string{
		"Content-Type", "Location", "ETag", "Content-Range", "Link", "Preference-Applied", "Allow", "Accept",
		"Accept-Patch", "Idempotency-Replayed", "Retry-After", "Deprecation", "Sunset",
	}
}

// record replaces the expected answer by the one that came. While the status
// is the same the headers stay the ones that the document names.
func (e *exchange) record(got answer) {
	status := strconv.Itoa(got.status) + " " + http.StatusText(got.status)
	if e.status != status {
		e.status, e.expected = status, nil
	}
	if e.expected == nil {
		for _, name := range shown() {
			if got.header.Get(name) != "" {
				e.expected = append(e.expected, field{name: name})
			}
		}
	}
	for i, want := range e.expected {
		if want.value != "*" && want.value != "-" {
			e.expected[i].value = strings.Join(got.header.Values(want.name), ", ")
		}
	}
	e.expectedBody = legible(got.body)
}

// legible breaks long JSON into lines: an array with a line for each element,
// an object with one for each member.
func legible(body []byte) string {
	const long = 100
	trimmed := bytes.TrimSpace(body)
	if len(trimmed) <= long || !json.Valid(trimmed) {
		return string(trimmed)
	}
	var b bytes.Buffer
	if trimmed[0] != '[' {
		if json.Indent(&b, trimmed, "", "  ") != nil {
			return string(trimmed)
		}
		return b.String()
	}
	var elements []json.RawMessage
	if json.Unmarshal(trimmed, &elements) != nil {
		return string(trimmed)
	}
	for i, element := range elements {
		if b.WriteString(map[bool]string{true: "[", false: ",\n "}[i == 0]); json.Compact(&b, element) != nil {
			return string(trimmed)
		}
	}
	return b.String() + "]"
}

// write puts the recorded answers into the file.
func (d *document) write() error {
	for _, e := range slices.Backward(d.cases) {
		block := []string{e.status}
		for _, line := range e.expected {
			block = append(block, line.name+": "+line.value)
		}
		if e.expectedBody != "" {
			block = append(block, "")
			scanner := bufio.NewScanner(strings.NewReader(e.expectedBody))
			scanner.Buffer(nil, 1<<20)
			for scanner.Scan() {
				block = append(block, scanner.Text())
			}
		}
		d.lines = slices.Replace(d.lines, e.answerFrom, e.answerTo, block...)
	}
	return os.WriteFile(d.path, []byte(strings.Join(d.lines, "\n")), 0o600)
}
