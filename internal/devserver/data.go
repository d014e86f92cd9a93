package devserver

import (
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
)

// complainOfData says what is wrong with a value that refers to nothing.
func (c *check) complainOfData(field *schema.Field, name string, value, normalized tree.Value) any {
	switch field.Type {
	case schema.Text:
		return c.complainOfText(field, name, value, normalized)
	case schema.Integer:
		return complainOfInteger(field, value, normalized)
	case schema.Number:
		return complainOfNumber(normalized)
	case schema.Boolean:
		if _, isBool := normalized.Data.(bool); !isBool {
			return []string{"Must be a valid boolean."}
		}
	case schema.Time:
		return c.complainOfTime(normalized)
	case schema.List:
		return c.complainOfList(field, name, value, normalized)
	case schema.Pointer:
		if text, isText := normalized.Data.(string); !isText || !isUUID(text) {
			return []string{"Must be a valid UUID."}
		}
	case schema.Struct:
		return c.complainOfStruct(field, value, normalized)
	case schema.JSON:
		if holdsNUL(value.Plain()) {
			c.crashes = true // normalise/json-7
		}
		if _, isMap := value.Data.(tree.Map); field.Mapping && !isMap && !slices.Contains(c.table.about.AnyJSON, name) {
			return []string{"Value must be a dictionary, and not have any duplicate keys."}
		}
	}
	return nil
}

// holdsNUL reports whether PostgreSQL can't hold what JSON says.
func holdsNUL(value any) bool {
	switch value := value.(type) {
	case string:
		return strings.Contains(value, "\x00")
	case []any:
		return slices.ContainsFunc(value, holdsNUL)
	case map[string]any:
		for name, element := range value {
			if strings.Contains(name, "\x00") || holdsNUL(element) {
				return true
			}
		}
	}
	return false
}

func (c *check) complainOfText(field *schema.Field, name string, value, normalized tree.Value) any {
	if len(field.Values) > 0 {
		return c.complainOfChoice(field, value)
	}
	text, isText := normalized.Data.(string)
	if !isText {
		switch form := c.table.about.Formats[name]; {
		case isSlug(field) && (form == "slug" || !c.behaviour.curlyQuotes):
			return []string{c.slugMessage(name)} // create-wrong-types of application
		case form == "email" || form == "urls":
			return forms[form]("") // create-wrong-types of user
		}
		return []string{"Not a valid string."} // post-name-bool
	}
	if _, isBool := value.Data.(bool); isBool {
		return []string{"Not a valid string."}
	}
	length := big.NewInt(int64(utf8.RuneCountInString(text)))
	switch {
	case text == "" && field.Nullable && field.Min == nil:
		return nil
	case text == "" && field.Min != nil && field.Min.Sign() > 0:
		return []string{"This field may not be blank."} // post-name-spaces
	case strings.Contains(text, "\x00"):
		return []string{"Null characters are not allowed."} // post-name-nul
	case text == "":
		return nil
	}
	return c.complainOfForm(field, name, text, length)
}

// complainOfForm says what is wrong with how a text looks.
func (c *check) complainOfForm(field *schema.Field, name, text string, length *big.Int) any {
	var messages []string
	if most := field.Max; most != nil && length.Cmp(most) > 0 {
		messages = append(messages, fmt.Sprintf("Ensure this field has no more than %s characters.", most))
	}
	if field.Min != nil && length.Cmp(field.Min) < 0 {
		messages = append(messages, fmt.Sprintf("Ensure this field has at least %s characters.", field.Min))
	}
	if isSlug(field) && !slugForm.MatchString(text) {
		messages = append(messages, c.slugMessage(name))
	}
	if field.Duration && !isDuration(text) {
		messages = append(messages, fmt.Sprintf("%s is not in the correct format of 'hours=3;minutes=1'.", text))
	}
	if c.table.about.Formats[name] == "python" {
		messages = append(messages, c.complainOfPython(text)...)
	}
	if form := c.table.about.Formats[name]; form != "" && forms[form] != nil {
		messages = append(messages, forms[form](text)...)
	}
	if len(messages) == 0 {
		return nil
	}
	return messages
}

// complainOfPython says which bracket of an expression is never closed. The server
// compiles it as the body of a function, which takes a line.
func (c *check) complainOfPython(text string) []string {
	bracket, line := openBracket(text)
	if bracket == 0 {
		return nil
	}
	name, given := c.fields["name"]
	if !given && c.self != nil {
		name = c.self.fields["name"]
	}
	return []string{fmt.Sprintf("Expression Syntax Error: '%c' was never closed (%v, line %d)", bracket, name, line+1)}
}

func (c *check) complainOfChoice(field *schema.Field, value tree.Value) any {
	text := pythonString(value)
	if c.isChoice(field, text) || c.table.about.Formats[field.Name] == "upper" && c.isChoice(field, strings.ToUpper(text)) {
		return nil
	}
	return []string{fmt.Sprintf("\"%s\" is not a valid choice.", text)}
}

func (c *check) isChoice(field *schema.Field, text string) bool {
	return slices.ContainsFunc(field.Values, func(choice schema.Choice) bool {
		return choice.Value == text && choice.Has(c.version)
	})
}

func complainOfInteger(field *schema.Field, value, normalized tree.Value) any {
	number := new(big.Int)
	switch data := normalized.Data.(type) {
	case int64:
		number.SetInt64(data)
	case *big.Int:
		number = data
	default:
		if text, isText := value.Data.(string); isText && utf8.RuneCountInString(text) > 1000 {
			return []string{"String value too large."}
		}
		return []string{"A valid integer is required."}
	}
	switch {
	case !number.IsInt64() && !number.IsUint64():
		return []string{"A valid integer is required."} // post-failed-07: read as a float
	case field.Max != nil && number.Cmp(field.Max) > 0:
		return []string{fmt.Sprintf("Ensure this value is less than or equal to %s.", field.Max)}
	case field.Min != nil && number.Cmp(field.Min) < 0:
		return []string{fmt.Sprintf("Ensure this value is greater than or equal to %s.", field.Min)}
	}
	return nil
}

func complainOfNumber(normalized tree.Value) any {
	switch normalized.Data.(type) {
	case int64, *big.Int, float64:
		return nil
	default:
		return []string{"A valid number is required."}
	}
}

const wantedTime = "Datetime has wrong format. Use one of these formats instead: YYYY-MM-DDThh:mm[:ss[.uuuuuu]][+HH:MM|-HH:MM|Z]."

func (c *check) complainOfTime(normalized tree.Value) any {
	text, isText := normalized.Data.(string)
	if _, isTime := parseTime(text); !isText || !isTime {
		return []string{wantedTime}
	}
	return nil
}

func (c *check) complainOfList(field *schema.Field, name string, value, normalized tree.Value) any {
	list, isList := value.Data.(tree.List)
	isStruct := field.Element != nil && field.Element.Type == schema.Struct
	if !isList {
		message := []string{fmt.Sprintf("Expected a list of items but got type \"%s\".", pythonType(value))}
		if isStruct {
			return complaints{"non_field_errors": message}
		}
		return message
	}
	if len(list) == 0 && c.needsElements(field) {
		return []string{"This list may not be empty."} // post-backends-empty
	}
	if field.Element == nil {
		return nil
	}
	normal, _ := normalized.Data.(tree.List)
	if isStruct {
		return c.complainOfStructs(field, list, normal)
	}
	wrong := complaints{}
	for i, element := range list {
		if problem := c.complainOfElement(field.Element, name, element, normal[i]); problem != nil {
			wrong[strconv.Itoa(i)] = problem
		}
	}
	if len(wrong) == 0 {
		return nil
	}
	return wrong
}

// needsElements reports whether a list may not be empty.
func (c *check) needsElements(field *schema.Field) bool {
	return field.Min != nil && field.Min.Sign() > 0 || slices.Contains(c.table.about.Nonempty, field.Name)
}

func (c *check) complainOfElement(element *schema.Field, name string, value, normalized tree.Value) any {
	if value.Data == nil && !element.Nullable {
		return []string{"This field may not be null."} // post-backends-item-null
	}
	if element.Type == schema.Text && len(element.Values) == 0 && element.Min == nil && normalized.Data == "" {
		return []string{"This field may not be blank."}
	}
	return c.complainOfData(element, name, value, normalized)
}

// complainOfStructs says what is wrong with objects in a list; those that are right
// are empty.
func (c *check) complainOfStructs(field *schema.Field, list, normal tree.List) any {
	wrong := false
	all := make([]any, len(list))
	for i, element := range list {
		all[i] = complaints{}
		if problem := c.complainOfStruct(field.Element, element, normal[i]); problem != nil {
			all[i], wrong = problem, true
		}
	}
	if !wrong {
		return nil
	}
	return all
}

// crashesWithout reports whether the server fails where an object in a list lacks
// a field, by a rule.
func (c *check) crashesWithout(field, part string) bool {
	return slices.ContainsFunc(c.table.about.Rules, func(r *rule) bool { return r.Each[field] == part })
}

func (c *check) complainOfStruct(field *schema.Field, value, normalized tree.Value) any {
	m, isMap := value.Data.(tree.Map)
	switch {
	case value.Data == nil:
		return c.complainOfNull(field) // v-patch-redirect_uris-nulls
	case !isMap:
		return complaints{"non_field_errors": []string{fmt.Sprintf("Invalid data. Expected a dictionary, but got %s.", pythonType(value))}}
	}
	if field.Fields == nil {
		return nil
	}
	wrong := complaints{}
	normal, _ := normalized.Data.(tree.Map)
	for _, part := range field.Fields.Fields {
		element, given := m.Get(part.Name)
		switch {
		case !given && part.Required && !c.crashesWithout(field.Name, part.Name):
			wrong.add(part.Name, "This field is required.")
		case given && element.Data == nil && !part.Nullable:
			wrong.add(part.Name, "This field may not be null.")
		case given && element.Data != nil:
			better, _ := normal.Get(part.Name)
			if problem := c.complainOfData(part, part.Name, element, better); problem != nil {
				wrong[part.Name] = problem
			}
		}
	}
	if len(wrong) == 0 {
		return nil
	}
	return wrong
}
