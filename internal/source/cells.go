package source

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"
)

// cells reads the rows of a CSV file (RFC 4180). Unlike encoding/csv it keeps
// the line breaks within quotes as they are, and says which cells had quotes.
// Lines that are empty are no rows.
type cells struct {
	name      string // for messages
	in        *bufio.Reader
	delimiter []byte
	line      int // of what was read last, from 1

	long []byte // a line that the reader could not hold
	text []byte // of the row's cells, one after the other
	row  []cell
}

// cell is one cell of a row; its text is only valid until the next is read.
type cell struct {
	text         []byte
	quoted       bool
	line, column int // where it begins, from 1; columns in bytes
	end          int // of its text, in that of the row
}

// next reads a row. The error is io.EOF behind the last.
func (c *cells) next() ([]cell, error) {
	line, err := c.readLine()
	for err == nil && len(trimEnd(line)) == 0 {
		line, err = c.readLine()
	}
	if err != nil {
		return nil, err
	}
	c.text, c.row = c.text[:0], c.row[:0]
	start, column, more := c.line, 1, true
	for more {
		begun := cell{line: c.line, column: column}
		if bytes.HasPrefix(line, []byte{'"'}) {
			begun.quoted = true
			line, column, err = c.quoted(line, column, start)
		} else {
			line, column, err = c.bare(line, column)
		}
		if err != nil {
			return nil, err
		}
		begun.end = len(c.text)
		c.row = append(c.row, begun)
		if more = bytes.HasPrefix(line, c.delimiter); more {
			line, column = line[len(c.delimiter):], column+len(c.delimiter)
		}
	}
	from := 0
	for i := range c.row {
		c.row[i].text = c.text[from:c.row[i].end]
		from = c.row[i].end
	}
	return c.row, nil
}

// bare takes a cell without quotes off the line.
func (c *cells) bare(line []byte, column int) (rest []byte, at int, err error) {
	text := trimEnd(line)
	if end := bytes.Index(text, c.delimiter); end >= 0 {
		text = text[:end]
	}
	if quote := bytes.IndexByte(text, '"'); quote >= 0 {
		return nil, 0, fmt.Errorf("%s:%d:%d: a quote stands inside of a cell: put the cell in quotes and double the quote",
			c.name, c.line, column+quote)
	}
	c.text = append(c.text, text...)
	return line[len(text):], column + len(text), nil
}

// quoted takes a cell in quotes off the line, and off the lines behind it that
// it goes on in.
func (c *cells) quoted(line []byte, column, start int) (rest []byte, at int, err error) {
	line, column = line[1:], column+1
	for {
		quote := bytes.IndexByte(line, '"')
		if quote < 0 {
			c.text = append(c.text, line...)
			at := column + len(line)
			line, err = c.readLine()
			if errors.Is(err, io.EOF) {
				err = c.unended(at, start)
			}
			if err != nil {
				return nil, 0, err
			}
			column = 1
			continue
		}
		c.text = append(c.text, line[:quote]...)
		line, column = line[quote+1:], column+quote+1
		switch {
		case bytes.HasPrefix(line, []byte{'"'}):
			c.text = append(c.text, '"')
			line, column = line[1:], column+1
		case len(trimEnd(line)) == 0 || bytes.HasPrefix(line, c.delimiter):
			return line, column, nil
		default:
			return nil, 0, c.unended(column-1, start)
		}
	}
}

func (c *cells) unended(column, start int) error {
	return fmt.Errorf("%s:%d:%d: a quoted cell (the row begins on line %d) does not end as it should: "+
		"expected a quote and then a delimiter; quotes within are doubled", c.name, c.line, column, start)
}

// readLine reads a line with its end.
func (c *cells) readLine() ([]byte, error) {
	line, err := c.in.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		c.long = append(c.long[:0], line...)
		for errors.Is(err, bufio.ErrBufferFull) {
			line, err = c.in.ReadSlice('\n')
			c.long = append(c.long, line...)
		}
		line = c.long
	}
	if len(line) > 0 && errors.Is(err, io.EOF) {
		err = nil
	}
	if err != nil && !errors.Is(err, io.EOF) {
		err = fmt.Errorf("read %s: %w", c.name, err)
	}
	c.line++
	return line, err
}

// trimEnd is the line without its end.
func trimEnd(line []byte) []byte {
	return bytes.TrimSuffix(bytes.TrimSuffix(line, []byte{'\n'}), []byte{'\r'})
}

// check refuses text that is not UTF-8.
func (c *cells) check(row []cell) error {
	for _, cell := range row {
		if !utf8.Valid(cell.text) {
			return fmt.Errorf("%s:%d:%d: the cell is not valid UTF-8: save the file as UTF-8", c.name, cell.line, cell.column)
		}
	}
	return nil
}
