package explain

import (
	"slices"
	"strings"

	"github.com/aksync/aksync/schema"
)

// Complete returns the names that begin with a word: models, short or as authentik has
// them, and behind the name of a model and a dot its fields.
func Complete(s *schema.Schema, word string) []string {
	if dot := strings.LastIndex(word, "."); dot > 0 {
		if subject, err := Find(s, word[:dot]); err == nil {
			return beginWith(word, fieldsBelow(subject, word[:dot+1]))
		}
	}
	return beginWith(word, modelNames(s.Models(), s.Models(), word))
}

// CompleteCreatable is Complete for models alone whose objects can be created.
func CompleteCreatable(s *schema.Schema, word string) []string {
	var models []string
	for _, kind := range s.Managed() {
		if kind.Create {
			models = append(models, kind.Model)
		}
	}
	return beginWith(word, modelNames(s.Models(), models, word))
}

// modelNames returns short names; those that begin with the app's where that is what the
// word begins with.
func modelNames(all, models []string, word string) []string {
	var names []string
	for _, model := range models {
		names = append(names, Short(all, model))
		if word != "" {
			names = append(names, model, strings.TrimPrefix(model, prefix))
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func fieldsBelow(subject Subject, before string) []string {
	at := subject.Kind.Fields.Fields
	for _, name := range subject.Path {
		field := named(at, name)
		if field == nil {
			return nil
		}
		at = parts(field)
	}
	names := make([]string, len(at))
	for i, field := range at {
		names[i] = before + field.Name
	}
	return names
}

func beginWith(word string, names []string) []string {
	return slices.DeleteFunc(names, func(name string) bool { return !strings.HasPrefix(strings.ToLower(name), strings.ToLower(word)) })
}
