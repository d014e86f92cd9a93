package explain

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
)

// Values are as tree.Value.Plain has them; a tag is a mapping with its name as the
// only key, as a blueprint in CUE has it.

// tagged returns the tag that a value is, and what follows it.
func tagged(value any) (tag string, of any, isTag bool) {
	object, isObject := value.(map[string]any)
	if !isObject || len(object) != 1 {
		return "", nil, false
	}
	for tag, of = range object {
		return tag, of, strings.HasPrefix(tag, "!")
	}
	return "", nil, false
}

// flow writes a value in one line of YAML.
func flow(value any) string {
	if tag, of, isTag := tagged(value); isTag {
		return tag + " " + flow(of)
	}
	switch value := value.(type) {
	case nil:
		return "null"
	case string:
		return text(value)
	case []any:
		parts := make([]string, len(value))
		for i, element := range value {
			parts[i] = flow(element)
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case map[string]any:
		var parts []string
		for _, key := range sorted(value) {
			parts = append(parts, text(key)+": "+flow(value[key]))
		}
		return "{" + strings.Join(parts, ", ") + "}"
	}
	return fmt.Sprint(value)
}

// plain is text that every reader of YAML takes for the same text without quotes, and
// words are what they take for something else.
var (
	plain = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_./=@-]*(?: [A-Za-z0-9_./=@-]+)*$`)
	words = regexp.MustCompile(`(?i)^(y|n|yes|no|true|false|on|off|null)$`)
)

// text writes text, in quotes where YAML needs them.
func text(value string) string {
	if plain.MatchString(value) && !words.MatchString(value) {
		return value
	}
	return quoted(value)
}

// quoted writes text in quotes, as JSON, YAML and CUE have it.
func quoted(value string) string {
	var out strings.Builder
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(value) // text can be encoded
	return strings.TrimSuffix(out.String(), "\n")
}

// block writes a value behind a name in YAML: in the same line where it is one of a
// few words, else in lines of their own below, indented.
func block(value any, indent string) string {
	_, _, isTag := tagged(value)
	switch value := value.(type) {
	case []any:
		if len(value) == 0 {
			break
		}
		var lines strings.Builder
		for _, element := range value {
			fmt.Fprintf(&lines, "\n%s- %s", indent, strings.TrimLeft(block(element, indent+"  "), "\n "))
		}
		return lines.String()
	case map[string]any:
		if len(value) == 0 || isTag {
			break
		}
		var lines strings.Builder
		for _, key := range sorted(value) {
			fmt.Fprintf(&lines, "\n%s%s:%s", indent, text(key), block(value[key], indent+"  "))
		}
		return lines.String()
	}
	return " " + flow(value)
}
