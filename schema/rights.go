package schema

import (
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
)

// Right is a permission of authentik by its full name, and what it is needed for.
type Right struct{ Permission, Why string }

// Need is a permission that a request takes; #Need in kind.cue says what each word
// means.
type Need struct {
	Span
	Permission string `json:"permission"`
	Is         *bool  `json:"is,omitempty"`
}

// Owned says what is so of objects that belong to users; #Kind in kind.cue says what
// each word means.
type Owned struct {
	Until string `json:"until,omitempty"`
	Why   string `json:"why"`
	// shown is set in a version in which a permission shows the objects of others.
	shown bool
}

// at returns it for a version.
func (o *Owned) at(version string) *Owned {
	if o == nil {
		return nil
	}
	own := *o
	own.shown = Span{Until: o.Until}.Gone(version)
	return &own
}

// needsAt returns those of needs that a version has.
func needsAt(needs []Need, version string) []Need {
	return slices.DeleteFunc(slices.Clone(needs), func(n Need) bool { return !n.Has(version) })
}

// at returns a request for a field as a version takes it, or nil.
func (v *Via) at(version string) *Via {
	if v == nil || !v.Has(version) {
		return nil
	}
	own := *v
	own.Needs, own.TakeNeeds = needsAt(v.Needs, version), needsAt(v.TakeNeeds, version)
	return &own
}

// Verb is what a request does with an object, as authentik's permissions name it.
type Verb string

// The verbs.
const (
	ToView   Verb = "view"
	ToAdd    Verb = "add"
	ToChange Verb = "change"
	ToDelete Verb = "delete"
)

// Rights returns what the usual requests of an API for objects of the kind take
// (authentik/rbac/permissions.py): a list and a single object that they are seen, all
// others what they do. Whatever is not seen can't be changed or deleted either.
func (k *Kind) Rights(verb Verb) []Right {
	if k.Open && verb == ToView || k.Owned != nil && (verb == ToAdd || !k.Owned.shown) {
		return nil
	}
	why := map[Verb]string{
		ToView: "see each " + k.Title, ToAdd: "create any " + k.Title, ToChange: "change any " + k.Title, ToDelete: "delete any " + k.Title,
	}[verb]
	return []Right{{usualRight(k.Model, verb), why}}
}

// usualRight is the permission that Django makes for each model.
func usualRight(model string, verb Verb) string {
	app, name, _ := strings.Cut(model, ".")
	return app + "." + string(verb) + "_" + name
}

// RightsTo returns what a write of the value takes beside the right to write the
// object.
func (f *Field) RightsTo(k *Kind, value any) []Right {
	var rights []Right
	for _, need := range f.Needs {
		if need.Is == nil || reflect.DeepEqual(value, *need.Is) {
			why := fmt.Sprintf("set %s of any %s", f.Name, k.Title)
			if need.Is != nil {
				why = fmt.Sprintf("make %s %v of any %s", f.Name, value, k.Title)
			}
			rights = append(rights, Right{need.Permission, why})
		}
	}
	return rights
}

// RightsToSet returns what the request takes that sets a field of its own.
func (f *Field) RightsToSet(k *Kind) []Right { return f.Via.rights(k, http.MethodPost, f.Name) }

// RightsToTake returns what the request takes that takes elements of a field of its
// own away.
func (f *Field) RightsToTake(k *Kind) []Right { return f.Via.rights(k, http.MethodPatch, f.Name) }

// rights are those of the request by a method: what its view asks for, and what all
// requests by the method take of whoever does not own the object. name is what is set.
func (v *Via) rights(k *Kind, method, name string) []Right {
	needs, verb, why := v.Needs, ToAdd, fmt.Sprintf("set %s of any %s", name, k.Title)
	if method == http.MethodPatch {
		needs, verb, why = v.TakeNeeds, ToChange, fmt.Sprintf("take %s from any %s", name, k.Title)
	}
	model := v.Of
	if model == "" {
		model = k.Model
	}
	var rights []Right
	for _, need := range needs {
		rights = append(rights, Right{need.Permission, why})
	}
	if needs == nil {
		rights = append(rights, Right{usualRight(model, ToChange), why})
	}
	if k.Owned == nil {
		rights = append(rights, Right{usualRight(model, verb), why})
	}
	return rights
}

// RightsToGive returns what it takes to permit an object of the kind something with a
// single object.
func (h *Holds) RightsToGive(k *Kind) []Right {
	why := fmt.Sprintf("permit any %s something with one object", k.Title)
	rights := []Right{{usualRight(k.Model, ToAdd), why}} // as each POST takes it
	for _, need := range h.Needs {
		rights = append(rights, Right{need.Permission, why})
	}
	return rights
}

// RightsToSeeUsers returns what it takes to be told of all that uses an object of the
// kind: authentik lists only what the caller may see, and of a field that all kinds of
// a base have whoever may see the base (authentik/core/api/used_by.py).
func (s *Schema) RightsToSeeUsers(k *Kind) []Right {
	why := fmt.Sprintf("see what uses any %s before it is deleted", k.Title)
	var rights []Right
	for _, need := range k.Needs {
		rights = append(rights, Right{need.Permission, why})
	}
	for _, by := range s.Referrers(k) {
		if by.Field.Mirrors != "" || by.Kind.Bound(k) != nil && by.Field.Name == by.Kind.Label[0] {
			continue // none that uses it: what it has itself, or what is bound to it
		}
		model := s.seenAs(by.Kind, by.Field)
		right := Right{usualRight(model, ToView), why}
		if model != "" && !slices.Contains(rights, right) {
			rights = append(rights, right)
		}
	}
	return rights
}

// SeenByNobody reports whether authentik tells nobody that an object is used by way of the
// field.
func (f *Field) SeenByNobody() bool { return f.Seen != nil && *f.Seen == "" }

// UsesAs returns the models as which authentik lists objects of the kind that use others:
// its own, its bases, which have the relations that all their kinds have, and those that are
// said of its fields, such as that of OAuth2 providers of a proxy's.
func (k *Kind) UsesAs() []string {
	models := append([]string{k.Model}, k.Bases...)
	for _, field := range k.Fields.Fields {
		if field.Seen != nil && !field.SeenByNobody() && !slices.Contains(models, *field.Seen) {
			models = append(models, *field.Seen)
		}
	}
	return models
}

// seenAs returns the model as which authentik lists an object that uses another one by
// way of a field: the base whose objects have the field, or the kind itself, where
// nothing else is said.
func (s *Schema) seenAs(k *Kind, field *Field) string {
	if field.Seen != nil {
		return *field.Seen
	}
	for _, base := range k.Bases {
		if of := s.Kind(base); of != nil && of.Fields.Field(field.Name) != nil {
			return base
		}
	}
	return k.Model
}
