package model

import (
	"sort"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/lexer"
)

// anchor is a place in the text that comments belong to: the name of a
// declaration, or the brace that closes one.
type anchor struct {
	line, column int
	above        *[]string // takes the comments on lines of their own before it
	behind       *string   // takes the comment behind it on its line; nil: above does
}

func (a anchor) before(line, column int) bool {
	return a.line < line || a.line == line && a.column < column
}

// attachComments gives every "#" comment of the text to the declaration that
// it stands above or behind.
func (p *parser) attachComments(text string) {
	if len(p.errors) > 0 {
		return
	}
	tokens := readTokens(text)
	anchors := p.anchors(tokens)
	header := headerLines(text, tokens)
	lines := strings.Split(text, "\n")
	for _, token := range tokens {
		if token.Kind != lexer.Comment {
			continue
		}
		comment := strings.TrimRight(strings.TrimPrefix(strings.TrimPrefix(token.Value, "#"), " "), " \t")
		line, column := token.Pos.Line, token.Pos.Column
		next := sort.Search(len(anchors), func(i int) bool { return !anchors[i].before(line, column) })
		ownLine := strings.Trim(string([]rune(lines[line-1])[:column-1]), " \t,") == ""
		switch {
		case line <= header || len(anchors) == 0:
			p.schema.Comments = append(p.schema.Comments, comment)
		case !ownLine && next > 0 && anchors[next-1].behind != nil:
			remark := anchors[next-1].behind
			*remark = strings.TrimSpace(*remark + " " + comment)
		case !ownLine && next > 0:
			*anchors[next-1].above = append(*anchors[next-1].above, comment)
		case next < len(anchors):
			*anchors[next].above = append(*anchors[next].above, comment)
		default:
			p.schema.EndComments = append(p.schema.EndComments, comment)
		}
	}
}

// readTokens lexes a text that has been parsed already.
func readTokens(text string) []lexer.Token {
	scanner := lexer.New(&ast.Source{Input: text})
	var tokens []lexer.Token
	for {
		token, err := scanner.ReadToken()
		if err != nil || token.Kind == lexer.EOF {
			return tokens
		}
		tokens = append(tokens, token)
	}
}

// headerLines is the last line of the comments at the top of a file that a
// blank line parts from what follows, or 0.
func headerLines(text string, tokens []lexer.Token) int {
	header, last := 0, 0
	for _, token := range tokens {
		line := token.Pos.Line
		if token.Kind == lexer.BlockString { // whose line is that of its end
			line = strings.Count(string([]rune(text)[:token.Pos.Start]), "\n") + 1
		}
		if last != 0 && line > last+1 {
			header = last
		}
		if token.Kind != lexer.Comment {
			break
		}
		last = line
	}
	return header
}

// anchors are those of the schema, in the order of the text.
func (p *parser) anchors(tokens []lexer.Token) []anchor {
	var anchors []anchor
	add := func(at Position, above *[]string, behind *string) {
		anchors = append(anchors, anchor{at.Line, at.Column, above, behind})
	}
	endings := map[Position]*[]string{} // by the position of the declaration
	for _, t := range p.schema.Types {
		add(t.Position, &t.Comments, nil)
		endings[Position{"", t.Position.Line, t.Position.Column}] = &t.EndComments
		if t.ID.Position.Line > 0 {
			add(t.ID.Position, &t.ID.Comments, &t.ID.Remark)
		}
		for _, f := range t.Fields {
			if !f.Implicit {
				add(f.Position, &f.Comments, &f.Remark)
			}
		}
	}
	for _, e := range p.schema.Enums {
		add(e.Position, &e.Comments, nil)
		endings[Position{"", e.Position.Line, e.Position.Column}] = &e.EndComments
		for i := range e.Values {
			value := &e.Values[i]
			add(value.Position, &value.Comments, &value.Remark)
		}
	}
	var current *[]string
	for _, token := range tokens {
		at := Position{"", token.Pos.Line, token.Pos.Column}
		if ending := endings[at]; ending != nil {
			current = ending
		}
		if token.Kind == lexer.BraceR && current != nil {
			add(at, current, nil)
		}
	}
	sort.Slice(anchors, func(i, j int) bool { return anchors[i].before(anchors[j].line, anchors[j].column) })
	return anchors
}
