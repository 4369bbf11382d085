package introspect

import (
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/gobuffalo/flect"
	"golang.org/x/text/unicode/norm"

	"github.com/larderhq/larder/internal/model"
)

// wordsOf cuts a name of a table or a column into words of small letters:
// "UnitPrice", "unit_price" and "Unit price" are unit, price.
func wordsOf(name string) []string {
	letters := []rune{}
	for _, r := range norm.NFD.String(strings.ReplaceAll(name, "ß", "ss")) {
		if !unicode.Is(unicode.Mn, r) {
			letters = append(letters, r)
		}
	}
	var words []string
	word := ""
	for i, r := range letters {
		if r >= unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			words, word = append(words, word), ""
			continue
		}
		begins := i > 0 && unicode.IsUpper(r) && (!unicode.IsUpper(letters[i-1]) || i+1 < len(letters) && unicode.IsLower(letters[i+1]))
		if begins {
			words, word = append(words, word), ""
		}
		word += string(unicode.ToLower(r))
	}
	words = append(words, word)
	return slices.DeleteFunc(words, func(word string) bool { return word == "" })
}

// camel joins words as a field is written: unitPrice.
func camel(words []string) string {
	name := ""
	for i, word := range words {
		if i > 0 {
			word = strings.ToUpper(word[:1]) + word[1:]
		}
		name += word
	}
	if name == "" || name[0] >= '0' && name[0] <= '9' {
		name = "n" + name
	}
	return name
}

func pascal(words []string) string {
	name := camel(words)
	return strings.ToUpper(name[:1]) + name[1:]
}

// plural puts the last word into the plural.
func plural(words []string) []string {
	last := len(words) - 1
	return append(slices.Clone(words[:last]), flect.Pluralize(words[last]))
}

// typeWords are the words of what a row of the table is: tbl_customers,
// customer.
func typeWords(table string) []string {
	words := wordsOf(table)
	if len(words) > 1 && (words[0] == "tbl" || words[0] == "tb") {
		words = words[1:]
	}
	if len(words) == 0 {
		words = []string{"table"}
	}
	last := len(words) - 1
	words[last] = flect.Singularize(words[last])
	return words
}

// reservedTypes are names that types cannot have.
var reservedTypes = []string{
	string(model.String), string(model.Int), string(model.Int64), string(model.Float), string(model.Decimal), string(model.Boolean),
	string(model.ID), string(model.UUID), string(model.Date), string(model.DateTime), string(model.Duration), string(model.JSON), string(model.Bytes),
}

// names gives each name once.
type names map[string]bool

// take returns name or, when that is taken, the first of name with an ending or
// a number that is free. A field takes two names, its own and the one in JSON.
func (n names) take(name, ending string, also ...string) string {
	free := func(candidate string) bool {
		if n[candidate] {
			return false
		}
		for _, suffix := range also {
			if n[candidate+suffix] {
				return false
			}
		}
		return true
	}
	candidate := name
	for i := 1; !free(candidate); i++ {
		candidate = name + ending
		if i > 1 || ending == "" {
			candidate += strconv.Itoa(i + 1)
		}
	}
	n[candidate] = true
	for _, suffix := range also {
		n[candidate+suffix] = true
	}
	return candidate
}
