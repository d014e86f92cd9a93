package schema

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
)

// field gives what a field takes: its own values, and tags. Fields that take the
// same have one definition.
func (j *jsonSchema) field(f *Field) object {
	takes := described(j.takes(f), &Field{Data: f.Data, Refers: f.Refers})
	return j.share(f.jsonName(), takes)
}

// jsonName is what the definition of what a field takes is called: by what is said
// of the field, and by its name where that is its own.
func (f *Field) jsonName() string {
	parts := []string{string(f.Type)}
	switch {
	case f.Refers != "":
		parts = append(parts, f.Refers)
	case len(f.Values) > 0 || f.Type == Struct || f.Want != "":
		parts = append(parts, f.Name)
	}
	if f.Min != nil {
		parts = append(parts, "from"+f.Min.String())
	}
	if f.Max != nil {
		parts = append(parts, "to"+f.Max.String())
	}
	for _, word := range []struct {
		name string
		is   bool
	}{{"pattern", f.Pattern != ""}, {"duration", f.Duration}, {"mapping", f.Mapping}, {"null", f.Nullable}} {
		if word.is {
			parts = append(parts, word.name)
		}
	}
	return strings.Join(parts, ".")
}

// takes gives what a field takes. Tags hold further values of it, and so refer
// to its own definition.
func (j *jsonSchema) takes(f *Field) object {
	var takes []object
	tagText := j.textUnlike(f)
	if f.Nullable {
		takes = append(takes, object{"type": "null"})
	}
	switch f.Type {
	case Text:
		takes = append(takes, f.jsonText(tagText)...)
	case Integer, Number:
		takes = append(takes, f.jsonNumber(), tagText)
	case Boolean:
		takes = append(takes, object{"type": "boolean"}, object{"enum": []int{0, 1}}, object{"enum": slices.Concat(trueWords, falseWords)}, tagText)
	case Pointer, Time:
		takes = append(takes, tagText)
	case List:
		takes = append(takes, j.list(f), tagText)
	case Struct:
		takes = append(takes, j.structure(f), tagText)
	default:
		return f.jsonAnything()
	}
	tags := tagShapes{itself: refer(itself), text: tagText, field: f, schema: j.schema}
	return object{"anyOf": append(takes, tags.all()...)}
}

func (j *jsonSchema) list(f *Field) object {
	list := object{"type": "array", "errorMessage": "want " + f.want()}
	if least := f.leastElements(); least > 0 {
		list["minItems"] = least
	}
	if f.Element != nil {
		list["items"] = j.field(f.Element)
	}
	return list
}

func (j *jsonSchema) structure(f *Field) object {
	properties, required := object{}, []string{}
	for _, field := range f.Fields.Fields {
		properties[field.Name] = j.field(field)
		if field.Required {
			required = append(required, field.Name)
		}
	}
	return object{"type": "object", "properties": properties, "required": required, "additionalProperties": false}
}

// jsonAnything is what a field for JSON takes: a tag may give it, and looks like
// text or a list.
func (f *Field) jsonAnything() object {
	if !f.Mapping {
		return object{}
	}
	types := []string{"object", "array", "string"}
	if f.Nullable {
		types = append(types, "null")
	}
	return object{"type": types}
}

// jsonText gives what a field for text takes as it stands. Text that follows a
// tag looks the same, and so is held to no pattern: it is only not blank where
// the field can't be. A number becomes text. tagText is what may follow a tag
// where there are choices.
func (f *Field) jsonText(tagText object) []object {
	if len(f.Values) > 0 {
		takes := []object{f.jsonChoices(), tagText}
		if numbers := f.numbers(); len(numbers) > 0 {
			takes = append(takes, object{"enum": numbers})
		}
		return takes
	}
	text := object{"type": "string", "errorMessage": "want " + f.want()}
	if f.CheckPlain("") != "" {
		text["pattern"] = `\S`
	}
	return []object{text, {"type": "number"}}
}

// numbers gives the choices that are numbers: a number becomes text.
func (f *Field) numbers() []json.Number {
	var numbers []json.Number
	for _, choice := range f.Values {
		if wholeNumber.MatchString(choice.Value) {
			numbers = append(numbers, json.Number(choice.Value))
		}
	}
	return numbers
}

// jsonChoices gives the field's choices, with the version that each needs.
func (f *Field) jsonChoices() object {
	since := make([]string, len(f.Values))
	for i, choice := range f.Values {
		since[i] = Span{Since: choice.Since}.Words()
	}
	made := object{"enum": f.choices()}
	if slices.ContainsFunc(since, func(text string) bool { return text != "" }) {
		made["enumDescriptions"] = since
	}
	return made
}

func (f *Field) jsonNumber() object {
	made := object{"type": f.Type, "errorMessage": "want " + f.want()}
	if f.Min != nil {
		made["minimum"] = f.Min
	}
	if f.Max != nil {
		made["maximum"] = f.Max
	}
	return made
}

// leastElements gives how many elements a list has to have.
func (f *Field) leastElements() int {
	if f.Min == nil {
		return 0
	}
	return int(f.Min.Int64())
}

// textUnlike takes text that may follow a tag, and none that was most likely
// meant as one of the choices, or as a truth value.
func (j *jsonSchema) textUnlike(f *Field) object {
	choices := f.choices()
	if f.Type == Boolean {
		choices = []string{"true", "false"}
	}
	pattern := mistakes(choices)
	if pattern == "" {
		return object{"type": "string"}
	}
	unlike := object{"type": "string", "not": object{"pattern": pattern}}
	if len(f.Values) > 0 {
		return j.share("text."+f.Name+".unlike", unlike)
	}
	return unlike
}

// mostMistakes bounds the length of a pattern of mistakes.
const mostMistakes = 6000

// mistakes gives a pattern of what was most likely meant as one of the choices:
// what begins as all of them do up to a dot, or where they have no such
// beginning, what one slip of the keyboard separates from one. It matches the
// choices too. There is none where it would be too long to be of use.
func mistakes(choices []string) string {
	if prefix := commonPrefix(choices); prefix != "" {
		return "^" + regexp.QuoteMeta(prefix)
	}
	var slips []string
	for _, choice := range choices {
		slips = append(slips, slipsOf(choice)...)
	}
	pattern := "^(?:" + strings.Join(slips, "|") + ")$"
	if len(slips) == 0 || len(pattern) > mostMistakes {
		return ""
	}
	return pattern
}

// commonPrefix gives the dotted names that several choices all begin with.
func commonPrefix(choices []string) string {
	if len(choices) < 2 {
		return ""
	}
	prefix := choices[0]
	for _, choice := range choices {
		for !strings.HasPrefix(choice, prefix) {
			prefix = prefix[:len(prefix)-1]
		}
	}
	return prefix[:strings.LastIndex(prefix, ".")+1]
}

// slipsOf gives patterns of a word with one letter wrong, missing or too many,
// or two that are swapped.
func slipsOf(word string) []string {
	letters := strings.Split(word, "")
	part := func(from, to int) string { return regexp.QuoteMeta(strings.Join(letters[from:to], "")) }
	slips := []string{part(0, len(letters)) + ".?"}
	for i := range letters {
		slips = append(slips, part(0, i)+".?"+part(i+1, len(letters)), part(0, i)+"."+part(i, len(letters)))
		if i+1 < len(letters) {
			slips = append(slips, part(0, i)+part(i+1, i+2)+part(i, i+1)+part(i+2, len(letters)))
		}
	}
	return slips
}
