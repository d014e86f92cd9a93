package schema

import (
	"fmt"
	"slices"

	"github.com/aksync/aksync/internal/tree"
)

// SpecialOf is the model of an object that a base lists, as the answer says; or
// nothing.
func SpecialOf(object Object) string {
	model, _ := object["meta_model_name"].(string)
	return model
}

// Own returns those of a kind's list that are of the kind, where the server lists
// others too: what the base lists says which (KINDS.md 4.6, oauth2provider).
func (k *Kind) Own(objects []Object, base *Kind, listed []Object) []Object {
	others := map[string]bool{}
	for _, object := range listed {
		if special := SpecialOf(object); special != "" && special != k.Model {
			id, _ := base.IDOf(object)
			others[IDText(id)] = true
		}
	}
	return slices.DeleteFunc(slices.Clone(objects), func(object Object) bool {
		id, _ := k.IDOf(object)
		return others[IDText(id)]
	})
}

// LabelWords shows the value of a field that is part of what people call an object
// without a name.
func LabelWords(name string, value any) string {
	if text, isText := value.(string); isText {
		return text
	}
	return fmt.Sprintf("%s %s", name, tree.Describe(value))
}
