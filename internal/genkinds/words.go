package genkinds

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
)

// word is a word of CUE and its value.
type word struct{ name, value string }

// words are those of a kind or of a field that are not given by hand.
type words struct {
	list  []word
	given func(name string) bool
}

// add adds a word, unless it is given by hand.
func (w *words) add(name, value string) {
	if w.given == nil || !w.given(name) {
		w.list = append(w.list, word{name, value})
	}
}

func (w *words) text(name, value string) {
	if value != "" {
		w.add(name, quote(value))
	}
}

// literal adds a word whose value is CUE already, if it has one.
func (w *words) literal(name, value string) {
	if value != "" {
		w.add(name, value)
	}
}

func (w *words) flag(name string, set bool) {
	if set {
		w.add(name, "true")
	}
}

func (w *words) span(s span) {
	w.text("since", s.Since)
	w.text("until", s.Until)
}

// String is the words as a struct in one line.
func (w *words) String() string {
	parts := make([]string, len(w.list))
	for i, word := range w.list {
		parts[i] = word.name + ": " + word.value
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

func quote(text string) string {
	quoted, err := plain(text)
	if err != nil {
		panic(err) // text is always JSON
	}
	return string(quoted)
}

// identifier is a name that CUE takes without quotes.
var identifier = regexp.MustCompile("^(_?[A-Za-z][A-Za-z0-9_]*)$")

// label is the name of a field as CUE has it.
func label(name string) string {
	if !identifier.MatchString(name) {
		return quote(name)
	}
	return name
}

// data gives the words of what a value has to be. Text that can be written is
// trimmed, but for that of an enumeration.
func (w *words) data(fact *Fact, written bool) {
	w.text("type", fact.Type)
	w.flag("nullable", fact.Nullable)
	if fact.Type != "text" || len(fact.Values) == 0 {
		w.literal("min", bound(fact.Min))
		w.literal("max", bound(fact.Max))
	}
	w.text("pattern", fact.Pattern)
	w.flag("mapping", fact.Mapping)
	w.flag("duration", fact.Duration)
	w.flag("trim", written && fact.Type == "text" && len(fact.Values) == 0)
	if len(fact.Values) > 0 {
		w.add("values", spans(fact.Values, fact.Spans))
	}
	if fact.Element != nil {
		element := &words{}
		element.data(fact.Element, written)
		w.add("element", element.String())
	}
	if len(fact.Fields) > 0 {
		w.add("fields", shape(fact.Fields, written))
	}
}

// spans writes names with the versions that have them.
func spans(names []string, of map[string]span) string {
	parts := make([]string, len(names))
	for i, name := range names {
		having := &words{}
		having.span(of[name])
		having.text("successor", of[name].Successor)
		parts[i] = label(name) + ": " + having.String()
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

func shape(facts []*Fact, written bool) string {
	parts := make([]string, len(facts))
	for i, fact := range facts {
		field := &words{}
		field.data(fact, written)
		field.span(span{Since: fact.Since, Until: fact.Until})
		field.flag("required", fact.Required)
		parts[i] = label(fact.Name) + ": " + field.String()
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

// rule adds the words that hold for all fields of the name.
func (w *words) rule(rule map[string]json.RawMessage, fits func(word string) bool) {
	for _, name := range slices.Sorted(keysOf(rule)) {
		if fits(name) {
			w.add(name, string(rule[name]))
		}
	}
}

// has reports whether the words have one of that name.
func (w *words) has(name string) bool {
	return slices.ContainsFunc(w.list, func(word word) bool { return word.name == name }) || w.given != nil && w.given(name)
}

// title is what people call the objects of a class: PasswordStage is a password
// stage, OAuth2Provider an OAuth2 provider. names are words that keep their
// capitals.
func title(class string, names []string) string {
	var parts []string
	for rest := class; rest != ""; {
		part := firstWord(rest, names)
		rest = rest[len(part):]
		if !slices.Contains(names, part) && (len(part) == 1 || strings.ToUpper(part) != part) {
			part = strings.ToLower(part)
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, " ")
}

// firstWord gives the first word of a name such as PasswordStage: the longest of
// names that it begins with, or a capital and the small letters behind it, or
// capitals up to the next word.
func firstWord(text string, names []string) string {
	longest := ""
	for _, name := range names {
		if len(name) > len(longest) && strings.HasPrefix(text, name) {
			longest = name
		}
	}
	if longest != "" {
		return longest
	}
	isCapital := func(at int) bool { return at < len(text) && (text[at] < 'a' || text[at] > 'z') }
	end := 1
	if isCapital(1) {
		for end < len(text) && isCapital(end) && (end+1 == len(text) || isCapital(end+1)) {
			end++
		}
		return text[:end]
	}
	for end < len(text) && !isCapital(end) {
		end++
	}
	return text[:end]
}
