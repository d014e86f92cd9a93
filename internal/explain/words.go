package explain

import (
	"fmt"
	"strings"

	"github.com/aksync/aksync/schema"
)

// typeWords says what a field takes.
func typeWords(f *schema.Field) string {
	switch {
	case f.Type == schema.List && f.Element != nil && f.Refers != "":
		return "list of references to " + f.Refers
	case f.Type == schema.List && f.Element != nil:
		return "list of " + elementWords(f.Element)
	case f.Refers != "":
		return "reference to " + f.Refers
	case f.Duration:
		return "duration"
	case f.Type == schema.Text && len(f.Values) > 0:
		return choiceWords(f.Values)
	}
	switch f.Type {
	case schema.Text:
		return textWords(f)
	case schema.Integer:
		return "whole number" + boundWords(f)
	case schema.Number:
		return "number" + boundWords(f)
	case schema.Boolean:
		return "true or false"
	case schema.Pointer:
		return "uuid"
	case schema.Time:
		return "date and time"
	case schema.List:
		return "list"
	case schema.Struct:
		return "mapping of " + strings.Join(f.Fields.Names(), ", ")
	}
	switch {
	case f.Mapping:
		return "mapping"
	case f.Collection:
		return "list or mapping"
	}
	return "any value"
}

func elementWords(f *schema.Field) string {
	switch {
	case f.Type == schema.Text && len(f.Values) > mostShown:
		return fmt.Sprintf("some of %d values such as %s", len(f.Values), f.Values[0].Value)
	case f.Type == schema.Struct:
		return "mappings of " + strings.Join(f.Fields.Names(), ", ")
	case f.Type == schema.Pointer:
		return "uuids"
	case f.Type == schema.Integer:
		return "whole numbers"
	case f.Type == schema.JSON && f.Mapping:
		return "mappings"
	case f.Type == schema.JSON:
		return "any values"
	}
	return typeWords(f)
}

// mostShown is how many values of an enumeration stand in one line.
const mostShown = 8

func choiceWords(choices []schema.Choice) string {
	if len(choices) > mostShown {
		return fmt.Sprintf("one of %d values such as %s", len(choices), choices[0].Value)
	}
	var names []string
	for _, choice := range choices {
		if choice.Refused == "" {
			names = append(names, choice.Value)
		}
	}
	return strings.Join(names, " | ")
}

// slug is what the name of something in a URL matches.
const slug = "^[-a-zA-Z0-9_]+$"

func textWords(f *schema.Field) string {
	words := "text"
	switch {
	case f.Pattern == slug:
		words = "text of letters, digits, - and _"
	case f.Pattern != "" && f.Want != "":
		words = f.Want
	case f.Pattern != "":
		words = "text that matches " + f.Pattern
	}
	if f.Max != nil {
		words += fmt.Sprintf(", at most %s characters", f.Max)
	}
	return words
}

// most is the greatest number that the database holds for most fields: a bound that
// nobody has to be told of.
const most = 1<<31 - 1

func boundWords(f *schema.Field) string {
	least := f.Min != nil && (!f.Min.IsInt64() || f.Min.Int64() > -most-1)
	greatest := f.Max != nil && (!f.Max.IsInt64() || f.Max.Int64() < most)
	switch {
	case least && greatest:
		return fmt.Sprintf(" from %s to %s", f.Min, f.Max)
	case least:
		return fmt.Sprintf(" from %s", f.Min)
	case greatest:
		return fmt.Sprintf(" up to %s", f.Max)
	}
	return ""
}

// shortSpan says which versions have something where it is plain whose versions they are.
func shortSpan(s schema.Span) string { return strings.Replace(s.Words(), "authentik ", "", 1) }

// tied is a space at which no line is broken.
const tied = "\u00a0"

// defaultWords says what becomes of a field that is left out on creation.
func defaultWords(f *schema.Field) string {
	switch value, has := given(f); {
	case has && value == nil:
		return "default" + tied + "null"
	case has:
		return "default" + tied + shortened(flow(value))
	case f.Generated:
		return "made up where left out"
	}
	return ""
}

// mostDefault is how much of a default stands in a line.
const mostDefault = 55

func shortened(text string) string {
	if runes := []rune(text); len(runes) > mostDefault {
		return string(runes[:mostDefault]) + "…"
	}
	return text
}

// given returns what an object is created with where the field is left out, and
// reports whether that is known.
func given(f *schema.Field) (value any, has bool) {
	switch {
	case f.HasOnCreate:
		return f.OnCreate, true
	case f.HasDefault:
		return f.Default, true
	}
	return nil, false
}

// isRequired reports whether whoever creates an object has to give the field.
func isRequired(f *schema.Field) bool { return f.Required && !f.HasOnCreate }

// brief says in a few words what a field takes and what is special of it.
func brief(f *schema.Field) string { return summary(f, defaultWords(f), f.Span) }

func summary(f *schema.Field, ends string, span schema.Span) string {
	words := typeWords(f)
	if value, has := given(f); f.Nullable && (!has || value != nil) {
		words += ", or null"
	}
	parts := []string{words}
	add := func(holds bool, word string) {
		if holds && word != "" {
			parts = append(parts, word)
		}
	}
	add(true, ends)
	add(f.Unique && f.Type == schema.Boolean, "true in one only")
	add(f.Unique && f.Type != schema.Boolean, "unique")
	add(f.Sensitive, "secret")
	add(f.WriteOnly, "never shown")
	add(true, shortSpan(span))
	return strings.Join(parts, "; ")
}
