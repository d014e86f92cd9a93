package devserver

import (
	"fmt"
	"maps"
	"math/big"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
)

// complaints are what is wrong with a body, by field.
type complaints map[string]any

func (c complaints) add(field string, messages ...string) { c[field] = messages }

// validated is what a body comes to.
type validated struct {
	fields     map[string]any
	complaints complaints
	// crashes is set where the server meets an exception that it does not
	// handle, and answers an empty 405.
	crashes bool
}

// refusal returns the answer to a body that is not taken, or nil.
func (v *validated) refusal(method string) *response {
	switch {
	case len(v.complaints) > 0:
		return &response{status: http.StatusBadRequest, body: encode(v.complaints)}
	case v.crashes:
		answer := unhandled(method, http.StatusInternalServerError)
		return &answer
	}
	return nil
}

// check is the reading of one body. The store has to be held.
type check struct {
	*store
	table *table
	body  tree.Map
	// method is what was asked for, and self the object that is changed, or nil.
	method string
	self   *object
	now    clock
	validated
}

// validate goes through the fields, and then asks of the body as a whole what has
// to hold, as Django REST Framework does. A PATCH leaves out what is not given
// (patch-one); else required fields have to be there. Unknown and read-only fields
// are ignored (post-unknown-field, post-with-readonly-noflowset).
func (c *check) validate() *validated {
	c.fields, c.complaints = map[string]any{}, complaints{}
	for _, field := range c.table.kind.Fields.Fields {
		if field.Via == nil {
			c.checkField(field)
		}
	}
	c.checkUsers()
	if len(c.complaints) == 0 {
		c.checkTogether()
	}
	if len(c.complaints) == 0 {
		c.checkRules()
	}
	c.crashes = c.crashes && len(c.complaints) == 0
	return &c.validated
}

func (c *check) checkField(field *schema.Field) {
	value, given := c.body.Get(field.Name)
	if !given {
		if field.Required && c.method != http.MethodPatch {
			c.complaints.add(field.Name, "This field is required.")
		}
		return
	}
	normalized := field.Normalize(value)
	if problem := c.complain(field, value, normalized); problem != nil {
		c.complaints[field.Name] = problem
		return
	}
	plain := normalized.Plain()
	c.fields[field.Name] = plain
	if text, isText := plain.(string); isText && c.table.unique[field.Name] != nil && !fitsIndex(text) {
		c.crashes = true // post-name-6k-incompressible
	}
}

// self's primary key, or nothing.
func (c *check) selfPK() string {
	if c.self == nil {
		return ""
	}
	return c.self.pk
}

// complain says what is wrong with one value, in the server's words.
func (c *check) complain(field *schema.Field, value, normalized tree.Value) any {
	if value.Data == nil {
		if field.Nullable && !slices.Contains(c.table.about.NotNull, field.Name) {
			return nil
		}
		return []string{"This field may not be null."}
	}
	var problem any
	switch {
	case field.Refers != "" && field.Type == schema.List:
		problem = c.complainOfPointers(field, value)
	case field.Refers != "":
		problem = c.complainOfPointer(field, value)
	default:
		problem = c.complainOfData(field, field.Name, value, normalized)
	}
	if problem != nil {
		return problem
	}
	return c.complainOfUnique(field, normalized.Plain())
}

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
		if _, isMap := value.Data.(tree.Map); field.Mapping && !isMap {
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
	if most := c.most(field); most != nil && length.Cmp(most) > 0 {
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

// most is how long text may be in the server's version.
func (c *check) most(field *schema.Field) *big.Int {
	if most, has := c.table.about.Most[field.Name]; has {
		return big.NewInt(most)
	}
	return field.Max
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
	if !isMap {
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

// complainOfPointers says what is wrong with a list of primary keys: the first that
// is.
func (c *check) complainOfPointers(field *schema.Field, value tree.Value) any {
	list, isList := value.Data.(tree.List)
	if !isList {
		return []string{fmt.Sprintf("Expected a list of items but got type \"%s\".", pythonType(value))}
	}
	if len(list) == 0 && c.needsElements(field) {
		return []string{"This list may not be empty."}
	}
	for _, element := range list {
		if problem := c.complainOfPointer(field, element); problem != nil {
			return problem
		}
	}
	return nil
}

func (c *check) complainOfPointer(field *schema.Field, value tree.Value) any {
	if value.Data == "" && field.Nullable {
		return nil // post-cf-empty
	}
	target, problem := c.target(field, value)
	if problem != "" {
		return []string{problem}
	}
	if c.find(field.Refers, target) == nil {
		return []string{fmt.Sprintf("Invalid pk \"%s\" - object does not exist.", pythonString(value))} // post-cf-unknown
	}
	return nil
}

// target reads a primary key, or says why it is none.
func (c *check) target(field *schema.Field, value tree.Value) (pk any, problem string) {
	text := pythonString(value)
	if c.pointsByNumber(field) {
		number := integerField.Normalize(value)
		if _, isBool := value.Data.(bool); isBool {
			return nil, fmt.Sprintf("Incorrect type. Expected pk value, received %s.", pythonType(value))
		}
		switch number.Data.(type) {
		case int64, *big.Int:
			return number.Data, ""
		default:
			return nil, fmt.Sprintf("Incorrect type. Expected pk value, received %s.", pythonType(value))
		}
	}
	if number, isNumber := value.Data.(int64); isNumber {
		return fmt.Sprint(number), ""
	}
	id := uuidField.Normalize(tree.Value{Data: text})
	if canonical, _ := id.Data.(string); isUUID(canonical) {
		return canonical, ""
	}
	return nil, fmt.Sprintf("“%s” is not a valid UUID.", text) // post-cf-notuuid
}

var (
	integerField = &schema.Field{Data: schema.Data{Type: schema.Integer}}
	uuidField    = &schema.Field{Data: schema.Data{Type: schema.Pointer}}
)

// pointsByNumber reports whether the primary keys that a field holds are numbers.
func (s *store) pointsByNumber(field *schema.Field) bool {
	if field.Type == schema.List && field.Element != nil {
		return field.Element.Type == schema.Integer
	}
	return field.Type == schema.Integer
}

// complainOfUnique says that a value is taken.
func (c *check) complainOfUnique(field *schema.Field, value any) any {
	if message, has := c.table.about.Only[field.Name]; has && value == true && c.otherHas(field.Name) {
		return message
	}
	if message := c.table.about.Refused[field.Name]; message != "" {
		return []string{message}
	}
	if c.table.unique[field.Name] == nil || !c.taken(c.table, field.Name, value, c.selfPK()) {
		return nil
	}
	if slices.Contains(c.table.about.Own, field.Name) && !c.takenByOwn(field.Name, value) {
		return nil // the database finds it
	}
	if message := c.table.about.Unique[field.Name]; message != "" {
		return []string{message}
	}
	return []string{fmt.Sprintf("%s with this %s already exists.", c.uniqueOf(field.Name), strings.ReplaceAll(field.Name, "_", " "))} // post-dup-name
}

// otherHas reports whether another object of the kind has a field set.
func (c *check) otherHas(name string) bool {
	return slices.ContainsFunc(c.table.inOrder.objects, func(o *object) bool { return o != c.self && o.fields[name] == true })
}

func (c *check) takenByOwn(name string, value any) bool {
	other := c.table.unique[name][value]
	return other != nil && other.table == c.table
}

// uniqueOf is what the server calls what holds a unique value.
func (c *check) uniqueOf(field string) string {
	owner := c.owner(c.table.kind, field)
	if owner == c.table.kind.Model {
		if c.table.kind.Scope != "" && field == c.table.kind.Key && c.table.about.Verbose == "" {
			return c.table.kind.Scope
		}
		return verbose(c.table)
	}
	if base := c.kinds[owner]; base != nil {
		return verbose(base)
	}
	return c.facts.about(owner, c.version).Verbose
}

// verbose is what the server calls a kind for people.
func verbose(t *table) string {
	if t.about.Verbose != "" {
		return t.about.Verbose
	}
	return className(t.kind)
}

// checkTogether says which fields no two objects share.
func (c *check) checkTogether() {
	for _, names := range c.table.about.Together {
		if c.sharesWithOther(names) {
			c.complaints.add("non_field_errors", fmt.Sprintf("The fields %s must make a unique set.", strings.Join(names, ", ")))
		}
	}
}

// sharesWithOther reports whether another object has the same values of some
// fields, where all of them hold something.
func (c *check) sharesWithOther(names []string) bool {
	wanted := map[string]any{}
	if c.self != nil {
		maps.Copy(wanted, c.self.fields)
	}
	maps.Copy(wanted, c.fields)
	given := c.self == nil
	for _, name := range names {
		_, isGiven := c.fields[name]
		given = given || isGiven
		if pkText(wanted[name]) == "" {
			return false
		}
		wanted[name] = c.stored(name, wanted[name])
	}
	if !given {
		return false
	}
	for _, other := range c.candidates(names, wanted) {
		same := other != c.self
		for _, name := range names {
			same = same && other.fields[name] == wanted[name]
		}
		if same {
			return true
		}
	}
	return false
}

// candidates are the objects that may hold some values: those that refer to what
// one of them does.
func (c *check) candidates(names []string, wanted map[string]any) []*object {
	for _, name := range names {
		if c.table.refers(name) != "" {
			return c.referrers(c.table.kind.Model, name, pkText(wanted[name]))
		}
	}
	return c.table.inOrder.objects
}

// stored is a value as the store has it: the primary key for an alias.
func (s *store) storedValue(model string, value any) any {
	if o := s.find(model, value); o != nil {
		return o.id
	}
	return value
}

func (c *check) stored(name string, value any) any {
	if model := c.table.refers(name); model != "" {
		return c.storedValue(model, value)
	}
	return value
}
