package module

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// difference finds the first place at which two JSON texts differ, and what
// stands there in each.
func difference(a, b []byte) (path, before, after string) {
	c := comparison{a: json.NewDecoder(bytes.NewReader(a)), b: json.NewDecoder(bytes.NewReader(b))}
	c.a.UseNumber()
	c.b.UseNumber()
	c.value("")
	return c.path, c.before, c.after
}

// comparison reads two texts side by side until they differ.
type comparison struct {
	a, b                *json.Decoder
	path, before, after string
}

// value compares what comes next in both; it is false once they differ.
func (c *comparison) value(path string) bool {
	before, same := c.token(path)
	if !same {
		return false
	}
	switch before {
	case json.Delim('{'):
		return c.members(path)
	case json.Delim('['):
		for i := 0; c.a.More() && c.b.More(); i++ {
			if !c.value(fmt.Sprintf("%s[%d]", path, i)) {
				return false
			}
		}
		_, same = c.token(path)
	}
	return same
}

func (c *comparison) members(path string) bool {
	for c.a.More() && c.b.More() {
		key, same := c.token(path)
		if !same || !c.value(strings.TrimPrefix(fmt.Sprintf("%s.%v", path, key), ".")) {
			return false
		}
	}
	_, same := c.token(path)
	return same
}

// token compares the next token in both.
func (c *comparison) token(path string) (json.Token, bool) {
	before, endA := c.a.Token()
	after, endB := c.b.Token()
	if before == after && endA == nil && endB == nil {
		return before, true
	}
	c.path, c.before, c.after = path, tokenText(before, endA), tokenText(after, endB)
	return nil, false
}

func tokenText(token json.Token, err error) string {
	if errors.Is(err, io.EOF) {
		return "nothing"
	}
	if delimiter, is := token.(json.Delim); is {
		return map[json.Delim]string{'{': "an object", '[': "a list", '}': "at its end", ']': "at its end"}[delimiter]
	}
	text, err := json.Marshal(token)
	if err != nil {
		return "unreadable"
	}
	return shorten(string(text))
}
