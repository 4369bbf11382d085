package model

import (
	"fmt"
	"slices"
	"strings"
)

// This file holds @computed: fields whose values the database computes from
// other fields of the same record, exactly.

// Expression is what @computed(as:) says, checked: every field in it is a whole
// number or a Decimal of the same type. It is computed without rounding; the
// result is rounded half away from zero to the scale of the field that it is
// of. Where a field in it is null it is null, unless Coalesce says otherwise.
type Expression struct {
	Op       ExpressionOp
	Field    *Field        // FieldOperand
	Number   DecimalValue  // NumberOperand, never negative, of the shortest scale
	Operands []*Expression // of the others: two, one of Negate, one or more of Coalesce
}

// ExpressionOp is what an [Expression] does.
type ExpressionOp string

// The operands and operations of expressions.
const (
	FieldOperand  ExpressionOp = "field"
	NumberOperand ExpressionOp = "number"
	Add           ExpressionOp = "+"
	Subtract      ExpressionOp = "-"
	Multiply      ExpressionOp = "*"
	Negate        ExpressionOp = "negate"
	Coalesce      ExpressionOp = "coalesce" // the first that is not null
)

// Scale is how many digits after the point the exact result can have.
func (e *Expression) Scale() int {
	switch e.Op {
	case FieldOperand:
		return e.Field.Scale // 0 of a whole number
	case NumberOperand:
		return e.Number.Scale
	case Multiply:
		return e.Operands[0].Scale() + e.Operands[1].Scale()
	case Add, Subtract, Negate, Coalesce:
	}
	scale := 0
	for _, operand := range e.Operands {
		scale = max(scale, operand.Scale())
	}
	return scale
}

// Required reports whether the result is never null.
func (e *Expression) Required() bool {
	required := func(operand *Expression) bool { return operand.Required() }
	switch e.Op {
	case FieldOperand:
		return e.Field.Required
	case NumberOperand:
		return true
	case Coalesce:
		return slices.ContainsFunc(e.Operands, required)
	case Add, Subtract, Multiply, Negate:
	}
	for _, operand := range e.Operands {
		if !required(operand) {
			return false
		}
	}
	return true
}

// Reads are the fields in the expression, each once.
func (e *Expression) Reads() []*Field {
	if e.Op == FieldOperand {
		return []*Field{e.Field}
	}
	var fields []*Field
	for _, operand := range e.Operands {
		for _, f := range operand.Reads() {
			if !slices.Contains(fields, f) {
				fields = append(fields, f)
			}
		}
	}
	return fields
}

// String is the expression as @computed(as:) has it, with no parentheses but
// those that it needs.
func (e *Expression) String() string {
	switch e.Op {
	case FieldOperand:
		return e.Field.Name
	case NumberOperand:
		return e.Number.String()
	case Negate:
		return "-" + e.Operands[0].within(e.binds())
	case Coalesce:
		parts := make([]string, len(e.Operands))
		for i, operand := range e.Operands {
			parts[i] = operand.String()
		}
		return "coalesce(" + strings.Join(parts, ", ") + ")"
	case Add, Subtract, Multiply:
	}
	return e.Operands[0].within(e.binds()) + " " + string(e.Op) + " " + e.Operands[1].within(e.binds()+1)
}

// within is the expression as an operand of what binds so tightly.
func (e *Expression) within(binds int) string {
	if e.binds() < binds {
		return "(" + e.String() + ")"
	}
	return e.String()
}

// binds is how tightly the operation binds its operands.
func (e *Expression) binds() int {
	switch e.Op {
	case Add, Subtract:
		return 1
	case Multiply:
		return 2
	case Negate:
		return 3
	case FieldOperand, NumberOperand, Coalesce:
	}
	return 4
}

// Bounds on an expression: its text, and digits after the point in every step,
// which is what a scaled integer of 64 bits has room for.
const (
	maxExpression = 500
	maxStepScale  = defaultPrecision
)

// computed reads @computed, whose fields may be declared further down.
func (p *parser) computed(f *Field, a application) {
	switch {
	case f.Kind != Column || !isExact(f):
		p.report(a.at, "declare it as Int, Int64 or Decimal", "@computed: %s is %s, and what is computed is an exact number", f.Name, f.declaredType())
		return
	case f.Default != nil || f.Check != nil || f.Generated || f.ReadOnly || f.From != "" || f.ColumnName != "" || f.ColumnType != "":
		p.report(a.at, "leave it @computed alone, and put a @check on what it reads",
			"@computed: %s takes no @default, @check, @readonly, @from, @generated or @column: its value follows from other fields", f.Name)
		return
	}
	f.Computed, f.ReadOnly, f.Generated = &Expression{}, true, true
	p.later = append(p.later, func() {
		in := &expressionParser{parser: p, owner: f, text: a.text("as"), at: a.where(p, "as")}
		if e := in.whole(); e != nil {
			*f.Computed = *e
			p.computedResult(f, in.at)
		}
	})
}

// isExact reports whether expressions can compute with the field.
func isExact(f *Field) bool { return f.Scalar == Int || f.Scalar == Int64 || f.Scalar == Decimal }

// computedResult holds what a field says of itself against its expression.
func (p *parser) computedResult(f *Field, at Position) {
	if f.Required && !f.Computed.Required() {
		p.report(f.Position, "remove the !, or write coalesce(…, 0) around what may be null",
			"@computed: %s.%s is required, and %s may be null", f.Owner.Name, f.Name, f.Computed)
	}
	if scale := f.Computed.deepestScale(); scale > maxStepScale {
		p.report(at, "give the fields that it multiplies a smaller scale by @decimal",
			"@computed: expected at most %d digits after the point in every step, got %d", maxStepScale, scale)
	}
	for _, read := range f.Computed.Reads() {
		if since := max(read.Since, f.Owner.Since); max(f.Since, f.Owner.Since) < since {
			p.report(f.Position, fmt.Sprintf("write @since(version: %d)", since),
				"@computed: %s.%s would be in versions that do not have %s yet", f.Owner.Name, f.Name, read.Name)
		}
	}
}

// deepestScale is the largest scale of any step of the expression.
func (e *Expression) deepestScale() int {
	scale := e.Scale()
	for _, operand := range e.Operands {
		scale = max(scale, operand.deepestScale())
	}
	return scale
}

// keysComputed refuses keys of what records do not bring.
func (p *parser) keysComputed(t *Type) {
	refuse := func(f *Field, at Position, directive string) {
		if f != nil && f.Computed != nil {
			p.report(at, "name the fields that it reads", "@%s: %s is computed, and no key", directive, f.Name)
		}
	}
	for _, f := range t.Fields {
		if f.Unique {
			refuse(f, f.Position, "unique")
		}
	}
	for _, unique := range t.Uniques {
		for _, f := range unique.Fields {
			refuse(f, unique.Position, "unique")
		}
	}
	for _, source := range t.Sources {
		for _, name := range source.Key {
			refuse(t.declaredField(name), source.Position, "source")
		}
	}
}

// expressionParser reads the text of an expression. What is wrong is reported
// once, and every function then gives nil.
type expressionParser struct {
	*parser
	owner *Field
	text  string
	at    Position // of the text's opening quote
	next  int      // byte of text
}

// fail reports an error at a byte of the text.
func (in *expressionParser) fail(at int, suggestion, format string, args ...any) *Expression {
	where := in.at
	where.Column += 1 + len([]rune(in.text[:at]))
	in.report(where, suggestion, "@computed: "+format, args...)
	return nil
}

func (in *expressionParser) whole() *Expression {
	if len(in.text) > maxExpression {
		return in.fail(0, "", "expected an expression of at most %d bytes, got %d", maxExpression, len(in.text))
	}
	e := in.sum()
	if in.skip(); e != nil && in.next < len(in.text) {
		return in.fail(in.next, "", "expected +, - or * and another operand, got %q", shorten(in.text[in.next:]))
	}
	return e
}

func (in *expressionParser) skip() {
	for in.next < len(in.text) && strings.IndexByte(" \t\n", in.text[in.next]) >= 0 {
		in.next++
	}
}

// take steps over the byte if it is next, and one of those.
func (in *expressionParser) take(bytes string) (taken byte) {
	if in.skip(); in.next < len(in.text) && strings.IndexByte(bytes, in.text[in.next]) >= 0 {
		in.next++
		return in.text[in.next-1]
	}
	return 0
}

func (in *expressionParser) sum() *Expression     { return in.chain("+-", in.product) }
func (in *expressionParser) product() *Expression { return in.chain("*", in.factor) }

// chain reads operands between operators that bind alike, from the left.
func (in *expressionParser) chain(operators string, operand func() *Expression) *Expression {
	e := operand()
	for e != nil {
		operator := in.take(operators)
		if operator == 0 {
			break
		}
		right := operand()
		if right == nil {
			return nil
		}
		e = &Expression{Op: ExpressionOp(operator), Operands: []*Expression{e, right}}
	}
	return e
}

func (in *expressionParser) factor() *Expression {
	if in.take("-") != 0 {
		if e := in.factor(); e != nil {
			return &Expression{Op: Negate, Operands: []*Expression{e}}
		}
		return nil
	}
	if in.take("(") != 0 {
		if e := in.sum(); e != nil && in.closes() {
			return e
		}
		return nil
	}
	switch rest := in.text[in.next:]; {
	case rest == "":
		return in.fail(in.next, "", "expected a field, a number or ( at the end of the expression")
	case isLetter(rest[0]) || rest[0] == '_':
		return in.name()
	case isDigit(rest[0]):
		return in.number()
	default:
		return in.fail(in.next, "there are +, -, *, coalesce and parentheses", "expected a field, a number or (, got %q", shorten(rest))
	}
}

func (in *expressionParser) closes() bool {
	if in.take(")") == 0 {
		in.fail(in.next, "", "expected ), got %q", shorten(in.text[in.next:]))
		return false
	}
	return true
}

// name reads a field, or coalesce and its operands.
func (in *expressionParser) name() *Expression {
	start := in.next
	for in.next < len(in.text) && (isLetter(in.text[in.next]) || isDigit(in.text[in.next]) || in.text[in.next] == '_') {
		in.next++
	}
	name := in.text[start:in.next]
	if in.take("(") == 0 {
		return in.field(name, start)
	}
	if name != string(Coalesce) {
		return in.fail(start, "there is coalesce alone", "unknown function %s", name)
	}
	e := &Expression{Op: Coalesce}
	for {
		operand := in.sum()
		if operand == nil {
			return nil
		}
		e.Operands = append(e.Operands, operand)
		if in.take(",") == 0 {
			break
		}
	}
	if !in.closes() {
		return nil
	}
	return e
}

func (in *expressionParser) field(name string, at int) *Expression {
	t := in.owner.Owner
	f := t.declaredField(name)
	switch {
	case in.broken[brokenField{t, name}]:
		return nil
	case f == nil:
		return in.fail(at, in.likely(name), "%s has no field %s", t.Name, name)
	case f == in.owner || f.Computed != nil:
		return in.fail(at, "write out what it computes", "%s is computed itself", name)
	case f == t.ID || f.Kind != Column || !isExact(f):
		return in.fail(at, "it computes with Int, Int64 and Decimal", "%s is %s, which is no exact number", name, f.declaredType())
	}
	return &Expression{Op: FieldOperand, Field: f}
}

// likely suggests what an unknown name was meant to be.
func (in *expressionParser) likely(name string) string {
	var candidates []string
	for _, f := range in.owner.Owner.Fields {
		if wasCalled(f.Renames, name) {
			return "it is called " + f.Name + " now"
		}
		if f.Kind == Column && isExact(f) && f.Computed == nil {
			candidates = append(candidates, f.Name)
		}
	}
	return in.didYouMean(name, candidates)
}

func (in *expressionParser) number() *Expression {
	start := in.next
	for in.next < len(in.text) && (isDigit(in.text[in.next]) || in.text[in.next] == '.') {
		in.next++
	}
	text := in.text[start:in.next]
	n, ok := parseNumber(text)
	if !ok {
		return in.fail(start, "", "expected a number such as 100 or 0.19, got %q", shorten(text))
	}
	scale := max(0, -n.exponent)
	n.exponent += scale
	unscaled, fits := n.integer(64)
	if !fits || scale > maxStepScale {
		return in.fail(start, "", "expected a number of at most %d digits, got %s", defaultPrecision, shorten(text))
	}
	return &Expression{Op: NumberOperand, Number: DecimalValue{Unscaled: unscaled, Scale: scale}}
}
