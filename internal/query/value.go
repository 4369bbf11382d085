package query

import (
	"errors"
	"fmt"
	"strings"

	"github.com/larderhq/larder/internal/model"
)

// values reads what stands behind an operator, in the operand's form, as
// canonical values of the filter's field.
func (p *parser) values(s *scanner, filter *Filter, form operand, nested bool) ([]any, error) {
	if form == list {
		texts, err := p.listElements(s)
		if err != nil {
			return nil, err
		}
		if !nested && !s.done() {
			return nil, s.expected("the end")
		}
		return accept(s.parameter, filter.Field, texts)
	}
	text := s.rest()
	if nested {
		text = s.nestedText()
	} else {
		s.at = len(s.text)
	}
	switch {
	case form == word:
		return isWord(s.parameter, filter.Field, text)
	case form == array, filter.Quantifier != One, filter.Field.IsList():
		texts, err := p.arrayElements(s.parameter, text)
		if err != nil {
			return nil, err
		}
		if form == pattern {
			return patterns(s.parameter, texts)
		}
		return accept(s.parameter, filter.Field, texts)
	case form == pattern:
		return patterns(s.parameter, []string{text})
	default:
		return accept(s.parameter, filter.Field, []string{text})
	}
}

// nestedText reads a value inside a tree: quoted, an array literal, or up to
// the next comma or parenthesis.
func (s *scanner) nestedText() string {
	if text, ok := s.quoted(",)"); ok {
		return text
	}
	if end := arrayEnd(s.rest()); end > 0 {
		text := s.rest()[:end]
		s.at += end
		return text
	}
	return s.until(",)")
}

// arrayEnd is the length of the array literal that text begins with, or 0.
func arrayEnd(text string) int {
	if !strings.HasPrefix(text, "{") {
		return 0
	}
	inQuotes := false
	for i := 1; i < len(text); i++ {
		switch {
		case text[i] == '\\':
			i++
		case text[i] == '"':
			inQuotes = !inQuotes
		case text[i] == '}' && !inQuotes:
			return i + 1
		}
	}
	return 0
}

// listElements reads "(a,b)", the operand of in. Elements in double quotes may
// hold commas and parentheses.
func (p *parser) listElements(s *scanner) ([]string, error) {
	if !s.takeSpaced("(") {
		return nil, s.expected(`"("`)
	}
	elements := []string{}
	if s.takeSpaced(")") {
		return elements, nil
	}
	for {
		element, ok := s.quoted(",)")
		if !ok {
			element = s.until(",)")
		}
		if elements = append(elements, element); len(elements) > p.limits.InValues {
			return nil, exceeded(s.parameter, "InValues", "values in a list", p.limits.InValues)
		}
		switch {
		case s.take(","):
		case s.takeSpaced(")"):
			return elements, nil
		default:
			return nil, s.expected(`"," or ")"`)
		}
	}
}

// arrayElements reads "{a,b}", PostgreSQL's text form of an array: elements
// in double quotes may hold anything, a backslash takes the next character as
// it is, blanks around elements do not count.
func (p *parser) arrayElements(parameter, text string) ([]string, error) {
	s := &scanner{parameter: parameter, text: text}
	if !s.takeSpaced("{") {
		return nil, s.expected(`a list in braces, as {a,b}`)
	}
	elements := []string{}
	for more := !s.takeSpaced("}"); more; {
		element, err := s.arrayElement()
		if err != nil {
			return nil, err
		}
		if elements = append(elements, element); len(elements) > p.limits.InValues {
			return nil, exceeded(parameter, "InValues", "values in a list", p.limits.InValues)
		}
		switch {
		case s.take(","):
		case s.takeSpaced("}"):
			more = false
		default:
			return nil, s.expected(`"," or "}"`)
		}
	}
	if !s.done() {
		return nil, s.expected("the end")
	}
	return elements, nil
}

// arrayElement reads one element of an array literal.
func (s *scanner) arrayElement() (string, error) {
	s.spaces()
	if text, ok := s.quoted(",} \t"); ok {
		s.spaces()
		return text, nil
	}
	var text strings.Builder
	escaped := false
	for ; !s.done() && !strings.ContainsRune("{},", rune(s.text[s.at])); s.at++ {
		if s.text[s.at] == '\\' && s.at+1 < len(s.text) {
			s.at++
			escaped = true
		}
		text.WriteByte(s.text[s.at])
	}
	element := text.String()
	if !escaped {
		element = strings.TrimRight(element, " \t")
	}
	switch {
	case element == "" && !escaped:
		return "", s.expected(`an element (an empty text is written "")`)
	case !escaped && strings.EqualFold(element, "null"):
		return "", &Error{
			Parameter: clipName(s.parameter), Code: CodeValue,
			Message: "a list to compare with cannot hold null",
			Hint:    `write "null" in double quotes for the text`,
		}
	}
	return element, nil
}

// isWord reads the operand of is.
func isWord(parameter string, field *model.Field, text string) ([]any, error) {
	text = strings.ToLower(strings.Trim(text, " \t"))
	switch text {
	case "null", "not_null":
		return []any{text}, nil
	case "true", "false", "unknown":
		if field.Kind == model.Column && field.Scalar == model.Boolean {
			return []any{text}, nil
		}
		return nil, &Error{
			Parameter: clipName(parameter), Code: CodeOperator,
			Message: fmt.Sprintf("%s cannot be is.%s", field.JSONName(), text),
			Details: fmt.Sprintf("%s is %s, not a Boolean", field.JSONName(), describe(field)),
			Hint:    "use is.null or is.not_null",
		}
	}
	return nil, &Error{
		Parameter: clipName(parameter), Code: CodeParse,
		Message: fmt.Sprintf("%s cannot be is.%s", field.JSONName(), clipName(text)),
		Details: "expected null, not_null, true, false or unknown",
	}
}

// patterns reads patterns of like. "*" stands for "%", which a URL would have
// to escape.
func patterns(parameter string, texts []string) ([]any, error) {
	values := make([]any, len(texts))
	for i, text := range texts {
		escapes := len(text) - len(strings.TrimRight(text, `\`))
		if escapes%2 == 1 {
			return nil, &Error{
				Parameter: clipName(parameter), Code: CodePattern,
				Message: "the pattern ends in a backslash, which escapes nothing",
				Hint:    `write \\ for a backslash`,
			}
		}
		values[i] = strings.ReplaceAll(text, "*", "%")
	}
	return values, nil
}

// accept turns texts into canonical values of the field, or of its elements.
// Blanks around what is no text do not count.
func accept(parameter string, field *model.Field, texts []string) ([]any, error) {
	values := make([]any, len(texts))
	for i, text := range texts {
		if !holdsText(field) {
			text = strings.Trim(text, " \t")
		}
		value, err := field.AcceptText(text)
		if err != nil {
			return nil, badValue(parameter, field, text, err)
		}
		values[i] = value
	}
	return values, nil
}

// badValue is the error of a text that is no value of the field's type.
func badValue(parameter string, field *model.Field, text string, err error) *Error {
	bad := &Error{
		Parameter: clipName(parameter), Code: CodeValue,
		Message: fmt.Sprintf("%s cannot be compared with %s", field.JSONName(), clip(text)),
		Details: fmt.Sprintf("%s is %s", field.JSONName(), describe(field)),
	}
	var reason *model.ValueError
	if errors.As(err, &reason) && len(text) <= 48 {
		bad.Details = reason.Message
	}
	if strings.EqualFold(text, "null") {
		bad.Hint = fmt.Sprintf("write %s=is.null to look for nulls", field.JSONName())
	}
	return bad
}
