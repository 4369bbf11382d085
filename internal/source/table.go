package source

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

// table is a CSV file (RFC 4180): a header row that names the fields, then one
// record a row. Its cells stay texts; what they stand for, the models say.
type table struct {
	name      string
	delimiter rune // 0: found in the header
}

func (t *table) check(in io.Reader) ([]Root, error) {
	count := 0
	err := t.rows(in, func([]byte) error {
		count++
		return nil
	})
	if err != nil {
		return nil, err
	}
	return []Root{{Name: rootName(t.name), Records: count}}, nil
}

func (t *table) records(in io.Reader, path string, yield func(Record, error) bool) {
	if path != "" {
		yield(Record{}, fmt.Errorf("there is no %q in %s: its rows are the records, so the path in @source is \"\"", path, t.name))
		return
	}
	index := 0
	err := t.rows(in, func(object []byte) error {
		if !yield(Record{Index: index, Data: bytes.Clone(object), Text: true}, nil) {
			return errStop
		}
		index++
		return nil
	})
	if err != nil && !errors.Is(err, errStop) {
		yield(Record{}, err)
	}
}

// rows reads every row and hands it over as a JSON object of texts, which is
// only valid during the call. A cell with nothing in it, not even quotes, is
// null.
func (t *table) rows(in io.Reader, row func(object []byte) error) error {
	bounded := &rowBound{in: in}
	reader, err := t.open(bounded)
	if err != nil {
		return err
	}
	header, err := t.header(reader)
	if err != nil {
		return err
	}
	var object []byte
	for {
		bounded.read = 0
		cells, err := reader.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil && len(cells) != len(header) {
			err = fmt.Errorf("%s:%d: the row has %d cells where the first row names %d columns",
				t.name, cells[0].line, len(cells), len(header))
		}
		if err == nil {
			err = reader.check(cells)
		}
		if err != nil {
			return err
		}
		object = append(object[:0], '{')
		for i, cell := range cells {
			if i > 0 {
				object = append(object, ',')
			}
			object = append(append(object, header[i]...), ':')
			if len(cell.text) == 0 && !cell.quoted {
				object = append(object, "null"...)
			} else if object, err = appendText(object, cell.text); err != nil {
				return err
			}
		}
		if err := row(append(object, '}')); err != nil {
			return err
		}
	}
}

// open passes over a byte order mark and finds the delimiter.
func (t *table) open(in io.Reader) (*cells, error) {
	buffered := bufio.NewReaderSize(in, 64<<10)
	head, err := buffered.Peek(64 << 10)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("read %s: %w", t.name, err)
	}
	switch {
	case bytes.HasPrefix(head, []byte("\xff\xfe")), bytes.HasPrefix(head, []byte("\xfe\xff")):
		return nil, fmt.Errorf("%s is UTF-16: save it as UTF-8", t.name)
	case bytes.HasPrefix(head, []byte("\xef\xbb\xbf")):
		head = head[3:]
		_, _ = buffered.Discard(3) // they were just seen
	}
	delimiter := t.delimiter
	if delimiter == 0 {
		delimiter = delimiterOf(head)
	}
	return &cells{name: t.name, in: buffered, delimiter: []byte(string(delimiter))}, nil
}

// delimiterOf is the sign of , ; and tab that stands most often in the first
// row outside of quotes.
func delimiterOf(head []byte) rune {
	counts := map[rune]int{}
	quoted := false
	for _, c := range string(head) {
		if c == '"' {
			quoted = !quoted
		}
		if c == '\n' && !quoted {
			break
		}
		if !quoted {
			counts[c]++
		}
	}
	best := ','
	for _, c := range ";\t" {
		if counts[c] > counts[best] {
			best = c
		}
	}
	return best
}

// header reads the first row: the names of the fields, as JSON strings.
func (t *table) header(reader *cells) ([][]byte, error) {
	cells, err := reader.next()
	if errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%s is empty: expected a first row that names the columns", t.name)
	}
	if err != nil {
		return nil, err
	}
	var names []string
	var header [][]byte
	for i, cell := range cells {
		name := strings.TrimSpace(string(cell.text))
		switch {
		case name == "":
			return nil, fmt.Errorf("%s:1: column %d has no name: expected one in the first row", t.name, i+1)
		case !utf8.ValidString(name):
			return nil, fmt.Errorf("%s:1: the name of column %d is not valid UTF-8: save the file as UTF-8", t.name, i+1)
		case slices.Contains(names, name):
			return nil, fmt.Errorf("%s:1: two columns are named %q: rename column %d", t.name, name, i+1)
		}
		text, err := appendText(nil, []byte(name))
		if err != nil {
			return nil, err
		}
		names, header = append(names, name), append(header, text)
	}
	return header, nil
}

// appendText appends a text as a JSON string.
func appendText(to, text []byte) ([]byte, error) {
	plainText := true
	for i := 0; i < len(text) && plainText; i++ {
		plainText = plain[text[i]] || text[i] >= utf8.RuneSelf
	}
	if plainText {
		return append(append(append(to, '"'), text...), '"'), nil
	}
	quoted, err := json.Marshal(string(text))
	if err != nil {
		return nil, fmt.Errorf("write a cell: %w", err)
	}
	return append(to, quoted...), nil
}

// rowBound ends with an error where a row does not come to its end.
type rowBound struct {
	in   io.Reader
	read int64 // since the row began
}

func (b *rowBound) Read(p []byte) (int, error) {
	if b.read > maxRecord {
		return 0, fmt.Errorf("a row is larger than %d MiB: a quote may be missing", maxRecord>>20)
	}
	n, err := b.in.Read(p)
	b.read += int64(n)
	return n, err
}
