package schema

import (
	"regexp"
	"slices"
	"strings"
)

// field defines what a field takes: its own values, and tags; itself is the name
// of the definition.
func (j *jsonSchema) field(itself string, f *Field) object {
	return j.define(itself, j.takes(itself, f))
}

// takes gives what a field takes. Tags hold further values of it, and so refer
// to its own definition.
func (j *jsonSchema) takes(itself string, f *Field) object {
	var takes []object
	tagText := textUnlike(f.choices())
	if len(f.Values) > 0 {
		tagText = j.define(itself+".text", tagText)
	}
	if f.Nullable {
		takes = append(takes, object{"type": "null"})
	}
	switch f.Type {
	case Text:
		takes = append(takes, f.jsonText(tagText)...)
	case Integer:
		takes = append(takes, f.jsonInteger(), tagText)
	case Boolean:
		takes = append(takes, object{"type": "boolean"}, object{"enum": []int{0, 1}}, object{"enum": slices.Concat(trueWords, falseWords)},
			textUnlike([]string{"true", "false"}))
	case Pointer:
		takes = append(takes, tagText)
	case List:
		list := object{"type": "array", "errorMessage": "want " + f.want()}
		if least := f.leastElements(); least > 0 {
			list["minItems"] = least
		}
		if f.Element != nil {
			list["items"] = j.field(itself+".element", f.Element)
		}
		takes = append(takes, list, tagText)
	default:
		return object{}
	}
	tags := tagShapes{itself: refer(itself), text: tagText, field: f, schema: j.schema}
	return object{"anyOf": append(takes, tags.all()...)}
}

// jsonText gives what a field for text takes as it stands. Text that follows a
// tag looks the same, and so is held to no pattern: it is only not blank where
// the field can't be. A number becomes text. tagText is what may follow a tag
// where there are choices.
func (f *Field) jsonText(tagText object) []object {
	if len(f.Values) > 0 {
		return []object{f.jsonChoices(), tagText}
	}
	text := object{"type": "string", "errorMessage": "want " + f.want()}
	if f.CheckPlain("") != "" {
		text["pattern"] = `\S`
	}
	return []object{text, {"type": "number"}}
}

// jsonChoices gives the field's choices, with the version that each needs.
func (f *Field) jsonChoices() object {
	since := make([]string, len(f.Values))
	for i, choice := range f.Values {
		if choice.Since != "" {
			since[i] = "from authentik " + choice.Since + " on"
		}
	}
	made := object{"enum": f.choices()}
	if slices.ContainsFunc(since, func(text string) bool { return text != "" }) {
		made["enumDescriptions"] = since
	}
	return made
}

func (f *Field) jsonInteger() object {
	made := object{"type": "integer", "errorMessage": "want " + f.want()}
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
// meant as one of the choices.
func textUnlike(choices []string) object {
	text := object{"type": "string"}
	if len(choices) > 0 {
		text["not"] = object{"pattern": mistakes(choices)}
	}
	return text
}

// mistakes gives a pattern of what was most likely meant as one of the choices:
// what begins as all of them do up to a dot, or where they have no such
// beginning, what one slip of the keyboard separates from one. It matches the
// choices too.
func mistakes(choices []string) string {
	if prefix := commonPrefix(choices); prefix != "" {
		return "^" + regexp.QuoteMeta(prefix)
	}
	var slips []string
	for _, choice := range choices {
		slips = append(slips, slipsOf(choice)...)
	}
	return "^(?:" + strings.Join(slips, "|") + ")$"
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
