package explain

import (
	"maps"
	"slices"
	"strings"

	"github.com/aksync/aksync/schema"
)

// Field writes all that is known of a field.
func (t *Text) Field(d *Detail) error {
	t.line("%s", t.head("%s", d.Path))
	t.line("%s", t.faint("%s", d.Model))
	t.line("")
	t.sentence("  ", d.Takes+orNull(d.Field))
	t.line("")
	for _, note := range d.sentences() {
		t.sentence("  - ", note)
	}
	t.choices(d.Values)
	if len(d.Members) > 0 {
		t.list("One of the models", d.Members)
	}
	t.fields("Fields", d.Fields)
	t.examples(d)
	return t.err
}

func orNull(f *Field) string {
	if f.Nullable {
		return ", or null"
	}
	return ""
}

// sentences say what is so of the field, the most important first.
func (d *Detail) sentences() []string {
	var all []string
	add := func(sentence string) {
		if sentence != "" {
			all = append(all, sentence)
		}
	}
	switch {
	case d.ReadOnly != "":
		add(d.ReadOnly)
	case d.Required:
		add("required to create an object")
	case d.Default != nil:
		add("optional; where it is left out on creation, it is " + d.defaultText())
	default:
		add("optional")
	}
	add(d.Span.Words())
	add(boundSentence(d.Field))
	return append(all, d.Notes...)
}

// boundSentence says what bounds the field.
func boundSentence(f *Field) string {
	of := map[schema.Type]string{schema.Text: " characters", schema.List: " elements"}[f.Type]
	var parts []string
	if f.Min != nil {
		parts = append(parts, "at least "+f.Min.String()+of)
	}
	if f.Max != nil {
		parts = append(parts, "at most "+f.Max.String()+of)
	}
	words := strings.ReplaceAll(strings.Join(parts, ", "), "at least 1 characters", "not empty")
	return strings.ReplaceAll(words, "at least 1 elements", "not empty")
}

func (d *Detail) defaultText() string {
	if text := string(d.Default); !slices.Contains([]string{`""`, "[]", "{}"}, text) {
		return text
	}
	return "empty"
}

// choices writes the values that a field takes, with their versions.
func (t *Text) choices(choices []schema.Choice) {
	if len(choices) == 0 {
		return
	}
	t.line("")
	t.line("%s", t.head("Values"))
	width := 0
	for _, choice := range choices {
		width = max(width, len(choice.Value))
	}
	for _, choice := range choices {
		t.row("  ", min(width, mostWidth), choice.Value, choiceNote(choice))
	}
}

func choiceNote(choice schema.Choice) string {
	var parts []string
	if words := choice.Span.Words(); words != "" {
		parts = append(parts, words)
	}
	if choice.Refused != "" {
		parts = append(parts, "not in a blueprint: "+choice.Refused)
	}
	for _, name := range sorted(choice.Beside) {
		parts = append(parts, "the server takes another one where "+name+" is "+choice.Beside[name])
	}
	return strings.Join(parts, "; ")
}

func (t *Text) list(headline string, words []string) {
	t.line("")
	t.line("%s", t.head("%s", headline))
	for _, word := range words {
		t.line("  %s", word)
	}
}

// examples write the field as a blueprint has it.
func (t *Text) examples(d *Detail) {
	if d.ReadOnly != "" {
		return
	}
	lines := []string{d.Example}
	if d.Refers != "" {
		lines = append(lines, keyOfExample(d.Field)+"   # an entry of this blueprint, by its id")
	}
	t.list("Example", lines)
}

func keyOfExample(f *Field) string {
	if f.Type == schema.List {
		return f.Name + ": [!KeyOf my-id]"
	}
	return f.Name + ": !KeyOf my-id"
}

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
