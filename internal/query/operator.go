package query

import (
	"fmt"

	"github.com/larderhq/larder/internal/model"
)

// rule is what the grammar knows of an operator.
type rule struct {
	operand    operand
	quantified bool // takes (any) and (all)
	suits      func(*model.Field) bool
}

// operand is the form of what stands behind an operator.
type operand int

const (
	single  operand = iota // one value; of a list field an array
	pattern                // a text in which * and % stand for anything
	list                   // (a,b)
	array                  // {a,b}
	word                   // null, not_null, true, false, unknown
)

// operators is the table of the comparisons.
var operators = map[Operator]rule{
	Equal:        {operand: single, quantified: true, suits: isComparable},
	NotEqual:     {operand: single, suits: isComparable},
	Greater:      {operand: single, quantified: true, suits: IsSortable},
	GreaterEqual: {operand: single, quantified: true, suits: IsSortable},
	Less:         {operand: single, quantified: true, suits: IsSortable},
	LessEqual:    {operand: single, quantified: true, suits: IsSortable},
	Like:         {operand: pattern, quantified: true, suits: isText},
	ILike:        {operand: pattern, quantified: true, suits: isText},
	In:           {operand: list, suits: isScalar},
	Is:           {operand: word, suits: func(*model.Field) bool { return true }},
	IsDistinct:   {operand: single, suits: isScalar},
	Contains:     {operand: array, suits: isElementList},
	Contained:    {operand: array, suits: isElementList},
	Overlaps:     {operand: array, suits: isElementList},
}

// laterOperator reports whether word is an operator of PostgREST's that larder
// does not serve: regular expressions, full text and ranges.
func laterOperator(word string) bool {
	switch word {
	case "match", "imatch", "fts", "plfts", "phfts", "wfts", "sl", "sr", "nxr", "nxl", "adj":
		return true
	}
	return false
}

// operatorNames are the operators in the order of the documentation.
func operatorNames() []string {
	names := make([]string, 0, len(operators))
	for _, operator := range []Operator{
		Equal, NotEqual, Greater, GreaterEqual, Less, LessEqual, Like, ILike,
		In, Is, IsDistinct, Contains, Contained, Overlaps,
	} {
		names = append(names, string(operator))
	}
	return names
}

// Operators are the comparisons that suit a field, in the order of the
// documentation.
func Operators(field *model.Field) []Operator {
	var suited []Operator
	for _, name := range operatorNames() {
		if operators[Operator(name)].suits(field) {
			suited = append(suited, Operator(name))
		}
	}
	return suited
}

// unsuited is the error of an operator that the field does not take.
func unsuited(parameter string, operator Operator, field *model.Field) *Error {
	return &Error{
		Parameter: clipName(parameter), Code: CodeOperator,
		Message: fmt.Sprintf("%s cannot be compared with %s", field.JSONName(), operator),
		Details: fmt.Sprintf("%s is %s", field.JSONName(), describe(field)),
		Hint:    fmt.Sprintf("use one of %v", Operators(field)),
	}
}

// describe names the type of a field for people: "a list of String".
func describe(field *model.Field) string {
	scalar := string(field.Scalar)
	switch {
	case field.Scalar == model.EnumWord && field.Enum != nil:
		scalar = field.Enum.Name
	case field.Relation != nil && field.Relation.Target.Vocabulary:
		scalar = "words of " + field.Relation.Target.Name
	case field.Relation != nil:
		return "the id of a " + field.Relation.Target.Name
	}
	if field.IsList() {
		return "a list of " + scalar
	}
	return "of type " + scalar
}

// isScalar reports whether the field holds one value that can be compared.
// Two JSON values cannot: what is equal differs between databases.
func isScalar(field *model.Field) bool {
	return field.Kind == model.ToOne || field.Kind == model.Column && field.Scalar != model.JSON
}

// isElementList reports whether the field is a list whose elements can be
// compared.
func isElementList(field *model.Field) bool {
	return field.IsList() && field.Scalar != model.JSON
}

func isComparable(field *model.Field) bool { return isScalar(field) || isElementList(field) }

// holdsText reports whether the field's values, or its elements, are any text.
func holdsText(field *model.Field) bool {
	if field.Relation != nil {
		return field.Relation.Target.Vocabulary
	}
	return field.Scalar == model.String || field.Scalar == model.ID && field != field.Owner.ID
}

// isText reports whether the field takes patterns.
func isText(field *model.Field) bool {
	return !field.IsList() && (holdsText(field) || field.Scalar == model.EnumWord)
}

// IsSortable reports whether records can be ordered by the field: by a single
// value whose order is the same in every database, so not by JSON and bytes.
// Nor by a vocabulary's word, which stands in another table.
func IsSortable(field *model.Field) bool {
	switch field.Kind {
	case model.Column:
		return field.Scalar != model.JSON && field.Scalar != model.Bytes
	case model.ToOne:
		return !field.Relation.Target.Vocabulary
	case model.ValueList, model.JSONColumn, model.ToMany, model.ManyToMany:
	}
	return false
}
