package exporter

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/larderhq/larder/internal/model"
	"github.com/larderhq/larder/internal/query"
)

// cells is CSV (RFC 4180) with a header row. Null is an empty cell, an empty
// text two quotes; lists and JSON are JSON, every other value is the text that
// it has in JSON, a string without its quotes.
type cells struct {
	table string
	out   *counter
	names []string
	json  []bool // by column: its cells are JSON
	line  []byte
}

func newCells(table Table, out *counter) *cells {
	c := &cells{table: table.Name(), out: out}
	c.header(table.Read.Columns)
	return c
}

// header finds the names of the columns.
func (c *cells) header(columns []query.Column) {
	for _, column := range columns {
		switch {
		case column.Embed != nil && column.Embed.Spread:
			c.header(column.Embed.Read.Columns)
		case len(column.Names()) == 0: // a hidden embed
		default:
			c.names = append(c.names, column.Name)
			c.json = append(c.json, column.Embed != nil || column.Field != nil && (column.Field.IsList() || column.Field.Scalar == model.JSON))
		}
	}
}

func (c *cells) begin() {
	for i, name := range c.names {
		if i > 0 {
			c.out.write(",")
		}
		c.out.text(appendCell(nil, []byte(name)))
	}
	c.out.write("\n")
}

func (*cells) end() {}

func (c *cells) row(object []byte) error {
	c.line = c.line[:0]
	i := 0
	err := eachValue(object, func(value []byte) error {
		if i == len(c.names) {
			return fmt.Errorf("a record has more than %d members: %s", len(c.names), object)
		}
		if i > 0 {
			c.line = append(c.line, ',')
		}
		var err error
		c.line, err = appendValue(c.line, value, c.json[i])
		i++
		return err
	})
	if err != nil {
		return fmt.Errorf("write a row: %w", err)
	}
	if len(c.line) == 0 {
		return fmt.Errorf("%s: a null alone in its row would be an empty line, which readers of CSV pass over: select another attribute too, or write ndjson", c.table)
	}
	c.out.text(append(c.line, '\n'))
	return nil
}

// appendValue appends a JSON value as a cell.
func appendValue(line, value []byte, isJSON bool) ([]byte, error) {
	switch {
	case string(value) == "null":
		return line, nil
	case isJSON || value[0] != '"':
		return appendCell(line, value), nil
	case bytes.IndexByte(value, '\\') < 0:
		return appendCell(line, value[1:len(value)-1]), nil
	}
	var text string
	if err := json.Unmarshal(value, &text); err != nil {
		return line, fmt.Errorf("read %s: %w", value, err)
	}
	return appendCell(line, []byte(text)), nil
}

// appendCell appends a cell, in quotes where it would else be read otherwise.
func appendCell(line, text []byte) []byte {
	// A tab and a semicolon could be taken for the delimiter, a blank at an end
	// be cut off.
	plain := len(text) > 0 && !bytes.ContainsAny(text, "\",\r\n\t;") && text[0] != ' ' && text[len(text)-1] != ' '
	if plain {
		return append(line, text...)
	}
	line = append(line, '"')
	for {
		quote := bytes.IndexByte(text, '"')
		if quote < 0 {
			return append(append(line, text...), '"')
		}
		line = append(append(line, text[:quote]...), `""`...)
		text = text[quote+1:]
	}
}

// eachValue calls with the values of a JSON object's members, in their order.
func eachValue(object []byte, value func([]byte) error) error {
	text := bytes.TrimSpace(object)
	if len(text) < 2 || text[0] != '{' {
		return fmt.Errorf("expected an object, found %s", object)
	}
	depth, start := 0, -1
	for i := 1; i < len(text); i++ {
		switch c := text[i]; {
		case c == '"':
			i = stringEnd(text, i)
		case c == '{' || c == '[':
			depth++
		case depth == 0 && c == ':' && start < 0:
			start = i + 1
		case depth == 0 && (c == ',' || c == '}'):
			if start < 0 {
				return nil // an object without members
			}
			if err := value(bytes.TrimSpace(text[start:i])); err != nil {
				return err
			}
			start = -1
		case c == '}' || c == ']':
			depth--
		}
	}
	return nil
}

// stringEnd is where the string that begins at start has its closing quote.
func stringEnd(text []byte, start int) int {
	for i := start + 1; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			return i
		}
	}
	return len(text)
}
