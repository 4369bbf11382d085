package openapi

import (
	"fmt"

	"github.com/larderhq/larder/internal/model"
)

// list is the path item of the records of target that a relation of owner's
// records lists.
func (w *writer) list(owner names, relation *model.Field, target names) object {
	name := owner.one + capital(relation.Name)
	of := fmt.Sprintf("the %s of one %s", target.plural, owner.singular)
	parameters := append([]any{w.idParameter(owner.kind)}, listParameters(target)...)
	get := w.operation(target, "list"+name, "List "+of, "As the list of all "+target.plural+", of which it is a part. "+onlyOne)
	head := w.operation(target, "count"+name, "Count "+of, countHow)
	return object{
		{"get", append(get, listAnswers(target, parameters, "400", "404", "406", "412", "416", "503")...)},
		{"head", append(head, countAnswers(parameters)...)},
	}
}
