package model

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	gqlparser "github.com/vektah/gqlparser/v2/parser"
)

// Bounds on a models file, far above what a person writes and far below what
// would make an engine, or this package, fail.
const (
	maxText   = 1 << 20 // bytes
	maxTokens = 200_000
	maxTypes  = 1000
	maxFields = 400 // a type; SQLite's functions take 1000 arguments, two a field

	maxSuggestions = 50
)

// Parse reads models in GraphQL's schema language (docs/models.md). file is
// the name that positions carry. The error is an Errors with everything that
// is wrong; only a syntax error ends the reading at once.
func Parse(file string, text []byte) (*Schema, error) {
	p := &parser{
		file:   file,
		schema: &Schema{},
		broken: map[brokenField]bool{},
		types:  map[string]*Type{},
		enums:  map[string]*Enum{},
		rules:  directiveRules(),
	}
	p.parse(string(text))
	if len(p.errors) > 0 {
		return nil, p.errors.sorted()
	}
	return p.schema, nil
}

// parser collects what a file declares and everything wrong with it.
type parser struct {
	file     string
	schema   *Schema
	errors   Errors
	types    map[string]*Type
	enums    map[string]*Enum
	rules    []directiveRule
	broken   map[brokenField]bool // fields left out because of an error already reported
	inverses []func()             // relations whose other end is stated; before all others
	later    []func()             // checks that need every field and relation in place
}

type brokenField struct {
	owner *Type
	name  string
}

func (p *parser) parse(text string) {
	text = strings.TrimPrefix(text, "\ufeff")
	text = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text)
	document := p.syntax(text)
	if document == nil {
		return
	}
	definitions := p.declare(document)
	for i, t := range p.schema.Types {
		p.fields(t, definitions[i])
		p.typeDirectives(t, definitions[i].Directives)
	}
	p.link()
	p.schema.nameAll()
	for _, check := range p.later {
		check()
	}
	p.validate()
	p.attachComments(text)
	if len(p.errors) == 0 {
		p.schema.index()
	}
}

// syntax is the document that the text holds, or nil after an error.
func (p *parser) syntax(text string) (document *ast.SchemaDocument) {
	if len(text) > maxText {
		p.report(p.position(nil), "", "expected a models file of at most %d bytes, got %d", maxText, len(text))
		return nil
	}
	if at := invalidUTF8(text); at >= 0 {
		before := text[:at]
		line := strings.Count(before, "\n") + 1
		column := utf8.RuneCountInString(before[strings.LastIndex(before, "\n")+1:]) + 1
		p.report(Position{p.file, line, column}, "save the file as UTF-8", "expected text in UTF-8, got bytes that are none")
		return nil
	}
	// A broken parser must be an error of the file, not of the program.
	defer func() {
		if fault := recover(); fault != nil {
			p.report(p.position(nil), "", "the file cannot be read as GraphQL: %v", fault)
			document = nil
		}
	}()
	document, err := gqlparser.ParseSchemaWithLimit(&ast.Source{Name: p.file, Input: text}, maxTokens)
	if err != nil {
		p.syntaxError(err)
		return nil
	}
	return document
}

func invalidUTF8(text string) int {
	for i, r := range text {
		if r == utf8.RuneError {
			if _, size := utf8.DecodeRuneInString(text[i:]); size == 1 {
				return i
			}
		}
	}
	return -1
}

// syntaxError reports what the GraphQL parser said, in a sentence of ours.
func (p *parser) syntaxError(err error) {
	at, message := p.position(nil), err.Error()
	var located *gqlerror.Error
	if errors.As(err, &located) {
		message = located.Message
		if len(located.Locations) > 0 {
			at.Line, at.Column = located.Locations[0].Line, located.Locations[0].Column
		}
	}
	suggestion := ""
	switch {
	case strings.HasPrefix(message, "Unexpected <EOF>") || strings.HasSuffix(message, "found <EOF>"):
		suggestion = "is a closing } or ) missing?"
	case strings.HasPrefix(message, "Unexpected Name"):
		suggestion = "a file holds type and enum declarations"
	}
	if message != "" {
		message = strings.ToLower(message[:1]) + message[1:]
	}
	p.report(at, suggestion, "%s", message)
}

// report adds an error.
func (p *parser) report(at Position, suggestion, format string, args ...any) {
	p.errors = append(p.errors, &Error{Position: at, Message: fmt.Sprintf(format, args...), Suggestion: suggestion})
}

// nearest and didYouMean suggest for the first errors only: a person reads no
// further, and a hostile file could make the search long.
func (p *parser) nearest(name string, candidates []string) string {
	if len(p.errors) >= maxSuggestions {
		return ""
	}
	return Nearest(name, candidates)
}

func (p *parser) didYouMean(name string, candidates []string) string {
	if len(p.errors) >= maxSuggestions {
		return ""
	}
	return didYouMean(name, candidates)
}

func (p *parser) position(at *ast.Position) Position {
	if at == nil {
		return Position{p.file, 1, 1}
	}
	return Position{p.file, at.Line, at.Column}
}

// declare makes the types and enums, still without fields, and returns the
// definitions of the types.
func (p *parser) declare(document *ast.SchemaDocument) []*ast.Definition {
	p.refuse(document)
	var definitions []*ast.Definition
	for _, d := range document.Definitions {
		at := p.position(d.Position)
		switch {
		case d.Kind != ast.Object && d.Kind != ast.Enum:
			p.refuseKind(d)
		case !p.nameIsFree(d.Name, at):
		case d.Kind == ast.Enum:
			p.declareEnum(d, at)
		default:
			if len(d.Interfaces) > 0 {
				p.report(at, "remove it: models have no interfaces", "%s implements %s", d.Name, d.Interfaces[0])
			}
			t := &Type{Name: d.Name, Description: d.Description, Position: at}
			p.types[d.Name] = t
			p.schema.Types = append(p.schema.Types, t)
			definitions = append(definitions, d)
		}
	}
	if len(p.schema.Types) > maxTypes {
		p.report(p.schema.Types[maxTypes].Position, "", "expected at most %d types, got %d", maxTypes, len(p.schema.Types))
		p.schema.Types, definitions = nil, nil
	}
	return definitions
}

// refuse reports the declarations of GraphQL that are no part of the models.
func (p *parser) refuse(document *ast.SchemaDocument) {
	for _, d := range slices.Concat(document.Schema, document.SchemaExtension) {
		p.report(p.position(d.Position), "remove it: larder serves every type", "a schema declaration has no place here")
	}
	for _, d := range slices.Concat(document.Directives, document.DirectiveExtensions) {
		p.report(p.position(d.Position), "remove it: larder's directives are known without", "the directive @%s cannot be declared", d.Name)
	}
	for _, d := range document.Extensions {
		p.report(p.position(d.Position), "write its fields into the type itself", "%s cannot be extended", d.Name)
	}
}

func (p *parser) refuseKind(d *ast.Definition) {
	word, suggestion := strings.ToLower(string(d.Kind)), "write a type with all its fields"
	switch d.Kind {
	case ast.Scalar:
		suggestion = "remove it: the scalars are " + strings.Join(scalarNames(), ", ")
	case ast.InputObject:
		word, suggestion = "input", "remove it: what a request may write follows from the types"
	default:
	}
	p.report(p.position(d.Position), suggestion, "expected a type or an enum, got the %s %s", word, d.Name)
}

// nameIsFree reports whether a type or enum may have the name, or says why not.
func (p *parser) nameIsFree(name string, at Position) bool {
	switch {
	case p.types[name] != nil:
		p.report(at, "rename one of them", "%s is declared twice, first on line %d", name, p.types[name].Position.Line)
	case p.enums[name] != nil:
		p.report(at, "rename one of them", "%s is declared twice, first on line %d", name, p.enums[name].Position.Line)
	case slices.Contains(scalarNames(), name):
		p.report(at, "choose another name", "%s is a scalar", name)
	case !isLetter(name[0]):
		p.report(at, "begin it with a letter", "%s is no name for a type", name)
	default:
		return true
	}
	return false
}

func (p *parser) declareEnum(d *ast.Definition, at Position) {
	e := &Enum{Name: d.Name, Description: d.Description, Position: at}
	p.enums[d.Name] = e
	p.schema.Enums = append(p.schema.Enums, e)
	for _, directive := range d.Directives {
		p.report(p.position(directive.Position), "remove it", "an enum takes no directive, got @%s", directive.Name)
	}
	if len(d.EnumValues) == 0 {
		p.report(at, fmt.Sprintf("write enum %s { ONE OTHER }", d.Name), "the enum %s has no values", d.Name)
	}
	seen := map[string]bool{}
	for _, value := range d.EnumValues {
		where := p.position(value.Position)
		for _, directive := range value.Directives {
			p.report(p.position(directive.Position), "remove it", "a value of an enum takes no directive, got @%s", directive.Name)
		}
		switch {
		case seen[value.Name]:
			p.report(where, "remove one of them", "the enum %s has the value %s twice", d.Name, value.Name)
		case value.Name == "true" || value.Name == "false" || value.Name == "null":
			p.report(where, "choose another word", "%s is no value of an enum", value.Name)
		}
		seen[value.Name] = true
		e.Values = append(e.Values, EnumValue{Name: value.Name, Description: value.Description, Position: where})
	}
}

// scalarNames are the scalars as written in the models.
func scalarNames() []string {
	scalars := []Scalar{String, Int, Int64, Float, Decimal, Boolean, ID, UUID, Date, DateTime, Duration, JSON, Bytes}
	names := make([]string, len(scalars))
	for i, scalar := range scalars {
		names[i] = string(scalar)
	}
	return names
}

func isLetter(b byte) bool { return isUpper(b) || isLower(b) }
