package explain

import (
	"fmt"
	"slices"
	"strings"

	"github.com/aksync/aksync/schema"
)

// notes say what else is so of a field of a kind, a sentence each.
func notes(k *schema.Kind, f *schema.Field) []string {
	var all []string
	note := func(holds bool, format string, a ...any) {
		if holds {
			all = append(all, fmt.Sprintf(format, a...))
		}
	}
	note(f.Unique && f.Type == schema.Boolean, "only one %s has true", k.Title)
	note(f.Unique && f.Type != schema.Boolean, "no other %s has the same", others(k, f))
	note(f.Set, "the order does not count")
	note(f.Superset, "authentik adds some of its own, which stay")
	note(f.Sensitive, "it is secret and in no output: take it from !Env or !File")
	note(f.WriteOnly, "%s", hiddenWords(f))
	note(f.Generated, "where it is left out, authentik makes it up")
	note(f.Cascades, "where that object is deleted, so is this one")
	note(f.Inherits, "a %s has all the rights of what it refers to", k.Title)
	note(f.Superuser, "true lets whoever is of the %s do everything", k.Title)
	note(f.Empowers != "", "whoever may change it can %s", f.Empowers)
	note(f.Grants != "", "each is the full name of a permission, such as authentik_core.view_user")
	note(f.Loses != "", "where it becomes null, %s", f.Loses)
	note(f.Mirrors != "", "it is the other side of %s: set one of the two", f.Mirrors)
	note(f.TakenFor() != "", "from authentik %s on it is taken for %s", f.Until, f.TakenFor())
	note(f.TakenFor() == "" && f.WordsOfSuccessor() != "", "from authentik %s on: %s", f.Until, f.WordsOfSuccessor())
	for i := range f.Variants {
		note(true, "%s", variantWords(f, &f.Variants[i]))
	}
	for _, since := range sorted(f.Shifts) {
		note(true, "from authentik %s on it means something else: %s", since, f.Shifts[since])
	}
	note(f.Volatile, "the server changes it by itself")
	note(len(f.Unless) > 0, "the server sets it, and it is not compared, %s", unlessWords(f))
	for _, need := range f.Needs {
		if need.Is == nil {
			note(true, "to write it takes the permission %s", need.Permission)
		} else {
			note(true, "to make it %t takes the permission %s", *need.Is, need.Permission)
		}
	}
	for _, names := range k.OneOf {
		note(slices.Contains(names, f.Name), "one of %s has to be set", strings.Join(names, ", "))
	}
	return all
}

// variantWords say what is so of a field in some versions only.
func variantWords(f *schema.Field, v *schema.Variant) string {
	var parts []string
	part := func(holds bool, format string, a ...any) {
		if holds {
			parts = append(parts, fmt.Sprintf(format, a...))
		}
	}
	of := ""
	if f.Type == schema.Text && v.Type != schema.Integer {
		of = " characters"
	}
	part(v.Type == schema.Integer, "a whole number")
	part(v.Type == "" && v.Min != nil && v.Min.Sign() > 0 && of != "", "not empty")
	part(v.Type == "" && v.Min != nil && of == "", "at least %s", v.Min)
	part(v.Type == "" && v.Max != nil, "at most %s%s", v.Max, of)
	part(v.Want != "", "%s", v.Want)
	part(v.Nullable != nil && !*v.Nullable, "not null")
	part(v.Required != nil && *v.Required, "required to create an object")
	part(v.Default != nil, "where it is left out, %s", v.Default)
	part(v.Now != "", "since then written as %s", strings.ReplaceAll(v.Now, "{}", "…"))
	return v.Span.Words() + ": " + strings.Join(parts, ", ")
}

// others says which objects a unique field tells apart.
func others(k *schema.Kind, f *schema.Field) string {
	if k.Scope != "" && f.Name == k.Key {
		return k.Scope + " of whatever kind"
	}
	return k.Title
}

// hiddenWords says what aksync does with a field that it can't read back.
func hiddenWords(f *schema.Field) string {
	switch {
	case f.Via.Views():
		return "authentik shows it on demand only, and notes that in its log: it is read where it is declared"
	case f.Proof != nil && !f.GoesAlong():
		return "authentik does not show it: it is compared by " + f.Proof.Field
	}
	words := "authentik shows it to nobody"
	if f.Proof != nil {
		words = "authentik shows only whether there is one, as " + f.Proof.Field
	}
	if f.GoesAlong() {
		return words + ": it is sent on creation, along with other changes, and with --write-secrets"
	}
	return words + ": it is sent on creation, and with --write-secrets"
}

func unlessWords(f *schema.Field) string {
	var parts []string
	for _, name := range sorted(f.Unless) {
		parts = append(parts, fmt.Sprintf("%s is %s", name, flow(f.Unless[name])))
	}
	return "where " + strings.Join(parts, " and ")
}

// kindNotes say what else is so of objects of a kind.
func kindNotes(k *schema.Kind) []string {
	var all []string
	if k.Why != "" {
		all = append(all, k.Why)
	}
	if k.Created != "" {
		all = append(all, "none can be created before authentik "+k.Created)
	}
	if k.Owned != nil {
		all = append(all, k.Owned.Why)
	}
	for _, names := range k.OneOf {
		all = append(all, fmt.Sprintf("one of %s has to be set", strings.Join(names, ", ")))
	}
	if k.Last != "" {
		all = append(all, fmt.Sprintf("where the last one of something goes, %s", k.Last))
	}
	return all
}
