package schema

import (
	"fmt"
	"strings"
)

// want says in words what a value has to be.
func (f *Field) want() string {
	if f.Want != "" {
		return f.Want
	}
	words := f.wantData()
	if f.Nullable {
		words += ", or null"
	}
	return words
}

// mostNamed is how many values of an enumeration are named.
const mostNamed = 12

func (f *Field) wantData() string {
	switch {
	case f.Type == List && f.Element != nil:
		return "a list of which each element is " + f.Element.want()
	case f.Refers != "":
		return fmt.Sprintf("a reference such as !Find [%s, [field, value]], or a primary key", f.Refers)
	case len(f.Values) > mostNamed:
		return fmt.Sprintf("one of %d values such as %s", len(f.Values), f.Values[0].Value)
	case len(f.Values) > 0:
		return f.oneOf()
	}
	switch f.Type {
	case Text:
		return f.wantText()
	case Integer, Number:
		return f.wantNumber()
	case Boolean:
		return "true or false"
	case Pointer:
		return "a uuid"
	case Time:
		return "a date and a time such as 2026-01-31T12:00:00Z"
	case List:
		return "a list"
	case Struct:
		return "a mapping of " + strings.Join(f.Fields.Names(), ", ")
	case JSON:
		switch {
		case f.Mapping:
			return "a mapping"
		case f.Collection:
			return "a list or a mapping"
		}
	}
	return "anything"
}

func (f *Field) oneOf() string {
	names := f.choices()
	if len(names) == 1 {
		return names[0]
	}
	return strings.Join(names[:len(names)-1], ", ") + " or " + names[len(names)-1]
}

// choices gives the values that the field counts.
func (f *Field) choices() []string {
	names := make([]string, len(f.Values))
	for i, choice := range f.Values {
		names[i] = choice.Value
	}
	return names
}

func (f *Field) wantText() string {
	words := "text"
	switch {
	case f.Duration:
		return "a duration such as hours=1;minutes=30"
	case f.Max != nil:
		words = fmt.Sprintf("text of at most %s characters", f.Max)
	}
	switch {
	case f.Pattern != "":
		words += " that matches " + f.Pattern
	case f.Min != nil && f.Min.Sign() > 0:
		words += " that is not blank"
	}
	return words
}

func (f *Field) wantNumber() string {
	words := "a number"
	if f.Type == Integer {
		words = "a whole number"
	}
	switch {
	case f.Min != nil && f.Max != nil:
		return fmt.Sprintf("%s from %s to %s", words, f.Min, f.Max)
	case f.Min != nil:
		return fmt.Sprintf("%s of at least %s", words, f.Min)
	case f.Max != nil:
		return fmt.Sprintf("%s of at most %s", words, f.Max)
	}
	return words
}
