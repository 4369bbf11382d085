package model

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// directiveRule says where a directive may stand, what it takes and what it
// does. The set is closed: what has no rule is an error.
type directiveRule struct {
	name       string
	repeatable bool
	arguments  []argumentRule
	needsOne   bool // of its arguments
	onType     func(*parser, *Type, application)
	onField    func(*parser, *Field, application)
}

// argumentRule types one argument of a directive; the GraphQL parser does not.
type argumentRule struct {
	name     string
	kind     argumentKind
	required bool
}

type argumentKind string

const (
	textArgument    argumentKind = "a string"
	wordsArgument   argumentKind = "a list of strings"
	integerArgument argumentKind = "a whole number"
	boundArgument   argumentKind = "a number (of a date, time or duration a string)"

	actionArgument   argumentKind = "CASCADE, RESTRICT or SET_NULL"
	conflictArgument argumentKind = "LOCAL, UPSTREAM or FAIL"
	removedArgument  argumentKind = "DELETE, DETACH or KEEP"
)

// words are the words of which a value of the kind is one; nil for other kinds.
func (k argumentKind) words() []string {
	switch k {
	case actionArgument:
		return []string{string(Cascade), string(Restrict), string(SetNull)}
	case conflictArgument:
		return []string{string(KeepLocal), string(TakeUpstream), string(FailOnConflict)}
	case removedArgument:
		return []string{string(RemovedDelete), string(RemovedDetach), string(RemovedKeep)}
	case textArgument, wordsArgument, integerArgument, boundArgument:
	}
	return nil
}

// directiveRules are the rules in the order in which they apply: a check hangs
// on the digits of a Decimal, a default on the check.
func directiveRules() []directiveRule {
	fieldSet := []argumentRule{{"fields", wordsArgument, true}}
	version := []argumentRule{{"version", integerArgument, true}}
	return []directiveRule{
		{
			name: "source", repeatable: true, onType: (*parser).source,
			arguments: []argumentRule{
				{"name", textArgument, true},
				{"path", textArgument, false},
				{"key", wordsArgument, true},
				{"onConflict", conflictArgument, false},
				{"removed", removedArgument, false},
			},
		},
		{name: "table", onType: (*parser).tableName, arguments: []argumentRule{{"name", textArgument, true}}},
		{
			name: "column", onField: (*parser).column, needsOne: true,
			arguments: []argumentRule{{"name", textArgument, false}, {"type", textArgument, false}},
		},
		{name: "key", arguments: fieldSet, onType: (*parser).key},
		{name: "vocabulary", onType: func(_ *parser, t *Type, _ application) { t.Vocabulary = true }},
		{name: "unique", repeatable: true, arguments: fieldSet, onType: (*parser).uniqueSet},
		{name: "index", repeatable: true, arguments: fieldSet, onType: (*parser).indexSet},
		{name: "unique", onField: (*parser).uniqueField},
		{name: "index", onField: (*parser).indexField},
		{
			name: "decimal", onField: (*parser).decimal, needsOne: true,
			arguments: []argumentRule{{"precision", integerArgument, false}, {"scale", integerArgument, false}},
		},
		{
			name: "check", onField: (*parser).check, needsOne: true,
			arguments: []argumentRule{
				{"min", boundArgument, false},
				{"max", boundArgument, false},
				{"minLength", integerArgument, false},
				{"maxLength", integerArgument, false},
				{"pattern", textArgument, false},
			},
		},
		{name: "default", onField: (*parser).defaultValue, arguments: []argumentRule{{"value", textArgument, true}}},
		{name: "generated", onField: (*parser).generated},
		{name: "hidden", onField: func(_ *parser, f *Field, _ application) { f.Hidden = true }},
		{
			name:    "readonly",
			onType:  func(_ *parser, t *Type, _ application) { t.ReadOnly = true },
			onField: func(_ *parser, f *Field, _ application) { f.ReadOnly = true },
		},
		{
			name: "renamed", repeatable: true, onType: (*parser).renamedType, onField: (*parser).renamedField,
			arguments: []argumentRule{{"from", textArgument, true}, {"version", integerArgument, false}},
		},
		{
			name: "since", arguments: version,
			onType:  func(p *parser, t *Type, a application) { t.Since = p.version(a) },
			onField: func(p *parser, f *Field, a application) { f.Since = p.version(a) },
		},
		{
			name: "until", arguments: version,
			onType:  func(p *parser, t *Type, a application) { t.Until = p.version(a) },
			onField: func(p *parser, f *Field, a application) { f.Until = p.version(a) },
		},
		{
			name: "ref", onField: (*parser).reference, needsOne: true,
			arguments: []argumentRule{{"onDelete", actionArgument, false}, {"inverse", textArgument, false}},
		},
		{name: "json", onField: (*parser).jsonColumn},
		{name: "from", onField: (*parser).from, arguments: []argumentRule{{"path", textArgument, true}}},
		{name: "computed", onField: (*parser).computed, arguments: []argumentRule{{"as", textArgument, true}}},
	}
}

// application is one use of a directive, its arguments checked.
type application struct {
	at     Position
	values map[string]*ast.Argument
}

func (a application) has(name string) bool    { return a.values[name] != nil }
func (a application) text(name string) string { return a.values[name].Value.Raw }

// where is the position of an argument's value.
func (a application) where(p *parser, name string) Position {
	return p.valuePosition(a.values[name])
}

// valuePosition corrects the position that the parser gives to strings, which
// is behind the opening quote, and of a block string at its end.
func (p *parser) valuePosition(argument *ast.Argument) Position {
	at := p.position(argument.Value.Position)
	switch argument.Value.Kind {
	case ast.StringValue:
		at.Column--
	case ast.BlockValue:
		at = p.position(argument.Position)
	default:
	}
	return at
}

func (a application) words(name string) []string {
	value := a.values[name].Value
	if value.Kind != ast.ListValue {
		return []string{value.Raw}
	}
	words := make([]string, len(value.Children))
	for i, child := range value.Children {
		words[i] = child.Value.Raw
	}
	return words
}

// integer is the argument's value; one beyond int is reported and is 0.
func (a application) integer(p *parser, name string, least, most int) int {
	n, err := strconv.Atoi(a.text(name))
	if err != nil || n < least || n > most {
		p.report(a.where(p, name), "", "expected %s between %d and %d, got %s", name, least, most, shorten(a.text(name)))
		return 0
	}
	return n
}

func (p *parser) typeDirectives(t *Type, list ast.DirectiveList) {
	p.directives(list, "a type", func(r directiveRule) bool { return r.onType != nil }, func(r directiveRule, a application) {
		r.onType(p, t, a)
	})
}

func (p *parser) fieldDirectives(f *Field, list ast.DirectiveList) {
	p.directives(list, "a field", func(r directiveRule) bool { return r.onField != nil }, func(r directiveRule, a application) {
		r.onField(p, f, a)
	})
}

// directives applies those of one declaration that have a rule for such a
// place, in the order of the rules: some hang on what others said.
func (p *parser) directives(list ast.DirectiveList, place string, suits func(directiveRule) bool, apply func(directiveRule, application)) {
	seen := map[string]bool{}
	valid := map[int][]application{} // by rule
	for _, d := range list {
		at := p.position(d.Position)
		i := slices.IndexFunc(p.rules, func(r directiveRule) bool { return r.name == d.Name && suits(r) })
		if i < 0 {
			p.unknownDirective(d, place, suits)
			continue
		}
		rule := p.rules[i]
		if seen[d.Name] && !rule.repeatable {
			p.report(at, "remove one of them", "@%s stands twice", d.Name)
			continue
		}
		seen[d.Name] = true
		if values, ok := p.arguments(rule, d); ok {
			valid[i] = append(valid[i], application{at: at, values: values})
		}
	}
	for i, rule := range p.rules {
		for _, a := range valid[i] {
			apply(rule, a)
		}
	}
}

func (p *parser) unknownDirective(d *ast.Directive, place string, suits func(directiveRule) bool) {
	var known []string
	elsewhere := false
	for _, rule := range p.rules {
		if suits(rule) {
			known = append(known, "@"+rule.name)
		}
		elsewhere = elsewhere || rule.name == d.Name
	}
	suggestion := p.didYouMean("@"+d.Name, known)
	if elsewhere {
		p.report(p.position(d.Position), "", "@%s has no meaning on %s", d.Name, place)
		return
	}
	p.report(p.position(d.Position), suggestion, "unknown directive @%s", d.Name)
}

// arguments checks the arguments of a directive against its rule.
func (p *parser) arguments(rule directiveRule, d *ast.Directive) (map[string]*ast.Argument, bool) {
	values, ok := map[string]*ast.Argument{}, true
	for _, argument := range d.Arguments {
		at := p.position(argument.Position)
		i := slices.IndexFunc(rule.arguments, func(r argumentRule) bool { return r.name == argument.Name })
		switch {
		case i < 0:
			p.report(at, p.didYouMean(argument.Name, rule.argumentNames()), "@%s takes no argument %s", d.Name, argument.Name)
			ok = false
		case values[argument.Name] != nil:
			p.report(at, "remove one of them", "@%s has %s twice", d.Name, argument.Name)
			ok = false
		case !suitsArgument(rule.arguments[i].kind, argument.Value):
			p.report(p.valuePosition(argument), likelyArgument(rule.arguments[i], argument.Value),
				"@%s: expected %s for %s, got %s", d.Name, rule.arguments[i].kind, argument.Name, shorten(argument.Value.String()))
			ok = false
		default:
			values[argument.Name] = argument
		}
	}
	for _, argument := range rule.arguments {
		if argument.required && d.Arguments.ForName(argument.name) == nil {
			p.report(p.position(d.Position), "write "+rule.usage(), "@%s needs %s", d.Name, argument.name)
			ok = false
		}
	}
	if rule.needsOne && len(d.Arguments) == 0 {
		p.report(p.position(d.Position), "write one of "+strings.Join(rule.argumentNames(), ", "), "@%s says nothing", d.Name)
		ok = false
	}
	return values, ok
}

func (r directiveRule) argumentNames() []string {
	names := make([]string, len(r.arguments))
	for i, argument := range r.arguments {
		names[i] = argument.name
	}
	return names
}

// usage is the directive with its required arguments, as an example.
func (r directiveRule) usage() string {
	var parts []string
	for _, argument := range r.arguments {
		if !argument.required {
			continue
		}
		example := `"…"`
		switch argument.kind {
		case wordsArgument:
			example = `["…"]`
		case integerArgument:
			example = "2"
		case textArgument, boundArgument, actionArgument, conflictArgument, removedArgument:
		}
		parts = append(parts, argument.name+": "+example)
	}
	return fmt.Sprintf("@%s(%s)", r.name, strings.Join(parts, ", "))
}

func suitsArgument(kind argumentKind, value *ast.Value) bool {
	isText := value.Kind == ast.StringValue || value.Kind == ast.BlockValue
	switch kind {
	case textArgument:
		return isText
	case integerArgument:
		return value.Kind == ast.IntValue
	case boundArgument:
		return isText || value.Kind == ast.IntValue || value.Kind == ast.FloatValue
	case actionArgument, conflictArgument, removedArgument:
		return value.Kind == ast.EnumValue && slices.Contains(kind.words(), value.Raw)
	case wordsArgument:
		if value.Kind != ast.ListValue {
			return isText // GraphQL reads one value as a list of one
		}
		return !slices.ContainsFunc(value.Children, func(c *ast.ChildValue) bool {
			return c.Value.Kind != ast.StringValue && c.Value.Kind != ast.BlockValue
		})
	}
	return false
}

// likelyArgument suggests how a value of the wrong type was probably meant.
func likelyArgument(rule argumentRule, value *ast.Value) string {
	isText := value.Kind == ast.StringValue
	switch {
	case rule.kind == textArgument && value.Raw != "":
		return fmt.Sprintf("write %s: %q", rule.name, shorten(value.Raw))
	case rule.kind == wordsArgument && value.Raw != "":
		return fmt.Sprintf("write %s: [%q]", rule.name, shorten(value.Raw))
	case rule.kind == integerArgument && isText:
		if _, err := strconv.Atoi(value.Raw); err == nil {
			return fmt.Sprintf("write %s: %s", rule.name, value.Raw)
		}
	case rule.kind.words() != nil:
		if near := Nearest(strings.ToUpper(strings.ReplaceAll(value.Raw, " ", "_")), rule.kind.words()); near != "" {
			return fmt.Sprintf("write %s: %s", rule.name, near)
		}
	}
	return ""
}
