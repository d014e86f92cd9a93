package devserver

import (
	"fmt"
	"math/big"
	"reflect"
	"slices"
	"strings"

	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
)

// What is said of a value that a list can't be filtered by.
const (
	noChoice      = "Select a valid choice. That choice is not one of the available choices."
	notOfChoices  = "Select a valid choice. %s is not one of the available choices."
	notUUID       = "“%s” is not a valid UUID."
	notValue      = "“%s” is not a valid value."
	wantedNumber  = "Enter a number."
	wantedUUID    = "Enter a valid UUID."
	wantedInstant = "Enter a valid date/time."
	noJSON        = "filter: failed to parse JSON"
	// noUpper is said of nothing: PostgreSQL has no capital letters of what is no text,
	// and the server fails (v-filter-*__iexact-own).
	noUpper = "no text"
	noNUL   = "Null characters are not allowed."
)

// filter returns of what sort a parameter of a kind's list is, and whether there is
// such a one. Where nothing is known of the kind, each field filters that is no
// list.
func (t *table) filter(name string) (sort string, known bool) {
	if len(t.about.Filters) > 0 || t.about.Verbose != "" {
		sort, known = t.about.Filters[name]
		return sort, known
	}
	field := t.field(name)
	return "", field != nil && field.Via == nil && field.Type != schema.List && field.Type != schema.JSON && field.Type != schema.Struct
}

// filter is one parameter of a list.
type filter struct {
	*store
	table      *table
	name, text string
	// values are all that are given, of which text is the last.
	values []string
}

type keeps = func(*object) bool

// make returns what a parameter keeps, or says what is wrong with it; or neither,
// where it asks for nothing. sort is what the facts say of it; where they say
// nothing, the field decides.
func (f *filter) make(sort string) (keeps, string) {
	path, lookup := f.table.lookup(f.name)
	sort, of, _ := strings.Cut(sort, ":")
	if sort == "among" {
		return f.byValues(path, strings.Split(of, "|"))
	}
	if of != "" {
		path = strings.Split(of, ".")
	}
	if len(path) == 1 && path[0] != schema.PK && (sort == "uuid" || sort == "uuids") && !slices.Contains(f.table.names, path[0]) {
		path = []string{schema.PK}
	}
	if lookup == "isnull" {
		return f.isNull(path)
	}
	if sort == "" {
		return f.byField(path, lookup)
	}
	keeps, message := f.bySort(sort, path, lookup)
	if keeps != nil && lookup == "iexact" && sort != "text" {
		return nil, noUpper
	}
	return keeps, message
}

// lookup takes the name of a parameter apart: the fields that lead to the value, and
// how it is compared.
func (t *table) lookup(name string) (path []string, lookup string) {
	if t.field(name) != nil {
		return []string{name}, ""
	}
	path = strings.Split(name, "__")
	if len(path) > 1 && slices.Contains([]string{"iexact", "icontains", "isnull", "gt", "lt", "gte", "lte"}, path[len(path)-1]) {
		return path[:len(path)-1], path[len(path)-1]
	}
	return path, ""
}

func (f *filter) isNull(path []string) (keeps, string) {
	wanted, isBool := boolean(f.text)
	if !isBool {
		return nil, ""
	}
	return func(o *object) bool {
		return isNothing(view{store: f.store}.path(o, strings.Join(path, "."))) == wanted
	}, ""
}

// isNothing reports whether there is no value, or an empty list.
func isNothing(value any) bool {
	list, isList := value.([]any)
	return value == nil || isList && len(list) == 0
}

func boolean(text string) (value, is bool) {
	switch text {
	case "true", "True", "1":
		return true, true
	case "false", "False", "0":
		return false, true
	default:
		return false, false
	}
}

// byField filters by what the field at the end of the path takes.
func (f *filter) byField(path []string, lookup string) (keeps, string) {
	field := f.field(path)
	if field == nil {
		return f.bySort("text", path, lookup)
	}
	switch {
	case field.Refers != "":
		return f.byReference(field, path)
	case len(field.Values) > 0 && field.Type != schema.List:
		if !slices.ContainsFunc(field.Values, func(choice schema.Choice) bool { return choice.Value == f.text }) {
			return nil, fmt.Sprintf(notOfChoices, f.text)
		}
	case field.Type == schema.Integer, field.Type == schema.Number:
		return f.bySort("integer", path, lookup)
	case field.Type == schema.Boolean:
		return f.bySort("boolean", path, lookup)
	case field.Type == schema.Time:
		return f.bySort("time", path, lookup)
	case field.Type == schema.Pointer:
		return f.bySort("uuid", path, lookup)
	}
	return f.bySort("text", path, lookup)
}

// field is the one at the end of a path.
func (f *filter) field(path []string) *schema.Field {
	t := f.table
	for _, name := range path[:len(path)-1] {
		others := f.members[t.refers(name)]
		if len(others) == 0 {
			return nil
		}
		t = others[0]
	}
	return t.field(path[len(path)-1])
}

// byReference filters by the primary key of another object.
func (f *filter) byReference(field *schema.Field, path []string) (keeps, string) {
	many := field.Type == schema.List
	value := uuidField.Normalize(tree.Value{Data: f.text}).Data
	if f.pointsByNumber(field) {
		value = integerField.Normalize(tree.Value{Data: f.text}).Data
	} else if text, _ := value.(string); !isUUID(text) {
		return nil, fmt.Sprintf(notUUID, f.text)
	}
	other := f.find(field.Refers, value)
	if target := f.table.about.Filters[f.name]; other != nil && target == "alias" {
		other = nil
	}
	if other == nil && many {
		return nil, fmt.Sprintf(notOfChoices, f.text)
	}
	if other == nil {
		return nil, noChoice
	}
	return f.keeps(path, func(held any) bool { return held == other.id }), ""
}

// bySort filters by a value of some sort.
func (f *filter) bySort(sort string, path []string, lookup string) (keeps, string) {
	if strings.Contains(f.text, "\x00") {
		return nil, noNUL // list-filter-name-nul
	}
	switch sort {
	case "integer":
		return f.byNumber(path)
	case "boolean":
		wanted, isBool := boolean(f.text)
		if !isBool {
			return nil, "" // list-filter-show-bogus
		}
		return f.keeps(path, func(held any) bool { return held == wanted }), ""
	case "time":
		return f.byTime(path, lookup)
	case "uuid", "uuids":
		return f.byUUID(sort, path)
	case "choices", "values":
		return f.byChoices(sort, path)
	case "alias":
		return f.byAlias(path)
	case "json":
		return f.byJSON(path)
	case "holder":
		return func(o *object) bool { return f.granted(f.text, o) }, ""
	case "prefix":
		return f.keeps(path, func(held any) bool { text, _ := held.(string); return strings.HasPrefix(text, f.text) }), ""
	}
	return f.byText(path, lookup), ""
}

func (f *filter) byText(path []string, lookup string) keeps {
	switch lookup {
	case "iexact":
		return f.keeps(path, func(held any) bool { return strings.EqualFold(pkText(held), f.text) })
	case "icontains":
		wanted := strings.ToLower(f.text)
		return f.keeps(path, func(held any) bool { return strings.Contains(strings.ToLower(pkText(held)), wanted) })
	}
	return f.keeps(path, func(held any) bool { return held == f.text })
}

func (f *filter) byNumber(path []string) (keeps, string) {
	switch number := integerField.Normalize(tree.Value{Data: f.text}).Data.(type) {
	case int64:
		return f.keeps(path, func(held any) bool { return held == number }), ""
	case *big.Int:
		return f.keeps(path, func(held any) bool { other, isBig := held.(*big.Int); return isBig && other.Cmp(number) == 0 }), ""
	default:
		return nil, wantedNumber // list-filter-failed-bad
	}
}

func (f *filter) byTime(path []string, lookup string) (keeps, string) {
	wanted, isTime := parseTime(f.text)
	if !isTime {
		return nil, wantedInstant
	}
	return f.keeps(path, func(held any) bool {
		text, _ := held.(string)
		at, isTime := parseTime(text)
		switch {
		case !isTime:
			return false
		case strings.HasPrefix(lookup, "gt"):
			return at.After(wanted)
		case strings.HasPrefix(lookup, "lt"):
			return at.Before(wanted)
		default:
			return at.Equal(wanted)
		}
	}), ""
}

func (f *filter) byUUID(sort string, path []string) (keeps, string) {
	text, _ := uuidField.Normalize(tree.Value{Data: f.text}).Data.(string)
	if !isUUID(text) {
		if sort == "uuids" {
			return nil, fmt.Sprintf(notUUID, f.text)
		}
		return nil, wantedUUID
	}
	return f.keeps(path, func(held any) bool { return held == text }), ""
}

// byChoices filters by a value that some object has to have: choices of text, and
// values of numbers.
func (f *filter) byChoices(sort string, path []string) (keeps, string) {
	var choices []any
	for _, text := range f.values {
		choice, message := f.choice(sort, path, text)
		if message != "" {
			return nil, message
		}
		choices = append(choices, choice)
	}
	return f.keeps(path, func(held any) bool { return slices.Contains(choices, held) }), ""
}

// byValues filters by one of some values, of which no object has to have any.
func (f *filter) byValues(path, values []string) (keeps, string) {
	for _, text := range f.values {
		if !slices.Contains(values, text) {
			return nil, fmt.Sprintf(notOfChoices, text)
		}
	}
	return f.keeps(path, func(held any) bool { return slices.Contains(f.values, pkText(held)) }), ""
}

// choice reads one of several values, which some object has to have.
func (f *filter) choice(sort string, path []string, text string) (choice any, message string) {
	choice = text
	if sort == "values" {
		choice = integerField.Normalize(tree.Value{Data: text}).Data
		if _, isText := choice.(string); isText {
			return nil, fmt.Sprintf(notValue, text)
		}
	}
	has := f.keeps(path, func(held any) bool { return held == choice })
	if !slices.ContainsFunc(f.objects(f.table), has) && !f.exists(path, choice) {
		return nil, fmt.Sprintf(notOfChoices, text)
	}
	return choice, ""
}

// exists reports whether any object at the end of a path has the value.
func (f *filter) exists(path []string, wanted any) bool {
	if len(path) == 1 {
		return false
	}
	for _, t := range f.members[f.table.refers(path[0])] {
		for _, o := range t.inPKOrder.objects {
			if o.ordered(path[1]) == wanted {
				return true
			}
		}
	}
	return false
}

// byAlias filters by what policy bindings know an object by: a primary key that is
// not that is none (trap/policybinding-target-*).
func (f *filter) byAlias(path []string) (keeps, string) {
	text, _ := uuidField.Normalize(tree.Value{Data: f.text}).Data.(string)
	if !isUUID(text) {
		return nil, fmt.Sprintf(notUUID, f.text)
	}
	field := f.field(path)
	other := f.find(field.Refers, text)
	if other == nil || other.table.kind.Alias != "" && other.fields[other.table.kind.Alias] != text {
		return nil, noChoice
	}
	return f.keeps(path, func(held any) bool { return held == other.id }), ""
}

// byJSON filters by the whole of a mapping. What is no JSON is refused as a whole
// (trap/user-attributes-filter-bad).
func (f *filter) byJSON(path []string) (keeps, string) {
	data, message := decode([]byte(f.text))
	if message != "" {
		return nil, noJSON
	}
	wanted := tree.PlainJSON(data)
	return f.keeps(path, func(held any) bool { return reflect.DeepEqual(held, wanted) }), ""
}

// keeps asks for the value at the end of a path, or one of a list of them.
func (f *filter) keeps(path []string, is func(held any) bool) keeps {
	v := view{store: f.store}
	if field := f.table.field(path[0]); len(path) == 1 && field != nil && field.Type != schema.List && f.table.answers[path[0]] == nil {
		return func(o *object) bool { return is(o.fields[path[0]]) }
	}
	return func(o *object) bool { return slices.ContainsFunc(v.values(o, path), is) }
}

// values are what a path leads to.
func (v view) values(o *object, path []string) []any {
	var value any
	if path[0] == schema.PK || path[0] == o.table.kind.ID {
		value = o.id
	} else {
		value, _ = v.field(o, path[0])
	}
	list, isList := value.([]any)
	if !isList {
		list = []any{value}
	}
	if len(path) == 1 {
		return list
	}
	if field := o.table.field(path[0]); field != nil && field.Type == schema.JSON {
		return []any{within(value, path[1:])}
	}
	var values []any
	for _, element := range list {
		if other := v.store.find(o.table.refers(path[0]), element); other != nil {
			values = append(values, v.values(other, path[1:])...)
		}
	}
	return values
}

// within is what a path leads to in data of JSON, or nothing.
func within(data any, path []string) any {
	for _, name := range path {
		mapping, _ := data.(map[string]any)
		data = mapping[name]
	}
	return data
}
