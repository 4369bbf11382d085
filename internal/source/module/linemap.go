package module

import (
	"encoding/json"
	"fmt"
	"strings"
)

// lineMap finds the place in the module's files that a place of the script
// comes from: a source map (ECMA-426).
type lineMap struct {
	sources []string
	lines   [][]mapping // of the script
}

// mapping says where a column of the script comes from.
type mapping struct{ column, source, line, sourceColumn int }

// newLineMap reads a source map; one that cannot be read knows no places.
func newLineMap(text []byte) *lineMap {
	var told struct {
		Sources  []string `json:"sources"`
		Mappings string   `json:"mappings"`
	}
	if json.Unmarshal(text, &told) != nil {
		return &lineMap{}
	}
	m := &lineMap{sources: told.Sources}
	var at mapping
	for line := range strings.SplitSeq(told.Mappings, ";") {
		var list []mapping
		at.column = 0
		for segment := range strings.SplitSeq(line, ",") {
			if steps := variableLength(segment); len(steps) >= 4 {
				at.column += steps[0]
				at.source += steps[1]
				at.line += steps[2]
				at.sourceColumn += steps[3]
				list = append(list, at)
			} else if len(steps) > 0 {
				at.column += steps[0]
			}
		}
		m.lines = append(m.lines, list)
	}
	return m
}

// variableLength decodes base64 numbers of variable length (ECMA-426).
func variableLength(text string) []int {
	const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	var numbers []int
	value, shift := 0, 0
	for _, c := range text {
		digit := strings.IndexRune(digits, c)
		if digit < 0 || shift > 30 {
			return nil
		}
		value |= digit & 31 << shift
		if digit&32 != 0 {
			shift += 5
			continue
		}
		if value&1 != 0 {
			value = -value
		}
		numbers = append(numbers, value/2)
		value, shift = 0, 0
	}
	return numbers
}

// place is "app/data.ts:3:5" for a line and a column of the script, both from
// 1; "" where they come from no file.
func (m *lineMap) place(line, column int) string {
	if line < 1 || line > len(m.lines) {
		return ""
	}
	best := ""
	for _, at := range m.lines[line-1] {
		if at.column < column && at.source >= 0 && at.source < len(m.sources) {
			best = fmt.Sprintf("%s:%d:%d", m.sources[at.source], at.line+1, at.sourceColumn+1)
		}
	}
	return best
}
