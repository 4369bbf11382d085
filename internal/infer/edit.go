package infer

import (
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/lexer"
)

// edited is a GraphQL text that is changed in places and otherwise stays as a
// person wrote it. Places are in runes from the beginning of the original.
type edited struct {
	runes   []rune
	tokens  []lexer.Token
	changes []textChange
}

// textChange puts a text in the place of what stands from start to end.
type textChange struct {
	start, end int
	text       string
}

// newSource reads a text that is known to be valid.
func newSource(name, text string) *edited {
	e := &edited{runes: []rune(text)}
	for l := lexer.New(&ast.Source{Name: name, Input: text}); ; {
		token, err := l.ReadToken()
		if err != nil || token.Kind == lexer.EOF {
			return e
		}
		if token.Kind != lexer.Comment {
			e.tokens = append(e.tokens, token)
		}
	}
}

// text is the text with its changes.
func (e *edited) text() string {
	var out strings.Builder
	slices.SortStableFunc(e.changes, func(a, b textChange) int { return a.start - b.start })
	at := 0
	for _, change := range e.changes {
		out.WriteString(string(e.runes[at:change.start]) + change.text)
		at = change.end
	}
	out.WriteString(string(e.runes[at:]))
	return out.String()
}

func (e *edited) replace(start, end int, text string) {
	e.changes = append(e.changes, textChange{start, end, text})
}

// insert adds a text before the sign that ends a block: on a line of its own
// where that sign has one, else behind what stands there.
func (e *edited) insert(end int, text string) {
	line := end
	for line > 0 && e.runes[line-1] != '\n' {
		line--
	}
	margin := string(e.runes[line:end])
	if strings.TrimSpace(margin) == "" && line > 0 {
		e.replace(line, line, margin+"  "+text+"\n")
		return
	}
	behind := end
	for behind > 0 && e.runes[behind-1] == ' ' {
		behind--
	}
	e.replace(behind, behind, " "+text)
}

// endOfBlock is the place of the sign that ends the first block from a place on.
func (e *edited) endOfBlock(from int) int {
	depth := 0
	for _, token := range e.tokens {
		switch {
		case token.Pos.Start < from:
		case token.Kind == lexer.BraceL:
			depth++
		case token.Kind == lexer.BraceR:
			if depth--; depth == 0 {
				return token.Pos.Start
			}
		}
	}
	return len(e.runes)
}

// typeAt is the index of the first token of the type's fields.
func (e *edited) typeAt(name string) int {
	for i := 1; i < len(e.tokens); i++ {
		if e.tokens[i-1].Value == "type" && e.tokens[i].Value == name && e.tokens[i].Kind == lexer.Name {
			for e.tokens[i].Kind != lexer.BraceL {
				i++
			}
			return i
		}
	}
	return len(e.tokens)
}

// endOfType is the place of the sign that ends the type.
func (e *edited) endOfType(name string) int { return e.endOfBlock(e.tokens[e.typeAt(name)].Pos.Start) }

// typeOf is from where to where the type of a field of the type stands.
func (e *edited) typeOf(typeName, field string) (start, end int) {
	depth := 0
	for i := e.typeAt(typeName) + 1; i+2 < len(e.tokens); i++ {
		switch e.tokens[i].Kind {
		case lexer.ParenL:
			depth++
		case lexer.ParenR:
			depth--
		}
		if depth > 0 || e.tokens[i].Value != field || e.tokens[i+1].Kind != lexer.Colon {
			continue
		}
		last := i + 2
		for e.tokens[last].Kind == lexer.BracketL {
			last++
		}
		for k := e.tokens[last+1].Kind; k == lexer.Bang || k == lexer.BracketR; k = e.tokens[last+1].Kind {
			last++
		}
		return e.tokens[i+2].Pos.Start, e.tokens[last].Pos.End
	}
	return len(e.runes), len(e.runes)
}
