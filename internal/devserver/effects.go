package devserver

import (
	"cmp"
	"crypto/rand"
	"encoding/json"
	"maps"
	"math/big"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
)

// clock tells the time.
type clock func() time.Time

// effect is what a write does to a field beside what the body says.
type effect struct {
	Field string `json:"field"`
	// On is create or update, or both if empty.
	On string `json:"on"`
	// Missing is set where it is done only if the body has nothing for the field;
	// When are fields of the object as it is to be, with the values for which it
	// is done.
	Missing bool             `json:"missing"`
	When    map[string][]any `json:"when"`
	// Value is what the field gets; or a text of other fields; or Caller, who
	// asks; or Expires, an instant in half an hour; or Now; or Random, something of that
	// sort.
	Value   json.RawMessage `json:"value"`
	Text    string          `json:"text"`
	Caller  bool            `json:"caller"`
	Expires bool            `json:"expires"`
	Now     bool            `json:"now"`
	Random  string          `json:"random"`
	// Adds are objects, by a field of theirs, that a list holds always.
	Adds *additions `json:"adds"`
	// Makes is an object of another kind that the field refers to then.
	Makes *making `json:"makes"`
	// Call names a function of calls.go.
	Call string `json:"call"`
	schema.Span
}

type additions struct {
	Model string `json:"model"`
	Field string `json:"field"`
	Is    []any  `json:"is"`
}

// making is an object that comes with another one.
type making struct {
	Model  string         `json:"model"`
	Fields map[string]any `json:"fields"`
}

// lifetime is how long a token lives if nothing else is said.
const lifetime = 30 * time.Minute

// newFields are what a new object holds if nothing else is said: the schema's
// defaults.
func (s *store) newFields(t *table) map[string]any {
	fields := make(map[string]any, len(t.names))
	for _, field := range t.kind.Fields.Fields {
		if field.Via == nil && t.virtual(field.Name) == nil {
			fields[field.Name] = t.initial(field)
		}
	}
	for name, value := range t.about.Initial {
		fields[name] = tree.PlainJSON(value)
	}
	return fields
}

// initial is what a field holds that was never set.
func (t *table) initial(field *schema.Field) any {
	switch {
	case field.Generated && t.about.Verbose == "" && len(field.Values) == 0 && field.Type == schema.Text:
		return random("text40")
	case field.HasDefault && (field.Default != nil || field.Nullable):
		return field.Default
	case field.Nullable:
		return nil
	}
	switch field.Type {
	case schema.List:
		return []any{}
	case schema.Text:
		if len(field.Values) > 0 {
			return nil
		}
		return ""
	default:
		return nil
	}
}

// makeUp fills in what the server makes up for an object that is new, or changed.
func (s *store) makeUp(t *table, fields map[string]any, isNew bool, now time.Time) {
	for name, how := range t.answers {
		if fields[name] != nil && (isNew || how.Now != "updated") {
			continue
		}
		switch {
		case how.Now == "updated", how.Now != "" && isNew:
			fields[name] = instant(now)
		case how.Random != "" && isNew:
			fields[name] = random(how.Random)
		}
	}
}

// random makes something up.
func random(sort string) any {
	switch sort {
	case "uuid":
		return uuid.NewString()
	case "text60":
		return (rand.Text() + rand.Text() + rand.Text())[:60]
	case "text128":
		return rand.Text() + rand.Text() + rand.Text() + rand.Text() + rand.Text()[:24]
	default:
		return (rand.Text() + rand.Text())[:40]
	}
}

// change is one write, before it is stored.
type change struct {
	*check
	fields map[string]any // of the object as it is to be
	isNew  bool
	id     any // of what is new
	caller *object
	given  map[string]any // by the body
}

// apply does what a write does to fields beside what the body says.
func (ch *change) apply() {
	for _, effect := range ch.table.about.Writes {
		if effect.applies(ch) {
			ch.fields[effect.Field] = effect.value(ch)
		}
	}
	for _, field := range ch.table.kind.Fields.Fields {
		ch.settle(field)
	}
}

func (e *effect) applies(ch *change) bool {
	if e.On == "create" && !ch.isNew || e.On == "update" && ch.isNew {
		return false
	}
	return (!e.Missing || ch.given[e.Field] == nil) && holds(ch.fields, e.When)
}

func (e *effect) value(ch *change) any {
	switch {
	case e.Caller:
		if ch.caller == nil {
			return nil
		}
		return ch.caller.id
	case e.Expires:
		return instant(ch.now().Add(lifetime))
	case e.Now:
		return instant(ch.now())
	case e.Random != "":
		return random(e.Random)
	case e.Adds != nil:
		return ch.withAll(ch.fields[e.Field], e.Adds)
	case e.Text != "":
		return view{store: ch.store}.text(ch.object(), e.Text)
	case e.Makes != nil:
		return ch.make(e.Makes)
	case e.Call != "":
		return effectCalls[e.Call](ch)
	}
	value, _ := plainJSON(e.Value)
	return value
}

// withAll adds objects to a list.
func (ch *change) withAll(value any, adds *additions) any {
	list, _ := value.([]any)
	list = slices.Clone(list)
	for _, t := range ch.members[adds.Model] {
		for _, o := range t.inPKOrder.objects {
			if slices.Contains(adds.Is, o.fields[adds.Field]) && !slices.Contains(list, o.id) {
				list = append(list, o.id)
			}
		}
	}
	return list
}

// make adds an object that comes with another one, and returns its primary key.
func (ch *change) make(what *making) any {
	t := ch.kinds[what.Model]
	if t == nil {
		return nil
	}
	fields := ch.newFields(t)
	for name, value := range what.Fields {
		switch value := value.(type) {
		case string:
			fields[name] = view{store: ch.store}.text(ch.object(), value)
		case map[string]any:
			if sort, isText := value["random"].(string); isText {
				fields[name] = random(sort)
				continue
			}
			model, _ := value["model"].(string)
			with, _ := value["fields"].(map[string]any)
			fields[name] = ch.make(&making{Model: model, Fields: with})
		default:
			fields[name] = tree.PlainJSON(value)
		}
	}
	for name := range t.unique {
		if value, has := uniqueValue(fields[name]); has && t.unique[name][value] != nil {
			return t.unique[name][value].id
		}
	}
	ch.makeUp(t, fields, true, ch.now())
	return ch.put(t, ch.newPK(t), fields).id
}

// object is what the change is about, as it is to be.
func (ch *change) object() *object {
	if ch.self != nil {
		return &object{table: ch.table, id: ch.self.id, pk: ch.self.pk, fields: ch.fields}
	}
	return &object{table: ch.table, id: ch.id, pk: pkText(ch.id), fields: ch.fields}
}

// settle brings a value into the form in which the database gives it back: sets
// have no order and nothing twice, references are primary keys, instants have no
// zone.
func (ch *change) settle(field *schema.Field) {
	value, given := ch.fields[field.Name]
	if !given {
		return
	}
	value = known(field, value)
	if list, isList := value.([]any); isList && ch.table.about.Formats[field.Name] == "upper" {
		value = upper(list)
	}
	ch.fields[field.Name] = value
	if field.Type == schema.JSON {
		ch.fields[field.Name] = jsonNumbers(value)
	}
	if number, isWhole := value.(int64); isWhole && field.Type == schema.Number {
		ch.fields[field.Name] = float64(number)
	}
	if number, isWhole := value.(int64); isWhole && field.Type == schema.Text {
		ch.fields[field.Name] = pkText(number) // a choice
	}
	if text, isText := value.(string); isText && field.Type == schema.Time {
		if t, isTime := parseTime(text); isTime {
			ch.fields[field.Name] = instant(t)
		}
	}
	if field.Refers != "" && value != nil {
		ch.fields[field.Name] = ch.pointed(field, value)
	} else if list, isList := value.([]any); isList && field.Set {
		ch.fields[field.Name] = sortedSet(list)
	}
}

// upper puts texts into capital letters.
func upper(list []any) []any {
	capitals := make([]any, len(list))
	for i, element := range list {
		capitals[i] = strings.ToUpper(pkText(element))
	}
	return capitals
}

// jsonNumbers makes numbers of JSON that don't fit into 64 bits floating
// (normalise/json-2).
func jsonNumbers(value any) any {
	switch value := value.(type) {
	case *big.Int:
		number, _ := new(big.Float).SetInt(value).Float64()
		return number
	case []any:
		list := make([]any, len(value))
		for i, element := range value {
			list[i] = jsonNumbers(element)
		}
		return list
	case map[string]any:
		m := make(map[string]any, len(value))
		for name, element := range value {
			m[name] = jsonNumbers(element)
		}
		return m
	default:
		return value
	}
}

// pointed are references as the database gives them back: a set in the order of the
// table that they refer to.
func (s *store) pointed(field *schema.Field, value any) any {
	list, isList := value.([]any)
	if !isList || field.Set {
		return s.settled(field.Refers, value)
	}
	ids := make([]any, len(list))
	for i, element := range list {
		ids[i] = s.storedValue(field.Refers, element)
	}
	return ids
}

// known leaves out what an object in a list has beside its fields.
func known(field *schema.Field, value any) any {
	list, isList := value.([]any)
	if !isList || field.Element == nil || field.Element.Fields == nil {
		return value
	}
	kept := make([]any, len(list))
	for i, element := range list {
		kept[i] = element
		if m, isMap := element.(map[string]any); isMap {
			m = maps.Clone(m)
			maps.DeleteFunc(m, func(name string, _ any) bool { return field.Element.Fields.Field(name) == nil })
			kept[i] = m
		}
	}
	return kept
}

// settled are references as the database gives them back, in the order of the table
// that they refer to.
func (s *store) settled(model string, value any) any {
	list, isList := value.([]any)
	if !isList {
		return s.storedValue(model, value)
	}
	found := map[*object]bool{}
	for _, element := range list {
		if o := s.find(model, element); o != nil {
			found[o] = true
		}
	}
	objects := slices.Collect(maps.Keys(found))
	slices.SortFunc(objects, func(a, b *object) int { return cmp.Compare(a.row, b.row) })
	ids := make([]any, len(objects))
	for i, o := range objects {
		ids[i] = o.id
	}
	return ids
}

func sortedSet(list []any) []any {
	list = slices.Clone(list)
	slices.SortFunc(list, compare)
	return slices.Compact(list)
}

// spread writes the fields that are the other side of another kind's: each object
// that the list names refers to this one then, and no other.
func (ch *change) spread(o *object) {
	for _, field := range ch.table.kind.Fields.Fields {
		how := ch.table.virtual(field.Name)
		value, given := ch.fields[field.Name]
		if how == nil || !given {
			continue
		}
		model, name := splitBack(how.Back)
		wanted := targets(value)
		for _, other := range ch.referrers(model, name, o.pk) {
			if !slices.Contains(wanted, other.pk) {
				ch.set(other, map[string]any{name: without(other.fields[name], o.id)})
			}
		}
		for _, pk := range wanted {
			if other := ch.find(field.Refers, pk); other != nil {
				ch.set(other, map[string]any{name: ch.with(other, name, o.id)})
			}
		}
	}
}

// without takes a primary key out of a reference or a list of them.
func without(value, id any) any {
	list, isList := value.([]any)
	if !isList {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(list), func(element any) bool { return element == id })
}

// with adds a primary key to a reference or a list of them.
func (s *store) with(o *object, name string, id any) any {
	field := o.table.field(name)
	if field == nil || field.Type != schema.List {
		return id
	}
	list, _ := o.fields[name].([]any)
	return s.settled(field.Refers, append(slices.Clone(list), id))
}

func plainJSON(text json.RawMessage) (any, error) {
	var value any
	if err := json.Unmarshal(text, &value); err != nil {
		return nil, err
	}
	return tree.PlainJSON(value), nil
}
